import type { Context } from 'hono'
import { z } from 'zod'
import { findTenantVerification, type TenantVerification } from '../id-verification/reading.ts'
import { VERIFIERS } from '../id-verification/vendors/vendor-names.ts'
import type { Disclosure } from '../ledger/details.ts'
import type { Bearer, ServiceEnv } from '../oauth/bearer.ts'
import type { Db } from '../platform/db.ts'
import { ApiError } from '../platform/errors.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import {
  documentType,
  EXAMPLE_ID,
  EXAMPLE_SUBJECT_ID,
  id,
  text,
  time,
  trimmedLinePattern,
} from './schemas.ts'

export type TenantParts = {
  issuer: string
  bearer: Bearer
  db: Db
  sealer: Sealer
  vault: Vault
  jobs: Jobs
  log: Log
}
export type TenantEnv = ServiceEnv

/** A tenant's own id of a person, in requests. */
export const externalId = z
  .string('required')
  .regex(
    /^[^\p{C}\p{Z}]([^\p{C}\p{Zl}\p{Zp}]{0,253}[^\p{C}\p{Z}])?$/u,
    'must be 1 to 255 printable characters, without a space at either end',
  )
  .meta({
    description:
      'Your own id of the person: one that says nothing by itself, no e-mail address or name. Code points that Unicode has not assigned are refused too.',
    pattern: trimmedLinePattern(255),
    examples: ['customer-4711'],
  })

export const verificationSchema = z
  .object({
    id,
    subjectId: id
      .nullable()
      .describe('Of your own subject; null for what the operator started for a resident'),
    externalId: text.nullable().describe('Your own id of the person'),
    vendor: z.enum(VERIFIERS).describe('`manual`: reviewed by yourselves'),
    status: z.enum([
      'pending',
      'approved',
      'declined',
      'resubmission',
      'review',
      'expired',
      'error',
    ]),
    tier: text.describe('As it was given at the start'),
    documentType: documentType.nullable(),
    imagePersisted: z.boolean().describe('All images are stored: they can be read'),
    createdAt: time,
    updatedAt: time,
    completedAt: time.nullable(),
  })
  .meta({ id: 'Verification' })

export const EXAMPLE_VERIFICATION = {
  id: EXAMPLE_ID,
  subjectId: EXAMPLE_SUBJECT_ID,
  externalId: 'customer-4711',
  vendor: 'veriff',
  status: 'approved',
  tier: 'standard',
  documentType: 'passport',
  imagePersisted: true,
  createdAt: '2026-01-15T10:30:00.000Z',
  updatedAt: '2026-01-15T10:34:12.480Z',
  completedAt: '2026-01-15T10:34:10.000Z',
}

export const presentVerification = (
  found: TenantVerification,
): z.infer<typeof verificationSchema> => ({
  id: found.id,
  subjectId: found.subjectId,
  externalId: found.externalId,
  vendor: found.vendor,
  status: found.status,
  tier: found.tier,
  documentType: found.documentType,
  imagePersisted: found.imagesComplete,
  createdAt: found.sessionCreatedAt.toISOString(),
  updatedAt: found.updatedAt.toISOString(),
  completedAt: found.decidedAt?.toISOString() ?? null,
})

export const noVerification = () => new ApiError(404, 'not_found', 'There is no such verification.')
// The same for another tenant's subject, a resident's account and nothing at all.
export const noSubject = () =>
  new ApiError(404, 'not_found', 'There is no such subject.', { details: { field: 'subjectId' } })

/** The verification of the path, if it is the tenant's. Throws 404. */
export async function requireVerification(
  { db, vault }: Pick<TenantParts, 'db' | 'vault'>,
  c: Context<TenantEnv>,
): Promise<TenantVerification> {
  const { tenant } = c.var.service
  const verificationId = c.req.param('id') ?? ''
  const found = await findTenantVerification(db, vault, { tenant, verificationId })
  if (!found) throw noVerification()
  return found
}

/** The ledger entry of this request, about the person or verification `of`. */
export const entryOf = (
  c: Context<TenantEnv>,
  detail: Disclosure,
  of: { accountId: string | null; id?: string },
) => ({
  detail,
  accountId: of.accountId ?? undefined,
  verificationId: of.id,
  requestId: c.var.requestId,
  clientId: c.var.service.clientId,
  tokenId: c.var.service.tokenId,
  scope: c.req.method === 'POST' ? 'idv.write' : 'idv.read',
})

// RFC 3986 §2: `URL.parse` takes spaces and letters of every script as well.
const URI = /^(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[\dA-Fa-f]{2})+$/
/** Where a person is sent back to: an `https:` address, or `http:` on this machine. */
const returnUrl = z.string().refine((value) => {
  const url = URI.test(value) ? URL.parse(value) : null
  if (!url || url.username || url.hash) return false
  const isHere = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname)
  return url.protocol === 'https:' || (url.protocol === 'http:' && isHere)
}, 'must be an https: address without a fragment')

const PORT = ':([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])'
// The same for the document, of addresses as they are usually written: a host by its name, the scheme in lower case.
const RETURN_URL = `^(https://([A-Za-z0-9-]+\\.)*[A-Za-z][A-Za-z0-9-]*|http://(localhost|127\\.0\\.0\\.1|\\[::1\\]))(${PORT})?([/?][^#\\s]*)?$`

/** `callback_url` and `state` of a request. */
export const returnTo = (description: string) => ({
  callback_url: returnUrl
    .meta({
      format: 'uri',
      pattern: RETURN_URL,
      description,
      examples: ['https://office.example.org/back'],
    })
    .optional(),
  state: z
    .string()
    .regex(/^[\x20-\x7e]{1,500}$/, 'must be up to 500 printable characters')
    .optional(),
})
