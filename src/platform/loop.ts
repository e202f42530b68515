import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from './log.ts'

export type Loop = {
  /** Ends the pause: the next run begins now. */
  wake(): void
  /** Begins no further run, and resolves when the one under way has ended. */
  stop(): Promise<void>
}

// A failure that repeats every second is logged once, and then as a reminder.
const LOGGED_FAILURES = 100

/**
 * Runs `work` again and again, one run at a time, with `pauseMs` between two runs and `firstAfterMs` before the first. A run
 * that returns `true` found something to do, and the next one follows without a pause. A failure is logged as `event`, the
 * first of a row and every hundredth, and the loop goes on after a pause. It keeps no process alive.
 */
export function startLoop(
  {
    event,
    pauseMs,
    firstAfterMs = 0,
    log,
  }: { event: string; pauseMs: number; firstAfterMs?: number; log: Log },
  work: (stopping: AbortSignal) => Promise<unknown>,
): Loop {
  const stopping = new AbortController()
  let awake = new AbortController()
  let failures = 0

  async function pause(milliseconds: number) {
    const signal = AbortSignal.any([awake.signal, stopping.signal])
    await wait(milliseconds, undefined, { signal, ref: false }).catch(() => {})
  }

  async function runOnce(): Promise<boolean> {
    try {
      const hasMore = (await work(stopping.signal)) === true
      failures = 0
      return hasMore
    } catch (error) {
      if (failures++ % LOGGED_FAILURES === 0) log.error(event, { error, failures })
      return false
    }
  }

  async function run() {
    if (firstAfterMs > 0) await pause(firstAfterMs)
    while (!stopping.signal.aborted) {
      // Made before the run: to be woken while it runs means that there may be more.
      awake = new AbortController()
      if (!(await runOnce())) await pause(pauseMs)
    }
  }
  const running = run()

  return {
    wake: () => awake.abort(),
    async stop() {
      stopping.abort()
      await running
    },
  }
}
