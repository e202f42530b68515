import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'

/** One process of the portal that is restarted whenever it ends, like an operator's supervisor does. */
export type Kept = {
  role: 'web' | 'worker'
  port: number
  isUp(): boolean
  /** `kill -9`. */
  kill(): void
  /** Sends SIGSTOP, and SIGCONT after this many milliseconds. */
  freeze(milliseconds: number): Promise<void>
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
  const { main, role, port, env, onLog } = given
  let child: ChildProcess | undefined
  let isUp = false
  let starts = 0
  let isClosing = false
  let killed: ChildProcess | undefined
  const crashes: string[] = []

  async function run(): Promise<void> {
    const started = spawn(process.execPath, [main, 'serve'], {
      env: { ...env, ROLE: role, PORT: String(port) },
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
    if (isUp && !isClosing && killed !== started) crashes.push(how)
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
      killed = child
      child?.kill('SIGKILL')
    },
    async freeze(milliseconds) {
      const frozen = child
      frozen?.kill('SIGSTOP')
      await wait(milliseconds)
      frozen?.kill('SIGCONT')
    },
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
