import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createIncode } from '../../src/id-verification/vendors/incode.ts'
import { createTokenCache } from '../../src/id-verification/vendors/tokens.ts'
import {
  ImageNotFoundError,
  type IntegrationSettings,
  NotReadyError,
  type Vendor,
} from '../../src/id-verification/vendors/vendor.ts'

// One process: adapters are created anew for every job, and share it.
let tokens = createTokenCache()
beforeEach(() => {
  tokens = createTokenCache()
})

const create = (
  settings: IntegrationSettings = {},
  {
    baseUrl = 'https://incode.test',
    apiKey = randomUUID() as string,
    webhookSecret = undefined as string | undefined,
  } = {},
) =>
  createIncode(
    {
      vendor: 'incode',
      name: 'default',
      tenant: 'default',
      baseUrl,
      settings: { executiveEmail: 'executive@example.test', ...settings },
      secrets: { apiKey, sharedSecrets: ['the password', 'the one before'], webhookSecret },
    },
    tokens,
  )

type Asked = { call: string; url: string; headers: Headers; body: string }
type Answer = Response | (() => Response)

/** The vendor, by path: what it answers to each, and what it was asked. */
function vendor(answers: Record<string, Answer | Answer[]>) {
  const asked: Asked[] = []
  vi.stubGlobal('fetch', async (url: URL, request: RequestInit) => {
    const call = `${request.method} ${url.pathname}${url.search}`
    const headers = new Headers(request.headers)
    asked.push({ call, url: url.href, headers, body: String(request.body ?? '') })
    const answer = answers[call]
    const next = Array.isArray(answer) ? answer.shift() : answer
    if (typeof next === 'function') return next()
    return next?.clone() ?? Response.json({ token: 'token-1' })
  })
  return asked
}
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const SESSION = '65a4f0c2d1b3e4f5a6978801'
const LOGIN = 'POST /executive/log-in'
const STATUS = `GET /omni/get/onboarding/status?id=${SESSION}`
const SCORE = `GET /omni/get/score?id=${SESSION}`
const OCR = `GET /omni/get/ocr-data?id=${SESSION}`
const IMAGES = `POST /omni/get/images?id=${SESSION}`
const LINKS = `POST /omni/get/images/v2?id=${SESSION}`
const LINKED = { imageLinksPath: '/omni/get/images/v2' }
const status = (onboardingStatus: string) => Response.json({ onboardingStatus })
const score = (word: string) => Response.json({ overall: { value: '50.1', status: word } })
const refusal = (code: number) => () => new Response(null, { status: code })

describe('a delivery', () => {
  const read = (json: unknown) => create().read(Buffer.from(JSON.stringify(json)))
  const delivery = (onboardingStatus: unknown, more: object = {}) =>
    read({
      interviewId: SESSION,
      onboardingStatus,
      clientId: 'acme123',
      flowId: '65283accd410a1dd7e965479',
      externalId: 'usr_01HZX3K9QF',
      ...more,
    })

  test.each(['ONBOARDING_FINISHED', 'MANUAL_REVIEW_APPROVED', 'MANUAL_REVIEW_REJECTED', 'EXPIRED'])(
    'that says %s is a notice: the vendor is asked, and nothing that it says is believed',
    (word) => {
      expect(delivery(word)).toEqual({
        kind: 'notice',
        sessionId: SESSION,
        echoed: 'usr_01HZX3K9QF',
        explanation: `onboarding status ${word}`,
      })
    },
  )

  test.each([
    'ID_VALIDATION_FINISHED',
    'ID_VALIDATION_FINISHED_SECOND_ID',
    'POST_PROCESSING_FINISHED',
    'FACE_VALIDATION_FINISHED',
    'GOVERNMENT_VALIDATION_FINISHED',
    'UNKNOWN',
  ])('that reports the intermediate step %s is ignored', (word) => {
    expect(delivery(word)).toEqual({
      kind: 'ignored',
      sessionId: SESSION,
      explanation: `an intermediate step: ${word}`,
    })
  })

  test('without our id, or with one that is none, echoes nothing', () => {
    for (const externalId of [undefined, null, '', 5, {}])
      expect(delivery('EXPIRED', { externalId })).toMatchObject({
        kind: 'notice',
        echoed: undefined,
      })
  })

  test('with a status that is not known is kept for the operator, and no word of it repeated', () => {
    for (const word of ['onboarding_finished', 'SOMETHING_NEW', '', 'a\0b', 'toString', 5, null])
      expect(JSON.stringify(delivery(word))).toMatch(
        /^\{"kind":"unknown","explanation":"[a-zA-Z ]+"/,
      )
  })

  test('of another family is ignored', () => {
    for (const json of [
      { interviewId: SESSION, event: 'SESSION_STARTED' },
      { interviewId: SESSION, status: 'PENDING_REVIEW', flowId: 'x' },
    ])
      expect(read(json)).toEqual({
        kind: 'ignored',
        sessionId: SESSION,
        explanation: 'a message about a session, of another kind',
      })
  })

  test('of Incode ID is ignored, and its token repeated nowhere', () => {
    const reading = read({
      event: 'verification.completed',
      object: 'verification',
      id: 'v1',
      timestamp: 1,
      token: 'canary-token',
    })
    expect(reading.kind).toBe('ignored')
    expect(JSON.stringify(reading)).not.toContain('canary')
  })

  test('about a session with a hostile id is kept for the operator', () => {
    for (const interviewId of [
      '',
      '../x',
      'a b',
      'a\0',
      'ä',
      '%2e',
      'a?b',
      'x'.repeat(201),
      5,
      null,
    ])
      expect(delivery('EXPIRED', { interviewId }).kind).toBe('unknown')
  })

  test('that is junk is kept for the operator', () => {
    for (const body of ['', '{', '[]', 'null', '5', '"x"', '{}', '{"a":1}'])
      expect(create().read(Buffer.from(body)).kind).toBe('unknown')
    expect(create().read(Buffer.from([0xff, 0xfe])).kind).toBe('unknown')
  })
})

describe('a delivery is the vendor’s', () => {
  const isGenuine = async (
    incode: Vendor,
    headers: Record<string, string>,
    isServiceToken = async (..._wanted: unknown[]) => false,
  ) => await incode.isGenuine(Buffer.from('{}'), (name) => headers[name], isServiceToken)
  const bearer = { authorization: 'Bearer good-token' }

  test('with a token of our own, of that client and that scope', async () => {
    const incode = create({ webhookClientId: 'incode-webhooks' })
    const asked = vi.fn(async (token: unknown) => token === 'good-token')
    expect(await isGenuine(incode, bearer, asked)).toBe(true)
    expect(asked).toHaveBeenCalledWith('good-token', {
      clientId: 'incode-webhooks',
      scope: 'webhook.incode',
    })
    expect(await isGenuine(incode, { authorization: 'bearer good-token' }, asked)).toBe(true)
    for (const authorization of [
      'Bearer other',
      'Bearer',
      'Bearer ',
      'Bearer good-token good-token',
      'Basic good-token',
      'good-token',
      '',
    ])
      expect(await isGenuine(incode, { authorization }, asked)).toBe(false)
    expect(await isGenuine(incode, {}, asked)).toBe(false)
  })

  test('never where no client is configured, whatever the token', async () => {
    expect(await isGenuine(create(), bearer, async () => true)).toBe(false)
  })

  test('with the static header, whole and exact', async () => {
    const incode = create({ webhookHeader: 'X-Portal-Key' }, { webhookSecret: 's3cret' })
    expect(await isGenuine(incode, { 'x-portal-key': 's3cret' })).toBe(true)
    for (const value of ['', 's3cre', 's3cret2', 'S3CRET', 's3cret, s3cret'])
      expect(await isGenuine(incode, { 'x-portal-key': value })).toBe(false)
    expect(await isGenuine(incode, { 'x-other': 's3cret' })).toBe(false)
    expect(await isGenuine(incode, bearer, async () => true)).toBe(false)
  })

  test('by either, where both are configured', async () => {
    const incode = create(
      { webhookHeader: 'X-Portal-Key', webhookClientId: 'c' },
      { webhookSecret: 's3cret' },
    )
    expect(await isGenuine(incode, bearer, async () => true)).toBe(true)
    expect(await isGenuine(incode, { 'x-portal-key': 's3cret' })).toBe(true)
    expect(await isGenuine(incode, { ...bearer, 'x-portal-key': 's3cret' })).toBe(true)
  })
})

describe('settings', () => {
  test.each<[string, IntegrationSettings]>([
    ['executiveEmail', { executiveEmail: '' }],
    ['imageTypes', { imageTypes: 'selfie#1' }],
    ['documentTypes', { documentTypes: 'Passport:pasport' }],
    ['webhookHeader', { webhookHeader: 'X Portal' }],
    ['authorizationStyle', { authorizationStyle: 'basic' }],
    ['imageMode', { imageMode: 'links' }],
    ['--webhook-secret-stdin', { webhookHeader: 'X-Portal-Key' }],
  ])('with a fault are refused, and it is named: %s', (name, settings) => {
    expect(() => create(settings)).toThrow(name)
  })

  test('without the executive user are refused', () => {
    const secrets = { apiKey: 'k', sharedSecrets: ['p'] }
    const rest = { name: 'default', tenant: 'default', baseUrl: 'https://incode.test', secrets }
    expect(() => createIncode({ vendor: 'incode', settings: {}, ...rest })).toThrow(
      'executiveEmail',
    )
  })
})

describe('a session is started', () => {
  const START = 'POST /omni/start'
  const URL = 'GET /omni/onboarding-url?clientId=acme123'
  const started = {
    interviewId: SESSION,
    token: 'session-token',
    clientId: 'acme123',
    interviewCode: 'abc',
    env: 'demo',
  }
  const start = (incode = create({ configurationId: 'flow-1' })) =>
    incode.startSession({
      verificationId: 'our-id',
      returnUrl: 'https://portal.test/callbacks/incode',
      state: 'never sent',
    })

  test('with our id, the flow and the way back; its page is asked for with its own token', async () => {
    const asked = vendor({
      [START]: Response.json(started),
      [URL]: Response.json({ url: 'https://onboarding.test/x' }),
    })
    const apiKey = randomUUID()
    expect(await start(create({ configurationId: 'flow-1' }, { apiKey }))).toEqual({
      sessionId: SESSION,
      url: 'https://onboarding.test/x',
    })
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
      countryCode: 'ALL',
      configurationId: 'flow-1',
      externalCustomerId: 'our-id',
      language: 'en-US',
      redirectionUrl: 'https://portal.test/callbacks/incode',
    })
    expect(Object.fromEntries(asked[0]?.headers ?? [])).toEqual({
      'api-version': '1.0',
      'content-type': 'application/json',
      'x-api-key': apiKey,
    })
    expect(asked[1]?.headers.get('x-incode-hardware-id')).toBe('session-token')
    expect(asked.map(({ call }) => call)).toEqual([START, URL])
  })

  test.each([
    ['a hostile id', { ...started, interviewId: '../../x' }, { url: 'https://x.test/' }],
    ['no token', { ...started, token: '' }, { url: 'https://x.test/' }],
    [
      'a token that would be two headers',
      { ...started, token: 'a\r\nb' },
      { url: 'https://x.test/' },
    ],
    ['a page that is a script', started, { url: 'javascript:alert(1)' }],
    ['no page', started, {}],
  ])('not with %s', async (_what, first, second) => {
    vendor({ [START]: Response.json(first), [URL]: Response.json(second) })
    await expect(start()).rejects.toThrow('another shape')
  })
})

describe('the token of the executive user', () => {
  const logIns = (asked: Asked[]) => asked.filter(({ call }) => call === LOGIN)

  test('is asked for once by all who need it, and kept for adapters made anew', async () => {
    const asked = vendor({ [STATUS]: status('UNKNOWN') })
    const apiKey = randomUUID()
    const ask = () => create({}, { apiKey }).fetchResult(SESSION)
    await Promise.all([ask(), ask(), ask()])
    await ask()
    expect(logIns(asked)).toHaveLength(1)
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
      email: 'executive@example.test',
      password: 'the password',
    })
    expect(asked[1]?.headers.get('x-incode-hardware-id')).toBe('token-1')
    expect(asked[1]?.headers.get('x-api-key')).toBe(apiKey)
  })

  test('is shown as a bearer where the operator says so', async () => {
    const asked = vendor({ [STATUS]: status('UNKNOWN') })
    await create({ authorizationStyle: 'bearer' }).fetchResult(SESSION)
    expect(asked[1]?.headers.get('authorization')).toBe('Bearer token-1')
    expect(asked[1]?.headers.has('x-incode-hardware-id')).toBe(false)
  })

  test('is replaced well before its day is over', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const asked = vendor({ [STATUS]: status('UNKNOWN') })
    const incode = create()
    await incode.fetchResult(SESSION)
    vi.setSystemTime(Date.now() + 11 * 3600_000)
    await incode.fetchResult(SESSION)
    expect(logIns(asked)).toHaveLength(1)
    vi.setSystemTime(Date.now() + 2 * 3600_000)
    await incode.fetchResult(SESSION)
    expect(logIns(asked)).toHaveLength(2)
  })

  test('is replaced once when it is refused, and only once', async () => {
    const asked = vendor({
      [LOGIN]: [Response.json({ token: 'old' }), Response.json({ token: 'new' })],
      [STATUS]: [refusal(401), status('UNKNOWN'), refusal(401), refusal(401)],
    })
    const incode = create()
    await incode.fetchResult(SESSION)
    const shown = asked.map(({ headers }) => headers.get('x-incode-hardware-id'))
    expect(shown).toEqual([null, 'old', null, 'new'])
    await expect(incode.fetchResult(SESSION)).rejects.toThrow('answered 401')
    expect(logIns(asked)).toHaveLength(3)
  })

  test('of a log-in that is refused is not asked for again at once', async () => {
    const asked = vendor({ [LOGIN]: refusal(401), [STATUS]: status('UNKNOWN') })
    const incode = create()
    await expect(incode.fetchResult(SESSION)).rejects.toThrow('answered 401')
    expect(asked.map(({ call }) => call)).toEqual([LOGIN])
    // Later it may be right again.
    vendor({ [STATUS]: status('UNKNOWN') })
    expect(await incode.fetchResult(SESSION)).toEqual([])
  })
})

test('a base URL with and without slashes at its end is the same, with a path too', async () => {
  for (const baseUrl of ['https://incode.test', 'https://incode.test/', 'https://incode.test//']) {
    const asked = vendor({ [STATUS]: status('UNKNOWN') })
    await create({}, { baseUrl }).fetchResult(SESSION)
    expect(asked.map(({ url }) => url)).toEqual([
      'https://incode.test/executive/log-in',
      `https://incode.test/omni/get/onboarding/status?id=${SESSION}`,
    ])
  }
  const asked = vendor({
    [`GET /tenant/omni/get/onboarding/status?id=${SESSION}`]: status('UNKNOWN'),
  })
  await create({}, { baseUrl: 'https://incode.test/tenant/' }).fetchResult(SESSION)
  expect(asked[0]?.url).toBe('https://incode.test/tenant/executive/log-in')
})

describe('the result', () => {
  const found = (word: string, more: object = {}) => [
    {
      attemptId: '',
      status: word,
      decidedAt: undefined,
      isUndated: true,
      documentType: undefined,
      reason: undefined,
      ...more,
    },
  ]

  test.each([
    ['OK', 'approved'],
    ['MANUAL_OK', 'approved'],
    ['FAIL', 'declined'],
    ['MANUAL_FAIL', 'declined'],
    ['WARN', 'review'],
    ['MANUAL', 'review'],
    ['MANUAL_PENDING', 'review'],
    ['UNKNOWN', 'pending'],
  ])('of a finished session with the score %s is %s', async (word, ours) => {
    vendor({
      [STATUS]: status('ONBOARDING_FINISHED'),
      [SCORE]: score(word),
      [OCR]: Response.json({}),
    })
    const isSubmitted = ours === 'pending' || undefined
    expect(await create().fetchResult(SESSION)).toEqual(found(ours, { isSubmitted }))
  })

  test.each([
    ['MANUAL_REVIEW_APPROVED', 'approved'],
    ['MANUAL_REVIEW_REJECTED', 'declined'],
  ])('of %s is %s, whatever the score', async (word, ours) => {
    for (const automatic of ['FAIL', 'OK']) {
      vendor({ [STATUS]: status(word), [SCORE]: score(automatic), [OCR]: Response.json({}) })
      expect(await create().fetchResult(SESSION)).toEqual(found(ours))
    }
  })

  test('of a session that is under way is nothing, whatever its score', async () => {
    for (const word of [
      'UNKNOWN',
      'ID_VALIDATION_FINISHED',
      'FACE_VALIDATION_FINISHED',
      'NEW',
      'toString',
    ]) {
      const asked = vendor({ [STATUS]: status(word), [SCORE]: score('OK') })
      expect(await create().fetchResult(SESSION)).toEqual([])
      expect(asked.some(({ call }) => call === SCORE)).toBe(false)
    }
  })

  test('of one that ended without, or that the vendor holds no more, is expired', async () => {
    vendor({ [STATUS]: status('EXPIRED') })
    expect(await create().fetchResult(SESSION)).toEqual(found('expired'))
    vendor({ [STATUS]: refusal(404) })
    const reason = 'the vendor deleted this session'
    expect(await create().fetchResult(SESSION)).toEqual(found('expired', { reason }))
  })

  test.each([
    ['Passport', 'passport'],
    ['DriversLicense', 'drivers_license'],
    ['Something', 'other'],
    ['toString', 'other'],
    ['', undefined],
    [null, undefined],
    [5, undefined],
  ])('names a document that the vendor calls %j %s', async (typeOfId, ours) => {
    vendor({
      [STATUS]: status('ONBOARDING_FINISHED'),
      [SCORE]: score('OK'),
      [OCR]: Response.json({ typeOfId }),
    })
    expect(await create().fetchResult(SESSION)).toEqual(found('approved', { documentType: ours }))
  })

  test('names documents as the operator says', async () => {
    vendor({
      [STATUS]: status('ONBOARDING_FINISHED'),
      [SCORE]: score('OK'),
      [OCR]: Response.json({ typeOfId: 'Identification' }),
    })
    const incode = create({ documentTypes: ['Passport:passport', 'Identification:national_id'] })
    expect(await incode.fetchResult(SESSION)).toEqual(
      found('approved', { documentType: 'national_id' }),
    )
  })

  test('of a flow without a document has none; with its text away it is asked for later', async () => {
    const answers = { [STATUS]: status('ONBOARDING_FINISHED'), [SCORE]: score('OK') }
    vendor({ ...answers, [OCR]: refusal(404) })
    expect(await create().fetchResult(SESSION)).toEqual(found('approved'))
    vendor({ ...answers, [OCR]: refusal(503) })
    await expect(create().fetchResult(SESSION)).rejects.toThrow('answered 503')
  })

  test('tells the person the tests that failed in a block that failed, and nothing where liveness failed', async () => {
    const item = (key: string, word: string) => ({ key, value: '0', status: word })
    const block = (word: string, more: object = {}) => ({ overall: item('', word), ...more })
    const blocks = {
      idValidation: block('FAIL', {
        photoSecurityAndQuality: [item('sharpnessFront', 'FAIL'), item('tamperCheck', 'OK')],
        idSpecific: [item('documentExpired', 'FAIL'), item('aLaterTest', 'FAIL')],
      }),
      faceRecognition: block('OK', { maskCheck: item('', 'FAIL') }),
      liveness: block('OK'),
    }
    const reasonsOf = async (more: object) => {
      const answer = Response.json({ overall: item('', 'FAIL'), ...blocks, ...more })
      vendor({ [STATUS]: status('ONBOARDING_FINISHED'), [SCORE]: answer, [OCR]: refusal(404) })
      const [decision] = await create().fetchResult(SESSION)
      return decision?.reasons
    }
    expect(await reasonsOf({})).toEqual(['photo-unclear', 'document-expired'])
    const face = block('FAIL', { lensesCheck: item('', 'FAIL') })
    expect(await reasonsOf({ idValidation: null, faceRecognition: face })).toEqual([
      'face-different',
      'face-unclear',
    ])
    expect(await reasonsOf({ liveness: block('FAIL') })).toEqual([])
  })

  test('that does not fit is none', async () => {
    for (const overall of [
      { status: 'GREAT' },
      { status: 'toString' },
      { status: null },
      {},
      null,
    ]) {
      vendor({ [STATUS]: status('ONBOARDING_FINISHED'), [SCORE]: Response.json({ overall }) })
      await expect(create().fetchResult(SESSION)).rejects.toThrow('the')
    }
    vendor({ [STATUS]: new Response('<html>') })
    await expect(create().fetchResult(SESSION)).rejects.toThrow('another shape')
  })

  test('is never asked for with a hostile id', async () => {
    const asked = vendor({})
    for (const id of ['', '../x', 'a/b', 'a?b', 'a&id=b', 'a b', 'ä'])
      await expect(create().fetchResult(id)).rejects.toThrow('session id is not valid')
    await expect(create().deleteSession('a&interviewId=b')).rejects.toThrow(
      'session id is not valid',
    )
    expect(asked).toEqual([])
  })
})

describe('images as base64', () => {
  const BYTES = Buffer.from('ffd8ffe000104a464946', 'hex')
  const TEXT = BYTES.toString('base64')
  const download = (mediaId = 'selfie#0', incode = create(), maxBytes = 1000) =>
    incode.download({ sessionId: SESSION, mediaId }, maxBytes)

  test('are those of the slot table, each listing’s apart from those of the one before', async () => {
    const asked = vendor({})
    const list = (listing: number) =>
      create().listMedia({ sessionId: SESSION, attemptId: undefined, listing })
    const first = await list(0)
    expect(first.map(({ mediaId, type }) => [mediaId, type])).toEqual([
      ['selfie#0', 'selfie'],
      ['fullFrameFrontID#0', 'document_front'],
      ['fullFrameBackID#0', 'document_back'],
      ['croppedFrontID#0', 'document_front_cropped'],
      ['croppedBackID#0', 'document_back_cropped'],
      ['croppedFace#0', 'selfie_cropped'],
    ])
    const second = await list(1)
    expect(second.some(({ mediaId }) => first.some((one) => one.mediaId === mediaId))).toBe(false)
    expect(asked).toEqual([])
  })

  test('of other types that the operator names have names of letters and underscores', async () => {
    const incode = create({ imageTypes: ['croppedSecondIDFace', 'addressStatement', 'aNewOne'] })
    const media = await incode.listMedia({ sessionId: SESSION, attemptId: undefined, listing: 0 })
    expect(media.map(({ type }) => type)).toEqual([
      'second_document_face_cropped',
      'address_statement',
      'a_new_one',
    ])
  })

  test('are asked for one type at a time, and come whole', async () => {
    const asked = vendor({ [IMAGES]: Response.json({ selfie: TEXT }) })
    expect(Buffer.from(await download()).equals(BYTES)).toBe(true)
    expect(asked.at(-1)?.body).toBe('{"images":["selfie"]}')
  })

  test.each([
    ['a prefix', `data:image/jpeg;base64,${TEXT}`],
    ['white space around the prefix', `\n data:image/jpeg;base64, ${TEXT}\n`],
    ['lines', TEXT.replaceAll(/(.{4})/g, '$1\r\n')],
  ])('come whole with %s', async (_what, text) => {
    vendor({ [IMAGES]: Response.json({ selfie: text }) })
    expect(Buffer.from(await download()).equals(BYTES)).toBe(true)
  })

  test.each([
    ['no key', {}],
    ['null', { selfie: null }],
    ['nothing in it', { selfie: '' }],
    ['another kind of value', { selfie: { url: 'x' } }],
    ['another type only', { fullFrameFrontID: TEXT }],
  ])('that are not there are gone: %s', async (_what, answer) => {
    vendor({ [IMAGES]: Response.json(answer) })
    await expect(download()).rejects.toBeInstanceOf(ImageNotFoundError)
  })

  test('of a session that is gone are gone', async () => {
    vendor({ [IMAGES]: refusal(404) })
    await expect(download()).rejects.toBeInstanceOf(ImageNotFoundError)
  })

  test.each([
    ['junk', '<base64_image>'],
    ['a part', TEXT.slice(0, -3)],
    ['padding in the middle', `${TEXT}=${TEXT}`],
    ['a prefix alone', 'data:image/jpeg;base64,'],
    ['another alphabet', '_-__'],
  ])('that are %s are no images, and tried again', async (_what, text) => {
    vendor({ [IMAGES]: Response.json({ selfie: text }) })
    const error = await download().catch((thrown: unknown) => thrown)
    expect(error).not.toBeInstanceOf(ImageNotFoundError)
    expect(String(error)).toBe('VendorError: the image is not base64')
  })

  test('larger than allowed are refused, in the answer and in the image', async () => {
    const large = (bytes: number) =>
      vendor({
        [IMAGES]: () => Response.json({ selfie: Buffer.alloc(bytes).toString('base64') }),
      })
    large(1000)
    expect(await download()).toHaveLength(1000)
    large(1001)
    await expect(download()).rejects.toThrow('the image is larger')
    large(100_000)
    await expect(download()).rejects.toThrow('the answer is larger')
  })

  test('too large for the vendor itself are its 502, and tried again', async () => {
    vendor({ [IMAGES]: refusal(502) })
    await expect(download()).rejects.toThrow('answered 502')
  })

  test('with a time are only to be had by links', async () => {
    const asked = vendor({})
    await expect(download('selfie@1713571323431')).rejects.toThrow('only available by a link')
    expect(asked).toEqual([])
  })
})

describe('images as links', () => {
  const NEWEST = 'https://incode.test/selfie/2?signature=a'
  const list = (incode = create(LINKED), listing = 0) =>
    incode.listMedia({ sessionId: SESSION, attemptId: undefined, listing })

  test.each(['prevAttempts', 'prevAttemps'])(
    'are the latest and those before it, each named by its time: %s',
    async (spelling) => {
      const asked = vendor({
        [LINKS]: Response.json({
          selfie: NEWEST,
          [`selfie_${spelling}`]: {
            '1713571314141': 'https://incode.test/selfie/1',
            '1713571344335': 'https://incode.test/selfie/2?signature=b',
            '999': 'https://incode.test/selfie/0',
            '': 'https://incode.test/junk',
            x: 'https://incode.test/junk',
            '1713571300000': null,
          },
          fullFrameFrontID: 'https://incode.test/front',
          fullFrameBackID: null,
        }),
      })
      expect(await list()).toEqual([
        media('selfie@1713571344335', 'selfie', 1713571344335),
        media('selfie@1713571314141', 'selfie', 1713571314141),
        media('selfie@999', 'selfie'),
        media('fullFrameFrontID#0', 'document_front'),
      ])
      // Of crops there are no links.
      expect(asked.at(-1)?.body).toBe('{"images":["selfie","fullFrameFrontID","fullFrameBackID"]}')
    },
  )
  const media = (mediaId: string, type: string, time?: number) => ({
    mediaId,
    type,
    size: undefined,
    capturedAt: time === undefined ? undefined : new Date(time),
  })

  test('with a latest that is not among the earlier ones lose none', async () => {
    vendor({
      [LINKS]: Response.json({
        selfie: NEWEST,
        selfie_prevAttempts: { '1713571314141': 'https://incode.test/selfie/1' },
      }),
    })
    expect((await list(create(LINKED), 3)).map(({ mediaId }) => mediaId)).toEqual([
      'selfie#3',
      'selfie@1713571314141',
    ])
  })

  test('none at all are not there yet', async () => {
    for (const answer of [
      {},
      { selfie: null },
      { selfie: '' },
      { selfie_prevAttempts: [] },
      { selfie_prevAttempts: 'x' },
    ]) {
      vendor({ [LINKS]: Response.json(answer) })
      await expect(list()).rejects.toBeInstanceOf(NotReadyError)
    }
  })

  test('are asked for just before they are followed, with nothing of ours sent along', async () => {
    const answer = Response.json({
      selfie: NEWEST,
      selfie_prevAttempts: {
        '1713571314141': 'https://incode.test/selfie/1',
        '1713571344335': NEWEST,
      },
    })
    const asked = vendor({
      [LINKS]: answer,
      'GET /selfie/1': () => new Response('one'),
      'GET /selfie/2?signature=a': () => new Response('two'),
    })
    const incode = create(LINKED)
    const download = async (mediaId: string) =>
      Buffer.from(await incode.download({ sessionId: SESSION, mediaId }, 1000)).toString()
    expect(await download('selfie#0')).toBe('two')
    expect(await download('selfie@1713571344335')).toBe('two')
    expect(await download('selfie@1713571314141')).toBe('one')
    const followed = asked.filter(({ call }) => call.startsWith('GET /selfie'))
    expect(followed).toHaveLength(3)
    for (const { headers } of followed) expect([...headers]).toEqual([])
    await expect(download('selfie@1')).rejects.toBeInstanceOf(ImageNotFoundError)
    await expect(download('fullFrameBackID#0')).rejects.toBeInstanceOf(ImageNotFoundError)
    await expect(download('junk')).rejects.toBeInstanceOf(ImageNotFoundError)
  })

  test.each([
    ['https://elsewhere.test/x', 'the image is at elsewhere.test, which the setting imageHosts'],
    ['http://incode.test/x', 'not an https: address'],
    ['https://user@incode.test/x', 'not an https: address'],
    ['file:///etc/passwd', 'not an https: address'],
    ['x', 'not an https: address'],
  ])('to %s are not followed', async (url, reason) => {
    const asked = vendor({ [LINKS]: Response.json({ selfie: url }) })
    const download = create(LINKED).download({ sessionId: SESSION, mediaId: 'selfie#0' }, 1000)
    await expect(download).rejects.toThrow(reason)
    expect(asked.map(({ call }) => call)).toEqual([LOGIN, LINKS])
  })

  test('to a host that the operator names are followed', async () => {
    vendor({
      [LINKS]: Response.json({ selfie: 'https://a.storage.test/x' }),
      'GET /x': () => new Response('one'),
    })
    const incode = create({ ...LINKED, imageHosts: '*.storage.test' })
    const media = { sessionId: SESSION, mediaId: 'selfie#0' }
    expect(Buffer.from(await incode.download(media, 10)).toString()).toBe('one')
    await expect(incode.download(media, 2)).rejects.toThrow('larger than allowed')
  })
})

test('deleting asks for this one session, and one that is gone is no error', async () => {
  const path = `DELETE /omni/interview?interviewId=${SESSION}`
  const asked = vendor({ [path]: [new Response(''), refusal(404), refusal(503)] })
  const incode = create()
  expect(await incode.deleteSession(SESSION)).toBe('deleted')
  expect(await incode.deleteSession(SESSION)).toBe('deleted')
  await expect(incode.deleteSession(SESSION)).rejects.toThrow('answered 503')
  expect(asked.map(({ call }) => call)).toEqual([LOGIN, path, path, path])
})

test('no error names a person, a token or a secret', async () => {
  const secrets = ['the password', 'token-1', 'executive@example.test']
  for (const answers of [
    { [LOGIN]: refusal(401) },
    { [STATUS]: refusal(500) },
    { [STATUS]: Response.json({ fullName: 'Alma Muestra' }) },
  ] as Record<string, Answer>[]) {
    vendor(answers)
    const error = await create()
      .fetchResult(SESSION)
      .catch((thrown: unknown) => thrown)
    for (const secret of [...secrets, 'Alma']) expect(String(error)).not.toContain(secret)
  }
})
