import { Hono } from 'hono'
import { ApiError } from '../platform/errors.ts'
import { asksJson, refuseOtherMethods } from './requests.ts'
import { requireVerification, type TenantParts } from './tenant-requests.ts'

const IMAGES = 'The images of this verification are taken by its vendor'
const DECISION = 'This verification is completed by its vendor, when the person is done'
const LIVENESS = 'The liveness of the person is checked by the vendor of this verification'

/** Calls of Kora's API (`docs/vendor-protocols.md` §4.2) that capture a person: here that is the vendor's part. */
export const REFUSED_CAPTURES = [
  ['POST', 'document', IMAGES],
  ['POST', 'document/back', IMAGES],
  ['POST', 'selfie', IMAGES],
  ['POST', 'complete', DECISION],
  ['POST', 'liveness/session', LIVENESS],
  ['POST', 'liveness/challenge', LIVENESS],
  ['POST', 'liveness/frames', LIVENESS],
  ['GET', 'liveness', LIVENESS],
].map(([method = '', end = '', reason = '']) => ({
  method,
  path: `/api/v1/idv/verifications/:id/${end}`,
  reason,
}))

/** Refuses to capture anything, and names the vendor that does. The body is not read. */
export function captureRoutes(parts: TenantParts): Hono {
  const routes = new Hono()
  for (const { method, path, reason } of REFUSED_CAPTURES) {
    const scope = method === 'GET' ? 'idv.read' : 'idv.write'
    routes.on(method, path, parts.bearer.requireService(scope), asksJson, async (c) => {
      const { vendor } = await requireVerification(parts, c)
      throw new ApiError(
        409,
        'conflict',
        `${reason}, ${vendor}, at the url that started it. Read its state with GET /api/v1/idv/verifications/{id}.`,
        { details: { vendor } },
      )
    })
    refuseOtherMethods(routes, path, method === 'GET' ? 'GET, HEAD' : method)
  }
  return routes
}
