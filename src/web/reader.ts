import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { createMiddleware } from 'hono/factory'
import { chooseLocale } from './locales.ts'
import type { Site } from './site.ts'
import type { Texts } from './texts/en.ts'
import type { Html } from './texts/formats.ts'
import { inTimeZone, type Locale, type Setting, textsFor } from './texts/languages.ts'

/** Who reads a page. */
export type Reader = {
  locale: Locale
  texts: Texts
  /** The path and query of the page, to which the switch of languages returns. */
  returnTo: string
  site: Site
  /** What every page says first. */
  banner?: Html
}

/** The environment of Hono for routes with pages. */
export type PageEnv = { Bindings: HttpBindings; Variables: { reader: Reader } }

/** `uiLocales` is the parameter of the authorization request that waits for this page. */
export type ReaderOf = (req: IncomingMessage, uiLocales?: unknown) => Reader

/** `setting` is the name of the portal, and the zone of readers who are not signed in. */
export const createReaderOf =
  (options: { issuer: string; defaultLocale: Locale; site: Site; setting: Setting }): ReaderOf =>
  (req, uiLocales) => {
    const locale = chooseLocale(req, options, uiLocales)
    const texts = textsFor(locale, options.setting)
    return { locale, texts, returnTo: pageOf(req), site: options.site }
  }

/** The same reader with times in their own zone; `null`: none was chosen. */
export const readerIn = (reader: Reader, timeZone: string | null): Reader =>
  timeZone === null ? reader : { ...reader, texts: inTimeZone(reader.texts, timeZone) }

/** Sets the reader of each request. */
export const addReader = (readerOf: ReaderOf) =>
  createMiddleware<PageEnv>(async (c, next) => {
    c.set('reader', readerOf(c.env.incoming))
    await next()
  })

const MAX_CHARACTERS = 4_000

/** The pages that a form of each path belongs to; a form of any other path is sent to the page that contains it. */
const PAGES_OF_FORMS: readonly [pattern: RegExp, page: string][] = [
  [/^\/(sign-in|sign-out|photos|verifications\/[^/]+\/name)$/, '/'],
  [/^\/account\/sessions\/.*$/, '/account/devices'],
  [/^(\/account\/(?:export|erase))\/.*$/, '$1'],
  [/^\/account\/(?!(?:export|erase)$).*$/, '/account'],
  [/^(\/applications\/[^/]+)\/.*$/, '$1'],
  [/^\/links\/.*$/, '/links'],
  [/^(\/sign-up|\/reset|\/verify-email)\/code$/, '$1/sent'],
  [/^(\/verify\/[^/]+)\/cancel$/, '$1'],
  [/^\/api\/oauth\/.*$/, '/'],
]

/** The address that shows the page of this request again with GET; without its query, and then without its path, when it is too long. */
function pageOf({ method, url = '/' }: IncomingMessage): string {
  const [path = '/'] = url.split('?', 1)
  if (path.length > MAX_CHARACTERS) return '/'
  if (method === 'GET' || method === 'HEAD') return url.length > MAX_CHARACTERS ? path : url
  const [pattern, page] = PAGES_OF_FORMS.find(([each]) => each.test(path)) ?? []
  return pattern && page ? path.replace(pattern, page) : path
}
