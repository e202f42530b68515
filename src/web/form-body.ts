import type { Context } from 'hono'
import type { BodyData, ParseBodyOptions } from 'hono/utils/body'
import { ApiError } from '../platform/errors.ts'

/**
 * The fields of a form; with `all`, every value of a field that occurs several times. Throws ApiError 400 for a body that
 * is not what its content type says.
 */
export async function readForm<T extends Partial<ParseBodyOptions>>(
  c: Context,
  options?: T,
): Promise<BodyData<T>> {
  try {
    return (await c.req.parseBody(options)) as BodyData<T>
  } catch (cause) {
    // What the Fetch Standard has `formData()` throw; anything else is ours.
    if (!(cause instanceof TypeError)) throw cause
    throw new ApiError(400, 'invalid_request', 'The form in the request cannot be read.')
  }
}
