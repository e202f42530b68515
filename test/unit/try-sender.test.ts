import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSandboxSender } from '../../src/developers/try-sender.ts'

const ISSUER = 'https://sandbox.portal.example'
const received: { url: string | undefined; headers: IncomingHttpHeaders }[] = []
let body: string | Buffer = '{}'
const listener = createServer((req, res) => {
  received.push({ url: req.url, headers: req.headers })
  res.writeHead(302, { Location: 'https://elsewhere.example/', 'Content-Type': 'image/jpeg' })
  res.end(body)
})
beforeAll(() => new Promise<void>((resolve) => listener.listen(0, '0.0.0.0', resolve)))
afterAll(() => listener.close())

const send = (url: string) => {
  const { port } = listener.address() as AddressInfo
  const sender = createSandboxSender({ issuer: ISSUER, url: `http://0.0.0.0:${port}` })
  return sender({ method: 'GET', url, headers: [['Accept', 'application/json']] })
}

test('a request for the public address goes to the listener of this machine, and no redirect is followed', async () => {
  body = Buffer.from([0xff, 0xd8])
  const answer = await send(`${ISSUER}/some/path?a=b`)
  expect(received).toMatchObject([
    {
      url: '/some/path?a=b',
      headers: { host: 'sandbox.portal.example', accept: 'application/json' },
    },
  ])
  expect(answer.status).toBe(302)
  expect(answer.headers).toContainEqual(['location', 'https://elsewhere.example/'])
  expect(answer.body).toBe('(2 bytes of image/jpeg)')
})

test.each([
  'https://elsewhere.example/',
  'http://sandbox.portal.example/',
  'https://sandbox.portal.example:8443/',
  'https://sandbox.portal.example@elsewhere.example/',
])('nothing is sent to %s', async (url) => {
  const before = received.length
  await expect(send(url)).rejects.toThrow('not of the sandbox')
  expect(received).toHaveLength(before)
})

test('an answer that does not end is cut', async () => {
  body = 'x'.repeat(300 * 1024)
  await expect(send(`${ISSUER}/`)).rejects.toThrow('too long')
})
