import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import type { Provider } from 'oidc-provider'
import { SESSION_LONGEST_SECONDS, sessionTtlSeconds } from '../accounts/session-limits.ts'
import { lockSession, storeSessionUserAgent } from '../accounts/sessions.ts'
import type { SignInMethod } from '../accounts/sign-in.ts'
import type { Db, Sql } from '../platform/db.ts'
import type { Jobs } from '../platform/jobs.ts'
import { hashSecret, randomSecret } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import { isMultiFactor, toLoginResult } from './logins.ts'
import { type Authorizations, notifyLogout } from './logout.ts'

/** The sign-in session of this browser, shared by the portal and all applications. */
export type SignedIn = {
  accountId: string
  uid: string
  /** The time of the last proof of identity, in seconds since 1970. */
  authenticatedAt: number
  /** Whether more than a password opened it. */
  isMultiFactor: boolean
}

type SessionContext = { db: Db; provider: Provider }
/** What is needed to notify applications of an ended session. */
type LogoutContext = { issuer: string; jobs: Jobs }

/** Returns the session of the cookie, and renews its idle timeout. */
export async function resumeSession(
  { provider, db }: SessionContext,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<SignedIn | undefined> {
  const context = provider.createContext(req, res)
  const session = await provider.Session.get(context)
  const { accountId, uid, loginTs = 0 } = session
  if (!accountId) return undefined
  const ttl = sessionTtlSeconds(loginTs)
  const now = Math.floor(Date.now() / 1000)
  if (now + ttl - (session.exp ?? 0) >= TOUCH_SECONDS) {
    // Not the library's save, which would store a session again that is being ended or renewed just now.
    await db`
      update oidc_artifact set used_at = now(), expires_at = to_timestamp(${now + ttl}),
        payload = payload || jsonb_build_object('exp', ${now + ttl}::bigint)
      where kind = 'Session' and id = ${hashSecret(session.jti)} and expires_at > now()`
    setSessionCookie(provider, context, session.jti)
  }
  return { accountId, uid, authenticatedAt: loginTs, isMultiFactor: isMultiFactor(session.amr) }
}
const TOUCH_SECONDS = 60

/** Returns how this browser's session was opened, as an interaction reports it; `ts` is in seconds since 1970. */
export async function findLogin(
  provider: Provider,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<{ accountId: string; ts: number; amr: string[]; acr: string } | undefined> {
  const session = await provider.Session.get(provider.createContext(req, res))
  const { accountId, loginTs = 0, amr = [], acr = '' } = session
  return accountId ? { accountId, ts: loginTs, amr, acr } : undefined
}

/** Starts a session under a new identifier, and ends the browser's earlier one (ASVS 7.2.4). */
export async function startSession(
  { provider, db, vault, ...notices }: SessionContext & LogoutContext & { vault: Vault },
  req: IncomingMessage,
  res: ServerResponse,
  login: { accountId: string; method: SignInMethod },
): Promise<{ sessionUid: string }> {
  const context = provider.createContext(req, res)
  await endStoredSession(db, notices, await provider.Session.get(context))
  const session = new provider.Session()
  session.loginAccount(toLoginResult(login.accountId, login.method))
  await session.save(sessionTtlSeconds(session.loginTs))
  const { uid } = session
  await storeSessionUserAgent(db, vault, { accountId: login.accountId, uid }, userAgentOf(req))
  setSessionCookie(provider, context, session.jti)
  return { sessionUid: session.uid }
}

/**
 * Gives the session a new identifier after a new proof of identity; the old identifier is invalid. One statement, so that the
 * session's tokens are never without it. Returns `false` when the session has ended meanwhile.
 */
export async function renewSession(
  { provider, db }: SessionContext,
  req: IncomingMessage,
  res: ServerResponse,
  login: { accountId: string; method: SignInMethod },
): Promise<boolean> {
  const context = provider.createContext(req, res)
  const session = await provider.Session.get(context)
  const identifier = randomSecret()
  const loginTs = Math.floor(Date.now() / 1000)
  const exp = loginTs + sessionTtlSeconds(loginTs)
  const { amr, acr } = toLoginResult(login.accountId, login.method)
  const [renewed] = await db`
    update oidc_artifact set id = ${hashSecret(identifier)}, used_at = now(), expires_at = to_timestamp(${exp}),
      payload = payload || ${db.json({ loginTs, amr, acr, exp })}
    where kind = 'Session' and id = ${hashSecret(session.jti)} and account_id = ${login.accountId}
    returning 1`
  if (renewed) setSessionCookie(provider, context, identifier)
  return renewed !== undefined
}

/** Ends the session and every token that is bound to it. */
export async function endSession(
  { provider, db, ...notices }: SessionContext & LogoutContext,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const context = provider.createContext(req, res)
  await endStoredSession(db, notices, await provider.Session.get(context))
  context.cookies.set(provider.cookieName('session'), null, cookieOptions(provider))
}

async function endStoredSession(
  db: Db,
  notices: LogoutContext,
  { accountId, uid }: { accountId?: string | undefined; uid: string },
) {
  if (accountId) await db.begin((sql) => endSessions(sql, notices, accountId, { uid }))
}

/**
 * In a transaction: ends one session of this account, all but one, or all, with every code and token that is bound to them, and
 * enqueues logout tokens for the applications (back-channel logout). Returns how many sessions ended.
 */
export async function endSessions(
  sql: Sql,
  { issuer, jobs }: LogoutContext,
  accountId: string,
  which: { uid: string } | { exceptUid: string } | 'all',
): Promise<number> {
  const chosen =
    which === 'all'
      ? sql`true`
      : 'uid' in which
        ? sql`uid = ${which.uid}`
        : sql`uid <> ${which.exceptUid}`
  const ended = await sql<{ uid: string; authorizations: Authorizations }[]>`
    delete from oidc_artifact where kind = 'Session' and account_id = ${accountId} and ${chosen}
    returning uid, payload->'authorizations' as authorizations`
  for (const { authorizations } of ended)
    await notifyLogout(sql, jobs, { issuer, accountId, authorizations })
  const uids = ended.map(({ uid }) => uid)
  if (uids.length > 0)
    await sql`
      delete from oidc_artifact where account_id = ${accountId} and session_uid = any(${uids})`
  return ended.length
}

/**
 * Records which session obtained a new grant. When that session has ended meanwhile, deletes the grant and returns `undefined`,
 * because ending the session could not delete it. `isNew`: the session is stored at the end of this request.
 */
export async function bindGrant(
  db: Db,
  {
    grantId,
    accountId,
    sessionUid,
    isNew,
  }: { grantId: string; accountId: string; sessionUid: string; isNew: boolean },
): Promise<true | undefined> {
  return await db.begin(async (sql) => {
    if (!isNew && !(await lockSession(sql, { accountId, uid: sessionUid }))) {
      await sql`delete from oauth_grant where id = ${grantId}`
      return undefined
    }
    await sql`update oauth_grant set session_uid = ${sessionUid} where id = ${grantId}`
    return true
  })
}

/** The `User-Agent` header, at most 300 characters. */
export const userAgentOf = (req: IncomingMessage): string | null =>
  req.headers['user-agent']?.slice(0, 300) ?? null

/**
 * Returns the SHA-256 of a random cookie that identifies this browser before anyone signs in, hexadecimal; sets the cookie where it
 * is missing. Forms before sign-in, mailed links and passkey challenges are bound to it.
 */
export function ensureBrowserId(
  provider: Provider,
  req: IncomingMessage,
  res: ServerResponse,
): string {
  const { cookies } = provider.createContext(req, res)
  const name = provider.issuer.startsWith('https:') ? '__Host-browser' : 'browser'
  const value = cookies.get(name, { signed: true }) ?? randomSecret()
  cookies.set(name, value, { ...cookieOptions(provider), maxAge: BROWSER_SECONDS * 1000 })
  return hashSecret(value).toString('hex')
}
const BROWSER_SECONDS = 30 * 24 * 3600

/** `ensureBrowserId` for a request of Hono. */
export const browserOf = (
  { provider }: { provider: () => Provider },
  { env }: { env: HttpBindings },
): string => ensureBrowserId(provider(), env.incoming, env.outgoing)

type Context = ReturnType<Provider['createContext']>

/** Sets the cookie that holds the session's identifier. */
export function setSessionCookie(provider: Provider, context: Context, identifier: string): void {
  context.cookies.set(provider.cookieName('session'), identifier, {
    ...cookieOptions(provider),
    maxAge: SESSION_LONGEST_SECONDS * 1000,
  })
}

const cookieOptions = (provider: Provider) =>
  ({
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: provider.issuer.startsWith('https:'),
    signed: true,
    overwrite: true,
  }) as const
