import type { Context } from 'hono'
import type { BodyData, ParseBodyOptions } from 'hono/utils/body'
import { PageError } from './page-error.ts'

/**
 * Reads the fields of a form; with `all`, every value of a repeated field. Throws PageError 400 for a body that does not match its
 * content type.
 */
export async function readForm<T extends Partial<ParseBodyOptions>>(
  c: Context,
  options?: T,
): Promise<BodyData<T>> {
  try {
    return (await c.req.parseBody(options)) as BodyData<T>
  } catch (cause) {
    throw unreadable(cause)
  }
}

/** The Fetch Standard specifies a TypeError for `formData()`; anything else is a defect. */
function unreadable(cause: unknown): unknown {
  if (!(cause instanceof TypeError)) return cause
  return new PageError(400, 'invalid_request', ({ errors }) => errors.unreadableForm)
}

/** As `readForm`, for a form with a large file. */
export async function readFormWithFile(c: Context): Promise<FormData> {
  try {
    return await parseFormWithFile(c)
  } catch (cause) {
    throw unreadable(cause)
  }
}

// RFC 2046 §5.1.1; a boundary of characters that need no quotes is often sent without.
const MULTIPART =
  /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([\w'()+,./:=? -]{1,70})"|([\w'()+,./:=?-]{1,70}))\s*(?:;|$)/i
const MAX_PARTS = 20
const MAX_HEAD_BYTES = 4096

/**
 * Parses `multipart/form-data`. Refuses first what no form of ours is: a body of megabytes with hundreds of thousands of parts, or with a
 * head of that size, would occupy the process for seconds. Throws TypeError.
 */
export async function parseFormWithFile(c: Context): Promise<FormData> {
  const given = c.req.header('content-type') ?? ''
  const [, quoted, boundary = quoted] = MULTIPART.exec(given) ?? []
  if (boundary === undefined) throw new TypeError('the body is no form with a file')
  const body = Buffer.from(await c.req.arrayBuffer())
  if (!hasFewParts(body, `--${boundary}`)) throw new TypeError('the form has too many parts')
  const headers = { 'Content-Type': `multipart/form-data; boundary="${boundary}"` }
  return await new Response(body, { headers }).formData()
}

function hasFewParts(body: Buffer, delimiter: string): boolean {
  let parts = 0
  let at = body.indexOf(delimiter)
  while (at !== -1) {
    const from = at + delimiter.length
    const isLast = body.subarray(from, from + 2).equals(END)
    if (!isLast && !body.subarray(from, from + MAX_HEAD_BYTES).includes('\r\n\r\n')) return false
    parts += 1
    if (parts > MAX_PARTS + 1) return false
    at = body.indexOf(delimiter, from)
  }
  return true
}
const END = Buffer.from('--')
