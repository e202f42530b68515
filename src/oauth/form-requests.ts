import type { IncomingMessage, ServerResponse } from 'node:http'
import { ApiError } from '../platform/errors.ts'

const PATHS = ['/api/oauth/authorize', '/api/oauth/end_session']
const MAX_FORM_BYTES = 16 * 1024

/**
 * The limit for request headers, in bytes: the longest form becomes an address of three times its length when every byte of it is
 * escaped.
 */
export const MAX_HEADER_BYTES = 64 * 1024

/** Whether `redirectForm` handles the request: a POST to an endpoint that also accepts its parameters in the query. */
export const isFormRequest = (method: string | undefined, path: string): boolean =>
  method === 'POST' && PATHS.includes(path)

/**
 * Redirects a form to GET. OpenID Connect Core §3.1.2.1 and RP-Initiated Logout §2 allow parameters in a form; the response is
 * 303 to the same path, because a POST from another site carries no `SameSite=Lax` cookie, and the GET after it does.
 * Throws ApiError 413 above 16 KiB, 415 for any other content type.
 */
export async function redirectForm(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const [type = ''] = (req.headers['content-type'] ?? '').split(';', 1)
  if (
    type.trim().toLowerCase() !== 'application/x-www-form-urlencoded' ||
    req.headers['content-encoding'] !== undefined
  )
    throw new ApiError(
      415,
      'unsupported_media_type',
      'Send the parameters in the query, or in a body of the type application/x-www-form-urlencoded.',
    )
  const form = await readForm(req)
  const [path = '/', query] = (req.url ?? '/').split('?', 2)
  // Both parts are kept, so that a parameter in both is rejected as repeated.
  const parameters = [query, toQuery(form)].filter(Boolean).join('&')
  const location = parameters ? `${path}?${parameters}` : path
  res.writeHead(303, { Location: location, 'Content-Length': 0 })
  res.end()
}

async function readForm(req: IncomingMessage): Promise<Buffer> {
  const tooLarge = () => new ApiError(413, 'payload_too_large', 'A form may have at most 16 KiB.')
  if (Number(req.headers['content-length'] ?? 0) > MAX_FORM_BYTES) throw tooLarge()
  const chunks: Buffer[] = []
  let size = 0
  // Without `destroyOnReturn: false` the connection would close before the refusal is sent.
  const bytes: AsyncIterable<Buffer> = req.iterator({ destroyOnReturn: false })
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > MAX_FORM_BYTES) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A form's body as a query: characters that a query must not contain (RFC 3986 §3.4) are percent-encoded. */
const toQuery = (form: Buffer): string =>
  form
    .toString('latin1')
    .replace(
      /[^!$&'()*+,\-./0-9:;=?@A-Z_a-z~%]/g,
      (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
