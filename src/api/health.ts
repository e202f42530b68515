import { Hono } from 'hono'
import { z } from 'zod'
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

/** `isReady` throws while the database or the bucket does not answer. */
export function healthRoutes({ isReady }: { isReady: () => Promise<unknown> }): Hono {
  const routes = new Hono()
  routes.get(getHealth.path, (c) => c.json({ status: 'ok' }))
  refuseOtherMethods(routes, getHealth.path, 'GET, HEAD')
  routes.get('/health/ready', async (c) => {
    try {
      await isReady()
      return c.json({ status: 'ready' })
    } catch {
      return c.json({ status: 'unavailable' }, 503)
    }
  })
  return routes
}
