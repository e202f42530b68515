import { Hono } from 'hono'
import { SCOPES } from '../clients/scopes.ts'

/** RFC 9728 §3.2: what the API is as a protected resource. */
export function resourceMetadataRoutes(issuer: string, name = 'Identity portal'): Hono {
  const routes = new Hono()
  routes.get('/.well-known/oauth-protected-resource', (c) =>
    c.json(
      {
        resource: issuer,
        authorization_servers: [issuer],
        jwks_uri: `${issuer}/api/oauth/.well-known/jwks.json`,
        scopes_supported: Object.keys(SCOPES).filter((scope) => scope.startsWith('eprospera:')),
        bearer_methods_supported: ['header'],
        resource_name: name,
      },
      200,
      { 'Cache-Control': 'public, max-age=300' },
    ),
  )
  return routes
}
