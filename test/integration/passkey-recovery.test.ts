import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createUserAgent, type Page, type UserAgent } from '../../src/sandbox/user-agent.ts'
import { receiveMail } from '../support/mailbox.ts'
import { createAuthenticator } from '../support/passkey.ts'
import { addResident, PASSWORD, startPortal, type TestPortal } from '../support/portal.ts'
import { addResidentWithTotp, codeOf } from '../support/second-factor.ts'

/* A passkey that was there before a new password was set by mail: somebody else may have left it behind. */

const NEW_PASSWORD = 'seventeen copper kites over the bay'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal({ worker: true, trustedProxies: ['127.0.0.1', '::1'] })
})
afterAll(() => portal.close())

const at = (path: string) => `${portal.issuer}${path}`
const hidden = (page: Page, name: string) =>
  new RegExp(`name="${name}" value="([^"]+)"`).exec(page.text)?.[1] ?? ''
const isSignedIn = async (browser: UserAgent) =>
  (await browser.open(at('/'))).text.includes('name="sign-out"')

/** Every browser from an address of its own. */
function createBrowser(): UserAgent {
  const [a, b, c] = crypto.getRandomValues(new Uint8Array(3))
  return createUserAgent({ 'X-Forwarded-For': `10.${a}.${b}.${c}` })
}

type Authenticator = ReturnType<typeof createAuthenticator>

async function addPasskeyTo(accountId: string, name = 'Phone'): Promise<Authenticator> {
  const authenticator = createAuthenticator()
  await portal.db`
    insert into passkey (id, account_id, public_key, counter, transports, synced, name)
    values (${authenticator.id}, ${accountId}, ${authenticator.cosePublicKey}, 0, '{}', false, ${name})`
  return authenticator
}

/** Answers the status; `page` is the sign-in page, or that of the second step. */
async function usePasskey(browser: UserAgent, authenticator: Authenticator, page?: Page) {
  const from = page ?? (await browser.open(at('/')))
  const csrf = hidden(from, 'csrf')
  const post = (path: string, fields: Record<string, string>) =>
    browser.request(at(path), {
      method: 'POST',
      headers: { Origin: portal.issuer },
      body: new URLSearchParams({ csrf, ...fields }),
    })
  const options = await post('/passkeys/options', {})
  const { challenge } = (await options.json()) as { challenge: string }
  const rpId = new URL(portal.issuer).hostname
  const passkey = authenticator.get({ challenge, origin: portal.issuer, rpId })
  const token = hidden(from, 'second-step')
  const { status } = await post('/sign-in', {
    passkey,
    ...(token ? { 'second-step': token } : {}),
  })
  return status
}

async function typePassword(browser: UserAgent, email: string, password = NEW_PASSWORD) {
  return await browser.submit(await browser.open(at('/')), 'login', { email, password })
}

/** Sets a new password by a mailed link; answers the page after it. */
async function resetByMail(email: string, browser = createBrowser()) {
  await browser.submit(await browser.open(at('/reset')), 'send', { email })
  const { link } = await receiveMail(portal, email, 'Set a new password')
  return await browser.submit(await browser.open(link), 'set-password', { password: NEW_PASSWORD })
}

const needsPassword = async ({ id }: Authenticator) => {
  const [row] = await portal.db`select needs_password from passkey where id = ${id}`
  return row?.needsPassword
}

describe('after a new password by mail', () => {
  test('a passkey alone opens nothing, until it was used right after the new password', async () => {
    const resident = await addResident(portal.parts)
    const passkey = await addPasskeyTo(resident.id)
    const before = createBrowser()
    expect(await usePasskey(before, passkey)).toBe(303)
    expect(await isSignedIn(before)).toBe(true)

    await resetByMail(resident.email)
    expect(await isSignedIn(before)).toBe(false)
    const leftBehind = createBrowser()
    expect(await usePasskey(leftBehind, passkey)).toBe(401)
    expect(await isSignedIn(leftBehind)).toBe(false)

    const own = createBrowser()
    const page = await typePassword(own, resident.email)
    // The new password alone opens nothing either: who reads the mails has no second factor.
    expect(await isSignedIn(own)).toBe(false)
    expect(await usePasskey(own, passkey, page)).toBe(303)
    expect(await isSignedIn(own)).toBe(true)
    const again = createBrowser()
    expect(await usePasskey(again, passkey)).toBe(303)
    expect(await isSignedIn(again)).toBe(true)
  })

  test('neither the old password nor another account’s lets a passkey open the account', async () => {
    const resident = await addResident(portal.parts)
    const passkey = await addPasskeyTo(resident.id)
    const other = await addResidentWithTotp(portal)
    await resetByMail(resident.email)
    const old = createBrowser()
    const refused = await typePassword(old, resident.email, PASSWORD)
    expect([refused.status, await usePasskey(old, passkey, refused)]).toEqual([401, 401])
    const stranger = createBrowser()
    const theirs = await typePassword(stranger, other.email, PASSWORD)
    expect(hidden(theirs, 'second-step')).not.toBe('')
    expect(await usePasskey(stranger, passkey, theirs)).toBe(401)
    for (const browser of [old, stranger]) expect(await isSignedIn(browser)).toBe(false)
    expect(await needsPassword(passkey)).toBe(true)
  })

  test('what was begun before another one does not bring a passkey back', async () => {
    const resident = await addResident(portal.parts)
    const passkey = await addPasskeyTo(resident.id)
    await resetByMail(resident.email)
    const own = createBrowser()
    const page = await typePassword(own, resident.email)
    await portal.db`delete from mail_link where account_id = ${resident.id}`
    await portal.db`delete from outbox_mail`
    await resetByMail(resident.email)
    expect(await usePasskey(own, passkey, page)).toBe(401)
    expect([await isSignedIn(own), await needsPassword(passkey)]).toEqual([false, true])
  })

  test('the page and the mail list the passkeys, and one that is not known is removed after a second step', async () => {
    const resident = await addResidentWithTotp(portal)
    const passkey = await addPasskeyTo(resident.id, 'Firefox on Linux')
    await portal.db`
      update passkey set created_at = '2026-03-01T12:00:00Z' where id = ${passkey.id}`
    const browser = createBrowser()
    const done = await resetByMail(resident.email, browser)
    const line = 'Firefox on Linux, added on 1 March 2026, never used'
    expect(done.text).toContain(line)
    const mail = await receiveMail(portal, resident.email, 'Your password was changed')
    expect(mail.text).toContain(`- ${line}`)
    expect(mail.text).toContain(at('/account'))
    // Another browser is told of none.
    const other = createBrowser()
    expect((await other.open(at('/reset/done'))).text).not.toContain('Firefox on Linux')

    const page = await typePassword(browser, resident.email)
    await browser.submit(page, 'verify', { code: codeOf(resident.secret) })
    expect(await isSignedIn(browser)).toBe(true)
    // Another factor says nothing of this one.
    expect(await usePasskey(createBrowser(), passkey)).toBe(401)
    const account = await browser.open(at('/account'))
    expect(account.text).toContain('Your password was set by mail since then.')
    await browser.submit(account, 'remove-passkey')
    expect(await needsPassword(passkey)).toBe(undefined)
    expect(portal.logged()).not.toContain('Firefox on Linux')
  })

  test('a passkey that is added afterwards opens the account by itself', async () => {
    const resident = await addResident(portal.parts)
    const done = await resetByMail(resident.email)
    expect(done.text).not.toContain('passkey')
    const passkey = await addPasskeyTo(resident.id)
    expect(await usePasskey(createBrowser(), passkey)).toBe(303)
  })
})
