import { defineCommand, type Noun } from './command.ts'
import { withJobs } from './jobs.ts'

const run = defineCommand({
  summary: "Erase what is older than the vendors' retention says",
  options: { 'dry-run': { text: 'only count what is due' } },
  examples: ['retention run --dry-run'],
  run: ({ db, config, log }, values) =>
    withJobs({ config, log }, async (jobs) => {
      const { runRetention } = await import('../id-verification/retention.ts')
      return await runRetention({ db, jobs, log }, { dryRun: values['dry-run'] === true })
    }),
})

export const retention: Noun = { summary: 'Retention', commands: { run } }
