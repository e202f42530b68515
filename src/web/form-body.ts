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
    // The Fetch Standard specifies this error for `formData()`; anything else is a defect.
    if (!(cause instanceof TypeError)) throw cause
    throw new PageError(400, 'invalid_request', ({ errors }) => errors.unreadableForm)
  }
}
