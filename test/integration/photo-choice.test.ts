import { createHash, randomUUID } from 'node:crypto'
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  discovery,
  initiateDeviceAuthorization,
  None,
  pollDeviceAuthorizationGrant,
} from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openApiDocument } from '../../src/api/openapi.ts'
import { findConsent } from '../../src/consents/consents.ts'
import { createUserAgent, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { setPolicy } from '../../src/platform/policies.ts'
import { createApplication } from '../support/application.ts'
import { drawNoise } from '../support/images.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { addVerification } from '../support/verifications.ts'

/** A resident who shares documents decides about each photo. What is not ticked is in no answer, by no route. */

const IMAGES = 'eprospera:person.id_verification.read'
const SCOPE = `openid profile offline_access ${IMAGES}`
const PATH = '/api/v1/me/natural-person/id-verification'
const CLAIMS = JSON.stringify({
  userinfo: {
    verified_claims: {
      verification: {
        trust_framework: null,
        evidence: [{ type: { value: 'document' }, attachments: null }],
      },
      claims: { given_name: null },
    },
  },
})

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
  await setPolicy(portal.db, 'sensitive-scopes', 'documents')
})
afterAll(() => portal.close())

/** A vendor's images besides front, back and face: parts of these, and pictures of several of them. */
const OTHERS = [
  'document_front_cropped',
  'document_face_cropped',
  'document_back_cropped',
  'selfie_cropped',
  'liveness_frame',
  'selfie_document',
  'signature',
]

/** A verified resident with images of every kind; and what an answer that discloses one of them contains. */
async function arrange() {
  const resident = await addResident(portal.parts)
  const { id } = await addVerification(portal.parts, resident.id)
  for (const [index, type] of OTHERS.entries()) {
    const bytes = await drawNoise({ seed: index, width: 16, height: 16 }).jpeg().toBuffer()
    const sha256 = createHash('sha256').update(bytes).digest()
    const key = `default/${id}/1/${type}.jpg`
    await portal.parts.storage.put(key, bytes, { contentType: 'image/jpeg', sha256 })
    await portal.db`
      insert into image (verification_id, attempt_id, type, vendor_media_id, position, rank, state, content_type,
        size, sha256, object_key, clean_key, clean_content_type, clean_size, clean_sha256, jpeg_key, jpeg_size, jpeg_sha256)
      values (${id}, '1', ${type}, ${randomUUID()}, 0, 0, 'stored', 'image/jpeg', ${bytes.length}, ${sha256}, ${key},
        ${key}, 'image/jpeg', ${bytes.length}, ${sha256}, ${key}, ${bytes.length}, ${sha256})`
  }
  await portal.db`
    update verification set shown_images = (
      select jsonb_agg(jsonb_build_object('id', id, 'type', type, 'sha256', encode(sha256, 'hex')))
      from image where verification_id = ${id} and type in ('document_front', 'document_back', 'selfie'))
    where id = ${id}`
  const rows = await portal.db<{ id: string; type: string; key: string; sha256: Buffer }[]>`
    select id, type, jpeg_key as key, sha256 from image where verification_id = ${id}`
  const marks = new Map<string, string[]>()
  for (const row of rows) {
    const bytes = Buffer.from(await portal.parts.storage.get(row.key))
    marks.set(row.type, [
      row.id,
      row.key,
      row.sha256.toString('hex'),
      row.sha256.toString('base64'),
      bytes.toString('base64').slice(200, 300),
    ])
  }
  const client = await addClient(portal.parts, { scope: SCOPE })
  const application = await createApplication(portal.issuer, client)
  const browser = createUserAgent()
  return { resident, client, application, browser, rows, marks }
}
type Arranged = Awaited<ReturnType<typeof arrange>>

/** The operations by which an application reads with this scope: a new one has to be walked below. */
const operationIds = Object.values(openApiDocument('https://id.test').paths)
  .flatMap((path) => Object.values(path as Record<string, { operationId: string }>))
  .filter((each) => JSON.stringify(each).includes(`"${IMAGES}"`))
  .map(({ operationId }) => operationId)

/** Everything that an application reads with this token, by every route. */
async function walk({ rows, application, resident }: Arranged, token: string) {
  const call = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${portal.url}${path}`, {
      ...init,
      headers: { Authorization: `Bearer ${token}`, ...init.headers },
    })
    const bytes = Buffer.from(await answer.arrayBuffer())
    const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`)
    const isImage = /^image\//.test(answer.headers.get('content-type') ?? '')
    return [...headers, isImage ? bytes.toString('base64') : bytes.toString()].join('\n')
  }
  const post = (path: string, images: string[]) =>
    call(path, {
      method: 'POST',
      body: JSON.stringify({ images }),
      headers: { 'Content-Type': 'application/json' },
    })
  const types = rows.map(({ type }) => type)
  const names = [...types, 'face', 'fullFrameFrontID', 'fullFrameBackID', 'croppedFace']
  const each = <T>(values: readonly T[], read: (value: T) => Promise<string>) =>
    Promise.all(values.map(read)).then((texts) => texts.join('\n'))
  const walks: Record<string, () => Promise<string>> = {
    getIdVerification: async () => {
      const jwt = await call(`${PATH}?signed=1`)
      const [, payload = ''] = /\n[\w-]+\.([\w-]+)\.[\w-]+$/.exec(jwt) ?? []
      const signed = Buffer.from(payload, 'base64url').toString()
      expect(signed).toContain('id_verification')
      return [await call(PATH), await call(PATH.replace('id-ver', 'id_ver')), signed].join('\n')
    },
    ownListImages: () => call(`${PATH}/images`),
    ownGetImageLink: () => each(names, (type) => call(`${PATH}/images/${type}`)),
    ownGetImageContent: () =>
      each(rows, async ({ id, sha256 }) => {
        const path = `${PATH}/images/${id}/content`
        const tag = { 'If-None-Match': `"${sha256.toString('hex')}"` }
        return [
          await call(path),
          await call(path, { method: 'HEAD' }),
          await call(path, { headers: tag }),
        ].join('\n')
      }),
    ownCreateImageLinks: () => post(`${PATH}/images/links`, types),
    ownReadImages: () => post(`${PATH}/images/base64`, [...types, 'fullFrameBackID']),
  }
  expect(Object.keys(walks).sort()).toEqual([...operationIds].sort())
  const texts = await Promise.all(Object.values(walks).map((read) => read()))
  const claims = await application.userinfo(token, resident.id)
  return [...texts, JSON.stringify(claims)].join('\n')
}

/** The types of images that a text discloses. */
const disclosedIn = (text: string, { marks }: Arranged): string[] =>
  [...marks]
    .flatMap(([type, own]) => (own.some((mark) => text.includes(mark)) ? [type] : []))
    .sort()

const json = async (path: string, token: string) =>
  (await (
    await fetch(`${portal.url}${path}`, { headers: { Authorization: `Bearer ${token}` } })
  ).json()) as Record<string, unknown>

async function choose(browser: UserAgent, clientId: string, image: string[]) {
  const page = await browser.open(`${portal.issuer}/applications/${clientId}`)
  return await browser.submit(page, 'save', { image })
}

test('a photo that is withheld is in no answer of any route, also to tokens from before; and it returns', async () => {
  const arranged = await arrange()
  const { application, browser, client, resident, marks } = arranged
  const tokens = await application.obtainTokens(SCOPE, resident.email, browser, { claims: CLAIMS })
  const token = tokens.access_token
  const everything = await walk(arranged, token)
  expect(disclosedIn(everything, arranged)).toEqual([...marks.keys()].sort())
  expect(everything).not.toContain('withheld')
  expect(Object.keys(await json(PATH, token))).toEqual([
    'id',
    'type',
    'documentType',
    'date',
    'status',
    'documents',
  ])

  const saved = await choose(browser, client.client_id, ['document_front'])
  expect(saved.text).toContain('role="status"')
  const front = ['document_face_cropped', 'document_front', 'document_front_cropped']
  expect(disclosedIn(await walk(arranged, token), arranged)).toEqual(front)
  expect(await json(PATH, token)).toMatchObject({
    status: 'approved',
    documents: { documentFront: expect.any(String), documentBack: null, face: null },
    withheld: ['documentBack', 'face'],
  })
  expect((await json(`${PATH}/images`, token)).withheld).toEqual(['document_back', 'selfie'])
  const { verified_claims } = await application.userinfo(token, resident.id)
  expect(verified_claims).toMatchObject({
    verification: { evidence: [{ withheld_attachments: ['document_back', 'selfie'] }] },
  })
  const refreshed = await application.refresh(tokens.refresh_token ?? '')
  expect(disclosedIn(await walk(arranged, refreshed.access_token), arranged)).toEqual(front)
  // The ledger says what was disclosed, and no more.
  const [entry] = await portal.db<{ images: { type: string }[] }[]>`
    select images from ledger_entry where account_id = ${resident.id} and result = 'shown' and client_id = ${client.client_id}
      and verification_id is not null and images <> '[]' order by id desc limit 1`
  for (const { type } of entry?.images ?? []) expect(front).toContain(type)
  expect(entry?.images.length).toBeGreaterThan(0)

  await choose(browser, client.client_id, [])
  expect(disclosedIn(await walk(arranged, token), arranged)).toEqual([])
  expect(await json(PATH, token)).toMatchObject({
    type: 'veriff',
    status: 'approved',
    documents: { documentFront: null, documentBack: null, face: null },
    withheld: ['documentFront', 'documentBack', 'face'],
  })

  // To share a photo again takes a recent sign-in; to withhold one never does.
  await portal.db`
    update oidc_artifact set payload = payload || jsonb_build_object('loginTs', extract(epoch from now())::bigint - 1000)
    where kind = 'Session' and account_id = ${resident.id}`
  const confirm = await choose(browser, client.client_id, ['selfie', 'document_back'])
  expect(confirm.text).toContain('Confirm that it is you')
  expect(disclosedIn(await walk(arranged, token), arranged)).toEqual([])
  await browser.submit(confirm, 'confirm', { password: PASSWORD })
  expect(disclosedIn(await walk(arranged, token), arranged)).toEqual(
    ['document_back', 'document_back_cropped', 'liveness_frame', 'selfie', 'selfie_cropped'].sort(),
  )
})

test('the choice on the consent page holds for the first token, and is shown and remembered', async () => {
  const arranged = await arrange()
  const { application, browser, client, resident } = arranged
  const { url, checks } = await application.authorizationRequest(SCOPE, { claims: CLAIMS })
  const credentials = { email: resident.email, password: PASSWORD }
  const page = await browser.submit(await browser.open(url), 'login', credentials)
  // Nothing is ticked beforehand, and each photo is shown by the portal's own address.
  expect(page.text).not.toMatch(/name="image"[^>]* checked/)
  const shown = [...page.text.matchAll(/<img src="\/photos\/([^/]+)\/(?:thumbnail|image)"/g)]
  expect(shown.map(([, id]) => id)).toEqual(
    ['document_front', 'document_back', 'selfie'].map(
      (type) => arranged.rows.find((row) => row.type === type)?.id,
    ),
  )
  for (const [, path] of page.text.matchAll(/<img src="(\/photos\/[^"]+)"/g))
    expect((await browser.request(`${portal.issuer}${path}`)).status).toBe(200)
  const back = await browser.submit(page, 'allow', { image: ['selfie'] }, { leaveAt: REDIRECT_URI })
  const tokens = await authorizationCodeGrant(application.configuration, new URL(back.url), checks)
  expect(disclosedIn(await walk(arranged, tokens.access_token), arranged)).toEqual(
    ['liveness_frame', 'selfie', 'selfie_cropped'].sort(),
  )
  const again = await browser.open(
    (await application.authorizationRequest(SCOPE, { prompt: 'consent' })).url,
  )
  const ticked = [...again.text.matchAll(/name="image" value="([^"]+)" checked/g)]
  expect(ticked.map(([, kind]) => kind)).toEqual(['selfie'])
  // A program that sends the button alone changes nothing of it.
  await browser.request(again.url, {
    method: 'POST',
    body: new URLSearchParams({
      csrf: /name="csrf" value="([^"]+)"/.exec(again.text)?.[1] ?? '',
      allow: '',
    }),
  })
  expect(await findConsent(portal.db, resident.id, client.client_id)).toMatchObject({
    withheldImages: ['document_front', 'document_back'],
  })
  const home = await browser.open(`${portal.issuer}/`)
  expect(home.text).toContain('<dt>Photos not shared</dt>')
})

test('a consent for another purpose begins with a new choice of photos', async () => {
  const { application, browser, client, resident } = await arrange()
  await application.obtainTokens(SCOPE, resident.email, browser)
  await choose(browser, client.client_id, [])
  await portal.db`
    update client set metadata = metadata || '{"purpose":"Another."}' where id = ${client.client_id}`
  const page = await browser.open((await application.authorizationRequest(SCOPE)).url)
  expect(page.text).not.toMatch(/name="image"[^>]* checked/)
  const all = ['document_front', 'document_back', 'selfie']
  await browser.submit(page, 'allow', { image: all }, { leaveAt: REDIRECT_URI })
  expect(await findConsent(portal.db, resident.id, client.client_id)).toMatchObject({
    withheldImages: [],
  })
})

test('an application with a stream is told that photos are withheld', async () => {
  const { application, browser, client, resident } = await arrange()
  await portal.db`
    insert into event_stream (client_id, delivery, endpoint, token_hash)
    values (${client.client_id}, 'webhook', 'https://bank.test/', '\\x00')`
  await application.obtainTokens(SCOPE, resident.email, browser)
  await choose(browser, client.client_id, ['document_front', 'selfie'])
  await choose(browser, client.client_id, ['document_front', 'document_back', 'selfie'])
  const events = await portal.db<{ kind: string; data: Record<string, unknown> }[]>`
    select kind, data from event where client_id = ${client.client_id}`
  expect([...events]).toEqual([
    {
      kind: 'consent.changed',
      data: { scopes: expect.arrayContaining([IMAGES]), withheld_images: ['document_back'] },
    },
  ])
})

test('two tabs that decide about photos one after the other: the later one counts, as a whole', async () => {
  const { application, browser, client, resident } = await arrange()
  await application.obtainTokens(SCOPE, resident.email, browser)
  await Promise.all([
    choose(browser, client.client_id, ['document_front']),
    choose(browser, client.client_id, ['selfie']),
  ])
  const consent = await findConsent(portal.db, resident.id, client.client_id)
  expect([
    ['document_back', 'selfie'],
    ['document_front', 'document_back'],
  ]).toContainEqual(consent?.withheldImages)
})

test('a device’s token has the photos that were ticked', async () => {
  const { resident, rows } = await arrange()
  const configuration = await discovery(
    new URL(portal.issuer),
    'eprospera-cli',
    undefined,
    None(),
    { execute: [allowInsecureRequests] },
  )
  const device = await initiateDeviceAuthorization(configuration, { scope: `openid ${IMAGES}` })
  const browser = createUserAgent()
  const entry = await browser.open(device.verification_uri)
  const code = await browser.submitFirst(entry, { user_code: device.user_code })
  const confirmed = await browser.submit(code, 'confirm', { confirm: 'yes' })
  const credentials = { email: resident.email, password: PASSWORD }
  const page = await browser.submit(confirmed, 'login', credentials)
  expect(page.text).toContain(rows.find(({ type }) => type === 'selfie')?.id)
  const done = await browser.submit(page, 'allow', { image: ['document_front'] })
  expect(done.text).toContain('is connected')
  const tokens = await pollDeviceAuthorizationGrant(configuration, { ...device, interval: 0 })
  expect(await json(PATH, tokens.access_token)).toMatchObject({
    documents: { documentFront: expect.any(String), documentBack: null, face: null },
    withheld: ['documentBack', 'face'],
  })
})
