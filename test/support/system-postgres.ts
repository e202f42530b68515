import { type ChildProcess, execFile } from 'node:child_process'
import { chmod, chown, mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { chooseUser, type RunAs, spawnAs } from '../../src/local/embedded/processes.ts'
import { findFreePorts } from './ports.ts'

const VERSIONS = '/usr/lib/postgresql'
const SUPERUSER = 'postgres'

/** The programs of the system's newest PostgreSQL package: the embedded one has neither pg_dump nor pg_basebackup. */
async function findPrograms(): Promise<string> {
  const versions = (await readdir(VERSIONS).catch(() => [])).map(Number).filter(Number.isInteger)
  for (const version of versions.sort((a, b) => b - a)) {
    const bin = join(VERSIONS, String(version), 'bin')
    const programs = await readdir(bin)
    if (['postgres', 'pg_dump', 'pg_basebackup'].every((name) => programs.includes(name)))
      return bin
  }
  throw new Error(
    `PostgreSQL with its client programs is not installed (${VERSIONS}): apt-get install postgresql`,
  )
}

export type SystemPostgres = {
  bin: string
  dir: string
  password: string
  port: number
  /** With the superuser. */
  urlOf(database: string): string
  stop(): Promise<void>
}

/** Makes an empty folder that the server's user may use. */
export async function makeFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true })
  const { user } = await chooseUser(dir, [])
  if (user) await chown(dir, user.uid, user.gid)
  await chmod(dir, 0o700)
}

/** Starts a server on the cluster in `dir`, and creates an empty cluster if there is none. */
export async function startSystemPostgres(given: {
  dir: string
  password: string
  settings?: Readonly<Record<string, string>>
}): Promise<SystemPostgres> {
  const { dir, password, settings = {} } = given
  const bin = await findPrograms()
  // The server's user passes through this folder to its own.
  await chmod(dirname(dir), 0o711)
  const runAs = await chooseUser(dir, [bin])
  if ((await readdir(dir).catch(() => [])).length === 0)
    await createCluster(bin, runAs, dir, password)
  const [port = 0] = await findFreePorts(1)
  const child = spawnAs(runAs, join(bin, 'postgres'), [
    '-D',
    dir,
    '-p',
    String(port),
    ...Object.entries({
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: 'off',
      ...settings,
    }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ])
  await waitForWords(child, 'ready to accept connections')
  return {
    bin,
    dir,
    password,
    port,
    urlOf: (database) => `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGINT')
      await ended
    },
  }
}

async function createCluster(
  bin: string,
  runAs: RunAs,
  dir: string,
  password: string,
): Promise<void> {
  await makeFolder(dir)
  const passwordFile = `${dir}.password`
  await writeFile(passwordFile, password)
  if (runAs.user) await chown(passwordFile, runAs.user.uid, runAs.user.gid)
  const child = spawnAs(runAs, join(bin, 'initdb'), [
    `--pgdata=${dir}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--no-sync',
  ])
  const status = await new Promise((resolve) => child.once('exit', resolve))
  if (status !== 0) throw new Error(`initdb ended with status ${status}`)
}

function waitForWords(child: ChildProcess, words: string): Promise<void> {
  let said = ''
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (chunk) => {
      said = (said + chunk).slice(-8_000)
      if (said.includes(words)) resolve()
    })
    child.once('exit', () => reject(new Error(`PostgreSQL ended: ${said}`)))
  })
}

/** Runs a program to its end. Throws with what it printed when it fails. */
export async function runProgram(
  file: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(file, [...words], {
    env: { PATH: process.env.PATH, LC_ALL: 'C', ...env },
    maxBuffer: 64 * 1024 * 1024,
  })
  return stdout
}
