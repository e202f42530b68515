import { z } from 'zod'
import { callVendor, fetchSignedUrl, VendorStatusError } from './call.ts'
import { joinText, membersOf, toFindings } from './findings.ts'
import { parseJson, pathSegment } from './parsing.ts'
import { isHmacSigned } from './signatures.ts'
import {
  type DocumentFindings,
  type DocumentType,
  defaultCheckAfterSeconds,
  ImageNotFoundError,
  type Integration,
  type Media,
  NotReadyError,
  parseSettings,
  type ReadHeader,
  type Vendor,
  type VendorDecision,
  VendorError,
  type VendorReport,
  type VerificationStatus,
} from './vendor.ts'

const list = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat())

const SETTINGS = {
  /** The `X-Tenant-ID` of every request (§4.1). */
  tenantId: z.string().optional(),
  /** The format of the key in `Authorization`: after `Bearer`, or alone (§4.1). */
  authScheme: z.enum(['bearer', 'raw']).default('bearer'),
  /** Also accepts deliveries of the older generation, which have no timestamp (§4.4). */
  legacySignature: z.boolean().default(false),
  timestampToleranceSeconds: z.int().min(1).max(3600).default(300),
  tier: z.string().default('standard'),
  /** The page for the person; the session's id is appended. The published API has no page of the vendor's own. */
  captureUrl: z.url().optional(),
  /** Hosts of the signed image links, besides the base URL's. */
  imageHosts: list.default([]),
  /** The vendor's sandbox never has images (§4.5). */
  withoutImages: z.boolean().default(false),
}

/**
 * The adapter of Kora IDV, by `docs/vendor-protocols.md` §4; § in this file refers to it. Deliveries are notices: only results that
 * are fetched from the vendor count.
 */
export function createKora(
  { baseUrl, secrets, settings: given }: Integration,
  now: () => number = Date.now,
): Vendor {
  const settings = parseSettings('kora', SETTINGS, given)
  const imageHosts = [new URL(baseUrl).host, ...settings.imageHosts]

  async function call(path: string, options: { body?: object; method?: string } = {}) {
    const { bytes } = await callVendor(baseUrl, path, {
      maxBytes: JSON_LIMIT,
      method: options.method,
      headers: {
        Authorization:
          settings.authScheme === 'bearer' ? `Bearer ${secrets.apiKey}` : secrets.apiKey,
        ...(settings.tenantId ? { 'X-Tenant-ID': settings.tenantId } : {}),
        ...(options.body ? { 'Content-Type': 'application/json' } : {}),
      },
      body: options.body && JSON.stringify(options.body),
    })
    return parseJson(bytes, camelKeys)
  }

  async function callFor<T>(
    schema: z.ZodType<T>,
    path: string,
    options?: { body?: object },
  ): Promise<T> {
    const parsed = schema.safeParse(await call(path, options))
    if (!parsed.success) throw new VendorError('the answer has another shape than Kora documents')
    return parsed.data
  }

  async function findVerification(sessionId: string) {
    const found = await callFor(verificationSchema, `/verifications/${pathSegment(sessionId)}`)
    if (found.id !== sessionId) throw new VendorError('the answer is about another verification')
    return found
  }

  return {
    isGenuine(body, header) {
      const timestamp = header('x-timestamp')
      const signature = header('x-signature')
      // Either header makes it the current generation. Otherwise a replay that omits the timestamp would be accepted for ever.
      if (timestamp !== undefined || signature !== undefined)
        return isCurrent(body, header, timestamp ?? '', signature ?? '')
      const legacy = header('x-kora-signature')
      return settings.legacySignature && legacy !== undefined && isSigned(body, legacy)
    },

    read,

    async startSession({ verificationId }) {
      if (!settings.captureUrl)
        throw new VendorError('the setting captureUrl, the page for the person, is missing')
      const created = await callFor(createdSchema, '/verifications', {
        body: { externalId: verificationId, tier: settings.tier },
      })
      return {
        sessionId: created.id,
        url: `${settings.captureUrl}${encodeURIComponent(created.id)}`,
      }
    },

    async fetchResult(sessionId): Promise<VendorDecision[]> {
      const found = await findVerification(sessionId)
      const status = STATUSES[found.status]
      if (!status) throw new VendorError('the vendor answered an unknown status')
      const at = found.completedAt ?? found.updatedAt
      return [
        {
          attemptId: '',
          status,
          decidedAt: status === 'pending' ? undefined : (at ?? undefined),
          documentType: documentType(found.documentVerification?.documentType),
          reason: found.decisionReason ?? undefined,
          findings: readFindings(found.documentVerification),
        },
      ]
    },

    async listMedia({ sessionId }): Promise<Media[]> {
      if (settings.withoutImages) return []
      const { imagePersisted } = await findVerification(sessionId)
      if (!imagePersisted) throw new NotReadyError('the vendor has not stored the images yet')
      const { images } = await callFor(
        imagesSchema,
        `/verifications/${pathSegment(sessionId)}/images`,
      )
      return images
        .filter(({ available }) => available)
        .map(({ type }) => ({
          mediaId: type,
          type: typeName(type),
          size: undefined,
          capturedAt: undefined,
        }))
    },

    async download({ sessionId, mediaId }, maxBytes) {
      const path = `/verifications/${pathSegment(sessionId)}/images/${pathSegment(mediaId)}`
      try {
        // The link is valid for 15 minutes, so it is requested just before its use.
        const { url } = await callFor(linkSchema, path)
        return await fetchSignedUrl(url, { hosts: imageHosts, maxBytes })
      } catch (error) {
        if (error instanceof VendorStatusError && [400, 404, 410].includes(error.status))
          throw new ImageNotFoundError('the vendor has no such image')
        throw error
      }
    },

    async deleteSession() {
      // The vendor deletes by the retention that is set in its dashboard (§4.5).
      return 'not-offered'
    },

    checkAfterSeconds: defaultCheckAfterSeconds,
  }

  function isCurrent(
    body: Uint8Array,
    header: ReadHeader,
    timestamp: string,
    signature: string,
  ): boolean {
    if ((header('x-signature-algorithm') ?? 'sha256').toLowerCase() !== 'sha256') return false
    if (!/^\d{1,12}$/.test(timestamp)) return false
    const age = Math.abs(now() / 1000 - Number(timestamp))
    if (age > settings.timestampToleranceSeconds) return false
    return isSigned(Buffer.concat([Buffer.from(`${timestamp}.`), body]), signature)
  }

  function isSigned(message: Uint8Array, signature: string): boolean {
    const [, hex = ''] = /^(?:sha256=)?(.*)$/is.exec(signature) ?? []
    return isHmacSigned(secrets.sharedSecrets, message, hex)
  }
}

const JSON_LIMIT = 4 * 1024 * 1024

const text = z.string().nullish().catch(undefined)
const time = z.coerce.date().nullish().catch(undefined)
const id = z.string().min(1).max(200)

const createdSchema = z.object({ id })
const verificationSchema = z.object({
  id,
  status: z.string(),
  documentVerification: z.object({ documentType: text }).loose().nullish().catch(undefined),
  decisionReason: text,
  completedAt: time,
  updatedAt: time,
  imagePersisted: z.boolean().nullish(),
})
const imagesSchema = z.object({
  images: z.array(z.object({ type: z.string().min(1).max(100), available: z.boolean() })),
})
const linkSchema = z.object({ url: z.string() })
const deliverySchema = z.object({
  resourceType: text,
  resourceId: text,
  data: z.object({ verificationId: text, externalId: text }).nullish().catch(undefined),
})

const STATUSES: Record<string, VerificationStatus> = {
  pending: 'pending',
  processing: 'pending',
  document_required: 'pending',
  selfie_required: 'pending',
  liveness_required: 'pending',
  verified: 'approved',
  approved: 'approved',
  rejected: 'declined',
  manual_review: 'review',
  review_required: 'review',
  expired: 'expired',
  failed: 'error',
}

/** Reads an event of any name: only the verification that it concerns counts (§4.4). */
function read(body: Uint8Array): VendorReport {
  const json = parseJson(body, camelKeys)
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return { kind: 'unknown', explanation: 'the body is not a JSON object' }
  const parsed = deliverySchema.safeParse(json)
  if (!parsed.success) return { kind: 'unknown', explanation: 'none of the shapes of Kora' }
  const { resourceType, resourceId, data } = parsed.data
  if (resourceType && resourceType !== 'verification')
    return { kind: 'ignored', explanation: 'it is not about a verification' }
  const sessionId = data?.verificationId ?? resourceId
  if (!sessionId) return { kind: 'unknown', explanation: 'it names no verification' }
  return {
    kind: 'notice',
    sessionId,
    echoed: data?.externalId ?? undefined,
    explanation: 'a verification changed',
  }
}

/** Reads `documentVerification` (§4.3), then its `extractedFields`, whose names are not published. */
function readFindings(document: unknown): DocumentFindings | undefined {
  const named = membersOf(document)
  const extracted = membersOf(named.extractedFields)
  const find = (...names: string[]) =>
    [named, extracted].flatMap((from) => names.map((name) => from[name])).find(isGiven)
  const type = named.documentType
  return toFindings({
    givenName:
      find('firstName', 'givenNames', 'givenName') &&
      joinText(find('firstName', 'givenNames', 'givenName'), find('middleName')),
    surname: find('lastName', 'surname'),
    fullName: find('fullName'),
    dateOfBirth: find('dateOfBirth'),
    nationality: find('nationality'),
    documentType: typeof type === 'string' ? documentType(type) : undefined,
    country: find('issuingCountry'),
    number: find('documentNumber'),
    issuedOn: find('issueDate', 'dateOfIssue'),
    expiresOn: find('expirationDate', 'expiryDate', 'dateOfExpiry'),
  })
}

const isGiven = (value: unknown) => value !== undefined && value !== null && value !== ''

function documentType(type: string | null | undefined): DocumentType | undefined {
  if (!type) return undefined
  if (type.includes('passport')) return 'passport'
  if (/_drivers_license$/.test(type)) return 'drivers_license'
  if (/_rp$/.test(type) || ['us_green_card', 'ca_pr_card', 'uk_brp'].includes(type))
    return 'residence_permit'
  if (/_id$/.test(type) || /^eu_id_/.test(type) || ['ghana_card', 'ng_nin'].includes(type))
    return 'national_id'
  return 'other'
}

/** Keys come in snake or camel case (§4.1); this makes all of them camel case. */
function camelKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
      member,
    ]),
  )
}

// Types become part of object keys, so they may have lower-case letters, digits and underscores only.
const typeName = (type: string) =>
  type
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, 60) || 'other'
