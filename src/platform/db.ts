import { setTimeout as wait } from 'node:timers/promises'
import type postgresTypes from 'postgres'
import {
  DatabaseUnavailableError,
  type SupervisedPool,
  type Working,
  watchPool,
} from './database-watchdog.ts'
import { importPostgres } from './postgres-corrections.ts'

const postgres = await importPostgres()

const CONNECT_SECONDS = 5
const STATEMENT_TIMEOUT_MS = 15_000
const PROBE_MS = 3_000
// Columns only: `postgres.camel` would also rewrite keys inside jsonb.
const COLUMNS_IN_CAMEL_CASE = { column: postgres.camel.column }

/** The pool. Only functions that open a transaction take it: `db.begin(async (sql) => …)`. */
export type Db = postgresTypes.Sql<Record<string, never>>
/** The pool or one transaction: the first parameter of every other function. */
export type Sql = postgresTypes.ISql<Record<string, never>>

/**
 * Opens a pool of at most `connections`; it connects at the first query. Result columns are in camelCase, or unchanged with
 * `asNamed`, for a library that expects its own names. While the database does not answer, statements fail with
 * DatabaseUnavailableError instead of waiting. A statement may take `statementTimeoutMs`; 0 is no limit.
 */
export function openDb(
  url: string,
  { connections = 10, columns = 'camelCase', statementTimeoutMs = STATEMENT_TIMEOUT_MS } = {},
): Db {
  const pool = connect(url, {
    max: connections,
    statementTimeoutMs,
    ...(columns === 'camelCase' && { transform: COLUMNS_IN_CAMEL_CASE }),
  })
  const stopWatching = watchPool(pool, () => probe(url))
  const end = pool.end
  return Object.assign(pool, {
    async end(options?: { timeout?: number }) {
      stopWatching()
      await end(options)
      // A socket to a server that is gone would keep the process running.
      for (const connection of pool.connections) connection.reset()
    },
  })
}

function connect(
  url: string,
  {
    statementTimeoutMs = STATEMENT_TIMEOUT_MS,
    ...options
  }: {
    max: number
    statementTimeoutMs?: number
    fetch_types?: boolean
    transform?: typeof COLUMNS_IN_CAMEL_CASE
  },
): Db & SupervisedPool {
  return postgres(url, {
    ...options,
    connection: { application_name: 'identity-portal', statement_timeout: statementTimeoutMs },
    connect_timeout: CONNECT_SECONDS,
    backoff: (failures: number) => Math.min(0.05 * 2 ** failures, 0.5),
    onnotice: () => {},
  }) as Db & SupervisedPool
}

/** Asks the server on a connection of its own. Throws when it does not answer in time, or is about to stop or to start. */
async function probe(url: string): Promise<Working> {
  const client = connect(url, { max: 1, fetch_types: false })
  try {
    // A process that waits for its client works on nothing, although its statement may count as active.
    const working = client<{ pid: number; own: boolean }[]>`
      select pid, pid = pg_backend_pid() as own from pg_stat_activity
      where datname = current_database() and state = 'active' and wait_event_type is distinct from 'Client'`
    const answer = await Promise.race([working, wait(PROBE_MS, undefined, { ref: false })])
    if (!answer) throw new DatabaseUnavailableError('the database does not answer')
    const own = answer.find(({ own }) => own)?.pid
    const isPooled = client.connections.every(({ pid }) => pid !== own)
    return isPooled ? 'unknown' : new Set(answer.map(({ pid }) => pid))
  } catch (error) {
    // Too many connections, or a password that was changed: the statements under way are not affected.
    if (error instanceof postgres.PostgresError && !error.code.startsWith('57P')) return 'unknown'
    throw error
  } finally {
    await client.end({ timeout: 0 })
    for (const connection of client.connections) connection.reset()
  }
}

/**
 * Whether a statement failed on its values, so that it would fail again: a data exception, a limit of the database, or a constraint.
 */
export const isDataFault = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^(22...|54000|23502|23514)$/.test(error.code)

/** Whether a statement failed because a unique key exists. */
export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '23505'

/** Whether a statement failed on a NUL, which PostgreSQL cannot store in text. */
export const isUnstorable = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === '22021' || error.code === '22P05')

// The client's own codes, those of sockets and of name resolution, and PostgreSQL's: shutting down or starting, no connection
// free, a statement over its time limit, a server that is read-only or rejects the log-in during a failover.
const UNAVAILABLE = new Set(
  `CONNECTION_CLOSED CONNECTION_DESTROYED CONNECTION_ENDED CONNECTION_LOST CONNECT_TIMEOUT DATABASE_UNAVAILABLE
  ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOTFOUND EAI_AGAIN
  57P01 57P02 57P03 53300 57014 25006 28P01 28000`.split(/\s+/),
)

/** Whether a statement failed because the database cannot be used for the moment. What it was to do may have been done. */
export const isDatabaseUnavailable = (error: unknown): error is Error =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  UNAVAILABLE.has(error.code)

/**
 * Runs a statement that may be run twice, and once more if its connection was lost. A `select` outside of a transaction needs no such
 * care: the client itself tries it once more.
 */
export async function tryOnceMore<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!isConnectionLost(error)) throw error
    return await run()
  }
}

const isConnectionLost = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['CONNECTION_CLOSED', 'CONNECTION_LOST', 'ECONNRESET', 'EPIPE', '57P01'].includes(
    String(error.code),
  )
