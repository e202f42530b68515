import { z } from 'zod'
import { ensureTenant } from '../../clients/tenants.ts'
import type { Sql } from '../../platform/db.ts'
import { OperatorError } from '../../platform/errors.ts'
import { isHttpsOrLoopback } from '../../platform/loopback.ts'
import { observe } from '../../platform/operations.ts'
import type { SealedColumn } from '../../platform/resealing.ts'
import type { Sealer } from '../../platform/secrets.ts'
import { describeCall } from './call.ts'
import { createIncode } from './incode.ts'
import { createKora } from './kora.ts'
import { createMosaic } from './mosaic.ts'
import type { TokenCache } from './tokens.ts'
import { type Integration, type IntegrationSettings, type Vendor, VendorError } from './vendor.ts'
import { isVendorName, VENDORS, type VendorName } from './vendor-names.ts'
import { createVeriff } from './veriff.ts'

/** Creates the adapter of an integration. Throws OperatorError when the settings are not valid for its vendor. */
export function createVendor(integration: Integration, tokens?: TokenCache): Vendor {
  return observed(integration.vendor, ADAPTERS[integration.vendor](integration, tokens))
}

/** The same adapter, whose calls to the vendor's API are observed. */
function observed(vendor: VendorName, adapter: Vendor): Vendor {
  const call = <T>(name: string, work: () => Promise<T>) =>
    observe({ kind: 'vendor', vendor, name }, work, describeCall)
  return {
    ...adapter,
    startSession: (session) => call('start_session', () => adapter.startSession(session)),
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

const SECRETS_KEPT = 2
const secretsSchema = z.object({
  apiKey: z.string(),
  sharedSecrets: z.array(z.string()),
  webhookSecret: z.string().optional(),
})
const baseUrlSchema = z.string().refine((value) => {
  const { search, hash, username } = URL.parse(value) ?? {}
  return isHttpsOrLoopback(value) && !search && !hash && !username
})

export type IntegrationSummary = {
  vendor: string
  name: string
  tenant: string
  baseUrl: string
  enabled: boolean
  updatedAt: Date
}

/** Adds or changes an integration. Omitted members stay as they are; the previous secret stays valid beside a new one. Throws OperatorError. */
export async function setVendorIntegration(
  sql: Sql,
  sealer: Sealer,
  given: {
    vendor: string
    name?: string | undefined
    tenant?: string | undefined
    baseUrl: string
    apiKey?: string | undefined
    secret?: string | undefined
    webhookSecret?: string | undefined
    /** Each `name=value`. A repeated name makes a list; an empty value removes the setting. */
    settings?: string[] | undefined
  },
): Promise<IntegrationSummary> {
  const { vendor, name = 'default', baseUrl } = given
  if (!isVendorName(vendor))
    throw new OperatorError(`The vendor must be one of: ${VENDORS.join(', ')}.`)
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
    throw new OperatorError('The name of an integration has lower-case letters, digits and dashes.')
  if (!baseUrlSchema.safeParse(baseUrl).success)
    throw new OperatorError(
      'The base URL must be https:, or http: on this machine, without a query.',
    )
  const before = await findVendorIntegration(sql, sealer, vendor, name)
  const apiKey = given.apiKey ?? before?.secrets.apiKey
  const known = before?.secrets.sharedSecrets ?? []
  const sharedSecrets = given.secret
    ? [given.secret, ...known.filter((secret) => secret !== given.secret)].slice(0, SECRETS_KEPT)
    : known
  if (!apiKey) throw new OperatorError('An API key is needed: --api-key.')
  if (sharedSecrets.length === 0)
    throw new OperatorError('A shared secret is needed, on standard input: --secret-stdin.')
  const tenant = given.tenant ?? before?.tenant ?? 'default'
  const integration: Integration = {
    vendor,
    name,
    tenant,
    baseUrl,
    settings: readSettings(before?.settings ?? {}, given.settings ?? []),
    secrets: {
      apiKey,
      sharedSecrets,
      webhookSecret: given.webhookSecret ?? before?.secrets.webhookSecret,
    },
  }
  // Throws when the settings are not valid for this vendor.
  createVendor(integration)
  await ensureTenant(sql, tenant)
  const sealed = sealer.seal(JSON.stringify(integration.secrets), contextOf(vendor, name))
  const [row] = await sql<IntegrationSummary[]>`
    insert into vendor_integration (vendor, name, tenant, base_url, settings, secrets_sealed)
    values (${vendor}, ${name}, ${tenant}, ${baseUrl}, ${sql.json(integration.settings)}, ${sealed})
    on conflict (vendor, name) do update set tenant = excluded.tenant, base_url = excluded.base_url,
      settings = excluded.settings, secrets_sealed = excluded.secrets_sealed, enabled = true, updated_at = now()
    returning vendor, name, tenant, base_url, enabled, updated_at`
  if (!row) throw new Error('the integration was not written')
  return row
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

export async function listVendorIntegrations(sql: Sql): Promise<IntegrationSummary[]> {
  return await sql<IntegrationSummary[]>`
    select vendor, name, tenant, base_url, enabled, updated_at from vendor_integration order by vendor, name`
}

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
  if (!row) return undefined
  const { secretsSealed, ...rest } = row
  const opened: unknown = JSON.parse(sealer.open(secretsSealed, contextOf(vendor, name)))
  return { ...rest, secrets: secretsSchema.parse(opened) }
}

const contextOf = (vendor: string, name: string) => `vendor_integration ${vendor} ${name}`

export const SEALED_VENDOR_SECRETS: SealedColumn = {
  table: 'vendor_integration',
  column: 'secrets_sealed',
  key: ['vendor', 'name'],
  contextOf: (key) => `vendor_integration ${key}`,
}
