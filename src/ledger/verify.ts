import type { Db, Sql } from '../platform/db.ts'
import { canonical } from './entries.ts'
import { addLeaf, currentRoot, type GrowingTree, leafHash, type Subtree } from './tree.ts'

type LedgerFault = { fault: string; index?: number; entryId?: string }
export type LedgerReport = {
  entries: number
  sequenced: number
  heads: number
  faults: LedgerFault[]
}

const BATCH_SIZE = 20_000
const MAX_FAULTS = 20

type IsSigned = (jws: string, head: { size: number; root: string }) => Promise<boolean | undefined>
type SignedHead = { size: string; root: Buffer; jws: string }
type Leaf = { index: string; entryId: string; hash: Buffer; text: string | null }

/**
 * Reads every entry, recomputes its hash and the tree, and compares both with what is stored and signed. Reports the rows
 * that were changed, moved or are missing. `isSigned` verifies a head's signature.
 */
export async function verifyLedger(
  db: Db,
  isSigned: IsSigned,
  onProgress: (sequenced: number) => void = () => {},
): Promise<LedgerReport> {
  const faults: LedgerFault[] = []
  const report = (fault: LedgerFault) => {
    if (faults.length < MAX_FAULTS) faults.push(fault)
  }
  const tree: GrowingTree = { size: 0, subtrees: [] }
  let heads = 0

  /** Compares a subtree that ends at the newest leaf with its stored hash. */
  function checkSubtree({ level, index, hash }: Subtree, stored: Buffer | undefined): void {
    const first = index * 2 ** level
    // A fault among its leaves explains the difference.
    if (stored?.equals(hash) || faults.some((each) => (each.index ?? -1) >= first)) return
    const leaves = `the leaves ${first} to ${tree.size - 1}`
    report({
      fault: stored
        ? `${leaves} are not the original ones: one was changed or moved`
        : `the hash over ${leaves} is missing`,
      index: first,
    })
  }

  /** Checks the signed heads of the tree's present size. */
  async function checkHeads(signed: readonly SignedHead[]): Promise<void> {
    for (
      let head = signed[heads];
      head && Number(head.size) === tree.size;
      head = signed[++heads]
    ) {
      // After an earlier fault it is a consequence; alone it means that another tree was signed.
      if (faults.length === 0 && Buffer.compare(currentRoot(tree), head.root) !== 0)
        report({
          fault: `the signed head of ${tree.size} entries has another root`,
          index: tree.size - 1,
        })
      const root = head.root.toString('base64url')
      const isValid = await isSigned(head.jws, { size: tree.size, root })
      // A head whose key was withdrawn cannot be verified, and need not be: a later head covers its entries.
      if (isValid === false || (isValid === undefined && heads === signed.length - 1))
        report({
          fault: `the head of ${tree.size} entries is not signed by the portal`,
          index: tree.size - 1,
        })
    }
  }

  await db.begin('isolation level repeatable read read only', async (sql) => {
    await sql`set local statement_timeout = 0`
    const signed = await sql<SignedHead[]>`
      select size, root, jws from ledger_head order by size`

    for (let isEnd = false; !isEnd; ) {
      const leaves = await readLeaves(sql, tree.size)
      isEnd = leaves.length < BATCH_SIZE
      const last = Number(leaves.at(-1)?.index ?? tree.size)
      const nodes = await readNodes(sql, tree.size, last)
      for (const leaf of leaves) {
        const index = tree.size
        if (Number(leaf.index) !== index) {
          report({ fault: `the leaves ${index} to ${Number(leaf.index) - 1} are missing`, index })
          return
        }
        const fault = faultOfLeaf(leaf)
        if (fault) report({ fault, index, entryId: leaf.entryId })
        addLeaf(tree, leaf.hash, (subtree) =>
          checkSubtree(subtree, nodes.get(`${subtree.level} ${subtree.index}`)),
        )
        await checkHeads(signed)
      }
      onProgress(tree.size)
    }

    if (heads < signed.length)
      report({
        fault: `a head was signed over ${signed.at(-1)?.size} entries, and there are ${tree.size}`,
      })
    const skipped = await findSkippedEntry(sql)
    if (skipped) report({ fault: 'an entry has no leaf, and later ones have', entryId: skipped })
  })
  const [row] = await db<{ entries: string }[]>`select count(*) as entries from ledger_entry`
  return { entries: Number(row?.entries ?? 0), sequenced: tree.size, heads, faults }
}

/** The leaves from this index on, at most a batch, each with the text of its entry. */
const readLeaves = (sql: Sql, from: number) =>
  sql<Leaf[]>`
    select index, entry_id, hash, case when entry.id is null then null else ${canonical(sql)} end as text
    from ledger_leaf left join ledger_entry entry on entry.id = entry_id
    where index >= ${from} order by index limit ${BATCH_SIZE}`

/** The stored hashes of the subtrees that the leaves `from` to `last` complete, by level and index. */
async function readNodes(sql: Sql, from: number, last: number): Promise<Map<string, Buffer>> {
  const rows = await sql<{ level: number; index: string; hash: Buffer }[]>`
    select node.level, index, hash from generate_series(1, 52) as step
    join ledger_node node on node.level = step
      and index >= ${from}::bigint >> step and index < ${last + 1}::bigint >> step`
  return new Map(rows.map(({ level, index, hash }) => [`${level} ${index}`, hash]))
}

function faultOfLeaf({ hash, text }: Leaf): string | undefined {
  if (text === null) return 'the entry of this leaf is missing'
  return leafHash(Buffer.from(text)).equals(hash) ? undefined : 'the entry was changed, or its leaf'
}

/**
 * Returns an entry without a leaf whose transaction is older than that of the newest leaf: it was inserted afterwards, or removed from
 * the tree.
 */
async function findSkippedEntry(sql: Sql): Promise<string | undefined> {
  const [skipped] = await sql<{ id: string }[]>`
    select entry.id
    from (select xid from ledger_entry join ledger_leaf on entry_id = id order by index desc limit 1) newest
    join ledger_entry entry on entry.xid < newest.xid
    where not exists (select from ledger_leaf where entry_id = entry.id)
      -- In a restored database transaction ids start anew: until the newest leaf is of its own, any entry may be newer.
      and newest.xid < pg_snapshot_xmax(pg_current_snapshot())
    limit 1`
  return skipped?.id
}

/** Describes the faults for people, one per line. */
export const describeFaults = ({ faults, sequenced }: LedgerReport): string =>
  [
    `The ledger of ${sequenced} entries was changed:`,
    ...faults.map(({ fault, index, entryId }) =>
      [
        '  ',
        entryId === undefined ? '' : `entry ${entryId}, `,
        index === undefined ? '' : `leaf ${index}: `,
        fault,
      ].join(''),
    ),
  ].join('\n')
