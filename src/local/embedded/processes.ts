import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { OperatorError } from '../../platform/errors.ts'

/** The user that a program runs as, and a command prefix that gives it a missing privilege. */
export type RunAs = { user: User | undefined; prefix: string[] }
type User = { uid: number; gid: number }

const run = promisify(execFile)

/**
 * Chooses the user for PostgreSQL, which refuses to run as root: an existing ordinary user, first of all the owner of
 * `data`. `folders` must be accessible to that user. Throws OperatorError with a remedy.
 */
export async function chooseUser(data: string, folders: string[]): Promise<RunAs> {
  if (process.getuid?.() !== 0) return { user: undefined, prefix: [] }
  const user = await findOrdinaryUser([data, dirname(data)])
  const reachable = await Promise.all(folders.map((folder) => canReach(folder, user)))
  if (reachable.every(Boolean)) return { user, prefix: [] }
  // A folder above is not accessible to that user. setpriv of util-linux can grant the one missing capability.
  const prefix = [
    'setpriv',
    // access(2) uses the real user, and the kernel drops the capability when the user changes unless told to keep it.
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
  } catch (cause) {
    throw new OperatorError(
      `PostgreSQL cannot run as root, and the user it would run as cannot reach ${folders.filter((_, n) => !reachable[n]).join(' and ')}. Let others pass there (chmod o+x on each folder above), choose another DATA_DIR, or run as an ordinary user.`,
      { cause },
    )
  }
  return { user, prefix }
}

async function findOrdinaryUser(owned: string[]): Promise<User> {
  for (const path of owned) {
    const found = await stat(path).catch(() => undefined)
    if (found && found.uid !== 0) return { uid: found.uid, gid: found.gid }
  }
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new OperatorError(
    'PostgreSQL cannot run as root, and there is no user "postgres" or "nobody" to run it. Run as an ordinary user.',
  )
}

async function canReach(path: string, { uid, gid }: User): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    const found = await stat(folder)
    const bit = found.uid === uid ? 0o100 : found.gid === gid ? 0o010 : 0o001
    if ((found.mode & bit) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

const spawnOptions = ({ prefix, user }: RunAs) => ({
  // With a prefix, setpriv changes the user.
  ...(prefix.length === 0 ? user : undefined),
  env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
  // A separate session: Ctrl-C in the terminal signals only our process, which then stops this one properly.
  detached: true,
  stdio: ['ignore', 'ignore', 'pipe'] as ['ignore', 'ignore', 'pipe'],
})

/** Starts a program whose standard error alone is readable. */
export function spawnAs(runAs: RunAs, binary: string, args: string[]): ChildProcess {
  const [file = binary, ...rest] = [...runAs.prefix, binary, ...args]
  try {
    return spawn(file, rest, spawnOptions(runAs))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EPERM') throw cause
    throw new OperatorError(
      'PostgreSQL cannot run as root, and this root may not become another user. Run as an ordinary user.',
      { cause },
    )
  }
}

/** Runs `kill …args` when this process ends, however that happens: only this process holds the other end of the pipe. */
export function killOnExit(args: string[]): { cancel(): void } {
  const watcher = spawn('/bin/sh', ['-c', 'read -r _; kill "$@"', 'sh', ...args], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.unref()
  return { cancel: () => watcher.kill('SIGKILL') }
}
