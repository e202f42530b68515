import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startVerification } from '../../src/id-verification/operations.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { startVeriffSandbox } from '../../src/local/sandbox/veriff.ts'
import { type Fleet, withFleet } from '../support/fleet.ts'
import { describeTally, type Kind } from '../support/mixed-load.ts'
import { HOLDER } from '../support/portal.ts'
import { API_KEY, SECRET } from '../support/veriff-vectors.ts'
import type { Rehearsal } from './rehearsal.ts'

const LIMIT_MIB = 512
const GROUPS = '/sys/fs/cgroup/memory'
const EACH = { read: 8, refresh: 2, flow: 4, delivery: 0 }

export const rehearsal: Rehearsal = {
  summary: `serve and back images up with ${LIMIT_MIB} MiB of memory for each process`,
  run: ({ short, say }) =>
    withFleet({}, async (fleet) => {
      const groups = await Promise.all(fleet.processes.map(({ pid }) => limitMemory(pid)))
      // The group does not count what a process had before it came in.
      const held = await Promise.all(fleet.processes.map(({ pid }) => readResident(pid)))
      try {
        const figures = await work(fleet, short ? 6 : 60, say)
        const peaks = await Promise.all(groups.map(readPeak))
        if (peaks.some(({ killed }) => killed > 0))
          throw new Error(`the system ended a process for lack of memory: ${JSON.stringify(peaks)}`)
        const [web1, web2, worker] = peaks.map(({ mebibytes }, at) => mebibytes + (held[at] ?? 0))
        if (Math.max(web1 ?? 0, web2 ?? 0, worker ?? 0) > LIMIT_MIB)
          throw new Error(`more than ${LIMIT_MIB} MiB: ${web1}, ${web2}, ${worker}`)
        return [
          ...figures,
          `at most ${web1} and ${web2} MiB in the web processes, ${worker} MiB in the worker with its image processes; the limit is ${LIMIT_MIB} MiB; nothing was ended`,
        ]
      } finally {
        for (const each of fleet.processes) await each.close()
        await Promise.all(groups.map((group) => rmdir(group).catch(() => {})))
      }
    }),
}

/** Puts a process, and those that it starts later, into a group with a limit. Only root can. */
async function limitMemory(pid: number): Promise<string> {
  const group = join(GROUPS, `portal-${pid}`)
  await mkdir(group)
  await writeFile(join(group, 'memory.limit_in_bytes'), String(LIMIT_MIB * 1024 * 1024))
  await writeFile(join(group, 'cgroup.procs'), String(pid))
  return group
}

async function readResident(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024)
}

async function readPeak(group: string): Promise<{ mebibytes: number; killed: number }> {
  const peak = await readFile(join(group, 'memory.max_usage_in_bytes'), 'utf8')
  const control = await readFile(join(group, 'memory.oom_control'), 'utf8')
  return {
    mebibytes: Math.round(Number(peak) / 1024 / 1024),
    killed: Number(/oom_kill (\d+)/.exec(control)?.[1] ?? 0),
  }
}

/** Reads, refreshes and code flows at the web processes, and images of a phone's size for the worker. */
async function work(
  { parts, load, env, later, urls }: Fleet,
  seconds: number,
  say: (line: string) => void,
): Promise<string[]> {
  const vendor = later(
    await startVeriffSandbox({
      port: 0,
      apiKey: API_KEY,
      sharedSecret: SECRET,
      webhookUrl: `${urls[0]}/webhooks/veriff`,
      person: { ...HOLDER, photoPixels: 2_000 },
    }),
    (each) => each.close(),
  )
  await setVendorIntegration(parts.db, parts.sealer, {
    vendor: 'veriff',
    baseUrl: vendor.url,
    apiKey: API_KEY,
    secret: SECRET,
  })
  say('under load')
  let sessions = 0
  const until = performance.now() + seconds * 1000
  const verifying = (async () => {
    while (performance.now() < until) {
      const accountId = load.people[sessions % load.people.length]?.id ?? ''
      const { vendorSessionId } = await startVerification(
        { ...parts, issuer: env.ISSUER ?? '' },
        { vendor: 'veriff', accountId },
      )
      await vendor.complete(vendorSessionId, 'approved')
      sessions++
      await wait(500)
    }
  })()
  const tallies = await load.run(seconds, EACH)
  await verifying
  const images = await waitForImages(parts.db, sessions * 3)
  const failed = Object.values(tallies).flatMap(({ failures }) => failures)
  if (failed.length > 0) throw new Error(failed.join('\n'))
  return [
    ...(Object.entries(tallies) as [Kind, (typeof tallies)[Kind]][])
      .filter(([, { done }]) => done > 0)
      .map((entry) => describeTally(...entry)),
    `${images} images of 2,000 pixels a side backed up`,
  ]
}

async function waitForImages(db: Fleet['parts']['db'], expected: number): Promise<number> {
  for (let seconds = 0; ; seconds++) {
    const [row] = await db<{ stored: number }[]>`
      select count(*)::int as stored from image where state = 'stored'`
    if ((row?.stored ?? 0) >= expected) return expected
    if (seconds > 240) throw new Error(`${row?.stored} of ${expected} images were stored`)
    await wait(1_000)
  }
}
