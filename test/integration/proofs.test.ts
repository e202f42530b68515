import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient, updateClient } from '../../src/clients/clients.ts'
import { createApplication } from '../support/application.ts'
import { addClient, addResident, startPortal, type TestPortal } from '../support/portal.ts'

let portal: TestPortal
let other: Awaited<ReturnType<TestPortal['startAnother']>>
beforeAll(async () => {
  portal = await startPortal({ outboundAllow: ['127.0.0.2/32'] })
  other = await portal.startAnother()
})
afterAll(async () => {
  await other.close()
  await portal.close()
})

const API = '/api/v1/me/natural-person/id-verification'
const SERVICE = { type: 'service' as const, redirectUris: [], scope: 'idv.read' }
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds

const tokenRequest = (
  body: Record<string, string>,
  headers: Record<string, string> = {},
  url = portal.url,
) => fetch(`${url}/api/oauth/token`, { method: 'POST', body: new URLSearchParams(body), headers })

const errorOf = async (response: Response) => [
  response.status,
  ((await response.json()) as { error?: string }).error,
]

/** A service client with a key pair, and what it sends to authenticate (RFC 7523 §2.2). */
async function createAsserting(given: object = {}) {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const jwk = await exportJWK(publicKey)
  const { client_id } = await addClient(portal.parts, {
    ...SERVICE,
    jwks: { keys: [{ ...jwk, alg: 'ES256' }] },
    ...given,
  })
  const claims = (change: object = {}) => ({
    iss: client_id,
    sub: client_id,
    aud: portal.issuer,
    jti: randomUUID(),
    exp: inSeconds(60),
    ...change,
  })
  const sign = (payload: object, alg = 'ES256', key: CryptoKey | Uint8Array = privateKey) =>
    new SignJWT({ ...payload }).setProtectedHeader({ alg }).sign(key)
  const send = (assertion: string, url = portal.url) =>
    tokenRequest(
      {
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      },
      {},
      url,
    )
  return { client_id, jwk, claims, sign, send }
}

describe('a client assertion', () => {
  test('is good once, on whichever process', async () => {
    const { claims, sign, send } = await createAsserting()
    for (let round = 0; round < 10; round++) {
      const assertion = await sign(claims())
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, n) => send(assertion, n % 2 ? portal.url : other.url)),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([
        200,
        ...Array<number>(11).fill(401),
      ])
    }
  })

  test.each([
    ['whose audience is a list', (issuer: string) => ({ aud: [issuer] })],
    [
      'whose audience is another endpoint',
      (issuer: string) => ({ aud: `${issuer}/api/oauth/par` }),
    ],
    ['issued more than a minute ahead', () => ({ iat: inSeconds(75) })],
    ['issued a day ahead', () => ({ iat: inSeconds(24 * 3600) })],
    ['not valid for another minute', () => ({ nbf: inSeconds(75) })],
    ['whose time of issue is text', () => ({ iat: '1' })],
    ['whose audience is somebody else', () => ({ aud: 'https://other.test' })],
    ['of another client', () => ({ iss: 'other', sub: 'other' })],
    ['that another signed for it', () => ({ iss: 'other' })],
    ['that has expired', () => ({ exp: inSeconds(-60) })],
    ['that lives for a day', () => ({ exp: inSeconds(24 * 3600) })],
    ['without an end', () => ({ exp: undefined })],
    ['without a jti', () => ({ jti: undefined })],
  ])('%s is refused', async (_what, change) => {
    const { claims, sign, send } = await createAsserting()
    expect(await errorOf(await send(await sign(claims(change(portal.issuer)))))).toEqual([
      401,
      'invalid_client',
    ])
  })

  // FAPI 2.0 Security Profile §5.3.2.1
  test.each([
    ['issued 8 seconds ahead', () => ({ iat: inSeconds(8) })],
    ['valid from 8 seconds ahead', () => ({ nbf: inSeconds(8), iat: inSeconds(8) })],
  ])('%s is accepted: clocks differ', async (_what, change) => {
    const { claims, sign, send } = await createAsserting()
    expect((await send(await sign(claims(change())))).status).toBe(200)
  })

  test('whose audience is the token endpoint is accepted, but of a FAPI 2.0 client refused', async () => {
    const aud = `${portal.issuer}/api/oauth/token`
    for (const [fapi, status] of [
      [false, 200],
      [true, 401],
    ] as const) {
      const { claims, sign, send } = await createAsserting({ fapi, authMethod: 'private_key_jwt' })
      expect((await send(await sign(claims({ aud })))).status).toBe(status)
    }
  })

  test('signed by another key, by a shared secret or by nothing is refused', async () => {
    const { claims, sign, send, jwk } = await createAsserting()
    const stranger = await generateKeyPair('ES256')
    expect((await send(await sign(claims(), 'ES256', stranger.privateKey))).status).toBe(401)
    const shared = Buffer.from(JSON.stringify(jwk).padEnd(64))
    expect((await send(await sign(claims(), 'HS256', shared))).status).toBe(401)
    const unsigned = [{ alg: 'none' }, claims()]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    expect((await send(`${unsigned}.`)).status).toBe(401)
  })

  test('does not go together with a secret', async () => {
    const { client_id, claims, sign } = await createAsserting()
    const response = await tokenRequest(
      {
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await sign(claims()),
      },
      { Authorization: `Basic ${Buffer.from(`${client_id}:x`).toString('base64')}` },
    )
    expect(await errorOf(response)).toEqual([400, 'invalid_request'])
  })

  test('by RS256 is refused of a FAPI 2.0 client, and taken of another', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256')
    const jwks = { keys: [await exportJWK(publicKey)] }
    for (const [fapi, status] of [
      [true, 401],
      [false, 200],
    ] as const) {
      const { claims, sign, send } = await createAsserting({
        jwks,
        fapi,
        authMethod: 'private_key_jwt',
      })
      const answer = await send(await sign(claims(), 'RS256', privateKey))
      // The right assertion of a FAPI client would lack only the DPoP proof.
      expect(answer.status).toBe(status)
    }
  })

  test('can be of a key set that the client serves; what is not public is not asked', async () => {
    const asked: (string | undefined)[] = []
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const body = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one' }] })
    const server = createServer((req, res) => {
      asked.push(req.url)
      res.end(body)
    })
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
    const { port } = server.address() as AddressInfo
    const attempt = async (host: string) => {
      const { claims, sign, send } = await createAsserting({
        jwks: undefined,
        jwksUri: `http://${host}:${port}/keys`,
      })
      return (await send(await sign(claims(), 'ES256', privateKey))).status
    }
    expect(await attempt('127.0.0.2')).toBe(200)
    expect(asked).toEqual(['/keys'])
    for (const host of ['127.0.0.1', 'localhost']) expect(await attempt(host)).toBe(401)
    expect(asked).toEqual(['/keys'])
    server.close()
  })
})

describe('the address of a key set', () => {
  const HTTP = ['http://keys.test/jwks', 'http://10.0.0.7/jwks', 'http://0.0.0.0/jwks']
  const LOOPBACK = ['http://localhost:9/jwks', 'http://127.0.0.1:9/jwks', 'http://[::1]:9/jwks']

  test('is https:, or on this machine, when the operator registers or changes a client', async () => {
    const register = (jwksUri: string, production: boolean) =>
      createClient(portal.db, { ...SERVICE, name: 'Keys', jwksUri, production })
    for (const uri of [...HTTP, 'ftp://keys.test/jwks', 'nonsense'])
      await expect(register(uri, false)).rejects.toThrow('jwks_uri must be an https: address')
    for (const uri of [...HTTP, ...LOOPBACK])
      await expect(register(uri, true)).rejects.toThrow('jwks_uri must be an https: address')
    const { client_id } = await register('https://keys.test/jwks', true)
    for (const uri of LOOPBACK) expect((await register(uri, false)).jwks_uri).toBe(uri)
    const change = (jwksUri: string, production: boolean) =>
      portal.db.begin((sql) => updateClient(sql, client_id, { jwksUri, production }))
    await expect(change('http://keys.test/jwks', false)).rejects.toThrow('jwks_uri must be')
    await expect(change('http://localhost:9/jwks', true)).rejects.toThrow('jwks_uri must be')
    expect((await change('http://localhost:9/jwks', false))?.jwks_uri).toBe(
      'http://localhost:9/jwks',
    )
  })

  test('is not asked by http: in production, even where a client has such an address from before', async () => {
    const asked: (string | undefined)[] = []
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const body = JSON.stringify({ keys: [await exportJWK(publicKey)] })
    const server = createServer((req, res) => {
      asked.push(req.url)
      res.end(body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve))
    const production = await portal.startAnother({ production: true })
    try {
      const { port } = server.address() as AddressInfo
      const { claims, sign, send } = await createAsserting({
        jwks: undefined,
        jwksUri: `http://127.0.0.2:${port}/keys`,
      })
      const assertion = () => sign(claims(), 'ES256', privateKey)
      expect((await send(await assertion(), production.url)).status).toBe(401)
      expect(asked).toEqual([])
      expect((await send(await assertion())).status).toBe(200)
    } finally {
      server.close()
      await production.close()
    }
  })
})

describe('a token that is bound to a key (RFC 9449)', () => {
  async function bound() {
    const pair = await generateKeyPair('ES256')
    const jwk = await exportJWK(pair.publicKey)
    const make = (change: object = {}, header: object = {}, key = pair.privateKey) =>
      new SignJWT({ jti: randomUUID(), iat: inSeconds(0), ...change })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
        .sign(key)
    const client = await addClient(portal.parts, { ...SERVICE })
    const basic = `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`
    const target = { htm: 'POST', htu: `${portal.issuer}/api/oauth/token` }
    const obtain = (proof: string, url = portal.url) =>
      tokenRequest({ grant_type: 'client_credentials' }, { Authorization: basic, DPoP: proof }, url)
    return { make, target, obtain }
  }

  test('comes for a proof that is good once, on whichever process', async () => {
    const { make, target, obtain } = await bound()
    for (let round = 0; round < 10; round++) {
      const proof = await make(target)
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, n) => obtain(proof, n % 2 ? portal.url : other.url)),
      )
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    }
  })

  test.each([
    ['for another method', { htm: 'GET' }, {}],
    ['for another address', { htu: 'https://other.test/api/oauth/token' }, {}],
    ['without a jti', { jti: undefined }, {}],
    ['of another type', {}, { typ: 'jwt' }],
  ])('does not come for a proof %s', async (_what, change, header) => {
    const { make, target, obtain } = await bound()
    const response = await obtain(await make({ ...target, ...change }, header))
    expect(await errorOf(response)).toEqual([400, 'invalid_dpop_proof'])
  })

  test('comes for a proof of 8 seconds ahead, and asks one of 75 for a nonce', async () => {
    const { make, target, obtain } = await bound()
    expect((await obtain(await make({ ...target, iat: inSeconds(8) }))).status).toBe(200)
    const ahead = await obtain(await make({ ...target, iat: inSeconds(75) }))
    expect(await errorOf(ahead)).toEqual([400, 'use_dpop_nonce'])
  })

  test('comes for a proof by a wrong clock when it carries the nonce that the refusal gave', async () => {
    const { make, target, obtain } = await bound()
    const late = { ...target, iat: inSeconds(-3600) }
    const refused = await obtain(await make(late))
    expect(await errorOf(refused)).toEqual([400, 'use_dpop_nonce'])
    const nonce = refused.headers.get('dpop-nonce')
    expect((await obtain(await make({ ...late, nonce }), other.url)).status).toBe(200)
    expect((await obtain(await make({ ...late, nonce: 'invented' }))).status).toBe(400)
  })

  test('opens the API with a fresh proof of its key alone', async () => {
    const resident = await addResident(portal.parts)
    const client = await addClient(portal.parts)
    const application = await createApplication(portal.issuer, client, { dpop: true })
    const { access_token: token } = await application.obtainTokens(
      'openid eprospera:person.id_verification.read',
      resident.email,
    )
    const url = `${portal.issuer}${API}`
    expect((await application.call(url, token)).status).toBe(200)

    const asBearer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } })
    expect(await errorOf(asBearer)).toEqual([401, 'invalid_token'])
    expect(asBearer.headers.get('www-authenticate')).toMatch(
      /^DPoP error="invalid_token", algs="ES256/,
    )
    const noProof = await fetch(url, { headers: { Authorization: `DPoP ${token}` } })
    expect(await errorOf(noProof)).toEqual([401, 'invalid_dpop_proof'])

    // A thief has the token, and a key of his own.
    const thief = await generateKeyPair('ES256')
    const proof = await new SignJWT({
      jti: randomUUID(),
      iat: inSeconds(0),
      htm: 'GET',
      htu: url,
      ath: createHash('sha256').update(token).digest('base64url'),
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(thief.publicKey) })
      .sign(thief.privateKey)
    const stolen = await fetch(url, { headers: { Authorization: `DPoP ${token}`, DPoP: proof } })
    expect(await errorOf(stolen)).toEqual([401, 'invalid_dpop_proof'])
  })

  test('does not open the API with a proof that was used, was made for something else, or is not one', async () => {
    const pair = await generateKeyPair('ES256')
    const jwk = await exportJWK(pair.publicKey)
    const client = await addClient(portal.parts, SERVICE)
    const prove = (payload: object, header: object = {}) =>
      new SignJWT({ jti: randomUUID(), iat: inSeconds(0), ...payload })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
        .sign(pair.privateKey)
    const obtained = await tokenRequest(
      { grant_type: 'client_credentials' },
      {
        Authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`,
        DPoP: await prove({ htm: 'POST', htu: `${portal.issuer}/api/oauth/token` }),
      },
    )
    const { access_token: token } = (await obtained.json()) as { access_token: string }
    const right = {
      htm: 'GET',
      htu: `${portal.issuer}${API}`,
      ath: createHash('sha256').update(token).digest('base64url'),
    }
    const call = async (proof: string, url = portal.url) => {
      const response = await fetch(`${url}${API}`, {
        headers: { Authorization: `DPoP ${token}`, DPoP: proof },
      })
      return (await errorOf(response))[1]
    }
    // It is a service client's token: past the proof, the scope is what is missing.
    const passed = 'missing_scopes: eprospera:person.id_verification.read'
    for (let round = 0; round < 5; round++) {
      const proof = await prove(right)
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, n) => call(proof, n % 2 ? portal.url : other.url)),
      )
      expect(answers.filter((answer) => answer === passed)).toHaveLength(1)
    }
    // RFC 9449 §11.1: clocks differ by some seconds.
    expect(await call(await prove({ ...right, iat: inSeconds(8), nbf: inSeconds(8) }))).toBe(passed)
    expect(await call(await prove({ ...right, htu: `${right.htu}?x=1#y` }))).toBe(passed)
    for (const wrong of [
      { htm: 'POST' },
      { htu: `${portal.issuer}/api/v1/other` },
      { htu: 'nonsense' },
      { ath: 'x' },
      { ath: undefined },
      { iat: inSeconds(-3600) },
      { iat: inSeconds(75) },
      { nbf: inSeconds(75) },
      { iat: undefined },
      { jti: undefined },
    ])
      expect(await call(await prove({ ...right, ...wrong }))).toBe('invalid_dpop_proof')
    expect(await call(await prove(right, { typ: 'jwt' }))).toBe('invalid_dpop_proof')
    for (const jwk of [{ kty: 'EC' }, { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, {}, 'x'])
      expect(await call(await prove(right, { jwk }))).toBe('invalid_dpop_proof')
    expect(await call('a.b.c')).toBe('invalid_dpop_proof')
    expect(await call(`${await prove(right)}, ${await prove(right)}`)).toBe('invalid_dpop_proof')
  })

  test('is not made of a token without a key by the other scheme', async () => {
    const resident = await addResident(portal.parts)
    const application = await createApplication(portal.issuer, await addClient(portal.parts))
    const { access_token } = await application.obtainTokens(
      'openid eprospera:person.id_verification.read',
      resident.email,
    )
    const response = await fetch(`${portal.url}${API}`, {
      headers: { Authorization: `DPoP ${access_token}` },
    })
    expect(await errorOf(response)).toEqual([401, 'invalid_token'])
  })
})
