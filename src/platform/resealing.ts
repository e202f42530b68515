import type { Db, Sql } from './db.ts'
import { UnknownKeyError } from './errors.ts'
import { dataKeyContext, type KeyService, KeyServiceUnavailableError } from './key-service.ts'
import { SEALED_PREFIX, type Sealer } from './secrets.ts'

/** A column that `ENCRYPTION_KEY` seals directly. The module that owns the table exports it. */
export type SealedColumn = {
  table: string
  column: string
  /** For a sealed text that is a member of a JSON column. */
  member?: string
  /** The columns that identify the row; `contextOf` gets their values, joined by a space. */
  key: readonly [string, string?]
  /** Only rows of these kinds. */
  kinds?: readonly string[]
  contextOf(key: string): string
}

/** How many values are sealed or wrapped under one key. The prefix of the values names the key. */
export type KeyUse = { prefix: string; count: number }

/** Values that were sealed or wrapped under some key, and can be moved to the newest one. */
export type Resealing = {
  name: string
  /** The prefixes of the values that the configured keys open: of each key, the newest first. */
  prefixes: readonly string[]
  /** How many values are under each key. */
  survey(): Promise<KeyUse[]>
  /** How many values are not under the newest key. */
  count(): Promise<number>
  /** Moves the next batch; returns where to continue, how many were moved, and how many no configured key opens. */
  move(after: string): Promise<{ after: string | undefined; moved: number; unreadable: number }>
}

const BATCH = 200
const CALLS_AT_ONCE = 20
const DATA_KEYS = 'data_key.wrapped_key'
// The form and the key of a value.
const PREFIX = '^[a-z0-9]+[.][0-9a-f]+[.]'

/** Reseals one column in batches, each in a transaction that locks its rows: concurrent processes may do it. */
export function resealColumn(db: Db, sealer: Sealer, given: SealedColumn): Resealing {
  const { table, column, member, kinds, contextOf } = given
  const value = (sql: Sql) =>
    member === undefined ? sql`${sql(column)}` : sql`${sql(column)}->>${member}::text`
  const isOld = (sql: Sql) =>
    sql`${kinds ? sql`kind = any (${[...kinds]})` : sql`true`}
      and starts_with(${value(sql)}, ${SEALED_PREFIX}) and not starts_with(${value(sql)}, ${sealer.prefix})`
  const [first, second = first] = given.key
  const names = first === second ? [first] : [first, second]
  const key = (sql: Sql) => sql`concat_ws(' ', ${sql(names)})`
  // The first server to start creates the tables of the queue: before that there is nothing to move.
  const exists = async () => {
    const [row] = await db<
      { exists: boolean }[]
    >`select to_regclass(${table}) is not null as exists`
    return row?.exists === true
  }
  return {
    name: `${table}.${column}`,
    prefixes: sealer.prefixes,
    async survey() {
      if (!(await exists())) return []
      return await db<KeyUse[]>`
        select substring(${value(db)} from ${PREFIX}) as prefix, count(*)::int as count from ${db(table)}
        where ${kinds ? db`kind = any (${[...kinds]})` : db`true`} and starts_with(${value(db)}, ${SEALED_PREFIX})
        group by 1 order by 1`
    },
    async count() {
      if (!(await exists())) return 0
      const [row] = await db<{ count: number }[]>`
        select count(*)::int as count from ${db(table)} where ${isOld(db)}`
      return row?.count ?? 0
    },
    async move(after) {
      if (!(await exists())) return { after: undefined, moved: 0, unreadable: 0 }
      return await db.begin(async (sql) => {
        const rows = await sql<{ key: string; first: string; second: string; value: string }[]>`
          select ${key(sql)} as key, ${sql(first)} as first, ${sql(second)} as second, ${value(sql)} as value from ${sql(table)}
          where ${isOld(sql)} and ${key(sql)} > ${after} order by 1 limit ${BATCH} for update`
        let moved = 0
        for (const row of rows) {
          const resealed = tryReseal(sealer, row.value, contextOf(row.key))
          if (resealed === undefined) continue
          await sql`
            update ${sql(table)} set ${sql(column)} = ${
              member === undefined
                ? resealed
                : sql`jsonb_set(${sql(column)}, ${[member]}, to_jsonb(${resealed}::text))`
            }
            where ${sql(first)} = ${row.first} and ${sql(second)} = ${row.second}`
          moved++
        }
        const next = rows.length < BATCH ? undefined : rows.at(-1)?.key
        return { after: next, moved, unreadable: rows.length - moved }
      })
    },
  }
}

function tryReseal(sealer: Sealer, sealed: string, context: string): string | undefined {
  try {
    return sealer.seal(sealer.open(sealed, context), context)
  } catch {
    return undefined
  }
}

/** Surveys the data keys of the portal itself, without those of its residents and subjects. */
export const surveyOwnDataKeys = (
  db: Db,
  { prefixes }: KeyService,
): Pick<Resealing, 'name' | 'prefixes' | 'survey'> => ({
  name: DATA_KEYS,
  prefixes,
  survey: () => db<KeyUse[]>`
    select substring(wrapped_key from ${PREFIX}) as prefix, count(*)::int as count from data_key
    where purpose is not null group by 1 order by 1`,
})

/** Wraps the data keys again by the key service. The values that they seal do not change. */
export function rewrapDataKeys(db: Db, keys: KeyService): Resealing {
  const isOld = (sql: Sql) => sql`not starts_with(wrapped_key, ${keys.prefix})`
  return {
    name: DATA_KEYS,
    prefixes: keys.prefixes,
    survey: () => db<KeyUse[]>`
      select substring(wrapped_key from ${PREFIX}) as prefix, count(*)::int as count from data_key
      group by 1 order by 1`,
    async count() {
      const [row] = await db<{ count: number }[]>`
        select count(*)::int as count from data_key where ${isOld(db)}`
      return row?.count ?? 0
    },
    // No transaction is open during the calls of the key service; a key that is destroyed meanwhile stays destroyed.
    async move(after) {
      const rows = await db<{ id: string; wrappedKey: string }[]>`
        select id, wrapped_key from data_key
        where ${isOld(db)} and id > ${after || FIRST_ID} order by id limit ${BATCH}`
      const moved: Rewrapped[] = []
      for (let start = 0; start < rows.length; start += CALLS_AT_ONCE) {
        const some = rows.slice(start, start + CALLS_AT_ONCE)
        for (const each of await Promise.all(some.map((row) => rewrap(keys, row))))
          if (each) moved.push(each)
      }
      await storeRewrapped(db, moved)
      const next = rows.length < BATCH ? undefined : rows.at(-1)?.id
      return { after: next, moved: moved.length, unreadable: rows.length - moved.length }
    },
  }
}

type Rewrapped = { id: string; before: string; now: string }

/** `undefined`: no configured key unwraps it. Throws when the key service does not respond. */
async function rewrap(
  keys: KeyService,
  { id, wrappedKey }: { id: string; wrappedKey: string },
): Promise<Rewrapped | undefined> {
  const context = dataKeyContext(id)
  const key = await keys.unwrap(wrappedKey, context).catch(undefinedIfUnavailable)
  return key && { id, before: wrappedKey, now: await keys.wrap(key, context) }
}

/** In one statement: a commit for each key takes most of the time. */
const storeRewrapped = (db: Db, keys: readonly Rewrapped[]) =>
  db.begin(async (sql) => {
    const ids = keys.map(({ id }) => id)
    // In one order, so that two commands at once do not block each other.
    await sql`select from data_key where id = any (${ids}::uuid[]) order by id for update`
    await sql`
      update data_key set wrapped_key = new_key
      from unnest(${ids}::uuid[], ${keys.map(({ before }) => before)}::text[], ${keys.map(({ now }) => now)}::text[])
        as rewrapped (key_id, old_key, new_key)
      where id = key_id and wrapped_key = old_key`
  })

const FIRST_ID = '00000000-0000-0000-0000-000000000000'

const undefinedIfUnavailable = (error: unknown): undefined => {
  if (error instanceof KeyServiceUnavailableError) throw error
}

export type ResealReport = { name: string; moved: number; unreadable: number; left: number }

/** Moves everything to the newest keys. Repeats for values that other processes seal meanwhile; it can be interrupted and run again. */
export async function resealAll(
  resealings: readonly Resealing[],
  onProgress: (report: ResealReport) => void,
): Promise<ResealReport[]> {
  const reports: ResealReport[] = []
  for (const resealing of resealings) {
    const report = { name: resealing.name, moved: 0, unreadable: 0, left: 0 }
    for (let after: string | undefined = ''; after !== undefined; ) {
      const batch = await resealing.move(after)
      report.moved += batch.moved
      report.unreadable += batch.unreadable
      after = batch.after
      if (after !== undefined) onProgress(report)
    }
    report.left = await resealing.count()
    onProgress(report)
    reports.push(report)
  }
  return reports
}

/**
 * Throws UnknownKeyError when some of these values are under a key that is not configured. A process that cannot open what another
 * one sealed serves nobody well: it does not start, and is not ready.
 */
export async function requireKnownKeys(
  resealings: readonly Pick<Resealing, 'name' | 'prefixes' | 'survey'>[],
): Promise<void> {
  const unknown = new Map<string, string[]>()
  for (const { name, prefixes, survey } of resealings)
    for (const { prefix, count } of await survey())
      if (!prefixes.includes(prefix))
        unknown.set(prefix, [...(unknown.get(prefix) ?? []), `${count} in ${name}`])
  for (const [prefix, places] of unknown)
    throw new UnknownKeyError(prefix, `values are sealed under it (${places.join(', ')})`)
}
