import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Delivered } from './history.ts'

/** The probability of each fault of a delivery, from 0 to 1. */
type CourierFaults = { lost: number; twice: number; late: number; forged: number }

export type Courier = {
  url: string
  set(faults: CourierFaults): void
  /** Resolves when no delivery is in progress. */
  settled(): Promise<void>
  close(): Promise<void>
}

/**
 * A proxy between the vendors and the web processes that records the response to each delivery. It loses some deliveries
 * (the vendor gets 503), sends some twice at the same moment or again much later, and flips a bit of others.
 */
export async function startCourier(given: {
  random: () => number
  webs: () => string[]
  record: (delivered: Delivered) => void
}): Promise<Courier> {
  const { random, webs, record } = given
  let faults: CourierFaults = { lost: 0, twice: 0, late: 0, forged: 0 }
  const underWay = new Set<Promise<unknown>>()
  const closing = new AbortController()

  const track = <T>(work: Promise<T>): Promise<T> => {
    const tracked = work.finally(() => underWay.delete(tracked))
    underWay.add(tracked)
    return tracked
  }

  async function deliver(path: string, headers: Headers, body: Buffer, isForged: boolean) {
    const choice = webs()
    const web = choice[Math.floor(random() * choice.length)]
    let status = 0
    try {
      const answer = await fetch(`${web}${path}`, {
        method: 'POST',
        headers,
        body: new Uint8Array(body),
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(5_000)]),
      })
      await answer.arrayBuffer()
      status = answer.status
    } catch {
      // No response: the vendor gets an error, and tries again.
    }
    record({
      vendor: path.split('/')[2] ?? '',
      sha256: createHash('sha256').update(body).digest('hex'),
      isForged,
      status,
      at: Date.now(),
    })
    return status
  }

  async function handleDelivery(path: string, headers: Headers, body: Buffer): Promise<number> {
    const luck = random()
    if (luck < faults.lost) return 503
    if (random() < faults.forged) {
      const altered = Buffer.from(body)
      const at = Math.floor(random() * altered.length)
      altered[at] = (altered[at] ?? 0) ^ 1
      // A vendor that does not sign authenticates with this header.
      const anonymous = new Headers(headers)
      anonymous.delete('authorization')
      track(deliver(path, anonymous, altered, true))
    }
    if (random() < faults.late)
      track(
        wait(1_000 + random() * 20_000, undefined, { signal: closing.signal })
          .then(() => deliver(path, headers, body, false))
          .catch(() => {}),
      )
    if (random() < faults.twice) track(deliver(path, headers, body, false))
    return await track(deliver(path, headers, body, false))
  }

  const server = createServer(async (req, res) => {
    const status = await handleDelivery(req.url ?? '', headersOf(req), await bodyOf(req))
    res.writeHead(status || 502).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set(given) {
      faults = given
    },
    async settled() {
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
    async close() {
      closing.abort()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

// Headers of one connection, which are not forwarded.
const CONNECTION_HEADERS = [
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
]

function headersOf(req: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(req.headers))
    if (!CONNECTION_HEADERS.includes(name) && typeof value === 'string') headers.set(name, value)
  return headers
}

async function bodyOf(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
