import { Hono } from 'hono'
import type { z } from 'zod'
import { findPerson, findResidency } from '../accounts/natural-person.ts'
import type { Bearer } from '../oauth/bearer.ts'
import type { Db } from '../platform/db.ts'
import type { Vault } from '../platform/vault.ts'
import { discloseToApplication } from './disclosing.ts'
import { refuseOtherMethods, requireAcceptable } from './requests.ts'
import type { naturalPersonSchema } from './schemas.ts'

const PERSON = '/me/natural-person'
const RESIDENCY = '/me/natural-person/residency'
const PERSON_SCOPE = 'eprospera:person.details.read'
const RESIDENCY_SCOPE = 'eprospera:person.residency.read'

type Parts = { bearer: Bearer; db: Db; vault: Vault }

/** Who the resident is, and of which kind, as the registry says (`docs/vendor-protocols.md` §2.6). */
export function naturalPersonRoutes({ bearer, db, vault }: Parts): Hono {
  const routes = new Hono()
  routes.get(PERSON, bearer.requireScope(PERSON_SCOPE), async (c) => {
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
    const detail = { what: answer ? 'natural-person' : 'nothing' } as const
    return discloseToApplication(db, c, { scope: PERSON_SCOPE, detail }, () => c.json(answer))
  })
  refuseOtherMethods(routes, PERSON, 'GET, HEAD')
  routes.get(RESIDENCY, bearer.requireScope(RESIDENCY_SCOPE), async (c) => {
    requireAcceptable(c, 'application/json')
    const residency = await findResidency(db, vault, c.var.live.accountId)
    const detail = { what: 'residency' } as const
    return discloseToApplication(db, c, { scope: RESIDENCY_SCOPE, detail }, () => c.json(residency))
  })
  refuseOtherMethods(routes, RESIDENCY, 'GET, HEAD')
  return routes
}
