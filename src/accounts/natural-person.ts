import { z } from 'zod'
import type { Db, Sql } from '../db.ts'
import { displayedText } from '../displayed-text.ts'
import { OperatorError } from '../errors.ts'

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

/**
 * Loads what is given and leaves the rest. `onChanged` runs in the same transaction, last: what is compared with the
 * person is compared anew. Throws OperatorError that names every fault.
 */
export async function setPerson(
  db: Db,
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
  await db.begin(async (sql) => {
    await sql`insert into natural_person (account_id) values (${accountId}) on conflict do nothing`
    const columns = {
      ...('residentPermitNumber' in person && {
        resident_permit_number: person.residentPermitNumber ?? null,
      }),
      ...('countryOfBirth' in person && { country_of_birth: person.countryOfBirth ?? null }),
      ...(person.citizenships && { citizenships: person.citizenships }),
      ...('dateOfBirth' in person && { date_of_birth: person.dateOfBirth ?? null }),
      ...('sex' in person && { sex: person.sex ?? null }),
      ...('address' in person && {
        address: person.address ? sql.json(person.address) : null,
      }),
      ...('phoneNumber' in person && { phone_number: person.phoneNumber ?? null }),
    }
    try {
      await sql`
        update natural_person set ${sql({ ...columns, updated_at: new Date() } as never)}
        where account_id = ${accountId}`
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === '23505')
        throw new OperatorError('Another resident has this permit number.', { cause: error })
      throw error
    }
    if (givenName !== undefined || surname !== undefined)
      await sql`
        update account set given_name = coalesce(${givenName ?? null}, given_name),
          surname = coalesce(${surname ?? null}, surname), name_source = 'registry', updated_at = now()
        where id = ${accountId}`
    if (residency === null) await sql`delete from residency where account_id = ${accountId}`
    if (residency)
      await sql`
        insert into residency (account_id, effective_date, termination_date, residency_type, version)
        values (${accountId}, ${residency.effectiveDate}, ${residency.terminationDate},
          ${residency.residencyType}, ${residency.version})
        on conflict (account_id) do update set effective_date = excluded.effective_date,
          termination_date = excluded.termination_date, residency_type = excluded.residency_type,
          version = excluded.version, updated_at = now()`
    await onChanged(sql)
  })
}

/** `undefined` for an account that is not there. */
export async function findPerson(sql: Sql, accountId: string): Promise<NaturalPerson | undefined> {
  const [row] = await sql<NaturalPerson[]>`
    select given_name, surname, given_name || ' ' || surname as name, resident_permit_number,
      country_of_birth, coalesce(citizenships, '{}') as citizenships,
      to_char(date_of_birth, 'YYYY-MM-DD') as date_of_birth, sex, address, phone_number
    from account left join natural_person on account_id = id where id = ${accountId}`
  return row
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
  accountId: string,
): Promise<AccountReference | undefined> {
  const [row] = await sql<
    {
      givenName: string
      surname: string
      dateOfBirth: string | null
      nameSource: 'registry' | 'operator' | 'resident' | 'document'
    }[]
  >`
    select given_name, surname, to_char(date_of_birth, 'YYYY-MM-DD') as date_of_birth, name_source
    from account left join natural_person on account_id = id where id = ${accountId}`
  if (!row) return undefined
  const { nameSource, ...stated } = row
  const dateOfBirth = stated.dateOfBirth ?? undefined
  // What the resident typed is no reference; a birth date is the registry's own.
  if (nameSource === 'resident')
    return dateOfBirth === undefined
      ? { ...stated, dateOfBirth, statedBy: 'resident' }
      : { givenName: '', surname: '', dateOfBirth, statedBy: 'registry' }
  return {
    ...stated,
    dateOfBirth,
    // A name that came from an earlier document was compared then: the next document must be the same person's.
    statedBy: nameSource === 'document' ? 'registry' : nameSource,
  }
}

/** Whether the person has had this birthday, in UTC; null where the date of birth is not known. */
export async function isOver(sql: Sql, accountId: string, age: number): Promise<boolean | null> {
  const [row] = await sql<{ isOver: boolean | null }[]>`
    select (date_of_birth + make_interval(years => ${age}))::date <= (now() at time zone 'UTC')::date as is_over
    from natural_person where account_id = ${accountId}`
  return row?.isOver ?? null
}

/** Of today: a residency that has ended, or not begun, is none that is active. */
export async function findResidency(sql: Sql, accountId: string): Promise<Residency> {
  const [row] = await sql<
    (z.infer<typeof residencySchema> & { isActive: boolean; hasBegun: boolean })[]
  >`
    select to_char(effective_date, 'YYYY-MM-DD') as effective_date,
      to_char(termination_date, 'YYYY-MM-DD') as termination_date, residency_type, version,
      effective_date <= current_date as has_begun,
      effective_date <= current_date and (termination_date is null or termination_date >= current_date) as is_active
    from residency where account_id = ${accountId}`
  if (!row) return { wasEverResident: false, activeResidency: null }
  const { isActive, hasBegun, ...residency } = row
  return { wasEverResident: hasBegun, activeResidency: isActive ? residency : null }
}
