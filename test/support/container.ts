import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Image } from './dockerfile.ts'

// The system's own folders stand for those of the base image. Everything is read-only, and there is no /tmp.
const ENTER = `
set -e
root=$1 node=$2 user=$3 workdir=$4
shift 4
mount --bind "$root" "$root"
for folder in usr bin lib lib64 etc node; do
  from=/$folder
  [ "$folder" = node ] && from=$node
  [ -d "$from" ] || continue
  mkdir -p "$root/$folder"
  mount --bind "$from" "$root/$folder"
  mount -o remount,bind,ro "$root/$folder"
done
mkdir -p "$root/dev" "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind /proc "$root/proc"
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" --groups= "$root" /usr/bin/env --chdir="$workdir" "$@"
`

export type Container = {
  /** Whether processes have a root of their own that they cannot write, and the image's user; only root can arrange that. */
  isConfined: boolean
  /** Starts a command with the image's environment and `env`. */
  start(command: readonly string[], env: Record<string, string>): ChildProcessWithoutNullStreams
}

/** Runs processes from the image with this machine's kernel and libraries, and the Node that runs this. */
export async function openContainer(image: Image): Promise<Container> {
  const isConfined = await canConfine()
  const nodeDir = dirname(process.execPath)
  return {
    isConfined,
    start(command, given) {
      const env = { ...image.env, ...given }
      const [program = '', ...rest] = command
      if (!isConfined)
        return spawn(program === 'node' ? process.execPath : program, rest, {
          cwd: join(image.folder, image.workdir),
          env: { PATH: process.env.PATH ?? '', ...env },
        })
      return spawn(
        'unshare',
        [
          ...['--mount', '--propagation', 'private', '/bin/sh', '-c', ENTER, 'sh'],
          ...[image.folder, nodeDir, image.user, image.workdir],
          ...['-i', 'PATH=/node:/usr/bin:/bin'],
          ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
          ...command,
        ],
        { stdio: ['pipe', 'pipe', 'pipe'] },
      )
    },
  }
}

async function canConfine(): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  const probe = promisify(execFile)('unshare', ['--mount', '--propagation', 'private', 'true'])
  return probe.then(
    () => true,
    () => false,
  )
}
