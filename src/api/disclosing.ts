import type { Context } from 'hono'
import type { Scope } from '../clients/scopes.ts'
import type { Disclosure } from '../ledger/details.ts'
import { disclose } from '../ledger/disclosure.ts'
import type { BearerEnv } from '../oauth/bearer.ts'
import type { Db } from '../platform/db.ts'

/** Discloses to the application whose live token the request carries. See `disclose`. */
export const discloseToApplication = <T>(
  db: Db,
  c: Context<BearerEnv>,
  given: { scope: Scope; detail: Disclosure; verificationId?: string | undefined },
  answer: () => T | Promise<T>,
): Promise<T> => {
  const { live, requestId } = c.var
  const { clientId, accountId, tokenId } = live
  return disclose(db, { ...given, requestId, clientId, accountId, tokenId }, answer)
}
