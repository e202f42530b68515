import type { Page } from 'playwright-core'
import { createEntryCase } from '../../src/accounts/cases.ts'
import { setClientProfile } from '../../src/clients/profile.ts'
import { ensureTenant, setTenant } from '../../src/clients/tenants.ts'
import { freezeConsent } from '../../src/consents/consents.ts'
import type { AppContext } from '../../src/context.ts'
import { acceptLink, createLink } from '../../src/id-verification/links.ts'
import { findOrCreateSubject } from '../../src/id-verification/subjects.ts'
import { listEntries } from '../../src/ledger/entries.ts'
import { createUserAgent, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { setPolicy } from '../../src/platform/policies.ts'
import { GUIDES } from '../../src/reference/guide-list.ts'
import { createApplication } from './application.ts'
import { ALL_SCOPES, addClient, addResident, EVERYTHING, PASSWORD } from './portal.ts'
import { addPasskey, addResidentWithTotp, codeOf } from './second-factor.ts'
import { addVerification } from './verifications.ts'

/*
 * Every page of the portal, in the states that differ. A new page is a line in `PAGES`: the test that walks over all of them fails
 * without one. The residents are: `empty`, who has just signed up; `full`, who has some of everything; `secured`, with second factors;
 * `old`, who signed in a while ago and has to confirm it; `nobody` is not signed in, but has asked for a new password and an account.
 */
export type Who = 'nobody' | 'empty' | 'full' | 'secured' | 'old'

export type World = Awaited<ReturnType<typeof createWorld>>

export type Visit = {
  who: Who
  path: string | ((world: World) => string | Promise<string>)
  /** What is done on the page to reach its state. Without it, the page is opened again in another language. */
  act?: (page: Page, world: World) => Promise<unknown>
}

const as =
  (who: Who) =>
  (path: Visit['path'], act?: Visit['act']): Visit => ({ who, path, ...(act ? { act } : {}) })
const nobody = as('nobody')
const empty = as('empty')
const full = as('full')
const secured = as('secured')
const old = as('old')

const press = (name: string) => (page: Page) =>
  send(page, () => page.locator(`button[name=${name}]`).first().click())

/** Waits for the page that answers a form. */
async function send(page: Page, act: () => Promise<unknown>): Promise<void> {
  const loaded = page.waitForEvent('load')
  await act()
  await loaded
}

/** By the route of the application or of the authorization server. */
export const PAGES: Readonly<Record<string, readonly Visit[]>> = {
  '/': [nobody('/'), empty('/'), full('/'), old('/')],
  '/sign-in': [
    nobody('/sign-in'),
    nobody('/sign-in', (page) => signIn(page, 'nobody@example.test')),
    nobody('/sign-in', (page, { people }) => signIn(page, people.secured.email)),
  ],
  '/help': [nobody('/help')],
  '/contact': [nobody('/contact')],
  '/privacy': [nobody('/privacy')],
  '/accessibility': [nobody('/accessibility')],
  '/developers': [nobody('/developers')],
  '/reference': [nobody('/reference')],
  '/reference/search': [nobody('/reference/search'), nobody('/reference/search?q=invalid_token')],
  '/reference/:group': [nobody('/reference/back-office')],
  '/reference/:group/:operation': [
    nobody('/reference/oauth/authorize'),
    nobody('/reference/back-office/startVerification'),
  ],
  '/guides': [nobody('/guides')],
  '/guides/:name': GUIDES.filter(({ name }) => name !== 'errors').map(({ name }) =>
    nobody(`/guides/${name}`),
  ),
  '/guides/errors': [nobody('/guides/errors')],
  '/outbox': [nobody('/outbox')],
  '/reset': [nobody('/reset')],
  '/reset/sent': [nobody('/reset/sent')],
  '/reset/:token': [nobody(({ links }) => links.reset)],
  '/sign-up': [nobody('/sign-up')],
  '/sign-up/sent': [nobody('/sign-up/sent')],
  '/sign-up/:token': [nobody(({ links }) => links.signUp)],
  '/verify-email/sent': [empty('/verify-email/sent')],
  '/verify-email/:token': [empty(({ links }) => links.verifyEmail)],
  '/not-me/:token': [nobody(({ links }) => links.notMe)],
  '/link/:token': [nobody(({ links }) => links.subject), full(({ links }) => links.subject)],
  '/account': [
    empty('/account'),
    secured('/account'),
    old('/account'),
    old('/account', press('change-password')),
    empty('/account', async (page, { people }) => {
      await page.locator('#email').fill(people.empty.email)
      await press('change-email')(page)
    }),
    secured('/account', press('new-recovery-codes')),
  ],
  '/account/devices': [empty('/account/devices'), secured('/account/devices')],
  '/account/export': [full('/account/export'), old('/account/export')],
  '/account/erase': [full('/account/erase'), old('/account/erase')],
  '/account/time-zone': [empty('/account/time-zone')],
  '/account/totp': [empty('/account/totp')],
  '/account/notifications': [
    empty('/account/notifications'),
    old('/account/notifications', press('save')),
  ],
  '/activity': [
    empty('/activity'),
    full('/activity'),
    full('/activity?from=2026-03-02&to=2026-03-01'),
  ],
  '/activity/:id': [full(({ entry }) => `/activity/${entry}`)],
  '/activity/:id/unexpected': [
    full(({ entry }) => `/activity/${entry}/unexpected`),
    full(({ reported }) => `/activity/${reported}/unexpected`),
  ],
  '/verify': [empty('/verify'), full('/verify')],
  '/verify/:id': [
    full(({ verifications }) => `/verify/${verifications.full}`),
    // Of a phone on which only the photos were taken.
    nobody(({ verifications }) => `/verify/${verifications.full}`),
  ],
  '/links': [empty('/links'), full('/links')],
  '/applications/:clientId': [
    full(({ clients }) => `/applications/${clients.allowed}`),
    full(({ clients }) => `/applications/${clients.frozen}`),
  ],
  '/verifications/:id': [
    full(({ verifications }) => `/verifications/${verifications.full}`),
    old(({ verifications }) => `/verifications/${verifications.old}`),
  ],
  '/photos/:id': [
    full(({ photos }) => `/photos/${photos.full}`),
    old(({ photos }) => `/photos/${photos.old}`),
  ],
  '/interaction/:uid': [
    nobody(({ request }) => request()),
    full(({ request }) => request()),
    full(({ request, clients }) => request(clients.frozen)),
  ],
  '/device': [
    nobody('/device'),
    nobody('/device', (page) => typeCode(page, 'BBBB-BBBB')),
    nobody('/device', async (page, { deviceCode }) => typeCode(page, await deviceCode())),
    nobody('/device', async (page, { deviceCode }) => {
      await typeCode(page, await deviceCode())
      await press('abort')(page)
    }),
  ],
  '/api/oauth/authorize': [nobody('/api/oauth/authorize?client_id=nobody')],
  'no route': [nobody('/nothing-here'), empty('/applications/%00')],
  '/api/oauth/end_session': [
    full('/api/oauth/end_session'),
    // The last one, because the session ends.
    secured('/api/oauth/end_session', press('logout')),
  ],
}

/** Routes that answer no page: they redirect, or return what a page or a program loads. */
export const NOT_PAGES: readonly string[] = [
  '/.well-known/change-password',
  '/account/export/archive',
  '/activity/:id/proof',
  '/erasure/:token/receipt',
  '/verify/:id/continue',
  '/app/:token',
  '/applications/:clientId/logo',
  '/callbacks/:vendor',
  '/callbacks/:vendor/:integration',
  '/callbacks/mosaic',
  '/favicon.ico',
  '/interaction/:uid/continue',
  '/interaction/:uid/sign-up',
  '/looks',
  '/openapi.json',
  '/photos/:id/image',
  '/photos/:id/thumbnail',
  // These show once what a form has done; browser tests of their journeys end on them.
  '/not-me/:token/done',
  '/reset/done',
  '/sign-up/done',
  '/verify-email/done',
  '/erasure/:token',
  // For the operator.
  '/operator',
  '/setup/:token',
  // Steps that have to be gone one after the other: test/browser/manual.test.ts goes them, and axe judges each.
  '/verify/manual/:id',
  '/verify/manual/:id/:photo',
  '/verify/manual/:id/check',
  '/verify/manual/:id/details',
  '/verify/manual/:id/document',
  '/verify/manual/:id/phone',
  '/verify/phone',
  '/verify/phone/:photo',
  '/verify/phone/open/:token',
]

async function signIn(page: Page, email: string) {
  await page.locator('#email').fill(email)
  await page.locator('#password').fill(PASSWORD)
  await press('login')(page)
}

async function typeCode(page: Page, code: string) {
  await page.locator('#user_code').fill(code)
  await send(page, () => page.keyboard.press('Enter'))
}

type Portal = { issuer: string; parts: AppContext }

/** Residents, and everything that their pages show. `receiveLink` waits for a mail to an address with a link to a path. */
export async function createWorld(
  { issuer, parts }: Portal,
  receiveLink: (to: string, path: string) => Promise<string>,
) {
  const { db } = parts
  await setPolicy(db, 'sign-up', 'open')
  const people = {
    empty: await addResident(parts),
    full: await addResident(parts),
    secured: await addResidentWithTotp({ parts }),
    old: await addResident(parts),
  }
  await addPasskey({ db }, people.secured.id)
  const verifications = {
    full: (await addVerification(parts, people.full.id)).id,
    old: (await addVerification(parts, people.old.id)).id,
  }
  const declined = await addVerification(parts, people.full.id, { complete: false })
  await db`update verification set status = 'declined' where id = ${declined.id}`
  await db`update image set thumbnail_key = object_key, thumbnail_size = size, thumbnail_sha256 = sha256`
  const photoOf = async (verificationId: string) =>
    String(
      (await db`select id from image where verification_id = ${verificationId} limit 1`)[0]?.id,
    )

  const browsers = {
    nobody: createUserAgent(),
    empty: await signedIn(issuer, people.empty.email),
    full: await signedIn(issuer, people.full.email),
    secured: await signedIn(issuer, people.secured.email, codeOf(people.secured.secret)),
    old: await signedIn(issuer, people.old.email),
  }
  const clients = await connectApplications({ issuer, parts }, browsers.full, people.full)
  await db`
    update oidc_artifact set payload = payload ||
      jsonb_build_object('loginTs', extract(epoch from now())::bigint - 1000)
    where kind = 'Session' and account_id = ${people.old.id}`
  const entries = await listEntries(db, people.full.id)
  const [entry = '', reported = ''] = entries.map(({ id }) => id)
  await createEntryCase(db, parts.vault, {
    ...{ accountId: people.full.id, clientId: clients.allowed, entryId: reported, frozen: false },
    note: 'I did not ask for this.',
  })
  const waiting = await addClient(parts, { name: 'Roatán Notary', scope: EVERYTHING })

  return {
    people,
    verifications,
    photos: { full: await photoOf(verifications.full), old: await photoOf(verifications.old) },
    clients,
    /** What an application saw of `full`. */
    entry,
    reported,
    links: {
      ...(await requestLinks(issuer, browsers.nobody, people.empty.email, receiveLink)),
      notMe: await receiveLink(people.full.email, '/not-me/'),
      verifyEmail: await requestNewAddress(issuer, browsers.empty, receiveLink),
      subject: await linkSubjects({ issuer, parts }, people.full.id, waiting.client_id),
    },
    /** A request of an application for everything; of one that waits for a first decision, unless another is named. */
    async request(clientId?: string): Promise<string> {
      const client = clientId === undefined ? waiting : { client_id: clientId }
      const application = await createApplication(issuer, client)
      const scope = clientId === undefined ? EVERYTHING : 'openid profile'
      return (await application.authorizationRequest(scope)).url
    },
    async deviceCode(): Promise<string> {
      const answer = await fetch(`${issuer}/api/oauth/device_authorization`, {
        method: 'POST',
        body: new URLSearchParams({ client_id: 'eprospera-cli', scope: 'openid profile' }),
      })
      return ((await answer.json()) as { user_code: string }).user_code
    },
    browserOf: (who: Who) => browsers[who],
    /** The cookies of a person's browser. */
    cookiesOf: (who: Who) =>
      [...browsers[who].jar].map(([key, { value, path }]) => ({
        name: key.split(' ')[1] ?? '',
        value,
        domain: new URL(issuer).hostname,
        path,
      })),
  }
}

async function signedIn(issuer: string, email: string, code?: string): Promise<UserAgent> {
  const browser = createUserAgent()
  const page = await browser.submit(await browser.open(`${issuer}/sign-in`), 'login', {
    email,
    password: PASSWORD,
  })
  if (code !== undefined) await browser.submit(page, 'verify', { code })
  return browser
}

/** An application that may see everything and has looked, and a frozen one. */
async function connectApplications(
  { issuer, parts }: Portal,
  browser: UserAgent,
  { id, email }: { id: string; email: string },
) {
  const allowed = await addClient(parts)
  await setClientProfile(parts.db, allowed.client_id, {
    operator: 'Bluewater Ltd',
    purpose: 'To open your account.',
    policy_uri: 'https://bank.test/privacy',
  })
  const application = await createApplication(issuer, allowed)
  const { access_token } = await application.obtainTokens(ALL_SCOPES, email, browser)
  for (const path of ['id-verification', 'residency'])
    await fetch(`${issuer}/api/v1/me/natural-person/${path}`, {
      headers: { Authorization: `Bearer ${access_token}` },
    })
  const frozen = await addClient(parts, { name: 'Unexpected Lottery' })
  await parts.db.begin((sql) => freezeConsent(sql, { accountId: id, clientId: frozen.client_id }))
  return { allowed: allowed.client_id, frozen: frozen.client_id }
}

/** Asks for a new password and an account, as somebody does who is not signed in. */
async function requestLinks(
  issuer: string,
  browser: UserAgent,
  email: string,
  receiveLink: (to: string, path: string) => Promise<string>,
) {
  const newcomer = 'newcomer@example.test'
  await browser.submit(await browser.open(`${issuer}/reset`), 'send', { email })
  await browser.submit(await browser.open(`${issuer}/sign-up`), 'send', { email: newcomer })
  return {
    reset: await receiveLink(email, '/reset/'),
    signUp: await receiveLink(newcomer, '/sign-up/'),
  }
}

async function requestNewAddress(
  issuer: string,
  browser: UserAgent,
  receiveLink: (to: string, path: string) => Promise<string>,
) {
  const email = 'new-address@example.test'
  await browser.submit(await browser.open(`${issuer}/account`), 'change-email', { email })
  return receiveLink(email, '/verify-email/')
}

/** Links one subject of an organisation to the account, and returns the address that links another one. */
async function linkSubjects({ issuer, parts }: Portal, accountId: string, clientId: string) {
  const { db, vault } = parts
  await ensureTenant(db, 'notary')
  await db.begin((sql) => setTenant(sql, 'notary', { displayName: 'Roatán Notary' }))
  const linkOf = async (externalId: string) => {
    const subjectId = await findOrCreateSubject(db, { tenant: 'notary', externalId })
    return (await createLink(db, { subjectId, clientId, returnTo: undefined }))?.token ?? ''
  }
  await acceptLink({ db, vault }, { token: await linkOf('first'), accountId, hold: async () => {} })
  return `${issuer}/link/${await linkOf('second')}`
}
