import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  findPerson,
  findReference,
  findResidency,
  hasReachedAge,
  sealStoredPersons,
} from '../../src/accounts/natural-person.ts'
import { addResident, startPortal, type TestPortal } from '../support/portal.ts'
import { loadPerson } from '../support/verifications.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

const PERSON = {
  residentPermitNumber: '10203040506070',
  countryOfBirth: 'Honduras',
  citizenships: ['Honduras'],
  dateOfBirth: '1990-02-03',
  sex: 'F',
  address: {
    country: 'Honduras',
    line1: 'Calle Secreta 7',
    line2: null,
    city: 'Roatán',
    state: null,
    postalCode: '34101',
  },
  phoneNumber: '+504 2222 0000',
}
const RESIDENCY = {
  effectiveDate: '2024-01-01',
  terminationDate: null,
  residencyType: 'e-Resident',
  version: 'v08.29.2024',
}

async function rowsOf(accountId: string) {
  const rows = [
    await portal.db`select row_to_json(natural_person)::text as row from natural_person where account_id = ${accountId}`,
    await portal.db`select row_to_json(residency)::text as row from residency where account_id = ${accountId}`,
  ]
  // What is sealed may contain any digits.
  return rows.flat().map(({ row }) => (row as string).replaceAll(/\\+x[0-9a-f]+/g, '(bytes)'))
}

/** As an earlier version loaded it. */
async function loadInTheClear(accountId: string, permit: string) {
  await portal.db`
    insert into natural_person (account_id, resident_permit_number, country_of_birth, citizenships, date_of_birth, sex,
      address, phone_number)
    values (${accountId}, ${permit}, 'Honduras', '{Honduras}', '1990-02-03', 'F',
      ${portal.db.json(PERSON.address)}, ${PERSON.phoneNumber})`
  await portal.db`
    insert into residency (account_id, effective_date, residency_type, version)
    values (${accountId}, '2024-01-01', 'e-Resident', 'v08.29.2024')`
}

test('what the registry says of a person is found whole, and stands nowhere in the clear', async () => {
  const { db, parts } = portal
  const { id } = await addResident(parts)
  await loadPerson(parts, id, { ...PERSON, residency: RESIDENCY })
  expect(await findPerson(db, parts.vault, id)).toMatchObject(PERSON)
  expect((await findResidency(db, parts.vault, id)).activeResidency).toEqual(RESIDENCY)
  expect((await findReference(db, parts.vault, id))?.dateOfBirth).toBe('1990-02-03')
  expect(await hasReachedAge(db, parts.vault, id, 18)).toBe(true)
  const rows = await rowsOf(id)
  expect(rows).toHaveLength(2)
  for (const row of rows)
    expect(row).not.toMatch(/10203040506070|Honduras|1990|Secreta|2222|2024|e-Resident/)
})

test('a part that is loaded alone leaves the others', async () => {
  const { parts, db } = portal
  const { id } = await addResident(parts)
  await loadPerson(parts, id, { ...PERSON, residentPermitNumber: null })
  await loadPerson(parts, id, { phoneNumber: '+504 3333 0000' })
  expect(await findPerson(db, parts.vault, id)).toMatchObject({
    ...PERSON,
    residentPermitNumber: null,
    phoneNumber: '+504 3333 0000',
  })
})

test('one permit number belongs to one resident, whether the other is sealed already or not', async () => {
  const { parts } = portal
  const [first, second, third] = await Promise.all([1, 2, 3].map(() => addResident(parts)))
  await loadPerson(parts, first?.id ?? '', { residentPermitNumber: '11111111111111' })
  await loadInTheClear(second?.id ?? '', '22222222222222')
  for (const residentPermitNumber of ['11111111111111', '22222222222222'])
    await expect(loadPerson(parts, third?.id ?? '', { residentPermitNumber })).rejects.toThrow(
      'Another resident has this permit number',
    )
})

test('what was loaded in the clear is read as before, and sealed batch by batch', async () => {
  const { db, parts } = portal
  const { id } = await addResident(parts)
  await loadInTheClear(id, '33333333333333')
  const read = async () => [
    await findPerson(db, parts.vault, id),
    await findResidency(db, parts.vault, id),
    await hasReachedAge(db, parts.vault, id, 18),
  ]
  const before = await read()
  expect(before[0]).toMatchObject({ ...PERSON, residentPermitNumber: '33333333333333' })
  while ((await sealStoredPersons(db, parts.vault)) > 0);
  expect(await read()).toEqual(before)
  for (const row of await rowsOf(id)) expect(row).not.toMatch(/33333333333333|Honduras|2024/)
})
