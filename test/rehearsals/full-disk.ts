import { execFile as execFileWithCallback } from 'node:child_process'
import { mkdtemp, open, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Fleet, withFleet } from '../support/fleet.ts'
import { countStatuses, recoverySeconds, startProbe } from '../support/probe.ts'
import type { Rehearsal } from './rehearsal.ts'

const execFile = promisify(execFileWithCallback)

const DISK_MIB = 500
const MAX_RECOVERY_SECONDS = 15
const EACH = { read: 0, refresh: 1, flow: 1, delivery: 4 }

export const rehearsal: Rehearsal = {
  summary: 'fill the disk of the database and the bucket under load, and free it again',
  run: ({ short, say }) =>
    onSmallDisk((disk) => withFleet({}, (fleet) => fillDisk(fleet, disk, { short, say }))),
}

/** A disk of its own, in memory; what is temporary is on it meanwhile. Only root can mount one. */
async function onSmallDisk(work: (disk: string) => Promise<string[]>): Promise<string[]> {
  const disk = await mkdtemp(join(tmpdir(), 'portal-disk-'))
  const before = process.env.TMPDIR
  await execFile('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m,mode=0777`, 'tmpfs', disk])
  process.env.TMPDIR = disk
  try {
    return await work(disk)
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    await execFile('umount', [disk])
    await rm(disk, { recursive: true })
  }
}

async function fillDisk(
  { parts: { db }, read, load }: Fleet,
  disk: string,
  { short, say }: { short: boolean; say(line: string): void },
): Promise<string[]> {
  const seconds = short ? 8 : 40
  const probe = startProbe(20, read)
  const loading = load.run(seconds + MAX_RECOVERY_SECONDS, EACH)
  await wait(2_000)
  say('the disk is full')
  const ballast = join(disk, 'ballast')
  await fill(disk, ballast)
  const filled = performance.now()
  while (performance.now() - filled < seconds * 1000) {
    // So that the log of the database, which keeps some space ahead, needs more of it soon.
    await db`select pg_switch_wal() from pg_logical_emit_message(false, 'rehearsal', 'x')`.catch(
      () => {},
    )
    await fill(disk, ballast)
    await wait(500)
  }
  const during = probe.answers.filter(({ at }) => at >= filled)
  const refused = during.filter(({ status }) => status === 503).length
  say('there is space again')
  await rm(ballast)
  const freed = performance.now()
  await wait(MAX_RECOVERY_SECONDS * 1000)
  await probe.stop()
  const { delivery } = await loading
  const delivered = await load.settle()
  const recovery = recoverySeconds(probe.answers, freed)
  const longest = Math.max(...probe.answers.map(({ milliseconds }) => milliseconds)) / 1000
  const figures = [
    `reads while the disk of ${DISK_MIB} MiB was full for ${seconds} s: ${countStatuses(during)}`,
    `longest ${longest.toFixed(1)} s; all well ${recovery.toFixed(1)} s after there was space`,
    `${delivery.failed} deliveries were refused; ${delivered} were acknowledged, and all applied; no process ended`,
  ]
  const wrong = probe.answers.filter(({ status }) => ![200, 503].includes(status))
  if (wrong.length > 0 || refused === 0 || recovery >= MAX_RECOVERY_SECONDS)
    throw new Error([...figures, `neither 200 nor 503: ${countStatuses(wrong)}`].join('\n'))
  return figures
}

/** Takes all the space that is left. */
async function fill(disk: string, ballast: string): Promise<void> {
  const file = await open(ballast, 'a')
  const zeros = Buffer.alloc(1024 * 1024)
  try {
    for (;;) {
      const { bavail, bsize } = await statfs(disk)
      if (bavail === 0) return
      await file.write(zeros, 0, Math.min(zeros.length, bavail * bsize))
    }
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOSPC') throw error
  } finally {
    await file.close()
  }
}
