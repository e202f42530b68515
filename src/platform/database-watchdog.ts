import { setTimeout as wait } from 'node:timers/promises'

/** A connection of a pool. Times are of `performance.now()`. */
type Connection = {
  /** Since when the server owes this connection an answer and sent nothing; `null`: it owes none. */
  silentSince: number | null
  /** Of the server process; `null` while it is not known. */
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

/** The server's answer to a probe: the processes that work on a statement now, or `'pooler'` where a pooler hides the processes. */
type Probe = () => Promise<ReadonlySet<number> | 'pooler'>

const TICK_MS = 1_000
// A statement may take longer; what it is then is asked.
const SILENT_MS = 3_000
// Longer than the server's own limit for a statement.
const SILENT_BEHIND_POOLER_MS = 20_000
const WAITING_MS = 10_000
const RETRY_MS = 500

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
  const stopping = new AbortController()
  let isInvestigating = false
  const timer = setInterval(() => {
    pool.rejectWaiting(
      performance.now() - WAITING_MS,
      () => new DatabaseUnavailableError('no connection to the database was free in time'),
    )
    if (isInvestigating || listSilent(SILENT_MS).length === 0) return
    isInvestigating = true
    void investigate().finally(() => {
      isInvestigating = false
    })
  }, TICK_MS)
  timer.unref()
  return () => {
    clearInterval(timer)
    stopping.abort()
  }

  function listSilent(ms: number) {
    const before = performance.now() - ms
    return pool.connections.filter(({ silentSince }) => (silentSince ?? Infinity) < before)
  }

  async function investigate() {
    const suspects = listSilent(SILENT_MS).map((connection) => ({
      connection,
      since: connection.silentSince,
    }))
    try {
      const working = await probe()
      for (const { connection, since } of suspects) {
        // It answered meanwhile, or is still connecting, which has a limit of its own.
        if (connection.silentSince !== since || connection.pid === null) continue
        const isLost =
          working === 'pooler'
            ? performance.now() - (since ?? Infinity) > SILENT_BEHIND_POOLER_MS
            : !working.has(connection.pid)
        if (isLost) connection.reset(new ConnectionLostError('the connection was lost'))
      }
      // The rest are slow statements: the next look can wait.
      await pause(SILENT_MS)
    } catch {
      await refuseUntilItAnswers()
    }
  }

  async function refuseUntilItAnswers() {
    const unavailable = () => new DatabaseUnavailableError('the database does not answer')
    pool.refusal = unavailable
    pool.rejectWaiting(Infinity, unavailable)
    for (const connection of pool.connections) connection.reset(unavailable())
    for (;;) {
      await pause(RETRY_MS)
      if (stopping.signal.aborted) return
      if (await probe().then(Boolean, () => false)) break
    }
    pool.refusal = null
  }

  function pause(ms: number) {
    return wait(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => {})
  }
}
