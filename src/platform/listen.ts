import type { Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
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

/** Accepts no more connections, finishes the requests under way for up to `limitMs`, and resolves when all connections are closed. */
export type CloseServer = (limitMs: number) => Promise<void>

// What was sent just before the port was closed has arrived after this time.
const ARRIVAL_MS = 500
const LOOK_MS = 20
const QUIET_TURN_MS = 1
const MOST_TURNS = 500

/** Observes the server's requests and connections from now on, so that closing it loses none. */
export function createCloseServer(server: Server): CloseServer {
  let connections = 0
  let underWay = 0
  server.on('connection', () => {
    connections++
  })
  server.on('request', (_req, res) => {
    underWay++
    res.once('close', () => {
      underWay--
    })
  })

  // The system resets connections that wait to be accepted when the port is closed. Each turn of the event loop accepts one.
  async function acceptWaiting() {
    for (let turns = 0; turns < MOST_TURNS; turns++) {
      const before = { connections, at: performance.now() }
      await nextTurn()
      const isQuiet = performance.now() - before.at < QUIET_TURN_MS
      if (isQuiet && connections === before.connections) return
    }
  }

  return async (limitMs) => {
    const end = performance.now() + limitMs
    server.closeIdleConnections()
    await acceptWaiting()
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    // Connections that never sent a request count as busy in Node: only requests are waited for.
    const cutOff = async () => {
      await wait(Math.min(ARRIVAL_MS, limitMs), undefined, { ref: false })
      while (underWay > 0 && performance.now() < end) await wait(LOOK_MS, undefined, { ref: false })
      server.closeAllConnections()
    }
    void cutOff()
    await closed
  }
}
