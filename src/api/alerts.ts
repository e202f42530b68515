import { type Context, Hono } from 'hono'
import { z } from 'zod'
import {
  ALERT_STATUSES,
  type Alert,
  listAlerts,
  resolveAlert,
} from '../id-verification/alert-resolution.ts'
import { TENANT_ALERT_TYPES } from '../id-verification/alerts.ts'
import type { Disclosure } from '../ledger/details.ts'
import { disclose } from '../ledger/disclosure.ts'
import { ApiError } from '../platform/errors.ts'
import { operation } from './operation.ts'
import { asksJson, readJson, readQuery, refuseOtherMethods, smallBody } from './requests.ts'
import { EXAMPLE_ID, EXAMPLE_SUBJECT_ID, id, text, time, trimmedLinePattern } from './schemas.ts'
import { entryOf, type TenantEnv, type TenantParts } from './tenant-requests.ts'

const alertSchema = z
  .object({
    id,
    type: z.enum(TENANT_ALERT_TYPES),
    status: z.enum(ALERT_STATUSES),
    severity: z.enum(['low', 'medium', 'high']),
    verificationId: id.nullable().describe('Null for forged deliveries'),
    relatedVerificationId: id
      .nullable()
      .describe('Of a reused document: the earlier verification with the same image'),
    subjectId: id.nullable(),
    vendor: text.nullable().describe('Of forged deliveries'),
    integration: text
      .nullable()
      .describe('Of forged deliveries: the integration they were sent to'),
    count: z.int().min(1).describe('How many deliveries were forged; 1 for the other types'),
    createdAt: time,
    resolvedAt: time.nullable(),
    resolution: z
      .object({
        reason: text,
        by: text.nullable().describe('The client that resolved it; null: the operator'),
      })
      .nullable(),
  })
  .meta({ id: 'Alert' })

const EXAMPLE_ALERT = {
  id: '3f0c8a52-9d1e-4b7a-8c36-5e2a7f4b9d10',
  type: 'reused_document',
  status: 'open',
  severity: 'high',
  verificationId: EXAMPLE_ID,
  relatedVerificationId: 'b7d0f5c4-6a0e-4c0b-9f51-0d6a3a4c7e22',
  subjectId: EXAMPLE_SUBJECT_ID,
  vendor: null,
  integration: null,
  count: 1,
  createdAt: '2026-01-15T10:35:01.000Z',
  resolvedAt: null,
  resolution: null,
}

const statuses = ALERT_STATUSES.join(' or ')
const querySchema = z.strictObject({
  status: z
    .enum(ALERT_STATUSES, `must be ${statuses}`)
    .optional()
    .describe('Those that are open, or resolved; without it, all'),
})
const resolveSchema = z
  .strictObject({
    reason: z
      .string('required')
      .regex(
        /^[^\p{C}\p{Z}]([^\p{C}\p{Zl}\p{Zp}]{0,498}[^\p{C}\p{Z}])?$/u,
        'must be 1 to 500 printable characters, without a space at either end',
      )
      .meta({ pattern: trimmedLinePattern(500), description: 'One line of ordinary text' }),
  })
  .meta({ id: 'AlertResolution' })

const list = operation({
  method: 'get',
  path: '/api/v1/idv/alerts',
  operationId: 'listAlerts',
  records: ['tenant-read'],
  summary: 'What the portal noticed about your subjects and integrations, the newest 500 first',
  description:
    'One image of a document or a face under two of your subjects, three declined verifications of a subject within 30 days, and deliveries with an invalid signature. Nothing of other tenants, or of residents, is in it.',
  scope: 'idv.read',
  query: querySchema,
  answer: {
    status: 200,
    description: 'The alerts',
    schema: z.object({ alerts: z.array(alertSchema) }),
    example: { alerts: [EXAMPLE_ALERT] },
  },
  errors: { 400: `status: must be ${statuses}` },
})

const resolve = operation({
  method: 'post',
  path: '/api/v1/idv/alerts/:id/resolve',
  operationId: 'resolveAlert',
  records: ['alert-resolution'],
  summary: 'Resolve an alert',
  description:
    'Once, with a reason, which stays with the alert. It changes no verification: review or erase those by their own routes.',
  scope: 'idv.write',
  body: { schema: resolveSchema, example: { reason: 'the same person, registered twice' } },
  answer: {
    status: 200,
    description: 'The alert as it stands now',
    schema: alertSchema,
    example: {
      ...EXAMPLE_ALERT,
      status: 'resolved',
      resolvedAt: '2026-01-16T08:00:00.000Z',
      resolution: { reason: 'the same person, registered twice', by: 'back-office' },
    },
  },
  errors: {
    400: 'reason: must be 1 to 500 printable characters, without a space at either end',
    404: 'There is no such alert.',
    409: 'This alert is resolved already.',
  },
})

export const alertOperations = [list, resolve]

/** Alerts of the tenant: list them, resolve one. */
export function alertRoutes(parts: TenantParts): Hono {
  const { bearer, db, log } = parts
  const routes = new Hono()

  routes.get(list.path, bearer.requireService(list.scope), asksJson, async (c) => {
    const { tenant } = c.var.service
    const { status } = readQuery(c, querySchema)
    const found = await listAlerts(db, parts, { tenant, status })
    if (found.length === 0) return c.json({ alerts: [] })
    const accountIds = found.flatMap(({ accountIds }) => accountIds)
    const entries = entriesOf(c, { what: 'tenant-read', of: 'alerts' }, accountIds)
    return disclose(db, entries, () => c.json({ alerts: found.map(({ alert }) => present(alert)) }))
  })
  refuseOtherMethods(routes, list.path, 'GET, HEAD')

  const write = bearer.requireService(resolve.scope)
  routes.post(resolve.path, write, asksJson, smallBody, async (c) => {
    const { tenant, clientId } = c.var.service
    const alertId = c.req.param('id')
    const { reason } = await readJson(c, resolveSchema)
    const alert = await db.begin(async (sql) => {
      const resolved = await resolveAlert(sql, parts, { id: alertId, tenant, reason, by: clientId })
      // The same for another tenant's alert.
      if (!resolved) throw new ApiError(404, 'not_found', 'There is no such alert.')
      if (resolved === 'resolved')
        throw new ApiError(409, 'conflict', 'This alert is resolved already.')
      const { alert, accountIds } = resolved
      const verificationId = alert.verificationId ?? undefined
      const entries = entriesOf(c, { what: 'alert-resolution' }, accountIds, verificationId)
      return await disclose(sql, entries, () => alert)
    })
    log.info('alert resolved', { alertId, clientId })
    return c.json(present(alert))
  })
  refuseOtherMethods(routes, resolve.path, 'POST')
  return routes
}

/** One row for each resident, in their own view; where there is none, one of nobody. */
const entriesOf = (
  c: Context<TenantEnv>,
  detail: Disclosure,
  accountIds: readonly string[],
  verificationId?: string,
) =>
  (accountIds.length > 0 ? [...new Set(accountIds)] : [null]).map((accountId) =>
    entryOf(c, detail, { accountId, ...(verificationId && { id: verificationId }) }),
  )

const present = ({ tenant, createdAt, resolvedAt, ...alert }: Alert) => ({
  ...alert,
  createdAt: createdAt.toISOString(),
  resolvedAt: resolvedAt?.toISOString() ?? null,
})
