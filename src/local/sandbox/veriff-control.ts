import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { chosenPersonSchema } from './specimen.ts'
import type { VeriffSandbox } from './veriff.ts'
import { faultsSchema } from './veriff-faults.ts'
import { DECISIONS, type Decision, WEBHOOK_KINDS } from './veriff-sessions.ts'

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
 * The control functions over HTTP, for a program in another process: JSON in and out under `/sandbox`.
 * The API key is asked for in a header, which a page of another origin cannot send.
 */
export function sandboxControl(parts: {
  apiKey: string
  control: Omit<VeriffSandbox, 'url' | 'integrationId' | 'close'>
}): Hono {
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
