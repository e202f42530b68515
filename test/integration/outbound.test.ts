import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createOutbound } from '../../src/platform/outbound.ts'

let connections = 0
const server = createServer((req, res) => {
  if (req.url === '/redirect') res.writeHead(302, { Location: 'http://127.0.0.1/' }).end()
  else if (req.url === '/endless') {
    const writing = setInterval(() => res.write('x'.repeat(1024)), 1)
    res.on('close', () => clearInterval(writing))
  } else if (req.url !== '/silent') res.end('{"here":true}')
})
server.on('connection', () => connections++)
let port = 0
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

test.each([
  '127.0.0.1',
  'localhost',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '0.0.0.0',
  '169.254.169.254',
  '10.0.0.1',
  '192.168.1.1',
  '[fd00::1]',
  '[fe80::1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::7f00:1]',
  '[::127.0.0.1]',
  '[::7f00:1]',
  '[::ffff:0:127.0.0.1]',
  '[2002:7f00:1::]',
  '[2001::1]',
  '[4000::1]',
  '192.88.99.1',
  '2130706433',
])('nothing is sent to %s', async (host) => {
  const before = connections
  await expect(createOutbound([])(`http://${host}:${port}/`)).rejects.toThrow(
    'the address is not public',
  )
  expect(connections).toBe(before)
})

test('an address that the operator named is reached; redirects, silence and endless answers are not followed', async () => {
  const outbound = createOutbound(['127.0.0.0/8'])
  expect(await (await outbound(`http://127.0.0.1:${port}/`)).json()).toEqual({ here: true })
  expect((await outbound(`http://127.0.0.1:${port}/redirect`)).status).toBe(302)
  await expect(outbound(`http://127.0.0.1:${port}/endless`, { maxBytes: 10_000 })).rejects.toThrow(
    'more than 10000 bytes received',
  )
  const cut = await outbound(`http://127.0.0.1:${port}/endless`, {
    maxBytes: 10_000,
    whenLonger: 'cut',
  })
  expect([cut.status, (await cut.arrayBuffer()).byteLength <= 10_000]).toEqual([200, true])
  await expect(outbound(`http://127.0.0.1:${port}/silent`, { timeoutMs: 50 })).rejects.toThrow()
})

// Outside its promise, this would end the process: any application could end any worker.
test.each(['600 X', '999 X', '101 Switching Protocols', '304 Not Modified'])(
  'an answer of %s is an error or an answer, and no accident',
  async (line) => {
    const strange = createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(`HTTP/1.1 ${line}\r\nContent-Length: 0\r\n\r\n`))
    })
    await new Promise<void>((resolve) => strange.listen(0, '127.0.0.1', resolve))
    const { port: at } = strange.address() as AddressInfo
    const outcome = await createOutbound(['127.0.0.0/8'])(`http://127.0.0.1:${at}/`, {
      timeoutMs: 500,
    }).then(
      ({ status }) => status,
      (error: unknown) => error instanceof Error,
    )
    expect(outcome).toBe(line.startsWith('304') ? 304 : true)
    strange.close()
  },
)
