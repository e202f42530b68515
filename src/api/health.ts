import { Hono } from 'hono'
import { z } from 'zod'
import { PROBES, type Readiness } from '../platform/readiness.ts'
import { operation } from './operation.ts'
import { refuseOtherMethods } from './requests.ts'

const getHealth = operation({
  method: 'get',
  path: '/health',
  operationId: 'getHealth',
  records: [],
  summary: 'Whether the server runs',
  description:
    'The process answers; it looks at nothing else. `/health/ready` says whether it can serve: `200`, or `503` while it cannot, starts or ends.',
  answer: {
    status: 200,
    description: 'The server runs',
    schema: z.object({ status: z.literal('ok') }),
    example: { status: 'ok' },
  },
  errors: { 405: 'This resource takes GET, HEAD.' },
})

// Where programs of Kora's customers look, under the base path of a back office (`docs/vendor-protocols.md` §4.2).
const getBackOfficeHealth = operation({
  ...getHealth,
  path: '/api/v1/idv/health',
  operationId: 'getBackOfficeHealth',
  summary: 'Whether the server runs, under the base path of a back office',
  description: 'The same as `/health`. No token.',
})

export const healthOperations = [getHealth, getBackOfficeHealth]

/** Whether the process runs, and whether it can serve. */
export function healthRoutes({ readiness }: { readiness: Readiness }): Hono {
  const routes = new Hono()
  for (const { path } of healthOperations) {
    routes.get(path, (c) => c.json({ status: 'ok' }))
    refuseOtherMethods(routes, path, 'GET, HEAD')
  }
  for (const [path, probe] of Object.entries(PROBES)) {
    routes.get(path, async (c) => {
      const { status, body } = await probe(readiness)
      return c.json(body, status)
    })
    refuseOtherMethods(routes, path, 'GET, HEAD')
  }
  return routes
}
