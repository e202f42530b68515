import { afterEach, describe, expect, test, vi } from 'vitest'
import { createStripe } from '../../src/id-verification/vendors/stripe.ts'
import type { IntegrationSettings, Secrets } from '../../src/id-verification/vendors/vendor.ts'

// docs/vendor-protocols.md §8: signatures that the vendor's own library and another implementation agree on.
const SESSION = 'vs_1NuNAILkdIwHu7ixh7OtGMLw'
const REPORT = 'vr_1NuNAILkdIwHu7ix0a1b2c3d'
const BODY = Buffer.from(
  '{"id":"evt_1NuNAILkdIwHu7ix0a1b2c3d","object":"event","api_version":"2026-10-28.endive","created":1695680526,"data":{"object":{"id":"vs_1NuNAILkdIwHu7ixh7OtGMLw","object":"identity.verification_session","client_reference_id":"usr_01HZX3K9QF","last_error":null,"status":"verified"}},"livemode":false,"pending_webhooks":1,"type":"identity.verification_session.verified"}',
)
const TIME = 1_695_680_530
const CURRENT = '86c8b82c07af5c7f3925f04c769dd85d9f2dc5e59017536ade3c28fe628db6b9'
const ROLLED = 'd170c381494504730b7ae127c5b1f2cafc47da814b7a381f312f529a21c6aa57'
const WITHOUT_TIME = '291455722367d724c850d265487e2bad1e2a8630c80e1e5dfd4065255ca6c1b8'

const BASE_URL = 'https://api.stripe.com'
const SECRETS: Secrets = { apiKey: 'rk_live_x', sharedSecrets: ['whsec_current'] }
const create = ({
  settings = {} as IntegrationSettings,
  secrets = SECRETS,
  now = TIME * 1000,
} = {}) =>
  createStripe(
    {
      vendor: 'stripe',
      name: 'default',
      tenant: 'default',
      baseUrl: BASE_URL,
      settings,
      secrets,
    },
    () => now,
  )

describe('a delivery', () => {
  const isGenuine = (header: string | undefined, vendor = create(), body: Uint8Array = BODY) =>
    vendor.isGenuine(
      body,
      (name) => (name === 'stripe-signature' ? header : undefined),
      async () => false,
    )
  const flipped = Buffer.from(BODY)
  flipped[10] = (flipped[10] ?? 0) ^ 1

  test.each([
    ['by the vector', `t=${TIME},v1=${CURRENT}`],
    ['in upper case', `t=${TIME},v1=${CURRENT.toUpperCase()}`],
    ['while the secret is rolled', `t=${TIME},v1=${ROLLED},v1=${CURRENT}`],
    ['beside a scheme that means nothing', `t=${TIME},v1=${CURRENT},v0=${ROLLED}`],
    ['beside what the header may contain later', `t=${TIME}, x=1, v1=${CURRENT}, v2`],
  ])('is genuine %s', (_what, header) => {
    expect(isGenuine(header)).toBe(true)
  })

  test.each([
    ['another secret', `t=${TIME},v1=${ROLLED}`],
    ['its signature under another scheme', `t=${TIME},v0=${CURRENT}`],
    ['a signature of the body alone', `t=${TIME},v1=${WITHOUT_TIME}`],
    ['another time than was signed', `t=${TIME + 1},v1=${CURRENT}`],
    ['two times', `t=${TIME},t=${TIME},v1=${CURRENT}`],
    ['no time', `v1=${CURRENT}`],
    ['no signature', `t=${TIME}`],
    ['a time far ahead', `t=999999999999,v1=${CURRENT}`],
    ['a time of more digits than there are', `t=${'9'.repeat(400)},v1=${CURRENT}`],
    ['a negative time', `t=-${TIME},v1=${CURRENT}`],
    ['a second time that is another', `t=${TIME},v1=${CURRENT},t=1`],
    ['a space in the time', `t= ${TIME},v1=${CURRENT}`],
    ['another separator', `t=${TIME};v1=${CURRENT}`],
    ['a time that is no number', `t=${TIME}x,v1=${CURRENT}`],
    ['a short signature', `t=${TIME},v1=${CURRENT.slice(2)}`],
    ['half a digit', `t=${TIME},v1=${CURRENT.slice(1)}`],
    ['an empty signature', `t=${TIME},v1=`],
    ['a signature that has no scheme', `t=${TIME},${CURRENT}`],
    ['very many signatures', `t=${TIME}${`,v1=${ROLLED}`.repeat(10)},v1=${CURRENT}`],
    ['an empty header', ''],
    ['no header', undefined],
  ])('is not genuine with %s', (_what, header) => {
    expect(isGenuine(header)).toBe(false)
  })

  test('is of these bytes and no others', () => {
    expect(isGenuine(`t=${TIME},v1=${CURRENT}`, create(), flipped)).toBe(false)
  })

  test('is genuine for five minutes, or as long as the operator says', () => {
    const header = `t=${TIME},v1=${CURRENT}`
    const isTaken = (seconds: number, settings: IntegrationSettings = {}) =>
      isGenuine(header, create({ now: (TIME + seconds) * 1000, settings }))
    expect([isTaken(300), isTaken(301), isTaken(-300), isTaken(-301)]).toEqual([
      true,
      false,
      true,
      false,
    ])
    expect(isTaken(60, { timestampToleranceSeconds: 30 })).toBe(false)
  })

  const read = (json: unknown) => create().read(Buffer.from(JSON.stringify(json)))
  const event = (type: unknown, object: unknown = { id: SESSION }) => ({ type, data: { object } })

  test('is a notice about a session, whatever it says of it', () => {
    expect(create().read(BODY)).toMatchObject({
      kind: 'notice',
      sessionId: SESSION,
      echoed: 'usr_01HZX3K9QF',
    })
    for (const name of ['processing', 'requires_input', 'canceled', 'something_new'])
      expect(read(event(`identity.verification_session.${name}`))).toMatchObject({ kind: 'notice' })
  })

  test('of a redaction has no id of ours that could be compared', () => {
    const redacted = { id: SESSION, client_reference_id: '[redacted]' }
    expect(read(event('identity.verification_session.redacted', redacted))).toMatchObject({
      kind: 'notice',
      echoed: undefined,
    })
  })

  test('about something else is ignored; one that says nothing is kept for the operator', () => {
    // It may arrive before the session is known here.
    expect(read(event('identity.verification_session.created'))).toMatchObject({
      kind: 'ignored',
      sessionId: SESSION,
    })
    expect(read(event('payment_intent.succeeded'))).toEqual({
      kind: 'ignored',
      explanation: 'it is not about a verification session',
    })
    const type = 'identity.verification_session.verified'
    for (const json of [
      {},
      [],
      null,
      5,
      { data: { object: { id: SESSION } } },
      event(5),
      event(type, null),
      event(type, []),
      event(type, { id: 5 }),
      event(type, { id: '' }),
      event(type, { id: 'v'.repeat(201) }),
      { type },
      { type, data: 'x' },
    ])
      expect(read(json).kind).toBe('unknown')
    expect(create().read(Buffer.from('{')).kind).toBe('unknown')
  })
})

describe('the API as it is documented, with nothing set', () => {
  afterEach(() => vi.restoreAllMocks())

  /** Answers each request by its method and path: an error where it is a number. Returns what was sent. */
  function answer(responses: Record<string, unknown>) {
    const sent: { call: string; headers: Headers; form: Record<string, string> }[] = []
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      const call = `${init?.method} ${String(input).replace(BASE_URL, '')}`
      const form = Object.fromEntries(new URLSearchParams(String(init?.body ?? '')))
      sent.push({ call, headers: new Headers(init?.headers), form })
      const response = responses[call] ?? 404
      if (typeof response === 'number') return Response.json({ error: {} }, { status: response })
      return response instanceof Uint8Array
        ? new Response(new Uint8Array(response), { headers: { 'Content-Type': 'image/jpeg' } })
        : Response.json(response)
    })
    return sent
  }
  const GET_SESSION = `GET /v1/identity/verification_sessions/${SESSION}`
  const GET_REPORT = `GET /v1/identity/verification_reports/${REPORT}`
  const GET_ALL = `${GET_REPORT}?expand[]=document.dob&expand[]=document.expiration_date&expand[]=document.number`
  const session = (members: object) => ({
    id: SESSION,
    object: 'identity.verification_session',
    client_secret: '…',
    created: 1_695_680_526,
    last_error: null,
    last_verification_report: null,
    livemode: true,
    metadata: {},
    options: { document: { require_matching_selfie: true } },
    redaction: null,
    status: 'requires_input',
    type: 'document',
    url: null,
    ...members,
  })
  const DOCUMENT = {
    status: 'verified',
    error: null,
    address: null,
    files: ['file_front', 'file_back'],
    first_name: 'Jenny',
    last_name: 'Rosen',
    issued_date: { day: 1, month: 5, year: 2020 },
    issuing_country: 'US',
    type: 'driving_license',
  }
  const SENSITIVE = {
    dob: { day: 2, month: 3, year: 1990 },
    expiration_date: { day: 1, month: 5, year: 2030 },
    number: 'U1234567',
  }
  const report = (members: object = {}) => ({
    id: REPORT,
    object: 'identity.verification_report',
    created: TIME,
    document: DOCUMENT,
    selfie: {
      status: 'verified',
      error: null,
      document: 'file_of_selfie_check',
      selfie: 'file_selfie',
    },
    type: 'document',
    verification_session: SESSION,
    ...members,
  })
  const REPORTED = { last_verification_report: REPORT }
  const VERIFIED = session({ ...REPORTED, status: 'verified' })
  const fetchOne = async (vendor = create()) => (await vendor.fetchResult(SESSION))[0]
  const failed = (code: string) => ({
    ...REPORTED,
    last_error: { code, reason: 'It did not succeed.' },
  })

  const NEW = {
    verificationId: 'our-id',
    returnUrl: 'https://portal.test/callbacks/stripe?state=s&x=1',
    state: 's',
  }
  const STARTED = session({ url: 'https://verify.stripe.com/start/test_YWNjdF8x' })

  test('starts a session: a document and a selfie, and the address to return to', async () => {
    const sent = answer({ 'POST /v1/identity/verification_sessions': STARTED })
    expect(await create().startSession(NEW)).toEqual({
      sessionId: SESSION,
      url: 'https://verify.stripe.com/start/test_YWNjdF8x',
    })
    const [{ form, headers } = { form: {}, headers: new Headers() }] = sent
    expect(form).toEqual({
      type: 'document',
      'options[document][require_matching_selfie]': 'true',
      client_reference_id: 'our-id',
      return_url: NEW.returnUrl,
    })
    expect(Object.fromEntries(headers)).toMatchObject({
      authorization: 'Bearer rk_live_x',
      'content-type': 'application/x-www-form-urlencoded',
      'idempotency-key': 'our-id',
      'stripe-version': '2026-10-28.endive',
    })
  })

  test('a session is not started where the answer is about another one, or has no usable id', async () => {
    for (const members of [
      { client_reference_id: 'another-id' },
      { id: 'vs_../../customers' },
      { id: 'vs_1?expand[]=x' },
      { id: '..' },
      { id: 'vs_\0' },
      { id: 'v'.repeat(201) },
      { id: '' },
      { url: 'javascript:alert(1)' },
      { url: null },
    ]) {
      answer({ 'POST /v1/identity/verification_sessions': { ...STARTED, ...members } })
      await expect(create().startSession(NEW)).rejects.toMatchObject({ name: 'VendorError' })
    }
  })

  test('what is no JSON, though it is 200, is no answer: nothing is decided, and nothing deleted', async () => {
    const html = Buffer.from('<!doctype html><title>Sign in to this network</title>')
    const image = { sessionId: SESSION, mediaId: 'file_front' }
    const attempt = { sessionId: SESSION, attemptId: REPORT, listing: 1 }
    const isRefused = expect.objectContaining({
      name: 'VendorError',
      message: 'the answer has another shape than Stripe documents',
    })
    const calls = [
      () => create().startSession(NEW),
      () => fetchOne(),
      () => create().listMedia(attempt),
      () => create().download(image, 1000),
      () => create().deleteSession(SESSION),
    ]
    for (const call of calls) {
      answer({
        'POST /v1/identity/verification_sessions': html,
        [GET_SESSION]: html,
        [GET_REPORT]: html,
        'POST /v1/file_links': html,
      })
      await expect(call()).rejects.toEqual(isRefused)
    }
    const redact = `POST /v1/identity/verification_sessions/${SESSION}/redact`
    for (const response of [html, { ...VERIFIED, id: 'vs_another' }]) {
      answer({ [GET_SESSION]: VERIFIED, [redact]: response })
      await expect(create().deleteSession(SESSION)).rejects.toMatchObject({ name: 'VendorError' })
    }
  })

  test('a session is started once, whichever of two keys is asked with', async () => {
    const sent = answer({ 'POST /v1/identity/verification_sessions': 401 })
    const secrets = { ...SECRETS, next: { apiKey: 'rk_live_next' } }
    await expect(create({ secrets }).startSession(NEW)).rejects.toThrow('the vendor answered 401')
    expect(sent.map(({ headers }) => headers.get('idempotency-key'))).toEqual(['our-id', 'our-id'])
    expect(sent.map(({ headers }) => headers.get('authorization'))).toEqual([
      'Bearer rk_live_x',
      'Bearer rk_live_next',
    ])
  })

  test('starts the flow, with the version, that the operator says', async () => {
    const sent = answer({ 'POST /v1/identity/verification_sessions': STARTED })
    const settings = { verificationFlow: 'vf_1abc', apiVersion: '2024-06-20' }
    await create({ settings }).startSession(NEW)
    expect(sent[0]?.headers.get('stripe-version')).toBe('2024-06-20')
    expect(sent[0]?.form).toEqual({
      verification_flow: 'vf_1abc',
      client_reference_id: 'our-id',
      return_url: NEW.returnUrl,
    })
    await create({ settings: { liveCapture: true } }).startSession(NEW)
    expect(sent[1]?.form['options[document][require_live_capture]']).toBe('true')
  })

  test('an approval has its report as the attempt, no date, and what was read from the document', async () => {
    const document = { ...DOCUMENT, ...SENSITIVE }
    answer({ [GET_SESSION]: VERIFIED, [GET_ALL]: report({ document }) })
    expect(await fetchOne()).toEqual({
      attemptId: REPORT,
      status: 'approved',
      decidedAt: undefined,
      isUndated: true,
      documentType: 'drivers_license',
      reason: undefined,
      findings: {
        givenName: 'Jenny',
        surname: 'Rosen',
        fullName: undefined,
        dateOfBirth: '1990-03-02',
        nationality: undefined,
        documentType: 'drivers_license',
        country: 'US',
        number: 'U1234567',
        issuedOn: '2020-05-01',
        expiresOn: '2030-05-01',
      },
    })
  })

  test.each([
    { day: 30, month: 2, year: 1990 },
    { day: 1, month: 1, year: 90 },
    { day: 1, month: 1, year: 1e21 },
    { day: -1, month: 1, year: 1990 },
    { day: 1.5, month: 1, year: 1990 },
    { day: '1', month: '1', year: '1990' },
    { month: 1, year: 1990 },
    642_902_400,
    '1990-01-01',
  ])('%j is no date', async (dob) => {
    const document = { ...DOCUMENT, ...SENSITIVE, dob }
    answer({ [GET_SESSION]: VERIFIED, [GET_ALL]: report({ document }) })
    const { findings } = (await fetchOne()) ?? {}
    expect(findings).toMatchObject({ dateOfBirth: undefined, expiresOn: '2030-05-01' })
  })

  test('a session that the person has not finished has no result', async () => {
    for (const members of [
      { status: 'requires_input' },
      { status: 'processing' },
      // The attempt that is being processed has no report.
      { status: 'processing', ...failed('document_expired') },
    ]) {
      answer({ [GET_SESSION]: session(members) })
      expect(await create().fetchResult(SESSION)).toEqual([])
    }
  })

  test.each([
    ['abandoned', 'resubmission'],
    ['consent_declined', 'resubmission'],
    ['country_not_supported', 'resubmission'],
    ['device_not_supported', 'resubmission'],
    ['something_new', 'resubmission'],
    ['under_supported_age', 'declined'],
  ])(
    'what ends before anything is submitted, by %s, is %s and no attempt',
    async (code, status) => {
      answer({ [GET_SESSION]: session({ last_error: { code, reason: null } }) })
      const decision = { status, reason: code, attemptId: '', isUndated: true }
      expect(await fetchOne()).toMatchObject(decision)
      expect(
        await create().listMedia({ sessionId: SESSION, attemptId: undefined, listing: 1 }),
      ).toEqual([])
    },
  )

  const UNVERIFIED = { ...DOCUMENT, status: 'unverified' }
  test.each([
    ['document_unverified_other', report({ document: UNVERIFIED }), 'resubmission'],
    ['document_expired', report({ document: UNVERIFIED, selfie: null }), 'resubmission'],
    ['selfie_manipulated', report({ selfie: { status: 'unverified' } }), 'resubmission'],
    ['id_number_mismatch', report({ id_number: { status: 'unverified' } }), 'resubmission'],
    ['under_supported_age', report({ document: UNVERIFIED }), 'declined'],
  ])('a check that failed by %s', async (code, json, status) => {
    answer({ [GET_SESSION]: session(failed(code)), [GET_ALL]: json })
    expect(await fetchOne()).toMatchObject({ status, reason: code, attemptId: REPORT })
    const strict = create({ settings: { failedCheck: 'declined' } })
    expect(await fetchOne(strict)).toMatchObject({ status: 'declined', reason: code })
  })

  test('who is not verified although no check failed was declined by a reviewer', async () => {
    for (const members of [REPORTED, failed('document_unverified_other')]) {
      answer({ [GET_SESSION]: session(members), [GET_ALL]: report() })
      expect(await fetchOne()).toMatchObject({ status: 'declined', isUndated: true })
    }
  })

  test('a session that was canceled is expired; one that is redacted, or being redacted, is gone', async () => {
    answer({ [GET_SESSION]: session({ status: 'canceled' }) })
    expect(await fetchOne()).toMatchObject({ status: 'expired', isUndated: true })
    for (const status of ['processing', 'redacted']) {
      answer({ [GET_SESSION]: { ...VERIFIED, redaction: { status } } })
      expect(await fetchOne()).toMatchObject({
        status: 'expired',
        reason: 'the vendor deleted this session',
      })
    }
  })

  test('after 48 hours a key may not read everything: what it reads is kept, and before that the refusal is an error', async () => {
    for (const status of [400, 403]) {
      answer({ [GET_SESSION]: VERIFIED, [GET_ALL]: status, [GET_REPORT]: report() })
      await expect(fetchOne()).rejects.toThrow(`the vendor answered ${status}`)
      const later = create({ now: (TIME + 48 * 3600 + 1) * 1000 })
      expect(await fetchOne(later)).toMatchObject({
        status: 'approved',
        findings: { surname: 'Rosen', dateOfBirth: undefined, number: undefined },
      })
    }
    answer({ [GET_SESSION]: VERIFIED, [GET_ALL]: 500, [GET_REPORT]: report() })
    await expect(fetchOne(create({ now: 1e15 }))).rejects.toThrow('the vendor answered 500')
  })

  test('words and shapes that are not documented are errors, and no decisions', async () => {
    for (const [one, json = report()] of [
      [session({ status: 'approved' })],
      [session({ status: 5 })],
      [session({ status: '\0' })],
      [{ ...VERIFIED, id: 'vs_another' }],
      [{ ...VERIFIED, last_verification_report: null }],
      [{ ...VERIFIED, last_verification_report: '../../x' }],
      [{ ...VERIFIED, last_verification_report: 'v'.repeat(65) }],
      [VERIFIED, report({ verification_session: 'vs_another' })],
      [VERIFIED, report({ verification_session: null })],
      [VERIFIED, report({ id: 'vr_another' })],
      [VERIFIED, report({ created: '2026-01-01' })],
      [VERIFIED, []],
      [[]],
      [{}],
    ]) {
      answer({ [GET_SESSION]: one, [GET_ALL]: json })
      await expect(fetchOne()).rejects.toThrow(/^the (vendor answered|answer|session is verified)/)
    }
    // Unlike a redacted session, one that the key does not find is another account's.
    answer({})
    await expect(fetchOne()).rejects.toThrow('the vendor answered 404')
  })

  test('an approval with parts of other types is kept without them', async () => {
    const odd = report({ created: -1e300, document: 5, selfie: [], id_number: 'x', email: 0 })
    answer({ [GET_SESSION]: VERIFIED, [GET_ALL]: odd })
    expect(await fetchOne()).toMatchObject({ status: 'approved', documentType: undefined })
    const document = { ...DOCUMENT, type: 7, first_name: 'Al\0ma', files: 'x', number: {} }
    answer({ [GET_SESSION]: VERIFIED, [GET_ALL]: report({ document }) })
    expect((await fetchOne())?.findings).toMatchObject({ givenName: undefined, surname: 'Rosen' })
  })

  describe('images', () => {
    const list = async (json: object) => {
      answer({ [GET_REPORT]: json })
      const media = await create().listMedia({ sessionId: SESSION, attemptId: REPORT, listing: 1 })
      return media.map(({ type, mediaId }) => [type, mediaId])
    }

    test('are those of the report, the front first, each once', async () => {
      expect(await list(report())).toEqual([
        ['document_front', 'file_front'],
        ['document_back', 'file_back'],
        ['selfie', 'file_selfie'],
        ['selfie_document', 'file_of_selfie_check'],
      ])
      const document = { ...DOCUMENT, type: 'passport', files: ['file_front'] }
      const selfie = { status: 'verified', selfie: 'file_selfie', document: 'file_front' }
      expect(await list(report({ document, selfie }))).toEqual([
        ['document_front', 'file_front'],
        ['selfie', 'file_selfie'],
      ])
      const more = { ...DOCUMENT, files: ['1', '2', '3', '4'] }
      expect((await list(report({ document: more }))).slice(2, 4)).toEqual([
        ['document_other', '3'],
        ['document_other', '4'],
      ])
    })

    test('whose list is not understood are not taken for none', async () => {
      for (const members of [
        { document: { ...DOCUMENT, files: 'file_front' } },
        { document: { ...DOCUMENT, files: ['file_front', 5] } },
        { document: { ...DOCUMENT, files: ['../files/x'] } },
        { document: { ...DOCUMENT, files: ['file_\0'] } },
        { selfie: { status: 'verified', selfie: 'f'.repeat(201) } },
        { selfie: { status: 'verified', selfie: 'file_selfie', document: {} } },
      ])
        await expect(list(report(members))).rejects.toThrow('another shape than Stripe documents')
    })

    test('are waited for when the vendor shows none', async () => {
      const none = report({ document: { ...DOCUMENT, files: null }, selfie: null })
      await expect(list(none)).rejects.toThrow('does not list the images')
    })

    const download = (vendor = create()) =>
      vendor.download({ sessionId: SESSION, mediaId: 'file_front' }, 1000)
    const link = (url: string) => ({ 'POST /v1/file_links': { id: 'link_1', url } })

    test('are downloaded without the key, by a link that ends within the time that the vendor allows', async () => {
      const url = 'https://files.stripe.com/links/MDB8YWNjdF8x'
      const sent = answer({ ...link(url), [`GET ${url}`]: Buffer.from('image') })
      expect(Buffer.from(await download()).toString()).toBe('image')
      expect(sent.map(({ call, form }) => [call, form])).toEqual([
        ['POST /v1/file_links', { file: 'file_front', expires_at: String(TIME + 20) }],
        [`GET ${url}`, {}],
      ])
      expect(sent[1]?.headers.has('authorization')).toBe(false)
    })

    test('are not downloaded from other hosts than the operator allows', async () => {
      const sent = answer(link('https://files.example.com/links/x'))
      await expect(download()).rejects.toThrow('the image is at files.example.com')
      expect(sent).toHaveLength(1)
      for (const url of [
        'https://files.stripe.com@files.example.com/links/x',
        'https://:x@files.stripe.com.example.com/links/x',
        'https://files.stripe.com:8443/links/x',
        'https://files.stripe.com./links/x',
        'https://[::ffff:7f00:1]/links/x',
        'https://[::1]/links/x',
        'https://127.0.0.1/links/x',
        'http://127.0.0.1:9/links/x',
        'https://files.strip\u0435.com/links/x',
        'http://files.stripe.com/links/x',
        'file:///etc/passwd',
        'data:image/jpeg;base64,AAAA',
        '//files.stripe.com/links/x',
      ]) {
        const asked = answer(link(url))
        await expect(download()).rejects.toThrow(
          /^the image('s address is not an| is at .*, which)/,
        )
        expect(asked).toHaveLength(1)
      }
      const allowed = create({ settings: { imageHosts: ['files.example.com'] } })
      answer(link('https://files.example.com/links/x'))
      await expect(download(allowed)).rejects.toThrow('the vendor answered 404')
    })

    test('are not downloaded from where a redirect leads', async () => {
      const url = 'https://files.stripe.com/links/x'
      const sent = answer({ ...link(url), [`GET ${url}`]: 302 })
      await expect(download()).rejects.toThrow('the vendor answered 302')
      expect(sent).toHaveLength(2)
    })

    test('that the vendor does not have are not asked for again; a link that ended is', async () => {
      answer({})
      await expect(download()).rejects.toMatchObject({ message: 'the vendor has no such image' })
      answer({ 'POST /v1/file_links': 400 })
      await expect(download()).rejects.toThrow('the vendor answered 400')
    })
  })

  describe('deletion', () => {
    const REDACT = `POST /v1/identity/verification_sessions/${SESSION}/redact`
    const remove = async (found: object, redacted: unknown = found) => {
      const sent = answer({ [GET_SESSION]: found, [REDACT]: redacted })
      expect(await create().deleteSession(SESSION)).toBe('deleted')
      return sent.map(({ call }) => call)
    }

    test('redacts the session, once', async () => {
      expect(await remove(VERIFIED)).toEqual([GET_SESSION, REDACT])
      expect(await remove(session({}))).toEqual([GET_SESSION, REDACT])
      expect(await remove({ ...VERIFIED, redaction: { status: 'processing' } }, 400)).toEqual([
        GET_SESSION,
      ])
    })

    test('has nothing to do for a session that was canceled before anything was submitted', async () => {
      expect(await remove(session({ status: 'canceled' }), 400)).toEqual([GET_SESSION])
    })

    test('fails while the vendor refuses it, and for a session that the key does not find', async () => {
      for (const found of [
        session({ status: 'processing' }),
        session({ ...REPORTED, status: 'canceled' }),
      ])
        await expect(remove(found, 400)).rejects.toThrow('the vendor answered 400')
      answer({})
      await expect(create().deleteSession(SESSION)).rejects.toThrow('the vendor answered 404')
    })
  })
})

test('settings that are none of Stripe’s are refused, each named', () => {
  expect(() => create({ settings: { level: 'x' } })).toThrow('settings of stripe')
  expect(() => create({ settings: { failedCheck: 'approved' } })).toThrow('failedCheck')
  expect(() => create({ settings: { apiVersion: 'latest' } })).toThrow('apiVersion')
  expect(() => create({ settings: { verificationFlow: 'x&type=y' } })).toThrow('verificationFlow')
  expect(() => create({ settings: { timestampToleranceSeconds: 0 } })).toThrow('Tolerance')
})
