import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAccount } from '../../src/accounts/accounts.ts'
import { createLocalKeyService } from '../../src/platform/key-service.ts'
import { createSealer } from '../../src/platform/secrets.ts'
import { createVault } from '../../src/platform/vault.ts'
import { createDatabase } from '../support/database.ts'

let database: Awaited<ReturnType<typeof createDatabase>>
beforeAll(async () => {
  database = await createDatabase()
})
afterAll(() => database.drop())

const encryptionKey = randomBytes(32)
const openVault = (keys = [encryptionKey]) =>
  createVault(database.db, createLocalKeyService(createSealer(keys)))
const place = { table: 'attempt_document', column: 'findings_sealed', row: '1' }

async function addAccount() {
  const { id } = await createAccount(
    { db: database.db, vault: openVault() },
    {
      email: `${randomUUID()}@example.test`,
      givenName: 'Ana',
      surname: 'Mejia',
    },
  )
  return { accountId: id }
}

test('a sealed value opens in its place, in another process too, and shows nothing of itself', async () => {
  const { db } = database
  const sealed = await openVault().seal(db, await addAccount(), place, 'MEJIA, ANA')
  expect(sealed.includes('MEJIA')).toBe(false)
  expect((await openVault().open(db, place, sealed)).toString()).toBe('MEJIA, ANA')
})

test.each([
  ['table', { ...place, table: 'account' }],
  ['column', { ...place, column: 'other' }],
  ['row', { ...place, row: '2' }],
])('a sealed value that was moved to another %s does not open', async (_what, elsewhere) => {
  const { db } = database
  const sealed = await openVault().seal(db, await addAccount(), place, 'MEJIA')
  await expect(openVault().open(db, elsewhere, sealed)).rejects.toThrow()
})

test('a sealed value of which any byte was changed does not open', async () => {
  const { db } = database
  const vault = openVault()
  const sealed = await vault.seal(db, await addAccount(), place, 'MEJIA')
  for (const index of sealed.keys()) {
    const changed = Buffer.from(sealed)
    changed[index] = (changed[index] ?? 0) ^ 1
    await expect(vault.open(db, place, changed)).rejects.toThrow()
  }
})

test('erasing the owner destroys the key: the value does not open any more', async () => {
  const { db } = database
  const owner = await addAccount()
  const sealed = await openVault().seal(db, owner, place, 'MEJIA')
  await db`delete from account where id = ${owner.accountId}`
  await expect(openVault().open(db, place, sealed)).rejects.toThrow('destroyed')
})

test('two processes that seal for the first time use one key', async () => {
  const { db } = database
  const owner = await addAccount()
  const all = await Promise.all(
    Array.from({ length: 8 }, () => openVault().seal(db, owner, place, 'MEJIA')),
  )
  expect(new Set(all.map((sealed) => sealed.subarray(1, 17).toString('hex'))).size).toBe(1)
})

test('what a rolled back transaction sealed first leaves no key behind that others would use', async () => {
  const { db } = database
  const owner = await addAccount()
  const vault = openVault()
  await expect(
    db.begin(async (sql) => {
      await vault.seal(sql, owner, place, 'MEJIA')
      throw new Error('rolled back')
    }),
  ).rejects.toThrow('rolled back')
  const sealed = await vault.seal(db, owner, place, 'MEJIA')
  expect((await openVault().open(db, place, sealed)).toString()).toBe('MEJIA')
})

test('without the encryption key, a copy of the database opens nothing', async () => {
  const { db } = database
  const sealed = await openVault().seal(db, await addAccount(), place, 'MEJIA')
  await expect(openVault([randomBytes(32)]).open(db, place, sealed)).rejects.toThrow(
    'not configured',
  )
  const rotated = openVault([randomBytes(32), encryptionKey])
  expect((await rotated.open(db, place, sealed)).toString()).toBe('MEJIA')
})
