import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { type Db, openDb, type PoolConfig, type Sql } from './db.ts'
import { OperatorError } from './errors.ts'
import { LOCKS } from './locks.ts'
import { isOlder, OLDEST_COMPATIBLE_VERSION, readVersion } from './version.ts'

const FOLDER = new URL('../migrations/', import.meta.url)
// What waits for a lock on a table holds up every reader that comes after it.
const LOCK_TIMEOUT_MS = 1_000
const PAUSE_MS = 2_000
const TRIES = 60
const POLL_MS = 300
const PROGRESS_MS = 10_000

/** Is told what a migration does: an event, and the migration's name and figures. */
export type Report = (
  event: string,
  fields: { migration?: string; [field: string]: unknown },
) => void

type MigrateOptions = {
  report?: Report
  pools?: PoolConfig
  /** Where the migrations are. */
  folder?: URL
  /** How often a migration is tried that does not get its locks. */
  tries?: number
}

/** A file of the folder. */
type Migration = {
  name: string
  text: string
  sha256: string
  /** The index that the file builds outside of a transaction. */
  index: string | undefined
}

/** A migration to apply, or the repair of one that was applied with an earlier text. */
type Step = Migration & { isRepair: boolean }

/** A row of `schema_migration`. Versions before 0.2.0 stored no version. */
type Applied = {
  name: string
  sha256: string
  version: string | null
  oldestVersion: string | null
}

/** Migrations that this version does not have, applied by a newer one that works with it. */
export type NewerSchema = { version: string; migrations: string[] }

/**
 * Brings the schema of the database at this address up to date; returns the names of the migrations applied now. Each is applied in a
 * transaction of its own, so what was applied stays when a later one fails. Safe in concurrent processes, and beside processes that
 * serve: it waits for locks only briefly, and tries again. Throws OperatorError when it does not get them, or when this version
 * cannot work with the schema.
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<string[]> {
  const { folder = FOLDER } = options
  const files = await readMigrations(folder)
  // While the first connection holds the lock, others build an index and watch it. A migration may take long.
  const db = openDb(url, { connections: 3, statementTimeoutMs: 0, pools: options.pools })
  try {
    const applied: string[] = []
    for (;;) {
      // Read again after each step, because another process may have applied some.
      const rows = await readApplied(db)
      const [next] = await listSteps(files, rows, folder)
      if (!next) return applied
      if (!rows) await createTable(db, options)
      else if (await runStep(db, next, options)) applied.push(next.name)
    }
  } finally {
    await db.end({ timeout: 5 })
  }
}

/**
 * Throws OperatorError when a migration is missing, or when this version cannot work with the schema. Returns what a newer version
 * applied. Changes nothing.
 */
export async function requireMigrated(sql: Sql): Promise<NewerSchema | undefined> {
  const files = await readMigrations(FOLDER)
  const rows = await readApplied(sql)
  const { length } = await listSteps(files, rows, FOLDER)
  if (!rows || length > 0)
    throw new OperatorError(
      `The database schema is ${rows ? `not up to date (${length === 1 ? '1 migration is' : `${length} migrations are`} missing)` : 'not created yet'}: run \`migrate\` first.`,
    )
  const newer = listNewer(files, rows)
  const version = newer.map((row) => row.version ?? '').reduce(newest, '')
  return newer.length > 0 ? { version, migrations: newer.map(({ name }) => name) } : undefined
}

const newest = (a: string, b: string) => (isOlder(a, b) ? b : a)

/** Reads the migrations in their order. Throws when one that builds an index outside of a transaction does more. */
export async function readMigrations(folder: URL): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  return await Promise.all(
    names.map(async (name) => {
      const text = await readFile(new URL(name, folder), 'utf8')
      const sha256 = createHash('sha256').update(text).digest('hex')
      return { name, text, sha256, index: indexOutsideTransaction(name, text) }
    }),
  )
}

/** Such a file is tried again after any failure, so it must be one statement, whose remains can be recognized. */
function indexOutsideTransaction(name: string, text: string): string | undefined {
  if (!/^-- outside of a transaction\b/.test(text)) return undefined
  const statement = text.replaceAll(/^--.*$/gm, '').trim()
  const [, index] = /^create (?:unique )?index concurrently (\w+) on [^;]+;?$/.exec(statement) ?? []
  if (!index)
    throw new Error(
      `${name} runs outside of a transaction: it must be one "create index concurrently NAME on …".`,
    )
  return index
}

/** Returns `undefined` where nothing was ever migrated. */
async function readApplied(sql: Sql): Promise<Applied[] | undefined> {
  const [table] = await sql`select to_regclass('schema_migration') as name`
  if (table?.name === null) return undefined
  // The columns of the versions may still be missing.
  return await sql<Applied[]>`
    select name, sha256, to_jsonb(applied) ->> 'version' as version,
      to_jsonb(applied) ->> 'oldest_version' as oldest_version
    from schema_migration applied order by name`
}

/** What is to be done, repairs first: later migrations build on them. Throws OperatorError when it cannot be. */
async function listSteps(
  files: readonly Migration[],
  rows: readonly Applied[] = [],
  folder: URL,
): Promise<Step[]> {
  listNewer(files, rows)
  const applied = new Map(rows.map((row) => [row.name, row.sha256]))
  const repairs: Step[] = []
  for (const file of files) {
    const sha256 = applied.get(file.name)
    if (sha256 === undefined || sha256 === file.sha256) continue
    repairs.push({ ...file, text: await readRepair(file, sha256, folder), isRepair: true })
  }
  const missing = files.filter(({ name }) => !applied.has(name))
  return [...repairs, ...missing.map((file) => ({ ...file, isRepair: false }))]
}

/** Reads what makes of the migration's earlier text what it does today. Throws OperatorError when no version had that text. */
async function readRepair({ name }: Migration, sha256: string, folder: URL): Promise<string> {
  const path = `repairs/${name.replace(/\.sql$/, '')}.${sha256.slice(0, 12)}.sql`
  try {
    return await readFile(new URL(path, folder), 'utf8')
  } catch (cause) {
    throw new OperatorError(
      `Migration ${name} was applied with another text (SHA-256 ${sha256}) than any version had: start the program that applied it, or restore a backup.`,
      { cause },
    )
  }
}

/** Returns what this version does not have. Throws OperatorError when this version cannot work with that. */
function listNewer(files: readonly Migration[], rows: readonly Applied[]): Applied[] {
  const names = new Set(files.map(({ name }) => name))
  const newer = rows.filter(({ name }) => !names.has(name))
  const own = readVersion()
  for (const { name, version, oldestVersion } of newer) {
    if (!version || !oldestVersion)
      throw new OperatorError(
        `The database was migrated by a version that is not known to work with this one, ${own} (${name}): start the version that applied it, or restore a backup.`,
      )
    if (isOlder(own, oldestVersion))
      throw new OperatorError(
        `The database was migrated by version ${version} (${name}), which works with ${oldestVersion} and later: this is ${own}. Start version ${oldestVersion} or later, or restore a backup.`,
      )
  }
  return newer
}

async function createTable(db: Db, options: MigrateOptions): Promise<void> {
  await whileNobodyMigrates(db, 'schema_migration', options, async (sql) => {
    await sql`
      create table if not exists schema_migration (
        name text primary key, sha256 text not null, applied_at timestamptz not null default now()
      )`
  })
}

/** Returns whether it was done here and not by another process. */
async function runStep(db: Db, step: Step, options: MigrateOptions): Promise<boolean> {
  const { name, text, sha256, index, isRepair } = step
  const started = performance.now()
  const isDone = await whileNobodyMigrates(db, name, options, async (sql) => {
    await addVersionColumns(sql)
    const [row] =
      await sql`select from schema_migration where name = ${name} and sha256 = ${sha256}`
    if (row) return false
    if (index && !isRepair) {
      // Ends the answer that was read last, and its snapshot: the build waits for all older snapshots.
      await sql.unsafe('select')
      await buildIndex(db, { name, text, index }, options)
    } else await sql.unsafe(text)
    await sql`
      insert into schema_migration (name, sha256, version, oldest_version)
      values (${name}, ${sha256}, ${readVersion()}, ${OLDEST_COMPATIBLE_VERSION})
      on conflict (name) do update set sha256 = excluded.sha256, version = excluded.version,
        oldest_version = excluded.oldest_version`
    return true
  })
  const milliseconds = Math.round(performance.now() - started)
  if (isDone)
    options.report?.(isRepair ? 'migration repaired' : 'migration applied', {
      migration: name,
      milliseconds,
    })
  return isDone
}

/** Not by a migration: the first one is already recorded with its version. */
async function addVersionColumns(sql: Sql): Promise<void> {
  const [column] = await sql`
    select from pg_attribute
    where attrelid = 'schema_migration'::regclass and attname = 'oldest_version'`
  if (!column)
    await sql`alter table schema_migration add column version text, add column oldest_version text`
}

/** Builds an index while everybody reads and writes its table. */
async function buildIndex(
  db: Db,
  { name, text, index }: { name: string; text: string; index: string },
  { report }: MigrateOptions,
): Promise<void> {
  const [existing] = await db<{ isValid: boolean }[]>`
    select indisvalid as is_valid from pg_index where indexrelid = to_regclass(${index})`
  // The process that built it ended before it was recorded.
  if (existing?.isValid) return
  if (existing) {
    report?.('invalid index dropped', { migration: name, index })
    await db.unsafe(`drop index concurrently ${index}`)
  }
  const watching = setInterval(() => {
    reportBuild(db, name, report).catch(() => {})
  }, PROGRESS_MS)
  try {
    await db.unsafe(text)
  } finally {
    clearInterval(watching)
  }
}

async function reportBuild(db: Db, migration: string, report?: Report): Promise<void> {
  const [build] = await db<{ phase: string; blocksDone: string; blocksTotal: string }[]>`
    select phase, blocks_done, blocks_total from pg_stat_progress_create_index
    where datname = current_database()`
  if (build) report?.('index is being built', { migration, ...build })
}

/**
 * Runs `work` in a transaction while no other process migrates. It waits briefly for locks that others hold, and then tries again
 * later, so that nobody waits behind it for long.
 */
async function whileNobodyMigrates<T>(
  db: Db,
  migration: string,
  { report, tries = TRIES }: MigrateOptions,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  let isWaiting = false
  for (let attempt = 1; ; ) {
    try {
      // At another level a waiting transaction has a snapshot, for whose end a concurrent index build waits.
      const done = await db.begin('isolation level read committed', async (sql) => {
        // Tried, not waited for: the statement that waits has a snapshot too.
        const [lock] = await sql`select pg_try_advisory_xact_lock(${LOCKS.migrations}) as obtained`
        if (!lock?.obtained) return undefined
        await sql`
          select set_config('lock_timeout', ${`${LOCK_TIMEOUT_MS}ms`}, true),
            set_config('statement_timeout', '0', true)`
        return { result: await work(sql) }
      })
      if (done) return done.result as T
      if (!isWaiting) report?.('another process migrates', { migration })
      isWaiting = true
      await wait(POLL_MS)
    } catch (error) {
      if (!isLockRefused(error)) throw error
      if (attempt === tries) throw lockFailure(migration, tries, error)
      report?.('migration waits for locks', { migration, attempt, of: tries })
      attempt++
      await wait(PAUSE_MS)
    }
  }
}

/** Whether a lock was not obtained in time, or in a deadlock. */
const isLockRefused = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['55P03', '40P01'].includes(String(error.code))

const lockFailure = (migration: string, tries: number, cause: unknown) =>
  new OperatorError(
    `Migration ${migration} did not get its locks in ${tries} tries, because long transactions hold them. What was applied before it stays. End them (select pid, query from pg_stat_activity where xact_start < now() - interval '10 seconds'), then run \`migrate\` again.`,
    { cause },
  )
