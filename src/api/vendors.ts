import { Hono } from 'hono'
import { z } from 'zod'
import { listVendorHealth, type VendorHealth } from '../id-verification/vendor-health.ts'
import { VERIFIERS } from '../id-verification/vendors/vendor-names.ts'
import { operation } from './operation.ts'
import { asksJson, refuseOtherMethods } from './requests.ts'
import { text, time } from './schemas.ts'
import type { TenantParts } from './tenant-requests.ts'

const count = z.int().min(0)
const vendorSchema = z
  .object({
    vendor: z.enum(VERIFIERS),
    integration: text.describe('Its name, as in alerts and at the start of a session'),
    enabled: z.boolean().describe('New sessions can start'),
    lastDeliveryAt: time.nullable().describe('When a new delivery last arrived'),
    deliveriesWaiting: count.describe('Deliveries that are not applied yet'),
    deliveriesWaitingSince: time.nullable().describe('When the oldest of them arrived'),
    deliveriesFailed: count.describe(
      'Genuine deliveries that could not be applied: the operator has to look',
    ),
    imagesWaiting: count.describe('Images that are not stored yet'),
    imagesWaitingSince: time.nullable().describe('The oldest decision that they belong to'),
    imagesRefused: count.describe('Images that could not be read'),
    undecided: count.describe('Sessions without a final decision'),
    refusedHosts: z
      .array(text)
      .describe('Hosts of images that the integration does not allow: the operator can allow them'),
  })
  .meta({ id: 'VendorHealth' })

const list = operation({
  method: 'get',
  path: '/api/v1/idv/vendors',
  operationId: 'listVendors',
  records: [],
  summary: 'Your integrations, and how their deliveries and images are doing',
  description:
    'Of your own tenant alone. Times and counts: nothing is about a person, and no secret is in it.',
  scope: 'idv.read',
  answer: {
    status: 200,
    description: 'The integrations',
    schema: z.object({ vendors: z.array(vendorSchema) }),
    example: {
      vendors: [
        {
          vendor: 'veriff',
          integration: 'default',
          enabled: true,
          lastDeliveryAt: '2026-01-15T10:34:11.020Z',
          deliveriesWaiting: 0,
          deliveriesWaitingSince: null,
          deliveriesFailed: 0,
          imagesWaiting: 2,
          imagesWaitingSince: '2026-01-15T10:34:10.000Z',
          imagesRefused: 0,
          undecided: 3,
          refusedHosts: [],
        },
      ],
    },
  },
})

export const vendorOperations = [list]

/** The tenant's integrations. */
export function vendorRoutes({ bearer, db }: TenantParts): Hono {
  const routes = new Hono()
  routes.get(list.path, bearer.requireService(list.scope), asksJson, async (c) => {
    const vendors = await listVendorHealth(db, { tenant: c.var.service.tenant })
    return c.json({ vendors: vendors.map(present) })
  })
  refuseOtherMethods(routes, list.path, 'GET, HEAD')
  return routes
}

const present = ({
  name,
  tenant,
  lastDeliveryAt,
  deliveriesWaitingSince,
  imagesWaitingSince,
  ...health
}: VendorHealth) => ({
  ...health,
  integration: name,
  lastDeliveryAt: lastDeliveryAt?.toISOString() ?? null,
  deliveriesWaitingSince: deliveriesWaitingSince?.toISOString() ?? null,
  imagesWaitingSince: imagesWaitingSince?.toISOString() ?? null,
})
