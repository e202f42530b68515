import { type Context, Hono } from 'hono'
import type { Bearer, LiveToken } from '../oauth/bearer.ts'
import type { Db } from '../platform/db.ts'
import { ApiError } from '../platform/errors.ts'
import type { SignGet } from '../platform/presign.ts'
import type { Storage } from '../platform/storage.ts'
import type { VerifiedToken } from '../signing/access-token.ts'
import type { SignResponse } from '../signing/signed-responses.ts'
import { apiHeaders } from './headers.ts'

const SCOPE = 'eprospera:person.id_verification.read'
const LINK_LIFE_SECONDS = 3600

type LatestApproved = {
  id: string
  vendor: string
  documentType: string | null
  sessionCreatedAt: Date
  documentFrontKey: string | null
  documentBackKey: string | null
  faceKey: string | null
}

/** What one statement answers for one token: nothing, a live token, or a live token and its resident's documents. */
type Answer = { live: LiveToken; latest: LatestApproved | undefined }
export type FindLatestApproved = (
  token: VerifiedToken,
  requestId: string,
) => Promise<Answer | undefined>

type Row = { position: string } & Omit<LiveToken, 'tokenId'> &
  (LatestApproved | { [K in keyof LatestApproved]: null })

const LARGEST_BATCH = 64

/**
 * The rule of "latest approved" (`docs/contract.md` §3), the live check of the token and the ledger's row of the answer, in
 * one statement: no row, no answer. A lane has one statement at a time, and what comes meanwhile shares the next: so do
 * many requests share one commit, and none waits for more than the statement before its own. `lanes` are clients of one
 * connection each.
 */
export function createFindLatestApproved(lanes: readonly Db[]): FindLatestApproved {
  type Waiting = {
    token: VerifiedToken
    requestId: string
    resolve: (answer: Answer | undefined) => void
    reject: (error: unknown) => void
  }
  const waiting: Waiting[] = []
  const free = [...lanes]
  let isPlanned = false

  /** After this turn of the event loop, so that what came in it goes together. */
  function plan() {
    if (isPlanned || free.length === 0 || waiting.length === 0) return
    isPlanned = true
    setImmediate(() => {
      isPlanned = false
      const lane = free.pop()
      if (!lane) return
      void ask(lane, waiting.splice(0, LARGEST_BATCH)).finally(() => {
        free.push(lane)
        plan()
      })
      plan()
    })
  }

  async function ask(sql: Db, batch: Waiting[]) {
    try {
      const rows = await sql<Row[]>`
        with answer as (
        select asked.position, asked.request_id, token.id as token_id, token.account_id, token.client_id, token.scope,
          ${SCOPE} = any (string_to_array(token.scope, ' ')) as is_granted,
          latest.id, latest.vendor, latest.document_type, latest.session_created_at,
          latest.document_front_key, latest.document_back_key, latest.face_key, latest.shown_images
        from unnest(${batch.map(({ token }) => token.rowId.toString('hex'))}::text[],
            ${batch.map(({ requestId }) => requestId)}::uuid[])
          with ordinality asked (id, request_id, position)
        join live_access_token token on token.id = decode(asked.id, 'hex')
        left join lateral (
          select id, vendor, document_type, session_created_at,
            document_front_key, document_back_key, face_key, shown_images
          -- The limit keeps the planner from computing the whole view.
          from latest_approved where account_id = token.account_id limit 1
        ) latest on true
        ), noted as (
        insert into ledger_entry
          (kind, request_id, client_id, account_id, verification_id, scope, purpose, images, result, token_id)
        select case when is_granted then 'disclosure' else 'refusal' end, request_id, answer.client_id,
          answer.account_id, case when is_granted then id end, ${SCOPE}, consent.purpose,
          case when is_granted then coalesce(shown_images, '[]') else '[]' end,
          case when not is_granted then 'missing_scopes' when id is null then 'nothing' else 'shown' end, token_id
        from answer left join consent
          on consent.account_id = answer.account_id and consent.client_id = answer.client_id
        )
        select position, account_id, client_id, scope, id, vendor, document_type, session_created_at,
          document_front_key, document_back_key, face_key
        from answer`
      const byPosition = new Map(rows.map((row) => [Number(row.position), row]))
      for (const [index, { resolve, token }] of batch.entries()) {
        const row = byPosition.get(index + 1)
        resolve(
          row && {
            live: Object.assign(row, { tokenId: token.rowId }),
            latest: row.id === null ? undefined : row,
          },
        )
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return (token, requestId) =>
    new Promise((resolve, reject) => {
      waiting.push({ token, requestId, resolve, reject })
      plan()
    })
}

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
export function idVerificationRoutes(parts: Parts): Hono {
  const { findLatestApproved, storage } = parts
  const bearer: Bearer = parts.bearer
  const routes = new Hono()

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
  for (const path of [
    '/me/natural-person/id-verification',
    '/me/natural-person/id_verification',
  ] as const) {
    routes.get(path, async (c) => {
      const token = await bearer.read(c)
      const isSigned = asksSigned(c)
      bearer.countUse({ clientId: token.clientId, accountId: token.subject })
      const requestId = crypto.randomUUID()
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
        Allow: 'GET, HEAD',
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
  }
}
