import { createHash } from 'node:crypto'
import type { Provider } from 'oidc-provider'
import type { Sql } from '../../platform/db.ts'
import type { PatchContext } from './patch.ts'

/**
 * Claims a `jti` for `by` (a client, or the thumbprint of its key) until `expiresAt` (seconds since the epoch). Returns `true` to exactly one of
 * any number of callers at the same time, in any number of processes.
 */
export async function claimJti(
  sql: Sql,
  by: string,
  jti: string,
  expiresAt: number,
): Promise<boolean> {
  const id = createHash('sha256')
    .update(JSON.stringify([by, jti]))
    .digest()
  const [row] = await sql`
    insert into spent_jti (id, expires_at) values (${id}, ${new Date(expiresAt * 1000)})
    on conflict (id) do update set expires_at = excluded.expires_at where spent_jti.expires_at < now()
    returning true as spent`
  return row !== undefined
}

/**
 * Detects replayed client assertions and DPoP proofs atomically. The library looks for the `jti` and then stores it: of two requests at
 * the same time both would pass.
 * Unnecessary when the library's adapter interface has an insert that fails for a known id; 9.13 has `find` and `upsert`.
 */
export function rejectReplays(provider: Provider, { db }: PatchContext): void {
  provider.ReplayDetection.unique = (by, jti, expiresAt) => claimJti(db, by, jti, expiresAt)
}
