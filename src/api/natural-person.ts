import { Hono } from 'hono'
import { z } from 'zod'
import { findPerson, findResidency } from '../accounts/natural-person.ts'
import type { Bearer } from '../oauth/bearer.ts'
import type { Db } from '../platform/db.ts'
import type { Vault } from '../platform/vault.ts'
import { discloseToApplication } from './disclosing.ts'
import { operation } from './operation.ts'
import { refuseOtherMethods, requireAcceptable } from './requests.ts'
import { day, text } from './schemas.ts'

const naturalPersonSchema = z
  .object({
    givenName: text,
    surname: text,
    name: text,
    residentPermitNumber: z
      .string()
      .regex(/^\d{14}$/)
      .nullable(),
    countryOfBirth: text.nullable(),
    citizenships: z.array(text),
    dateOfBirth: day.nullable(),
    sex: z.enum(['M', 'F']).nullable(),
    address: z
      .object({
        country: text,
        line1: text,
        line2: text.nullable(),
        city: text,
        state: text.nullable(),
        postalCode: text,
      })
      .nullable(),
    phoneNumber: text.nullable(),
  })
  .meta({ id: 'NaturalPerson' })

const residencySchema = z
  .object({
    wasEverResident: z.boolean(),
    activeResidency: z
      .object({
        effectiveDate: day,
        terminationDate: day.nullable(),
        residencyType: z.enum(['Limited e-Resident', 'e-Resident', 'Resident']),
        version: text,
      })
      .nullable(),
  })
  .meta({ id: 'Residency' })

const getNaturalPerson = operation({
  method: 'get',
  path: '/api/v1/me/natural-person',
  operationId: 'getNaturalPerson',
  records: ['natural-person', 'nothing'],
  summary: 'Who the resident is',
  description: 'The entry of the resident in the registry of residents, as it is today.',
  scope: 'eprospera:person.details.read',
  answer: {
    status: 200,
    description: 'The person, or null where the registry knows none',
    schema: naturalPersonSchema.nullable(),
    example: {
      givenName: 'Ana',
      surname: 'Muestra',
      name: 'Ana Muestra',
      residentPermitNumber: '20260000000017',
      countryOfBirth: 'Utopia',
      citizenships: ['Utopia'],
      dateOfBirth: '1990-02-03',
      sex: 'F',
      address: null,
      phoneNumber: null,
    },
  },
})

const getResidency = operation({
  method: 'get',
  path: '/api/v1/me/natural-person/residency',
  operationId: 'getResidency',
  records: ['residency'],
  summary: 'Whether, and of which kind, the person is a resident',
  description: '`activeResidency` is null where no residency is in effect today.',
  scope: 'eprospera:person.residency.read',
  answer: {
    status: 200,
    description: 'The residency of today',
    schema: residencySchema,
    example: {
      wasEverResident: true,
      activeResidency: {
        effectiveDate: '2024-09-01',
        terminationDate: null,
        residencyType: 'e-Resident',
        version: 'v08.29.2024',
      },
    },
  },
})

export const naturalPersonOperations = [getNaturalPerson, getResidency]

type Parts = { bearer: Bearer; db: Db; vault: Vault }

/** Who the resident is, and of which kind, as the registry says (`docs/vendor-protocols.md` §2.6). */
export function naturalPersonRoutes({ bearer, db, vault }: Parts): Hono {
  const routes = new Hono()
  routes.get(getNaturalPerson.path, bearer.requireScope(getNaturalPerson.scope), async (c) => {
    requireAcceptable(c, 'application/json')
    const person = await findPerson(db, vault, c.var.live.accountId)
    const answer: z.infer<typeof naturalPersonSchema> | null = person
      ? {
          givenName: person.givenName,
          surname: person.surname,
          name: person.name,
          residentPermitNumber: person.residentPermitNumber,
          countryOfBirth: person.countryOfBirth,
          citizenships: person.citizenships,
          dateOfBirth: person.dateOfBirth,
          sex: person.sex,
          address: person.address,
          phoneNumber: person.phoneNumber,
        }
      : null
    const { scope } = getNaturalPerson
    const detail = { what: answer ? 'natural-person' : 'nothing' } as const
    return discloseToApplication(db, c, { scope, detail }, () => c.json(answer))
  })
  refuseOtherMethods(routes, getNaturalPerson.path, 'GET, HEAD')
  routes.get(getResidency.path, bearer.requireScope(getResidency.scope), async (c) => {
    requireAcceptable(c, 'application/json')
    const residency = await findResidency(db, vault, c.var.live.accountId)
    const { scope } = getResidency
    const detail = { what: 'residency' } as const
    return discloseToApplication(db, c, { scope, detail }, () => c.json(residency))
  })
  refuseOtherMethods(routes, getResidency.path, 'GET, HEAD')
  return routes
}
