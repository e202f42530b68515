import createClient, { type Client } from 'openapi-fetch'
import type { paths } from './schema.ts'

export type IdentityPortal = Client<paths>

/**
 * The portal's API with its types: `await portal.GET('/api/v1/me/natural-person/id-verification')` answers `data`, or
 * `error` with the status in `response`. `accessToken` is asked before each call, so that it may be refreshed there.
 */
export function createIdentityPortal({
  issuer,
  accessToken,
  fetch,
}: {
  /** The portal's address, such as https://portal.example.org. */
  issuer: string
  accessToken: () => string | Promise<string>
  fetch?: (request: Request) => Promise<Response>
}): IdentityPortal {
  const client = createClient<paths>({ baseUrl: issuer, ...(fetch ? { fetch } : {}) })
  client.use({
    async onRequest({ request }) {
      request.headers.set('Authorization', `Bearer ${await accessToken()}`)
      return request
    },
  })
  return client
}
