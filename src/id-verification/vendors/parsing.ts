import { VendorError } from './vendor.ts'

/** Parses UTF-8 JSON of a vendor; `undefined` when it is none, which no schema accepts. */
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

/** Returns a vendor's id as it stands in a path, and throws VendorError when it could mean another path. */
export function pathSegment(id: string): string {
  if (!/^[A-Za-z0-9._-]{1,200}$/.test(id) || /^\.+$/.test(id))
    throw new VendorError('the vendor named something with an id that cannot be asked for')
  return id
}
