import { expect, test } from 'vitest'
import {
  addLeaf,
  consistencyRanges,
  currentRoot,
  EMPTY_ROOT,
  type FindNodes,
  type GrowingTree,
  hashesOf,
  inclusionRanges,
  isConsistent,
  isIncluded,
  leafHash,
  nodeHash,
  rootOf,
  type Subtree,
} from '../../src/ledger/tree.ts'

// The leaves that the test vectors of Certificate Transparency use.
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => Buffer.from(hex, 'hex'))
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

const known = new Map<string, Buffer>()

/** By the definition of RFC 9162 §2.1.1. A root that was computed before, of the same hashes, is not computed again. */
function naiveRoot(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 0) return EMPTY_ROOT
  if (hashes.length === 1) return hashes[0] as Buffer
  const key = Buffer.concat(hashes).toString('latin1')
  const before = known.get(key)
  if (before) return before
  let half = 1
  while (half * 2 < hashes.length) half *= 2
  const root = nodeHash(naiveRoot(hashes.slice(0, half)), naiveRoot(hashes.slice(half)))
  known.set(key, root)
  return root
}

const treeOf =
  (hashes: readonly Buffer[]): FindNodes =>
  async (nodes) =>
    nodes.map(({ level, index }) =>
      naiveRoot(hashes.slice(index * 2 ** level, (index + 1) * 2 ** level)),
    )

test('the roots of the published vectors', async () => {
  expect(EMPTY_ROOT.toString('hex')).toBe(
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  )
  const find = treeOf(LEAVES.map(leafHash))
  for (const [index, root] of ROOTS.entries())
    expect(Buffer.from(await rootOf(index + 1, find)).toString('hex')).toBe(root)
})

const hashes = Array.from({ length: 70 }, (_, index) => leafHash(Buffer.from(`entry ${index}`)))
const find = treeOf(hashes)

test('a tree that grows has the root of every size, and reports each complete subtree once', async () => {
  const tree: GrowingTree = { size: 0, subtrees: [] }
  const complete: Subtree[] = []
  expect(Buffer.compare(currentRoot(tree), EMPTY_ROOT)).toBe(0)
  for (const [index, leaf] of hashes.entries()) {
    addLeaf(tree, leaf, (subtree) => complete.push(subtree))
    expect(tree.size).toBe(index + 1)
    expect(Buffer.compare(currentRoot(tree), naiveRoot(hashes.slice(0, tree.size)))).toBe(0)
  }
  const names = complete.map(({ level, index }) => `${level} ${index}`)
  expect(new Set(names).size).toBe(names.length)
  // Of 70 leaves: 35 pairs, 17 of four, and so on.
  expect(names).toHaveLength(35 + 17 + 8 + 4 + 2 + 1)
  const expected = await find(complete)
  for (const [at, { hash }] of complete.entries())
    expect(Buffer.compare(hash, expected[at] ?? EMPTY_ROOT)).toBe(0)
})

test('every leaf of every size is proven to be in, and in no other place or tree', async () => {
  for (let size = 1; size <= hashes.length; size++) {
    const root = naiveRoot(hashes.slice(0, size))
    expect(Buffer.compare(await rootOf(size, find), root)).toBe(0)
    for (let index = 0; index < size; index++) {
      const path = await hashesOf(inclusionRanges(index, size), find)
      const leaf = hashes[index] as Buffer
      expect(isIncluded(leaf, { index, size, root, path })).toBe(true)
      expect(isIncluded(leaf, { index: (index + 1) % (size + 1), size, root, path })).toBe(false)
      expect(isIncluded(leafHash(Buffer.from('x')), { index, size, root, path })).toBe(false)
      expect(isIncluded(leaf, { index, size, root, path: [...path, leaf] })).toBe(false)
      if (path.length > 0)
        expect(isIncluded(leaf, { index, size, root, path: path.slice(1) })).toBe(false)
    }
  }
})

test('every size is proven to be the beginning of every later one, and of no other tree', async () => {
  for (let second = 1; second <= hashes.length; second++)
    for (let first = 0; first <= second; first++) {
      const path = await hashesOf(consistencyRanges(first, second), find)
      const before = { size: first, root: naiveRoot(hashes.slice(0, first)) }
      const after = { size: second, root: naiveRoot(hashes.slice(0, second)) }
      expect(isConsistent(before, after, path)).toBe(true)
      if (first === 0 || first === second) continue
      const other = { size: first, root: leafHash(Buffer.from('other')) }
      expect(isConsistent(other, after, path)).toBe(false)
      expect(isConsistent(before, { ...after, root: other.root }, path)).toBe(false)
      expect(isConsistent(before, after, path.slice(1))).toBe(false)
    }
})
