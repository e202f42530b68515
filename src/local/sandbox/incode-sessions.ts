import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { markJpeg } from '../../platform/jpeg-mark.ts'
import { apiFaultSchema, deliveryFaultSchema, imageFaultSchema, linkFaultSchema } from './faults.ts'
import { sampleImages } from './images.ts'
import { fullName, inventPerson, issuedOn, type Person } from './specimen.ts'

/** Faults that the sandbox simulates. An empty object means none. */
export const faultsSchema = z.strictObject({
  deliveries: deliveryFaultSchema
    .extend({
      /** Sends the deliveries of one event in reverse order. */
      order: z.enum(['reversed']),
      /** `wrong`: a token or header that is not valid. `missing`: none. */
      authentication: z.enum(['wrong', 'missing']),
    })
    .partial()
    .optional(),
  api: apiFaultSchema.optional(),
  /** `junk`: invalid base64. */
  image: z.enum([...imageFaultSchema.options, 'junk']).optional(),
  /** Image links point to this address instead. */
  link: linkFaultSchema.optional(),
  /** The format of lists of earlier attempts. */
  spelling: z.enum(['prevAttempts', 'prevAttemps']).optional(),
})
export type Faults = z.infer<typeof faultsSchema>

export type Score =
  | 'OK'
  | 'WARN'
  | 'FAIL'
  | 'UNKNOWN'
  | 'MANUAL'
  | 'MANUAL_OK'
  | 'MANUAL_FAIL'
  | 'MANUAL_PENDING'

export const CAPTURES = ['fullFrameFrontID', 'fullFrameBackID', 'selfie'] as const
export type CaptureType = (typeof CAPTURES)[number]

type Capture = {
  type: CaptureType
  /** Unix milliseconds, unique for its type. */
  takenAt: number
  /** `undefined` is a drawing. */
  bytes: Uint8Array | undefined
}

export type IncodeSession = {
  id: string
  /** Gives access to this session in the API, and to its page. */
  token: string
  externalId: string
  configurationId: string | undefined
  redirectionUrl: string | undefined
  onboardingStatus: string
  score: Score
  person: Person
  typeOfId: string
  captures: Capture[]
  faults: Faults | undefined
}

export const randomToken = () => randomBytes(24).toString('base64url')

export function createSession(given: {
  externalId: string
  configurationId?: string | undefined
  redirectionUrl?: string | undefined
  person?: Partial<Person> | undefined
}): IncodeSession {
  const id = randomBytes(12).toString('hex')
  return {
    id,
    token: randomToken(),
    externalId: given.externalId,
    configurationId: given.configurationId,
    redirectionUrl: given.redirectionUrl,
    onboardingStatus: 'UNKNOWN',
    score: 'UNKNOWN',
    person: inventPerson('incode', given.person),
    typeOfId: 'DriversLicense',
    captures: [],
    faults: undefined,
  }
}

/** Adds an image of this type; earlier ones stay. */
export function addCapture(
  { captures }: IncodeSession,
  type: CaptureType,
  bytes?: Uint8Array,
): Capture {
  const last = captures.findLast((capture) => capture.type === type)?.takenAt ?? 0
  const added = { type, takenAt: Math.max(Date.now(), last + 1), bytes }
  captures.push(added)
  return added
}

/** `person`: the person whom the document shows from now on. */
export type Details = { passport?: boolean; person?: Partial<Person> }

/** The person completes the session, with drawn images if none were given, and gets this score. */
export function completeSession(
  session: IncodeSession,
  score: Score,
  { passport = false, person }: Details,
): void {
  session.person = { ...session.person, ...person }
  if (passport) session.typeOfId = 'Passport'
  // A passport has no back.
  for (const type of CAPTURES.filter((one) => !passport || one !== 'fullFrameBackID'))
    if (!session.captures.some((capture) => capture.type === type)) addCapture(session, type)
  session.score = score
  session.onboardingStatus = 'ONBOARDING_FINISHED'
}

const CROPS: Record<string, CaptureType> = {
  croppedFrontID: 'fullFrameFrontID',
  croppedBackID: 'fullFrameBackID',
  croppedFace: 'selfie',
}
export const IMAGE_TYPES: readonly string[] = [...CAPTURES, ...Object.keys(CROPS)]

const DRAWN = {
  fullFrameFrontID: 'documentFront',
  fullFrameBackID: 'documentBack',
  selfie: 'face',
} as const

/** The bytes of one capture, or of the crop of it that `type` names. */
export async function captureBytes(
  session: IncodeSession,
  capture: Capture,
  type: string = capture.type,
): Promise<Uint8Array> {
  const drawn = async () => {
    const images = await sampleImages(session.person)
    return markJpeg(images[DRAWN[capture.type]], `${session.id} ${capture.takenAt}`)
  }
  const bytes = capture.bytes ?? (await drawn())
  return type === capture.type ? bytes : markJpeg(bytes, type)
}

/** The latest image of a type, which may be a crop; `undefined` if none was taken. */
export async function imageBytes(
  session: IncodeSession,
  type: string,
): Promise<Uint8Array | undefined> {
  const capture = session.captures.findLast((one) => one.type === (CROPS[type] ?? type))
  return capture && (await captureBytes(session, capture, type))
}

/** Every capture with the digest of the bytes that are served, and the latest image of every type. */
export async function digests(session: IncodeSession) {
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
  const images = new Map<string, string>()
  for (const type of IMAGE_TYPES) {
    const bytes = await imageBytes(session, type)
    if (bytes) images.set(type, sha256(bytes))
  }
  const captures: { type: CaptureType; takenAt: number; sha256: string }[] = []
  for (const capture of session.captures) {
    const { type, takenAt } = capture
    captures.push({ type, takenAt, sha256: sha256(await captureBytes(session, capture)) })
  }
  return { images, captures }
}

/** The response of `GET /omni/get/score` (`docs/vendor-protocols.md` §5.5). */
export function scoreOf({ score }: IncodeSession) {
  const overall = {
    value: score === 'OK' || score === 'MANUAL_OK' ? '96.4' : '41.0',
    status: score,
  }
  const item = (key: string, name: string) => ({ key, name, value: overall.value, status: score })
  return {
    idValidation: {
      photoSecurityAndQuality: [item('tamperCheck', 'Tamper Check')],
      idSpecific: [item('birthDateValidity', 'Birth Date Validity')],
      customFields: [],
      appliedRule: null,
      overall,
    },
    liveness: { overall },
    faceRecognition: { overall },
    overall,
  }
}

/** The response of `GET /omni/get/ocr-data`: fields that are not on the document are omitted, and dates are milliseconds. */
export function ocrOf({ person, typeOfId }: IncodeSession) {
  const { givenName, surname, dateOfBirth, validUntil } = person
  const issued = issuedOn(person)
  const digits = (date: string) => (date ? String(Date.parse(date)) : undefined)
  const year = (date: string) => (date ? Number(date.slice(0, 4)) : undefined)
  return {
    name: {
      fullName: fullName(person) || undefined,
      firstName: givenName || undefined,
      givenName: givenName || undefined,
      paternalLastName: surname || undefined,
    },
    birthDate: dateOfBirth ? Date.parse(dateOfBirth) : undefined,
    gender: person.sex,
    typeOfId,
    documentNumber: person.documentNumber,
    issuedAt: digits(issued),
    expireAt: digits(validUntil),
    issueDate: year(issued),
    expirationDate: year(validUntil),
    issuingCountry: 'UTO',
    nationality: 'UTOPIAN',
    nationalityMrz: 'UTO',
  }
}
