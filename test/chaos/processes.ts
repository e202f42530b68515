import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import type { Release } from '../rehearsals/upgrade/release.ts'

const CLOCK = new URL('./clock.ts', import.meta.url).href
// SHUTDOWN_SECONDS, and some for a busy machine.
const SHUTDOWN_LIMIT_MS = 40_000

/** One process of the portal that is restarted whenever it ends, like an operator's supervisor does. */
export type Kept = {
  role: 'web' | 'worker'
  port: number
  isUp(): boolean
  /** `kill -9`. Throws when it does not run. */
  kill(): void
  /** Sends SIGSTOP, and SIGCONT when `until` has resolved. Throws when it does not run. */
  freeze(until: () => Promise<void>): Promise<void>
  /**
   * Sends SIGTERM, not before it may run again, and resolves when the process has ended. The next one has a clock that differs by so
   * much, or runs this release.
   */
  restart(next?: { clockSkewMs?: number; release?: Release }): Promise<void>
  /** Resolves when it is ready, or after this many seconds. */
  untilUp(seconds: number): Promise<void>
  /** What it runs, or will run after its restart. */
  release(): Release
  hasWrongClock(): boolean
  /** How often it started, by the name of the release. */
  starts: ReadonlyMap<string, number>
  /** How often it said that the schema is newer than its release. */
  countNotices(): number
  /** How it ended when nobody had ended it, each time, and what it said last. */
  listCrashes(): readonly string[]
  close(): Promise<void>
}

/** `onLog` gets the process's standard error. */
export async function superviseProcess(given: {
  release: Release
  role: 'web' | 'worker'
  port: number
  env: Record<string, string>
  onLog: (line: string) => void
}): Promise<Kept> {
  const { role, port, env, onLog } = given
  let child: ChildProcess | undefined
  let isUp = false
  const starts = new Map<string, number>()
  let notices = 0
  let thaw = Promise.resolve()
  let isClosing = false
  let ended: ChildProcess | undefined
  let clockSkewMs = 0
  let { release } = given
  const crashes: string[] = []

  async function run(): Promise<void> {
    const { name } = release
    let lastWords = ''
    const started = spawn(process.execPath, ['--import', CLOCK, release.main, 'serve'], {
      env: { ...env, ROLE: role, PORT: String(port), CLOCK_SKEW_MS: String(clockSkewMs) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child = started
    starts.set(name, (starts.get(name) ?? 0) + 1)
    started.stdout.on('data', (said) => {
      if (/ is ready/.test(String(said))) isUp = true
    })
    started.stderr.on('data', (lines) => {
      lastWords = (lastWords + lines).slice(-2_000)
      notices += String(lines).split('schema is newer than this version').length - 1
      onLog(String(lines))
    })
    const how = await new Promise<string>((resolve) =>
      started.once('exit', (status, signal) => resolve(signal ?? `status ${status}`)),
    )
    // A process that cannot start, because its database is away, ends with status 1; its supervisor tries again.
    if ((isUp || how !== 'status 1') && !isClosing && ended !== started)
      crashes.push(`${name}: ${how}${isUp ? '' : ' during its start'}\n${lastWords}`)
    isUp = false
  }
  const kept = (async () => {
    while (!isClosing) {
      await run()
      if (!isClosing) await wait(500)
    }
  })()

  const requireRunning = () => {
    if (!child || hasEnded(child)) throw new Error(`the ${role} process does not run`)
    return child
  }

  return {
    role,
    port,
    isUp: () => isUp,
    kill() {
      ended = requireRunning()
      ended.kill('SIGKILL')
    },
    async restart(next = {}) {
      clockSkewMs = next.clockSkewMs ?? clockSkewMs
      release = next.release ?? release
      await thaw
      const before = child
      if (!before || hasEnded(before)) return
      ended = before
      const exit = new Promise((resolve) => before.once('exit', resolve))
      before.kill('SIGTERM')
      const late = wait(SHUTDOWN_LIMIT_MS, 'late', { ref: false })
      if ((await Promise.race([exit, late])) !== 'late') return
      crashes.push(`${release.name}: SIGTERM did not end it within ${SHUTDOWN_LIMIT_MS / 1000} s`)
      before.kill('SIGKILL')
    },
    async untilUp(seconds) {
      for (const end = Date.now() + seconds * 1000; !isUp && Date.now() < end; ) await wait(100)
    },
    async freeze(until) {
      const frozen = requireRunning()
      frozen.kill('SIGSTOP')
      thaw = until().finally(() => void frozen.kill('SIGCONT'))
      await thaw
    },
    release: () => release,
    hasWrongClock: () => clockSkewMs !== 0,
    starts,
    countNotices: () => notices,
    listCrashes: () => crashes,
    async close() {
      isClosing = true
      child?.kill('SIGCONT')
      child?.kill('SIGTERM')
      await kept
    },
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) =>
  exitCode !== null || signalCode !== null
