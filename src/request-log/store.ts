import type { Db, Sql } from '../platform/db.ts'

/** What an application asked of this server. Nothing in it is personal data or a secret. */
export type LoggedRequest = {
  /** That of the answer's `X-Request-Id`. */
  requestId: string
  clientId: string
  /** `authorization`, `token`, … */
  endpoint: string
  method: string
  status: number
  error: string | null
  reason: string | null
  /** What arrived and what was expected. */
  detail: Record<string, unknown> | null
}
export type ListedRequest = LoggedRequest & { id: string; at: Date }

/** Stores requests in one statement. */
export async function storeRequests(sql: Sql, requests: readonly LoggedRequest[]): Promise<void> {
  await sql`
    insert into request_log (request_id, client_id, endpoint, method, status, error, reason, detail)
    select request_id, client_id, endpoint, method, status, error, reason, detail
    from jsonb_to_recordset(${sql.json(requests.map(toColumns) as never)}) as given (
      request_id text, client_id text, endpoint text, method text, status smallint, error text,
      reason text, detail jsonb)`
}

const toColumns = ({ requestId, clientId, ...rest }: LoggedRequest) => ({
  ...rest,
  request_id: requestId,
  client_id: clientId,
})

/** The requests of one application, newest first; `before` is the id of the last one of the page before. */
export async function listRequests(
  sql: Sql,
  {
    clientId,
    before,
    limit = 50,
  }: { clientId: string; before?: string | undefined; limit?: number },
): Promise<ListedRequest[]> {
  return await sql<ListedRequest[]>`
    select id::text, request_id, client_id, at, endpoint, method, status, error, reason, detail
    from request_log where client_id = ${clientId} and id < coalesce(${before ?? null}::bigint, 9223372036854775807)
    order by id desc limit ${limit}`
}

/** Deletes requests after seven days. */
export const deleteOldRequests = (db: Db) =>
  db`delete from request_log where at < now() - interval '7 days'`
