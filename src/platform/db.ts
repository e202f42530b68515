import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import postgres from 'postgres'
import { OperatorError } from './errors.ts'
import { LOCKS } from './locks.ts'

/** The pool. Only functions that open a transaction take it: `db.begin(async (sql) => …)`. */
export type Db = postgres.Sql<Record<string, never>>
/** The pool or one transaction: the first parameter of every other function. */
export type Sql = postgres.ISql<Record<string, never>>

/**
 * Opens a pool of at most `connections`; it connects at the first query. Result columns are in camelCase, or unchanged with
 * `asNamed`, for a library that expects its own names.
 */
export function openDb(url: string, { connections = 10, columns = 'camelCase' } = {}): Db {
  return postgres(url, {
    max: connections,
    // Columns only: `postgres.camel` would also rewrite keys inside jsonb.
    transform: columns === 'camelCase' ? { column: postgres.camel.column } : {},
    connection: { application_name: 'identity-portal', statement_timeout: 15_000 },
    connect_timeout: 5,
    onnotice: () => {},
  })
}

const MIGRATIONS = new URL('../migrations/', import.meta.url)

/** Brings the schema up to date; returns the names of the migrations applied now. Safe to run from several processes. */
export async function migrate(db: Db): Promise<string[]> {
  return await db.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(${LOCKS.migrations})`
    await sql`set local statement_timeout = 0`
    // Only where it is missing: a role that may create no tables can still start on a schema that is up to date.
    if (!(await hasMigrationTable(sql)))
      await sql`
        create table schema_migration (
          name text primary key, sha256 text not null, applied_at timestamptz not null default now()
        )`
    const pending = await listPending(sql)
    for (const { name, text, sha256 } of pending) {
      await sql.unsafe(text)
      await sql`insert into schema_migration (name, sha256) values (${name}, ${sha256})`
    }
    return pending.map(({ name }) => name)
  })
}

/** Throws OperatorError when a migration is missing. Changes nothing. */
export async function requireMigrated(sql: Sql): Promise<void> {
  const isEmpty = !(await hasMigrationTable(sql))
  const pending = isEmpty ? [] : await listPending(sql)
  if (isEmpty || pending.length > 0)
    throw new OperatorError(
      `The database schema is ${isEmpty ? 'not created yet' : `not up to date (${pending.length === 1 ? '1 migration is' : `${pending.length} migrations are`} missing)`}: run \`migrate\` first.`,
    )
}

async function hasMigrationTable(sql: Sql): Promise<boolean> {
  const [row] = await sql`select to_regclass('schema_migration') as table`
  return row?.table !== null
}

/** The migrations that the schema lacks. Throws OperatorError when what was applied is not what this version has. */
async function listPending(sql: Sql): Promise<{ name: string; text: string; sha256: string }[]> {
  const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort()
  const rows = await sql<{ name: string; sha256: string }[]>`
    select name, sha256 from schema_migration order by name`
  const known = new Map(rows.map((row) => [row.name, row.sha256]))
  for (const name of known.keys())
    if (!files.includes(name))
      throw new OperatorError(
        `The database was migrated by a newer version (${name}): start that version, or restore a backup.`,
      )
  const pending: { name: string; text: string; sha256: string }[] = []
  for (const name of files) {
    const text = await readFile(new URL(name, MIGRATIONS), 'utf8')
    const sha256 = createHash('sha256').update(text).digest('hex')
    const before = known.get(name)
    if (before && before !== sha256)
      throw new OperatorError(`Migration ${name} was edited after it was applied.`)
    if (!before) pending.push({ name, text, sha256 })
  }
  return pending
}

/**
 * Whether a statement failed on its values, so that it would fail again: a data exception, a limit of the database, or a constraint.
 */
export const isDataFault = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^(22...|54000|23502|23514)$/.test(error.code)

/** Whether a statement failed because a unique key exists. */
export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '23505'

/** Whether a statement failed on a NUL, which PostgreSQL cannot store in text. */
export const isUnstorable = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === '22021' || error.code === '22P05')
