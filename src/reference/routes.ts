import { Hono } from 'hono'
import { OPERATIONS, type OpenApiDocument, openApiDocument } from '../api/openapi.ts'
import { securityHeaders } from '../web/html.ts'
import type { Site } from '../web/site.ts'
import { type Setting, textsFor } from '../web/texts/languages.ts'
import { errorsPage } from './errors-page.ts'
import { referencePage } from './reference-page.ts'

/** `/reference`: the API for developers, in English. */
export function referenceRoutes({
  issuer,
  site,
  config,
}: {
  issuer: string
  site: Site
  config: { site: Setting }
}): Hono {
  let document: OpenApiDocument | undefined
  const routes = new Hono()
  routes.get('/reference', (c) => {
    for (const [name, value] of Object.entries(securityHeaders({ issuer, locale: 'en' })))
      c.header(name, value)
    const texts = textsFor('en', config.site)
    const reader = { locale: 'en', texts, returnTo: '/reference', site } as const
    // At the first request: it would delay every start.
    document ??= openApiDocument(issuer, config.site.name)
    return c.html(referencePage(reader, document, OPERATIONS))
  })
  routes.get('/guides/errors', (c) => {
    for (const [name, value] of Object.entries(securityHeaders({ issuer, locale: 'en' })))
      c.header(name, value)
    const texts = textsFor('en', config.site)
    return c.html(errorsPage({ locale: 'en', texts, returnTo: '/guides/errors', site }))
  })
  return routes
}
