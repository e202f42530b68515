import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { z } from 'zod'
import { UPLOAD_TYPES, type UploadType } from '../id-verification/captures.ts'
import type { TenantVerification } from '../id-verification/reading.ts'
import { sendCompletion, sendImage } from '../id-verification/uploads.ts'
import { MANUAL } from '../id-verification/vendors/vendor-names.ts'
import { disclose } from '../ledger/disclosure.ts'
import { ApiError } from '../platform/errors.ts'
import { operation } from './operation.ts'
import { asksJson, invalid, readJson, refuseOtherMethods, smallBody } from './requests.ts'
import { EXAMPLE_ID, EXAMPLE_IMAGE, id } from './schemas.ts'
import {
  EXAMPLE_VERIFICATION,
  entryOf,
  noVerification,
  presentVerification,
  requireVerification,
  type TenantEnv,
  type TenantParts,
  verificationSchema,
} from './tenant-requests.ts'
import {
  readUpload,
  takesImage,
  toTypedFindings,
  typedDocumentSchema,
  uploadFormSchema,
  uploadSchema,
  uploadsClosed,
} from './uploads.ts'

const BASE = '/api/v1/idv/verifications/:id'
const IMAGES = 'The images of this verification are taken by its vendor'
const DECISION = 'This verification is completed by its vendor, when the person is done'
const LIVENESS = 'The liveness of the person is checked by the vendor of this verification'

/** Calls of Kora's API (`docs/vendor-protocols.md` §4.2) that check liveness: that is always a vendor's part. */
const LIVENESS_CALLS = [
  ['POST', 'liveness/session'],
  ['POST', 'liveness/challenge'],
  ['POST', 'liveness/frames'],
  ['GET', 'liveness'],
].map(([method = '', end = '']) => ({ method, path: `${BASE}/${end}` }))

const uploadedSchema = z
  .object({
    id: id.describe('Of the image, as the list of images has it once the verification is complete'),
    type: z.enum(UPLOAD_TYPES),
    missingImages: z.array(z.enum(UPLOAD_TYPES)).describe('Without which it cannot be completed'),
  })
  .meta({ id: 'UploadedImage' })

const upload = (given: {
  type: UploadType
  end: string
  operationId: string
  what: string
  missing: UploadType[]
}) => ({
  type: given.type,
  operation: operation({
    method: 'post',
    path: `${BASE}/${given.end}`,
    operationId: given.operationId,
    records: [],
    summary: `Upload ${given.what}, for a verification of \`manual\``,
    description:
      'The image is decoded as a whole and stored before the answer. A JPEG, PNG, WebP or HEIC of up to 20 MiB and 50 megapixels; another one replaces it until the verification is complete. What was typed from the document may be sent beside it.',
    scope: 'idv.write',
    body: {
      schema: uploadSchema,
      example: { image: EXAMPLE_IMAGE, documentType: 'national_id' },
      form: uploadFormSchema,
    },
    answer: {
      status: 200,
      description: 'The image is stored',
      schema: uploadedSchema,
      example: { id: EXAMPLE_ID, type: given.type, missingImages: given.missing },
    },
    errors: {
      400: invalid('image', 'the image is cut off'),
      404: 'There is no such verification.',
      409: `${IMAGES}, veriff, at the url that started it.`,
      413: 'An image may have 20 MiB.',
      415: 'Send the image itself as image/jpeg, image/png, image/webp or image/heic.',
    },
  }),
})

const UPLOADS = [
  upload({
    type: 'document_front',
    end: 'document',
    operationId: 'uploadDocument',
    what: "the document's front",
    missing: ['document_back', 'selfie'],
  }),
  upload({
    type: 'document_back',
    end: 'document/back',
    operationId: 'uploadDocumentBack',
    what: "the document's back",
    missing: ['selfie'],
  }),
  upload({
    type: 'selfie',
    end: 'selfie',
    operationId: 'uploadSelfie',
    what: "the person's face",
    missing: [],
  }),
]

const complete = operation({
  method: 'post',
  path: `${BASE}/complete`,
  operationId: 'completeVerification',
  records: ['tenant-read'],
  summary: 'Close the uploads of a verification of `manual`; it then waits for review',
  description:
    'It needs the front of the document and the face, and the back too unless the document is a passport or a visa. What was typed is compared with the account of the resident who linked the subject, once the verification is approved.',
  scope: 'idv.write',
  body: {
    schema: typedDocumentSchema,
    example: { givenName: 'Ana', surname: 'Muestra', dateOfBirth: '1990-02-03' },
    optional: true,
  },
  answer: {
    status: 200,
    description: 'The verification, with the status `review`',
    schema: verificationSchema,
    example: {
      ...EXAMPLE_VERIFICATION,
      vendor: 'manual',
      status: 'review',
      documentType: 'national_id',
    },
  },
  errors: {
    400: invalid('dateOfBirth', 'is not possible', 'range'),
    404: 'There is no such verification.',
    409: 'Images are missing: document_back, selfie.',
  },
})

export const captureOperations = [...UPLOADS.map((each) => each.operation), complete]

/** Calls that capture a person, as a vendor does on its own pages: for a verification of a vendor each is refused. */
export const REFUSED_CAPTURES = [
  ...captureOperations.map(({ path }) => ({ method: 'POST', path })),
  ...LIVENESS_CALLS,
]

export type CaptureParts = TenantParts & { uploadTurns: MiddlewareHandler }

/** Takes the images of verifications of `manual`, and refuses for every other one by the name of its vendor. */
export function captureRoutes(parts: CaptureParts): Hono {
  const { bearer, db, log } = parts
  const routes = new Hono()

  for (const { type, operation } of UPLOADS) {
    const write = bearer.requireService(operation.scope)
    routes.post(operation.path, write, asksJson, ...takesImage(parts), async (c) => {
      const { id: verificationId } = await requireManual(parts, c, IMAGES)
      const given = { verificationId, type, ...(await readUpload(c)) }
      const uploaded = await sendImage(parts, given)
      if ('refused' in uploaded) throw invalid('image', uploaded.refused)
      if ('closed' in uploaded) throw captureFailure(uploaded)
      const answer: z.infer<typeof uploadedSchema> = {
        id: uploaded.imageId,
        type,
        missingImages: uploaded.missing,
      }
      return c.json(answer)
    })
    refuseOtherMethods(routes, operation.path, 'POST')
  }

  const write = bearer.requireService(complete.scope)
  routes.post(complete.path, write, asksJson, smallBody, async (c) => {
    const { id } = await requireManual(parts, c, DECISION)
    // Kora's own has no documented body.
    const isEmpty = (await c.req.text()) === ''
    const findings = toTypedFindings(isEmpty ? {} : await readJson(c, typedDocumentSchema))
    const outcome = await sendCompletion(parts, { verificationId: id, findings })
    if ('closed' in outcome) throw captureFailure(outcome)
    if (outcome.missing.length > 0)
      throw new ApiError(409, 'conflict', `Images are missing: ${outcome.missing.join(', ')}.`, {
        details: { missingImages: outcome.missing },
      })
    log.info('verification completed', { verificationId: id, clientId: c.var.service.clientId })
    const completed = await requireVerification(parts, c)
    const entry = entryOf(c, { what: 'tenant-read', of: 'verification' }, completed)
    return disclose(db, entry, () => c.json(presentVerification(completed)))
  })
  refuseOtherMethods(routes, complete.path, 'POST')

  for (const { method, path } of LIVENESS_CALLS) {
    const scope = method === 'GET' ? 'idv.read' : 'idv.write'
    routes.on(method, path, bearer.requireService(scope), asksJson, async (c) => {
      const { vendor } = await requireManual(parts, c, LIVENESS)
      throw new ApiError(
        409,
        'conflict',
        'The liveness of the person is not checked for this verification, which is of manual: only vendors check it.',
        { details: { vendor } },
      )
    })
    refuseOtherMethods(routes, path, method === 'GET' ? 'GET, HEAD' : method)
  }
  return routes
}

/** The verification of the path, if it is of `manual`. Throws 404, and 409 that names the vendor whose part it is. */
async function requireManual(
  parts: TenantParts,
  c: Context<TenantEnv>,
  reason: string,
): Promise<TenantVerification> {
  const found = await requireVerification(parts, c)
  const { vendor } = found
  if (vendor === MANUAL) return found
  throw new ApiError(
    409,
    'conflict',
    `${reason}, ${vendor}, at the url that started it. Read its state with GET /api/v1/idv/verifications/{id}.`,
    { details: { vendor } },
  )
}

const captureFailure = (outcome: Parameters<typeof uploadsClosed>[0]) =>
  outcome.closed === 'gone' ? noVerification() : uploadsClosed(outcome)
