import { Hono } from 'hono'
import { z } from 'zod'
import { readFindings } from '../id-verification/findings.ts'
import { findTenantVerification, type TenantVerification } from '../id-verification/reading.ts'
import { lockVerification, recordReview } from '../id-verification/store.ts'
import type { DocumentFindings } from '../id-verification/vendors/vendor.ts'
import { disclose } from '../ledger/disclosure.ts'
import { ApiError } from '../platform/errors.ts'
import { isDisplayable, visibleText } from '../web/displayed-text.ts'
import { operation } from './operation.ts'
import { asksJson, invalid, readJson, refuseOtherMethods, smallBody } from './requests.ts'
import { documentType, EXAMPLE_ID, id, linePattern, ONE_LINE, text } from './schemas.ts'
import {
  EXAMPLE_VERIFICATION,
  entryOf,
  noVerification,
  presentVerification,
  requireVerification,
  type TenantParts,
  verificationSchema,
} from './tenant-requests.ts'

const RECOMMENDATIONS: Partial<
  Record<TenantVerification['status'], 'ALLOW' | 'DENY' | 'CHALLENGE'>
> = {
  approved: 'ALLOW',
  declined: 'DENY',
  review: 'CHALLENGE',
}

const recommendation = z.enum(['ALLOW', 'CHALLENGE', 'DENY'])
const resultSchema = z
  .union([
    z.object({ session_id: id, status: z.enum(['pending', 'recapture', 'error']) }),
    z.object({
      session_id: id,
      status: z.literal('complete'),
      recommendation,
      person: z
        .object({
          given_name: text.nullable(),
          surname: text.nullable(),
          full_name: text.nullable(),
          date_of_birth: text.nullable().describe('YYYY-MM-DD'),
        })
        .nullable()
        .describe('What the document says; null where the vendor read nothing'),
      document: z.object({
        type: documentType.nullable(),
        country: text.nullable(),
        number: text.nullable(),
        issue_date: text.nullable(),
        expiration_date: text.nullable(),
        expired: z.boolean().nullable().describe('Today; null where no expiration date is known'),
      }),
      checks: z.record(text, z.object({ recommendation, reasons: z.array(text) })),
    }),
  ])
  .meta({ id: 'Result' })

const reviewSchema = z
  .strictObject({
    decision: z.enum(['approve', 'reject'], 'must be approve or reject'),
    reason: z
      .string()
      .max(500)
      .refine(isDisplayable, ONE_LINE)
      .optional()
      .meta({ pattern: linePattern(500), description: 'One line of ordinary text' }),
  })
  .meta({ id: 'Review' })

const getResult = operation({
  method: 'get',
  path: '/api/v1/idv/verifications/:id/result',
  operationId: 'getResult',
  records: ['tenant-read'],
  summary: 'What came of it',
  description: 'The person and the document as the vendor read them from the document.',
  scope: 'idv.read',
  answer: {
    status: 200,
    description: 'The recommendation, or how far it is',
    schema: resultSchema,
    example: {
      session_id: EXAMPLE_ID,
      status: 'complete',
      recommendation: 'ALLOW',
      person: {
        given_name: 'Ana',
        surname: 'Muestra',
        full_name: 'Ana Muestra',
        date_of_birth: '1990-02-03',
      },
      document: {
        type: 'passport',
        country: 'UTO',
        number: 'E00000017',
        issue_date: null,
        expiration_date: '2031-05-01',
        expired: false,
      },
      checks: { vendor: { recommendation: 'ALLOW', reasons: [] } },
    },
  },
  errors: { 404: 'There is no such verification.' },
})

const review = operation({
  method: 'post',
  path: '/api/v1/idv/verifications/:id/review',
  operationId: 'reviewVerification',
  records: ['review'],
  summary: 'Decide what the vendor has finished',
  description:
    'It stands until the vendor, or another review, says something later. For a resident it counts as the verification itself does: only where the resident linked the subject and your tenant is trusted.',
  scope: 'idv.write',
  body: { schema: reviewSchema, example: { decision: 'approve', reason: 'seen in person' } },
  answer: {
    status: 200,
    description: 'The verification as it stands now',
    schema: verificationSchema,
    example: EXAMPLE_VERIFICATION,
  },
  errors: {
    400: invalid('decision', 'must be approve or reject', 'enum'),
    404: 'There is no such verification.',
    409: 'Only what the vendor has finished can be reviewed.',
  },
})

export const resultOperations = [getResult, review]

/** What came of a verification, and the tenant's own review of it. */
export function resultRoutes(parts: TenantParts): Hono {
  const { bearer, db, vault, jobs, log } = parts
  const routes = new Hono()

  routes.get(getResult.path, bearer.requireService(getResult.scope), asksJson, async (c) => {
    const found = await requireVerification(parts, c)
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
  })
  refuseOtherMethods(routes, getResult.path, 'GET, HEAD')

  routes.post(review.path, bearer.requireService(review.scope), asksJson, smallBody, async (c) => {
    const { id } = await requireVerification(parts, c)
    const { decision, reason } = await readJson(c, reviewSchema)
    const { clientId, tenant } = c.var.service
    const reviewed = await db.begin(async (sql) => {
      const locked = await lockVerification(sql, id)
      if (!locked) throw noVerification()
      if (!RECOMMENDATIONS[locked.status] || locked.attemptId === null)
        throw new ApiError(409, 'conflict', 'Only what the vendor has finished can be reviewed.', {
          details: { status: locked.status },
        })
      const status = decision === 'approve' ? 'approved' : 'declined'
      const given = { attemptId: locked.attemptId, status, reason, by: clientId } as const
      for (const attemptId of await recordReview(sql, vault, id, given))
        await jobs.enqueue(sql, 'list-images', { verificationId: id, attemptId })
      const entry = entryOf(c, { what: 'review', decision: status }, { ...locked, id })
      return await disclose(sql, entry, () =>
        findTenantVerification(sql, vault, { tenant, verificationId: id }),
      )
    })
    if (!reviewed) throw noVerification()
    jobs.pollNow()
    log.info('verification reviewed', { verificationId: id, clientId })
    return c.json(presentVerification(reviewed))
  })
  refuseOtherMethods(routes, review.path, 'POST')
  return routes
}

function progress(id: string, status: TenantVerification['status']): z.infer<typeof resultSchema> {
  if (status === 'pending') return { session_id: id, status: 'pending' }
  return { session_id: id, status: status === 'resubmission' ? 'recapture' : 'error' }
}

/** What the document says, never the account's name; members are named as in `docs/vendor-protocols.md` §6.4. */
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
