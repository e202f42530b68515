import { wasSignedOutSince } from '../accounts/accounts.ts'
import { recordSignIn } from '../accounts/security-notices.ts'
import { endTokenFamilies } from '../consents/consents.ts'
import type { Db } from '../platform/db.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import { endSessions } from './sessions.ts'

type SignInContext = { db: Db; issuer: string; jobs: Jobs; sealer: Sealer; vault: Vault; log: Log }

/**
 * Completes a sign-in after its session is stored: sends a mail when the browser is new to the account. Returns `false` when a new
 * password was set while the sign-in was under way, and then ends the session.
 */
export async function completeSignIn(
  parts: SignInContext,
  signIn: {
    accountId: string
    sessionUid: string
    /** As `ensureBrowserId` returns it. */
    browser: string
    device: string
    /** As `takeSnapshot` returned it before the credentials were checked. */
    snapshot: string
  },
): Promise<boolean> {
  const { accountId, sessionUid, snapshot } = signIn
  const isComplete = await parts.db.begin(async (sql) => {
    if (await wasSignedOutSince(sql, accountId, snapshot)) {
      await endSessions(sql, parts, accountId, { uid: sessionUid })
      await endTokenFamilies(sql, accountId, { sessionUid })
      return false
    }
    await recordSignIn(sql, parts, signIn)
    return true
  })
  if (!isComplete) parts.log.info('sign-in ended by a new password', { accountId })
  return isComplete
}
