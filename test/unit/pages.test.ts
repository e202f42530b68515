import { describe, expect, test } from 'vitest'
import { isScope, SCOPES, type Scope, UNAVAILABLE_SCOPES } from '../../src/clients/scopes.ts'
import type { Consent } from '../../src/consents/consents.ts'
import { readChoice, termsOf } from '../../src/consents/form.ts'
import { consentPage, frozenPage } from '../../src/consents/page.ts'
import type { ConsentRules } from '../../src/consents/rules.ts'
import type { SharedData, StoredDocuments } from '../../src/consents/shared-data.ts'
import type { OwnVerification, Photo } from '../../src/id-verification/own-verifications.ts'
import {
  deviceCodePage,
  deviceConfirmPage,
  deviceDonePage,
  errorPage,
  protocolErrorPage,
  signedOutPage,
  signInPage,
  signOutPage,
} from '../../src/oauth/pages.ts'
import { secondStepPage } from '../../src/oauth/second-step-pages.ts'
import {
  accessibilityPage,
  contactPage,
  helpPage,
  privacyPage,
} from '../../src/portal/about-pages.ts'
import { accountPage } from '../../src/portal/account-pages.ts'
import { applicationPage } from '../../src/portal/application-page.ts'
import { deviceOf } from '../../src/portal/devices.ts'
import { devicesPage } from '../../src/portal/devices-page.ts'
import {
  erasedPage,
  erasePage,
  erasureBanner,
  erasureRequestedPage,
} from '../../src/portal/erase-pages.ts'
import { exportPage } from '../../src/portal/export-page.ts'
import { confirmPage } from '../../src/portal/guard-pages.ts'
import {
  askResetPage,
  confirmEmailPage,
  emailConfirmedPage,
  emailSentPage,
  newPasswordPage,
  passwordSetPage,
  resetSentPage,
} from '../../src/portal/mail-link-pages.ts'
import { notMeDonePage, notMePage } from '../../src/portal/not-me-pages.ts'
import { outboxPage } from '../../src/portal/outbox.ts'
import { homePage } from '../../src/portal/pages.ts'
import { photoPage } from '../../src/portal/photo-pages.ts'
import {
  newAccountPage,
  requestExpiredPage,
  signUpPage,
  signUpSentPage,
} from '../../src/portal/sign-up-pages.ts'
import { verificationPage } from '../../src/portal/verification-page.ts'
import { passkeyScript, securityHeaders } from '../../src/web/html.ts'
import type { Reader } from '../../src/web/reader.ts'
import { createSite, PLAIN_SITE } from '../../src/web/site.ts'
import { LANGUAGES, LOCALES, type Locale } from '../../src/web/texts/languages.ts'

const HOSTILE = `"><script>alert('x')</script>&`
const scopes = Object.keys(SCOPES).filter(isScope)

const CLIENT = {
  clientId: HOSTILE,
  name: HOSTILE,
  operator: HOSTILE,
  purpose: HOSTILE,
  clientUri: `https://app.test/${HOSTILE}`,
  policyUri: `https://app.test/policy${HOSTILE}`,
  tosUri: `https://app.test/terms${HOSTILE}`,
  logo: `/applications/${HOSTILE}/logo`,
  alternatives: { 'eprospera:person.details.read': 'profile' as const },
  isTrusted: false,
  resembles: HOSTILE,
}
const ACCOUNT = { name: HOSTILE, email: HOSTILE, emailVerified: true }
const PHOTO: Photo = {
  id: HOSTILE,
  verificationId: HOSTILE,
  type: HOSTILE,
  key: HOSTILE,
  contentType: HOSTILE,
  size: 960_354,
  sha256: HOSTILE,
  capturedAt: new Date(0),
  storedAt: new Date(0),
  thumbnailKey: HOSTILE,
}
const VERIFICATION: OwnVerification = {
  id: HOSTILE,
  vendor: HOSTILE,
  status: 'approved',
  date: new Date(0),
  decidedAt: new Date(0),
  documentType: 'passport',
  match: 'mismatch',
  matchDifferences: ['name'],
  matchReview: null,
  documentExpiresOn: new Date(0),
  isExpired: false,
  expiresSoon: true,
  reasons: null,
  isLatest: true,
  isOfSubject: false,
  imagesPending: false,
  imagesRefused: false,
  images: [{ id: HOSTILE, type: HOSTILE, hasThumbnail: false }],
  decisions: [{ attempt: 1, status: HOSTILE, at: new Date(0), isReview: true }],
  isOfResident: true,
  findings: {
    givenName: HOSTILE,
    surname: HOSTILE,
    fullName: HOSTILE,
    dateOfBirth: '1990-02-31',
    nationality: 'HN',
    documentType: 'passport',
    country: HOSTILE,
    number: 'E123456',
    issuedOn: HOSTILE,
    expiresOn: undefined,
  },
  reference: {
    givenName: HOSTILE,
    surname: HOSTILE,
    dateOfBirth: '1990-02-03',
    statedBy: 'registry',
  },
}
const DOCUMENTS: StoredDocuments = {
  documentType: 'passport',
  date: new Date('2026-11-03T10:00:00Z'),
  since: new Date('2026-11-03T10:05:00Z'),
  front: true,
  back: true,
  face: true,
  images: [{ id: HOSTILE, type: 'selfie', hasThumbnail: true }],
}
const RULES: ConsentRules = {
  periods: ['day', 'month', 'quarter', 'year', 'open'],
  standard: 'quarter',
  isSensitive: (scope) => scope === 'eprospera:person.id_verification.read',
}
const SHARED: SharedData = {
  account: ACCOUNT,
  documents: DOCUMENTS,
  isRecent: true,
  person: {
    givenName: HOSTILE,
    surname: HOSTILE,
    name: HOSTILE,
    residentPermitNumber: '20260000000017',
    countryOfBirth: HOSTILE,
    citizenships: [HOSTILE],
    dateOfBirth: '1990-02-03',
    sex: 'F',
    address: {
      country: HOSTILE,
      line1: HOSTILE,
      line2: null,
      city: HOSTILE,
      state: null,
      postalCode: HOSTILE,
    },
    phoneNumber: HOSTILE,
  },
  residency: {
    wasEverResident: true,
    activeResidency: {
      effectiveDate: '2024-09-01',
      terminationDate: null,
      residencyType: 'e-Resident',
      version: 'v08.29.2024',
    },
  },
  isAdult: true,
}
const CONSENT: Consent = {
  scopes: [...scopes, HOSTILE],
  declined: [HOSTILE],
  withheldImages: ['document_back'],
  createdAt: new Date(0),
  endsAt: new Date('2027-03-01T00:00:00Z'),
  purpose: HOSTILE,
  isEnded: false,
  isCurrent: false,
  isFrozen: false,
  alternatives: {},
}
const WAITING = { interactionUid: HOSTILE, clientName: HOSTILE }
const NOW = new Date('2026-11-21T12:00:00Z')

type ConsentPage = Parameters<typeof consentPage>[1]

const SITE = createSite(PLAIN_SITE)
const readerOf = (locale: Locale): Reader => ({
  locale,
  texts: LANGUAGES[locale],
  returnTo: `/?${HOSTILE}`,
  site: SITE,
})
const ENGLISH = readerOf('en')

const consentFor = (change: Partial<ConsentPage> = {}, reader = ENGLISH) =>
  String(
    consentPage(reader, {
      action: '/interaction/x',
      csrf: HOSTILE,
      client: CLIENT,
      purposeDigest: HOSTILE,
      scopes,
      alternatives: {},
      shared: SHARED,
      rules: RULES,
      before: undefined,
      willConfirm: true,
      returnsTo: HOSTILE,
      now: NOW,
      ...change,
    }),
  )

const withContact = (reader: Reader): Reader => ({
  ...reader,
  site: {
    ...SITE,
    contact: {
      operator: HOSTILE,
      address: HOSTILE,
      email: HOSTILE,
      phone: HOSTILE,
      policyUrl: `https://operator.test/${HOSTILE}`,
    },
  },
})

/** Every page with something hostile in every place. */
const renderPages = (reader: Reader): Record<string, string> => ({
  help: String(helpPage(reader)),
  contact: String(contactPage(withContact(reader), { hasSecurityTxt: true })),
  contactNone: String(contactPage(reader, { hasSecurityTxt: false })),
  privacy: String(
    privacyPage(withContact(reader), {
      approved: null,
      declined: 365,
      unfinished: 90,
      delivery: 90,
    }),
  ),
  accessibility: String(accessibilityPage(reader)),
  signIn: String(
    signInPage(reader, {
      action: '/interaction/x',
      csrf: HOSTILE,
      clientName: HOSTILE,
      signUpPath: `/interaction/${HOSTILE}/sign-up`,
      email: HOSTILE,
      error: HOSTILE,
    }),
  ),
  consent: consentFor({}, reader),
  consentAgain: consentFor({ before: CONSENT }, reader),
  consentOrLess: consentFor({ alternatives: CLIENT.alternatives }, reader),
  application: String(
    applicationPage(reader, {
      client: CLIENT,
      consent: CONSENT,
      shared: SHARED,
      rules: RULES,
      csrf: HOSTILE,
      isSaved: true,
      now: NOW,
    }),
  ),
  error: String(errorPage(reader, { title: HOSTILE, message: HOSTILE, requestId: HOSTILE })),
  protocolError: String(
    protocolErrorPage(reader, {
      code: HOSTILE,
      description: HOSTILE,
      requestId: HOSTILE,
      consoleAddress: 'https://portal.example.org/developers/requests?id=1',
      detail: [
        { name: HOSTILE, arrived: HOSTILE, expected: [HOSTILE] },
        { name: HOSTILE, arrived: { [HOSTILE]: HOSTILE }, expected: [] },
      ],
    }),
  ),
  signOut: String(signOutPage(reader, { action: '/end', xsrf: HOSTILE })),
  signedOut: String(signedOutPage(reader)),
  deviceCode: String(
    deviceCodePage(reader, { action: '/device', xsrf: HOSTILE, userCode: HOSTILE, error: HOSTILE }),
  ),
  deviceConfirm: String(
    deviceConfirmPage(reader, {
      action: '/device',
      xsrf: HOSTILE,
      userCode: HOSTILE,
      clientName: HOSTILE,
    }),
  ),
  deviceDone: String(deviceDonePage(reader, { clientName: HOSTILE })),
  confirm: String(
    confirmPage(reader, {
      action: '/account/email',
      csrf: HOSTILE,
      email: HOSTILE,
      fields: [[HOSTILE, HOSTILE]],
      error: HOSTILE,
    }),
  ),
  account: String(
    accountPage(reader, {
      csrf: HOSTILE,
      email: HOSTILE,
      mayChangeFactors: true,
      factors: { hasTotp: true, hasPasskey: true, recoveryCodes: 7 },
      passwordError: HOSTILE,
      passkeys: [
        {
          id: HOSTILE,
          name: HOSTILE,
          synced: true,
          createdAt: new Date(0),
          usedAt: new Date(0),
          needsPassword: true,
        },
      ],
      mayDevelop: true,
      sessions: 2,
      notice: HOSTILE,
      error: HOSTILE,
      newEmail: HOSTILE,
    }),
  ),
  devices: String(
    devicesPage(reader, {
      csrf: HOSTILE,
      devices: [
        {
          uid: HOSTILE,
          name: HOSTILE,
          method: 'password',
          applications: [HOSTILE],
          signedInAt: new Date(0),
          usedAt: new Date(0),
          isThis: false,
        },
      ],
      staying: [{ clientId: HOSTILE, name: HOSTILE }],
      notice: HOSTILE,
    }),
  ),
  export: String(
    exportPage(reader, {
      csrf: HOSTILE,
      last: {
        id: HOSTILE,
        state: 'ready',
        files: 7,
        size: 1,
        requestedAt: new Date(0),
        expiresAt: new Date(0),
      },
      isRecent: false,
      notice: HOSTILE,
      error: HOSTILE,
    }),
  ),
  erase: String(
    erasePage(reader, {
      csrf: HOSTILE,
      waitingDays: 14,
      applications: [HOSTILE],
      notice: HOSTILE,
      error: HOSTILE,
    }),
  ),
  erasureRequested: String(
    erasureRequestedPage(
      { ...reader, banner: erasureBanner(reader, { eraseAt: new Date(0), csrf: HOSTILE }) },
      { csrf: HOSTILE },
    ),
  ),
  erased: String(
    erasedPage(reader, {
      path: '/erasure/x',
      keys: HOSTILE,
      names: new Map([[HOSTILE, HOSTILE]]),
      proof: {
        id: HOSTILE,
        erasedAt: new Date(0),
        isComplete: true,
        verifications: [
          {
            id: HOSTILE,
            vendor: HOSTILE,
            images: 3,
            objectsDeletedAt: new Date(0),
            vendorAnswer: 'not-offered',
          },
        ],
        applications: [
          {
            event: HOSTILE,
            clientId: HOSTILE,
            state: 'delivered',
            deliveredAt: new Date(0),
            answer: 'kept',
            answerReason: HOSTILE,
          },
        ],
        ledger: null,
        receipt: HOSTILE,
      },
    }),
  ),
  secondStep: String(
    secondStepPage(reader, {
      action: '/interaction/x',
      csrf: HOSTILE,
      fields: [[HOSTILE, HOSTILE]],
      token: HOSTILE,
      step: { kind: 'code', hasTotp: true, hasPasskey: true, recoveryCodes: 3 },
      error: HOSTILE,
      mayCancel: true,
    }),
  ),
  enrol: String(
    secondStepPage(reader, {
      action: '/sign-in',
      csrf: HOSTILE,
      fields: [[HOSTILE, HOSTILE]],
      token: HOSTILE,
      step: { kind: 'enrol', secret: HOSTILE, uri: HOSTILE, enrolment: HOSTILE },
      error: HOSTILE,
    }),
  ),
  recoveryCodes: String(
    secondStepPage(reader, {
      action: '/sign-in',
      csrf: HOSTILE,
      fields: [[HOSTILE, HOSTILE]],
      token: HOSTILE,
      step: { kind: 'recovery-codes', codes: [HOSTILE] },
    }),
  ),
  askReset: String(askResetPage(reader, { csrf: HOSTILE, email: HOSTILE, error: HOSTILE })),
  emailSent: String(emailSentPage(reader, { csrf: HOSTILE, error: HOSTILE })),
  resetSent: String(resetSentPage(reader, { csrf: HOSTILE, error: HOSTILE })),
  newPassword: String(
    newPasswordPage(reader, { action: '/reset/x', csrf: HOSTILE, email: HOSTILE, error: HOSTILE }),
  ),
  passwordSet: String(
    passwordSetPage(reader, {
      applications: [{ name: HOSTILE, page: `https://id.test/applications/${HOSTILE}` }],
      passkeys: [{ name: HOSTILE, createdAt: NOW, usedAt: NOW }],
    }),
  ),
  signUp: String(
    signUpPage(reader, {
      csrf: HOSTILE,
      waiting: WAITING,
      byInvitation: true,
      email: HOSTILE,
      error: HOSTILE,
    }),
  ),
  signUpSent: String(
    signUpSentPage(reader, {
      csrf: HOSTILE,
      email: HOSTILE,
      waiting: WAITING,
      hasOutbox: true,
      byInvitation: true,
      error: HOSTILE,
    }),
  ),
  newAccount: String(
    newAccountPage(reader, {
      action: `/sign-up/${HOSTILE}`,
      csrf: HOSTILE,
      email: HOSTILE,
      clientName: HOSTILE,
      hasExpired: true,
      values: { 'given-name': HOSTILE, 'family-name': HOSTILE },
      errors: { 'given-name': HOSTILE, 'family-name': HOSTILE, password: HOSTILE },
    }),
  ),
  requestExpired: String(requestExpiredPage(reader, { clientName: HOSTILE })),
  notMe: String(
    notMePage(reader, {
      action: `/not-me/${HOSTILE}`,
      csrf: HOSTILE,
      about: { kind: 'consent', clientName: HOSTILE, path: `/applications/${HOSTILE}` },
    }),
  ),
  notMeSignIn: String(
    notMePage(reader, { action: '/not-me/x', csrf: HOSTILE, about: { kind: 'sign-in' } }),
  ),
  notMeDone: String(
    notMeDonePage(reader, {
      about: { kind: 'consent', clientName: HOSTILE, path: `/applications/${HOSTILE}` },
    }),
  ),
  frozen: String(frozenPage(reader, { action: '/interaction/x', csrf: HOSTILE, client: CLIENT })),
  applicationFrozen: String(
    applicationPage(reader, {
      client: CLIENT,
      consent: { ...CONSENT, isFrozen: true },
      shared: SHARED,
      rules: RULES,
      csrf: HOSTILE,
      isSaved: false,
      now: NOW,
    }),
  ),
  confirmEmail: String(
    confirmEmailPage(reader, { action: '/verify-email/x', csrf: HOSTILE, email: HOSTILE }),
  ),
  emailConfirmed: String(emailConfirmedPage(reader)),
  outbox: String(
    outboxPage(reader, {
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
    homePage(reader, {
      account: { name: HOSTILE, email: HOSTILE },
      csrf: HOSTILE,
      notice: HOSTILE,
      offeredName: { verificationId: HOSTILE, givenName: HOSTILE, surname: HOSTILE },
      verifications: [
        {
          id: HOSTILE,
          vendor: HOSTILE,
          status: HOSTILE,
          date: new Date(0),
          documentType: HOSTILE,
          match: 'mismatch' as const,
          matchDifferences: [HOSTILE],
          matchReview: null,
          documentExpiresOn: null,
          isExpired: false,
          expiresSoon: false,
          reasons: null,
          isLatest: true,
          isOfSubject: false,
          imagesPending: true,
          imagesRefused: false,
          imagesHidden: true,
          images: [{ id: HOSTILE, type: HOSTILE, hasThumbnail: true }],
        },
      ],
      applications: [
        {
          client: CLIENT,
          scopes,
          declined: scopes,
          createdAt: new Date(0),
          withheldImages: ['document_back'],
          endsAt: new Date(0),
          purpose: HOSTILE,
          isFrozen: true,
          lastReadAt: new Date(0),
        },
      ],
    }),
  ),
  photo: String(photoPage(reader, { photo: PHOTO, state: 'shown', csrf: HOSTILE })),
  photoHidden: String(photoPage(reader, { photo: PHOTO, state: 'hidden', csrf: HOSTILE })),
  photoUnreadable: String(photoPage(reader, { photo: PHOTO, state: 'unreadable', csrf: HOSTILE })),
  verification: String(
    verificationPage(reader, {
      verification: VERIFICATION,
      nameSource: 'registry',
      isRecent: true,
      csrf: HOSTILE,
    }),
  ),
  verificationHidden: String(
    verificationPage(reader, {
      verification: VERIFICATION,
      nameSource: 'registry',
      isRecent: false,
      csrf: HOSTILE,
    }),
  ),
})

const pages = renderPages(ENGLISH)

test('what needs a recent sign-in is not on the page before it', () => {
  expect(pages.photoHidden).not.toContain('<img')
  expect(pages.photoUnreadable).not.toContain('<img')
  expect(pages.verification).toContain('E123456')
  expect(pages.verificationHidden).not.toMatch(/<img|E123456|1990/)
})

const withoutOwnScript = (page: string) =>
  page.replace(`<script src="${passkeyScript.path}" defer></script>`, '')

test('the script is on the pages that ask who somebody is, and its buttons wait for it', () => {
  const having = Object.keys(pages).filter((name) => pages[name]?.includes(passkeyScript.path))
  expect(having).toEqual(['signIn', 'confirm', 'account', 'secondStep', 'newAccount'])
  for (const name of having)
    expect(pages[name]).toMatch(/<button type="button"[^>]* data-passkey="[^>]* hidden>/)
})

const inEveryLanguage = LOCALES.flatMap((locale) =>
  Object.entries(renderPages(readerOf(locale))).map(([name, page]) => ({ locale, name, page })),
)

describe.each(inEveryLanguage)('the $name page in $locale', ({ locale, page }) => {
  test('writes nothing hostile as it came', () => {
    expect(withoutOwnScript(page)).not.toContain('<script')
    expect(page).not.toContain("alert('x')")
  })
  test('has no inline style or script, and loads its own stylesheet and script alone', () => {
    expect(withoutOwnScript(page)).not.toMatch(/<style|<script|\sstyle="|\son[a-z]+="/)
    expect([...page.matchAll(/<link[^>]*href="([^"]*)"/g)].map(([, href]) => href)).toEqual([
      SITE.stylesheet.path,
    ])
  })
  test('has a language, a title, one heading of the first level, and a label for each field', () => {
    expect(page).toContain(`<html lang="${locale}">`)
    expect(page).toMatch(/<title>[^<]+<\/title>/)
    expect(page.match(/<h1/g)).toHaveLength(1)
    for (const [, id] of page.matchAll(/<input id="([^"]+)"/g))
      expect(page).toContain(`<label for="${id}">`)
    for (const [image] of page.matchAll(/<img[^>]*>/g)) expect(image).toMatch(/alt="[^"]+"/)
  })
})

test('every page offers the other language and returns to itself, but where something is shown once', () => {
  const without = Object.keys(pages).filter((name) => !pages[name]?.includes('action="/language"'))
  expect(without).toEqual(['recoveryCodes'])
  expect(pages.home).toContain('name="locale" value="es" lang="es">Español</button>')
  expect(pages.home).toContain('<span lang="en" aria-current="true">English</span>')
  const spanish = renderPages(readerOf('es')).home
  expect(spanish).toContain('name="locale" value="en" lang="en">English</button>')
  expect(spanish).toContain('<input type="hidden" name="return" value="/?&quot;&gt;')
})

test('an error page repeats nothing of the query, also not in its switch', () => {
  expect(pages.error).toContain('<input type="hidden" name="return" value="/">')
})

test('fields and buttons have the names that programs know', () => {
  for (const name of ['name="email"', 'name="password"', 'name="login"', 'name="abort"'])
    expect(pages.signIn).toContain(name)
  for (const name of ['name="allow"', 'name="deny"']) expect(pages.consent).toContain(name)
})

describe('the consent page', () => {
  const client = {
    ...CLIENT,
    name: 'Bluewater Bank',
    operator: 'Bluewater Ltd',
    purpose: 'To open your account',
    clientUri: 'https://bank.test/',
    policyUri: 'https://bank.test/privacy',
    tosUri: null,
    logo: '/applications/1/logo?sha256=ab',
  }
  const account = { name: 'Ana Mejía', email: 'ana@example.test', emailVerified: false }
  const text = (change: Partial<ConsentPage> = {}) =>
    consentFor({ client, shared: { ...SHARED, account }, returnsTo: 'bank.test', ...change })
  const plain = (page: string) =>
    page
      .replaceAll(/<[^>]+>/g, '')
      .replaceAll('&#39;', "'")
      .replaceAll(/\s+/g, ' ')
  const boxes = (page: string) =>
    [...page.matchAll(/<input[^>]*type="checkbox"[^>]*>/g)].map(([tag]) => ({
      scope: /value="([^"]*)"/.exec(tag)?.[1],
      isTicked: tag.includes(' checked'),
    }))

  test('says who asks, who runs it and what for, with its links and a logo of our own origin', () => {
    const page = text()
    expect(plain(page)).toContain('Run by Bluewater Ltd')
    expect(page).toContain('<q>To open your account</q>')
    expect(page).toContain('<a href="https://bank.test/privacy" rel="noreferrer">')
    expect(page).toContain('<img src="/applications/1/logo?sha256=ab" alt="Logo of Bluewater Bank"')
    expect(plain(page)).toContain('you go back to bank.test')
    const silent = plain(text({ client: { ...client, operator: null, purpose: null } }))
    expect(silent).toContain('It does not say who runs it')
    expect(silent).toContain('does not give a purpose')
  })

  test('says each permission in words, how long, and how to end it', () => {
    for (const scope of scopes) expect(text()).toContain(SCOPES[scope].title)
    expect(text()).toContain('one hour')
    expect(text()).toContain('at any time')
  })

  test('says which images and which data exactly', () => {
    const page = plain(text())
    expect(page).toContain(
      'Today: the front and back of your passport, your face, from the check of 3 November 2026.',
    )
    expect(page).toContain('Today: ana@example.test, not confirmed.')
    expect(page).toContain('Today: Ana Mejía.')
    const front = { ...DOCUMENTS, documentType: 'other', back: false, face: false }
    const withDocuments = (documents: SharedData['documents']) =>
      plain(text({ shared: { ...SHARED, account, documents } }))
    expect(withDocuments(front)).toContain('Today: the front of your document, from')
    expect(withDocuments(undefined)).toContain('none of your checks is approved')
    expect(page).toContain('Date of birth3 February 1990')
    expect(page).toContain('Today: e-Resident, since 1 September 2024.')
    const hidden = text({ shared: { account, documents: DOCUMENTS, isRecent: false } })
    expect(hidden).toContain('name="show"')
    for (const secret of ['3 February 1990', '/photos/', 'e-Resident'])
      expect(hidden).not.toContain(secret)
  })

  const photos = ['document_front', 'document_back', 'selfie']
  const images = 'eprospera:person.id_verification.read'
  /** The radio buttons of one question, with a mark on the chosen one. */
  const answers = (page: string, scope: string) =>
    [...page.matchAll(/name="permission ([^"]+)" value="([^"]*)"( checked)?/g)]
      .filter(([, question]) => question === scope)
      .map(([, , value, checked]) => `${value}${checked ?? ''}`)

  test('has a box for each permission but openid, ticked unless it was declined before, and an open question for a sensitive one', () => {
    expect(boxes(text())).toEqual([
      ...['profile', 'email', 'offline_access'].map((scope) => ({ scope, isTicked: true })),
      ...scopes
        .filter((scope) => scope.startsWith('eprospera:') && scope !== images)
        .map((scope) => ({ scope, isTicked: true })),
      ...photos.map((scope) => ({ scope, isTicked: false })),
    ])
    expect(answers(text(), images)).toEqual([images, ''])
    const before = { ...CONSENT, scopes: ['openid'], declined: ['email'], isCurrent: true }
    const again = text({ before, scopes: ['openid', 'email', 'profile'] })
    expect(boxes(again)).toEqual([
      { scope: 'profile', isTicked: true },
      { scope: 'email', isTicked: false },
    ])
    expect(plain(again)).toContain('You declined this before.')
    expect(plain(again)).toContain('New: it did not ask for this before.')
    expect(plain(again)).toContain('As it is: until 1 March 2027')
  })

  test('knows which photos were shared, and what was entered', () => {
    const before: Consent = { ...CONSENT, scopes: [images], declined: [], isCurrent: true }
    const asked = { scopes: [images] as const, before }
    expect(answers(text(asked), images)).toEqual([`${images} checked`, ''])
    const ticked = (page: string) =>
      boxes(page).flatMap(({ scope, isTicked }) => (isTicked ? [scope] : []))
    expect(ticked(text(asked))).toEqual(['document_front', 'selfie'])
    const form = { asked: images, images: 'asked', image: 'selfie', until: 'day' }
    const entered = text({ ...asked, before: undefined, entered: readChoice(form, RULES) })
    expect(answers(entered, images)).toEqual([images, ''])
    expect(ticked(entered)).toEqual(['selfie'])
    expect(entered).toContain('value="day" checked')
    expect(plain(entered)).toContain('Nothing has been shared yet.')
    expect(entered).toContain('<a href="#permission-0">')
  })

  test('has three buttons for a scope that may be less: less, all and neither', () => {
    const { alternatives } = CLIENT
    const whole = 'eprospera:person.details.read'
    const chosen = (before?: Consent) => answers(text({ alternatives, before }), whole)
    expect(chosen()).toEqual(['profile', `${whole} checked`, ''])
    const less = { ...CONSENT, scopes: ['profile'], declined: [whole], isCurrent: true }
    expect(chosen(less)).toEqual(['profile checked', whole, ''])
    expect(chosen({ ...less, scopes: [] })).toEqual(['profile', whole, ' checked'])
  })

  test('describes every box, and groups them under a legend', () => {
    const page = text()
    // The permissions, a question, its photos, and how long.
    expect(page.match(/<fieldset/g)).toHaveLength(4)
    expect(page.match(/<legend/g)).toHaveLength(4)
    for (const [, id] of page.matchAll(/aria-describedby="([^"]+)"/g))
      expect(page).toContain(`<div id="${id}" class="what">`)
  })

  test('offers ends by date, and says why it asks again', () => {
    const page = plain(text())
    expect(page).toContain('1 day, until 22 November 2026')
    expect(page).toContain('30 days, until 21 December 2026')
    expect(page).toContain('90 days, until 19 February 2027')
    expect(page).toContain('1 year, until 21 November 2027')
    expect(text().match(/type="radio"[^>]* checked/g)).toHaveLength(1)
    const ended = { ...CONSENT, isEnded: true }
    expect(plain(text({ before: ended }))).toContain('until 1 March 2027. That has ended')
    const other = { ...CONSENT, purpose: 'To greet you' }
    expect(plain(text({ before: other }))).toContain(
      'its purpose was: To greet you The purpose has changed',
    )
  })
})

describe('a choice', () => {
  test('is what is ticked and until when', () => {
    const choice = readChoice({ scope: ['email', 'profile'], until: 'month' }, RULES)
    expect(choice).toEqual({
      ticked: ['email', 'profile'],
      unanswered: [],
      images: undefined,
      until: 'month',
    })
    expect(choice && termsOf(choice, { profile: 'email' }, NOW)).toEqual({
      allowed: ['email', 'profile', 'email'],
      withheldImages: undefined,
      endsAt: new Date('2026-12-21T12:00:00Z'),
    })
    const open = readChoice({ until: 'open', images: 'asked', image: ['selfie', 'x'] }, RULES)
    expect(open && termsOf(open, {}, NOW)).toEqual({
      allowed: [],
      withheldImages: ['document_front', 'document_back'],
      endsAt: null,
    })
    const kept = readChoice({ scope: 'email', until: 'keep' }, RULES)
    expect(kept).toMatchObject({ ticked: ['email'], until: 'keep' })
    expect(kept && termsOf(kept, {}, NOW).endsAt).toBeUndefined()
  })
  test('names the questions without an answer; a box of the same scope answers', () => {
    const asked = ['email', 'profile', 'openid']
    const form = { asked, 'permission email': '', scope: ['openid'] }
    expect(readChoice(form, RULES)?.unanswered).toEqual(['profile'])
  })
  test('is none where only the button came, and refused where the end is made up or not offered', () => {
    expect(readChoice({ allow: '', csrf: 'x' }, RULES)).toBeUndefined()
    for (const until of ['for ever', 'constructor', ['day', 'year']])
      expect(() => readChoice({ until }, RULES)).toThrow('choose how long')
    const short: ConsentRules = { ...RULES, periods: ['day'] }
    expect(() => readChoice({ until: 'open' }, short)).toThrow('choose how long')
  })
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
  expect(deviceOf(ENGLISH.texts, userAgent)).toBe(device)
})

test('no scope is both granted and known not to be', () => {
  expect(UNAVAILABLE_SCOPES.filter((scope) => Object.hasOwn(SCOPES, scope as Scope))).toEqual([])
})

test('a page’s headers let nothing in that it does not need', () => {
  const headers = securityHeaders({ locale: 'en', issuer: 'https://id.test' })
  expect(headers['Content-Security-Policy']).toBe(
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  )
  const passkeys = securityHeaders({ locale: 'en', issuer: 'https://id.test', passkeys: true })
  expect(passkeys['Content-Security-Policy']).toContain(
    "style-src 'self'; script-src 'self'; connect-src 'self';",
  )
  expect(headers).toMatchObject({
    'Content-Language': 'en',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    'Strict-Transport-Security': expect.stringContaining('max-age=31536000'),
  })
  expect(securityHeaders({ locale: 'en', issuer: 'http://localhost:3000' })).not.toHaveProperty(
    'Strict-Transport-Security',
  )
})

test('a form may lead on to the application, and wherever https leads it from there, or by its own scheme, and to nothing made up', () => {
  const policy = (target: string) =>
    securityHeaders({ locale: 'en', issuer: 'https://id.test', formTargets: [target] })[
      'Content-Security-Policy'
    ]
  expect(policy('https://app.test:8443/cb?x=1')).toContain("form-action 'self' https:;")
  expect(policy('com.example.app:/cb')).toContain("form-action 'self' com.example.app:;")
  expect(policy("nonsense; script-src 'unsafe-inline'")).toContain("form-action 'self';")
})
