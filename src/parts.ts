import type { KmsConfig, MailConfig, S3Config } from './config.ts'
import type { ProcessKind } from './database-access.ts'
import { admitProcessRole, admitRole, requireOtherRole, withOwner } from './database-role.ts'
import { type Db, migrate, openDb } from './db.ts'
import { OperatorError } from './errors.ts'
import { installJobs } from './jobs.ts'
import { createLocalKeyService, type KeyService } from './key-service.ts'
import { createKmsKeyService } from './kms.ts'
import type { Log } from './log.ts'
import { createOutbound, type Outbound } from './outbound.ts'
import { createSealer, type Sealer } from './secrets.ts'
import { createSecurityEvents, type SecurityEvents } from './security-events.ts'
import { createStorage, type Storage } from './storage.ts'
import { createVault, type Vault } from './vault.ts'

/** Where the database and the bucket are, and the secrets: from the environment, or of the embedded parts. */
export type Runtime = {
  /** Whether what is only for development is refused. */
  production?: boolean | undefined
  databaseUrl: string
  /** Who owns the schema; `undefined`: the same user. */
  migrationUrl?: string | undefined
  /** Roles of fewer rights for one kind of process each, which are admitted after a migration. */
  processUrls?: Partial<Record<ProcessKind, string>> | undefined
  s3: S3Config
  /** `undefined`: the AWS SDK's usual chain. */
  s3Credentials: { accessKeyId: string; secretAccessKey: string } | undefined
  cookieKeys: string[]
  encryptionKeys: Uint8Array[]
  /** `undefined`: data keys are wrapped with the encryption keys. */
  kms?: KmsConfig | undefined
  /** Addresses or CIDR ranges inside that may be called although they are not public. */
  outboundAllow: readonly string[]
  /** `undefined`: mails land in the local outbox. */
  mail: MailConfig | undefined
}

/** The long-lived things that every process shares, opened once and handed down. */
export type Parts = {
  db: Db
  storage: Storage
  sealer: Sealer
  keyService: KeyService
  /** Personal data at rest. */
  vault: Vault
  outbound: Outbound
  security: SecurityEvents
  log: Log
  runtime: Runtime
  close(): Promise<void>
}

/** Opens the parts and brings the schema up to date. Throws OperatorError when the database cannot be used. */
export async function openParts(runtime: Runtime, log: Log): Promise<Parts> {
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
    const { databaseUrl, migrationUrl } = runtime
    if (migrationUrl)
      await withOwner(migrationUrl, async (owner) => {
        await migrate(owner)
        const kinds = Object.entries(runtime.processUrls ?? {}) as [ProcessKind, string][]
        for (const [kind, url] of kinds) requireOtherRole(kind, { url, appUrl: databaseUrl })
        await admitRole(owner, databaseUrl)
        if (kinds.length === 0) return
        // Its tables must be there to be granted.
        await installJobs(databaseUrl, log)
        for (const [kind, url] of kinds)
          await admitProcessRole(owner, kind, { url, appUrl: databaseUrl })
      })
    await migrate(db)
    // Without its keys a process still serves what needs none, and asks again.
    await parts.vault
      .prepare()
      .catch((error: unknown) => log.warn('data keys are not available', { error }))
  } catch (error) {
    await parts.close()
    throw explain(error)
  }
  return parts
}

function explain(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const why: Record<string, string> = {
    ECONNREFUSED: 'nothing answers at its address',
    ENOTFOUND: 'its host is not known',
    EAI_AGAIN: 'its host is not known',
    CONNECT_TIMEOUT: 'it does not answer in time',
    '28P01': 'it refuses the user or the password',
    '28000': 'it refuses the user',
    '3D000': 'it has no database of that name',
    '42501': 'the user may not create tables, or the role that MIGRATION_DATABASE_URL is to admit',
  }
  const reason = why[code]
  return reason
    ? new OperatorError(`The database of DATABASE_URL cannot be used: ${reason}.`)
    : error
}
