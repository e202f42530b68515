import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Context } from 'hono'
import { html } from 'hono/html'
import type { PageEnv, Reader } from './reader.ts'
import { HSTS } from './response-headers.ts'
import type { Html } from './texts/formats.ts'
import { LANGUAGES, type Locale } from './texts/languages.ts'

export type { Html } from './texts/formats.ts'

const css = readFileSync(new URL('./styles.css', import.meta.url), 'utf8')
const digestOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** One file whose path contains its digest, so that it can be cached without end. */
export const stylesheet = { path: `/assets/portal-${digestOf(css)}.css`, body: css }

const readScript = (name: string) => {
  const body = readFileSync(new URL(`./${name}.js`, import.meta.url), 'utf8')
  return { path: `/assets/${name}-${digestOf(body)}.js`, body }
}

/** For pages that can use a passkey; they work without it. */
export const passkeyScript = readScript('passkey')
/** For pages that take photos, and those that wait for a phone; they work without it. */
export const cameraScript = readScript('camera')

/**
 * The frame of every page: one stylesheet, a script where a page uses it, and the switch of languages. `hasSwitch`: false for
 * a page that is shown only once, or exists in one language only.
 */
export function page(
  { locale, texts, returnTo, banner }: Reader,
  content: {
    title: string
    body: Html
    actions?: Html
    passkeys?: boolean
    camera?: boolean
    hasSwitch?: boolean
  },
): Html {
  const { title, body, actions = '', passkeys = false, camera = false, hasSwitch = true } = content
  const scripts = [...(passkeys ? [passkeyScript] : []), ...(camera ? [cameraScript] : [])]
  const { frame } = texts
  return html`<!doctype html>
<html lang="${texts.language.tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · ${frame.portal}</title>
<link rel="stylesheet" href="${stylesheet.path}">${scripts.map(
    ({ path }) => html`
<script src="${path}" defer></script>`,
  )}
</head>
<body>
<a class="skip" href="#main">${frame.skip}</a>
<header class="top"><div class="bar"><a class="brand" href="/"><span class="mark" aria-hidden="true"></span>${frame.portal}</a>${actions}</div></header>
<main id="main">${banner ?? ''}${body}</main>
<footer><p>${frame.footer}</p>${hasSwitch ? languageSwitch(locale, frame.language, returnTo) : ''}</footer>
</body>
</html>`
}

/** A form, because it changes what the browser remembers. `POST /language` answers it. */
const languageSwitch = (
  chosen: Locale,
  label: string,
  returnTo: string,
): Html => html`<form method="post" action="/language" class="languages" aria-label="${label}">
<input type="hidden" name="return" value="${returnTo}">
${Object.entries(LANGUAGES).map(([locale, { language }]) =>
  locale === chosen
    ? html`<span lang="${language.tag}" aria-current="true">${language.name}</span>`
    : html`<button class="plain" name="locale" value="${locale}" lang="${language.tag}">${language.name}</button>`,
)}
</form>`

/** A day in words, in UTC for every reader. */
export const day = ({ texts }: Reader, date: Date): Html =>
  html`<time datetime="${date.toISOString()}">${texts.format.day(date)}</time>`

/** A day and time in words, in UTC for every reader. */
export const moment = ({ texts }: Reader, date: Date): Html =>
  html`<time datetime="${date.toISOString()}">${texts.common.momentInUtc(texts.format.moment(date))}</time>`

/** Submits its form with a passkey response. Hidden until the script has found that the browser supports passkeys. */
export const passkeyButton = (
  { texts }: Reader,
  text: string,
): Html => html`<input type="hidden" name="passkey" value="">
<div class="notice bad" role="alert" data-passkey-failure hidden><p>${texts.common.passkeyFailed}</p></div>
<button type="button" class="passkey" data-passkey="get" data-options="/passkeys/options" data-field="passkey" hidden>${text}</button>`

/** The CSRF token of a form. */
export const csrfField = (csrf: string): Html =>
  html`<input type="hidden" name="csrf" value="${csrf}">`

type PageNeeds = {
  issuer: string
  locale: Locale
  formTargets?: string[]
  passkeys?: boolean
  camera?: boolean
}

/**
 * The headers of a page. `formTargets`: addresses to which a form may finally redirect, because browsers apply `form-action` to the
 * whole chain of redirects. `passkeys`, `camera`: allow the script, and what it uses.
 */
export function securityHeaders({
  issuer,
  locale,
  formTargets = [],
  passkeys = false,
  camera = false,
}: PageNeeds): Record<string, string> {
  const targets = formTargets.filter((target) => URL.canParse(target)).map(sourceOf)
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    ...(passkeys || camera ? ["script-src 'self'", "connect-src 'self'"] : []),
    "img-src 'self'",
    ['form-action', "'self'", ...targets].join(' '),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]
  return {
    'Content-Language': locale,
    'Content-Security-Policy': policy.join('; '),
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': `camera=(${camera ? 'self' : ''}), geolocation=(), microphone=(), payment=()`,
    'Cache-Control': 'no-store',
    ...(issuer.startsWith('https:') ? { 'Strict-Transport-Security': HSTS } : {}),
  }
}

/** Sets the headers of a page on the response. */
export function setSecurityHeaders(c: Context<PageEnv>, needs: Omit<PageNeeds, 'locale'>): void {
  const { locale } = c.var.reader
  for (const [name, value] of Object.entries(securityHeaders({ ...needs, locale })))
    c.header(name, value)
}

// The chain may continue beyond the application's address, to another https: address of its own; and its private-use scheme
// (RFC 8252 §7.1) has no origin.
function sourceOf(target: string): string {
  const { origin, protocol } = new URL(target)
  return origin === 'null' || protocol === 'https:' ? protocol : origin
}
