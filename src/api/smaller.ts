import { Hono } from 'hono'
import type { z } from 'zod'
import { hasReachedAge } from '../accounts/natural-person.ts'
import { findApproval } from '../id-verification/reading.ts'
import type { Bearer } from '../oauth/bearer.ts'
import type { Db } from '../platform/db.ts'
import type { Vault } from '../platform/vault.ts'
import { discloseToApplication } from './disclosing.ts'
import { readQuery, refuseOtherMethods, requireAcceptable } from './requests.ts'
import { ageQuerySchema, type ageSchema, type verificationStatusSchema } from './schemas.ts'

const STATUS = '/me/natural-person/id-verification/status'
const AGE = '/me/natural-person/age-over'
const STATUS_SCOPE = 'eprospera:person.id_verification.status.read'
const AGE_SCOPE = 'eprospera:person.age_over.read'

type Parts = { bearer: Bearer; db: Db; vault: Vault }

/** Answers for those who need less than documents: whether somebody was verified, and whether they are old enough. */
export function minimalDisclosureRoutes({ bearer, db, vault }: Parts): Hono {
  const routes = new Hono()
  routes.get(STATUS, bearer.requireScope(STATUS_SCOPE), async (c) => {
    requireAcceptable(c, 'application/json')
    const approval = await findApproval(db, c.var.live.accountId)
    const answer: z.infer<typeof verificationStatusSchema> = {
      approved: approval !== undefined,
      since: approval?.since.toISOString() ?? null,
      documentType: approval?.documentType ?? null,
    }
    const detail = { what: 'verification-status' } as const
    const entry = { scope: STATUS_SCOPE, detail, verificationId: approval?.id } as const
    return discloseToApplication(db, c, entry, () => c.json(answer))
  })
  refuseOtherMethods(routes, STATUS, 'GET, HEAD')

  routes.get(AGE, bearer.requireScope(AGE_SCOPE), async (c) => {
    requireAcceptable(c, 'application/json')
    const age = Number(readQuery(c, ageQuerySchema).age)
    const answer: z.infer<typeof ageSchema> = {
      age,
      isOver: await hasReachedAge(db, vault, c.var.live.accountId, age),
    }
    const detail = { what: 'age-over', age } as const
    return discloseToApplication(db, c, { scope: AGE_SCOPE, detail }, () => c.json(answer))
  })
  refuseOtherMethods(routes, AGE, 'GET, HEAD')
  return routes
}
