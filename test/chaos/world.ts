import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { openParts, type Parts, type Runtime } from '../../src/context.ts'
import { startPostgres } from '../../src/local/embedded/postgres.ts'
import { startS3Server } from '../../src/local/embedded/s3.ts'
import { createLog } from '../../src/platform/log.ts'
import { randomSecret } from '../../src/platform/secrets.ts'
import { type Courier, startCourier } from './courier.ts'
import type { Delivered } from './history.ts'
import { type Link, startLink } from './link.ts'
import { type Kept, keepProcess } from './processes.ts'
import { type Driver, startVendors } from './vendors.ts'

/** A whole deployment on this machine: two web processes and two workers, a database, a bucket, the vendors, and the wires between. */
export type World = {
  parts: Parts
  issuer: string
  processes: Kept[]
  vendors: Driver[]
  courier: Courier
  s3Link: Link
  /** Where the web processes answer that are up, or all of them. */
  webs(): string[]
  /** Kills PostgreSQL with all that it does; it is started again, and recovers. */
  crashPostgres(): Promise<void>
  listObjects(): Promise<string[]>
  close(): Promise<void>
}

const REGION = 'us-east-2'
const BUCKET = 'documents'

export async function startWorld(given: {
  main: string
  random: () => number
  record: (delivered: Delivered) => void
}): Promise<World> {
  const { main, random, record } = given
  const dir = await mkdtemp(join(tmpdir(), 'portal-chaos-'))
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
    const credentials = { accessKeyId: 'AKIACHAOS', secretAccessKey: randomSecret() }
    const s3 = later(
      await startS3Server({
        dir: join(dir, 's3'),
        port: 0,
        bucket: BUCKET,
        region: REGION,
        credentials,
        production: false,
      }),
      (each) => each.close(),
    )
    const s3Link = later(await startLink(s3.port, random), (each) => each.close())
    const runtime: Runtime = {
      databaseUrl: postgres.url,
      s3: {
        endpoint: s3.endpoint,
        publicEndpoint: s3.endpoint,
        region: REGION,
        bucket: BUCKET,
        forcePathStyle: true,
      },
      s3Credentials: credentials,
      cookieKeys: [randomSecret()],
      encryptionKeys: [Buffer.from(randomSecret(), 'base64url')],
      outboundAllow: [],
      mail: undefined,
    }
    const crashPostgres = async () => {
      const [pid] = (await readFile(join(dir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')
      process.kill(Number(pid), 'SIGKILL')
    }
    const parts = later(await openParts(runtime, createLog('silent')), (each) => each.close())
    await watchStatuses(parts)
    // The setting counts from the next start.
    await crashPostgres()
    await untilDatabase(parts)

    const ports = [await freePort(), await freePort()]
    const issuer = `http://localhost:${ports[0]}`
    const env = {
      PATH: process.env.PATH ?? '',
      LOG_LEVEL: 'warn',
      // Everything comes from one address.
      RATE_LIMIT_NETWORK: '0',
      RATE_LIMIT_REFUSALS: '0',
      ISSUER: issuer,
      DATABASE_URL: runtime.databaseUrl,
      COOKIE_KEYS: runtime.cookieKeys.join(','),
      ENCRYPTION_KEY: runtime.encryptionKeys
        .map((key) => Buffer.from(key).toString('base64url'))
        .join(','),
      S3_ENDPOINT: `http://127.0.0.1:${s3Link.port}`,
      S3_PUBLIC_ENDPOINT: s3.endpoint,
      S3_REGION: REGION,
      S3_BUCKET: BUCKET,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    }
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
        later(await keepProcess({ ...each, main, env, onLog }), (kept) => kept.close()),
      ),
    )
    const webs = () => {
      const all = processes.filter(({ role }) => role === 'web')
      const up = all.filter((each) => each.isUp())
      return (up.length > 0 ? up : all).map(({ port }) => `http://127.0.0.1:${port}`)
    }
    const courier = later(await startCourier({ random, webs, record }), (each) => each.close())
    const vendors = later(
      await startVendors({ parts, courierUrl: courier.url, random, issuer }),
      async (all) => {
        for (const vendor of all) await vendor.close()
      },
    )
    const client = later(
      new S3Client({ endpoint: s3.endpoint, region: REGION, credentials, forcePathStyle: true }),
      async (each) => each.destroy(),
    )
    await until(
      () => processes.every((each) => each.isUp()),
      60,
      () => `the processes did not start: ${lastWords}`,
    )
    return {
      parts,
      issuer,
      processes,
      vendors,
      courier,
      s3Link,
      webs,
      crashPostgres,
      async listObjects() {
        const keys: string[] = []
        let next: string | undefined
        do {
          const page = await client.send(
            new ListObjectsV2Command({ Bucket: BUCKET, ContinuationToken: next }),
          )
          for (const { Key } of page.Contents ?? []) if (Key) keys.push(Key)
          next = page.NextContinuationToken
        } while (next)
        return keys
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** The database itself writes down each change of a status, and of a delivery's state. */
async function watchStatuses({ db }: Parts): Promise<void> {
  await db.unsafe(`
    create table chaos_status (
      number bigint generated always as identity, verification_id uuid not null, status text not null);
    create function chaos_note_status() returns trigger language plpgsql as $$ begin
      if tg_op = 'INSERT' or new.status is distinct from old.status then
        insert into chaos_status (verification_id, status) values (new.id, new.status);
      end if;
      return null;
    end $$;
    create trigger chaos_status after insert or update on verification
      for each row execute function chaos_note_status();
    create table chaos_delivery (delivery_id uuid not null, state text not null);
    create function chaos_note_delivery() returns trigger language plpgsql as $$ begin
      if new.state is distinct from old.state then
        insert into chaos_delivery (delivery_id, state) values (new.id, new.state);
      end if;
      return null;
    end $$;
    create trigger chaos_delivery after update on delivery
      for each row execute function chaos_note_delivery();`)
  await db.unsafe('alter system set track_commit_timestamp = on')
}

async function untilDatabase({ db }: Parts): Promise<void> {
  await until(
    async () => {
      const [row] = await db`show track_commit_timestamp`.catch(() => [])
      return row?.trackCommitTimestamp === 'on'
    },
    30,
    () => 'PostgreSQL did not come back',
  )
}

/** Asks twice a second; throws `otherwise` after so many seconds. */
async function until(
  ask: () => boolean | Promise<boolean>,
  seconds: number,
  otherwise: () => string,
): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await ask()); await wait(500))
    if (Date.now() > end) throw new Error(otherwise())
}

export const sha256Of = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
