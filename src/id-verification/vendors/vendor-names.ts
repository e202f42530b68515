/** Every vendor, by the name that addresses, options and rows have for it. This file imports nothing: the help of the commands reads it. */
export const VENDORS = ['veriff', 'kora', 'incode', 'mosaic', 'sumsub', 'stripe'] as const
export type VendorName = (typeof VENDORS)[number]
export const isVendorName = (value: string): value is VendorName =>
  (VENDORS as readonly string[]).includes(value)

/** In-house review: a back office uploads the images, and people decide. There is no service behind it. */
export const MANUAL = 'manual'
/** Who verifies: a vendor, or the tenant's own people. */
export const VERIFIERS = [...VENDORS, MANUAL] as const
export type VerifierName = (typeof VERIFIERS)[number]
export const isVerifierName = (value: string): value is VerifierName =>
  (VERIFIERS as readonly string[]).includes(value)
