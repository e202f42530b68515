import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { markJpeg, sampleImages } from './images.ts'
import { fullName, inventPerson, issuedOn, type Person } from './specimen.ts'

/** Faults that the sandbox simulates. An empty object means none. */
export const faultsSchema = z.strictObject({
  deliveries: z
    .strictObject({
      times: z.int().min(1).max(10),
      delayInMs: z.int().min(0).max(600_000),
      signature: z.enum(['wrong', 'missing', 'stale']),
    })
    .partial()
    .optional(),
  /** The next `times` requests to the API. */
  api: z
    .strictObject({
      times: z.int().min(1).max(1_000_000),
      delayInMs: z.int().min(0).max(600_000).default(0),
      status: z.int().min(400).max(599).optional(),
    })
    .optional(),
  image: z.enum(['truncated', 'cut-off', 'too-long', 'not-an-image', 'endless']).optional(),
  /** Signed links point to this address instead. */
  link: z.string().max(2000).optional(),
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
    imagePersisted: session.persistedAt !== undefined && session.persistedAt <= now,
    createdAt: session.createdAt.toISOString(),
    updatedAt: session.updatedAt.toISOString(),
  }
}
