import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const root = new URL('../../', import.meta.url).pathname
const read = (name: string) => readFileSync(join(root, name), 'utf8')
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((name) => /\.(md|ts|sql)$/.test(name) && existsSync(join(root, name)))
const documents = files.filter((name) => name.endsWith('.md'))
const SECTION = /^#+ (\d+(?:\.\d+)?)\.? /gm

/** As GitHub names a heading's anchor. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

test('every link of a document leads to a file and a heading that exist', () => {
  const links = documents.flatMap((name) =>
    [...read(name).matchAll(/\]\(([^)\s:]*?)(?:#([^)\s]+))?\)/g)].map(([, path, anchor]) => ({
      name,
      target: path ? join(dirname(name), path) : name,
      anchor,
    })),
  )
  expect(links.length).toBeGreaterThan(40)
  const broken = links.filter(({ target, anchor }) => {
    if (!existsSync(join(root, target))) return true
    if (!anchor) return false
    const headings = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => text)
    return !headings.map(anchorOf).includes(anchor)
  })
  expect(broken).toEqual([])
})

test('every document that code, tests and documents name is in the repository', () => {
  const missing = files.flatMap((name) =>
    [...read(name).matchAll(/(?<![\w.:/-])((?:docs\/)?[\w-]+\.md)\b/g)]
      .map(([, document = '']) => document)
      .filter(
        (document) =>
          ![document, join(dirname(name), document), join('docs', document)].some((place) =>
            existsSync(join(root, place)),
          ),
      )
      .map((document) => `${name} names ${document}`),
  )
  expect(missing).toEqual([])
})

test('every source file that a document names exists', () => {
  const missing = documents.flatMap((name) =>
    [...read(name).matchAll(/`([\w.-]+\/[\w./-]+\.(?:ts|js|css|sql|json))`/g)]
      .map(([, path = '']) => path)
      .filter((path) => !['', 'src', 'docs'].some((base) => existsSync(join(root, base, path))))
      .map((path) => `${name} names ${path}`),
  )
  expect(missing).toEqual([])
})

test('every section of the contract and of the protocols that is named exists', () => {
  for (const document of ['docs/contract.md', 'docs/vendor-protocols.md']) {
    const sections = new Set([...read(document).matchAll(SECTION)].map(([, number]) => number))
    const named = files.flatMap((name) =>
      [...read(name).matchAll(new RegExp(`${document}\`? §([0-9]+(?:\\.[0-9]+)?)`, 'g'))].map(
        ([, number]) => ({ number, text: `${name} names ${document} §${number}` }),
      ),
    )
    expect(named.length).toBeGreaterThan(3)
    const missing = named.filter(({ number }) => !sections.has(number))
    expect(missing.map(({ text }) => text)).toEqual([])
  }
})

test('no document calls the project open source, and package.json says UNLICENSED', () => {
  expect(JSON.parse(read('package.json')).license).toBe('UNLICENSED')
  const open = documents.filter((name) => /\bopen[- ]source\b|\bopen identity\b/i.test(read(name)))
  expect(open).toEqual([])
})
