import type { Db } from '../platform/db.ts'
import { findIssuer } from '../platform/issuer.ts'
import type { Log } from '../platform/log.ts'
import { type Loop, startLoop } from '../platform/loop.ts'
import type { Outbound } from '../platform/outbound.ts'
import { OWN_LOOK_MS } from '../platform/pulse.ts'
import type { Sealer } from '../platform/secrets.ts'
import { sealExchange } from './attempts.ts'
import {
  type AddressedEvent,
  addressEvent,
  type FindSubject,
  isApprovedByPeople,
  isDeliverable,
  recordEventDisclosure,
} from './events.ts'
import { koraBody, koraHeaders } from './kora-webhook.ts'
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

/** Signs an event as a Security Event Token (RFC 8417) for its application. */
export type SignEvent = (issuer: string, event: AddressedEvent) => Promise<string>

type SenderContext = {
  db: Db
  sealer: Sealer
  outbound: Outbound
  sign: SignEvent
  findSubject: FindSubject
  log: Log
}

const CONCURRENT_SENDERS = 4
const REQUEUE_MS = 10_000
const TIMEOUT_MS = 10_000
const DAY_MS = 24 * 3600_000
/** An event fails when it was not delivered within this time. Erasures are retried for longer. */
const RETRY_PERIOD_MS = { usual: 3 * DAY_MS, erasure: 30 * DAY_MS }
const MAX_DELAY_SECONDS = 3600

/** Sends due events to webhooks and push endpoints until its loops are stopped. Any number of processes may run it. */
export function startSender(context: SenderContext): { senders: Loop[]; requeueing: Loop } {
  const senders = Array.from({ length: CONCURRENT_SENDERS }, () =>
    startLoop(
      { event: 'events cannot be sent', pauseMs: OWN_LOOK_MS, log: context.log },
      async () => {
        const event = await claimDueEvent(context.db)
        if (!event) return false
        await send(context, event)
        return true
      },
    ),
  )
  const requeueing = startLoop(
    {
      event: 'parked events cannot be requeued',
      pauseMs: REQUEUE_MS,
      firstAfterMs: REQUEUE_MS,
      log: context.log,
    },
    () => requeueParked(context.db),
  )
  return { senders, requeueing }
}

async function send(context: SenderContext, event: DueEvent): Promise<void> {
  const { db, log } = context
  const request = (await isDeliverable(db, event)) ? await createRequest(context, event) : undefined
  if (!request) return await db.begin((sql) => settleAttempt(sql, event, { state: 'dropped' }))
  await recordEventDisclosure(db, [event.id])
  const { attempt, answer, retryAfterSeconds } = await sendRequest(context, event, request)
  const { id: eventId, clientId, kind } = event
  const outcome = evaluateResponse(event, attempt.status, retryAfterSeconds)
  const isDelivered = outcome.state === 'delivered'
  log[isDelivered ? 'info' : 'warn']('event attempted', { eventId, clientId, kind, ...attempt })
  if (outcome.state === 'paused') log.warn('event stream paused', { clientId })
  const exchangeSealed = sealExchange(context.sealer, event, { sent: request.body, answer })
  await db.begin((sql) => settleAttempt(sql, event, outcome, { attempt, exchangeSealed }))
}

function evaluateResponse(
  event: DueEvent,
  status: number | null,
  retryAfterSeconds: number,
): AttemptOutcome {
  if (status !== null && status >= 200 && status < 300) return { state: 'delivered' }
  // Standard Webhooks: 410 ends the subscription.
  if (status === 410) return { state: 'paused' }
  const retryPeriodMs = event.kind.endsWith('.erased')
    ? RETRY_PERIOD_MS.erasure
    : RETRY_PERIOD_MS.usual
  if (Date.now() - event.firstTriedAt.getTime() > retryPeriodMs) return { state: 'failed' }
  const delay = Math.min(5 * 2 ** Math.min(event.tries - 1, 12), MAX_DELAY_SECONDS)
  // Jitter, so that events that failed together are not retried together.
  const afterSeconds = Math.max(delay * (0.8 + 0.4 * Math.random()), retryAfterSeconds)
  // An endpoint that rejects this event may accept the next one; an unavailable one is left alone for a while.
  const isUnavailable = status === null || status >= 500 || status === 429
  return {
    state: 'pending',
    afterSeconds,
    holdSeconds: isUnavailable ? Math.min(afterSeconds, 300) : 0,
  }
}

async function sendRequest(
  context: SenderContext,
  event: DueEvent,
  request: EventRequest,
): Promise<{ attempt: NotificationAttempt; answer: string | null; retryAfterSeconds: number }> {
  const startedAt = performance.now()
  const ended = (
    status: number | null,
    outcome: string,
    {
      answer = null,
      retryAfterSeconds = 0,
    }: { answer?: string | null; retryAfterSeconds?: number } = {},
  ) => ({
    attempt: { status, outcome, milliseconds: Math.round(performance.now() - startedAt) },
    answer,
    retryAfterSeconds,
  })
  try {
    const answer = await context.outbound(event.endpoint, {
      method: 'POST',
      ...request,
      timeoutMs: TIMEOUT_MS,
      // Only the status, an error code and the beginning are read.
      maxBytes: 16 * 1024,
      whenLonger: 'cut',
    })
    const { status } = answer
    const text = await answer.text()
    if (status >= 200 && status < 300) return ended(status, 'delivered', { answer: text })
    return ended(status, `refused${event.delivery === 'push' ? readErrorCode(text) : ''}`, {
      answer: text,
      retryAfterSeconds: secondsUntil(answer.headers.get('retry-after')),
    })
  } catch (error) {
    if (error instanceof Error && error.name === 'ForbiddenAddressError')
      return ended(null, 'not sent: the address is not public, see OUTBOUND_ALLOW')
    return ended(null, `no answer: ${errorCodeOf(error)}`)
  }
}

type EventRequest = { headers: Record<string, string>; body: string }

/** `undefined`: the event is not sent, because its verification was erased meanwhile or the stream's format has no words for it. */
async function createRequest(
  { db, sealer, sign, findSubject }: SenderContext,
  event: DueEvent,
): Promise<EventRequest | undefined> {
  const issuer = await findIssuer(db)
  if (!issuer) throw new Error('no web process was ever started')
  const addressed = await addressEvent(db, findSubject, event)
  if (!addressed) return undefined
  const headers = { 'User-Agent': 'identity-portal-events' }
  if (event.delivery === 'push') {
    const token = await sign(issuer, addressed)
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
  const { id, kind, format, tries } = event
  const body =
    format === 'kora'
      ? koraBody(addressed, {
          tenantId: event.tenant,
          isReviewed: await isApprovedByPeople(db, event.verificationId),
        })
      : JSON.stringify(webhookBody(issuer, addressed))
  if (body === undefined) return undefined
  const secrets = await listSigningSecrets(db, sealer, event.clientId)
  const at = new Date()
  return {
    headers: {
      ...headers,
      'Content-Type': 'application/json',
      ...(format === 'kora'
        ? koraHeaders({ id, kind, at, body, secrets, tries })
        : webhookHeaders({ id, at, body, secrets })),
    },
    body,
  }
}

/** RFC 9110 §10.2.3: seconds, or a date; at most the longest delay. */
function secondsUntil(retryAfter: string | null): number {
  if (retryAfter === null) return 0
  const seconds = /^\d+$/.test(retryAfter)
    ? Number(retryAfter)
    : (Date.parse(retryAfter) - Date.now()) / 1000
  return seconds > 0 ? Math.min(seconds, MAX_DELAY_SECONDS) : 0
}

/** The body of a webhook: the same bytes in every attempt. */
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

/** The error code of a push receiver (RFC 8935 §2.3). */
function readErrorCode(answer: string): string {
  try {
    const { err } = JSON.parse(answer) as { err?: unknown }
    return typeof err === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(err) ? `: ${err}` : ''
  } catch {
    return ''
  }
}

/** An error's code for the record of attempts; never its message, which may be anybody's text. */
function errorCodeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const code = 'code' in error ? String(error.code) : error.name
  return /^[A-Za-z0-9_]{1,64}$/.test(code) ? code : error.name
}
