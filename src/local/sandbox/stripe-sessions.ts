import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { markJpeg } from '../../platform/jpeg-mark.ts'
import { apiFaultSchema, deliveryFaultSchema, imageFaultSchema, linkFaultSchema } from './faults.ts'
import { type SampleImages, sampleImages } from './images.ts'
import { inventPerson, issuedOn, type Person } from './specimen.ts'

/** Faults that the sandbox simulates. An empty object means none. */
export const faultsSchema = z.strictObject({
  deliveries: deliveryFaultSchema
    .extend({ signature: z.enum(['wrong', 'missing', 'stale']) })
    .partial()
    .optional(),
  api: apiFaultSchema.optional(),
  image: imageFaultSchema.optional(),
  link: linkFaultSchema.optional(),
})
export type Faults = z.infer<typeof faultsSchema>

/** What becomes of an attempt: `verified`, or an error of a check, or an error before anything was submitted. */
export const OUTCOMES = {
  verified: undefined,
  document_unverified_other: 'document',
  selfie_face_mismatch: 'selfie',
  consent_declined: 'session',
  under_supported_age: 'session',
} as const
export type Outcome = keyof typeof OUTCOMES

type File = { id: string; drawing: keyof SampleImages }

type Report = {
  id: string
  createdAt: Date
  outcome: Outcome
  person: Person
  files: File[]
}

export type StripeSession = {
  id: string
  clientReferenceId: string | undefined
  returnUrl: string | undefined
  /** Of its page, which is replaced when the session is retrieved. */
  token: string
  options: Record<string, unknown>
  createdAt: Date
  status: 'requires_input' | 'processing' | 'verified' | 'canceled'
  error: Outcome | undefined
  reports: Report[]
  redaction: 'processing' | 'redacted' | undefined
  person: Person
  faults: Faults | undefined
}

const newId = (prefix: string) => `${prefix}_${randomBytes(12).toString('hex')}`

export function createSession(given: {
  clientReferenceId: string | undefined
  returnUrl: string | undefined
  options: Record<string, unknown>
  person?: Partial<Person> | undefined
}): StripeSession {
  const id = newId('vs')
  const { clientReferenceId, returnUrl, options } = given
  return {
    id,
    clientReferenceId,
    returnUrl,
    options,
    token: newId('start'),
    createdAt: new Date(),
    status: 'requires_input',
    error: undefined,
    reports: [],
    redaction: undefined,
    person: inventPerson(id, given.person),
    faults: undefined,
  }
}

/** Whether the person can still submit something. */
export const isOpen = ({ status, redaction }: StripeSession): boolean =>
  status === 'requires_input' && redaction === undefined

/** The person submits the session, or ends it before that, and the checks are processed. Every submission makes a report. */
export function decide(session: StripeSession, outcome: Outcome): void {
  session.status = outcome === 'verified' ? 'verified' : 'requires_input'
  session.error = outcome === 'verified' ? undefined : outcome
  if (OUTCOMES[outcome] === 'session') return
  session.reports.push({
    id: newId('vr'),
    createdAt: new Date(),
    outcome,
    person: session.person,
    files: (['documentFront', 'documentBack', 'face'] as const).map((drawing) => ({
      id: newId('file'),
      drawing,
    })),
  })
}

/** Somebody changes the status in the vendor's dashboard; the report stays as it was (`docs/vendor-protocols.md` §11.4). */
export function override(session: StripeSession, to: 'verified' | 'unverified'): void {
  session.status = to === 'verified' ? 'verified' : 'requires_input'
  session.error = undefined
}

/** A session that was not submitted is canceled with it. */
export function redact(session: StripeSession): void {
  session.redaction = 'processing'
  if (session.status === 'requires_input') session.status = 'canceled'
}

export const findFile = (
  sessions: Iterable<StripeSession>,
  fileId: string,
): { session: StripeSession; report: Report; file: File } | undefined => {
  for (const session of sessions)
    for (const report of session.reports)
      for (const file of report.files) if (file.id === fileId) return { session, report, file }
  return undefined
}

/** The bytes of one image; each contains its id, so that no two have the same digest. */
export async function imageBytes({ person }: Report, { id, drawing }: File): Promise<Uint8Array> {
  return markJpeg((await sampleImages(person))[drawing], `stripe ${id}`)
}

const NAMES = { documentFront: 'document_front', documentBack: 'document_back', face: 'selfie' }

/** `isCurrent`: of the last report. */
export type TakenImage = { type: string; sha256: string; isCurrent: boolean }

/** All images, by the names that the portal has for them, with the digest of the bytes that are served. */
export function listTaken({ reports }: StripeSession): Promise<TakenImage[]> {
  const taken = reports.flatMap((report) =>
    report.files.map(async (file) => ({
      type: NAMES[file.drawing],
      sha256: createHash('sha256')
        .update(await imageBytes(report, file))
        .digest('hex'),
      isCurrent: report === reports.at(-1),
    })),
  )
  return Promise.all(taken)
}

const REDACTED = '[redacted]'
const toSeconds = (at: Date) => Math.floor(at.getTime() / 1000)

/** The session as the API returns it, and as events contain it (`docs/vendor-protocols.md` §11.4). */
export function toApiSession(session: StripeSession, origin: string) {
  const { status, error, redaction } = session
  return {
    id: session.id,
    object: 'identity.verification_session',
    client_reference_id: redaction ? REDACTED : (session.clientReferenceId ?? null),
    client_secret: status === 'requires_input' ? `${session.id}_secret_test` : null,
    created: toSeconds(session.createdAt),
    last_error: error ? { code: error, reason: 'The verification did not succeed.' } : null,
    last_verification_report: session.reports.at(-1)?.id ?? null,
    livemode: false,
    metadata: {},
    options: session.options,
    redaction: redaction ? { status: redaction } : null,
    status,
    type: 'document',
    url: status === 'requires_input' ? `${origin}/start/${session.token}` : null,
  }
}

/** A report as the API returns it; `expanded` are the sensitive members that were asked for. */
export function toApiReport(session: StripeSession, report: Report, expanded: readonly string[]) {
  const { person, outcome, files } = report
  const [front, back, face] = files.map(({ id }) => id)
  const hide = <T>(value: T) => (session.redaction ? REDACTED : value)
  const checkOf = (name: 'document' | 'selfie') => {
    const hasFailed = OUTCOMES[outcome] === name
    return {
      status: hasFailed ? 'unverified' : 'verified',
      error: hasFailed ? { code: outcome, reason: 'The check did not succeed.' } : null,
    }
  }
  const sensitive = {
    dob: toDate(person.dateOfBirth),
    expiration_date: toDate(person.validUntil),
    number: hide(person.documentNumber),
  }
  const shown = Object.entries(sensitive).filter(([name]) => expanded.includes(`document.${name}`))
  return {
    id: report.id,
    object: 'identity.verification_report',
    client_reference_id: hide(session.clientReferenceId ?? null),
    created: toSeconds(report.createdAt),
    document: {
      ...checkOf('document'),
      address: null,
      files: [front, back],
      first_name: hide(person.givenName || null),
      last_name: hide(person.surname || null),
      issued_date: toDate(issuedOn(person)),
      // Of ICAO's specimens, in two letters: not a real country.
      issuing_country: 'XX',
      type: 'id_card',
      ...Object.fromEntries(shown),
    },
    selfie: { ...checkOf('selfie'), document: front, selfie: face },
    livemode: false,
    options: session.options,
    type: 'document',
    verification_session: session.id,
  }
}

function toDate(written: string) {
  const [year, month, day] = written.split('-').map(Number)
  return written ? { year, month, day } : null
}
