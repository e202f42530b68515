import { type CompleteConfig, type Config, sandboxConfig } from './config.ts'
import { type AppContext, openContext, type SchemaRule } from './context.ts'
import { type Log, withFields } from './platform/log.ts'
import { sandboxSecrets } from './platform/secrets.ts'

export type OpenedContext = AppContext & {
  /** Whether the database is in `config.dataDir`. */
  isDatabaseEmbedded: boolean
  /** Opens the sandbox's own context, which the caller closes before this one. `undefined`: there is no sandbox. */
  openSandbox: (() => Promise<AppContext>) | undefined
}

/**
 * Opens the context with the database, bucket and secrets of the environment, or with the embedded ones where it names none. `own`
 * refuses a data directory that another process owns. An embedded database of our own is migrated where `schema` requires an
 * up-to-date one: nobody else could do it.
 */
export async function open(
  config: Config,
  log: Log,
  { mode, schema }: { mode: 'own' | 'attach-or-own'; schema: SchemaRule },
): Promise<OpenedContext> {
  const needsEmbedded = !config.database || !config.s3 || !config.secrets
  const embedded = needsEmbedded
    ? await (await import('./local/embedded/data-dir.ts')).openEmbedded({
        dataDir: config.dataDir,
        log,
        mode,
        postgres: !config.database,
        s3: !config.s3,
        production: config.production,
      })
    : undefined
  try {
    const isOwner = embedded?.database?.migrationUrl !== undefined
    const rule = isOwner && schema === 'require' ? 'migrate' : schema
    const completed = complete(config, embedded)
    const context = await openContext(completed, log, rule)
    const { sandbox } = config
    return {
      ...context,
      isDatabaseEmbedded: !config.database,
      openSandbox:
        sandbox &&
        (() => {
          const own = sandboxConfig(config, sandbox, embedded?.sandbox)
          const marked = withFields(log, { place: 'sandbox' })
          return openContext(
            complete({ ...own, secrets: sandboxSecrets(completed.secrets) }),
            marked,
            rule,
          )
        }),
      async close() {
        await context.close()
        await embedded?.close()
      },
    }
  } catch (error) {
    await embedded?.close()
    throw error
  }
}

function complete(
  config: Config,
  embedded: Partial<Pick<CompleteConfig, 'database' | 's3' | 'secrets'>> = {},
): CompleteConfig {
  const database = config.database ?? embedded.database
  const s3 = config.s3 ?? embedded.s3
  const secrets = config.secrets ?? embedded.secrets
  if (!database || !s3 || !secrets) throw new Error('an embedded part was not started')
  return Object.freeze({ ...config, database, s3, secrets })
}
