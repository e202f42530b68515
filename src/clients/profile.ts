import { z } from 'zod'
import type { Sql } from '../platform/db.ts'
import { isHttpsOrLoopback } from '../platform/loopback.ts'
import { displayedText, visibleText } from '../web/displayed-text.ts'
import { MetadataError, schemaFaults } from './metadata-faults.ts'
import type { ScopeAlternatives } from './scopes.ts'
import { findSimilar } from './similar-names.ts'
import { listTrustedClients } from './trusted-clients.ts'

const webUri = (name: string) =>
  z.string().refine(isHttpsOrLoopback, {
    error: `${name} must be an https: address, or http: on this machine`,
  })
/** The members of a registration that pages show: those of RFC 7591 §2, `operator` and `purpose`. */
export const profileSchema = z.object({
  client_uri: webUri('client_uri').optional(),
  logo_uri: webUri('logo_uri').optional(),
  policy_uri: webUri('policy_uri').optional(),
  tos_uri: webUri('tos_uri').optional(),
  /** Who runs the application. */
  operator: displayedText('operator', 100).optional(),
  /** What the application needs the data for. */
  purpose: displayedText('purpose', 300).optional(),
})
export type ProfileMetadata = z.infer<typeof profileSchema>

/**
 * Changes the given members; an empty string removes one. Returns whether the client exists. Throws MetadataError on bad input.
 * With another purpose the application has to request every consent again.
 */
export async function setClientProfile(
  sql: Sql,
  clientId: string,
  change: ProfileMetadata,
): Promise<boolean> {
  const changed = Object.entries(change).filter(([, value]) => value !== undefined)
  const removed = changed.flatMap(([name, value]) => (value === '' ? [name] : []))
  const parsed = profileSchema.safeParse(
    Object.fromEntries(changed.filter(([, value]) => value !== '')),
  )
  if (!parsed.success) throw new MetadataError(schemaFaults(parsed.error))
  const rows = await sql`
    update client set metadata = (metadata - ${removed}::text[]) || ${sql.json(parsed.data)}, updated_at = now()
    where id = ${clientId} returning id`
  return rows.length > 0
}

/** An application as pages show it. */
export type ClientProfile = {
  clientId: string
  name: string
  operator: string | null
  purpose: string | null
  clientUri: string | null
  policyUri: string | null
  tosUri: string | null
  /** The path of its logo on our own origin. */
  logo: string | null
  alternatives: ScopeAlternatives
  /** Whether the operator has checked it, under this name. */
  isTrusted: boolean
  /** The name of a trusted client that people could take this one for. */
  resembles: string | undefined
}

/** `undefined` when it is no client's id. */
export async function findClientProfile(
  sql: Sql,
  clientId: string,
): Promise<ClientProfile | undefined> {
  const [profile] = await listClientProfiles(sql, [clientId])
  return profile
}

/** The profiles of those ids that are clients, in no order. */
export async function listClientProfiles(
  sql: Sql,
  clientIds: readonly string[],
): Promise<ClientProfile[]> {
  const rows = await sql<
    (Omit<ClientProfile, 'resembles'> & { storedName: string; logoDigest: string | null })[]
  >`
    select client.id as client_id, client.name, client.name as stored_name, trusted_client.name = client.name is true as is_trusted,
      metadata->>'operator' as operator, metadata->>'purpose' as purpose,
      metadata->>'client_uri' as client_uri, metadata->>'policy_uri' as policy_uri,
      metadata->>'tos_uri' as tos_uri, coalesce(metadata->'scope_alternatives', '{}') as alternatives, encode(client_logo.sha256, 'hex') as logo_digest
    from client left join client_logo on client_logo.client_id = client.id
      left join trusted_client on trusted_client.client_id = client.id
    where client.id = any (${[...clientIds]})`
  const trusted = rows.some(({ isTrusted }) => !isTrusted) ? await listTrustedClients(sql) : []
  return rows.map(({ logoDigest, storedName, ...profile }) => ({
    ...profile,
    resembles: profile.isTrusted ? undefined : findSimilar(trusted, storedName)?.name,
    name: visibleText(profile.name),
    operator: profile.operator && visibleText(profile.operator),
    purpose: profile.purpose && visibleText(profile.purpose),
    logo: logoDigest && logoPath(profile.clientId, logoDigest),
  }))
}

/** The path contains the digest, so that responses can be cached without end. */
const logoPath = (clientId: string, digest: string): string =>
  `/applications/${encodeURIComponent(clientId)}/logo?sha256=${digest.slice(0, 32)}`
