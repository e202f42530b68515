import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import type { S3Config } from '../config.ts'
import { OperatorError } from '../errors.ts'
import type { Log } from '../log.ts'
import { randomSecret } from '../secrets.ts'
import { startPostgres, urlOf } from './postgres.ts'
import { startS3Server } from './s3.ts'

/** The parts of one machine, running: this process's own, or those of the process that owns the data directory. */
export type Embedded = {
  databaseUrl: string | undefined
  s3: (S3Config & { credentials: { accessKeyId: string; secretAccessKey: string } }) | undefined
  secrets: { cookieKeys: string[]; encryptionKeys: Uint8Array[] }
  close(): Promise<void>
}

type Options = {
  dataDir: string
  log: Log
  /** `own`: these parts are ours for as long as we run. `attach-or-own`: another owner's will do. */
  mode: 'own' | 'attach-or-own'
  /** Which parts are wanted. */
  postgres: boolean
  s3: boolean
  production: boolean
}

const BUCKET = 'documents'
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

const ownerSchema = z.object({
  pid: z.number(),
  mode: z.enum(['own', 'attach-or-own']),
  databasePort: z.number().optional(),
  s3Endpoint: z.string().optional(),
})
type Owner = z.infer<typeof ownerSchema>

/** Opens the embedded parts over `dataDir`. Throws OperatorError when another process owns it, or it cannot be written. */
export async function openEmbedded(options: Options): Promise<Embedded> {
  const dir = await openDirectory(options.dataDir)
  const patience = Date.now() + OWNER_PATIENCE_MS
  for (;;) {
    const lock = await takeLock(dir)
    if (lock) return await own(dir, lock, options)
    const owner = await askOwner(dir)
    // Gone between the two questions: try again.
    if (!owner) continue
    if (options.mode === 'attach-or-own' && hasParts(owner, options))
      return await attach(dir, owner)
    if (owner.mode === 'own' || Date.now() > patience)
      throw new OperatorError(
        `An identity portal (process ${owner.pid}) is running on the data directory ${options.dataDir}. Stop it first, or choose another directory: DATA_DIR=…`,
      )
    await wait(100)
  }
}

const hasParts = (owner: Owner, { postgres, s3 }: Options) =>
  (!postgres || owner.databasePort !== undefined) && (!s3 || owner.s3Endpoint !== undefined)

async function openDirectory(path: string): Promise<string> {
  try {
    // Others may pass through: as root, PostgreSQL runs as another user. What is secret inside is closed by itself.
    await mkdir(path, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
    const probe = join(path, `.probe-${randomBytes(6).toString('hex')}`)
    await writeFile(probe, '')
    await rm(probe)
    return await realpath(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reasons: Record<string, string> = {
      EACCES: 'this user may not write there',
      EPERM: 'this user may not write there',
      EROFS: 'it is read-only',
      ENOSPC: 'the disk is full',
      ENOTDIR: 'there is a file in its place',
      EEXIST: 'there is a file in its place',
    }
    const reason = reasons[code ?? '']
    if (!reason) throw error
    throw new OperatorError(
      `The data directory ${path} cannot be used: ${reason}. Choose another: DATA_DIR=…`,
    )
  }
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
        ? startPostgres({ dir: join(dir, 'postgres'), password: secrets.databasePassword })
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
  return { ...describe(secrets, owner.databasePort, owner.s3Endpoint), close: async () => {} }
}

function describe(secrets: Secrets, databasePort?: number, s3Endpoint?: string) {
  return {
    databaseUrl:
      (databasePort && urlOf(databasePort, secrets.databasePassword, 'portal')) || undefined,
    s3: s3Endpoint
      ? {
          endpoint: s3Endpoint,
          publicEndpoint: s3Endpoint,
          region: REGION,
          bucket: BUCKET,
          forcePathStyle: true,
          credentials: {
            accessKeyId: secrets.s3AccessKeyId,
            secretAccessKey: secrets.s3SecretAccessKey,
          },
        }
      : undefined,
    secrets: {
      cookieKeys: secrets.cookieKeys,
      encryptionKeys: secrets.encryptionKeys.map((key) => Buffer.from(key, 'base64url')),
    },
  }
}

async function startS3(dir: string, secrets: Secrets, { log, production }: Options) {
  const portFile = join(dir, 's3-port')
  // The port of last time, so that links made before a restart go on working.
  const before = Number((await readFile(portFile, 'utf8').catch(() => '')).trim()) || 0
  const start = (port: number) =>
    startS3Server({
      dir: join(dir, 's3'),
      port,
      bucket: BUCKET,
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

/** Made once, whole or not at all: written aside, flushed, and renamed. Only the lock's holder makes them. */
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
  return secrets
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

type Lock = { announce(owner: Owner): void; release(): void }

// A socket that only one process can hold, and that goes with it, however it ends: no stale file, no reused number.
function lockAddress(dir: string): string {
  const name = `identity-portal-${createHash('sha256').update(dir).digest('hex').slice(0, 24)}`
  return process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`)
}

async function takeLock(dir: string): Promise<Lock | undefined> {
  const address = lockAddress(dir)
  const server = await listenOn(address)
  if (!server) return undefined
  let owner: Owner | undefined
  const asking: Socket[] = []
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    if (owner) socket.end(JSON.stringify(owner))
    else asking.push(socket)
  })
  server.unref()
  return {
    // Who asks while we start waits for the answer.
    announce(announced) {
      owner = announced
      for (const socket of asking.splice(0)) socket.end(JSON.stringify(owner))
    },
    release() {
      for (const socket of asking.splice(0)) socket.destroy()
      server.close()
    },
  }
}

async function listenOn(address: string): Promise<Server | undefined> {
  const server = createServer()
  const attempt = () =>
    new Promise<boolean>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
      )
      server.listen(address, () => resolve(true))
    })
  if (await attempt()) return server
  if (address.startsWith('\0') || (await ask(address)) !== undefined) return undefined
  // A file that nobody listens on was left by a process that was killed.
  await rm(address, { force: true })
  return (await attempt()) ? server : undefined
}

async function askOwner(dir: string): Promise<Owner | undefined> {
  const answer = await ask(lockAddress(dir))
  return answer ? ownerSchema.parse(JSON.parse(answer)) : undefined
}

/** What the holder of the lock says; `undefined` when there is none, or it ended before it could say. */
function ask(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(address)
    socket.once('error', () => resolve(undefined))
    socket.setTimeout(60_000, () => socket.destroy())
    text(socket).then(
      (answer) => resolve(answer || undefined),
      () => resolve(undefined),
    )
  })
}
