import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { startVeriffSandbox } from '../../../src/local/sandbox/veriff.ts'
import { randomSecret } from '../../../src/platform/secrets.ts'
import { type Deployment, startDeployment } from '../../support/deployment.ts'
import { type Environment, UNLIMITED } from '../../support/environment.ts'
import { findFreePorts } from '../../support/ports.ts'
import { obtainTokens, PASSWORD, REDIRECT_URI, SCOPE, startPostman, startReceiver } from './load.ts'
import { runCommand, startProcess } from './process.ts'
import { extractLastRelease, type Release } from './release.ts'

/** A deployment of the last release, and what it works for. */
export type World = Awaited<ReturnType<typeof fillWorld>>
type Parts = Deployment['parts']

const HOLDER = { givenName: 'Ana', surname: 'Muestra' }
const READERS = 2
/** As many as `addRows` adds. */
export const ROWS = 300_000

/** Starts the last release on a schema of its own. */
export function startWorld(): Promise<World> {
  const last = Promise.withResolvers<Release>()
  return startDeployment(async (deployment) => await fillWorld(deployment, await last.promise), {
    async prepare({ dir, env }) {
      // To compile a version takes most of the time in which its processes start.
      env.NODE_COMPILE_CACHE = join(dir, 'compiled')
      last.resolve(await extractLastRelease(join(dir, 'last-release')))
      await runCommand(await last.promise, ['migrate', '--json'], createRoles(env).migrate)
    },
  })
}

/** The environments of each kind of process: each has a role of the database with no more rights than it needs. */
export function createRoles(env: Environment) {
  const urlOf = (user: string) =>
    Object.assign(new URL(env.DATABASE_URL ?? ''), { username: user, password: 'rehearsal' }).href
  const [app, web, worker] = ['portal_app', 'portal_web', 'portal_worker'].map(urlOf)
  const shared = { ...env, ...UNLIMITED, LOG_LEVEL: 'warn', OUTBOUND_ALLOW: '127.0.0.0/8' }
  return {
    migrate: {
      ...shared,
      DATABASE_URL: app ?? '',
      MIGRATION_DATABASE_URL: env.DATABASE_URL ?? '',
      WEB_DATABASE_URL: web ?? '',
      WORKER_DATABASE_URL: worker ?? '',
    },
    web: { ...shared, DATABASE_URL: web ?? '', ROLE: 'web' },
    worker: { ...shared, DATABASE_URL: worker ?? '', ROLE: 'worker' },
  }
}

/** Starts the processes, with residents, an application and a vendor. The old code makes all of it. */
async function fillWorld(deployment: Deployment, last: Release) {
  const { env, later } = deployment
  const [port, otherPort] = await findFreePorts(2)
  const issuer = `http://localhost:${port}`
  const roles = createRoles({ ...env, ISSUER: issuer })
  const started = await Promise.all([
    startProcess(last, { ...roles.web, PORT: `${port}` }),
    startProcess(last, roles.worker),
  ])
  const processes = later(started, async (all) => {
    await Promise.all(all.map((each) => each.stop().catch(() => {})))
  })

  const context = await last.load<typeof import('../../../src/context.ts')>('context.ts')
  const environment = await last.load<typeof import('../../support/environment.ts')>(
    '../test/support/environment.ts',
  )
  const { createLog } =
    await last.load<typeof import('../../../src/platform/log.ts')>('platform/log.ts')
  const parts = later(
    await context.openContext(
      environment.readEnvironment({ ...env, ISSUER: issuer }),
      createLog('silent'),
      'require',
    ),
    (each) => each.close(),
  )
  const webs = [issuer]
  const pickWeb = () => webs[Math.floor(Math.random() * webs.length)] ?? ''
  const people = await createPeople(last, parts, issuer)
  const receiver = later(await startReceiver(), (each) => each.close())
  const { setStream } =
    await last.load<typeof import('../../../src/events/streams.ts')>('events/streams.ts')
  const stream = { clientId: people.client.id, delivery: 'webhook', endpoint: receiver.url }
  await setStream(parts.db, parts.sealer, stream)
  const vendor = await connectVendor(last, { deployment, parts, issuer, pickWeb })
  return {
    ...deployment,
    last,
    roles,
    otherPort,
    /** Those that run. */
    processes,
    /** The addresses of those that requests go to. */
    webs,
    pickWeb,
    people,
    receiver,
    vendor,
  }
}

/** Residents who have allowed an application to read their documents. */
async function createPeople(last: Release, parts: Parts, web: string) {
  const { createAccount } =
    await last.load<typeof import('../../../src/accounts/accounts.ts')>('accounts/accounts.ts')
  const { createClient } =
    await last.load<typeof import('../../../src/clients/clients.ts')>('clients/clients.ts')
  const registered = await createClient(parts.db, {
    name: 'Bluewater Bank',
    redirectUris: [REDIRECT_URI],
    scope: SCOPE,
  })
  const client = { id: registered.client_id, secret: registered.client_secret ?? '' }
  const residents = []
  for (let number = 0; number < READERS + 2; number++) {
    const email = `resident-${randomUUID()}@example.test`
    const { id } = await createAccount(parts, { email, ...HOLDER, password: PASSWORD })
    residents.push({ id, tokens: await obtainTokens(web, client, email) })
  }
  const [refresher, verified, ...readers] = residents
  if (!refresher || !verified) throw new Error('there are no residents')
  return { client, refresher, verified, readers }
}

/** A vendor whose deliveries go to the processes that serve. */
async function connectVendor(
  last: Release,
  given: { deployment: Deployment; parts: Parts; issuer: string; pickWeb: () => string },
) {
  const { deployment, parts, issuer, pickWeb } = given
  const { setVendorIntegration } = await last.load<
    typeof import('../../../src/id-verification/vendors/vendors.ts')
  >('id-verification/vendors/vendors.ts')
  const { startVerification } = await last.load<
    typeof import('../../../src/id-verification/operations.ts')
  >('id-verification/operations.ts')
  let onAnswer = (_milliseconds: number, _fault: string | undefined) => {}
  const postman = deployment.later(
    await startPostman({
      pickWeb,
      onAnswer: (milliseconds, fault) => onAnswer(milliseconds, fault),
    }),
    (each) => each.close(),
  )
  const [apiKey, sharedSecret] = [randomUUID(), randomSecret()]
  const sandbox = deployment.later(
    await startVeriffSandbox({
      port: 0,
      apiKey,
      sharedSecret,
      webhookUrl: `${postman.url}/webhooks/veriff`,
      retryDelaysInMs: [1_000, 2_000, 4_000],
      person: { ...HOLDER, photoPixels: 240 },
    }),
    (each) => each.close(),
  )
  await setVendorIntegration(parts.db, parts.sealer, {
    vendor: 'veriff',
    baseUrl: sandbox.url,
    apiKey,
    secret: sharedSecret,
  })
  return {
    sandbox,
    /** Verifies a resident; old code starts it, whatever the schema is by then. */
    async verify(accountId: string): Promise<string> {
      const { id, vendorSessionId } = await startVerification(
        { ...parts, issuer },
        { vendor: 'veriff', accountId },
      )
      await sandbox.complete(vendorSessionId, 'approved')
      return id
    },
    listen(to: typeof onAnswer) {
      onAnswer = to
    },
  }
}

/** Old rows, so that a lock costs what it costs in production. */
export async function addRows({ parts: { db } }: World): Promise<void> {
  for (let first = 1; first <= ROWS; first += 10_000)
    await db`
      insert into oidc_artifact (kind, id, payload, expires_at)
      select 'AccessToken', sha256(number::text::bytea), '{}', now() + interval '1 day'
      from generate_series(${first}::int, ${first + 9_999}::int) as number`
}
