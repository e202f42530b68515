import type { ProcessKind } from './platform/database-access.ts'
import {
  grantAppRole,
  grantProcessRole,
  requireOtherRole,
  withOwner,
} from './platform/database-role.ts'
import { type Db, migrate, openDb } from './platform/db.ts'
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

/** Opens the parts and brings the schema up to date. Throws OperatorError when the database cannot be used. */
export async function openContext(runtime: Runtime, log: Log): Promise<AppContext> {
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
        await grantAppRole(owner, databaseUrl)
        if (kinds.length === 0) return
        // Rights can only be granted on existing tables.
        await installJobs(databaseUrl, log)
        for (const [kind, url] of kinds)
          await grantProcessRole(owner, kind, { url, appUrl: databaseUrl })
      })
    await migrate(db)
    // Without these keys a process still serves what needs none, and tries again.
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
  return reason
    ? new OperatorError(`The database of DATABASE_URL cannot be used: ${reason}.`)
    : error
}
