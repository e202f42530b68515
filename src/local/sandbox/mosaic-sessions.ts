import { randomBytes, randomUUID } from 'node:crypto'
import { markJpeg } from '../../platform/jpeg-mark.ts'
import { type SampleImages, sampleImages } from './images.ts'
import type { Faults } from './mosaic-faults.ts'
import { fullName, inventPerson, issuedOn, type Person } from './specimen.ts'

export const RECOMMENDATIONS = ['ALLOW', 'CHALLENGE', 'DENY'] as const
export type Recommendation = (typeof RECOMMENDATIONS)[number]
export const IMAGE_TYPES = ['document_front', 'document_back', 'selfie'] as const

/** `mock_behavior` of a new session (`docs/vendor-protocols.md` §6.2). */
type MockBehavior = {
  recommendation?: Recommendation | undefined
  processingTimeInMs: number
  /** The first complete set of images has to be taken again. */
  forceRetry: boolean
  personDetails: Record<string, unknown>
  documentDetails: Record<string, unknown>
}

export type SessionImage = {
  id: string
  type: string | undefined
  rejected: boolean
  original: boolean
  originalId: string | undefined
  /** `undefined` is a drawing, which is made again for each request. */
  content: Uint8Array | undefined
}

export type Session = {
  id: string
  /** `undefined` when the backend runs the session itself. */
  startToken: string | undefined
  callbackUrl: string | undefined
  state: string | undefined
  createdAt: Date
  expiresAt: Date
  mock: MockBehavior
  /** The API's status, except that `processing` and `complete` depend on the time. */
  phase: 'pending' | 'capturing' | 'recapture' | 'submitted' | 'error'
  processedAt: number
  recommendation: Recommendation
  retried: boolean
  consentedAt: Date | undefined
  person: Person
  documentType: string
  missing: string[]
  images: SessionImage[]
  faults: Faults | undefined
}

export type NewSession = {
  callbackUrl?: string | undefined
  state?: string | undefined
  mock?: Partial<MockBehavior> | undefined
  /** The backend adds the images itself, so there is no start token. */
  started?: { consented: boolean } | undefined
  daysToLive?: number | undefined
  person?: Partial<Person> | undefined
}

export function createSession(input: NewSession, at: Date): Session {
  const id = randomUUID()
  const mock = {
    processingTimeInMs: 0,
    forceRetry: false,
    personDetails: {},
    documentDetails: {},
    ...input.mock,
  }
  const documentType = String(mock.documentDetails.type ?? 'national_id')
  const session: Session = {
    id,
    startToken: input.started ? undefined : randomBytes(24).toString('base64url'),
    callbackUrl: input.callbackUrl,
    state: input.state,
    createdAt: at,
    expiresAt: new Date(at.getTime() + (input.daysToLive ?? 90) * 86_400_000),
    mock,
    phase: input.started ? 'capturing' : 'pending',
    processedAt: 0,
    recommendation: mock.recommendation ?? 'ALLOW',
    retried: false,
    consentedAt: input.started?.consented ? at : undefined,
    person: inventPerson(id, input.person),
    documentType,
    missing: [],
    images: [],
    faults: undefined,
  }
  session.missing = neededTypes(session)
  return session
}

/** A passport has no back. */
const neededTypes = ({ documentType }: Session): string[] =>
  IMAGE_TYPES.filter((type) => documentType !== 'passport' || type !== 'document_back')

export function statusOf(session: Session, at: Date): string {
  if (session.phase !== 'submitted') return session.phase
  return at.getTime() >= session.processedAt ? 'complete' : 'processing'
}

/** Whether the session is still open for the person. */
export const isOpen = ({ phase }: Session) => ['pending', 'capturing', 'recapture'].includes(phase)

export function addImage(session: Session, image: Partial<SessionImage>): SessionImage {
  const added: SessionImage = {
    id: randomUUID(),
    type: undefined,
    rejected: false,
    original: true,
    originalId: undefined,
    content: undefined,
    ...image,
  }
  session.images.push(added)
  if (session.phase === 'pending') session.phase = 'capturing'
  if (!added.rejected) session.missing = session.missing.filter((type) => type !== added.type)
  return added
}

/** The person has finished: the session is processed after a delay, or has to be repeated once if the mock requires it. */
export function submit(session: Session, at: Date): void {
  if (session.mock.forceRetry && !session.retried) {
    requestRecapture(session)
    return
  }
  session.phase = 'submitted'
  session.processedAt = at.getTime() + session.mock.processingTimeInMs
}

export function requestRecapture(session: Session): void {
  session.phase = 'recapture'
  session.retried = true
  session.missing = neededTypes(session)
}

const DRAWING_OF: Record<string, keyof SampleImages> = {
  document_front: 'documentFront',
  document_back: 'documentBack',
  selfie: 'face',
}

/** The bytes of one image. A drawing contains its id, so that no two have the same digest. */
export async function imageBytes(session: Session, image: SessionImage): Promise<Uint8Array> {
  if (image.content) return image.content
  const images = await sampleImages(session.person)
  return markJpeg(images[DRAWING_OF[image.type ?? ''] ?? 'face'], `specimen ${image.id}`)
}

/** The images that the vendor uses for its result: the last sufficient original of each type. */
function verificationImages({ images }: Session): { id: string; type: string }[] {
  const chosen = new Map<string, string>()
  for (const { id, type, rejected, original } of images)
    if (type !== undefined && !rejected && original) chosen.set(type, id)
  return [...chosen].map(([type, id]) => ({ id, type }))
}

const FAILED = {
  DENY: { check: 'document_liveness', reasons: ['presentation_attack'] },
  CHALLENGE: { check: 'biometric_matching', reasons: ['age_mismatch'] },
} as const

/** `GET …/result` (`docs/vendor-protocols.md` §6.4), in either format. */
export function resultOf(session: Session, at: Date, deprecated: boolean): Record<string, unknown> {
  const { id: session_id, recommendation, person, mock } = session
  const status = statusOf(session, at)
  if (status !== 'complete') return { session_id, status }
  const failed = recommendation === 'ALLOW' ? undefined : FAILED[recommendation]
  const time = (date: string) => (date ? `${date}T00:00:00.000Z` : undefined)
  const names = {
    full_name: fullName(person) || undefined,
    given_name: person.givenName || undefined,
    surname: person.surname || undefined,
  }
  if (deprecated) {
    const info = {
      person: { ...names, gender: person.sex, date_of_birth: time(person.dateOfBirth) },
      document: {
        ...names,
        type: session.documentType,
        country: 'UTO',
        id_value: person.documentNumber,
        issue_date: time(issuedOn(person)),
        valid_until: time(person.validUntil),
      },
    }
    return {
      session_id,
      status,
      recommendation,
      ...(failed
        ? { rejection_description: [...failed.reasons], extracted_info: info }
        : { verified_info: info }),
    }
  }
  const check = (name: string) =>
    failed?.check === name
      ? { recommendation, reasons: failed.reasons }
      : { recommendation: 'ALLOW' }
  return {
    session_id,
    status,
    recommendation,
    person: {
      ...names,
      gender: person.sex === 'F' ? 'female' : 'male',
      date_of_birth: time(person.dateOfBirth),
      ...mock.personDetails,
    },
    document: {
      type: session.documentType,
      // User-assigned in ISO 3166: not a real country.
      country: 'XX',
      number: person.documentNumber,
      issue_date: time(issuedOn(person)),
      expiration_date: time(person.validUntil),
      ...mock.documentDetails,
    },
    additional_info: {},
    checks: Object.fromEntries(
      [
        'document_validation',
        'document_authentication',
        'document_liveness',
        'biometric_matching',
        'biometric_liveness',
      ].map((name) => [name, check(name)]),
    ),
    verification_images: verificationImages(session),
  }
}
