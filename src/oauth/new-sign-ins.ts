import { setLocale, wasSignedOutSince } from '../accounts/accounts.ts'
import type { MailContext } from '../accounts/mails.ts'
import { recordSignIn } from '../accounts/security-notices.ts'
import { endTokenFamilies } from '../consents/consents.ts'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import type { Vault } from '../platform/vault.ts'
import type { Locale, Text } from '../web/texts/languages.ts'
import { endSessions } from './sessions.ts'

type SignInContext = MailContext & { db: Db; issuer: string; vault: Vault; log: Log }

/**
 * Completes a sign-in after its session is stored: sends a mail when the browser is new to the account, and stores the language. Returns `false` when a new
 * password was set while the sign-in was under way, and then ends the session.
 */
export async function completeSignIn(
  parts: SignInContext,
  signIn: {
    accountId: string
    sessionUid: string
    /** As `ensureBrowserId` returns it. */
    browser: string
    device: Text
    /** The language in which the resident signed in. */
    locale: Locale
    /** As `takeSnapshot` returned it before the credentials were checked. */
    snapshot: string
  },
): Promise<boolean> {
  const { accountId, sessionUid, snapshot, locale } = signIn
  const outcome = await parts.db.begin(async (sql) => {
    if (await wasSignedOutSince(sql, accountId, snapshot)) {
      await endSessions(sql, parts, accountId, { uid: sessionUid })
      await endTokenFamilies(sql, accountId, { sessionUid })
      return 'ended'
    }
    return (await recordSignIn(sql, parts, signIn)) ? 'known browser' : 'new browser'
  })
  if (outcome === 'ended') {
    parts.log.info('sign-in ended by a new password', { accountId })
    return false
  }
  // After the transaction, whose shared lock two sign-ins can hold at once. A new browser may be an intruder's, and the resident has to
  // understand the mails about it.
  await setLocale(parts.db, accountId, locale, { ifNone: outcome === 'new browser' })
  return true
}
