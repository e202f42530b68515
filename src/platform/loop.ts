import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from './log.ts'

export type Loop = {
  /** Ends the pause: the next run begins now. */
  runNow(): void
  /** Whether the current run takes so long that it will hardly end. */
  isStalled(): boolean
  /** Starts no further run, and resolves when the current one has ended. */
  stop(): Promise<void>
}

// Runs are short: statements, requests and files have time limits of their own.
const STALLED_MS = 5 * 60_000

/**
 * Runs `work` repeatedly, one run at a time, with `pauseMs` between two runs and `firstAfterMs` before the first. After a run that
 * returns `true` the next one follows without a pause. A failure is logged as `event`, and the loop continues
 * after a pause. It does not keep the process alive.
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
  let pauseEnd = new AbortController()
  let runningSince = Number.POSITIVE_INFINITY

  async function pause(milliseconds: number) {
    const signal = AbortSignal.any([pauseEnd.signal, stopping.signal])
    await wait(milliseconds, undefined, { signal, ref: false }).catch(() => {})
  }

  async function runOnce(): Promise<boolean> {
    runningSince = performance.now()
    try {
      return (await work(stopping.signal)) === true
    } catch (error) {
      log.error(event, { error })
      return false
    } finally {
      runningSince = Number.POSITIVE_INFINITY
    }
  }

  async function run() {
    if (firstAfterMs > 0) await pause(firstAfterMs)
    while (!stopping.signal.aborted) {
      // Created before the run: a call of `runNow` during the run means that there may be more work.
      pauseEnd = new AbortController()
      if (!(await runOnce())) await pause(pauseMs)
    }
  }
  const running = run()

  return {
    runNow: () => pauseEnd.abort(),
    isStalled: () => performance.now() - runningSince > STALLED_MS,
    async stop() {
      stopping.abort()
      await running
    },
  }
}
