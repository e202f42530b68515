import type { Db, Sql } from '../platform/db.ts'
import { LOCKS } from '../platform/locks.ts'
import type { Log } from '../platform/log.ts'
import { type Loop, startLoop } from '../platform/loop.ts'
import type { ComputedGauge } from '../platform/metrics.ts'
import { canonical } from './entries.ts'
import { createNodeFinder } from './proofs.ts'
import { leafHash, type NodeId, nodeHash, rootOf } from './tree.ts'

/** Signs a tree head as a compact JWS over this payload. */
export type SignHead = (head: { size: number; root: string; at: Date }) => Promise<string>

const PAUSE_MS = 5_000
const BATCH_SIZE = 5_000

/** Appends entries to the tree and signs its head until it is stopped. One process works at a time. */
export function startSequencer(context: { db: Db; log: Log; sign: SignHead }): Loop {
  return startLoop(
    {
      event: 'ledger entries cannot be sequenced',
      // The pulse looks at the newest entry alone, and one whose transaction took longer may be before it.
      pauseMs: PAUSE_MS,
      log: context.log,
    },
    () => sequence(context),
  )
}

/** Whether the newest entry is not in the tree yet. */
export const isEntryDue = (sql: Sql) => sql`
  exists (
    select from (select id from ledger_entry order by id desc limit 1) newest
    where not exists (select from ledger_leaf where entry_id = newest.id))`

/** Appends all committed entries to the tree; returns how many. Does nothing while another process does the same. */
export async function sequence({ db, sign }: { db: Db; sign: SignHead }): Promise<number> {
  for (let sequenced = 0; ; ) {
    const added = await db.begin(async (sql) => {
      const [lock] = await sql<{ isOurs: boolean }[]>`
        select pg_try_advisory_xact_lock(${LOCKS.ledgerSequencer}) as is_ours`
      return lock?.isOurs ? await addLeaves(sql, sign) : 0
    })
    sequenced += added
    if (added < BATCH_SIZE) return sequenced
  }
}

async function addLeaves(sql: Sql, sign: SignHead): Promise<number> {
  const [last] = await sql<{ size: string; xid: string | null; isAhead: boolean }[]>`
    select coalesce((select index + 1 from ledger_leaf order by index desc limit 1), 0) as size, xid::text,
      -- In a restored database transaction ids start anew.
      coalesce(xid > pg_snapshot_xmax(pg_current_snapshot()), false) as is_ahead
    from (select (select entry.xid from ledger_leaf join ledger_entry entry on entry.id = entry_id
      order by index desc limit 1) as xid) newest`
  const size = Number(last?.size ?? 0)
  const from = last?.isAhead ? null : (last?.xid ?? null)
  const entries = await sql<{ id: string; canonical: string }[]>`
    select entry.id, ${canonical(sql)} as canonical from ledger_entry entry
    -- Those of a restored database may be of transactions that are still to come here.
    where (entry.xid < pg_snapshot_xmin(pg_current_snapshot())
        or entry.xid >= pg_snapshot_xmax(pg_current_snapshot()))
      and ${from === null ? sql`true` : sql`entry.xid >= ${from}::xid8`}
      and not exists (select from ledger_leaf where entry_id = entry.id)
    order by entry.xid, entry.id limit ${BATCH_SIZE}`
  if (entries.length === 0) return 0
  const leaves = entries.map(({ id, canonical: text }, offset) => ({
    index: size + offset,
    entryId: id,
    hash: leafHash(Buffer.from(text)),
  }))
  await sql`
    insert into ledger_leaf (index, entry_id, hash)
    select index, entry_id, decode(hash, 'hex')
    from unnest(${leaves.map(({ index }) => index)}::bigint[],
      ${leaves.map(({ entryId }) => entryId)}::bigint[],
      ${leaves.map(({ hash }) => hash.toString('hex'))}::text[]) as leaf (index, entry_id, hash)`
  await addNodes(
    sql,
    size,
    leaves.map(({ hash }) => hash),
  )
  const now = size + leaves.length
  const root = Buffer.from(await rootOf(now, createNodeFinder(sql)))
  const at = new Date()
  const jws = await sign({ size: now, root: root.toString('base64url'), at })
  await sql`insert into ledger_head (size, root, at, jws) values (${now}, ${root}, ${at}, ${jws})`
  return leaves.length
}

export const LEDGER_GAUGES: readonly ComputedGauge[] = [
  {
    name: 'portal_ledger_unsequenced_entries',
    help: 'Ledger rows that are not in the tree yet.',
    async read(sql) {
      // Rows that a restored database brought have higher transaction ids than the newest leaf: then all are looked at.
      const [row] = await sql<{ count: number }[]>`
        select count(*)::int as count from ledger_entry entry
        where not exists (select from ledger_leaf where entry_id = entry.id)
          and entry.xid >= coalesce((
            select newest.xid from ledger_entry newest join ledger_leaf on newest.id = entry_id
            where newest.xid <= pg_snapshot_xmax(pg_current_snapshot())
            order by index desc limit 1), '0'::xid8)`
      return [{ labels: {}, value: row?.count ?? 0 }]
    },
  },
  {
    name: 'portal_ledger_head_timestamp_seconds',
    help: 'When the newest tree head was signed.',
    async read(sql) {
      const rows = await sql<{ at: Date }[]>`
        select at from ledger_head order by size desc limit 1`
      return rows.map(({ at }) => ({ labels: {}, value: at.getTime() / 1000 }))
    },
  },
]

/** Stores the subtrees that these leaves completed. */
async function addNodes(sql: Sql, size: number, hashes: readonly Buffer[]): Promise<void> {
  const nodes: (NodeId & { hash: Buffer })[] = []
  let start = size
  let row: readonly Buffer[] = hashes
  for (let level = 0; row.length > 0; level++) {
    // The first node is a right child: its left sibling was stored before.
    if (start % 2 === 1) {
      const [left] = await createNodeFinder(sql)([{ level, index: start - 1 }])
      row = [Buffer.from(left ?? ''), ...row]
      start--
    }
    const above: Buffer[] = []
    for (let at = 0; at + 1 < row.length; at += 2) {
      const hash = nodeHash(row[at] as Buffer, row[at + 1] as Buffer)
      nodes.push({ level: level + 1, index: (start + at) / 2, hash })
      above.push(hash)
    }
    start /= 2
    row = above
  }
  if (nodes.length > 0)
    await sql`
      insert into ledger_node (level, index, hash)
      select level, index, decode(hash, 'hex')
      from unnest(${nodes.map(({ level }) => level)}::smallint[],
        ${nodes.map(({ index }) => index)}::bigint[],
        ${nodes.map(({ hash }) => hash.toString('hex'))}::text[]) as node (level, index, hash)`
}
