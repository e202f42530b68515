import type { LiveToken } from '../oauth/bearer.ts'
import type { Db } from '../platform/db.ts'
import type { VerifiedToken } from '../signing/access-token.ts'

/** The scope that a token needs to read the verification. */
export const SCOPE = 'eprospera:person.id_verification.read'

export type LatestApproved = {
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
