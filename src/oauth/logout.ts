import { findClient } from '../clients/clients.ts'
import type { SubjectIdentifiers } from '../clients/subject-identifiers.ts'
import type { Db, Sql } from '../platform/db.ts'
import type { JobData, Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import type { Outbound } from '../platform/outbound.ts'
import type { KeyRing } from '../signing/key-ring.ts'

const GIVE_UP_MS = 24 * 3600_000
const TOKEN_LIFE_SECONDS = 120

/** The `sid` of a session at each application that it signed in to: oidc-provider's `authorizations`. */
export type Authorizations = Record<string, { sid?: string }> | null | undefined

/** In the caller's transaction: enqueues a logout token for each application of the session that registered an address for it. */
export async function notifyLogout(
  sql: Sql,
  jobs: Jobs,
  ended: { issuer: string; accountId: string; authorizations: Authorizations },
): Promise<void> {
  const { issuer, accountId, authorizations } = ended
  for (const [clientId, { sid }] of Object.entries(authorizations ?? {})) {
    const client = await findClient(sql, clientId)
    if (!client?.backchannel_logout_uri || !sid) continue
    const endedAt = new Date().toISOString()
    await jobs.enqueue(sql, 'notify-logout', { issuer, clientId, accountId, sid, endedAt })
  }
}

/**
 * Sends a logout token to one application (OpenID Connect Back-Channel Logout 1.0 §2.5). Throws on failure, so that the queue
 * retries. A token that the application rejects (400) is not sent again, and retries end after a day.
 */
export async function deliverLogout(
  parts: { db: Db; ring: KeyRing; subjects: SubjectIdentifiers; outbound: Outbound; log: Log },
  { issuer, clientId, accountId, sid, endedAt }: JobData<'notify-logout'>,
): Promise<void> {
  const { log } = parts
  const client = await findClient(parts.db, clientId)
  if (!client?.enabled || !client.backchannel_logout_uri) return
  if (Date.now() - Date.parse(endedAt) > GIVE_UP_MS) {
    log.warn('logout notice abandoned', { clientId })
    return
  }
  const algorithm = client.id_token_signed_response_alg ?? 'RS256'
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: issuer,
    aud: clientId,
    sub: parts.subjects.of(client, accountId),
    jti: crypto.randomUUID(),
    iat: now,
    exp: now + TOKEN_LIFE_SECONDS,
    sid,
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  }
  const token = await parts.ring.sign('logout+jwt', claims, algorithm)
  const { status } = await parts.outbound(client.backchannel_logout_uri, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ logout_token: token }).toString(),
  })
  if (status >= 200 && status < 300) log.info('logout notice delivered', { clientId })
  else if (status === 400) log.warn('logout notice rejected', { clientId })
  else throw new Error(`the application answered ${status}`)
}
