import type { Log } from './log.ts'

/** Resolves while the part can be used, and throws otherwise. Nobody is shown its error. */
type Check = () => Promise<unknown>

type Options = {
  /** Whether the process cannot serve without the part; otherwise its state is only reported. */
  isRequired?: boolean
  /** For how long a result is used again, so that probes cost nothing. */
  rememberMs?: number
  /** A check that takes longer counts as failed until it ends. */
  limitMs?: number
}

type Report = {
  status: 'ready' | 'unavailable' | 'draining'
  parts: Record<string, 'ok' | 'unavailable'>
}

/** Whether this process can serve: the state of each part that it needs. */
export type Readiness = {
  /** Adds a part, under the name that reports have. */
  add(name: string, check: Check, options?: Options): void
  /** From now on the process reports that it is about to end, whatever the state of its parts. */
  drain(): void
  report(): Promise<Report>
}

const REMEMBER_MS = 1_000
const LIMIT_MS = 3_000

/** Begins without parts. A change between ready and not ready is logged when a probe finds it. */
export function createReadiness(log: Log, now = () => performance.now()): Readiness {
  const parts = new Map<string, { isRequired: boolean; isOk: () => Promise<boolean> }>()
  let isDraining = false
  let wasReady = true

  return {
    add(name, check, { isRequired = true, rememberMs = REMEMBER_MS, limitMs = LIMIT_MS } = {}) {
      parts.set(name, { isRequired, isOk: rememberResult(check, { rememberMs, limitMs, now }) })
    },
    drain() {
      isDraining = true
    },
    async report() {
      if (isDraining) return { status: 'draining', parts: {} }
      const found = await Promise.all(
        [...parts].map(async ([name, { isRequired, isOk }]) => ({
          name,
          isRequired,
          isOk: await isOk(),
        })),
      )
      const missing = found.filter((each) => each.isRequired && !each.isOk).map(({ name }) => name)
      const isReady = missing.length === 0
      if (isReady !== wasReady)
        if (isReady) log.info('process is ready again')
        else log.warn('process is not ready', { parts: missing })
      wasReady = isReady
      return {
        status: isReady ? 'ready' : 'unavailable',
        parts: Object.fromEntries(
          found.map(({ name, isOk }) => [name, isOk ? 'ok' : 'unavailable']),
        ),
      }
    },
  }
}

/** Runs the check when the last result is too old, once at a time for all who ask meanwhile. */
function rememberResult(
  check: Check,
  given: { rememberMs: number; limitMs: number; now: () => number },
): () => Promise<boolean> {
  const { rememberMs, limitMs, now } = given
  let last: { isOk: boolean; at: number } | undefined
  let running: Promise<boolean> | undefined
  let isOverdue = false

  async function run(): Promise<boolean> {
    const isOk = await check().then(
      () => true,
      () => false,
    )
    last = { isOk, at: now() }
    running = undefined
    isOverdue = false
    return isOk
  }

  return async () => {
    if (last && now() - last.at < rememberMs) return last.isOk
    running ??= run()
    if (isOverdue) return false
    const limit = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => {
      isOverdue = true
      limit.resolve(false)
    }, limitMs)
    return await Promise.race([running, limit.promise]).finally(() => clearTimeout(timer))
  }
}

type ProbeResponse = { status: 200 | 503; body: { status: string } }

/**
 * The responses to probes, as JSON: whether the process runs, and whether it can serve. Without a readiness it is still starting.
 */
export const PROBES: Readonly<
  Record<string, (readiness: Readiness | undefined) => Promise<ProbeResponse>>
> = {
  '/health/live': async () => ({ status: 200, body: { status: 'ok' } }),
  '/health/ready': async (readiness) => {
    const body = readiness ? await readiness.report() : { status: 'starting' }
    return { status: body.status === 'ready' ? 200 : 503, body }
  },
}
