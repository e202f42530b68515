import { describe, expect, test } from 'vitest'
import { passkeyScript, securityHeaders, stylesheet } from '../../src/html.ts'
import {
  consentPage,
  deviceCodePage,
  deviceConfirmPage,
  deviceDonePage,
  errorPage,
  signedOutPage,
  signInPage,
  signOutPage,
} from '../../src/oauth/pages.ts'
import { isScope, KNOWN_UNGRANTED, SCOPES, type Scope } from '../../src/oauth/scopes.ts'
import { accountPage } from '../../src/portal/account-pages.ts'
import { deviceOf } from '../../src/portal/devices.ts'
import { confirmPage } from '../../src/portal/guard-pages.ts'
import {
  askResetPage,
  confirmEmailPage,
  emailConfirmedPage,
  newPasswordPage,
  passwordSetPage,
  resetSentPage,
} from '../../src/portal/mail-link-pages.ts'
import { outboxPage } from '../../src/portal/outbox.ts'
import { homePage } from '../../src/portal/pages.ts'

const HOSTILE = `"><script>alert('x')</script>&`
const scopes = Object.keys(SCOPES).filter(isScope)

/** Every page with something hostile in every place. */
const pages: Record<string, string> = {
  signIn: String(
    signInPage({
      action: '/interaction/x',
      csrf: HOSTILE,
      clientName: HOSTILE,
      email: HOSTILE,
      error: HOSTILE,
    }),
  ),
  consent: String(
    consentPage({
      action: '/interaction/x',
      csrf: HOSTILE,
      client: { name: HOSTILE },
      account: { name: HOSTILE, email: HOSTILE },
      scopes,
    }),
  ),
  error: String(errorPage({ title: HOSTILE, message: HOSTILE, requestId: HOSTILE })),
  signOut: String(signOutPage({ action: '/end', xsrf: HOSTILE })),
  signedOut: String(signedOutPage({})),
  deviceCode: String(
    deviceCodePage({ action: '/device', xsrf: HOSTILE, userCode: HOSTILE, error: HOSTILE }),
  ),
  deviceConfirm: String(
    deviceConfirmPage({ action: '/device', xsrf: HOSTILE, userCode: HOSTILE, clientName: HOSTILE }),
  ),
  deviceDone: String(deviceDonePage({ clientName: HOSTILE })),
  confirm: String(
    confirmPage({
      action: '/account/email',
      csrf: HOSTILE,
      email: HOSTILE,
      fields: [[HOSTILE, HOSTILE]],
      error: HOSTILE,
    }),
  ),
  account: String(
    accountPage({
      csrf: HOSTILE,
      email: HOSTILE,
      isRecent: true,
      passkeys: [
        { id: HOSTILE, name: HOSTILE, synced: true, createdAt: new Date(0), usedAt: new Date(0) },
      ],
      devices: [
        {
          uid: HOSTILE,
          name: HOSTILE,
          signedInAt: new Date(0),
          usedAt: new Date(0),
          isThis: false,
        },
      ],
      notice: HOSTILE,
      error: HOSTILE,
      newEmail: HOSTILE,
    }),
  ),
  askReset: String(askResetPage({ csrf: HOSTILE, email: HOSTILE, error: HOSTILE })),
  resetSent: String(resetSentPage({})),
  newPassword: String(
    newPasswordPage({ action: '/reset/x', csrf: HOSTILE, email: HOSTILE, error: HOSTILE }),
  ),
  passwordSet: String(passwordSetPage({})),
  confirmEmail: String(
    confirmEmailPage({ action: '/verify-email/x', csrf: HOSTILE, email: HOSTILE }),
  ),
  emailConfirmed: String(emailConfirmedPage({})),
  outbox: String(
    outboxPage({
      mails: [
        {
          id: HOSTILE,
          to: HOSTILE,
          subject: HOSTILE,
          text: `${HOSTILE} https://id.test/${HOSTILE}`,
          createdAt: new Date(0),
        },
      ],
    }),
  ),
  home: String(
    homePage({
      account: { name: HOSTILE, email: HOSTILE },
      csrf: HOSTILE,
      notice: HOSTILE,
      verifications: [
        {
          id: HOSTILE,
          vendor: HOSTILE,
          status: HOSTILE,
          date: new Date(0),
          documentType: HOSTILE,
          imagesPending: true,
          imagesHidden: true,
          images: [{ type: HOSTILE, url: `https://s3.test/${HOSTILE}` }],
        },
      ],
      applications: [{ clientId: HOSTILE, name: HOSTILE, scopes, createdAt: new Date(0) }],
    }),
  ),
}

const withoutOwnScript = (page: string) =>
  page.replace(`<script src="${passkeyScript.path}" defer></script>`, '')

test('the script is on the pages that ask who somebody is, and its buttons wait for it', () => {
  const having = Object.keys(pages).filter((name) => pages[name]?.includes(passkeyScript.path))
  expect(having).toEqual(['signIn', 'confirm', 'account'])
  for (const name of having)
    expect(pages[name]).toMatch(/<button type="button"[^>]* data-passkey="[^>]* hidden>/)
})

describe.each(Object.entries(pages))('the %s page', (_name, page) => {
  test('writes nothing hostile as it came', () => {
    expect(withoutOwnScript(page)).not.toContain('<script')
    expect(page).not.toContain("alert('x')")
  })
  test('has no inline style or script, and loads its own stylesheet and script alone', () => {
    expect(withoutOwnScript(page)).not.toMatch(/<style|<script|\sstyle="|\son[a-z]+="/)
    expect([...page.matchAll(/<link[^>]*href="([^"]*)"/g)].map(([, href]) => href)).toEqual([
      stylesheet.path,
    ])
  })
  test('has a language, a title, one heading of the first level, and a label for each field', () => {
    expect(page).toContain('<html lang="en">')
    expect(page).toMatch(/<title>[^<]+<\/title>/)
    expect(page.match(/<h1/g)).toHaveLength(1)
    for (const [, id] of page.matchAll(/<input id="([^"]+)"/g))
      expect(page).toContain(`<label for="${id}">`)
    for (const [image] of page.matchAll(/<img[^>]*>/g)) expect(image).toMatch(/alt="[^"]+"/)
  })
})

test('fields and buttons have the names that programs know', () => {
  for (const name of ['name="email"', 'name="password"', 'name="login"', 'name="abort"'])
    expect(pages.signIn).toContain(name)
  for (const name of ['name="allow"', 'name="deny"']) expect(pages.consent).toContain(name)
})

test('the consent page says each permission in words, how long, and how to end it', () => {
  for (const scope of scopes) expect(pages.consent).toContain(SCOPES[scope].title)
  expect(pages.consent).toContain('one hour')
  expect(pages.consent).toContain('at any time')
})

test.each([
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
    'Firefox on Windows',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    'Safari on iPhone',
  ],
  [
    'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
    'Chrome on Android',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
    'Edge on Mac',
  ],
  ['curl/8.5.0', 'Unknown device'],
  [HOSTILE, 'Unknown device'],
  [null, 'Unknown device'],
])('the device of %s is %s', (userAgent, device) => {
  expect(deviceOf(userAgent)).toBe(device)
})

test('no scope is both granted and known not to be', () => {
  expect(KNOWN_UNGRANTED.filter((scope) => Object.hasOwn(SCOPES, scope as Scope))).toEqual([])
})

test('a page’s headers let nothing in that it does not need', () => {
  const headers = securityHeaders({ issuer: 'https://id.test' })
  expect(headers['Content-Security-Policy']).toBe(
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  )
  const passkeys = securityHeaders({ issuer: 'https://id.test', passkeys: true })
  expect(passkeys['Content-Security-Policy']).toContain(
    "style-src 'self'; script-src 'self'; connect-src 'self';",
  )
  expect(headers).toMatchObject({
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    'Strict-Transport-Security': expect.stringContaining('max-age=31536000'),
  })
  expect(securityHeaders({ issuer: 'http://localhost:3000' })).not.toHaveProperty(
    'Strict-Transport-Security',
  )
})

test('a form may lead on to the application, by origin or by its own scheme, and to nothing made up', () => {
  const policy = (target: string) =>
    securityHeaders({ issuer: 'https://id.test', formTargets: [target] })['Content-Security-Policy']
  expect(policy('https://app.test:8443/cb?x=1')).toContain(
    "form-action 'self' https://app.test:8443;",
  )
  expect(policy('com.example.app:/cb')).toContain("form-action 'self' com.example.app:;")
  expect(policy("nonsense; script-src 'unsafe-inline'")).toContain("form-action 'self';")
})
