import { createHash } from 'node:crypto'

/*
 * The Merkle tree of RFC 9162 §2.1, stored as hashes of complete subtrees: node (level, index) covers the 2^level leaves from
 * index · 2^level on. A tree of any size consists of a few of them.
 */

export type NodeId = { level: number; index: number }
/** Returns the hashes of these nodes, in their order. Throws when one is missing. */
export type FindNodes = (nodes: readonly NodeId[]) => Promise<Uint8Array[]>

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

/** RFC 9162 §2.1.1: SHA-256(0x00 || entry). */
export const leafHash = (entry: Uint8Array): Buffer => sha256(LEAF, entry)
/** RFC 9162 §2.1.1: SHA-256(0x01 || left || right). */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer => sha256(NODE, left, right)
/** The root of no leaves. */
export const EMPTY_ROOT: Buffer = sha256()

/** The complete subtrees that leaves `from` to `to` (exclusive) consist of, left to right. */
function completeSubtrees(from: number, to: number): NodeId[] {
  const nodes: NodeId[] = []
  for (let at = from; at < to; ) {
    let level = 0
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= to) level++
    nodes.push({ level, index: at / 2 ** level })
    at += 2 ** level
  }
  return nodes
}

/** The hash over adjacent complete subtrees, the smaller ones to the right. */
function fold(hashes: readonly Uint8Array[]): Uint8Array {
  const [last, ...rest] = hashes.toReversed()
  if (!last) return EMPTY_ROOT
  return rest.reduce<Uint8Array>((right, left) => nodeHash(left, right), last)
}

export type Subtree = NodeId & { hash: Uint8Array }
/** A tree that grows leaf by leaf: its complete subtrees, the largest first. It starts as `{ size: 0, subtrees: [] }`. */
export type GrowingTree = { size: number; subtrees: Subtree[] }

/** Appends a leaf, and calls `onSubtree` with each subtree that it completes, the smallest first. */
export function addLeaf(
  tree: GrowingTree,
  hash: Uint8Array,
  onSubtree: (subtree: Subtree) => void,
): void {
  let subtree: Subtree = { level: 0, index: tree.size, hash }
  tree.size++
  for (
    let left = tree.subtrees.at(-1);
    left?.level === subtree.level;
    left = tree.subtrees.at(-1)
  ) {
    tree.subtrees.pop()
    subtree = {
      level: subtree.level + 1,
      index: left.index / 2,
      hash: nodeHash(left.hash, subtree.hash),
    }
    onSubtree(subtree)
  }
  tree.subtrees.push(subtree)
}

/** The root of the leaves so far. */
export const currentRoot = ({ subtrees }: GrowingTree): Uint8Array =>
  fold(subtrees.map(({ hash }) => hash))

/** The largest power of two below `size`. */
function split(size: number): number {
  let power = 1
  while (power * 2 < size) power *= 2
  return power
}

type Range = { from: number; to: number }

/** The ranges whose hashes prove that a leaf is in a tree of `size`, from the leaf to the root (RFC 9162 §2.1.3.1). */
export function inclusionRanges(index: number, size: number): Range[] {
  const path: Range[] = []
  let [from, to] = [0, size]
  while (to - from > 1) {
    const middle = from + split(to - from)
    if (index < middle) {
      path.push({ from: middle, to })
      to = middle
    } else {
      path.push({ from, to: middle })
      from = middle
    }
  }
  return path.reverse()
}

/** The ranges whose hashes prove that a tree of `first` leaves is a prefix of one of `second` (RFC 9162 §2.1.4.1). */
export function consistencyRanges(first: number, second: number): Range[] {
  const subproof = (wanted: number, from: number, to: number, isWhole: boolean): Range[] => {
    const size = to - from
    if (wanted === size) return isWhole ? [] : [{ from, to }]
    const half = split(size)
    return wanted <= half
      ? [...subproof(wanted, from, from + half, isWhole), { from: from + half, to }]
      : [...subproof(wanted - half, from + half, to, false), { from, to: from + half }]
  }
  return first === 0 || first === second ? [] : subproof(first, 0, second, true)
}

/** The hashes of these ranges, from one call of `find`. */
export async function hashesOf(ranges: readonly Range[], find: FindNodes): Promise<Uint8Array[]> {
  const parts = ranges.map(({ from, to }) => completeSubtrees(from, to))
  const found = await find(parts.flat())
  let at = 0
  return parts.map((nodes) => {
    const hashes = found.slice(at, at + nodes.length)
    at += nodes.length
    return fold(hashes)
  })
}

/** The root of the first `size` leaves. */
export async function rootOf(size: number, find: FindNodes): Promise<Uint8Array> {
  if (size === 0) return EMPTY_ROOT
  const [root = EMPTY_ROOT] = await hashesOf([{ from: 0, to: size }], find)
  return root
}

/** RFC 9162 §2.1.3.2: verifies that the leaf is in the tree with this root. */
export function isIncluded(
  leaf: Uint8Array,
  {
    index,
    size,
    root,
    path,
  }: { index: number; size: number; root: Uint8Array; path: readonly Uint8Array[] },
): boolean {
  if (index >= size) return false
  let [fn, sn] = [index, size - 1]
  let hash = leaf
  for (const sibling of path) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash)
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2)
        sn = Math.floor(sn / 2)
      }
    } else hash = nodeHash(hash, sibling)
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  return sn === 0 && Buffer.compare(hash, root) === 0
}

/** RFC 9162 §2.1.4.2: verifies that the tree of `first` is a prefix of that of `second`. */
export function isConsistent(
  first: { size: number; root: Uint8Array },
  second: { size: number; root: Uint8Array },
  path: readonly Uint8Array[],
): boolean {
  if (first.size === second.size)
    return path.length === 0 && Buffer.compare(first.root, second.root) === 0
  if (first.size === 0) return path.length === 0
  if (first.size > second.size || path.length === 0) return false
  const isPower = Number.isInteger(Math.log2(first.size))
  const [start, ...rest] = isPower ? [first.root, ...path] : path
  if (!start) return false
  let [fn, sn] = [first.size - 1, second.size - 1]
  while (fn % 2 === 1) {
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  let [fr, sr] = [start, start]
  for (const hash of rest) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(hash, fr)
      sr = nodeHash(hash, sr)
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2)
        sn = Math.floor(sn / 2)
      }
    } else sr = nodeHash(sr, hash)
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  return sn === 0 && Buffer.compare(fr, first.root) === 0 && Buffer.compare(sr, second.root) === 0
}
