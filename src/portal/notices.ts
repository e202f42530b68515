import type { Context } from 'hono'
import type { Provider } from 'oidc-provider'
import { z } from 'zod'
import { browserOf } from '../oauth/sessions.ts'
import type { PageEnv } from '../web/reader.ts'
import type { Texts } from '../web/texts/en.ts'
import { wordFor } from '../web/texts/languages.ts'

/*
 * A notice reports the result of the previous action. The action stores it in a signed cookie that scripts cannot read, bound to
 * this browser and valid for five minutes; the next page shows it. No URL can make a page show a notice.
 */

/** Notices that are a sentence. */
const SENTENCES = [
  'passkey-added',
  'passkey-renamed',
  'passkey-removed',
  'totp-added',
  'totp-removed',
  'session-ended',
  'sessions-ended',
  'export-requested',
  'erasure-cancelled',
  'verification-cancelled',
  'time-zone-set',
  'notifications-saved',
] as const satisfies readonly (keyof Texts['notices'])[]
/** Notices that have a page of their own. */
const PAGES = ['password-set', 'email-confirmed', 'operator-created'] as const
/** Notices about one application. */
const ABOUT_CLIENT = ['consent-changed', 'consent-ended', 'request-expired'] as const

const noticeSchema = z.discriminatedUnion('name', [
  z.object({ name: z.enum([...SENTENCES, ...PAGES]) }),
  z.object({ name: z.enum(ABOUT_CLIENT), clientId: z.string() }),
])
export type Notice = z.infer<typeof noticeSchema>

const LIFE_SECONDS = 5 * 60
const cookieSchema = z.object({ notice: noticeSchema, browser: z.string(), until: z.number() })

type Parts = { issuer: string; provider: () => Provider }

/** Stores a notice for the next page of this browser. */
export function leaveNotice(parts: Parts, c: Context<PageEnv>, notice: Notice): void {
  const kept: z.infer<typeof cookieSchema> = {
    notice,
    browser: browserOf(parts, c),
    until: Date.now() + LIFE_SECONDS * 1000,
  }
  setCookie(parts, c, Buffer.from(JSON.stringify(kept)).toString('base64url'))
}

/** Returns the notice of the last action and deletes it. */
export function takeNotice(parts: Parts, c: Context<PageEnv>): Notice | undefined {
  const notice = findNotice(parts, c)
  if (notice) setCookie(parts, c, null)
  return notice
}

/** Whether the last action left this notice. Keeps it, so that its page can be reloaded. */
export const hasNotice = (parts: Parts, c: Context<PageEnv>, name: Notice['name']): boolean =>
  findNotice(parts, c)?.name === name

/** The sentence to show; `undefined` for a notice that has a page of its own, or needs the application's name. */
export const sentenceOf = ({ notices }: Texts, notice: Notice | undefined): string | undefined =>
  notice && wordFor(notices, notice.name)

function findNotice(parts: Parts, c: Context<PageEnv>): Notice | undefined {
  const { cookies } = contextOf(parts, c)
  const value = cookies.get(cookieName(parts), { signed: true })
  if (value === undefined) return undefined
  const { data } = z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown
      } catch {
        context.addIssue({ code: 'custom', message: 'not JSON' })
        return z.NEVER
      }
    })
    .pipe(cookieSchema)
    .safeParse(value)
  if (!data || data.until < Date.now() || data.browser !== browserOf(parts, c)) return undefined
  return data.notice
}

const contextOf = ({ provider }: Parts, c: Context<PageEnv>) =>
  provider().createContext(c.env.incoming, c.env.outgoing)
const isSecure = ({ issuer }: Parts) => issuer.startsWith('https:')
const cookieName = (parts: Parts) => (isSecure(parts) ? '__Host-notice' : 'notice')

function setCookie(parts: Parts, c: Context<PageEnv>, value: string | null): void {
  contextOf(parts, c).cookies.set(cookieName(parts), value, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: isSecure(parts),
    signed: true,
    overwrite: true,
    maxAge: LIFE_SECONDS * 1000,
  })
}
