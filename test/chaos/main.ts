import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createRandom } from '../../src/local/sandbox/specimen.ts'
import { PRESENT } from '../rehearsals/upgrade/release.ts'
import { endOnSignal } from '../support/interruption.ts'
import { BREAKS, breakSources } from './breaks.ts'
import { type Checked, checkEach } from './checker.ts'
import { saveEvidence } from './evidence.ts'
import type { History } from './history.ts'
import { type Injected, injectFaults, listMissing, removeFaults } from './nemesis.ts'
import { readHeld, readOutcome, waitUntilSettled } from './outcome.ts'
import { prepareResidents, readRepeatedly, runSessions } from './people.ts'
import { startWorld, type World } from './world.ts'

const USAGE = `npm run chaos -- [--minutes 10] [--short] [--present] [--seed WORD] [--break NAME] [--prove]

  --minutes   how long faults are injected, before settling and checking
  --short     two minutes, without the faults that take as long
  --present   without upgrades from the last release, and so with vendors that it does not know
  --seed      the same seed gives the same plan of faults and sessions
  --break     runs the portal with one guarantee broken on purpose; the checker must find it
  --prove     runs each break for 90 seconds; succeeds when all are found

Breaks: ${Object.keys(BREAKS).join(', ')}
`
const RESIDENTS = 12
const PROGRESS_MS = 15_000
// For failovers, restarts and steps of the upgrade that did not happen in time, on a busy machine.
const MAX_EXTENSION_MS = 10 * 60_000

const say = (line: string) => process.stderr.write(`${line}\n`)

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    short: { type: 'boolean', default: false },
    present: { type: 'boolean', default: false },
    seed: { type: 'string' },
    break: { type: 'string' },
    prove: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const unlessEnding = endOnSignal(say)
if (values.help) process.stdout.write(USAGE)
else if (values.prove) process.exitCode = (await prove()) ? 0 : 1
else {
  const seed = values.seed ?? String(Date.now())
  const faults = await run({
    minutes: Number(values.minutes ?? (values.short ? 2 : 10)),
    seed,
    broken: values.break,
  })
  process.exitCode = faults.length === 0 ? 0 : 1
}

/** Shows that the checker finds every broken guarantee. */
async function prove(): Promise<boolean> {
  const missed: string[] = []
  for (const [name, { what }] of Object.entries(BREAKS)) {
    say(`\n── broken on purpose: ${what} (${name})`)
    const minutes = Number(values.minutes ?? 1.5)
    const faults = await run({ minutes, seed: values.seed ?? name, broken: name })
    if (faults.length === 0) missed.push(name)
  }
  process.stdout.write(
    missed.length === 0
      ? `All ${Object.keys(BREAKS).length} breaks were found.\n`
      : `Not found: ${missed.join(', ')}.\n`,
  )
  return missed.length === 0
}

/** One run. Prints and returns the checker's findings. */
async function run(given: {
  minutes: number
  seed: string
  broken: string | undefined
}): Promise<string[]> {
  const { minutes, seed, broken } = given
  const history: History = { sessions: [], said: [], deliveries: [], reads: [] }
  say(`seed ${seed}, ${minutes} minutes of faults${broken ? `, broken: ${broken}` : ''}`)
  let world: World | undefined
  try {
    world = await startWorld({
      present: async (dir) =>
        broken ? { ...PRESENT, main: await breakSources(broken, join(dir, 'broken')) } : PRESENT,
      // What is broken on purpose is to be there all the time.
      fromLastRelease: broken === undefined && !values.present,
      random: createRandom(`${seed} wires`),
      record: (delivered) => history.deliveries.push(delivered),
    })
    const residents = await prepareResidents(world, RESIDENTS)
    const { injected, failedUpgrades } = await runWorkload(world, history, residents, {
      minutes,
      seed,
      broken,
    })
    say('all faults are removed; waiting until no work is pending')
    const absent = await removeFaults(world)
    const stored = await waitUntilSettled(world, history)
    // What the applications read at the end.
    const signal = AbortSignal.timeout(5_000)
    await readRepeatedly(world, history, residents, {
      random: createRandom(`${seed} at the end`),
      everyMs: 50,
      signal,
    })
    const checked = [
      ...checkEach(history, await readOutcome(world, stored), await readHeld(world, history)),
      checkProcesses(world, absent),
      ...(world.last ? [checkUpgrades(world, failedUpgrades)] : []),
    ]
    const faults = [
      ...checked.flatMap(({ faults }) => faults),
      ...listAwaited(world, injected).map((name) => `this was not in the run: ${name}`),
    ]
    report(world, history, { injected, checked, faults })
    if (faults.length > 0 && !broken)
      say(`details: ${await saveEvidence(world, history, { seed, faults })}`)
    return faults
  } finally {
    await unlessEnding()
    await world?.close()
  }
}

/** Processes that ended although nobody ended them: a supervisor that restarts them must not hide it. */
function checkProcesses({ processes }: World, absent: string[]): Checked {
  return {
    promise: 'starts of processes: none ended unless the run ended it, and all run at the end',
    count: processes.reduce((sum, { starts }) => sum + total(starts), 0),
    faults: [
      ...absent,
      ...processes.flatMap(({ role, listCrashes }) =>
        listCrashes().map((how) => `a ${role} process ended by itself: ${how}`),
      ),
    ],
  }
}

function checkUpgrades({ processes }: World, failed: string[]): Checked {
  return {
    promise: 'starts of the last release on a newer schema: it says so, and works',
    count: processes.reduce((sum, each) => sum + each.countNotices(), 0),
    faults: failed,
  }
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, each) => sum + each, 0)
}

async function runWorkload(
  world: World,
  history: History,
  residents: Awaited<ReturnType<typeof prepareResidents>>,
  { minutes, seed, broken }: { minutes: number; seed: string; broken: string | undefined },
): Promise<{ injected: Injected; failedUpgrades: string[] }> {
  const { focus, vendor } = BREAKS[broken ?? ''] ?? {}
  const over = new AbortController()
  const { signal } = over
  const injected: Injected = new Map()
  const began = Date.now()
  const end = began + minutes * 60_000
  const isOver = () =>
    Date.now() >= end &&
    (listAwaited(world, injected).length === 0 || Date.now() >= end + MAX_EXTENSION_MS)
  let shown = began
  const progress = (async () => {
    while (!isOver()) {
      await wait(Math.min(PROGRESS_MS, Math.max(1_000, end - Date.now())))
      if (Date.now() < shown + PROGRESS_MS) continue
      shown = Date.now()
      say(
        `${Math.round((Date.now() - began) / 1000)} s: ${history.sessions.length} sessions, ${history.deliveries.length} deliveries, ${history.reads.length} reads, ${[...injected].map(([kind, names]) => `${kind} ${total(names)}`).join(', ')}`,
      )
      if (Date.now() >= end) say(`  missing: ${listAwaited(world, injected).join('; ')}`)
    }
    over.abort()
  })()
  const [failedUpgrades] = await Promise.all([
    injectFaults(world, { seed, signal, isShort: values.short, focus, injected }),
    runSessions(world, history, residents, {
      random: createRandom(`${seed} sessions`),
      // For one vendor alone, so many sessions would wait for each other. A short run does not wait for so many.
      everyMs: vendor || values.short ? 2_500 : 1_000,
      signal,
      vendor,
    }),
    readRepeatedly(world, history, residents, {
      random: createRandom(`${seed} reads`),
      everyMs: 150,
      signal,
    }),
    progress,
  ])
  return { injected, failedUpgrades }
}

/** What a run has to contain and did not yet. One of a broken guarantee is as short as the fault that shows it. */
function listAwaited({ last }: World, injected: Injected): string[] {
  return last || values.present ? listMissing(injected, { hasUpgrades: last !== undefined }) : []
}

function report(
  world: World,
  history: History,
  { injected, checked, faults }: { injected: Injected; checked: Checked[]; faults: string[] },
): void {
  const count = <T>(list: T[], name: (each: T) => string) =>
    [...Map.groupBy(list, name)]
      .map(([key, same]) => `${key} ${same.length}`)
      .sort()
      .join(', ')
  const lines = [
    '',
    `sessions    ${history.sessions.length} (${count(history.sessions, ({ vendor }) => vendor)})`,
    `decisions   ${history.said.length} (${count(history.said, ({ status }) => status)})`,
    `deliveries  ${history.deliveries.length} (answers: ${count(history.deliveries, ({ status, isForged }) => `${isForged ? 'forged ' : ''}${status || 'none'}`)})`,
    `reads       ${history.reads.length}, with ${history.reads.reduce((sum, { images }) => sum + Object.keys(images).length, 0)} images downloaded`,
    `starts      ${world.processes.map((each) => `${each.role} ${[...each.starts].map(([name, times]) => `${times} of ${name}`).join(', ')}`).join('; ')}`,
    `bits flipped ${world.s3Link.countFlips()} to and from the bucket, ${world.vendors.map(({ name, link }) => `${name} ${link.countFlips()}`).join(', ')}`,
    '',
    ...[...injected].flatMap(([kind, names]) => [
      `${kind} ${total(names)}`,
      ...[...names].map(([name, times]) => `  ${String(times).padStart(3)} × ${name}`),
    ]),
    '',
    'checked',
    ...checked.map(
      ({ promise, count, faults }) =>
        `  ${String(count).padStart(5)} ${promise}${faults.length > 0 ? `: broken ${faults.length} ×` : ''}`,
    ),
    '',
    faults.length === 0 ? 'No guarantee was broken.' : `${faults.length} guarantees were broken:`,
    ...faults.slice(0, 20).map((fault) => `  ${fault}`),
    ...(faults.length > 20 ? [`  and ${faults.length - 20} more`] : []),
    '',
  ]
  process.stdout.write(lines.join('\n'))
}
