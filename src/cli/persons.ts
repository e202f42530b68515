import type { AppContext } from '../context.ts'
import type { OperatorRead } from '../ledger/details.ts'
import type { Sql } from '../platform/db.ts'
import { requireFound } from './command.ts'

type Person = { accountId?: string | undefined; verificationId?: string | undefined }

/** Writes one ledger row for each person, and only then returns what the operator reads of them. */
export async function showPersons<T>(
  db: Sql,
  of: OperatorRead,
  persons: readonly Person[],
  answer: T,
): Promise<T> {
  const { disclose } = await import('../ledger/disclosure.ts')
  const detail = { what: 'operator-read', of } as const
  return await disclose(
    db,
    persons.map((person) => ({ detail, ...person })),
    () => answer,
  )
}

export const ofAccount = (accountId: string): Person => ({ accountId })

export const ofVerification = (row: { id?: string; accountId?: string | null }): Person => ({
  accountId: row.accountId ?? undefined,
  verificationId: row.id,
})

/** Finds a resident by id or e-mail address. Throws OperatorError when there is none. */
export async function findResident({ db, vault }: Pick<AppContext, 'db' | 'vault'>, key: string) {
  const { findAccount, findAccountByEmail } = await import('../accounts/accounts.ts')
  const account = key.includes('@')
    ? await findAccountByEmail(db, vault, key)
    : await findAccount(db, vault, key)
  return requireFound(account, 'resident')
}
