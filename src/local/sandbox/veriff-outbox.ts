import { randomUUID } from 'node:crypto'
import type { Log } from '../../platform/log.ts'
import type { Faults } from './veriff-faults.ts'
import type { SandboxState, Webhook, WebhookKind } from './veriff-sessions.ts'
import { createSignature } from './veriff-signature.ts'

// How long the vendor waits for a response (`docs/vendor-protocols.md` §3.3).
const TIME_ALLOWED_IN_MS = 5_000
const IN_FLIGHT = 16
const FINISHED_KEPT = 500

/** One second, doubled up to an hour, for about a week. */
export const RETRY_DELAYS_IN_MS: readonly number[] = Array.from({ length: 180 }, (_, tries) =>
  Math.min(1000 * 2 ** tries, 3_600_000),
)

/** Pending webhooks: each is sent again, with the same bytes, until the response is 200. */
export type Outbox = {
  /** Enqueues a message, as often and as late as the session's faults require. */
  add(sessionId: string, kind: WebhookKind, message: unknown): void
  /** Sends every webhook of the session again. */
  resend(sessionId: string): void
  forget(sessionId: string): void
  /** Resolves when no webhook is pending; rejects after `timeoutInMs`. */
  settled(timeoutInMs: number): Promise<void>
  close(): void
}

export function createOutbox(parts: {
  state: SandboxState
  apiKey: string
  sharedSecret: string
  integrationId: string
  retryDelaysInMs: readonly number[]
  log: Log
  urlOf: (kind: WebhookKind) => string | undefined
  faultsOf: (sessionId: string) => Faults
}): Outbox {
  const { state, log, faultsOf } = parts
  const timers = new Map<string, NodeJS.Timeout>()
  const chains = new Map<string, Promise<void>>()
  const closing = new AbortController()
  const ready: Webhook[] = []
  const waitingForQuiet = new Set<() => void>()
  let inFlight = 0

  // Webhooks that an earlier process did not send are sent at once, because a restarted sandbox is expected to continue.
  for (const webhook of state.webhooks)
    if (webhook.state === 'waiting') {
      webhook.dueAt = Date.now()
      schedule(webhook)
    }

  function schedule(webhook: Webhook) {
    const timer = setTimeout(
      () => {
        timers.delete(webhook.id)
        ready.push(webhook)
        sendReady()
      },
      Math.max(0, webhook.dueAt - Date.now()),
    )
    timers.set(webhook.id, timer)
  }

  function sendReady() {
    while (inFlight < IN_FLIGHT && !closing.signal.aborted) {
      const webhook = ready.shift()
      if (!webhook) return
      inFlight++
      // First attempts of one session are sent one after the other, so that without faults they arrive in order.
      const before =
        webhook.answers.length === 0 ? chains.get(webhook.sessionId) : Promise.resolve()
      const sent = (before ?? Promise.resolve())
        .then(() => tryOnce(webhook))
        .catch((error: unknown) => log.error('sandbox state not saved', { error }))
        .finally(() => {
          inFlight--
          if (chains.get(webhook.sessionId) === sent) chains.delete(webhook.sessionId)
          sendReady()
        })
      if (webhook.answers.length === 0) chains.set(webhook.sessionId, sent)
    }
  }

  async function tryOnce(webhook: Webhook) {
    if (closing.signal.aborted || webhook.state !== 'waiting') return
    const answer = await post(webhook)
    if (closing.signal.aborted) return
    webhook.answers.push(answer)
    const delay = parts.retryDelaysInMs[webhook.answers.length - 1]
    if (answer === 200) webhook.state = 'delivered'
    else if (delay === undefined) webhook.state = 'given-up'
    else {
      webhook.dueAt = Date.now() + delay
      schedule(webhook)
    }
    log.debug('sandbox webhook sent', {
      sessionId: webhook.sessionId,
      kind: webhook.kind,
      answer,
      tries: webhook.answers.length,
    })
    trim()
    notifyQuiet()
    await state.save()
  }

  async function post(webhook: Webhook): Promise<number> {
    const url = parts.urlOf(webhook.kind)
    if (url === undefined) return 0
    const { signature } = faultsOf(webhook.sessionId).webhooks ?? {}
    const body = Buffer.from(webhook.body, 'utf8')
    const signed = createSignature(
      signature === 'wrong' ? 'another secret' : parts.sharedSecret,
      body,
    )
    try {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          'x-auth-client': parts.apiKey,
          'vrf-integration-id': parts.integrationId,
          ...(signature === 'missing' ? {} : { 'x-hmac-signature': signed }),
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

  function enqueue(sessionId: string, kind: WebhookKind, body: string, held = false) {
    const delay = faultsOf(sessionId).webhooks?.delayInMs ?? 0
    const webhook: Webhook = {
      id: randomUUID(),
      sessionId,
      kind,
      body,
      state: held ? 'held' : 'waiting',
      answers: [],
      dueAt: Date.now() + delay,
    }
    state.webhooks.push(webhook)
    if (!held) schedule(webhook)
  }

  function trim() {
    const finished = state.webhooks.filter((one) => one.state !== 'waiting' && one.state !== 'held')
    for (const old of finished.slice(0, Math.max(0, finished.length - FINISHED_KEPT)))
      state.webhooks.splice(state.webhooks.indexOf(old), 1)
  }

  const isQuiet = () => !state.webhooks.some((webhook) => webhook.state === 'waiting')

  function notifyQuiet() {
    if (isQuiet()) for (const onQuiet of waitingForQuiet) onQuiet()
  }

  return {
    add(sessionId, kind, message) {
      if (parts.urlOf(kind) === undefined) return
      const { times = 1, order } = faultsOf(sessionId).webhooks ?? {}
      const body = JSON.stringify(message)
      const isHeld = order === 'reversed' && kind === 'event'
      for (let copy = 0; copy < times; copy++) enqueue(sessionId, kind, body, isHeld)
      if (kind !== 'decision') return
      const held = state.webhooks.filter(
        (webhook) => webhook.sessionId === sessionId && webhook.state === 'held',
      )
      for (const webhook of held.reverse()) {
        webhook.state = 'waiting'
        schedule(webhook)
      }
    },
    resend(sessionId) {
      const sent = state.webhooks.filter((webhook) => webhook.sessionId === sessionId)
      for (const { kind, body } of sent) enqueue(sessionId, kind, body)
    },
    forget(sessionId) {
      for (const webhook of state.webhooks.filter((one) => one.sessionId === sessionId)) {
        clearTimeout(timers.get(webhook.id))
        timers.delete(webhook.id)
        state.webhooks.splice(state.webhooks.indexOf(webhook), 1)
      }
      notifyQuiet()
    },
    settled(timeoutInMs) {
      if (isQuiet()) return Promise.resolve()
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waitingForQuiet.delete(onQuiet)
          reject(new Error(`webhooks are still on their way after ${timeoutInMs} ms`))
        }, timeoutInMs)
        const onQuiet = () => {
          clearTimeout(timer)
          waitingForQuiet.delete(onQuiet)
          resolve()
        }
        waitingForQuiet.add(onQuiet)
      })
    },
    close() {
      closing.abort()
      for (const timer of timers.values()) clearTimeout(timer)
      timers.clear()
    },
  }
}
