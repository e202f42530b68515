import type { Config } from './config.ts'
import { type AppContext, openContext, type Runtime, type SchemaRule } from './context.ts'
import type { Log } from './platform/log.ts'

export type OpenedContext = AppContext & { embedded: boolean }

/**
 * The environment's parts, or the embedded ones, or one of each. `own` refuses a data directory that another process owns.
 * An embedded database of our own is migrated where `schema` requires an up-to-date one: nobody else could do it.
 */
export async function open(
  config: Config,
  log: Log,
  { mode, schema }: { mode: 'own' | 'attach-or-own'; schema: SchemaRule },
): Promise<OpenedContext> {
  const needsEmbedded = !config.databaseUrl || !config.s3 || !config.secrets
  const embedded = needsEmbedded
    ? await (await import('./local/embedded/data-dir.ts')).openEmbedded({
        dataDir: config.dataDir,
        log,
        mode,
        postgres: !config.databaseUrl,
        s3: !config.s3,
        production: config.production,
      })
    : undefined
  const missing = () => new Error('an embedded part was not started')
  try {
    const s3 = config.s3 ?? embedded?.s3
    const databaseUrl = config.databaseUrl ?? embedded?.databaseUrl
    const secrets = config.secrets ?? embedded?.secrets
    if (!s3 || !databaseUrl || !secrets) throw missing()
    const runtime: Runtime = {
      production: config.production,
      databaseUrl,
      processUrls: config.processUrls,
      migrationUrl: config.databaseUrl ? config.migrationUrl : embedded?.ownerUrl,
      s3,
      s3Credentials: config.s3 ? undefined : embedded?.s3?.credentials,
      outboundAllow: config.outboundAllow,
      mail: config.mail,
      kms: config.kms,
      ...secrets,
    }
    const isOwner = embedded?.ownerUrl !== undefined
    const parts = await openContext(
      runtime,
      log,
      isOwner && schema === 'require' ? 'migrate' : schema,
    )
    return {
      ...parts,
      embedded: needsEmbedded,
      async close() {
        await parts.close()
        await embedded?.close()
      },
    }
  } catch (error) {
    await embedded?.close()
    throw error
  }
}
