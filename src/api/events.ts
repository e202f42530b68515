import { setTimeout as wait } from 'node:timers/promises'
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { addressEvent, type FindSubject } from '../events/events.ts'
import type { SignEvent } from '../events/sender.ts'
import { acknowledge, ERASURE_ANSWERS, listPendingEvents, recordAnswer } from '../events/store.ts'
import { findStreamByToken, type Stream } from '../events/streams.ts'
import type { Bearer } from '../oauth/bearer.ts'
import type { Db } from '../platform/db.ts'
import { ApiError } from '../platform/errors.ts'
import { isUuid } from '../platform/uuid.ts'
import { isDisplayable } from '../web/displayed-text.ts'
import { operation } from './operation.ts'
import { invalid, readJson, refuseOtherMethods, requireAcceptable, smallBody } from './requests.ts'
import { EXAMPLE_ID, linePattern, ONE_LINE, text } from './schemas.ts'

const LONGEST_WAIT_MS = 25_000
const LOOK_EVERY_MS = 500
const MOST_AT_ONCE = 100
/** Of one application: more polls than these are answered at once. */
const WAITING_EACH = 2

const jti = z.string().max(200)
// RFC 8936 lets others add members: what is not known is not looked at.
const pollSchema = z
  .object({
    maxEvents: z
      .int()
      .min(0)
      .optional()
      .describe('0 acknowledges and no more; there are up to 100 at once'),
    returnImmediately: z
      .boolean()
      .optional()
      .describe('Else it waits up to 25 seconds for an event'),
    ack: z.array(jti).max(1000, 'has up to 1000 ids').optional(),
    setErrs: z.record(jti, z.object({ err: text })).optional(),
  })
  .meta({ id: 'Poll' })
const polledSchema = z.object({
  sets: z.record(text, text).describe('Security Event Tokens by their `jti`'),
  moreAvailable: z.boolean().optional(),
})

const erasureAnswerSchema = z
  .strictObject({
    outcome: z.enum(ERASURE_ANSWERS, 'must be erased, kept or nothing-held'),
    reason: z
      .string()
      .regex(/^\P{Cc}{0,300}$/u, 'must be one line of up to 300 characters')
      .refine(isDisplayable, ONE_LINE)
      .optional()
      .meta({
        pattern: linePattern(300),
        description: 'Why something is kept, such as the law that asks for it',
      }),
  })
  .refine(({ outcome, reason }) => outcome !== 'kept' || Boolean(reason?.trim()), {
    path: ['reason'],
    error: 'must say why something is kept',
  })
  .meta({
    id: 'ErasureAnswer',
    // What is kept has a reason that is not blank.
    anyOf: [
      { properties: { outcome: { not: { const: 'kept' } } } },
      { required: ['reason'], properties: { reason: { pattern: '\\S' } } },
    ],
  })

const poll = operation({
  method: 'post',
  path: '/api/v1/events/poll',
  operationId: 'pollEvents',
  records: ['event'],
  summary: 'Fetch events as Security Event Tokens, and acknowledge those that came before',
  description: 'RFC 8936. What is not acknowledged comes again.',
  stream: true,
  body: {
    schema: pollSchema,
    example: { returnImmediately: true, maxEvents: 10, ack: [EXAMPLE_ID] },
  },
  answer: {
    status: 200,
    description: 'The events',
    schema: polledSchema,
    example: { sets: { [EXAMPLE_ID]: 'eyJ0eXAiOiJzZWNldmVudCtqd3QifQ.e30.c2lnbmF0dXJl' } },
  },
  errors: {
    400: invalid('ack', 'has up to 1000 ids', 'length'),
    409: ['not_polled', 'The events of this application are sent to it.'],
  },
})

const answerErasure = operation({
  method: 'post',
  path: '/api/v1/events/:id/answer',
  operationId: 'answerErasure',
  records: [],
  summary: 'Say what became of your copies after an erasure',
  description: 'The id is that of the erasure event. The last answer counts.',
  stream: true,
  body: { schema: erasureAnswerSchema, example: { outcome: 'erased' } },
  answer: { status: 204, description: 'It is written down' },
  errors: {
    400: invalid('outcome', 'must be erased, kept or nothing-held', 'enum'),
    404: 'There is no such erasure.',
  },
})

export const eventOperations = [poll, answerErasure]

type Parts = {
  issuer: string
  db: Db
  signEvent: SignEvent
  findSubject: FindSubject
  bearer: Pick<Bearer, 'countUse'>
}
type Env = { Variables: { stream: Stream } }

/** What an application fetches and answers with its stream's token: `docs/events.md`. */
export function eventRoutes({ issuer, db, signEvent, findSubject, bearer }: Parts): Hono<Env> {
  const routes = new Hono<Env>()
  const waiting = new Map<string, number>()

  const requireStream = async (c: Context<Env>, next: () => Promise<void>) => {
    const header = c.req.header('authorization')
    const [, token] = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(header ?? '') ?? []
    const stream = token === undefined ? undefined : await findStreamByToken(db, token)
    if (!stream)
      throw new ApiError(401, header === undefined ? 'missing_token' : 'invalid_token', undefined, {
        headers: {
          'WWW-Authenticate': header === undefined ? 'Bearer' : 'Bearer error="invalid_token"',
        },
      })
    bearer.countUse({ clientId: stream.clientId })
    c.set('stream', stream)
    requireAcceptable(c, 'application/json')
    await next()
  }

  // RFC 8936 §2: acknowledges what came before, and answers what there is, or waits for it.
  routes.post(poll.path, requireStream, smallBody, async (c) => {
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
    for (const event of found.events) {
      const addressed = await addressEvent(db, findSubject, event)
      if (addressed) sets[event.id] = await signEvent(issuer, addressed)
    }
    return c.json({
      sets,
      ...(found.isMore ? { moreAvailable: true } : {}),
    } satisfies z.infer<typeof polledSchema>)
  })
  refuseOtherMethods(routes as unknown as Hono, poll.path, 'POST')

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

  routes.post(answerErasure.path, requireStream, smallBody, async (c) => {
    const given = await readJson(c, erasureAnswerSchema)
    const id = c.req.param('id')
    // Another's, one that asks for no answer, and one that is not there: all alike.
    if (!isUuid(id) || !(await recordAnswer(db, c.var.stream.clientId, id, given)))
      throw new ApiError(404, 'not_found', 'There is no such erasure.')
    return c.body(null, 204)
  })
  refuseOtherMethods(routes as unknown as Hono, answerErasure.path, 'POST')
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
