import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { isLoopback } from '../../platform/loopback.ts'
import type { Person } from './specimen.ts'
import { mediaRoutes } from './veriff-media.ts'
import {
  type Env,
  invalidParameters,
  missingParameters,
  readBody,
  readSession,
  readSessionAndBody,
  requireApiKey,
  signedJson,
  type Vendor,
  VeriffError,
} from './veriff-requests.ts'
import {
  DOCUMENT_TYPES,
  isOpen,
  type NewSession,
  openAttempt,
  type Session,
} from './veriff-sessions.ts'

// 24 MB of base64, plus the JSON around it.
const BODY_LIMIT_IN_BYTES = 25 * 1024 * 1024

const creationSchema = z.object({ verification: z.unknown().optional() })
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
const newStatusSchema = z.object({
  verification: z.object({ status: z.enum(['started', 'submitted']) }),
})

/** The vendor's API under `/v1` (`docs/vendor-protocols.md` §3.7), with its signatures and its error codes (§3.8). */
export function veriffApi(vendor: Vendor): Hono<Env> {
  const { integration } = vendor
  const app = new Hono<Env>()
  app.onError((error) => {
    if (!(error instanceof VeriffError)) throw error
    const { status, code, message } = error
    return signedJson(integration, { status: 'fail', code, message }, status)
  })
  app.use('/v1/*', async (c, next) => {
    requireApiKey(c, integration)
    await next()
  })
  app.use(
    '/v1/*',
    bodyLimit({
      maxSize: BODY_LIMIT_IN_BYTES,
      onError: () => {
        throw invalidParameters(413)
      },
    }),
  )
  app.route('/v1', sessionRoutes(vendor))
  app.route('/v1', mediaRoutes(vendor))
  app.all('/v1/*', () => {
    throw invalidParameters(404)
  })
  return app
}

function sessionRoutes(vendor: Vendor): Hono<Env> {
  const { integration, actions, baseUrl } = vendor
  const app = new Hono<Env>()

  const success = (verification: unknown, status?: number) =>
    signedJson(integration, { status: 'success', verification }, status)

  const view = (session: Session) => ({
    id: session.id,
    url: `${baseUrl()}/v/${session.token}`,
    vendorData: session.vendorData,
    host: baseUrl(),
    status: session.status,
    sessionToken: session.token,
  })

  app.post('/sessions', async (c) => {
    const session = await actions.create(readNewSession(await readBody(vendor, c)))
    return success(view(session), 201)
  })

  app.patch('/sessions/:id', async (c) => {
    const { session, body } = await readSessionAndBody(vendor, c)
    const parsed = newStatusSchema.safeParse(body)
    if (!parsed.success) throw new VeriffError(400, '1303', 'Invalid status')
    const { status } = parsed.data.verification
    if (!isOpen(session))
      throw new VeriffError(409, '1304', `Cannot transition to "${status}" status`)
    if (status === 'started') await actions.start(session)
    else if (!openAttempt(session)?.media.length)
      throw new VeriffError(400, '1400', 'Image data not found')
    else await actions.submit(session)
    return success(view(session))
  })

  app.get('/sessions/:id/attempts', async (c) => {
    const session = await readSession(vendor, c)
    const verifications = session.attempts.map(({ id, status, createdAt }) => ({
      id,
      status,
      createdTime: createdAt,
    }))
    return signedJson(integration, { status: 'success', verifications })
  })

  app.get('/sessions/:id/decision', async (c) => {
    const { decision } = await readSession(vendor, c)
    return decision ? signedJson(integration, decision) : success(null)
  })

  app.delete('/sessions/:id', async (c) => {
    const session = await readSession(vendor, c)
    await actions.erase(session)
    return success({ id: session.id })
  })
  return app
}

/** Throws the vendor's error for members that it does not accept. */
function readNewSession(body: unknown): NewSession {
  const creation = creationSchema.safeParse(body)
  if (!creation.success || creation.data.verification === undefined) throw missingParameters()
  const parsed = newSessionSchema.safeParse(creation.data.verification)
  if (!parsed.success) throw invalidParameters(400)
  const { callback, vendorData, endUserId, person, document } = parsed.data
  if (vendorData !== undefined && vendorData !== null && typeof vendorData !== 'string')
    throw new VeriffError(400, '1501', 'vendorData must be a string')
  if (typeof vendorData === 'string' && vendorData.length > 1000)
    throw new VeriffError(400, '1500', 'vendorData field cannot be more than 1000 symbols')
  if (callback && !isReturnUrl(callback))
    throw new VeriffError(400, '1302', 'Only HTTPS return URLs are allowed')
  return {
    callback,
    vendorData,
    endUserId,
    documentType: document?.type ?? undefined,
    person: readPerson(person, document?.number),
  }
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
