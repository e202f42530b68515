import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { MAX_IMAGE_BYTES } from '../id-verification/image.ts'
import type { UploadsClosed } from '../id-verification/manual.ts'
import { toFindings } from '../id-verification/vendors/findings.ts'
import type { DocumentFindings } from '../id-verification/vendors/vendor.ts'
import { ApiError, TooBusyError } from '../platform/errors.ts'
import { parseFormWithFile } from '../web/form-body.ts'
import { check, invalid, readJson } from './requests.ts'
import { day, documentType, text, trimmedLinePattern } from './schemas.ts'

const typed = z
  .string()
  .regex(
    /^[^\p{C}\p{Z}]([^\p{C}\p{Zl}\p{Zp}]{0,198}[^\p{C}\p{Z}])?$/u,
    'must be 1 to 200 printable characters, without a space at either end',
  )
  .meta({ id: 'DocumentText', pattern: trimmedLinePattern(200), description: 'As it is printed' })
const country = z.string().regex(/^[A-Za-z]{2,3}$/, 'must be a code of ISO 3166-1')

/** What somebody typed from the document. */
export const typedDocumentSchema = z
  .strictObject({
    documentType: documentType.optional(),
    documentNumber: typed.optional(),
    givenName: typed.optional(),
    surname: typed.optional(),
    dateOfBirth: day.optional(),
    nationality: country.optional(),
    issuingCountry: country.optional(),
    issueDate: day.optional(),
    expirationDate: day.optional(),
  })
  .meta({ id: 'TypedDocument' })

export const uploadSchema = z
  .strictObject({
    image: text.min(1).meta({ contentEncoding: 'base64', description: 'The image, as base64' }),
    ...typedDocumentSchema.shape,
  })
  .meta({ id: 'Upload' })

/** The same as a form, for its description: `readUpload` takes it apart. */
export const uploadFormSchema = z
  .strictObject({
    image: text.meta({ format: 'binary', description: 'The image, as a file' }),
    ...typedDocumentSchema.shape,
  })
  .meta({ id: 'UploadForm' })

// As base64, with what was typed or with the parts of a form around it.
const LARGEST_UPLOAD = Math.ceil(MAX_IMAGE_BYTES / 3) * 4 + 64 * 1024

const tooLarge = () => new ApiError(413, 'payload_too_large', 'An image may have 20 MiB.')

// Each is in memory as a whole, several times.
const UPLOADS_AT_ONCE = 2
const UPLOADS_WAITING = 50

/** Lets few uploads of this process be read at once. Throws TooBusyError when too many wait. */
export function createUploadTurns(atOnce = UPLOADS_AT_ONCE): MiddlewareHandler {
  const waiting: (() => void)[] = []
  let running = 0
  return async (_c, next) => {
    if (running >= atOnce) {
      if (waiting.length >= UPLOADS_WAITING) throw new TooBusyError('too many images are uploaded')
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      await next()
    } finally {
      // Passes its turn on without freeing it, so that no later upload overtakes.
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}

/** For routes that take an image: waits for a turn before the body is read, and counts the body while it comes. */
export const takesImage = ({
  uploadTurns,
}: {
  uploadTurns: MiddlewareHandler
}): [MiddlewareHandler, MiddlewareHandler] => [
  uploadTurns,
  bodyLimit({
    maxSize: LARGEST_UPLOAD,
    onError: () => {
      throw tooLarge()
    },
  }),
]

const NOT_AN_IMAGE =
  'Send the image itself as image/jpeg, image/png, image/webp or image/heic, or as `image` of application/json (base64) or multipart/form-data.'

/** The uploaded image, and what was typed beside it. Throws 400, 413 and 415. */
export async function readUpload(
  c: Context,
): Promise<{ bytes: Uint8Array; findings: DocumentFindings | undefined }> {
  const type = (c.req.header('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/json') {
    const { image, ...document } = await readJson(c, uploadSchema)
    return { bytes: readBase64('image', image), findings: toTypedFindings(document) }
  }
  if (type === 'multipart/form-data') {
    const { image, ...document } = await readForm(c)
    if (!(image instanceof Blob)) throw invalid('image', 'required', 'required')
    return {
      bytes: requireSize('image', new Uint8Array(await image.arrayBuffer())),
      findings: toTypedFindings(check(typedDocumentSchema, document)),
    }
  }
  if (!/^image\/|^application\/octet-stream$/.test(type))
    throw new ApiError(415, 'unsupported_media_type', NOT_AN_IMAGE)
  const bytes = requireSize('image', new Uint8Array(await c.req.arrayBuffer()))
  return { bytes, findings: undefined }
}

/** The members of a form, each once. */
async function readForm(c: Context): Promise<Record<string, unknown>> {
  const members: Record<string, unknown> = {}
  const form = await parseFormWithFile(c).catch(() => {
    throw new ApiError(400, 'invalid_request', 'The body is not a form.')
  })
  for (const [name, value] of form) {
    if (Object.hasOwn(members, name)) throw invalid(name, 'is given more than once', 'unique')
    members[name] = value
  }
  return members
}

/** The bytes of a field that is base64. */
export function readBase64(field: string, encoded: string): Uint8Array {
  if (encoded.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(encoded))
    throw invalid(field, 'must be base64', 'format')
  return requireSize(field, Buffer.from(encoded, 'base64'))
}

function requireSize(field: string, bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) throw invalid(field, 'required', 'required')
  if (bytes.length > MAX_IMAGE_BYTES) throw tooLarge()
  return bytes
}

/** What was typed, as the findings of a document. `undefined`: nothing was. */
export function toTypedFindings(
  given: z.infer<typeof typedDocumentSchema>,
): DocumentFindings | undefined {
  const { documentType, documentNumber, issuingCountry, issueDate, expirationDate, ...person } =
    given
  const members = {
    fullName: undefined,
    givenName: person.givenName,
    surname: person.surname,
    dateOfBirth: person.dateOfBirth,
    nationality: person.nationality,
    documentType,
    country: issuingCountry,
    number: documentNumber,
    issuedOn: issueDate,
    expiresOn: expirationDate,
  }
  const findings = toFindings(members)
  for (const [field, value, read] of [
    ['documentNumber', documentNumber, findings?.number],
    ['givenName', person.givenName, findings?.givenName],
    ['surname', person.surname, findings?.surname],
    ['dateOfBirth', person.dateOfBirth, findings?.dateOfBirth],
    ['nationality', person.nationality, findings?.nationality],
    ['issuingCountry', issuingCountry, findings?.country],
    ['issueDate', issueDate, findings?.issuedOn],
    ['expirationDate', expirationDate, findings?.expiresOn],
  ] as const)
    if (value !== undefined && read === undefined) throw invalid(field, 'is not possible', 'range')
  return findings ?? (documentType && members)
}

/** The response to an upload, or to its completion, that is not possible any more; 404 is the caller's. */
export function uploadsClosed({ closed }: UploadsClosed): ApiError {
  const why =
    closed === 'too many'
      ? 'This verification has had too many images: complete it, or start another one.'
      : 'This verification is completed: it takes no more images.'
  return new ApiError(409, 'conflict', why)
}
