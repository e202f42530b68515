import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hash } from '@node-rs/argon2'
import { inject } from 'vitest'
import { createAccount } from '../../src/accounts/accounts.ts'
import { createClient } from '../../src/clients/clients.ts'
import { SCOPES } from '../../src/clients/scopes.ts'
import type { CompleteConfig } from '../../src/config.ts'
import { type AppContext, openContext } from '../../src/context.ts'
import { USER } from '../../src/local/embedded/cluster.ts'
import { startS3Server } from '../../src/local/embedded/s3.ts'
import { requireNeededKeys } from '../../src/needed-keys.ts'
import type { ProcessKind } from '../../src/platform/database-access.ts'
import { openDb } from '../../src/platform/db.ts'
import { createJobs } from '../../src/platform/jobs.ts'
import { createLog } from '../../src/platform/log.ts'
import { randomSecret } from '../../src/platform/secrets.ts'
import { createVault } from '../../src/platform/vault.ts'
import { prepareListener, startServer } from '../../src/server.ts'
import type { Sandbox } from '../../src/web-context.ts'
import { startWorker } from '../../src/worker.ts'
import { PROCESS_ROLES } from './cluster.ts'
import { createDatabase } from './database.ts'
import { createEnvironment, type Environment, readEnvironment, UNLIMITED } from './environment.ts'

export const PASSWORD = 'lantern orchard violet drum'
export const REDIRECT_URI = 'http://localhost:9/callback'
/** What `addClient` registers unless a scope is given. */
export const ALL_SCOPES =
  'openid profile email offline_access eprospera:person.id_verification.read'
/** Every scope that a resident can grant. */
export const EVERYTHING = Object.keys(SCOPES).join(' ')

export type TestPortal = Awaited<ReturnType<typeof startPortal>>

/** A complete portal on a free port: real PostgreSQL, real S3 protocol, real HTTP. It collects every log line. */
export async function startPortal({
  worker = false,
  developerSandbox,
  consoleIssuer,
  ...given
}: {
  worker?: boolean
  developerSandbox?: Sandbox
  consoleIssuer?: string
} & Partial<CompleteConfig> = {}) {
  const { keys } = inject('cluster')
  const database = await createDatabase()
  const dir = await mkdtemp(join(tmpdir(), 'portal-test-'))
  const bucket = { bucket: 'documents', region: 'us-east-2' }
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: randomSecret() }
  const startS3 = (port: number) =>
    startS3Server({ ...bucket, dir, port, credentials, production: false })
  let s3Server = await startS3(0)
  const { endpoint, port: s3Port } = s3Server
  const env = {
    ...createEnvironment({ databaseUrl: database.url, ...bucket, endpoint, credentials }),
    ...UNLIMITED,
    ENCRYPTION_KEY: keys.encryptionKey,
  }
  // Of that ENCRYPTION_KEY.
  if (!given.secrets)
    await database.db`
      insert into signing_key select * from jsonb_populate_recordset(null::signing_key, ${keys.signingKeys}::text::jsonb)`
  const config: CompleteConfig = {
    ...readEnvironment(env),
    // Like a proxy in front of it: a test calls `url`, whatever the issuer is.
    allowedHosts: ['localhost'],
    ...given,
  }
  const lines: string[] = []
  const log = createLog('debug', (line) => lines.push(line))
  const parts = await openContext(config, log)
  // As `serve` does.
  parts.readiness.add('keys', () => requireNeededKeys(parts))
  const first = await startProcess(parts, worker, developerSandbox, consoleIssuer)

  return {
    ...first,
    db: parts.db,
    parts,
    config,
    s3Endpoint: endpoint,
    /** Stops the bucket, and starts it again with its objects. */
    pauseS3: () => s3Server.close(),
    resumeS3: async () => {
      s3Server = await startS3(s3Port)
    },
    /** Everything logged so far, as text. */
    logged: () => lines.join(''),
    /** Starts another web process of the same portal: same issuer, same database. */
    startAnother: (given: Partial<CompleteConfig> = {}, changed: Partial<AppContext> = {}) =>
      startProcess(
        { ...parts, ...changed, config: { ...config, issuer: first.issuer, ...given } },
        worker,
        developerSandbox,
      ),
    /** Starts another web process as a process of the operating system, like an operator. */
    startOther: (given: Environment = {}) =>
      startOther({
        ...env,
        ROLE: 'web',
        LOG_LEVEL: 'error',
        ISSUER: first.issuer,
        ...given,
      }),
    async close() {
      await first.close()
      await parts.close()
      await s3Server.close()
      await database.drop()
      await rm(dir, { recursive: true, force: true })
      const refused = lines.find((line) => line.includes('permission denied'))
      if (refused) throw new Error(`the role of a process may not do what it does: ${refused}`)
    },
  }
}

/** The sandbox of a portal: `startPortal({ developerSandbox: await startSandbox() })`. Close it after the portal. */
export async function startSandbox(
  given: { worker?: boolean; consoleIssuer?: string } & Partial<CompleteConfig> = {},
) {
  const portal = await startPortal({ ...given, isSandbox: true })
  return { ...portal, context: portal.parts }
}

async function startProcess(
  parts: AppContext,
  hasWorker: boolean,
  sandbox?: Sandbox,
  consoleIssuer?: string,
) {
  const listener = await prepareListener(parts.config)
  // Browsers send cookies to every port of a host.
  const host = parts.config.isSandbox ? '127.0.0.1' : 'localhost'
  const issuer = parts.config.issuer ?? `http://${host}:${listener.port}`
  const web = await openProcess(parts, 'web')
  const working = hasWorker ? await openProcess(parts, 'worker') : undefined
  const worker = working && (await startWorker(working.parts, working.jobs))
  const running = await startServer(listener, web.parts, {
    issuer,
    jobs: web.jobs,
    onDelivery: () => worker?.checkInbox(),
    sandbox,
    portal: consoleIssuer === undefined ? undefined : { issuer: consoleIssuer, context: parts },
  })
  return {
    jobs: web.jobs,
    /** The address of this process; all processes have the same issuer. */
    url: running.url.replace('127.0.0.1', host),
    issuer,
    worker,
    async close() {
      await running.close()
      await worker?.stop()
      await working?.close()
      await web.close()
    },
  }
}

/**
 * Opens the parts with the role of this kind of process, so that every test also shows that its rights are sufficient. A
 * database that a test sets explicitly is not changed.
 */
async function openProcess(given: AppContext, kind: ProcessKind) {
  const { database } = given.config
  // The processes of a sandbox have all rights.
  const isOwners = !given.config.isSandbox && new URL(database.url).username === USER
  const url = isOwners
    ? Object.assign(new URL(database.url), { username: PROCESS_ROLES[kind] }).href
    : database.url
  const db = isOwners ? openDb(url, { connections: 4 }) : given.db
  const parts: AppContext = {
    ...given,
    db,
    vault: isOwners ? createVault(db, given.keyService) : given.vault,
    config: { ...given.config, database: { ...database, url } },
  }
  const jobs = await createJobs(url, given.log)
  return {
    parts,
    jobs,
    async close() {
      await jobs.stop()
      if (isOwners) await db.end({ timeout: 5 })
    },
  }
}

async function startOther(env: Environment) {
  const main = new URL('../../src/main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [main, 'serve'], {
    env: { ...env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stdout.on('data', (chunk) => {
      said += chunk
      const [, found] = /listening on (\S+?),/.exec(said) ?? []
      if (found) resolve(found)
    })
    child.once('exit', () => reject(new Error(`the process ended: ${said}`)))
  })
  return {
    url,
    close: () =>
      new Promise<void>((resolve) => {
        child.once('exit', () => resolve())
        child.kill()
      }),
  }
}

/** The name of every resident in tests, and on the documents of the sandboxes. */
export const HOLDER = { givenName: 'Ana', surname: 'Mejia', dateOfBirth: '1990-02-03' }
/** The size of the sandboxes' photos in tests: a sixteenth of the pixels of a phone's photo, and of the work. */
export const SMALL_PHOTOS = { photoPixels: 480 }
/** One document for all sessions of the sandboxes, so that they draw it once. */
export const DOCUMENT = {
  ...SMALL_PHOTOS,
  ...HOLDER,
  sex: 'F',
  documentNumber: 'U12345678',
  validUntil: '2035-06-07',
} as const

// One hash for all residents, of the least cost: to check a password against a real one takes 20 ms, as it should.
let passwordHash: Promise<string> | undefined

/** An invented resident who can sign in with `PASSWORD`. */
export async function addResident(parts: AppContext, given: { email?: string } = {}) {
  const resident = await createAccount(parts, {
    email: given.email ?? `resident-${randomUUID()}@example.test`,
    emailVerified: true,
    givenName: HOLDER.givenName,
    surname: HOLDER.surname,
  })
  passwordHash ??= hash(PASSWORD, { memoryCost: 8, timeCost: 1 })
  await parts.db`update account set password_hash = ${await passwordHash} where id = ${resident.id}`
  return resident
}

export async function addClient(
  parts: AppContext,
  given: Partial<Parameters<typeof createClient>[1]> = {},
) {
  return await createClient(parts.db, {
    name: 'Bluewater Bank',
    redirectUris: [REDIRECT_URI],
    scope: ALL_SCOPES,
    // So that a test can compare `sub` with the account.
    ...(given.type === 'service' ? {} : { subjectType: 'public' }),
    ...given,
  })
}
