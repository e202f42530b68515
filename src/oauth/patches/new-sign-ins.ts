import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { takeSnapshot } from '../../accounts/accounts.ts'
import { completeSignIn } from '../new-sign-ins.ts'
import { ensureBrowserId } from '../sessions.ts'
import type { PatchContext } from './patch.ts'

/**
 * Completes a sign-in that an interaction brought, after the library stored its session: the browser becomes known, and a new one is
 * reported by mail. Unnecessary when the library has an event after the session of a login result is stored; 9.13 does not.
 */
export function completeSignIns(provider: Provider, parts: PatchContext): void {
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    await next()
    const { login } = ctx.oidc?.result ?? {}
    const { session } = ctx.oidc ?? {}
    if (!login || !session) return
    const isComplete = await completeSignIn(parts, {
      accountId: login.accountId,
      sessionUid: session.uid,
      browser: ensureBrowserId(provider, ctx.req, ctx.res),
      device: (texts) => parts.deviceOf(texts, ctx.get('user-agent') || null),
      locale: parts.readerOf(ctx.req, ctx.oidc.params?.ui_locales).locale,
      snapshot: typeof login.snapshot === 'string' ? login.snapshot : await takeSnapshot(parts.db),
    })
    if (isComplete) return
    ctx.remove('Location')
    ctx.status = 400
    parts.renderError(ctx, { error: 'access_denied' })
  })
}
