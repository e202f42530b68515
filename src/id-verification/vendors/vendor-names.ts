/** Every vendor, by the name that addresses, options and rows have for it. This file imports nothing: the help of the commands reads it. */
export const VENDORS = ['veriff', 'kora', 'incode', 'mosaic', 'sumsub', 'stripe'] as const
export type VendorName = (typeof VENDORS)[number]
export const isVendorName = (value: string): value is VendorName =>
  (VENDORS as readonly string[]).includes(value)
