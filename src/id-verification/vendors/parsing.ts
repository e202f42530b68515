import { VendorError } from './vendor.ts'

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

/** Returns a vendor's id for use as a path segment. Throws VendorError when it could change the path. */
export function pathSegment(id: string): string {
  if (!/^[A-Za-z0-9._-]{1,200}$/.test(id) || /^\.+$/.test(id))
    throw new VendorError('the vendor uses an id that is not valid in a path')
  return id
}
