import type { Log } from '../../platform/log.ts'
import { faultsOf, type SandboxState, type Webhook, type WebhookKind } from './veriff-sessions.ts'
import { type Integration, signedHeaders } from './veriff-signature.ts'

// How long the vendor waits for a response (`docs/vendor-protocols.md` §3.3).
const TIME_ALLOWED_IN_MS = 5_000
const IN_FLIGHT = 16

/** One second, doubled up to an hour, for about a week. */
const RETRY_DELAYS_IN_MS: readonly number[] = Array.from({ length: 180 }, (_, tries) =>
  Math.min(1000 * 2 ** tries, 3_600_000),
)

/** Sends webhooks when they are due, and again until the response is 200 or no retry is left. */
export type Delivery = {
  schedule(webhook: Webhook): void
  cancel(webhook: Webhook): void
  close(): void
}

export function createDelivery(parts: {
  state: SandboxState
  integration: Integration
  urls: ReadonlyMap<WebhookKind, string>
  retryDelaysInMs?: readonly number[] | undefined
  /** Called after each attempt, before the session's next webhook is sent. */
  onAttempt: () => Promise<void>
  log: Log
}): Delivery {
  const { state, integration, urls, retryDelaysInMs = RETRY_DELAYS_IN_MS, log } = parts
  const closing = new AbortController()
  const queue = createQueue(attempt, closing.signal)

  async function attempt(webhook: Webhook) {
    if (closing.signal.aborted || webhook.state !== 'waiting') return
    const answer = await post(webhook)
    if (closing.signal.aborted) return
    const { sessionId, kind, answers } = webhook
    answers.push(answer)
    const delay = retryDelaysInMs[answers.length - 1]
    if (answer === 200) webhook.state = 'delivered'
    else if (delay === undefined) webhook.state = 'given-up'
    else {
      webhook.dueAt = Date.now() + delay
      queue.add(webhook)
    }
    log.debug('sandbox webhook sent', { sessionId, kind, answer, tries: answers.length })
    await parts.onAttempt()
  }

  /** Returns the status of the response; 0 is no response. */
  async function post(webhook: Webhook): Promise<number> {
    const url = urls.get(webhook.kind)
    if (url === undefined) return 0
    const { signature } = faultsOf(state, webhook.sessionId).webhooks ?? {}
    const body = Buffer.from(webhook.body, 'utf8')
    try {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          ...signedHeaders(integration, body, signature),
        },
        body,
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(TIME_ALLOWED_IN_MS)]),
      })
      await response.body?.cancel()
      return response.status
    } catch {
      // No response is a failed attempt; the vendor does not distinguish the reasons.
      return 0
    }
  }

  return { schedule: queue.add, cancel: queue.remove, close: () => closing.abort() }
}

/**
 * Calls `attempt` for each webhook when it is due, at most 16 at a time. First attempts of one session are made one after the
 * other, so that without faults its webhooks arrive in order.
 */
function createQueue(attempt: (webhook: Webhook) => Promise<void>, closing: AbortSignal) {
  const timers = new Map<string, NodeJS.Timeout>()
  const due: Webhook[] = []
  // By session, the latest first attempt that is not over.
  const firstAttempts = new Map<string, Promise<void>>()
  let inFlight = 0

  function attemptDue() {
    while (inFlight < IN_FLIGHT && !closing.aborted) {
      const webhook = due.shift()
      if (!webhook) return
      inFlight++
      void attemptInTurn(webhook).finally(() => {
        inFlight--
        attemptDue()
      })
    }
  }

  function attemptInTurn(webhook: Webhook): Promise<void> {
    if (webhook.answers.length > 0) return attempt(webhook)
    const { sessionId } = webhook
    const before = firstAttempts.get(sessionId) ?? Promise.resolve()
    const current = before
      .then(() => attempt(webhook))
      .finally(() => {
        if (firstAttempts.get(sessionId) === current) firstAttempts.delete(sessionId)
      })
    firstAttempts.set(sessionId, current)
    return current
  }

  closing.addEventListener('abort', () => {
    for (const timer of timers.values()) clearTimeout(timer)
    timers.clear()
  })

  return {
    add(webhook: Webhook) {
      const timer = setTimeout(
        () => {
          timers.delete(webhook.id)
          due.push(webhook)
          attemptDue()
        },
        Math.max(0, webhook.dueAt - Date.now()),
      )
      timers.set(webhook.id, timer)
    },
    remove(webhook: Webhook) {
      clearTimeout(timers.get(webhook.id))
      timers.delete(webhook.id)
    },
  }
}
