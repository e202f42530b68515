import { z } from 'zod'
import type { ReadableImage } from '../id-verification/reading.ts'
import { INCODE_IMAGE_TYPES } from '../id-verification/vendors/incode.ts'

/* The names by which a request asks for images: our own, Incode's, and `face` of the endpoint for documents (`docs/contract.md` §4). */

const ALIASES: ReadonlyMap<string, string> = new Map([...INCODE_IMAGE_TYPES, ['face', 'selfie']])

/** Those of a type, by our name of it or by an alias. */
export const ofType = (images: readonly ReadableImage[], name: string): ReadableImage[] => {
  const type = ALIASES.get(name) ?? name
  return images.filter((image) => image.type === type)
}

const OF_SECOND_DOCUMENT =
  'the images of a second document are not copied from any vendor. There are those of the first: document_front and document_back.'
/** What Incode has calls of their own for. */
const NOT_OFFERED: ReadonlyMap<string, string> = new Map([
  [
    'concatenated',
    'images are not combined into one here. There are document_front, document_back and selfie, each by itself.',
  ],
  ['second_document_front', OF_SECOND_DOCUMENT],
  ['second_document_back', OF_SECOND_DOCUMENT],
])

const isCropped = (name: string) => name.startsWith('cropped')
const NAMES_OF_INCODE = [...INCODE_IMAGE_TYPES.keys()]
const OWN = /^[a-z0-9_]{1,64}$/

/** Says why a request for this name is refused, and what there is instead; `undefined` for one that may be asked for. */
function refusalOf(name: string, namesOfIncode: readonly string[]): string | undefined {
  const reason = NOT_OFFERED.get(name)
  if (reason) return `${name}: ${reason}`
  if (OWN.test(name) || namesOfIncode.includes(name)) return undefined
  // The sentence of Incode's documentation.
  if (INCODE_IMAGE_TYPES.has(name))
    return `${name}: Cropped version of images are not available for this endpoint. POST …/images/base64 has them.`
  return `${name}: there is no such type. Incode's names are ${namesOfIncode.join(', ')}; GET …/images lists the types of a verification.`
}

/** The body of a request for several images, by our names, these of Incode, and no others. */
const requestOf = (id: string, namesOfIncode: readonly string[]) => {
  const name = z
    .string()
    .regex(/^[A-Za-z0-9_]{1,64}$/, 'must be names of image types')
    .superRefine((value, issues) => {
      const message = refusalOf(value, namesOfIncode)
      if (message) issues.addIssue({ code: 'custom', message })
    })
    .meta({
      pattern: `^([a-z0-9_]{1,64}|${namesOfIncode.filter((each) => !OWN.test(each)).join('|')})$`,
      not: { enum: [...NOT_OFFERED.keys()] },
    })
  return z
    .strictObject({
      images: z
        .array(name)
        .min(1, 'must name at least one type of image')
        .max(30, 'may name 30 types of images')
        .describe("Our names, or those of Incode's systems such as fullFrameFrontID"),
    })
    .meta({ id })
}

/** Types of images that are read as base64. */
export const imageTypesSchema = requestOf('ImageTypes', NAMES_OF_INCODE)
/** Types of images that links are made for: like Incode, not for the cropped ones by its names. */
export const linkedTypesSchema = requestOf(
  'LinkedImageTypes',
  NAMES_OF_INCODE.filter((name) => !isCropped(name)),
)
