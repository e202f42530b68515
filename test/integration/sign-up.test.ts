import { randomUUID } from 'node:crypto'
import * as client from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findAccountByEmail } from '../../src/accounts/accounts.ts'
import { deleteOldSignUps, inviteResident } from '../../src/accounts/sign-up.ts'
import { createUserAgent, type Page, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createJobs, type Jobs } from '../../src/platform/jobs.ts'
import { listOutbox } from '../../src/platform/mail.ts'
import { setPolicy } from '../../src/platform/policies.ts'
import { CLEAN_UPS } from '../../src/worker.ts'
import { createApplication } from '../support/application.ts'
import { receiveMail } from '../support/mailbox.ts'
import { createAuthenticator } from '../support/passkey.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'
import { codeOf } from '../support/second-factor.ts'
import { ratioOfFastest } from '../support/timing.ts'

const LINK = 'Create your account'
const KNOWN = 'You already have an account'
const INVITED = 'You are invited to create an account'
const NEW_PASSWORD = 'seventeen copper kites over the bay'
const NAMES = { 'given-name': 'Ana', 'family-name': 'Mejía' }
const DETAILS = { ...NAMES, password: NEW_PASSWORD }

let portal: TestPortal
let jobs: Jobs
beforeAll(async () => {
  portal = await startPortal({ worker: true, trustedProxies: ['127.0.0.1', '::1'] })
  jobs = await createJobs(portal.config.database.url, portal.parts.log)
  await setPolicy(portal.db, 'sign-up', 'open')
})
afterAll(async () => {
  await jobs.stop()
  await portal.close()
})

const at = (path: string) => `${portal.issuer}${path}`
const newEmail = () => `${randomUUID()}@example.test`

/** Every browser from an address of its own. */
function createBrowser(): UserAgent {
  const [a, b, c] = crypto.getRandomValues(new Uint8Array(3))
  return createUserAgent({ 'X-Forwarded-For': `10.${a}.${b}.${c}` })
}

const csrfOf = ({ text }: Page) => /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? ''

async function ask(email: string, browser = createBrowser(), path = '/sign-up') {
  const page = await browser.open(at(path))
  return { browser, sent: await browser.submit(page, 'send', { email }) }
}

async function askedLink(email = newEmail(), browser = createBrowser()) {
  const { sent } = await ask(email, browser)
  const { link, text } = await receiveMail(portal, email, LINK)
  return { email, browser, sent, link, code: /^\d{4} \d{4}$/m.exec(text)?.[0] ?? '' }
}

const findByEmail = (email: string) => findAccountByEmail(portal.db, portal.parts.vault, email)
const isSignedIn = (page: Page) => page.text.includes('name="sign-out"')
const isForm = (page: Page) => page.text.includes('name="create"')
const post = (browser: UserAgent, link: string, fields: Record<string, string>) =>
  browser.request(link, { method: 'POST', body: new URLSearchParams(fields) })

async function withPolicy<T>(value: string, work: () => Promise<T>, name = 'sign-up'): Promise<T> {
  await setPolicy(portal.db, name, value)
  try {
    return await work()
  } finally {
    await setPolicy(portal.db, name, name === 'sign-up' ? 'open' : 'when-enrolled')
  }
}

describe('a resident without an account', () => {
  test('proves the address, states a name, chooses a password, and is signed in', async () => {
    const { email, browser, sent, link } = await askedLink()
    expect(sent.url).toBe(at('/sign-up/sent'))
    expect(sent.text).toContain(email)
    const form = await browser.open(link)
    expect(form.text).toContain(email)
    const home = await browser.submit(form, 'create', DETAILS)
    expect([home.url, isSignedIn(home)]).toEqual([at('/'), true])
    expect(await findByEmail(email)).toMatchObject({
      email,
      emailVerified: true,
      nameSource: 'resident',
      givenName: 'Ana',
      surname: 'Mejía',
      status: 'active',
    })
    await receiveMail(portal, email, 'Your account was created')
    expect((await browser.open(link)).status).toBe(410)
    expect(portal.logged()).toMatch(/"method":"password"[^\n]*"event":"account_created"/)

    // The browser is known from the start: only a sign-in elsewhere is reported.
    const reports = () => portal.db`
      select from security_notice
      where account_id = (select id from account order by created_at desc limit 1)`
    expect(await reports()).toHaveLength(0)
    const elsewhere = createBrowser()
    const signIn = await elsewhere.open(at('/'))
    const fields = { email, password: NEW_PASSWORD }
    expect(isSignedIn(await elsewhere.submit(signIn, 'login', fields))).toBe(true)
    expect(await reports()).toHaveLength(1)
  })

  test('goes on at the page that asked, and at no other host', async () => {
    const goOn = async (path: string) => {
      const email = newEmail()
      const { browser } = await ask(email, createBrowser(), path)
      const { link } = await receiveMail(portal, email, LINK)
      return (await browser.submit(await browser.open(link), 'create', DETAILS)).url
    }
    expect(await goOn('/sign-up?return=%2Factivity')).toBe(at('/activity'))
    expect(await goOn('/sign-up?return=https%3A%2F%2Fevil.example%2F')).toBe(at('/'))
    const signIn = await createBrowser().open(at('/sign-in?return=%2Factivity'))
    expect(signIn.text).toContain('href="/sign-up?return=%2Factivity"')
  })

  test('learns beside each field what is wrong, and the link is not used up', async () => {
    const { email, browser, link } = await askedLink()
    const tried = async (fields: Partial<typeof DETAILS>) => {
      const page = await browser.submit(await browser.open(link), 'create', {
        ...DETAILS,
        ...fields,
      })
      const faults = [...page.text.matchAll(/<p class="fault" id="([^"]+)-error">/g)]
      return [page.status, ...faults.map(([, field]) => field)]
    }
    expect(await tried({ 'given-name': ' ', 'family-name': 'a\u202eb' })).toEqual([
      400,
      'given-name',
      'family-name',
    ])
    for (const password of ['', 'short', 'prospera-prospera', email])
      expect(await tried({ password })).toEqual([400, 'password'])
    expect(await findByEmail(email)).toBeUndefined()
    const home = await browser.submit(await browser.open(link), 'create', DETAILS)
    expect(isSignedIn(home)).toBe(true)
  })

  test('reads the mail on another device, and types its code where it began', async () => {
    const { email, browser, sent, link, code } = await askedLink()
    const phone = createBrowser()
    const opened = await phone.open(link)
    expect(opened.status).toBe(403)
    expect(opened.text).toContain('type the code from the e-mail there')
    // The code is of no use in another browser, whatever it asked for itself.
    const { sent: own } = await ask(newEmail(), phone)
    expect((await phone.submit(own, 'verify', { code })).status).toBe(400)

    const wrong = await browser.submit(sent, 'verify', { code: '0000' })
    expect([wrong.status, wrong.text.includes('id="code-error"')]).toEqual([400, true])
    const form = await browser.submit(wrong, 'verify', { code: ` ${code.replace(' ', '')} ` })
    expect(isForm(form)).toBe(true)
    expect((await browser.open(link)).status).toBe(410)
    expect(isSignedIn(await browser.submit(form, 'create', DETAILS))).toBe(true)
    expect(await findByEmail(email)).toBeDefined()
  })

  test('has five tries for the code, of many at one instant too; the link still works', async () => {
    const { browser, sent, link, code } = await askedLink()
    const guess = (typed: string) =>
      post(browser, at('/sign-up/code'), { csrf: csrfOf(sent), code: typed })
    const answers = await Promise.all(Array.from({ length: 12 }, () => guess('00000000')))
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(400))
    expect((await guess(code)).status).toBe(400)
    expect(isForm(await browser.open(link))).toBe(true)
  })

  test('chooses a passkey and no password, and gets recovery codes', async () => {
    const { email, browser, link } = await askedLink()
    const form = await browser.open(link)
    const csrf = csrfOf(form)
    const offered = await post(browser, `${link}/passkey-options`, { csrf })
    const options = (await offered.json()) as { challenge: string; user: { id: string } }
    const { hostname } = new URL(portal.issuer)
    const ceremony = { challenge: options.challenge, origin: portal.issuer, rpId: hostname }
    const answer = createAuthenticator().create(ceremony)
    const fields = { ...NAMES, 'new-passkey': answer }
    expect((await post(browser, link, { csrf, ...fields, 'given-name': '' })).status).toBe(400)
    const codes = await browser.submit(form, 'create', fields)
    expect(codes.status).toBe(200)
    expect(codes.text.match(/<li><code>/g)).toHaveLength(10)
    expect(isSignedIn(await browser.open(at('/')))).toBe(true)
    const account = await findByEmail(email)
    expect(Buffer.from(options.user.id, 'base64url').toString('hex')).toBe(
      account?.id.replaceAll('-', ''),
    )
    const [row] = await portal.db`
      select password_hash, (select count(*)::int from passkey where account_id = account.id) as passkeys
      from account where id = ${account?.id ?? ''}`
    expect(row).toEqual({ passwordHash: null, passkeys: 1 })
    // An answer to no challenge creates no account.
    const other = await askedLink()
    const forged = createAuthenticator().create({ ...ceremony, challenge: 'AAAA' })
    const page = await other.browser.open(other.link)
    const refused = await other.browser.submit(page, 'create', { ...NAMES, 'new-passkey': forged })
    expect([refused.status, await findByEmail(other.email)]).toEqual([400, undefined])
  })
})

describe('whether an address is known', () => {
  test('shows in no answer and no time; the mails differ', async () => {
    const samples = { known: [] as number[], unknown: [] as number[] }
    const pages = new Set<string>()
    const sentTo = { known: '', unknown: '' }
    while (
      samples.known.length < 12 ||
      (samples.known.length < 80 && ratioOfFastest(samples.known, samples.unknown) >= 2)
    ) {
      const resident = await addResident(portal.parts)
      for (const [which, email] of [
        ['known', resident.email],
        ['unknown', `resident-${randomUUID()}@example.test`],
      ] as const) {
        const browser = createBrowser()
        const page = await browser.open(at('/sign-up'))
        const before = performance.now()
        const sent = await browser.submit(page, 'send', { email })
        samples[which].push(performance.now() - before)
        const wrong = await browser.submit(sent, 'verify', { code: '12345678' })
        for (const { status, url, text } of [sent, wrong])
          pages.add(
            `${status} ${url} ${text.replaceAll(email, 'ADDRESS').replaceAll(csrfOf(sent), 'CSRF')}`,
          )
        sentTo[which] = email
      }
    }
    expect(pages.size).toBe(2)
    expect(ratioOfFastest(samples.known, samples.unknown)).toBeLessThan(2)
    await receiveMail(portal, sentTo.unknown, LINK)
    const { text } = await receiveMail(portal, sentTo.known, KNOWN)
    expect(text).toContain(at('/reset'))
    expect(text).not.toContain('/sign-up/')
  })

  test('shows to the owner of the address alone, when an account was created meanwhile', async () => {
    const { email, browser, link } = await askedLink()
    await addResident(portal.parts, { email })
    const page = await browser.submit(await browser.open(link), 'create', DETAILS)
    expect(page.status).toBe(409)
    expect(page.text).toContain('There is an account with this address already')
  })

  test('lies open in no table and no log, nor does the link or the code', async () => {
    const { email, link, code } = await askedLink()
    const token = link.split('/').at(-1) ?? ''
    expect(token).toMatch(/^[\w-]{43}$/)
    const rows = await portal.db`
      select row_to_json(job)::text as text from pgboss.job
      union all select row_to_json(outbox_mail)::text from outbox_mail
      union all select row_to_json(sign_up)::text from sign_up
      union all select row_to_json(sign_in_throttle)::text from sign_in_throttle`
    const kept = rows.map(({ text }) => text).join('\n')
    for (const secret of [email, token, code]) {
      expect(kept).not.toContain(secret)
      expect(portal.logged()).not.toContain(secret)
    }
  })
})

describe('a link to create an account', () => {
  test('works once, of twelve at one instant too', async () => {
    const { email, browser, link } = await askedLink()
    const csrf = csrfOf(await browser.open(link))
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => post(browser, link, { csrf, ...DETAILS })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([303, ...Array(11).fill(410)])
    expect(await findByEmail(email)).toBeDefined()
  })

  test('of two for one address at one instant one makes the account', async () => {
    const email = newEmail()
    const first = await askedLink(email)
    const browser = createBrowser()
    await ask(email.toUpperCase(), browser)
    const { link } = await receiveMail(portal, email.toUpperCase(), LINK)
    const second = { browser, link }
    const answers = await Promise.all(
      [first, second].map(async ({ browser, link }) => {
        const csrf = csrfOf(await browser.open(link))
        return (await post(browser, link, { csrf, ...DETAILS })).status
      }),
    )
    expect(answers.filter((status) => status === 303)).toHaveLength(1)
    expect(answers.filter((status) => [409, 410].includes(status))).toHaveLength(1)
  })

  test('is not used up by scanners, works in the browser that asked, and with its own form', async () => {
    const { email, browser, link } = await askedLink()
    for (const method of ['GET', 'HEAD', 'GET'])
      expect((await fetch(link, { method })).status).toBe(403)
    const csrf = csrfOf(await browser.open(link))
    const other = createBrowser()
    const otherCsrf = csrfOf(await other.open(at('/sign-up')))
    for (const value of [csrf, otherCsrf, ''])
      expect((await post(other, link, { csrf: value, ...DETAILS })).status).toBe(403)
    const earlier = csrfOf(await browser.open(at('/sign-up')))
    for (const value of [earlier, ''])
      expect((await post(browser, link, { csrf: value, ...DETAILS })).status).toBe(403)
    const crossSite = await browser.request(link, {
      method: 'POST',
      body: new URLSearchParams({ csrf, ...DETAILS }),
      headers: { 'Sec-Fetch-Site': 'cross-site' },
    })
    expect(crossSite.status).toBe(403)
    expect(await findByEmail(email)).toBeUndefined()
    expect((await post(browser, link, { csrf, ...DETAILS })).status).toBe(303)
  })

  test('ends after half an hour, and what was begun leaves nothing', async () => {
    const { email, browser, link } = await askedLink()
    await portal.db`
      update sign_up set expires_at = now() - interval '1 second'
      where id = (select id from sign_up order by created_at desc limit 1)`
    expect((await browser.open(link)).status).toBe(410)
    expect((await browser.open(at('/sign-up/sent'))).url).toBe(at('/sign-up'))
    await portal.db`update sign_in_throttle set last_failure_at = now() - interval '25 hours'`
    const before = await portal.db`select count(*)::int as count from sign_up`
    for (const remove of CLEAN_UPS) await remove(portal.db)
    const after = await portal.db`select count(*)::int as count from sign_up`
    expect(after[0]?.count).toBeLessThan(before[0]?.count)
    expect(CLEAN_UPS).toContain(deleteOldSignUps)
    expect(await portal.db`select from sign_up where expires_at < now()`).toHaveLength(0)
    expect(await portal.db`select from sign_in_throttle where known_at is null`).toHaveLength(0)
    expect(await findByEmail(email)).toBeUndefined()
    // The queue keeps other finished jobs for a week; of these mails, an hour.
    const kept = await portal.db<{ seconds: number }[]>`
      select distinct deletion_seconds as seconds from pgboss.job
      where name = 'send-mail' and data ->> 'mailSealed' in (
        select mail_sealed from outbox_mail where id = ${(await receiveMail(portal, email, LINK)).id})`
    expect(kept.map(({ seconds }) => seconds)).toEqual([3600])
  })
})

describe('asking for an account', () => {
  test('waits after some times, for the address that is asked for and for where it comes from', async () => {
    const { email } = await addResident(portal.parts)
    for (const address of [email, newEmail()]) {
      const browser = createBrowser()
      const statuses: number[] = []
      while (!statuses.includes(429) && statuses.length < 12)
        statuses.push((await ask(address, browser)).sent.status)
      expect(statuses.slice(0, 3)).toEqual([200, 200, 200])
      expect(statuses).toContain(429)
    }
    const spraying = createBrowser()
    const statuses: number[] = []
    while (!statuses.includes(429) && statuses.length < 20)
      statuses.push((await ask(newEmail(), spraying)).sent.status)
    expect(statuses).toContain(429)
  })

  test('takes an address, from our own page', async () => {
    const browser = createBrowser()
    const csrf = csrfOf(await browser.open(at('/sign-up')))
    const send = (fields: Record<string, string>) => post(browser, at('/sign-up'), fields)
    for (const email of [
      '',
      'ana',
      'a b@example.test',
      `${'a'.repeat(320)}@x.test`,
      'a\u200b@x.test',
    ])
      expect((await send({ csrf, email })).status).toBe(400)
    expect((await send({ email: newEmail() })).status).toBe(403)
    expect((await post(createBrowser(), at('/sign-up'), { csrf, email: newEmail() })).status).toBe(
      403,
    )
    expect((await send({ csrf, email: newEmail() })).status).toBe(303)
  })
})

describe('an application that waits', () => {
  async function arrive(extra: Record<string, string> = {}, browser = createBrowser()) {
    const registered = await addClient(portal.parts)
    const application = await createApplication(portal.issuer, registered)
    const { url, checks } = await application.authorizationRequest('openid profile email', extra)
    const page = await browser.open(url, REDIRECT_URI)
    return { application, checks, browser, page }
  }
  type Arrived = Awaited<ReturnType<typeof arrive>>

  /** Follows the sign-in page's link, as far as the form behind the mailed link. */
  async function signUpFrom(
    { browser, page }: Pick<Arrived, 'browser' | 'page'>,
    email = newEmail(),
  ) {
    const [, path = ''] = /href="([^"]+)">Create an account/.exec(page.text) ?? []
    const start = await browser.open(new URL(path, portal.issuer).href)
    expect(start.text).toContain('would like to know who you are')
    await browser.submit(start, 'send', { email })
    const { link } = await receiveMail(portal, email, LINK)
    return { email, form: await browser.open(link) }
  }

  async function tokensAfter({ application, checks, browser }: Arrived, consent: Page) {
    const back = await browser.submit(consent, 'allow', {}, { leaveAt: REDIRECT_URI })
    return await client.authorizationCodeGrant(application.configuration, new URL(back.url), checks)
  }

  test('is where sign-up ends, with what the resident states', async () => {
    const arrived = await arrive()
    const { email, form } = await signUpFrom(arrived)
    expect(form.text).toContain('<strong>Bluewater Bank</strong>')
    const consent = await arrived.browser.submit(form, 'create', DETAILS)
    expect(consent.text).toContain('name="allow"')
    const tokens = await tokensAfter(arrived, consent)
    expect(tokens.claims()).toMatchObject({
      sub: (await findByEmail(email))?.id,
      email,
      email_verified: true,
      given_name: 'Ana',
      family_name: 'Mejía',
    })
    expect(tokens.claims()).not.toHaveProperty('verified_claims')
    expect(isSignedIn(await arrived.browser.open(at('/')))).toBe(true)
  })

  test('on a device waits as well', async () => {
    const configuration = await client.discovery(
      new URL(portal.issuer),
      'eprospera-cli',
      undefined,
      client.None(),
      { execute: [client.allowInsecureRequests] },
    )
    const device = await client.initiateDeviceAuthorization(configuration, { scope: 'openid' })
    const browser = createBrowser()
    const entry = await browser.open(at('/device'))
    const confirm = await browser.submitFirst(entry, { user_code: device.user_code })
    const page = await browser.submit(confirm, 'confirm', { confirm: 'yes' })
    const { form } = await signUpFrom({ browser, page })
    const consent = await browser.submit(form, 'create', DETAILS)
    expect((await browser.submit(consent, 'allow')).text).toContain('is connected')
  })

  test('waits for the second step too, where the policy requires one', async () => {
    await withPolicy(
      'required',
      async () => {
        const arrived = await arrive()
        const { browser } = arrived
        const { form } = await signUpFrom(arrived)
        const enrol = await browser.submit(form, 'create', DETAILS)
        expect(enrol.text).toContain('This portal requires a second step')
        expect(isSignedIn(await browser.open(at('/')))).toBe(false)
        const [, secret = ''] = /<p class="code">([A-Z2-7 ]+)</.exec(enrol.text) ?? []
        const code = codeOf(secret.replaceAll(' ', ''))
        const codes = await browser.submit(enrol, 'verify', { code })
        const consent = await browser.submit(codes, 'continue')
        expect((await tokensAfter(arrived, consent)).claims()?.amr).toContain('mfa')
      },
      'mfa',
    )
  })

  test('is named where its request has expired meanwhile, before and after the last step', async () => {
    const arrived = await arrive()
    const { form } = await signUpFrom(arrived)
    await portal.db`
      update oidc_artifact set expires_at = now() - interval '1 second' where kind = 'Interaction'`
    const link = form.url
    const late = await arrived.browser.open(link)
    expect(late.text).toContain('The request of Bluewater Bank has expired meanwhile')
    const done = await arrived.browser.submit(form, 'create', DETAILS)
    expect(done.url).toBe(at('/sign-up/done'))
    expect(done.text).toContain('go back to the application and start again')
    const again = await arrive({}, arrived.browser)
    expect(again.page.text).toContain('name="allow"')
  })

  test('cannot be continued by a sign-up in another browser, nor without one', async () => {
    const arrived = await arrive()
    const [, uid = ''] = /\/interaction\/([\w-]+)/.exec(arrived.page.url) ?? []
    const nothing = await arrived.browser.open(at(`/interaction/${uid}/continue`))
    expect(nothing.text).toContain('name="login"')

    const other = createBrowser()
    expect((await other.open(at(`/interaction/${uid}/sign-up`))).status).toBe(400)
    const email = newEmail()
    await ask(email, other, `/sign-up?request=${uid}`)
    const form = await other.open((await receiveMail(portal, email, LINK)).link)
    const page = await other.submit(form, 'create', DETAILS)
    expect([page.status, page.text.includes('started in another browser')]).toEqual([400, true])
  })

  test('is not answered by a session from before it asked', async () => {
    const browser = createBrowser()
    const { email, id } = await addResident(portal.parts)
    await browser.submit(await browser.open(at('/')), 'login', { email, password: PASSWORD })
    await portal.db`
      update oidc_artifact set payload = payload ||
        jsonb_build_object('loginTs', extract(epoch from now())::bigint - 1000)
      where kind = 'Session' and account_id = ${id}`
    const { page } = await arrive({ prompt: 'login' }, browser)
    const again = await browser.open(`${page.url}/continue`)
    expect([again.url, again.text.includes('name="login"')]).toEqual([page.url, true])
  })

  test('leads straight to sign-up with prompt=create, also over a session of somebody else', async () => {
    const somebody = createBrowser()
    const { email } = await addResident(portal.parts)
    const signIn = await somebody.open(at('/'))
    await somebody.submit(signIn, 'login', { email, password: PASSWORD })
    for (const browser of [createBrowser(), somebody]) {
      const hint = newEmail()
      const arrived = await arrive({ prompt: 'create', login_hint: hint }, browser)
      expect(new URL(arrived.page.url).pathname).toBe('/sign-up')
      expect(arrived.page.text).toContain(`value="${hint}"`)
      await browser.submit(arrived.page, 'send', { email: hint })
      const form = await browser.open((await receiveMail(portal, hint, LINK)).link)
      const consent = await browser.submit(form, 'create', DETAILS)
      const tokens = await tokensAfter(arrived, consent)
      expect(tokens.claims()?.sub).toBe((await findByEmail(hint))?.id)
    }
  })

  test('is content with an existing account after prompt=create', async () => {
    const { email, id } = await addResident(portal.parts)
    const arrived = await arrive({ prompt: 'create consent' })
    const [, path = ''] = /href="([^"]+)">I already have an account/.exec(arrived.page.text) ?? []
    const signIn = await arrived.browser.open(new URL(path, portal.issuer).href)
    const consent = await arrived.browser.submit(signIn, 'login', { email, password: PASSWORD })
    expect((await tokensAfter(arrived, consent)).claims()?.sub).toBe(id)
  })

  test('is told in discovery what it may ask for, and refused where sign-up is closed', async () => {
    const prompts = async () => {
      const response = await fetch(at('/.well-known/openid-configuration'))
      return ((await response.json()) as Record<string, unknown>).prompt_values_supported
    }
    expect(await prompts()).toEqual(['none', 'login', 'consent', 'create'])
    await withPolicy('closed', async () => {
      expect(await prompts()).toEqual(['none', 'login', 'consent'])
      const { page } = await arrive({ prompt: 'create' })
      const answer = new URL(page.url).searchParams
      expect([answer.get('error'), answer.get('error_description')]).toEqual([
        'invalid_request',
        'unsupported prompt value requested',
      ])
      const registered = await addClient(portal.parts)
      const pushing = await createApplication(portal.issuer, registered, { par: true })
      await expect(
        pushing.authorizationRequest('openid', { prompt: 'create' }),
      ).rejects.toMatchObject({ status: 400, error: 'invalid_request' })
    })
  })

  test('that asked while sign-up was open finds the sign-in page after it closed', async () => {
    const { email } = await addResident(portal.parts)
    const arrived = await arrive({ prompt: 'create' })
    const [, uid = ''] = /request=([\w-]+)/.exec(arrived.page.url) ?? []
    await withPolicy('closed', async () => {
      const signIn = await arrived.browser.open(at(`/interaction/${uid}`))
      expect(signIn.text).not.toContain('Create an account')
      const fields = { email, password: PASSWORD }
      const consent = await arrived.browser.submit(signIn, 'login', fields)
      expect(consent.text).toContain('name="allow"')
    })
  })
})

describe('the policy', () => {
  test('closed refuses every page and link, and the sign-in page says nothing of sign-up', async () => {
    const { browser, link } = await askedLink()
    const csrf = csrfOf(await browser.open(link))
    expect((await browser.open(at('/reset'))).status).toBe(200)
    await withPolicy('closed', async () => {
      for (const path of ['/sign-up', '/sign-up/sent', new URL(link).pathname])
        expect((await createBrowser().open(at(path))).status).toBe(404)
      expect((await post(browser, link, { csrf, ...DETAILS })).status).toBe(404)
      expect((await post(browser, at('/sign-up'), { csrf, email: newEmail() })).status).toBe(404)
      expect((await createBrowser().open(at('/'))).text).not.toContain('/sign-up')
      await expect(inviteResident({ ...portal.parts, jobs }, invited())).rejects.toThrow(
        'Sign-up is closed',
      )
    })
    expect((await createBrowser().open(at('/'))).text).toContain('href="/sign-up"')
  })

  test('is closed until the operator decides', async () => {
    await portal.db`delete from policy where name = 'sign-up'`
    try {
      expect((await createBrowser().open(at('/sign-up'))).status).toBe(404)
    } finally {
      await setPolicy(portal.db, 'sign-up', 'open')
    }
  })

  test('invitation lets an invited address in, by the invitation’s link in any browser', async () => {
    await withPolicy('invitation', async () => {
      const { email, issuer } = invited()
      await inviteResident({ ...portal.parts, jobs }, { email, issuer })
      const first = (await receiveMail(portal, email, INVITED)).link
      await inviteResident({ ...portal.parts, jobs }, { email, issuer })
      const { link } = await eventually(async () => {
        const mail = await receiveMail(portal, email, INVITED)
        return mail.link !== first && mail
      })
      const browser = createBrowser()
      expect((await browser.open(first)).status).toBe(410)
      expect(isForm(await createBrowser().open(link))).toBe(true)
      const home = await browser.submit(await browser.open(link), 'create', DETAILS)
      expect(isSignedIn(home)).toBe(true)
      expect((await createBrowser().open(link)).status).toBe(410)
      await expect(inviteResident({ ...portal.parts, jobs }, { email, issuer })).rejects.toThrow(
        'exists already',
      )
    })
  })

  test('invitation mails a link to those who are invited, and answers all alike', async () => {
    await withPolicy('invitation', async () => {
      const { email, issuer } = invited()
      await inviteResident({ ...portal.parts, jobs }, { email, issuer })
      const stranger = newEmail()
      const { sent } = await ask(stranger)
      const asked = await askedLink(email)
      const plain = ({ text }: Page, address: string) =>
        text.replaceAll(address, 'ADDRESS').replaceAll(/name="csrf" value="[^"]+"/g, '')
      expect(plain(sent, stranger)).toBe(plain(asked.sent, email))
      const form = await asked.browser.open(asked.link)
      expect(isSignedIn(await asked.browser.submit(form, 'create', DETAILS))).toBe(true)
      const mails = await listOutbox(portal.db, portal.parts.sealer)
      expect(mails.filter(({ to }) => to === stranger)).toEqual([])
    })
  })

  test('invitation ends links that strangers got while sign-up was open', async () => {
    const { email, browser, link } = await askedLink()
    await withPolicy('invitation', async () => {
      const page = await browser.submit(await browser.open(link), 'create', DETAILS)
      expect([page.status, await findByEmail(email)]).toEqual([410, undefined])
    })
  })

  const invited = () => ({ email: newEmail(), issuer: portal.issuer })
})
