import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['test/support/cluster.ts'],
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Most files wait for a process or a queue most of the time.
    maxWorkers: Math.max(2, availableParallelism()),
    // On a shared machine a second may last three. What needed a second try is printed as such, and is to be looked into.
    retry: process.env.CI ? 1 : 0,
  },
})
