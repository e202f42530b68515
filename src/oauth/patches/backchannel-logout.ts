import type { Provider } from 'oidc-provider'
import { notifyLogout } from '../logout.ts'
import type { PatchContext } from './patch.ts'

/**
 * Enqueues logout tokens. The library sends them during the request, once, and forgets those that did not arrive.
 * Unnecessary when the library takes a function that delivers logout tokens; 9.13 has none.
 */
export function enqueueLogoutNotices(provider: Provider, { issuer, db, jobs }: PatchContext): void {
  provider.Client.prototype.backchannelLogout = async function (
    this: { clientId: string },
    accountId: string,
    sid: string,
  ) {
    await notifyLogout(db, jobs, {
      issuer,
      accountId,
      authorizations: { [this.clientId]: { sid } },
    })
  }
}
