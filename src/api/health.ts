import { Hono } from 'hono'
import { z } from 'zod'
import type { Db } from '../platform/db.ts'
import type { KeyService } from '../platform/key-service.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Storage } from '../platform/storage.ts'
import { requireNeededKeys } from './needed-keys.ts'
import { operation } from './operation.ts'
import { refuseOtherMethods } from './requests.ts'

const getHealth = operation({
  method: 'get',
  path: '/health',
  operationId: 'getHealth',
  records: [],
  summary: 'Whether the server runs',
  description:
    'The process answers; it looks at nothing else. `/health/ready` looks at the database and the bucket too.',
  answer: {
    status: 200,
    description: 'The server runs',
    schema: z.object({ status: z.literal('ok') }),
    example: { status: 'ok' },
  },
})

export const healthOperations = [getHealth]

type HealthContext = { db: Db; storage: Storage; sealer: Sealer; keyService: KeyService }

/** Whether the process runs, and whether it reaches the database and the bucket and can open what other processes sealed. */
export function healthRoutes(context: HealthContext): Hono {
  const { storage } = context
  const routes = new Hono()
  routes.get(getHealth.path, (c) => c.json({ status: 'ok' }))
  refuseOtherMethods(routes, getHealth.path, 'GET, HEAD')
  routes.get('/health/ready', async (c) => {
    try {
      await Promise.all([requireNeededKeys(context), storage.head('health/start')])
      return c.json({ status: 'ready' })
    } catch {
      return c.json({ status: 'unavailable' }, 503)
    }
  })
  return routes
}
