import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { VERIFIERS } from '../id-verification/vendors/vendor-names.ts'
import type { Bearer } from '../oauth/bearer.ts'
import { ApiError } from '../platform/errors.ts'
import type { SignGet } from '../platform/presign.ts'
import type { Storage } from '../platform/storage.ts'
import type { VerifiedToken } from '../signing/access-token.ts'
import type { SignResponse } from '../signing/signed-responses.ts'
import { requestIdOf } from '../web/response-headers.ts'
import { apiHeaders } from './headers.ts'
import { type FindLatestApproved, type LatestApproved, SCOPE } from './latest-approved.ts'
import { operation } from './operation.ts'
import { documentType, EXAMPLE_ID, EXAMPLE_LINK, link, time } from './schemas.ts'

const LINK_LIFE_SECONDS = 3600

const idVerificationSchema = z
  .object({
    id: z.uuid().nullable(),
    type: z.enum(VERIFIERS).nullable().describe('Who verified it; `manual`: people'),
    documentType: documentType.nullable().optional(),
    date: time.nullable().describe('When the verification session was created'),
    status: z.literal('approved').nullable(),
    documents: z.object({
      documentFront: link.nullable(),
      documentBack: link.nullable().describe('Passports have none'),
      face: link.nullable(),
    }),
    withheld: z
      .array(z.enum(['documentFront', 'documentBack', 'face']))
      .optional()
      .describe(
        'The members of `documents` that the resident does not share with this application; absent where everything is shared',
      ),
  })
  .meta({ id: 'IdVerification', description: 'Every field is null where nothing is approved' })

const getIdVerification = operation({
  method: 'get',
  path: '/api/v1/me/natural-person/id-verification',
  operationId: 'getIdVerification',
  records: ['id-verification', 'nothing'],
  summary: 'The latest approved identity verification',
  description:
    'With presigned links to its images, good for one hour. Ask again for fresh ones; do not keep them.',
  scope: SCOPE,
  // The route looks for this one value, and at nothing else of the query.
  query: z.object({
    signed: z
      .string()
      .optional()
      .describe(
        '`1`: the answer as a JWT that the portal signed; `Accept: application/jwt` does the same',
      )
      .meta({ example: '1' }),
  }),
  answer: {
    status: 200,
    description: 'The verification, or every field null where nothing is approved',
    signed: true,
    schema: idVerificationSchema,
    example: {
      id: EXAMPLE_ID,
      type: 'veriff',
      documentType: 'passport',
      date: '2026-01-15T10:30:00.000Z',
      status: 'approved',
      documents: { documentFront: EXAMPLE_LINK, documentBack: null, face: EXAMPLE_LINK },
    },
  },
})
/** The real portal's pages have both spellings. */
export const ALIAS = '/api/v1/me/natural-person/id_verification'

export const idVerificationOperations = [getIdVerification]

type Parts = {
  bearer: Bearer
  findLatestApproved: FindLatestApproved
  storage: Storage
  signAnswer: SignResponse
}

/** `Accept: application/jwt`, or `?signed=1`. */
function asksSigned(c: Context): boolean {
  const accept = c.req.header('accept')
  // Nearly nobody does: no parsing for the others.
  if (c.req.query('signed') === '1') return true
  return accept !== undefined && /(^|,)\s*application\/jwt\s*(;|,|$)/i.test(accept)
}

/** `GET /me/natural-person/id-verification` and its alias, exactly as the real portal answers (`docs/contract.md` §3). */
export function idVerificationRoutes(parts: Parts): Hono<{ Bindings: HttpBindings }> {
  const { findLatestApproved, storage } = parts
  const bearer: Bearer = parts.bearer
  const routes = new Hono<{ Bindings: HttpBindings }>()

  /** The same answer as a JWT, each image with the digest and size of the file behind its link (OpenID Attachments 1.0). */
  async function signed(
    { clientId, subject }: VerifiedToken,
    requestId: string,
    { documents, ...verification }: ReturnType<typeof present>,
    latest: LatestApproved | undefined,
  ): Promise<string> {
    const attachments: Record<string, object> = {}
    for (const [name, key, url] of [
      ['documentFront', latest?.documentFrontKey, documents.documentFront],
      ['documentBack', latest?.documentBackKey, documents.documentBack],
      ['face', latest?.faceKey, documents.face],
    ] as const) {
      if (!key || !url) continue
      const file = await storage.head(key)
      if (!file?.sha256) throw new Error('the bucket does not say what it holds')
      attachments[name] = {
        content_type: 'image/jpeg',
        digest: { alg: 'sha-256', value: file.sha256.toString('base64') },
        size: file.size,
        url,
        expires_in: LINK_LIFE_SECONDS,
      }
    }
    return await parts.signAnswer({
      clientId,
      subject,
      requestId,
      claims: { id_verification: verification, attachments },
    })
  }
  for (const path of [getIdVerification.path, ALIAS] as const) {
    routes.get(path, async (c) => {
      const token = await bearer.read(c)
      const isSigned = asksSigned(c)
      bearer.countUse({ clientId: token.clientId, accountId: token.subject })
      const requestId = requestIdOf(c.env.outgoing)
      const answer = await findLatestApproved(token, requestId)
      // A service client's token has none of the residents' scopes, which is what it is told.
      bearer.requireLive(answer?.live ?? (await bearer.findService(token)), SCOPE)
      const sign = answer?.latest ? await storage.signer() : undefined
      const body = present(answer?.latest, sign)
      if (isSigned)
        return new Response(await signed(token, requestId, body, answer?.latest), {
          headers: { 'Content-Type': 'application/jwt', ...apiHeaders(requestId) },
        })
      // Made directly: through the context each header costs more than a link.
      return new Response(JSON.stringify(body), {
        headers: {
          'Content-Type': 'application/json; charset=utf-8',
          ...apiHeaders(requestId),
        },
      })
    })
    routes.all(path, () => {
      throw new ApiError(405, 'method_not_allowed', 'This resource is read with GET.', {
        headers: {
          Allow: 'GET, HEAD',
        },
      })
    })
  }
  return routes
}

// The key order and the shape of "nothing approved" are those that the portal's documents print.
function present(latest: LatestApproved | undefined, sign: SignGet | undefined) {
  if (!latest || !sign)
    return {
      id: null,
      type: null,
      date: null,
      status: null,
      documents: { documentFront: null, documentBack: null, face: null },
    }
  const link = (key: string | null, filename: string) =>
    key && sign(key, { expiresInSeconds: LINK_LIFE_SECONDS, contentType: 'image/jpeg', filename })
  return {
    id: latest.id,
    type: latest.vendor,
    documentType: latest.documentType,
    date: latest.sessionCreatedAt.toISOString(),
    status: 'approved',
    documents: {
      documentFront: link(latest.documentFrontKey, 'document-front.jpg'),
      documentBack: link(latest.documentBackKey, 'document-back.jpg'),
      face: link(latest.faceKey, 'face.jpg'),
    },
    ...(latest.withheldImages.length > 0
      ? { withheld: latest.withheldImages.map((kind) => MEMBERS[kind]) }
      : {}),
  }
}

const MEMBERS = {
  document_front: 'documentFront',
  document_back: 'documentBack',
  selfie: 'face',
} as const
