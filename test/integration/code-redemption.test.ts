import { refreshTokenGrant } from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { hashSecret } from '../../src/platform/secrets.ts'
import { createApplication, signInAndAllow } from '../support/application.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

test('of two redemptions of a code that both found it unused, one gets tokens, and the other ends them', async () => {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  const { url, checks } = await application.authorizationRequest(ALL_SCOPES)
  const browser = createUserAgent()
  const page = await signInAndAllow(browser, await browser.open(url, REDIRECT_URI), resident.email)
  const code = new URL(page.url).searchParams.get('code') ?? ''
  const redeem = async () => {
    const response = await fetch(`${portal.url}/api/oauth/token`, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`,
      },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        code_verifier: checks.pkceCodeVerifier,
        redirect_uri: REDIRECT_URI,
      }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, string> }
  }

  // Reading is not held up by the lock, marking as used is: both have judged the code before either marks it.
  const redeemed = await portal.db.begin(async (sql) => {
    await sql`
      select from oidc_artifact
      where kind = 'AuthorizationCode' and id = ${hashSecret(code)} for update`
    const both = [redeem(), redeem()]
    await eventually(async () => {
      const waiting = await portal.db`
        select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'
          and position('set consumed_at' in query) > 0`
      return waiting.length === 2
    })
    return both
  })
  const answers = await Promise.all(redeemed)

  expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
  const winner = answers.find(({ status }) => status === 200)?.body
  const loser = answers.find(({ status }) => status === 400)?.body
  expect(loser?.error).toBe('invalid_grant')
  // RFC 6749 §4.1.2: what was issued for a code that is used twice is revoked.
  const api = await fetch(`${portal.url}/api/v1/me/natural-person/id-verification`, {
    headers: { Authorization: `Bearer ${winner?.access_token}` },
  })
  expect([api.status, await api.json()]).toEqual([401, { error: 'invalid_token' }])
  await expect(
    refreshTokenGrant(application.configuration, winner?.refresh_token ?? ''),
  ).rejects.toMatchObject({ error: 'invalid_grant' })
})
