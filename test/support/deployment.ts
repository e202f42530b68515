import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AppContext, openContext, type Runtime } from '../../src/context.ts'
import { startPostgres } from '../../src/local/embedded/postgres.ts'
import { startS3Server } from '../../src/local/embedded/s3.ts'
import { createLog } from '../../src/platform/log.ts'
import { randomSecret } from '../../src/platform/secrets.ts'

/** What the processes of a portal share: a database, a bucket and a folder of their own, and new keys. */
export type Deployment = {
  dir: string
  s3Port: number
  /** Opened with what the processes are to be started with. */
  parts: AppContext
  /** Closes this thing before everything that was there earlier. */
  later<T>(thing: T, close: (thing: T) => Promise<unknown>): T
  close(): Promise<void>
}

/** Builds on an empty deployment, and closes all of it when that fails. */
export async function startDeployment<T>(
  build: (deployment: Deployment) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'portal-'))
  const closing: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })]
  const later = <T>(thing: T, close: (thing: T) => Promise<unknown>): T => {
    closing.unshift(() => close(thing))
    return thing
  }
  const close = async () => {
    for (const step of closing.splice(0)) await step().catch(() => {})
  }
  try {
    const postgres = later(
      await startPostgres({ dir: join(dir, 'postgres'), password: randomSecret() }),
      (each) => each.stop(),
    )
    const bucket = { bucket: 'documents', region: 'us-east-2' }
    const credentials = { accessKeyId: 'AKIADEPLOYMENT', secretAccessKey: randomSecret() }
    const { endpoint, port } = later(
      await startS3Server({
        ...bucket,
        dir: join(dir, 's3'),
        port: 0,
        credentials,
        production: false,
      }),
      (each) => each.close(),
    )
    const runtime: Runtime = {
      databaseUrl: postgres.url,
      s3: { ...bucket, endpoint, publicEndpoint: endpoint, forcePathStyle: true },
      s3Credentials: credentials,
      cookieKeys: [randomSecret()],
      encryptionKeys: [Buffer.from(randomSecret(), 'base64url')],
      outboundAllow: [],
      mail: undefined,
    }
    const parts = later(await openContext(runtime, createLog('silent')), (each) => each.close())
    return await build({ dir, s3Port: port, parts, later, close })
  } catch (error) {
    await close()
    throw error
  }
}

/** The environment that starts a process with this runtime, as an operator sets it. */
export const environmentOf = (runtime: Runtime): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  DATABASE_URL: runtime.databaseUrl,
  COOKIE_KEYS: runtime.cookieKeys.join(','),
  ENCRYPTION_KEY: runtime.encryptionKeys
    .map((key) => Buffer.from(key).toString('base64url'))
    .join(','),
  S3_ENDPOINT: runtime.s3.endpoint ?? '',
  S3_REGION: runtime.s3.region,
  S3_BUCKET: runtime.s3.bucket,
  AWS_ACCESS_KEY_ID: runtime.s3Credentials?.accessKeyId ?? '',
  AWS_SECRET_ACCESS_KEY: runtime.s3Credentials?.secretAccessKey ?? '',
})
