import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import type { AppContext } from '../../src/context.ts'
import { migrate } from '../../src/platform/migrations.ts'
import { runCommand } from '../rehearsals/upgrade/process.ts'
import { extractLastRelease, PRESENT, type Release } from '../rehearsals/upgrade/release.ts'
import { createRoles } from '../rehearsals/upgrade/world.ts'
import { startDeployment } from '../support/deployment.ts'
import { startNetworkProxy } from '../support/network-proxy.ts'
import { listChildren, signalAll } from '../support/operating-system.ts'
import { findFreePorts } from '../support/ports.ts'
import { type Courier, startCourier } from './courier.ts'
import type { Delivered } from './history.ts'
import { type Link, startLink } from './link.ts'
import { type Operator, openOperator } from './operator.ts'
import { type Kept, superviseProcess } from './processes.ts'
import { type Driver, startVendors } from './vendors.ts'

type Prepare = NonNullable<NonNullable<Parameters<typeof startDeployment>[1]>['prepare']>

const MIGRATIONS = new URL('../../src/migrations/', import.meta.url)
const NEXT = new URL('../rehearsals/upgrade/next/', import.meta.url)

/**
 * A complete deployment on this machine: two web processes and two workers, a database, a bucket, the vendors, and the
 * connections between them.
 */
export type World = {
  /** Of the present code. */
  parts: AppContext
  issuer: string
  present: Release
  /** What the processes run at first; `undefined`: the present code. */
  last: Release | undefined
  /** Of the newest release that the schema is ready for. */
  operator(): Operator
  /** Runs the present version's `migrate`, twice at once. */
  migrate(): Promise<void>
  /** Applies one of `migrationsToCome`, which a version to come could have. */
  migrateFurther(name: string): Promise<void>
  migrationsToCome: string[]
  processes: Kept[]
  vendors: Driver[]
  courier: Courier
  s3Link: Link
  databaseLink: Awaited<ReturnType<typeof startNetworkProxy>>
  /** The addresses of the running web processes, or of all. */
  webs(): string[]
  /** Kills PostgreSQL during its work; it is restarted, and recovers. */
  crashPostgres(): Promise<void>
  /** Stops PostgreSQL as for maintenance, which ends all connections; it is restarted. */
  restartPostgres(): Promise<void>
  /** Stops every process of PostgreSQL until `until` resolves. */
  freezePostgres(until: () => Promise<void>): Promise<void>
  /** Changes the passwords of the processes' roles and ends their connections, until `until` resolves. */
  changePasswords(until: () => Promise<void>): Promise<void>
  listObjects(): Promise<string[]>
  close(): Promise<void>
}

/** `fromLastRelease`: the schema and the processes are those of the last release at first. */
export function startWorld(given: {
  present: Release
  fromLastRelease: boolean
  random: () => number
  record: (delivered: Delivered) => void
}): Promise<World> {
  const { present, random, record } = given
  let last: Release | undefined
  const prepare: Prepare = async ({ dir, env }) => {
    // To compile a version takes most of the time in which its processes start.
    env.NODE_COMPILE_CACHE = join(dir, 'compiled')
    if (given.fromLastRelease) last = await extractLastRelease(join(dir, 'last-release'))
    await runCommand(last ?? present, ['migrate', '--json'], createRoles(env).migrate)
  }
  return startDeployment(
    async ({ dir, s3Port, env: shared, parts, later, close }) => {
      const { s3 } = parts.config
      const open = async (release: Release) =>
        later(await openOperator(release, shared), (each) => each.parts.close())
      let operator = await open(last ?? PRESENT)
      const s3Link = later(await startLink(s3Port, random), (each) => each.close())
      const findPostmaster = async () => {
        const [pid] = (await readFile(join(dir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')
        return Number(pid)
      }
      const crashPostgres = async () => void process.kill(await findPostmaster(), 'SIGKILL')
      const databaseUrl = new URL(shared.DATABASE_URL ?? '')
      const databaseLink = later(await startNetworkProxy(Number(databaseUrl.port)), (each) =>
        each.close(),
      )
      await watchStatuses(parts)
      // The setting applies after the next restart.
      await crashPostgres()
      await waitForDatabase(parts)

      const ports = await findFreePorts(2)
      const issuer = `http://localhost:${ports[0]}`
      const direct = createRoles({ ...shared, ISSUER: issuer })
      const env = {
        ...shared,
        DATABASE_URL: Object.assign(databaseUrl, { port: String(databaseLink.port) }).href,
        ISSUER: issuer,
        S3_ENDPOINT: `http://127.0.0.1:${s3Link.port}`,
        S3_PUBLIC_ENDPOINT: s3.endpoint ?? '',
      }
      const roles = createRoles(env)
      let lastWords = ''
      const onLog = (lines: string) => {
        lastWords = (lastWords + lines).slice(-2_000)
      }
      const processes = await Promise.all(
        [
          { role: 'web' as const, port: ports[0] ?? 0 },
          { role: 'web' as const, port: ports[1] ?? 0 },
          { role: 'worker' as const, port: 0 },
          { role: 'worker' as const, port: 0 },
        ].map(async (each) =>
          later(
            await superviseProcess({
              ...each,
              release: last ?? present,
              env: roles[each.role],
              onLog,
            }),
            (kept) => kept.close(),
          ),
        ),
      )
      const webs = () => {
        const all = processes.filter(({ role }) => role === 'web')
        const up = all.filter((each) => each.isUp())
        return (up.length > 0 ? up : all).map(({ port }) => `http://127.0.0.1:${port}`)
      }
      const courier = later(await startCourier({ random, webs, record }), (each) => each.close())
      const vendors = later(
        await startVendors({ operator, courierUrl: courier.url, random, issuer }),
        async (all) => {
          for (const vendor of all) await vendor.close()
        },
      )
      const client = later(
        new S3Client({
          endpoint: s3.endpoint ?? '',
          region: s3.region,
          forcePathStyle: true,
          ...(s3.credentials ? { credentials: s3.credentials } : {}),
        }),
        async (each) => each.destroy(),
      )
      await waitUntil(
        () => processes.every((each) => each.isUp()),
        60,
        () => `the processes did not start: ${lastWords}`,
      )
      return {
        parts,
        issuer,
        present,
        last,
        operator: () => operator,
        async migrate() {
          const runs = [1, 2].map(() => runCommand(present, ['migrate', '--json'], direct.migrate))
          for (const run of await Promise.allSettled(runs))
            if (run.status === 'rejected') throw run.reason
          operator = await open(PRESENT)
        },
        migrationsToCome: (await readdir(NEXT)).sort(),
        async migrateFurther(name) {
          const folder = join(dir, 'migrations')
          await mkdir(folder, { recursive: true })
          await cp(MIGRATIONS, folder, { recursive: true })
          await cp(new URL(name, NEXT), join(folder, name))
          await migrate(shared.DATABASE_URL ?? '', { folder: pathToFileURL(`${folder}/`) })
        },
        processes,
        vendors,
        courier,
        s3Link,
        databaseLink,
        webs,
        crashPostgres,
        restartPostgres: async () => void process.kill(await findPostmaster(), 'SIGINT'),
        async freezePostgres(until) {
          const postmaster = await findPostmaster()
          const pids = [postmaster, ...(await listChildren(postmaster))]
          signalAll(pids, 'SIGSTOP')
          await until()
          signalAll(pids, 'SIGCONT')
        },
        async changePasswords(until) {
          const { db } = parts
          const users = [direct.web, direct.worker].map(({ DATABASE_URL }) => new URL(DATABASE_URL))
          try {
            for (const { username } of users)
              await db.unsafe(`alter role ${username} password 'another'`)
            await db`
            select pg_terminate_backend(pid) from pg_stat_activity
            where usename = any (${users.map(({ username }) => username)})`
            await until()
          } finally {
            const restore = async () => {
              for (const { username, password } of users)
                await db.unsafe(`alter role ${username} password '${password}'`)
              return true
            }
            const asked = () => restore().catch(() => false)
            await waitUntil(asked, 60, () => 'the passwords could not be changed back')
          }
        },
        async listObjects() {
          const keys: string[] = []
          let next: string | undefined
          do {
            const page = await client.send(
              new ListObjectsV2Command({ Bucket: s3.bucket, ContinuationToken: next }),
            )
            for (const { Key } of page.Contents ?? []) if (Key) keys.push(Key)
            next = page.NextContinuationToken
          } while (next)
          return keys
        },
        close,
      }
    },
    { prepare },
  )
}

/** The database itself writes down each change of a status, and of a delivery's state. */
async function watchStatuses({ db }: AppContext): Promise<void> {
  await db.unsafe(`
    create table chaos_status (
      number bigint generated always as identity, verification_id uuid not null, status text not null);
    create function chaos_note_status() returns trigger language plpgsql security definer as $$ begin
      if tg_op = 'INSERT' or new.status is distinct from old.status then
        insert into chaos_status (verification_id, status) values (new.id, new.status);
      end if;
      return null;
    end $$;
    create trigger chaos_status after insert or update on verification
      for each row execute function chaos_note_status();
    create table chaos_delivery (delivery_id uuid not null, state text not null);
    create function chaos_note_delivery() returns trigger language plpgsql security definer as $$ begin
      if new.state is distinct from old.state then
        insert into chaos_delivery (delivery_id, state) values (new.id, new.state);
      end if;
      return null;
    end $$;
    create trigger chaos_delivery after update on delivery
      for each row execute function chaos_note_delivery();`)
  await db.unsafe('alter system set track_commit_timestamp = on')
}

async function waitForDatabase({ db }: AppContext): Promise<void> {
  await waitUntil(
    async () => {
      const [row] = await db`show track_commit_timestamp`.catch(() => [])
      return row?.trackCommitTimestamp === 'on'
    },
    30,
    () => 'PostgreSQL did not come back',
  )
}

/** Checks twice a second; throws `otherwise` after this many seconds. */
async function waitUntil(
  ask: () => boolean | Promise<boolean>,
  seconds: number,
  otherwise: () => string,
): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await ask()); await wait(500))
    if (Date.now() > end) throw new Error(otherwise())
}

export const sha256Of = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')
