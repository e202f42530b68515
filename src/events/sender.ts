import type { Db } from '../platform/db.ts'
import { findIssuer } from '../platform/issuer.ts'
import type { Log } from '../platform/log.ts'
import { startLoop } from '../platform/loop.ts'
import type { Outbound } from '../platform/outbound.ts'
import type { Sealer } from '../platform/secrets.ts'
import {
  type AddressedEvent,
  addressEvent,
  type FindSubject,
  isDeliverable,
  recordEventDisclosure,
} from './events.ts'
import {
  type AttemptOutcome,
  claimDueEvent,
  type DueEvent,
  type NotificationAttempt,
  requeueParked,
  settleAttempt,
} from './store.ts'
import { listSigningSecrets, openAuthorization } from './streams.ts'
import { webhookHeaders } from './webhook-signature.ts'

/** Makes the Security Event Token (RFC 8417) of an event for who receives it. */
export type SignEvent = (issuer: string, event: AddressedEvent) => Promise<string>

export type Sender = { stop(): Promise<void> }

type SenderContext = {
  db: Db
  sealer: Sealer
  outbound: Outbound
  sign: SignEvent
  findSubject: FindSubject
  log: Log
}

const IDLE_MS = 1_000
const CONCURRENT_SENDERS = 4
const REQUEUE_MS = 10_000
const TIMEOUT_MS = 10_000
const DAY_MS = 24 * 3600_000
/** After so long nobody tries any more by itself; an erasure is worth more patience. */
const GIVE_UP_MS = { usual: 3 * DAY_MS, erasure: 30 * DAY_MS }
const LONGEST_DELAY_SECONDS = 3600

/** Sends what is due to webhooks and push endpoints, for as long as it runs; any number of processes may. */
export function startSender(parts: SenderContext): Sender {
  const senders = Array.from({ length: CONCURRENT_SENDERS }, () =>
    startLoop({ event: 'events cannot be sent', pauseMs: IDLE_MS, log: parts.log }, async () => {
      const event = await claimDueEvent(parts.db)
      if (!event) return false
      await send(parts, event)
      return true
    }),
  )
  const waking = startLoop(
    {
      event: 'events cannot be woken',
      pauseMs: REQUEUE_MS,
      firstAfterMs: REQUEUE_MS,
      log: parts.log,
    },
    () => requeueParked(parts.db),
  )
  return {
    async stop() {
      await Promise.all([...senders, waking].map((loop) => loop.stop()))
    },
  }
}

async function send(parts: SenderContext, event: DueEvent): Promise<void> {
  const { db, log } = parts
  if (!(await isDeliverable(db, event)))
    return await db.begin((sql) => settleAttempt(sql, event, { state: 'dropped' }))
  await recordEventDisclosure(db, [event.id])
  const { attempt, retryAfterSeconds } = await sendRequest(parts, event)
  const { id: eventId, clientId, kind } = event
  const outcome = evaluateResponse(event, attempt.status, retryAfterSeconds)
  const isTaken = outcome.state === 'delivered'
  log[isTaken ? 'info' : 'warn']('event tried', { eventId, clientId, kind, ...attempt })
  if (outcome.state === 'paused') log.warn('event stream paused', { clientId })
  await db.begin((sql) => settleAttempt(sql, event, outcome, attempt))
}

function evaluateResponse(
  event: DueEvent,
  status: number | null,
  retryAfterSeconds: number,
): AttemptOutcome {
  if (status !== null && status >= 200 && status < 300) return { state: 'delivered' }
  // Standard Webhooks: who answers 410 wants nothing more.
  if (status === 410) return { state: 'paused' }
  const patience = event.kind.endsWith('.erased') ? GIVE_UP_MS.erasure : GIVE_UP_MS.usual
  if (Date.now() - event.firstTriedAt.getTime() > patience) return { state: 'failed' }
  const delay = Math.min(5 * 2 ** Math.min(event.tries - 1, 12), LONGEST_DELAY_SECONDS)
  // With some chance in it, so that what failed together is not tried together.
  const afterSeconds = Math.max(delay * (0.8 + 0.4 * Math.random()), retryAfterSeconds)
  // Who refuses this one may take the next; who does not answer is left alone for a while.
  const isAway = status === null || status >= 500 || status === 429
  return { state: 'pending', afterSeconds, holdSeconds: isAway ? Math.min(afterSeconds, 300) : 0 }
}

async function sendRequest(
  parts: SenderContext,
  event: DueEvent,
): Promise<{ attempt: NotificationAttempt; retryAfterSeconds: number }> {
  const request = await createRequest(parts, event)
  const began = performance.now()
  const ended = (status: number | null, outcome: string, retryAfterSeconds = 0) => ({
    attempt: { status, outcome, milliseconds: Math.round(performance.now() - began) },
    retryAfterSeconds,
  })
  try {
    const answer = await parts.outbound(event.endpoint, {
      method: 'POST',
      ...request,
      timeoutMs: TIMEOUT_MS,
      // The status is what counts; of a long page the rest need not come.
      maxBytes: 16 * 1024,
      whenLonger: 'cut',
    })
    const { status } = answer
    if (status >= 200 && status < 300) return ended(status, 'delivered')
    return ended(
      status,
      `refused${event.delivery === 'push' ? await readErrorCode(answer) : ''}`,
      secondsUntil(answer.headers.get('retry-after')),
    )
  } catch (error) {
    if (error instanceof Error && error.name === 'ForbiddenAddressError')
      return ended(null, 'not sent: the address is not public, see OUTBOUND_ALLOW')
    return ended(null, `no answer: ${errorCodeOf(error)}`)
  }
}

async function createRequest(
  { db, sealer, sign, findSubject }: SenderContext,
  event: DueEvent,
): Promise<{ headers: Record<string, string>; body: string }> {
  const issuer = await findIssuer(db)
  if (!issuer) throw new Error('no web process was ever started')
  const told = await addressEvent(db, findSubject, event)
  const headers = { 'User-Agent': 'identity-portal-events' }
  if (event.delivery === 'push') {
    const token = await sign(issuer, told)
    const { authorizationSealed: sealed } = event
    const authorization = sealed && openAuthorization(sealer, event.clientId, sealed)
    return {
      headers: {
        ...headers,
        'Content-Type': 'application/secevent+jwt',
        Accept: 'application/json',
        ...(authorization ? { Authorization: authorization } : {}),
      },
      body: token,
    }
  }
  const body = JSON.stringify(webhookBody(issuer, told))
  const secrets = await listSigningSecrets(db, sealer, event.clientId)
  return {
    headers: {
      ...headers,
      'Content-Type': 'application/json',
      ...webhookHeaders({ id: event.id, at: new Date(), body, secrets }),
    },
    body,
  }
}

/** RFC 9110 §10.2.3: seconds, or a date; no longer than we would wait anyway. */
function secondsUntil(retryAfter: string | null): number {
  if (retryAfter === null) return 0
  const seconds = /^\d+$/.test(retryAfter)
    ? Number(retryAfter)
    : (Date.parse(retryAfter) - Date.now()) / 1000
  return seconds > 0 ? Math.min(seconds, LONGEST_DELAY_SECONDS) : 0
}

/** What a webhook carries: the same bytes at every try. */
function webhookBody(issuer: string, event: AddressedEvent): object {
  const { id, kind, subject, verificationId, data, occurredAt } = event
  return {
    type: kind,
    timestamp: occurredAt.toISOString(),
    data: {
      ...(subject ? { sub: subject } : {}),
      ...(verificationId ? { verification_id: verificationId } : {}),
      ...data,
      ...(kind.endsWith('.erased') ? { answer_uri: `${issuer}/api/v1/events/${id}/answer` } : {}),
    },
  }
}

/** RFC 8935 §2.3: a code that says why. */
async function readErrorCode(answer: Response): Promise<string> {
  try {
    const { err } = (await answer.json()) as { err?: unknown }
    return typeof err === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(err) ? `: ${err}` : ''
  } catch {
    return ''
  }
}

/** A word for the log of deliveries: a code, never a text that somebody else wrote. */
function errorCodeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const code = 'code' in error ? String(error.code) : error.name
  return /^[A-Za-z0-9_]{1,64}$/.test(code) ? code : error.name
}
