import { createHmac } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { signHmac } from '../../src/id-verification/vendors/signatures.ts'
import { createSumsub } from '../../src/id-verification/vendors/sumsub.ts'
import { type IntegrationSettings, VendorError } from '../../src/id-verification/vendors/vendor.ts'

// docs/vendor-protocols.md §8: the published examples, and what was computed by the documented recipe.
const WEBHOOK_SECRET = 'SoMe_SeCrEt_KeY'
const SECRET_KEY = 'Hej2ch71kG2kTd1iIUDZFNsO5C1lh5Gq'
const APPLICANT = '5cb56e8e0a975a35f333cb83'
const INSPECTION = '5cb56e8e0a975a35f333cb84'
const BODY = Buffer.from(
  '{"applicantId":"5cb56e8e0a975a35f333cb83","inspectionId":"5cb56e8e0a975a35f333cb84","applicantType":"individual","correlationId":"req-a260b669-4f14-4bb5-a4c5-ac0218acb9a4","levelName":"basic-kyc-level","externalUserId":"usr_01HZX3K9QF","type":"applicantReviewed","reviewResult":{"reviewAnswer":"GREEN"},"reviewStatus":"completed","createdAtMs":"2020-02-21 13:23:19.321"}',
)
const SHA1 = '570529bf156e99e6633d00dff92cda31b1a69827'
const SHA256 = 'e9583a5b35e545af06bcdafe15806dc10a1c32c4605fd59f8d57b310be8b0694'
const SHA512 =
  'a7190972ca3ccd00bec8dfee45e04494abf36db6fb62965352646cc9d63d532f9901cedb4284fad2c77180a119e4d4ab29a982cae1a02ab5bc9a6121166b15e0'

/** The HMAC-SHA256 under an empty key, which anyone can compute. */
const UNKEYED = createHmac('sha256', '').update(BODY).digest('hex')

const BASE_URL = 'https://api.sumsub.com'
const APP_TOKEN = 'sbx:uY0CgwELmgUAEyl4hNWxLngb.0WSeQeiYny4WEqmAALEAiK2qTC96fBad'
const NOW = 1_607_551_635_900
const create = (settings: IntegrationSettings = {}, webhookSecret = WEBHOOK_SECRET) =>
  createSumsub(
    {
      vendor: 'sumsub',
      name: 'default',
      tenant: 'default',
      baseUrl: BASE_URL,
      settings,
      secrets: { apiKey: APP_TOKEN, sharedSecrets: [SECRET_KEY], webhookSecret },
    },
    () => NOW,
  )

describe('a delivery', () => {
  const isGenuine = (headers: Record<string, string>, vendor = create(), body: Uint8Array = BODY) =>
    vendor.isGenuine(
      body,
      (name) => headers[name],
      async () => false,
    )
  const signed = (digest: string, algorithm?: string) => ({
    'x-payload-digest': digest,
    ...(algorithm ? { 'x-payload-digest-alg': algorithm } : {}),
  })

  test('is genuine by the vectors, also in upper case and without the name of the usual algorithm', () => {
    expect(BODY).toHaveLength(370)
    expect(isGenuine(signed(SHA256, 'HMAC_SHA256_HEX'))).toBe(true)
    expect(isGenuine(signed(SHA512, 'HMAC_SHA512_HEX'))).toBe(true)
    expect(isGenuine(signed(SHA256))).toBe(true)
    expect(isGenuine(signed(SHA256.toUpperCase()))).toBe(true)
  })

  test('with HMAC-SHA1 is genuine only where the operator said so, by the published example too', () => {
    const allowed = create({ legacySignature: true })
    expect(isGenuine(signed(SHA1, 'HMAC_SHA1_HEX'))).toBe(false)
    expect(isGenuine(signed(SHA1, 'HMAC_SHA1_HEX'), allowed)).toBe(true)
    const published = signed('f6e92ffe371718694d46e28436f76589312df8db', 'HMAC_SHA1_HEX')
    expect(isGenuine(published, allowed, Buffer.from('someText'))).toBe(true)
    expect(isGenuine(published, create(), Buffer.from('someText'))).toBe(false)
  })

  test.each([
    ['another secret', signed(SHA256), create({}, 'other')],
    ['no webhook secret', signed(SHA256), create({}, '')],
    ['another algorithm than it names', signed(SHA256, 'HMAC_SHA512_HEX'), create()],
    ['an algorithm that is not documented', signed(SHA256, 'HMAC_MD5_HEX'), create()],
    ['a short digest', signed(SHA256.slice(2)), create()],
    ['half a digit', signed(SHA256.slice(1)), create()],
    ['an empty digest', signed(''), create()],
    ['an empty secret, as the one of an integration without', signed(UNKEYED), create({}, '')],
    [
      'the name of its algorithm twice',
      signed(SHA256, 'HMAC_SHA256_HEX, HMAC_SHA256_HEX'),
      create(),
    ],
    ['a weaker algorithm than it was signed with', signed(SHA1, 'HMAC_SHA1_HEX'), create()],
    ['the weaker digest without a name', signed(SHA1), create({ legacySignature: true })],
    ['nothing', {}, create()],
  ])('is not genuine with %s', (_what, headers, vendor) => {
    expect(isGenuine(headers as Record<string, string>, vendor)).toBe(false)
  })

  test('is of these bytes and no others', () => {
    const flipped = Buffer.from(BODY)
    flipped[10] = (flipped[10] ?? 0) ^ 1
    expect(isGenuine(signed(SHA256), create(), flipped)).toBe(false)
  })

  const read = (json: unknown) => create().read(Buffer.from(JSON.stringify(json)))

  test('is a notice about an applicant, whatever it says of it', () => {
    expect(create().read(BODY)).toMatchObject({
      kind: 'notice',
      sessionId: APPLICANT,
      echoed: 'usr_01HZX3K9QF',
    })
    for (const type of ['applicantReset', 'applicantDeleted', 'applicantOnHold', undefined])
      expect(read({ applicantId: APPLICANT, type })).toMatchObject({ kind: 'notice' })
  })

  test('about something else is ignored; one that says nothing is kept for the operator', () => {
    for (const type of [
      // It may arrive before the session is known here.
      'applicantCreated',
      'applicantActionReviewed',
      'applicantKytTxnApproved',
      'videoIdentStatusChanged',
    ])
      expect(read({ applicantId: APPLICANT, type })).toMatchObject({
        kind: 'ignored',
        sessionId: APPLICANT,
      })
    for (const json of [{}, [], null, 5, { type: 'applicantReviewed' }, { applicantId: 5 }])
      expect(read(json).kind).toBe('unknown')
    expect(create().read(Buffer.from('{')).kind).toBe('unknown')
  })
})

test('a request is signed as the documentation prints it', () => {
  const printed =
    '1607551635POST/resources/accessTokens?userId=cfd20712-24a2-4c7d-9ab0-146f3c142335&levelName=basic-kyc-level&ttlInSecs=600'
  expect(signHmac(SECRET_KEY, printed)).toBe(
    '1e1856be1c1e1ff113e5664acac6b423ffefe04ad42ff36567622ef56f62c4b1',
  )
})

describe('the API as it is documented, with nothing set', () => {
  afterEach(() => vi.restoreAllMocks())

  /** Answers each request by its method and path; returns what was sent. */
  function answer(responses: Record<string, unknown>) {
    const sent: { call: string; headers: Headers; body: string | undefined }[] = []
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      const call = `${init?.method} ${String(input).replace(BASE_URL, '')}`
      const body = init?.body ? String(init.body) : undefined
      sent.push({ call, headers: new Headers(init?.headers), body })
      const response = responses[call]
      if (response === undefined) return Response.json({ code: 404 }, { status: 404 })
      return response instanceof Uint8Array
        ? new Response(new Uint8Array(response), { headers: { 'Content-Type': 'image/jpeg' } })
        : Response.json(response)
    })
    return sent
  }
  const ONE = `GET /resources/applicants/${APPLICANT}/one`
  const applicant = (review: object, info: object | undefined = undefined) => ({
    id: APPLICANT,
    createdAt: '2020-02-21 13:20:00',
    clientId: 'yourCoolId',
    inspectionId: INSPECTION,
    externalUserId: 'our-id',
    info,
    review: {
      reviewId: 'wTgDO',
      attemptId: 'hiiOC',
      attemptCnt: 0,
      elapsedSincePendingMs: 3,
      levelName: 'basic-kyc-level',
      createDate: '2024-06-17 10:51:01+0000',
      ...review,
    },
    type: 'individual',
  })
  const GREEN = {
    reviewStatus: 'completed',
    reviewDate: '2024-06-17 10:51:01+0000',
    reviewResult: { reviewAnswer: 'GREEN' },
  }
  const fetchOne = async () => (await create().fetchResult(APPLICANT))[0]

  test('starts a session: an applicant, and a link that returns the browser', async () => {
    const returnUrl = 'https://portal.test/callbacks/sumsub?state=s'
    const sent = answer({
      'POST /resources/applicants?levelName=basic-kyc-level': applicant({ reviewStatus: 'init' }),
      'POST /resources/sdkIntegrations/levels/-/websdkLink': {
        url: 'https://in.sumsub.com/websdk/p/7JwtC0pb9mcqQsLb',
      },
    })
    const session = { verificationId: 'our-id', returnUrl, state: 's' }
    expect(await create().startSession(session)).toEqual({
      sessionId: APPLICANT,
      url: 'https://in.sumsub.com/websdk/p/7JwtC0pb9mcqQsLb',
    })
    expect(sent.map(({ body }) => JSON.parse(body ?? ''))).toEqual([
      { externalUserId: 'our-id' },
      {
        levelName: 'basic-kyc-level',
        userId: 'our-id',
        ttlInSecs: 1800,
        redirect: { successUrl: returnUrl, rejectUrl: returnUrl },
      },
    ])
    const [first] = sent
    expect(first?.headers.get('x-app-token')).toBe(APP_TOKEN)
    expect(first?.headers.get('x-app-access-ts')).toBe('1607551635')
    expect(first?.headers.get('x-app-access-sig')).toBe(
      signHmac(
        SECRET_KEY,
        `1607551635POST/resources/applicants?levelName=basic-kyc-level${first?.body}`,
      ),
    )
  })

  test.each(['', '..', 'a/b', 'a\u0000b', 'x'.repeat(201), 5, null])(
    'an applicant whose id is %j is not started: its result could not be fetched',
    async (id) => {
      const sent = answer({
        'POST /resources/applicants?levelName=basic-kyc-level': { id },
        'POST /resources/sdkIntegrations/levels/-/websdkLink': { url: 'https://in.sumsub.com/x' },
      })
      const session = { verificationId: 'our-id', returnUrl: 'https://portal.test/', state: 's' }
      await expect(create().startSession(session)).rejects.toThrow(VendorError)
      expect(sent).toHaveLength(1)
    },
  )

  test('a level with other characters is signed as it is sent', async () => {
    const path = '/resources/applicants?levelName=KYC%20%26%20%40Ana%27s'
    const sent = answer({
      [`POST ${path}`]: applicant({ reviewStatus: 'init' }),
      'POST /resources/sdkIntegrations/levels/-/websdkLink': { url: 'https://in.sumsub.com/x' },
    })
    const session = { verificationId: 'our-id', returnUrl: 'https://portal.test/', state: 's' }
    await create({ levelName: "KYC & @Ana's" }).startSession(session)
    expect(sent[0]?.headers.get('x-app-access-sig')).toBe(
      signHmac(SECRET_KEY, `1607551635POST${path}${sent[0]?.body}`),
    )
  })

  test('an approval has the vendor’s date, and what was read from the document', async () => {
    const sent = answer({
      [ONE]: applicant(GREEN, {
        firstName: 'John',
        firstNameEn: 'John',
        lastName: 'Mock-Doe',
        lastNameEn: 'Mock-Doe',
        dob: '2006-02-23',
        country: 'VNM',
        nationality: 'VNM',
        idDocs: [
          { idDocType: 'UTILITY_BILL', country: 'VNM' },
          {
            idDocType: 'ID_CARD',
            country: 'VNM',
            firstName: 'John',
            middleName: 'Quincy',
            lastName: 'Mock-Doe',
            issuedDate: '2020-01-02',
            validUntil: '2030-01-02',
            number: 'Mock-LMWH2VPLUB',
            dob: '2006-02-23',
          },
        ],
      }),
    })
    expect(await fetchOne()).toEqual({
      attemptId: 'hiiOC',
      status: 'approved',
      decidedAt: new Date('2024-06-17T10:51:01Z'),
      documentType: 'national_id',
      reason: undefined,
      findings: {
        givenName: 'John Quincy',
        surname: 'Mock-Doe',
        fullName: undefined,
        dateOfBirth: '2006-02-23',
        nationality: 'VNM',
        documentType: 'national_id',
        country: 'VNM',
        number: 'Mock-LMWH2VPLUB',
        issuedOn: '2020-01-02',
        expiresOn: '2030-01-02',
      },
    })
    expect(sent[0]?.headers.get('x-app-access-sig')).toBe(
      'c1d4115f88394d160236f48ab0fd74513756a0ab925a5f1970167841bdc8b45f',
    )
  })

  test.each([
    [{ reviewAnswer: 'RED', reviewRejectType: 'FINAL', rejectLabels: ['BLOCKLIST'] }, 'declined'],
    [{ reviewAnswer: 'RED', rejectLabels: ['BLOCKLIST'] }, 'declined'],
    [
      { reviewAnswer: 'RED', reviewRejectType: 'RETRY', moderationComment: 'BLOCKLIST' },
      'resubmission',
    ],
  ])('RED is final or to be tried again: %o is %s', async (reviewResult, status) => {
    answer({ [ONE]: applicant({ ...GREEN, reviewResult }) })
    expect(await fetchOne()).toMatchObject({ status, reason: 'BLOCKLIST' })
  })

  test.each(['init', 'pending', 'prechecked', 'queued', 'awaitingUser', 'awaitingService'])(
    'what is %s is pending, whatever the answer is already',
    async (reviewStatus) => {
      answer({ [ONE]: applicant({ ...GREEN, reviewStatus }) })
      const decision = await fetchOne()
      expect(decision).toMatchObject({ status: 'pending', decidedAt: undefined })
      expect(decision?.isUndated).toBeUndefined()
    },
  )

  test('on hold is a review without a date: the one that is there is of an earlier review', async () => {
    answer({ [ONE]: applicant({ ...GREEN, reviewStatus: 'onHold' }) })
    expect(await fetchOne()).toMatchObject({
      status: 'review',
      isUndated: true,
      attemptId: 'hiiOC',
    })
  })

  test.each([
    ['2024-06-17 10:51:01+0000', '2024-06-17T10:51:01Z'],
    ['2024-06-17 10:51:01', '2024-06-17T10:51:01Z'],
    ['2024-06-17 12:51:01+02:00', '2024-06-17T10:51:01Z'],
    ['2024-06-17 10:51:01.123', '2024-06-17T10:51:01.123Z'],
    ['2024-13-17 10:51:01', undefined],
    // It would outrank every review to come, or be outranked by every one before.
    ['9999-12-31 23:59:59+0000', undefined],
    ['1970-01-01 00:00:00+0000', undefined],
    ['0001-01-01 00:00:00', undefined],
    ['2024-06-17 10:51:01\u0000', undefined],
    ['yesterday', undefined],
    [undefined, undefined],
  ])('the date %s is %s', async (reviewDate, time) => {
    answer({ [ONE]: applicant({ ...GREEN, reviewDate }) })
    const decision = await fetchOne()
    expect(decision?.decidedAt).toEqual(time && new Date(time))
    expect(decision?.isUndated).toBe(time ? undefined : true)
  })

  test('an applicant that was deleted is expired; another one, and words that are not documented, are errors', async () => {
    answer({})
    expect(await fetchOne()).toMatchObject({ status: 'expired', isUndated: true })
    for (const one of [
      { ...applicant(GREEN), id: 'another' },
      applicant({ reviewStatus: 'finished' }),
      applicant({ ...GREEN, reviewResult: { reviewAnswer: 'YELLOW' } }),
      applicant({ reviewStatus: 'completed' }),
      {},
    ]) {
      answer({ [ONE]: one })
      await expect(fetchOne()).rejects.toThrow(/^the (vendor answered|answer)/)
    }
  })

  describe('images', () => {
    const LIST = `GET /resources/applicants/${APPLICANT}/metadata/resources`
    const image = (id: string, idDocDef: object, more: object = {}) => ({
      id,
      previewId: `${id}0`,
      addedDate: '2025-08-22 02:25:27',
      fileMetadata: {
        fileName: 'x.jpg',
        fileType: 'jpeg',
        fileSize: 129069,
        resolution: { width: 1152, height: 2048 },
      },
      idDocDef: { country: 'VNM', ...idDocDef },
      reviewResult: { reviewAnswer: 'GREEN' },
      deactivated: false,
      attemptId: 'sdqwI',
      source: 'fileupload',
      ...more,
    })
    const FRONT = { idDocType: 'ID_CARD', idDocSubType: 'FRONT_SIDE' }
    const BACK = { idDocType: 'ID_CARD', idDocSubType: 'BACK_SIDE' }
    const list = async (items: object[]) => {
      const sent = answer({ [ONE]: applicant(GREEN), [LIST]: { items, totalItems: items.length } })
      const session = { sessionId: APPLICANT, attemptId: 'sdqwI', listing: 1 }
      const media = await create().listMedia(session)
      return { media: media.map(({ mediaId, type }) => [type, mediaId.split('/')[1]]), sent }
    }

    test('are listed by side and kind, and downloaded by their id', async () => {
      const { media } = await list([
        image('449741312', FRONT),
        image('1856600123', BACK),
        image('516556662', { idDocType: 'SELFIE' }, { source: 'liveness' }),
        image('1', { idDocType: 'PASSPORT' }),
        image('2', { idDocType: 'UTILITY_BILL' }),
        image('3', {}, { idDocDef: undefined }),
        image('4', { idDocType: 'VIDEO_SELFIE' }, { fileMetadata: { fileType: 'video/mp4' } }),
      ])
      expect(media).toEqual([
        ['document_front', '449741312'],
        ['document_back', '1856600123'],
        ['selfie', '516556662'],
        ['document_front', '1'],
        ['utility_bill', '2'],
        ['other', '3'],
      ])
    })

    test('of this attempt come first, then the newest; refused and inactive ones never stand for others', async () => {
      const { media } = await list([
        image('old', FRONT, { attemptId: 'first', addedDate: '2025-08-22 02:00:00' }),
        image('older', FRONT, { attemptId: 'first', addedDate: '2025-08-22 01:00:00' }),
        image('refused', FRONT, { reviewResult: { reviewAnswer: 'RED' } }),
        image('inactive', BACK, { deactivated: true }),
        image('mine', FRONT, { addedDate: '2025-08-21 00:00:00' }),
      ])
      expect(media).toEqual([
        ['document_front_rejected', 'refused'],
        ['document_back_rejected', 'inactive'],
        ['document_front', 'mine'],
        ['document_front', 'old'],
        ['document_front', 'older'],
      ])
    })

    test('with an id of another form make the list one that is not understood', async () => {
      for (const id of [null, {}, ['1', '2'], true, -1, 1.5, '', '../5', '5/6', 'a\u0000', '.'])
        await expect(
          list([image('1', FRONT), { ...image('2', BACK), id }]),
          String(id),
        ).rejects.toThrow('another shape than Sumsub documents')
      expect((await list([{ ...image('', FRONT), id: 449741312 }])).media).toEqual([
        ['document_front', '449741312'],
      ])
    })

    test('are not taken for others where members have wrong types or absurd values', async () => {
      const { media } = await list([
        image('1', FRONT, { addedDate: '9999-12-31 23:59:59' }),
        image('2', FRONT, { addedDate: 5, attemptId: {}, fileMetadata: 'x', reviewResult: [] }),
        { ...image('3', {}), idDocDef: 'SELFIE' },
        { ...image('4', {}), idDocDef: { idDocType: '../\u0000', idDocSubType: 7 } },
      ])
      expect(media).toEqual([
        ['other', '3'],
        ['other', '4'],
        ['document_front', '1'],
        ['document_front', '2'],
      ])
    })

    test('need the inspection under which they are', async () => {
      for (const [imagePath, mediaId] of [
        ['inspections', undefined],
        ['applicants', '/1'],
      ] as const) {
        answer({
          [ONE]: { ...applicant(GREEN), inspectionId: null },
          [LIST]: { items: [image('1', FRONT)] },
        })
        const session = { sessionId: APPLICANT, attemptId: undefined, listing: 1 }
        const listed = create({ imagePath }).listMedia(session)
        if (mediaId) expect(await listed).toMatchObject([{ mediaId }])
        else await expect(listed).rejects.toThrow('names no inspection')
      }
    })

    test('are waited for when there is none yet', async () => {
      await expect(list([])).rejects.toThrow('has no images of this session yet')
    })

    test.each([
      ['inspections', `/resources/inspections/${INSPECTION}/resources/449741312`],
      ['applicants', `/resources/applicants/${APPLICANT}/resources/449741312`],
    ])('are under %s', async (imagePath, path) => {
      const bytes = Buffer.from('image')
      answer({
        [ONE]: applicant(GREEN),
        [LIST]: { items: [image('449741312', FRONT)] },
        [`GET ${path}`]: bytes,
      })
      const vendor = create({ imagePath })
      const session = { sessionId: APPLICANT, attemptId: undefined, listing: 1 }
      const [media] = await vendor.listMedia(session)
      const mediaId = media?.mediaId ?? ''
      expect(mediaId).toBe(`${INSPECTION}/449741312`)
      const got = await vendor.download({ sessionId: APPLICANT, mediaId }, 1000)
      expect(Buffer.from(got)).toEqual(bytes)
      const missing = vendor.download({ sessionId: APPLICANT, mediaId: `${INSPECTION}/5` }, 1000)
      await expect(missing).rejects.toThrow('the vendor has no such image')
      const forged = vendor.download({ sessionId: APPLICANT, mediaId: '../..' }, 1000)
      await expect(forged).rejects.toThrow('an id that is not valid in a path')
    })
  })
})

test('settings that are none of Sumsub’s are refused, each named', () => {
  expect(() => create({ level: 'x' })).toThrow('settings of sumsub')
  expect(() => create({ imagePath: 'elsewhere' })).toThrow('imagePath')
  expect(() => create({ linkSeconds: 5 })).toThrow('linkSeconds')
})
