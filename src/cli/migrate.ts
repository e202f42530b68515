import type { Report } from '../platform/migrations.ts'
import { type CommandContext, defineCommand } from './command.ts'

export const migrate = defineCommand({
  summary: 'Bring the database schema up to date; prints the migrations that were applied',
  examples: ['migrate', 'migrate --json'],
  async run({ config, log, openSandbox }: CommandContext, values: { json?: unknown }) {
    const { migrateSchema } = await import('../context.ts')
    // A migration may take long, and the answer comes at the end.
    const report = values.json === true ? () => {} : reportProgress
    const applied = await migrateSchema(config, log, report)
    if (!openSandbox) return { applied }
    const sandbox = await openSandbox()
    try {
      return { applied, sandbox: { applied: await migrateSchema(sandbox.config, log, report) } }
    } finally {
      await sandbox.close()
    }
  },
  show: ({ applied, sandbox }: Answer) =>
    describe(applied) + (sandbox ? `In the sandbox:\n${describe(sandbox.applied)}` : ''),
})

type Answer = { applied: string[]; sandbox?: { applied: string[] } }

const describe = (applied: readonly string[]): string =>
  applied.length === 0
    ? 'The database schema is up to date: nothing to apply.\n'
    : `Applied ${applied.length === 1 ? '1 migration' : `${applied.length} migrations`}:\n${applied.map((name) => `  ${name}\n`).join('')}`

const reportProgress: Report = (event, { migration, ...figures }) => {
  const details = Object.entries(figures).map(([name, value]) => `${name} ${value}`)
  process.stderr.write(`${[migration, event, ...details].filter(Boolean).join(', ')}\n`)
}
