import type { Server } from 'node:http'
import { type AddressInfo, connect, Server as NetServer } from 'node:net'
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { OperatorError } from './errors.ts'

/** Where a server listens, and the variable that says so. */
export type Address = { host: string; port: number; variable: string }

/** Binds the address, and returns the port. Throws OperatorError when it is taken. */
export async function listenOn(server: Server, address: Address): Promise<number> {
  const { host, port } = address
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? portTaken(address) : error),
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
  const { host, port } = address
  const socket = connect({ host, port, timeout: CONNECT_MS })
  const isTaken = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    for (const event of ['error', 'timeout']) socket.once(event, () => resolve(false))
  })
  socket.destroy()
  if (isTaken) throw portTaken(address)
}

const portTaken = ({ port, variable }: Address) =>
  new OperatorError(
    `Port ${port} is taken. Stop the program that uses it, or choose another: ${variable}=${port + 1}`,
  )

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
