import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CompleteConfig } from '../../src/config.ts'
import { type AppContext, openContext } from '../../src/context.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { startPostgres } from '../../src/local/embedded/postgres.ts'
import { createLog } from '../../src/platform/log.ts'
import { randomSecret } from '../../src/platform/secrets.ts'
import {
  createEnvironment,
  type Environment,
  readEnvironment,
  UNLIMITED,
} from '../support/environment.ts'
import { say, startTarget, type Target } from './load.ts'
import { RESIDENTS, seed, seedClients } from './population.ts'
import type { Task } from './target.ts'

export const BUCKET = {
  bucket: 'benchmark',
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIABENCHMARK', secretAccessKey: randomSecret() },
}

/** A portal with residents and clients, and a bare server to compare it with. */
export type Deployment = {
  env: Environment
  config: CompleteConfig
  parts: AppContext
  issuer: string
  portal: Target
  hello: Target
  /** An access token of each resident. */
  tokens: string[]
  clients: Awaited<ReturnType<typeof seedClients>>
  veriff: { apiKey: string; secret: string }
  /** Starts a further server, which ends with the others. */
  start(task: Task): Promise<Target>
}

/** Builds it for the duration of `work`. */
export async function withDeployment(
  work: (deployment: Deployment) => Promise<void>,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'portal-bench-'))
  say('starting PostgreSQL')
  const postgres = await startPostgres({ dir: join(dir, 'postgres'), password: randomSecret() })
  const targets: Target[] = []
  const start = async (task: Task) => {
    const target = await startTarget(task)
    targets.push(target)
    return target
  }
  try {
    const env = {
      ...createEnvironment({
        databaseUrl: postgres.url,
        endpoint: 'http://127.0.0.1:9000',
        ...BUCKET,
      }),
      ...UNLIMITED,
    }
    const config = readEnvironment(env)
    const parts = await openContext(config, createLog('error'))
    const portal = await start({ be: 'portal', env })
    const hello = await start({ be: 'hello' })
    const issuer = portal.url.replace('127.0.0.1', 'localhost')
    const veriff = { apiKey: randomUUID(), secret: randomUUID() }
    await setVendorIntegration(parts.db, parts.sealer, {
      vendor: 'veriff',
      baseUrl: 'http://127.0.0.1:9',
      ...veriff,
    })
    say(`making ${RESIDENTS} residents`)
    const tokens = await seed(parts, issuer)
    const clients = await seedClients(parts)
    try {
      await work({ env, config, parts, issuer, portal, hello, tokens, clients, veriff, start })
    } finally {
      await parts.close()
    }
  } finally {
    for (const target of targets) target.stop()
    await postgres.stop()
    await rm(dir, { recursive: true, force: true })
  }
}
