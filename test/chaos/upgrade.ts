import { setTimeout as wait } from 'node:timers/promises'
import type { Release } from '../rehearsals/upgrade/release.ts'
import type { Pause } from './nemesis.ts'
import type { Kept } from './processes.ts'
import type { World } from './world.ts'

// Of a busy machine.
const START_SECONDS = 120
const MIGRATED = 'migrate, twice at once, while the last release serves'
const MIGRATED_FURTHER = 'a migration of a version to come, while both releases serve'
const ROLES = ['web', 'worker'] as const
const REPLACED = {
  web: 'a web process of the last release is replaced',
  worker: 'a worker of the last release is replaced',
}
const BACK = {
  web: 'a web process goes back to the last release',
  worker: 'a worker goes back to the last release',
}
const FORWARD = { web: 'a web process goes forward again', worker: 'a worker goes forward again' }

/** What a complete upgrade consists of. */
export const UPGRADE_STEPS: readonly string[] = [
  MIGRATED,
  MIGRATED_FURTHER,
  ...[REPLACED, BACK, FORWARD].flatMap((step) => ROLES.map((role) => step[role])),
]

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
  onStep(MIGRATED)
  await between(4_000, 8_000)
  for (const each of inTurn(processes)) {
    await replace(each, present)
    onStep(REPLACED[each.role])
    await between(2_000, 6_000)
  }
  for (let round = 0; !signal.aborted; round++) {
    const each = inTurn(processes)[round % processes.length] as Kept
    const notices = each.countNotices()
    await replace(each, last)
    onStep(BACK[each.role])
    const [migration] = world.migrationsToCome
    if (migration) {
      await untilDone(() => world.migrateFurther(migration))
      world.migrationsToCome.shift()
      onStep(MIGRATED_FURTHER)
    }
    await between(8_000, 40_000)
    if (each.isUp() && each.countNotices() === notices)
      broken.push(`a ${each.role} process of the last release did not say that the schema is newer`)
    await replace(each, present)
    onStep(FORWARD[each.role])
    await between(4_000, 20_000)
  }
  return broken
}

/** A web process, a worker, and so on. */
function inTurn(processes: readonly Kept[]): Kept[] {
  const [webs, workers] = ROLES.map((role) => processes.filter((each) => each.role === role))
  return (webs ?? []).flatMap((web, index) => [web, workers?.[index] ?? web])
}

async function replace(each: Kept, release: Release): Promise<void> {
  await each.restart({ release, clockSkewMs: 0 })
  await each.untilUp(START_SECONDS)
}
