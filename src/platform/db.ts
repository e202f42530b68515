import { hostname } from 'node:os'
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
/** The server ends a statement that takes longer. */
export const STATEMENT_TIMEOUT_MS = 15_000
const IDLE_IN_TRANSACTION_MS = 60_000
const PROBE_MS = 3_000
const APPLICATION = 'identity-portal'
// What PostgreSQL keeps of a name.
const LONGEST_NAME = 63
// Columns only: `postgres.camel` would also rewrite keys inside jsonb.
const COLUMNS_IN_CAMEL_CASE = { column: postgres.camel.column }

/** The pool. Only functions that open a transaction take it: `db.begin(async (sql) => …)`. */
export type Db = postgresTypes.Sql<Record<string, never>>
/** The pool or one transaction: the first parameter of every other function. */
export type Sql = postgresTypes.ISql<Record<string, never>>

/** How a process connects to its database. */
export type PoolConfig = {
  /** `'transaction'`: a pooler gives each transaction another connection to the server, so nothing may be kept on one. */
  pooler: 'transaction' | undefined
  role: string
  /** At most how many connections each pool opens: for requests and background work, for the queue, for the hot endpoint. */
  sizes: { general: number; queue: number; hotEndpoint: number }
}

type PoolOptions = {
  connections?: number
  columns?: 'camelCase' | 'asNamed'
  pools?: PoolConfig | undefined
  statementTimeoutMs?: number
}

/**
 * Opens a pool of at most `connections`; it connects at the first query. Result columns are in camelCase, or unchanged with
 * `asNamed`, for a library that expects its own names. While the database does not answer, statements fail with
 * DatabaseUnavailableError instead of waiting. A statement may take `statementTimeoutMs`; 0 is no limit.
 */
export function openDb(
  url: string,
  {
    connections = 10,
    columns = 'camelCase',
    pools,
    statementTimeoutMs = STATEMENT_TIMEOUT_MS,
  }: PoolOptions = {},
): Db {
  const pool = connect(url, pools, {
    max: connections,
    statementTimeoutMs,
    ...(columns === 'camelCase' && { transform: COLUMNS_IN_CAMEL_CASE }),
  })
  const stopWatching = watchPool(pool, () => probe(url, pools))
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

/** A part of a statement. */
export type Fragment = postgresTypes.PendingQuery<postgresTypes.Row[]>

/** How much of a pool is in use, and whether the database answered it last. */
export type PoolUsage = {
  max: number
  used: number
  idle: number
  /** Statements that wait for a connection. */
  waiting: number
  isAnswered: boolean
}

export function usageOf(db: Db): PoolUsage {
  const pool = db as Db & SupervisedPool & { usage(): Pick<PoolUsage, 'used' | 'idle' | 'waiting'> }
  return {
    ...pool.usage(),
    max: pool.options.max,
    isAnswered: pool.refusal === null,
  }
}

function connect(
  url: string,
  pools: PoolConfig | undefined,
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
    ...socketOf(url),
    // A pooler accepts no such parameters (the role has the limits instead), sets a name anew wherever it differs, and may
    // not know a prepared statement on the connection that it gives the next transaction.
    ...(pools?.pooler
      ? { prepare: false, connection: { application_name: APPLICATION } }
      : {
          connection: {
            application_name: nameProcess(pools),
            statement_timeout: statementTimeoutMs,
            // A process that hangs within a transaction holds up the others no longer.
            ...(statementTimeoutMs > 0 && {
              idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
            }),
          },
        }),
    connect_timeout: CONNECT_SECONDS,
    backoff: (failures: number) => Math.min(0.05 * 2 ** failures, 0.5),
    onnotice: () => {},
  }) as Db & SupervisedPool
}

/** The folder of the server's socket file, which an address names as libpq's do (`postgres://user@%2Frun%2Fpostgresql/name`) and the client does not decode. */
function socketOf(url: string): { host?: string } {
  const host = decodeURIComponent(URL.parse(url)?.hostname ?? '')
  return host.startsWith('/') ? { host } : {}
}

/** `identity-portal web 17 4711@host`: the role, at most how many connections, and which process. */
function nameProcess(pools: PoolConfig | undefined): string {
  const self = `${process.pid}@${hostname()}`
  return pools
    ? `${APPLICATION} ${pools.role} ${largestNumber(pools)} ${self}`.slice(0, LONGEST_NAME)
    : APPLICATION
}

/** At most how many connections such a process opens. */
const largestNumber = ({ role, sizes }: Pick<PoolConfig, 'role' | 'sizes'>): number =>
  // One more asks whether the server works while another waits.
  sizes.general + sizes.queue + (role === 'worker' ? 0 : sizes.hotEndpoint) + 1

/** Whether a pooler is between this process and the server: it invents the number of the server's process. */
export async function isPooled(db: Db): Promise<boolean> {
  const [row] = await db<{ pid: number }[]>`select pg_backend_pid() as pid`
  return (db as Db & SupervisedPool).connections.every(({ pid }) => pid !== row?.pid)
}

/** Asks the server on a connection of its own. Throws when it does not answer in time, or is about to stop or to start. */
async function probe(url: string, pools: PoolConfig | undefined): Promise<Working> {
  const client = connect(url, pools, { max: 1, fetch_types: false })
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
    if (error instanceof postgres.PostgresError && !isServerAway(error)) return 'unknown'
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

// The client's own codes, those of sockets and of name resolution, and PostgreSQL's: shutting down or starting, no disk, memory or
// connection free, a statement over its time limit, a server that is read-only or rejects the log-in during a failover.
const UNAVAILABLE = new Set(
  `CONNECTION_CLOSED CONNECTION_DESTROYED CONNECTION_ENDED CONNECTION_LOST CONNECT_TIMEOUT DATABASE_UNAVAILABLE
  ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOTFOUND EAI_AGAIN
  57P01 57P02 57P03 53100 53200 53300 57014 25006 28P01 28000`.split(/\s+/),
)

/** Whether a statement failed because the database cannot be used for the moment. What it was to do may have been done. */
export const isDatabaseUnavailable = (error: unknown): error is Error =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  (UNAVAILABLE.has(error.code) || isServerAway(error))

/** The server is about to stop or to start, or a pooler says that it has lost it. */
const isServerAway = (error: Error): boolean => {
  const { code = '', severity_local: severity } = error as {
    code?: string
    severity_local?: string
  }
  // PgBouncer has one code for everything that it ends a connection for.
  return code.startsWith('57P') || (code === '08P01' && severity === 'FATAL')
}

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
