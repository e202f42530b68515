import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { OperatorError } from '../../platform/errors.ts'

/** Who runs a program, and the words put before its command where plain privileges do not reach. */
export type RunAs = { user: User | undefined; prefix: string[] }
type User = { uid: number; gid: number }

const run = promisify(execFile)

/**
 * PostgreSQL refuses to run as root: then it runs as an ordinary user that is there already, the owner of `data` before
 * others. `folders` are those it must get to. Throws OperatorError with what to do.
 */
export async function chooseUser(data: string, folders: string[]): Promise<RunAs> {
  if (process.getuid?.() !== 0) return { user: undefined, prefix: [] }
  const user = await findOrdinaryUser([data, dirname(data)])
  const reachable = await Promise.all(folders.map((folder) => canReach(folder, user)))
  if (reachable.every(Boolean)) return { user, prefix: [] }
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
  // With a prefix, setpriv changes the user itself.
  ...(prefix.length === 0 ? user : undefined),
  env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
  // A session of its own: Ctrl-C in the terminal is for our process, which then ends this one in order.
  detached: true,
  stdio: ['ignore', 'ignore', 'pipe'] as ['ignore', 'ignore', 'pipe'],
})

/** Starts it with nothing but its standard error to read. */
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

/** Does `kill …args` when this process is gone, however it went: the pipe's other end is held by this process alone. */
export function whenWeAreGone(args: string[]): { cancel(): void } {
  const watcher = spawn('/bin/sh', ['-c', 'read -r _; kill "$@"', 'sh', ...args], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.unref()
  return { cancel: () => watcher.kill('SIGKILL') }
}
