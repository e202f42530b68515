/** A connection of a pool. Times are of `performance.now()`. */
type Connection = {
  /** Since when the server owes this connection an answer and sent nothing; `null`: it owes none. */
  silentSince: number | null
  /** Of the server process; `null` while it connects. */
  pid: number | null
  /** Closes the socket at once; what waits for an answer fails with the error. */
  reset(error?: Error): void
}

/** What src/platform/postgres-corrections.ts adds to a pool of the library. */
export type SupervisedPool = {
  connections: readonly Connection[]
  /** Fails the statements that wait for a connection since before that time. */
  rejectWaiting(before: number, error: () => Error): void
  /** While set, every further statement fails at once with its error. */
  refusal: (() => Error) | null
}

/**
 * The server's answer to a probe: the processes that work on a statement now, or `'unknown'` where a pooler hides them, or the
 * server answers but accepts no more connections.
 */
export type Working = ReadonlySet<number> | 'unknown'
type Probe = () => Promise<Working>

const TICK_MS = 500
// A statement may take longer: then the server is asked whether it works on it.
const SILENT_MS = 3_000
// Longer than the server's own limit for a statement.
const LONGEST_SILENCE_MS = 20_000
const WAITING_MS = 10_000

/** The database did not answer in time, or is known not to answer. What a statement was to do may have been done. */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError'
  readonly code: string = 'DATABASE_UNAVAILABLE'
}

/** One connection was lost, while the database answers others. */
class ConnectionLostError extends DatabaseUnavailableError {
  override readonly code = 'CONNECTION_LOST'
}

/**
 * Supervises a pool, because TCP reports a lost server after minutes. When the server owes an answer for some seconds, a new
 * connection asks it. If that fails too, everything that waits fails, and every further statement at once, until the server
 * answers. If it succeeds, connections for which the server does no work are replaced. Returns a function that stops it.
 */
export function watchPool(pool: SupervisedPool, probe: Probe): () => void {
  let isAsking = false
  let isStopped = false
  let nextLook = 0
  const timer = setInterval(() => {
    pool.rejectWaiting(
      performance.now() - WAITING_MS,
      () => new DatabaseUnavailableError('no connection to the database was free in time'),
    )
    if (isAsking || performance.now() < nextLook) return
    if (pool.refusal === null && listSilent().length === 0) return
    isAsking = true
    void look().finally(() => {
      isAsking = false
    })
  }, TICK_MS)
  timer.unref()
  return () => {
    clearInterval(timer)
    isStopped = true
  }

  function listSilent() {
    const before = performance.now() - SILENT_MS
    return pool.connections.filter(({ silentSince }) => (silentSince ?? Infinity) < before)
  }

  async function look() {
    const suspects = listSilent().map((connection) => ({
      connection,
      since: connection.silentSince,
    }))
    const working = await probe().catch(() => undefined)
    if (isStopped) return
    if (working === undefined) {
      refuse()
      return
    }
    pool.refusal = null
    for (const { connection, since } of suspects) {
      // It answered meanwhile, or is still connecting, which has a limit of its own.
      if (connection.silentSince !== since || connection.pid === null) continue
      const isLost =
        working === 'unknown'
          ? performance.now() - (since ?? Infinity) > LONGEST_SILENCE_MS
          : !working.has(connection.pid)
      if (isLost) connection.reset(new ConnectionLostError('the connection was lost'))
    }
    // The rest are slow statements.
    nextLook = performance.now() + SILENT_MS
  }

  function refuse() {
    const unavailable = () => new DatabaseUnavailableError('the database does not answer')
    pool.refusal = unavailable
    pool.rejectWaiting(Infinity, unavailable)
    for (const connection of pool.connections) connection.reset(unavailable())
  }
}
