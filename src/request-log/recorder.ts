import type { Db, Sql } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import { cleanDetail, cleanText } from './foreign-text.ts'
import { type LoggedRequest, storeRequests } from './store.ts'

/** A request to be logged. `explain` returns the reason when it has to be looked up; it is called after the answer, for what is stored. */
export type NotedRequest = Omit<LoggedRequest, 'leftOut' | 'at'> & {
  /** Whether a client of this id exists; otherwise that is looked up. */
  isKnown: boolean
  explain?: (() => Promise<string | undefined>) | undefined
}

export type RequestLog = {
  /** Whether successes are logged, or failures alone. */
  readonly keepsSuccesses: boolean
  /** Notes a request. Does nothing that a request would have to wait for, and never throws. */
  note(request: NotedRequest): void
  /** Stores what was noted so far. */
  close(): Promise<void>
}

const FLUSH_MS = 250
const MINUTE_MS = 60_000
/** What is stored of each client in a minute. */
const MOST_FAILURES = 60
const MOST_IN_SANDBOX = 600
/** What a process holds in memory. */
const MOST_QUEUED = 2_000
const MOST_WINDOWS = 10_000

type Queued = NotedRequest & { at: Date; leftOut: number }
type Window = { minute: number; seen: number; leftOut: number; last?: Queued }

/**
 * Writes the request log in batches. What does not fit in memory, or cannot be stored at once, is lost and counted in the process's log.
 * `findClients` returns which of these clients exist, and whether they are enabled.
 */
export function createRequestLog({
  db,
  log,
  keepsSuccesses,
  findClients,
  now = Date.now,
}: {
  db: Db
  log: Log
  keepsSuccesses: boolean
  findClients: (
    sql: Sql,
    ids: readonly string[],
  ) => Promise<ReadonlyMap<string, { enabled: boolean }>>
  now?: () => number
}): RequestLog {
  const limit = keepsSuccesses ? MOST_IN_SANDBOX : MOST_FAILURES
  const windows = new Map<string, Window>()
  let queue: Queued[] = []
  let flushTimer: NodeJS.Timeout | undefined
  let minuteTimer: NodeJS.Timeout | undefined
  let storing: Promise<void> = Promise.resolve()
  let lost = 0
  let reportedAt = Number.NEGATIVE_INFINITY

  function enqueue(request: Queued) {
    if (queue.length >= MOST_QUEUED) lost++
    else queue.push(request)
    flushTimer ??= setTimeout(flush, FLUSH_MS).unref()
  }

  function flush() {
    flushTimer = undefined
    storing = storing.then(storeQueue)
  }

  /** Also when nothing follows: what a window left out is stored after its minute. */
  function endMinute() {
    minuteTimer = undefined
    closeWindows(Math.floor(now() / MINUTE_MS))
    if (windows.size > 0) startMinute()
  }

  function startMinute() {
    minuteTimer ??= setTimeout(endMinute, MINUTE_MS).unref()
  }

  /** Enqueues the last of each window that left some out, with their number. */
  function closeWindows(before: number) {
    for (const [key, { minute, last, leftOut }] of windows) {
      if (minute >= before) continue
      windows.delete(key)
      if (last) enqueue({ ...last, leftOut: leftOut - 1 })
    }
  }

  async function storeQueue() {
    const batch = queue
    queue = []
    try {
      const clients = await findClients(db, [...new Set(batch.map(({ clientId }) => clientId))])
      const rows: LoggedRequest[] = []
      for (const request of batch) {
        const client = clients.get(request.clientId)
        if (client) rows.push(await toRow(request, client))
      }
      if (rows.length > 0) await storeRequests(db, rows)
    } catch (error) {
      lost += batch.length
      report(error)
    }
    if (lost > 0) report(undefined)
  }

  function report(error: unknown) {
    if (now() - reportedAt < MINUTE_MS) return
    reportedAt = now()
    log.warn('requests are missing in the request log', { count: lost, error })
    lost = 0
  }

  return {
    keepsSuccesses,
    note(request) {
      const minute = Math.floor(now() / MINUTE_MS)
      const { clientId, isKnown, isAuthenticated } = request
      // Callers can invent any number of ids: these have one window together.
      const key = isKnown ? `${isAuthenticated} ${clientId}` : ''
      const window = windows.get(key)?.minute === minute ? windows.get(key) : undefined
      if (!window) closeWindows(minute)
      if (!window && windows.size >= MOST_WINDOWS) {
        lost++
        return
      }
      const counted = window ?? { minute, seen: 0, leftOut: 0 }
      windows.set(key, counted)
      startMinute()
      const queued = { ...clean(request), at: new Date(now()), leftOut: 0 }
      if (++counted.seen <= limit) {
        enqueue(queued)
        return
      }
      counted.leftOut++
      if (isKnown) counted.last = queued
    },
    async close() {
      clearTimeout(minuteTimer)
      closeWindows(Number.POSITIVE_INFINITY)
      clearTimeout(flushTimer)
      flush()
      await storing
    },
  }
}

const clean = (request: NotedRequest): NotedRequest => ({
  ...request,
  clientId: request.clientId.slice(0, 200),
  method: request.method.slice(0, 20),
  error: request.error && cleanText(request.error),
  reason: request.reason && cleanText(request.reason),
  detail: request.detail && cleanDetail(request.detail),
})

/** `explain` runs on the log's own time; a failure of it costs the explanation only. */
async function toRow(
  { isKnown: _, explain, ...request }: Queued,
  client: { enabled: boolean },
): Promise<LoggedRequest> {
  if (!client.enabled) return { ...request, reason: 'The client is disabled.' }
  const reason = await explain?.().catch(() => undefined)
  return reason === undefined ? request : { ...request, reason: cleanText(reason) }
}
