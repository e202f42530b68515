import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { totpUri } from '../../src/accounts/totp.ts'
import { setRetention } from '../../src/id-verification/retention.ts'
import { createUserAgent, type Page } from '../../src/local/sandbox/user-agent.ts'
import { PLAIN_SITE } from '../../src/web/site.ts'
import { receiveMail } from '../support/mailbox.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { addVerification } from '../support/verifications.ts'

const SPANISH = { 'Accept-Language': 'es-HN' }
const LOGO = '<svg xmlns="http://www.w3.org/2000/svg"/>'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal({
    worker: true,
    securityContacts: ['mailto:security@id.test'],
    site: {
      ...PLAIN_SITE,
      name: 'Identidad & Más',
      logo: { contentType: 'image/svg+xml', bytes: Buffer.from(LOGO) },
      colours: { light: '#7a1f5c', dark: undefined },
      timeZone: 'America/Tegucigalpa',
      contact: {
        operator: 'Bay Islands Registry',
        address: 'Calle Principal 1, Roatán',
        email: 'help@id.test',
        phone: '+504 2222-0000',
        policyUrl: 'https://id.test/policy',
      },
    },
  })
})
afterAll(() => portal.close())

const at = (path: string) => `${portal.issuer}${path}`

async function signedIn(path = '/', headers: Record<string, string> = {}) {
  const resident = await addResident(portal.parts)
  const browser = createUserAgent(headers)
  const page = await signInOn(browser, await browser.open(at(path)), resident.email)
  return { resident, browser, page }
}

const signInOn = (browser: ReturnType<typeof createUserAgent>, page: Page, email: string) =>
  browser.submit(page, 'login', { email, password: PASSWORD })

describe('the operator’s name, logo and colours', () => {
  test('are on every page, and its policy stays as strict', async () => {
    for (const path of ['/', '/help', '/reset', '/device', '/nothing-here', '/reference']) {
      const { text, headers } = await createUserAgent().open(at(path))
      expect(text, path).toMatch(/<title>[^<]+ · Identidad &amp; Más<\/title>/)
      expect(text, path).toMatch(
        /<a class="brand" href="\/"><img src="\/assets\/logo-[0-9a-f]{16}\.svg" alt="" class="logo">Identidad &amp; Más<\/a>/,
      )
      expect(headers.get('content-security-policy'), path).toMatch(
        /^default-src 'none'; style-src 'self'; .*img-src 'self'/,
      )
    }
  })

  test('are served under addresses that never change', async () => {
    const { text } = await createUserAgent().open(at('/'))
    const [logo = ''] = /\/assets\/logo-[^"]+/.exec(text) ?? []
    const [styles = ''] = /\/assets\/portal-[^"]+/.exec(text) ?? []
    const drawn = await fetch(at(logo))
    expect(await drawn.text()).toBe(LOGO)
    expect(Object.fromEntries(drawn.headers)).toMatchObject({
      'content-type': 'image/svg+xml',
      'cache-control': 'public, max-age=31536000, immutable',
      // Opened alone, it can run nothing.
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
    })
    expect(await (await fetch(at(styles))).text()).toContain('--accent:#7a1f5c')
  })

  test('the name is in mails, authenticator apps and documents for programs', async () => {
    const { resident } = await signedIn('/', SPANISH)
    const { text } = await receiveMail(
      portal,
      resident.email,
      'Nuevo inicio de sesión en su cuenta',
    )
    expect(text).toMatch(/\n\nIdentidad & Más\n$/)
    expect(text).toContain('(hora de Honduras)')
    expect(totpUri('JBSWY3DPEHPK3PXP', 'ana@id.test', 'A: B')).toContain('issuer=A%20%20B')
    const json = async (path: string) => (await fetch(at(path))).json()
    expect(await json('/openapi.json')).toMatchObject({ info: { title: 'Identidad & Más' } })
    expect(await json('/.well-known/oauth-protected-resource')).toMatchObject({
      resource_name: 'Identidad & Más',
    })
  })
})

describe('help, contact, privacy and accessibility', () => {
  test('are at the foot of every page, in both languages', async () => {
    for (const [headers, words] of [
      [{}, ['Help', 'Contact', 'Privacy', 'Accessibility']],
      [SPANISH, ['Ayuda', 'Contacto', 'Privacidad', 'Accesibilidad']],
    ] as const) {
      const browser = createUserAgent({ ...headers })
      const { text } = await browser.open(at('/'))
      const [, foot = ''] = text.split('<footer>')
      const links = [...foot.matchAll(/<a href="([^"]+)">([^<]+)/g)].map(([, href, word]) => [
        href,
        word,
      ])
      expect(links).toEqual(
        ['/help', '/contact', '/privacy', '/accessibility'].map((href, index) => [
          href,
          words[index],
        ]),
      )
      for (const [path = ''] of links) expect((await browser.open(at(path))).status).toBe(200)
    }
  })

  test('say how the operator is reached', async () => {
    const { text } = await createUserAgent().open(at('/contact'))
    for (const part of [
      'Bay Islands Registry',
      'Calle Principal 1, Roatán',
      'href="mailto:help@id.test"',
      'href="tel:+50422220000"',
      'href="/.well-known/security.txt"',
    ])
      expect(text).toContain(part)
  })

  test('say for how long checks are kept, as it is set', async () => {
    const privacy = async () => (await createUserAgent().open(at('/privacy'))).text
    expect(await privacy()).toContain(
      'Approved checks: until you or the people who run this portal erase it. Declined checks: 365 days. Unfinished checks: 90 days.',
    )
    expect(await privacy()).toContain('href="https://id.test/policy"')
    const resident = await addResident(portal.parts)
    await addVerification(portal.parts, resident.id)
    await setRetention(portal.db, { vendor: 'veriff' }, ['approved=700', 'declined=1'])
    expect(await privacy()).toContain(
      'Approved checks: 700 days. Declined checks: 1 day. Unfinished checks: 90 days.',
    )
  })
})

describe('the time zone', () => {
  test('is the operator’s until the resident chooses one, which their other browsers have too', async () => {
    const { resident, browser, page } = await signedIn('/account')
    expect(page.text).toContain('Times are shown in this zone: Honduras Time.')
    const mail = await receiveMail(portal, resident.email, 'New sign-in to your account')
    expect(mail.text).toContain('Honduras Time')
    const devices = async () => (await browser.open(at('/account/devices'))).text
    expect(await devices()).toMatch(/<time [^>]*>[^<]+ Honduras Time<\/time>/)
    const choice = await browser.open(at('/account/time-zone'))
    expect(choice.text).toContain('<option value="">The zone of this portal (Honduras Time)')
    const saved = await browser.submit(choice, 'save-time-zone', { 'time-zone': 'Asia/Kolkata' })
    expect(saved.url).toBe(at('/account'))
    expect(saved.text).toContain('The time zone was saved.')
    expect(await devices()).toMatch(/<time [^>]*>[^<]+ India Time<\/time>/)

    const other = createUserAgent(SPANISH)
    const account = await signInOn(other, await other.open(at('/account')), resident.email)
    expect(account.text).toContain('hora de India')
    expect((await other.open(at('/account/devices'))).text).toContain('(hora de India)')
    await browser.submit(await browser.open(at('/account')), 'change-email', {
      email: 'other@id.test',
    })
    const again = await browser.open(at('/account/time-zone'))
    expect(again.text).toMatch(/<option value="Asia\/(Kolkata|Calcutta)" selected>/)
    await browser.submit(again, 'save-time-zone', { 'time-zone': '' })
    expect((await browser.open(at('/account'))).text).toContain('Honduras Time')
  })

  test('that does not exist is refused beside the field', async () => {
    const { resident, browser } = await signedIn()
    const choice = await browser.open(at('/account/time-zone'))
    for (const zone of ['Honduras/Tegucigalpa', '+05:00', 'x'.repeat(100), "';--"]) {
      const refused = await browser.submit(choice, 'save-time-zone', { 'time-zone': zone })
      expect([zone, refused.status]).toEqual([zone, 400])
      expect(refused.text).toContain('aria-describedby="zone-error"')
    }
    const [row] = await portal.db`select time_zone from account where id = ${resident.id}`
    expect(row?.timeZone).toBeNull()
  })

  test('does not move dates of the calendar', async () => {
    const { resident, browser } = await signedIn()
    const { id } = await addVerification(portal.parts, resident.id)
    await portal.db`update verification set document_expires_on = '2035-06-07' where id = ${id}`
    expect((await browser.open(at('/'))).text).toContain(
      'The document is valid until <time datetime="2035-06-07">7 June 2035</time>.',
    )
  })
})

describe('after signing in', () => {
  test.each(['/activity', '/account', '/links', '/account/time-zone', '/activity?before=7'])(
    'one lands on %s, where one was going',
    async (path) => {
      const { page } = await signedIn(path)
      expect([page.status, page.url]).toEqual([200, at(path)])
    },
  )

  test('one lands on the page of an application or a photo, also by the second try and in another language', async () => {
    const client = await addClient(portal.parts)
    for (const path of [`/applications/${client.client_id}`, '/photos/x']) {
      const resident = await addResident(portal.parts)
      const browser = createUserAgent()
      const signIn = await browser.open(at(path))
      expect(signIn.text).toContain('<h1>Sign in</h1>')
      const wrong = await browser.submit(signIn, 'login', { email: resident.email, password: 'x' })
      expect(wrong.status).toBe(401)
      const spanish = await browser.submit(wrong, 'locale', { locale: 'es' })
      expect(spanish.text).toContain('<h1>Iniciar sesión</h1>')
      const page = await signInOn(browser, spanish, resident.email)
      expect([page.status, page.url]).toEqual([404, at(path)])
    }
  })

  test.each([
    'https://evil.test/',
    '//evil.test',
    '/\\evil.test',
    '/%09/evil.test',
    'javascript:alert(1)',
    '\u0000',
  ])('one never lands elsewhere: %j', async (address) => {
    const { page } = await signedIn(`/sign-in?return=${encodeURIComponent(address)}`)
    expect(new URL(page.url).origin).toBe(portal.issuer)
  })

  test('the sign-in page has an address, and leads on whoever is signed in already', async () => {
    const { browser, page } = await signedIn('/sign-in')
    expect(page.url).toBe(at('/'))
    expect((await browser.open(at('/sign-in?return=/links'))).url).toBe(at('/links'))
  })
})

test('a page that asks for a confirmation names what is confirmed', async () => {
  const { resident, browser, page } = await signedIn('/account')
  await portal.db`
    update oidc_artifact set payload = jsonb_set(payload, '{loginTs}', to_jsonb(extract(epoch from now())::int - 3600))
    where kind = 'Session' and payload->>'accountId' = ${resident.id}`
  const confirm = await browser.submit(page, 'change-email', { email: 'new@id.test' })
  expect(confirm.text).toContain('<strong>You are about to change your e-mail address.</strong>')
})
