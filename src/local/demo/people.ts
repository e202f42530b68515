import { createAccount, findAccount, findAccountByEmail } from '../../accounts/accounts.ts'
import { findVerificationRow } from '../../id-verification/store.ts'
import type { Served } from '../../serve.ts'
import { inventPerson, type Person } from '../sandbox/specimen.ts'

type Resident = {
  email: string
  givenName: string
  surname: string
  /** What is on the resident's document. */
  card: Partial<Person>
}

/** Of all residents of the demo. */
export const PASSWORD = 'lantern orchard violet drum'

export const ANA: Resident = {
  email: 'ana.mejia@example.test',
  givenName: 'Ana',
  surname: 'Mejía',
  card: {
    sex: 'F',
    dateOfBirth: '1990-02-03',
    documentNumber: 'U19900204',
    validUntil: '2034-05-21',
  },
}

/** Not verified when the demo starts. */
export const LUIS: Resident = {
  email: 'luis.zelaya@example.test',
  givenName: 'Luis',
  surname: 'Zelaya',
  card: {
    sex: 'M',
    dateOfBirth: '1985-11-27',
    documentNumber: 'U19851128',
    validUntil: '2033-09-14',
  },
}

export const findOrCreateResident = async (
  { context }: Served,
  { email, givenName, surname }: Resident,
) =>
  (await findAccountByEmail(context.db, context.vault, email)) ??
  (await createAccount(context, { email, givenName, surname, password: PASSWORD }))

/**
 * The person whose document the vendor sees in a verification of the portal: the resident who is verified, with one face and one number
 * in every session.
 */
export async function findHolder(
  { db, vault }: Served['context'],
  verificationId: string,
): Promise<Person | undefined> {
  const verification = await findVerificationRow(db, verificationId)
  const account = verification?.accountId && (await findAccount(db, vault, verification.accountId))
  if (!account) return undefined
  const { id, email, givenName, surname } = account
  const { card } = [ANA, LUIS].find((each) => each.email === email) ?? {}
  return inventPerson(id, { givenName, surname, ...(card ?? guessSex(givenName)) })
}

/** Most given names that end in "a" are women's: so a drawing rarely surprises its owner. */
const guessSex = (givenName: string): Partial<Person> =>
  /a$/i.test(givenName.split(' ')[0] ?? '') ? { sex: 'F' } : {}
