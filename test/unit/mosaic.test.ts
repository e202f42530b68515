import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMosaic } from '../../src/id-verification/vendors/mosaic.ts'
import { createTokenCache } from '../../src/id-verification/vendors/tokens.ts'
import type { IntegrationSettings } from '../../src/id-verification/vendors/vendor.ts'

// One process: adapters are created anew for every job, and share it.
let tokens = createTokenCache()
beforeEach(() => {
  tokens = createTokenCache()
})

const create = (settings: IntegrationSettings = {}, clientId: string = randomUUID()) =>
  createMosaic(
    {
      vendor: 'mosaic',
      name: 'default',
      tenant: 'default',
      baseUrl: 'https://mosaic.test/',
      settings,
      secrets: { apiKey: clientId, sharedSecrets: ['s3cr&t+value=', 'the one before'] },
    },
    tokens,
  )

type Asked = { method: string; url: string; headers: Headers; body: string }
type Answer = Response | (() => Response)

/** The vendor, by path: what it answers to each, and what it was asked. */
function vendor(answers: Record<string, Answer | Answer[]>) {
  const asked: Asked[] = []
  vi.stubGlobal('fetch', async (url: URL, request: RequestInit) => {
    const path = `${request.method} ${url.pathname}${url.search}`
    asked.push({
      method: request.method ?? '',
      url: url.href,
      headers: new Headers(request.headers),
      body: String(request.body ?? ''),
    })
    const answer = answers[path]
    const next = Array.isArray(answer) ? answer.shift() : answer
    if (typeof next === 'function') return next()
    return next?.clone() ?? Response.json({ access_token: 'token-1', expires_in: 3600 })
  })
  return asked
}
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const SESSION = 'sid-7f3'
const RESULT = `GET /verify/api/v1/verification/${SESSION}/result`
const IMAGES = `GET /verify/api/v1/verification/${SESSION}/images`
const TOKEN = 'POST /oidc/token'
const tokenRequests = (asked: Asked[]) => asked.filter(({ url }) => url.endsWith('/oidc/token'))

describe('the access token', () => {
  test('is asked for with exactly the form of T-TOKEN-FORM', async () => {
    const asked = vendor({ [RESULT]: Response.json({ session_id: SESSION, status: 'pending' }) })
    await create({}, 'ts-client-1').fetchResult(SESSION)
    expect(asked[0]).toMatchObject({
      method: 'POST',
      url: 'https://mosaic.test/oidc/token',
      body: 'grant_type=client_credentials&client_id=ts-client-1&client_secret=s3cr%26t%2Bvalue%3D&resource=https%3A%2F%2Fverify.identity.security',
    })
    expect(asked[0]?.headers.get('content-type')).toBe('application/x-www-form-urlencoded')
    expect(asked[1]?.headers.get('authorization')).toBe('Bearer token-1')
  })

  test('is shared by callers at the same moment, by adapters made anew, and kept per resource', async () => {
    const asked = vendor({ [RESULT]: Response.json({ session_id: SESSION, status: 'pending' }) })
    const clientId = randomUUID()
    const ask = (settings = {}) => create(settings, clientId).fetchResult(SESSION)
    await Promise.all([ask(), ask(), ask()])
    await ask()
    expect(tokenRequests(asked)).toHaveLength(1)
    await ask({ resource: 'https://other.test' })
    expect(tokenRequests(asked)).toHaveLength(2)
    expect(tokenRequests(asked)[1]?.body).toContain('resource=https%3A%2F%2Fother.test')
  })

  test('is asked for anew before it ends', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const asked = vendor({ [RESULT]: Response.json({ session_id: SESSION, status: 'pending' }) })
    const mosaic = create()
    await mosaic.fetchResult(SESSION)
    vi.setSystemTime(Date.now() + 3530_000)
    await mosaic.fetchResult(SESSION)
    expect(tokenRequests(asked)).toHaveLength(1)
    vi.setSystemTime(Date.now() + 20_000)
    await mosaic.fetchResult(SESSION)
    expect(tokenRequests(asked)).toHaveLength(2)
  })

  test('is replaced once when the vendor takes it no more, and only once', async () => {
    const refused = () => new Response(null, { status: 401 })
    const good = () => Response.json({ session_id: SESSION, status: 'pending' })
    const asked = vendor({
      [TOKEN]: [
        Response.json({ access_token: 'old', expires_in: 3600 }),
        Response.json({ access_token: 'new', expires_in: 3600 }),
        Response.json({ access_token: 'newer', expires_in: 3600 }),
      ],
      [RESULT]: [refused, good, refused, refused],
    })
    const mosaic = create()
    await mosaic.fetchResult(SESSION)
    expect(asked.map(({ headers }) => headers.get('authorization'))).toEqual([
      null,
      'Bearer old',
      null,
      'Bearer new',
    ])
    await expect(mosaic.fetchResult(SESSION)).rejects.toThrow('the vendor answered 401')
    expect(asked).toHaveLength(7)
  })

  test('that was refused is not remembered', async () => {
    const asked = vendor({
      [TOKEN]: [
        () => new Response(null, { status: 503 }),
        Response.json({ access_token: 'a', expires_in: 60 }),
      ],
      [RESULT]: Response.json({ session_id: SESSION, status: 'pending' }),
    })
    const mosaic = create()
    await expect(mosaic.fetchResult(SESSION)).rejects.toThrow('the vendor answered 503')
    await mosaic.fetchResult(SESSION)
    expect(tokenRequests(asked)).toHaveLength(2)
  })

  test('that would not fit a header is not used', async () => {
    vendor({ [TOKEN]: Response.json({ access_token: 'a\r\nx: y', expires_in: 60 }) })
    await expect(create().fetchResult(SESSION)).rejects.toThrow('another shape')
  })
})

describe('a session', () => {
  const start = (settings: IntegrationSettings = {}) =>
    create(settings).startSession({
      verificationId: randomUUID(),
      returnUrl: 'https://portal.test/callbacks/mosaic',
      state: 'opaque',
    })

  test.each([200, 201, 202])('is started by any good answer: %d', async (status) => {
    const asked = vendor({
      'POST /verify/api/v1/verification': Response.json(
        { session_id: SESSION, start_token: 'start.token', expiration: 'x', missing_images: [] },
        { status },
      ),
    })
    expect(await start()).toEqual({
      sessionId: SESSION,
      url: 'https://mosaic.test/verify/app/start.token',
    })
    expect(JSON.parse(asked[1]?.body ?? '')).toEqual({
      callback_url: 'https://portal.test/callbacks/mosaic',
      state: 'opaque',
    })
  })

  test('is started where the settings say, in the name they say', async () => {
    const asked = vendor({
      'POST /v2/verification': Response.json({ session_id: SESSION, start_token: 'a/b' }),
    })
    const started = await start({
      verifyPath: '/v2',
      appPath: '/go',
      organizationName: 'Bluewater',
    })
    expect(started.url).toBe('https://mosaic.test/go/a%2Fb')
    expect(JSON.parse(asked[1]?.body ?? '')).toMatchObject({
      customer_information: { organization_name: 'Bluewater' },
    })
  })

  test.each([
    ['without a start token', { session_id: SESSION }],
    ['with an id that names another path', { session_id: '../x', start_token: 'a' }],
    ['that is none', []],
  ])('is not believed %s', async (_what, body) => {
    vendor({ 'POST /verify/api/v1/verification': Response.json(body) })
    await expect(start()).rejects.toThrow('another shape than Mosaic documents')
  })

  test('settings that are none of ours are refused', () => {
    expect(() => create({ verifyPath: 'https://elsewhere' })).toThrow('verifyPath')
    expect(() => create({ apiVersion: 2 })).toThrow('apiVersion')
  })
})

describe('a result is read', () => {
  const read = async (result: object, settings: IntegrationSettings = {}, query = '') => {
    vendor({ [RESULT + query]: Response.json({ session_id: SESSION, ...result }) })
    return await create(settings).fetchResult(SESSION)
  }

  test.each([
    ['pending', 'pending'],
    ['capturing', 'pending'],
    ['processing', 'pending'],
    ['recapture', 'resubmission'],
    ['error', 'error'],
  ])('%s as %s', async (status, expected) => {
    expect(await read({ status })).toMatchObject([
      { status: expected, attemptId: '', decidedAt: undefined, isUndated: true },
    ])
  })

  test.each([
    ['ALLOW', 'approved'],
    ['CHALLENGE', 'review'],
    ['DENY', 'declined'],
  ])(
    'complete and %s as %s, in the new structure and in the deprecated one',
    async (recommendation, status) => {
      const complete = { status: 'complete', recommendation }
      const asNew = {
        ...complete,
        person: { full_name: 'Ana Mejia' },
        document: { type: 'passport', country: 'HN' },
        checks: { document_validation: { recommendation: 'ALLOW' } },
      }
      expect(await read(asNew)).toMatchObject([{ status, documentType: 'passport' }])
      const asOld = {
        ...complete,
        rejection_description: [],
        extracted_info: {},
        verified_info: {},
      }
      expect(await read(asOld)).toMatchObject([{ status, documentType: undefined }])
    },
  )

  test.each([
    ['passport', 'passport'],
    ['national_id', 'national_id'],
    ['drivers_license', 'drivers_license'],
    ['residence_permit', 'residence_permit'],
    ['visa', 'visa'],
    ['voter_card', 'other'],
    ['something new', 'other'],
    [null, undefined],
  ])('the document %s as %s', async (type, documentType) => {
    const [decision] = await read({
      status: 'complete',
      recommendation: 'ALLOW',
      document: { type },
    })
    expect(decision?.documentType).toBe(documentType)
  })

  test('with the checks that did not pass, and nothing of the person', async () => {
    const [decision] = await read({
      status: 'complete',
      recommendation: 'DENY',
      person: { full_name: 'Ana Mejia' },
      checks: {
        document_validation: { recommendation: 'ALLOW' },
        document_liveness: { recommendation: 'DENY', reasons: ['presentation_attack'] },
        risk_recommendation: { recommendation: 'N/A' },
        flagged_identity: { recommendation: 'CHALLENGE', reasons: [] },
      },
    })
    expect(decision?.reason).toBe('document_liveness: presentation_attack; flagged_identity')
  })

  test.each([
    ['about another session', { session_id: 'sid-other', status: 'pending' }],
    ['about none', { session_id: undefined, status: 'pending' }],
    ['of a status that is not known', { status: 'danced' }],
    [
      'of a recommendation that is not known',
      { status: 'complete', recommendation: 'constructor' },
    ],
    ['complete, and without a recommendation', { status: 'complete' }],
  ])('never when it is %s', async (_what, result) => {
    await expect(read(result)).rejects.toThrow()
  })

  test('with the deprecated parameter only where that is set', async () => {
    expect(await read({ status: 'pending' }, { detailed: true }, '?detailed=true')).toHaveLength(1)
    expect(await read({ status: 'pending' }, { detailed: false }, '?detailed=false')).toHaveLength(
      1,
    )
  })

  test('as expired when the vendor holds it no more, and as nothing when it is away', async () => {
    vendor({ [RESULT]: new Response(null, { status: 404 }) })
    expect(await create().fetchResult(SESSION)).toMatchObject([
      { status: 'expired', isUndated: true },
    ])
    vendor({ [RESULT]: new Response(null, { status: 500 }) })
    await expect(create().fetchResult(SESSION)).rejects.toThrow('the vendor answered 500')
  })
})

describe('images', () => {
  const image = (id: string, type: string | undefined, more: object = {}) => ({
    id,
    type,
    rejected: false,
    original: true,
    ...more,
  })
  const list = async (session_images: object[], verification_images?: object[]) => {
    vendor({
      [RESULT]: Response.json({
        session_id: SESSION,
        status: 'complete',
        recommendation: 'ALLOW',
        verification_images,
      }),
      [IMAGES]: Response.json({ session_images }),
    })
    const media = await create().listMedia({ sessionId: SESSION, attemptId: undefined, listing: 0 })
    return media.map(({ mediaId, type }) => [mediaId, type])
  }
  const attempts = [
    image('front-1', 'document_front'),
    image('front-2', 'document_front'),
    image('front-2-cut', 'document_front', { original: false, original_id: 'front-2' }),
    image('front-3', 'document_front', { rejected: true }),
    image('face-1', 'selfie'),
    image('nameless', undefined),
  ]

  test('the last original of a type that was not rejected comes first, and the others after it', async () => {
    expect(await list(attempts)).toEqual([
      ['face-1', 'selfie'],
      ['front-2', 'document_front'],
      ['front-1', 'document_front'],
      ['front-2-cut', 'document_front'],
      ['front-3', 'document_front_rejected'],
    ])
  })

  test("the vendor's own choice goes before that", async () => {
    const chosen = [
      { id: 'front-1', type: 'document_front' },
      { id: 'face-1', type: null },
      { id: 'unknown', type: null },
    ]
    expect(await list(attempts, chosen)).toEqual([
      ['front-1', 'document_front'],
      ['face-1', 'selfie'],
      ['front-2', 'document_front'],
      ['front-2-cut', 'document_front'],
      ['front-3', 'document_front_rejected'],
    ])
  })

  test('a hostile type names no path, and a hostile id is not asked for', async () => {
    expect(await list([image('a', '../../etc/passwd')])).toEqual([['a', 'etc_passwd']])
    await expect(list([image('../b', 'selfie')])).rejects.toThrow('another shape')
    await expect(list([image('..', 'selfie')])).rejects.toThrow('another shape')
  })

  test('none at all is "not yet"', async () => {
    await expect(list([])).rejects.toThrow('no images of this session yet')
  })

  test('are downloaded raw, and a page in their place is tried again', async () => {
    const path = `${IMAGES}/img-1?format=raw`
    const bytes = Buffer.from('ffd8ff', 'hex')
    vendor({ [path]: () => new Response(bytes, { headers: { 'content-type': 'image/jpg' } }) })
    const mosaic = create()
    const media = { sessionId: SESSION, mediaId: 'img-1' }
    expect(Buffer.from(await mosaic.download(media, 100))).toEqual(bytes)
    await expect(mosaic.download(media, 2)).rejects.toThrow('larger than allowed')
    vendor({ [path]: () => new Response('<p>', { headers: { 'content-type': 'text/html' } }) })
    await expect(mosaic.download(media, 100)).rejects.toThrow('not an image')
  })
})

test('a session is deleted, and one that is not there any more is no error', async () => {
  const path = `DELETE /verify/api/v1/verification/${SESSION}`
  const asked = vendor({ [path]: new Response(null, { status: 200 }) })
  await create().deleteSession(SESSION)
  expect(asked[1]?.method).toBe('DELETE')
  vendor({ [path]: new Response(null, { status: 404 }) })
  await create().deleteSession(SESSION)
  vendor({ [path]: new Response(null, { status: 500 }) })
  await expect(create().deleteSession(SESSION)).rejects.toThrow('500')
})

test('nothing is a genuine delivery', () => {
  const body = Buffer.from('{}')
  expect(
    create().isGenuine(
      body,
      () => undefined,
      async () => true,
    ),
  ).toBe(false)
  expect(create().read(body).kind).toBe('unknown')
})

test('it is asked after seconds, then less and less often, for 90 days', () => {
  const { checkAfterSeconds } = create()
  expect([0, 1, 2, 3, 7, 8, 1000].map(checkAfterSeconds)).toEqual([5, 10, 20, 40, 640, 900, 900])
  let seconds = 0
  for (let checks = 0; ; checks++) {
    const next = checkAfterSeconds(checks)
    if (next === undefined) break
    seconds += next
  }
  expect(Math.round(seconds / 86_400)).toBe(90)
})
