import type { Db } from '../platform/db.ts'
import { canonical } from './entries.ts'
import { EMPTY_ROOT, leafHash, nodeHash } from './tree.ts'

type LedgerFault = { fault: string; index?: number; entryId?: string }
export type LedgerReport = {
  entries: number
  sequenced: number
  heads: number
  faults: LedgerFault[]
}

const BATCH_SIZE = 20_000
const MAX_FAULTS = 20

/**
 * Reads every entry, recomputes its hash and the tree, and compares both with what is stored and signed. Reports the rows
 * that were changed, moved or are missing. `isSigned` verifies a head's signature.
 */
export async function verifyLedger(
  db: Db,
  isSigned: (jws: string, head: { size: number; root: string }) => Promise<boolean | undefined>,
  onProgress: (sequenced: number) => void = () => {},
): Promise<LedgerReport> {
  const faults: LedgerFault[] = []
  const report = (fault: LedgerFault) => {
    if (faults.length < MAX_FAULTS) faults.push(fault)
  }
  // The complete subtrees so far, the largest first; together they give the root of the current size.
  const stack: { level: number; index: number; hash: Buffer }[] = []
  const currentRoot = () => {
    const [last, ...rest] = stack.toReversed()
    return last ? rest.reduce((right, { hash }) => nodeHash(hash, right), last.hash) : EMPTY_ROOT
  }
  let size = 0
  let heads = 0
  await db.begin('isolation level repeatable read read only', async (sql) => {
    await sql`set local statement_timeout = 0`
    const signed = await sql<{ size: string; root: Buffer; jws: string }[]>`
      select size, root, jws from ledger_head order by size`
    const nodes = new Map<string, Buffer>()
    let nextHead = 0
    const checkHeads = async () => {
      for (
        let head = signed[nextHead];
        head && Number(head.size) === size;
        head = signed[++nextHead]
      ) {
        heads++
        const root = head.root.toString('base64url')
        // After an earlier fault it is a consequence; alone it means that another tree was signed.
        if (faults.length === 0 && !currentRoot().equals(head.root))
          report({ fault: `the signed head of ${size} entries has another root`, index: size - 1 })
        const isValid = await isSigned(head.jws, { size, root })
        // A head whose key was withdrawn cannot be verified, and need not be: a later head covers its entries.
        if (isValid === false || (isValid === undefined && nextHead === signed.length - 1))
          report({
            fault: `the head of ${size} entries is not signed by the portal`,
            index: size - 1,
          })
      }
    }

    for (let isEnd = false; !isEnd; ) {
      const rows = await sql<
        { index: string; entryId: string; hash: Buffer; text: string | null }[]
      >`
        select index, entry_id, hash, case when entry.id is null then null else ${canonical(sql)} end as text
        from ledger_leaf left join ledger_entry entry on entry.id = entry_id
        where index >= ${size} order by index limit ${BATCH_SIZE}`
      isEnd = rows.length < BATCH_SIZE
      const last = Number(rows.at(-1)?.index ?? size)
      for (const node of await sql<{ level: number; index: string; hash: Buffer }[]>`
        select node.level, index, hash from generate_series(1, 52) as step
        join ledger_node node on node.level = step
          and index >= ${size}::bigint >> step and index < ${last + 1}::bigint >> step`)
        nodes.set(`${node.level} ${node.index}`, node.hash)
      for (const { index, entryId, hash, text } of rows) {
        if (Number(index) !== size) {
          report({ fault: `the leaves ${size} to ${Number(index) - 1} are missing`, index: size })
          return
        }
        if (text === null)
          report({ fault: 'the entry of this leaf is missing', index: size, entryId })
        else if (!leafHash(Buffer.from(text)).equals(hash))
          report({ fault: 'the entry was changed, or its leaf', index: size, entryId })
        push(hash)
        await checkHeads()
      }
      nodes.clear()
      onProgress(size)
    }
    if (nextHead < signed.length)
      report({
        fault: `a head was signed over ${signed.at(-1)?.size} entries, and there are ${size}`,
      })
    // Its transaction is older than the newest leaf's: it was inserted afterwards, or removed from the tree.
    const [skipped] = await sql<{ id: string }[]>`
      select entry.id from ledger_entry entry
      where not exists (select from ledger_leaf where entry_id = entry.id)
        and entry.xid < (select xid from ledger_entry join ledger_leaf on entry_id = id order by index desc limit 1)
      limit 1`
    if (skipped) report({ fault: 'an entry has no leaf, and later ones have', entryId: skipped.id })

    function push(hash: Buffer) {
      let node = { level: 0, index: size, hash }
      size++
      for (let left = stack.at(-1); left?.level === node.level; left = stack.at(-1)) {
        stack.pop()
        const level = node.level + 1
        const index = left.index / 2
        const above = nodeHash(left.hash, node.hash)
        const stored = nodes.get(`${level} ${index}`)
        const first = index * 2 ** level
        if (!stored?.equals(above) && !faults.some((each) => (each.index ?? -1) >= first))
          report({
            fault: stored
              ? `the leaves ${first} to ${size - 1} are not the original ones: one was changed or moved`
              : `the hash over the leaves ${first} to ${size - 1} is missing`,
            index: first,
          })
        node = { level, index, hash: above }
      }
      stack.push(node)
    }
  })
  const [row] = await db<{ entries: string }[]>`select count(*) as entries from ledger_entry`
  return { entries: Number(row?.entries ?? 0), sequenced: size, heads, faults }
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
