import { createHash } from 'node:crypto'
import type { Sql } from '../db.ts'

/**
 * Whether this `jti` is used for the first time by `by` (a client): of any number at once, on any number of processes,
 * one is told so. It is remembered until `expiresAt` (seconds since the epoch).
 */
export async function spendOnce(
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
