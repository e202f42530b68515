import { createHash, KeyObject } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { createAccessTokens } from '../../src/signing/access-token.ts'
import { type KeyRing, type SigningKeys, signJws } from '../../src/signing/key-ring.ts'

const ISSUER = 'https://portal.example.test'
const NOW = Date.UTC(2026, 0, 15, 10, 0, 0)
const SECONDS = NOW / 1000
const TOKEN = {
  jti: 'token-1',
  subject: 'resident-1',
  clientId: 'client-1',
  scope: 'openid',
  issuedAt: SECONDS,
  expiresAt: SECONDS + 3600,
}
const VERIFIED = {
  jti: 'token-1',
  rowId: createHash('sha256').update('token-1').digest(),
  clientId: 'client-1',
  subject: 'resident-1',
  expiresAt: SECONDS + 3600,
  jkt: undefined,
}

async function makeKeys(name: string): Promise<SigningKeys> {
  const make = async (algorithm: 'RS256' | 'ES256') => {
    const { privateKey, publicKey } = await generateKeyPair(algorithm)
    const kid = `${name}-${algorithm}`
    return {
      kid,
      privateKey: KeyObject.from(privateKey),
      jwk: { ...(await exportJWK(publicKey)), kid },
    }
  }
  const [RS256, ES256] = await Promise.all([make('RS256'), make('ES256')])
  const active = { RS256, ES256 }
  // Without `alg`, so that only what is asked for bounds the algorithm.
  return { active, privateJwks: { keys: [] }, publicJwks: { keys: [RS256.jwk, ES256.jwk] } }
}

let first: SigningKeys
let second: SigningKeys
beforeAll(async () => {
  ;[first, second] = await Promise.all([makeKeys('first'), makeKeys('second')])
})

/** A ring of these keys; `later` is what it reads when it is asked to look again. */
function createRing(keys: SigningKeys, later = keys) {
  let current = keys
  let refreshed = 0
  return {
    current: () => current,
    sign: (...[type, claims, algorithm]: Parameters<KeyRing['sign']>) =>
      signJws(current, type, claims, algorithm),
    async refresh() {
      refreshed++
      current = later
    },
    refreshIfOld: async () => {},
    turn: (to: SigningKeys) => {
      current = to
    },
    countRefreshed: () => refreshed,
  }
}
const create = (now = () => NOW, ring = createRing(first)) => createAccessTokens(ISSUER, ring, now)
const signWith = (
  keys: SigningKeys,
  { typ = 'at+jwt', alg = 'RS256', ...claims }: Record<string, unknown>,
) =>
  new SignJWT({
    jti: 'token-1',
    sub: 'resident-1',
    client_id: 'client-1',
    iss: ISSUER,
    aud: ISSUER,
    iat: SECONDS,
    exp: SECONDS + 60,
    ...claims,
  })
    .setProtectedHeader({ alg: String(alg), typ: String(typ), kid: keys.active.RS256.kid })
    .sign(keys.active.RS256.privateKey)

describe('a token', () => {
  test('is a JWT by RFC 9068 with the key that signs now, and verifies', async () => {
    const tokens = create()
    const jwt = await tokens.sign(TOKEN)
    expect(decodeProtectedHeader(jwt)).toEqual({ alg: 'RS256', typ: 'at+jwt', kid: 'first-RS256' })
    expect(decodeJwt(jwt)).toEqual({
      client_id: 'client-1',
      scope: 'openid',
      iss: ISSUER,
      aud: ISSUER,
      sub: 'resident-1',
      jti: 'token-1',
      iat: SECONDS,
      exp: SECONDS + 3600,
    })
    expect(await tokens.verify(jwt)).toEqual(VERIFIED)
    expect(await tokens.verify(jwt)).toEqual(VERIFIED)
  })

  test('of a FAPI client is signed with ES256, and one bound to a key names it', async () => {
    const tokens = create()
    const jwt = await tokens.sign({ ...TOKEN, scope: undefined, algorithm: 'ES256', jkt: 'thumb' })
    expect(decodeProtectedHeader(jwt)).toMatchObject({ alg: 'ES256', kid: 'first-ES256' })
    expect(decodeJwt(jwt)).toMatchObject({ cnf: { jkt: 'thumb' } })
    expect(decodeJwt(jwt)).not.toHaveProperty('scope')
    expect(await tokens.verify(jwt)).toEqual({ ...VERIFIED, jkt: 'thumb' })
  })

  test.each<[string, Record<string, unknown>]>([
    ['another issuer', { iss: 'https://other.example' }],
    ['another audience', { aud: 'https://other.example' }],
    ['another type', { typ: 'JWT' }],
    ['an algorithm that is not offered', { alg: 'PS256' }],
    ['an algorithm that is not offered', { alg: 'RS512' }],
    ['no jti', { jti: undefined }],
    ['no sub', { sub: undefined }],
    ['no exp', { exp: undefined }],
    ['no iat', { iat: undefined }],
    ['no client_id', { client_id: undefined }],
    ['an end in the past', { exp: SECONDS - 1 }],
  ])('of our own key with %s (%o) does not verify', async (_what, claims) => {
    const jwt = await signWith(first, claims)
    const ring = createRing(first)
    expect(await create(undefined, ring).verify(jwt)).toBeUndefined()
    // Its key is known, so there is nothing to look for.
    expect(ring.countRefreshed()).toBe(0)
  })

  test('ends at its time, also when it was verified before', async () => {
    let time = NOW
    const tokens = create(() => time)
    const jwt = await tokens.sign(TOKEN)
    time = NOW + 3_599_999
    expect(await tokens.verify(jwt)).toEqual(VERIFIED)
    time = NOW + 3_600_000
    expect(await tokens.verify(jwt)).toBeUndefined()
    expect(await create(() => time).verify(jwt)).toBeUndefined()
  })

  test('of more than 4096 characters is not looked at', async () => {
    const padded = await signWith(first, { padding: 'x'.repeat(2000) })
    expect(padded.length).toBeLessThan(4096)
    expect(await create().verify(padded)).toMatchObject({ jti: 'token-1' })
    const long = await signWith(first, { padding: 'x'.repeat(4000) })
    expect(long.length).toBeGreaterThan(4096)
    expect(await create().verify(long)).toBeUndefined()
  })
})

describe('when keys change', () => {
  test('a key that another process made is read once, and then known', async () => {
    const ring = createRing(first, second)
    const tokens = create(undefined, ring)
    const jwt = await signWith(second, {})
    expect(await tokens.verify(jwt)).toMatchObject({ jti: 'token-1' })
    expect(await tokens.verify(jwt)).toMatchObject({ jti: 'token-1' })
    expect(ring.countRefreshed()).toBe(1)
  })

  test('a key that nobody made is looked for once for each try, and refused', async () => {
    const ring = createRing(first)
    expect(await create(undefined, ring).verify(await signWith(second, {}))).toBeUndefined()
    expect(ring.countRefreshed()).toBe(1)
  })

  test('what a retired key signed is refused, also when it was verified before', async () => {
    const ring = createRing(first, second)
    const tokens = create(undefined, ring)
    const jwt = await signWith(first, {})
    expect(await tokens.verify(jwt)).toMatchObject({ jti: 'token-1' })
    ring.turn(second)
    expect(await tokens.verify(jwt)).toBeUndefined()
  })
})
