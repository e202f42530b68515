import { hostname } from 'node:os'
import type { AppContext } from '../../context.ts'
import { MAX_CLOCK_OFFSET_SECONDS, measureClockOffset } from '../../platform/clock.ts'
import { type Db, isPooled } from '../../platform/db.ts'
import { OperatorError } from '../../platform/errors.ts'
import { requireMigrated } from '../../platform/migrations.ts'
import { type Check, Fault } from './check.ts'

const OLDEST_VERSION = 15

type Parts = Pick<AppContext, 'db' | 'config'>

/** Checks of the server and of the way to it; they need no table. */
export const serverChecks = ({ db, config }: Parts): Check[] => [
  {
    check: 'database',
    why: `the portal is tested with PostgreSQL ${OLDEST_VERSION} and newer`,
    advice: 'check DATABASE_URL and that the server runs',
    async run() {
      const [row] = await db<{ version: string }[]>`
        select current_setting('server_version') as version`
      if (Number.parseInt(row?.version ?? '', 10) < OLDEST_VERSION)
        throw new Fault(`PostgreSQL ${row?.version} is too old`)
      return `PostgreSQL ${row?.version}`
    },
  },
  {
    check: 'database: TLS',
    why: 'whoever is on the way reads and changes what the portal stores',
    advice:
      'add sslmode=verify-full to DATABASE_URL, and to the pooler server_tls_sslmode=verify-full where there is one',
    run: () => describeTls(db, config.database.url),
  },
  {
    check: 'database: pooler',
    why: 'in transaction mode statements fail on connections that do not know them; without a limit one that hangs holds its connection',
    advice:
      'set DATABASE_POOLER=transaction where PgBouncer is in transaction mode, run `migrate`, and RECONNECT on its console (docs/pooler.md)',
    run: () => describePooler(db, config.pools.pooler),
  },
  {
    check: 'database: connections',
    why: 'at the limit the server refuses connections, and requests are answered 503',
    advice:
      'run fewer processes, lower DATABASE_CONNECTIONS, raise max_connections, or put PgBouncer in front (docs/pooler.md)',
    run: () => describeConnections(db),
  },
]

export const schemaCheck = ({ db }: Pick<Parts, 'db'>): Check => ({
  check: 'schema',
  why: 'no process of this version starts',
  advice: 'run `migrate`, or start the portal where its database is embedded',
  async run() {
    await requireMigrated(db).catch((error: unknown) => {
      throw error instanceof OperatorError ? new Fault(withoutAdvice(error.message)) : error
    })
    return 'no migration is missing'
  },
})

const withoutAdvice = (message: string) => message.replace(/: run `migrate` first\.$/, '')

export const ledgerCheck = ({ db }: Pick<Parts, 'db'>): Check => ({
  check: 'ledger',
  why: 'disclosures cannot be recorded, so nothing is disclosed',
  advice: 'run `migrate`',
  async run() {
    const [row] = await db<{ mayChange: boolean }[]>`
      select pg_has_role(current_user, tableowner, 'member')
        or has_table_privilege(tablename, 'update, delete, truncate') as may_change
      from pg_tables where tablename = 'ledger_entry'`
    if (!row) throw new Fault('there is no such table')
    return row.mayChange
      ? 'this role owns it, or could change it: use another, by MIGRATION_DATABASE_URL (docs/ledger.md)'
      : 'this role can add to it, and change nothing'
  },
})

export const clockCheck = ({ db }: Pick<Parts, 'db'>): Check => ({
  check: 'clock',
  why: 'tokens and links count as expired too early or too late',
  advice: 'set this machine and the database server by NTP',
  async run() {
    const seconds = Math.abs(await measureClockOffset(db))
    if (seconds > MAX_CLOCK_OFFSET_SECONDS)
      throw new Fault(`${Math.round(seconds)} s apart from the database's`)
    return `within ${Math.ceil(seconds)} s of the database's`
  },
})

type Encryption = { ssl: boolean; version: string | null; isHere: boolean }

async function describeTls(db: Db, url: string): Promise<string> {
  const [row] = await db<Encryption[]>`
    select ssl, version, coalesce(inet_client_addr() <<= any ('{127.0.0.0/8,::1}'::inet[]), true) as is_here
    from pg_stat_ssl where pid = pg_backend_pid()`
  return judgeTls(row ?? { ssl: false, version: null, isHere: false }, url)
}

/** What the server says of its connection, which behind a pooler is the pooler's. Throws Fault when others could read it. */
export function judgeTls({ ssl, version, isHere }: Encryption, url: string): string {
  if (!ssl && isHere) return 'none, and none is needed: the server is on the same machine'
  if (!ssl) throw new Fault('the connection to the server is not encrypted')
  const isVerified = new URL(url).searchParams.get('sslmode') === 'verify-full'
  return isVerified || isHere
    ? `${version}`
    : `${version}; the server's certificate is not verified: sslmode=verify-full`
}

async function describePooler(db: Db, declared: 'transaction' | undefined): Promise<string> {
  const isThere = await isPooled(db)
  const [row] = await db<{ limit: string }[]>`
    select current_setting('statement_timeout') as limit`
  return judgePooler({ isThere, limit: row?.limit ?? '0' }, declared)
}

/** `limit` is that of a statement. Throws Fault where there is none. */
export function judgePooler(
  { isThere, limit }: { isThere: boolean; limit: string },
  declared: 'transaction' | undefined,
): string {
  if (limit === '0') throw new Fault('a statement has no time limit on this connection')
  if (!isThere) return declared ? 'there is none, although DATABASE_POOLER is set' : 'there is none'
  return declared
    ? `one in transaction mode; a statement may take ${limit}`
    : `one, which must be in session mode; a statement may take ${limit}`
}

type Limits = { max: number; reserved: number }
type Process = { role: string; limit: number; self: string }

/** Adds up what the running processes may open, and compares it with what the server allows. */
async function describeConnections(db: Db): Promise<string> {
  // Of another user's backend the server shows the name, and not the type.
  const used = await db<{ name: string; count: number }[]>`
    select application_name as name, count(*)::int as count from pg_stat_activity
    where coalesce(backend_type = 'client backend', datid is not null and usesysid is not null) group by 1`
  const [limits] = await db<Limits[]>`
    select current_setting('max_connections')::int as max,
      current_setting('superuser_reserved_connections')::int
        + coalesce(current_setting('reserved_connections', true)::int, 0) as reserved`
  return judgeConnections(used, limits ?? { max: 0, reserved: 0 }, `${process.pid}@${hostname()}`)
}

/** `self` is this command, which does not count. Throws Fault when the processes could open too many. */
export function judgeConnections(
  used: readonly { name: string; count: number }[],
  { max, reserved }: Limits,
  self: string,
): string {
  const processes = used.flatMap(({ name }): Process[] => {
    const [, role, limit, of = ''] = /^identity-portal (\w+) (\d+) (\S+)$/.exec(name) ?? []
    return role === undefined || self.startsWith(of)
      ? []
      : [{ role, limit: Number(limit), self: of }]
  })
  const others = used
    .filter(({ name }) => !/^identity-portal \w+ \d+ /.test(name))
    .reduce((sum, { count }) => sum + count, 0)
  const need = processes.reduce((sum, { limit }) => sum + limit, 0)
  const roles = Object.entries(Object.groupBy(processes, ({ role }) => role))
    .map(([role, all = []]) => `${all.length} ${role}`)
    .join(', ')
  const allowed = max - reserved
  const found = `${roles || 'no process'} may open ${need} connections, others use ${others}; the server allows ${allowed} (max_connections ${max}, ${reserved} reserved)`
  if (need + others > allowed) throw new Fault(found)
  return found
}
