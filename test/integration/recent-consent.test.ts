import {
  allowInsecureRequests,
  authorizationCodeGrant,
  discovery,
  initiateDeviceAuthorization,
  None,
  pollDeviceAuthorizationGrant,
} from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setClientProfile } from '../../src/clients/profile.ts'
import { findConsent } from '../../src/consents/consents.ts'
import { createUserAgent, type Page } from '../../src/local/sandbox/user-agent.ts'
import { createApplication } from '../support/application.ts'
import { isBlockedByLock } from '../support/database.ts'
import {
  addClient,
  addResident,
  EVERYTHING,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

const IMAGES = 'eprospera:person.id_verification.read'
const DETAILS = 'eprospera:person.details.read'
const CONFIRM = 'Confirm that it is you'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

/** The resident has not proven who they are for this long. */
const makeOld = (accountId: string, seconds = 15 * 60 + 30) => portal.db`
  update oidc_artifact set payload = payload ||
    jsonb_build_object('loginTs', extract(epoch from now())::bigint - ${seconds}::int)
  where kind = 'Session' and account_id = ${accountId}`

const back = { leaveAt: REDIRECT_URI }

async function begin() {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts, { scope: EVERYTHING })
  const application = await createApplication(portal.issuer, client)
  const browser = createUserAgent()
  const home = await browser.submit(await browser.open(`${portal.issuer}/`), 'login', {
    email: resident.email,
    password: PASSWORD,
  })
  expect(home.status).toBe(200)
  const of = { accountId: resident.id, clientId: client.client_id }
  return {
    resident,
    client,
    application,
    browser,
    scopes: async () => (await findConsent(portal.db, of.accountId, of.clientId))?.scopes.sort(),
    ask: async (scope: string, extra: Record<string, string> = {}) => {
      const { url, checks } = await application.authorizationRequest(scope, extra)
      return { page: await browser.open(url, REDIRECT_URI), checks }
    },
    own: () => browser.open(`${portal.issuer}/applications/${client.client_id}`),
  }
}

const csrfOf = (page: Page) => /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''

describe('a consent of somebody who signed in a while ago', () => {
  test.each(EVERYTHING.split(' ').filter((scope) => scope.startsWith('eprospera:')))(
    'that newly opens %s is recorded after a proof, and not before',
    async (scope) => {
      const { resident, application, browser, scopes, ask } = await begin()
      await makeOld(resident.id)
      const { page, checks } = await ask(`openid email ${scope}`)
      expect(page.text).toContain('we ask you to confirm that it is you')
      const asked = await browser.submit(page, 'allow', { scope: [scope], until: 'month' }, back)
      expect(asked.text).toContain(CONFIRM)
      expect(await scopes()).toBeUndefined()
      const wrong = await browser.submit(asked, 'confirm', { password: `${PASSWORD}s` }, back)
      expect([wrong.status, wrong.text.includes(CONFIRM)]).toEqual([401, true])
      expect(await scopes()).toBeUndefined()

      // What was chosen is kept on the way.
      const done = await browser.submit(wrong, 'confirm', { password: PASSWORD }, back)
      const tokens = await authorizationCodeGrant(
        application.configuration,
        new URL(done.url),
        checks,
      )
      expect(tokens.scope?.split(' ').sort()).toEqual([scope, 'openid'].sort())
      expect(await scopes()).toEqual([scope, 'openid'].sort())
      const [row] = await portal.db<{ days: number }[]>`
      select round(extract(epoch from ends_at - now()) / 86400)::int as days
      from consent where account_id = ${resident.id}`
      expect(row?.days).toBe(30)
    },
  )

  test('is judged when it is sent: a page opened in time is too late after a quarter of an hour', async () => {
    const { resident, browser, scopes, ask } = await begin()
    const { page } = await ask(`openid ${IMAGES}`)
    expect(page.text).not.toContain('we ask you to confirm')
    await makeOld(resident.id)
    const csrf = csrfOf(page)
    const post = (fields: Record<string, string>) =>
      browser.request(page.url, {
        method: 'POST',
        body: new URLSearchParams({ csrf, allow: '', ...fields }),
      })
    for (const fields of [
      {},
      { scope: IMAGES, until: 'open' },
      { confirm: '' },
      { passkey: '{}' },
    ]) {
      const answer = await post(fields as Record<string, string>)
      expect([200, 401]).toContain(answer.status)
      expect(await answer.text()).toContain(CONFIRM)
    }
    expect(await scopes()).toBeUndefined()
  })

  test('can be declined on the page that asks for the proof', async () => {
    const { resident, browser, scopes, ask } = await begin()
    await makeOld(resident.id)
    const asked = await browser.submit((await ask(`openid ${IMAGES}`)).page, 'allow', {}, back)
    const declined = await browser.submit(asked, 'deny', {}, back)
    expect(new URL(declined.url).searchParams.get('error')).toBe('access_denied')
    expect(await scopes()).toBeUndefined()
  })

  test('takes no proof of another resident', async () => {
    const { resident, browser, scopes, ask } = await begin()
    await makeOld(resident.id)
    const asked = await browser.submit((await ask(`openid ${IMAGES}`)).page, 'allow', {}, back)
    const other = await addResident(portal.parts)
    const answer = await browser.submit(
      asked,
      'confirm',
      { username: other.email, email: other.email, password: 'some other password' },
      back,
    )
    expect(answer.text).toContain(CONFIRM)
    expect(await scopes()).toBeUndefined()
  })

  test('to a name and an address alone asks for nothing, nor does one that declines the rest', async () => {
    const { resident, browser, scopes, ask } = await begin()
    await makeOld(resident.id)
    const plain = await browser.submit((await ask('openid profile email')).page, 'allow', {}, back)
    expect(plain.url).toContain('code=')
    const less = await ask(`openid ${IMAGES}`)
    const done = await browser.submit(less.page, 'allow', { scope: [] }, back)
    expect(done.url).toContain('code=')
    expect(await scopes()).toEqual(['email', 'openid', 'profile'])
  })

  test('that was given before goes on without a page, silently too, and asks when more is wanted', async () => {
    const { resident, browser, ask, scopes } = await begin()
    await browser.submit((await ask(`openid ${IMAGES}`)).page, 'allow', {}, back)
    await makeOld(resident.id)
    for (const extra of [{}, { prompt: 'none' }] as Record<string, string>[])
      expect((await ask(`openid ${IMAGES}`, extra)).page.url).toContain('code=')
    // The same again, or less of it, by a page: nothing is opened.
    const same = await ask(`openid ${IMAGES}`, { prompt: 'consent' })
    expect((await browser.submit(same.page, 'allow', {}, back)).url).toContain('code=')
    // In absence too, and other documents: opened.
    const none = await ask(`openid ${IMAGES} ${DETAILS}`, { prompt: 'none' })
    expect(new URL(none.page.url).searchParams.get('error')).toBe('consent_required')
    for (const scope of [`openid offline_access ${IMAGES}`, `openid ${IMAGES} ${DETAILS}`]) {
      const more = await browser.submit((await ask(scope)).page, 'allow', {}, back)
      expect(more.text).toContain(CONFIRM)
    }
    const less = await ask(`openid ${IMAGES}`, { prompt: 'consent' })
    await browser.submit(less.page, 'allow', { scope: [] }, back)
    expect(await scopes()).toEqual(['openid'])
  })

  test('that had ended, or was for another purpose, asks as a new one does; a later end does too', async () => {
    const { resident, client, browser, ask } = await begin()
    const first = await ask(`openid ${IMAGES}`)
    await browser.submit(first.page, 'allow', { until: 'month' }, back)
    await makeOld(resident.id)
    const longer = await ask(`openid ${IMAGES}`, { prompt: 'consent' })
    const prolonged = await browser.submit(longer.page, 'allow', { until: 'open' }, back)
    expect(prolonged.text).toContain(CONFIRM)
    const sooner = await ask(`openid ${IMAGES}`, { prompt: 'consent' })
    const shortened = await browser.submit(sooner.page, 'allow', { until: 'day' }, back)
    expect(shortened.url).toContain('code=')
    await setClientProfile(portal.db, client.client_id, { purpose: 'To sell you things' })
    const other = await browser.submit((await ask(`openid ${IMAGES}`)).page, 'allow', {}, back)
    expect(other.text).toContain(CONFIRM)
  })

  test('is not recorded for a session that has ended, nor for one that ends at that moment', async () => {
    const { resident, browser, scopes, ask } = await begin()
    const { page } = await ask('openid email')
    // Another transaction ends the session and is not committed when the form is judged.
    let answering: Promise<Page> | undefined
    await portal.db.begin(async (sql) => {
      await sql`
        delete from oidc_artifact where kind = 'Session' and account_id = ${resident.id}`
      answering = browser.submit(page, 'allow', {}, back)
      await eventually(() => isBlockedByLock(portal.db, 'for key share'))
    })
    const answer = await answering
    expect(answer?.status).toBe(400)
    expect(answer?.text).toContain('not signed in any more')
    const late = await browser.submit(page, 'allow', {}, back)
    expect(late.status).toBe(400)
    expect(await scopes()).toBeUndefined()
  })
})

test('a device of somebody who signed in a while ago is connected after a proof', async () => {
  const { resident, browser } = await begin()
  await makeOld(resident.id)
  const configuration = await discovery(
    new URL(portal.issuer),
    'eprospera-cli',
    undefined,
    None(),
    { execute: [allowInsecureRequests] },
  )
  const scope = `openid offline_access ${IMAGES}`
  const device = await initiateDeviceAuthorization(configuration, { scope })
  const entry = await browser.open(device.verification_uri)
  const confirm = await browser.submitFirst(entry, { user_code: device.user_code })
  const consent = await browser.submit(confirm, 'confirm', { confirm: 'yes' })
  const plain = consent.text.replaceAll(/<[^>]+>/g, '')
  expect(plain).toContain('Run by whoever is at the computer that shows the code')
  expect(plain).toContain('To show your data in a command line on that computer.')
  const asked = await browser.submit(consent, 'allow')
  expect(asked.text).toContain(CONFIRM)
  expect(await portal.db`select from consent where account_id = ${resident.id}`).toHaveLength(0)
  const done = await browser.submit(asked, 'confirm', { password: PASSWORD })
  expect(done.text).toContain('is connected')
  const tokens = await pollDeviceAuthorizationGrant(configuration, { ...device, interval: 0 })
  expect(tokens.scope?.split(' ').sort()).toEqual(scope.split(' ').sort())
})

describe('on their own page, somebody who signed in a while ago', () => {
  async function given() {
    const begun = await begin()
    const { page } = await begun.ask(`openid email offline_access ${IMAGES}`)
    await begun.browser.submit(page, 'allow', { until: 'month' }, back)
    await makeOld(begun.resident.id)
    return begun
  }

  test('ends an access without a proof', async () => {
    const { browser, scopes, own } = await given()
    const ended = await browser.submit(await own(), 'revoke')
    expect(ended.text).toContain('can no longer see your documents')
    expect(await scopes()).toBeUndefined()
  })

  test('narrows it and ends it sooner without a proof, and opens more only with one', async () => {
    const { browser, scopes, own } = await given()
    const save = async (fields: Record<string, string | string[]>) =>
      browser.submit(await own(), 'save', fields)
    expect((await save({ scope: [IMAGES], until: 'day' })).text).toContain('Saved.')
    expect(await scopes()).toEqual([IMAGES, 'openid'].sort())
    for (const fields of [
      { scope: ['email', IMAGES], until: 'keep' },
      { scope: [IMAGES], until: 'year' },
      { scope: [IMAGES], until: 'open' },
    ])
      expect((await save(fields)).text).toContain(CONFIRM)
    expect(await scopes()).toEqual([IMAGES, 'openid'].sort())
    const asked = await save({ scope: ['email', IMAGES], until: 'year' })
    const confirmed = await browser.submit(asked, 'confirm', { password: PASSWORD })
    expect(confirmed.text).toContain('Saved.')
    expect(await scopes()).toEqual(['email', IMAGES, 'openid'].sort())
  })
})
