import { type Context, Hono } from 'hono'
import { findSecrets, withdrawPreviousSecret } from '../clients/client-secrets.ts'
import { rotateClientSecret, updateClient } from '../clients/clients.ts'
import {
  type DescribedKey,
  describeKeys,
  fetchKeySet,
  KeySetError,
  mayHoldPrivateKey,
  parseKeySet,
} from '../clients/key-sets.ts'
import { isKeySetUri } from '../clients/metadata.ts'
import type { Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import {
  type Application,
  type DeveloperContext,
  type Form,
  type Opened,
  openApplication,
  openApplicationForm,
  requireApplication,
  roleToChange,
} from './access.ts'
import { applicationPath } from './application-frame.ts'
import { ConflictError, changeClient, readBasedOn } from './application-store.ts'
import { requireCreation } from './creation-limits.ts'
import { credentialsPage, newSecretPage } from './credentials-page.ts'
import { CONFLICT, type FieldFaults } from './fields.ts'
import { includesRole } from './teams.ts'

const KEYS = '/developers/:team/:place/:client/keys'

/** `/developers/:team/:place/:client/keys`: how an application proves that it is itself. */
export function credentialRoutes(parts: DeveloperContext): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.get(KEYS, (c) => showCredentials(parts, c))
  routes.post(KEYS, (c) => setKeys(parts, c))
  routes.post(`${KEYS}/check`, (c) => checkKeys(parts, c))
  routes.post(`${KEYS}/secret`, (c) => makeSecret(parts, c))
  routes.post(`${KEYS}/withdraw`, (c) => withdraw(parts, c))
  return routes
}

type Shown = {
  faults?: FieldFaults
  entered?: { jwks: string; uri: string }
  /** Those that an address has just answered with. */
  fetched?: readonly DescribedKey[]
  status?: 200 | 400 | 409
}

async function showCredentials(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const opened = await openApplication(parts, c)
  return opened instanceof Response ? opened : show(parts, c, opened)
}

async function show(
  { issuer, forms }: DeveloperContext,
  c: Context<PageEnv>,
  { resident, team, application }: Opened,
  { faults = {}, entered = { jwks: '', uri: '' }, fetched, status = 200 }: Shown = {},
): Promise<Response> {
  const { client, place, db } = application
  const { jwks } = client.metadata
  setSecurityHeaders(c, { issuer })
  return c.html(
    credentialsPage(c.var.reader, {
      team,
      place,
      client,
      csrf: forms.create(resident.session.uid),
      mayChange: includesRole(team.role, roleToChange(place)) && !team.isSuspended,
      secrets: await findSecrets(db, client.id),
      keys: fetched ?? (jwks && (await describeKeys(jwks))),
      entered,
      faults,
    }),
    status,
  )
}

/** Runs a change of the client as it was when the form was made. Returns the page of a conflict, if there is one. */
async function changed<T>(
  parts: DeveloperContext,
  c: Context<PageEnv>,
  { form, ...opened }: Opened & { form: Form },
  change: (sql: Sql) => Promise<T>,
): Promise<{ value: T } | { answer: Response }> {
  const { application, team } = opened
  const { client, db } = application
  const based = { teamId: team.id, clientId: client.id, basedOn: readBasedOn(form.based) }
  try {
    return { value: await changeClient(db, based, change) }
  } catch (error) {
    if (error instanceof ConflictError) {
      const now = { ...opened, application: await requireApplication(parts, c, team) }
      return { answer: await show(parts, c, now, { faults: { '': [CONFLICT] }, status: 409 }) }
    }
    if (!(error instanceof OperatorError)) throw error
    const faults = { '': [`${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}`] }
    return { answer: await show(parts, c, opened, { faults, status: 400 }) }
  }
}

/** Makes a secret: the next one, or the first of a client that had keys. Shows it this once. */
async function makeSecret(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { form, ...opened } = await openApplicationForm(parts, c)
  const { application, team, resident } = opened
  const { client, place, issuer } = application
  const asked = await parts.guard.requireRecentSignIn(c, resident, form)
  if (asked) return asked
  await requireCreation(parts, c, resident.account.id)
  const keepHours = Number(form.keep ?? 0)
  const made = await changed(parts, c, { form, ...opened }, async (sql) => {
    const secrets = await findSecrets(sql, client.id)
    if (!secrets) return switchToSecret(sql, application)
    if (secrets.previous) throw new OperatorError(TWO_SECRETS)
    return rotateClientSecret(sql, client.id, { keepHours })
  })
  if ('answer' in made) return made.answer
  report(parts, opened, 'client secret made')
  if (made.value === undefined) return show(parts, c, opened)
  setSecurityHeaders(c, { issuer: parts.issuer, copies: true })
  return c.html(newSecretPage(c.var.reader, { team, place, client, issuer, secret: made.value }))
}

const TWO_SECRETS = 'Two secrets are valid already. Withdraw the older one first.'

async function switchToSecret(
  sql: Sql,
  { client, config }: Application,
): Promise<string | undefined> {
  const { token_endpoint_auth_method: method } = client.metadata
  if (method !== 'private_key_jwt') throw new OperatorError('A public client has no secret.')
  const { production } = config
  const change = { authMethod: 'client_secret_basic', jwks: null, jwksUri: null, production }
  return (await updateClient(sql, client.id, change))?.client_secret
}

async function withdraw(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { form, ...opened } = await openApplicationForm(parts, c)
  const { application, team, resident } = opened
  const { client, place } = application
  const asked = await parts.guard.requireRecentSignIn(c, resident, form)
  if (asked) return asked
  const done = await changed(parts, c, { form, ...opened }, (sql) =>
    withdrawPreviousSecret(sql, client.id),
  )
  if ('answer' in done) return done.answer
  report(parts, opened, 'client secret withdrawn')
  return c.redirect(applicationPath(team.id, place, client.id, '/keys'), 303)
}

/** Replaces the secret, or other keys, with a key set that was typed, uploaded, or is at an address. */
async function setKeys(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { form: sent, ...opened } = await openApplicationForm(parts, c)
  const { application, team, resident } = opened
  const { client, place, config } = application
  await requireCreation(parts, c, resident.account.id)
  // The page that asks for the password sends the form again, without files.
  const { 'jwks-file': _file, ...rest } = sent
  const form: Form = { ...rest, jwks: await readKeys(sent) }
  const entered = { jwks: String(form.jwks), uri: String(form['jwks-uri'] ?? '').trim() }
  const found = await findKeys(application, entered)
  if ('faults' in found) {
    const jwks = mayHoldPrivateKey(entered.jwks) ? '' : entered.jwks
    const { faults } = found
    return show(parts, c, opened, { faults, entered: { ...entered, jwks }, status: 400 })
  }
  const asked = await parts.guard.requireRecentSignIn(c, resident, form)
  if (asked) return asked
  const { production } = config
  const done = await changed(parts, c, { form, ...opened }, (sql) =>
    updateClient(sql, client.id, { authMethod: 'private_key_jwt', ...found.change, production }),
  )
  if ('answer' in done) return done.answer
  report(parts, opened, 'client keys changed')
  return c.redirect(applicationPath(team.id, place, client.id, '/keys'), 303)
}

/** A chosen file counts more than what is typed. */
async function readKeys(form: Form): Promise<string> {
  const file = form['jwks-file']
  if (file instanceof File && file.size > 0) return (await file.text()).trim()
  return typeof form.jwks === 'string' ? form.jwks.trim() : ''
}

type FoundKeys =
  | { change: { jwks: unknown } | { jwksUri: string }; keys: readonly DescribedKey[] }
  | { faults: FieldFaults }

/** Checks the keys as the authorization server will use them. */
async function findKeys(
  { outbound, config }: Application,
  { jwks, uri }: { jwks: string; uri: string },
): Promise<FoundKeys> {
  if ((jwks === '') === (uri === '')) return { faults: { '': [ONE_OF_BOTH] } }
  const field = jwks === '' ? 'jwks-uri' : 'jwks'
  try {
    if (jwks !== '') {
      const set = parseKeySet(jwks)
      return { change: { jwks: set }, keys: await describeKeys(set) }
    }
    if (!isKeySetUri(uri, config)) throw new KeySetError('Enter an https: address.')
    const set = await fetchKeySet(outbound, uri)
    return { change: { jwksUri: uri }, keys: await describeKeys(set) }
  } catch (error) {
    if (!(error instanceof KeySetError)) throw error
    return { faults: { [field]: [error.message] } }
  }
}

const ONE_OF_BOTH = 'Give a key set, or the address of one.'

/** Fetches the keys of a client's address now, and shows them. */
async function checkKeys(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { form: _form, ...opened } = await openApplicationForm(parts, c)
  const { application, resident } = opened
  const { jwks_uri: uri } = application.client.metadata
  await requireCreation(parts, c, resident.account.id)
  if (uri === undefined) return show(parts, c, opened)
  const found = await findKeys(application, { jwks: '', uri })
  return 'faults' in found
    ? show(parts, c, opened, { faults: { '': found.faults['jwks-uri'] ?? [] }, status: 400 })
    : show(parts, c, opened, { fetched: found.keys })
}

const report = (
  { log }: DeveloperContext,
  { resident, team, application }: Opened,
  event: string,
): void =>
  log.info(event, {
    accountId: resident.account.id,
    teamId: team.id,
    clientId: application.client.id,
    place: application.place,
  })
