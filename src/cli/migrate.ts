import type { Report } from '../platform/migrations.ts'
import { defineCommand } from './command.ts'

export const migrate = defineCommand({
  summary: 'Bring the database schema up to date; prints the migrations that were applied',
  examples: ['migrate', 'migrate --json'],
  async run({ config, log }, values: { json?: unknown }) {
    const { migrateSchema } = await import('../context.ts')
    // A migration may take long, and the answer comes at the end.
    const report = values.json === true ? () => {} : reportProgress
    return { applied: await migrateSchema(config, log, report) }
  },
  show: ({ applied }: { applied: string[] }) =>
    applied.length === 0
      ? 'The database schema is up to date: nothing to apply.\n'
      : `Applied ${applied.length === 1 ? '1 migration' : `${applied.length} migrations`}:\n${applied.map((name) => `  ${name}\n`).join('')}`,
})

const reportProgress: Report = (event, { migration, ...figures }) => {
  const details = Object.entries(figures).map(([name, value]) => `${name} ${value}`)
  process.stderr.write(`${[migration, event, ...details].filter(Boolean).join(', ')}\n`)
}
