import { createHash, randomBytes, randomInt } from 'node:crypto'
import { z } from 'zod'
import { markJpeg } from '../../platform/jpeg-mark.ts'
import { apiFaultSchema, deliveryFaultSchema, imageFaultSchema } from './faults.ts'
import { type SampleImages, sampleImages } from './images.ts'
import { inventPerson, issuedOn, type Person } from './specimen.ts'

/** Faults that the sandbox simulates. An empty object means none. */
export const faultsSchema = z.strictObject({
  deliveries: deliveryFaultSchema
    .extend({ signature: z.enum(['wrong', 'missing']) })
    .partial()
    .optional(),
  api: apiFaultSchema.optional(),
  image: imageFaultSchema.optional(),
})
export type Faults = z.infer<typeof faultsSchema>

/** What the vendor decides: `RETRY` and `FINAL` are the two kinds of RED. */
export type Outcome = 'GREEN' | 'RETRY' | 'FINAL' | 'onHold'

type Image = {
  id: string
  idDocType: 'ID_CARD' | 'SELFIE'
  idDocSubType: 'FRONT_SIDE' | 'BACK_SIDE' | undefined
  source: 'docapture' | 'liveness'
  drawing: keyof SampleImages
  attemptId: string
  addedAt: Date
  isRefused: boolean
  isActive: boolean
}

/** An applicant; the vendor has one for each session of the portal. */
export type SumsubSession = {
  id: string
  inspectionId: string
  externalUserId: string
  levelName: string
  /** The link to the page for the person, once it was asked for. */
  link: { token: string; successUrl: string | undefined; rejectUrl: string | undefined } | undefined
  createdAt: Date
  reviewStatus: 'init' | 'completed' | 'onHold'
  outcome: Exclude<Outcome, 'onHold'> | undefined
  reviewedAt: Date | undefined
  attemptId: string
  attempts: number
  images: Image[]
  person: Person
  faults: Faults | undefined
}

export function createSession(given: {
  externalUserId: string
  levelName: string
  person?: Partial<Person> | undefined
}): SumsubSession {
  const id = randomBytes(12).toString('hex')
  return {
    id,
    inspectionId: randomBytes(12).toString('hex'),
    externalUserId: given.externalUserId,
    levelName: given.levelName,
    link: undefined,
    createdAt: new Date(),
    reviewStatus: 'init',
    outcome: undefined,
    reviewedAt: undefined,
    attemptId: newAttemptId(),
    attempts: 0,
    images: [],
    person: inventPerson(id, given.person),
    faults: undefined,
  }
}

const newAttemptId = () => randomBytes(4).toString('hex')

/** Whether the person can still take images. */
export const isOpen = ({ reviewStatus, outcome }: SumsubSession): boolean =>
  reviewStatus === 'init' || outcome === 'RETRY'

/** The vendor decides. The person takes the images before, in a new attempt if the last one must be repeated. */
export function decide(session: SumsubSession, outcome: Outcome): void {
  if (session.outcome === 'RETRY') {
    session.attemptId = newAttemptId()
    session.attempts++
  }
  if (!session.images.some(({ attemptId }) => attemptId === session.attemptId)) takeImages(session)
  session.reviewStatus = outcome === 'onHold' ? 'onHold' : 'completed'
  session.outcome = outcome === 'onHold' ? undefined : outcome
  if (outcome === 'onHold') return
  // Its times are whole seconds, so that a second review in the same one would have the same time.
  const earliest = (session.reviewedAt?.getTime() ?? 0) + 1000
  session.reviewedAt = new Date(Math.max(Date.now(), earliest))
  for (const image of session.images)
    if (image.attemptId === session.attemptId) image.isRefused = outcome === 'RETRY'
}

/** Back to the start: the documents are inactive, the result is gone (`docs/vendor-protocols.md` §10.4). */
export function reset(session: SumsubSession): void {
  session.reviewStatus = 'init'
  session.outcome = undefined
  session.attemptId = newAttemptId()
  for (const image of session.images) image.isActive = false
}

const TAKEN = [
  ['ID_CARD', 'FRONT_SIDE', 'docapture', 'documentFront'],
  ['ID_CARD', 'BACK_SIDE', 'docapture', 'documentBack'],
  ['SELFIE', undefined, 'liveness', 'face'],
] as const

function takeImages(session: SumsubSession): void {
  for (const [idDocType, idDocSubType, source, drawing] of TAKEN)
    session.images.push({
      id: String(randomInt(100_000_000, 2_000_000_000)),
      idDocType,
      idDocSubType,
      source,
      drawing,
      attemptId: session.attemptId,
      addedAt: new Date(),
      isRefused: false,
      isActive: true,
    })
}

/** The bytes of one image; each contains its id, so that no two have the same digest. */
export async function imageBytes({ person }: SumsubSession, image: Image): Promise<Uint8Array> {
  return markJpeg((await sampleImages(person))[image.drawing], `sumsub ${image.id}`)
}

const NAMES = { documentFront: 'document_front', documentBack: 'document_back', face: 'selfie' }

/** All images, by the names that the portal has for them, with the digest of the bytes that are served. */
export function listTaken(session: SumsubSession): Promise<TakenImage[]> {
  const taken = session.images.map(async (image) => ({
    type: NAMES[image.drawing],
    sha256: createHash('sha256')
      .update(await imageBytes(session, image))
      .digest('hex'),
    isCurrent: image.attemptId === session.attemptId,
  }))
  return Promise.all(taken)
}

/** `isCurrent`: of the current attempt. */
export type TakenImage = { type: string; sha256: string; isCurrent: boolean }

/** A time as the vendor writes it in most members: whole seconds, with the offset. */
export const writtenTime = (at: Date): string => `${withoutOffset(at)}+0000`
const withoutOffset = (at: Date): string => at.toISOString().slice(0, 19).replace('T', ' ')

export function reviewResult({ outcome }: SumsubSession) {
  if (outcome === undefined) return undefined
  if (outcome === 'GREEN') return { reviewAnswer: 'GREEN' }
  return {
    moderationComment: 'We could not verify your profile.',
    clientComment: 'Known to an invented authority.',
    reviewAnswer: 'RED',
    rejectLabels: outcome === 'FINAL' ? ['FORGERY'] : ['UNSATISFACTORY_PHOTOS', 'SCREENSHOTS'],
    reviewRejectType: outcome,
  }
}

/** `GET …/status`, and `review` of the applicant (`docs/vendor-protocols.md` §10.4). */
export function toApiReview(session: SumsubSession) {
  return {
    reviewId: session.id.slice(0, 5),
    attemptId: session.attemptId,
    attemptCnt: session.attempts,
    levelName: session.levelName,
    createDate: writtenTime(session.createdAt),
    ...(session.reviewedAt ? { reviewDate: writtenTime(session.reviewedAt) } : {}),
    ...(session.outcome ? { reviewResult: reviewResult(session) } : {}),
    reviewStatus: session.reviewStatus,
    priority: 0,
  }
}

/** The applicant as the API returns it. */
export function toApiApplicant(session: SumsubSession) {
  const { person } = session
  const names = {
    firstName: person.givenName || undefined,
    lastName: person.surname || undefined,
    dob: person.dateOfBirth || undefined,
  }
  const document = {
    idDocType: 'ID_CARD',
    // Of ICAO's specimens: not a real country.
    country: 'UTO',
    ...names,
    issuedDate: issuedOn(person) || undefined,
    validUntil: person.validUntil || undefined,
    number: person.documentNumber,
  }
  return {
    id: session.id,
    createdAt: withoutOffset(session.createdAt),
    clientId: 'sandbox',
    inspectionId: session.inspectionId,
    externalUserId: session.externalUserId,
    ...(session.images.length > 0
      ? { info: { ...names, country: 'UTO', nationality: 'UTO', idDocs: [document] } }
      : {}),
    review: toApiReview(session),
    type: 'individual',
  }
}

/** The list of images (`docs/vendor-protocols.md` §10.5). */
export async function toApiImages(session: SumsubSession) {
  const items = session.images.map(async (image) => ({
    id: image.id,
    previewId: `${image.id}0`,
    addedDate: withoutOffset(image.addedAt),
    fileMetadata: {
      fileName: `${image.drawing}.jpg`,
      fileType: 'jpeg',
      fileSize: (await imageBytes(session, image)).length,
    },
    idDocDef: {
      country: 'UTO',
      idDocType: image.idDocType,
      ...(image.idDocSubType ? { idDocSubType: image.idDocSubType } : {}),
    },
    reviewResult: session.outcome ? { reviewAnswer: image.isRefused ? 'RED' : 'GREEN' } : {},
    deactivated: !image.isActive,
    attemptId: image.attemptId,
    source: image.source,
  }))
  return { items: await Promise.all(items), totalItems: session.images.length }
}
