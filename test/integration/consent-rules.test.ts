import { authorizationCodeGrant } from 'openid-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ensureTenant, setTenant } from '../../src/clients/tenants.ts'
import { distrustClient, trustClient } from '../../src/clients/trusted-clients.ts'
import { findConsent } from '../../src/consents/consents.ts'
import { createUserAgent, type Page, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { setPolicy } from '../../src/platform/policies.ts'
import { createApplication } from '../support/application.ts'
import {
  addClient,
  addResident,
  EVERYTHING,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { addVerification, loadPerson } from '../support/verifications.ts'

const IMAGES = 'eprospera:person.id_verification.read'
const DETAILS = 'eprospera:person.details.read'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())
afterEach(() => portal.db`delete from policy`)

async function begin(scope = `openid email ${IMAGES}`, name = 'Bluewater Bank') {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts, { scope: EVERYTHING, name })
  const application = await createApplication(portal.issuer, client)
  const browser = createUserAgent()
  const ask = async (extra: Record<string, string> = {}) => {
    const { url, checks } = await application.authorizationRequest(scope, extra)
    return { page: await browser.open(url, REDIRECT_URI), checks }
  }
  const signIn = (page: Page, email = resident.email) =>
    browser.submit(page, 'login', { email, password: PASSWORD }, { leaveAt: REDIRECT_URI })
  /** The consent page. */
  const arrive = async (extra: Record<string, string> = {}) => {
    const asked = await ask(extra)
    return { ...asked, page: await signIn(asked.page) }
  }
  const consent = () => findConsent(portal.db, resident.id, client.client_id)
  return { resident, client, application, browser, ask, signIn, arrive, consent }
}

const makeOld = (accountId: string) => portal.db`
  update oidc_artifact set payload = payload ||
    jsonb_build_object('loginTs', extract(epoch from now())::bigint - 1000)
  where kind = 'Session' and account_id = ${accountId}`

const allow = (browser: UserAgent, page: Page, fields = {}) =>
  browser.submit(page, 'allow', fields, { leaveAt: REDIRECT_URI })

/** The form as a browser sends it in which nothing was touched. */
async function press(browser: UserAgent, page: Page, button: string) {
  const fields = [...page.text.matchAll(/<input\b[^>]*>/g)].flatMap(([tag]) => {
    const value = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? ''
    const isSent = value('type') === 'hidden' || / checked/.test(tag)
    return isSent && value('name') !== 'return' ? [[value('name'), value('value')]] : []
  })
  const answer = await browser.request(page.url, {
    method: 'POST',
    body: new URLSearchParams([...fields, [button, '']]),
  })
  return { status: answer.status, text: await answer.text() }
}

describe('a sensitive permission', () => {
  beforeEach(() => setPolicy(portal.db, 'sensitive-scopes', 'documents'))

  test('is a question that no answer is chosen for, and “Allow” does nothing until there is one', async () => {
    const { browser, arrive, consent } = await begin()
    const { page } = await arrive()
    expect(page.text).not.toMatch(/name="permission [^>]* checked/)
    expect(page.text).toMatch(/name="scope" value="email" checked/)
    const again = await press(browser, page, 'allow')
    expect(again.status).toBe(400)
    expect(again.text).toContain('Nothing has been shared yet.')
    const [, link = ''] =
      /<a href="#([\w-]+)">/.exec(again.text.split('role="alert"')[1] ?? '') ?? []
    expect(again.text).toContain(`<input id="${link}" type="radio" name="permission ${IMAGES}"`)
    expect(await consent()).toBeUndefined()
    const back = await allow(browser, page, { [`permission ${IMAGES}`]: '' })
    expect(back.url).toContain('code=')
    expect(await consent()).toMatchObject({ scopes: ['openid', 'email'], declined: [IMAGES] })
  })

  test('is what the operator says', async () => {
    const { arrive } = await begin(`openid email ${IMAGES} ${DETAILS}`)
    const asked = async () =>
      [
        ...(await arrive({ prompt: 'login' })).page.text.matchAll(/name="asked" value="([^"]+)"/g),
      ].map(([, scope]) => scope)
    expect(await asked()).toEqual([IMAGES])
    await setPolicy(portal.db, 'sensitive-scopes', 'personal')
    expect(await asked()).toEqual([DETAILS, IMAGES])
    await setPolicy(portal.db, 'sensitive-scopes', 'none')
    const { page } = await arrive({ prompt: 'login' })
    expect(page.text).not.toContain('name="asked"')
    expect(page.text.match(/name="image"[^>]* checked/g)).toHaveLength(3)
  })

  test('is allowed by a program that sends the button alone, as everything it was asked for', async () => {
    const { browser, arrive, consent } = await begin()
    const { page } = await arrive()
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    // With the hidden fields of the page or without: they are no choice.
    await browser.request(page.url, {
      method: 'POST',
      body: new URLSearchParams({ csrf, asked: IMAGES, images: 'asked', allow: '' }),
    })
    const given = await consent()
    expect(given).toMatchObject({ scopes: ['openid', 'email', IMAGES], withheldImages: [] })
    expect(daysLeft(given?.endsAt)).toBe(90)
  })
})

test('where nothing is sensitive, the form as it appears allows everything', async () => {
  const { browser, arrive, consent } = await begin()
  const { page } = await arrive()
  await press(browser, page, 'allow')
  const given = await consent()
  expect(given).toMatchObject({ scopes: ['openid', 'email', IMAGES], withheldImages: [] })
})

const daysLeft = (end: Date | null | undefined) =>
  end && Math.round((end.getTime() - Date.now()) / 86_400_000)

describe('the end of a consent', () => {
  test('is 90 days ahead unless the resident chooses another one', async () => {
    const { browser, arrive, consent } = await begin()
    await allow(browser, (await arrive()).page)
    expect(daysLeft((await consent())?.endsAt)).toBe(90)
    const { page } = await arrive({ prompt: 'login consent' })
    expect(page.text).toMatch(/value="keep" checked/)
    await allow(browser, page, { until: 'open' })
    expect((await consent())?.endsAt).toBeNull()
  })

  test('is at most what the operator says, whatever a form sends', async () => {
    const { browser, arrive, consent, client } = await begin()
    await setPolicy(portal.db, 'consent-default', '365-days')
    await setPolicy(portal.db, 'consent-longest', '30-days')
    const { page } = await arrive()
    const offered = [...page.text.matchAll(/name="until" value="([^"]+)"( checked)?/g)]
    expect(offered.map(([, period, checked]) => `${period}${checked ?? ''}`)).toEqual([
      'day',
      'month checked',
    ])
    expect((await allow(browser, page, { until: 'open' })).status).toBe(400)
    expect(await consent()).toBeUndefined()
    await allow(browser, page)
    expect(daysLeft((await consent())?.endsAt)).toBe(30)
    const own = await browser.open(`${portal.issuer}/applications/${client.client_id}`)
    expect((await browser.submit(own, 'save', { until: 'year' })).status).toBe(400)
  })
})

describe('what would be shared', () => {
  test('is shown after a recent sign-in, and otherwise behind a proof of identity that keeps what was entered', async () => {
    const { browser, arrive, ask, resident } = await begin(`openid email ${IMAGES} ${DETAILS}`)
    await addVerification(portal.parts, resident.id)
    await loadPerson(portal.parts, resident.id, { dateOfBirth: '1990-02-03' })
    const { page: recent } = await arrive()
    expect(recent.text).toContain('3 February 1990')
    expect(recent.text).toContain('src="/photos/')
    expect(recent.text).not.toContain('name="show"')
    await makeOld(resident.id)
    const { page } = await ask()
    for (const hidden of ['3 February 1990', 'src="/photos/'])
      expect(page.text).not.toContain(hidden)
    expect(page.text).toContain('Today: the front and back of your passport')
    const confirm = await browser.submit(page, 'show', { scope: [DETAILS], image: ['selfie'] })
    expect(confirm.text).toContain('Confirm that it is you')
    expect(confirm.text).not.toContain('3 February 1990')
    const wrong = await browser.submit(confirm, 'confirm', { password: 'wrong' })
    expect(wrong.status).toBe(401)
    const shown = await browser.submit(wrong, 'confirm', { password: PASSWORD })
    expect(shown.text).toContain('3 February 1990')
    expect(shown.text).toContain('src="/photos/')
    expect(shown.text).toMatch(new RegExp(`value="${DETAILS}" checked`))
    expect(shown.text).not.toMatch(/value="email" checked/)
    expect(shown.text.match(/name="image"[^>]* checked/g)).toHaveLength(1)
    expect((await allow(browser, shown)).url).toContain('code=')
  })

  test('is on the application’s own page too, with the same controls', async () => {
    const { browser, arrive, resident, client } = await begin(`openid email ${DETAILS} ${IMAGES}`)
    await addVerification(portal.parts, resident.id)
    await loadPerson(portal.parts, resident.id, { dateOfBirth: '1990-02-03' })
    const { page } = await arrive()
    await allow(browser, page)
    const path = `${portal.issuer}/applications/${client.client_id}`
    const own = await browser.open(path)
    const controls = (text: string) =>
      [
        ...text.matchAll(
          /<input id="([^"]+)" type="\w+" name="(scope|permission[^"]*|image)" value="([^"]*)"/g,
        ),
      ].map(([, ...field]) => field.join(' '))
    expect(controls(own.text)).toEqual(controls(page.text))
    expect(own.text).toContain('3 February 1990')
    await makeOld(resident.id)
    const old = await browser.open(path)
    expect(old.text).not.toContain('3 February 1990')
    const confirm = await browser.submit(old, 'show')
    const shown = await browser.submit(confirm, 'confirm', { password: PASSWORD })
    expect(shown.text).toContain('3 February 1990')
    // Ending takes no proof.
    await makeOld(resident.id)
    const ended = await browser.submit(await browser.open(path), 'revoke')
    expect(ended.text).toContain('can no longer see your documents')
  })
})

describe('“Not you?”', () => {
  test('signs this browser out, and the same request goes on with another account', async () => {
    const { browser, arrive, signIn, resident, application, client } = await begin()
    const other = await addResident(portal.parts)
    const { page, checks } = await arrive()
    const again = await browser.submit(page, 'other-account', {}, { leaveAt: REDIRECT_URI })
    expect(again.text).toContain('name="login"')
    expect(
      await portal.db`select from oidc_artifact where kind = 'Session' and account_id = ${resident.id}`,
    ).toHaveLength(0)
    const theirs = await signIn(again, other.email)
    expect(theirs.text).toContain(other.email)
    const back = await allow(browser, theirs)
    const tokens = await authorizationCodeGrant(
      application.configuration,
      new URL(back.url),
      checks,
    )
    expect(tokens.claims()?.sub).toBe(other.id)
    expect(await findConsent(portal.db, resident.id, client.client_id)).toBeUndefined()
    // The page from before gives nothing of either account.
    expect((await allow(browser, page)).status).toBe(400)
  })

  test('asks for one sign-in, also where the application asked for one', async () => {
    const { browser, arrive, signIn } = await begin()
    const other = await addResident(portal.parts)
    const { page } = await arrive({ prompt: 'login' })
    const again = await browser.submit(page, 'other-account', {}, { leaveAt: REDIRECT_URI })
    const theirs = await signIn(again, other.email)
    expect((await allow(browser, theirs)).url).toContain('code=')
  })
})

describe('a sign-in that the application asks for', () => {
  test.each([
    ['prompt=login', { prompt: 'login' }],
    ['prompt=login consent', { prompt: 'login consent' }],
    ['max_age=0', { max_age: '0' }],
  ])('%s is one sign-in, before the consent', async (_name, extra) => {
    const { browser, arrive, ask, resident, application } = await begin()
    const { page, checks } = await arrive(extra)
    await portal.db`
      update oidc_artifact set payload = payload || jsonb_build_object('loginTs', (payload->>'loginTs')::bigint - 5)
      where kind = 'Session' and account_id = ${resident.id}`
    const back = await allow(browser, page)
    expect(back.url).toContain('code=')
    const maxAge = 'max_age' in extra ? { maxAge: 60 } : {}
    await authorizationCodeGrant(application.configuration, new URL(back.url), {
      ...checks,
      ...maxAge,
    })
    // The next request asks again.
    expect((await ask(extra)).page.text).toContain('name="login"')
  })
})

describe('names that could be confused', () => {
  const trust = (id: string) => portal.db.begin((sql) => trustClient(sql, id))

  test('two clients with such names are not both trusted, and the page warns of the other one', async () => {
    const known = await begin(undefined, 'Northwind Credit')
    const other = await begin(undefined, 'N0rthwind Credit')
    expect(await trust(known.client.client_id)).toBe(true)
    await expect(trust(other.client.client_id)).rejects.toThrow(
      /Residents could take "N0rthwind Credit" for "Northwind Credit".*cannot both be trusted/,
    )
    const warning = 'looks like <strong>Northwind Credit</strong>'
    const { page: trusted } = await known.arrive()
    expect(trusted.text).toContain('have checked this application')
    expect(trusted.text).not.toContain(warning)
    const { page: marked } = await other.arrive()
    expect(marked.text).toContain(warning)
    expect(marked.text).not.toContain('have checked this application')

    await portal.db`update client set name = 'Southwind Credit' where id = ${known.client.client_id}`
    const { page: renamed } = await known.arrive({ prompt: 'login' })
    expect(renamed.text).not.toContain('have checked this application')
    expect((await other.arrive({ prompt: 'login' })).page.text).not.toContain(warning)
    expect(await trust(other.client.client_id)).toBe(true)
    expect(await distrustClient(portal.db, other.client.client_id)).toBe(true)
    expect(await distrustClient(portal.db, other.client.client_id)).toBe(false)
    expect(await trust('nobody')).toBe(false)
  })

  test('two at the same moment: one is trusted', async () => {
    const ids = await Promise.all(
      ['Eastwind Credit', 'East-wind Credit'].map(
        async (name) => (await addClient(portal.parts, { name })).client_id,
      ),
    )
    const outcomes = await Promise.allSettled(ids.map(trust))
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('two tenants with such names are not both trusted', async () => {
    const set = (name: string, change: Parameters<typeof setTenant>[2]) =>
      portal.db.begin((sql) => setTenant(sql, name, change))
    for (const name of ['westwind', 'other']) await ensureTenant(portal.db, name)
    await set('westwind', { displayName: 'Westwind', isTrusted: true })
    await expect(set('other', { displayName: 'Westwïnd', isTrusted: true })).rejects.toThrow(
      'cannot both be trusted',
    )
    await set('other', { displayName: 'Other', isTrusted: true })
    await expect(set('other', { displayName: 'West wind' })).rejects.toThrow(
      'cannot both be trusted',
    )
  })
})
