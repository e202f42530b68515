import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findAccount } from '../../src/accounts/accounts.ts'
import { setPerson } from '../../src/accounts/natural-person.ts'
import type { Sql } from '../../src/db.ts'
import { compareAllWithAccount } from '../../src/id-verification/review.ts'
import {
  createVerification,
  lockVerification,
  recordDecision,
} from '../../src/id-verification/store.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { createVault } from '../../src/vault.ts'
import { isWaiting } from '../support/database.ts'
import { addResident, HOLDER, startPortal, type TestPortal } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'veriff',
    baseUrl: 'http://127.0.0.1:9',
    apiKey: randomUUID(),
    secret: randomUUID(),
  })
})
afterAll(() => portal.close())

/** An account as versions before sealed accounts and data keys stored it. */
async function addStoredAccount(): Promise<string> {
  const email = `${randomUUID()}@example.test`
  const [row] = await portal.db<{ id: string }[]>`
    insert into account (email, email_key, given_name, surname)
    values (${email}, ${email}, ${HOLDER.givenName}, ${HOLDER.surname}) returning id`
  return row?.id ?? ''
}

const start = async (accountId: string) =>
  (await createVerification(portal.db, {
    tenant: 'default',
    whose: { accountId },
    vendor: 'veriff',
    integration: 'default',
    stateSha256: randomBytes(32),
  })) ?? ''

const approve = (sql: Sql, id: string, person: { surname?: string; dateOfBirth?: string } = {}) =>
  recordDecision(
    sql,
    portal.parts.vault,
    id,
    {
      attemptId: 'attempt-1',
      status: 'approved',
      decidedAt: new Date(),
      documentType: 'passport',
      findings: { ...HOLDER, ...person },
    } as Parameters<typeof recordDecision>[3],
    undefined,
  )

async function matchOf(id: string) {
  const [row] = await portal.db<
    { match: string }[]
  >`select match from verification where id = ${id}`
  return row?.match
}

function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

/** Loads a change of the registry; `onWritten` runs in its transaction, before what was approved is compared again. */
const change = (accountId: string, given: object, onWritten = async () => {}) =>
  setPerson(portal.parts, accountId, given, async (sql) => {
    await onWritten()
    await compareAllWithAccount(sql, portal.parts.vault, accountId)
  })

test('a decision and a change of the name, of an account without a data key, do not deadlock', async () => {
  const { db } = portal
  const accountId = await addStoredAccount()
  const id = await start(accountId)
  const locked = gate()
  const proceed = gate()
  const deciding = db.begin(async (sql) => {
    await lockVerification(sql, id)
    locked.open()
    await proceed.opened
    await approve(sql, id, { surname: 'Castro' })
  })
  await locked.opened
  let isWritten = false
  const changing = change(accountId, { surname: 'Castro' }, async () => {
    isWritten = true
  })
  await eventually(async () => isWritten || (await isWaiting(db, '')))
  proceed.open()
  await expect(Promise.allSettled([deciding, changing])).resolves.toMatchObject([
    { status: 'fulfilled' },
    { status: 'fulfilled' },
  ])
  expect(await matchOf(id)).toBe('match')
})

test('whoever makes a data key waits for the account before, not after, the key is written', async () => {
  const { db, parts } = portal
  const accountId = await addStoredAccount()
  const place = { table: 'account', column: 'details_sealed', row: accountId }
  const other = createVault(db, parts.keyService)
  const locked = gate()
  const proceed = gate()
  const first = db.begin(async (sql) => {
    await sql`select from account where id = ${accountId} for update`
    locked.open()
    await proceed.opened
    await parts.vault.seal(sql, { accountId }, place, 'one')
  })
  await locked.opened
  const second = db.begin((sql) => other.seal(sql, { accountId }, place, 'two'))
  await eventually(() => isWaiting(db, ''))
  proceed.open()
  await expect(Promise.allSettled([first, second])).resolves.toMatchObject([
    { status: 'fulfilled' },
    { status: 'fulfilled' },
  ])
})

test('two batches that seal for the same accounts deadlock only where keys are missing, so keys are made first', async () => {
  const { db, parts } = portal
  const sealInOrder = (accountIds: string[], hasFirst: () => void, proceed: Promise<void>) =>
    db.begin(async (sql) => {
      for (const [index, accountId] of accountIds.entries()) {
        const place = { table: 'residency', column: 'document_sealed', row: accountId }
        await createVault(db, parts.keyService).seal(sql, { accountId }, place, 'something')
        if (index > 0) continue
        hasFirst()
        await proceed
      }
    })
  const sealBothWays = async (accountIds: string[]) => {
    const [one, two] = [gate(), gate()]
    const outcomes = await Promise.allSettled([
      sealInOrder(accountIds, one.open, two.opened),
      sealInOrder(accountIds.toReversed(), two.open, one.opened),
    ])
    return outcomes.map((each) => (each.status === 'rejected' ? each.reason.code : 'sealed')).sort()
  }
  const accounts = async () => [await addStoredAccount(), await addStoredAccount()]
  expect(await sealBothWays(await accounts())).toEqual(['40P01', 'sealed'])
  const before = await accounts()
  await parts.vault.makeMissingKeys(() => false)
  expect(await sealBothWays(before)).toEqual(['sealed', 'sealed'])
  const keyless = await db`
    select from account where not exists (select from data_key where account_id = account.id)`
  expect(keyless).toHaveLength(0)
})

test('a decision that comes while the birth date is changed is compared with the new one', async () => {
  const { db, parts } = portal
  const { id: accountId } = await addResident(parts)
  await change(accountId, { dateOfBirth: HOLDER.dateOfBirth })
  const written = gate()
  const proceed = gate()
  const changing = setPerson(parts, accountId, { dateOfBirth: '1971-01-01' }, async (sql) => {
    await compareAllWithAccount(sql, parts.vault, accountId)
    written.open()
    await proceed.opened
  })
  await written.opened
  // Not there when the others were compared.
  const id = await start(accountId)
  let isDecided = false
  const deciding = db
    .begin(async (sql) => {
      await lockVerification(sql, id)
      await approve(sql, id)
    })
    .then(() => {
      isDecided = true
    })
  await eventually(async () => isDecided || (await isWaiting(db, '')))
  proceed.open()
  await Promise.all([changing, deciding])
  expect(await matchOf(id)).toBe('mismatch')
})

test('a decision that comes while the name is changed is compared with the new one', async () => {
  const { db, parts } = portal
  const { id: accountId } = await addResident(parts)
  const id = await start(accountId)
  const written = gate()
  const proceed = gate()
  const changing = change(accountId, { surname: 'Castro' }, async () => {
    written.open()
    await proceed.opened
  })
  await written.opened
  let isDecided = false
  const deciding = db
    .begin(async (sql) => {
      await lockVerification(sql, id)
      await approve(sql, id)
    })
    .then(() => {
      isDecided = true
    })
  await eventually(async () => isDecided || (await isWaiting(db, '')))
  proceed.open()
  await Promise.all([changing, deciding])
  expect((await findAccount(db, parts.vault, accountId))?.surname).toBe('Castro')
  expect(await matchOf(id)).toBe('mismatch')
})
