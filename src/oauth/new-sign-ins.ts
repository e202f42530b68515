import { wasSignedOutSince } from '../accounts/accounts.ts'
import { noteSignIn } from '../accounts/security-notices.ts'
import { endFamilies } from '../consents/consents.ts'
import type { Db } from '../platform/db.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import { endSessions } from './sessions.ts'

type Parts = { db: Db; issuer: string; jobs: Jobs; sealer: Sealer; vault: Vault; log: Log }

/**
 * Completes every sign-in, after its session is stored: the resident gets a mail when the browser is new to the account.
 * Answers `false` when a new password was set while the sign-in was under way: then the session is ended again.
 */
export async function completeSignIn(
  parts: Parts,
  signIn: {
    accountId: string
    sessionUid: string
    /** As `identifyBrowser` answers it. */
    browser: string
    device: string
    /** As `takeSnapshot` answered it before the sign-in was judged. */
    snapshot: string
  },
): Promise<boolean> {
  const { accountId, sessionUid, snapshot } = signIn
  const isComplete = await parts.db.begin(async (sql) => {
    if (await wasSignedOutSince(sql, accountId, snapshot)) {
      await endSessions(sql, parts, accountId, { uid: sessionUid })
      await endFamilies(sql, accountId, { sessionUid })
      return false
    }
    await noteSignIn(sql, parts, signIn)
    return true
  })
  if (!isComplete) parts.log.info('sign-in overtaken by a new password', { accountId })
  return isComplete
}
