import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { markJpeg } from '../../platform/jpeg-mark.ts'
import { apiFaultSchema, deliveryFaultSchema, imageFaultSchema, linkFaultSchema } from './faults.ts'
import { sampleImages } from './images.ts'
import { fullName, inventPerson, issuedOn, type Person } from './specimen.ts'

/** Faults that the sandbox simulates. An empty object means none. */
export const faultsSchema = z.strictObject({
  deliveries: deliveryFaultSchema
    .extend({ signature: z.enum(['wrong', 'missing', 'stale']) })
    .partial()
    .optional(),
  api: apiFaultSchema.optional(),
  image: imageFaultSchema.optional(),
  /** Signed links point to this address instead. */
  link: linkFaultSchema.optional(),
})
export type Faults = z.infer<typeof faultsSchema>

export type Status =
  | 'pending'
  | 'processing'
  | 'verified'
  | 'rejected'
  | 'failed'
  | 'manual_review'
  | 'expired'

export type KoraSession = {
  id: string
  externalId: string
  tier: string
  callbackUrl: string | undefined
  status: Status
  decisionReason: string | null
  createdAt: Date
  updatedAt: Date
  completedAt: Date | undefined
  /** When images become available; `undefined` is never. */
  persistedAt: number | undefined
  /** The uploaded bytes; `true` is a drawing. */
  images: Map<string, Uint8Array | true>
  liveness: { sessionId: string; isLive: boolean } | undefined
  documentType: string
  person: Person
  faults: Faults | undefined
}

export function createSession(given: {
  externalId: string
  tier?: string | undefined
  callbackUrl?: string | undefined
  person?: Partial<Person> | undefined
}): KoraSession {
  const now = new Date()
  return {
    id: `ver_${randomBytes(9).toString('hex')}`,
    externalId: given.externalId,
    tier: given.tier ?? 'standard',
    callbackUrl: given.callbackUrl,
    status: 'pending',
    decisionReason: null,
    createdAt: now,
    updatedAt: now,
    completedAt: undefined,
    persistedAt: undefined,
    images: new Map(),
    liveness: undefined,
    documentType: 'international_passport',
    person: inventPerson('kora', given.person),
    faults: undefined,
  }
}

const DRAWN = {
  document_front: 'documentFront',
  document_back: 'documentBack',
  selfie: 'face',
  liveness_frame: 'face',
} as const
export const IMAGE_TYPES: readonly string[] = Object.keys(DRAWN)

// The prefix of an external id decides the result, as in the vendor's own sandbox (`docs/vendor-protocols.md` §4.6).
const FORCED: Record<string, Status> = {
  'test-approve-': 'verified',
  'test-reject-': 'rejected',
  'test-fraud-': 'rejected',
  'test-review-': 'manual_review',
  'test-expired-': 'expired',
}

/** The vendor decides, and missing images become drawings. Without `decided`, the external id may force a status. */
export function completeSession(session: KoraSession, decided: Status | undefined): void {
  const forced = Object.entries(FORCED).find(([start]) => session.externalId.startsWith(start))
  const now = new Date()
  session.status = decided ?? forced?.[1] ?? 'verified'
  session.updatedAt = now
  session.completedAt = now
  session.decisionReason = session.status === 'rejected' ? 'Document could not be verified' : null
  for (const type of IMAGE_TYPES) if (!session.images.has(type)) session.images.set(type, true)
}

export const isPersisted = ({ persistedAt }: KoraSession, now: number): boolean =>
  persistedAt !== undefined && persistedAt <= now

/** The bytes of a captured image, or `undefined`. */
export async function imageBytes(
  session: KoraSession,
  type: string,
): Promise<Uint8Array | undefined> {
  const held = session.images.get(type)
  if (held !== true) return held
  const part = DRAWN[type as keyof typeof DRAWN] ?? 'face'
  const drawn = (await sampleImages(session.person))[part]
  return markJpeg(drawn, `${session.id} ${type}`)
}

/** The digest of each captured image's bytes. */
export async function digests(session: KoraSession): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const type of session.images.keys()) {
    const bytes = await imageBytes(session, type)
    if (bytes) found.set(type, createHash('sha256').update(bytes).digest('hex'))
  }
  return found
}

function documentOf({ documentType, person }: KoraSession) {
  return {
    documentType,
    documentNumber: person.documentNumber,
    firstName: person.givenName || undefined,
    lastName: person.surname || undefined,
    dateOfBirth: person.dateOfBirth || undefined,
    expirationDate: person.validUntil || undefined,
    // User-assigned in ISO 3166: not a real country.
    issuingCountry: 'XX',
    mrzValid: true,
    authenticityScore: 97.3,
    extractedFields: {
      fullName: fullName(person) || undefined,
      nationality: 'XX',
      issueDate: issuedOn(person) || undefined,
    },
  }
}

/** The session as the API returns it (`docs/vendor-protocols.md` §4.3). */
export function toApiVerification(session: KoraSession, tenantId: string, now: number) {
  return {
    id: session.id,
    externalId: session.externalId,
    tenantId,
    tier: session.tier,
    status: session.status,
    ...(session.completedAt
      ? {
          documentVerification: documentOf(session),
          faceVerification: { matchScore: 96.1, matchResult: 'match', confidence: 'high' },
          scores: { overall: 94.2 },
          completedAt: session.completedAt.toISOString(),
        }
      : {}),
    decisionReason: session.decisionReason,
    imagePersisted: isPersisted(session, now),
    createdAt: session.createdAt.toISOString(),
    updatedAt: session.updatedAt.toISOString(),
  }
}
