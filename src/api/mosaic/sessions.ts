import { randomUUID } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { readFindings } from '../../id-verification/findings.ts'
import { startWithVerifier } from '../../id-verification/operations.ts'
import {
  findTenantVerification,
  listTenantVerifications,
  type TenantVerification,
} from '../../id-verification/reading.ts'
import {
  eraseSubject,
  eraseVerification,
  findUnfinishedDays,
} from '../../id-verification/retention.ts'
import { MANUAL } from '../../id-verification/vendors/vendor-names.ts'
import { disclose } from '../../ledger/disclosure.ts'
import { ApiError } from '../../platform/errors.ts'
import { operation } from '../operation.ts'
import {
  asksJson,
  invalid,
  readJson,
  readQuery,
  refuseOtherMethods,
  smallBody,
} from '../requests.ts'
import { EXAMPLE_ID, id, text, time } from '../schemas.ts'
import { entryOf, returnTo, type TenantEnv, type TenantParts } from '../tenant-requests.ts'
import { startFailure } from '../verifications.ts'
import { MOSAIC_BASE } from './errors.ts'
import { chooseIntegration } from './integration.ts'
import { presentResult, resultSchema } from './result.ts'
import { createStartToken } from './start-page.ts'

// As long as Mosaic keeps a session (`docs/vendor-protocols.md` §6.7).
const LONGEST_DAYS = 90

const NO_START = 'is not offered here: the person starts the session with start_token'

const createSchema = z
  .strictObject({
    ...returnTo('Where the browser is sent when the person is done; with sessionId and state'),
    time_to_live: z
      .string()
      .regex(/^[1-9][0-9]{0,2}d$/, 'must be a number of days such as 90d')
      .optional()
      .describe("Checked, and without effect: your tenant's retention decides")
      .meta({ examples: ['90d'] }),
    mock_behavior: z
      .null('is not offered here: the result is that of the vendor')
      .optional()
      .describe('Not offered: absent or null'),
    auto_start: z
      .boolean()
      .nullish()
      .describe(
        'Without effect. true is accepted only where your verifier is `manual`, and otherwise refused with 400',
      ),
    start: z
      .looseObject({})
      .nullish()
      .describe(
        'Without effect. An object is accepted only where your verifier is `manual`, and otherwise refused with 400',
      ),
  })
  .meta({ id: 'MosaicCreateSession' })

const createdSchema = z
  .object({
    start_token: text.describe(
      'Opens the session at `/app/{start_token}`: for that person alone; nothing where your verifier is `manual`',
    ),
    session_id: id,
    expiration: time.describe('How long start_token leads to the session'),
    missing_images: z.array(z.enum(['document_front', 'document_back', 'selfie'])),
  })
  .meta({ id: 'MosaicCreatedSession' })

const detailedSchema = z.strictObject({
  detailed: z
    .enum(['true', 'false'], 'must be true or false')
    .optional()
    .describe('false: the deprecated structure'),
})
/** For routes without parameters: others are named, not dropped. */
export const noQuery = z.strictObject({})

const create = operation({
  method: 'post',
  path: MOSAIC_BASE,
  operationId: 'mosaicCreateSession',
  records: ['tenant-read'],
  summary: "Start a session, as Mosaic's API does",
  description:
    'The session is at the vendor of your tenant: its only integration, or the one of the vendor mosaic. It belongs to a new subject of yours.',
  scope: 'idv.write',
  query: noQuery,
  body: {
    schema: createSchema,
    example: { callback_url: 'https://office.example.org/back', state: 'xyz' },
  },
  answer: {
    status: 200,
    description: 'The session',
    schema: createdSchema,
    example: {
      start_token: 'v1.3f2a9c51.c2VhbGVk.c2VhbGVk.c2VhbGVk',
      session_id: EXAMPLE_ID,
      expiration: '2026-04-15T10:30:00.000Z',
      missing_images: ['document_front', 'document_back', 'selfie'],
    },
  },
  errors: {
    400: `start: ${NO_START}`,
    // The subject is new: it is gone only where somebody deletes it meanwhile.
    404: 'There is no such subject.',
    502: 'The vendor did not start a session.',
  },
})

const getResult = operation({
  method: 'get',
  path: `${MOSAIC_BASE}/:sid/result`,
  operationId: 'mosaicGetResult',
  records: ['tenant-read'],
  summary: "What came of a session, as Mosaic's API answers it",
  description: 'Also of sessions that were started in another way.',
  scope: 'idv.read',
  query: detailedSchema,
  answer: {
    status: 200,
    description: 'The recommendation, or how far it is',
    schema: resultSchema,
    example: {
      session_id: EXAMPLE_ID,
      status: 'complete',
      recommendation: 'ALLOW',
      person: {
        full_name: 'Ana Muestra',
        given_name: 'Ana',
        surname: 'Muestra',
        date_of_birth: '1990-02-03T00:00:00.000Z',
      },
      document: {
        type: 'passport',
        country: 'UTO',
        number: 'E00000017',
        expiration_date: '2031-05-01T00:00:00.000Z',
      },
      additional_info: {},
      checks: { vendor: { recommendation: 'ALLOW' } },
    },
  },
  errors: { 400: 'detailed: must be true or false', 404: 'Session not found' },
})

const erase = operation({
  method: 'delete',
  path: `${MOSAIC_BASE}/:sid`,
  operationId: 'mosaicDeleteSession',
  records: ['verification-erasure'],
  summary: "Erase a session with its data and images, as Mosaic's API does",
  description:
    'It is gone here at once; the images and the copy at the vendor follow. The subject that was created for this session goes with it.',
  scope: 'idv.write',
  query: noQuery,
  answer: { status: 200, description: 'It is gone', schema: z.object({}), example: {} },
  errors: { 400: 'The request has a query.', 404: 'Session not found' },
})

export const mosaicSessionOperations = [create, getResult, erase]

export const noSession = () => new ApiError(404, 'not_found', 'Session not found')

/** The subject of a session that was started here: it exists for this session alone. */
const externalIdOf = (sessionId: string) => `mosaic-session-${sessionId}`

/** Creates, reads and erases sessions in the shape of Mosaic's API (`docs/contract.md` §4). */
export function mosaicSessionRoutes(parts: TenantParts): Hono {
  const { bearer, db, vault, jobs, log } = parts
  const routes = new Hono()

  routes.post(create.path, bearer.requireService(create.scope), asksJson, smallBody, async (c) => {
    readQuery(c, noQuery)
    const { created, verification } = await startSession(parts, c)
    const entry = entryOf(c, { what: 'tenant-read', of: 'started verification' }, verification)
    return disclose(db, entry, () => c.json(created))
  })
  refuseOtherMethods(routes, create.path, 'POST')

  routes.get(getResult.path, bearer.requireService(getResult.scope), asksJson, async (c) => {
    const { detailed } = readQuery(c, detailedSchema)
    const found = await requireSession(parts, c)
    const { id, attemptId } = found
    const findings = attemptId === null ? undefined : await readFindings(db, vault, id, attemptId)
    const isDeprecated = detailed === 'false'
    const result = presentResult(found, findings, { isDeprecated, now: new Date() })
    if (!result) throw noSession()
    const entry = entryOf(c, { what: 'tenant-read', of: 'result' }, found)
    return disclose(db, entry, () => c.json(result))
  })
  refuseOtherMethods(routes, getResult.path, 'GET, HEAD')

  routes.delete(erase.path, bearer.requireService(erase.scope), asksJson, async (c) => {
    readQuery(c, noQuery)
    const found = await requireSession(parts, c)
    await eraseSession(parts, c, found)
    jobs.pollNow()
    log.info('verification erased', {
      verificationId: found.id,
      clientId: c.var.service.clientId,
    })
    return c.json({})
  })
  refuseOtherMethods(routes, erase.path, 'DELETE')
  return routes
}

/** Starts a session at the tenant's vendor, for a subject of its own. */
async function startSession(parts: TenantParts, c: Context<TenantEnv>) {
  const { db, sealer, vault, log } = parts
  const { tenant, clientId } = c.var.service
  const { callback_url, state, auto_start, start } = await readJson(c, createSchema)
  const { vendor, name } = await chooseIntegration(db, tenant)
  if (vendor !== MANUAL && start) throw invalid('start', NO_START)
  if (vendor !== MANUAL && auto_start) throw invalid('auto_start', NO_START)
  const sessionId = randomUUID()
  const { url } = await startWithVerifier(parts, {
    id: sessionId,
    vendor,
    integration: name,
    tenant,
    subject: { externalId: externalIdOf(sessionId) },
    returnTo:
      callback_url === undefined
        ? undefined
        : { url: withSessionId(callback_url, sessionId), state },
  }).catch((error) => {
    throw startFailure(error)
  })
  log.info('verification started', { verificationId: sessionId, clientId })
  const verification = await findTenantVerification(db, vault, {
    tenant,
    verificationId: sessionId,
  })
  if (!verification) throw noSession()
  const days = (await findUnfinishedDays(db, { vendor, name })) ?? LONGEST_DAYS
  const expiresAt = new Date(verification.sessionCreatedAt)
  expiresAt.setUTCDate(expiresAt.getUTCDate() + Math.min(days, LONGEST_DAYS))
  const created: z.infer<typeof createdSchema> = {
    start_token: createStartToken(sealer, { sessionId, url, expiresAt }),
    session_id: sessionId,
    expiration: expiresAt.toISOString(),
    missing_images: ['document_front', 'document_back', 'selfie'],
  }
  return { created, verification }
}

function withSessionId(address: string, sessionId: string): string {
  const url = new URL(address)
  url.searchParams.set('sessionId', sessionId)
  return url.href
}

/** The tenant's verification of the path. Throws 404. */
export async function requireSession(
  { db, vault }: TenantParts,
  c: Context<TenantEnv>,
): Promise<TenantVerification> {
  const { tenant } = c.var.service
  const verificationId = c.req.param('sid') ?? ''
  const found = await findTenantVerification(db, vault, { tenant, verificationId })
  if (!found) throw noSession()
  return found
}

async function eraseSession(
  parts: TenantParts,
  c: Context<TenantEnv>,
  { id, subjectId, externalId }: TenantVerification,
): Promise<void> {
  const { db, vault } = parts
  const { tenant, clientId } = c.var.service
  if (subjectId !== null && externalId === externalIdOf(id)) {
    const all = await listTenantVerifications(db, vault, { tenant, subjectId })
    if (all.length === 1) {
      await eraseSubject(parts, { tenant, subjectId }, clientId)
      return
    }
  }
  await eraseVerification(parts, id, 'tenant', clientId)
}
