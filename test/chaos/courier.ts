import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Delivered } from './history.ts'

/** How often what is done to a delivery, from 0 to 1. */
type CourierFaults = { lost: number; twice: number; late: number; forged: number }

export type Courier = {
  url: string
  set(faults: CourierFaults): void
  /** Resolves when nothing is under way. */
  settled(): Promise<void>
  close(): Promise<void>
}

/**
 * Stands between the vendors and the web processes, and writes down what each delivery was answered. It loses some (the
 * vendor gets a 503), brings some twice at the same moment or once more much later, and alters a bit of others.
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

  async function bring(path: string, headers: Headers, body: Buffer, isForged: boolean) {
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
      // No answer: the vendor is told so, and tries again.
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

  async function take(path: string, headers: Headers, body: Buffer): Promise<number> {
    const luck = random()
    if (luck < faults.lost) return 503
    if (random() < faults.forged) {
      const altered = Buffer.from(body)
      const at = Math.floor(random() * altered.length)
      altered[at] = (altered[at] ?? 0) ^ 1
      // A vendor that signs nothing is known by this.
      const anonymous = new Headers(headers)
      anonymous.delete('authorization')
      track(bring(path, anonymous, altered, true))
    }
    if (random() < faults.late)
      track(
        wait(1_000 + random() * 20_000, undefined, { signal: closing.signal })
          .then(() => bring(path, headers, body, false))
          .catch(() => {}),
      )
    if (random() < faults.twice) track(bring(path, headers, body, false))
    return await track(bring(path, headers, body, false))
  }

  const server = createServer(async (req, res) => {
    const status = await take(req.url ?? '', headersOf(req), await bodyOf(req))
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

// What belongs to one connection, and not to the message.
const OF_THE_HOP = ['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive']

function headersOf(req: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(req.headers))
    if (!OF_THE_HOP.includes(name) && typeof value === 'string') headers.set(name, value)
  return headers
}

async function bodyOf(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
