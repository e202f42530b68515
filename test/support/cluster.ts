import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { USER } from '../../src/local/embedded/cluster.ts'
import { startPostgres, urlOf } from '../../src/local/embedded/postgres.ts'
import type { ProcessKind } from '../../src/platform/database-access.ts'
import { grantProcessRole } from '../../src/platform/database-role.ts'
import { type Db, openDb } from '../../src/platform/db.ts'
import { installJobs } from '../../src/platform/jobs.ts'
import { createLog } from '../../src/platform/log.ts'
import { migrate } from '../../src/platform/migrations.ts'
import { createSealer, randomSecret } from '../../src/platform/secrets.ts'
import { openKeyRing } from '../../src/signing/key-ring.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The cluster of this test run. Its database `template` is migrated, and cloned for each test file. */
    cluster: { host: string; port: number; password: string; keys: PreparedKeys }
  }
}

/** Signing keys for portals that start with this `ENCRYPTION_KEY`: to make RSA keys takes most of a first start. */
type PreparedKeys = { encryptionKey: string; signingKeys: string }

/** The roles of the portals that tests start, each with the rights of one kind of process. */
export const PROCESS_ROLES: Record<ProcessKind, string> = { web: 'test_web', worker: 'test_worker' }

/** One real PostgreSQL for the test run, in a temporary folder. */
export default async function setup(project: TestProject) {
  // Databases are cloned a hundred times: in memory, where the system has such a folder.
  const memory = '/dev/shm'
  const dir = await mkdtemp(join(existsSync(memory) ? memory : tmpdir(), 'portal-cluster-'))
  // For the processes of the tests, and those that they start: to compile the portal again takes most of a command's time.
  process.env.NODE_COMPILE_CACHE = join(dir, 'compiled')
  const password = 'test'
  const folder = join(dir, 'postgres')
  const cluster = await startPostgres({ dir: folder, password, durable: false, hasSocket: true })
  // Most of what a statement costs here is the kernel's part, which is half as much as over TCP.
  const host = encodeURIComponent(folder)
  const admin = openDb(cluster.url, { connections: 1 })
  await admin.unsafe('create database template')
  for (const setting of ['autovacuum = off', 'jit = off', 'max_parallel_workers_per_gather = 0'])
    await admin.unsafe(`alter system set ${setting}`)
  await admin`select pg_reload_conf()`
  await admin.end()
  const appUrl = urlOf(cluster.port, password, 'template')
  await migrate(appUrl)
  const template = openDb(appUrl, { connections: 1 })
  await installJobs(appUrl, createLog('error'))
  for (const [kind, role] of Object.entries(PROCESS_ROLES) as [ProcessKind, string][]) {
    const url = urlOf(cluster.port, password, 'template', role)
    await grantProcessRole(template, kind, { url, appUrl })
  }
  // Portals open a dozen connections each; for each one, client and server derive a key in as many rounds.
  await template`set scram_iterations = 1`
  for (const role of [USER, ...Object.values(PROCESS_ROLES)])
    await template.unsafe(`alter role ${role} password '${password}'`)
  // Retries come up to 4 seconds apart instead of up to 15 minutes, because tests wait for them.
  await template`update pgboss.queue set retry_delay = 1, retry_delay_max = 4`
  const keys = await prepareKeys(template)
  await template.end()
  project.provide('cluster', { host, port: cluster.port, password, keys })
  return async () => {
    await cluster.stop()
    // Processes that are ending may still write what they compiled.
    await rm(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

async function prepareKeys(template: Db): Promise<PreparedKeys> {
  const encryptionKey = randomSecret()
  const sealer = createSealer([Buffer.from(encryptionKey, 'base64url')])
  const ring = await openKeyRing(template, sealer, createLog('error'))
  ring.close()
  const [made] = await template<{ signingKeys: string }[]>`
    with made as (delete from signing_key returning *)
    select jsonb_agg(to_jsonb(made))::text as signing_keys from made`
  if (!made) throw new Error('no signing keys were made')
  return { encryptionKey, ...made }
}
