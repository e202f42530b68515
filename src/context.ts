import type { CompleteConfig } from './config.ts'
import { createClockCheck } from './platform/clock.ts'
import type { ProcessKind } from './platform/database-access.ts'
import {
  grantAppRole,
  grantProcessRole,
  limitStatements,
  requireOtherRole,
  withOwner,
} from './platform/database-role.ts'
import { type Db, openDb } from './platform/db.ts'
import { OperatorError, UnknownKeyError } from './platform/errors.ts'
import { installJobs } from './platform/jobs.ts'
import { createLocalKeyService, type KeyService } from './platform/key-service.ts'
import { createKmsKeyService } from './platform/kms.ts'
import type { Log } from './platform/log.ts'
import { migrate, type Report, requireMigrated } from './platform/migrations.ts'
import { createOutbound, type Outbound } from './platform/outbound.ts'
import { createReadiness, type Readiness } from './platform/readiness.ts'
import { createSealer, type Sealer } from './platform/secrets.ts'
import { createStorage, type Storage } from './platform/storage.ts'
import { createVault, type Vault } from './platform/vault.ts'
import { readVersion } from './platform/version.ts'
import { createSecurityEvents, type SecurityEvents } from './web/security-events.ts'

/** The configuration and the long-lived objects that every process shares, opened once and passed down. */
export type AppContext = {
  config: CompleteConfig
  db: Db
  storage: Storage
  sealer: Sealer
  keyService: KeyService
  /** Seals personal data at rest. */
  vault: Vault
  outbound: Outbound
  security: SecurityEvents
  /** Whether the process can serve. Whoever opens a part that it needs adds a check of it. */
  readiness: Readiness
  log: Log
  close(): Promise<void>
}

/** What becomes of the schema when the context is opened: it is brought up to date, must be up to date, or is left as it is. */
export type SchemaRule = 'migrate' | 'require' | 'leave'

// A bucket counts its requests, and charges for them.
const CLOCK_MS = 60_000
const BUCKET_MS = 10_000

/** Opens the context. Throws OperatorError when the database cannot be used. */
export async function openContext(
  config: CompleteConfig,
  log: Log,
  schema: SchemaRule = 'migrate',
): Promise<AppContext> {
  const { database, pools, s3, secrets, kms } = config
  const db = openDb(database.url, { connections: pools.sizes.general, pools })
  const storage = createStorage(s3)
  const sealer = createSealer(secrets.encryptionKeys)
  const local = createLocalKeyService(sealer)
  const keyService = kms ? createKmsKeyService(kms, local) : local
  const context: AppContext = {
    config,
    db,
    storage,
    sealer,
    keyService,
    vault: createVault(db, keyService),
    outbound: createOutbound(config.outboundAllow),
    security: createSecurityEvents(log, secrets.encryptionKeys[0] ?? new Uint8Array()),
    readiness: createReadiness(log),
    log,
    async close() {
      await db.end({ timeout: 5 })
      storage.close()
    },
  }
  context.readiness.add('database', () => db`select 1`)
  // Whether the machine's clock or the database's is wrong, no process can tell, so it stays in service.
  context.readiness.add('clock', createClockCheck(db, log), {
    isRequired: false,
    rememberMs: CLOCK_MS,
  })
  // While the bucket is away, most requests are served all the same, and other processes do no better.
  context.readiness.add('bucket', () => storage.head('health/start'), {
    isRequired: false,
    rememberMs: BUCKET_MS,
  })
  try {
    if (schema === 'migrate')
      await migrateSchema(config, log, (event, fields) =>
        // A new database has all of them to apply.
        (event === 'migration applied' ? log.debug : log.info)(event, fields),
      )
    if (schema !== 'leave') {
      const newer = await requireMigrated(db).catch(explain)
      if (newer)
        log.warn('schema is newer than this version', { version: readVersion(), schema: newer })
      // Without its keys a process still serves what needs none, and asks again.
      await context.vault.prepare().catch((error: unknown) => {
        // `serve` refuses to start then; a command says so when it needs the key.
        if (error instanceof UnknownKeyError) return
        log.warn('data keys are not available', { error })
      })
    }
  } catch (error) {
    await context.close()
    throw error
  }
  return context
}

/**
 * Brings the schema up to date, as its owner where that is another role, and admits the roles that work with it. Returns
 * the names of the migrations applied now. Throws OperatorError when the database cannot be used.
 */
export async function migrateSchema(
  config: Pick<CompleteConfig, 'database' | 'pools'>,
  log: Log,
  report: Report,
): Promise<string[]> {
  const { pools, database } = config
  const { url, migrationUrl } = database
  try {
    const applied = await migrate(migrationUrl ?? url, { report, pools })
    if (migrationUrl)
      await withOwner(migrationUrl, (owner) => grantRoles(owner, config, log), pools)
    if (pools.pooler) await withOwner(url, (own) => limitStatements(own), pools)
    return applied
  } catch (error) {
    return explain(error)
  }
}

async function grantRoles(
  owner: Db,
  { database, pools }: Pick<CompleteConfig, 'database' | 'pools'>,
  log: Log,
): Promise<void> {
  const { url: appUrl, processUrls } = database
  const limit = async (url: string) => {
    if (!pools.pooler) return
    // A role that this one did not create sets it itself, when a process starts.
    await limitStatements(owner, url).catch((error: unknown) =>
      log.warn('a role was not given its time limit', { error }),
    )
  }
  const kinds = Object.entries(processUrls) as [ProcessKind, string][]
  for (const [kind, url] of kinds) requireOtherRole(kind, { url, appUrl })
  await grantAppRole(owner, appUrl)
  await limit(appUrl)
  if (kinds.length > 0) {
    // Its tables must be there to be granted.
    await installJobs(appUrl, log, pools)
    for (const [kind, url] of kinds) await grantProcessRole(owner, kind, { url, appUrl, pools })
  }
  for (const [, url] of kinds) await limit(url)
}

/** Rethrows, with the reason in plain words where the database is the reason. */
function explain(error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const why: Record<string, string> = {
    ECONNREFUSED: 'nothing listens at its address',
    ENOTFOUND: 'its host is unknown',
    EAI_AGAIN: 'its host is unknown',
    CONNECT_TIMEOUT: 'it does not respond in time',
    '28P01': 'it rejects the user or the password',
    '28000': 'it rejects the user',
    '3D000': 'it has no database of that name',
    '42501': 'the user may not create tables, or the role that MIGRATION_DATABASE_URL is to admit',
  }
  const isPoolers = error instanceof Error && /unsupported startup parameter/.test(error.message)
  const reason = isPoolers
    ? 'a pooler is in front of it, which DATABASE_POOLER=transaction allows for'
    : why[code]
  throw reason
    ? new OperatorError(`The database of DATABASE_URL cannot be used: ${reason}.`)
    : error
}
