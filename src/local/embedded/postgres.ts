import type { ChildProcess } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { openDb } from '../../platform/db.ts'
import { OperatorError } from '../../platform/errors.ts'
import type { Log } from '../../platform/log.ts'
import { type Cluster, describeFailure, prepareCluster, USER } from './cluster.ts'
import { killOnExit, spawnAs } from './processes.ts'

export type EmbeddedPostgres = { url: string; port: number; stop(): Promise<void> }

type Server = { port: number; ended: Promise<string>; stop(): Promise<void> }

const STOP_MS = 20_000
const RESTART_DELAY_MS = 500

/**
 * Starts a real PostgreSQL on loopback over the cluster in `dir`, and creates that on first use. The server stops when this
 * process ends, however that happens, and is restarted on the same port when it crashes. `durable: false` skips fsync, for
 * tests. Throws OperatorError with a remedy.
 */
export async function startPostgres({
  dir,
  password,
  durable = true,
  hasSocket = false,
  databases = [],
  log,
}: {
  dir: string
  password: string
  durable?: boolean
  /** Also listens on a socket file in `dir`, which costs less than TCP. */
  hasSocket?: boolean
  /** Created beside the first one, where they are missing. */
  databases?: readonly string[]
  log?: Log
}): Promise<EmbeddedPostgres> {
  const cluster = await prepareCluster({ dir, password, durable })
  const start = (port?: number) => startServer(cluster, { durable, hasSocket }, port)
  const server = await keepRunning(start, log)
  try {
    await ensureDatabases(server.port, password, [USER, ...databases])
  } catch (error) {
    await server.stop()
    throw error instanceof Error && 'code' in error && error.code === '28P01'
      ? new OperatorError(
          `${dir} was made with another password than the one in secrets.json: restore both from the same backup.`,
        )
      : error
  }
  return { ...server, url: urlOf(server.port, password, USER) }
}

/** The connection string for the cluster on `port`. */
export const urlOf = (port: number, password: string, database: string, user = USER): string =>
  `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`

/** Restarts the server on the same port whenever it ends before `stop`, so that a crash is an outage of a second. */
async function keepRunning(
  start: (port?: number) => Promise<Server>,
  log: Log | undefined,
): Promise<{ port: number; stop(): Promise<void> }> {
  let server = await start()
  const { port } = server
  let stopping = false
  const kept = (async () => {
    for (;;) {
      const why = await server.ended
      if (stopping) return
      // Log only this line: others may quote statements.
      const last = why.split('\n').findLast((line) => /^(PANIC|killed|status)/.test(line))
      log?.error('embedded PostgreSQL ended, starting it again', { why: last })
      for (let started = false; !started && !stopping; ) {
        await wait(RESTART_DELAY_MS, undefined, { ref: false })
        try {
          if (!stopping) server = await start(port)
          started = true
        } catch (error) {
          log?.error('embedded PostgreSQL does not start', { error })
        }
      }
      if (stopping) return await server.stop()
    }
  })()
  return {
    port,
    async stop() {
      stopping = true
      await server.stop()
      // The delay does not keep the process alive, but stopping has to.
      const alive = setInterval(() => {}, RESTART_DELAY_MS)
      await kept.finally(() => clearInterval(alive))
    },
  }
}

async function startServer(
  { dir, binaries, runAs }: Cluster,
  { durable, hasSocket }: { durable: boolean; hasSocket: boolean },
  fixedPort?: number,
): Promise<Server> {
  for (let tries = 1; ; tries++) {
    const port = fixedPort ?? (await findFreePort())
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: hasSocket ? dir : '',
      // The portals of several test files at a time have more.
      max_connections: durable ? '200' : '400',
      fsync: durable ? 'on' : 'off',
      full_page_writes: durable ? 'on' : 'off',
      synchronous_commit: durable ? 'on' : 'off',
      log_line_prefix: '',
      // Errors do not quote the failing statement, which may contain personal data.
      log_error_verbosity: 'terse',
      log_min_error_statement: 'panic',
    }
    const child = spawnAs(runAs, binaries.postgres, [
      '-D',
      dir,
      '-p',
      String(port),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ])
    const watcher = child.pid ? killOnExit(['-INT', String(child.pid)]) : undefined
    const ended = waitForExit(child)
    // Another program may get this pid now.
    void ended.then(() => watcher?.cancel())
    const failure = await Promise.race([ready(child), ended])
    if (failure === undefined) return { port, ended, stop: () => stop(child, ended) }
    // Another program took the port meanwhile, or processes of a killed server are still ending.
    if (/Address already in use|is still in use/.test(failure) && tries < 20) await wait(100)
    else
      throw new OperatorError(`The embedded PostgreSQL did not start: ${describeFailure(failure)}.`)
  }
}

const READY = 'ready to accept connections'

function ready(child: ChildProcess): Promise<undefined> {
  return new Promise((resolve) => {
    let stderr = ''
    const listen = (chunk: Buffer) => {
      stderr += chunk.toString()
      if (!stderr.includes(READY)) return
      child.stderr?.off('data', listen)
      child.unref()
      // At runtime it is a socket, which must not keep this process alive.
      ;(child.stderr as unknown as { unref?(): void } | null)?.unref?.()
      resolve(undefined)
    }
    child.stderr?.on('data', listen)
  })
}

/**
 * Resolves with the last lines of standard error when the server has ended. Reads without end: a full pipe would block the
 * server.
 */
function waitForExit(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let stderr = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-4_000)
    })
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (status, signal) => {
      const finish = () => {
        clearTimeout(late)
        resolve(`${stderr}\n${signal ? `killed by ${signal}` : `status ${status}`}`)
      }
      // The pipe may still contain output, and child processes may keep it open after the server has ended.
      const late = setTimeout(finish, 200)
      child.once('close', finish)
    })
  })
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.ref()
  child.kill('SIGINT')
  const patience = new AbortController()
  const late = wait(STOP_MS, 'late', { signal: patience.signal }).catch(() => undefined)
  if ((await Promise.race([ended, late])) === 'late') child.kill('SIGQUIT')
  patience.abort()
  await ended
}

async function ensureDatabases(
  port: number,
  password: string,
  names: readonly string[],
): Promise<void> {
  const db = openDb(urlOf(port, password, 'postgres'), { connections: 1 })
  try {
    for (const name of names) {
      const [found] = await db`select from pg_database where datname = ${name}`
      if (!found) await db.unsafe(`create database ${name}`)
    }
  } finally {
    await db.end()
  }
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
