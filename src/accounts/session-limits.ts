const HOUR = 3600

/** A session that nobody uses ends after this. */
export const SESSION_IDLE_SECONDS = 12 * HOUR
/** A session ends this long after the last sign-in or confirmation, however much it is used. */
export const SESSION_LONGEST_SECONDS = 14 * 24 * HOUR
/** What opens or shows personal data asks for a sign-in or a confirmation that is no older than this. */
const RECENT_SECONDS = HOUR / 4

/** Whether a person who proved who they are at `authenticatedAt` (seconds since 1970) need not do so again now. */
export const isRecentSignIn = (authenticatedAt: number, now = Date.now()): boolean =>
  now / 1000 - authenticatedAt <= RECENT_SECONDS

/** Seconds that a session lives on from now, when it is used now; `loginTs` is when the person last proved who they are. */
export function sessionTtlSeconds(
  loginTs: number | undefined,
  now = Math.floor(Date.now() / 1000),
): number {
  const left = (loginTs ?? now) + SESSION_LONGEST_SECONDS - now
  return Math.max(1, Math.min(SESSION_IDLE_SECONDS, left))
}
