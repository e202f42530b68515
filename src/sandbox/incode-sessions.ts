import { randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { sampleImages, withJpegComment } from './images.ts'
import { inventPerson } from './specimen.ts'

const milliseconds = z.int().min(0).max(600_000)

/** What the sandbox does wrong on purpose; an empty object is good behaviour. */
export const faultsSchema = z.strictObject({
  deliveries: z
    .strictObject({
      times: z.int().min(1).max(10),
      delayInMs: milliseconds,
      /** Instead of the token: one that nobody gave out, or none. */
      authentication: z.enum(['wrong', 'missing']),
    })
    .partial()
    .optional(),
  /** The next `times` requests to the API. */
  api: z
    .strictObject({
      times: z.int().min(1).max(1_000_000),
      delayInMs: milliseconds.default(0),
      status: z.int().min(400).max(599).optional(),
    })
    .optional(),
  image: z.enum(['truncated', 'cut-off', 'too-long', 'not-an-image', 'endless']).optional(),
  /** How base64 comes: after `data:image/jpeg;base64,`, in lines, or as no base64 at all. */
  base64: z.enum(['prefixed', 'wrapped', 'broken']).optional(),
  /** Image links name this address instead. */
  link: z.string().max(2000).optional(),
})
export type Faults = z.infer<typeof faultsSchema>

/** `providers.md` §5.3. */
export type OnboardingStatus =
  | 'UNKNOWN'
  | 'ID_VALIDATION_FINISHED'
  | 'FACE_VALIDATION_FINISHED'
  | 'ONBOARDING_FINISHED'
  | 'MANUAL_REVIEW_APPROVED'
  | 'MANUAL_REVIEW_REJECTED'
  | 'EXPIRED'

export type Score = 'OK' | 'WARN' | 'FAIL' | 'UNKNOWN' | 'MANUAL_PENDING'

type Capture = { takenAt: number; bytes: Uint8Array | undefined }

export type IncodeSession = {
  interviewId: string
  token: string
  interviewCode: string
  externalId: string | undefined
  redirectionUrl: string | undefined
  status: OnboardingStatus
  score: Score
  typeOfId: string
  /** By the vendor's own names, the oldest first. */
  captures: Map<string, Capture[]>
  faults: Faults | undefined
}

export function createSession(given: {
  interviewId?: string | undefined
  externalId?: string | undefined
  redirectionUrl?: string | undefined
}): IncodeSession {
  return {
    interviewId: given.interviewId ?? randomBytes(12).toString('hex'),
    token: `session.${randomUUID()}.sandbox`,
    interviewCode: String(100_000 + (randomBytes(4).readUInt32BE(0) % 900_000)),
    externalId: given.externalId,
    redirectionUrl: given.redirectionUrl,
    status: 'UNKNOWN',
    score: 'UNKNOWN',
    typeOfId: 'DriversLicense',
    captures: new Map(),
    faults: undefined,
  }
}

const DRAWN = {
  selfie: 'face',
  croppedFace: 'face',
  fullFrameFrontID: 'documentFront',
  croppedFrontID: 'documentFront',
  fullFrameBackID: 'documentBack',
  croppedBackID: 'documentBack',
} as const
const TAKEN_BY_A_PERSON = ['fullFrameFrontID', 'fullFrameBackID', 'selfie']
/** No links are given of these (§5.4). */
export const isCropped = (type: string): boolean => type.startsWith('cropped')

/** One picture more; without bytes it is a drawing. Answers when it was taken, which names it among its type. */
export function capture(session: IncodeSession, type: string, bytes?: Uint8Array): number {
  const before = session.captures.get(type) ?? []
  const takenAt = Math.max(Date.now(), (before.at(-1)?.takenAt ?? 0) + 1)
  session.captures.set(type, [...before, { takenAt, bytes }])
  return takenAt
}

/** What a person photographs, where it was not yet. */
export function captureMissing(session: IncodeSession): void {
  for (const type of TAKEN_BY_A_PERSON) if (!session.captures.has(type)) capture(session, type)
}

/** The bytes of one picture, the latest unless another is named; each drawing has bytes of its own. */
export async function imageBytes(
  session: IncodeSession,
  type: string,
  takenAt?: number,
): Promise<Uint8Array | undefined> {
  const captures = session.captures.get(type) ?? []
  const found =
    takenAt === undefined ? captures.at(-1) : captures.find((each) => each.takenAt === takenAt)
  if (!found) return undefined
  if (found.bytes) return found.bytes
  const part = DRAWN[type as keyof typeof DRAWN] ?? 'face'
  const drawn = (await sampleImages(inventPerson('incode')))[part]
  return withJpegComment(drawn, `${session.interviewId} ${type} ${found.takenAt}`)
}
