import type { Db } from '../platform/db.ts'

// Expired rows are kept for a day, so that a complaint can be investigated.
const BATCH = 5_000

/** Deletes expired rows, some thousand at a time, so that other statements do not wait for long. Returns how many. */
export async function deleteExpired(db: Db): Promise<number> {
  let deleted = 0
  for (;;) {
    const rows = await db`
      delete from oidc_artifact where (kind, id) in (
        select kind, id from oidc_artifact where expires_at < now() - interval '1 day' limit ${BATCH})
      returning 1`
    deleted += rows.length
    if (rows.length < BATCH) break
  }
  const grants =
    await db`delete from oauth_grant where expires_at < now() - interval '1 day' returning 1`
  await db`delete from spent_jti where expires_at < now() - interval '1 minute'`
  return deleted + grants.length
}
