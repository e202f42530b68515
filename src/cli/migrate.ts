import { defineCommand } from './command.ts'

export const migrate = defineCommand({
  summary: 'Bring the database schema up to date; prints the migrations that were applied',
  examples: ['migrate', 'migrate --json'],
  async run({ db, config, log }) {
    const { migrateSchema } = await import('../context.ts')
    return { applied: await migrateSchema(db, config, log) }
  },
  show: ({ applied }: { applied: string[] }) =>
    applied.length === 0
      ? 'The database schema is up to date: nothing to apply.\n'
      : `Applied ${applied.length === 1 ? '1 migration' : `${applied.length} migrations`}:\n${applied.map((name) => `  ${name}\n`).join('')}`,
})
