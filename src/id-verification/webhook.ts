import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import type { Db } from '../platform/db.ts'
import { ApiError } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import type { ClientAddress } from '../web/client-address.ts'
import type { SecurityEvents } from '../web/security-events.ts'
import type { ReceivedAs } from '../web/web-metrics.ts'
import { createForgeryCounter } from './alerts.ts'
import { storeDelivery } from './deliveries.ts'
import { recheckDecided } from './store.ts'
import type { IsServiceToken, Vendor } from './vendors/vendor.ts'
import { isVendorName } from './vendors/vendor-names.ts'
import { findVendor } from './vendors/vendors.ts'

const MAX_BODY_BYTES = 1024 * 1024
// How long an integration is cached: a changed secret takes effect after this time.
const CACHE_MS = 2_000

type Env = { Bindings: HttpBindings }
type WebhookContext = {
  db: Db
  sealer: Sealer
  vault: Vault
  security: SecurityEvents
  addressOf: ClientAddress
  log: Log
  isServiceToken: IsServiceToken
  /** Counts a delivery. Of one with an invalid signature only this and the count of its integration's alert are kept. */
  onReceived?: ((vendor: string, outcome: ReceivedAs) => void) | undefined
  /** Counts a refused delivery for its sender's network. Returns the seconds to wait, or 0. */
  countSignature: (address: string) => number
  /** Called after a delivery was stored, so that it is applied without waiting for the next poll. */
  onDelivery?: () => void
}

/** `POST /webhooks/:vendor`: verifies the raw bytes, stores them durably, and then answers 200. Everything else happens later. */
export function webhookRoutes({
  db,
  sealer,
  vault,
  security,
  addressOf,
  log,
  isServiceToken,
  onReceived,
  countSignature,
  onDelivery,
}: WebhookContext): Hono<Env> {
  const routes = new Hono<Env>()
  const findCachedVendor = createVendorCache(db, sealer)
  const countForgery = createForgeryCounter(db, log)

  async function receiveDelivery(c: Context<Env>, name: string, integration: string) {
    // Node's own headers: converting them to web headers costs more than verifying the signature.
    const { headers } = c.env.incoming
    const encoding = headers['content-encoding']
    if (encoding && encoding.toLowerCase() !== 'identity')
      throw new ApiError(415, 'unsupported_content_encoding', 'Send the body without compression.')
    const orUnavailable = <T>(work: () => Promise<T>) =>
      orRespond503(log, work, () => onReceived?.(name, 'unavailable'))
    const vendor = await orUnavailable(() => findCachedVendor(name, integration))
    if (!vendor)
      throw rejection(
        c,
        new ApiError(404, 'not_found', 'No such vendor or integration is configured.'),
      )
    const body = await readBody(c)
    const isGenuine = await orUnavailable(async () =>
      vendor.isGenuine(body, (name) => joinHeader(headers[name]), isServiceToken),
    )
    if (!isGenuine) {
      onReceived?.(name, 'invalid_signature')
      countForgery(name, integration)
      security.emit('webhook_signature_invalid', {
        subject: `${name}/${integration}`,
        address: addressOf(c.env.incoming),
      })
      throw rejection(c, new ApiError(401, 'invalid_signature'))
    }
    await orUnavailable(async () => {
      const stored = await storeDelivery(db, vault, { vendor: name, integration, body })
      if (vendor.repeatMayCarryNews && stored?.verificationId && stored.timesReceived > 1)
        await recheckDecided(db, stored.verificationId)
      onReceived?.(name, stored?.timesReceived === 1 ? 'stored' : 'repeated')
    })
    onDelivery?.()
    // Created directly: through the context each header costs as much as verifying the signature.
    return new Response('{"success":true}', {
      headers: { 'Content-Type': 'application/json' },
    })
  }

  /** Counts a refusal; returns 429 instead of `error` when the sender's network must wait. */
  function rejection(c: Context<Env>, error: ApiError): ApiError {
    const wait = countSignature(addressOf(c.env.incoming))
    return wait === 0
      ? error
      : new ApiError(429, 'rate_limit_exceeded', 'Too many deliveries were refused.', {
          headers: { 'Retry-After': String(wait) },
        })
  }

  routes.post('/webhooks/:vendor', (c) => receiveDelivery(c, c.req.param('vendor'), 'default'))
  routes.post('/webhooks/:vendor/:integration', (c) =>
    receiveDelivery(c, c.req.param('vendor'), c.req.param('integration')),
  )
  // Kora documents one address of a session, for the browser and for deliveries.
  routes.post('/callbacks/kora', (c) => receiveDelivery(c, 'kora', 'default'))
  routes.post('/callbacks/kora/:integration', (c) =>
    receiveDelivery(c, 'kora', c.req.param('integration')),
  )
  routes.all('/webhooks/*', () => {
    throw new ApiError(405, 'method_not_allowed', 'Deliveries are sent with POST.', {
      headers: { Allow: 'POST' },
    })
  })
  return routes
}

/** Finds the adapters of integrations by vendor and name, and keeps each for a moment. */
function createVendorCache(db: Db, sealer: Sealer) {
  const cache = new Map<string, { vendor: Vendor; until: number }>()
  return async (name: string, integration: string): Promise<Vendor | undefined> => {
    if (!isVendorName(name)) return undefined
    const key = `${name}/${integration}`
    const known = cache.get(key)
    if (known && known.until > Date.now()) return known.vendor
    const vendor = await findVendor(db, sealer, { vendor: name, integration })
    // Only existing integrations are cached, so that requests for others cannot fill the memory.
    if (vendor) cache.set(key, { vendor, until: Date.now() + CACHE_MS })
    else cache.delete(key)
    return vendor
  }
}

/** Answers a failure of ours with 503, which vendors retry; after a 500 some do not. */
async function orRespond503<T>(
  log: Log,
  work: () => Promise<T>,
  onFailure: () => void,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    onFailure()
    log.error('delivery could not be stored', { error })
    throw new ApiError(503, 'unavailable', 'Not stored. Please send it again.', {
      headers: { 'Retry-After': '30' },
    })
  }
}

// Node joins repeated headers, except for a few, which it returns as a list.
const joinHeader = (value: string | string[] | undefined) =>
  Array.isArray(value) ? value.join(', ') : value

/** Reads the body up to the limit, which is checked against the announced length, or counted while it streams. */
async function readBody(c: Context<Env>): Promise<Buffer> {
  const tooLarge = () =>
    new ApiError(413, 'payload_too_large', 'A delivery may have at most 1 MiB.')
  const announced = c.env.incoming.headers['content-length']
  if (Number(announced ?? 0) > MAX_BODY_BYTES) throw tooLarge()
  // Node's parser reads no more than was announced.
  if (announced !== undefined) return Buffer.from(await c.req.arrayBuffer())
  const chunks: Uint8Array[] = []
  let received = 0
  for await (const chunk of c.req.raw.body ?? []) {
    received += chunk.length
    if (received > MAX_BODY_BYTES) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, received)
}
