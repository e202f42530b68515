import { createHash } from 'node:crypto'
import { cp, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import type { AppContext } from '../../src/context.ts'
import { migrate } from '../../src/platform/migrations.ts'
import { runCommand } from '../rehearsals/upgrade/process.ts'
import { extractLastRelease, PRESENT, type Release } from '../rehearsals/upgrade/release.ts'
import { createRoles } from '../rehearsals/upgrade/world.ts'
import { startDeployment } from '../support/deployment.ts'
import { startNetworkProxy } from '../support/network-proxy.ts'
import { findFreePorts } from '../support/ports.ts'
import { type Courier, startCourier } from './courier.ts'
import { type Database, openDatabase, waitUntil } from './database.ts'
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
  database: Database
  listObjects(): Promise<string[]>
  close(): Promise<void>
}

/** `present` returns the present code, which it may write into the folder. `fromLastRelease`: the schema and the processes are those of the last release at first. */
export function startWorld(given: {
  present: (dir: string) => Promise<Release>
  fromLastRelease: boolean
  random: () => number
  record: (delivered: Delivered) => void
}): Promise<World> {
  const { random, record } = given
  let present = PRESENT
  let last: Release | undefined
  const prepare: Prepare = async ({ dir, env }) => {
    // To compile a version takes most of the time in which its processes start.
    env.NODE_COMPILE_CACHE = join(dir, 'compiled')
    present = await given.present(dir)
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
      const databaseUrl = new URL(shared.DATABASE_URL ?? '')
      const databaseLink = later(await startNetworkProxy(Number(databaseUrl.port)), (each) =>
        each.close(),
      )

      const ports = await findFreePorts(2)
      const issuer = `http://localhost:${ports[0]}`
      const direct = createRoles({ ...shared, ISSUER: issuer })
      const users = [direct.web, direct.worker].map(({ DATABASE_URL }) => new URL(DATABASE_URL))
      const database = await openDatabase({ dir: join(dir, 'postgres'), parts, users })
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
        120,
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
        database,
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

export const sha256Of = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')
