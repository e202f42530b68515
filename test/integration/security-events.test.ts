import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { readCommand } from '../../src/cli/commands.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import type { SecurityEvent } from '../../src/web/security-events.ts'
import { createApplication } from '../support/application.ts'
import { receiveMail } from '../support/mailbox.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'

let portal: TestPortal
const counts = new Map<SecurityEvent, number>()
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  portal.parts.security.onEvent((event) => counts.set(event, (counts.get(event) ?? 0) + 1))
})
afterAll(() => portal.close())
beforeEach(() => counts.clear())

const at = (path: string) => `${portal.issuer}${path}`
const seen = () => Object.fromEntries(counts)

/** The lines of this event, newest last. */
const linesOf = (event: SecurityEvent) =>
  portal
    .logged()
    .split('\n')
    .filter((line) => line.includes(`"event":"${event}"`))
    .map((line) => JSON.parse(line) as Record<string, unknown>)

async function signIn(email: string, password = PASSWORD, browser = createUserAgent()) {
  const page = await browser.open(at('/'))
  return { browser, page: await browser.submit(page, 'login', { email, password }) }
}

test('signing in, failing to, and signing out are each one event with ids alone', async () => {
  const resident = await addResident(portal.parts)
  await signIn(resident.email, 'a wrong password')
  await signIn('nobody@example.test', 'a wrong password')
  const { browser, page } = await signIn(resident.email)
  await browser.submit(page, 'sign-out')
  expect(seen()).toEqual({ sign_in_failed: 2, sign_in_succeeded: 1, session_ended: 1 })
  const [known, unknown] = linesOf('sign_in_failed')
  expect(known).toMatchObject({
    security: true,
    level: 'warn',
    accountId: resident.id,
    method: 'password',
    network: expect.stringMatching(/^[0-9a-f]{16}$/),
  })
  expect(unknown).not.toHaveProperty('accountId')
  const text = JSON.stringify([...linesOf('sign_in_failed'), ...linesOf('sign_in_succeeded')])
  for (const secret of [resident.email, 'nobody@', 'Mejia', '127.0.0.1', '::1', PASSWORD])
    expect(text).not.toContain(secret)
})

test('tries that have to wait', async () => {
  const resident = await addResident(portal.parts)
  for (let tries = 0; tries < 8; tries++) await signIn(resident.email, 'a wrong password')
  expect(counts.get('sign_in_throttled')).toBeGreaterThan(0)
})

test('a form from elsewhere', async () => {
  const foreign = { method: 'POST', headers: { Origin: 'https://evil.example' }, body: 'csrf=x' }
  for (const path of ['/sign-in', '/reset', '/account/email', '/passkeys/options'])
    expect((await fetch(at(path), foreign)).status).toBe(403)
  expect(seen()).toEqual({ form_refused: 4 })
})

test('a new password by mail link, asked for and set', async () => {
  const resident = await addResident(portal.parts)
  const browser = createUserAgent()
  await browser.submit(await browser.open(at('/reset')), 'send', { email: resident.email })
  const { link } = await receiveMail(portal, resident.email, 'Set a new password')
  const form = await browser.open(link)
  const [, button = ''] = /<button[^>]* name="([^"]+)"/.exec(form.text) ?? []
  await browser.submit(form, button, { password: 'seventeen copper kites over the bay' })
  expect(seen()).toEqual({ reset_requested: 1, password_changed: 1 })
  expect(linesOf('password_changed')).toMatchObject([{ accountId: resident.id }])
})

test('a consent given, changed and ended, and a refresh token used twice', async () => {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  const { browser } = await signIn(resident.email)
  const tokens = await application.obtainTokens(ALL_SCOPES, resident.email, browser)
  const next = await application.refresh(tokens.refresh_token ?? '')
  await application.refresh(next.refresh_token ?? '')
  await expect(application.refresh(tokens.refresh_token ?? '')).rejects.toThrow()
  const page = await browser.open(at(`/applications/${client.client_id}`))
  await browser.submit(await browser.submit(page, 'save'), 'revoke')
  expect(seen()).toEqual({
    sign_in_succeeded: 1,
    consent_given: 1,
    token_reused: 1,
    consent_changed: 1,
    consent_ended: 1,
  })
  expect(linesOf('consent_given').at(-1)).toMatchObject({
    accountId: resident.id,
    clientId: client.client_id,
  })
})

test('a client without the right secret, at every endpoint that asks for one', async () => {
  const client = await addClient(portal.parts)
  for (const path of ['token', 'par', 'introspect', 'revoke', 'device_authorization']) {
    const answer = await fetch(at(`/api/oauth/${path}`), {
      method: 'POST',
      headers: { Authorization: `Basic ${btoa(`${client.client_id}:wrong`)}` },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x', token: 'x' }),
    })
    expect([path, answer.status]).toEqual([path, 401])
  }
  expect(seen()).toEqual({ client_authentication_failed: 5 })
})

test('a user code that was guessed', async () => {
  const browser = createUserAgent()
  const page = await browser.open(at('/device'))
  await browser.submitFirst(page, { user_code: 'BBBB-BBBB' })
  expect(seen()).toEqual({ device_code_refused: 1 })
})

test('a forged delivery', async () => {
  const vendor = await connectSandbox(portal, { webhooks: false })
  await fetch(at('/webhooks/veriff'), { method: 'POST', body: '{}' })
  await vendor.sandbox.close()
  expect(seen()).toEqual({ webhook_signature_invalid: 1 })
  expect(linesOf('webhook_signature_invalid')).toMatchObject([{ subject: 'veriff/default' }])
})

test('an operator’s command that changes something, from another process’s table, without the words of it', async () => {
  const resident = await addResident(portal.parts)
  const run = (...words: string[]) =>
    readCommand(words).run({ ...portal.parts, issuer: portal.issuer })
  await run('resident', 'show', resident.email)
  await run('resident', 'suspend', resident.email)
  await eventually(async () => counts.has('operator_action'))
  expect(seen()).toEqual({ operator_action: 1 })
  expect(linesOf('operator_action')).toMatchObject([
    { action: 'resident suspend', subject: resident.id },
  ])
  expect(await portal.db`select from operator_action`).toHaveLength(0)
})
