import { z } from 'zod'

/*
 * What several routes take or answer. A schema of one route stands beside it. Requests are checked by the schemas, answers are
 * typed by them, and the OpenAPI document is made of them: under `components` those whose `meta` has an `id`.
 */

export const text = z.string()
export const id = z.uuid()
export const time = z.iso.datetime().describe('UTC, with milliseconds')
export const day = z.iso.date()
export const link = z
  .url()
  .describe('A presigned link: it opens one JPEG without signing in, until it expires. A secret.')

export const documentType = z.enum([
  'passport',
  'national_id',
  'drivers_license',
  'residence_permit',
  'visa',
  'other',
])

export const ONE_LINE = 'must be one line of ordinary text, without invisible characters'
/*
 * Patterns of the document. ECMA 262 and Python's `re` both read them: neither `\p` nor an escape above U+FFFF is in both. They allow a
 * little more than the server, which checks by Unicode's categories: unassigned code points, and what is beyond U+FFFF.
 */
const HIDDEN =
  '\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890-\\u0891\\u08e2\\u180e\\u2028-\\u202e\\u2060-\\u206f\\ue000-\\uf8ff\\ufeff\\ufff9-\\ufffb'
const ZERO_WIDTH = '\\u200b-\\u200f'
// Joiners are allowed between letters that need them; variation selectors and fillers are not.
const ZERO_WIDTH_OF_TEXT =
  '\\u034f\\u115f-\\u1160\\u17b4-\\u17b5\\u180b-\\u180f\\u200b\\u200e-\\u200f\\u3164\\ufe00-\\ufe0f\\uffa0'
const SPACES = '\\u0020\\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000'
const notHidden = HIDDEN + ZERO_WIDTH

/** One line of ordinary text, which may be empty: what `isDisplayable` allows. */
export const linePattern = (longest: number): string =>
  `^[^${HIDDEN}${ZERO_WIDTH_OF_TEXT}]{0,${longest}}$`
/** One line of 1 to `longest` printable characters without a space at either end. */
export const trimmedLinePattern = (longest: number): string =>
  `^[^${notHidden}${SPACES}]([^${notHidden}]{0,${longest - 2}}[^${notHidden}${SPACES}])?$`

export const errorSchema = z
  .object({
    error: text.describe('For programs'),
    error_description: text.optional().describe('For people'),
    error_uri: text
      .optional()
      .describe(
        'What the error means and what to do. The header `Link` has it too, also where the body has no such member',
      ),
    details: z.record(text, z.unknown()).optional(),
  })
  .meta({ id: 'Error' })

export const backOfficeErrorSchema = z
  .object({
    code: text.describe('For programs'),
    error: text.describe('For people'),
    details: z.record(text, z.unknown()),
  })
  .meta({ id: 'BackOfficeError' })

/** The ids that examples use, and a whole image of one pixel. */
export const EXAMPLE_ID = '0e6f1c56-3a8b-4f5e-8a77-2f1d9c0b7a11'
export const EXAMPLE_IMAGE =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mOoBwAAgQCAfhwpxwAAAABJRU5ErkJggg=='
export const EXAMPLE_SUBJECT_ID = '6f1d8f0a-54c5-4d6f-9b8b-0c8f7c1e2a33'
export const EXAMPLE_LINK =
  'https://documents.example.org/default/front.jpg?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=3600'
