import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { createLink } from '../id-verification/links.ts'
import { listTenantVerifications } from '../id-verification/reading.ts'
import { eraseSubject } from '../id-verification/retention.ts'
import { findSubject, listSubjects, type Subject } from '../id-verification/subjects.ts'
import { disclose } from '../ledger/disclosure.ts'
import { ApiError } from '../platform/errors.ts'
import { operation } from './operation.ts'
import {
  asksJson,
  invalid,
  readJson,
  readQuery,
  refuseOtherMethods,
  smallBody,
} from './requests.ts'
import { EXAMPLE_SUBJECT_ID, id, text, time } from './schemas.ts'
import {
  EXAMPLE_VERIFICATION,
  entryOf,
  externalId,
  noSubject,
  presentVerification,
  returnTo,
  type TenantEnv,
  type TenantParts,
  verificationSchema,
} from './tenant-requests.ts'

const subjectSchema = z
  .object({
    id,
    externalId: text.describe('Your own id of the person'),
    linked: z.boolean().describe('A resident of the portal has linked it to the own account'),
    createdAt: time,
  })
  .meta({ id: 'Subject' })
const subjectQuerySchema = z.strictObject({ externalId: externalId.optional() })

const linkSchema = z
  .strictObject(
    returnTo(
      'Where the resident goes back to; with subjectId, result (linked or declined) and state',
    ),
  )
  .meta({ id: 'LinkRequest' })
const linkedSchema = z
  .object({
    url: z
      .url()
      .describe('For this person alone: whoever opens it, signed in, may link the subject. Once'),
    expiresAt: time,
  })
  .meta({ id: 'Link' })

const EXAMPLE_SUBJECT = {
  id: EXAMPLE_SUBJECT_ID,
  externalId: 'customer-4711',
  linked: false,
  createdAt: '2026-01-15T10:30:00.000Z',
}

const listVerifications = operation({
  method: 'get',
  path: '/api/v1/idv/subjects/:subjectId/verifications',
  operationId: 'listVerifications',
  records: ['tenant-read'],
  summary: 'The verifications of a subject, newest first',
  description:
    'By the id of the subject, or by your own id of the person. A subject that is not there, or not yours, has none.',
  scope: 'idv.read',
  answer: {
    status: 200,
    description: 'The verifications; none for a subject who is not there',
    schema: z.object({ verifications: z.array(verificationSchema) }),
    example: { verifications: [EXAMPLE_VERIFICATION] },
  },
})

const list = operation({
  method: 'get',
  path: '/api/v1/idv/subjects',
  operationId: 'listSubjects',
  // The tenant's own id of a person is personal data, and that a resident linked it is what the portal knows.
  records: ['tenant-read'],
  summary: 'Your subjects, the newest 500 first, or the one of your own id',
  description: 'With `externalId` the list has one subject, or none.',
  scope: 'idv.read',
  query: subjectQuerySchema,
  answer: {
    status: 200,
    description: 'The subjects',
    schema: z.object({ subjects: z.array(subjectSchema) }),
    example: { subjects: [EXAMPLE_SUBJECT] },
  },
  errors: {
    400: invalid(
      'externalId',
      'must be 1 to 255 printable characters, without a space at either end',
      'format',
    ),
  },
})

const get = operation({
  method: 'get',
  path: '/api/v1/idv/subjects/:subjectId',
  operationId: 'getSubject',
  records: ['tenant-read'],
  summary: 'One subject of your tenant',
  description: "Another tenant's subject is as one that is not.",
  scope: 'idv.read',
  answer: {
    status: 200,
    description: 'The subject',
    schema: subjectSchema,
    example: EXAMPLE_SUBJECT,
  },
  errors: { 404: 'There is no such subject.' },
})

const erase = operation({
  method: 'delete',
  path: get.path,
  operationId: 'deleteSubject',
  records: ['subject-erasure'],
  summary: 'Erase a subject with every verification, at the vendors too',
  description: 'It is gone here at once; the images and the copies at the vendors follow.',
  scope: 'idv.write',
  answer: { status: 204, description: 'It is gone' },
  errors: { 404: 'There is no such subject.' },
})

const linkSubject = operation({
  method: 'post',
  path: '/api/v1/idv/subjects/:subjectId/link',
  operationId: 'linkSubject',
  records: [],
  summary: 'Get a link by which a resident links this subject to the own account',
  description:
    'It works once, for 24 hours, and replaces an earlier one. The resident signs in and decides on a page that names your tenant. You learn that the link exists, and nothing else of the resident.',
  scope: 'idv.write',
  body: {
    schema: linkSchema,
    example: { callback_url: 'https://office.example.org/linked', state: 'xyz' },
  },
  answer: {
    status: 201,
    description: 'The link',
    schema: linkedSchema,
    example: {
      url: 'https://portal.example.org/link/2oJ9w3Yy0Rrj8n6kQb1VfX5tUe7cGmLzHdSaPqWiNxE',
      expiresAt: '2026-01-16T10:30:00.000Z',
    },
  },
  errors: {
    400: invalid('callback_url', 'must be an https: address without a fragment'),
    404: 'There is no such subject.',
    409: 'This subject is linked already.',
  },
})

export const subjectOperations = [listVerifications, list, get, erase, linkSubject]

/** The persons of a tenant, by the tenant's own ids. */
export function subjectRoutes({ issuer, bearer, db, vault, jobs, log }: TenantParts): Hono {
  const routes = new Hono()
  const requireSubject = async (c: Context<TenantEnv>) => {
    const { tenant } = c.var.service
    const found = await findSubject(db, { tenant, subjectId: c.req.param('subjectId') ?? '' })
    if (!found) throw noSubject()
    return found
  }

  const readVerifications = bearer.requireService(listVerifications.scope)
  routes.get(listVerifications.path, readVerifications, asksJson, async (c) => {
    const { tenant } = c.var.service
    const name = c.req.param('subjectId')
    // Customers of Kora know a person by their own id alone.
    const subject =
      (await findSubject(db, { tenant, subjectId: name })) ??
      (await listSubjects(db, { tenant, externalId: name }))[0]
    const found = subject
      ? await listTenantVerifications(db, vault, { tenant, subjectId: subject.id })
      : []
    const [first] = found
    // An unknown subject: there is nothing to disclose.
    if (!first) return c.json({ verifications: [] })
    const of = { accountId: first.accountId }
    const entry = entryOf(c, { what: 'tenant-read', of: 'verifications' }, of)
    return disclose(db, entry, () => c.json({ verifications: found.map(presentVerification) }))
  })
  refuseOtherMethods(routes, listVerifications.path, 'GET, HEAD')

  routes.get(list.path, bearer.requireService(list.scope), asksJson, async (c) => {
    const { tenant } = c.var.service
    const { externalId } = readQuery(c, subjectQuerySchema)
    const found = await listSubjects(db, { tenant, externalId })
    if (found.length === 0) return c.json({ subjects: [] })
    // One row for each resident among them, in their own view; where there is none, one of nobody.
    const linked = found.filter(({ accountId }) => accountId !== null)
    const entries = (linked.length > 0 ? linked : [{ accountId: null }]).map(({ accountId }) =>
      entryOf(c, { what: 'tenant-read', of: 'subjects' }, { accountId }),
    )
    return disclose(db, entries, () => c.json({ subjects: found.map(present) }))
  })
  refuseOtherMethods(routes, list.path, 'GET, HEAD')

  routes.get(get.path, bearer.requireService(get.scope), asksJson, async (c) => {
    const found = await requireSubject(c)
    const entry = entryOf(c, { what: 'tenant-read', of: 'subject' }, { accountId: found.accountId })
    return disclose(db, entry, () => c.json(present(found)))
  })
  routes.delete(erase.path, bearer.requireService(erase.scope), async (c) => {
    const { tenant, clientId } = c.var.service
    const subjectId = c.req.param('subjectId')
    if (!(await eraseSubject({ db, jobs }, { tenant, subjectId }, clientId))) throw noSubject()
    jobs.pollNow()
    log.info('subject erased', { subjectId, clientId })
    return c.body(null, 204)
  })
  refuseOtherMethods(routes, get.path, 'GET, HEAD, DELETE')

  const writeLinks = bearer.requireService(linkSubject.scope)
  routes.post(linkSubject.path, writeLinks, asksJson, smallBody, async (c) => {
    const { id: subjectId, accountId } = await requireSubject(c)
    const { callback_url: url, state } = await readJson(c, linkSchema)
    if (accountId !== null) throw new ApiError(409, 'conflict', 'This subject is linked already.')
    const { clientId } = c.var.service
    const returnTo = url === undefined ? undefined : { url, state }
    const link = await createLink(db, { subjectId, clientId, returnTo })
    if (!link) throw noSubject()
    log.info('subject link created', { subjectId, clientId })
    const answer: z.infer<typeof linkedSchema> = {
      url: `${issuer}/link/${link.token}`,
      expiresAt: link.expiresAt.toISOString(),
    }
    return c.json(answer, 201)
  })
  refuseOtherMethods(routes, linkSubject.path, 'POST')
  return routes
}

const present = ({
  id,
  externalId,
  accountId,
  createdAt,
}: Subject): z.infer<typeof subjectSchema> => ({
  id,
  externalId,
  linked: accountId !== null,
  createdAt: createdAt.toISOString(),
})
