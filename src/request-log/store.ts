import type { Db, Sql } from '../platform/db.ts'

/** What an application asked of this server. Nothing in it is personal data or a secret. */
export type LoggedRequest = {
  /** That of the answer's `X-Request-Id`. */
  requestId: string
  clientId: string
  at: Date
  /** `authorization`, `token`, …, or the operation's id in the OpenAPI document. */
  endpoint: string
  method: string
  status: number
  error: string | null
  reason: string | null
  /** What arrived and what was expected. */
  detail: RequestDetail | null
  /** Whether the client had proven who it is. Otherwise anybody can have sent the request, with its public id. */
  isAuthenticated: boolean
  /** How many more requests of that minute were not stored. */
  leftOut: number
}
/** One thing about a request each, in the order in which they are read. */
export type RequestDetail = readonly { name: string; arrived?: unknown; expected?: unknown }[]
export type ListedRequest = LoggedRequest & { id: string }
export type RequestFilter = {
  endpoint?: string | undefined
  onlyFailures?: boolean | undefined
  /** A day in UTC: `2026-01-15`. */
  day?: string | undefined
}

/** Stores requests in one statement. */
export async function storeRequests(sql: Sql, requests: readonly LoggedRequest[]): Promise<void> {
  await sql`
    insert into request_log
      (request_id, client_id, at, endpoint, method, status, error, reason, detail, is_authenticated, left_out)
    select request_id, client_id, at, endpoint, method, status, error, reason, detail, is_authenticated, left_out
    from jsonb_to_recordset(${sql.json(requests.map(toColumns) as never)}) as given (
      request_id text, client_id text, at timestamptz, endpoint text, method text, status smallint, error text,
      reason text, detail jsonb, is_authenticated boolean, left_out integer)`
}

const toColumns = ({ requestId, clientId, isAuthenticated, leftOut, ...rest }: LoggedRequest) => ({
  ...rest,
  request_id: requestId,
  client_id: clientId,
  is_authenticated: isAuthenticated,
  left_out: leftOut,
})

const columns = (sql: Sql) => sql`
  id::text, request_id, client_id, at, endpoint, method, status, error, reason, detail, is_authenticated, left_out`

/** The requests of one application, newest first; `before` is the id of the last one of the page before. */
export async function listRequests(
  sql: Sql,
  {
    clientId,
    before,
    limit = 50,
    endpoint,
    onlyFailures = false,
    day,
  }: { clientId: string; before?: string | undefined; limit?: number } & RequestFilter,
): Promise<ListedRequest[]> {
  return await sql<ListedRequest[]>`
    select ${columns(sql)}
    from request_log where client_id = ${clientId} and id < coalesce(${before ?? null}::bigint, 9223372036854775807)
      ${endpoint === undefined ? sql`` : sql`and endpoint = ${endpoint}`}
      ${onlyFailures ? sql`and (error is not null or status >= 400)` : sql``}
      ${
        day === undefined
          ? sql``
          : sql`and at >= ${`${day}T00:00:00Z`}::timestamptz and at < ${`${day}T00:00:00Z`}::timestamptz + interval '24 hours'`
      }
    order by request_log.id desc limit ${limit}`
}

/** The requests of one id, which are several at most when an id was used again. */
export async function findRequests(sql: Sql, requestId: string): Promise<ListedRequest[]> {
  return await sql<ListedRequest[]>`
    select ${columns(sql)} from request_log where request_id = ${requestId} order by request_log.id limit 5`
}

/** Deletes requests after seven days. */
export const deleteOldRequests = (db: Db) =>
  db`delete from request_log where at < now() - interval '7 days'`
