import { Hono } from 'hono'
import { z } from 'zod'
import { hasReachedAge } from '../accounts/natural-person.ts'
import { findApproval } from '../id-verification/reading.ts'
import type { Bearer } from '../oauth/bearer.ts'
import type { Db } from '../platform/db.ts'
import type { Vault } from '../platform/vault.ts'
import { discloseToApplication } from './disclosing.ts'
import { operation } from './operation.ts'
import { invalid, readQuery, refuseOtherMethods, requireAcceptable } from './requests.ts'
import { documentType, time } from './schemas.ts'

const verificationStatusSchema = z
  .object({
    approved: z.boolean(),
    since: time.nullable(),
    documentType: documentType.nullable(),
  })
  .meta({ id: 'VerificationStatus' })

// A few ages that laws name: who could ask for any would soon know the birthday.
const AGES = ['13', '14', '15', '16', '18', '20', '21', '25', '60', '65', '67'] as const
const ageQuerySchema = z.strictObject({
  age: z
    .enum(AGES, `must be one of ${AGES.join(', ')}`)
    .default('18')
    .describe('In years'),
})
const ageSchema = z
  .object({
    age: z.int(),
    isOver: z.boolean().nullable().describe('null where the date of birth is not known'),
  })
  .meta({ id: 'AgeOver' })

const getVerificationStatus = operation({
  method: 'get',
  path: '/api/v1/me/natural-person/id-verification/status',
  operationId: 'getVerificationStatus',
  records: ['verification-status'],
  summary: 'Whether the resident was verified, and no more',
  description: 'For an application that needs no document: no name, no number, no image.',
  scope: 'eprospera:person.id_verification.status.read',
  answer: {
    status: 200,
    description: 'Whether, since when, by which kind of document',
    schema: verificationStatusSchema,
    example: { approved: true, since: '2026-01-15T10:34:10.000Z', documentType: 'passport' },
  },
})

const getAgeOver = operation({
  method: 'get',
  path: '/api/v1/me/natural-person/age-over',
  operationId: 'getAgeOver',
  records: ['age-over'],
  summary: 'Whether the resident has reached an age, and not which',
  description: 'The date of birth stays in the portal. Only ages that laws name are answered.',
  scope: 'eprospera:person.age_over.read',
  query: ageQuerySchema,
  answer: {
    status: 200,
    description: 'Whether the resident is that old',
    schema: ageSchema,
    example: { age: 18, isOver: true },
  },
  errors: { 400: invalid('age', `must be one of ${AGES.join(', ')}`, 'enum') },
})

export const smallerOperations = [getVerificationStatus, getAgeOver]

type Parts = { bearer: Bearer; db: Db; vault: Vault }

/** Answers for those who need less than documents: whether somebody was verified, and whether they are old enough. */
export function minimalDisclosureRoutes({ bearer, db, vault }: Parts): Hono {
  const routes = new Hono()
  routes.get(
    getVerificationStatus.path,
    bearer.requireScope(getVerificationStatus.scope),
    async (c) => {
      requireAcceptable(c, 'application/json')
      const approval = await findApproval(db, c.var.live.accountId)
      const answer: z.infer<typeof verificationStatusSchema> = {
        approved: approval !== undefined,
        since: approval?.since.toISOString() ?? null,
        documentType: approval?.documentType ?? null,
      }
      const { scope } = getVerificationStatus
      const detail = { what: 'verification-status' } as const
      const entry = { scope, detail, verificationId: approval?.id } as const
      return discloseToApplication(db, c, entry, () => c.json(answer))
    },
  )
  refuseOtherMethods(routes, getVerificationStatus.path, 'GET, HEAD')

  routes.get(getAgeOver.path, bearer.requireScope(getAgeOver.scope), async (c) => {
    requireAcceptable(c, 'application/json')
    const age = Number(readQuery(c, ageQuerySchema).age)
    const answer: z.infer<typeof ageSchema> = {
      age,
      isOver: await hasReachedAge(db, vault, c.var.live.accountId, age),
    }
    const { scope } = getAgeOver
    const detail = { what: 'age-over', age } as const
    return discloseToApplication(db, c, { scope, detail }, () => c.json(answer))
  })
  refuseOtherMethods(routes, getAgeOver.path, 'GET, HEAD')
  return routes
}
