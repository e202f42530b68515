import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createAccount,
  findAccount,
  findAccountByEmail,
  listAccounts,
  normalizeEmail,
  sealStoredAccounts,
} from '../../src/accounts/accounts.ts'
import { hashPassword } from '../../src/accounts/passwords.ts'
import { signIn } from '../../src/accounts/sign-in.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { PASSWORD, startPortal, type TestPortal } from '../support/portal.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

const newEmail = () => `Xiomara-${randomUUID()}@Example.Test`

/** As an earlier version stored it. */
async function storeInTheClear(email: string): Promise<string> {
  const [row] = await portal.db<{ id: string }[]>`
    insert into account (email, email_key, email_verified, given_name, surname, password_hash)
    values (${email}, ${normalizeEmail(email)}, true, 'Xiomara', 'Villeda', ${await hashPassword(PASSWORD, { email, givenName: 'Xiomara', surname: 'Villeda', issuer: undefined })})
    returning id`
  return row?.id ?? ''
}

const rowOf = async (id: string) => {
  const [row] = await portal.db`
    select row_to_json(account)::text as row from account where id = ${id}`
  return row?.row as string
}

const trySignIn = (email: string) =>
  signIn(
    portal.parts,
    { email, password: PASSWORD, address: '192.0.2.1' },
    async ({ accountId }) => ({ outcome: 'signed-in', accountId, method: 'password' }),
  )

/** The same answers, whichever form the row has. */
async function expectFound(id: string, email: string) {
  const { db, parts } = portal
  const account = { id, email, givenName: 'Xiomara', surname: 'Villeda', status: 'active' }
  expect(await findAccount(db, parts.vault, id)).toMatchObject(account)
  expect(await findAccountByEmail(db, parts.vault, email.toUpperCase())).toMatchObject(account)
  expect(await listAccounts(db, parts.vault)).toContainEqual(expect.objectContaining(account))
  expect(await trySignIn(email)).toMatchObject({ outcome: 'signed-in', accountId: id })
  const same = { email: ` ${email}`, givenName: 'Other', surname: 'Person' }
  await expect(createAccount(parts, same)).rejects.toThrow('exists already')
}

test('a resident is found by every spelling of their e-mail, and the row shows neither it nor the name', async () => {
  const email = newEmail()
  const { id } = await createAccount(portal.parts, {
    email,
    givenName: 'Xiomara',
    surname: 'Villeda',
    password: PASSWORD,
  })
  await expectFound(id, email)
  expect(await rowOf(id)).not.toMatch(/xiomara|villeda|example/i)
})

test('a resident who was stored in the clear is found before and after the worker sealed them', async () => {
  const emails = [newEmail(), newEmail()]
  const ids = await Promise.all(emails.map(storeInTheClear))
  await expectFound(ids[0] ?? '', emails[0] ?? '')
  while ((await sealStoredAccounts(portal.db, portal.parts.vault)) > 0);
  for (const [index, id] of ids.entries()) {
    await expectFound(id, emails[index] ?? '')
    expect(await rowOf(id)).not.toMatch(/xiomara|villeda|example/i)
  }
})

test('of many that create one e-mail at the same moment, one gets it', async () => {
  const account = { email: newEmail(), givenName: 'Xiomara', surname: 'Villeda' }
  const all = await Promise.allSettled(
    Array.from({ length: 6 }, () => createAccount(portal.parts, account)),
  )
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const each of all)
    if (each.status === 'rejected') expect(String(each.reason)).toContain('exists already')
})

test('counters of failed sign-ins and links by mail name nobody', async () => {
  const { db, parts } = portal
  const email = newEmail()
  await createAccount(parts, { email, givenName: 'Xiomara', surname: 'Villeda' })
  await trySignIn(email)
  const browser = createUserAgent()
  await browser.submit(await browser.open(`${portal.issuer}/reset`), 'send', { email })
  const rows = await db`select row_to_json(sign_in_throttle)::text as row from sign_in_throttle`
  expect(rows.length).toBeGreaterThan(2)
  for (const { row } of rows) expect(row).not.toMatch(/xiomara|example/i)
})
