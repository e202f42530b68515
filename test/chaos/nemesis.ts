import { setTimeout as wait } from 'node:timers/promises'
import { createRandom } from '../../src/local/sandbox/specimen.ts'
import { UPGRADE_STEPS, upgradeRepeatedly } from './upgrade.ts'
import type { World } from './world.ts'

type Fault = {
  name: string
  kind: Kind
  /** Takes minutes; a short run leaves it out. */
  isLong?: boolean
  /** `pause` ends early when no more faults are to be injected. */
  run: (world: World, random: () => number, pause: Pause) => Promise<void>
}
export type Pause = (milliseconds: number) => Promise<void>

type Kind = 'failover' | 'restart' | 'upgrade' | 'process' | 'network'

/** What was done to the deployment: how often, by kind and name. */
export type Injected = Map<Kind, Map<string, number>>

// Of a busy machine.
const START_SECONDS = 120

const pick = <T>(list: readonly T[], random: () => number): T =>
  list[Math.floor(random() * list.length)] as T
const between = (from: number, to: number, random: () => number) => from + random() * (to - from)
const ofRole = (world: World, role: 'web' | 'worker', random: () => number) =>
  pick(
    world.processes.filter((each) => each.role === role),
    random,
  )

const PROCESS_FAULTS: Fault[] = [
  {
    name: 'kill -9 of a web process',
    kind: 'restart',
    run: async (world, r) => ofRole(world, 'web', r).kill(),
  },
  {
    name: 'kill -9 of a worker',
    kind: 'restart',
    run: async (world, r) => ofRole(world, 'worker', r).kill(),
  },
  {
    name: 'kill -9 of both workers',
    kind: 'restart',
    run: async (world) => {
      for (const each of world.processes) if (each.role === 'worker') each.kill()
    },
  },
  {
    name: 'SIGSTOP of a web process',
    kind: 'process',
    run: (world, r, pause) =>
      ofRole(world, 'web', r).freeze(() => pause(between(1_000, 12_000, r))),
  },
  {
    // Longer than the heartbeat, so its jobs are given to another worker while it holds them.
    name: 'SIGSTOP of a worker',
    kind: 'process',
    run: (world, r, pause) =>
      ofRole(world, 'worker', r).freeze(() => pause(between(5_000, 40_000, r))),
  },
  { name: 'kill -9 of PostgreSQL', kind: 'failover', run: (world) => world.database.crash() },
  {
    name: 'SIGTERM of a web process',
    kind: 'restart',
    run: async (world, r) => ofRole(world, 'web', r).restart({ clockSkewMs: 0 }),
  },
  {
    name: 'SIGTERM of a worker',
    kind: 'restart',
    run: async (world, r) => ofRole(world, 'worker', r).restart({ clockSkewMs: 0 }),
  },
  {
    name: 'SIGTERM of each process, one after the other',
    kind: 'restart',
    async run({ processes }) {
      for (const each of processes) {
        await each.restart()
        await each.untilUp(START_SECONDS)
      }
    },
  },
  {
    // Until its next restart.
    name: 'the clock of a process is ten minutes off',
    kind: 'process',
    run: async (world, r) =>
      pick(world.processes, r).restart({ clockSkewMs: pick([-1, 1], r) * 10 * 60_000 }),
  },
  { name: 'PostgreSQL is restarted', kind: 'failover', run: (world) => world.database.restart() },
  {
    name: 'SIGSTOP of PostgreSQL',
    kind: 'failover',
    run: (world, r, pause) => world.database.freeze(() => pause(between(2_000, 12_000, r))),
  },
  {
    name: 'PostgreSQL ends all connections',
    kind: 'failover',
    run: async ({ parts: { db } }) => {
      await db`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`
    },
  },
  {
    name: 'the database passwords are changed, and the connections ended',
    kind: 'failover',
    run: (world, r, pause) =>
      world.database.changePasswords(() => pause(between(2_000, 12_000, r))),
  },
]

const WIRE_FAULTS: Fault[] = [
  {
    name: 'the wire to PostgreSQL is a black hole',
    kind: 'failover',
    run: async ({ databaseLink }, r, pause) => {
      databaseLink.become('black-hole')
      await pause(between(2_000, 15_000, r))
      databaseLink.become('clear')
    },
  },
  {
    name: 'the bucket is away',
    kind: 'network',
    run: async ({ s3Link }, r, pause) => {
      s3Link.set({ isAway: true })
      await pause(between(2_000, 15_000, r))
      s3Link.set({})
    },
  },
  {
    name: 'the bucket is away for two minutes',
    kind: 'network',
    isLong: true,
    run: async ({ s3Link }, _r, pause) => {
      s3Link.set({ isAway: true })
      await pause(120_000)
      s3Link.set({})
    },
  },
  {
    name: 'the bucket is slow for two minutes',
    kind: 'network',
    isLong: true,
    run: async ({ s3Link }, _r, pause) => {
      s3Link.set({ delayMs: 4_000 })
      await pause(120_000)
      s3Link.set({})
    },
  },
  {
    name: 'the wire to the bucket flips bits',
    kind: 'network',
    run: async ({ s3Link }, r, pause) => {
      s3Link.set({ flipOneIn: 10 })
      await pause(between(4_000, 12_000, r))
      s3Link.set({})
    },
  },
  {
    name: 'the wire to the bucket is slow',
    kind: 'network',
    run: async ({ s3Link }, r, pause) => {
      s3Link.set({ delayMs: 3_000 })
      await pause(between(4_000, 12_000, r))
      s3Link.set({})
    },
  },
  {
    name: 'a vendor is away',
    kind: 'network',
    run: async ({ vendors }, r, pause) => {
      const { link } = pick(vendors, r)
      link.set({ isAway: true })
      await pause(between(2_000, 15_000, r))
      link.set({})
    },
  },
  {
    // A response can be outdated by one that was requested later.
    name: 'the wires to the vendors are slow',
    kind: 'network',
    run: async ({ vendors }, r, pause) => {
      for (const { link } of vendors) link.set({ delayMs: between(1_000, 6_000, r) })
      await pause(between(10_000, 25_000, r))
      for (const { link } of vendors) link.set({})
    },
  },
  {
    // Only Veriff signs its responses; with the other vendors TLS protects the bits.
    name: 'the wire to Veriff flips bits',
    kind: 'network',
    run: async ({ vendors }, r, pause) => {
      const link = vendors.find(({ name }) => name === 'veriff')?.link
      link?.set({ flipOneIn: 20 })
      await pause(between(4_000, 12_000, r))
      link?.set({})
    },
  },
  {
    name: 'images come cut in half',
    kind: 'network',
    run: async ({ vendors }, r, pause) => {
      for (const vendor of vendors)
        await vendor.breakImages(pick(['truncated', 'truncated', 'cut-off'] as const, r))
      await pause(between(4_000, 12_000, r))
      for (const vendor of vendors) await vendor.breakImages(undefined)
    },
  },
  {
    name: 'deliveries are lost, doubled, late and forged',
    kind: 'network',
    run: async ({ courier }, r, pause) => {
      courier.set({ lost: 0.5, twice: 0.4, late: 0.4, forged: 0.4 })
      await pause(between(8_000, 20_000, r))
      courier.set(BASE_RATES)
    },
  },
]

/** The rates of faults that apply at all times. */
const BASE_RATES = { lost: 0.1, twice: 0.1, late: 0.1, forged: 0.1 }

/** The failovers, restarts and steps of an upgrade, if there is one, that did not happen yet. */
export function listMissing(
  injected: Injected,
  { hasUpgrades }: { hasUpgrades: boolean },
): string[] {
  const required = [
    ...[...PROCESS_FAULTS, ...WIRE_FAULTS].filter(
      ({ kind }) => kind === 'failover' || kind === 'restart',
    ),
    ...(hasUpgrades ? UPGRADE_STEPS : []).map((name) => ({ kind: 'upgrade' as const, name })),
  ]
  return required.flatMap(({ kind, name }) => (injected.get(kind)?.has(name) ? [] : [name]))
}

/**
 * Injects faults from two bags at once until `signal`, each fault as often as the others, and upgrades the deployment meanwhile. Returns
 * what the upgrades did not keep.
 */
export async function injectFaults(
  world: World,
  given: {
    seed: string
    signal: AbortSignal
    isShort: boolean
    /** A fault that is injected as often as all others of its bag together. */
    focus: string | undefined
    injected: Injected
  },
): Promise<string[]> {
  const { seed, signal, isShort, focus, injected } = given
  const random = createRandom(`${seed} faults`)
  world.courier.set(BASE_RATES)
  const pause: Pause = (milliseconds) =>
    wait(isShort ? milliseconds / 2 : milliseconds, undefined, { signal }).catch(() => {})
  const count = (kind: Kind, name: string) => {
    const names = injected.get(kind) ?? new Map<string, number>()
    injected.set(kind, names.set(name, (names.get(name) ?? 0) + 1))
  }

  async function emptyBags(faults: readonly Fault[]) {
    const all = faults.filter(({ isLong }) => !(isLong && isShort))
    let bag: Fault[] = []
    while (!signal.aborted) {
      if (bag.length === 0)
        bag = all.flatMap((fault) =>
          Array.from({ length: fault.name === focus ? all.length - 1 : 1 }, () => fault),
        )
      const [fault] = bag.splice(Math.floor(random() * bag.length), 1)
      if (!fault) continue
      await fault.run(world, random, pause).then(
        () => count(fault.kind, fault.name),
        // Its process was not running, or the database was not back yet: later.
        () => bag.push(fault),
      )
      await pause(between(500, 4_000, random))
    }
  }

  const [broken] = await Promise.all([
    upgradeRepeatedly(world, {
      random: createRandom(`${seed} upgrades`),
      signal,
      pause,
      onStep: (name) => count('upgrade', name),
    }),
    emptyBags(PROCESS_FAULTS),
    emptyBags(WIRE_FAULTS),
  ])
  return broken
}

/** Removes all faults: each process runs the present code. Returns which did not start. */
export async function removeFaults({
  present,
  processes,
  vendors,
  s3Link,
  databaseLink,
  courier,
}: World): Promise<string[]> {
  databaseLink.become('clear')
  for (const each of processes)
    if (each.hasWrongClock() || each.release() !== present)
      await each.restart({ clockSkewMs: 0, release: present })
  courier.set({ lost: 0, twice: 0, late: 0, forged: 0 })
  s3Link.set({})
  for (const vendor of vendors) {
    vendor.link.set({})
    await vendor.breakImages(undefined)
  }
  await Promise.all(processes.map((each) => each.untilUp(START_SECONDS)))
  return processes
    .filter((each) => !each.isUp())
    .map(({ role }) => `a ${role} process did not start when all faults were removed`)
}
