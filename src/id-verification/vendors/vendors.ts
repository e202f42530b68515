import { z } from 'zod'
import { ensureTenant } from '../../clients/tenants.ts'
import type { Db, Sql } from '../../platform/db.ts'
import { OperatorError } from '../../platform/errors.ts'
import { isHttpsOrLoopback } from '../../platform/loopback.ts'
import { observe } from '../../platform/operations.ts'
import type { SealedColumn } from '../../platform/resealing.ts'
import type { Sealer } from '../../platform/secrets.ts'
import { describeCall } from './call.ts'
import { createIncode } from './incode.ts'
import { createKora } from './kora.ts'
import { createMosaic } from './mosaic.ts'
import { createStripe } from './stripe.ts'
import { createSumsub } from './sumsub.ts'
import type { TokenCache } from './tokens.ts'
import {
  type Credentials,
  type Integration,
  type IntegrationSettings,
  type Secrets,
  type Vendor,
  VendorError,
} from './vendor.ts'
import {
  isVendorName,
  isVerifierName,
  MANUAL,
  VERIFIERS,
  type VendorName,
  type VerifierName,
} from './vendor-names.ts'
import { createVeriff } from './veriff.ts'

/** Creates the adapter of an integration. Throws OperatorError when the settings are not valid for its vendor. */
export function createVendor(integration: Integration, tokens?: TokenCache): Vendor {
  return observed(integration.vendor, ADAPTERS[integration.vendor](integration, tokens))
}

/** The same adapter, whose calls to the vendor's API are observed. */
function observed(vendor: VendorName, adapter: Vendor): Vendor {
  const call = <T>(name: string, work: () => Promise<T>) =>
    observe({ kind: 'vendor', vendor, name }, work, describeCall)
  const { renewPage } = adapter
  return {
    ...adapter,
    startSession: (session) => call('start_session', () => adapter.startSession(session)),
    ...(renewPage && {
      renewPage: (session) => call('renew_page', () => renewPage(session)),
    }),
    fetchResult: (sessionId) => call('fetch_result', () => adapter.fetchResult(sessionId)),
    listMedia: (session) => call('list_media', () => adapter.listMedia(session)),
    download: (media, maxBytes) => call('download', () => adapter.download(media, maxBytes)),
    deleteSession: (sessionId) => call('delete_session', () => adapter.deleteSession(sessionId)),
  }
}

const ADAPTERS: Record<VendorName, (integration: Integration, tokens?: TokenCache) => Vendor> = {
  veriff: createVeriff,
  kora: (integration) => createKora(integration),
  incode: createIncode,
  mosaic: createMosaic,
  sumsub: (integration) => createSumsub(integration),
  stripe: (integration) => createStripe(integration),
}

/** Identifies an integration. */
type VendorReference = { vendor: string; integration: string }

/** The adapter of an integration that is configured and enabled, or `undefined`. */
export async function findVendor(
  sql: Sql,
  sealer: Sealer,
  { vendor, integration }: VendorReference,
  tokens?: TokenCache,
): Promise<Vendor | undefined> {
  const found = await findVendorIntegration(sql, sealer, vendor, integration)
  return found && createVendor(found, tokens)
}

/** The same; throws VendorError when there is none. */
export async function requireVendor(
  sql: Sql,
  sealer: Sealer,
  of: VendorReference,
  tokens?: TokenCache,
): Promise<Vendor> {
  const vendor = await findVendor(sql, sealer, of, tokens)
  if (!vendor) throw new VendorError('the integration of this verification does not exist any more')
  return vendor
}

const secretsSchema = z.object({
  apiKey: z.string(),
  sharedSecrets: z.array(z.string()),
  webhookSecret: z.string().optional(),
  next: z
    .object({
      apiKey: z.string().exactOptional(),
      secret: z.string().exactOptional(),
      webhookSecret: z.string().exactOptional(),
    })
    .optional(),
  previous: z
    .object({
      apiKey: z.string().exactOptional(),
      webhookSecret: z.string().exactOptional(),
      until: z.iso.datetime().exactOptional(),
    })
    .optional(),
})
const baseUrlSchema = z.string().refine((value) => {
  const { search, hash, username } = URL.parse(value) ?? {}
  return isHttpsOrLoopback(value) && !search && !hash && !username
})

export type IntegrationSummary = {
  vendor: string
  name: string
  tenant: string
  /** `null` for `manual`. */
  baseUrl: string | null
  enabled: boolean
  updatedAt: Date
  /** The names of the next secrets that are stored. */
  next?: string[]
  /** Until when deliveries may carry the previous secrets. */
  previousUntil?: string | undefined
}

/** How long deliveries may still carry what was replaced: Veriff repeats them for a week. */
const KEEP_DAYS = 7

type GivenIntegration = {
  vendor: string
  name?: string | undefined
  tenant?: string | undefined
  /** Of every vendor; `manual` has none. */
  baseUrl?: string | undefined
  apiKey?: string | undefined
  secret?: string | undefined
  webhookSecret?: string | undefined
  /** How long deliveries may carry what is replaced now. */
  keepDays?: number
  /** Each `name=value`. A repeated name makes a list; an empty value removes the setting. */
  settings?: string[] | undefined
}

/** Adds or changes an integration. Omitted members stay as they are; what is replaced stays valid for deliveries. Throws OperatorError. */
export async function setVendorIntegration(
  sql: Sql,
  sealer: Sealer,
  given: GivenIntegration,
): Promise<IntegrationSummary> {
  const { vendor, name = 'default', baseUrl = '' } = given
  if (!isVerifierName(vendor))
    throw new OperatorError(`The vendor must be one of: ${VERIFIERS.join(', ')}.`)
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
    throw new OperatorError('The name of an integration has lower-case letters, digits and dashes.')
  const owner = await findIntegrationTenant(sql, { vendor, integration: name })
  // Who names the tenant alone means an integration of that tenant, and not to take another tenant's.
  if (owner !== undefined && given.tenant !== undefined && owner !== given.tenant && !given.name)
    throw new OperatorError(
      `The integration ${name} of ${vendor} is of the tenant ${owner}. Give the one of ${given.tenant} a name of its own with --name; with --name ${name} that one is given away.`,
    )
  if (vendor === MANUAL) return await setManualIntegration(sql, sealer, { ...given, name })
  if (!baseUrlSchema.safeParse(baseUrl).success)
    throw new OperatorError(
      'The base URL must be https:, or http: on this machine, without a query.',
    )
  const before = await findVendorIntegration(sql, sealer, vendor, name)
  const secrets = before
    ? replaceCurrent(before.secrets, given, given.keepDays ?? KEEP_DAYS)
    : firstSecrets(given)
  const tenant = given.tenant ?? before?.tenant ?? 'default'
  const integration: Integration = {
    vendor,
    name,
    tenant,
    baseUrl,
    settings: readSettings(before?.settings ?? {}, given.settings ?? []),
    secrets,
  }
  // Throws when the settings are not valid for this vendor.
  createVendor(integration)
  return await writeIntegration(sql, sealer, integration)
}

/** The integration of `manual` says which tenant may review in-house, and how long its data is kept. */
async function setManualIntegration(
  sql: Sql,
  sealer: Sealer,
  { name, ...given }: GivenIntegration & { name: string },
): Promise<IntegrationSummary> {
  const { baseUrl, apiKey, secret, webhookSecret, settings } = given
  if ([baseUrl, apiKey, secret, webhookSecret, settings?.[0]].some((value) => value !== undefined))
    throw new OperatorError(
      'manual is no service: it takes no base URL, key, secret or setting. Give --tenant, and --name where there are several.',
    )
  const before = await findIntegrationTenant(sql, { vendor: MANUAL, integration: name })
  return await writeIntegration(sql, sealer, {
    vendor: MANUAL,
    name,
    tenant: given.tenant ?? before ?? 'default',
    baseUrl: '',
    settings: {},
    secrets: { apiKey: '', sharedSecrets: [] },
  })
}

async function writeIntegration(
  sql: Sql,
  sealer: Sealer,
  integration: Omit<Integration, 'vendor'> & { vendor: VerifierName },
): Promise<IntegrationSummary> {
  const { vendor, name, tenant, baseUrl, settings, secrets } = integration
  await ensureTenant(sql, tenant)
  const sealed = sealer.seal(JSON.stringify(secrets), contextOf(vendor, name))
  const [row] = await sql<IntegrationSummary[]>`
    insert into vendor_integration (vendor, name, tenant, base_url, settings, secrets_sealed)
    values (${vendor}, ${name}, ${tenant}, ${baseUrl}, ${sql.json(settings)}, ${sealed})
    on conflict (vendor, name) do update set tenant = excluded.tenant, base_url = excluded.base_url,
      settings = excluded.settings, secrets_sealed = excluded.secrets_sealed, enabled = true, updated_at = now()
    returning vendor, name, tenant, nullif(base_url, '') as base_url, enabled, updated_at`
  if (!row) throw new Error('the integration was not written')
  return row
}

type GivenCredentials = { [Name in keyof Credentials]?: string | undefined }

function firstSecrets({ apiKey, secret, webhookSecret }: GivenCredentials): Secrets {
  if (!apiKey) throw new OperatorError('An API key is needed: --api-key or --api-key-stdin.')
  if (!secret)
    throw new OperatorError('A shared secret is needed, on standard input: --secret-stdin.')
  return { apiKey, sharedSecrets: [secret], webhookSecret }
}

/** Makes these the current credentials; those that they replace stay valid for deliveries. */
function replaceCurrent(secrets: Secrets, given: GivenCredentials, keepDays: number): Secrets {
  const [secret = ''] = secrets.sharedSecrets
  const isNew = (value: string | undefined, before: string | undefined) =>
    Boolean(value) && value !== before
  const before = {
    ...(isNew(given.apiKey, secrets.apiKey) && { apiKey: secrets.apiKey }),
    ...(isNew(given.webhookSecret, secrets.webhookSecret) &&
      secrets.webhookSecret !== undefined && { webhookSecret: secrets.webhookSecret }),
  }
  const isNewSecret = isNew(given.secret, secret)
  const isChange = isNewSecret || Object.keys(before).length > 0
  const changed: Secrets = {
    ...secrets,
    apiKey: given.apiKey || secrets.apiKey,
    sharedSecrets: isNewSecret ? [given.secret ?? '', secret] : secrets.sharedSecrets,
    webhookSecret: given.webhookSecret || secrets.webhookSecret,
  }
  if (!isChange) return changed
  const until = new Date(Date.now() + keepDays * DAY_MS).toISOString()
  return keepDays > 0 ? { ...changed, previous: { ...before, until } } : withoutPrevious(changed)
}

const DAY_MS = 24 * 3600 * 1000

const withoutPrevious = (secrets: Secrets): Secrets => ({
  ...secrets,
  sharedSecrets: secrets.sharedSecrets.slice(0, 1),
  previous: undefined,
})

type IntegrationName = { vendor: string; name?: string | undefined }

/** Stores what the vendor may use from now on: for calls where it refuses the current credentials, and for deliveries at once. */
export async function addNextCredentials(
  db: Db,
  sealer: Sealer,
  { apiKey, secret, webhookSecret, ...of }: IntegrationName & GivenCredentials,
): Promise<IntegrationSummary> {
  const next = {
    ...(apiKey && { apiKey }),
    ...(secret && { secret }),
    ...(webhookSecret && { webhookSecret }),
  }
  if (Object.keys(next).length === 0)
    throw new OperatorError(
      'Give what is new: --api-key, --api-key-stdin, --secret-stdin or --webhook-secret-stdin.',
    )
  return await changeSecrets(db, sealer, of, (secrets) => ({ ...secrets, next }))
}

/** Makes the next credentials the current ones, after the vendor has changed to them. Those before stay valid for deliveries. */
export async function useNextCredentials(
  db: Db,
  sealer: Sealer,
  { keepDays, ...of }: IntegrationName & { keepDays: number },
): Promise<IntegrationSummary> {
  return await changeSecrets(db, sealer, of, ({ next, ...secrets }) => {
    if (!next) throw new OperatorError('There are no next secrets: `vendor add-next` stores them.')
    return replaceCurrent(secrets, next, keepDays)
  })
}

/** Removes the next credentials, or the previous ones. */
export async function dropCredentials(
  db: Db,
  sealer: Sealer,
  { which, ...of }: IntegrationName & { which: 'next' | 'previous' },
): Promise<IntegrationSummary> {
  return await changeSecrets(db, sealer, of, (secrets) =>
    which === 'next' ? { ...secrets, next: undefined } : withoutPrevious(secrets),
  )
}

async function changeSecrets(
  db: Db,
  sealer: Sealer,
  { vendor, name = 'default' }: IntegrationName,
  change: (secrets: Secrets) => Secrets,
): Promise<IntegrationSummary> {
  return await db.begin(async (sql) => {
    await sql`select from vendor_integration where vendor = ${vendor} and name = ${name} for update`
    const found = await findVendorIntegration(sql, sealer, vendor, name)
    if (!found) throw new OperatorError('There is no such integration. `vendor list` shows them.')
    const secrets = change(found.secrets)
    const sealed = sealer.seal(JSON.stringify(secrets), contextOf(vendor, name))
    const [row] = await sql<IntegrationSummary[]>`
      update vendor_integration set secrets_sealed = ${sealed}, updated_at = now()
      where vendor = ${vendor} and name = ${name}
      returning vendor, name, tenant, base_url, enabled, updated_at`
    if (!row) throw new Error('the integration was not written')
    return { ...row, ...summaryOf(secrets) }
  })
}

/** Which secrets there are beside the current ones, never what they are. */
function summaryOf({ next, previous, sharedSecrets }: Secrets) {
  return {
    next: Object.keys(next ?? {}),
    previousUntil: previous?.until ?? (sharedSecrets.length > 1 ? 'without end' : undefined),
  }
}

function readSettings(before: IntegrationSettings, words: string[]): IntegrationSettings {
  const settings = { ...before }
  const given = new Map<string, string[]>()
  for (const word of words) {
    const [, name, value] = /^([a-zA-Z]+)=(.*)$/s.exec(word) ?? []
    if (name === undefined || value === undefined)
      throw new OperatorError('A setting is written as name=value.')
    given.set(name, [...(given.get(name) ?? []), value])
  }
  for (const [name, values] of given) {
    const [first = ''] = values
    if (values.length > 1) settings[name] = values
    else if (first === '') delete settings[name]
    else if (first === 'true' || first === 'false') settings[name] = first === 'true'
    else settings[name] = /^\d{1,9}$/.test(first) ? Number(first) : first
  }
  return settings
}

export type TenantIntegration = { vendor: VerifierName; name: string }

/** The enabled integrations of a tenant, of this vendor and with this name where they are given. */
export async function listTenantIntegrations(
  sql: Sql,
  {
    tenant,
    vendor = null,
    name = null,
  }: { tenant: string; vendor?: string | null | undefined; name?: string | null | undefined },
): Promise<TenantIntegration[]> {
  return await sql<TenantIntegration[]>`
    select vendor, name from vendor_integration
    where tenant = ${tenant} and enabled and vendor = coalesce(${vendor}, vendor) and name = coalesce(${name}, name)
    order by vendor, name`
}

/** Every integration, with the secrets that it has beside the current ones, by their names. */
export async function listVendorIntegrations(
  sql: Sql,
  sealer: Sealer,
): Promise<IntegrationSummary[]> {
  const rows = await sql<(IntegrationSummary & { secretsSealed: string })[]>`
    select vendor, name, tenant, nullif(base_url, '') as base_url, enabled, updated_at, secrets_sealed
    from vendor_integration order by vendor, name`
  return rows.map(({ secretsSealed, ...row }) => ({
    ...row,
    ...summaryOf(openSecrets(sealer, row, secretsSealed)),
  }))
}

/** The tenant of an integration, of a vendor or of `manual`, that is enabled; otherwise `undefined`. */
export async function findIntegrationTenant(
  sql: Sql,
  { vendor, integration }: VendorReference,
): Promise<string | undefined> {
  const [row] = await sql<{ tenant: string }[]>`
    select tenant from vendor_integration
    where vendor = ${vendor} and name = ${integration} and enabled`
  return row?.tenant
}

/** An enabled integration with a vendor. `manual` has no service, and so none of these. */
export async function findVendorIntegration(
  sql: Sql,
  sealer: Sealer,
  vendor: string,
  name: string,
): Promise<Integration | undefined> {
  const [row] = await sql<
    {
      vendor: VendorName
      name: string
      tenant: string
      baseUrl: string
      settings: IntegrationSettings
      secretsSealed: string
    }[]
  >`select vendor, name, tenant, base_url, settings, secrets_sealed from vendor_integration
    where vendor = ${vendor} and name = ${name} and enabled`
  if (!row || !isVendorName(row.vendor)) return undefined
  const { secretsSealed, ...rest } = row
  return { ...rest, secrets: openSecrets(sealer, rest, secretsSealed) }
}

function openSecrets(
  sealer: Sealer,
  { vendor, name }: { vendor: string; name: string },
  sealed: string,
): Secrets {
  const opened: unknown = JSON.parse(sealer.open(sealed, contextOf(vendor, name)))
  return secretsSchema.parse(opened)
}

const contextOf = (vendor: string, name: string) => `vendor_integration ${vendor} ${name}`

export const SEALED_VENDOR_SECRETS: SealedColumn = {
  table: 'vendor_integration',
  column: 'secrets_sealed',
  key: ['vendor', 'name'],
  contextOf: (key) => `vendor_integration ${key}`,
}
