import { randomUUID } from 'node:crypto'
import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { startVeriffSandbox } from '../../src/local/sandbox/veriff.ts'
import { withOwner } from '../../src/platform/database-role.ts'
import { migrate } from '../../src/platform/migrations.ts'
import { randomSecret } from '../../src/platform/secrets.ts'
import { type Deployment, startDeployment } from '../support/deployment.ts'
import { type Environment, UNLIMITED } from '../support/environment.ts'
import { findFreePorts } from '../support/ports.ts'
import type { Rehearsal } from './rehearsal.ts'
import {
  type Answered,
  countMedia,
  obtainTokens,
  PASSWORD,
  REDIRECT_URI,
  SCOPE,
  startLoad,
  startPostman,
  startReceiver,
} from './upgrade/load.ts'
import { type RunningProcess, runCommand, startProcess } from './upgrade/process.ts'
import { extractLastRelease, PRESENT, type Release } from './upgrade/release.ts'

type Say = (line: string) => void
type World = Awaited<ReturnType<typeof prepareWorld>>

// Migrations that a version to come could have. So there are some even where the last release has today's.
const NEXT = new URL('./upgrade/next/', import.meta.url)
const HOLDER = { givenName: 'Ana', surname: 'Muestra' }
const READERS = 2
const ROWS = 300_000
/** How long a read may take, beyond the longest one before: a migration waits for a lock for a second. */
const STALL_MS = 2_000
/** How long while processes start beside it, which need the processors for seconds. */
const STARTS_STALL_MS = 5_000
const LOCK_HELD_MS = 3_000
const SETTLE_SECONDS = 90
const MIGRATE = 'migrate'

export const rehearsal: Rehearsal = {
  summary: 'migrate, and replace the processes of the last release while they serve',
  run({ short, say }) {
    const last = Promise.withResolvers<Release>()
    return startDeployment(
      async (deployment) => {
        try {
          return await upgrade(await prepareWorld(deployment, await last.promise), { short, say })
        } finally {
          await deployment.close()
        }
      },
      {
        async prepare({ dir, env }) {
          // To compile a version takes most of the time in which its processes start.
          env.NODE_COMPILE_CACHE = join(dir, 'compiled')
          last.resolve(await extractLastRelease(join(dir, 'last-release')))
          await runCommand(await last.promise, ['migrate', '--json'], createRoles(env).migrate)
        },
      },
    )
  },
}

/** The environments of each kind of process: each has a role of the database with no more rights than it needs. */
function createRoles(env: Environment) {
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

/** Starts the last release on its own schema, with residents, an application and a vendor. Old code makes all of it. */
async function prepareWorld(deployment: Deployment, last: Release) {
  const { env, later } = deployment
  const [oldPort, newPort] = await findFreePorts(2)
  const roles = createRoles({ ...env, ISSUER: `http://localhost:${oldPort}` })
  const oldWeb = { url: `http://localhost:${oldPort}`, env: { ...roles.web, PORT: `${oldPort}` } }
  const newWeb = { url: `http://localhost:${newPort}`, env: { ...roles.web, PORT: `${newPort}` } }
  const web = await startProcess(last, oldWeb.env)
  const worker = await startProcess(last, roles.worker)
  const processes = later([web, worker], async (all) => {
    await Promise.all(all.map((each) => each.stop().catch(() => {})))
  })

  const context = await last.load<typeof import('../../src/context.ts')>('context.ts')
  const environment = await last.load<typeof import('../support/environment.ts')>(
    '../test/support/environment.ts',
  )
  const { createLog } =
    await last.load<typeof import('../../src/platform/log.ts')>('platform/log.ts')
  const parts = later(
    await context.openContext(
      environment.readEnvironment({ ...env, ISSUER: oldWeb.url }),
      createLog('silent'),
      'require',
    ),
    (each) => each.close(),
  )
  const webs = [oldWeb.url]
  const pickWeb = () => webs[Math.floor(Math.random() * webs.length)] ?? ''
  const people = await createPeople(last, parts, oldWeb.url)
  const receiver = later(await startReceiver(), (each) => each.close())
  const { setStream } =
    await last.load<typeof import('../../src/events/streams.ts')>('events/streams.ts')
  const stream = { clientId: people.client.id, delivery: 'webhook', endpoint: receiver.url }
  await setStream(parts.db, parts.sealer, stream)
  const vendor = await connectVendor(last, { deployment, parts, issuer: oldWeb.url, pickWeb })
  return {
    ...deployment,
    ...{
      last,
      roles,
      processes,
      web,
      worker,
      oldWeb,
      newWeb,
      webs,
      pickWeb,
      people,
      receiver,
      vendor,
    },
  }
}

type Parts = Deployment['parts']

/** Residents who have allowed an application to read their documents. */
async function createPeople(last: Release, parts: Parts, web: string) {
  const { createAccount } =
    await last.load<typeof import('../../src/accounts/accounts.ts')>('accounts/accounts.ts')
  const { createClient } =
    await last.load<typeof import('../../src/clients/clients.ts')>('clients/clients.ts')
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
    typeof import('../../src/id-verification/vendors/vendors.ts')
  >('id-verification/vendors/vendors.ts')
  const { startVerification } = await last.load<
    typeof import('../../src/id-verification/operations.ts')
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

async function upgrade(
  world: World,
  { short, say }: { short: boolean; say: Say },
): Promise<string[]> {
  const { last, people, vendor, pickWeb, webs, roles, oldWeb, newWeb, processes } = world
  if (!short) await addRows(world, say)
  const verified = []
  for (const { id } of people.readers) verified.push(await vendor.verify(id))
  await untilSettled(world)

  const load = startLoad({
    pickWeb,
    client: people.client,
    readers: people.readers.map(({ tokens }) => tokens),
    refresher: people.refresher.tokens,
    async verify() {
      verified.push(await vendor.verify(people.verified.id))
    },
  })
  vendor.listen(load.noteDelivery)
  const phases = watchPhases(load.answers, say)
  const figures: string[] = []
  try {
    phases.begin(`${last.name} alone`)
    await wait(short ? 3_000 : 20_000)

    phases.begin(MIGRATE)
    const { stdout } = await runCommand(PRESENT, ['migrate', '--json'], roles.migrate)
    const { applied } = JSON.parse(stdout) as { applied: string[] }
    const next = await migrateFurther(world, say)
    figures.push(
      `migrations applied: ${applied.length} of today, ${next.applied.length} of a version to come; ${next.refusals} tries gave up waiting for a lock`,
    )

    phases.begin('the present code beside it')
    processes.push(
      await startProcess(PRESENT, newWeb.env),
      await startProcess(PRESENT, roles.worker),
    )
    webs.push(newWeb.url)
    await wait(short ? 1_000 : 20_000)

    phases.begin(`${last.name} restarts`)
    await replace(world, world.web, async () => await startProcess(last, oldWeb.env))
    await replace(world, world.worker, async () => await startProcess(last, roles.worker))
    const restarted = processes.slice(-2)
    for (const each of restarted) requireNotice(each)
    await wait(short ? 1_000 : 20_000)

    phases.begin('the present code alone')
    for (const each of restarted) await replace(world, each)
    await wait(short ? 1_000 : 20_000)
    phases.end()
    if (!short) figures.push(...(await measureLocks(world, load.answers, say)))
  } finally {
    await load.stop()
  }
  await untilSettled(world)
  return [...phases.report(), ...figures, ...(await check(world, load.answers, verified))]
}

/** Old rows, so that a lock costs what it costs in production. */
async function addRows({ parts: { db } }: World, say: Say) {
  say(`${ROWS} rows`)
  await db`set statement_timeout = 0`
  for (let first = 1; first <= ROWS; first += 50_000)
    await db`
      insert into oidc_artifact (kind, id, payload, expires_at)
      select 'AccessToken', sha256(number::text::bytea), '{}', now() + interval '1 day'
      from generate_series(${first}::int, ${first + 49_999}::int) as number`
}

/** Applies the migrations of a version to come, while a transaction holds a lock that they need. */
async function migrateFurther({ dir, env, parts: { db } }: World, say: Say) {
  const folder = join(dir, 'migrations')
  await cp(new URL('../../src/migrations/', import.meta.url), folder, { recursive: true })
  for (const name of await readdir(NEXT)) await cp(new URL(name, NEXT), join(folder, name))
  const holding = db.begin(async (sql) => {
    await sql`select from oidc_artifact limit 1`
    await wait(LOCK_HELD_MS)
  })
  let refusals = 0
  const applied = await migrate(env.DATABASE_URL ?? '', {
    folder: pathToFileURL(`${folder}/`),
    report(event, { migration, milliseconds }) {
      if (event === 'migration waits for locks') refusals++
      say(`  ${migration}: ${event}${milliseconds === undefined ? '' : ` (${milliseconds} ms)`}`)
    },
  })
  await holding
  if (refusals === 0) throw new Error('no migration met the lock that a transaction held')
  return { applied, refusals }
}

/** Takes a process out of service as a load balancer does, stops it, and starts another in its place. */
async function replace(
  { webs, processes, web, oldWeb }: World,
  old: RunningProcess,
  start?: () => Promise<RunningProcess>,
) {
  const crash = old.crash()
  if (crash) throw new Error(`a process ended by itself (${crash}): ${old.logged().slice(-2_000)}`)
  const isWeb = old === web || webs.length > 1
  if (isWeb) webs.splice(webs.indexOf(oldWeb.url), 1)
  // What it already answers.
  await wait(500)
  await old.stop()
  processes.splice(processes.indexOf(old), 1)
  if (!start) return
  processes.push(await start())
  if (isWeb) webs.push(oldWeb.url)
}

/** Throws unless the process said once that the schema is newer. */
function requireNotice(process: RunningProcess) {
  const notices = process.logged().match(/schema is newer than this version/g) ?? []
  if (notices.length !== 1)
    throw new Error(`a restarted process said ${notices.length} times that the schema is newer`)
}

/** The answers of each phase of the upgrade. */
function watchPhases(answers: readonly Answered[], say: Say) {
  const phases: { name: string; from: number; to: number }[] = []
  const end = () => {
    const current = phases.at(-1)
    if (current) current.to = performance.now()
  }
  return {
    begin(name: string) {
      end()
      say(name)
      phases.push({ name, from: performance.now(), to: Infinity })
    },
    end,
    /** Throws when reads stalled. */
    report(): string[] {
      const measured = phases.map(({ name, from, to }) => {
        const reads = answers
          .filter(({ kind, at }) => kind === 'read' && at >= from && at < to)
          .map(({ milliseconds }) => milliseconds)
          .sort((a, b) => a - b)
        const longest = Math.round(reads.at(-1) ?? 0)
        const median = Math.round(reads[Math.floor(reads.length / 2)] ?? 0)
        return { name, reads: reads.length, median, longest }
      })
      const before = measured[0]?.longest ?? 0
      for (const { name, longest } of measured)
        if (longest > before + (name === MIGRATE ? STALL_MS : STARTS_STALL_MS))
          throw new Error(
            `a read took ${longest} ms (${name}), and before the upgrade ${before} ms at most`,
          )
      return measured.map(
        ({ name, reads, median, longest }) =>
          `${name}: ${reads} reads, median ${median} ms, longest ${longest} ms`,
      )
    },
  }
}

/** What migrations cost that the rules forbid. */
async function measureLocks({ env }: World, answers: readonly Answered[], say: Say) {
  const forbidden = [
    'alter table oidc_artifact add column upgrade_random double precision default random()',
    'alter table oidc_artifact alter column upgrade_note type varchar(100)',
    'create index on oidc_artifact (upgrade_note, expires_at)',
  ]
  const figures: string[] = []
  for (const statement of forbidden) {
    say(`  forbidden: ${statement}`)
    const from = performance.now()
    await withOwner(env.DATABASE_URL ?? '', (owner) => owner.unsafe(statement))
    const took = Math.round(performance.now() - from)
    await wait(2_000)
    const longestOf = (kinds: readonly string[]) =>
      Math.round(
        Math.max(
          ...answers
            .filter(({ kind, at }) => kinds.includes(kind) && at > from - 1_000)
            .map(({ milliseconds }) => milliseconds),
        ),
      )
    figures.push(
      `what a lock on ${ROWS} rows costs: ${statement}: ${took} ms; longest read ${longestOf(['read'])} ms, longest refresh ${longestOf(['refresh'])} ms`,
    )
  }
  return figures
}

/** Waits until every delivery, job and notification has come to its end. */
async function untilSettled({ parts: { db }, vendor }: World): Promise<void> {
  await vendor.sandbox.settled(SETTLE_SECONDS * 1000)
  for (const end = Date.now() + SETTLE_SECONDS * 1000; ; await wait(250)) {
    const [row] = await db<{ left: number; unfinished: number }[]>`
      select (select count(*)::int from delivery where state = 'received')
        + (select count(*)::int from event where state = 'pending')
        + (select count(*)::int from pgboss.job where state in ('created', 'retry', 'active')) as left,
      (select count(*)::int from verification where not images_complete) as unfinished`
    if (row?.left === 0 && row.unfinished === 0) return
    if (Date.now() > end)
      throw new Error(
        `not everything came to its end: ${row?.left} jobs, deliveries and notifications, ${row?.unfinished} verifications`,
      )
  }
}

/** Throws when a request failed, or when something is lost or doubled. Returns the figures. */
async function check(world: World, answers: readonly Answered[], verified: readonly string[]) {
  const { parts, processes, receiver, vendor } = world
  const faults = answers.flatMap(({ kind, fault }) => (fault ? [`${kind}: ${fault}`] : []))
  for (const each of processes) {
    const crash = each.crash()
    if (crash) faults.push(`a process ended by itself: ${crash}`)
  }
  const expect = (what: string, found: unknown, wanted: unknown) => {
    if (found !== wanted) faults.push(`${what}: ${found}, and not ${wanted}`)
  }
  const [rows] = await parts.db`
    select
      (select count(*)::int from verification where status = 'approved' and images_complete) as approved,
      (select count(*)::int from decision where status = 'approved') as decisions,
      (select count(*)::int from delivery) as deliveries,
      (select count(*)::int from delivery where state in ('applied', 'ignored')) as applied,
      (select count(*)::int from image) as images,
      (select count(*)::int from image where state = 'stored') as stored,
      (select count(*)::int from pgboss.job) as jobs,
      (select count(*)::int from pgboss.job where state = 'completed') as completed,
      (select count(distinct data->>'imageId')::int from pgboss.job where name = 'backup-image') as backups,
      (select count(*)::int from pgboss.job where name = 'backup-image') as backup_jobs,
      (select sum(retry_count)::int from pgboss.job) as retries,
      (select count(*)::int from event where state = 'delivered') as notified,
      (select count(*)::int from event) as events`
  const webhooks = vendor.sandbox.listWebhooks().length
  const media = await countMedia(vendor.sandbox)
  expect('approved verifications with all images', rows?.approved, verified.length)
  expect('decisions', rows?.decisions, verified.length)
  expect('deliveries stored', rows?.deliveries, webhooks)
  expect('deliveries applied', rows?.applied, webhooks)
  expect('images', rows?.images, media)
  expect('images stored', rows?.stored, media)
  expect('jobs that ended well', rows?.completed, rows?.jobs)
  expect('backups', rows?.backups, media)
  expect('jobs of backups', rows?.backupJobs, media)
  expect('jobs that ran twice', rows?.retries, 0)
  expect('notifications sent', rows?.notified, rows?.events)
  expect('notifications received', receiver.received.size, rows?.events)
  const doubled = [...receiver.received.values()].filter((times) => times > 1).length
  expect('notifications received twice', doubled, 0)
  if (faults.length > 0)
    throw new Error(`${faults.length} faults:\n${faults.slice(0, 20).join('\n')}`)
  const count = (kind: string) => answers.filter((each) => each.kind === kind).length
  return [
    `requests: ${count('read')} reads, ${count('refresh')} refreshes, ${count('delivery')} deliveries; failed: 0`,
    `jobs: ${rows?.jobs}, lost 0, run twice 0; ${verified.length} verifications with ${media} images; ${rows?.events} notifications, lost 0, doubled 0`,
  ]
}
