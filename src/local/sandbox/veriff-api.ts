import { randomUUID } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { isLoopback } from '../../platform/loopback.ts'
import { applyApiFault, sendBytes, spoilImage } from './faults.ts'
import type { Person } from './specimen.ts'
import type { Faults } from './veriff-faults.ts'
import {
  type Attempt,
  DOCUMENT_TYPES,
  findByPart,
  isOpen,
  type Media,
  mediaBytes,
  type NewSession,
  openAttempt,
  type SandboxState,
  type Session,
} from './veriff-sessions.ts'
import { checkSignature, createSignature } from './veriff-signature.ts'

const CONTEXTS = new Set(
  `face face-pre face-nfc face-cropped document-front document-front-pre document-front-qrcode
  document-front-qrcode-pre document-front-face-cropped document-back document-back-pre document-back-barcode
  document-back-barcode-pre document-and-face document-and-face-pre address-front`.split(/\s+/),
)
// 24 MB of base64, plus the JSON around it.
const BODY_LIMIT_IN_BYTES = 25 * 1024 * 1024

const newSessionSchema = z.object({
  callback: z.string().nullish(),
  vendorData: z.unknown().optional(),
  endUserId: z.uuid().nullish(),
  person: z
    .object({
      firstName: z.string().max(200).nullish(),
      lastName: z.string().max(200).nullish(),
      gender: z.string().max(20).nullish(),
      dateOfBirth: z.string().max(20).nullish(),
    })
    .nullish(),
  document: z
    .object({ type: z.enum(DOCUMENT_TYPES).nullish(), number: z.string().max(40).nullish() })
    .nullish(),
})

/** The actions of the routes. Each one also sends its webhooks. */
export type SandboxActions = {
  create(input: NewSession): Promise<Session>
  start(session: Session): Promise<Attempt>
  addMedia(session: Session, media: Media): Promise<void>
  submit(session: Session): Promise<void>
  erase(session: Session): Promise<void>
}

type Env = { Bindings: HttpBindings }

/** The vendor's API under `/v1` (`docs/vendor-protocols.md` §3.7), with its signatures and its error codes (§3.8). */
export function veriffApi(parts: {
  state: SandboxState
  apiKey: string
  sharedSecret: string
  integrationId: string
  baseUrl: () => string
  faultsOf: (sessionId?: string) => Faults
  actions: SandboxActions
}): Hono<Env> {
  const { state, apiKey, sharedSecret, actions, faultsOf } = parts
  const app = new Hono<Env>()

  const signedHeaders = (bytes: Uint8Array) => ({
    'x-auth-client': apiKey,
    'x-hmac-signature': createSignature(sharedSecret, bytes),
    'vrf-integration-id': parts.integrationId,
  })

  function answer(content: unknown, status = 200): Response {
    const bytes = Buffer.from(JSON.stringify(content), 'utf8')
    return new Response(bytes, {
      status,
      headers: { 'content-type': 'application/json', ...signedHeaders(bytes) },
    })
  }

  const fail = (status: number, code: string, message: string) =>
    answer({ status: 'fail', code, message }, status)

  /** Either spelling of a header; two different values count as none. */
  function header(c: Context<Env>, name: 'auth-client' | 'hmac-signature'): string | undefined {
    const [plain, alias] = [c.req.header(`x-${name}`), c.req.header(`vrf-${name}`)]
    return plain !== undefined && alias !== undefined && plain !== alias ? '' : (plain ?? alias)
  }

  function refuseSignature(c: Context<Env>, message: string | Uint8Array, code: '1818' | '1819') {
    const result = checkSignature(sharedSecret, message, header(c, 'hmac-signature'))
    if (result === 'malformed') return fail(401, '1812', 'Signature is not a valid SHA256 hash')
    const what = code === '1818' ? 'query ID' : 'request body'
    if (result === 'wrong')
      return fail(401, code, `Signature does not match the HMAC-SHA256 of ${what}`)
    return undefined
  }

  const misbehave = (sessionId?: string) =>
    applyApiFault(faultsOf(sessionId), (status) => fail(status, '1000', 'Ordered by the sandbox'))

  // The ids in these paths are signed, so they are looked up only after that.
  async function open<T>(
    c: Context<Env>,
    id: string,
    find: () => T | undefined,
    sessionOf: (found: T) => Session,
  ): Promise<T | Response> {
    if (!z.uuid().safeParse(id).success)
      return fail(400, '1002', 'Query ID must be a valid UUID V4')
    const refusal = refuseSignature(c, id, '1818')
    if (refusal) return refusal
    const found = find()
    const fault = await misbehave(found && sessionOf(found).id)
    if (fault) return fault
    return found ?? fail(404, '1104', 'Request includes invalid parameters')
  }
  const openSession = (c: Context<Env>, id: string) =>
    open(
      c,
      id,
      () => state.sessions.get(id),
      (session) => session,
    )
  const openPart = (c: Context<Env>, id: string) =>
    open(
      c,
      id,
      () => findByPart(state, id),
      (part) => part.session,
    )

  /** A signed JSON body for a session; the bytes are verified before they are parsed. */
  async function openBody(
    c: Context<Env>,
    id: string,
  ): Promise<{ session: Session; body: unknown } | Response> {
    const bytes = new Uint8Array(await c.req.arrayBuffer())
    if (!z.uuid().safeParse(id).success)
      return fail(400, '1002', 'Query ID must be a valid UUID V4')
    const refusal = refuseSignature(c, bytes, '1819')
    if (refusal) return refusal
    const fault = await misbehave(id)
    if (fault) return fault
    const session = state.sessions.get(id)
    if (!session) return fail(404, '1104', 'Request includes invalid parameters')
    return { session, body: parseJson(bytes) }
  }

  const view = (session: Session) => ({
    id: session.id,
    url: `${parts.baseUrl()}/v/${session.token}`,
    vendorData: session.vendorData,
    host: parts.baseUrl(),
    status: session.status,
    sessionToken: session.token,
  })

  async function listing(session: Session, attempt: Attempt | undefined) {
    const { list = {} } = faultsOf(session.id)
    const images = await Promise.all(
      (attempt?.media ?? []).map(async (media, index) => {
        const { length } = await mediaBytes(session, media)
        return {
          id: media.id,
          name: list.name ?? media.context,
          ...(list.withoutContext ? {} : { context: media.context }),
          timestamp: media.timestamp,
          mimetype: media.mimetype,
          // A number or a string, as the vendor sends either.
          size: index % 2 === 0 ? String(length) : length,
          url: list.url ?? `${parts.baseUrl()}/v1/media/${media.id}`,
          sessionId: session.id,
        }
      }),
    )
    return { status: 'success', videos: [], images }
  }

  app.use('/v1/*', async (c, next) => {
    const key = header(c, 'auth-client')
    if (key === undefined)
      return fail(401, '1801', 'Mandatory X-AUTH-CLIENT header containing the API key is missing')
    if (!z.uuid().safeParse(key).success) return fail(401, '1802', 'API key is not a valid UUID')
    if (key.toLowerCase() !== apiKey.toLowerCase())
      return fail(401, '1803', 'Integration with the API key was not found')
    return next()
  })
  app.use(
    '/v1/*',
    bodyLimit({
      maxSize: BODY_LIMIT_IN_BYTES,
      onError: () => fail(413, '1104', 'Request includes invalid parameters'),
    }),
  )

  app.post('/v1/sessions', async (c) => {
    const bytes = new Uint8Array(await c.req.arrayBuffer())
    // A signature is optional here, but must be valid if present.
    const refusal =
      header(c, 'hmac-signature') === undefined ? undefined : refuseSignature(c, bytes, '1819')
    if (refusal) return refusal
    const fault = await misbehave()
    if (fault) return fault
    const body = z.object({ verification: z.unknown().optional() }).safeParse(parseJson(bytes))
    if (!body.success || body.data.verification === undefined)
      return fail(400, '1102', 'Mandatory parameters are missing from the request')
    const parsed = newSessionSchema.safeParse(body.data.verification)
    if (!parsed.success) return fail(400, '1104', 'Request includes invalid parameters')
    const { callback, vendorData, endUserId, person, document } = parsed.data
    if (vendorData !== undefined && vendorData !== null && typeof vendorData !== 'string')
      return fail(400, '1501', 'vendorData must be a string')
    if (typeof vendorData === 'string' && vendorData.length > 1000)
      return fail(400, '1500', 'vendorData field cannot be more than 1000 symbols')
    if (callback && !isReturnUrl(callback))
      return fail(400, '1302', 'Only HTTPS return URLs are allowed')
    const session = await actions.create({
      callback,
      vendorData,
      endUserId,
      documentType: document?.type ?? undefined,
      person: readPerson(person, document?.number),
    })
    return answer({ status: 'success', verification: view(session) }, 201)
  })

  app.post('/v1/sessions/:id/media', async (c) => {
    const opened = await openBody(c, c.req.param('id'))
    if (opened instanceof Response) return opened
    const { session, body } = opened
    const parsed = z
      .object({
        image: z.object({
          context: z.string().optional(),
          content: z.string().optional(),
          timestamp: z.string().nullish(),
        }),
      })
      .safeParse(body)
    if (!parsed.success)
      return fail(400, '1102', 'Mandatory parameters are missing from the request')
    const { context, content, timestamp } = parsed.data.image
    if (context === undefined) return fail(400, '1403', 'Image property is missing')
    if (!CONTEXTS.has(context)) return fail(400, '1402', 'Image context is not supported')
    if (!content) return fail(400, '1400', 'Image data not found')
    const base64 = content.replace(/^data:[^,]*;base64,/, '')
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
      return fail(400, '1401', 'Image is not in valid base64')
    const mimetype = detectMediaType(Buffer.from(base64.slice(0, 64), 'base64'))
    if (mimetype === undefined) return fail(400, '1401', 'Image is not of a supported type')
    if (!isOpen(session))
      return fail(409, '1304', `Cannot transition to "${session.status}" status`)
    const media: Media = {
      id: randomUUID(),
      context,
      mimetype,
      timestamp: timestamp ?? null,
      content: base64,
    }
    await actions.addMedia(session, media)
    const { images } = await listing(session, openAttempt(session))
    return answer({ status: 'success', image: images.find((image) => image.id === media.id) })
  })

  app.patch('/v1/sessions/:id', async (c) => {
    const opened = await openBody(c, c.req.param('id'))
    if (opened instanceof Response) return opened
    const { session, body } = opened
    const parsed = z
      .object({ verification: z.object({ status: z.enum(['started', 'submitted']) }) })
      .safeParse(body)
    if (!parsed.success) return fail(400, '1303', 'Invalid status')
    const { status } = parsed.data.verification
    if (!isOpen(session)) return fail(409, '1304', `Cannot transition to "${status}" status`)
    if (status === 'started') await actions.start(session)
    else if (!openAttempt(session)?.media.length) return fail(400, '1400', 'Image data not found')
    else await actions.submit(session)
    return answer({ status: 'success', verification: view(session) })
  })

  app.get('/v1/sessions/:id/attempts', async (c) => {
    const session = await openSession(c, c.req.param('id'))
    if (session instanceof Response) return session
    const verifications = session.attempts.map(({ id, status, createdAt }) => ({
      id,
      status,
      createdTime: createdAt,
    }))
    return answer({ status: 'success', verifications })
  })

  app.get('/v1/sessions/:id/media', async (c) => {
    const session = await openSession(c, c.req.param('id'))
    if (session instanceof Response) return session
    return answer(await listing(session, session.attempts.at(-1)))
  })

  app.get('/v1/sessions/:id/decision', async (c) => {
    const session = await openSession(c, c.req.param('id'))
    if (session instanceof Response) return session
    return answer(session.decision ?? { status: 'success', verification: null })
  })

  app.delete('/v1/sessions/:id', async (c) => {
    const session = await openSession(c, c.req.param('id'))
    if (session instanceof Response) return session
    await actions.erase(session)
    return answer({ status: 'success', verification: { id: session.id } })
  })

  app.get('/v1/attempts/:id/media', async (c) => {
    const part = await openPart(c, c.req.param('id'))
    if (part instanceof Response) return part
    if (part.media) return fail(404, '1104', 'Request includes invalid parameters')
    return answer(await listing(part.session, part.attempt))
  })

  app.get('/v1/media/:id', async (c) => {
    const part = await openPart(c, c.req.param('id'))
    if (part instanceof Response) return part
    if (!part.media) return fail(404, '1104', 'Request includes invalid parameters')
    const whole = await mediaBytes(part.session, part.media)
    const { media: fault = {} } = faultsOf(part.session.id)
    const bytes = spoilImage(whole, fault.body)
    const { 'x-hmac-signature': signature, ...headers } = signedHeaders(bytes)
    const sent: Record<string, string> = {
      'content-type': fault.contentType ?? part.media.mimetype,
      ...headers,
    }
    if (fault.signature !== 'missing')
      sent['x-hmac-signature'] =
        fault.signature === 'wrong' ? createSignature('another secret', bytes) : signature
    return sendBytes(c, bytes, sent, fault.body)
  })

  app.all('/v1/*', () => fail(404, '1104', 'Request includes invalid parameters'))
  return app
}

function readPerson(
  person: z.infer<typeof newSessionSchema>['person'],
  documentNumber: string | null | undefined,
): Partial<Person> {
  const gender = person?.gender?.toUpperCase()
  return {
    ...(person?.firstName ? { givenName: person.firstName } : {}),
    ...(person?.lastName ? { surname: person.lastName } : {}),
    ...(gender === 'F' || gender === 'M' ? { sex: gender } : {}),
    ...(/^\d{4}-\d{2}-\d{2}$/.test(person?.dateOfBirth ?? '')
      ? { dateOfBirth: person?.dateOfBirth ?? '' }
      : {}),
    ...(documentNumber ? { documentNumber } : {}),
  }
}

/** Where the browser may be redirected. The vendor accepts only https; the sandbox also accepts a page on this machine. */
function isReturnUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol } = new URL(value)
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(value))
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    // Handled like any other body without the required members.
    return undefined
  }
}

/** The media type by the first bytes (`docs/vendor-protocols.md` §1.2). */
export function detectMediaType(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.subarray(0, 16)).toString('latin1')
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'image/webp'
  if (/^.{4}ftyp(heic|heix|mif1|msf1)/s.test(text)) return 'image/heic'
  if (text.startsWith('%PDF-')) return 'application/pdf'
  return undefined
}
