const HOUR = 3600

/** An unused session ends after this time. */
export const SESSION_IDLE_SECONDS = 12 * HOUR
/** A session ends this long after the last proof of identity, however much it is used. */
export const SESSION_LONGEST_SECONDS = 14 * 24 * HOUR
/** Granting or viewing personal data requires a proof of identity that is at most this old. */
const RECENT_SECONDS = HOUR / 4

/** Whether a proof of identity at `authenticatedAt` (seconds since 1970) is recent enough. */
export const isRecentSignIn = (authenticatedAt: number, now = Date.now()): boolean =>
  now / 1000 - authenticatedAt <= RECENT_SECONDS

/** Returns the lifetime of a session that is used now, in seconds; `loginTs` is the time of the last proof of identity. */
export function sessionTtlSeconds(
  loginTs: number | undefined,
  now = Math.floor(Date.now() / 1000),
): number {
  const left = (loginTs ?? now) + SESSION_LONGEST_SECONDS - now
  return Math.max(1, Math.min(SESSION_IDLE_SECONDS, left))
}
