import { createHash } from 'node:crypto'
import { Hono } from 'hono'
import type { Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'
import type { Outbound } from '../platform/outbound.ts'
import { PageError } from '../web/page-error.ts'

const MAX_LOGO_BYTES = 256 * 1024

export type Logo = { contentType: 'image/png' | 'image/jpeg' | 'image/webp'; bytes: Uint8Array }

/** Detects the image type from the bytes. SVG is rejected, because it can contain scripts. Throws OperatorError. */
export function readLogo(bytes: Uint8Array): Logo {
  if (bytes.length > MAX_LOGO_BYTES)
    throw new OperatorError(`The logo is larger than ${MAX_LOGO_BYTES / 1024} KiB.`)
  const contentType = typeOf(Buffer.from(bytes))
  if (!contentType) throw new OperatorError('The logo must be a PNG, JPEG or WebP image.')
  return { contentType, bytes }
}

function typeOf(bytes: Buffer): Logo['contentType'] | undefined {
  const at = (start: number, end: number) => bytes.toString('latin1', start, end)
  // PNG §5.2, JPEG's SOI and the marker after it, and RIFF with WebP's form type (RFC 9649 §2.4).
  if (at(0, 8) === '\x89PNG\r\n\x1a\n' && at(12, 16) === 'IHDR') return 'image/png'
  if (at(0, 3) === '\xff\xd8\xff') return 'image/jpeg'
  if (at(0, 4) === 'RIFF' && at(8, 12) === 'WEBP') return 'image/webp'
  return undefined
}

/**
 * Fetches the logo of a registration's `logo_uri` from a public address. It is stored, so that browsers never contact the
 * application's server. Throws OperatorError with a reason that the registering party may see.
 */
export async function fetchLogo(outbound: Outbound, logoUri: string): Promise<Logo> {
  let answer: Response
  try {
    answer = await outbound(logoUri, {
      headers: { Accept: 'image/webp, image/png, image/jpeg' },
      maxBytes: MAX_LOGO_BYTES,
    })
  } catch (cause) {
    // One message for every reason, so that it reveals nothing about our network.
    throw new OperatorError('The logo could not be fetched from logo_uri.', { cause })
  }
  if (answer.status !== 200) throw new OperatorError('The logo could not be fetched from logo_uri.')
  return readLogo(new Uint8Array(await answer.arrayBuffer()))
}

/**
 * Fetches and stores the logo of a client that registered itself. On failure the client has no logo: the failure is logged and not
 * retried.
 */
export async function fetchRegisteredLogo(
  { db, outbound, log }: { db: Sql; outbound: Outbound; log: Log },
  clientId: string,
): Promise<void> {
  const [row] = await db<{ logoUri: string | null }[]>`
    select metadata->>'logo_uri' as logo_uri from client where id = ${clientId}`
  if (!row) return
  try {
    const logo = row.logoUri === null ? undefined : await fetchLogo(outbound, row.logoUri)
    await setClientLogo(db, clientId, logo)
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    // Not as a failure of ours, whose repetitions are counted instead of written.
    log.warn('logo refused', { clientId, reason: error.message })
  }
}

/** Stores the client's logo in place of the earlier one; `undefined` removes it. */
export async function setClientLogo(
  sql: Sql,
  clientId: string,
  logo: Logo | undefined,
): Promise<void> {
  if (!logo) {
    await sql`delete from client_logo where client_id = ${clientId}`
    return
  }
  const bytes = Buffer.from(logo.bytes)
  await sql`
    insert into client_logo (client_id, content_type, bytes, sha256)
    values (${clientId}, ${logo.contentType}, ${bytes}, ${createHash('sha256').update(bytes).digest()})
    on conflict (client_id) do update set content_type = excluded.content_type, bytes = excluded.bytes,
      sha256 = excluded.sha256, updated_at = now()`
}

/** `GET /applications/:clientId/logo`, public: a logo reveals nothing about a resident. */
export function clientLogoRoutes({ db }: { db: Sql }): Hono {
  return new Hono().get('/applications/:clientId/logo', async (c) => {
    const [logo] = await db<{ contentType: string; digest: string; bytes: Buffer }[]>`
      select content_type, encode(sha256, 'hex') as digest, bytes from client_logo
      where client_id = ${c.req.param('clientId')}`
    if (!logo) throw new PageError(404, 'not_found', ({ errors }) => errors.notFound)
    const isNamed = c.req.query('sha256') === logo.digest.slice(0, 32)
    const headers = {
      ETag: `"${logo.digest}"`,
      'Cache-Control': isNamed ? 'public, max-age=31536000, immutable' : 'no-cache',
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Resource-Policy': 'same-origin',
    }
    if (c.req.header('if-none-match') === headers.ETag) return c.body(null, 304, headers)
    return c.body(new Uint8Array(logo.bytes), 200, { ...headers, 'Content-Type': logo.contentType })
  })
}
