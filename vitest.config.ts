import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * These take longest, and wait most of the time: at the start they run beside others that do not. Without a cache of earlier runs,
 * as in CI, Vitest would begin with the largest files.
 */
const FIRST = [
  'embedded-postgres',
  'killed-process',
  'process',
  'lost-connections',
  'database-outage',
  'manual',
  'incode',
  'shutdown',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = FIRST.indexOf(basename(moduleId, '.test.ts'))
      return index === -1 ? FIRST.length : index
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

const WITH_CLUSTER = {
  globalSetup: ['test/support/cluster.ts'],
  // Each file has a database and portals of its own; to import the server again for each costs more than its tests.
  isolate: false,
}

export default defineConfig({
  test: {
    // What does not end fails; what is slow because the machine is busy does not.
    testTimeout: 180_000,
    hookTimeout: 120_000,
    // Most integration files wait for a process or a queue most of the time.
    maxWorkers: 2 * availableParallelism(),
    sequence: { sequencer: LongestFirst },
    // On a shared machine a second may last three. What needed a second try is printed as such, and is to be looked into.
    retry: process.env.CI ? 1 : 0,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/architecture.test.ts'],
          // Pure functions share a worker: nothing in src keeps state at module level.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          ...WITH_CLUSTER,
        },
      },
      {
        extends: true,
        test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...WITH_CLUSTER },
      },
      {
        extends: true,
        test: { name: 'system', include: ['test/system/**/*.test.ts'], ...WITH_CLUSTER },
      },
      {
        extends: true,
        test: { name: 'starters', include: ['test/starters/**/*.test.ts'], ...WITH_CLUSTER },
      },
    ],
  },
})
