import { z } from 'zod'
import type { TenantVerification } from '../../id-verification/reading.ts'
import type { DocumentFindings } from '../../id-verification/vendors/vendor.ts'
import { visibleText } from '../../web/displayed-text.ts'
import { documentType, id, text, time } from '../schemas.ts'

const recommendationSchema = z.enum(['ALLOW', 'CHALLENGE', 'DENY'])
const names = {
  full_name: text.optional(),
  given_name: text.optional(),
  surname: text.optional(),
}
const midnight = time.optional().describe('The day, at midnight UTC')
const complete = {
  session_id: id,
  status: z.literal('complete'),
  recommendation: recommendationSchema,
}
const deprecatedInfo = z
  .object({
    person: z.object({ ...names, date_of_birth: midnight }),
    document: z.object({
      ...names,
      type: documentType.optional(),
      country: text.optional(),
      id_value: text.optional(),
      issue_date: midnight,
      valid_until: midnight,
    }),
  })
  .optional()

/** `GET …/result` (`docs/vendor-protocols.md` §6.4): incomplete, complete, and complete with `detailed=false`. */
export const resultSchema = z
  .union([
    z.object({
      session_id: id,
      status: z.enum(['pending', 'processing', 'recapture', 'error']),
    }),
    z.object({
      ...complete,
      person: z.object({ ...names, date_of_birth: midnight }),
      document: z.object({
        type: documentType.optional(),
        country: text.optional(),
        number: text.optional(),
        issue_date: midnight,
        expiration_date: midnight,
      }),
      additional_info: z.object({}).describe('Empty: nothing of it is stored here'),
      checks: z
        .record(
          text,
          z.object({ recommendation: recommendationSchema, reasons: z.array(text).optional() }),
        )
        .describe("`vendor`: the vendor's recommendation as a whole"),
    }),
    z.object({
      ...complete,
      verified_info: deprecatedInfo,
      extracted_info: deprecatedInfo,
      rejection_description: z.array(text).optional(),
    }),
  ])
  .meta({ id: 'MosaicResult' })
type Result = z.infer<typeof resultSchema>

const RECOMMENDATIONS: Partial<
  Record<TenantVerification['status'], z.infer<typeof recommendationSchema>>
> = { approved: 'ALLOW', review: 'CHALLENGE', declined: 'DENY' }

// An image that the vendor never delivers does not hold back the result for longer.
const LONGEST_COPYING_MS = 15 * 60 * 1000

/**
 * The result in Mosaic's words: `docs/vendor-protocols.md` §1.4, from right to left; `undefined` for an expired session, which Mosaic
 * no longer has. A decision is `processing` until its images are stored, because Mosaic's images are there when the result is complete.
 */
export function presentResult(
  { id: session_id, status, imagesComplete, decidedAt, documentType, reason }: TenantVerification,
  findings: DocumentFindings | undefined,
  { isDeprecated, now }: { isDeprecated: boolean; now: Date },
): Result | undefined {
  const recommendation = RECOMMENDATIONS[status]
  if (!recommendation) return presentProgress(session_id, status)
  const isCopying =
    !imagesComplete && Math.abs(now.getTime() - (decidedAt?.getTime() ?? 0)) < LONGEST_COPYING_MS
  if (isCopying) return { session_id, status: 'processing' }
  const reasons = reason ? [visibleText(reason)] : []
  const read = { ...findings, documentType: findings?.documentType ?? documentType ?? undefined }
  const base = { session_id, status: 'complete', recommendation } as const
  if (!isDeprecated)
    return {
      ...base,
      ...presentFindings(read),
      additional_info: {},
      checks: { vendor: { recommendation, ...(reasons.length > 0 ? { reasons } : {}) } },
    }
  return status === 'approved'
    ? { ...base, verified_info: presentDeprecated(read) }
    : { ...base, rejection_description: reasons, extracted_info: presentDeprecated(read) }
}

function presentProgress(
  session_id: string,
  status: TenantVerification['status'],
): Result | undefined {
  if (status === 'expired') return undefined
  if (status === 'pending') return { session_id, status: 'pending' }
  return { session_id, status: status === 'resubmission' ? 'recapture' : 'error' }
}

const presentNames = ({ givenName, surname, fullName }: Partial<DocumentFindings>) => ({
  full_name: fullName ?? ([givenName, surname].filter(Boolean).join(' ') || undefined),
  given_name: givenName,
  surname,
})

const presentFindings = (read: Partial<DocumentFindings>) => ({
  person: { ...presentNames(read), date_of_birth: toTime(read.dateOfBirth) },
  document: {
    type: read.documentType,
    country: read.country,
    number: read.number,
    issue_date: toTime(read.issuedOn),
    expiration_date: toTime(read.expiresOn),
  },
})

const presentDeprecated = (read: Partial<DocumentFindings>) => ({
  person: { ...presentNames(read), date_of_birth: toTime(read.dateOfBirth) },
  document: {
    ...presentNames(read),
    type: read.documentType,
    country: read.country,
    id_value: read.number,
    issue_date: toTime(read.issuedOn),
    valid_until: toTime(read.expiresOn),
  },
})

const toTime = (day: string | undefined) => (day ? `${day}T00:00:00.000Z` : undefined)
