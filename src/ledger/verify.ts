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
 * Reads every entry, hashes it anew, builds the tree anew, and holds both against what is stored and signed. Names the
 * rows that were changed, are missing or stand in another's place. `isSigned` judges a head's signature.
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
  // The whole subtrees so far, the largest first: what the root of each size is made of.
  const stack: { level: number; index: number; hash: Buffer }[] = []
  const rootNow = () => {
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
        // It follows from what was found before; alone it says that what is signed is another tree.
        if (faults.length === 0 && !rootNow().equals(head.root))
          report({ fault: `the signed head of ${size} entries has another root`, index: size - 1 })
        const judged = await isSigned(head.jws, { size, root })
        // A key that was withdrawn judges nothing; a head that came later covers what it covered.
        if (judged === false || (judged === undefined && nextHead === signed.length - 1))
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
    // In a place of its own in the order of writing, before one that has a place: it was put in later, or taken out of the tree.
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
              ? `the leaves ${first} to ${size - 1} are not those that were put there: one was changed or stands in another's place`
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

/** For people, a line each. */
export const describeFaults = ({ faults, sequenced }: LedgerReport): string =>
  [
    `The ledger of ${sequenced} entries is not what it was:`,
    ...faults.map(({ fault, index, entryId }) =>
      [
        '  ',
        entryId === undefined ? '' : `entry ${entryId}, `,
        index === undefined ? '' : `leaf ${index}: `,
        fault,
      ].join(''),
    ),
  ].join('\n')
