import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'

const CLOCK = new URL('./clock.ts', import.meta.url).href
// SHUTDOWN_SECONDS, and some for a busy machine.
const SHUTDOWN_LIMIT_MS = 40_000

/** One process of the portal that is restarted whenever it ends, like an operator's supervisor does. */
export type Kept = {
  role: 'web' | 'worker'
  port: number
  isUp(): boolean
  /** `kill -9`. */
  kill(): void
  /** Sends SIGSTOP, and SIGCONT after this many milliseconds. */
  freeze(milliseconds: number): Promise<void>
  /** Sends SIGTERM, and resolves when the process has ended. The next one has a clock that differs by so much, or runs these sources. */
  restart(next?: { clockSkewMs?: number; main?: string }): Promise<void>
  hasWrongClock(): boolean
  countStarts(): number
  /** How it ended when nobody had ended it, each time. */
  listCrashes(): readonly string[]
  close(): Promise<void>
}

/** `onLog` gets the process's standard error. */
export async function superviseProcess(given: {
  main: string
  role: 'web' | 'worker'
  port: number
  env: Record<string, string>
  onLog: (line: string) => void
}): Promise<Kept> {
  const { role, port, env, onLog } = given
  let child: ChildProcess | undefined
  let isUp = false
  let starts = 0
  let isClosing = false
  let ended: ChildProcess | undefined
  let clockSkewMs = 0
  let { main } = given
  const crashes: string[] = []

  async function run(): Promise<void> {
    const started = spawn(process.execPath, ['--import', CLOCK, main, 'serve'], {
      env: { ...env, ROLE: role, PORT: String(port), CLOCK_SKEW_MS: String(clockSkewMs) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child = started
    starts++
    started.stdout.on('data', (said) => {
      if (/ is ready/.test(String(said))) isUp = true
    })
    started.stderr.on('data', (lines) => onLog(String(lines)))
    const how = await new Promise<string>((resolve) =>
      started.once('exit', (status, signal) => resolve(signal ?? `status ${status}`)),
    )
    // A process that cannot start, because its database is away, ends; its supervisor tries again.
    if (isUp && !isClosing && ended !== started) crashes.push(how)
    isUp = false
  }
  const kept = (async () => {
    while (!isClosing) {
      await run()
      if (!isClosing) await wait(500)
    }
  })()

  return {
    role,
    port,
    isUp: () => isUp,
    kill() {
      ended = child
      child?.kill('SIGKILL')
    },
    async restart(next = {}) {
      clockSkewMs = next.clockSkewMs ?? clockSkewMs
      main = next.main ?? main
      const before = child
      if (!before || before.exitCode !== null || before.signalCode !== null) return
      ended = before
      const exit = new Promise((resolve) => before.once('exit', resolve))
      before.kill('SIGTERM')
      const late = wait(SHUTDOWN_LIMIT_MS, 'late', { ref: false })
      if ((await Promise.race([exit, late])) !== 'late') return
      crashes.push(`SIGTERM did not end it within ${SHUTDOWN_LIMIT_MS / 1000} s`)
      before.kill('SIGKILL')
    },
    async freeze(milliseconds) {
      const frozen = child
      frozen?.kill('SIGSTOP')
      await wait(milliseconds)
      frozen?.kill('SIGCONT')
    },
    hasWrongClock: () => clockSkewMs !== 0,
    countStarts: () => starts,
    listCrashes: () => crashes,
    async close() {
      isClosing = true
      child?.kill('SIGCONT')
      child?.kill('SIGTERM')
      await kept
    },
  }
}
