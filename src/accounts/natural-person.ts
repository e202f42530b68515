import { z } from 'zod'
import { type Db, isDuplicateKey, type Sql } from '../db.ts'
import { displayedText } from '../displayed-text.ts'
import { OperatorError } from '../errors.ts'
import type { Vault } from '../vault.ts'
import { findAccount, lockAccount, sealStoredAccount, setNameFromRegistry } from './accounts.ts'

const text = displayedText('a text of a person', 200)
const date = z.iso.date()
const personSchema = z.strictObject({
  residentPermitNumber: z
    .string()
    .regex(/^\d{14}$/, 'must be 14 digits')
    .nullable(),
  countryOfBirth: text.nullable(),
  citizenships: z.array(text).max(20),
  dateOfBirth: date.nullable(),
  sex: z.enum(['M', 'F']).nullable(),
  address: z
    .strictObject({
      country: text,
      line1: text,
      line2: text.nullable().default(null),
      city: text,
      state: text.nullable().default(null),
      postalCode: text,
    })
    .nullable(),
  phoneNumber: z
    .string()
    .regex(/^\+[0-9 ()-]{4,30}$/, 'must be an international number such as +504 2222 0000')
    .nullable(),
})
const residencySchema = z
  .strictObject({
    effectiveDate: date,
    terminationDate: date.nullable().default(null),
    residencyType: z.enum(['Limited e-Resident', 'e-Resident', 'Resident']),
    version: z.string().regex(/^v\d{2}\.\d{2}\.\d{4}$/, 'must look like v08.29.2024'),
  })
  .refine(
    ({ effectiveDate, terminationDate }) => !terminationDate || terminationDate >= effectiveDate,
    { path: ['terminationDate'], error: 'must not be before the effective date' },
  )

/** What an operator may load of a person: each part as a whole or not at all; `residency: null` takes it away. */
const personFileSchema = z.strictObject({
  ...personSchema.partial().shape,
  /** The registry's name: it replaces the account's, whoever stated that. */
  givenName: text.optional(),
  surname: text.optional(),
  residency: residencySchema.nullable().optional(),
})

/** As the real portal prints it (`providers.md` §2.6). */
export type NaturalPerson = z.infer<typeof personSchema> & {
  givenName: string
  surname: string
  name: string
}
export type Residency = {
  wasEverResident: boolean
  activeResidency: z.infer<typeof residencySchema> | null
}

type PersonDocument = z.infer<typeof personSchema>
type ResidencyDocument = z.infer<typeof residencySchema>

const NOTHING_KNOWN: PersonDocument = {
  residentPermitNumber: null,
  countryOfBirth: null,
  citizenships: [],
  dateOfBirth: null,
  sex: null,
  address: null,
  phoneNumber: null,
}

const placeOf = (table: 'natural_person' | 'residency', accountId: string) => ({
  table,
  column: 'document_sealed',
  row: accountId,
})

/**
 * Loads what is given and leaves the rest. `onChanged` runs in the same transaction, last: what is compared with the
 * person is compared anew. Throws OperatorError that names every fault.
 */
export async function setPerson(
  { db, vault }: { db: Db; vault: Vault },
  accountId: string,
  given: unknown,
  onChanged: (sql: Sql) => Promise<void>,
): Promise<void> {
  const parsed = personFileSchema.safeParse(given)
  if (!parsed.success)
    throw new OperatorError(
      `The data of this person has a fault: ${parsed.error.issues
        .map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '))
        .join('; ')}.`,
    )
  const { residency, givenName, surname, ...person } = parsed.data
  await sealStoredAccount(db, vault, accountId)
  await db.begin(async (sql) => {
    await lockAccount(sql, accountId)
    await sql`insert into natural_person (account_id) values (${accountId}) on conflict do nothing`
    await sql`select from natural_person where account_id = ${accountId} for update`
    const before = (await readPerson(sql, vault, accountId)) ?? NOTHING_KNOWN
    await writePerson(sql, vault, accountId, { ...before, ...person })
    if (givenName !== undefined || surname !== undefined)
      await setNameFromRegistry(sql, vault, accountId, { givenName, surname })
    if (residency === null) await sql`delete from residency where account_id = ${accountId}`
    if (residency) await writeResidency(sql, vault, accountId, residency)
    await onChanged(sql)
  })
}

/** Throws OperatorError when another resident has the permit number. */
async function writePerson(
  sql: Sql,
  vault: Vault,
  accountId: string,
  person: PersonDocument,
): Promise<void> {
  const place = placeOf('natural_person', accountId)
  const sealed = await vault.seal(sql, { accountId }, place, JSON.stringify(person))
  const permit = person.residentPermitNumber
  const column = { table: 'natural_person', column: 'permit_mac' }
  const mac = permit === null ? null : await vault.mac(sql, column, permit)
  const taken = () => new OperatorError('Another resident has this permit number.')
  // Not sealed yet: the other's is there in the clear.
  const [plain] = await sql`
    select from natural_person where resident_permit_number = ${permit} and account_id <> ${accountId}`
  if (plain) throw taken()
  try {
    await sql`
      update natural_person set document_sealed = ${sealed}, permit_mac = ${mac},
        resident_permit_number = null, country_of_birth = null, citizenships = '{}', date_of_birth = null,
        sex = null, address = null, phone_number = null, updated_at = now()
      where account_id = ${accountId}`
  } catch (error) {
    if (isDuplicateKey(error)) throw taken()
    throw error
  }
}

async function writeResidency(
  sql: Sql,
  vault: Vault,
  accountId: string,
  residency: ResidencyDocument,
): Promise<void> {
  const place = placeOf('residency', accountId)
  const sealed = await vault.seal(sql, { accountId }, place, JSON.stringify(residency))
  await sql`
    insert into residency (account_id, document_sealed) values (${accountId}, ${sealed})
    on conflict (account_id) do update set document_sealed = excluded.document_sealed, effective_date = null,
      termination_date = null, residency_type = null, version = null, updated_at = now()`
}

/** As stored: sealed, or in the clear where it was loaded before it was sealed. */
async function readPerson(
  sql: Sql,
  vault: Vault,
  accountId: string,
): Promise<PersonDocument | undefined> {
  const [row] = await sql<(PersonDocument & { documentSealed: Buffer | null })[]>`
    select document_sealed, resident_permit_number, country_of_birth, citizenships,
      to_char(date_of_birth, 'YYYY-MM-DD') as date_of_birth, sex, address, phone_number
    from natural_person where account_id = ${accountId}`
  if (!row) return undefined
  const { documentSealed, ...plain } = row
  if (!documentSealed) return plain
  const opened = await vault.open(sql, placeOf('natural_person', accountId), documentSealed)
  return JSON.parse(opened.toString()) as PersonDocument
}

async function readResidency(
  sql: Sql,
  vault: Vault,
  accountId: string,
): Promise<ResidencyDocument | undefined> {
  const [row] = await sql<(ResidencyDocument & { documentSealed: Buffer | null })[]>`
    select document_sealed, to_char(effective_date, 'YYYY-MM-DD') as effective_date,
      to_char(termination_date, 'YYYY-MM-DD') as termination_date, residency_type, version
    from residency where account_id = ${accountId}`
  if (!row) return undefined
  const { documentSealed, ...plain } = row
  if (!documentSealed) return plain
  const opened = await vault.open(sql, placeOf('residency', accountId), documentSealed)
  return JSON.parse(opened.toString()) as ResidencyDocument
}

const BATCH = 100

/** Seals some of what was loaded in the clear. Answers how much there was, 0 when all is sealed. */
export async function sealStoredPersons(db: Db, vault: Vault): Promise<number> {
  return await db.begin(async (sql) => {
    const persons = await sql<{ accountId: string }[]>`
      select account_id from natural_person where document_sealed is null
      order by account_id limit ${BATCH} for update skip locked`
    for (const { accountId } of persons) {
      const person = await readPerson(sql, vault, accountId)
      if (person) await writePerson(sql, vault, accountId, person)
    }
    const residencies = await sql<{ accountId: string }[]>`
      select account_id from residency where document_sealed is null
      order by account_id limit ${BATCH} for update skip locked`
    for (const { accountId } of residencies) {
      const residency = await readResidency(sql, vault, accountId)
      if (residency) await writeResidency(sql, vault, accountId, residency)
    }
    return persons.length + residencies.length
  })
}

/** `undefined` for an account that is not there. */
export async function findPerson(
  sql: Sql,
  vault: Vault,
  accountId: string,
): Promise<NaturalPerson | undefined> {
  const account = await findAccount(sql, vault, accountId)
  if (!account) return undefined
  const { givenName, surname } = account
  const person = (await readPerson(sql, vault, accountId)) ?? NOTHING_KNOWN
  return { givenName, surname, name: `${givenName} ${surname}`, ...person }
}

/** What a document is compared with: the account's name with who stated it, and the registry's birth date (`YYYY-MM-DD`). */
export type AccountReference = {
  givenName: string
  surname: string
  dateOfBirth: string | undefined
  statedBy: 'registry' | 'operator' | 'resident'
}

export async function findReference(
  sql: Sql,
  vault: Vault,
  accountId: string,
): Promise<AccountReference | undefined> {
  const account = await findAccount(sql, vault, accountId)
  if (!account) return undefined
  const { nameSource, givenName, surname } = account
  const person = await readPerson(sql, vault, accountId)
  const dateOfBirth = person?.dateOfBirth ?? undefined
  // What the resident typed is no reference; a birth date is the registry's own.
  if (nameSource === 'resident')
    return dateOfBirth === undefined
      ? { givenName, surname, dateOfBirth, statedBy: 'resident' }
      : { givenName: '', surname: '', dateOfBirth, statedBy: 'registry' }
  return {
    givenName,
    surname,
    dateOfBirth,
    // A name that came from an earlier document was compared then: the next document must be the same person's.
    statedBy: nameSource === 'document' ? 'registry' : nameSource,
  }
}

/** Whether the person has had this birthday, in UTC; null where the date of birth is not known. */
export async function isOver(
  sql: Sql,
  vault: Vault,
  accountId: string,
  age: number,
): Promise<boolean | null> {
  const { dateOfBirth } = (await readPerson(sql, vault, accountId)) ?? NOTHING_KNOWN
  return dateOfBirth === null ? null : hasHadBirthday(dateOfBirth, age, today())
}

/** `today` as `YYYY-MM-DD`. Who was born on February 29 has the birthday on the 28th in other years. */
export function hasHadBirthday(dateOfBirth: string, age: number, today: string): boolean {
  const [year = 0, month = 0, day = 0] = dateOfBirth.split('-').map(Number)
  const lastDay = new Date(Date.UTC(year + age, month, 0)).getUTCDate()
  const birthday = [
    String(year + age).padStart(4, '0'),
    String(month).padStart(2, '0'),
    String(Math.min(day, lastDay)).padStart(2, '0'),
  ]
  return birthday.join('-') <= today
}

const today = () => new Date().toISOString().slice(0, 10)

/** Of today, in UTC: a residency that has ended, or not begun, is none that is active. */
export async function findResidency(sql: Sql, vault: Vault, accountId: string): Promise<Residency> {
  const residency = await readResidency(sql, vault, accountId)
  if (!residency) return { wasEverResident: false, activeResidency: null }
  const now = today()
  const hasBegun = residency.effectiveDate <= now
  const hasEnded = residency.terminationDate !== null && residency.terminationDate < now
  return { wasEverResident: hasBegun, activeResidency: hasBegun && !hasEnded ? residency : null }
}
