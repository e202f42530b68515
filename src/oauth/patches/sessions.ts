import { Provider } from 'oidc-provider'
import { storeSessionUserAgent } from '../../accounts/sessions.ts'
import { hashSecret } from '../../platform/secrets.ts'
import { setSessionCookie, userAgentOf } from '../sessions.ts'
import type { PatchContext } from './patch.ts'

const FORM_SECONDS = 3600

type Session = InstanceType<Provider['Session']>
/** Members that the library's own `save` uses, and its types omit. */
type StoredSession = Session & {
  oldId?: string | undefined
  touched: boolean
  getValueAndPayload(): Promise<{ payload: { jti?: string } & Record<string, unknown> }>
  emit(event: 'saved'): void
}

/**
 * Saves an existing session by one `update`, and stores the browser beside it for the resident's list of sessions. The library deletes
 * and inserts: the session's tokens would be without it for a moment, and a session that ended during the request would exist again.
 * Unnecessary when the library's adapter interface has an update that may find nothing; 9.13 has `upsert` alone.
 */
export function updateSessions(provider: Provider, { db, vault }: PatchContext): void {
  const { prototype } = provider.Session
  const { save } = prototype
  prototype.save = async function (this: StoredSession, ttl: number) {
    const ctx = Provider.ctx
    const storeBrowser = async () => {
      const { accountId, uid } = this
      if (accountId && ctx)
        await storeSessionUserAgent(db, vault, { accountId, uid }, userAgentOf(ctx.req))
    }
    if (this.exp !== undefined) {
      this.exp = Math.floor(Date.now() / 1000) + ttl
      const { jti: _, ...payload } = (await this.getValueAndPayload()).payload
      const accountId = this.accountId ?? null
      const [changed] = await db<{ hasBrowser: boolean }[]>`
        update oidc_artifact set id = ${hashSecret(this.jti)}, account_id = ${accountId},
          payload = ${db.json(payload as Record<string, never>)}, expires_at = to_timestamp(${this.exp}),
          user_agent_sealed = case when account_id = ${accountId} then user_agent_sealed end, used_at = now()
        where kind = 'Session' and id = ${hashSecret(this.oldId ?? this.jti)}
        returning user_agent_sealed is not null as has_browser`
      // The session has ended. Only a fresh sign-in creates another one.
      if (!changed && !ctx?.oidc.result?.login) return this.jti
      this.oldId = undefined
      if (changed) {
        this.touched = false
        this.emit('saved')
        if (!changed.hasBrowser) await storeBrowser()
        return this.jti
      }
    }
    const saved = await save.call(this, ttl)
    await storeBrowser()
    return saved
  }
}

/**
 * Creates a session for a browser without one that is shown the device page with an error: the page's form is bound to a session.
 * The library throws there, because it persists only sessions that are stored already.
 * Unnecessary when the library creates the session itself; 9.13 responds 500.
 */
export function createDeviceFormSession(provider: Provider): void {
  const { prototype } = provider.Session
  const { persist } = prototype
  prototype.persist = async function (this: Session) {
    if (this.exp !== undefined) return await persist.call(this)
    const { req, res } = Provider.ctx ?? {}
    if (req && res) setSessionCookie(provider, provider.createContext(req, res), this.jti)
    return await this.save(FORM_SECONDS)
  }
}
