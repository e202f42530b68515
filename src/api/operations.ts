import type { z } from 'zod'
import type { Detail } from '../ledger/details.ts'
import type { Scope, ServiceScope } from '../oauth/scopes.ts'
import {
  ageQuerySchema,
  ageSchema,
  documentTypesSchema,
  erasureAnswerSchema,
  healthSchema,
  idVerificationSchema,
  imageBytesSchema,
  imageLinkSchema,
  imageLinksSchema,
  imagesSchema,
  imageTypesSchema,
  linkedSchema,
  linkQuerySchema,
  linkSchema,
  naturalPersonSchema,
  polledSchema,
  pollSchema,
  residencySchema,
  resultSchema,
  reviewSchema,
  signedQuerySchema,
  startedVerificationSchema,
  startSchema,
  subjectQuerySchema,
  subjectSchema,
  subjectsSchema,
  verificationSchema,
  verificationStatusSchema,
  verificationsSchema,
} from './schemas.ts'

type Example = Record<string, unknown> | unknown[] | null

/** One thing that the API does, as its document tells it. Paths are those of the server, `{name}` a parameter. */
export type Operation = {
  method: 'get' | 'post' | 'delete'
  path: string
  operationId: string
  summary: string
  description?: string
  /** A resident stands behind the token, or a tenant's service client; none: no token. */
  scope?: Scope | ServiceScope
  /** The token of the application's event stream, instead. */
  stream?: true
  query?: z.ZodObject
  body?: { schema: z.ZodType; example: Example }
  answer: {
    status: 200 | 201 | 204
    description: string
    schema?: z.ZodType
    example?: Example
    /** It can be had as a signed JWT too. */
    signed?: true
    /** Bytes of this kind instead of JSON. */
    contentType?: string
  }
  /**
   * What the one ledger row of a successful call says; one of these. Empty: the operation neither discloses nor erases personal data. Required,
   * and a test calls every operation and counts.
   */
  records: readonly Detail['what'][]
  /** The refusals beside those that every operation has. */
  errors?: number[]
}

const RESIDENT = 'eprospera:person.id_verification.read'
const ID = '0e6f1c56-3a8b-4f5e-8a77-2f1d9c0b7a11'
const SUBJECT = '6f1d8f0a-54c5-4d6f-9b8b-0c8f7c1e2a33'
const LINK =
  'https://documents.example.org/default/front.jpg?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=3600'

const verification = {
  id: ID,
  subjectId: SUBJECT,
  externalId: 'customer-4711',
  vendor: 'veriff',
  status: 'approved',
  documentType: 'passport',
  imagePersisted: true,
  createdAt: '2026-01-15T10:30:00.000Z',
  updatedAt: '2026-01-15T10:34:12.480Z',
  completedAt: '2026-01-15T10:34:10.000Z',
}

/** The same five under a resident's own verification and a tenant's. */
function images(
  base: string,
  prefix: string,
  whose: string,
  scope: Scope | ServiceScope,
): Operation[] {
  return [
    {
      method: 'get',
      path: `${base}/images`,
      operationId: `${prefix}ListImages`,
      records: ['image-metadata', 'nothing'],
      summary: `List the images of ${whose}`,
      scope,
      answer: {
        status: 200,
        description: 'The images of the attempt that holds, the best of each type first',
        schema: imagesSchema,
        example: {
          images: [
            {
              id: '5f0f5a58-6d1f-4f39-9f0e-62c7ab6f4f10',
              type: 'document_front',
              available: true,
              contentType: 'image/jpeg',
              size: 1048576,
              sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
              capturedAt: '2026-01-15T10:31:40.000Z',
            },
          ],
        },
      },
    },
    {
      method: 'get',
      path: `${base}/images/{type}`,
      operationId: `${prefix}GetImageLink`,
      records: ['id-verification'],
      summary: 'A link to one image, with a life of your choice',
      scope,
      query: linkQuerySchema,
      answer: {
        status: 200,
        description: 'The link',
        schema: imageLinkSchema,
        example: { url: LINK, expiresIn: 900, imageType: 'document_front' },
      },
      errors: [400, 404],
    },
    {
      method: 'get',
      path: `${base}/images/{id}/content`,
      operationId: `${prefix}GetImageContent`,
      records: ['id-verification', 'image-metadata'],
      summary: 'The bytes of one image, as the vendor had them',
      description:
        'With `Repr-Digest` (RFC 9530) and an `ETag` of the bytes; `If-None-Match` answers `304`.',
      scope,
      answer: { status: 200, description: 'The image', contentType: 'image/*' },
      errors: [304, 404],
    },
    {
      method: 'post',
      path: `${base}/images/links`,
      operationId: `${prefix}CreateImageLinks`,
      records: ['id-verification', 'nothing'],
      summary: 'Links to several images, with the earlier attempts of each',
      scope,
      body: { schema: imageTypesSchema, example: { images: ['selfie', 'document_front'] } },
      answer: {
        status: 200,
        description: 'Links for one hour',
        schema: imageLinksSchema,
        example: { selfie: LINK, selfie_prevAttempts: { '1713571323431': LINK } },
      },
      errors: [400, 413, 415],
    },
    {
      method: 'post',
      path: `${base}/images/base64`,
      operationId: `${prefix}ReadImages`,
      records: ['id-verification', 'nothing'],
      summary: 'Several images inside the answer',
      description: 'Up to 10 MB of base64 in all; more is refused before any of it is read.',
      scope,
      body: { schema: imageTypesSchema, example: { images: ['selfie'] } },
      answer: {
        status: 200,
        description: 'The JPEGs',
        schema: imageBytesSchema,
        example: { selfie: '/9j/4AAQSkZJRg==' },
      },
      errors: [400, 413, 415],
    },
  ]
}

const subject = {
  id: SUBJECT,
  externalId: 'customer-4711',
  linked: false,
  createdAt: '2026-01-15T10:30:00.000Z',
}

const ME = '/api/v1/me/natural-person'
const IDV = '/api/v1/idv'

export const OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: `${ME}/id-verification`,
    operationId: 'getIdVerification',
    records: ['id-verification', 'nothing'],
    summary: 'The latest approved identity verification',
    description:
      'With presigned links to its images, good for one hour. Ask again for fresh ones; do not keep them.',
    scope: RESIDENT,
    query: signedQuerySchema,
    answer: {
      status: 200,
      description: 'The verification, or every field null where nothing is approved',
      signed: true,
      schema: idVerificationSchema,
      example: {
        id: ID,
        type: 'veriff',
        documentType: 'passport',
        date: '2026-01-15T10:30:00.000Z',
        status: 'approved',
        documents: { documentFront: LINK, documentBack: null, face: LINK },
      },
    },
  },
  ...images(
    `${ME}/id-verification`,
    'own',
    "the resident's latest approved verification",
    RESIDENT,
  ),
  {
    method: 'get',
    path: `${ME}/id-verification/status`,
    operationId: 'getVerificationStatus',
    records: ['verification-status'],
    summary: 'Whether the resident was verified, and no more',
    scope: 'eprospera:person.id_verification.status.read',
    answer: {
      status: 200,
      description: 'Whether, since when, by which kind of document',
      schema: verificationStatusSchema,
      example: { approved: true, since: '2026-01-15T10:34:10.000Z', documentType: 'passport' },
    },
  },
  {
    method: 'get',
    path: `${ME}/age-over`,
    operationId: 'getAgeOver',
    records: ['age-over'],
    summary: 'Whether the resident has reached an age, and not which',
    scope: 'eprospera:person.age_over.read',
    query: ageQuerySchema,
    answer: {
      status: 200,
      description: 'Whether',
      schema: ageSchema,
      example: { age: 18, isOver: true },
    },
    errors: [400],
  },
  {
    method: 'get',
    path: ME,
    operationId: 'getNaturalPerson',
    records: ['natural-person', 'nothing'],
    summary: 'Who the resident is',
    scope: 'eprospera:person.details.read',
    answer: {
      status: 200,
      description: 'The person, or null where the registry knows none',
      schema: naturalPersonSchema.nullable(),
      example: {
        givenName: 'Ana',
        surname: 'Muestra',
        name: 'Ana Muestra',
        residentPermitNumber: '20260000000017',
        countryOfBirth: 'Utopia',
        citizenships: ['Utopia'],
        dateOfBirth: '1990-02-03',
        sex: 'F',
        address: null,
        phoneNumber: null,
      },
    },
  },
  {
    method: 'get',
    path: `${ME}/residency`,
    operationId: 'getResidency',
    records: ['residency'],
    summary: 'Whether, and of which kind, the person is a resident',
    scope: 'eprospera:person.residency.read',
    answer: {
      status: 200,
      description: 'The residency of today',
      schema: residencySchema,
      example: {
        wasEverResident: true,
        activeResidency: {
          effectiveDate: '2024-09-01',
          terminationDate: null,
          residencyType: 'e-Resident',
          version: 'v08.29.2024',
        },
      },
    },
  },
  {
    method: 'post',
    path: `${IDV}/verifications`,
    operationId: 'startVerification',
    records: ['tenant-read'],
    summary: 'Start a session for a subject of yours at a vendor',
    description:
      'A subject is a person as your tenant knows them, by your own id. It is created on first use. Residents of the portal are not known here: the id of a resident answers as what does not exist.',
    scope: 'idv.write',
    body: {
      schema: startSchema,
      example: {
        vendor: 'veriff',
        externalId: 'customer-4711',
        callback_url: 'https://office.example.org/back',
        state: 'xyz',
      },
    },
    answer: {
      status: 201,
      description: 'The session, and where the person goes',
      schema: startedVerificationSchema,
      example: {
        ...verification,
        status: 'pending',
        documentType: null,
        imagePersisted: false,
        completedAt: null,
        url: 'https://vendor.example.org/v/start-token',
      },
    },
    errors: [400, 404, 413, 415, 502],
  },
  {
    method: 'get',
    path: `${IDV}/verifications/{id}`,
    operationId: 'getVerification',
    records: ['tenant-read'],
    summary: 'One verification of your tenant',
    scope: 'idv.read',
    answer: {
      status: 200,
      description: 'The verification',
      schema: verificationSchema,
      example: verification,
    },
    errors: [404],
  },
  {
    method: 'delete',
    path: `${IDV}/verifications/{id}`,
    operationId: 'deleteVerification',
    records: ['verification-erasure'],
    summary: 'Erase one, with its data and images, at the vendor too',
    scope: 'idv.write',
    answer: { status: 204, description: 'It is gone' },
    errors: [404],
  },
  {
    method: 'get',
    path: `${IDV}/verifications/{id}/result`,
    operationId: 'getResult',
    records: ['tenant-read'],
    summary: 'What came of it',
    description: 'The person and the document as the vendor read them from the document.',
    scope: 'idv.read',
    answer: {
      status: 200,
      description: 'The recommendation, or how far it is',
      schema: resultSchema,
      example: {
        session_id: ID,
        status: 'complete',
        recommendation: 'ALLOW',
        person: {
          given_name: 'Ana',
          surname: 'Muestra',
          full_name: 'Ana Muestra',
          date_of_birth: '1990-02-03',
        },
        document: {
          type: 'passport',
          country: 'UTO',
          number: 'E00000017',
          issue_date: null,
          expiration_date: '2031-05-01',
          expired: false,
        },
        checks: { vendor: { recommendation: 'ALLOW', reasons: [] } },
      },
    },
    errors: [404],
  },
  {
    method: 'post',
    path: `${IDV}/verifications/{id}/review`,
    operationId: 'reviewVerification',
    records: ['review'],
    summary: 'Decide what the vendor has finished',
    description:
      'It stands until the vendor, or another review, says something later. For a resident it counts as the verification itself does: only where the resident linked the subject and your tenant is trusted.',
    scope: 'idv.write',
    body: { schema: reviewSchema, example: { decision: 'approve', reason: 'seen in person' } },
    answer: {
      status: 200,
      description: 'The verification as it stands now',
      schema: verificationSchema,
      example: verification,
    },
    errors: [400, 404, 409, 413, 415],
  },
  ...images(
    `${IDV}/verifications/{verificationId}`,
    'tenant',
    'a verification of your tenant',
    'idv.read',
  ).map((operation) => ({
    ...operation,
    errors: [...new Set([...(operation.errors ?? []), 404])].sort(),
  })),
  {
    method: 'get',
    path: `${IDV}/subjects/{subjectId}/verifications`,
    operationId: 'listVerifications',
    records: ['tenant-read'],
    summary: 'The verifications of a subject, newest first',
    scope: 'idv.read',
    answer: {
      status: 200,
      description: 'The verifications; none for a subject who is not there',
      schema: verificationsSchema,
      example: { verifications: [verification] },
    },
  },
  {
    method: 'get',
    path: `${IDV}/subjects`,
    operationId: 'listSubjects',
    // The tenant's own id of a person is personal data, and that a resident linked it is what the portal knows.
    records: ['tenant-read'],
    summary: 'Your subjects, the newest 500 first, or the one of your own id',
    scope: 'idv.read',
    query: subjectQuerySchema,
    answer: {
      status: 200,
      description: 'The subjects',
      schema: subjectsSchema,
      example: { subjects: [subject] },
    },
    errors: [400],
  },
  {
    method: 'get',
    path: `${IDV}/subjects/{subjectId}`,
    operationId: 'getSubject',
    records: ['tenant-read'],
    summary: 'One subject of your tenant',
    scope: 'idv.read',
    answer: { status: 200, description: 'The subject', schema: subjectSchema, example: subject },
    errors: [404],
  },
  {
    method: 'delete',
    path: `${IDV}/subjects/{subjectId}`,
    operationId: 'deleteSubject',
    records: ['subject-erasure'],
    summary: 'Erase a subject with every verification, at the vendors too',
    scope: 'idv.write',
    answer: { status: 204, description: 'It is gone' },
    errors: [404],
  },
  {
    method: 'post',
    path: `${IDV}/subjects/{subjectId}/link`,
    operationId: 'linkSubject',
    records: [],
    summary: 'Get a link by which a resident links this subject to the own account',
    description:
      'It works once, for 24 hours, and replaces an earlier one. The resident signs in and decides on a page that names your tenant. You learn that the link exists, and nothing else of the resident.',
    scope: 'idv.write',
    body: {
      schema: linkSchema,
      example: { callback_url: 'https://office.example.org/linked', state: 'xyz' },
    },
    answer: {
      status: 201,
      description: 'The link',
      schema: linkedSchema,
      example: {
        url: 'https://portal.example.org/link/2oJ9w3Yy0Rrj8n6kQb1VfX5tUe7cGmLzHdSaPqWiNxE',
        expiresAt: '2026-01-16T10:30:00.000Z',
      },
    },
    errors: [400, 404, 409, 413, 415],
  },
  {
    method: 'get',
    path: `${IDV}/document-types`,
    operationId: 'listDocumentTypes',
    records: [],
    summary: 'The kinds of documents there are',
    scope: 'idv.read',
    answer: {
      status: 200,
      description: 'The kinds',
      schema: documentTypesSchema,
      example: { documentTypes: [{ code: 'passport', name: 'Passport' }] },
    },
  },
  {
    method: 'post',
    path: '/api/v1/events/poll',
    operationId: 'pollEvents',
    records: ['event'],
    summary: 'Fetch events as Security Event Tokens, and acknowledge those that came before',
    description: 'RFC 8936. What is not acknowledged comes again.',
    stream: true,
    body: { schema: pollSchema, example: { returnImmediately: true, maxEvents: 10, ack: [ID] } },
    answer: {
      status: 200,
      description: 'The events',
      schema: polledSchema,
      example: { sets: { [ID]: 'eyJ0eXAiOiJzZWNldmVudCtqd3QifQ.e30.c2lnbmF0dXJl' } },
    },
    errors: [400, 409, 413, 415],
  },
  {
    method: 'post',
    path: '/api/v1/events/{id}/answer',
    operationId: 'answerErasure',
    records: [],
    summary: 'Say what became of your copies after an erasure',
    stream: true,
    body: { schema: erasureAnswerSchema, example: { outcome: 'erased' } },
    answer: { status: 204, description: 'It is written down' },
    errors: [400, 404, 413, 415],
  },
  {
    method: 'get',
    path: '/health',
    operationId: 'getHealth',
    records: [],
    summary: 'Whether the server runs',
    answer: {
      status: 200,
      description: 'It does',
      schema: healthSchema,
      example: { status: 'ok' },
    },
  },
]
