import type { Context } from 'hono'
import { type Attempt, countAttempt } from '../accounts/throttle.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import type { DeveloperContext } from './access.ts'

/** Counts what a developer creates or changes at a cost. Throws PageError 429 for too much of it. */
export const requireCreation = (
  parts: DeveloperContext,
  c: Context<PageEnv>,
  accountId: string,
): Promise<void> => requireAttempt(parts, c, 'developer', accountId)

/** Counts the mails that a developer causes. Throws PageError 429 for too many. */
export const requireInvitation = (
  parts: DeveloperContext,
  c: Context<PageEnv>,
  accountId: string,
): Promise<void> => requireAttempt(parts, c, 'invitation', accountId)

async function requireAttempt(
  { db, addressOf, security }: DeveloperContext,
  c: Context<PageEnv>,
  what: Attempt['what'],
  accountId: string,
): Promise<void> {
  const address = addressOf(c.env.incoming)
  const wait = await countAttempt(db, { what, emailKey: accountId, address })
  if (wait === 0) return
  security.emit('rate_limited', { address, accountId, subject: what })
  throw new PageError(429, 'rate_limit_exceeded', ({ errors }) => errors.tooManyRequests(wait), {
    headers: { 'Retry-After': String(wait) },
  })
}
