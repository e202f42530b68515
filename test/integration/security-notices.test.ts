import {
  authorizationCodeGrant,
  fetchUserInfo,
  refreshTokenGrant,
  tokenIntrospection,
} from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SecurityCase } from '../../src/accounts/cases.ts'
import { deleteOldNotices } from '../../src/accounts/security-notices.ts'
import { readCommand } from '../../src/cli/commands.ts'
import { deleteEndedConsents } from '../../src/consents/consents.ts'
import { announceVerification } from '../../src/events/events.ts'
import { setStream } from '../../src/events/streams.ts'
import { createUserAgent, type Page, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { listOutbox } from '../../src/platform/mail.ts'
import { createApplication } from '../support/application.ts'
import { receiveMail } from '../support/mailbox.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'
import { addVerification } from '../support/verifications.ts'

const IMAGES = 'eprospera:person.id_verification.read'
const CONSENT = 'An application may see your data'
const SIGN_IN = 'New sign-in to your account'
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const back = { leaveAt: REDIRECT_URI }

let portal: TestPortal
let another: Awaited<ReturnType<TestPortal['startAnother']>>
beforeAll(async () => {
  portal = await startPortal({ worker: true, trustedProxies: ['127.0.0.1', '::1'] })
  another = await portal.startAnother()
})
afterAll(async () => {
  await another.close()
  await portal.close()
})

/** Every browser from an address of its own. */
function createBrowser(headers: Record<string, string> = {}): UserAgent {
  const [a, b, c] = crypto.getRandomValues(new Uint8Array(3))
  return createUserAgent({ 'X-Forwarded-For': `10.${a}.${b}.${c}`, ...headers })
}

async function statuses(token: string) {
  const answers = await Promise.all(
    [portal.url, another.url].map((url) =>
      fetch(`${url}/api/v1/me/natural-person/id-verification`, {
        headers: { Authorization: `Bearer ${token}` },
      }),
    ),
  )
  return answers.map(({ status }) => status)
}

async function signIn(browser: UserAgent, email: string): Promise<Page> {
  const page = await browser.open(`${portal.issuer}/`)
  return await browser.submit(page, 'login', { email, password: PASSWORD })
}

/** The operator's command line. */
const run = async <T>(...words: string[]) =>
  (await readCommand(words).run({ ...portal.parts, issuer: portal.issuer })) as T
const casesOf = async (accountId: string, ...options: string[]) =>
  (await run<SecurityCase[]>('case', 'list', ...options)).filter(
    (each) => each.accountId === accountId,
  )

const mailsTo = async (to: string, subject: string) =>
  (await listOutbox(portal.db, portal.parts.sealer)).filter(
    (each) => each.to === to && each.subject === subject,
  )
/** How many notices were ever made: with each goes one mail. */
const notices = async (accountId: string, kind: string) =>
  (await portal.db`select from security_notice where account_id = ${accountId} and kind = ${kind}`)
    .length

const makeOld = (accountId: string) => portal.db`
  update oidc_artifact set payload = payload ||
    jsonb_build_object('loginTs', extract(epoch from now())::bigint - 1000)
  where kind = 'Session' and account_id = ${accountId}`

async function granted(scope = ALL_SCOPES) {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  const browser = createBrowser({ 'User-Agent': FIREFOX })
  const tokens = await application.obtainTokens(scope, resident.email, browser)
  return { resident, client, application, browser, tokens }
}

const refresh = (application: Awaited<ReturnType<typeof createApplication>>, token = '') =>
  refreshTokenGrant(application.configuration, token).then(
    () => 'refreshed',
    (error: { error?: string }) => error.error,
  )

const inDays = (days: number) => {
  const end = new Date(Date.now() + days * 24 * 3600 * 1000)
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(end)
}

describe('a mail', () => {
  test('tells of a new consent what was allowed and until when, once, and again of more alone', async () => {
    const { resident, client, application, browser } = await granted('openid email')
    const mail = await receiveMail(portal, resident.email, CONSENT)
    expect(mail.text).toContain(`allowed "${client.client_name}", until ${inDays(90)}`)
    expect(mail.text).toContain('- Your e-mail address')
    expect(mail.text).not.toContain('photos')
    expect(mail.link).toMatch(/\/not-me\/[\w-]{43}$/)
    expect(mail.text).toContain(`${portal.issuer}/applications/${client.client_id}`)
    const ask = async (scope: string, prompt: string, choice: Record<string, string[]> = {}) => {
      const { url } = await application.authorizationRequest(scope, { prompt })
      const page = await browser.open(url, REDIRECT_URI)
      if (page.text.includes('name="allow"')) await browser.submit(page, 'allow', choice, back)
    }
    await ask('openid email', 'login')
    await ask('openid email', 'consent')
    await ask('openid email', 'consent', { scope: [] })
    expect(await notices(resident.id, 'consent')).toBe(1)
    await ask(`openid ${IMAGES}`, 'consent')
    const more = await eventually(async () =>
      (await mailsTo(resident.email, CONSENT)).find(({ text }) => text.includes('photos')),
    )
    expect(more.text).not.toContain('- Your e-mail address')
    // What is ticked again on the resident's own page is more, too.
    const own = await browser.open(`${portal.issuer}/applications/${client.client_id}`)
    await browser.submit(own, 'save', { scope: ['email', IMAGES] })
    expect(await notices(resident.id, 'consent')).toBe(3)
  })

  test('tells of a consent that lasts longer, wherever that was chosen, with its new end; and not of a shorter one', async () => {
    const { resident, client, application, browser } = await granted(`openid ${IMAGES}`)
    const page = `${portal.issuer}/applications/${client.client_id}`
    const onOwnPage = async (until: string) =>
      browser.submit(await browser.open(page), 'save', { scope: [IMAGES], until })
    const whenAsked = async (until: string) => {
      const { url } = await application.authorizationRequest(`openid ${IMAGES}`, {
        prompt: 'consent',
      })
      await browser.submit(
        await browser.open(url, REDIRECT_URI),
        'allow',
        { scope: [IMAGES], until },
        back,
      )
    }
    const count = () => notices(resident.id, 'consent')
    const mailOf = (end: string, after: number) =>
      eventually(async () => {
        const mails = await mailsTo(resident.email, CONSENT)
        return mails.length > after
          ? mails.find(({ text }) => text.includes(`", ${end}:`))
          : undefined
      })
    await mailOf(`until ${inDays(90)}`, 0)
    await onOwnPage('day')
    await whenAsked('keep')
    expect(await count()).toBe(1)
    await whenAsked('month')
    expect(await count()).toBe(2)
    const asked = await mailOf(`until ${inDays(30)}`, 1)
    expect(asked?.text).toContain('photos')
    await onOwnPage('year')
    expect(await count()).toBe(3)
    const chosen = await mailOf(`until ${inDays(365)}`, 2)
    expect(chosen?.text).toContain('photos')
    await onOwnPage('month')
    await whenAsked('day')
    expect(await count()).toBe(3)
    await onOwnPage('open')
    expect(await count()).toBe(4)
  })

  test('tells of a sign-in from a browser that is new to the account, in the portal and for an application', async () => {
    const resident = await addResident(portal.parts)
    const browser = createBrowser({ 'User-Agent': FIREFOX })
    await signIn(browser, resident.email)
    const mail = await receiveMail(portal, resident.email, SIGN_IN)
    expect(mail.text).toContain('Firefox on Linux')
    await browser.submit(await browser.open(`${portal.issuer}/`), 'sign-out')
    await signIn(browser, resident.email)
    expect(await notices(resident.id, 'sign-in')).toBe(1)

    const application = await createApplication(portal.issuer, await addClient(portal.parts))
    const other = createBrowser()
    await application.obtainTokens('openid', resident.email, other)
    await application.obtainTokens('openid', resident.email, other, { prompt: 'login' })
    expect(await notices(resident.id, 'sign-in')).toBe(2)
    // Another resident's browser is new to this one.
    const stranger = await addResident(portal.parts)
    await browser.submit(await browser.open(`${portal.issuer}/`), 'sign-out')
    await signIn(browser, stranger.email)
    expect(await notices(stranger.id, 'sign-in')).toBe(1)
  })

  test('comes again for a browser that was not used for long, and its link is forgotten after its week', async () => {
    const resident = await addResident(portal.parts)
    const browser = createBrowser()
    await signIn(browser, resident.email)
    await portal.db`
      update known_browser set seen_at = now() - interval '61 days' where account_id = ${resident.id}`
    await portal.db`
      update security_notice set expires_at = now() - interval '2 days' where account_id = ${resident.id}`
    await deleteOldNotices(portal.db)
    expect(await notices(resident.id, 'sign-in')).toBe(0)
    await browser.submit(await browser.open(`${portal.issuer}/`), 'sign-out')
    await signIn(browser, resident.email)
    expect(await notices(resident.id, 'sign-in')).toBe(1)
  })

  test('lies open in no table and no log', async () => {
    const { resident } = await granted()
    const { link } = await receiveMail(portal, resident.email, CONSENT)
    const token = link.split('/').at(-1) ?? ''
    const rows = await portal.db`
      select row_to_json(job)::text as text from pgboss.job
      union all select row_to_json(outbox_mail)::text from outbox_mail
      union all select row_to_json(security_notice)::text from security_notice`
    expect(rows.map(({ text }) => text).join() + portal.logged()).not.toContain(token)
  })
})

describe('"this was not me" about a consent', () => {
  async function reported() {
    const given = await granted()
    expect(await statuses(given.tokens.access_token)).toEqual([200, 200])
    const { link } = await receiveMail(portal, given.resident.email, CONSENT)
    // On a telephone that is signed in nowhere.
    const phone = createBrowser()
    const done = await phone.submit(await phone.open(link), 'not-me')
    return { ...given, link, phone, done }
  }

  test('is not used up by being opened, and is good once, from our own page', async () => {
    const { resident, tokens } = await granted()
    const { link } = await receiveMail(portal, resident.email, CONSENT)
    for (let round = 0; round < 3; round++) expect((await fetch(link)).status).toBe(200)
    expect((await fetch(link, { method: 'HEAD' })).status).toBe(200)
    const phone = createBrowser()
    const form = await phone.open(link)
    const csrf = /name="csrf" value="([^"]+)"/.exec(form.text)?.[1] ?? ''
    const post = (body: Record<string, string>, headers: Record<string, string> = {}) =>
      phone.request(link, { method: 'POST', body: new URLSearchParams(body), headers })
    expect((await post({})).status).toBe(403)
    expect((await post({ csrf }, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403)
    expect(await statuses(tokens.access_token)).toEqual([200, 200])
    const answers = await Promise.all(Array.from({ length: 6 }, () => post({ csrf })))
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 410, 410, 410, 410, 410])
    expect((await phone.open(link)).status).toBe(410)
    expect((await phone.open(`${link}/done`)).status).toBe(200)
    expect(await casesOf(resident.id)).toHaveLength(1)
    expect((await fetch(`${portal.issuer}/not-me/${'x'.repeat(43)}`)).status).toBe(410)
  })

  test('is over after a week', async () => {
    const { resident } = await granted()
    const { link } = await receiveMail(portal, resident.email, CONSENT)
    const form = await createBrowser().open(link)
    await portal.db`
      update security_notice set expires_at = expires_at - interval '7 days' where account_id = ${resident.id}`
    expect((await createBrowser().submit(form, 'not-me')).status).toBe(410)
    expect((await fetch(link)).status).toBe(410)
  })

  test('freezes the application at the next request on every process, and ends the session that allowed it', async () => {
    const { resident, client, application, browser, tokens, done } = await reported()
    expect(done.text).toContain(`${client.client_name} is frozen`)
    expect(await statuses(tokens.access_token)).toEqual([401, 401])
    expect(await refresh(application, tokens.refresh_token)).toBe('invalid_grant')
    expect(await tokenIntrospection(application.configuration, tokens.access_token)).toEqual({
      active: false,
    })
    await expect(
      fetchUserInfo(application.configuration, tokens.access_token, resident.id),
    ).rejects.toThrow()
    expect((await browser.open(`${portal.issuer}/`)).text).toContain('name="login"')
    const other = await addClient(portal.parts)
    const elsewhere = await createApplication(portal.issuer, other)
    expect(
      (await elsewhere.obtainTokens(ALL_SCOPES, resident.email, createBrowser())).access_token,
    ).toBeTruthy()
  })

  test('lets the application get nothing new, silently or by asking, until the resident lifts it', async () => {
    const { resident, client, application, tokens } = await reported()
    const own = createBrowser()
    await signIn(own, resident.email)
    const silent = await application.authorizationRequest(ALL_SCOPES, { prompt: 'none' })
    const none = await own.open(silent.url, REDIRECT_URI)
    expect(new URL(none.url).searchParams.get('error')).toBe('consent_required')
    const request = await application.authorizationRequest(ALL_SCOPES)
    const asked = await own.open(request.url, REDIRECT_URI)
    expect(asked.text).toContain('is frozen')
    expect(asked.text).not.toContain('name="allow"')
    const csrf = /name="csrf" value="([^"]+)"/.exec(asked.text)?.[1] ?? ''
    const forced = await own.request(asked.url, {
      method: 'POST',
      body: new URLSearchParams({ csrf, allow: '', scope: IMAGES, until: 'open' }),
    })
    expect([forced.status, (await forced.text()).includes('is frozen')]).toEqual([200, true])
    const declined = await own.submit(asked, 'deny', {}, back)
    expect(new URL(declined.url).searchParams.get('error')).toBe('access_denied')
    expect(await statuses(tokens.access_token)).toEqual([401, 401])

    // Their pages say so; lifting it takes a recent sign-in.
    const home = await own.open(`${portal.issuer}/`)
    expect(home.text).toContain('Frozen: this application was reported')
    await makeOld(resident.id)
    const page = await own.open(`${portal.issuer}/applications/${client.client_id}`)
    expect(page.text).toContain('Frozen: this application was reported')
    const confirm = await own.submit(page, 'lift')
    expect(confirm.text).toContain('Confirm that it is you')
    expect(await statuses(tokens.access_token)).toEqual([401, 401])
    const lifted = await own.submit(confirm, 'confirm', { password: PASSWORD })
    expect(lifted.text).not.toContain('Frozen')
    expect(await statuses(tokens.access_token)).toEqual([200, 200])
    expect(await refresh(application, tokens.refresh_token)).toBe('refreshed')
  })

  test('outlasts the consent’s end, and an end by the resident, which takes no proof; lifting it does, and begins anew', async () => {
    const { resident, client, application, tokens } = await reported()
    await portal.db`
      update consent set ends_at = now() - interval '40 days' where account_id = ${resident.id}`
    await deleteEndedConsents(portal.db)
    const own = createBrowser()
    await signIn(own, resident.email)
    const { url } = await application.authorizationRequest(ALL_SCOPES)
    expect((await own.open(url, REDIRECT_URI)).text).toContain('is frozen')
    await makeOld(resident.id)
    const page = await own.open(`${portal.issuer}/applications/${client.client_id}`)
    const ended = await own.submit(page, 'revoke')
    expect(ended.text).toContain('can no longer see your documents')
    expect(await statuses(tokens.access_token)).toEqual([401, 401])
    // Ending it is no way to let the application ask again.
    expect((await own.open(url, REDIRECT_URI)).text).toContain('is frozen')
    const confirm = await own.submit(await own.open(page.url), 'lift')
    expect(confirm.text).toContain('Confirm that it is you')
    await own.submit(confirm, 'confirm', { password: PASSWORD })
    const { url: anew, checks } = await application.authorizationRequest(ALL_SCOPES)
    const asked = await own.open(anew, REDIRECT_URI)
    const done = await own.submit(asked, 'allow', {}, back)
    const fresh = await authorizationCodeGrant(application.configuration, new URL(done.url), checks)
    expect(await statuses(fresh.access_token)).toEqual([200, 200])
    expect(await statuses(tokens.access_token)).toEqual([401, 401])
  })

  test('holds for an application whose consent was ended before: it cannot be given again', async () => {
    const { resident, client, application, browser } = await granted()
    const { link } = await receiveMail(portal, resident.email, CONSENT)
    const own = await browser.open(`${portal.issuer}/applications/${client.client_id}`)
    await browser.submit(own, 'revoke')
    const phone = createBrowser()
    await phone.submit(await phone.open(link), 'not-me')
    const other = createBrowser()
    await signIn(other, resident.email)
    const { url } = await application.authorizationRequest('openid email')
    expect((await other.open(url, REDIRECT_URI)).text).toContain('is frozen')
  })

  test('keeps events of the resident from the application', async () => {
    const { resident, client } = await reported()
    const sealer = portal.parts.sealer
    await portal.db.begin(async (sql) => {
      await setStream(sql, sealer, {
        clientId: client.client_id,
        delivery: 'poll',
        endpoint: undefined,
        authorization: undefined,
      })
      await addVerification(portal.parts, resident.id)
      await announceVerification(sql, resident.id)
    })
    expect(await portal.db`select from event where account_id = ${resident.id}`).toHaveLength(0)
  })

  test('tells the operator by ids alone, until the case is closed', async () => {
    const { resident, client } = await reported()
    const [found] = await casesOf(resident.id)
    expect(found).toMatchObject({ kind: 'consent', clientId: client.client_id, closedAt: null })
    const line = portal
      .logged()
      .split('\n')
      .find((each) => each.includes('security case opened') && each.includes(resident.id))
    expect(JSON.parse(line ?? '{}')).toMatchObject({ caseId: found?.id, level: 'warn' })
    expect(portal.logged()).not.toContain(resident.email)
    const closed = await run<SecurityCase>('case', 'close', found?.id ?? '')
    expect(closed.closedAt).toBeInstanceOf(Date)
    expect(await run('case', 'close', closed.id)).toEqual(closed)
    await expect(run('case', 'close', 'nothing')).rejects.toThrow('no such case')
    expect(await casesOf(resident.id)).toEqual([])
    expect(await casesOf(resident.id, '--all')).toEqual([closed])
  })
})

describe('"this was not me" about a sign-in', () => {
  test('ends that session and the access that came from it, in absence too, and no other', async () => {
    const { resident, application, browser, tokens } = await granted()
    const { link } = await receiveMail(portal, resident.email, SIGN_IN)
    const own = createBrowser()
    const mine = await application.obtainTokens(ALL_SCOPES, resident.email, own)
    const code = await application.authorizationRequest(ALL_SCOPES)
    const withCode = await browser.open(code.url, REDIRECT_URI)
    const phone = createBrowser()
    const form = await phone.open(link)
    expect(form.text).toContain('You did not sign in?')
    const done = await phone.submit(form, 'not-me')
    expect(done.text).toContain('That browser is signed out')
    expect((await browser.open(`${portal.issuer}/`)).text).toContain('name="login"')
    expect(await statuses(tokens.access_token)).toEqual([401, 401])
    expect(await refresh(application, tokens.refresh_token)).toBe('invalid_grant')
    await expect(
      authorizationCodeGrant(application.configuration, new URL(withCode.url), code.checks),
    ).rejects.toMatchObject({ error: 'invalid_grant' })
    expect((await own.open(`${portal.issuer}/`)).text).toContain('name="sign-out"')
    expect(await statuses(mine.access_token)).toEqual([200, 200])
    const [found] = await casesOf(resident.id)
    expect(found).toMatchObject({ kind: 'sign-in', clientId: null })
  })

  test('ends the access also when the session was signed out before', async () => {
    const { resident, browser, tokens } = await granted()
    const { link } = await receiveMail(portal, resident.email, SIGN_IN)
    await browser.submit(await browser.open(`${portal.issuer}/`), 'sign-out')
    expect(await statuses(tokens.access_token)).toEqual([200, 200])
    const phone = createBrowser()
    await phone.submit(await phone.open(link), 'not-me')
    expect(await statuses(tokens.access_token)).toEqual([401, 401])
  })
})
