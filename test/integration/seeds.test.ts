import { createHash, randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type RequestCheck, readSeeds } from '../../scripts/seeds.ts'
import { readCommand } from '../../src/cli/commands.ts'
import { loadConfig } from '../../src/config.ts'
import { setStream } from '../../src/events/streams.ts'
import { setRetention } from '../../src/id-verification/retention.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { type KoraSandbox, startKoraSandbox } from '../../src/local/sandbox/kora.ts'
import { createSigner } from '../../src/platform/presign.ts'
import { randomSecret } from '../../src/platform/secrets.ts'
import { createStorage } from '../../src/platform/storage.ts'
import { createApplication } from '../support/application.ts'
import { openBackOffice } from '../support/back-office.ts'
import { drawNoise } from '../support/images.ts'
import { connectIncode } from '../support/incode.ts'
import { connectMosaic } from '../support/mosaic.ts'
import {
  addClient,
  addResident,
  DOCUMENT,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'
import { addVerification } from '../support/verifications.ts'

/*
 * Each row of `test/fixtures/seeds` is a test: what is sent and what is expected is read from the row, and `docs/seeds.md` is made of the
 * same rows.
 *
 * `{name}` in a row is a value of `VALUES`. Patterns: `<uuid>` and the other words of `KINDS`; `</…/>`, a regular expression; and
 * `["<has>", …]`, a list with these among its items.
 */

const ME = '/api/v1/me/natural-person/id-verification'
const IDV = '/api/v1/idv/verifications'
const CALLBACK = 'https://office.example.org/back'

type Json = z.infer<ReturnType<typeof z.json>>
type Body = Record<string, unknown>

let portal: TestPortal
let kora: KoraSandbox
let incode: Awaited<ReturnType<typeof connectIncode>>
let mosaic: Awaited<ReturnType<typeof connectMosaic>>
let veriff: Awaited<ReturnType<typeof connectSandbox>>
let receiver: Server
/** What the tenant's webhook received, oldest first. */
const told: { type: string; data: Body }[] = []
/** By the names that rows give as `as`. */
const tokens = new Map<string, string>()
/** Ids and addresses of the world, by the names that rows have in braces. */
const known = new Map<string, string>()
/** By the names of vendors: the id of the session whose images the rows compare. */
const sessions = new Map<string, string>()

beforeAll(async () => {
  portal = await startPortal({ worker: true, outboundAllow: ['127.0.0.1/32'] })
  const { s3 } = portal.config
  known.set('issuer', portal.issuer).set('bucket', `${s3.endpoint}/${s3.bucket}`)
  await openOffices()
  await Promise.all([useKora(), useIncode(), useMosaic(), useVeriff()])
  await signResidentsIn()
})
afterAll(async () => {
  receiver.close()
  await Promise.all(
    [kora, incode.sandbox, mosaic.sandbox, veriff.sandbox].map((one) => one.close()),
  )
  await portal.close()
})

/**
 * Back offices: `acme` has Kora; `house`, of the operator's own tenant, the other vendors; `desk` reviews by itself; `reader` may only
 * read, `rival` has nothing.
 */
async function openOffices() {
  for (const [name, tenant, scope] of [
    ['acme', 'acme', 'idv.read idv.write'],
    ['reader', 'default', 'idv.read'],
    ['house', 'default', 'idv.read idv.write'],
    ['desk', 'desk', 'idv.read idv.write'],
    ['rival', 'rival', 'idv.read idv.write'],
  ] as const) {
    const { clientId, token } = await openBackOffice(portal, { tenant, scope })
    tokens.set(name, token)
    if (name === 'acme') await listenFor(clientId)
  }
  const manual = { vendor: 'manual', name: 'desk', tenant: 'desk' }
  await setVendorIntegration(portal.db, portal.parts.sealer, manual)
  known.set('photo', (await drawNoise({ seed: 1 }).jpeg().toBuffer()).toString('base64'))
}

async function listenFor(clientId: string) {
  receiver = createServer(async (req, res) => {
    let body = ''
    for await (const chunk of req) body += chunk
    told.push(JSON.parse(body))
    res.writeHead(204).end()
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const { port } = receiver.address() as AddressInfo
  const endpoint = `http://127.0.0.1:${port}/hooks`
  await setStream(portal.db, portal.parts.sealer, { clientId, delivery: 'webhook', endpoint })
}

async function sessionOf(verificationId: string): Promise<string> {
  const [row] = await portal.db<{ vendorSessionId: string }[]>`
    select vendor_session_id from verification where id = ${verificationId}`
  return row?.vendorSessionId ?? ''
}

const isPersisted = (id: string) =>
  eventually(async () => {
    const rows = await portal.db`select from verification where id = ${id} and images_complete`
    return rows.length === 1
  })

/** An approved verification of acme with its images, one that waits for the person, a declined one, and a forged delivery. */
async function useKora() {
  const [apiKey, secret] = [randomUUID(), randomUUID()]
  kora = await startKoraSandbox({
    port: 0,
    apiKey,
    tenantId: 'acme',
    secret,
    webhookUrl: `${portal.url}/webhooks/kora/acme`,
    persistAfterInMs: 0,
    person: DOCUMENT,
    retryDelaysInMs: [50, 100, 200, 400, 800, 1600],
  })
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'kora',
    name: 'acme',
    tenant: 'acme',
    baseUrl: kora.url,
    apiKey,
    secret,
    settings: ['tenantId=acme', 'captureUrl=https://capture.test/?id={sessionId}'],
  })
  const externalId = `customer-${randomUUID()}`
  const approved = await start('acme', { externalId })
  const declined = await start('acme', { externalId: randomUUID() })
  const pending = await start('acme', { externalId: randomUUID() })
  kora.complete(await sessionOf(approved.id), 'verified')
  kora.complete(await sessionOf(declined.id), 'rejected')
  sessions.set('kora', await sessionOf(approved.id))
  known
    .set('approved', approved.id)
    .set('approved.externalId', externalId)
    .set('approved.subjectId', approved.subjectId)
    .set('declined', declined.id)
    .set('pending', pending.id)
  const forged = await fetch(`${portal.url}/webhooks/kora/acme`, {
    method: 'POST',
    headers: { 'X-Timestamp': '1', 'X-Signature': 'none' },
    body: '{}',
  })
  expect(forged.status).toBe(401)
  await isPersisted(approved.id)
  await isPersisted(declined.id)
  const alert = await eventually(async () => {
    const [row] = await portal.db<{ id: string }[]>`
      select id from alert where type = 'forged_deliveries' and tenant = 'acme'`
    return row
  })
  known.set('alert', alert.id)
}

async function start(as: string, json: Json) {
  const { status, body } = await call({ as, request: `POST ${IDV}`, send: json })
  expect([status, body]).toEqual([201, expect.anything()])
  return { id: String(body.id), subjectId: String(body.subjectId) }
}

/** A resident with two captures of the front, and one each of the back and the face. */
async function useIncode() {
  incode = await connectIncode(portal, { links: true })
  const { resident, id, sessionId } = await incode.start()
  incode.sandbox.addImage(sessionId, { type: 'fullFrameFrontID' })
  incode.sandbox.addImage(sessionId, { type: 'fullFrameFrontID' })
  incode.sandbox.complete(sessionId, 'OK')
  await isPersisted(id)
  const [selfie] = await portal.db<{ id: string }[]>`
    select id from image where verification_id = ${id} and type = 'selfie'`
  known
    .set('incode', id)
    .set('incode.session', sessionId)
    .set('incode.selfie', selfie?.id ?? '')
    .set('ivo.email', resident.email)
  sessions.set('incode', sessionId)
}

/** A declined session with a rejected image, and an open one. */
async function useMosaic() {
  mosaic = await connectMosaic(portal)
  const open = await startSession()
  const denied = await startSession({ callback_url: CALLBACK })
  const sessionId = await sessionOf(denied.id)
  sessions.set('mosaic', sessionId)
  mosaic.sandbox.addImage(sessionId, { type: 'selfie', rejected: true })
  await finishInBrowser(denied.token, 'DENY')
  await isPersisted(denied.id)
  const [front] = await portal.db<{ id: string }[]>`
    select id from image where verification_id = ${denied.id} and type = 'document_front'`
  known
    .set('open', open.id)
    .set('open.token', open.token)
    .set('denied', denied.id)
    .set('denied.front', front?.id ?? '')
}

/** A session as customers of Mosaic create it. */
async function startSession(send: Json = {}) {
  const { status, body } = await call({ as: 'house', request: 'POST /api/v1/verification', send })
  expect([status, body]).toEqual([200, expect.anything()])
  const { session_id: id, start_token: token, expiration } = body
  return { id: String(id), token: String(token), expiration: String(expiration) }
}

/** The person chooses this outcome on the stand-in's page. Returns the first address that is neither the vendor's nor the portal's. */
async function finishInBrowser(token: string, outcome: string): Promise<URL> {
  const page = await fetch(`${portal.url}/app/${token}`, { redirect: 'manual' })
  const vendorPage = page.headers.get('location') ?? ''
  const body = new URLSearchParams({ outcome })
  const chosen = await fetch(vendorPage, { method: 'POST', body, redirect: 'manual' })
  const back = await fetch(chosen.headers.get('location') ?? '', { redirect: 'manual' })
  return new URL(back.headers.get('location') ?? '')
}

async function useVeriff() {
  veriff = await connectSandbox(portal)
  const { resident, id, sessionId } = await veriff.start()
  await veriff.sandbox.complete(sessionId, 'approved')
  await isPersisted(id)
  sessions.set('veriff', sessionId)
  known.set('ana.verification', id).set('ana.account', resident.id).set('ana.email', resident.email)
}

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)

/**
 * `ana` was approved by Veriff between an older approval and a newer refusal; `narrow` is her token without the scope. `ivo` was
 * approved by Incode, `pat` with a passport, and `ben` never asked. `cleo` has a whole set and a newer half one, `hal` half a set, and
 * `dora` was declined. `eve` was approved with another's document. What `gil` has is erased by a row.
 */
async function signResidentsIn() {
  const add = async (name: string) => {
    const { id, email } = await addResident(portal.parts)
    known.set(`${name}.email`, email).set(`${name}.account`, id)
    return id
  }
  const ana = known.get('ana.account') ?? ''
  await addVerification(portal.parts, ana, { createdAt: daysAgo(400) })
  const newer = await addVerification(portal.parts, ana, { createdAt: daysAgo(-1) })
  const dora = await addVerification(portal.parts, await add('dora'))
  await portal.db`
    update verification set status = 'declined' where id = any (${[newer.id, dora.id]})`
  const passport = await addVerification(portal.parts, await add('pat'), {
    createdAt: new Date('2024-01-15T10:30:00Z'),
  })
  await portal.db`
    update verification set document_back_key = null, decided_at = '2024-01-17T10:30:00Z'
    where id = ${passport.id}`
  const cleo = await add('cleo')
  const whole = await addVerification(portal.parts, cleo, { createdAt: daysAgo(2) })
  await addVerification(portal.parts, cleo, { createdAt: daysAgo(1), complete: false })
  known.set('cleo.whole', whole.id)
  await addVerification(portal.parts, await add('hal'), { complete: false })
  await addVerification(portal.parts, await add('eve'), { findings: { givenName: 'Bruno' } })
  await add('ben')

  const gil = await addVerification(portal.parts, await add('gil'))
  known.set('gil.verification', gil.id)

  const client = await addClient(portal.parts)
  known.set('client', client.client_id)
  const application = await createApplication(portal.issuer, client)
  for (const name of ['ana', 'ben', 'cleo', 'dora', 'eve', 'gil', 'hal', 'ivo', 'pat', 'narrow']) {
    const email = known.get(name === 'narrow' ? 'ana.email' : `${name}.email`) ?? ''
    const scope =
      name === 'narrow' ? 'openid profile' : 'openid eprospera:person.id_verification.read'
    tokens.set(name, (await application.obtainTokens(scope, email)).access_token)
  }
}

/** What is made anew for each row that names it. */
const MADE: Record<string, () => Promise<string>> = {
  unknown: async () => randomUUID(),
  'new.session': async () => (await startSession()).id,
  'new.manual': async () => (await start('desk', { externalId: randomUUID() })).id,
}

/** The check with each `{name}` filled in, the same name with the same value. */
async function fill<T>(check: T): Promise<T> {
  const text = JSON.stringify(check)
  const values = new Map<string, string>()
  for (const [, name = ''] of text.matchAll(NAME)) {
    if (values.has(name)) continue
    // What other systems call a parameter, such as `{sid}`, stays.
    const value = known.get(name) ?? (await MADE[name]?.())
    if (value !== undefined) values.set(name, JSON.stringify(value).slice(1, -1))
  }
  return JSON.parse(text.replaceAll(NAME, (whole, name) => values.get(name) ?? whole)) as T
}
const NAME = /\{([a-zA-Z][\w.]*)\}/g

type Sent = Pick<RequestCheck, 'as' | 'request' | 'headers' | 'send'>

async function call({ as, request, headers, send }: Sent) {
  const [method = '', path = ''] = request.split(' ')
  if (as !== undefined) expect([...tokens.keys()]).toContain(as)
  const answer = await fetch(`${portal.url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(as === undefined ? {} : { Authorization: `Bearer ${tokens.get(as)}` }),
      ...(send === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(send === undefined ? {} : { body: JSON.stringify(send) }),
  })
  const text = await answer.text()
  const isJson = /json/.test(answer.headers.get('content-type') ?? '')
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    body: (isJson ? JSON.parse(text) : {}) as Body,
  }
}

const matching = (pattern: RegExp) => expect.stringMatching(pattern)
const KINDS: Record<string, unknown> = {
  '<text>': matching(/./),
  '<uuid>': matching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  '<time>': matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  '<url>': matching(/^https?:\/\/\S+$/),
  // The start of a JPEG in base64.
  '<jpeg>': matching(/^\/9j\/[A-Za-z0-9+/]{100,}={0,2}$/),
  '<number>': expect.any(Number),
  '<boolean>': expect.any(Boolean),
  '<object>': expect.objectContaining({}),
  '<empty>': {},
  '<list>': expect.arrayContaining([]),
}

/** What `toEqual` is given for a pattern. */
function toMatcher(pattern: Json, isExact: boolean): unknown {
  if (Array.isArray(pattern)) {
    const [first, ...rest] = pattern
    if (first !== '<has>') return pattern.map((item) => toMatcher(item, isExact))
    return expect.arrayContaining(rest.map((item) => toMatcher(item, isExact)))
  }
  if (typeof pattern === 'object' && pattern !== null) {
    const members = Object.entries(pattern).map(
      ([name, item]) => [name, toMatcher(item, isExact)] as const,
    )
    const object = Object.fromEntries(members)
    return isExact ? object : expect.objectContaining(object)
  }
  if (typeof pattern !== 'string' || !/^<.*>$/s.test(pattern)) return pattern
  const [, expression] = /^<\/(.*)\/>$/s.exec(pattern) ?? []
  if (expression !== undefined) return matching(new RegExp(expression))
  expect(Object.keys(KINDS)).toContain(pattern)
  return KINDS[pattern]
}

async function checkRequest(check: RequestCheck): Promise<void> {
  const { status, headers, text, body } = await call(check)
  expect([status, status === check.status ? '' : text]).toEqual([check.status, ''])
  for (const [name, wanted] of Object.entries(check.answerHeaders ?? {}))
    expect([name, headers.get(name)]).toEqual([name, toMatcher(wanted, true)])
  if (check.answer !== undefined)
    expect(body).toEqual(toMatcher(check.answer, check.exact ?? false))
  if (check.text !== undefined) expect(text).toBe(check.text)
  for (const name of check.without ?? []) expect(Object.keys(body)).not.toContain(name)
  if (check.names !== undefined) expect(text).toContain(check.names)
  if (check.next) await checkRequest(check.next)
}

const json = z.json()
const requestOf = {
  as: z.string().optional(),
  request: z.string(),
  send: json.optional(),
}
/** A request whose answer has a link. */
const linkOf = { ...requestOf, member: z.string() }

async function findLink({ member, ...request }: Sent & { member: string }): Promise<string> {
  const { status, body, text } = await call(request)
  expect([status, status === 200 ? '' : text]).toEqual([200, ''])
  const link = member.split('.').reduce<unknown>((part, name) => Object(part)[name], body)
  expect(link).toEqual(KINDS['<url>'])
  return String(link)
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** The digest of an image of the session that rows compare, as the vendor's stand-in serves it. */
async function digestAtVendor(vendor: string, image: string): Promise<string | undefined> {
  const id = sessions.get(vendor) ?? ''
  if (vendor === 'kora') return (await kora.findSession(id))?.images.get(image)
  if (vendor === 'mosaic')
    return (await mosaic.sandbox.findSession(id))?.images.find(({ type }) => type === image)?.sha256
  const { attempts = [] } = (await veriff.sandbox.findSession(id)) ?? {}
  return attempts.at(-1)?.media.find(({ context }) => context === image)?.sha256
}

/** A scenario: what it takes from a row, and what it does with it. */
const scenario =
  <T>(schema: z.ZodType<T>, run: (given: T) => Promise<void>) =>
  (given: unknown) =>
    run(schema.parse(given))

const SCENARIOS: Record<string, (given: unknown) => Promise<void>> = {
  'a link opens': scenario(
    z.strictObject({
      ...linkOf,
      type: z.string(),
      /** The first bytes, in hex. */
      starts: z.string(),
      disposition: z.string().optional(),
      cacheControl: z.string().optional(),
      path: z.string().optional(),
      /** The status of a link that was changed. */
      changed: z.int().optional(),
    }),
    async ({ type, starts, disposition, cacheControl, path, changed, ...request }) => {
      const link = await findLink(request)
      const answer = await fetch(link)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type])
      const bytes = Buffer.from(await answer.arrayBuffer())
      expect(bytes.subarray(0, starts.length / 2).toString('hex')).toBe(starts)
      const { headers } = answer
      if (disposition) expect(headers.get('content-disposition')).toContain(disposition)
      if (cacheControl) expect(headers.get('cache-control')).toBe(cacheControl)
      if (path) expect(new URL(link).pathname).toMatch(new RegExp(path))
      if (changed) {
        const other = new URL(link)
        other.searchParams.set('X-Amz-Expires', '7200')
        expect((await fetch(other)).status).toBe(changed)
      }
    },
  ),

  'a link ends': scenario(
    z.strictObject({ ...linkOf, seconds: z.int() }),
    async ({ seconds, ...request }) => {
      const link = await findLink(request)
      const { pathname, searchParams } = new URL(link)
      const [, year, month, day, hour, minute, second] =
        /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(searchParams.get('X-Amz-Date') ?? '') ?? []
      const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
      const [, filename = ''] =
        /filename="([^"]+)"/.exec(searchParams.get('response-content-disposition') ?? '') ?? []
      const { endpoint, bucket, region, credentials } = portal.config.s3
      const base = new URL(`${endpoint}/${bucket}`)
      /** The same link, as the portal would have given it so many seconds earlier. */
      const earlier = (age: number) =>
        createSigner(
          credentials as Parameters<typeof createSigner>[0],
          base,
          region,
          () => signedAt - age * 1000,
        )(decodeURIComponent(pathname.slice(base.pathname.length + 1)), {
          expiresInSeconds: seconds,
          contentType: 'image/jpeg',
          filename,
        })
      expect(earlier(0)).toBe(link)
      const open = async (url: string) => (await fetch(url)).status
      expect(await open(earlier(seconds - 60))).toBe(200)
      expect(await open(earlier(seconds + 60))).toBe(403)
    },
  ),

  'an image as the vendor had it': scenario(
    z.strictObject({
      ...requestOf,
      as: z.string().optional(),
      vendor: z.enum(['kora', 'mosaic', 'veriff']),
      image: z.string(),
      member: z.string().default('url'),
    }),
    async ({ vendor, image, member, ...request }) => {
      const theirs = await digestAtVendor(vendor, image)
      expect(theirs).toBeDefined()
      const as = request.as ?? (vendor === 'kora' ? 'acme' : 'house')
      const path = request.request.split(' ')[1]
      const answer =
        vendor === 'mosaic'
          ? await fetch(`${portal.url}${path}`, {
              headers: { Authorization: `Bearer ${tokens.get(as)}` },
            })
          : await fetch(await findLink({ ...request, as, member }))
      expect(answer.status).toBe(200)
      expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(theirs)
    },
  ),

  'what the tenant is told': scenario(
    z.strictObject({ type: z.string(), imagePersisted: z.array(z.boolean()) }),
    async ({ type, imagePersisted }) => {
      const toldOf = () => told.filter(({ data }) => data.verification_id === known.get('approved'))
      await eventually(async () => toldOf().length >= 2)
      expect(toldOf().map(({ data, ...event }) => [event.type, data.imagePersisted])).toEqual(
        imagePersisted.map((value) => [type, value]),
      )
    },
  ),

  retention: scenario(
    z.strictObject({
      purpose: z.literal('declined'),
      days: z.int(),
      keptAfterDays: z.int(),
      dueAfterDays: z.int(),
    }),
    async ({ purpose, days, keptAfterDays, dueAfterDays }) => {
      await setRetention(portal.db, { vendor: 'kora', name: 'acme' }, [`${purpose}=${days}`])
      const { id } = await start('acme', { externalId: randomUUID() })
      const due = async (age: number) => {
        await portal.db`
          update verification set status = ${purpose}, decided_at = ${daysAgo(age)} where id = ${id}`
        const report = (await readCommand(['retention', 'run', '--dry-run']).run({
          ...portal.parts,
          issuer: portal.issuer,
        })) as { purpose: string; integration: string; olderThanDays: number; found: number }[]
        return report.find((each) => each.integration === 'acme' && each.purpose === purpose)
      }
      expect(await due(keptAfterDays)).toMatchObject({ olderThanDays: days, found: 0 })
      expect(await due(dueAfterDays)).toMatchObject({ olderThanDays: days, found: 1 })
      await portal.db`update verification set status = 'pending' where id = ${id}`
    },
  ),

  'one of several captures': scenario(
    z.strictObject({ type: z.string(), captures: z.int(), answered: z.enum(['latest', 'first']) }),
    async ({ type, captures, answered }) => {
      const held = await incode.sandbox.findSession(sessions.get('incode') ?? '')
      const ofType = held?.captures.filter((capture) => capture.type === type) ?? []
      expect(new Set(ofType.map((capture) => capture.sha256)).size).toBe(captures)
      const { body } = await call({
        as: 'house',
        request: `POST ${IDV}/${known.get('incode')}/images/base64`,
        send: { images: [type] },
      })
      expect(Object.keys(body)).toEqual([type])
      const wanted = ofType.at(answered === 'latest' ? -1 : 0)
      expect(sha256(Buffer.from(String(body[type]), 'base64'))).toBe(wanted?.sha256)
    },
  ),

  'attempts by link': scenario(
    z.strictObject({
      type: z.string(),
      attempts: z.int(),
      keys: z.literal('when it was captured').optional(),
      sameLink: z.enum(['latest', 'first']).optional(),
    }),
    async ({ type, attempts, keys, sameLink }) => {
      const { body } = await call({
        as: 'house',
        request: `POST ${IDV}/${known.get('incode')}/images/links`,
        send: { images: [type] },
      })
      const all = Object.entries(body[`${type}_prevAttempts`] as Record<string, string>).sort(
        ([a], [b]) => Number(a) - Number(b),
      )
      expect(all).toHaveLength(attempts)
      const held = await incode.sandbox.findSession(sessions.get('incode') ?? '')
      const ofType = held?.captures.filter((capture) => capture.type === type) ?? []
      if (keys)
        expect(all.map(([time]) => Number(time))).toEqual(ofType.map(({ takenAt }) => takenAt))
      if (sameLink) expect(all.at(sameLink === 'latest' ? -1 : 0)?.[1]).toBe(body[type])
      for (const [at, [, link]] of all.entries()) {
        const bytes = await (await fetch(link)).arrayBuffer()
        expect(sha256(new Uint8Array(bytes))).toBe(ofType[at]?.sha256)
      }
    },
  ),

  'the largest answer': scenario(
    // `fits`: the status of an answer of exactly this size; `tooLarge`: of a larger one.
    z.strictObject({ limit: z.int(), fits: z.int().optional(), tooLarge: z.int() }),
    async ({ limit, fits, tooLarge }) => {
      const image = known.get('incode.selfie') ?? ''
      const [before] = await portal.db<{ jpegKey: string }[]>`
        select jpeg_key from image where id = ${image}`
      const ask = async (size: number) => {
        const bytes = Buffer.alloc(size)
        const key = `default/${randomUUID()}/1/selfie.jpg`
        const digest = createHash('sha256').update(bytes).digest()
        const { storage } = portal.parts
        await storage.put(key, bytes, { contentType: 'image/jpeg', sha256: digest })
        await portal.db`update image set jpeg_key = ${key} where id = ${image}`
        return await call({
          as: 'house',
          request: `POST ${IDV}/${known.get('incode')}/images/base64`,
          send: { images: ['selfie'] },
        })
      }
      try {
        const largest = Math.floor(limit / 4) * 3
        if (fits !== undefined) {
          const whole = await ask(largest)
          expect([whole.status, String(whole.body.selfie).length]).toEqual([fits, limit])
        }
        const refused = await ask(largest + 1)
        expect([refused.status, refused.body]).toEqual([
          tooLarge,
          {
            code: 'PAYLOAD_TOO_LARGE',
            error: expect.any(String),
            details: { limit, total: limit + 4, sizes: { selfie: largest + 1 } },
          },
        ])
      } finally {
        await portal.db`update image set jpeg_key = ${before?.jpegKey ?? ''} where id = ${image}`
      }
    },
  ),

  'the return': scenario(
    z.strictObject({
      callback_url: z.string(),
      state: z.string().optional(),
      arrives: z.string(),
      /** `<session>` is the id of the session. */
      parameters: z.record(z.string(), z.string()),
    }),
    async ({ arrives, parameters, ...send }) => {
      const { id, token } = await startSession(send)
      const back = await finishInBrowser(token, 'ALLOW')
      expect(`${back.origin}${back.pathname}`).toBe(arrives)
      const wanted = Object.entries(parameters).map(([name, value]) => [
        name,
        value === '<session>' ? id : value,
      ])
      expect(Object.fromEntries(back.searchParams)).toMatchObject(Object.fromEntries(wanted))
    },
  ),

  'the expiration': scenario(
    z.strictObject({ time_to_live: z.string().optional(), days: z.int() }),
    async ({ days, ...send }) => {
      const { expiration } = await startSession(send)
      expect(Math.round((Date.parse(expiration) - Date.now()) / 86_400_000)).toBe(days)
    },
  ),

  'the erasure': scenario(
    z.strictObject({
      left: z.strictObject({
        verification: z.int(),
        image: z.int(),
        decision: z.int(),
        subject: z.int(),
      }),
      objects: z.int(),
      atVendor: z.int(),
    }),
    async ({ left, objects, atVendor }) => {
      const { id, token } = await startSession({ callback_url: CALLBACK })
      await finishInBrowser(token, 'DENY')
      await isPersisted(id)
      const count = async () => {
        const [row] = await portal.db`
          select (select count(*)::int from verification where id = ${id}) as verification,
            (select count(*)::int from image where verification_id = ${id}) as image,
            (select count(*)::int from decision where verification_id = ${id}) as decision,
            (select count(*)::int from subject where external_id = ${`mosaic-session-${id}`}) as subject`
        return row
      }
      expect(await count()).toEqual({ verification: 1, image: 3, decision: 1, subject: 1 })
      const sessionId = await sessionOf(id)
      const images = await portal.db<{ objectKey: string }[]>`
        select object_key from image where verification_id = ${id}`
      const countElsewhere = async () => {
        const { storage } = portal.parts
        const found = await Promise.all(images.map(({ objectKey }) => storage.head(objectKey)))
        const session = await mosaic.sandbox.findSession(sessionId)
        return { objects: found.filter(Boolean).length, atVendor: session ? 1 : 0 }
      }
      expect(await countElsewhere()).toEqual({ objects: 3, atVendor: 1 })
      await call({ as: 'house', request: `DELETE /api/v1/verification/${id}` })
      expect(await count()).toEqual(left)
      // By a job.
      const remain = await eventually(async () => {
        const now = await countElsewhere()
        return now.objects + now.atVendor === 0 && now
      })
      expect(remain).toEqual({ objects, atVendor })
    },
  ),

  'an erasure is told': scenario(z.strictObject({ kind: z.string() }), async ({ kind }) => {
    const verification = known.get('gil.verification') ?? ''
    expect((await call({ as: 'gil', request: `GET ${ME}` })).body.id).toBe(verification)
    const erased = await call({ as: 'house', request: `DELETE ${IDV}/${verification}` })
    expect(erased.status).toBe(204)
    const events = await portal.db`
      select kind from event
      where client_id = ${known.get('client') ?? ''} and verification_id = ${verification}`
    expect([...events]).toEqual([{ kind }])
  }),

  'the header of a token': scenario(
    z.strictObject({ as: z.string(), header: json }),
    async ({ as, header }) => {
      const [encoded = ''] = (tokens.get(as) ?? '').split('.')
      expect(JSON.parse(Buffer.from(encoded, 'base64url').toString())).toEqual(
        toMatcher(header, false),
      )
    },
  ),

  'a defect': scenario(
    z.strictObject({ ...requestOf, status: z.int(), text: z.string() }),
    async ({ status, text, ...request }) => {
      await portal.db`alter view latest_approved rename to hidden`
      const answer = await call(request).finally(
        () => portal.db`alter view hidden rename to latest_approved`,
      )
      expect([answer.status, answer.text]).toEqual([status, text])
    },
  ),

  'the vendor is away': scenario(
    z.strictObject({ ...linkOf, status: z.int(), opens: z.int() }),
    async ({ status, opens, member, ...request }) => {
      await portal.db`
        update vendor_integration set base_url = 'http://127.0.0.1:9' where vendor = 'veriff'`
      try {
        expect((await call(request)).status).toBe(status)
        expect((await fetch(await findLink({ ...request, member }))).status).toBe(opens)
      } finally {
        await portal.db`
          update vendor_integration set base_url = ${veriff.sandbox.url} where vendor = 'veriff'`
      }
    },
  ),

  'the log': scenario(
    z.strictObject({ ...requestOf, as: z.string(), never: z.array(z.string()).min(1) }),
    async ({ never, ...request }) => {
      expect((await call(request)).status).toBe(200)
      const logged = portal.logged()
      expect(logged.length).toBeGreaterThan(1000)
      for (const secret of never)
        expect(logged).not.toContain(secret === '<token>' ? tokens.get(request.as) : secret)
    },
  ),

  'a production configuration': scenario(
    z.strictObject({
      environment: z.record(z.string(), z.string()),
      refused: z.array(z.string()).min(1),
    }),
    async ({ environment, refused }) => {
      expect(loadConfig(PRODUCTION).production).toBe(true)
      for (const name of refused)
        expect(() => loadConfig({ ...PRODUCTION, ...environment })).toThrow(
          `${name} must be https:`,
        )
    },
  ),

  'a bucket at AWS': scenario(
    z.strictObject({ region: z.string(), bucket: z.string(), key: z.string(), starts: z.string() }),
    async ({ region, bucket, key, starts }) => {
      const { s3 } = loadConfig({ ...PRODUCTION, S3_REGION: region, S3_BUCKET: bucket })
      if (!s3) throw new Error('the configuration has no bucket')
      const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: randomUUID() }
      const storage = createStorage({ ...s3, credentials })
      const sign = await storage.signer()
      storage.close()
      const link = sign(key, { expiresInSeconds: 3600 })
      expect(link.slice(0, starts.length)).toBe(starts)
    },
  ),

  'the ledger': scenario(
    z.strictObject({ ...requestOf, entries: z.int(), scope: z.string() }),
    async ({ entries, scope, ...request }) => {
      const count = async () => {
        const rows = await portal.db`
          select from ledger_entry where kind = 'disclosure' and scope = ${scope}
            and verification_id = ${known.get('ana.verification') ?? ''}`
        return rows.length
      }
      const before = await count()
      expect((await call(request)).status).toBe(200)
      expect((await count()) - before).toBe(entries)
    },
  ),

  'the printed program': scenario(
    z.strictObject({
      as: z.string(),
      returns: json.optional(),
      throws: z.string().optional(),
      /** The type of the file that its second function returns. */
      blob: z.string().optional(),
    }),
    async ({ as, returns, throws, blob }) => {
      const running = getIdDocuments(tokens.get(as) ?? '')
      if (throws !== undefined) return await expect(running).rejects.toThrow(throws)
      const found = await running
      expect(found).toEqual(toMatcher(returns ?? null, true))
      if (blob !== undefined && found) {
        const file = await downloadDocument(found.documentFront)
        expect([file.type, file.size > 0]).toEqual([blob, true])
      }
    },
  ),
}

const PRODUCTION = {
  NODE_ENV: 'production',
  ISSUER: 'https://id.test',
  DATABASE_URL: 'postgres://db/portal?sslmode=verify-full',
  S3_BUCKET: 'documents',
  COOKIE_KEYS: randomSecret(),
  ENCRYPTION_KEY: randomSecret(),
  SMTP_URL: 'smtps://portal:secret@mail.test',
  MAIL_FROM: 'Identity portal <portal@id.test>',
  TRUSTED_PROXIES: '10.0.0.7',
}

/* The program that seed 004 prints, as it is but for the host and the types. */

async function getIdDocuments(accessToken: string) {
  const response = await fetch(`${portal.url}${ME}`, {
    headers: { Authorization: `Bearer ${accessToken}` },
  })
  if (!response.ok) throw new Error('Failed to fetch documents')
  const data = (await response.json()) as {
    id: string | null
    type: string
    date: string
    status: string
    documents: { documentFront: string; documentBack: string; face: string }
  }
  if (!data.id) return null
  return {
    sessionId: data.id,
    type: data.type,
    date: data.date,
    status: data.status,
    documentFront: data.documents.documentFront,
    documentBack: data.documents.documentBack,
    face: data.documents.face,
  }
}

async function downloadDocument(signedUrl: string) {
  const response = await fetch(signedUrl)
  return await response.blob()
}

const seeds = await readSeeds()

for (const { name, rows } of seeds)
  describe(`seed ${name}`, () => {
    for (const { id, check } of rows)
      test(id, async () => {
        const filled = await fill(check)
        if (!('scenario' in filled)) return await checkRequest(filled)
        const run = SCENARIOS[filled.scenario]
        expect(run, filled.scenario).toBeDefined()
        await run?.(filled.given)
      })
  })
