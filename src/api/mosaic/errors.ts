import { z } from 'zod'
import type { ApiError } from '../../platform/errors.ts'
import { text } from '../schemas.ts'

/** The path of every route of this folder, as Mosaic names it (`docs/vendor-protocols.md` §6). */
export const MOSAIC_BASE = '/api/v1/verification'

export const isMosaicPath = (path: string): boolean =>
  path === MOSAIC_BASE || path.startsWith(`${MOSAIC_BASE}/`)

export const mosaicErrorSchema = z
  .object({
    message: text.describe('For people; names the key that is at fault'),
    error_code: z.int().describe('The status'),
  })
  .meta({ id: 'MosaicError' })

/** Mosaic documents no body for errors; this is that of the vendor's other products (`docs/vendor-protocols.md` §6.7). */
export const toMosaicBody = (error: ApiError): z.infer<typeof mosaicErrorSchema> => ({
  message: error.description ?? error.error,
  error_code: error.status,
})
