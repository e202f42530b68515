import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createIncode } from '../../src/id-verification/vendors/incode.ts'
import { createKora } from '../../src/id-verification/vendors/kora.ts'
import { createMosaic } from '../../src/id-verification/vendors/mosaic.ts'
import { createStripe } from '../../src/id-verification/vendors/stripe.ts'
import { createSumsub } from '../../src/id-verification/vendors/sumsub.ts'
import type {
  DocumentFindings,
  IntegrationSettings,
  VendorDecision,
} from '../../src/id-verification/vendors/vendor.ts'
import { createVeriff } from '../../src/id-verification/vendors/veriff.ts'
import { bytesOf } from '../support/veriff-vectors.ts'

const integration = (settings: IntegrationSettings = {}) => ({
  name: 'default',
  tenant: 'default',
  baseUrl: 'https://vendor.test',
  settings,
  secrets: { apiKey: randomUUID() as string, sharedSecrets: ['the secret'] },
})
const veriff = createVeriff({ vendor: 'veriff', ...integration() })

/** The vendor, by path; every other call is answered with a token. */
function vendor(answers: Record<string, unknown>) {
  vi.stubGlobal('fetch', async (url: URL) =>
    Response.json(
      answers[url.pathname] ?? { access_token: 'token', expires_in: 60, token: 'token' },
    ),
  )
}
afterEach(() => vi.unstubAllGlobals())

const SESSION = 'f3a1c2d4-5b6e-4f70-8a91-b2c3d4e5f607'
const NONE: DocumentFindings = {
  givenName: undefined,
  surname: undefined,
  fullName: undefined,
  dateOfBirth: undefined,
  nationality: undefined,
  documentType: undefined,
  country: undefined,
  number: undefined,
  issuedOn: undefined,
  expiresOn: undefined,
}
const FULL: DocumentFindings = {
  givenName: 'Alma',
  surname: 'Muestra',
  fullName: 'Alma Muestra',
  dateOfBirth: '1990-04-12',
  nationality: 'UTO',
  documentType: 'passport',
  country: 'XX',
  number: 'U1234567',
  issuedOn: '2021-05-01',
  expiresOn: '2031-05-01',
}

/** One adapter: what the vendor sends for these members, and what becomes of it. */
type Adapter = {
  name: string
  full: DocumentFindings
  /** `status` is approved in all of them. */
  read(person: object, document: object): Promise<VendorDecision | undefined>
  person: Record<string, unknown>
  document: Record<string, unknown>
  dates: string[]
}

const readVeriff = (json: object) => {
  const reading = veriff.read(Buffer.from(JSON.stringify(json)))
  return reading.kind === 'decision' ? reading : undefined
}
const wrap = (members: object) =>
  Object.fromEntries(
    Object.entries(members).map(([name, value]) => [
      name,
      { confidenceCategory: 'high', value, sources: ['VIZ', 'MRZ'] },
    ]),
  )
const veriffPerson = {
  firstName: 'Alma',
  lastName: 'Muestra',
  fullName: 'Alma Muestra',
  dateOfBirth: '1990-04-12',
  nationality: 'UTO',
}
const veriffDocument = {
  type: 'PASSPORT',
  number: 'U1234567',
  country: 'XX',
  validFrom: '2021-05-01',
  validUntil: '2031-05-01',
}

const veriffDecision = (person: object, document: object) => ({
  status: 'success',
  verification: { id: SESSION, attemptId: 'a', status: 'approved', person, document },
})

const ADAPTERS: Adapter[] = [
  {
    name: 'a decision of Veriff',
    full: FULL,
    read: async (person, document) => readVeriff(veriffDecision(person, document)),
    person: veriffPerson,
    document: veriffDocument,
    dates: ['dateOfBirth', 'validFrom', 'validUntil'],
  },
  {
    name: 'the answer of Veriff',
    full: FULL,
    async read(person, document) {
      vendor({ [`/v1/sessions/${SESSION}/decision`]: veriffDecision(person, document) })
      return (await veriff.fetchResult(SESSION))[0]
    },
    person: veriffPerson,
    document: veriffDocument,
    dates: ['dateOfBirth', 'validFrom', 'validUntil'],
  },
  {
    name: 'a full-auto result of Veriff',
    full: FULL,
    read: async (person, document) =>
      readVeriff({
        eventType: 'fullauto',
        sessionId: SESSION,
        attemptId: 'a',
        data: {
          verification: {
            decision: 'approved',
            person: wrap(person),
            document: wrap(document),
          },
        },
      }),
    person: veriffPerson,
    document: { ...veriffDocument, type: 'passport' },
    dates: ['dateOfBirth', 'validFrom', 'validUntil'],
  },
  {
    name: 'Kora',
    full: FULL,
    async read(person, document) {
      vendor({
        [`/verifications/${SESSION}`]: {
          id: SESSION,
          status: 'verified',
          document_verification: { ...document, extracted_fields: person },
        },
      })
      return (await createKora({ vendor: 'kora', ...integration() }).fetchResult(SESSION))[0]
    },
    person: { full_name: 'Alma Muestra', nationality: 'UTO', issue_date: '2021-05-01' },
    document: {
      document_type: 'international_passport',
      document_number: 'U1234567',
      first_name: 'Alma',
      last_name: 'Muestra',
      date_of_birth: '1990-04-12',
      expiration_date: '2031-05-01',
      issuing_country: 'XX',
    },
    dates: ['date_of_birth', 'expiration_date', 'issue_date'],
  },
  {
    name: 'Incode',
    full: { ...FULL, givenName: 'Alma', surname: 'Muestra' },
    async read(person, document) {
      vendor({
        '/omni/get/onboarding/status': { onboardingStatus: 'ONBOARDING_FINISHED' },
        '/omni/get/score': { overall: { status: 'OK' } },
        '/omni/get/ocr-data': { name: person, ...document },
      })
      const incode = createIncode({
        vendor: 'incode',
        ...integration({ executiveEmail: 'executive@example.test' }),
      })
      return (await incode.fetchResult(SESSION))[0]
    },
    person: { fullName: 'Alma Muestra', firstName: 'Alma', paternalLastName: 'Muestra' },
    document: {
      typeOfId: 'Passport',
      birthDate: Date.UTC(1990, 3, 12),
      documentNumber: 'U1234567',
      issuedAt: String(Date.UTC(2021, 4, 1)),
      expireAt: String(Date.UTC(2031, 4, 1)),
      issueDate: 2021,
      expirationDate: 2031,
      issuingCountry: 'XX',
      nationality: 'UTOPÍA',
      nationalityMrz: 'UTO',
    },
    dates: ['birthDate', 'issuedAt', 'expireAt'],
  },
  ...(['new', 'verified_info', 'extracted_info'] as const).map((structure): Adapter => {
    const isNew = structure === 'new'
    return {
      name: `Mosaic in the structure ${structure}`,
      full: { ...FULL, nationality: undefined },
      async read(person, document) {
        vendor({
          [`/verify/api/v1/verification/${SESSION}/result`]: {
            session_id: SESSION,
            status: 'complete',
            recommendation: 'ALLOW',
            ...(isNew ? { person, document } : { [structure]: { person, document } }),
          },
        })
        return (await createMosaic({ vendor: 'mosaic', ...integration() }).fetchResult(SESSION))[0]
      },
      person: {
        full_name: 'Alma Muestra',
        given_name: 'Alma',
        surname: 'Muestra',
        date_of_birth: '1990-04-12T00:00:00.000Z',
      },
      document: {
        type: 'passport',
        country: 'XX',
        issue_date: '2021-05-01T00:00:00.000Z',
        [isNew ? 'number' : 'id_value']: 'U1234567',
        [isNew ? 'expiration_date' : 'valid_until']: '2031-05-01T00:00:00.000Z',
      },
      dates: ['date_of_birth', 'issue_date', isNew ? 'expiration_date' : 'valid_until'],
    }
  }),
  {
    name: 'Sumsub',
    full: { ...FULL, fullName: undefined },
    async read(person, document) {
      vendor({
        [`/resources/applicants/${SESSION}/one`]: {
          id: SESSION,
          info: { ...person, idDocs: [document] },
          review: { reviewStatus: 'completed', reviewResult: { reviewAnswer: 'GREEN' } },
        },
      })
      return (await createSumsub({ vendor: 'sumsub', ...integration() }).fetchResult(SESSION))[0]
    },
    person: { nationality: 'UTO' },
    document: {
      idDocType: 'PASSPORT',
      country: 'XX',
      firstName: 'Alma',
      lastName: 'Muestra',
      dob: '1990-04-12',
      number: 'U1234567',
      issuedDate: '2021-05-01',
      validUntil: '2031-05-01',
    },
    dates: ['dob', 'issuedDate', 'validUntil'],
  },
  {
    name: 'Stripe',
    full: { ...FULL, fullName: undefined, nationality: undefined },
    async read(person, document) {
      vendor({
        [`/v1/identity/verification_sessions/${SESSION}`]: {
          id: SESSION,
          status: 'verified',
          last_verification_report: 'vr_1',
        },
        '/v1/identity/verification_reports/vr_1': {
          id: 'vr_1',
          created: 0,
          verification_session: SESSION,
          document: { ...document, ...person },
        },
      })
      return (await createStripe({ vendor: 'stripe', ...integration() }).fetchResult(SESSION))[0]
    },
    person: {
      first_name: 'Alma',
      last_name: 'Muestra',
      dob: { day: 12, month: 4, year: 1990 },
    },
    document: {
      type: 'passport',
      issuing_country: 'XX',
      number: 'U1234567',
      issued_date: { day: 1, month: 5, year: 2021 },
      expiration_date: { day: 1, month: 5, year: 2031 },
    },
    dates: ['dob', 'issued_date', 'expiration_date'],
  },
]

describe.each(ADAPTERS)('$name', ({ read, person, document, full, dates }) => {
  test('keeps everything that was read from the document', async () => {
    const decision = await read(person, document)
    expect(decision?.findings).toEqual(full)
    expect(decision?.status).toBe('approved')
  })

  test('loses no member but the one that is missing or null', async () => {
    const whole = Object.values(full).filter((each) => each !== undefined)
    const least = Math.min(whole.length - 1, Object.values(full).length - 2)
    for (const gone of Object.keys({ ...person, ...document }))
      for (const value of [undefined, null]) {
        const decision = await read(
          gone in person ? { ...person, [gone]: value } : person,
          gone in document ? { ...document, [gone]: value } : document,
        )
        const kept = Object.values(decision?.findings ?? {}).filter((each) => each !== undefined)
        expect(kept.length, gone).toBeGreaterThanOrEqual(least)
        expect(decision?.status).toBe('approved')
      }
  })

  test('has no findings when nothing was read', async () => {
    for (const empty of [{}, { first_name: null }]) {
      const decision = await read(empty, empty)
      expect(decision?.status).toBe('approved')
      expect(decision?.findings).toBeUndefined()
    }
  })

  test.each([
    ['a number', 5],
    ['an object', { value: 'Alma' }],
    ['a list', ['Alma']],
    ['nothing but space', ' \u00a0\t'],
    ['a control character', 'Al\0ma'],
    ['an escape sequence', '\u001b[31mAlma'],
    ['a change of direction', 'Al\u202ema'],
    ['a lone surrogate', 'Al\ud800ma'],
    ['more than a name', 'A'.repeat(201)],
    ['very much more', 'A'.repeat(100_000)],
    ['true', true],
  ])('takes %s for no text and for no date, and keeps the decision', async (_what, value) => {
    const spoil = (members: object) =>
      Object.fromEntries(Object.keys(members).map((name) => [name, value]))
    const decision = await read(spoil(person), spoil(document))
    expect(decision?.status).toBe('approved')
    expect(decision?.findings).toBeUndefined()
  })

  test.each([
    '1990-02-30',
    '1990-13-01',
    '1990-00-10',
    '0001-01-01',
    '12/04/90',
    '900412',
    '12/04/1990',
    'April 12, 1990',
    '1990-04-12; drop',
    '',
    'Infinity',
    '99999999999999999999',
    -1,
    1990,
    642_902_400,
    Number.MAX_SAFE_INTEGER,
    0.5,
    '١٩٩٠-٠٤-١٢',
  ])('takes %j for no date', async (value) => {
    const spoil = (members: object) =>
      Object.fromEntries(
        Object.entries(members).map(([name, given]) => [
          name,
          dates.includes(name) ? value : given,
        ]),
      )
    const decision = await read(spoil(person), spoil(document))
    expect(decision?.status).toBe('approved')
    expect(decision?.findings).toEqual({
      ...full,
      dateOfBirth: undefined,
      issuedOn: undefined,
      expiresOn: undefined,
    })
  })

  test('keeps the decision when person and document are of another kind', async () => {
    for (const odd of [[], [1], 'text'] as unknown as object[])
      expect((await read(odd, {}))?.status).toBe('approved')
  })
})

describe('a value', () => {
  const readOne = (person: object, document: object = {}) =>
    readVeriff(veriffDecision(person, document))?.findings

  test('is normalised and trimmed, and white letters inside a name stay', () => {
    expect(readOne({ firstName: ' Jose\u0301 ', lastName: 'محمد\u200cرضا' })).toEqual({
      ...NONE,
      givenName: 'José',
      surname: 'محمد\u200cرضا',
    })
  })

  test.each([
    ['31/12/1990', '1990-12-31'],
    ['12/31/1990', '1990-12-31'],
    ['5.5.1990', '1990-05-05'],
    ['25-04-1990', '1990-04-25'],
    ['1990/04/12', '1990-04-12'],
    ['1990-04-12T23:59:59-05:00', '1990-04-12'],
    ['2000-02-29', '2000-02-29'],
    ['1900-02-29', undefined],
  ])('the date %s is %s', (written, read) => {
    expect(readOne({ firstName: 'Alma', dateOfBirth: written })?.dateOfBirth).toBe(read)
  })

  test('a birth date to come is none; an expiry in the far future is one', () => {
    const found = readOne(
      { firstName: 'Alma', dateOfBirth: '2999-01-01' },
      { validUntil: '9999-12-31' },
    )
    expect([found?.dateOfBirth, found?.expiresOn]).toEqual([undefined, '9999-12-31'])
  })

  test('a country is a code of two or three letters, in upper case', () => {
    const read = (country: unknown) => readOne({ firstName: 'Alma' }, { country })?.country
    expect(['hn', 'HND', 'D', 'Honduras', 'H1', '香港'].map(read)).toEqual([
      'HN',
      'HND',
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })
})

test('Veriff’s published messages: a decision names the person, an abandoned one nobody', () => {
  const read = (id: string) => {
    const reading = veriff.read(bytesOf(id))
    return reading.kind === 'decision' ? reading.findings : reading.kind
  }
  expect(read('V-DEC-REVIEW')).toMatchObject({
    givenName: 'ANA',
    surname: 'MEJIA',
    dateOfBirth: '1990-04-12',
    nationality: 'HN',
    documentType: 'passport',
    country: 'HN',
    number: 'E123456',
    expiresOn: '2031-05-01',
  })
  expect(read('V-FULLAUTO')).toEqual({ ...NONE, givenName: 'ANA', documentType: 'passport' })
  expect(read('V-DEC-ABANDONED')).toBeUndefined()
  expect(read('V-EVT-SUBMITTED')).toBeUndefined()
})

describe('Incode', () => {
  const read = async (ocr: unknown, settings: IntegrationSettings = {}, score = 'OK') => {
    vendor({
      '/omni/get/onboarding/status': { onboardingStatus: 'ONBOARDING_FINISHED' },
      '/omni/get/score': { overall: { status: score } },
      [String(settings.ocrDataPath ?? '/omni/get/ocr-data')]: ocr,
    })
    const incode = createIncode({
      vendor: 'incode',
      ...integration({ executiveEmail: 'executive@example.test', ...settings }),
    })
    return (await incode.fetchResult(SESSION))[0]
  }

  test.each([
    [{ firstName: 'Ana', middleName: 'María' }, 'Ana María'],
    [{ firstName: 'Ana María', middleName: 'María' }, 'Ana María'],
    [{ givenName: 'Ana María' }, 'Ana María'],
    [{ givenNameMrz: 'ANA MARIA' }, 'ANA MARIA'],
  ])('has its given names in several members: %j', async (name, givenName) => {
    expect((await read({ name }))?.findings?.givenName).toBe(givenName)
  })

  test('has two surnames in two members, and full names in three', async () => {
    const surnames = { paternalLastName: 'Mejía', maternalLastName: 'López' }
    expect((await read({ name: surnames }))?.findings?.surname).toBe('Mejía López')
    expect((await read({ name: { lastNameMrz: 'MEJIA LOPEZ' } }))?.findings?.surname).toBe(
      'MEJIA LOPEZ',
    )
    expect((await read({ name: { machineReadableFullName: 'ANA M' } }))?.findings?.fullName).toBe(
      'ANA M',
    )
    expect((await read({ fullNameMrz: 'ANA M' }))?.findings?.fullName).toBe('ANA M')
  })

  test('may have its text at another path, and wrapped', async () => {
    const found = await read(
      { ocrData: { name: { fullName: 'Ana Mejía' }, typeOfId: 'Passport' } },
      { ocrDataPath: '/omni/get/ocr-data/v2' },
    )
    expect(found).toMatchObject({
      documentType: 'passport',
      findings: { fullName: 'Ana Mejía', documentType: 'passport' },
    })
    await expect(read({}, { ocrDataPath: 'https://other.test/' })).rejects.toThrow('ocrDataPath')
  })

  test.each([
    ['WARN', 'review'],
    ['FAIL', 'declined'],
  ])('is read too with the score %s, which does not wait for it', async (score, status) => {
    const found = await read({ name: { fullName: 'Ana Mejía' } }, {}, score)
    expect(found).toMatchObject({ status, documentType: undefined })
    expect(found?.findings?.fullName).toBe('Ana Mejía')
    expect(await read('no text', {}, score)).toMatchObject({ status })
  })
})

test('no explanation, reason or error repeats what was read', async () => {
  const canary = {
    first_name: 'CANARY',
    firstName: 'CANARY',
    given_name: 'CANARY',
    full_name: 'CANARY',
  }
  for (const { read } of ADAPTERS) {
    const { findings, ...rest } = (await read(canary, canary)) ?? {}
    expect(JSON.stringify(rest)).not.toContain('CANARY')
  }
  for (const verification of [
    { person: canary },
    { id: SESSION, status: 'CANARY', person: canary },
    { id: SESSION, status: 5, person: canary, document: canary },
  ])
    expect(
      JSON.stringify(veriff.read(Buffer.from(JSON.stringify({ verification })))),
    ).not.toContain('CANARY')
  vendor({
    [`/verifications/${SESSION}`]: { documentVerification: canary },
    [`/verify/api/v1/verification/${SESSION}/result`]: { person: canary, session_id: SESSION },
    '/omni/get/onboarding/status': { name: canary },
    [`/resources/applicants/${SESSION}/one`]: { id: SESSION, info: canary, review: canary },
    [`/v1/identity/verification_sessions/${SESSION}`]: { id: SESSION, status: 'CANARY' },
  })
  const incode = integration({ executiveEmail: 'executive@example.test' })
  for (const adapter of [
    createKora({ vendor: 'kora', ...integration() }),
    createMosaic({ vendor: 'mosaic', ...integration() }),
    createIncode({ vendor: 'incode', ...incode }),
    createSumsub({ vendor: 'sumsub', ...integration() }),
    createStripe({ vendor: 'stripe', ...integration() }),
  ]) {
    const error = await adapter.fetchResult(SESSION).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
    expect(`${error} ${(error as Error).stack} ${(error as Error).cause}`).not.toContain('CANARY')
  }
})
