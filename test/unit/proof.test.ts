import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { isProofTooFarAhead, isTooFarAhead, verifyProof } from '../../src/oauth/proof.ts'

const URL_ = 'https://portal.example.test/api/v1/me/natural-person'
const TOKEN = 'the-access-token'
const NOW = Date.UTC(2026, 0, 15, 10, 0, 0)
const SECONDS = NOW / 1000

type Pair = Awaited<ReturnType<typeof makePair>>
async function makePair(algorithm = 'ES256') {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = await exportJWK(publicKey)
  return { algorithm, privateKey, jwk, jkt: await calculateJwkThumbprint(jwk) }
}
let pair: Pair
let other: Pair
beforeAll(async () => {
  ;[pair, other] = await Promise.all([makePair(), makePair()])
})

const ath = (token: string) => createHash('sha256').update(token).digest('base64url')
const prove = (
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  by = pair,
) =>
  new SignJWT({ jti: 'proof-1', htm: 'GET', htu: URL_, iat: SECONDS, ath: ath(TOKEN), ...claims })
    .setProtectedHeader({ alg: by.algorithm, typ: 'dpop+jwt', jwk: by.jwk, ...header })
    .sign(by.privateKey)
const verify = (proof: string, change: object = {}) =>
  verifyProof({ proof, method: 'GET', url: URL_, token: TOKEN, jkt: pair.jkt, now: NOW, ...change })

describe('a proof of possession', () => {
  test('holds for its request, token and key, and is to be remembered for ten minutes from its time', async () => {
    expect(await verify(await prove())).toEqual({ jti: 'proof-1', expiresAt: SECONDS + 600 })
  })

  test.each(['PS256', 'EdDSA'])('may be signed with %s', async (algorithm) => {
    const by = await makePair(algorithm)
    expect(await verify(await prove({}, {}, by), { jkt: by.jkt })).toMatchObject({ jti: 'proof-1' })
  })

  test('does not hold when it is signed with RS256', async () => {
    const by = await makePair('RS256')
    expect(await verify(await prove({}, {}, by), { jkt: by.jkt })).toBeUndefined()
  })

  test('may name query and fragment, which do not count', async () => {
    expect(await verify(await prove({ htu: `${URL_}?a=1#b` }))).toMatchObject({ jti: 'proof-1' })
  })

  test.each<[string, Record<string, unknown>]>([
    ['no jti', { jti: undefined }],
    ['an empty jti', { jti: '' }],
    ['a jti that is no string', { jti: 7 }],
    ['another method', { htm: 'POST' }],
    ['the method in small letters', { htm: 'get' }],
    ['no method', { htm: undefined }],
    ['another path', { htu: `${URL_}/residency` }],
    ['another host', { htu: URL_.replace('portal', 'other') }],
    ['another scheme', { htu: URL_.replace('https', 'http') }],
    ['an address that is none', { htu: 'portal' }],
    ['a list of addresses', { htu: [URL_] }],
    ['no address', { htu: undefined }],
    ['another token', { ath: ath('another') }],
    ['no token', { ath: undefined }],
    ['no time', { iat: undefined }],
    ['a time that is no number', { iat: String(SECONDS) }],
    ['a time 301 seconds ago', { iat: SECONDS - 301 }],
    ['a time 61 seconds ahead', { iat: SECONDS + 61 }],
    ['an end in the past', { exp: SECONDS - 11 }],
  ])('does not hold with %s', async (_what, claims) => {
    expect(await verify(await prove(claims))).toBeUndefined()
  })

  test.each([-300, 60])('holds %i seconds from now', async (seconds) => {
    const proof = await prove({ iat: SECONDS + seconds })
    expect(await verify(proof)).toEqual({ jti: 'proof-1', expiresAt: SECONDS + seconds + 600 })
  })

  test('allows clocks to differ by ten seconds', async () => {
    expect(await verify(await prove({ nbf: SECONDS + 10 }))).toMatchObject({ jti: 'proof-1' })
    expect(await verify(await prove({ nbf: SECONDS + 11 }))).toBeUndefined()
  })

  test('does not hold by another key, of another type, without a key, or when it is no JWT', async () => {
    expect(await verify(await prove({}, {}, other))).toBeUndefined()
    expect(await verify(await prove({}, { jwk: other.jwk }))).toBeUndefined()
    expect(await verify(await prove({}, { typ: 'JWT' }))).toBeUndefined()
    expect(await verify(await prove({}, { jwk: undefined }))).toBeUndefined()
    expect(await verify(await prove({}, { jwk: { kty: 'EC' } }))).toBeUndefined()
    for (const nonsense of ['', 'x', 'a.b.c']) expect(await verify(nonsense)).toBeUndefined()
  })

  test('takes the present time unless another is given', async () => {
    const now = Math.floor(Date.now() / 1000)
    expect(await verify(await prove({ iat: now }), { now: undefined })).toMatchObject({
      jti: 'proof-1',
    })
    expect(await verify(await prove(), { now: undefined })).toBeUndefined()
  })
})

test('more than a minute ahead is too far, for any clock', async () => {
  expect(isTooFarAhead(SECONDS + 60, NOW)).toBe(false)
  expect(isTooFarAhead(SECONDS + 61, NOW)).toBe(true)
  for (const value of [undefined, null, String(SECONDS + 61)])
    expect(isTooFarAhead(value, NOW)).toBe(false)
  const now = Date.now() / 1000
  expect(isProofTooFarAhead(await prove({ iat: now + 90 }))).toBe(true)
  expect(isProofTooFarAhead(await prove({ iat: now }))).toBe(false)
  expect(isProofTooFarAhead('no proof')).toBe(false)
})
