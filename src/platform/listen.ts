import type { Server } from 'node:http'
import { type AddressInfo, connect, Server as NetServer } from 'node:net'
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { OperatorError } from './errors.ts'
import { findPortOwner } from './port-owner.ts'

/** Where a server listens, and the variable that says so. */
export type Address = {
  host: string
  port: number
  variable: string
  /** How many ports from this one on; by default one. */
  count?: number
  /** What starts the server, for an advice that can be typed as it is printed. */
  command?: string
}

/** Binds the address, and returns the port. Throws OperatorError when it is taken. */
export async function listenOn(server: Server, address: Address): Promise<number> {
  const { host, port } = address
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? portTaken(address, port).then(reject, reject) : reject(error),
    )
    server.listen(port, host, resolve)
  })
  return (server.address() as AddressInfo).port
}

const CONNECT_MS = 1_000

/**
 * Throws OperatorError when somebody listens at the address. It only tries to connect: a port that is bound to try it, even for
 * a moment, accepts connections that are then lost.
 */
export async function requireFreePort(address: Address): Promise<void> {
  const taken = await findTaken(address, address.port)
  if (taken !== undefined) throw await portTaken(address, taken)
}

/** The first taken port of those that the address needs, if they began at `from`. Port 0 is any free one. */
async function findTaken({ host, count = 1 }: Address, from: number): Promise<number | undefined> {
  if (from === 0) return undefined
  const ports = Array.from({ length: count }, (_, index) => from + index)
  const isTaken = await Promise.all(ports.map((port) => hasListener(host, port)))
  return ports.find((_, index) => isTaken[index])
}

async function hasListener(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port, timeout: CONNECT_MS })
  const isTaken = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    for (const event of ['error', 'timeout']) socket.once(event, () => resolve(false))
  })
  socket.destroy()
  return isTaken
}

const MOST_SUGGESTIONS = 50
const FIRST_SUGGESTION = 3000
const LAST_SUGGESTION = 65_000

/** Says who has the port, where that can be known, and which one is free. */
async function portTaken(address: Address, taken: number): Promise<OperatorError> {
  const { port, variable, count = 1, command } = address
  const owner = await findPortOwner(taken)
  const who = owner
    ? `${owner.name} (process ${owner.pid}) listens there`
    : 'something listens there'
  let free = port + count > LAST_SUGGESTION ? FIRST_SUGGESTION : port + count
  for (let tries = 0; tries < MOST_SUGGESTIONS && (await findTaken(address, free)); tries++)
    free += count
  return new OperatorError(
    `Port ${taken} is taken: ${who}. Stop it, or choose another port: ${[`${variable}=${free}`, command].filter(Boolean).join(' ')}`,
  )
}

/**
 * Accepts no more connections, finishes the requests under way for up to `limitMs`, and resolves when all connections are closed.
 * Idle ones are closed at once, or when they have been quiet for a second, because a proxy may be sending a request into one.
 */
export type CloseServer = (options: {
  limitMs: number
  idle: 'at once' | 'when quiet'
}) => Promise<void>

const QUIET_MS = 1_000
const LOOK_MS = 50
const SHORT_TURN_MS = 1
const MOST_TURNS = 500

/** Observes the server's requests and connections from now on, so that closing it loses none. */
export function createCloseServer(server: Server): CloseServer {
  let connections = 0
  let underWay = 0
  let lastArrival = 0
  server.on('connection', () => {
    connections++
    lastArrival = performance.now()
  })
  server.on('request', (_req, res) => {
    underWay++
    lastArrival = performance.now()
    res.once('close', () => {
      underWay--
    })
  })

  // The system resets connections that wait to be accepted when the port is closed. Each turn of the event loop accepts one.
  async function acceptWaiting() {
    // The present turn may have looked for connections already.
    await nextTurn()
    for (let turns = 0; turns < MOST_TURNS; turns++) {
      const before = { connections, at: performance.now() }
      await nextTurn()
      const isShort = performance.now() - before.at < SHORT_TURN_MS
      if (isShort && connections === before.connections) return
    }
  }

  /** Resolves when no request is under way, and none has arrived for a while. */
  async function quiet(limitMs: number) {
    const end = performance.now() + limitMs
    lastArrival = performance.now()
    while (performance.now() < end) {
      await wait(Math.min(LOOK_MS, limitMs), undefined, { ref: false })
      // After a timer, what has arrived meanwhile is not read yet.
      await nextTurn()
      if (underWay === 0 && performance.now() - lastArrival > QUIET_MS) return
    }
  }

  return async ({ limitMs, idle }) => {
    await acceptWaiting()
    const closed = new Promise<void>((resolve) => {
      // The HTTP server's own `close` would close idle connections, which a proxy that has not noticed yet still uses.
      const { close: closePort } = new NetServer()
      closePort.call(server, () => resolve())
    })
    if (idle === 'at once') server.closeIdleConnections()
    void quiet(limitMs).then(() => server.closeAllConnections())
    await closed
    // Ends the timer of the HTTP server.
    server.close()
  }
}
