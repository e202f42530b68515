import { createHmac, randomBytes } from 'node:crypto'
import { access, mkdir, open, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import type { DatabaseConfig } from '../../platform/database-role.ts'
import { OperatorError } from '../../platform/errors.ts'
import type { Log } from '../../platform/log.ts'
import { randomSecret, type SecretsConfig } from '../../platform/secrets.ts'
import type { S3Config } from '../../platform/storage.ts'
import { flushFolder } from './cluster.ts'
import { findLock, type Lock, type Owner, queryOwner, takeLock } from './data-lock.ts'
import { startPostgres, urlOf } from './postgres.ts'
import { startS3Server } from './s3.ts'

/** The running embedded parts: started by this process, or by the process that owns the data directory. */
export type Embedded = {
  /**
   * `url` is for a role that owns nothing in the schema, `migrationUrl` for the owner of the cluster: `undefined` when another
   * process owns it.
   */
  database: DatabaseConfig | undefined
  s3: S3Config | undefined
  secrets: SecretsConfig
  /** The sandbox's own database and bucket, in the same servers. */
  sandbox: { database: DatabaseConfig | undefined; s3: S3Config | undefined }
  close(): Promise<void>
}

type Options = {
  dataDir: string
  log: Log
  /** `own`: this process must own the parts. `attach-or-own`: it may use the parts of another owner. */
  mode: 'own' | 'attach-or-own'
  /** Which parts to start. */
  postgres: boolean
  s3: boolean
  production: boolean
}

const BUCKET = 'documents'
const SANDBOX = { database: 'portal_sandbox', bucket: 'sandbox-documents' }
const APP_ROLE = 'portal_app'
const REGION = 'us-east-1'
// A command of the operator may hold the directory for a moment.
const OWNER_PATIENCE_MS = 15_000

const secretsSchema = z.object({
  cookieKeys: z.array(z.string().min(43)).min(1),
  encryptionKeys: z.array(z.string().length(43)).min(1),
  databasePassword: z.string().min(1),
  s3AccessKeyId: z.string().min(1),
  s3SecretAccessKey: z.string().min(1),
})
type Secrets = z.infer<typeof secretsSchema>

/**
 * Opens the embedded parts in `dataDir`. Throws OperatorError when another process owns the directory, or it cannot be
 * written.
 */
export async function openEmbedded(options: Options): Promise<Embedded> {
  const { dataDir, mode } = options
  try {
    const dir = await openDirectory(dataDir)
    const place = await findLock(dir)
    for (const late = Date.now() + OWNER_PATIENCE_MS; ; await wait(100)) {
      const lock = await takeLock(place)
      if (lock) return await own(dir, lock, options)
      const owner = await queryOwner(place)
      if (owner !== 'unproven' && owner?.mode === 'own') {
        if (mode === 'attach-or-own' && hasParts(owner, options)) return await attach(dir, owner)
        throw refusal(dataDir, `process ${owner.pid}`)
      }
      // A command stops its parts when it ends, so do not attach to them: wait until it releases the lock.
      if (Date.now() > late)
        throw owner === 'unproven'
          ? new OperatorError(
              `The lock of the data directory ${dataDir} is held by a program that does not prove that it can read lock.key there: another user's, perhaps, or a version of the portal before this one. Stop it, or choose another directory: DATA_DIR=…`,
            )
          : refusal(dataDir, owner ? `process ${owner.pid}` : 'one that does not answer')
    }
  } catch (error) {
    throw describeError(error, dataDir)
  }
}

const refusal = (dataDir: string, who: string) =>
  new OperatorError(
    `An identity portal (${who}) is running on the data directory ${dataDir}. Stop it first, or choose another directory: DATA_DIR=…`,
  )

const hasParts = (owner: Owner, { postgres, s3 }: Options) =>
  (!postgres || owner.databasePort !== undefined) && (!s3 || owner.s3Endpoint !== undefined)

async function openDirectory(path: string): Promise<string> {
  // Other users may traverse it, because PostgreSQL runs as another user when started by root. Secret files have their own
  // mode.
  await mkdir(path, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
  const probe = join(path, `.probe-${randomBytes(6).toString('hex')}`)
  try {
    await writeFile(probe, 'written at each start, to see that it can be')
  } finally {
    await rm(probe, { force: true })
  }
  return await realpath(path)
}

const REASONS: Record<string, string> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'it is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'there is a file in its place',
  EEXIST: 'there is a file in its place',
}

function describeError(error: unknown, dataDir: string): unknown {
  const { code = '' } = error as NodeJS.ErrnoException
  const reason = REASONS[code]
  if (error instanceof OperatorError || !reason) return error
  return new OperatorError(
    `The data directory ${dataDir} cannot be used: ${reason}. Choose another: DATA_DIR=…`,
    { cause: error },
  )
}

async function own(dir: string, lock: Lock, options: Options): Promise<Embedded> {
  const running: { close(): Promise<void> }[] = []
  const close = async () => {
    await Promise.all(running.map((part) => part.close()))
    lock.release()
  }
  try {
    const secrets = await loadSecrets(dir)
    const starting = await Promise.allSettled([
      options.postgres
        ? startPostgres({
            dir: join(dir, 'postgres'),
            password: secrets.databasePassword,
            databases: [SANDBOX.database],
            log: options.log,
          })
        : undefined,
      options.s3 ? startS3(dir, secrets, options) : undefined,
    ])
    const [postgres, s3] = starting.map((part) =>
      part.status === 'fulfilled' ? part.value : undefined,
    ) as [Awaited<ReturnType<typeof startPostgres>>?, Awaited<ReturnType<typeof startS3>>?]
    if (postgres) running.push({ close: postgres.stop })
    if (s3) running.push(s3)
    for (const part of starting) if (part.status === 'rejected') throw part.reason
    lock.announce({
      pid: process.pid,
      mode: options.mode,
      databasePort: postgres?.port,
      s3Endpoint: s3?.endpoint,
    })
    return { ...describe(secrets, postgres?.port, s3?.endpoint), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function attach(dir: string, owner: Owner): Promise<Embedded> {
  const secrets = await loadSecrets(dir)
  const parts = describe(secrets, owner.databasePort, owner.s3Endpoint)
  // The owner has run the migrations.
  const owned = (database: DatabaseConfig | undefined) =>
    database && { ...database, migrationUrl: undefined }
  return {
    ...parts,
    database: owned(parts.database),
    sandbox: { ...parts.sandbox, database: owned(parts.sandbox.database) },
    close: async () => {},
  }
}

function describe(
  secrets: Secrets,
  databasePort?: number,
  s3Endpoint?: string,
): Omit<Embedded, 'close'> {
  const { databasePassword } = secrets
  const appPassword = createHmac('sha256', databasePassword).update(APP_ROLE).digest('base64url')
  const databaseOf = (name: string) =>
    databasePort
      ? {
          url: urlOf(databasePort, appPassword, name, APP_ROLE),
          migrationUrl: urlOf(databasePort, databasePassword, name),
          processUrls: {},
        }
      : undefined
  const bucketOf = (bucket: string) =>
    s3Endpoint
      ? {
          endpoint: s3Endpoint,
          publicEndpoint: s3Endpoint,
          region: REGION,
          bucket,
          forcePathStyle: true,
          credentials: {
            accessKeyId: secrets.s3AccessKeyId,
            secretAccessKey: secrets.s3SecretAccessKey,
          },
        }
      : undefined
  return {
    database: databaseOf('portal'),
    s3: bucketOf(BUCKET),
    secrets: {
      cookieKeys: secrets.cookieKeys,
      encryptionKeys: secrets.encryptionKeys.map((key) => Buffer.from(key, 'base64url')),
    },
    sandbox: { database: databaseOf(SANDBOX.database), s3: bucketOf(SANDBOX.bucket) },
  }
}

async function startS3(dir: string, secrets: Secrets, { log, production }: Options) {
  const portFile = join(dir, 's3-port')
  // Use the same port as before, so that links from before a restart still work.
  const before = Number((await readFile(portFile, 'utf8').catch(() => '')).trim()) || 0
  const start = (port: number) =>
    startS3Server({
      dir: join(dir, 's3'),
      port,
      bucket: BUCKET,
      otherBuckets: [SANDBOX.bucket],
      region: REGION,
      credentials: {
        accessKeyId: secrets.s3AccessKeyId,
        secretAccessKey: secrets.s3SecretAccessKey,
      },
      production,
      log,
    })
  const server = await start(before).catch((error: unknown) => {
    if (before === 0) throw error
    return start(0)
  })
  if (server.port !== before) await writeFile(portFile, `${server.port}\n`)
  return server
}

/** Reads the secrets, or creates them: written to a temporary file, flushed and renamed. Only the holder of the lock creates them. */
async function loadSecrets(dir: string): Promise<Secrets> {
  const path = join(dir, 'secrets.json')
  const kept = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return undefined
  })
  if (kept !== undefined) {
    const parsed = secretsSchema.safeParse(parseJson(kept))
    if (parsed.success) return parsed.data
    throw new OperatorError(
      `${path} cannot be read. Restore it from a backup: without it, what is stored encrypted is lost.`,
    )
  }
  if (await exists(join(dir, 'postgres')))
    throw new OperatorError(
      `${path} is missing, and the data beside it was made with it. Restore it from a backup, or choose another DATA_DIR.`,
    )
  const secrets: Secrets = {
    cookieKeys: [randomSecret()],
    encryptionKeys: [randomSecret()],
    databasePassword: randomSecret(),
    s3AccessKeyId: `portal${randomBytes(7).toString('hex').toUpperCase()}`,
    s3SecretAccessKey: randomSecret(),
  }
  const aside = `${path}.new`
  const file = await open(aside, 'w', 0o600)
  await file.writeFile(`${JSON.stringify(secrets, null, 2)}\n`)
  await file.sync()
  await file.close()
  await rename(aside, path)
  await flushFolder(dir)
  return secrets
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
