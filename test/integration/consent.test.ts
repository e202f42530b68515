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
import { findClient, updateClient } from '../../src/clients/clients.ts'
import { setClientProfile } from '../../src/clients/profile.ts'
import { deleteEndedConsents, findConsent, recordConsent } from '../../src/consents/consents.ts'
import { createUserAgent, type Page, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createApplication } from '../support/application.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { addVerification } from '../support/verifications.ts'

const IMAGES = 'eprospera:person.id_verification.read'
const SCOPE = `openid email offline_access ${IMAGES}`

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

type Fields = Record<string, string | string[]>

/** A resident, an application, and its way to the tokens with what the resident chooses on the page. */
async function begin(given: { purpose?: string; scope?: string } = {}) {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts, given.scope ? { scope: given.scope } : {})
  if (given.purpose) await setClientProfile(portal.db, client.client_id, { purpose: given.purpose })
  const application = await createApplication(portal.issuer, client)
  const person = asPerson(application, resident.email)
  return { resident, client, application, ...person }
}

type Application = Awaited<ReturnType<typeof createApplication>>

function asPerson(application: Application, email: string) {
  /** Signs in where that is asked for; answers the consent page, or the way back to the application. */
  async function arrive(scope: string, browser: UserAgent, extra: Record<string, string> = {}) {
    const { url, checks } = await application.authorizationRequest(scope, extra)
    let page = await browser.open(url, REDIRECT_URI)
    if (page.text.includes('name="login"'))
      page = await browser.submit(
        page,
        'login',
        { email, password: PASSWORD },
        { leaveAt: REDIRECT_URI },
      )
    return { page, checks }
  }
  return {
    browser: createUserAgent(),
    arrive,
    /** The whole way, with a choice on the consent page. */
    async allow(
      choice: Fields = {},
      { scope = SCOPE, browser = createUserAgent(), ...extra }: Options = {},
    ) {
      const { page, checks } = await arrive(scope, browser, extra)
      expect(isAsked(page)).toBe(true)
      const back = await browser.submit(page, 'allow', choice, { leaveAt: REDIRECT_URI })
      return { tokens: await redeem(application, back, checks), browser }
    },
    /** The way of an application that is remembered: no page between sign-in and answer. */
    async pass({ scope = SCOPE, browser = createUserAgent(), ...extra }: Options = {}) {
      const { page, checks } = await arrive(scope, browser, extra)
      expect(isAsked(page)).toBe(false)
      return { tokens: await redeem(application, page, checks), browser }
    },
  }
}
type Options = { scope?: string; browser?: UserAgent; prompt?: string }

const isAsked = (page: Page) => page.text.includes('name="allow"')

async function redeem(
  application: Application,
  back: Page,
  checks: Awaited<ReturnType<Application['authorizationRequest']>>['checks'],
) {
  return await authorizationCodeGrant(application.configuration, new URL(back.url), checks)
}

const errorOf = (page: Page) => new URL(page.url).searchParams.get('error')
const words = (scope: string | undefined) => scope?.split(' ').sort()

/** Each process's answer, as status and error. */
async function api(token: string) {
  const answers = await Promise.all(
    [portal.url, another.url].map(async (url) => {
      const answer = await fetch(`${url}/api/v1/me/natural-person/id-verification`, {
        headers: { Authorization: `Bearer ${token}` },
      })
      const { error = 'none' } = (await answer.json()) as { error?: string }
      return `${answer.status} ${error}`
    }),
  )
  return [...new Set(answers)]
}

const refresh = (application: Application, token = '') =>
  refreshTokenGrant(application.configuration, token).then(
    (tokens) => ({ tokens, error: undefined }),
    (error: { error?: string }) => ({ tokens: undefined, error: error.error }),
  )

const userinfo = (application: Application, token: string, subject: string) =>
  fetchUserInfo(application.configuration, token, subject)

/** The application's page of the resident, with a change sent. */
async function change(browser: UserAgent, clientId: string, fields: Fields) {
  const page = await browser.open(`${portal.issuer}/applications/${clientId}`)
  expect(page.status).toBe(200)
  return await browser.submit(page, 'save', fields)
}

const endNow = (accountId: string) =>
  portal.db`update consent set ends_at = now() where account_id = ${accountId}`

describe('declining single permissions', () => {
  test('the rest is granted, and what was declined is in no answer', async () => {
    const { allow, application, resident } = await begin()
    const { tokens } = await allow({ scope: ['email'] })
    expect(words(tokens.scope)).toEqual(['email', 'openid'])
    expect(tokens.refresh_token).toBeUndefined()
    const claims = JSON.parse(
      Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString(),
    )
    expect(words(claims.scope)).toEqual(['email', 'openid'])
    expect(await api(tokens.access_token)).toEqual([`401 missing_scopes: ${IMAGES}`])
    const { email, name } = await userinfo(application, tokens.access_token, resident.id)
    expect([email, name]).toEqual([resident.email, undefined])
  })

  test('the button alone, as a program may send it, takes the page as it stands', async () => {
    const { arrive, application } = await begin()
    const browser = createUserAgent()
    const { page, checks } = await arrive(SCOPE, browser)
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const answer = await browser.request(page.url, {
      method: 'POST',
      body: new URLSearchParams({ csrf, allow: '' }),
    })
    expect(answer.status).toBe(303)
    const back = await browser.open(answer.headers.get('location') ?? '', REDIRECT_URI)
    const tokens = await redeem(application, back, checks)
    expect(words(tokens.scope)).toEqual(words(SCOPE))
  })

  test('and a second time it leaves what was declined before declined', async () => {
    const { allow, arrive, application } = await begin()
    const { browser } = await allow({ scope: ['email'] })
    const { page, checks } = await arrive(SCOPE, browser, { prompt: 'consent' })
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const answer = await browser.request(page.url, {
      method: 'POST',
      body: new URLSearchParams({ csrf, allow: '' }),
    })
    const back = await browser.open(answer.headers.get('location') ?? '', REDIRECT_URI)
    expect(words((await redeem(application, back, checks)).scope)).toEqual(['email', 'openid'])
  })

  test('everything but openid may be declined', async () => {
    const { allow } = await begin()
    const { tokens } = await allow({ scope: [] })
    expect(tokens.scope).toBe('openid')
  })

  test('everything, where openid was not asked for, is access_denied and not remembered', async () => {
    const { arrive, resident } = await begin()
    const browser = createUserAgent()
    const { page } = await arrive(IMAGES, browser)
    const back = await browser.submit(page, 'allow', { scope: [] }, { leaveAt: REDIRECT_URI })
    expect(errorOf(back)).toBe('access_denied')
    expect(await portal.db`select from consent where account_id = ${resident.id}`).toHaveLength(0)
    expect(isAsked((await arrive(IMAGES, browser)).page)).toBe(true)
  })

  test('a form that names what was never asked for gets nothing of it', async () => {
    const { allow, resident } = await begin()
    const { tokens } = await allow(
      { scope: ['email', IMAGES, 'profile', 'offline_access', 'idv.read'] },
      { scope: 'openid email' },
    )
    expect(words(tokens.scope)).toEqual(['email', 'openid'])
    const [row] = await portal.db`
      select scopes, declined from consent where account_id = ${resident.id}`
    expect(row).toEqual({ scopes: ['openid', 'email'], declined: [] })
  })
})

describe('what was decided is remembered', () => {
  test('with what was declined, on every device, without asking', async () => {
    const { allow, pass } = await begin()
    await allow({ scope: ['email', 'offline_access'] })
    const { tokens } = await pass()
    expect(words(tokens.scope)).toEqual(['email', 'offline_access', 'openid'])
    const silent = await pass({ scope: `openid ${IMAGES}` })
    expect(silent.tokens.scope).toBe('openid')
  })

  test('and what was declined alone is refused without asking', async () => {
    const { allow, arrive } = await begin()
    const { browser } = await allow({ scope: ['email'] })
    expect(errorOf((await arrive(IMAGES, browser)).page)).toBe('access_denied')
  })

  test('until the application asks for more; then what was not shown stays as it was', async () => {
    const { allow, arrive, browser, resident } = await begin()
    await allow({ scope: [IMAGES] }, { scope: `openid email offline_access ${IMAGES}`, browser })
    const { page } = await arrive('openid email profile', browser)
    expect(page.text).toContain('It now asks for more.')
    const { tokens } = await allow({ scope: ['profile'] }, { scope: 'openid email profile' })
    expect(words(tokens.scope)).toEqual(['openid', 'profile'])
    const [row] = await portal.db`
      select scopes, declined from consent where account_id = ${resident.id}`
    expect(row).toEqual({
      scopes: [IMAGES, 'openid', 'profile'],
      declined: ['offline_access', 'email'],
    })
  })

  test('until prompt=consent, which shows what was chosen', async () => {
    const { allow, arrive, browser } = await begin()
    await allow({ scope: ['email'], until: 'month' }, { browser })
    const { page } = await arrive(SCOPE, browser, { prompt: 'consent' })
    const ticked = [...page.text.matchAll(/type="checkbox" name="scope" value="([^"]+)" checked/g)]
    expect(ticked.map(([, scope]) => scope)).toEqual(['email'])
    expect(page.text).toContain('You declined this before.')
    const { tokens } = await allow({ scope: ['email', IMAGES] }, { browser, prompt: 'consent' })
    expect(words(tokens.scope)).toEqual(['email', IMAGES, 'openid'].sort())
  })

  test('until the stated purpose changes; nothing is carried over to the new one', async () => {
    const { allow, pass, arrive, client, application } = await begin({ purpose: 'To greet you' })
    const before = await allow()
    await pass()
    await setClientProfile(portal.db, client.client_id, { purpose: 'To sell you things' })
    const { page } = await arrive('openid email', before.browser)
    expect(page.text).toContain('<q>To greet you</q> The purpose has changed')
    expect(page.text).toContain('<q>To sell you things</q>')
    // Until the resident has decided, what was allowed for the old purpose stands.
    expect(await api(before.tokens.access_token)).toEqual(['200 none'])
    const after = await allow({}, { scope: 'openid email', browser: before.browser })
    expect(words(after.tokens.scope)).toEqual(['email', 'openid'])
    expect(await api(before.tokens.access_token)).toEqual(['401 invalid_token'])
    expect((await refresh(application, before.tokens.refresh_token)).error).toBe('invalid_grant')
    const asked = await arrive(`openid ${IMAGES}`, before.browser)
    expect(isAsked(asked.page)).toBe(true)
  })

  test('and a purpose that changed while the page was open is shown before anything is allowed', async () => {
    const { arrive, client, browser, resident } = await begin({ purpose: 'To greet you' })
    const { page } = await arrive(SCOPE, browser)
    await setClientProfile(portal.db, client.client_id, { purpose: 'To sell you things' })
    const again = await browser.submit(page, 'allow', {}, { leaveAt: REDIRECT_URI })
    expect(isAsked(again)).toBe(true)
    expect(again.text).toContain('<q>To sell you things</q>')
    expect(await portal.db`select from consent where account_id = ${resident.id}`).toHaveLength(0)
  })
})

describe('an end date', () => {
  test.each([
    ['day', 1],
    ['month', 30],
    ['year', 365],
  ])('of a %s is kept', async (until, days) => {
    const { allow, resident } = await begin()
    await allow({ until })
    const [row] = await portal.db<{ left: number }[]>`
      select round(extract(epoch from ends_at - now()) / 86400)::int as left
      from consent where account_id = ${resident.id}`
    expect(row?.left).toBe(days)
  })

  test('ends every token at the next request on every process, refresh included, and the application asks again', async () => {
    const { allow, arrive, pass, application, resident, client } = await begin()
    const { tokens, browser } = await allow({ until: 'day' })
    expect(await api(tokens.access_token)).toEqual(['200 none'])
    const open = await browser.open(`${portal.issuer}/applications/${client.client_id}`)
    await endNow(resident.id)
    expect(await api(tokens.access_token)).toEqual(['401 invalid_token'])
    expect((await refresh(application, tokens.refresh_token)).error).toBe('invalid_grant')
    await expect(userinfo(application, tokens.access_token, resident.id)).rejects.toThrow()
    for (const token of [tokens.access_token, tokens.refresh_token ?? ''])
      expect(await tokenIntrospection(application.configuration, token)).toEqual({ active: false })
    // It is gone from the resident's page, and cannot be prolonged there.
    expect((await browser.open(`${portal.issuer}/`)).text).not.toContain(client.client_name)
    const own = await browser.open(`${portal.issuer}/applications/${client.client_id}`)
    expect(own.status).toBe(404)
    const prolonged = await browser.submit(open, 'save', { until: 'year' })
    expect(prolonged.status).toBe(404)
    expect(await api(tokens.access_token)).toEqual(['401 invalid_token'])

    const { page } = await arrive('openid email', browser)
    expect(isAsked(page)).toBe(true)
    expect(page.text).toContain('That has ended, so it asks again.')
    // Nothing of the old one comes back with the new one: neither its tokens nor what was not asked for now.
    await allow({}, { scope: 'openid email', browser })
    expect(await api(tokens.access_token)).toEqual(['401 invalid_token'])
    expect((await refresh(application, tokens.refresh_token)).error).toBe('invalid_grant')
    expect((await pass({ scope: 'openid email', browser })).tokens.scope).toBe('openid email')
    expect(isAsked((await arrive(`openid ${IMAGES}`, browser)).page)).toBe(true)
  })

  test('refuses a code that was given before the end', async () => {
    const { arrive, application, resident, browser } = await begin()
    const { page, checks } = await arrive(SCOPE, browser)
    const back = await browser.submit(page, 'allow', {}, { leaveAt: REDIRECT_URI })
    await endNow(resident.id)
    await expect(redeem(application, back, checks)).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })

  test('is forgotten a month later', async () => {
    const { allow, resident } = await begin()
    await allow({ until: 'day' })
    const count = async () =>
      (await portal.db`select from consent where account_id = ${resident.id}`).length
    await endNow(resident.id)
    await deleteEndedConsents(portal.db)
    expect(await count()).toBe(1)
    await portal.db`
      update consent set ends_at = now() - interval '31 days' where account_id = ${resident.id}`
    await deleteEndedConsents(portal.db)
    expect(await count()).toBe(0)
  })

  test('that is made up is refused', async () => {
    const { arrive, browser, resident } = await begin()
    const { page } = await arrive(SCOPE, browser)
    const answer = await browser.submit(page, 'allow', { until: 'for ever' })
    expect(answer.status).toBe(400)
    expect(await portal.db`select from consent where account_id = ${resident.id}`).toHaveLength(0)
  })
})

describe('the resident’s own page of an application', () => {
  test('shows what was allowed, declined, since when, until when and the last time that data was read', async () => {
    const { allow, client, resident } = await begin({ purpose: 'To greet you' })
    await addVerification(portal.parts, resident.id, {
      createdAt: new Date('2026-11-03T09:00:00Z'),
    })
    const { browser } = await allow({ scope: ['email', IMAGES], until: 'month' })
    const home = await browser.open(`${portal.issuer}/`)
    const plain = home.text.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')
    expect(plain).toMatch(
      /Allowed .*Your e-mail address .*Declined .*Stay connected .*Since .* Until/,
    )
    expect(plain).toMatch(/Purpose .*To greet you .*Last read your data .* UTC/)
    const own = await browser.open(`${portal.issuer}/applications/${client.client_id}`)
    expect(own.text).toContain('<q>To greet you</q>')
    expect(own.text.replaceAll(/<[^>]+>/g, '')).toContain(
      'the front and back of your passport, your face, from the check of 3 November 2026',
    )
  })

  test('narrows at once: a token issued before keeps nothing of what was withdrawn, and the rest goes on', async () => {
    const { allow, client, application, resident } = await begin()
    const { tokens, browser } = await allow()
    expect(await api(tokens.access_token)).toEqual(['200 none'])
    const saved = await change(browser, client.client_id, { scope: ['email', 'offline_access'] })
    expect(saved.text).toContain('role="status"')
    expect(await api(tokens.access_token)).toEqual([`401 missing_scopes: ${IMAGES}`])
    const { email } = await userinfo(application, tokens.access_token, resident.id)
    expect(email).toBe(resident.email)
    const introspected = await tokenIntrospection(application.configuration, tokens.access_token)
    expect(introspected).toMatchObject({ active: true, scope: 'openid email offline_access' })
    const next = await refresh(application, tokens.refresh_token)
    expect(words(next.tokens?.scope)).toEqual(['email', 'offline_access', 'openid'])
    expect(await api(next.tokens?.access_token ?? '')).toEqual([`401 missing_scopes: ${IMAGES}`])

    await change(browser, client.client_id, { scope: ['offline_access'] })
    const less = await userinfo(application, next.tokens?.access_token ?? '', resident.id)
    expect(less.email).toBeUndefined()
  })

  test('gives back to new requests alone: an old token does not regain what is allowed again', async () => {
    const { allow, pass, client, application } = await begin()
    const { tokens, browser } = await allow()
    await change(browser, client.client_id, { scope: ['offline_access'] })
    await change(browser, client.client_id, { scope: ['offline_access', IMAGES] })
    expect(await api(tokens.access_token)).toEqual([`401 missing_scopes: ${IMAGES}`])
    const next = await refresh(application, tokens.refresh_token)
    expect(words(next.tokens?.scope)).toEqual(['offline_access', 'openid'])
    const { tokens: fresh } = await pass()
    expect(await api(fresh.access_token)).toEqual(['200 none'])
  })

  test('a token that was written while the consent was being narrowed keeps nothing either', async () => {
    const { allow, application, resident } = await begin()
    const { tokens } = await allow()
    // What such a moment leaves behind: the consent without the permissions, the tokens with them.
    await portal.db`
      update consent set scopes = array_remove(array_remove(scopes, ${IMAGES}), 'email')
      where account_id = ${resident.id}`
    expect(await api(tokens.access_token)).toEqual([`401 missing_scopes: ${IMAGES}`])
    const { email } = await userinfo(application, tokens.access_token, resident.id)
    expect(email).toBeUndefined()
    const next = await refresh(application, tokens.refresh_token)
    expect(words(next.tokens?.scope)).toEqual(['offline_access', 'openid'])
  })

  test('withdrawing “Stay connected” ends every token that may have come of it', async () => {
    const { allow, client, application } = await begin()
    const { tokens, browser } = await allow()
    await change(browser, client.client_id, { scope: ['email', IMAGES] })
    expect(await api(tokens.access_token)).toEqual(['401 invalid_token'])
    expect((await refresh(application, tokens.refresh_token)).error).toBe('invalid_grant')
  })

  test('brings the end forward, at once, and takes it away again', async () => {
    const { allow, client, resident } = await begin()
    const { browser } = await allow({ until: 'year' })
    const left = async () => {
      const [row] = await portal.db<{ left: number | null }[]>`
        select round(extract(epoch from ends_at - now()) / 86400)::int as left
        from consent where account_id = ${resident.id}`
      return row?.left
    }
    expect(await left()).toBe(365)
    await change(browser, client.client_id, {})
    expect(await left()).toBe(365)
    await change(browser, client.client_id, { until: 'day' })
    expect(await left()).toBe(1)
    await change(browser, client.client_id, { until: 'open' })
    expect(await left()).toBe(null)
  })

  test('cannot add what was never decided, nor lose openid', async () => {
    const { allow, client, resident } = await begin()
    const { browser } = await allow({}, { scope: 'openid email' })
    await change(browser, client.client_id, { scope: [IMAGES, 'profile', 'nonsense'] })
    const [row] = await portal.db`
      select scopes, declined from consent where account_id = ${resident.id}`
    expect(row).toEqual({ scopes: ['openid'], declined: ['email'] })
  })

  test('is there for that resident alone, and takes no form from elsewhere', async () => {
    const mine = await begin()
    const { browser, tokens } = await mine.allow()
    const path = `${portal.issuer}/applications/${mine.client.client_id}`
    const theirs = await begin()
    const stranger = (await theirs.allow()).browser
    expect((await stranger.open(path)).status).toBe(404)
    const home = await stranger.open(`${portal.issuer}/`)
    const csrf = /name="csrf" value="([^"]+)"/.exec(home.text)?.[1] ?? ''
    const post = (from: UserAgent, body: Record<string, string>, headers = {}) =>
      from.request(path, { method: 'POST', body: new URLSearchParams(body), headers })
    expect((await post(stranger, { csrf, until: 'day' })).status).toBe(404)
    expect((await post(browser, { csrf, until: 'day' })).status).toBe(403)
    const own = /name="csrf" value="([^"]+)"/.exec((await browser.open(path)).text)?.[1] ?? ''
    const site = { 'Sec-Fetch-Site': 'cross-site' }
    expect((await post(browser, { csrf: own, until: 'day' }, site)).status).toBe(403)
    expect((await post(browser, { csrf: own })).status).toBe(400)
    expect(await api(tokens.access_token)).toEqual(['200 none'])
    const signedOut = await createUserAgent().open(path)
    expect(signedOut.text).toContain('name="login"')
  })
})

test('a device’s person shapes the same consent, and is asked each time, with what was chosen before', async () => {
  const resident = await addResident(portal.parts)
  const configuration = await discovery(
    new URL(portal.issuer),
    'eprospera-cli',
    undefined,
    None(),
    { execute: [allowInsecureRequests] },
  )
  async function connect(choice: Fields) {
    const device = await initiateDeviceAuthorization(configuration, { scope: SCOPE })
    const browser = createUserAgent()
    const entry = await browser.open(device.verification_uri)
    const code = await browser.submitFirst(entry, { user_code: device.user_code })
    const confirmed = await browser.submit(code, 'confirm', { confirm: 'yes' })
    const fields = { email: resident.email, password: PASSWORD }
    const page = await browser.submit(confirmed, 'login', fields)
    expect(isAsked(page)).toBe(true)
    const done = await browser.submit(page, 'allow', choice)
    expect(done.text).toContain('is connected')
    return await pollDeviceAuthorizationGrant(configuration, { ...device, interval: 0 })
  }
  const first = await connect({ scope: ['email', 'offline_access'] })
  expect(words(first.scope)).toEqual(['email', 'offline_access', 'openid'])
  expect(await api(first.access_token)).toEqual([`401 missing_scopes: ${IMAGES}`])
  expect(words((await connect({})).scope)).toEqual(['email', 'offline_access', 'openid'])
})

describe('two never mix', () => {
  test('two residents of one application, in one browser after the other', async () => {
    const first = await begin()
    const second = await addResident(portal.parts)
    const other = asPerson(first.application, second.email)
    const { tokens, browser } = await first.allow({ scope: ['email', 'offline_access'] })
    await browser.submit(await browser.open(`${portal.issuer}/`), 'sign-out')
    // The second is asked as if nobody had been before.
    const theirs = await other.allow({ scope: [IMAGES] }, { browser })
    expect(words(theirs.tokens.scope)).toEqual([IMAGES, 'openid'].sort())
    expect(words(tokens.scope)).toEqual(['email', 'offline_access', 'openid'])
    await change(theirs.browser, first.client.client_id, { scope: [] })
    expect(await api(theirs.tokens.access_token)).toEqual([`401 missing_scopes: ${IMAGES}`])
    const { email } = await userinfo(first.application, tokens.access_token, first.resident.id)
    expect(email).toBe(first.resident.email)
  })

  test('two applications of one resident', async () => {
    const first = await begin()
    const client = await addClient(portal.parts)
    const second = asPerson(await createApplication(portal.issuer, client), first.resident.email)
    const one = await first.allow()
    const two = await second.allow({ scope: ['email'] })
    expect(words(two.tokens.scope)).toEqual(['email', 'openid'])
    await change(two.browser, client.client_id, { scope: [] })
    expect(await api(one.tokens.access_token)).toEqual(['200 none'])
  })

  test('two devices: what the second was allowed does not widen the first’s tokens', async () => {
    const { allow, application, resident } = await begin()
    const one = await allow({}, { scope: 'openid offline_access' })
    await allow({}, { scope: SCOPE })
    expect(await api(one.tokens.access_token)).toEqual([`401 missing_scopes: ${IMAGES}`])
    const next = await refresh(application, one.tokens.refresh_token)
    expect(words(next.tokens?.scope)).toEqual(['offline_access', 'openid'])
    const { email } = await userinfo(application, next.tokens?.access_token ?? '', resident.id)
    expect(email).toBeUndefined()
  })

  test('two devices that decide at the same moment: both decisions stand', async () => {
    const { arrive, resident } = await begin()
    const [a, b] = [createUserAgent(), createUserAgent()]
    const [one, two] = await Promise.all([arrive('openid email', a), arrive('openid profile', b)])
    const backs = await Promise.all([
      a.submit(one.page, 'allow', {}, { leaveAt: REDIRECT_URI }),
      b.submit(two.page, 'allow', { scope: [] }, { leaveAt: REDIRECT_URI }),
    ])
    for (const back of backs) expect(new URL(back.url).searchParams.has('code')).toBe(true)
    const [row] = await portal.db<{ scopes: string[]; declined: string[] }[]>`
      select scopes, declined from consent where account_id = ${resident.id}`
    expect([row?.scopes.sort(), row?.declined]).toEqual([['email', 'openid'], ['profile']])
  })

  test('many decisions at once on one consent: none is lost', async () => {
    const { allow, client, resident } = await begin()
    await allow({}, { scope: 'openid' })
    const [session] = await portal.db<{ uid: string }[]>`
      select uid from oidc_artifact where kind = 'Session' and account_id = ${resident.id}`
    const scopes = Array.from({ length: 8 }, (_, index) => `scope-${index}`)
    await Promise.all(
      scopes.map((scope) =>
        recordConsent(portal.db, {
          accountId: resident.id,
          clientId: client.client_id,
          sessionUid: session?.uid ?? '',
          shown: [scope],
          allowed: [scope],
          endsAt: undefined,
          standardEnd: null,
          purpose: null,
        }),
      ),
    )
    const consent = await findConsent(portal.db, resident.id, client.client_id)
    expect(consent?.scopes.sort()).toEqual(['openid', ...scopes])
  })
})

describe('a smaller alternative', () => {
  const STATUS = 'eprospera:person.id_verification.status.read'
  const NEED = `openid ${IMAGES}`
  const PAIR = `permission ${IMAGES}`

  async function beginWithLess() {
    const begun = await begin({ scope: `openid offline_access ${IMAGES} ${STATUS}` })
    await portal.db.begin((sql) =>
      updateClient(sql, begun.client.client_id, { alternatives: { [IMAGES]: STATUS } }),
    )
    await addVerification(portal.parts, begun.resident.id)
    return begun
  }
  const status = async (token: string) =>
    (
      await fetch(`${portal.url}/api/v1/me/natural-person/id-verification/status`, {
        headers: { Authorization: `Bearer ${token}` },
      })
    ).status

  test('is offered where the application declared one, and is what it gets', async () => {
    const { allow, pass, arrive, application } = await beginWithLess()
    const { page } = await arrive(NEED, createUserAgent())
    expect(page.text).toContain('The application also accepts less.')
    const { tokens, browser } = await allow({ [PAIR]: STATUS }, { scope: NEED })
    expect(words(tokens.scope)).toEqual(['openid', STATUS].sort())
    expect(await api(tokens.access_token)).toEqual([`401 missing_scopes: ${IMAGES}`])
    expect(await status(tokens.access_token)).toBe(200)
    // It is remembered: the same request again gets the same.
    const again = await pass({ scope: NEED, browser })
    expect(words(again.tokens.scope)).toEqual(['openid', STATUS].sort())
    // And asked again, the page knows what was chosen; the button alone leaves it so.
    const { page: asked, checks } = await arrive(NEED, browser, { prompt: 'consent' })
    expect(asked.text).toMatch(new RegExp(`value="${STATUS}" checked`))
    expect(asked.text).not.toContain(`type="checkbox" name="scope" value="${STATUS}"`)
    const csrf = /name="csrf" value="([^"]+)"/.exec(asked.text)?.[1] ?? ''
    const answer = await browser.request(asked.url, {
      method: 'POST',
      body: new URLSearchParams({ csrf, allow: '' }),
    })
    const back = await browser.open(answer.headers.get('location') ?? '', REDIRECT_URI)
    const third = await redeem(application, back, checks)
    expect(words(third.scope)).toEqual(['openid', STATUS].sort())
  })

  test('all of it, and nothing of it, can be chosen too, and changed later', async () => {
    const { allow, resident, client } = await beginWithLess()
    const all = await allow({ [PAIR]: IMAGES }, { scope: NEED })
    expect(words(all.tokens.scope)).toEqual(['openid', IMAGES].sort())
    expect(await api(all.tokens.access_token)).toEqual(['200 none'])
    const neither = await allow({ [PAIR]: '' }, { scope: NEED, prompt: 'consent' })
    expect(neither.tokens.scope).toBe('openid')
    expect(await findConsent(portal.db, resident.id, client.client_id)).toMatchObject({
      scopes: ['openid'],
    })
    expect(await api(all.tokens.access_token)).toEqual([`401 missing_scopes: ${IMAGES}`])
    const less = await allow({ [PAIR]: STATUS }, { scope: NEED, prompt: 'consent' })
    expect(await status(less.tokens.access_token)).toBe(200)
  })

  test('what was chosen before is in no later request: all of it is all that was asked for', async () => {
    const { allow, arrive } = await beginWithLess()
    const { browser } = await allow({ [PAIR]: STATUS }, { scope: NEED })
    const again = await allow({ [PAIR]: IMAGES }, { scope: NEED, browser, prompt: 'consent' })
    expect(words(again.tokens.scope)).toEqual(['openid', IMAGES].sort())
    const { page } = await arrive(NEED, browser, { prompt: 'consent' })
    expect(page.text).toContain(`name="${PAIR}"`)
  })

  test('works through refresh tokens and for an application that asks for both', async () => {
    const { allow, application } = await beginWithLess()
    const both = `openid offline_access ${IMAGES} ${STATUS}`
    const { tokens } = await allow({ [PAIR]: STATUS, scope: ['offline_access'] }, { scope: both })
    expect(words(tokens.scope)).toEqual(['offline_access', 'openid', STATUS].sort())
    const next = await refresh(application, tokens.refresh_token)
    expect(words(next.tokens?.scope)).toEqual(['offline_access', 'openid', STATUS].sort())
    expect(await status(next.tokens?.access_token ?? '')).toBe(200)
  })

  test('works for a device', async () => {
    const resident = await addResident(portal.parts)
    const before = await findClient(portal.db, 'eprospera-cli')
    const scope = `${before?.scope} ${STATUS}`
    await portal.db.begin((sql) =>
      updateClient(sql, 'eprospera-cli', { scope, alternatives: { [IMAGES]: STATUS } }),
    )
    const configuration = await discovery(
      new URL(portal.issuer),
      'eprospera-cli',
      undefined,
      None(),
      { execute: [allowInsecureRequests] },
    )
    const device = await initiateDeviceAuthorization(configuration, { scope: NEED })
    const browser = createUserAgent()
    const entry = await browser.open(device.verification_uri)
    const code = await browser.submitFirst(entry, { user_code: device.user_code })
    const confirmed = await browser.submit(code, 'confirm', { confirm: 'yes' })
    const fields = { email: resident.email, password: PASSWORD }
    const page = await browser.submit(confirmed, 'login', fields)
    await browser.submit(page, 'allow', { [PAIR]: STATUS })
    const tokens = await pollDeviceAuthorizationGrant(configuration, { ...device, interval: 0 })
    expect(words(tokens.scope)).toEqual(['openid', STATUS].sort())
    expect(await status(tokens.access_token)).toBe(200)
    await portal.db.begin((sql) =>
      updateClient(sql, 'eprospera-cli', { scope: before?.scope, alternatives: {} }),
    )
  })

  test('nobody can slip in one that was not declared', async () => {
    const { allow } = await begin({ scope: `openid ${IMAGES} ${STATUS}` })
    const { tokens } = await allow({ [PAIR]: STATUS, scope: [] }, { scope: NEED })
    expect(tokens.scope).toBe('openid')
  })

  test('is a smaller scope that the client is registered for, or refused', async () => {
    const { client } = await begin({ scope: `openid email ${IMAGES}` })
    const declare = (alternatives: Record<string, string>) =>
      portal.db.begin((sql) => updateClient(sql, client.client_id, { alternatives }))
    await expect(declare({ [IMAGES]: STATUS })).rejects.toThrow('both scopes')
    await expect(declare({ [IMAGES]: 'email' })).rejects.toThrow('an alternative is one of')
    await expect(declare({ email: IMAGES })).rejects.toThrow('an alternative is one of')
    await expect(declare({ constructor: 'openid' })).rejects.toThrow('an alternative is one of')
  })
})
