import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectToPortal, type Tokens } from '../../clients/typescript/index.ts'
import { setStream } from '../../src/events/streams.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { signInAndAllow } from '../support/application.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { addVerification } from '../support/verifications.ts'

const DOCUMENTS = '/api/v1/me/natural-person/id-verification'

let portal: TestPortal
let resident: { id: string; email: string }
beforeAll(async () => {
  portal = await startPortal()
  resident = await addResident(portal.parts)
  await addVerification(portal.parts, resident.id)
})
afterAll(() => portal.close())

async function connect(given: Parameters<typeof addClient>[1] = {}) {
  const registered = await addClient(portal.parts, given)
  const connection = await connectToPortal({
    issuer: portal.issuer,
    clientId: registered.client_id,
    clientSecret: registered.client_secret,
    redirectUri: REDIRECT_URI,
  })
  return { registered, connection }
}

async function signIn(connection: Awaited<ReturnType<typeof connect>>['connection']) {
  const { url, checks } = await connection.startSignIn()
  const browser = createUserAgent()
  const page = await signInAndAllow(browser, await browser.open(url, REDIRECT_URI), resident.email)
  return { callbackUrl: page.url, checks }
}

test.each([
  ['a secret', {}],
  ['no secret', { type: 'native' }],
] as const)(
  'with %s: signs in, reads, refreshes once for calls at the same time, and ends',
  async (_name, given) => {
    const { connection } = await connect(given)
    const { callbackUrl, checks } = await signIn(connection)
    const signedIn = await connection.finishSignIn(new URL(callbackUrl).search, checks)
    const first = signedIn.tokens()
    expect(first).toMatchObject({ subject: resident.id, refreshToken: expect.any(String) })

    const stored: Tokens[] = []
    const { api, tokens, end } = connection.openSession(
      { ...first, expiresAt: Date.now() },
      { onTokens: (each) => void stored.push(each) },
    )
    const answers = await Promise.all([api.GET(DOCUMENTS), api.GET(DOCUMENTS), api.GET(DOCUMENTS)])
    for (const { data } of answers) expect(data?.documents.face).toMatch(/^http/)
    expect(stored).toEqual([tokens()])
    expect(tokens().refreshToken).not.toBe(first.refreshToken)
    expect(tokens()).toMatchObject({ subject: resident.id, scope: first.scope })

    await end()
    expect((await api.GET(DOCUMENTS)).response.status).toBe(401)
  },
)

test('a refresh that fails is tried again by the next call', async () => {
  const { connection } = await connect()
  const { callbackUrl, checks } = await signIn(connection)
  const { tokens } = await connection.finishSignIn(callbackUrl, checks)
  let isStoreDown = true
  const { api } = connection.openSession(
    { ...tokens(), expiresAt: 0 },
    {
      onTokens: () => {
        if (isStoreDown) throw new Error('the store is down')
      },
    },
  )
  await expect(api.GET(DOCUMENTS)).rejects.toThrow('the store is down')
  isStoreDown = false
  expect((await api.GET(DOCUMENTS)).response.status).toBe(200)
})

test('refuses what another sign-in started: its state, its nonce, its verifier, no cookie', async () => {
  const { connection } = await connect()
  const { callbackUrl, checks } = await signIn(connection)
  const [state, nonce, verifier] = checks.split('.')
  const unexpected = (what: string) => ({ message: expect.stringContaining(`"${what}"`) })
  const foreign = (await connection.startSignIn()).checks.split('.')
  const finish = (...parts: (string | undefined)[]) =>
    connection.finishSignIn(callbackUrl, parts.join('.'))
  await expect(connection.finishSignIn(callbackUrl, undefined)).rejects.toThrow('did not start')
  await expect(finish('', '', '')).rejects.toThrow('did not start')
  await expect(finish(foreign[0], nonce, verifier)).rejects.toMatchObject({
    cause: unexpected('state'),
  })
  await expect(finish('', nonce, verifier)).rejects.toThrow('did not start')
  // A code is used up by a wrong verifier or nonce.
  await expect(finish(state, foreign[1], verifier)).rejects.toMatchObject({
    cause: unexpected('nonce'),
  })
  const another = await signIn(connection)
  const parts = another.checks.split('.')
  await expect(
    connection.finishSignIn(another.callbackUrl, [parts[0], parts[1], foreign[2]].join('.')),
  ).rejects.toMatchObject({ error: 'invalid_grant' })
})

test('says that the resident said no', async () => {
  const { connection } = await connect()
  const { url, checks } = await connection.startSignIn({ login_hint: resident.email })
  const browser = createUserAgent()
  const form = { email: resident.email, password: PASSWORD }
  const consent = await browser.submit(await browser.open(url), 'login', form)
  const page = await browser.submit(consent, 'deny', {}, { leaveAt: REDIRECT_URI })
  await expect(connection.finishSignIn(page.url, checks)).rejects.toMatchObject({
    name: 'AuthorizationResponseError',
    error: 'access_denied',
  })
})

test('verifies Security Event Tokens: of this portal, for this application, of this type', async () => {
  const { registered, connection } = await connect()
  const stream = await setStream(portal.db, portal.parts.sealer, {
    clientId: registered.client_id,
    delivery: 'poll',
  })
  await portal.db`insert into event (client_id, kind) values (${registered.client_id}, 'test')`
  const polled = await fetch(`${portal.issuer}/api/v1/events/poll`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${stream?.events_token}`,
      'Content-Type': 'application/json',
    },
    body: JSON.stringify({ returnImmediately: true }),
  })
  const { sets } = (await polled.json()) as { sets: Record<string, string> }
  const [[jti, token = ''] = []] = Object.entries(sets)
  const event = await connection.verifySecurityEvent(token)
  expect(event).toMatchObject({ jti, aud: registered.client_id })
  expect(Object.keys(event.events)).toHaveLength(1)

  const { connection: other } = await connect()
  await expect(other.verifySecurityEvent(token)).rejects.toThrow('"aud"')
  const { callbackUrl, checks } = await signIn(connection)
  const { accessToken } = (await connection.finishSignIn(callbackUrl, checks)).tokens()
  await expect(connection.verifySecurityEvent(accessToken)).rejects.toThrow()
  const changed = `${token.slice(0, -8)}AAAAAAAA`
  await expect(connection.verifySecurityEvent(changed)).rejects.toThrow('signature')
})
