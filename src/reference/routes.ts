import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { openApiDocument } from '../api/openapi.ts'
import { readForm } from '../web/form-body.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import type { Setting } from '../web/texts/languages.ts'
import { createEntries } from './entries.ts'
import type { Entry } from './entry.ts'
import { entryPage, type TryTarget } from './entry-page.ts'
import { errorsPage } from './errors-page.ts'
import { beginPage } from './frame.ts'
import { findGroup } from './groups.ts'
import { type Guide, loadGuides } from './guides.ts'
import { groupPage, guidePage, guidesPage, referencePage, searchPage } from './overview-pages.ts'
import { createSearchIndex, type SearchIndex, search } from './search.ts'
import { type Call, tryOperation } from './try.ts'

type Parts = {
  issuer: string
  config: { site: Setting; isSandbox: boolean }
  /** The portal's sandbox, seen from the portal. */
  sandbox?: { issuer: string } | undefined
}
type Documentation = {
  version: string
  entries: readonly Entry[]
  guides: readonly Guide[]
  index: SearchIndex
}

const MAX_QUERY = 100
const MAX_FORM_BYTES = 128 * 1024

/** `/reference` and `/guides`: for developers, in English, without signing in. */
export function referenceRoutes(parts: Parts): Hono<PageEnv> {
  const read = documentationOf(parts)
  const routes = new Hono<PageEnv>()
  routes.get('/reference', (c) => {
    const { entries, version } = read()
    const addresses = addressesOf(parts)
    return c.html(referencePage(beginPage(parts, c), entries, { version, addresses }))
  })
  routes.get('/reference/search', (c) => {
    const query = (c.req.query('q') ?? '').trim().slice(0, MAX_QUERY)
    const result = search(read().index, query)
    return c.html(searchPage(beginPage(parts, c), { query, ...result }))
  })
  routes.get('/reference/:group', (c) => {
    const group = findGroup(c.req.param('group'))
    if (!group) throw notFound()
    return c.html(groupPage(beginPage(parts, c), group, read().entries))
  })
  routes.get('/reference/:group/:operation', (c) => showEntry(parts, c, read(), undefined))
  routes.get('/guides', (c) => c.html(guidesPage(beginPage(parts, c))))
  routes.get('/guides/errors', (c) => c.html(errorsPage(beginPage(parts, c))))
  routes.get('/guides/:name', (c) => {
    const guide = read().guides.find(({ name }) => name === c.req.param('name'))
    if (!guide) throw notFound()
    return c.html(guidePage(beginPage(parts, c), guide))
  })
  return routes
}

/**
 * `POST /reference/:group/:operation` of the sandbox: calls the operation with a token that a developer pastes. The portal has no such
 * route, and so is given no token. `callOwn` answers a request as this server does.
 */
export function tryOperationRoutes(
  parts: Parts & {
    callOwn: (request: Request, env: PageEnv['Bindings']) => Response | Promise<Response>
  },
): Hono<PageEnv> {
  const read = documentationOf(parts)
  const routes = new Hono<PageEnv>()
  const limit = bodyLimit({ maxSize: MAX_FORM_BYTES })
  routes.post('/reference/:group/:operation', limit, async (c) => {
    const { operation } = findEntry(read().entries, c)
    if (!operation) throw notFound()
    const call: Call = (request) => parts.callOwn(request, c.env)
    const { issuer } = parts
    const tried = await tryOperation(operation, await readForm(c), { issuer, call })
    return showEntry(parts, c, read(), tried)
  })
  return routes
}

/** Made at the first request: it would delay every start. */
function documentationOf(parts: Parts): () => Documentation {
  let made: Documentation | undefined
  return () => {
    made ??= createDocumentation(parts)
    return made
  }
}

const notFound = () => new PageError(404, 'not_found', ({ errors }) => errors.notFound)

/** The address at which a developer begins: the sandbox's, where there is one. */
const tryAddress = ({ issuer, config, sandbox }: Parts): string | undefined =>
  config.isSandbox ? issuer : sandbox?.issuer

function createDocumentation(parts: Parts): Documentation {
  const document = openApiDocument(parts.issuer, parts.config.site.name)
  const entries = createEntries(document, tryAddress(parts) ?? parts.issuer)
  const guides = loadGuides(tryAddress(parts))
  const index = createSearchIndex(entries, guides)
  return { version: document.info.version, entries, guides, index }
}

function addressesOf(parts: Parts): [string, string][] {
  const { issuer, config, sandbox } = parts
  if (config.isSandbox) return [['Sandbox', issuer]]
  return [
    ['Production', issuer],
    ...(sandbox ? [['Sandbox', sandbox.issuer] as [string, string]] : []),
  ]
}

function findEntry(entries: readonly Entry[], c: Context): Entry {
  const { group, operation } = c.req.param() as { group: string; operation: string }
  const entry = entries.find((each) => each.group === group && each.id === operation)
  if (!entry) throw notFound()
  return entry
}

function showEntry(
  parts: Parts,
  c: Context<PageEnv>,
  { entries }: Documentation,
  tried: TryTarget['tried'],
): Response | Promise<Response> {
  const issuer = tryAddress(parts)
  const entry = findEntry(entries, c)
  const target = issuer === undefined ? undefined : { issuer, tried }
  const reader = beginPage(parts, c, issuer === undefined ? [] : [issuer])
  const status = tried && 'fault' in tried ? 400 : 200
  return c.html(entryPage(reader, entry, { entries, target }), status)
}
