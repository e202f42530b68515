import type { ProcessKind } from './platform/database-access.ts'
import {
  grantAppRole,
  grantProcessRole,
  requireOtherRole,
  withOwner,
} from './platform/database-role.ts'
import { type Db, migrate, openDb, requireMigrated } from './platform/db.ts'
import { OperatorError } from './platform/errors.ts'
import { installJobs } from './platform/jobs.ts'
import { createLocalKeyService, type KeyService } from './platform/key-service.ts'
import { createKmsKeyService, type KmsConfig } from './platform/kms.ts'
import type { Log } from './platform/log.ts'
import type { MailConfig } from './platform/mail.ts'
import { createOutbound, type Outbound } from './platform/outbound.ts'
import { createSealer, type Sealer } from './platform/secrets.ts'
import { createStorage, type S3Config, type Storage } from './platform/storage.ts'
import { createVault, type Vault } from './platform/vault.ts'
import { createSecurityEvents, type SecurityEvents } from './web/security-events.ts'

/** The addresses of database and bucket, and the secrets: from the environment, or of the embedded parts. */
export type Runtime = {
  /** Whether options for development are rejected. */
  production?: boolean | undefined
  databaseUrl: string
  /** Connects as the owner of the schema; `undefined`: the same user. */
  migrationUrl?: string | undefined
  /** Addresses of roles with fewer rights, one for each kind of process, which get their rights after a migration. */
  processUrls?: Partial<Record<ProcessKind, string>> | undefined
  s3: S3Config
  /** `undefined`: the AWS SDK's usual chain. */
  s3Credentials: { accessKeyId: string; secretAccessKey: string } | undefined
  cookieKeys: string[]
  encryptionKeys: Uint8Array[]
  /** `undefined`: data keys are wrapped with the encryption keys. */
  kms?: KmsConfig | undefined
  /** Internal addresses or CIDR ranges that may be called. */
  outboundAllow: readonly string[]
  /** `undefined`: mails are stored in the local outbox. */
  mail: MailConfig | undefined
}

/** The long-lived objects that every process shares, opened once and passed down. */
export type AppContext = {
  db: Db
  storage: Storage
  sealer: Sealer
  keyService: KeyService
  /** Seals personal data at rest. */
  vault: Vault
  outbound: Outbound
  security: SecurityEvents
  log: Log
  runtime: Runtime
  close(): Promise<void>
}

/** What becomes of the schema when the parts are opened: it is brought up to date, must be up to date, or is left as it is. */
export type SchemaRule = 'migrate' | 'require' | 'leave'

/** Opens the parts. Throws OperatorError when the database cannot be used. */
export async function openContext(
  runtime: Runtime,
  log: Log,
  schema: SchemaRule = 'migrate',
): Promise<AppContext> {
  const db = openDb(runtime.databaseUrl)
  const storage = createStorage(runtime.s3, runtime.s3Credentials)
  const sealer = createSealer(runtime.encryptionKeys)
  const local = createLocalKeyService(sealer)
  const keyService = runtime.kms ? createKmsKeyService(runtime.kms, local) : local
  const parts = {
    db,
    storage,
    sealer,
    keyService,
    vault: createVault(db, keyService),
    outbound: createOutbound(runtime.outboundAllow),
    security: createSecurityEvents(log, runtime.encryptionKeys[0] ?? new Uint8Array()),
    log,
    runtime,
    async close() {
      await db.end({ timeout: 5 })
      storage.close()
    },
  }
  try {
    if (schema === 'migrate') await migrateSchema(db, runtime, log)
    if (schema === 'require') await requireMigrated(db).catch(explain)
    // Without its keys a process still serves what needs none, and asks again.
    if (schema !== 'leave')
      await parts.vault
        .prepare()
        .catch((error: unknown) => log.warn('data keys are not available', { error }))
  } catch (error) {
    await parts.close()
    throw error
  }
  return parts
}

/**
 * Brings the schema up to date, as its owner where that is another role, and admits the roles that work with it. Returns
 * the names of the migrations applied now. Throws OperatorError when the database cannot be used.
 */
export async function migrateSchema(db: Db, runtime: Runtime, log: Log): Promise<string[]> {
  const { migrationUrl } = runtime
  try {
    const applied = migrationUrl
      ? await withOwner(migrationUrl, (owner) => migrateAsOwner(owner, runtime, log))
      : []
    return [...applied, ...(await migrate(db))]
  } catch (error) {
    return explain(error)
  }
}

async function migrateAsOwner(owner: Db, runtime: Runtime, log: Log): Promise<string[]> {
  const { databaseUrl } = runtime
  const applied = await migrate(owner)
  const kinds = Object.entries(runtime.processUrls ?? {}) as [ProcessKind, string][]
  for (const [kind, url] of kinds) requireOtherRole(kind, { url, appUrl: databaseUrl })
  await grantAppRole(owner, databaseUrl)
  if (kinds.length > 0) {
    // Its tables must be there to be granted.
    await installJobs(databaseUrl, log)
    for (const [kind, url] of kinds)
      await grantProcessRole(owner, kind, { url, appUrl: databaseUrl })
  }
  return applied
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
  const reason = why[code]
  throw reason
    ? new OperatorError(`The database of DATABASE_URL cannot be used: ${reason}.`)
    : error
}
