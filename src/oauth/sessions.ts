import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { SESSION_TTL_SECONDS } from './provider.ts'

/** The sign-in session of this browser; one and the same for the portal and for every application. */
export type SignedIn = { accountId: string; uid: string }

/** Reads the session cookie. */
export async function findSession(
  provider: Provider,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<SignedIn | undefined> {
  const session = await provider.Session.get(provider.createContext(req, res))
  return session.accountId ? { accountId: session.accountId, uid: session.uid } : undefined
}

/** A new session under a new identifier; whatever the browser held before is dead (ASVS 7.2.4). */
export async function startSession(
  provider: Provider,
  req: IncomingMessage,
  res: ServerResponse,
  accountId: string,
): Promise<void> {
  const context = provider.createContext(req, res)
  const before = await provider.Session.get(context)
  if (before.accountId) await before.destroy()
  const session = new provider.Session()
  session.loginAccount({ accountId, amr: ['pwd'] })
  await session.save(SESSION_TTL_SECONDS)
  context.cookies.set(provider.cookieName('session'), session.jti, {
    ...cookieOptions(provider),
    maxAge: SESSION_TTL_SECONDS * 1000,
  })
}

/** Ends the session and with it every token that is bound to it. */
export async function endSession(
  provider: Provider,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const context = provider.createContext(req, res)
  const session = await provider.Session.get(context)
  if (session.accountId) await session.destroy()
  context.cookies.set(provider.cookieName('session'), null, cookieOptions(provider))
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

/** The hidden value in forms: bound to one session or one interaction, and to nothing that travels in a URL. */
export type FormTokens = {
  create(of: string): string
  matches(of: string, given: unknown): boolean
}

/** `keys` are the cookie keys; the first makes, all match. */
export function createFormTokens(keys: readonly string[]): FormTokens {
  const make = (key: string, of: string) =>
    createHmac('sha256', key).update(`form ${of}`).digest('base64url')
  const [current = ''] = keys
  return {
    create: (of) => make(current, of),
    matches: (of, given) =>
      typeof given === 'string' &&
      keys.some((key) => {
        const expected = Buffer.from(make(key, of))
        const actual = Buffer.from(given)
        return expected.length === actual.length && timingSafeEqual(expected, actual)
      }),
  }
}

/** Whether a form was sent from one of our own pages: browsers say so themselves (Sec-Fetch-Site, else Origin). */
export function isSameOrigin(headers: Headers, issuer: string): boolean {
  const site = headers.get('sec-fetch-site')
  if (site) return site === 'same-origin' || site === 'none'
  const origin = headers.get('origin')
  return origin === null || origin === issuer
}
