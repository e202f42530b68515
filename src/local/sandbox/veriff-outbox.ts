import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import type { Log } from '../../platform/log.ts'
import { createDelivery } from './veriff-delivery.ts'
import { faultsOf, type SandboxState, type Webhook, type WebhookKind } from './veriff-sessions.ts'
import type { Integration } from './veriff-signature.ts'

const FINISHED_KEPT = 500

/** The webhooks of all sessions. Each is sent again, with the same bytes, until the response is 200. */
export type Outbox = {
  /** Sets where webhooks of these kinds are sent; `undefined` stops them. */
  setUrl(url: string | undefined, kinds: readonly WebhookKind[]): void
  /** Enqueues a message, as often and as late as the session's faults require, if its kind has a URL. */
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
  integration: Integration
  retryDelaysInMs?: readonly number[] | undefined
  log: Log
}): Outbox {
  const { state, log } = parts
  const urls = new Map<WebhookKind, string>()
  const quiet = new EventEmitter()
  const delivery = createDelivery({ ...parts, urls, onAttempt })

  // Webhooks that an earlier process did not send are sent at once, because a restarted sandbox is expected to continue.
  for (const webhook of state.webhooks.filter(isWaiting)) {
    webhook.dueAt = Date.now()
    delivery.schedule(webhook)
  }

  async function onAttempt() {
    removeOldFinished(state.webhooks)
    notifyQuiet()
    await state.save().catch((error: unknown) => log.error('sandbox state not saved', { error }))
  }

  function notifyQuiet() {
    if (!state.webhooks.some(isWaiting)) quiet.emit('quiet')
  }

  function enqueue(
    { sessionId, kind, body }: Pick<Webhook, 'sessionId' | 'kind' | 'body'>,
    initial: 'held' | 'waiting' = 'waiting',
  ) {
    const { delayInMs = 0 } = faultsOf(state, sessionId).webhooks ?? {}
    const webhook: Webhook = {
      id: randomUUID(),
      sessionId,
      kind,
      body,
      state: initial,
      answers: [],
      dueAt: Date.now() + delayInMs,
    }
    state.webhooks.push(webhook)
    if (initial === 'waiting') delivery.schedule(webhook)
  }

  const webhooksOf = (sessionId: string) =>
    state.webhooks.filter((webhook) => webhook.sessionId === sessionId)

  /** Sends the session's held webhooks, the newest first. */
  function release(sessionId: string) {
    const held = webhooksOf(sessionId).filter((webhook) => webhook.state === 'held')
    for (const webhook of held.reverse()) {
      webhook.state = 'waiting'
      delivery.schedule(webhook)
    }
  }

  return {
    setUrl(url, kinds) {
      for (const kind of kinds)
        if (url === undefined) urls.delete(kind)
        else urls.set(kind, new URL(url).href)
    },
    add(sessionId, kind, message) {
      if (!urls.has(kind)) return
      const { times = 1, order } = faultsOf(state, sessionId).webhooks ?? {}
      const body = JSON.stringify(message)
      const initial = order === 'reversed' && kind === 'event' ? 'held' : 'waiting'
      for (let copy = 0; copy < times; copy++) enqueue({ sessionId, kind, body }, initial)
      if (kind === 'decision') release(sessionId)
    },
    resend(sessionId) {
      for (const webhook of webhooksOf(sessionId)) enqueue(webhook)
    },
    forget(sessionId) {
      for (const webhook of webhooksOf(sessionId)) {
        delivery.cancel(webhook)
        state.webhooks.splice(state.webhooks.indexOf(webhook), 1)
      }
      notifyQuiet()
    },
    async settled(timeoutInMs) {
      if (!state.webhooks.some(isWaiting)) return
      try {
        await once(quiet, 'quiet', { signal: AbortSignal.timeout(timeoutInMs) })
      } catch (cause) {
        throw new Error(`webhooks are still on their way after ${timeoutInMs} ms`, { cause })
      }
    },
    close: () => delivery.close(),
  }
}

const isWaiting = ({ state }: Webhook) => state === 'waiting'

function removeOldFinished(webhooks: Webhook[]) {
  const finished = webhooks.filter(({ state }) => state !== 'waiting' && state !== 'held')
  for (const old of finished.slice(0, Math.max(0, finished.length - FINISHED_KEPT)))
    webhooks.splice(webhooks.indexOf(old), 1)
}
