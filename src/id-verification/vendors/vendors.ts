import { z } from 'zod'
import type { Sql } from '../../db.ts'
import { OperatorError } from '../../errors.ts'
import type { Sealer } from '../../secrets.ts'
import { createVeriff } from './veriff.ts'

export type VerificationStatus =
  | 'pending'
  | 'approved'
  | 'declined'
  | 'resubmission'
  | 'review'
  | 'expired'
  | 'error'

export type DocumentType =
  | 'passport'
  | 'national_id'
  | 'drivers_license'
  | 'residence_permit'
  | 'visa'
  | 'other'

/** What a delivery says, in our words. */
export type Reading =
  | {
      kind: 'decision'
      sessionId: string
      attemptId: string
      status: VerificationStatus
      /** The vendor's own time; `undefined` for progress that carries none. */
      decidedAt: Date | undefined
      documentType: DocumentType | undefined
      reason: string | undefined
      /** What the vendor echoes of ours: compared with our own row, never believed. */
      echoed: string | undefined
    }
  /** Genuine, and nothing to do: the words say why. */
  | { kind: 'ignored'; explanation: string }
  /** Genuine, and not understood: kept for the operator. */
  | { kind: 'unknown'; explanation: string }

export type Media = {
  mediaId: string
  /** `document_front`, `document_back`, `selfie`, … and what else the vendor had. */
  type: string
  /** Bytes, as the vendor says. */
  size: number | undefined
  capturedAt: Date | undefined
}

/** The value of a header by its lower-case name. */
export type ReadHeader = (name: string) => string | undefined

/** What one company that verifies documents can do for us. Every call throws VendorError when the vendor's answer does not fit. */
export type Vendor = {
  /** Whether these raw bytes came from the vendor. */
  isGenuine(body: Uint8Array, header: ReadHeader): boolean
  /** Only for a genuine body. Never throws: what cannot be read is `unknown`. */
  read(body: Uint8Array): Reading
  startSession(session: { verificationId: string }): Promise<{ sessionId: string; url: string }>
  listMedia(session: { sessionId: string; attemptId: string | undefined }): Promise<Media[]>
  /** The bytes, whole and (where the vendor signs) as signed. `maxBytes` is held while they stream. */
  download(mediaId: string, maxBytes: number): Promise<Uint8Array>
}

/** The vendor refused, was away, or sent what does not fit; tried again later. Its message holds no secret and no person. */
export class VendorError extends Error {
  override readonly name = 'VendorError'
}

const VENDORS = ['veriff', 'kora', 'incode', 'mosaic'] as const
export type VendorName = (typeof VENDORS)[number]
export const isVendorName = (value: string): value is VendorName =>
  (VENDORS as readonly string[]).includes(value)

type Secrets = {
  apiKey: string
  /** The newest first; all of them are good, so that one can be replaced without a lost delivery. */
  sharedSecrets: string[]
}
type IntegrationSettings = {
  /** A weak, old scheme of Veriff's; off. */
  legacySignature?: boolean | undefined
  /** Refuse answers that carry no signature. */
  requireSignedResponses?: boolean | undefined
}
export type Integration = {
  vendor: VendorName
  name: string
  tenant: string
  baseUrl: string
  settings: IntegrationSettings
  secrets: Secrets
}

/** The vendor behind an integration. Throws OperatorError for one that this version does not know. */
export function createVendor(integration: Integration): Vendor {
  switch (integration.vendor) {
    case 'veriff':
      return createVeriff(integration)
    default:
      throw new OperatorError(`This version has no adapter for ${integration.vendor} yet.`)
  }
}

const SECRETS_KEPT = 2
const secretsSchema = z.object({ apiKey: z.string(), sharedSecrets: z.array(z.string()) })
const baseUrlSchema = z.string().refine((value) => {
  if (!URL.canParse(value)) return false
  const { protocol, hostname, search, hash, username } = new URL(value)
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  return (protocol === 'https:' || (protocol === 'http:' && local)) && !search && !hash && !username
})

export type IntegrationSummary = {
  vendor: string
  name: string
  tenant: string
  baseUrl: string
  enabled: boolean
  updatedAt: Date
}

/** Adds or changes an integration. What is left out stays; a new secret leaves the one before it good. Throws OperatorError. */
export async function setVendorIntegration(
  sql: Sql,
  sealer: Sealer,
  given: {
    vendor: string
    name?: string | undefined
    tenant?: string | undefined
    baseUrl: string
    apiKey?: string | undefined
    secret?: string | undefined
  },
): Promise<IntegrationSummary> {
  const { vendor, name = 'default', baseUrl } = given
  if (!isVendorName(vendor))
    throw new OperatorError(`The vendor must be one of: ${VENDORS.join(', ')}.`)
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
    throw new OperatorError('The name of an integration is lower-case letters, digits and dashes.')
  if (!baseUrlSchema.safeParse(baseUrl).success)
    throw new OperatorError(
      'The base URL must be https:, or http: on this machine, without a query.',
    )
  const before = await findVendorIntegration(sql, sealer, vendor, name)
  const apiKey = given.apiKey ?? before?.secrets.apiKey
  const known = before?.secrets.sharedSecrets ?? []
  const sharedSecrets = given.secret
    ? [given.secret, ...known.filter((secret) => secret !== given.secret)].slice(0, SECRETS_KEPT)
    : known
  if (!apiKey) throw new OperatorError('An API key is needed: --api-key.')
  if (sharedSecrets.length === 0)
    throw new OperatorError('A shared secret is needed, on standard input: --secret-stdin.')
  const tenant = given.tenant ?? before?.tenant ?? 'default'
  const integration: Integration = {
    vendor,
    name,
    tenant,
    baseUrl,
    settings: before?.settings ?? {},
    secrets: { apiKey, sharedSecrets },
  }
  createVendor(integration)
  const sealed = sealer.seal(JSON.stringify(integration.secrets), contextOf(vendor, name))
  const [row] = await sql<IntegrationSummary[]>`
    insert into vendor_integration (vendor, name, tenant, base_url, secrets_sealed)
    values (${vendor}, ${name}, ${tenant}, ${baseUrl}, ${sealed})
    on conflict (vendor, name) do update set tenant = excluded.tenant, base_url = excluded.base_url,
      secrets_sealed = excluded.secrets_sealed, enabled = true, updated_at = now()
    returning vendor, name, tenant, base_url, enabled, updated_at`
  if (!row) throw new Error('the integration was not written')
  return row
}

export async function listVendorIntegrations(sql: Sql): Promise<IntegrationSummary[]> {
  return await sql<IntegrationSummary[]>`
    select vendor, name, tenant, base_url, enabled, updated_at from vendor_integration order by vendor, name`
}

export async function findVendorIntegration(
  sql: Sql,
  sealer: Sealer,
  vendor: string,
  name: string,
): Promise<Integration | undefined> {
  const [row] = await sql<
    {
      vendor: VendorName
      name: string
      tenant: string
      baseUrl: string
      settings: IntegrationSettings
      secretsSealed: string
    }[]
  >`select vendor, name, tenant, base_url, settings, secrets_sealed from vendor_integration
    where vendor = ${vendor} and name = ${name} and enabled`
  if (!row) return undefined
  const { secretsSealed, ...rest } = row
  const opened: unknown = JSON.parse(sealer.open(secretsSealed, contextOf(vendor, name)))
  return { ...rest, secrets: secretsSchema.parse(opened) }
}

const contextOf = (vendor: string, name: string) => `vendor_integration ${vendor} ${name}`
