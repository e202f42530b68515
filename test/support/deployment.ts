import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AppContext, openContext } from '../../src/context.ts'
import { startPostgres } from '../../src/local/embedded/postgres.ts'
import { startS3Server } from '../../src/local/embedded/s3.ts'
import { createLog } from '../../src/platform/log.ts'
import { randomSecret } from '../../src/platform/secrets.ts'
import { createEnvironment, type Environment, readEnvironment } from './environment.ts'

/** What the processes of a portal share: a database, a bucket and a folder of their own, and new keys. */
export type Deployment = {
  dir: string
  s3Port: number
  /** The access keys that the bucket accepts; it may change. */
  s3Credentials: { accessKeyId: string; secretAccessKey: string }[]
  /** What the processes are to be started with. */
  env: Environment
  /** Opened with `env`. */
  parts: AppContext
  /** Closes this thing before everything that was there earlier. */
  later<T>(thing: T, close: (thing: T) => Promise<unknown>): T
  close(): Promise<void>
}

// To be closed when the program is interrupted.
const open = new Set<() => Promise<void>>()

type StartDatabase = (dir: string) => Promise<{ url: string; stop(): Promise<void> }>

const startEmbedded: StartDatabase = (dir) => startPostgres({ dir, password: randomSecret() })

/** Closes all deployments that were started and not closed, also while they start. */
export async function closeDeployments(): Promise<void> {
  await Promise.all([...open].map((close) => close()))
}

/**
 * Builds on an empty deployment, and closes all of it when that fails. The database is the embedded one, unless another is given.
 * `prepare` creates the schema instead of this version.
 */
export async function startDeployment<T>(
  build: (deployment: Deployment) => Promise<T>,
  {
    startDatabase = startEmbedded,
    prepare,
  }: {
    startDatabase?: StartDatabase
    prepare?: (given: Pick<Deployment, 'dir' | 'env'>) => Promise<unknown>
  } = {},
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'portal-'))
  const closing: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })]
  const later = <T>(thing: T, close: (thing: T) => Promise<unknown>): T => {
    closing.unshift(() => close(thing))
    return thing
  }
  const close = async () => {
    open.delete(close)
    for (const step of closing.splice(0)) await step().catch(() => {})
  }
  open.add(close)
  try {
    const postgres = later(await startDatabase(join(dir, 'postgres')), (each) => each.stop())
    const bucket = { bucket: 'documents', region: 'us-east-2' }
    const credentials = { accessKeyId: 'AKIADEPLOYMENT', secretAccessKey: randomSecret() }
    const s3Credentials = [credentials]
    const { endpoint, port } = later(
      await startS3Server({
        ...bucket,
        dir: join(dir, 's3'),
        port: 0,
        credentials: s3Credentials,
        production: false,
      }),
      (each) => each.close(),
    )
    const env = createEnvironment({ databaseUrl: postgres.url, ...bucket, endpoint, credentials })
    await prepare?.({ dir, env })
    const parts = later(
      await openContext(readEnvironment(env), createLog('silent'), prepare ? 'leave' : 'migrate'),
      (each) => each.close(),
    )
    return await build({ dir, s3Port: port, s3Credentials, env, parts, later, close })
  } catch (error) {
    await close()
    throw error
  }
}
