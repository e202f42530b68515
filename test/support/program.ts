import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test as base, expect } from 'vitest'
import { randomSecret } from '../../src/platform/secrets.ts'
import { eventually } from './sandbox.ts'

/** Nothing listens there: no test can, and the system hands it out to nobody. */
export const UNUSED_PORT = 1

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname

export type Environment = Record<string, string>
type Program = Awaited<ReturnType<typeof openProgram>>

/** A test with the portal's own program, in processes of the operating system over an empty data directory. */
export const test = base.extend<{ program: Program }>({
  program: async ({ onTestFinished }, use) => {
    const program = await openProgram()
    onTestFinished(program.close)
    await use(program)
  },
})

async function openProgram() {
  const dir = await mkdtemp(join(tmpdir(), 'portal-process-'))
  const dataDir = join(dir, 'data')
  const running: ChildProcess[] = []

  function start(words: string[], env: Environment) {
    const child = spawn(process.execPath, [MAIN, ...words], {
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
        DATA_DIR: dataDir,
        PORT: '0',
        LOG_LEVEL: 'info',
        ...env,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    running.push(child)
    return child
  }

  /** Runs to its end. */
  async function run(words: string[], env: Environment = {}, input = '') {
    const child = start(words, env)
    child.stdin.end(input)
    const [stdout, stderr, status] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<number | null>((resolve) => child.once('exit', resolve)),
    ])
    return { stdout, stderr, status }
  }

  return {
    /** A folder of the test's own, and in it the data directory, which the first process creates. */
    dir,
    dataDir,
    run,
    start,
    /** Starts the server, and returns when it listens. */
    async serve(env: Environment = {}) {
      const child = start(['serve'], env)
      let said = ''
      child.stdout.on('data', (chunk) => {
        said += chunk
      })
      let errors = ''
      child.stderr.on('data', (chunk) => {
        errors += chunk
      })
      const url = await eventually(async () => {
        if (child.exitCode !== null) throw new Error(`the server ended: ${errors}`)
        return /listening on (\S+?),/.exec(said)?.[1]
      })
      return { child, url, readLog: () => errors }
    },
    /** Runs a command, and parses its answer. */
    async json(words: string[], env: Environment = {}, input = '') {
      const { stdout, stderr, status } = await run([...words, '--json'], env, input)
      expect([status, stderr]).toEqual([0, ''])
      return JSON.parse(stdout)
    },
    /** Expects one line of words, no stack, status 1. */
    async expectRefusal(words: string[], env: Environment, reason: RegExp) {
      const { stdout, stderr, status } = await run(words, env)
      expect([status, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(reason)
      expect(stderr.trim().split('\n')).toHaveLength(1)
    },
    async close() {
      await Promise.all(running.map((child) => kill(child)))
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** The environment of processes that start no part themselves. They have this database, and a bucket that they cannot reach. */
export const withDatabase = (url: string): Environment => ({
  DATABASE_URL: url,
  COOKIE_KEYS: randomSecret(),
  ENCRYPTION_KEY: randomSecret(),
  S3_ENDPOINT: `http://127.0.0.1:${UNUSED_PORT}`,
  S3_BUCKET: 'documents',
  AWS_ACCESS_KEY_ID: 'AKIATEST',
  AWS_SECRET_ACCESS_KEY: randomSecret(),
})

/** Ends a process, and waits until it has ended. */
export async function kill(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await ended
}
