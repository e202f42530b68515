import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { callVendor, VendorStatusError } from './call.ts'
import { membersOf, toFindings } from './findings.ts'
import { parseJson, pathSegment } from './parsing.ts'
import { isEqualSecret, isHashSigned, isHmacSigned } from './signatures.ts'
import {
  type DocumentFindings,
  type DocumentType,
  defaultCheckAfterSeconds,
  type Integration,
  type Media,
  parseSettings,
  type ReadHeader,
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

/** The adapter of Veriff, by `docs/vendor-protocols.md` §3; § in this file refers to it. */
export function createVeriff({ baseUrl, secrets, settings: given }: Integration): Vendor {
  const settings = parseSettings('veriff', SETTINGS, given)
  const { apiKey, sharedSecrets } = secrets
  const [current = ''] = sharedSecrets

  /** `message` is what is signed for the endpoint: the body as sent, or the id in the path of a GET (§3.2). */
  async function call(
    path: string,
    message: string,
    options: { method?: string; body?: string; maxBytes: number },
  ): Promise<Uint8Array> {
    const { bytes, headers } = await callVendor(baseUrl, path, {
      maxBytes: options.maxBytes,
      method: options.method,
      headers: {
        'X-AUTH-CLIENT': apiKey,
        'X-HMAC-SIGNATURE': sign(current, message),
        ...(options.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      body: options.body,
    })
    const signature = signatureOf((name) => headers.get(name) ?? undefined)
    const isSigned = signature !== undefined
    if (isSigned ? !isHmacSigned(sharedSecrets, bytes, signature) : settings.requireSignedResponses)
      throw new VendorError('the answer is not signed by the vendor')
    return bytes
  }

  async function callJson<T>(schema: z.ZodType<T>, ...args: Parameters<typeof call>): Promise<T> {
    const parsed = schema.safeParse(parseJson(await call(...args)))
    if (!parsed.success) throw new VendorError('the answer has another shape than Veriff documents')
    return parsed.data
  }

  return {
    isGenuine(body, header) {
      const client = readAliasedHeader(header, 'x-auth-client', 'vrf-auth-client')
      if (client === undefined || !isEqualSecret(client.toLowerCase(), apiKey.toLowerCase()))
        return false
      const signature = signatureOf(header)
      if (signature !== undefined) return isHmacSigned(sharedSecrets, body, signature)
      const legacy = header('x-signature')
      return Boolean(
        settings.legacySignature && legacy && isHashSigned(sharedSecrets, body, legacy),
      )
    },

    read: (body) => read(body),

    async startSession({ verificationId }) {
      // Veriff requires that vendorData reveals nothing about the person: it is our row's id.
      const body = JSON.stringify({ verification: { vendorData: verificationId } })
      const { verification } = await callJson(startedSchema, '/v1/sessions', body, {
        body,
        maxBytes: JSON_LIMIT,
      })
      return { sessionId: verification.id, url: verification.url }
    },

    async listMedia({ sessionId, attemptId }) {
      const path = attemptId
        ? `/v1/attempts/${pathSegment(attemptId)}/media`
        : `/v1/sessions/${pathSegment(sessionId)}/media`
      const { images } = await callJson(mediaSchema, path, attemptId ?? sessionId, {
        maxBytes: JSON_LIMIT,
      })
      return images.map(toMedia)
    },

    download: ({ mediaId }, maxBytes) =>
      call(`/v1/media/${pathSegment(mediaId)}`, mediaId, { maxBytes }),

    async fetchResult(sessionId) {
      const path = `/v1/sessions/${pathSegment(sessionId)}/decision`
      const bytes = await call(path, sessionId, { maxBytes: JSON_LIMIT })
      const json = parseJson(bytes)
      // `verification` is null until there is a decision.
      if (typeof json !== 'object' || json === null || !('verification' in json))
        throw new VendorError('the answer has another shape than Veriff documents')
      if (json.verification === null) return []
      const reading = readDecision(json)
      if (reading.kind !== 'decision' || reading.sessionId !== sessionId)
        throw new VendorError('the answer is not a decision on this session')
      return [reading]
    },

    async deleteSession(sessionId) {
      try {
        await call(`/v1/sessions/${pathSegment(sessionId)}`, sessionId, {
          method: 'DELETE',
          maxBytes: JSON_LIMIT,
        })
      } catch (error) {
        if (!(error instanceof VendorStatusError) || error.status !== 404) throw error
      }
      return 'deleted'
    },

    checkAfterSeconds: defaultCheckAfterSeconds,
  }
}

const JSON_LIMIT = 4 * 1024 * 1024

const startedSchema = z.object({ verification: z.object({ id: z.uuid(), url: z.url() }) })

const mediaSchema = z.object({
  images: z.array(
    z.object({
      id: z.string().min(1).max(200),
      name: z.string().nullish(),
      context: z.string().nullish(),
      size: z.coerce.number().nullish().catch(undefined),
      timestamp: z.coerce.date().nullish().catch(undefined),
    }),
  ),
})

// `-pre` is the first picture, and the one without a suffix the preferred (§3.7); our types keep the suffix.
const TYPES: Record<string, string> = {
  'document-front': 'document_front',
  'document-front-pre': 'document_front_pre',
  'document-back': 'document_back',
  'document-back-pre': 'document_back_pre',
  face: 'selfie',
  'face-pre': 'selfie_pre',
}

function toMedia(image: z.infer<typeof mediaSchema>['images'][number]): Media {
  const context = image.context ?? image.name ?? ''
  // Types become part of object keys, so they may have lower-case letters, digits and underscores only.
  const other = context
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, 60)
  return {
    mediaId: image.id,
    type: TYPES[context] ?? (other || 'other'),
    size: image.size ?? undefined,
    capturedAt: image.timestamp ?? undefined,
  }
}

const sign = (secret: string, message: string | Uint8Array) =>
  createHmac('sha256', secret).update(message).digest('hex')

const signatureOf = (header: ReadHeader) =>
  readAliasedHeader(header, 'x-hmac-signature', 'vrf-hmac-signature')

/** The value of a header that has two names in use; when both are sent, they must agree (§3.2). */
function readAliasedHeader(header: ReadHeader, name: string, alias: string): string | undefined {
  const [first, second] = [header(name), header(alias)]
  if (first !== undefined && second !== undefined && first !== second) return ''
  return first ?? second
}

// The status is read from its name, because the codes 9104 and 9121 are ambiguous (§3.5).
const STATUSES: Record<string, VerificationStatus> = {
  created: 'pending',
  started: 'pending',
  submitted: 'pending',
  approved: 'approved',
  declined: 'declined',
  resubmission_requested: 'resubmission',
  review: 'review',
  expired: 'expired',
  abandoned: 'expired',
}

const DOCUMENT_TYPES: Record<string, DocumentType> = {
  PASSPORT: 'passport',
  ID_CARD: 'national_id',
  DRIVERS_LICENSE: 'drivers_license',
  RESIDENCE_PERMIT: 'residence_permit',
  VISA: 'visa',
}

const id = z.string().min(1).max(200)
const text = z.string().nullish().catch(undefined)
const time = z.iso.datetime({ offset: true }).nullish().catch(undefined)

const decisionSchema = z.object({
  verification: z.object({
    id,
    attemptId: id.nullish(),
    vendorData: text,
    status: z.string(),
    reason: text,
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
  const status = STATUSES[verification.status]
  if (!status) return { kind: 'unknown', explanation: 'a decision with a status that is not known' }
  return {
    kind: 'decision',
    sessionId: verification.id,
    attemptId: verification.attemptId ?? '',
    status,
    decidedAt: verification.decisionTime ? new Date(verification.decisionTime) : undefined,
    documentType: documentType(verification.document?.type),
    reason: verification.reason ?? undefined,
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
  const status = STATUSES[decision]
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
  return DOCUMENT_TYPES[type] ?? 'other'
}
