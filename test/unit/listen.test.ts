import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createCloseServer, listenOn, requireFreePort } from '../../src/platform/listen.ts'
import { findFreePorts } from '../support/ports.ts'

async function listen(onRequest: (res: ServerResponse) => void): Promise<Server> {
  const server = createServer((_req, res) => onRequest(res))
  await listenOn(server, { host: '127.0.0.1', port: 0, variable: 'PORT' })
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return server
}

const portOf = (server: Server) => (server.address() as AddressInfo).port
const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** Connects, and resolves when the server has the connection. */
async function open(server: Server) {
  const accepted = new Promise((resolve) => server.once('connection', resolve))
  const socket = connect(portOf(server), '127.0.0.1')
  await accepted
  return { socket, received: text(socket).catch(() => 'reset') }
}

test('a port that somebody listens at is taken, and stays so after it was tried', async () => {
  const server = await listen((res) => res.end('ours'))
  const address = { host: '127.0.0.1', port: portOf(server), variable: 'PORT' }
  await expect(requireFreePort(address)).rejects.toThrow(
    /^Port \d+ is taken: .* listens there\. Stop it, or choose another port: PORT=\d+$/,
  )
  const response = await fetch(`http://127.0.0.1:${address.port}`)
  expect(await response.text()).toBe('ours')
  await new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  })
  await requireFreePort(address)
})

test('of several ports one that is taken is named with its owner; what is printed can be typed, and works', async () => {
  const server = createServer()
  const [port = 0] = await findFreePorts(1)
  const address = { host: '127.0.0.1', port, variable: 'PORT' }
  await listenOn(server, address)
  onTestFinished(() => void server.close())
  const three = { ...address, port: port - 2, count: 3, command: 'npm run demo' }
  const refusal = await requireFreePort(three).catch((error: Error) => error.message)
  expect(refusal).toContain(`Port ${port} is taken`)
  if (process.platform === 'linux') expect(refusal).toContain(`node (process ${process.pid})`)
  const [, suggested] = /PORT=(\d+) npm run demo$/.exec(String(refusal)) ?? []
  await requireFreePort({ ...three, port: Number(suggested) })
})

test('closing finishes what is under way, and nothing waits for connections without a request', async () => {
  const asked = Promise.withResolvers<ServerResponse>()
  const server = await listen(asked.resolve)
  const port = portOf(server)
  const close = createCloseServer(server)
  const silent = await open(server)
  const busy = await open(server)
  busy.socket.write(REQUEST)
  const res = await asked.promise
  const closed = close({ limitMs: 60_000, idle: 'at once' })
  while (server.listening) await new Promise((resolve) => setImmediate(resolve))
  await requireFreePort({ host: '127.0.0.1', port, variable: 'PORT' })
  // Longer than idle connections are left open.
  await wait(1_200)
  res.setHeader('Connection', 'close').end('done')
  expect(await busy.received).toContain('done')
  expect(await silent.received).toBe('')
  await closed
})

test('a request that takes longer than the limit is cut off', async () => {
  const asked = Promise.withResolvers<ServerResponse>()
  const server = await listen(asked.resolve)
  const close = createCloseServer(server)
  const busy = await open(server)
  busy.socket.write(REQUEST)
  await asked.promise
  await close({ limitMs: 50, idle: 'at once' })
  expect(await busy.received).toBe('')
})

test('connections that wait to be accepted when the server is closed are served', async () => {
  const server = await listen((res) => res.setHeader('Connection', 'close').end('served'))
  const close = createCloseServer(server)
  const sockets = Array.from({ length: 20 }, () => connect(portOf(server), '127.0.0.1'))
  const received = sockets.map((socket) => {
    socket.write(REQUEST)
    return text(socket).catch(() => 'reset')
  })
  // The system accepts them here, while the server cannot.
  const until = performance.now() + 100
  while (performance.now() < until);
  await close({ limitMs: 5_000, idle: 'at once' })
  for (const each of await Promise.all(received)) expect(each).toContain('served')
})

test('a request into an idle connection is served after the port was closed, and then it is closed', async () => {
  const server = await listen((res) => {
    if (!server.listening) res.setHeader('Connection', 'close')
    res.end('served')
  })
  const port = portOf(server)
  const close = createCloseServer(server)
  const idle = await open(server)
  const unused = await open(server)
  for (const { socket } of [idle, unused]) {
    socket.write(REQUEST)
    await once(socket, 'readable')
  }
  const closed = close({ limitMs: 60_000, idle: 'when quiet' })
  while (server.listening) await new Promise((resolve) => setImmediate(resolve))
  await requireFreePort({ host: '127.0.0.1', port, variable: 'PORT' })
  idle.socket.write(REQUEST)
  expect((await idle.received).match(/served/g)).toHaveLength(2)
  expect((await unused.received).match(/served/g)).toHaveLength(1)
  await closed
})

test('idle connections are closed at once where no proxy is to notice', async () => {
  const server = await listen((res) => res.end('served'))
  const close = createCloseServer(server)
  const idle = await open(server)
  idle.socket.write(REQUEST)
  await once(idle.socket, 'readable')
  const asked = performance.now()
  await close({ limitMs: 60_000, idle: 'at once' })
  expect(performance.now() - asked).toBeLessThan(900)
})
