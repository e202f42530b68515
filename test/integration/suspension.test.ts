import { afterAll, beforeAll, expect, test } from 'vitest'
import { setAccountStatus } from '../../src/accounts/accounts.ts'
import { recordConsent } from '../../src/consents/consents.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createApplication } from '../support/application.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(async () => {
  await portal.close()
})

/** A resident whose browser shows the consent page. */
async function atConsent() {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  const { url } = await application.authorizationRequest(ALL_SCOPES)
  const browser = createUserAgent()
  const signIn = await browser.open(url, REDIRECT_URI)
  const page = await browser.submit(
    signIn,
    'login',
    { email: resident.email, password: PASSWORD },
    { leaveAt: REDIRECT_URI },
  )
  expect(page.text).toContain('name="allow"')
  const consents = () =>
    portal.db`select from consent where account_id = ${resident.id}`.then(({ length }) => length)
  return { resident, client, url, browser, page, consents }
}

const errorOf = (url: string) => new URL(url).searchParams.get('error')

test('a resident who is suspended in mid-consent allows nothing, and the application reads access_denied', async () => {
  const { resident, browser, page, consents } = await atConsent()
  await setAccountStatus(portal.db, resident.id, 'suspended')
  const back = await browser.submit(page, 'allow', {}, { leaveAt: REDIRECT_URI })
  expect([back.status, errorOf(back.url)]).toEqual([303, 'access_denied'])
  expect(await consents()).toBe(0)
})

test('a consent page that is reloaded after the suspension answers access_denied too', async () => {
  const { resident, browser, page, consents } = await atConsent()
  await setAccountStatus(portal.db, resident.id, 'suspended')
  const back = await browser.open(page.url, REDIRECT_URI)
  expect([back.status, errorOf(back.url)]).toEqual([303, 'access_denied'])
  expect(await consents()).toBe(0)
})

test('a suspended resident who starts again is asked to sign in, and no page fails', async () => {
  const { resident, browser, url } = await atConsent()
  await setAccountStatus(portal.db, resident.id, 'suspended')
  const page = await browser.open(url, REDIRECT_URI)
  expect([page.status, page.text.includes('name="login"')]).toEqual([200, true])
  expect(portal.logged()).not.toContain('"level":"error"')
})

test('a suspension while the consent is being written wins: nothing is recorded', async () => {
  const { resident, client, consents } = await atConsent()
  const suspending = await portal.db.reserve()
  await suspending`begin`
  await setAccountStatus(suspending, resident.id, 'suspended')
  const recorded = recordConsent(portal.db, {
    accountId: resident.id,
    clientId: client.client_id,
    sessionUid: 'none',
    shown: ['openid'],
    allowed: ['openid'],
    endsAt: null,
    standardEnd: null,
    purpose: null,
  })
  await suspending`commit`
  suspending.release()
  expect(await recorded).toBe('inactive')
  expect(await consents()).toBe(0)
})
