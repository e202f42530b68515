import { expect, test } from 'vitest'
import { sectorOf, verifySector } from '../../src/oauth/subject-identifiers.ts'

const client = (redirectUris: string[], sector?: string) => ({
  client_id: 'c1',
  redirect_uris: redirectUris,
  sector_identifier_uri: sector,
})

test.each([
  ['the host of the redirect URIs', ['https://a.example/x', 'https://a.example/y'], 'a.example'],
  ['with its port', ['https://a.example:8443/x'], 'a.example:8443'],
  ['leaving out the own machine', ['http://localhost:3000/x', 'https://a.example/x'], 'a.example'],
  ['on the own machine: the client itself', ['http://127.0.0.1/x'], 'c1.client.invalid'],
  ['of a private-use scheme: the client itself', ['com.example.app:/x'], 'c1.client.invalid'],
  ['without redirect URIs, as of a device: the client itself', [], 'c1.client.invalid'],
])('the sector is %s', (_what, redirectUris, sector) => {
  expect(sectorOf(client(redirectUris))).toBe(sector)
  expect(sectorOf(client(redirectUris, 'https://s.example/list.json'))).toBe('s.example')
})

test('a sector_identifier_uri counts when its document lists every redirect URI', async () => {
  const given = client(
    ['https://a.example/x', 'https://b.example/x'],
    'https://s.example/list.json',
  )
  const verify = (body: unknown, status = 200) =>
    verifySector(async () => Response.json(body, { status }), given)
  await expect(verify(['https://a.example/x', 'https://b.example/x'])).resolves.toBe(undefined)
  for (const body of [['https://a.example/x'], {}, null])
    await expect(verify(body)).rejects.toThrow('every redirect URI')
  await expect(verify([], 404)).rejects.toThrow('answered 404')
  const unreadable = verifySector(async () => new Response('<html>'), given)
  await expect(unreadable).rejects.toThrow('cannot be read as JSON')
})
