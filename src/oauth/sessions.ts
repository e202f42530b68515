import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { SESSION_LONGEST_SECONDS, sessionTtlSeconds } from '../accounts/session-limits.ts'
import { lockSession, storeSessionUserAgent } from '../accounts/sessions.ts'
import type { SignInMethod } from '../accounts/sign-in.ts'
import type { Db, Sql } from '../platform/db.ts'
import type { Jobs } from '../platform/jobs.ts'
import { hashSecret, randomSecret } from '../platform/secrets.ts'
import { isMultiFactor, toLoginResult } from './logins.ts'
import { type Authorizations, notifyLogout } from './logout.ts'

/** The sign-in session of this browser; one and the same for the portal and for every application. */
export type SignedIn = {
  accountId: string
  uid: string
  /** When the person last proved who they are, seconds since 1970. */
  authenticatedAt: number
  /** It was opened with more than a password. */
  isMultiFactor: boolean
}

type Parts = { db: Db; provider: Provider }
/** Who is told when sessions end: their applications, from the queue. */
type Notices = { issuer: string; jobs: Jobs }

/** Reads the session cookie. The session is used now, so that it does not end idle. */
export async function openSession(
  { provider, db }: Parts,
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
    // Not by the library's save, which would bring back a session that is being ended or renewed just now.
    await db`
      update oidc_artifact set used_at = now(), expires_at = to_timestamp(${now + ttl}),
        payload = payload || jsonb_build_object('exp', ${now + ttl}::bigint),
        user_agent = ${userAgentOf(req)}
      where kind = 'Session' and id = ${hashSecret(session.jti)} and expires_at > now()`
    setSessionCookie(provider, context, session.jti)
  }
  return { accountId, uid, authenticatedAt: loginTs, isMultiFactor: isMultiFactor(session.amr) }
}
const TOUCH_SECONDS = 60

/** A new session under a new identifier; whatever the browser held before is dead (ASVS 7.2.4). */
export async function startSession(
  { provider, db, ...notices }: Parts & Notices,
  req: IncomingMessage,
  res: ServerResponse,
  login: { accountId: string; method: SignInMethod },
): Promise<{ sessionUid: string }> {
  const context = provider.createContext(req, res)
  await endOwn(db, notices, await provider.Session.get(context))
  const session = new provider.Session()
  session.loginAccount(toLoginResult(login.accountId, login.method))
  await session.save(sessionTtlSeconds(session.loginTs))
  await storeSessionUserAgent(db, session.uid, userAgentOf(req))
  setSessionCookie(provider, context, session.jti)
  return { sessionUid: session.uid }
}

/**
 * The person has proved again who they are: the session goes on under a new identifier, and the old one is dead.
 * One statement, so that its tokens are never without it.
 Returns `false` when the session has ended meanwhile.
 */
export async function renewSession(
  { provider, db }: Parts,
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

/** Ends the session and with it every token that is bound to it. */
export async function endSession(
  { provider, db, ...notices }: Parts & Notices,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const context = provider.createContext(req, res)
  await endOwn(db, notices, await provider.Session.get(context))
  context.cookies.set(provider.cookieName('session'), null, cookieOptions(provider))
}

async function endOwn(
  db: Db,
  notices: Notices,
  { accountId, uid }: { accountId?: string | undefined; uid: string },
) {
  if (accountId) await db.begin((sql) => endSessions(sql, notices, accountId, { uid }))
}

/**
 * In a transaction: ends one session of this account, or all but one, or all, and every code and token that is bound to
 * them; the applications they were used at are told (back-channel logout). Answers how many.
 */
export async function endSessions(
  sql: Sql,
  { issuer, jobs }: Notices,
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
 * Records which session obtained a new grant. `undefined` when that session has ended meanwhile: then the grant is deleted,
 * because what ended the session did not see it. `isNew`: the session is stored by the end of this request.
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
 * What stands for this browser whoever uses it: the SHA-256 of a random cookie, hexadecimal. Forms before sign-in, links that
 * travel by mail and passkey challenges belong to one browser by it.
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
