import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { Environment } from '../../support/environment.ts'
import type { Release } from './release.ts'

export type RunningProcess = {
  /** What it was started with. */
  env: Environment
  /** Where it answers, unless it is a worker. */
  url: string | undefined
  /** Everything that it wrote to standard error. */
  logged(): string
  /** How it ended although nobody asked it to, or `undefined`. */
  crash(): string | undefined
  /** Sends SIGTERM. Throws when it does not end well. */
  stop(): Promise<void>
}

/** Starts a process of this version, and returns when it is ready. Throws when it ends before. */
export async function startProcess(
  { main, name }: Release,
  env: Environment,
): Promise<RunningProcess> {
  const child = spawn(process.execPath, [main, 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let logged = ''
  child.stderr.on('data', (lines) => {
    logged += lines
  })
  let isStopping = false
  let crash: string | undefined
  const ended = new Promise<string>((resolve) =>
    child.once('exit', (status, signal) => {
      const how = signal ?? `status ${status}`
      if (!isStopping) crash = how
      resolve(how)
    }),
  )
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (said) => {
      if (String(said).includes(' is ready')) resolve()
    })
    void ended.then((how) =>
      reject(
        new Error(`a process of ${name} ended at its start (${how}): ${logged.slice(-2_000)}`),
      ),
    )
  })
  return {
    env,
    url: env.ROLE === 'web' ? `http://localhost:${env.PORT}` : undefined,
    logged: () => logged,
    crash: () => crash,
    async stop() {
      isStopping = true
      child.kill('SIGTERM')
      const how = await ended
      if (how !== 'status 0') throw new Error(`a process of ${name} was stopped: ${how}\n${logged}`)
    },
  }
}

/** Runs a command of this version to its end; returns what it printed. Throws when it fails. */
export async function runCommand(
  { main, name }: Release,
  words: readonly string[],
  env: Environment,
): Promise<{ stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [main, ...words], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const [stdout, stderr, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended,
  ])
  if (status !== 0) throw new Error(`${words.join(' ')} of ${name}: status ${status}\n${stderr}`)
  return { stdout, stderr }
}
