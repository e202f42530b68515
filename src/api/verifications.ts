import { Hono } from 'hono'
import { z } from 'zod'
import {
  SessionReusedError,
  SubjectNotFoundError,
  startWithVerifier,
} from '../id-verification/operations.ts'
import { findTenantVerification } from '../id-verification/reading.ts'
import { eraseVerification } from '../id-verification/retention.ts'
import { findSubject } from '../id-verification/subjects.ts'
import { VERIFIERS } from '../id-verification/vendors/vendor-names.ts'
import { listTenantIntegrations } from '../id-verification/vendors/vendors.ts'
import { disclose } from '../ledger/disclosure.ts'
import { ApiError, OperatorError } from '../platform/errors.ts'
import { operation } from './operation.ts'
import { asksJson, invalid, readJson, refuseOtherMethods, smallBody } from './requests.ts'
import {
  EXAMPLE_VERIFICATION,
  entryOf,
  externalId,
  noSubject,
  noVerification,
  presentVerification,
  requireVerification,
  returnTo,
  type TenantParts,
  verificationSchema,
} from './tenant-requests.ts'

const startedVerificationSchema = z
  .object({
    ...verificationSchema.shape,
    url: z
      .url()
      .nullable()
      .describe(
        'Where the person goes; it opens the session, so it goes to nobody else. `null` of `manual`: you upload the images',
      ),
  })
  .meta({ id: 'StartedVerification' })

const startSchema = z
  .strictObject({
    vendor: z
      .enum(VERIFIERS, `must be one of ${VERIFIERS.join(', ')}`)
      .optional()
      .describe('May be left out where your tenant has one integration'),
    tier: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,50}$/, 'must be 1 to 50 letters, digits, dashes and underscores')
      .default('standard')
      .describe('Your own word for the kind of verification; it is stored and returned'),
    externalId: externalId.optional(),
    subjectId: z
      .uuid('must be the id of a subject of yours')
      .optional()
      .describe('Of an existing subject, in the place of externalId'),
    integration: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be the name of an integration')
      .optional()
      .describe(
        'May be left out where there is one with the vendor, or one of them is named default',
      ),
    ...returnTo('Where the browser is sent when the person is done; with verificationId and state'),
  })
  .refine(({ externalId, subjectId }) => externalId !== undefined || subjectId !== undefined, {
    path: ['externalId'],
    error: 'required',
  })
  .refine(({ externalId, subjectId }) => externalId === undefined || subjectId === undefined, {
    path: ['subjectId'],
    error: 'must not be given beside externalId',
  })
  .meta({
    id: 'StartVerification',
    oneOf: [{ required: ['externalId'] }, { required: ['subjectId'] }],
  })

const start = operation({
  method: 'post',
  path: '/api/v1/idv/verifications',
  operationId: 'startVerification',
  records: ['tenant-read'],
  summary: 'Start a session for a subject of yours, at a vendor or for review by yourselves',
  description:
    'A subject is a person as your tenant knows them, by your own id. It is created on first use. Residents of the portal are not known here: the id of a resident answers as what does not exist.',
  scope: 'idv.write',
  body: {
    schema: startSchema,
    example: {
      vendor: 'veriff',
      externalId: 'customer-4711',
      callback_url: 'https://office.example.org/back',
      state: 'xyz',
    },
  },
  answer: {
    status: 201,
    description: 'The session, and where the person goes',
    schema: startedVerificationSchema,
    example: {
      ...EXAMPLE_VERIFICATION,
      status: 'pending',
      documentType: null,
      imagePersisted: false,
      completedAt: null,
      url: 'https://vendor.example.org/v/start-token',
    },
  },
  errors: {
    400: invalid('externalId', 'required', 'required'),
    404: 'There is no such subject.',
    502: 'The vendor did not start a session.',
  },
})

const get = operation({
  method: 'get',
  path: '/api/v1/idv/verifications/:id',
  operationId: 'getVerification',
  records: ['tenant-read'],
  summary: 'One verification of your tenant',
  description: "Its state, without what the document says. Another tenant's is as one that is not.",
  scope: 'idv.read',
  answer: {
    status: 200,
    description: 'The verification',
    schema: verificationSchema,
    example: EXAMPLE_VERIFICATION,
  },
  errors: { 404: 'There is no such verification.' },
})

const erase = operation({
  method: 'delete',
  path: get.path,
  operationId: 'deleteVerification',
  records: ['verification-erasure'],
  summary: 'Erase one, with its data and images, at the vendor too',
  description: 'It is gone here at once; the images and the copy at the vendor follow.',
  scope: 'idv.write',
  answer: { status: 204, description: 'It is gone' },
  errors: { 404: 'There is no such verification.' },
})

export const verificationOperations = [start, get, erase]

/** Verifications of the tenant: start one, read its state, erase it. */
export function verificationRoutes(parts: TenantParts): Hono {
  const { bearer, db, vault, jobs, log } = parts
  const routes = new Hono()

  routes.post(start.path, bearer.requireService(start.scope), asksJson, smallBody, async (c) => {
    const { tenant, clientId } = c.var.service
    const given = await readJson(c, startSchema)
    const { externalId = '', subjectId, tier, callback_url: url, state } = given
    const { vendor, integration } = await chooseIntegration(db, tenant, given)
    if (subjectId !== undefined && !(await findSubject(db, { tenant, subjectId })))
      throw noSubject()
    try {
      const started = await startWithVerifier(parts, {
        vendor,
        integration,
        tier,
        tenant,
        subject: subjectId === undefined ? { externalId } : { id: subjectId },
        returnTo: url === undefined ? undefined : { url, state },
      })
      log.info('verification started', { verificationId: started.id, clientId })
      const created = await findTenantVerification(db, vault, {
        tenant,
        verificationId: started.id,
      })
      if (!created) throw noVerification()
      const entry = entryOf(c, { what: 'tenant-read', of: 'started verification' }, created)
      return await disclose(db, entry, () =>
        c.json({ ...presentVerification(created), url: started.url }, 201, {
          Location: `${start.path}/${started.id}`,
        }),
      )
    } catch (error) {
      throw startFailure(error)
    }
  })
  refuseOtherMethods(routes, start.path, 'POST')

  routes.get(get.path, bearer.requireService(get.scope), asksJson, async (c) => {
    const found = await requireVerification(parts, c)
    const entry = entryOf(c, { what: 'tenant-read', of: 'verification' }, found)
    return disclose(db, entry, () => c.json(presentVerification(found)))
  })
  routes.delete(erase.path, bearer.requireService(erase.scope), async (c) => {
    const { id } = await requireVerification(parts, c)
    await eraseVerification({ db, jobs }, id, 'tenant', c.var.service.clientId)
    jobs.pollNow()
    log.info('verification erased', { verificationId: id, clientId: c.var.service.clientId })
    return c.body(null, 204)
  })
  refuseOtherMethods(routes, get.path, 'GET, HEAD, DELETE')
  return routes
}

/**
 * The tenant's only integration, of the vendor that is given. Of several with one vendor it is the one named `default`; otherwise the
 * request has to say which, so that one that is added later under a name of its own never changes where people are sent.
 */
async function chooseIntegration(
  db: TenantParts['db'],
  tenant: string,
  { vendor, integration }: { vendor?: string | undefined; integration?: string | undefined },
): Promise<{ vendor: string; integration: string }> {
  const found = await listTenantIntegrations(db, { tenant, vendor, name: integration })
  const [only, ...others] = found
  if (!only) throw notConfigured()
  if (others.length === 0) return { vendor: only.vendor, integration: only.name }
  if (vendor === undefined) throw invalid('vendor', 'required', 'required')
  if (!found.some(({ name }) => name === 'default'))
    throw invalid('integration', 'required', 'required')
  return { vendor, integration: 'default' }
}

const notConfigured = () =>
  new ApiError(400, 'invalid_request', 'This vendor is not configured for your tenant.', {
    details: { field: 'vendor', constraint: 'invalid' },
  })

/** What the caller may see of a session that did not start. */
export function startFailure(error: unknown): unknown {
  if (error instanceof SubjectNotFoundError) return noSubject()
  if (!(error instanceof OperatorError)) return error
  // Its cause is the vendor's own failing; without one, nothing is configured.
  if (error.cause === undefined) return notConfigured()
  const description =
    error.cause instanceof SessionReusedError
      ? error.message
      : 'The vendor did not start a session.'
  return new ApiError(502, 'vendor_unavailable', description, { headers: { 'Retry-After': '10' } })
}
