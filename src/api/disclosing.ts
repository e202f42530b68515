import type { Context } from 'hono'
import type { Scope } from '../clients/scopes.ts'
import type { Disclosure } from '../ledger/details.ts'
import { disclose } from '../ledger/disclosure.ts'
import type { LiveToken } from '../oauth/bearer.ts'
import type { Db } from '../platform/db.ts'

/** Discloses to the application whose live token the request carries. See `disclose`. */
export const discloseToApplication = <T>(
  db: Db,
  c: Context<{ Variables: { live: LiveToken } }>,
  given: { scope: Scope; detail: Disclosure; verificationId?: string | undefined },
  answer: () => T | Promise<T>,
): Promise<T> => {
  const { clientId, accountId, tokenId } = c.var.live
  const requestId = c.get('requestId' as never)
  return disclose(db, { ...given, requestId, clientId, accountId, tokenId }, answer)
}
