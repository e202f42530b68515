import { readDetail } from '../ledger/details.ts'
import { listSequenced, type SequencedEntry } from '../ledger/entries.ts'
import type { Db, Sql } from '../platform/db.ts'

/*
 * Which application has seen which kind of whose data. Workers derive it from the ledger, entry by entry in the order of its tree, after
 * the request that wrote the entry was answered. So a read costs the same whether or not anybody is to be told of it: it writes the
 * entry that it writes in any case, and nothing else.
 */

/** Kinds of data, as residents are told of them. */
const DATA_KINDS = ['documents', 'person', 'residency', 'status', 'age', 'name', 'email'] as const
export type DataKind = (typeof DATA_KINDS)[number]
/** Refusals, empty answers, and what tenants read: nobody is told. */
type AnyKind = DataKind | 'other'

const CLAIM_KINDS: Readonly<Record<string, DataKind>> = {
  name: 'name',
  given_name: 'name',
  family_name: 'name',
  email: 'email',
  email_verified: 'email',
  verified_claims: 'status',
}

/** The kinds of data that an entry disclosed to its application. */
function kindsOf(entry: Pick<SequencedEntry, 'kind' | 'result' | 'images'>): AnyKind[] {
  const detail = readDetail(entry)
  switch (detail.what) {
    case 'id-verification':
      return [detail.images.length > 0 ? 'documents' : 'status']
    case 'natural-person':
      return ['person']
    case 'residency':
      return ['residency']
    case 'verification-status':
    case 'event':
      return ['status']
    case 'age-over':
      return ['age']
    case 'claims': {
      const kinds = detail.names.map((name): AnyKind => CLAIM_KINDS[name] ?? 'other')
      return [
        ...new Set<AnyKind>([
          ...kinds,
          ...(detail.images.length > 0 ? ['documents' as const] : []),
        ]),
      ]
    }
    default:
      return ['other']
  }
}

const BATCH = 1_000
/** What is older is not news, when workers were away or the ledger is read for the first time. */
const NEWS_MS = 24 * 3600 * 1000
/** After so many days without a look, the next one is told of like the first. */
const SILENT_DAYS = 90

/**
 * Reads the next entries of the ledger. Returns whether there may be more. One worker at a time; what was read is committed with the
 * place, so no entry counts twice and none is left out.
 */
export async function readLedger(db: Db): Promise<boolean> {
  return await db.begin(async (sql) => {
    const [watch] = await sql<{ nextIndex: string; silentBefore: string }[]>`
      select next_index, silent_before from reader_watch for update skip locked`
    if (!watch) return false
    const entries = await listSequenced(sql, { from: watch.nextIndex, limit: BATCH })
    const last = entries.at(-1)
    if (!last) return false
    await storeReaders(sql, collect(entries, Number(watch.silentBefore)))
    await sql`update reader_watch set next_index = ${Number(last.index) + 1}`
    return entries.length === BATCH
  })
}

type Reading = {
  accountId: string
  clientId: string
  kind: AnyKind
  entryId: string
  firstAt: Date
  lastAt: Date
  isNews: boolean
}

/** One row for each application, account and kind: the first entry of these, and the time of the last. */
function collect(entries: readonly SequencedEntry[], silentBefore: number): Reading[] {
  const readings = new Map<string, Reading>()
  for (const { index, id, at, clientId, accountId, ...entry } of entries) {
    if (clientId === null || accountId === null) continue
    for (const kind of kindsOf(entry)) {
      const key = `${accountId} ${kind} ${clientId}`
      const known = readings.get(key)
      if (known) known.lastAt = at > known.lastAt ? at : known.lastAt
      else {
        const isNews =
          kind !== 'other' && Number(index) >= silentBefore && at.getTime() > Date.now() - NEWS_MS
        readings.set(key, {
          ...{ accountId, clientId, kind, entryId: id, firstAt: at, lastAt: at, isNews },
        })
      }
    }
  }
  return [...readings.values()]
}

async function storeReaders(sql: Sql, readings: readonly Reading[]): Promise<void> {
  if (readings.length === 0) return
  const rows = readings.map((each) => ({
    account_id: each.accountId,
    client_id: each.clientId,
    kind: each.kind,
    entry_id: each.entryId,
    first_at: each.firstAt.toISOString(),
    last_at: each.lastAt.toISOString(),
    is_news: each.isNews,
  }))
  const isNews = sql`(known.news_at is null
    and excluded.news_at > known.seen_at + make_interval(days => ${SILENT_DAYS}))`
  await sql`
    insert into known_reader as known (account_id, client_id, kind, seen_at, news_entry_id, news_at)
    select account.id, client_id, kind, last_at, case when is_news then entry_id end, case when is_news then first_at end
    from jsonb_to_recordset(${sql.json(rows)}) as reading (account_id uuid, client_id text, kind text,
        entry_id bigint, first_at timestamptz, last_at timestamptz, is_news boolean)
      -- An erased account has no readers any more.
      join account on account.id = reading.account_id
    order by account.id, client_id, kind
    on conflict (account_id, client_id, kind) do update set
      news_entry_id = case when ${isNews} then excluded.news_entry_id else known.news_entry_id end,
      news_since = case when ${isNews} then known.seen_at else known.news_since end,
      news_at = case when ${isNews} then excluded.news_at else known.news_at end,
      seen_at = greatest(known.seen_at, excluded.seen_at)`
}

/** What a resident is to be told of one application. */
export type News = {
  kind: DataKind
  entryId: string
  at: Date
  /** When it was seen last before a long silence; `null`: never. */
  since: Date | null
}

/** Applications with news that are older than this, the oldest first. */
export async function listDueNews(
  sql: Sql,
  { olderThanSeconds, limit }: { olderThanSeconds: number; limit: number },
): Promise<{ accountId: string; clientId: string }[]> {
  return await sql<{ accountId: string; clientId: string }[]>`
    select account_id, client_id from known_reader
    where news_at < now() - make_interval(secs => ${olderThanSeconds})
    group by account_id, client_id order by min(news_at) limit ${limit}`
}

/** In the transaction that tells of them: takes the news of one application. Empty: another worker has them. */
export async function takeNews(
  sql: Sql,
  { accountId, clientId }: { accountId: string; clientId: string },
): Promise<News[]> {
  const news = await sql<News[]>`
    select kind, news_entry_id as entry_id, news_at as at, news_since as since from known_reader
    where account_id = ${accountId} and client_id = ${clientId} and news_at is not null
    order by kind for update skip locked`
  await sql`
    update known_reader set news_entry_id = null, news_at = null, news_since = null
    where account_id = ${accountId} and client_id = ${clientId}
      and kind = any (${news.map(({ kind }) => kind)})`
  return news
}

/** The applications that the workers have found in the ledger's entries about this account. */
export async function listKnownReaders(sql: Sql, accountId: string): Promise<string[]> {
  const rows = await sql<{ clientId: string }[]>`
    select distinct client_id from known_reader where account_id = ${accountId}`
  return rows.map(({ clientId }) => clientId)
}

/** When each application last saw data of the account, events included, as far as the workers have read the ledger. */
export async function listLastSeen(sql: Sql, accountId: string): Promise<Map<string, Date>> {
  const rows = await sql<{ clientId: string; at: Date }[]>`
    select client_id, max(seen_at) as at from known_reader
    where account_id = ${accountId} and kind = any (${[...DATA_KINDS]}) group by client_id`
  return new Map(rows.map(({ clientId, at }) => [clientId, at]))
}

/** What each application has seen since this time. */
export async function listSeenSince(
  sql: Sql,
  accountId: string,
  since: Date,
): Promise<{ clientId: string; kinds: DataKind[] }[]> {
  return await sql<{ clientId: string; kinds: DataKind[] }[]>`
    select client_id, array_agg(kind order by kind) as kinds from known_reader
    where account_id = ${accountId} and seen_at > ${since} and kind = any (${[...DATA_KINDS]})
    group by client_id order by client_id`
}
