import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUserAgent, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { receiveMail } from '../support/mailbox.ts'
import { addResident, PASSWORD, startPortal, type TestPortal } from '../support/portal.ts'
import { codeOf } from '../support/second-factor.ts'

const SIGN_IN = 'New sign-in to your account'
const NEW_PASSWORD = 'harbour violet copper seventeen'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal({ worker: true })
})
afterAll(() => portal.close())

const at = (path: string) => `${portal.issuer}${path}`

/** A browser in which somebody who knows the password has just signed in, and the link of the mail about it. */
async function signedIn() {
  const resident = await addResident(portal.parts)
  const browser = createUserAgent()
  await browser.submit(await browser.open(at('/')), 'login', {
    email: resident.email,
    password: PASSWORD,
  })
  const { link } = await receiveMail(portal, resident.email, SIGN_IN)
  return { resident, browser, link }
}

async function disown(link: string) {
  const owner = createUserAgent()
  const done = await owner.submit(await owner.open(link), 'not-me')
  expect(done.text).toContain('That browser is signed out')
}

async function addTotp(browser: UserAgent) {
  const start = await browser.open(at('/account'))
  const enrol = await browser.submit(start, 'add-totp')
  const [, secret = ''] = /secret=([A-Z2-7]+)/.exec(enrol.text.replaceAll('&amp;', '&')) ?? []
  return browser.submit(enrol, 'verify', { code: codeOf(secret) })
}

test('a new address that was asked for in a disowned session is not confirmed any more', async () => {
  const { resident, browser, link } = await signedIn()
  const email = `new-${randomUUID()}@example.test`
  await browser.submit(await browser.open(at('/account')), 'change-email', { email })
  const { link: confirm } = await receiveMail(portal, email, 'Confirm your e-mail address')
  expect((await browser.open(confirm)).status).toBe(200)
  await disown(link)
  expect((await browser.open(confirm)).status).toBe(410)
  expect(await signsIn(resident.email)).toBe(true)
})

const signsIn = async (email: string) => {
  const browser = createUserAgent()
  const page = await browser.submit(await browser.open(at('/')), 'login', {
    email,
    password: PASSWORD,
  })
  return page.text.includes('Good to see you')
}

test('the browser of a disowned sign-in is new again: its next sign-in is mailed too', async () => {
  const { resident, browser, link } = await signedIn()
  await disown(link)
  await browser.submit(await browser.open(at('/')), 'login', {
    email: resident.email,
    password: PASSWORD,
  })
  const [{ count } = { count: 0 }] = await portal.db<{ count: number }[]>`
    select count(*)::int as count from security_notice
    where account_id = ${resident.id} and kind = 'sign-in'`
  expect(count).toBe(2)
})

test('an authenticator app that was added since a disowned sign-in is removed', async () => {
  const { resident, browser, link } = await signedIn()
  await addTotp(browser)
  const factors = () => portal.db`select from totp where account_id = ${resident.id}`
  expect(await factors()).toHaveLength(1)
  await disown(link)
  expect(await factors()).toHaveLength(0)
  await receiveMail(portal, resident.email, 'Second steps were removed')
  expect(await signsIn(resident.email)).toBe(true)
})

test('a session that ends while a new password is under way sets none', async () => {
  const { resident, browser } = await signedIn()
  const page = await browser.open(at('/account'))
  const ending = await portal.db.reserve()
  await ending`begin`
  await ending`select from account where id = ${resident.id} for update`
  const changing = browser.submit(page, 'set-password', { 'new-password': NEW_PASSWORD })
  await ending`delete from oidc_artifact where kind = 'Session' and account_id = ${resident.id}`
  await ending`commit`
  ending.release()
  expect((await changing).status).toBe(403)
  expect(await signsIn(resident.email)).toBe(true)
})
