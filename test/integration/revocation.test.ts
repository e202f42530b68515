import { refreshTokenGrant, tokenIntrospection, tokenRevocation } from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { setClientEnabled } from '../../src/clients/clients.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createApplication } from '../support/application.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'

let portal: TestPortal
let another: Awaited<ReturnType<TestPortal['startAnother']>>
beforeAll(async () => {
  portal = await startPortal()
  another = await portal.startAnother()
})
afterAll(async () => {
  await another.close()
  await portal.close()
})

/** Both processes, several times at once: revoked means refused everywhere at the next request. */
async function statuses(token: string) {
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      fetch(`${index % 2 ? portal.url : another.url}/api/v1/me/natural-person/id-verification`, {
        headers: { Authorization: `Bearer ${token}` },
      }),
    ),
  )
  return [...new Set(answers.map(({ status }) => status))]
}

async function granted(scope = ALL_SCOPES) {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  const browser = createUserAgent()
  const tokens = await application.obtainTokens(scope, resident.email, browser)
  expect(await statuses(tokens.access_token)).toEqual([200])
  return { resident, client, application, tokens, browser }
}

const refresh = (application: Awaited<ReturnType<typeof createApplication>>, token = '') =>
  refreshTokenGrant(application.configuration, token).then(
    () => 'refreshed',
    (error: { error?: string }) => error.error,
  )

test('revoking the access token', async () => {
  const { application, tokens } = await granted()
  await tokenRevocation(application.configuration, tokens.access_token)
  expect(await statuses(tokens.access_token)).toEqual([401])
  expect(await tokenIntrospection(application.configuration, tokens.access_token)).toEqual({
    active: false,
  })
})

test('revoking the refresh token', async () => {
  const { application, tokens } = await granted()
  await tokenRevocation(application.configuration, tokens.refresh_token ?? '')
  expect(await statuses(tokens.access_token)).toEqual([401])
  expect(await refresh(application, tokens.refresh_token)).toBe('invalid_grant')
})

test('the resident ending the application’s access on their own page', async () => {
  const { application, tokens, browser, client } = await granted()
  const home = await browser.open(`${portal.issuer}/`)
  expect(home.text).toContain(client.client_name)
  const after = await browser.submit(home, 'revoke')
  expect(after.status).toBe(200)
  expect(after.text).toContain('can no longer see your documents')
  expect(await statuses(tokens.access_token)).toEqual([401])
  expect(await refresh(application, tokens.refresh_token)).toBe('invalid_grant')
})

test('a token that was issued while its grant was being ended', async () => {
  const { tokens, resident } = await granted()
  // What a revocation between the exchange's look at the grant and its write leaves behind: the token without the grant.
  await portal.db`delete from oauth_grant where account_id = ${resident.id}`
  expect(await statuses(tokens.access_token)).toEqual([401])
})

test('suspending the resident', async () => {
  const { resident, application, tokens } = await granted()
  await portal.db`update account set status = 'suspended' where id = ${resident.id}`
  expect(await statuses(tokens.access_token)).toEqual([401])
  expect(await refresh(application, tokens.refresh_token)).toBe('invalid_grant')
})

test('disabling the client', async () => {
  const { client, application, tokens } = await granted()
  await setClientEnabled(portal.db, client.client_id, false)
  expect(await statuses(tokens.access_token)).toEqual([401])
  expect(await refresh(application, tokens.refresh_token)).toBe('invalid_client')
})

test('signing out ends the tokens of that session, and not those with offline_access', async () => {
  const online = await granted('openid eprospera:person.id_verification.read')
  const home = await online.browser.open(`${portal.issuer}/`)
  await online.browser.submit(home, 'sign-out')
  expect(await statuses(online.tokens.access_token)).toEqual([401])

  const offline = await granted()
  await offline.browser.submit(await offline.browser.open(`${portal.issuer}/`), 'sign-out')
  expect(await statuses(offline.tokens.access_token)).toEqual([200])
})

test('a refresh token presented again at once, or many times at once, gets the same successor', async () => {
  const { application, tokens } = await granted()
  const again = () => refreshTokenGrant(application.configuration, tokens.refresh_token ?? '')
  const answers = [...(await Promise.all(Array.from({ length: 12 }, again))), await again()]
  const successors = new Set(answers.map(({ refresh_token }) => refresh_token))
  expect(successors.size).toBe(1)
  expect(successors.has(tokens.refresh_token)).toBe(false)
  for (const { access_token } of answers) expect(await statuses(access_token)).toEqual([200])
  const [successor] = successors
  expect(await refresh(application, successor)).toBe('refreshed')
  // The successor was used, so nobody is waiting for a lost answer any more.
  expect(await refresh(application, tokens.refresh_token)).toBe('invalid_grant')
  expect(await statuses(answers[0]?.access_token ?? '')).toEqual([401])
})

test('a used refresh token presented later ends the whole grant', async () => {
  const { application, tokens } = await granted()
  const next = await refreshTokenGrant(application.configuration, tokens.refresh_token ?? '')
  expect(next.refresh_token).not.toBe(tokens.refresh_token)
  expect(await statuses(next.access_token)).toEqual([200])
  await portal.db`
    update oidc_artifact set consumed_at = now() - interval '11 seconds'
    where kind = 'RefreshToken' and consumed_at is not null`
  expect(await refresh(application, tokens.refresh_token)).toBe('invalid_grant')
  expect(await statuses(next.access_token)).toEqual([401])
  expect(await refresh(application, next.refresh_token)).toBe('invalid_grant')
})

test('a token of another client is neither revoked nor introspected', async () => {
  const { tokens } = await granted()
  const stranger = await createApplication(portal.issuer, await addClient(portal.parts))
  await tokenRevocation(stranger.configuration, tokens.access_token)
  await tokenRevocation(stranger.configuration, tokens.refresh_token ?? '')
  expect(await tokenIntrospection(stranger.configuration, tokens.access_token)).toEqual({
    active: false,
  })
  expect(await statuses(tokens.access_token)).toEqual([200])
})

test('a resident cannot end what is not theirs, nor anyone without the page’s hidden value', async () => {
  const victim = await granted()
  const browser = createUserAgent()
  const stranger = await addResident(portal.parts)
  const signIn = await browser.open(`${portal.issuer}/`)
  const home = await browser.submit(signIn, 'login', { email: stranger.email, password: PASSWORD })
  expect(home.status).toBe(200)
  const csrf = /name="csrf" value="([^"]+)"/.exec(home.text)?.[1] ?? ''
  const post = (body: Record<string, string>) =>
    browser.request(`${portal.issuer}/applications/${victim.client.client_id}/revoke`, {
      method: 'POST',
      body: new URLSearchParams(body),
    })
  expect((await post({ csrf })).status).toBe(303)
  expect((await post({ csrf: 'x' })).status).toBe(403)
  expect(await statuses(victim.tokens.access_token)).toEqual([200])
})
