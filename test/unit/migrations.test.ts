import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readMigrations } from '../../src/platform/migrations.ts'
import { isOlder, OLDEST_COMPATIBLE_VERSION, readVersion } from '../../src/platform/version.ts'

const FOLDER = new URL('../../src/migrations/', import.meta.url)
const EARLIER = new URL('../fixtures/earlier-migrations/', import.meta.url)
const SUMS = 'src/migrations/SHA256SUMS'

const sha256Of = (file: URL) => createHash('sha256').update(readFileSync(file)).digest('hex')
const sqlFiles = (folder: URL) => readdirSync(folder).filter((name) => name.endsWith('.sql'))

test('migrations are frozen: each has its sum, and is what the sum says', () => {
  const sums = new Map(
    readFileSync(new URL('SHA256SUMS', FOLDER), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [, sha256 = '', name = ''] = /^([0-9a-f]{64}) {2}(\S+)$/.exec(line) ?? []
        return [name, sha256] as const
      }),
  )
  const files = [
    ...sqlFiles(FOLDER),
    ...sqlFiles(new URL('repairs/', FOLDER)).map((name) => `repairs/${name}`),
  ]
  const faults = [
    ...files
      .filter((name) => !sums.has(name))
      .map(
        (name) =>
          `${name} has no sum: run (cd src/migrations && sha256sum ${name} >> SHA256SUMS). From then on it stays as it is.`,
      ),
    ...[...sums.keys()]
      .filter((name) => !files.includes(name))
      .map((name) => `${name} is in ${SUMS}, and missing: restore the file.`),
    ...files
      .filter((name) => sums.has(name) && sums.get(name) !== sha256Of(new URL(name, FOLDER)))
      .map(
        (name) =>
          `${name} was edited: restore its text (git checkout -- src/migrations/${name}), and put the change into a new migration.`,
      ),
  ]
  expect(faults).toEqual([])
})

test('numbers are used once, and every file can be read', async () => {
  const migrations = await readMigrations(FOLDER)
  const numbers = migrations.map(({ name }) => name.slice(0, 5))
  expect(numbers.filter((number) => !/^\d{4}_$/.test(number))).toEqual([])
  expect(new Set(numbers).size).toBe(numbers.length)
})

/** What code of the version before cannot live with, or what locks a table for long (docs/upgrades.md). */
function listBreaches(text: string): string[] {
  const sql = text.replaceAll(/--.*$/gm, '').toLowerCase()
  const created = [...sql.matchAll(/\bcreate (?:unlogged )?table (\w+)/g)].map(([, name]) => name)
  const isOfNewTable = (statement: string) =>
    created.includes(/\b(?:table|on) (?:only )?(\w+)/.exec(statement)?.[1])
  return sql.split(';').flatMap((statement) => {
    if (isOfNewTable(statement)) return []
    const columns = statement.match(/\badd column [^,]*/g) ?? []
    return [
      ...(statement.match(/\bdrop (?:table|view|column)\b|\brename\b/g) ?? []),
      ...(statement.match(/\balter column \w+ (?:(?:set data )?type|set not null)\b/g) ?? []),
      ...columns.filter((column) => /\bnot null\b/.test(column) && !/\bdefault\b/.test(column)),
      ...(statement.match(/\bcreate (?:unique )?index (?!concurrently\b)\w+/g) ?? []),
      ...(/\badd (?:constraint \w+ )?(?:check|foreign key)\b(?!.*\bnot valid\b)/s.exec(statement) ??
        []),
    ]
  })
}

test('a migration breaks no code of the version before, unless it says that it contracts', async () => {
  const faults = (await readMigrations(FOLDER))
    .filter(({ name, text }) => name >= '0040' && !text.startsWith('-- contracts: '))
    .flatMap(({ name, text }) => listBreaches(text).map((breach) => `${name}: ${breach.trim()}`))
  expect(faults).toEqual([])
})

test.each([
  ['alter table client add column a text, add column b integer not null default 0', []],
  ['create table a (id integer not null); create index a_id on a (id)', []],
  ['-- outside of a transaction\ncreate index concurrently a on client (name)', []],
  ['alter table client add constraint a check (length(name) > 0) not valid', []],
  ['alter table client add column a text not null', ['add column a text not null']],
  ['alter table client drop column name, rename updated_at to at', ['drop column', 'rename']],
  ['alter table client alter column name set not null', ['alter column name set not null']],
  ['create index a on client (name)', ['create index a']],
  ['alter table client add check (length(name) > 0)', ['add check']],
])('%s breaches %j', (text, expected) => {
  expect(listBreaches(text)).toEqual(expected)
})

test('each earlier text of a migration has its repair', () => {
  const earlier = sqlFiles(EARLIER)
  expect(sqlFiles(new URL('repairs/', FOLDER))).toEqual(earlier)
  expect(earlier.length).toBeGreaterThan(0)
  for (const name of earlier)
    expect(name.split('.').at(-2)).toBe(sha256Of(new URL(name, EARLIER)).slice(0, 12))
})

test('the schema works with the code of this version and of the one before', () => {
  expect(isOlder(readVersion(), OLDEST_COMPATIBLE_VERSION)).toBe(false)
  const changelog = readFileSync(new URL('../../CHANGELOG.md', import.meta.url), 'utf8')
  const releases = [...changelog.matchAll(/^## \[(\d+\.\d+\.\d+)\]/gm)].map(([, name]) => name)
  expect(releases.slice(0, 2)).toContain(OLDEST_COMPATIBLE_VERSION)
  expect(releases[0]).toBe(readVersion())
})

test.each([
  ['0.1.0', '0.2.0', true],
  ['0.2.0', '0.2.0', false],
  ['0.9.0', '0.10.0', true],
  ['0.10.0', '0.9.9', false],
  ['0.2.9', '1.0.0', true],
  ['1.0.0', '0.9.0', false],
])('%s is older than %s: %s', (version, other, expected) => {
  expect(isOlder(version, other)).toBe(expected)
})
