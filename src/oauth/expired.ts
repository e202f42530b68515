import { deleteOldAttempts } from '../accounts/throttle.ts'
import type { Db } from '../platform/db.ts'

// What has ended is kept for a day: long enough to look into a complaint.
const AT_ONCE = 5_000

/** Deletes what has ended, some thousand rows at a time so that nobody waits behind it. Answers how many. */
export async function deleteExpired(db: Db): Promise<number> {
  let deleted = 0
  for (;;) {
    const rows = await db`
      delete from oidc_artifact where (kind, id) in (
        select kind, id from oidc_artifact where expires_at < now() - interval '1 day' limit ${AT_ONCE})
      returning 1`
    deleted += rows.length
    if (rows.length < AT_ONCE) break
  }
  const grants =
    await db`delete from oauth_grant where expires_at < now() - interval '1 day' returning 1`
  await db`delete from spent_jti where expires_at < now() - interval '1 minute'`
  await db`delete from signing_key where retires_at < now() - interval '1 day'`
  // An ended consent opens nothing; for a month it still tells the resident, when asked again, what there was.
  // A frozen one stays until its resident lifts or ends it.
  await db`delete from consent where ends_at < now() - interval '30 days' and frozen_at is null`
  await deleteOldAttempts(db)
  return deleted + grants.length
}
