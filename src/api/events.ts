import { setTimeout as wait } from 'node:timers/promises'
import { type Context, Hono } from 'hono'
import type { z } from 'zod'
import { addressEvent, type FindSubject } from '../events/events.ts'
import type { SignEvent } from '../events/sender.ts'
import { acknowledge, listPendingEvents, recordAnswer } from '../events/store.ts'
import { findStreamByToken, type Stream } from '../events/streams.ts'
import type { Bearer } from '../oauth/bearer.ts'
import type { Db } from '../platform/db.ts'
import { ApiError } from '../platform/errors.ts'
import { isUuid } from '../platform/uuid.ts'
import { readJson, refuseOtherMethods, requireAcceptable, smallBody } from './requests.ts'
import { erasureAnswerSchema, type polledSchema, pollSchema } from './schemas.ts'

const LONGEST_WAIT_MS = 25_000
const LOOK_EVERY_MS = 500
const MOST_AT_ONCE = 100
/** Of one application: more polls than these are answered at once. */
const WAITING_EACH = 2

type Parts = {
  issuer: string
  db: Db
  sign: SignEvent
  findSubject: FindSubject
  use: Bearer['use']
}
type Env = { Variables: { stream: Stream } }

/** What an application fetches and answers with its stream's token: `docs/events.md`. */
export function eventRoutes({ issuer, db, sign, findSubject, use }: Parts): Hono<Env> {
  const routes = new Hono<Env>()
  const waiting = new Map<string, number>()

  const requireStream = async (c: Context<Env>, next: () => Promise<void>) => {
    const header = c.req.header('authorization')
    const [, token] = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(header ?? '') ?? []
    const stream = token === undefined ? undefined : await findStreamByToken(db, token)
    if (!stream)
      throw new ApiError(401, header === undefined ? 'missing_token' : 'invalid_token', undefined, {
        'WWW-Authenticate': header === undefined ? 'Bearer' : 'Bearer error="invalid_token"',
      })
    use({ clientId: stream.clientId })
    c.set('stream', stream)
    requireAcceptable(c, 'application/json')
    await next()
  }

  // RFC 8936 §2: acknowledges what came before, and answers what there is, or waits for it.
  routes.post('/events/poll', requireStream, smallBody, async (c) => {
    const { clientId, delivery } = c.var.stream
    if (delivery !== 'poll')
      throw new ApiError(409, 'not_polled', 'The events of this application are sent to it.')
    const {
      ack = [],
      setErrs = {},
      maxEvents = MOST_AT_ONCE,
      ...asked
    } = await readJson(c, pollSchema)
    const failures = Object.fromEntries(
      Object.entries(setErrs).flatMap(([id, { err }]) =>
        isUuid(id) ? [[id, /^[\w.-]{1,64}$/.test(err) ? err : 'unknown']] : [],
      ),
    )
    const ids = ack.filter(isUuid)
    if (ids.length > 0 || Object.keys(failures).length > 0)
      await db.begin((sql) => acknowledge(sql, clientId, { ids, failures }))
    if (maxEvents === 0) return c.json({ sets: {} } satisfies z.infer<typeof polledSchema>)
    const isPatient = !asked.returnImmediately && (waiting.get(clientId) ?? 0) < WAITING_EACH
    const found = await look(
      c,
      clientId,
      Math.min(maxEvents, MOST_AT_ONCE),
      isPatient ? LONGEST_WAIT_MS : 0,
    )
    const sets: Record<string, string> = {}
    for (const event of found.events)
      sets[event.id] = await sign(issuer, await addressEvent(db, findSubject, event))
    return c.json({
      sets,
      ...(found.isMore ? { moreAvailable: true } : {}),
    } satisfies z.infer<typeof polledSchema>)
  })
  refuseOtherMethods(routes as unknown as Hono, '/events/poll', 'POST')

  async function look(c: Context, clientId: string, limit: number, forMs: number) {
    waiting.set(clientId, (waiting.get(clientId) ?? 0) + 1)
    try {
      for (const end = Date.now() + forMs; ; ) {
        const found = await db.begin((sql) => listPendingEvents(sql, clientId, limit))
        if (found.events.length > 0 || Date.now() >= end || c.req.raw.signal.aborted) return found
        await wait(LOOK_EVERY_MS)
      }
    } finally {
      const left = (waiting.get(clientId) ?? 1) - 1
      if (left === 0) waiting.delete(clientId)
      else waiting.set(clientId, left)
    }
  }

  routes.post('/events/:id/answer', requireStream, smallBody, async (c) => {
    const given = await readJson(c, erasureAnswerSchema)
    const id = c.req.param('id')
    // Another's, one that asks for no answer, and one that is not there: all alike.
    if (!isUuid(id) || !(await recordAnswer(db, c.var.stream.clientId, id, given)))
      throw new ApiError(404, 'not_found', 'There is no such erasure.')
    return c.body(null, 204)
  })
  refuseOtherMethods(routes as unknown as Hono, '/events/:id/answer', 'POST')
  return routes
}

/** Shared Signals Framework 1.0 §7: what this transmitter can do. Streams are set up by the operator. */
export function transmitterRoutes(issuer: string): Hono {
  const routes = new Hono()
  routes.get('/.well-known/ssf-configuration', (c) =>
    c.json({
      spec_version: '1_0',
      issuer,
      jwks_uri: `${issuer}/api/oauth/.well-known/jwks.json`,
      delivery_methods_supported: ['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936'],
      authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6750' }],
      // Whoever allowed the application to see a verification.
      default_subjects: 'ALL',
    }),
  )
  refuseOtherMethods(routes, '/.well-known/ssf-configuration', 'GET, HEAD')
  return routes
}
