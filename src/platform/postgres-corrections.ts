import { createHash } from 'node:crypto'
import { registerHooks } from 'node:module'
import { OperatorError } from './errors.ts'

/** A passage of the library's source, and what replaces it. */
type Change = { from: string; to: string }
type Correction = { file: string; sha256: string; changes: readonly Change[] }

/**
 * Corrections of postgres.js 3.4.9, the newest release, made while its source is loaded. Each file must be the one that they
 * were written for. docs/dependencies.md says what each defect does, and how it was found.
 */
export const CORRECTIONS: readonly Correction[] = [
  {
    file: 'queue.js',
    sha256: '15e6345adb6708bf3b99ad39fc2231c2fb61de5f6cba4b7a7a6be881482a4ec3',
    changes: [
      {
        from: `    remove: (x) => {`,
        to: `    first: () => xs[index],
    remove: (x) => {`,
      },
      // Elements that were taken out stayed in the array as holes until the queue was empty, and every removal searched them.
      {
        from: `      const index = xs.indexOf(x)
      return index === -1
        ? null
        : (xs.splice(index, 1), x)`,
        to: `      const found = xs.indexOf(x, index)
      return found === -1
        ? null
        : (xs.splice(found, 1), x)`,
      },
      {
        from: `        xs[index - 1] = undefined
      }`,
        to: `        xs[index - 1] = undefined
        if (index >= 32 && index * 2 >= xs.length) {
          xs = xs.slice(index)
          index = 0
        }
      }`,
      },
    ],
  },
  {
    file: 'index.js',
    sha256: '4e21f5733e70d79cffc10d10d4ef01031de4a9ac862210e43f8870029fd103ed',
    changes: [
      {
        from: `Object.assign(Postgres, {
`,
        to: `Object.assign(Postgres, {
  isCorrected: true,
`,
      },
      // A transaction whose connection was lost went on: its statements ran on the next connection, outside of any transaction
      // or within another caller's.
      {
        from: `    let savepoints = 0
      , connection`,
        to: `    let savepoints = 0
      , lost = null
      , connection`,
      },
      {
        from: `        new Promise((_, reject) => connection.onclose = reject)
`,
        to: `        new Promise((_, reject) => connection.onclose = error => {
          lost = error
          while (queries.length)
            queries.shift().reject(error)
          reject(error)
        })
`,
      },
      {
        from: `        q.catch(e => uncaughtError || (uncaughtError = e))
`,
        to: `        q.catch(e => uncaughtError || (uncaughtError = e))
        if (lost)
          return q.reject(lost)
`,
      },
      // Which statements are in no transaction: those may be repeated, and may wait for another connection.
      {
        from: `  const sql = Sql(handler)

  Object.assign(sql, {
    get parameters`,
        to: `  handler.isPool = true
  let refusedAt = -Infinity
  const isRefused = () => performance.now() - refusedAt < 1000 &&
    [open, busy, full, reserved].some(x => x.length)
  handler.wait = query => {
    refusedAt = performance.now()
    open.length ? go(open.shift(), query) : hold(query)
  }
  const sql = Sql(handler)

  Object.assign(sql, {
    get parameters`,
      },
      // A refused log-in (a password that was changed, too many connections) failed the statement that waited for the connection,
      // although other connections of the pool still served. It waits for those now, and a log-in is tried once a second.
      {
        from: `    if (closed.length)
      return connect(closed.shift(), query)
`,
        to: `    if (closed.length && !isRefused())
      return connect(closed.shift(), query)
`,
      },
      {
        from: `    queries.length && connect(c, queries.shift())
`,
        to: `    queries.length && !isRefused() && connect(c, queries.shift())
`,
      },
      // For the watchdog.
      {
        from: `    if (ending)
      return query.reject(Errors.connection('CONNECTION_ENDED', options, options))
`,
        to: `    if (ending)
      return query.reject(Errors.connection('CONNECTION_ENDED', options, options))

    if (sql.refusal)
      return query.reject(sql.refusal())
`,
      },
      {
        from: `      : queries.push(query)
  }

  function go(c, query) {
`,
        to: `      : hold(query)
  }

  function hold(query) {
    query.waitingSince = performance.now()
    queries.push(query)
  }

  function rejectWaiting(before, error) {
    while (queries.length && queries.first().waitingSince < before)
      queries.shift().reject(error())
  }

  function go(c, query) {
    // Its loss is known and will be handled; then there is a new connection for the statement.
    if (!c.isAlive) {
      hold(query)
      return move(c, full)
    }
`,
      },
      {
        from: `    subscribe,
    CLOSE,`,
        to: `    subscribe,
    connections,
    rejectWaiting,
    refusal: null,
    usage: () => ({
      used: busy.length + full.length + reserved.length,
      idle: open.length,
      waiting: queries.length
    }),
    CLOSE,`,
      },
    ],
  },
  {
    file: 'connection.js',
    sha256: 'ee3a218d9aa6a6f2887c1a19da50009335fe84c11a5431d5cab72d6bc528632f',
    changes: [
      // A statement for a connection that is closed was written to nothing: the process ended, or the statement never did.
      {
        from: `    if (terminated)
      return queryError(q, Errors.connection('CONNECTION_DESTROYED', options))
`,
        to: `    if (terminated)
      return queryError(q, Errors.connection('CONNECTION_DESTROYED', options))

    if (socket === null || socket.destroyed)
      return queryError(q, Errors.connection('CONNECTION_CLOSED', options)), true
`,
      },
      {
        from: `  function nextWrite(fn) {
    const x`,
        to: `  function nextWrite(fn) {
    if (socket === null) {
      chunk = nextWriteTimer = null
      return false
    }
    const x`,
      },
      // A cancelled write was remembered as scheduled, so that the next connection never wrote anything.
      {
        from: `    clearImmediate(nextWriteTimer)
    if (socket) {`,
        to: `    clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = null
    if (socket) {`,
      },
      {
        from: `    clearImmediate(nextWriteTimer)
    socket.removeListener('data', data)`,
        to: `    clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = errorResponse = results = null
    result = new Result()
    rows = 0
    socket.removeListener('data', data)`,
      },
      // Whoever waited for a connection that the server closed without an error waited for ever, and so did who had two hosts.
      {
        from: `    initial = query
      reconnect()`,
        to: `    initial = query
      initialSince = performance.now()
      reconnect()`,
      },
      {
        from: `    if (initial)
      return reconnect()

    !hadError && (query || sent.length) && error(`,
        to: `    if (initial && mayTryAgain()) {
      closedTime = performance.now()
      delay = 100
      return reconnect()
    }

    // Statements that were written after the error would be answered by the next connection's greeting.
    ;(initial || query || sent.length) && error(`,
      },
      {
        from: `    if (connection.queue === queues.connecting && options.host[retries + 1])
      return
`,
        to: `    if (connection.queue === queues.connecting && options.host.length > 1 && mayTryAgain())
      return
`,
      },
      {
        from: `  function errored(err) {
    stream`,
        to: `  function mayTryAgain() {
    return performance.now() - initialSince < options.connect_timeout * 1000
  }

  function errored(err) {
    stream`,
      },
      {
        from: `    , initial = null
`,
        to: `    , initial = null
    , initialSince = 0
`,
      },
      {
        from: `    errored(err)
    while (sent.length)`,
        to: `    errored(err)
    query = null
    while (sent.length)`,
      },
      // For the watchdog: since when the server is silent though it owes an answer, and an end that nobody waits for.
      {
        from: `    , initialSince = 0
`,
        to: `    , initialSince = 0
    , lastHeard = 0
`,
      },
      {
        from: `    count: 0,
    id
  }`,
        to: `    count: 0,
    id,
    get silentSince() { return initial ? initialSince : query ? lastHeard : null },
    get isAlive() { return socket !== null && !socket.destroyed },
    get pid() { return initial ? null : backend.pid },
    reset(err) { socket && socket.destroy(err) }
  }`,
      },
      {
        from: `        : (query = q, query.active = true)
`,
        to: `        : (query = q, query.active = true, lastHeard = performance.now())
`,
      },
      {
        from: `  function data(x) {
`,
        to: `  function data(x) {
    lastHeard = performance.now()
`,
      },
      // A read whose connection was lost is tried once more, on another one. It is known by its first word, so a `select` of ours
      // outside of a transaction changes nothing. Not part of the library: it alone knows where a statement was.
      {
        from: `  function queryError(query, err) {
`,
        to: `  function queryError(query, err) {
    if (mayRepeat(query, err)) {
      query.repeated = true
      query.active = false
      query.state = query.parameters = null
      return query.handler(query)
    }

`,
      },
      {
        from: `  function end() {
    return ending`,
        to: `  function mayRepeat(query, err) {
    return query.tagged && query.handler.isPool && !query.repeated && !query.cursorFn && !query.forEachFn &&
      !terminated && (!query.state || query.state === backend) && /^\\s*select\\b/i.test(query.string || query.strings[0]) &&
      ['CONNECTION_CLOSED', 'ECONNRESET', 'EPIPE', 'CONNECTION_LOST'].includes(err && err.code)
  }

  function end() {
    return ending`,
      },
      // Nobody caught it when the connection was lost meanwhile, which ends a process. A connection that could not learn the types would
      // read arrays as text.
      {
        from: `        return fetchArrayTypes()
`,
        to: `        return fetchArrayTypes().catch(error => socket && socket.destroy(error))
`,
      },
      {
        from: `    initial && (queryError(initial, err), initial = null)
`,
        to: `    initial && (mayWait(initial, err) ? initial.handler.wait(initial) : queryError(initial, err), initial = null)
`,
      },
      {
        from: `  function terminate() {
    terminated = true
`,
        to: `  function mayWait(query, err) {
    return query.handler && query.handler.isPool && ['28P01', '28000', '53300'].includes(err && err.code) &&
      [queues.open, queues.busy, queues.full, queues.reserved].some(x => x.length)
  }

  function terminate() {
    terminated = true
`,
      },
      // The end of a large write would have let other callers' statements into a transaction.
      {
        from: `    !query && onopen(connection)
  }

  function data(`,
        to: `    !query && !connection.reserved && connection.queue === queues.full && onopen(connection)
  }

  function data(`,
      },
    ],
  },
]

/**
 * Loads postgres.js with its corrections. Throws OperatorError when the installed source is not the one that they were written
 * for, or was loaded without them.
 */
export async function importPostgres(): Promise<typeof import('postgres')> {
  const hooks = registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const correction = CORRECTIONS.find(({ file }) =>
        url.endsWith(`/node_modules/postgres/src/${file}`),
      )
      return correction && loaded.source
        ? { ...loaded, source: correct(correction, String(loaded.source)) }
        : loaded
    },
  })
  try {
    const { default: postgres } = await import('postgres')
    if (!('isCorrected' in postgres)) throw unknownSource('index.js')
    return postgres
  } finally {
    hooks.deregister()
  }
}

/** Applies the changes. Throws OperatorError when the source is another, or a passage is not in it exactly once. */
export function correct({ file, sha256, changes }: Correction, source: string): string {
  const isKnown = createHash('sha256').update(source).digest('hex') === sha256
  return changes.reduce((text, { from, to }) => {
    const [before, after, ...more] = text.split(from)
    if (!isKnown || before === undefined || after === undefined || more.length > 0)
      throw unknownSource(file)
    return before + to + after
  }, source)
}

const unknownSource = (file: string) =>
  new OperatorError(
    `The installed postgres.js is not the one that its corrections were written for (src/${file}): install the version of package-lock.json with \`npm ci\`.`,
  )
