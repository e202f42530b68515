import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createAccessTokens } from '../../src/signing/access-token.ts'
import {
  listKeys,
  openKeyRing,
  retireKey,
  rotateKeys,
  rotateKeysOnSchedule,
} from '../../src/signing/key-ring.ts'
import { createApplication } from '../support/application.ts'
import { addClient, addResident, startPortal, type TestPortal } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

let portal: TestPortal
let other: Awaited<ReturnType<TestPortal['startOther']>>
beforeAll(async () => {
  portal = await startPortal()
  other = await portal.startOther()
})
afterAll(async () => {
  await other.close()
  await portal.close()
})

const API = '/api/v1/me/natural-person/id-verification'
const published = async (url = portal.url) => {
  const response = await fetch(`${url}/api/oauth/.well-known/jwks.json`)
  expect(response.headers.get('cache-control')).toBe('public, max-age=300')
  const { keys } = (await response.json()) as { keys: { kid: string; alg: string }[] }
  return keys.map(({ kid }) => kid)
}
const activeKid = async () =>
  (await listKeys(portal.db)).find((key) => key.status === 'active' && key.algorithm === 'RS256')
    ?.kid ?? ''

async function arrange() {
  const resident = await addResident(portal.parts)
  const application = await createApplication(portal.issuer, await addClient(portal.parts))
  const scope = 'openid offline_access eprospera:person.id_verification.read'
  return { application, tokens: await application.obtainTokens(scope, resident.email) }
}

test('keys rotate under load on two processes: published first, no request fails, old tokens go on', async () => {
  const { application, tokens: first } = await arrange()
  const before = await activeKid()
  const next = (await listKeys(portal.db))
    .filter(({ status }) => status === 'next')
    .map(({ kid }) => kid)
  expect(next).toHaveLength(2)
  // What signs next stands in the key set of both processes before it is used.
  for (const url of [portal.url, other.url])
    expect(await published(url)).toEqual(expect.arrayContaining([before, ...next]))

  const keys = createRemoteJWKSet(new URL(`${portal.issuer}/api/oauth/.well-known/jwks.json`))
  const kids = new Set<string>()
  const failures: unknown[] = []
  let running = true
  let refreshToken = first.refresh_token ?? ''
  let requests = 0
  const load = async (url: string) => {
    while (running) {
      try {
        const again = await application.refresh(refreshToken)
        refreshToken = again.refresh_token ?? refreshToken
        kids.add(decodeProtectedHeader(again.access_token).kid ?? '')
        await jwtVerify(again.access_token, keys, { typ: 'at+jwt' })
        await jwtVerify(again.id_token ?? '', keys)
        for (const token of [first.access_token, again.access_token]) {
          const { status } = await fetch(`${url}${API}`, {
            headers: { Authorization: `Bearer ${token}` },
          })
          requests++
          if (status !== 200) failures.push(status)
        }
      } catch (error) {
        failures.push(error)
      }
    }
  }
  // One refreshes at a time: a rotated refresh token has one successor.
  const loading = load(other.url)
  const reading = (async () => {
    while (running) {
      for (const url of [portal.url, other.url]) {
        const { status } = await fetch(`${url}${API}`, {
          headers: { Authorization: `Bearer ${first.access_token}` },
        })
        requests++
        if (status !== 200) failures.push(status)
      }
    }
  })()
  await rotateKeys(portal.db, portal.parts.sealer)
  await eventually(async () => kids.size > 1 && requests > 100)
  running = false
  await Promise.all([loading, reading])
  expect(failures).toEqual([])
  expect([...kids]).toEqual([before, await activeKid()])
  expect(next).toContain(await activeKid())
  expect((await listKeys(portal.db)).find(({ kid }) => kid === before)?.status).toBe('retiring')
  expect(await published()).toContain(before)
})

test('a retired key is refused within seconds, and what signs goes on', async () => {
  const { application, tokens } = await arrange()
  const kid = decodeProtectedHeader(tokens.access_token).kid ?? ''
  expect(kid).toBe(await activeKid())
  await retireKey(portal.db, portal.parts.sealer, kid)
  const call = async (url: string, token: string) =>
    (await fetch(`${url}${API}`, { headers: { Authorization: `Bearer ${token}` } })).status
  // Tries and not seconds: on a busy machine the portal is as late as the test.
  for (const url of [portal.url, other.url])
    for (let tries = 0; (await call(url, tokens.access_token)) !== 401; tries++) {
      expect(tries).toBeLessThan(100)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  const again = await application.refresh(tokens.refresh_token ?? '')
  expect(await call(other.url, again.access_token)).toBe(200)
  expect(await published()).not.toContain(kid)
  await expect(retireKey(portal.db, portal.parts.sealer, kid)).rejects.toThrow('no such key')
})

test('a process that could not read the keys for seconds reads them before it verifies by them', async () => {
  const { log, db, sealer } = portal.parts
  const ring = await openKeyRing(db, sealer, log)
  // As in a process that is suspended.
  ring.close()
  const tokens = createAccessTokens(portal.issuer, ring)
  const { tokens: obtained } = await arrange()
  await ring.refresh()
  expect(await tokens.verify(obtained.access_token)).toBeDefined()
  await retireKey(db, sealer, decodeProtectedHeader(obtained.access_token).kid ?? '')
  const now = performance.now()
  const clock = vi.spyOn(performance, 'now').mockReturnValue(now + 4_000)
  try {
    expect(await tokens.verify(obtained.access_token)).toBeUndefined()
  } finally {
    clock.mockRestore()
  }
})

test('an active key gives way after its 90 days by itself', async () => {
  const { db, sealer } = portal.parts
  expect(await rotateKeysOnSchedule(db, sealer)).toBe(false)
  await db`update signing_key set activates_at = activates_at - interval '91 days' where activates_at is not null`
  expect(await rotateKeysOnSchedule(db, sealer)).toBe(true)
  expect(await rotateKeysOnSchedule(db, sealer)).toBe(false)
})

test('unknown key ids make the database asked once a second at most', async () => {
  const { log, db, sealer } = portal.parts
  let reads = 0
  const counted = new Proxy(db, {
    apply(target, self, words) {
      reads++
      return Reflect.apply(target, self, words)
    },
  })
  const ring = await openKeyRing(counted, sealer, log)
  ring.close()
  const tokens = createAccessTokens(portal.issuer, ring)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  reads = 0
  const started = performance.now()
  for (let index = 0; index < 200; index++)
    expect(
      await tokens.verify(
        `${part({ alg: 'RS256', typ: 'at+jwt', kid: `k${index}` })}.${part({})}.eA`,
      ),
    ).toBeUndefined()
  expect(reads).toBeLessThanOrEqual(Math.ceil((performance.now() - started) / 1000))
})

test('private keys are sealed in the database', async () => {
  const rows = await portal.db`select public_jwk::text || private_sealed as text from signing_key`
  for (const { text } of rows) expect(text).not.toMatch(/"(d|p|q|dp|dq|qi)":/)
})
