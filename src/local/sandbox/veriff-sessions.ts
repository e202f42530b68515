import { randomBytes, randomUUID } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { markJpeg } from '../../platform/jpeg-mark.ts'
import { type SampleImages, sampleImages } from './images.ts'
import { inventPerson, type Person } from './specimen.ts'
import { type Faults, faultsSchema } from './veriff-faults.ts'

export const DECISIONS = {
  approved: { code: 9001, reason: null, reasonCode: null },
  declined: { code: 9102, reason: 'Physical document not used', reasonCode: 101 },
  resubmission_requested: { code: 9103, reason: 'Poor image quality', reasonCode: 204 },
  review: { code: 9121, reason: null, reasonCode: null },
  expired: { code: 9104, reason: null, reasonCode: null },
  abandoned: { code: 9104, reason: null, reasonCode: null },
} as const
export type Decision = keyof typeof DECISIONS
export const DOCUMENT_TYPES = [
  'PASSPORT',
  'ID_CARD',
  'RESIDENCE_PERMIT',
  'DRIVERS_LICENSE',
  'VISA',
  'OTHER',
] as const

const mediaSchema = z.object({
  id: z.uuid(),
  context: z.string(),
  mimetype: z.string(),
  timestamp: z.string().nullable(),
  /** Base64; null is a drawing, which is made again for each request. */
  content: z.string().nullable(),
})
export type Media = z.infer<typeof mediaSchema>

const attemptSchema = z.object({
  id: z.uuid(),
  status: z.enum(['started', 'submitted', ...(Object.keys(DECISIONS) as [Decision])]),
  createdAt: z.string(),
  submittedAt: z.string().nullable(),
  media: z.array(mediaSchema),
})
export type Attempt = z.infer<typeof attemptSchema>

const sessionSchema = z.object({
  id: z.uuid(),
  token: z.string(),
  createdAt: z.string(),
  status: z.enum(['created', 'started', 'submitted', ...(Object.keys(DECISIONS) as [Decision])]),
  callback: z.string().nullable(),
  vendorData: z.string().nullable(),
  endUserId: z.string().nullable(),
  documentType: z.enum(DOCUMENT_TYPES),
  person: z.object({
    givenName: z.string(),
    surname: z.string(),
    dateOfBirth: z.string(),
    sex: z.enum(['F', 'M']),
    documentNumber: z.string(),
    validUntil: z.string(),
    photoPixels: z.int().optional(),
  }),
  attempts: z.array(attemptSchema),
  /** The decision that was sent, or null. */
  decision: z.record(z.string(), z.unknown()).nullable(),
  faults: faultsSchema.nullable(),
})
export type Session = z.infer<typeof sessionSchema>

/** The input for a new session. */
export type NewSession = {
  callback?: string | null | undefined
  vendorData?: string | null | undefined
  endUserId?: string | null | undefined
  documentType?: Session['documentType'] | undefined
  person?: Partial<Person> | undefined
}

export const WEBHOOK_KINDS = ['event', 'decision', 'fullAuto'] as const
export type WebhookKind = (typeof WEBHOOK_KINDS)[number]

const webhookSchema = z.object({
  id: z.uuid(),
  sessionId: z.uuid(),
  kind: z.enum(WEBHOOK_KINDS),
  /** The exact text that is signed and sent, the same at every attempt. */
  body: z.string(),
  state: z.enum(['held', 'waiting', 'delivered', 'given-up']),
  /** The response status of each attempt; 0 is no response. */
  answers: z.array(z.number()),
  dueAt: z.number(),
})
export type Webhook = z.infer<typeof webhookSchema>

const stateSchema = z.object({ sessions: z.array(sessionSchema), webhooks: z.array(webhookSchema) })

export type SandboxState = {
  sessions: Map<string, Session>
  webhooks: Webhook[]
  /** The faults of sessions without their own; not written to the state file. */
  faults: Faults
  /** Resolves when all changes before the call are on disk; at once without a state file. */
  save(): Promise<void>
}

/** The sandbox's state, read from `file` if it exists; throws for an invalid file. */
export async function openState(file: string | undefined): Promise<SandboxState> {
  const text = file === undefined ? undefined : await readFile(file, 'utf8').catch(ifMissing)
  const { sessions, webhooks } = stateSchema.parse(
    text === undefined ? { sessions: [], webhooks: [] } : JSON.parse(text),
  )
  const state = { sessions: new Map(sessions.map((session) => [session.id, session])), webhooks }
  const write = async (path: string) => {
    const content = { sessions: [...state.sessions.values()], webhooks: state.webhooks }
    await writeFile(`${path}.new`, JSON.stringify(content), { mode: 0o600 })
    await rename(`${path}.new`, path)
  }
  let current: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined
  return {
    ...state,
    faults: {},
    save() {
      if (file === undefined) return Promise.resolve()
      // One write at a time; all calls during a write share the next one.
      next ??= current
        .catch(() => {})
        .then(() => {
          next = undefined
          current = write(file)
          return current
        })
      return next
    },
  }
}

function ifMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}

/** A session that nobody has opened yet. Its person is invented, except for the given names. */
export function createSession(input: NewSession, at: Date): Session {
  const id = randomUUID()
  return {
    id,
    token: randomBytes(32).toString('base64url'),
    createdAt: at.toISOString(),
    status: 'created',
    callback: input.callback ?? null,
    vendorData: input.vendorData ?? null,
    endUserId: input.endUserId ?? null,
    documentType: input.documentType ?? 'ID_CARD',
    // The same user is the same person in every session.
    person: inventPerson(input.vendorData ?? input.endUserId ?? id, input.person),
    attempts: [],
    decision: null,
    faults: null,
  }
}

/** The open attempt; `undefined` before the start, after a submission, and after a decision. */
export function openAttempt(session: Session): Attempt | undefined {
  const attempt = session.attempts.at(-1)
  return attempt?.status === 'started' ? attempt : undefined
}

/** Whether the session is still open for the person, also after a resubmission was requested. */
export const isOpen = (session: Session) =>
  ['created', 'started', 'resubmission_requested'].includes(session.status)

export function startAttempt(session: Session, at: Date): Attempt {
  const attempt: Attempt = {
    id: randomUUID(),
    status: 'started',
    createdAt: at.toISOString(),
    submittedAt: null,
    media: [],
  }
  session.attempts.push(attempt)
  session.status = 'started'
  return attempt
}

/** The images that a person takes; a passport has no back. */
export function drawnMedia(session: Session): Media[] {
  const contexts = ['document-front', 'document-back', 'face'].filter(
    (context) => session.documentType !== 'PASSPORT' || context !== 'document-back',
  )
  return contexts.map((context) => ({
    id: randomUUID(),
    context,
    mimetype: 'image/jpeg',
    timestamp: null,
    content: null,
  }))
}

const DRAWING_OF: Record<string, keyof SampleImages> = {
  'document-front': 'documentFront',
  'document-back': 'documentBack',
  face: 'face',
}

/** The bytes of one media. A drawing contains its media id, so that no two media have the same digest. */
export async function mediaBytes(session: Session, media: Media): Promise<Uint8Array> {
  if (media.content !== null) return Buffer.from(media.content, 'base64')
  const images = await sampleImages(session.person)
  return markJpeg(images[DRAWING_OF[media.context] ?? 'face'], `specimen ${media.id}`)
}

/** The session that contains an attempt or a media id. */
export function findByPart(
  state: SandboxState,
  id: string,
): { session: Session; attempt: Attempt; media: Media | undefined } | undefined {
  for (const session of state.sessions.values())
    for (const attempt of session.attempts) {
      if (attempt.id === id) return { session, attempt, media: undefined }
      const media = attempt.media.find((one) => one.id === id)
      if (media) return { session, attempt, media }
    }
  return undefined
}

/** The faults of a session, or of all sessions if it has none of its own. */
export function faultsOf(state: SandboxState, sessionId?: string): Faults {
  return state.sessions.get(sessionId ?? '')?.faults ?? state.faults
}
