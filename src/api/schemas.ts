import { z } from 'zod'
import { isDisplayable } from '../displayed-text.ts'
import { ERASURE_ANSWERS } from '../events/store.ts'
import { VENDORS } from '../id-verification/vendors/vendor.ts'

/*
 * What goes in and what comes out, once: requests are checked by these, answers are typed by them, and the OpenAPI
 * document is made of them.
 */

/** Those that the document names; everything else stands where it is used. */
export const named: z.core.$ZodRegistry<{ id: string }> = z.registry<{ id: string }>()
const name = <T extends z.ZodType>(id: string, schema: T): T => {
  named.add(schema, { id })
  return schema
}

const text = z.string()
const time = z.iso.datetime().describe('UTC, with milliseconds')
const day = z.iso.date()
const link = z
  .url()
  .describe('A presigned link: it opens one JPEG without signing in, until it expires. A secret.')

const documentType = z.enum([
  'passport',
  'national_id',
  'drivers_license',
  'residence_permit',
  'visa',
  'other',
])
const status = z.enum([
  'pending',
  'approved',
  'declined',
  'resubmission',
  'review',
  'expired',
  'error',
])
const recommendation = z.enum(['ALLOW', 'CHALLENGE', 'DENY'])

export const idVerificationSchema = name(
  'IdVerification',
  z
    .object({
      id: z.uuid().nullable(),
      type: z.enum(VENDORS).nullable().describe('Who verified it'),
      documentType: documentType.nullable().optional(),
      date: time.nullable().describe('When the verification session was created'),
      status: z.literal('approved').nullable(),
      documents: z.object({
        documentFront: link.nullable(),
        documentBack: link.nullable().describe('Passports have none'),
        face: link.nullable(),
      }),
    })
    .describe('Every field is null where nothing is approved'),
)

export const signedQuerySchema = z.object({
  signed: z
    .enum(['1'])
    .optional()
    .describe(
      'The answer as a JWT that the portal signed; `Accept: application/jwt` does the same',
    ),
})

export const naturalPersonSchema = name(
  'NaturalPerson',
  z.object({
    givenName: text,
    surname: text,
    name: text,
    residentPermitNumber: z
      .string()
      .regex(/^\d{14}$/)
      .nullable(),
    countryOfBirth: text.nullable(),
    citizenships: z.array(text),
    dateOfBirth: day.nullable(),
    sex: z.enum(['M', 'F']).nullable(),
    address: z
      .object({
        country: text,
        line1: text,
        line2: text.nullable(),
        city: text,
        state: text.nullable(),
        postalCode: text,
      })
      .nullable(),
    phoneNumber: text.nullable(),
  }),
)

export const residencySchema = name(
  'Residency',
  z.object({
    wasEverResident: z.boolean(),
    activeResidency: z
      .object({
        effectiveDate: day,
        terminationDate: day.nullable(),
        residencyType: z.enum(['Limited e-Resident', 'e-Resident', 'Resident']),
        version: text,
      })
      .nullable(),
  }),
)

export const verificationStatusSchema = name(
  'VerificationStatus',
  z.object({
    approved: z.boolean(),
    since: time.nullable(),
    documentType: documentType.nullable(),
  }),
)
// A few ages that laws name: who could ask for any would soon know the birthday.
const AGES = ['13', '14', '15', '16', '18', '20', '21', '25', '60', '65', '67'] as const
export const ageQuerySchema = z.strictObject({
  age: z
    .enum(AGES, `must be one of ${AGES.join(', ')}`)
    .default('18')
    .describe('In years'),
})
export const ageSchema = name(
  'AgeOver',
  z.object({
    age: z.int(),
    isOver: z.boolean().nullable().describe('null where the date of birth is not known'),
  }),
)

export const imageSchema = name(
  'Image',
  z.object({
    id: z.uuid(),
    type: text.describe(
      'document_front, document_back, selfie, liveness_frame, and what else the vendor had',
    ),
    available: z.boolean().describe('Copied here and proven; what is not cannot be read yet'),
    contentType: text.nullable(),
    size: z.int().nullable().describe('Bytes'),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable(),
    capturedAt: time.nullable(),
  }),
)
export const imagesSchema = z.object({ images: z.array(imageSchema) })

const SHORTEST_LINK_SECONDS = 60
export const LONGEST_LINK_SECONDS = 3600
const LINK_SECONDS = 900

export const imageLinkSchema = name(
  'ImageLink',
  z.object({
    url: link,
    expiresIn: z.int().min(SHORTEST_LINK_SECONDS).max(LONGEST_LINK_SECONDS).describe('Seconds'),
    imageType: text,
  }),
)
export const linkQuerySchema = z.strictObject({
  expiresIn: z
    .string()
    .regex(/^\d{1,4}$/, 'must be a number of seconds')
    .refine(
      (value) => Number(value) >= SHORTEST_LINK_SECONDS && Number(value) <= LONGEST_LINK_SECONDS,
      'must be from 60 to 3600',
    )
    .default(String(LINK_SECONDS))
    .describe('How many seconds the link is good for: 60 to 3600'),
})
export const imageTypesSchema = name(
  'ImageTypes',
  z.strictObject({
    images: z
      .array(z.string().regex(/^[A-Za-z0-9_]{1,64}$/, 'must be names of image types'))
      .min(1, 'must name at least one type of image')
      .max(30, 'may name 30 types of images')
      .describe("Our names, or those of Incode's systems such as fullFrameFrontID"),
  }),
)
export const imageLinksSchema = z
  .record(text, z.union([link, z.record(z.string().regex(/^\d{13,}$/), link)]))
  .describe(
    'For each type that was asked for and is there: its link, and under TYPE_prevAttempts a link for each picture that was taken, by Unix milliseconds; the latest is among them',
  )
export const imageBytesSchema = z
  .record(text, z.base64())
  .describe('For each type that was asked for and is there: its JPEG')

export const errorSchema = name(
  'Error',
  z.object({
    error: text.describe('For programs'),
    error_description: text.optional().describe('For people'),
    details: z.record(text, z.unknown()).optional(),
  }),
)

export const backOfficeErrorSchema = name(
  'BackOfficeError',
  z.object({ code: text, error: text, details: z.record(text, z.unknown()) }),
)
const externalId = z
  .string('required')
  .regex(
    /^[^\p{C}\p{Z}]([^\p{C}\p{Zl}\p{Zp}]{0,253}[^\p{C}\p{Z}])?$/u,
    'must be 1 to 255 printable characters, without a space at either end',
  )
  .describe('Your own id of the person: one that says nothing by itself, no e-mail address or name')
export const subjectSchema = name(
  'Subject',
  z.object({
    id: z.uuid(),
    externalId,
    linked: z.boolean().describe('A resident of the portal has linked it to the own account'),
    createdAt: time,
  }),
)
export const subjectsSchema = z.object({ subjects: z.array(subjectSchema) })
export const subjectQuerySchema = z.strictObject({ externalId: externalId.optional() })
export const verificationSchema = name(
  'Verification',
  z.object({
    id: z.uuid(),
    subjectId: z
      .uuid()
      .nullable()
      .describe('Of your own subject; null for what the operator started for a resident'),
    externalId: externalId.nullable(),
    vendor: z.enum(VENDORS),
    status,
    documentType: documentType.nullable(),
    imagePersisted: z.boolean().describe('All images are stored: they can be read'),
    createdAt: time,
    updatedAt: time,
    completedAt: time.nullable(),
  }),
)
export const verificationsSchema = z.object({ verifications: z.array(verificationSchema) })
export const startedVerificationSchema = name(
  'StartedVerification',
  z.object({
    ...verificationSchema.shape,
    url: z.url().describe('Where the person goes; it opens the session, so it goes to nobody else'),
  }),
)
const returnUrl = z.string().refine((value) => {
  const url = URL.parse(value)
  if (!url || url.username || url.hash) return false
  const isHere = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname)
  return url.protocol === 'https:' || (url.protocol === 'http:' && isHere)
}, 'must be an https: address without a fragment')
const returnTo = {
  callback_url: returnUrl.optional(),
  state: z
    .string()
    .regex(/^[\x20-\x7e]{1,500}$/, 'must be up to 500 printable characters')
    .optional(),
}
export const linkSchema = name(
  'LinkRequest',
  z.strictObject({
    ...returnTo,
    callback_url: returnTo.callback_url.describe(
      'Where the resident goes back to; with subjectId, result (linked or declined) and state',
    ),
  }),
)
export const linkedSchema = name(
  'Link',
  z.object({
    url: z
      .url()
      .describe('For this person alone: whoever opens it, signed in, may link the subject. Once'),
    expiresAt: time,
  }),
)
export const startSchema = name(
  'StartVerification',
  z
    .strictObject({
      vendor: z.enum(VENDORS, `must be one of ${VENDORS.join(', ')}`),
      externalId: externalId.optional(),
      subjectId: z
        .uuid('must be the id of a subject of yours')
        .optional()
        .describe('Of an existing subject, in the place of externalId'),
      integration: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be the name of an integration')
        .optional(),
      ...returnTo,
      callback_url: returnTo.callback_url.describe(
        'Where the browser is sent when the person is done; with verificationId and state',
      ),
    })
    .refine(({ externalId, subjectId }) => externalId !== undefined || subjectId !== undefined, {
      path: ['externalId'],
      error: 'required',
    })
    .refine(({ externalId, subjectId }) => externalId === undefined || subjectId === undefined, {
      path: ['subjectId'],
      error: 'must not be given beside externalId',
    }),
)
const ONE_LINE = 'must be one line of ordinary text, without invisible characters'
export const reviewSchema = name(
  'Review',
  z.strictObject({
    decision: z.enum(['approve', 'reject'], 'must be approve or reject'),
    reason: z.string().max(500).refine(isDisplayable, ONE_LINE).optional(),
  }),
)
export const resultSchema = name(
  'Result',
  z.union([
    z.object({
      session_id: z.uuid(),
      status: z.enum(['pending', 'recapture', 'error']),
    }),
    z.object({
      session_id: z.uuid(),
      status: z.literal('complete'),
      recommendation,
      person: z
        .object({
          given_name: text.nullable(),
          surname: text.nullable(),
          full_name: text.nullable(),
          date_of_birth: text.nullable().describe('YYYY-MM-DD'),
        })
        .nullable()
        .describe('What the document says; null where the vendor read nothing'),
      document: z.object({
        type: documentType.nullable(),
        country: text.nullable(),
        number: text.nullable(),
        issue_date: text.nullable(),
        expiration_date: text.nullable(),
        expired: z.boolean().nullable().describe('Today; null where no expiration date is known'),
      }),
      checks: z.record(text, z.object({ recommendation, reasons: z.array(text) })),
    }),
  ]),
)
export const documentTypesSchema = z.object({
  documentTypes: z.array(z.object({ code: documentType, name: text })),
})
const jti = z.string().max(200)
// RFC 8936 lets others add members: what is not known is not looked at.
export const pollSchema = name(
  'Poll',
  z.object({
    maxEvents: z
      .int()
      .min(0)
      .optional()
      .describe('0 acknowledges and no more; there are up to 100 at once'),
    returnImmediately: z
      .boolean()
      .optional()
      .describe('Else it waits up to 25 seconds for an event'),
    ack: z.array(jti).max(1000, 'has up to 1000 ids').optional(),
    setErrs: z.record(jti, z.object({ err: text })).optional(),
  }),
)
export const polledSchema = z.object({
  sets: z.record(text, text).describe('Security Event Tokens by their `jti`'),
  moreAvailable: z.boolean().optional(),
})
export const erasureAnswerSchema = name(
  'ErasureAnswer',
  z
    .strictObject({
      outcome: z.enum(ERASURE_ANSWERS, 'must be erased, kept or nothing-held'),
      reason: z
        .string()
        .regex(/^[^\p{Cc}]{0,300}$/u, 'must be one line of up to 300 characters')
        .refine(isDisplayable, ONE_LINE)
        .optional()
        .describe('Why something is kept, such as the law that asks for it'),
    })
    .refine(({ outcome, reason }) => outcome !== 'kept' || Boolean(reason?.trim()), {
      path: ['reason'],
      error: 'must say why something is kept',
    }),
)
export const healthSchema = z.object({ status: z.literal('ok') })
