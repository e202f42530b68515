import { randomUUID } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { visibleText } from '../web/displayed-text.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import {
  type Developer,
  type DeveloperContext,
  requireMember,
  requireMemberForm,
} from './access.ts'
import {
  EMPTY,
  type Entered,
  faultsIn,
  type Kind,
  readEntered,
  readKind,
} from './application-form.ts'
import { newApplicationPage } from './application-form-page.ts'
import { applicationPath } from './application-frame.ts'
import { registerApplication } from './application-store.ts'
import { requireCreation } from './creation-limits.ts'
import { newSecretPage } from './credentials-page.ts'
import type { FieldFaults } from './fields.ts'

/** `/developers/:team/sandbox/new`: registers an application in the sandbox. */
export function newApplicationRoutes(parts: DeveloperContext): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.get('/developers/:team/sandbox/new', (c) => showForm(parts, c))
  routes.post('/developers/:team/sandbox/new', (c) => register(parts, c))
  return routes
}

async function showForm(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const developer = await requireMember(parts, c, 'developer')
  if (developer instanceof Response) return developer
  const kind = readKind({ kind: c.req.query('kind') })
  const entered = kind === 'service' ? { ...EMPTY, scopes: [] } : EMPTY
  return show(parts, c, developer, { kind, entered, faults: {}, nonce: randomUUID() })
}

function show(
  { issuer, forms }: DeveloperContext,
  c: Context<PageEnv>,
  { resident, team }: Developer,
  form: { kind: Kind; entered: Entered; faults: FieldFaults; nonce: string },
  status: 200 | 400 = 200,
): Response | Promise<Response> {
  setSecurityHeaders(c, { issuer })
  const csrf = forms.create(resident.session.uid)
  return c.html(newApplicationPage(c.var.reader, { team, csrf, ...form }), status)
}

async function register(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { form, ...developer } = await requireMemberForm(parts, c)
  const { team, resident } = developer
  const kind = readKind(form)
  const entered = readEntered(form, kind)
  const nonce = String(form.nonce ?? '').slice(0, 64)
  await requireCreation(parts, c, resident.account.id)
  try {
    const registered = await registerApplication(parts, { teamId: team.id, nonce, kind, entered })
    const { clientId, secret, isNew } = registered
    const path = applicationPath(team.id, 'sandbox', clientId)
    if (isNew)
      parts.log.info('application created', {
        accountId: resident.account.id,
        teamId: team.id,
        clientId,
        place: 'sandbox',
      })
    if (secret === undefined) return c.redirect(path, 303)
    setSecurityHeaders(c, { issuer: parts.issuer, copies: true })
    const client = { id: clientId, name: visibleText(entered.name), enabled: true }
    const issuer = parts.sandbox?.issuer ?? parts.issuer
    return c.html(newSecretPage(c.var.reader, { team, place: 'sandbox', client, issuer, secret }))
  } catch (error) {
    const faults = faultsIn(error, entered)
    return show(parts, c, developer, { kind, entered, faults, nonce }, 400)
  }
}
