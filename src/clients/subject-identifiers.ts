import { createHmac } from 'node:crypto'
import type { Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import type { Outbound } from '../platform/outbound.ts'
import { randomSecret, type Sealer } from '../platform/secrets.ts'

/*
 * The `sub` that an application is given (OpenID Core §8). Clients of the subject type `pairwise` get a different one in each
 * sector, so that they cannot match their users. The salt is sealed in the database: it is the same in every process, and does
 * not change with ENCRYPTION_KEY.
 */

/** The metadata on which a client's identifiers depend, by the names of RFC 7591. */
export type SubjectClient = {
  client_id: string
  subject_type?: 'public' | 'pairwise' | undefined
  sector_identifier_uri?: string | undefined
  redirect_uris?: readonly string[] | undefined
}

export type SubjectIdentifiers = {
  /** The resident's `sub` at this client. */
  of(client: SubjectClient, accountId: string): string
}

const SETTING = 'pairwise.salt'

/** Reads the salt, creates it once, and seals it again where an older encryption key sealed it. */
export async function openSubjectIdentifiers(
  sql: Sql,
  sealer: Sealer,
): Promise<SubjectIdentifiers> {
  await sql`
    insert into portal_setting (name, value)
    values (${SETTING}, ${sealer.seal(randomSecret(), SETTING)}) on conflict do nothing`
  const [row] = await sql<{ value: string }[]>`
    select value from portal_setting where name = ${SETTING}`
  if (!row) throw new Error('the salt of pairwise identifiers was not written')
  const salt = sealer.open(row.value, SETTING)
  const sealed = sealer.seal(salt, SETTING)
  if (keyOf(sealed) !== keyOf(row.value))
    await sql`
      update portal_setting set value = ${sealed} where name = ${SETTING} and value = ${row.value}`
  return {
    of(client, accountId) {
      if (client.subject_type !== 'pairwise') return accountId
      return createHmac('sha256', salt)
        .update(JSON.stringify([sectorOf(client), accountId]))
        .digest('base64url')
    },
  }
}

const keyOf = (sealed: string) => sealed.split('.', 2)[1]

/**
 * The sector (OpenID Core §8.1): the host of the sector_identifier_uri, or of the redirect URIs. Loopback addresses and private-use
 * schemes identify no owner: a client with no others is a sector of its own.
 */
export function sectorOf(client: SubjectClient): string {
  const { sector_identifier_uri: uri, redirect_uris: redirects = [] } = client
  const [host] = uri === undefined ? publicHosts(redirects) : [new URL(uri).host]
  return host ?? `${client.client_id}.client.invalid`
}

/** The distinct hosts of redirect URIs, without loopback addresses. */
export const publicHosts = (redirectUris: readonly string[]): string[] => [
  ...new Set(
    redirectUris.flatMap((uri) => {
      const { protocol, host } = new URL(uri)
      return protocol === 'https:' ? [host] : []
    }),
  ),
]

/** Fetches the sector_identifier_uri, whose document must list every redirect URI (OpenID Core §8.1). Throws OperatorError. */
export async function verifySector(
  outbound: Outbound,
  { sector_identifier_uri: uri, redirect_uris: redirects = [] }: SubjectClient,
): Promise<void> {
  if (uri === undefined) return
  const fault = (why: string) => new OperatorError(`The sector_identifier_uri ${why}.`)
  let listed: unknown
  try {
    const answer = await outbound(uri, { headers: { Accept: 'application/json' } })
    if (answer.status !== 200) throw fault(`answered ${answer.status}`)
    listed = await answer.json()
  } catch (error) {
    if (error instanceof OperatorError) throw error
    throw new OperatorError('The sector_identifier_uri cannot be read as JSON.', { cause: error })
  }
  if (!Array.isArray(listed) || !redirects.every((redirect) => listed.includes(redirect)))
    throw fault('must return a JSON array that contains every redirect URI of the client')
}
