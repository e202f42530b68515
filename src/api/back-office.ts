import { type Context, Hono } from 'hono'
import type { z } from 'zod'
import type { Db } from '../db.ts'
import { visibleText } from '../displayed-text.ts'
import { ApiError, OperatorError } from '../errors.ts'
import { readFindings } from '../id-verification/findings.ts'
import { createLink } from '../id-verification/links.ts'
import {
  SessionReusedError,
  SubjectNotFoundError,
  startVerification,
} from '../id-verification/operations.ts'
import {
  findTenantVerification,
  listTenantVerifications,
  type TenantVerification,
} from '../id-verification/reading.ts'
import { eraseSubject, eraseVerification } from '../id-verification/retention.ts'
import { lockVerification, recordReview } from '../id-verification/store.ts'
import { findSubject, listSubjects, type Subject } from '../id-verification/subjects.ts'
import type { DocumentFindings } from '../id-verification/vendors/vendor.ts'
import type { Jobs } from '../jobs.ts'
import type { Disclosure } from '../ledger/details.ts'
import { disclose } from '../ledger/disclosure.ts'
import type { Log } from '../log.ts'
import type { Bearer, ServiceToken } from '../oauth/bearer.ts'
import type { Sealer } from '../secrets.ts'
import type { Vault } from '../vault.ts'
import {
  readJson,
  readQuery,
  refuseOtherMethods,
  requireAcceptable,
  smallBody,
} from './requests.ts'
import {
  type documentTypesSchema,
  type linkedSchema,
  linkSchema,
  type resultSchema,
  reviewSchema,
  startSchema,
  subjectQuerySchema,
  type subjectSchema,
  type verificationSchema,
} from './schemas.ts'

type Parts = {
  issuer: string
  bearer: Bearer
  db: Db
  sealer: Sealer
  vault: Vault
  jobs: Jobs
  log: Log
}
type Env = { Variables: { service: ServiceToken } }

const DOCUMENT_TYPES: z.infer<typeof documentTypesSchema>['documentTypes'] = [
  { code: 'passport', name: 'Passport' },
  { code: 'national_id', name: 'National identity card' },
  { code: 'drivers_license', name: "Driver's licence" },
  { code: 'residence_permit', name: 'Residence permit' },
  { code: 'visa', name: 'Visa' },
  { code: 'other', name: 'Another document' },
]
const RECOMMENDATIONS: Partial<
  Record<TenantVerification['status'], 'ALLOW' | 'DENY' | 'CHALLENGE'>
> = {
  approved: 'ALLOW',
  declined: 'DENY',
  review: 'CHALLENGE',
}

/** A tenant's back office (`contract.md` §4): its own verifications and nobody else's, by client credentials. */
export function backOfficeRoutes(parts: Parts): Hono {
  const { issuer, bearer, db, vault, jobs, log } = parts
  const routes = new Hono()
  const notFound = () => new ApiError(404, 'not_found', 'There is no such verification.')

  const find = async (c: Context<Env>) => {
    const { tenant } = c.var.service
    const found = await findTenantVerification(db, vault, {
      tenant,
      verificationId: c.req.param('id') ?? '',
    })
    if (!found) throw notFound()
    return found
  }
  // The same for another tenant's subject, a resident's account and nothing at all.
  const noSubject = () =>
    new ApiError(404, 'not_found', 'There is no such subject.', {}, { field: 'subjectId' })
  const requireSubject = async (c: Context<Env>) => {
    const { tenant } = c.var.service
    const found = await findSubject(db, { tenant, subjectId: c.req.param('subjectId') ?? '' })
    if (!found) throw noSubject()
    return found
  }
  /** The ledger entry of this request, about the person or verification `of`. */
  const entryOf = (
    c: Context<Env>,
    detail: Disclosure,
    of: { accountId: string | null; id?: string },
  ) => ({
    detail,
    accountId: of.accountId ?? undefined,
    verificationId: of.id,
    requestId: c.get('requestId' as never) as string,
    clientId: c.var.service.clientId,
    tokenId: c.var.service.tokenId,
    scope: c.req.method === 'POST' ? 'idv.write' : 'idv.read',
  })
  const asksJson = async (c: Context, next: () => Promise<void>) => {
    requireAcceptable(c, 'application/json')
    await next()
  }

  routes.get('/idv/document-types', bearer.requireService('idv.read'), asksJson, (c) =>
    c.json({ documentTypes: DOCUMENT_TYPES }),
  )
  refuseOtherMethods(routes, '/idv/document-types', 'GET, HEAD')

  routes.post(
    '/idv/verifications',
    bearer.requireService('idv.write'),
    asksJson,
    smallBody,
    async (c) => {
      const { tenant, clientId } = c.var.service
      const given = await readJson(c, startSchema)
      const { vendor, integration, externalId = '', subjectId, callback_url: url, state } = given
      if (subjectId !== undefined && !(await findSubject(db, { tenant, subjectId })))
        throw noSubject()
      try {
        const started = await startVerification(parts, {
          vendor,
          integration,
          tenant,
          subject: subjectId === undefined ? { externalId } : { id: subjectId },
          returnTo: url === undefined ? undefined : { url, state },
        })
        log.info('verification started', { verificationId: started.id, clientId })
        const created = await findTenantVerification(db, vault, {
          tenant,
          verificationId: started.id,
        })
        if (!created) throw notFound()
        const entry = entryOf(c, { what: 'tenant-read', of: 'started verification' }, created)
        return await disclose(db, entry, () =>
          c.json({ ...present(created), url: started.url }, 201, {
            Location: `/api/v1/idv/verifications/${started.id}`,
          }),
        )
      } catch (error) {
        if (error instanceof SubjectNotFoundError) throw noSubject()
        if (!(error instanceof OperatorError)) throw error
        // Its cause is the vendor's own failing; without one, nothing is configured.
        if (error.cause === undefined)
          throw new ApiError(
            400,
            'invalid_request',
            'This vendor is not configured for your tenant.',
            {},
            { field: 'vendor' },
          )
        const description =
          error.cause instanceof SessionReusedError
            ? error.message
            : 'The vendor did not start a session.'
        throw new ApiError(502, 'vendor_unavailable', description, { 'Retry-After': '10' })
      }
    },
  )
  refuseOtherMethods(routes, '/idv/verifications', 'POST')

  routes.get('/idv/verifications/:id', bearer.requireService('idv.read'), asksJson, async (c) => {
    const found = await find(c)
    const entry = entryOf(c, { what: 'tenant-read', of: 'verification' }, found)
    return disclose(db, entry, () => c.json(present(found)))
  })
  routes.delete('/idv/verifications/:id', bearer.requireService('idv.write'), async (c) => {
    const { id } = await find(c)
    await eraseVerification({ db, jobs }, id, 'tenant', c.var.service.clientId)
    jobs.wake()
    log.info('verification erased', { verificationId: id, clientId: c.var.service.clientId })
    return c.body(null, 204)
  })
  refuseOtherMethods(routes, '/idv/verifications/:id', 'GET, HEAD, DELETE')

  routes.get(
    '/idv/subjects/:subjectId/verifications',
    bearer.requireService('idv.read'),
    asksJson,
    async (c) => {
      const { tenant } = c.var.service
      const subjectId = c.req.param('subjectId')
      const found = await listTenantVerifications(db, vault, { tenant, subjectId })
      const [first] = found
      // An unknown subject: there is nothing to disclose.
      if (!first) return c.json({ verifications: [] })
      const of = { accountId: first.accountId }
      const entry = entryOf(c, { what: 'tenant-read', of: 'verifications' }, of)
      return disclose(db, entry, () => c.json({ verifications: found.map(present) }))
    },
  )
  refuseOtherMethods(routes, '/idv/subjects/:subjectId/verifications', 'GET, HEAD')

  routes.get('/idv/subjects', bearer.requireService('idv.read'), asksJson, async (c) => {
    const { tenant } = c.var.service
    const { externalId } = readQuery(c, subjectQuerySchema)
    const found = await listSubjects(db, { tenant, externalId })
    if (found.length === 0) return c.json({ subjects: [] })
    // One row for each resident among them, in their own view; where there is none, one of nobody.
    const linked = found.filter(({ accountId }) => accountId !== null)
    const entries = (linked.length > 0 ? linked : [{ accountId: null }]).map(({ accountId }) =>
      entryOf(c, { what: 'tenant-read', of: 'subjects' }, { accountId }),
    )
    return disclose(db, entries, () => c.json({ subjects: found.map(presentSubject) }))
  })
  refuseOtherMethods(routes, '/idv/subjects', 'GET, HEAD')

  routes.get('/idv/subjects/:subjectId', bearer.requireService('idv.read'), asksJson, async (c) => {
    const found = await requireSubject(c)
    const entry = entryOf(c, { what: 'tenant-read', of: 'subject' }, { accountId: found.accountId })
    return disclose(db, entry, () => c.json(presentSubject(found)))
  })
  routes.delete('/idv/subjects/:subjectId', bearer.requireService('idv.write'), async (c) => {
    const { tenant, clientId } = c.var.service
    const subjectId = c.req.param('subjectId')
    if (!(await eraseSubject({ db, jobs }, { tenant, subjectId }, clientId))) throw noSubject()
    jobs.wake()
    log.info('subject erased', { subjectId, clientId })
    return c.body(null, 204)
  })
  refuseOtherMethods(routes, '/idv/subjects/:subjectId', 'GET, HEAD, DELETE')

  routes.post(
    '/idv/subjects/:subjectId/link',
    bearer.requireService('idv.write'),
    asksJson,
    smallBody,
    async (c) => {
      const { id: subjectId, accountId } = await requireSubject(c)
      const { callback_url: url, state } = await readJson(c, linkSchema)
      if (accountId !== null) throw new ApiError(409, 'conflict', 'This subject is linked already.')
      const { clientId } = c.var.service
      const returnTo = url === undefined ? undefined : { url, state }
      const link = await createLink(db, { subjectId, clientId, returnTo })
      if (!link) throw noSubject()
      log.info('subject link created', { subjectId, clientId })
      const answer: z.infer<typeof linkedSchema> = {
        url: `${issuer}/link/${link.token}`,
        expiresAt: link.expiresAt.toISOString(),
      }
      return c.json(answer, 201)
    },
  )
  refuseOtherMethods(routes, '/idv/subjects/:subjectId/link', 'POST')

  routes.get(
    '/idv/verifications/:id/result',
    bearer.requireService('idv.read'),
    asksJson,
    async (c) => {
      const found = await find(c)
      const { id, status, attemptId, documentType, reason } = found
      const entry = entryOf(c, { what: 'tenant-read', of: 'result' }, found)
      const recommendation = RECOMMENDATIONS[status]
      if (!recommendation) return disclose(db, entry, () => c.json(progress(id, status)))
      const findings = attemptId === null ? undefined : await readFindings(db, vault, id, attemptId)
      const result: z.infer<typeof resultSchema> = {
        session_id: id,
        status: 'complete',
        recommendation,
        ...presentFindings(findings, documentType),
        checks: { vendor: { recommendation, reasons: reason ? [visibleText(reason)] : [] } },
      }
      return disclose(db, entry, () => c.json(result))
    },
  )
  refuseOtherMethods(routes, '/idv/verifications/:id/result', 'GET, HEAD')

  routes.post(
    '/idv/verifications/:id/review',
    bearer.requireService('idv.write'),
    asksJson,
    smallBody,
    async (c) => {
      const { id } = await find(c)
      const { decision, reason } = await readJson(c, reviewSchema)
      const { clientId, tenant } = c.var.service
      const reviewed = await db.begin(async (sql) => {
        const locked = await lockVerification(sql, id)
        if (!locked) throw notFound()
        if (!RECOMMENDATIONS[locked.status] || locked.attemptId === null)
          throw new ApiError(
            409,
            'conflict',
            'Only what the vendor has finished can be reviewed.',
            {},
            { status: locked.status },
          )
        const status = decision === 'approve' ? 'approved' : 'declined'
        const given = { attemptId: locked.attemptId, status, reason, by: clientId } as const
        for (const attemptId of await recordReview(sql, vault, id, given))
          await jobs.enqueue(sql, 'list-images', { verificationId: id, attemptId })
        const entry = entryOf(c, { what: 'review', decision: status }, { ...locked, id })
        return await disclose(sql, entry, () =>
          findTenantVerification(sql, vault, { tenant, verificationId: id }),
        )
      })
      if (!reviewed) throw notFound()
      jobs.wake()
      log.info('verification reviewed', { verificationId: id, clientId })
      return c.json(present(reviewed))
    },
  )
  refuseOtherMethods(routes, '/idv/verifications/:id/review', 'POST')
  return routes
}

function progress(id: string, status: TenantVerification['status']): z.infer<typeof resultSchema> {
  if (status === 'pending') return { session_id: id, status: 'pending' }
  return { session_id: id, status: status === 'resubmission' ? 'recapture' : 'error' }
}

/** As seed 003 has them, of what the document said and nothing else: never the account's name. */
function presentFindings(
  findings: DocumentFindings | undefined,
  documentType: TenantVerification['documentType'],
): Pick<Extract<z.infer<typeof resultSchema>, { status: 'complete' }>, 'person' | 'document'> {
  const { givenName, surname, fullName, dateOfBirth, expiresOn } = findings ?? {}
  const isNamed = [givenName, surname, fullName, dateOfBirth].some(Boolean)
  return {
    person: isNamed
      ? {
          given_name: givenName ?? null,
          surname: surname ?? null,
          full_name: fullName ?? ([givenName, surname].filter(Boolean).join(' ') || null),
          date_of_birth: dateOfBirth ?? null,
        }
      : null,
    document: {
      type: findings?.documentType ?? documentType,
      country: findings?.country ?? null,
      number: findings?.number ?? null,
      issue_date: findings?.issuedOn ?? null,
      expiration_date: expiresOn ?? null,
      expired: expiresOn ? expiresOn < new Date().toISOString().slice(0, 10) : null,
    },
  }
}

const presentSubject = ({
  id,
  externalId,
  accountId,
  createdAt,
}: Subject): z.infer<typeof subjectSchema> => ({
  id,
  externalId,
  linked: accountId !== null,
  createdAt: createdAt.toISOString(),
})

const present = (found: TenantVerification): z.infer<typeof verificationSchema> => ({
  id: found.id,
  subjectId: found.subjectId,
  externalId: found.externalId,
  vendor: found.vendor,
  status: found.status,
  documentType: found.documentType,
  imagePersisted: found.imagesComplete,
  createdAt: found.sessionCreatedAt.toISOString(),
  updatedAt: found.updatedAt.toISOString(),
  completedAt: found.decidedAt?.toISOString() ?? null,
})
