import { setTimeout as wait } from 'node:timers/promises'
import type { Release } from '../rehearsals/upgrade/release.ts'
import type { Pause } from './nemesis.ts'
import type { Kept } from './processes.ts'
import type { World } from './world.ts'

const START_SECONDS = 60

/**
 * Upgrades the deployment from the last release as docs/upgrades.md says, then takes one process after another back to the last
 * release for a while and forward again, and applies migrations of a version to come, until `signal`. Reports each step that was done,
 * and returns what was not as promised.
 */
export async function upgradeRepeatedly(
  world: World,
  given: {
    random: () => number
    signal: AbortSignal
    pause: Pause
    onStep: (name: string) => void
  },
): Promise<string[]> {
  const { random, signal, pause, onStep } = given
  const { last, present, processes } = world
  if (!last) return []
  const broken: string[] = []
  const between = (from: number, to: number) => pause(from + random() * (to - from))
  const untilDone = async (step: () => Promise<unknown>) => {
    // The other faults make it fail; an operator runs it again.
    while (
      !(await step().then(
        () => true,
        () => false,
      ))
    ) {
      onStep('migrate failed because of another fault, and was run again')
      await wait(1_000)
    }
  }

  await between(8_000, 12_000)
  await untilDone(world.migrate)
  onStep('migrate, twice at once, while the last release serves')
  await between(4_000, 8_000)
  for (const each of inTurn(processes)) {
    await replace(each, present)
    onStep(`${the(each)} of the last release is replaced`)
    await between(2_000, 6_000)
  }
  for (let round = 0; !signal.aborted; round++) {
    const each = inTurn(processes)[round % processes.length] as Kept
    const notices = each.countNotices()
    await replace(each, last)
    onStep(`${the(each)} goes back to the last release`)
    const [migration] = world.migrationsToCome
    if (migration) {
      await untilDone(() => world.migrateFurther(migration))
      world.migrationsToCome.shift()
      onStep('a migration of a version to come, while both serve')
    }
    await between(8_000, 40_000)
    if (each.isUp() && each.countNotices() === notices)
      broken.push(`${the(each)} of the last release did not say that the schema is newer`)
    await replace(each, present)
    onStep(`${the(each)} goes forward again`)
    await between(4_000, 20_000)
  }
  return broken
}

const the = ({ role }: Kept) => (role === 'web' ? 'a web process' : 'a worker')

/** A web process, a worker, and so on. */
function inTurn(processes: readonly Kept[]): Kept[] {
  const [webs, workers] = (['web', 'worker'] as const).map((role) =>
    processes.filter((each) => each.role === role),
  )
  return (webs ?? []).flatMap((web, index) => [web, workers?.[index] ?? web])
}

async function replace(each: Kept, release: Release): Promise<void> {
  await each.restart({ release, clockSkewMs: 0 })
  await each.untilUp(START_SECONDS)
}
