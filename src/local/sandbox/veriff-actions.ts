import type { Log } from '../../platform/log.ts'
import type { Person } from './specimen.ts'
import {
  type DecisionDetails,
  decisionMessage,
  eventMessage,
  fullAutoMessage,
} from './veriff-messages.ts'
import type { Outbox } from './veriff-outbox.ts'
import {
  type Attempt,
  createSession,
  type Decision,
  isOpen,
  type Media,
  type NewSession,
  openAttempt,
  type SandboxState,
  type Session,
  startAttempt,
} from './veriff-sessions.ts'

// In test integrations these first names decide the result (`docs/vendor-protocols.md` §3.7).
const FORCED: Record<string, Decision> = {
  approve: 'approved',
  decline: 'declined',
  resubmit: 'resubmission_requested',
}

/** What can happen to a session. Each action also enqueues the webhooks that follow, and saves the state. */
export type SandboxActions = {
  create(input: NewSession): Promise<Session>
  /** Starts an attempt, unless one is open. */
  start(session: Session): Promise<void>
  addMedia(session: Session, media: Media): Promise<void>
  /** Submits the open attempt. A first name can force the decision. */
  submit(session: Session): Promise<void>
  decide(session: Session, status: Decision, details?: DecisionDetails): Promise<void>
  /** The whole session: start, images if none were given, submission, decision. */
  complete(session: Session, status: Decision, details?: DecisionDetails): Promise<void>
  /** Deletes the session. If it was still open, a last webhook says so. */
  erase(session: Session): Promise<void>
}

export function createActions(parts: {
  state: SandboxState
  outbox: Outbox
  /** The person of a new session; missing fields are invented. */
  personOf: (vendorData: string) => Promise<Partial<Person> | undefined>
  /** The images that are submitted when none were given. */
  pictures: (session: Session) => Media[]
  log: Log
  now: () => Date
}): SandboxActions {
  const { state, outbox, log, now } = parts

  function requireAttempt(session: Session): Attempt {
    const open = openAttempt(session)
    if (open) return open
    const attempt = startAttempt(session, now())
    outbox.add(session.id, 'event', eventMessage(session, attempt, 'started'))
    return attempt
  }

  /** Returns the decision that the first name forces, if any. */
  function submit(session: Session): Decision | undefined {
    const attempt = requireAttempt(session)
    attempt.status = 'submitted'
    attempt.submittedAt = now().toISOString()
    session.status = 'submitted'
    outbox.add(session.id, 'event', eventMessage(session, attempt, 'submitted'))
    const forced = FORCED[session.person.givenName.toLowerCase()]
    if (forced) decide(session, forced)
    return forced
  }

  function decide(session: Session, status: Decision, details: DecisionDetails = {}) {
    const isOver = status === 'expired' || status === 'abandoned'
    const attempt = session.attempts.at(-1) ?? (isOver ? undefined : requireAttempt(session))
    const at = now()
    session.status = status
    session.person = { ...session.person, ...details.person }
    if (attempt) attempt.status = status
    session.decision = decisionMessage(session, attempt, status, details, at)
    outbox.add(session.id, 'decision', session.decision)
    if (attempt && status !== 'review')
      outbox.add(session.id, 'fullAuto', fullAutoMessage(session, attempt, status, at))
    log.info('sandbox session decided', { sessionId: session.id, status })
  }

  return {
    async create(input) {
      const person = await parts.personOf(input.vendorData ?? '')
      const session = createSession({ ...input, person: { ...person, ...input.person } }, now())
      state.sessions.set(session.id, session)
      await state.save()
      log.info('sandbox session created', { sessionId: session.id })
      return session
    },
    async start(session) {
      requireAttempt(session)
      await state.save()
    },
    async addMedia(session, media) {
      requireAttempt(session).media.push(media)
      await state.save()
    },
    async submit(session) {
      submit(session)
      await state.save()
    },
    async decide(session, status, details) {
      decide(session, status, details)
      await state.save()
    },
    async complete(session, status, details) {
      session.person = { ...session.person, ...details?.person }
      const { media } = requireAttempt(session)
      if (media.length === 0) media.push(...parts.pictures(session))
      const forced = submit(session)
      if (!forced) decide(session, status, details)
      await state.save()
    },
    async erase(session) {
      state.sessions.delete(session.id)
      outbox.forget(session.id)
      // The vendor's last webhook about a session that was still open (`docs/vendor-protocols.md` §3.7).
      if (isOpen(session)) decide(session, session.status === 'created' ? 'expired' : 'abandoned')
      await state.save()
    },
  }
}
