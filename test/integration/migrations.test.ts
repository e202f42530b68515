import { createHash } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { openContext } from '../../src/context.ts'
import type { Db } from '../../src/platform/db.ts'
import { createLog } from '../../src/platform/log.ts'
import { migrate, type Report, readMigrations } from '../../src/platform/migrations.ts'
import { readVersion } from '../../src/platform/version.ts'
import { createDatabase, isBlockedByLock } from '../support/database.ts'
import { createEnvironment, readEnvironment } from '../support/environment.ts'
import { eventually } from '../support/sandbox.ts'

const FOLDER = new URL('../../src/migrations/', import.meta.url)
const EARLIER = new URL('../fixtures/earlier-migrations/', import.meta.url)

async function openDatabase({ isEmpty = false } = {}) {
  const database = await createDatabase()
  onTestFinished(database.drop)
  if (isEmpty) await database.db.unsafe('drop schema public cascade; create schema public')
  return database
}

/** A folder with the portal's migrations and these. */
async function addMigrations(files: Record<string, string>): Promise<URL> {
  const dir = await mkdtemp(join(tmpdir(), 'portal-migrations-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  await cp(FOLDER, dir, { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text)
  return pathToFileURL(`${dir}/`)
}

/** Everything that statements can depend on, one line each. */
async function describeSchema(db: Db): Promise<string[]> {
  const rows = await db<{ line: string }[]>`
    select format('column %s.%s %s%s default %s identity %s generated %s', attrelid::regclass, attname,
        format_type(atttypid, atttypmod), case when attnotnull then ' not null' else '' end,
        pg_get_expr(adbin, adrelid), attidentity, attgenerated) as line
      from pg_attribute join pg_class on pg_class.oid = attrelid
      left join pg_attrdef on adrelid = attrelid and adnum = attnum
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'v') and attnum > 0 and not attisdropped
    union all
    select format('constraint %s on %s %s valid %s', conname, conrelid::regclass, pg_get_constraintdef(oid), convalidated)
      from pg_constraint where connamespace = 'public'::regnamespace
    union all
    select format('index %s valid %s', pg_get_indexdef(indexrelid), indisvalid)
      from pg_index join pg_class on pg_class.oid = indexrelid where relnamespace = 'public'::regnamespace
    union all
    select format('trigger %s enabled %s', pg_get_triggerdef(pg_trigger.oid), tgenabled)
      from pg_trigger join pg_class on pg_class.oid = tgrelid
      where relnamespace = 'public'::regnamespace and not tgisinternal
    union all
    select pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace
    union all
    select format('view %s %s', oid::regclass, pg_get_viewdef(oid)) from pg_class
      where relnamespace = 'public'::regnamespace and relkind = 'v'
    union all
    select format('table %s kind %s persistence %s options %s', oid::regclass, relkind, relpersistence, reloptions)
      from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'S')
    union all
    select format('type %s %s', typname, typtype) from pg_type
      where typnamespace = 'public'::regnamespace and typtype in ('e', 'd')
    order by line`
  return rows.map(({ line }) => line)
}

/** Migrates as far as these texts go, as the versions did that had them. */
async function migrateWithEarlierTexts(db: Db, earlier: string[]): Promise<void> {
  await db`
    create table schema_migration (
      name text primary key, sha256 text not null, applied_at timestamptz not null default now())`
  const last = earlier.at(-1)?.split('.')[0] ?? ''
  for (const { name, text: today } of await readMigrations(FOLDER)) {
    const [stem = ''] = name.split('.')
    if (stem > last) break
    const file = earlier.find((each) => each.startsWith(`${stem}.`))
    const text = file ? await readFile(new URL(file, EARLIER), 'utf8') : today
    await db.unsafe(text)
    const sha256 = createHash('sha256').update(text).digest('hex')
    await db`insert into schema_migration (name, sha256) values (${name}, ${sha256})`
  }
}

test('a database that carries earlier texts of migrations is brought to the schema of today', async () => {
  const fresh = await openDatabase({ isEmpty: true })
  await migrate(fresh.url)
  const expected = await describeSchema(fresh.db)
  expect(expected.length).toBeGreaterThan(500)

  // Texts that one version had.
  const versions = [
    ['0002_oauth.a5a0fe637573.sql', '0003_id_verification.d6c36a1a5455.sql'],
    ['0005_clients_and_keys.15640c15a21e.sql'],
    ['0012_retention.d2593e1f48aa.sql'],
    [
      '0013_listings.1e1f7aea03db.sql',
      '0018_ledger.de17e7a1e6f3.sql',
      '0019_events.5a0f98b68bf6.sql',
    ],
    ['0018_ledger.de17e7a1e6f3.sql', '0019_events.8c966de53bdf.sql'],
    ['0021_security_notices.4e4dd5f09099.sql', '0023_second_factor.b7cd17c7fe3a.sql'],
  ]
  expect([...new Set(versions.flat())].sort()).toEqual((await readdir(EARLIER)).sort())
  for (const earlier of versions) {
    const { db, url } = await openDatabase({ isEmpty: true })
    await migrateWithEarlierTexts(db, earlier)
    const repaired: unknown[] = []
    const applied = await migrate(url, {
      report: (event, { migration }) => event === 'migration repaired' && repaired.push(migration),
    })
    expect(repaired).toEqual(earlier.map((name) => `${name.split('.')[0]}.sql`))
    expect(applied).toEqual(expect.arrayContaining(repaired))
    expect(await describeSchema(db)).toEqual(expected)
    expect(await migrate(url)).toEqual([])
  }
})

test('a migration that was applied with a text that no version had is refused, with the reason', async () => {
  const { db, url } = await openDatabase()
  await db`update schema_migration set sha256 = repeat('0', 64) where name = '0018_ledger.sql'`
  await expect(migrate(url)).rejects.toThrow(
    /^Migration 0018_ledger\.sql was applied with another text \(SHA-256 0{64}\) than any version had: start/,
  )
})

test('a migration waits briefly for its locks, lets readers through, and is tried again', async () => {
  const { db, url } = await openDatabase()
  const folder = await addMigrations({
    '9001_first.sql': 'create table upgrade_first ()',
    '9002_locked.sql': 'alter table tenant add column upgrade_note text',
  })
  const reports: unknown[][] = []
  const report: Report = (event, { migration }) => reports.push([event, migration])

  const held = Promise.withResolvers<void>()
  const reading = Promise.withResolvers<void>()
  const reader = db.begin(async (sql) => {
    await sql`select from tenant`
    reading.resolve()
    await held.promise
  })
  await reading.promise
  await expect(migrate(url, { folder, report, tries: 1 })).rejects.toThrow(
    /^Migration 9002_locked\.sql did not get its locks in 1 tries, .* What was applied before it stays\./,
  )
  expect(reports).toEqual([['migration applied', '9001_first.sql']])

  reports.length = 0
  const migrating = migrate(url, { folder, report })
  await eventually(async () => await isBlockedByLock(db, 'upgrade_note'))
  // It waits behind the migration, which gives up after a second.
  await db`select from tenant`
  // Either of the two may hear first that it has given up.
  expect(reports.flat()).not.toContain('migration applied')
  await eventually(async () => reports.length > 0)
  expect(reports).toEqual([['migration waits for locks', '9002_locked.sql']])
  held.resolve()
  await reader
  expect(await migrating).toEqual(['9002_locked.sql'])
})

test('an index is built outside of a transaction, and what a failed try left is dropped first', async () => {
  const { db, url } = await openDatabase()
  await db`insert into tenant (name, display_name) values ('a', 'same'), ('b', 'same')`
  const build = (name: string) =>
    `-- outside of a transaction\n-- For a test.\ncreate unique index concurrently ${name} on tenant (display_name);\n`
  const folder = await addMigrations({ '9001_index.sql': build('upgrade_index') })
  const isValid = async () => {
    const [row] = await db`
      select indisvalid as is_valid from pg_index where indexrelid = to_regclass('upgrade_index')`
    return row?.isValid
  }
  await expect(migrate(url, { folder })).rejects.toThrow('could not create unique index')
  expect(await isValid()).toBe(false)

  await db`update tenant set display_name = name`
  const events: string[] = []
  expect(await migrate(url, { folder, report: (event) => events.push(event) })).toEqual([
    '9001_index.sql',
  ])
  expect(events).toEqual(['invalid index dropped', 'migration applied'])
  expect(await isValid()).toBe(true)

  await writeFile(new URL('9002_two.sql', folder), `${build('one')}${build('two')}`)
  await expect(migrate(url, { folder })).rejects.toThrow(
    '9002_two.sql runs outside of a transaction: it must be one',
  )
})

test('of several processes one migrates, and an index build does not wait for those that wait', async () => {
  const { db, url } = await openDatabase()
  const folder = await addMigrations({
    '9001_slow.sql': 'create table upgrade_table (id integer); select pg_sleep(1)',
    '9002_index.sql':
      '-- outside of a transaction\ncreate index concurrently upgrade_index on upgrade_table (id)',
  })
  const applied = await Promise.all([1, 2, 3].map(() => migrate(url, { folder })))
  expect(applied.flat().sort()).toEqual(['9001_slow.sql', '9002_index.sql'])
  const rows = await db`
    select version, oldest_version from schema_migration where name like '9%'`
  expect(rows).toEqual([1, 2].map(() => ({ version: readVersion(), oldestVersion: readVersion() })))
})

test('a process works with a schema of the next version and says so, and refuses one of a later or unknown version', async () => {
  const { db, url } = await openDatabase()
  const lines: string[] = []
  const log = createLog('info', (line) => lines.push(line))
  const env = createEnvironment({
    databaseUrl: url,
    endpoint: 'http://127.0.0.1:1',
    region: 'us-east-2',
    bucket: 'documents',
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
  })
  const start = async () => {
    const context = await openContext(readEnvironment(env), log)
    await context.close()
  }
  const newer = () => lines.filter((line) => line.includes('schema is newer than this version'))
  const own = readVersion()
  await start()
  expect(newer()).toEqual([])

  await db`
    insert into schema_migration (name, sha256, version, oldest_version)
    values ('9001_next.sql', '', '99.1.0', ${own}), ('9002_next.sql', '', '99.2.0', ${own})`
  await start()
  expect(newer().map((line) => JSON.parse(line))).toMatchObject([
    {
      level: 'warn',
      version: own,
      schema: { version: '99.2.0', migrations: ['9001_next.sql', '9002_next.sql'] },
    },
  ])

  await db`update schema_migration set oldest_version = '99.1.0' where name = '9002_next.sql'`
  await expect(start()).rejects.toThrow(
    `The database was migrated by version 99.2.0 (9002_next.sql), which works with 99.1.0 and later: this is ${own}.`,
  )
  await db`update schema_migration set version = null, oldest_version = null where name = '9002_next.sql'`
  await expect(start()).rejects.toThrow(
    `The database was migrated by a version that is not known to work with this one, ${own} (9002_next.sql)`,
  )
})
