import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // What does not end fails; what is slow because the machine is busy does not.
    testTimeout: 180_000,
    hookTimeout: 120_000,
    // Most integration files wait for a process or a queue most of the time.
    maxWorkers: 2 * availableParallelism(),
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
          include: ['test/integration/**/*.test.ts', 'test/browser/**/*.test.ts'],
          globalSetup: ['test/support/cluster.ts'],
          // Each file has a database and portals of its own; to import the server again for each costs more than its tests.
          isolate: false,
        },
      },
    ],
  },
})
