import { Hono } from 'hono'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { z } from 'zod'
import type { Log } from '../../platform/log.ts'
import type { ReceivedEvent } from './application-page.ts'
import {
  announceChange,
  removeOldest,
  type Session,
  type Sessions,
} from './application-sessions.ts'

const MAX_RESIDENTS = 200
const MAX_EVENTS = 10

/** The secrets of an event stream of the portal. */
export type EventSecrets = { signingSecret: string; token: string }

/** The members of a webhook that this bank reads. */
const eventSchema = z.object({
  type: z.string(),
  timestamp: z.iso.datetime(),
  data: z.object({ sub: z.string().optional(), answer_uri: z.url().optional() }),
})

/** The latest events of each resident by `sub`, each once, newest last. */
export type ReceivedEvents = {
  add(sub: string, id: string, event: ReceivedEvent): void
  list(sub: string): ReceivedEvent[]
}

export function createReceivedEvents(): ReceivedEvents {
  const residents = new Map<string, Map<string, ReceivedEvent>>()
  return {
    add(sub, id, event) {
      const events = residents.get(sub) ?? new Map<string, ReceivedEvent>()
      residents.delete(sub)
      residents.set(sub, events.set(id, event))
      removeOldest(events, MAX_EVENTS)
      removeOldest(residents, MAX_RESIDENTS)
    },
    list: (sub) => [...(residents.get(sub)?.values() ?? [])],
  }
}

/**
 * Receives the portal's events. Whatever happened, the photos are deleted at once and the answer counts as old: the next page reads it
 * again, and with it the photos that the bank may still see. It confirms an erasure.
 */
export function eventRoutes(parts: {
  issuer: string
  secrets: EventSecrets
  sessions: Sessions
  receivedEvents: ReceivedEvents
  log: Log
}): Hono {
  const { issuer, secrets, sessions, receivedEvents, log } = parts
  const app = new Hono()
  app.post('/hooks', async (c) => {
    const body = await c.req.text()
    try {
      new Webhook(secrets.signingSecret).verify(body, c.req.header())
    } catch (error) {
      if (error instanceof WebhookVerificationError) return c.body(null, 401)
      throw error
    }
    const { type, timestamp, data } = eventSchema.parse(JSON.parse(body))
    const { sub, answer_uri } = data
    log.info('application received event', { type })
    if (sub) receivedEvents.add(sub, c.req.header('webhook-id') ?? '', { type, at: timestamp })
    if (sub) for (const session of sessions.listOf(sub)) applyEvent(session, type)
    if (type === 'resident.erased' && answer_uri?.startsWith(`${issuer}/`))
      await confirmErasure(answer_uri, secrets.token)
    return c.body(null, 204)
  })
  return app
}

function applyEvent(session: Session, type: string) {
  session.images.clear()
  session.isStale = true
  if (type === 'consent.revoked') session.ending = 'revoked'
  if (type === 'resident.erased') {
    session.tokens = undefined
    session.answer = undefined
    session.notice = {
      tone: 'bad',
      text: 'Your account at the portal was erased. We deleted everything that we had from it.',
    }
  }
  announceChange(session)
}

async function confirmErasure(url: string, token: string) {
  await fetch(url, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ outcome: 'erased' }),
  })
}
