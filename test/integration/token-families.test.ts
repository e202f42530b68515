import {
  allowInsecureRequests,
  authorizationCodeGrant,
  discovery,
  fetchUserInfo,
  initiateDeviceAuthorization,
  None,
  pollDeviceAuthorizationGrant,
  refreshTokenGrant,
  tokenIntrospection,
} from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findConsent } from '../../src/consents/consents.ts'
import { createUserAgent, type Page, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createApplication, signInAndAllow } from '../support/application.ts'
import { isBlockedByLock } from '../support/database.ts'
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

const NEW_PASSWORD = 'seventeen copper kites over the bay'
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
function createBrowser(): UserAgent {
  const [a, b, c] = crypto.getRandomValues(new Uint8Array(3))
  return createUserAgent({ 'X-Forwarded-For': `10.${a}.${b}.${c}` })
}

/** Each process's status for this token. */
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

const refused = (answer: Promise<unknown>) =>
  answer.then(
    () => 'granted',
    (error: { error?: string }) => error.error,
  )

async function signIn(browser: UserAgent, email: string, password = PASSWORD): Promise<Page> {
  const page = await browser.open(`${portal.issuer}/`)
  return await browser.submit(page, 'login', { email, password })
}

/** The form behind the link of the mail, in the resident's own browser. */
async function openReset(email: string) {
  const browser = createBrowser()
  await browser.submit(await browser.open(`${portal.issuer}/reset`), 'send', { email })
  const { link } = await receiveMail(portal, email, 'Set a new password')
  const form = await browser.open(link)
  return {
    browser,
    set: () => browser.submit(form, 'set-password', { password: NEW_PASSWORD }),
  }
}

async function begin() {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts)
  return { resident, client, application: await createApplication(portal.issuer, client) }
}

describe('a new password by mail link', () => {
  test('ends every token, code and device code of every application on every process, and remembers what was allowed', async () => {
    const { resident, client, application } = await begin()
    const thief = createBrowser()
    const tokens = await application.obtainTokens(ALL_SCOPES, resident.email, thief)
    const refreshed = await application.refresh(tokens.refresh_token ?? '')
    // A code that is not redeemed yet.
    const request = await application.authorizationRequest(ALL_SCOPES)
    const withCode = await signInAndAllow(
      thief,
      await thief.open(request.url, REDIRECT_URI),
      resident.email,
    )
    // A device that is approved, and has not asked yet.
    const configuration = await discovery(
      new URL(portal.issuer),
      'eprospera-cli',
      undefined,
      None(),
      {
        execute: [allowInsecureRequests],
      },
    )
    const device = await initiateDeviceAuthorization(configuration, {
      scope: 'openid offline_access',
    })
    const entry = await thief.open(device.verification_uri)
    const confirm = await thief.submitFirst(entry, { user_code: device.user_code })
    const consent = await thief.submit(confirm, 'confirm', { confirm: 'yes' })
    expect((await thief.submit(consent, 'allow')).text).toContain('is connected')
    // A consent page that is open.
    const open = await application.authorizationRequest(ALL_SCOPES, { prompt: 'consent' })
    const openPage = await thief.open(open.url, REDIRECT_URI)
    expect(openPage.text).toContain('name="allow"')
    expect(await statuses(refreshed.access_token)).toEqual([200, 200])

    await (await openReset(resident.email)).set()

    for (const token of [tokens.access_token, refreshed.access_token]) {
      expect(await statuses(token)).toEqual([401, 401])
      expect(await tokenIntrospection(application.configuration, token)).toEqual({ active: false })
    }
    await expect(
      fetchUserInfo(application.configuration, refreshed.access_token, resident.id),
    ).rejects.toThrow()
    for (const token of [tokens.refresh_token, refreshed.refresh_token])
      expect(await refused(refreshTokenGrant(application.configuration, token ?? ''))).toBe(
        'invalid_grant',
      )
    expect(
      await refused(
        authorizationCodeGrant(application.configuration, new URL(withCode.url), request.checks),
      ),
    ).toBe('invalid_grant')
    expect(
      await refused(pollDeviceAuthorizationGrant(configuration, { ...device, interval: 0 })),
    ).toBe('invalid_grant')
    expect((await thief.submit(openPage, 'allow', {}, back)).status).toBe(400)
    const silent = await application.authorizationRequest(ALL_SCOPES, { prompt: 'none' })
    const answer = await thief.open(silent.url, REDIRECT_URI)
    expect(new URL(answer.url).searchParams.get('error')).toBe('login_required')
    const left = await portal.db`
      select kind from oidc_artifact where account_id = ${resident.id}
      union all select 'Grant' from oauth_grant where account_id = ${resident.id}`
    expect([...left]).toEqual([])
    expect(await findConsent(portal.db, resident.id, client.client_id)).toMatchObject({
      isCurrent: true,
    })
  })

  test('lists the applications that were connected, on the page and in the mail, each with its own page', async () => {
    const { resident, client, application } = await begin()
    await application.obtainTokens(ALL_SCOPES, resident.email, createBrowser())
    const { set, browser } = await openReset(resident.email)
    const done = await set()
    const page = `${portal.issuer}/applications/${client.client_id}`
    expect(done.url).toBe(`${portal.issuer}/reset/done`)
    expect(done.text).toContain('These applications were connected')
    expect(done.text).toContain(`<a href="${page}">${client.client_name}</a>`)
    const mail = await receiveMail(portal, resident.email, 'Your password was changed')
    expect(mail.text).toContain(`- ${client.client_name}: ${page}`)
    // Another browser is told nothing, and the application is ended on its page after a sign-in.
    expect((await createBrowser().open(done.url)).text).not.toContain(client.client_name)
    await signIn(browser, resident.email, NEW_PASSWORD)
    const ended = await browser.submit(await browser.open(page), 'revoke')
    expect(ended.text).toContain('can no longer see your documents')
  })

  test('forgets every browser but the one that opened the link', async () => {
    const { resident } = await begin()
    const other = createBrowser()
    await signIn(other, resident.email)
    const { set, browser } = await openReset(resident.email)
    await set()
    const notices = async () =>
      (await portal.db`select from security_notice where account_id = ${resident.id}`).length
    const before = await notices()
    await signIn(browser, resident.email, NEW_PASSWORD)
    expect(await notices()).toBe(before)
    await signIn(other, resident.email, NEW_PASSWORD)
    expect(await notices()).toBe(before + 1)
  })

  test('leaves no session to a sign-in with the old password that began before it, however late it goes on', async () => {
    const { resident, application } = await begin()
    const thief = createBrowser()
    const { url } = await application.authorizationRequest(ALL_SCOPES)
    const page = await thief.open(url)
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const judged = await thief.request(page.url, {
      method: 'POST',
      body: new URLSearchParams({ csrf, email: resident.email, password: PASSWORD, login: '' }),
    })
    expect(judged.status).toBe(303)
    await (await openReset(resident.email)).set()
    const resumed = await thief.open(judged.headers.get('location') ?? '', REDIRECT_URI)
    expect([resumed.status, resumed.text.includes('name="allow"')]).toEqual([400, false])
    expect((await thief.open(`${portal.issuer}/`)).text).toContain('name="login"')
    const sessions = await portal.db`
      select from oidc_artifact where kind = 'Session' and account_id = ${resident.id}`
    expect(sessions).toHaveLength(0)
  })

  test('leaves none either when it is committed while the portal’s own sign-in is under way', async () => {
    const { resident } = await begin()
    const { recordSignOut: markSignedOut } = await import('../../src/accounts/accounts.ts')
    const thief = createBrowser()
    let signingIn: Promise<Page> | undefined
    await portal.db.begin(async (sql) => {
      await markSignedOut(sql, resident.id)
      signingIn = signIn(thief, resident.email)
      await eventually(() => isBlockedByLock(portal.db, 'for share'))
    })
    expect((await signingIn)?.text).toContain('name="login"')
    // One that begins after it is not held up.
    expect((await signIn(createBrowser(), resident.email)).text).toContain('name="sign-out"')
  })

  test('catches a grant that is being written at that moment', async () => {
    const { resident, application } = await begin()
    const first = createBrowser()
    await application.obtainTokens(ALL_SCOPES, resident.email, first)
    const thief = createBrowser()
    await signIn(thief, resident.email)
    const { url, checks } = await application.authorizationRequest(ALL_SCOPES)
    let asking: Promise<Page> | undefined
    await portal.db.begin(async (sql) => {
      const { endTokenFamilies: endFamilies } = await import('../../src/consents/consents.ts')
      await sql`delete from oidc_artifact where kind = 'Session' and account_id = ${resident.id}`
      await endFamilies(sql, resident.id, 'all')
      asking = thief.open(url, REDIRECT_URI)
      await eventually(() => isBlockedByLock(portal.db, 'for key share'))
    })
    const answer = await asking
    if (answer?.url.startsWith(REDIRECT_URI))
      expect(
        await refused(
          authorizationCodeGrant(application.configuration, new URL(answer.url), checks),
        ),
      ).not.toBe('granted')
    expect(await portal.db`select from oauth_grant where account_id = ${resident.id}`).toHaveLength(
      0,
    )
  })
})
