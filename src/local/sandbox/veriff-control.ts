import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { chosenPersonSchema } from './specimen.ts'
import { type Faults, faultsSchema } from './veriff-faults.ts'
import type { DecisionDetails } from './veriff-messages.ts'
import {
  DECISIONS,
  type Decision,
  type NewSession,
  type Session,
  WEBHOOK_KINDS,
  type WebhookKind,
} from './veriff-sessions.ts'

/** An image as it is given to the sandbox. */
export type SandboxImage = { context: string; bytes: Uint8Array; mimetype?: string }

/** A session of the sandbox. Each media has the digest of the bytes that it serves. */
export type SandboxSession = {
  id: string
  status: Session['status']
  url: string
  vendorData: string | null
  attempts: {
    id: string
    status: string
    media: { id: string; context: string; mimetype: string; size: number; sha256: string }[]
  }[]
}

type SandboxWebhook = {
  sessionId: string
  kind: WebhookKind
  state: 'held' | 'waiting' | 'delivered' | 'given-up'
  /** The response status of each attempt so far; 0 is no response. */
  answers: number[]
}

/** The functions with which tests and the demo control the vendor. */
export type VeriffControl = {
  /** Creates a session without a request to the API. */
  createSession(input?: NewSession): Promise<SandboxSession>
  /** The person opens the flow: event 7001 with a new attempt. */
  start(sessionId: string): Promise<void>
  /** Adds an image to the open attempt, and starts one if there is none. */
  addImage(sessionId: string, image: SandboxImage): Promise<void>
  /** The person finishes: event 7002, then the decision if the first name forces one. */
  submit(sessionId: string): Promise<void>
  /** The vendor decides: decision webhook, and full-auto if it has a URL. A second call overturns the decision. */
  decide(sessionId: string, status: Decision, details?: DecisionDetails): Promise<void>
  /** The whole session: start, images if none were given, submission, decision. */
  complete(sessionId: string, status: Decision, details?: DecisionDetails): Promise<void>
  /** Sends all webhooks of a session again, with the same bytes. */
  resend(sessionId: string): Promise<void>
  /** `undefined` for a session that does not exist or was deleted. */
  findSession(sessionId: string): Promise<SandboxSession | undefined>
  listSessions(): string[]
  /** The bytes that the API serves for a media id without faults. */
  readMedia(mediaId: string): Promise<Uint8Array>
  /** Sets the faults of one session, or of all sessions without their own; `{}` means none. */
  misbehave(faults: Faults, sessionId?: string): Promise<void>
  /** `undefined` stops webhooks of the named kinds, or of all kinds if none is named. */
  setWebhookUrl(url: string | undefined, ...kinds: WebhookKind[]): void
  listWebhooks(): SandboxWebhook[]
  /** Resolves when no webhook is pending; rejects after the timeout. */
  settled(timeoutInMs?: number): Promise<void>
}

export type VeriffSandbox = VeriffControl & {
  /** The base URL to configure in an integration. */
  url: string
  integrationId: string
  close(): Promise<void>
}

const decideSchema = z.strictObject({
  status: z.enum(Object.keys(DECISIONS) as [Decision, ...Decision[]]),
  reason: z.string().max(1000).optional(),
  reasonCode: z.int().optional(),
  decisionTime: z.iso.datetime().optional(),
  person: chosenPersonSchema.optional(),
})
const imageSchema = z.strictObject({
  context: z.string().max(100),
  /** Base64. */
  content: z.base64(),
  mimetype: z.string().max(100).optional(),
})
const webhookUrlSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).nullable(),
  kinds: z.array(z.enum(WEBHOOK_KINDS)).default([]),
})

/**
 * The control functions over HTTP, for a program in another process: JSON in and out under `/sandbox`. The API key must be
 * in a header, which a page of another origin cannot send.
 */
export function sandboxControl(parts: { apiKey: string; control: VeriffControl }): Hono {
  const { apiKey, control } = parts
  const app = new Hono()

  app.use('/sandbox/*', async (c, next) => {
    if (c.req.header('x-auth-client') !== apiKey) return c.json({ error: 'unauthorized' }, 401)
    return next()
  })
  app.use('/sandbox/sessions/:id/*', async (c, next) => {
    if (!control.listSessions().includes(c.req.param('id')))
      return c.json({ error: 'not_found' }, 404)
    return next()
  })

  app.get('/sandbox/sessions', (c) => c.json({ sessions: control.listSessions() }))
  app.get('/sandbox/sessions/:id', async (c) =>
    c.json(await control.findSession(c.req.param('id'))),
  )
  app.post('/sandbox/sessions/:id/start', async (c) => {
    await control.start(c.req.param('id'))
    return c.json(await control.findSession(c.req.param('id')))
  })
  app.post('/sandbox/sessions/:id/images', async (c) => {
    const image = await readBody(c, imageSchema)
    if (image instanceof Response) return image
    await control.addImage(c.req.param('id'), {
      context: image.context,
      bytes: Buffer.from(image.content, 'base64'),
      ...(image.mimetype === undefined ? {} : { mimetype: image.mimetype }),
    })
    return c.json(await control.findSession(c.req.param('id')))
  })
  app.post('/sandbox/sessions/:id/submit', async (c) => {
    await control.submit(c.req.param('id'))
    return c.json(await control.findSession(c.req.param('id')))
  })
  app.post('/sandbox/sessions/:id/decide', async (c) => {
    const decision = await readBody(c, decideSchema)
    if (decision instanceof Response) return decision
    await control.decide(c.req.param('id'), decision.status, decision)
    return c.json(await control.findSession(c.req.param('id')))
  })
  app.post('/sandbox/sessions/:id/complete', async (c) => {
    const decision = await readBody(c, decideSchema)
    if (decision instanceof Response) return decision
    await control.complete(c.req.param('id'), decision.status, decision)
    return c.json(await control.findSession(c.req.param('id')))
  })
  app.post('/sandbox/sessions/:id/resend', async (c) => {
    await control.resend(c.req.param('id'))
    return c.json(await control.findSession(c.req.param('id')))
  })
  app.put('/sandbox/sessions/:id/faults', async (c) => {
    const faults = await readBody(c, faultsSchema)
    if (faults instanceof Response) return faults
    await control.misbehave(faults, c.req.param('id'))
    return c.json({ faults })
  })
  app.put('/sandbox/faults', async (c) => {
    const faults = await readBody(c, faultsSchema)
    if (faults instanceof Response) return faults
    await control.misbehave(faults)
    return c.json({ faults })
  })
  app.put('/sandbox/webhook-url', async (c) => {
    const body = await readBody(c, webhookUrlSchema)
    if (body instanceof Response) return body
    control.setWebhookUrl(body.url ?? undefined, ...body.kinds)
    return c.json(body)
  })
  app.get('/sandbox/webhooks', (c) => c.json({ webhooks: control.listWebhooks() }))
  return app
}

async function readBody<T>(c: Context, schema: z.ZodType<T>): Promise<T | Response> {
  const parsed = schema.safeParse(await c.req.json().catch(() => undefined))
  return parsed.success
    ? parsed.data
    : c.json({ error: 'invalid_request', error_description: z.prettifyError(parsed.error) }, 400)
}
