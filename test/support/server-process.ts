import { spawn } from 'node:child_process'
import type { Environment } from './environment.ts'

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname

export type ServerProcess = Awaited<ReturnType<typeof startServerProcess>>

/** Starts `serve` in a process of the operating system, and returns when it is ready. An end that nobody asked for is kept. */
export async function startServerProcess(env: Environment) {
  const child = spawn(process.execPath, [MAIN, 'serve'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let logged = ''
  let said = ''
  let isClosing = false
  let unplannedEnd: string | undefined
  const ended = new Promise<void>((resolve) =>
    child.once('exit', (status, signal) => {
      if (!isClosing) unplannedEnd = `${signal ?? `status ${status}`}: ${logged.slice(-2_000)}`
      resolve()
    }),
  )
  child.stderr.on('data', (lines) => {
    logged = (logged + lines).slice(-1_000_000)
  })
  const ready = new Promise<void>((resolve) =>
    child.stdout.on('data', (lines) => {
      said += lines
      if (/ is ready/.test(said)) resolve()
    }),
  )
  await Promise.race([ready, ended])
  if (unplannedEnd !== undefined) throw new Error(`the process did not start: ${unplannedEnd}`)
  return {
    /** Where a web process listens. */
    url: (/listening on (\S+?),/.exec(said)?.[1] ?? '').replace('127.0.0.1', 'localhost'),
    pid: child.pid ?? 0,
    log: () => logged,
    unplannedEnd: () => unplannedEnd,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      isClosing = true
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** Runs a command to its end. Throws with what it printed when its status is not one of `allowed`. */
export async function runCommand(
  words: string[],
  env: Environment,
  { allowed = [0] }: { allowed?: number[] } = {},
): Promise<{ status: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...words], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const status = await new Promise<number>((resolve) =>
    child.once('close', (code) => resolve(code ?? 1)),
  )
  if (!allowed.includes(status))
    throw new Error(`${words.join(' ')} ended with status ${status}: ${stdout}${stderr}`)
  return { status, stdout, stderr }
}
