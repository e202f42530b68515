import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { startS3Server } from '../../src/embedded/s3.ts'
import { createLog } from '../../src/log.ts'
import { openParts, type Parts, type Runtime } from '../../src/parts.ts'
import { randomSecret } from '../../src/secrets.ts'

/** What the processes of a portal share: a database and a bucket of their own, in a folder of their own, and fresh keys. */
export type Deployment = {
  dir: string
  s3Port: number
  /** Opened with what the processes are to be started with. */
  parts: Parts
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
    const parts = later(await openParts(runtime, createLog('silent')), (each) => each.close())
    return await build({ dir, s3Port: port, parts, later, close })
  } catch (error) {
    await close()
    throw error
  }
}

/** The environment that starts a process with this runtime, as an operator writes it. */
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

/** So many ports that nobody uses now. */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(0, '127.0.0.1', resolve)
      })
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
