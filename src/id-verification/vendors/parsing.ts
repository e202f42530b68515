import { z } from 'zod'
import { VendorError } from './vendor.ts'

/** A vendor's id. */
export const id = z.string().min(1).max(200)
/** A text that may be missing; a value of another type counts as missing. */
export const text = z.string().nullish().catch(undefined)

/** Parses UTF-8 JSON of a vendor; `undefined`, which no schema accepts, when it is not JSON. */
export function parseJson(
  bytes: Uint8Array,
  reviver?: (key: string, value: unknown) => unknown,
): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), reviver)
  } catch {
    return undefined
  }
}

/** Returns a response as its schema describes it. Throws VendorError when it has another shape. */
export function parseAnswer<T>(schema: z.ZodType<T>, json: unknown, vendor: string): T {
  const parsed = schema.safeParse(json)
  if (!parsed.success)
    throw new VendorError(`the answer has another shape than ${vendor} documents`)
  return parsed.data
}

/**
 * Returns a vendor's name of an image as our type; empty when nothing of it is left. Types become part of object keys, so they have
 * lower-case letters, digits and underscores only.
 */
export const toImageType = (name: string, maxLength = 60): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, maxLength)

/** Returns a vendor's id for use as a path segment. Throws VendorError when it could change the path. */
export function pathSegment(id: string): string {
  if (!/^[A-Za-z0-9._-]{1,200}$/.test(id) || /^\.+$/.test(id))
    throw new VendorError('the vendor uses an id that is not valid in a path')
  return id
}
