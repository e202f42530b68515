import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { randomSecret } from '../../platform/secrets.ts'
import type {
  DownloadedImage,
  ImageName,
  SignIn,
  Tokens,
  VerificationAnswer,
} from './application-client.ts'
import type { Notice } from './application-page.ts'

const COOKIE = 'bluewater_session'
// One session holds about 3 MB of images.
const MAX_SESSIONS = 50
const MAX_SIGN_INS = 5

export type Session = {
  id: string
  /** By `state`, because two tabs can sign in at once. */
  signIns: Map<string, SignIn>
  tokens?: Tokens
  answer?: VerificationAnswer
  images: Map<ImageName, DownloadedImage>
  failures: string[]
  notice?: Notice | undefined
  /** What ended our access, as far as we were told: the resident's decision by an event, or a refused refresh token. */
  ending?: 'revoked' | 'refused' | undefined
  /** An event arrived since the last answer, which has to be read again. */
  isStale: boolean
  /** The reading under way, which all tabs share. */
  reading?: Promise<void> | undefined
  /** Grows with each change, so that a page knows whether it shows the present. */
  version: number
  /** Open pages, each told of the next change. */
  pages: Set<() => void>
}

/** The browsers' sessions, each found by its cookie. When there are too many, the oldest is removed. */
export type Sessions = {
  find(c: Context): Session | undefined
  /** Creates a session, which replaces `previous`, and sets its cookie. */
  start(c: Context, previous?: Session): Session
  /** Removes a session and its cookie. */
  end(c: Context, session: Session): void
  /** The sessions of a resident, in all browsers. */
  listOf(subject: string): Session[]
}

export function createSessions({ isSecure }: { isSecure: boolean }): Sessions {
  const sessions = new Map<string, Session>()
  return {
    find: (c) => sessions.get(getCookie(c, COOKIE) ?? ''),
    start(c, previous) {
      if (previous) sessions.delete(previous.id)
      const id = randomSecret()
      const session: Session = {
        id,
        signIns: new Map(),
        images: new Map(),
        failures: [],
        isStale: false,
        version: 0,
        pages: new Set(),
      }
      sessions.set(id, session)
      removeOldest(sessions, MAX_SESSIONS)
      setCookie(c, COOKIE, id, { httpOnly: true, sameSite: 'Lax', secure: isSecure, path: '/' })
      return session
    },
    end(c, session) {
      sessions.delete(session.id)
      deleteCookie(c, COOKIE, { path: '/' })
    },
    listOf: (subject) => [...sessions.values()].filter(({ tokens }) => tokens?.subject === subject),
  }
}

/** Tells every open page of this session that it shows the past. */
export function announceChange(session: Session) {
  session.version++
  for (const tell of session.pages) tell()
}

export function addSignIn({ signIns }: Session, signIn: SignIn) {
  signIns.set(signIn.state, signIn)
  removeOldest(signIns, MAX_SIGN_INS)
}

/** Removes the entries that were added first, until at most `max` are left. */
export function removeOldest(entries: Map<string, unknown>, max: number) {
  for (const oldest of entries.keys()) if (entries.size > max) entries.delete(oldest)
}
