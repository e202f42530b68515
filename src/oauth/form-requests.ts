import type { IncomingMessage, ServerResponse } from 'node:http'
import { ApiError } from '../platform/errors.ts'

const PATHS = ['/api/oauth/authorize', '/api/oauth/end_session']
const LARGEST_FORM = 16 * 1024

/**
 * Request headers up to this size are read, in bytes: the longest form becomes an address of three times its length when
 * every byte of it has to be escaped.
 */
export const MAX_HEADER_BYTES = 64 * 1024

/** Whether `redirectForm` answers the request: a POST to an endpoint whose parameters may come either way. */
export const isFormRequest = (method: string | undefined, path: string): boolean =>
  method === 'POST' && PATHS.includes(path)

/**
 * OpenID Connect Core §3.1.2.1 and RP-Initiated Logout §2: the endpoint takes its parameters as a form too. The form is
 * answered with 303 to the same path with GET, because a POST from another site carries no `SameSite=Lax` cookie and the
 * GET after it does. Throws ApiError 413 above 16 KiB, 415 for what is not a form.
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
  // Both parts are kept, so that a parameter in both is refused as a repeated one.
  const parameters = [query, escaped(form)].filter(Boolean).join('&')
  const location = parameters ? `${path}?${parameters}` : path
  res.writeHead(303, { Location: location, 'Content-Length': 0 })
  res.end()
}

async function readForm(req: IncomingMessage): Promise<Buffer> {
  const tooLarge = () => new ApiError(413, 'payload_too_large', 'A form may have 16 KiB.')
  if (Number(req.headers['content-length'] ?? 0) > LARGEST_FORM) throw tooLarge()
  const chunks: Buffer[] = []
  let size = 0
  // Without `destroyOnReturn` the refusal would close the connection before its answer is sent.
  const bytes: AsyncIterable<Buffer> = req.iterator({ destroyOnReturn: false })
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > LARGEST_FORM) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A form's body as the query of an address: what a query may not hold (RFC 3986 §3.4) is percent-encoded. */
const escaped = (form: Buffer): string =>
  form
    .toString('latin1')
    .replace(
      /[^!$&'()*+,\-./0-9:;=?@A-Z_a-z~%]/g,
      (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
