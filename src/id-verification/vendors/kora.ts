import { z } from 'zod'
import { callVendor, fetchSignedUrl, isStatus, withCredentials } from './call.ts'
import { joinText, membersOf, toFindings } from './findings.ts'
import { id, parseAnswer, parseJson, pathSegment, text, toImageType } from './parsing.ts'
import { REASONS, type Reason, type ReasonTable, toReasons, UNTOLD } from './reasons/reason.ts'
import { isHmacSigned, isRecent, withTimestamp } from './signatures.ts'
import {
  type DocumentFindings,
  type DocumentType,
  defaultCheckAfterSeconds,
  ImageNotFoundError,
  type Integration,
  listCallCredentials,
  listDeliveryCredentials,
  type Media,
  NotReadyError,
  parseSettings,
  type SettingsOf,
  settingList,
  type Vendor,
  type VendorDecision,
  VendorError,
  type VendorReport,
  type VerificationStatus,
} from './vendor.ts'

const SETTINGS = {
  /** The `X-Tenant-ID` of every request (§4.1). */
  tenantId: z.string().optional(),
  /** The format of the key in `Authorization`: after `Bearer`, or alone (§4.1). */
  authScheme: z.enum(['bearer', 'raw']).default('bearer'),
  /** Also accepts deliveries of the older generation, which have no timestamp (§4.4). */
  legacySignature: z.boolean().default(false),
  timestampToleranceSeconds: z.int().min(1).max(3600).default(300),
  tier: z.string().default('standard'),
  /**
   * The page for the person, as the published API has none: `{sessionId}` and `{returnUrl}` are replaced. Without `{sessionId}` the
   * session's id is appended.
   */
  captureUrl: z.string().refine(isPage, 'must be an address').optional(),
  /** Hosts of the signed image links, besides the base URL's. The documentation prints Google's (§4.5). */
  imageHosts: settingList().default(['storage.googleapis.com']),
  /** Maps what the vendor gives as the reason of a decision to ours, because it publishes no list: `DOC_EXPIRED:document-expired` (§4.3). */
  decisionReasons: settingList(
    z.string().regex(new RegExp(`^.{1,200}:(${[...REASONS, UNTOLD].join('|')})$`)),
  ).default([]),
  /** The vendor's sandbox never has images (§4.5). */
  withoutImages: z.boolean().default(false),
}
type Settings = SettingsOf<typeof SETTINGS>

/**
 * The adapter of Kora IDV, by `docs/vendor-protocols.md` §4; § in this file refers to it. Deliveries are notices: only results that
 * are fetched from the vendor count.
 */
export function createKora(integration: Integration, now: () => number = Date.now): Vendor {
  const accepted = listDeliveryCredentials(integration.secrets, now()).map(({ secret }) => secret)
  const settings = parseSettings('kora', SETTINGS, integration.settings)
  const api = createApi(integration, settings)
  const imageHosts = [new URL(integration.baseUrl).host, ...settings.imageHosts]
  const reasons = readReasons(settings)

  return {
    isGenuine(body, header) {
      const timestamp = header('x-timestamp')
      const signature = header('x-signature')
      // Either header makes it the current generation. Otherwise a replay that omits the timestamp would be accepted for ever.
      if (timestamp === undefined && signature === undefined) {
        const legacy = settings.legacySignature && header('x-kora-signature')
        return Boolean(legacy && isSigned(accepted, body, legacy))
      }
      const algorithm = header('x-signature-algorithm') ?? 'sha256'
      if (algorithm.toLowerCase() !== 'sha256') return false
      if (!isRecent(timestamp ?? '', now(), settings.timestampToleranceSeconds)) return false
      return isSigned(accepted, withTimestamp(timestamp ?? '', body), signature ?? '')
    },

    read,

    async startSession({ verificationId, returnUrl }) {
      if (!settings.captureUrl)
        throw new VendorError('the setting captureUrl, the page for the person, is missing')
      const { id } = await api.callJson(startedSchema, '/verifications', {
        body: { externalId: verificationId, tier: settings.tier, callbackUrl: returnUrl },
      })
      // Throws for an id by which the result could not be fetched.
      const sessionId = pathSegment(id)
      return { sessionId, url: fillPage(settings.captureUrl, { sessionId, returnUrl }) }
    },

    fetchResult: async (sessionId) => [toDecision(await api.findVerification(sessionId), reasons)],

    async listMedia({ sessionId }) {
      if (settings.withoutImages) return []
      const { imagePersisted } = await api.findVerification(sessionId)
      if (!imagePersisted) throw new NotReadyError('the vendor has not stored the images yet')
      const { images } = await api.callJson(imagesSchema, `${sessionPath(sessionId)}/images`)
      return images.filter(({ available }) => available).map(toMedia)
    },

    async download({ sessionId, mediaId }, maxBytes) {
      const path = `${sessionPath(sessionId)}/images/${pathSegment(mediaId)}`
      try {
        // The link is valid for 15 minutes, so it is requested just before its use.
        const { url } = await api.callJson(linkSchema, path)
        return await fetchSignedUrl(url, { hosts: imageHosts, maxBytes })
      } catch (error) {
        if (isStatus(error, 400, 404, 410))
          throw new ImageNotFoundError('the vendor has no such image')
        throw error
      }
    },

    // The vendor deletes by the retention that is set in its dashboard (§4.5).
    deleteSession: async () => 'not-offered',

    checkAfterSeconds: defaultCheckAfterSeconds,
  }
}

/** The vendor's API (§4.2). */
function createApi({ baseUrl, secrets }: Integration, { authScheme, tenantId }: Settings) {
  const all = listCallCredentials(secrets)

  async function callJson<T>(
    schema: z.ZodType<T>,
    path: string,
    { body }: { body?: object } = {},
  ): Promise<T> {
    const { bytes } = await withCredentials(all, ({ apiKey }) =>
      callVendor(baseUrl, path, {
        headers: {
          Authorization: authScheme === 'bearer' ? `Bearer ${apiKey}` : apiKey,
          ...(tenantId ? { 'X-Tenant-ID': tenantId } : {}),
          ...(body ? { 'Content-Type': 'application/json' } : {}),
        },
        body: body && JSON.stringify(body),
      }),
    )
    return parseAnswer(schema, parseJson(bytes, camelKeys), 'Kora')
  }

  /** Fetches the verification, and checks that it is the one of this session. */
  async function findVerification(sessionId: string): Promise<Verification> {
    const found = await callJson(verificationSchema, sessionPath(sessionId))
    if (found.id !== sessionId) throw new VendorError('the answer is about another verification')
    return found
  }

  return { callJson, findVerification }
}

/** Whether this is an address once its placeholders are filled. */
function isPage(page: string): boolean {
  return URL.canParse(fillPage(page, { sessionId: 'x', returnUrl: 'x' }))
}

function fillPage(page: string, values: { sessionId: string; returnUrl: string }): string {
  const whole = page.includes('{sessionId}') ? page : `${page}{sessionId}`
  return whole.replace(/\{(sessionId|returnUrl)\}/g, (_, name: keyof typeof values) =>
    encodeURIComponent(values[name]),
  )
}

const sessionPath = (sessionId: string) => `/verifications/${pathSegment(sessionId)}`

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

function isSigned(secrets: readonly string[], message: Uint8Array, signature: string): boolean {
  const [, hex = ''] = /^(?:sha256=)?(.*)$/is.exec(signature) ?? []
  return isHmacSigned(secrets, message, hex)
}

const time = z.coerce.date().nullish().catch(undefined)

const startedSchema = z.object({ id })
const verificationSchema = z.object({
  id,
  status: z.string(),
  documentVerification: z.object({ documentType: text }).loose().nullish().catch(undefined),
  decisionReason: text,
  completedAt: time,
  updatedAt: time,
  imagePersisted: z.boolean().nullish(),
})
type Verification = z.infer<typeof verificationSchema>
const imagesSchema = z.object({
  images: z.array(z.object({ type: z.string().min(1).max(100), available: z.boolean() })),
})
const linkSchema = z.object({ url: z.string() })
const deliverySchema = z.object({
  resourceType: text,
  resourceId: text,
  data: z.object({ verificationId: text, externalId: text }).nullish().catch(undefined),
})

const STATUSES = new Map<string, VerificationStatus>([
  ['pending', 'pending'],
  ['processing', 'pending'],
  ['document_required', 'pending'],
  ['selfie_required', 'pending'],
  ['liveness_required', 'pending'],
  ['verified', 'approved'],
  ['approved', 'approved'],
  ['rejected', 'declined'],
  ['manual_review', 'review'],
  ['review_required', 'review'],
  ['expired', 'expired'],
  ['failed', 'error'],
])

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

/** The setting `decisionReasons` as a table; the vendor's text may contain colons. */
const readReasons = ({ decisionReasons }: Settings): ReasonTable =>
  new Map(
    decisionReasons.map((word) => {
      const at = word.lastIndexOf(':')
      return [word.slice(0, at), word.slice(at + 1) as Reason | typeof UNTOLD]
    }),
  )

function toDecision(found: Verification, reasons: ReasonTable): VendorDecision {
  const status = STATUSES.get(found.status)
  if (!status) throw new VendorError('the vendor answered an unknown status')
  const at = found.completedAt ?? found.updatedAt ?? undefined
  return {
    attemptId: '',
    status,
    isSubmitted: found.status === 'processing' || undefined,
    decidedAt: status === 'pending' ? undefined : at,
    ...(status !== 'pending' && at === undefined ? { isUndated: true } : {}),
    documentType: documentType(found.documentVerification?.documentType),
    reason: found.decisionReason ?? undefined,
    reasons: toReasons(reasons, [found.decisionReason]),
    findings: readFindings(found.documentVerification),
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

function toMedia({ type }: z.infer<typeof imagesSchema>['images'][number]): Media {
  return {
    mediaId: type,
    type: toImageType(type) || 'other',
    size: undefined,
    capturedAt: undefined,
  }
}
