import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import {
  ACCESS,
  type Access,
  type ProcessKind,
  privilegesOf,
  QUEUE_ACCESS,
} from './database-access.ts'
import { type Db, openDb, type PoolConfig, type Sql, STATEMENT_TIMEOUT_MS } from './db.ts'
import { OperatorError } from './errors.ts'
import { LOCKS } from './locks.ts'

export type DatabaseConfig = {
  url: string
  /** Connects as the owner of the schema, for migrations; `undefined`: the user of `url`. */
  migrationUrl: string | undefined
  /** Addresses of roles with fewer rights, one for each kind of process, which get their rights after a migration. */
  processUrls: Partial<Record<ProcessKind, string>>
}

/** Tables to which rows are only added. */
const APPEND_ONLY_TABLES = ['ledger_entry', 'ledger_leaf', 'ledger_node', 'ledger_head']
const QUEUE_SCHEMA = 'pgboss'

/** Throws OperatorError when a process role and the application's role are the same. Call it before anything is granted. */
export function requireOtherRole(
  kind: ProcessKind,
  { url, appUrl }: { url: string; appUrl: string },
): void {
  if (roleOf(url) === roleOf(appUrl))
    throw new OperatorError(
      `${kind.toUpperCase()}_DATABASE_URL and DATABASE_URL name the same user: the role of one kind of process has fewer rights.`,
    )
}

/**
 * Grants the role of one kind of process the rights of `ACCESS`, and revokes all others. `appUrl` names the role that owns the
 * queue's tables. Throws OperatorError when `url` names the owner, or that role.
 */
export async function grantProcessRole(
  owner: Db,
  kind: ProcessKind,
  { url, appUrl, pools }: { url: string; appUrl: string; pools?: PoolConfig },
): Promise<void> {
  requireOtherRole(kind, { url, appUrl })
  const role = roleOf(url)
  await owner.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(${LOCKS.databaseRoles})`
    await ensureRole(sql, url, `${kind.toUpperCase()}_DATABASE_URL`)
    await grantTables(sql, 'public', role, (table) => ACCESS[table]?.[kind] ?? {})
  })
  const queue = QUEUE_ACCESS[kind]
  await withOwner(
    appUrl,
    (app) =>
      app.begin((sql) =>
        grantTables(sql, QUEUE_SCHEMA, role, (table) => queue[table] ?? queue['*'] ?? {}),
      ),
    pools,
  )
}

/**
 * Gives the role of an address (default: of this connection), in this database, the time limit that connections ask for themselves
 * where no pooler keeps them from it. It counts for connections that are opened from now on. Throws where this role may not change
 * the other.
 */
export async function limitStatements(db: Db, url?: string): Promise<void> {
  const setting = `statement_timeout=${STATEMENT_TIMEOUT_MS}`
  await db.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(${LOCKS.databaseRoles})`
    const [row] = await sql<{ database: string; role: string; isLimited: boolean }[]>`
      select current_database() as database, role, exists (
        select from pg_db_role_setting setting
        join pg_database on pg_database.oid = setdatabase join pg_roles on pg_roles.oid = setrole
        where datname = current_database() and rolname = role
          and ${setting} = any (setconfig)) as is_limited
      from coalesce(${url === undefined ? null : roleOf(url)}, current_user) as role`
    if (!row || row.isLimited) return
    await sql.unsafe(
      `alter role ${quote(row.role)} in database ${quote(row.database)} set ${setting.replace('=', ' = ')}`,
    )
  })
}

/** Grants the role these rights on the tables of a schema, and revokes all others. */
async function grantTables(
  sql: Sql,
  schema: string,
  role: string,
  accessOf: (table: string) => Access,
): Promise<void> {
  const quoted = quote(role)
  await sql.unsafe(`
    revoke all on all tables in schema ${schema} from ${quoted};
    grant usage on schema ${schema} to ${quoted}`)
  const tables = await sql<{ table: string; columns: string[] }[]>`
    select table_name as table, array_agg(column_name::text order by ordinal_position) as columns
    from information_schema.columns where table_schema = ${schema} group by 1`
  for (const { table, columns } of tables) {
    const name = `${schema}.${quote(table)}`
    await sql.unsafe(`revoke all (${columns.map(quote).join(', ')}) on ${name} from ${quoted}`)
    for (const privilege of privilegesOf(accessOf(table), columns))
      await sql.unsafe(`grant ${privilege} on ${name} to ${quoted}`)
  }
}

const roleOf = (url: string) => decodeURIComponent(new URL(url).username)

/** Creates the role where it is missing, with the password of the address. */
async function ensureRole(sql: Sql, url: string, variable: string): Promise<void> {
  const role = roleOf(url)
  const [now] = await sql<{ isOwner: boolean; isThere: boolean }[]>`
    select current_user = ${role} as is_owner,
      exists (select from pg_roles where rolname = ${role}) as is_there`
  if (now?.isOwner)
    throw new OperatorError(
      `MIGRATION_DATABASE_URL and ${variable} name the same user: give the portal one of its own.`,
    )
  const password = decodeURIComponent(new URL(url).password)
  if (!now?.isThere)
    await sql.unsafe(`create role ${quote(role)} login password '${scramVerifier(password)}'`)
}

/**
 * Grants the role of `databaseUrl` what the application needs: it owns no table of the schema, and can only read the ledger and add
 * rows to it. `owner` is a connection of the role that migrates. A missing role is created, with the password of the address. Call
 * it after each migration. Throws OperatorError when the address is the owner's own.
 */
export async function grantAppRole(owner: Db, databaseUrl: string): Promise<void> {
  const role = roleOf(databaseUrl)
  await owner.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(${LOCKS.databaseRoles})`
    await ensureRole(sql, databaseUrl, 'DATABASE_URL')
    const [now] = await sql<{ database: string }[]>`select current_database() as database`
    const quoted = quote(role)
    await sql.unsafe(`
      grant usage on schema public to ${quoted};
      grant select, insert, update, delete on all tables in schema public to ${quoted};
      revoke update, delete, truncate on ${APPEND_ONLY_TABLES.join(', ')} from ${quoted};
      revoke insert, update, delete on schema_migration from ${quoted};
      grant create on database ${quote(now?.database ?? '')} to ${quoted}`)
    await transferQueueOwnership(sql, quoted)
  })
}

/** Opens a connection for the duration of `work`. */
export async function withOwner<T>(
  url: string,
  work: (owner: Db) => Promise<T>,
  pools?: PoolConfig,
): Promise<T> {
  const owner = openDb(url, { connections: 1, pools })
  try {
    return await work(owner)
  } finally {
    await owner.end({ timeout: 5 })
  }
}

/** Makes the role the owner of the queue's schema, because the queue's library migrates it; an owner may have created it before. */
async function transferQueueOwnership(sql: Sql, role: string): Promise<void> {
  const rows = await sql<{ statement: string }[]>`
    select statement from (
      select 1 as step, format('alter schema %I owner to', nspname) as statement from pg_namespace
        where nspname = ${QUEUE_SCHEMA} and pg_get_userbyid(nspowner) = current_user
      union all
      select 2, format('alter table %s owner to', oid::regclass) from pg_class
        where relnamespace = to_regnamespace(${QUEUE_SCHEMA})::oid and relkind in ('r', 'p', 'v')
          and pg_get_userbyid(relowner) = current_user
      union all
      select 3, format('alter function %s owner to', oid::regprocedure) from pg_proc
        where pronamespace = to_regnamespace(${QUEUE_SCHEMA})::oid
          and pg_get_userbyid(proowner) = current_user
      union all
      select 4, format('alter type %s owner to', oid::regtype) from pg_type
        where typnamespace = to_regnamespace(${QUEUE_SCHEMA})::oid and typtype = 'e'
          and pg_get_userbyid(typowner) = current_user
    ) change order by step`
  if (rows.length === 0) return
  // Without superuser rights, ownership can only be given to a role that the current user belongs to.
  await sql.unsafe(`grant ${role} to current_user`)
  for (const { statement } of rows) await sql.unsafe(`${statement} ${role}`)
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`

/** What PostgreSQL stores of a password (RFC 5802 §3), so that no statement in a server's log contains the password. */
function scramVerifier(password: string): string {
  const iterations = 4096
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const mac = (text: string) => createHmac('sha256', salted).update(text).digest()
  const stored = createHash('sha256').update(mac('Client Key')).digest('base64')
  const server = mac('Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${server}`
}
