import type { ImageKind } from '../consents/images.ts'
import { sharedVerification } from '../id-verification/shared.ts'
import type { LiveToken } from '../oauth/bearer.ts'
import { createBatcher } from '../platform/batch.ts'
import { type Db, tryOnceMore } from '../platform/db.ts'
import type { VerifiedToken } from '../signing/access-token.ts'

export const SCOPE = 'eprospera:person.id_verification.read'
const LARGEST_BATCH = 64

export type LatestApproved = {
  id: string
  vendor: string
  documentType: string | null
  sessionCreatedAt: Date
  documentFrontKey: string | null
  documentBackKey: string | null
  faceKey: string | null
  /** The images that the resident does not share with this application. */
  withheldImages: ImageKind[]
}

type Request = { token: VerifiedToken; requestId: string }
/** The answer for one token: `undefined` when it is not live, and else its resident's documents, if there are any. */
type Answer = { live: LiveToken; latest: LatestApproved | undefined } | undefined
export type FindLatestApproved = (token: VerifiedToken, requestId: string) => Promise<Answer>

type Row = { position: string } & Omit<LiveToken, 'tokenId'> &
  (LatestApproved | { [K in keyof LatestApproved]: null })

/** `lanes` are clients of one connection each. Concurrent requests share one statement and one commit. */
export function createFindLatestApproved(lanes: readonly Db[]): FindLatestApproved {
  const find = createBatcher(lanes, {
    largest: LARGEST_BATCH,
    // A batch that was recorded although its answer was lost is then in the ledger twice, with the same request ids.
    run: (sql, batch: Request[]) => tryOnceMore(() => findBatch(sql, batch)),
  })
  return (token, requestId) => find({ token, requestId })
}

/**
 * The rule of "latest approved" (`docs/contract.md` §3), the live check of the token and the ledger's row of the answer, in
 * one statement: without the row there is no answer.
 */
async function findBatch(sql: Db, batch: Request[]): Promise<Answer[]> {
  const rows = await sql<Row[]>`
    with answer as (
    select asked.position, asked.request_id, token.id as token_id, token.account_id, token.client_id, token.scope,
      ${SCOPE} = any (string_to_array(token.scope, ' ')) as is_granted,
      latest.id, latest.vendor, latest.document_type, latest.session_created_at,
      latest.document_front_key, latest.document_back_key, latest.face_key, latest.shown_images,
      latest.withheld_images
    from unnest(${batch.map(({ token }) => token.rowId.toString('hex'))}::text[],
        ${batch.map(({ requestId }) => requestId)}::uuid[])
      with ordinality asked (id, request_id, position)
    join live_access_token token on token.id = decode(asked.id, 'hex')
    left join lateral ${sharedVerification(sql, { accountId: sql`token.account_id`, clientId: sql`token.client_id` })} latest
      on true
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
      document_front_key, document_back_key, face_key, withheld_images
    from answer`
  const byPosition = new Map(rows.map((row) => [Number(row.position), row]))
  return batch.map(({ token }, index) => {
    const row = byPosition.get(index + 1)
    return (
      row && {
        live: Object.assign(row, { tokenId: token.rowId }),
        latest: row.id === null ? undefined : row,
      }
    )
  })
}
