import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCommand } from '../../src/cli/commands.ts'
import { fetchLogo, readLogo, setClientLogo } from '../../src/clients/logo.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createOutbound } from '../../src/platform/outbound.ts'
import { createApplication } from '../support/application.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'

const PNG = Buffer.concat([
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
  Buffer.from('a picture'),
])
const JPEG = Buffer.from('ffd8ffe000104a46494600', 'hex')
const WEBP = Buffer.from('RIFF\x10\0\0\0WEBPVP8 ', 'latin1')
const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')

let portal: TestPortal
let dir: string
beforeAll(async () => {
  portal = await startPortal()
  dir = await mkdtemp(join(tmpdir(), 'portal-logo-'))
})
afterAll(async () => {
  await portal.close()
  await rm(dir, { recursive: true, force: true })
})

const run = async (...words: string[]) =>
  (await readCommand(words).run({ ...portal.parts, issuer: portal.issuer })) as Record<
    string,
    string
  >
async function file(bytes: Uint8Array): Promise<string> {
  const path = join(dir, randomUUID())
  await writeFile(path, bytes)
  return path
}

test('what the operator says of an application stands on its consent page, with a logo of our own origin', async () => {
  const client = await run(
    ...['client', 'create', '--name', 'Bluewater Bank', '--redirect-uri', REDIRECT_URI],
    ...['--scope', 'openid email', '--operator', 'Bluewater Ltd', '--purpose', 'To greet you'],
    ...['--client-uri', 'https://bank.test/', '--policy-uri', 'https://bank.test/privacy'],
    ...['--tos-uri', 'https://bank.test/terms', '--logo-file', await file(PNG)],
  )
  expect(client).toMatchObject({
    operator: 'Bluewater Ltd',
    purpose: 'To greet you',
    client_uri: 'https://bank.test/',
    policy_uri: 'https://bank.test/privacy',
    tos_uri: 'https://bank.test/terms',
    client_secret: expect.any(String),
  })
  const clientId = client.client_id ?? ''
  const open = async () => {
    const application = await createApplication(portal.issuer, client as never)
    const browser = createUserAgent()
    const { url } = await application.authorizationRequest('openid email')
    const resident = await addResident(portal.parts)
    const fields = { email: resident.email, password: PASSWORD }
    return (await browser.submit(await browser.open(url, REDIRECT_URI), 'login', fields)).text
  }
  const page = await open()
  for (const words of ['Bluewater Ltd', '<q>To greet you</q>', 'https://bank.test/privacy'])
    expect(page).toContain(words)
  const [, path = ''] = /<img src="([^"]+)"/.exec(page) ?? []
  expect(path).toMatch(new RegExp(`^/applications/${clientId}/logo\\?sha256=`))
  const logo = await fetch(`${portal.url}${path}`)
  expect(Buffer.from(await logo.arrayBuffer()).equals(PNG)).toBe(true)

  const changed = await run('client', 'update', clientId, '--purpose', 'To sell', '--operator', '')
  expect(changed).toMatchObject({ purpose: 'To sell', policy_uri: 'https://bank.test/privacy' })
  expect(changed).not.toHaveProperty('operator')
  await run('client', 'update', clientId, '--logo-file', '')
  const after = await open()
  expect(after).toContain('<q>To sell</q>')
  expect(after).not.toContain('<img')
  expect((await fetch(`${portal.url}${path}`)).status).toBe(404)
})

test('the command line refuses what cannot stand on a page, and makes no client of it', async () => {
  const count = async () => (await portal.db`select from client`).length
  const before = await count()
  const create = (...more: string[]) =>
    run(
      ...['client', 'create', '--name', 'Bank', '--redirect-uri', REDIRECT_URI],
      ...['--scope', 'openid', ...more],
    )
  for (const [option, value, why] of [
    ['--policy-uri', 'javascript:alert(1)', 'policy_uri must be an https: address'],
    ['--client-uri', 'http://bank.test', 'client_uri must be an https: address'],
    ['--tos-uri', 'nonsense', 'tos_uri must be an https: address'],
    ['--operator', 'x'.repeat(101), 'at most 100'],
    ['--operator', ' ', 'operator has no words'],
    ['--purpose', 'one\ntwo', 'one line'],
    ['--purpose', 'safe \u202egnihton', 'one line'],
    ['--logo-file', await file(SVG), 'PNG, JPEG or WebP'],
    ['--logo-file', join(dir, 'none'), 'cannot be read'],
  ] as const)
    await expect(create(option, value)).rejects.toThrow(why)
  expect(await count()).toBe(before)
  await expect(run('client', 'update', randomUUID(), '--purpose', 'x')).rejects.toThrow(
    'no such client',
  )
})

describe('a logo', () => {
  test('is what its bytes are: PNG, JPEG or WebP, and nothing else', () => {
    expect(readLogo(PNG).contentType).toBe('image/png')
    expect(readLogo(JPEG).contentType).toBe('image/jpeg')
    expect(readLogo(WEBP).contentType).toBe('image/webp')
    for (const other of [
      SVG,
      Buffer.from('GIF89a'),
      Buffer.from('<!doctype html>'),
      Buffer.alloc(0),
    ])
      expect(() => readLogo(other)).toThrow('PNG, JPEG or WebP')
    const big = Buffer.concat([PNG, Buffer.alloc(256 * 1024)])
    expect(() => readLogo(big)).toThrow('larger than 256 KiB')
    expect(readLogo(big.subarray(0, 256 * 1024)).bytes).toHaveLength(256 * 1024)
  })

  test('is served with its type, as nothing but an image, and kept by its hash', async () => {
    const { client_id } = await addClient(portal.parts)
    await setClientLogo(portal.db, client_id, readLogo(JPEG))
    const address = `${portal.url}/applications/${client_id}/logo`
    const plain = await fetch(address)
    expect(Object.fromEntries(plain.headers)).toMatchObject({
      'content-type': 'image/jpeg',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'cache-control': 'no-cache',
    })
    const etag = plain.headers.get('etag') ?? ''
    const named = await fetch(`${address}?sha256=${etag.slice(1, 33)}`)
    expect(named.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    const known = await fetch(address, { headers: { 'If-None-Match': etag } })
    expect([known.status, await known.text()]).toEqual([304, ''])
    await setClientLogo(portal.db, client_id, readLogo(WEBP))
    const replaced = await fetch(`${address}?sha256=${etag.slice(1, 33)}`)
    expect(replaced.headers.get('content-type')).toBe('image/webp')
    expect(replaced.headers.get('cache-control')).toBe('no-cache')
    for (const nobody of [randomUUID(), 'eprospera-cli', '..%2f..%2fetc'])
      expect((await fetch(`${portal.url}/applications/${nobody}/logo`)).status).toBe(404)
  })

  test('is fetched from the address of a registration, where that is public, and never otherwise', async () => {
    const asked: string[] = []
    const server = createServer((req, res) => {
      asked.push(req.url ?? '')
      if (req.url === '/logo.png') res.end(PNG)
      else if (req.url === '/logo.svg') res.setHeader('Content-Type', 'image/png').end(SVG)
      else if (req.url === '/big') res.end(Buffer.concat([PNG, Buffer.alloc(300 * 1024)]))
      else if (req.url === '/moved') res.writeHead(302, { Location: '/logo.png' }).end()
      else res.writeHead(404).end(PNG)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const inside = createOutbound(['127.0.0.0/8'])
      expect(await fetchLogo(inside, `${origin}/logo.png`)).toMatchObject({
        contentType: 'image/png',
      })
      await expect(fetchLogo(inside, `${origin}/logo.svg`)).rejects.toThrow('PNG, JPEG or WebP')
      for (const path of ['/big', '/moved', '/none'])
        await expect(fetchLogo(inside, `${origin}${path}`)).rejects.toThrow('could not be fetched')
      const before = asked.length
      for (const address of [origin, 'http://169.254.169.254', 'http://[::1]:1', 'nonsense'])
        await expect(fetchLogo(portal.parts.outbound, `${address}/logo.png`)).rejects.toThrow(
          'The logo could not be fetched from logo_uri.',
        )
      expect(asked).toHaveLength(before)
    } finally {
      server.close()
    }
  })
})
