import { type Context, Hono } from 'hono'
import type { z } from 'zod'
import { findPerson, findResidency } from '../accounts/natural-person.ts'
import type { Db } from '../db.ts'
import { append } from '../ledger/entries.ts'
import type { Bearer, LiveToken } from '../oauth/bearer.ts'
import type { Scope } from '../oauth/scopes.ts'
import type { Vault } from '../vault.ts'
import { refuseOtherMethods, requireAcceptable } from './requests.ts'
import type { naturalPersonSchema } from './schemas.ts'

const PERSON = '/me/natural-person'
const RESIDENCY = '/me/natural-person/residency'

type Parts = { bearer: Bearer; db: Db; vault: Vault }

/** Who the resident is, and of which kind, as the registry says (`providers.md` §2.6). */
export function naturalPersonRoutes({ bearer, db, vault }: Parts): Hono {
  const routes = new Hono()
  /** Written down before the answer leaves. */
  const note = (c: Context<{ Variables: { live: LiveToken } }>, scope: Scope, result: string) => {
    const { clientId, accountId, tokenId } = c.var.live
    const requestId = c.get('requestId' as never)
    return append(db, {
      kind: 'disclosure',
      requestId,
      clientId,
      accountId,
      scope,
      tokenId,
      result,
    })
  }
  routes.get(PERSON, bearer.requireScope('eprospera:person.details.read'), async (c) => {
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
    return c.json(answer)
  })
  refuseOtherMethods(routes, PERSON, 'GET, HEAD')
  routes.get(RESIDENCY, bearer.requireScope('eprospera:person.residency.read'), async (c) => {
    requireAcceptable(c, 'application/json')
    const residency = await findResidency(db, vault, c.var.live.accountId)
    await note(c, 'eprospera:person.residency.read', 'residency')
    return c.json(residency)
  })
  refuseOtherMethods(routes, RESIDENCY, 'GET, HEAD')
  return routes
}
