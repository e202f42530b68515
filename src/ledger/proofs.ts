import type { Sql } from '../platform/db.ts'
import { canonical } from './entries.ts'
import { consistencyRanges, type FindNodes, hashesOf, inclusionRanges } from './tree.ts'

/** Reads hashes of nodes from the database. */
export const createNodeFinder =
  (sql: Sql): FindNodes =>
  async (nodes) => {
    if (nodes.length === 0) return []
    const rows = await sql<{ hash: Buffer | null }[]>`
      select coalesce(leaf.hash, node.hash) as hash
      from unnest(${nodes.map(({ level }) => level)}::smallint[], ${nodes.map(({ index }) => index)}::bigint[])
        with ordinality wanted (level, index, position)
      left join ledger_leaf leaf on wanted.level = 0 and leaf.index = wanted.index
      left join ledger_node node on node.level = wanted.level and node.index = wanted.index
      order by position`
    return rows.map(({ hash }) => {
      if (!hash) throw new Error('a hash of the ledger is missing')
      return hash
    })
  }

export type SignedHead = { size: number; root: string; at: Date; jws: string }

/** The newest signed head, or the one of this size. */
export async function findHead(sql: Sql, size?: number): Promise<SignedHead | undefined> {
  const [row] = await sql<{ size: string; root: Buffer; at: Date; jws: string }[]>`
    select size, root, at, jws from ledger_head
    where ${size === undefined ? sql`true` : sql`size = ${size}`} order by ledger_head.size desc limit 1`
  return row && { ...row, size: Number(row.size), root: row.root.toString('base64url') }
}

/** How many entries are in the tree, whether or not a head was signed over them. */
export async function countLeaves(sql: Sql): Promise<number> {
  const [row] = await sql<{ size: string }[]>`
    select coalesce(max(index) + 1, 0) as size from ledger_leaf`
  return Number(row?.size ?? 0)
}

export type InclusionProof = {
  /** The text whose bytes are hashed. */
  entry: string
  /** The entry's hash, which suffices to verify the proof. */
  leaf: string
  index: number
  size: number
  path: string[]
  head: SignedHead
}

/** Proves that this entry is in the ledger, under the newest head. `undefined` when it is not, or not yet. */
export async function proveInclusion(
  sql: Sql,
  entryId: string,
): Promise<InclusionProof | undefined> {
  const head = await findHead(sql)
  const [leaf] = await sql<{ index: string; hash: Buffer; text: string }[]>`
    select index, hash, ${canonical(sql)} as text
    from ledger_leaf join ledger_entry entry on entry.id = entry_id where entry_id = ${entryId}`
  if (!head || !leaf || Number(leaf.index) >= head.size) return undefined
  const index = Number(leaf.index)
  const path = await hashesOf(inclusionRanges(index, head.size), createNodeFinder(sql))
  return {
    entry: leaf.text,
    leaf: toBase64url(leaf.hash),
    index,
    size: head.size,
    path: path.map(toBase64url),
    head,
  }
}

/** Proves that the ledger of `first` entries is a prefix of that of `second`. Both must be sizes that it has had. */
export async function proveConsistency(sql: Sql, first: number, second: number): Promise<string[]> {
  return (await hashesOf(consistencyRanges(first, second), createNodeFinder(sql))).map(toBase64url)
}

const toBase64url = (hash: Uint8Array) => Buffer.from(hash).toString('base64url')
