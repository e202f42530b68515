import { z } from 'zod'
import { isLoopback } from '../../platform/loopback.ts'
import { callVendor, isStatus, withCredentials } from './call.ts'
import { membersOf, toFindings } from './findings.ts'
import { id, parseAnswer, parseJson, pathSegment, text, toImageType } from './parsing.ts'
import { toReasons } from './reasons/reason.ts'
import { VERIFF_REASONS } from './reasons/veriff.ts'
import { isEqualSecret, isHashSigned, isHmacSigned, signHmac } from './signatures.ts'
import {
  type DocumentFindings,
  type DocumentType,
  defaultCheckAfterSeconds,
  type Integration,
  listCallCredentials,
  listDeliveryCredentials,
  type Media,
  parseSettings,
  type ReadHeader,
  type SettingsOf,
  type Vendor,
  VendorError,
  type VendorReport,
  type VerificationStatus,
} from './vendor.ts'

const SETTINGS = {
  /** Also accepts the old, weak signature (§3.2). */
  legacySignature: z.boolean().default(false),
  /** Rejects responses without a signature. */
  requireSignedResponses: z.boolean().default(false),
}
type Settings = SettingsOf<typeof SETTINGS>

/** The adapter of Veriff, by `docs/vendor-protocols.md` §3; § in this file refers to it. */
export function createVeriff(integration: Integration): Vendor {
  const settings = parseSettings('veriff', SETTINGS, integration.settings)
  const accepted = listDeliveryCredentials(integration.secrets)
  const api = createApi(integration, settings)

  return {
    isGenuine(body, header) {
      const client = readAliasedHeader(header, 'x-auth-client', 'vrf-auth-client')
      if (client === undefined) return false
      const secrets = accepted
        .filter(({ apiKey }) => isEqualSecret(client.toLowerCase(), apiKey.toLowerCase()))
        .map(({ secret }) => secret)
      const signature = signatureOf(header)
      if (signature !== undefined) return isHmacSigned(secrets, body, signature)
      const legacy = header('x-signature')
      return Boolean(settings.legacySignature && legacy && isHashSigned(secrets, body, legacy))
    },

    read,

    async startSession({ verificationId, returnUrl }) {
      // Veriff requires that vendorData reveals nothing about the person: it is our row's id.
      const body = JSON.stringify({
        verification: { vendorData: verificationId, ...callbackOf(returnUrl, integration.baseUrl) },
      })
      const { verification } = await api.callJson(startedSchema, '/v1/sessions', body, { body })
      return { sessionId: verification.id, url: verification.url }
    },

    async fetchResult(sessionId) {
      const path = `/v1/sessions/${pathSegment(sessionId)}/decision`
      const json = parseJson(await api.call(path, sessionId))
      // `verification` is null until there is a decision.
      if (typeof json !== 'object' || json === null || !('verification' in json))
        throw new VendorError('the answer has another shape than Veriff documents')
      if (json.verification === null) return []
      const reading = readDecision(json)
      if (reading.kind !== 'decision' || reading.sessionId !== sessionId)
        throw new VendorError('the answer is not a decision on this session')
      return [reading]
    },

    async listMedia({ sessionId, attemptId }) {
      const path = attemptId
        ? `/v1/attempts/${pathSegment(attemptId)}/media`
        : `/v1/sessions/${pathSegment(sessionId)}/media`
      const { images } = await api.callJson(imagesSchema, path, attemptId ?? sessionId)
      return images.map(toMedia)
    },

    signsResponses: true,

    download: ({ mediaId }, maxBytes) =>
      api.call(`/v1/media/${pathSegment(mediaId)}`, mediaId, { maxBytes }),

    async deleteSession(sessionId) {
      try {
        await api.call(`/v1/sessions/${pathSegment(sessionId)}`, sessionId, { method: 'DELETE' })
      } catch (error) {
        if (!isStatus(error, 404)) throw error
      }
      return 'deleted'
    },

    checkAfterSeconds: defaultCheckAfterSeconds,
  }
}

/** The vendor's API: signs each request, and verifies the signature of each response (§3.2). */
function createApi({ baseUrl, secrets }: Integration, settings: Settings) {
  const all = listCallCredentials(secrets)
  const signers = listDeliveryCredentials(secrets).map(({ secret }) => secret)

  /** `message` is what is signed for the endpoint: the body as sent, or the id in the path of a GET. */
  async function call(
    path: string,
    message: string,
    { method, body, maxBytes }: { method?: string; body?: string; maxBytes?: number } = {},
  ): Promise<Uint8Array> {
    const { bytes, headers } = await withCredentials(all, ({ apiKey, secret }) =>
      callVendor(baseUrl, path, {
        method,
        headers: {
          'X-AUTH-CLIENT': apiKey,
          'X-HMAC-SIGNATURE': signHmac(secret, message),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        body,
        maxBytes,
      }),
    )
    const signature = signatureOf((name) => headers.get(name) ?? undefined)
    const isSigned = signature !== undefined
    if (isSigned ? !isHmacSigned(signers, bytes, signature) : settings.requireSignedResponses)
      throw new VendorError('the answer is not signed by the vendor')
    return bytes
  }

  async function callJson<T>(
    schema: z.ZodType<T>,
    ...request: Parameters<typeof call>
  ): Promise<T> {
    return parseAnswer(schema, parseJson(await call(...request)), 'Veriff')
  }

  return { call, callJson }
}

/** Veriff refuses a session whose `callback` is not an `https:` address (§3.8); its stand-in on this machine takes any. */
const callbackOf = (callback: string, baseUrl: string) =>
  callback.startsWith('https:') || isLoopback(baseUrl) ? { callback } : {}

const signatureOf = (header: ReadHeader) =>
  readAliasedHeader(header, 'x-hmac-signature', 'vrf-hmac-signature')

/** The value of a header that has two names in use; when both are sent, they must agree (§3.2). */
function readAliasedHeader(header: ReadHeader, name: string, alias: string): string | undefined {
  const [first, second] = [header(name), header(alias)]
  if (first !== undefined && second !== undefined && first !== second) return ''
  return first ?? second
}

const time = z.iso.datetime({ offset: true }).nullish().catch(undefined)

const startedSchema = z.object({
  verification: z.object({ id: z.uuid(), url: z.url({ protocol: /^https?$/ }) }),
})

const imagesSchema = z.object({
  images: z.array(
    z.object({
      id,
      name: z.string().nullish(),
      context: z.string().nullish(),
      size: z.coerce.number().nullish().catch(undefined),
      timestamp: z.coerce.date().nullish().catch(undefined),
    }),
  ),
})

const code = z.union([z.string(), z.number()]).nullish().catch(undefined)

const decisionSchema = z.object({
  verification: z.object({
    id,
    attemptId: id.nullish(),
    vendorData: text,
    status: z.string(),
    reason: text,
    reasonCode: code,
    decisionTime: time,
    person: z.unknown().optional(),
    document: z.object({ type: text }).loose().nullish().catch(undefined),
  }),
})
const fullAutoSchema = z.object({
  eventType: z.literal('fullauto'),
  sessionId: id,
  attemptId: id.nullish(),
  vendorData: text,
  time,
  data: z.object({
    verification: z.object({
      decision: z.string().nullish(),
      person: z.unknown().optional(),
      document: z
        .object({ type: z.object({ value: text }).nullish() })
        .loose()
        .nullish()
        .catch(undefined),
    }),
  }),
})
const eventSchema = z.object({
  id,
  attemptId: id.nullish(),
  action: z.string(),
  code: z.number(),
  vendorData: text,
})

// The status is read from its name, because the codes 9104 and 9121 are ambiguous (§3.5).
const STATUSES = new Map<string, VerificationStatus>([
  ['created', 'pending'],
  ['started', 'pending'],
  ['submitted', 'pending'],
  ['approved', 'approved'],
  ['declined', 'declined'],
  ['resubmission_requested', 'resubmission'],
  ['review', 'review'],
  ['expired', 'expired'],
  ['abandoned', 'expired'],
])

const DOCUMENT_TYPES = new Map<string, DocumentType>([
  ['PASSPORT', 'passport'],
  ['ID_CARD', 'national_id'],
  ['DRIVERS_LICENSE', 'drivers_license'],
  ['RESIDENCE_PERMIT', 'residence_permit'],
  ['VISA', 'visa'],
])

/** Distinguishes kinds of deliveries by their shape, because customers often enter one address for several kinds (§3.3). */
function read(body: Uint8Array): VendorReport {
  const json = parseJson(body)
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return { kind: 'unknown', explanation: 'the body is not a JSON object' }
  const eventType = 'eventType' in json ? json.eventType : undefined
  if (eventType === 'fullauto') return readFullAuto(json)
  if (typeof eventType === 'string' && eventType.startsWith('user-status.'))
    return { kind: 'ignored', explanation: 'a user-defined status is for information only' }
  if ('verification' in json) return readDecision(json)
  if ('action' in json) return readEvent(json)
  return { kind: 'unknown', explanation: 'none of the shapes that Veriff documents' }
}

function readDecision(json: object): VendorReport {
  const parsed = decisionSchema.safeParse(json)
  if (!parsed.success) return { kind: 'unknown', explanation: 'a decision with members missing' }
  const { verification } = parsed.data
  const status = STATUSES.get(verification.status)
  if (!status) return { kind: 'unknown', explanation: 'a decision with a status that is not known' }
  return {
    kind: 'decision',
    sessionId: verification.id,
    attemptId: verification.attemptId ?? '',
    status,
    decidedAt: verification.decisionTime ? new Date(verification.decisionTime) : undefined,
    documentType: documentType(verification.document?.type),
    reason: verification.reason ?? undefined,
    reasons: toReasons(VERIFF_REASONS, [verification.reasonCode]),
    findings: readFindings(verification.person, verification.document),
    echoed: verification.vendorData ?? undefined,
  }
}

function readFullAuto(json: object): VendorReport {
  const parsed = fullAutoSchema.safeParse(json)
  if (!parsed.success)
    return { kind: 'unknown', explanation: 'a full-auto result with members missing' }
  const { sessionId, attemptId, vendorData, time: at, data } = parsed.data
  const { decision, person, document } = data.verification
  if (!decision) return { kind: 'ignored', explanation: 'a full-auto result without a decision' }
  const status = STATUSES.get(decision)
  if (!status) return { kind: 'unknown', explanation: 'a full-auto decision that is not known' }
  return {
    kind: 'decision',
    sessionId,
    attemptId: attemptId ?? '',
    status,
    decidedAt: at ? new Date(at) : undefined,
    documentType: documentType(document?.type?.value?.toUpperCase()),
    reason: undefined,
    findings: readFindings(valuesOf(person), valuesOf(document)),
    echoed: vendorData ?? undefined,
  }
}

function readEvent(json: object): VendorReport {
  const parsed = eventSchema.safeParse(json)
  if (!parsed.success) return { kind: 'unknown', explanation: 'an event with members missing' }
  const { action, attemptId, vendorData } = parsed.data
  if (action !== 'started' && action !== 'submitted')
    return { kind: 'unknown', explanation: 'an event with an action that is not known' }
  return {
    kind: 'decision',
    sessionId: parsed.data.id,
    attemptId: attemptId ?? '',
    status: 'pending',
    isSubmitted: action === 'submitted' || undefined,
    decidedAt: undefined,
    documentType: undefined,
    reason: undefined,
    echoed: vendorData ?? undefined,
  }
}

/** `person` and `document` of a decision (§3.5). */
function readFindings(person: unknown, document: unknown): DocumentFindings | undefined {
  const { firstName, lastName, fullName, dateOfBirth, nationality } = membersOf(person)
  const { type, number, country, validFrom, validUntil } = membersOf(document)
  return toFindings({
    givenName: firstName,
    surname: lastName,
    fullName,
    dateOfBirth,
    nationality,
    documentType: typeof type === 'string' ? documentType(type.toUpperCase()) : undefined,
    country,
    number,
    issuedOn: validFrom,
    expiresOn: validUntil,
  })
}

/** Full auto wraps each member: `{value, confidenceCategory, sources}` (§3.6). */
const valuesOf = (wrapped: unknown) =>
  Object.fromEntries(
    Object.entries(membersOf(wrapped)).map(([name, member]) => [name, membersOf(member).value]),
  )

function documentType(type: string | null | undefined): DocumentType | undefined {
  if (!type) return undefined
  return DOCUMENT_TYPES.get(type) ?? 'other'
}

// `-pre` is the first picture, and the one without a suffix the preferred (§3.7); our types keep the suffix.
const TYPES = new Map([
  ['document-front', 'document_front'],
  ['document-front-pre', 'document_front_pre'],
  ['document-back', 'document_back'],
  ['document-back-pre', 'document_back_pre'],
  ['face', 'selfie'],
  ['face-pre', 'selfie_pre'],
])

function toMedia(image: z.infer<typeof imagesSchema>['images'][number]): Media {
  const context = image.context ?? image.name ?? ''
  return {
    mediaId: image.id,
    type: TYPES.get(context) ?? (toImageType(context) || 'other'),
    size: image.size ?? undefined,
    capturedAt: image.timestamp ?? undefined,
  }
}
