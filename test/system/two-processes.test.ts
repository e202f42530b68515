import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createApplication, signInAndAllow } from '../support/application.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'

const ROUNDS = 50
const AT_ONCE = 12
const API = '/api/v1/me/natural-person/id-verification'

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

const basic = (client: { client_id: string; client_secret?: string }) =>
  `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`

/** The same request many times at once, every other one to the other process. */
const atOnce = <T>(send: (url: string) => Promise<T>) =>
  Promise.all(Array.from({ length: AT_ONCE }, (_, n) => send(n % 2 ? portal.url : other.url)))

/** A resident, an application, and a browser in which it was already allowed. */
async function arrange() {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  const browser = createUserAgent()
  const first = await application.obtainTokens(ALL_SCOPES, resident.email, browser)
  const code = async () => {
    const { url, checks } = await application.authorizationRequest(ALL_SCOPES)
    const page = await signInAndAllow(
      browser,
      await browser.open(url, REDIRECT_URI),
      resident.email,
    )
    return {
      code: new URL(page.url).searchParams.get('code') ?? '',
      code_verifier: checks.pkceCodeVerifier,
    }
  }
  const token = (fields: Record<string, string>, url: string) =>
    fetch(`${url}/api/oauth/token`, {
      method: 'POST',
      headers: { Authorization: basic(client) },
      body: new URLSearchParams({ redirect_uri: REDIRECT_URI, ...fields }),
    })
  return { resident, client, application, first, code, token }
}

type Tokens = { access_token: string; refresh_token: string }

test(`of ${AT_ONCE} redemptions of a code at once exactly one succeeds, ${ROUNDS} times`, async () => {
  const { code, token } = await arrange()
  for (let round = 0; round < ROUNDS; round++) {
    const fields = { grant_type: 'authorization_code', ...(await code()) }
    const answers = await atOnce((url) => token(fields, url))
    expect(answers.map(({ status }) => status).sort()).toEqual([
      200,
      ...Array<number>(AT_ONCE - 1).fill(400),
    ])
    // RFC 6749 §4.1.2: what the replayed code gave is revoked.
    const winner = (await answers.find(({ ok }) => ok)?.json()) as Tokens
    const used = await fetch(`${other.url}${API}`, {
      headers: { Authorization: `Bearer ${winner.access_token}` },
    })
    expect(used.status).toBe(401)
  }
})

test(`of ${AT_ONCE} uses of a refresh token at once all get one and the same successor, ${ROUNDS} times`, async () => {
  const { first, token } = await arrange()
  let current = first.refresh_token ?? ''
  for (let round = 0; round < ROUNDS; round++) {
    const answers = await atOnce((url) =>
      token({ grant_type: 'refresh_token', refresh_token: current }, url),
    )
    const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as Tokens[]
    const successors = new Set(bodies.map((body) => body.refresh_token))
    expect(answers.every(({ ok }) => ok)).toBe(true)
    expect(successors.size).toBe(1)
    ;[current = ''] = successors
  }
})

test(`of ${AT_ONCE} uses of a client assertion, and of a proof, at once exactly one succeeds, ${ROUNDS} times`, async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const jwk = await exportJWK(publicKey)
  const { client_id } = await addClient(portal.parts, {
    type: 'service',
    redirectUris: [],
    scope: 'idv.read',
    jwks: { keys: [jwk] },
  })
  const now = () => Math.floor(Date.now() / 1000)
  const assertion = () =>
    new SignJWT({ iss: client_id, sub: client_id, aud: portal.issuer, jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256' })
      .setExpirationTime(now() + 60)
      .sign(privateKey)
  const proof = () =>
    new SignJWT({
      jti: randomUUID(),
      iat: now(),
      htm: 'POST',
      htu: `${portal.issuer}/api/oauth/token`,
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .sign(privateKey)
  const send = async (
    url: string,
    { with: client_assertion, DPoP }: { with: string; DPoP?: string },
  ) =>
    fetch(`${url}/api/oauth/token`, {
      method: 'POST',
      ...(DPoP ? { headers: { DPoP } } : {}),
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion,
      }),
    })
  for (let round = 0; round < ROUNDS; round++) {
    const same = await assertion()
    const byAssertion = await atOnce((url) => send(url, { with: same }))
    expect(byAssertion.filter(({ ok }) => ok)).toHaveLength(1)
    const DPoP = await proof()
    const byProof = await atOnce(async (url) => send(url, { with: await assertion(), DPoP }))
    expect(byProof.filter(({ ok }) => ok)).toHaveLength(1)
  }
})

test('from the answer of a revocation on, none of 1,000 tries on either process succeeds', async () => {
  const { application, first, token } = await arrange()
  const again = async () => {
    const answer = await token(
      { grant_type: 'refresh_token', refresh_token: first.refresh_token ?? '' },
      other.url,
    )
    return (await answer.json()) as Tokens
  }
  const call = (url: string, access: string) =>
    fetch(`${url}${API}`, { headers: { Authorization: `Bearer ${access}` } })
  const second = await again()
  for (const access of [first.access_token, second.access_token])
    for (const url of [portal.url, other.url]) expect((await call(url, access)).status).toBe(200)

  // One token ends alone; the refresh token ends all that came of it.
  await application.revoke(first.access_token)
  const statuses = new Map<number, number>()
  const tryMany = async (access: string) => {
    for (let tries = 0; tries < 1000 / (2 * AT_ONCE); tries++)
      for (const { status } of await atOnce((url) => call(url, access)))
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  await tryMany(first.access_token)
  expect((await call(other.url, second.access_token)).status).toBe(200)
  await application.revoke(second.refresh_token)
  await tryMany(second.access_token)
  expect([...statuses]).toEqual([[401, 1008]])
})
