import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hashEmail, setAccountStatus } from '../../src/accounts/accounts.ts'
import { readCommand } from '../../src/cli/commands.ts'
import { createUserAgent, type Page, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { ACR } from '../../src/oauth/logins.ts'
import { listOutbox } from '../../src/platform/mail.ts'
import { setPolicy } from '../../src/platform/policies.ts'
import { createApplication } from '../support/application.ts'
import { receiveMail } from '../support/mailbox.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { addPasskey, addResidentWithTotp, codeOf } from '../support/second-factor.ts'
import { mostJudged } from '../support/timing.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal({ worker: true, trustedProxies: ['127.0.0.1', '::1'] })
})
afterEach(() => setPolicy(portal.db, 'mfa', 'when-enrolled'))
afterAll(() => portal.close())

/** Every browser from an address of its own. */
function createBrowser(address?: string): UserAgent {
  const [a, b, c] = crypto.getRandomValues(new Uint8Array(3))
  return createUserAgent({ 'X-Forwarded-For': address ?? `10.${a}.${b}.${c}` })
}

const at = (path: string) => `${portal.issuer}${path}`
const run = async <T>(...words: string[]) =>
  (await readCommand(words).run({ ...portal.parts, issuer: portal.issuer })) as T
const isSignedIn = (page: Page) => page.text.includes('name="sign-out"')
const asksForCode = (page: Page) => page.text.includes('autocomplete="one-time-code"')

async function typePassword(email: string, browser = createBrowser(), password = PASSWORD) {
  const page = await browser.submit(await browser.open(at('/')), 'login', { email, password })
  return { browser, page }
}

async function signInWithCode(email: string, secret: string, browser = createBrowser()) {
  const { page } = await typePassword(email, browser)
  const home = await browser.submit(page, 'verify', { code: codeOf(secret) })
  expect(isSignedIn(home)).toBe(true)
  return { browser, home }
}

/** The app's code counts again, as it does half a minute later. */
const passTime = (accountId: string) =>
  portal.db`update totp set last_step = 0 where account_id = ${accountId}`
/** The resident has not proven who they are for this long. */
const makeOld = (accountId: string, seconds = 16 * 60) => portal.db`
  update oidc_artifact set payload = payload ||
    jsonb_build_object('loginTs', extract(epoch from now())::bigint - ${seconds}::int)
  where kind = 'Session' and account_id = ${accountId}`
const sessionsOf = (accountId: string) => portal.db<{ amr: string[]; acr: string }[]>`
  select payload->'amr' as amr, payload->>'acr' as acr from oidc_artifact
  where kind = 'Session' and account_id = ${accountId} and expires_at > now()`
const secretOn = (page: Page) =>
  (/<p class="code">([A-Z2-7 ]+)</.exec(page.text)?.[1] ?? '').replaceAll(' ', '')
const codesOn = (page: Page) =>
  [...page.text.matchAll(/<li><code>([^<]+)</g)].map(([, code]) => code ?? '')
const subjectsTo = async (email: string) =>
  (await listOutbox(portal.db, portal.parts.sealer))
    .filter(({ to }) => to === email)
    .map(({ subject }) => subject)

describe('an account with an authenticator app', () => {
  test('is not opened by the password alone, and is by the password and a code', async () => {
    const resident = await addResidentWithTotp(portal)
    const { browser, page } = await typePassword(resident.email)
    expect(page.status).toBe(200)
    expect(asksForCode(page)).toBe(true)
    expect(isSignedIn(await browser.open(at('/')))).toBe(false)
    expect(await sessionsOf(resident.id)).toHaveLength(0)

    const wrong = await browser.submit(page, 'verify', { code: '000000' })
    expect(wrong.status).toBe(401)
    expect(asksForCode(wrong)).toBe(true)
    const home = await browser.submit(wrong, 'verify', { code: codeOf(resident.secret) })
    expect(isSignedIn(home)).toBe(true)
    expect([...(await sessionsOf(resident.id))]).toEqual([
      { amr: ['pwd', 'otp', 'mfa'], acr: ACR.passwordOtp },
    ])
  })

  test('gives an application a code after the second step alone, with how it was', async () => {
    const resident = await addResidentWithTotp(portal)
    const application = await createApplication(portal.issuer, await addClient(portal.parts))
    const { url, checks } = await application.authorizationRequest('openid')
    const browser = createBrowser()
    const step = await browser.submit(
      await browser.open(url),
      'login',
      { email: resident.email, password: PASSWORD },
      { leaveAt: REDIRECT_URI },
    )
    expect(asksForCode(step)).toBe(true)
    // The consent is not there yet, by whatever is sent.
    const early = await browser.request(step.url, {
      method: 'POST',
      body: new URLSearchParams({
        csrf: /name="csrf" value="([^"]+)"/.exec(step.text)?.[1] ?? '',
        allow: '',
      }),
    })
    expect(early.headers.get('location') ?? '').not.toContain('code=')
    const consent = await browser.submit(step, 'verify', { code: codeOf(resident.secret) })
    expect(consent.text).toContain('name="allow"')
    const back = await browser.submit(consent, 'allow', {}, { leaveAt: REDIRECT_URI })
    const { authorizationCodeGrant } = await import('openid-client')
    const tokens = await authorizationCodeGrant(
      application.configuration,
      new URL(back.url),
      checks,
    )
    expect(tokens.claims()).toMatchObject({ acr: ACR.passwordOtp, amr: ['pwd', 'otp', 'mfa'] })
  })

  test('answers a wrong password as an account that does not exist', async () => {
    const resident = await addResidentWithTotp(portal)
    const pages = []
    for (const email of [resident.email, 'nobody@example.test']) {
      const { page } = await typePassword(email, createBrowser(), `${PASSWORD}s`)
      pages.push(
        `${page.status} ${page.text.replaceAll(email, '').replaceAll(/name="csrf" value="[^"]+"/g, '')}`,
      )
    }
    expect(pages[0]).toBe(pages[1])
    expect(pages[0]).not.toContain('second-step')
  })

  test('accepts each code once, of several at one instant too', async () => {
    const resident = await addResidentWithTotp(portal)
    const tries = await Promise.all(Array.from({ length: 5 }, () => typePassword(resident.email)))
    const code = codeOf(resident.secret)
    const pages = await Promise.all(
      tries.map(({ browser, page }) => browser.submit(page, 'verify', { code })),
    )
    expect(pages.filter(isSignedIn)).toHaveLength(1)
    const later = await typePassword(resident.email)
    expect((await later.browser.submit(later.page, 'verify', { code })).status).toBe(401)
    const older = codeOf(resident.secret, -1)
    expect((await later.browser.submit(later.page, 'verify', { code: older })).status).toBe(401)
    const newer = codeOf(resident.secret, 1)
    expect(isSignedIn(await later.browser.submit(later.page, 'verify', { code: newer }))).toBe(true)
  })

  test('asks a resident who signed in a while ago for both again, and goes on with what was begun', async () => {
    const resident = await addResidentWithTotp(portal)
    const { browser } = await signInWithCode(resident.email, resident.secret)
    await makeOld(resident.id)
    await passTime(resident.id)
    const email = `new-${resident.email}`
    const asked = await browser.submit(await browser.open(at('/account')), 'change-email', {
      email,
    })
    const step = await browser.submit(asked, 'confirm', { password: PASSWORD })
    expect(asksForCode(step)).toBe(true)
    expect(await subjectsTo(email)).toEqual([])
    const wrong = await browser.submit(step, 'verify', { code: '000000' })
    expect(wrong.status).toBe(401)
    const done = await browser.submit(wrong, 'verify', { code: codeOf(resident.secret) })
    expect(done.text).toContain('We have sent a link')
    await receiveMail(portal, email, 'Confirm your e-mail address')
  })

  test('keeps its second step when a new password is set by mail', async () => {
    const resident = await addResidentWithTotp(portal)
    const browser = createBrowser()
    await browser.submit(await browser.open(at('/reset')), 'send', { email: resident.email })
    const { link } = await receiveMail(portal, resident.email, 'Set a new password')
    const password = 'kettle marble sunrise otter'
    await browser.submit(await browser.open(link), 'set-password', { password })
    const { page } = await typePassword(resident.email, browser, password)
    expect(asksForCode(page)).toBe(true)
    expect(isSignedIn(await browser.open(at('/')))).toBe(false)
  })

  test('keeps its secret and its recovery codes in no table and no log as they are', async () => {
    const resident = await addResidentWithTotp(portal)
    await signInWithCode(resident.email, resident.secret)
    const rows = await portal.db`
      select totp::text as totp, (select string_agg(recovery_code::text, ' ') from recovery_code) as codes
      from totp where account_id = ${resident.id}`
    const kept = JSON.stringify(rows) + portal.logged()
    for (const secret of [resident.secret, ...resident.recoveryCodes]) {
      expect(kept).not.toContain(secret)
      expect(kept).not.toContain(Buffer.from(secret.replaceAll('-', '')).toString('hex'))
    }
  })
})

describe('a sign-in whose second step is missing', () => {
  test('opens nothing: no page, no application, no form', async () => {
    const resident = await addResidentWithTotp(portal)
    const { browser, page } = await typePassword(resident.email)
    const [, token = ''] = /name="second-step" value="([^"]+)"/.exec(page.text) ?? []
    expect(token).toMatch(/^[\w-]{43}$/)
    for (const path of ['/', '/account', '/account/totp', '/activity'])
      expect((await browser.open(at(path))).text).toContain('name="login"')
    const application = await createApplication(portal.issuer, await addClient(portal.parts))
    const { url } = await application.authorizationRequest('openid', { prompt: 'none' })
    expect((await browser.open(url, REDIRECT_URI)).url).toContain('error=login_required')
    for (const path of ['/account/totp/remove', '/account/recovery-codes', '/account/password']) {
      const body = new URLSearchParams({ csrf: token, 'second-step': token })
      expect((await browser.request(at(path), { method: 'POST', body })).status).toBe(403)
    }
  })

  test('goes on in the browser that typed the password alone', async () => {
    const resident = await addResidentWithTotp(portal)
    const { browser, page } = await typePassword(resident.email)
    const [, token = ''] = /name="second-step" value="([^"]+)"/.exec(page.text) ?? []
    const thief = createBrowser()
    const signIn = await thief.open(at('/'))
    const stolen = await thief.submit(signIn, 'login', {
      'second-step': token,
      code: codeOf(resident.secret),
    })
    expect(stolen.status).toBe(401)
    expect(isSignedIn(stolen)).toBe(false)
    const mine = await browser.submit(page, 'verify', { code: codeOf(resident.secret) })
    expect(isSignedIn(mine)).toBe(true)
    // And once.
    await passTime(resident.id)
    const again = await browser.submit(page, 'verify', { code: codeOf(resident.secret) })
    expect(again.status).toBe(401)
  })

  test.each([
    [
      'after ten minutes',
      (id: string) => portal.db`
        update pending_sign_in set expires_at = expires_at - interval '10 minutes' where account_id = ${id}`,
    ],
    [
      'once the resident is suspended',
      (id: string) => setAccountStatus(portal.db, id, 'suspended'),
    ],
    [
      'once the password is another one',
      async () => {
        const [mail] = await listOutbox(portal.db, portal.parts.sealer)
        const browser = resetBrowser
        const link = /https?:\/\/\S+\/reset\/\S+/.exec(mail?.text ?? '')?.[0] ?? ''
        await browser.submit(await browser.open(link), 'set-password', {
          password: 'kettle marble sunrise otter',
        })
      },
    ],
  ])('is over %s', async (_when, change) => {
    const resident = await addResidentWithTotp(portal)
    await resetBrowser.submit(await resetBrowser.open(at('/reset')), 'send', {
      email: resident.email,
    })
    await receiveMail(portal, resident.email, 'Set a new password')
    const { browser, page } = await typePassword(resident.email)
    const [row] = await portal.db<{ seconds: number }[]>`
      select extract(epoch from expires_at - now())::int as seconds from pending_sign_in
      where account_id = ${resident.id}`
    expect(row?.seconds).toBeLessThanOrEqual(600)
    await change(resident.id)
    const late = await browser.submit(page, 'verify', { code: codeOf(resident.secret) })
    expect(late.status).toBe(401)
    expect(late.text).toContain('start again')
    expect(isSignedIn(await browser.open(at('/')))).toBe(false)
  })
  const resetBrowser = createUserAgent({ 'X-Forwarded-For': '192.0.2.77' })

  test('takes the password again after five wrong codes, and the resident is told', async () => {
    const resident = await addResidentWithTotp(portal)
    const { browser, page } = await typePassword(resident.email)
    for (let round = 1; round <= 4; round++)
      expect(asksForCode(await browser.submit(page, 'verify', { code: '000000' }))).toBe(true)
    const ended = await browser.submit(page, 'verify', { code: '000000' })
    expect(ended.text).toContain('name="login"')
    await receiveMail(portal, resident.email, 'Somebody knows your password')
    const right = await browser.submit(page, 'verify', { code: codeOf(resident.secret) })
    expect(right.status).toBe(401)
  })

  test('does not let a thief with the password guess codes for long, from however many addresses', async () => {
    const resident = await addResidentWithTotp(portal)
    const statuses: number[] = []
    const started = performance.now()
    for (let round = 0; round < 4; round++) {
      const { browser, page } = await typePassword(resident.email)
      expect(asksForCode(page)).toBe(true)
      for (let guess = 0; guess < 4; guess++)
        statuses.push((await browser.submit(page, 'verify', { code: `00000${guess}` })).status)
    }
    // Ten are free for the account, and no right password takes them back.
    const judged = statuses.filter((status) => status === 401).length
    expect(judged).toBeGreaterThanOrEqual(11)
    expect(judged).toBeLessThanOrEqual(mostJudged(10, (performance.now() - started) / 1000))
    const key = `code account ${await hashEmail(portal.db, portal.parts.vault, resident.email)}`
    await portal.db`
      update sign_in_throttle set blocked_until = blocked_until + interval '1 minute' where key = ${key}`
    const { browser, page } = await typePassword(resident.email)
    const waiting = await browser.submit(page, 'verify', { code: codeOf(resident.secret) })
    expect(waiting.status).toBe(429)
    expect(Number(waiting.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(asksForCode(waiting)).toBe(true)
  })

  test('by wrong codes from one address waits as wrong passwords do, and not where the resident is known', async () => {
    const resident = await addResidentWithTotp(portal)
    await signInWithCode(resident.email, resident.secret, createBrowser('192.0.2.20'))
    await portal.db`
      update sign_in_throttle set failures = 40, blocked_until = now() + interval '1 hour'
      where key = ${`code account ${await hashEmail(portal.db, portal.parts.vault, resident.email)}`}`
    await passTime(resident.id)
    const elsewhere = await typePassword(resident.email, createBrowser('192.0.2.21'))
    const held = await elsewhere.browser.submit(elsewhere.page, 'verify', {
      code: codeOf(resident.secret),
    })
    expect(held.status).toBe(429)
    await signInWithCode(resident.email, resident.secret, createBrowser('192.0.2.20'))
  })
})

describe('recovery codes', () => {
  test('open an account once each, of many at one instant too, and the resident is told', async () => {
    const resident = await addResidentWithTotp(portal)
    const [first = '', second = ''] = resident.recoveryCodes
    expect(first).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/)
    const tries = await Promise.all(Array.from({ length: 4 }, () => typePassword(resident.email)))
    const pages = await Promise.all(
      tries.map(({ browser, page }) => browser.submit(page, 'recover', { 'recovery-code': first })),
    )
    expect(pages.filter(isSignedIn)).toHaveLength(1)
    const mail = await receiveMail(portal, resident.email, 'A recovery code was used')
    expect(mail.text).toContain('9 of your recovery codes are left')

    const { browser, page } = await typePassword(resident.email)
    const used = await browser.submit(page, 'recover', { 'recovery-code': first })
    expect(used.status).toBe(401)
    const typed = second.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o')
    expect(isSignedIn(await browser.submit(used, 'recover', { 'recovery-code': typed }))).toBe(true)
    expect((await browser.open(at('/account'))).text).toContain('8 recovery codes are left')
  })

  test('are another resident’s in vain', async () => {
    const mine = await addResidentWithTotp(portal)
    const other = await addResidentWithTotp(portal, { ownCodes: true })
    const { browser, page } = await typePassword(mine.email)
    for (const code of [other.recoveryCodes[0] ?? '', other.secret, '', '0000-0000-0000']) {
      const answer = await browser.submit(page, 'recover', { 'recovery-code': code })
      expect(answer.status).toBe(401)
    }
  })

  test('are ten, replaced as a whole when new ones are made, and shown once', async () => {
    const resident = await addResidentWithTotp(portal)
    const { browser } = await signInWithCode(resident.email, resident.secret)
    const shown = await browser.submit(await browser.open(at('/account')), 'new-recovery-codes')
    const codes = codesOn(shown)
    expect(new Set(codes).size).toBe(10)
    expect(shown.headers.get('cache-control')).toContain('no-store')
    await receiveMail(portal, resident.email, 'You have new recovery codes')
    const account = await browser.open(at('/account'))
    for (const code of codes) expect(account.text).not.toContain(code)
    expect(account.text).toContain('10 recovery codes are left')
    const later = await typePassword(resident.email)
    const [old = ''] = resident.recoveryCodes
    const refused = await later.browser.submit(later.page, 'recover', { 'recovery-code': old })
    expect(refused.status).toBe(401)
    const taken = await later.browser.submit(refused, 'recover', {
      'recovery-code': codes[0] ?? '',
    })
    expect(isSignedIn(taken)).toBe(true)
  })
})

describe('setting up an authenticator app', () => {
  test('takes a code of the app, brings recovery codes and a mail, and ends other sessions', async () => {
    const resident = await addResident(portal.parts)
    const other = (await typePassword(resident.email)).browser
    const { browser } = await typePassword(resident.email)
    const enrol = await browser.submit(await browser.open(at('/account')), 'add-totp')
    const secret = secretOn(enrol)
    expect(secret).toHaveLength(32)
    expect(enrol.text).toContain('<svg class="qr"')
    expect(enrol.text).toContain(`otpauth://totp/`)
    const wrong = await browser.submit(enrol, 'verify', { code: '000000' })
    expect(wrong.status).toBe(400)
    expect(secretOn(wrong)).toBe(secret)
    expect(asksForCode((await typePassword(resident.email)).page)).toBe(false)

    const code = codeOf(secret)
    const done = await browser.submit(wrong, 'verify', { code })
    expect(codesOn(done)).toHaveLength(10)
    await receiveMail(portal, resident.email, 'An authenticator app was added')
    expect((await browser.open(at('/account'))).text).toContain('10 recovery codes are left')
    expect([...(await sessionsOf(resident.id))]).toEqual([
      { amr: ['pwd', 'otp', 'mfa'], acr: ACR.passwordOtp },
    ])
    expect(isSignedIn(await other.open(at('/')))).toBe(false)
    // The code that set it up is used, too.
    const next = await typePassword(resident.email)
    expect((await next.browser.submit(next.page, 'verify', { code })).status).toBe(401)
    expect(
      isSignedIn(await next.browser.submit(next.page, 'verify', { code: codeOf(secret, 1) })),
    ).toBe(true)
  })

  test('asks first who it is, when that was a while ago', async () => {
    const resident = await addResident(portal.parts)
    const { browser } = await typePassword(resident.email)
    await makeOld(resident.id)
    const asked = await browser.submit(await browser.open(at('/account')), 'add-totp')
    expect(asked.text).toContain('Confirm that it is you')
    expect((await browser.open(at('/account/totp'))).text).not.toContain('<svg')
    const enrol = await browser.submit(asked, 'confirm', { password: PASSWORD })
    await makeOld(resident.id)
    await browser.submit(enrol, 'verify', { code: codeOf(secretOn(enrol)) })
    expect(await portal.db`select from totp where account_id = ${resident.id}`).toHaveLength(0)
  })

  test('takes no secret of another account', async () => {
    const [mine, other] = [await addResident(portal.parts), await addResident(portal.parts)]
    const theirs = (await typePassword(other.email)).browser
    const page = await theirs.submit(await theirs.open(at('/account')), 'add-totp')
    const [, enrolment = ''] = /name="enrolment" value="([^"]+)"/.exec(page.text) ?? []
    const { browser } = await typePassword(mine.email)
    const form = await browser.submit(await browser.open(at('/account')), 'add-totp')
    const code = codeOf(secretOn(page))
    expect((await browser.submit(form, 'verify', { enrolment, code })).status).toBe(400)
  })
})

describe('removing a factor', () => {
  test('takes the second step, also where the policy is off, and a mail tells it', async () => {
    const resident = await addResidentWithTotp(portal)
    await setPolicy(portal.db, 'mfa', 'off')
    const { browser, page } = await typePassword(resident.email)
    expect(isSignedIn(page)).toBe(true)
    const account = await browser.open(at('/account'))
    for (const button of ['remove-totp', 'new-recovery-codes', 'add-passkey', 'change-password']) {
      const asked = await browser.submit(account, button)
      expect(asked.text).toContain('Confirm that it is you')
      expect(asksForCode(await browser.submit(asked, 'confirm', { password: PASSWORD }))).toBe(true)
    }
    const asked = await browser.submit(account, 'remove-totp')
    const step = await browser.submit(asked, 'confirm', { password: PASSWORD })
    const done = await browser.submit(step, 'verify', { code: codeOf(resident.secret) })
    expect(done.text).toContain('The authenticator app was removed.')
    await receiveMail(portal, resident.email, 'An authenticator app was removed')
    await setPolicy(portal.db, 'mfa', 'when-enrolled')
    expect(isSignedIn((await typePassword(resident.email)).page)).toBe(true)
    // With the last factor its recovery codes are gone.
    expect(
      await portal.db`select from recovery_code where account_id = ${resident.id}`,
    ).toHaveLength(0)
  })

  test('is refused for the last one where the policy demands one', async () => {
    const resident = await addResidentWithTotp(portal)
    await addPasskey(portal, resident.id)
    await setPolicy(portal.db, 'mfa', 'required')
    const { browser } = await signInWithCode(resident.email, resident.secret)
    const account = await browser.open(at('/account'))
    expect((await browser.submit(account, 'remove-passkey')).text).toContain('was removed')
    await receiveMail(portal, resident.email, 'A passkey was removed')
    const refused = await browser.submit(account, 'remove-totp')
    expect(refused.status).toBe(409)
    expect(refused.text).toContain('Add another one')
    expect(await portal.db`select from totp where account_id = ${resident.id}`).toHaveLength(1)
  })
})

describe('an account with a passkey and no authenticator app', () => {
  test('is not opened by the password alone either, and by a recovery code it is', async () => {
    const resident = await addResidentWithTotp(portal)
    await addPasskey(portal, resident.id)
    await portal.db`delete from totp where account_id = ${resident.id}`
    const { browser, page } = await typePassword(resident.email)
    expect(isSignedIn(await browser.open(at('/')))).toBe(false)
    expect(page.text).toContain('data-passkey="get"')
    expect(asksForCode(page)).toBe(false)
    const refused = await browser.submit(page, 'recover', { 'recovery-code': '', code: '000000' })
    expect(refused.status).toBe(401)
    const code = resident.recoveryCodes[0] ?? ''
    expect(isSignedIn(await browser.submit(page, 'recover', { 'recovery-code': code }))).toBe(true)
  })
})

describe('the policy', () => {
  test('off lets the password alone open an account', async () => {
    const resident = await addResidentWithTotp(portal)
    await setPolicy(portal.db, 'mfa', 'off')
    expect(isSignedIn((await typePassword(resident.email)).page)).toBe(true)
  })

  test('required leads to enrolling right after the password, before anything opens', async () => {
    await setPolicy(portal.db, 'mfa', 'required')
    const resident = await addResident(portal.parts)
    const { browser, page } = await typePassword(resident.email)
    expect(page.text).toContain('Set up an authenticator app')
    expect(isSignedIn(await browser.open(at('/')))).toBe(false)
    const secret = secretOn(page)
    const wrong = await browser.submit(page, 'verify', { code: '000000' })
    expect(wrong.status).toBe(401)
    expect(secretOn(wrong)).toBe(secret)
    const codes = await browser.submit(wrong, 'verify', { code: codeOf(secret) })
    expect(codesOn(codes)).toHaveLength(10)
    expect(await sessionsOf(resident.id)).toHaveLength(0)
    expect(isSignedIn(await browser.submit(codes, 'continue'))).toBe(true)
    expect((await browser.submit(codes, 'continue')).status).not.toBe(200)
    expect([...(await sessionsOf(resident.id))]).toEqual([
      { amr: ['pwd', 'otp', 'mfa'], acr: ACR.passwordOtp },
    ])
    await receiveMail(portal, resident.email, 'An authenticator app was added')
  })

  test('required holds on the way to an application and for a device, whose consent comes after', async () => {
    await setPolicy(portal.db, 'mfa', 'required')
    const resident = await addResident(portal.parts)
    const application = await createApplication(portal.issuer, await addClient(portal.parts))
    const { url } = await application.authorizationRequest('openid')
    const browser = createBrowser()
    const fields = { email: resident.email, password: PASSWORD }
    const enrol = await browser.submit(await browser.open(url), 'login', fields)
    expect(enrol.text).toContain('Set up an authenticator app')
    const secret = secretOn(enrol)
    const codes = await browser.submit(enrol, 'verify', { code: codeOf(secret) })
    expect(codes.text).not.toContain('name="allow"')
    expect((await browser.submit(codes, 'continue')).text).toContain('name="allow"')

    const started = await fetch(at('/api/oauth/device_authorization'), {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'eprospera-cli', scope: 'openid' }),
    })
    const { verification_uri_complete: address } = (await started.json()) as {
      verification_uri_complete: string
    }
    const second = createBrowser()
    const confirm = await second.open(address)
    const signIn = await second.submit(
      confirm.text.includes('name="confirm"') ? confirm : await second.submitFirst(confirm, {}),
      'confirm',
      { confirm: 'yes' },
    )
    await passTime(resident.id)
    const step = await second.submit(signIn, 'login', fields)
    expect(asksForCode(step)).toBe(true)
    const consent = await second.submit(step, 'verify', { code: codeOf(secret) })
    expect(consent.text).toContain('name="allow"')
  })

  test('counts at the next request for sessions that a password alone opened', async () => {
    const resident = await addResident(portal.parts)
    const application = await createApplication(portal.issuer, await addClient(portal.parts))
    const browser = createBrowser()
    await application.obtainTokens('openid', resident.email, browser)
    const silent = async () => {
      const { url } = await application.authorizationRequest('openid', { prompt: 'none' })
      return new URL((await browser.open(url, REDIRECT_URI)).url).searchParams
    }
    expect((await silent()).get('code')).toBeTruthy()
    expect(isSignedIn(await browser.open(at('/')))).toBe(true)
    const account = await browser.open(at('/account'))
    await setPolicy(portal.db, 'mfa', 'required')
    expect((await silent()).get('error')).toBe('login_required')
    expect(isSignedIn(await browser.open(at('/')))).toBe(false)
    expect((await browser.submit(account, 'add-totp')).status).toBe(403)
    const { url } = await application.authorizationRequest('openid')
    expect((await browser.open(url)).text).toContain('name="login"')
  })

  test('is set at the command line to one of its values', async () => {
    expect(await run('policy', 'set', 'mfa', 'required')).toEqual({
      name: 'mfa',
      value: 'required',
    })
    expect(await run('policy', 'list')).toContainEqual(
      expect.objectContaining({ name: 'mfa', value: 'required' }),
    )
    await expect(run('policy', 'set', 'mfa', 'sometimes')).rejects.toThrow(
      'when-enrolled, off, required',
    )
    await expect(run('policy', 'set', 'toString', 'off')).rejects.toThrow('no policy')
    await expect(run('policy', 'set', 'mfa')).rejects.toThrow("missing required argument 'value'")
  })
})

describe('an application that insists', () => {
  const insist = (value: string) => ({
    claims: JSON.stringify({ id_token: { acr: { essential: true, value } } }),
  })

  test('on a code gets one, where the policy is off too', async () => {
    await setPolicy(portal.db, 'mfa', 'off')
    const resident = await addResidentWithTotp(portal)
    const application = await createApplication(portal.issuer, await addClient(portal.parts))
    const { browser } = await typePassword(resident.email)
    const { url } = await application.authorizationRequest('openid', insist(ACR.passwordOtp))
    const page = await browser.open(url)
    expect(page.text).toContain('a code from an authenticator app')
    const fields = { email: resident.email, password: PASSWORD }
    const step = await browser.submit(page, 'login', fields)
    expect(asksForCode(step)).toBe(true)
    const consent = await browser.submit(step, 'verify', { code: codeOf(resident.secret) })
    expect(consent.text).toContain('name="allow"')
  })

  test('on a password is content with more', async () => {
    const resident = await addResidentWithTotp(portal)
    const application = await createApplication(portal.issuer, await addClient(portal.parts))
    const { url } = await application.authorizationRequest('openid', insist(ACR.password))
    const browser = createBrowser()
    const fields = { email: resident.email, password: PASSWORD }
    const step = await browser.submit(await browser.open(url), 'login', fields)
    const consent = await browser.submit(step, 'verify', { code: codeOf(resident.secret) })
    expect(consent.text).toContain('name="allow"')
    expect([...(await sessionsOf(resident.id))]).toEqual([
      { amr: ['pwd', 'otp', 'mfa'], acr: ACR.password },
    ])
    expect(isSignedIn(await browser.open(at('/')))).toBe(true)
  })

  test('finds the ways in discovery', async () => {
    const discovery = await fetch(at('/.well-known/openid-configuration'))
    expect(await discovery.json()).toMatchObject({ acr_values_supported: Object.values(ACR) })
  })
})

test('an operator removes every second factor of a resident who has lost them, and it is written down', async () => {
  const resident = await addResidentWithTotp(portal)
  await addPasskey(portal, resident.id)
  const { browser } = await signInWithCode(resident.email, resident.secret)
  const half = await typePassword(resident.email)
  expect(await run('resident', 'reset-mfa', resident.email)).toEqual({
    id: resident.id,
    removed: { hasTotp: true, hasPasskey: true, recoveryCodes: 10 },
  })
  expect(isSignedIn(await browser.open(at('/')))).toBe(false)
  await passTime(resident.id)
  const late = await half.browser.submit(half.page, 'verify', { code: codeOf(resident.secret) })
  expect(late.status).toBe(401)
  await receiveMail(portal, resident.email, 'Your second steps were removed')
  const entries = await portal.db`
    select kind, result from ledger_entry where account_id = ${resident.id}`
  expect([...entries]).toContainEqual({ kind: 'operator-change', result: 'second factors removed' })
  expect(portal.logged()).toContain('second factors removed by the operator')
  const after = await typePassword(resident.email)
  expect(isSignedIn(after.page)).toBe(true)
  expect((await after.browser.open(at('/activity'))).text).toContain(' removed your passkeys')
})

describe('a new password from the account page', () => {
  test('ends every session and every half-way sign-in, and is judged as any other', async () => {
    const resident = await addResident(portal.parts)
    const other = (await typePassword(resident.email)).browser
    const { browser } = await typePassword(resident.email)
    const account = await browser.open(at('/account'))
    for (const password of ['', 'iloveyou1234567', resident.email]) {
      const refused = await browser.submit(account, 'set-password', { 'new-password': password })
      expect(refused.status).toBe(400)
      expect(refused.text).toContain('password-error')
    }
    const password = 'kettle marble sunrise otter'
    const done = await browser.submit(account, 'set-password', { 'new-password': password })
    expect(done.url).toBe(at('/reset/done'))
    await receiveMail(portal, resident.email, 'Your password was changed')
    for (const agent of [browser, other]) expect(isSignedIn(await agent.open(at('/')))).toBe(false)
    expect((await typePassword(resident.email)).page.status).toBe(401)
    expect(isSignedIn((await typePassword(resident.email, createBrowser(), password)).page)).toBe(
      true,
    )
  })

  test('asks first who it is, when that was a while ago', async () => {
    const resident = await addResident(portal.parts)
    const { browser } = await typePassword(resident.email)
    const fresh = await browser.open(at('/account'))
    await makeOld(resident.id)
    const late = await browser.submit(fresh, 'set-password', {
      'new-password': 'kettle marble sunrise otter',
    })
    expect(late.url).toContain('/account')
    const asked = await browser.submit(late, 'change-password')
    const form = await browser.submit(asked, 'confirm', { password: PASSWORD })
    expect(form.text).toContain('name="new-password"')
    expect(isSignedIn((await typePassword(resident.email)).page)).toBe(true)
  })
})

test('no code, secret, name or address is in the log of all this', async () => {
  expect(portal.logged()).not.toContain('@example.test')
  expect(portal.logged()).not.toContain(PASSWORD)
  // A whole word: the middle of a random identifier may look like a code.
  expect(portal.logged()).not.toMatch(/(?<![\w-])[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}(?![\w-])/)
})
