import type { Context } from 'hono'
import { hashEmail } from '../accounts/accounts.ts'
import { type Attempt, countAttempt } from '../accounts/throttle.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import type { DeveloperContext } from './access.ts'

/** Counts what a developer creates, changes or sends at a cost. Throws PageError 429 for too much of it. */
export const requireCreation = (
  parts: DeveloperContext,
  c: Context<PageEnv>,
  accountId: string,
): Promise<void> => requireAttempt(parts, c, 'developer', accountId)

/** Counts the invitations that a developer sends, and those that an address gets. Throws PageError 429 for too many. */
export async function requireInvitation(
  parts: DeveloperContext,
  c: Context<PageEnv>,
  { accountId, email }: { accountId: string; email: string },
): Promise<void> {
  await requireAttempt(parts, c, 'invitation', accountId)
  await requireAttempt(parts, c, 'invited', await hashEmail(parts.db, parts.vault, email))
}

async function requireAttempt(
  { db, addressOf, security }: DeveloperContext,
  c: Context<PageEnv>,
  what: Attempt['what'],
  emailKey: string,
): Promise<void> {
  const address = addressOf(c.env.incoming)
  const wait = await countAttempt(db, { what, emailKey, address })
  if (wait === 0) return
  security.emit('rate_limited', { address, subject: what })
  throw tooManyRequests(wait)
}

const tooManyRequests = (seconds: number) =>
  new PageError(429, 'rate_limit_exceeded', ({ errors }) => errors.tooManyRequests(seconds), {
    headers: { 'Retry-After': String(seconds) },
  })
