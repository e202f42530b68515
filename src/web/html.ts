import { readFileSync } from 'node:fs'
import type { Context } from 'hono'
import { html } from 'hono/html'
import type { PageEnv, Reader } from './reader.ts'
import { HSTS } from './response-headers.ts'
import { createAsset } from './site.ts'
import type { Html } from './texts/formats.ts'
import { LANGUAGES, type Locale, momentInWords } from './texts/languages.ts'

export type { Html } from './texts/formats.ts'

const readScript = (name: string) =>
  createAsset(
    name,
    'js',
    'text/javascript; charset=utf-8',
    readFileSync(new URL(`./${name}.js`, import.meta.url), 'utf8'),
  )

/** For pages that can use a passkey; they work without it. */
export const passkeyScript = readScript('passkey')
/** For pages that take photos, and those that wait for a phone; they work without it. */
export const cameraScript = readScript('camera')
/** For pages with text that is copied elsewhere; they work without it. */
export const copyScript = readScript('copy')

/**
 * The frame of every page: one stylesheet, a script where a page uses it, the operator's name and logo, links to the pages of help, and
 * the switch of languages. `hasSwitch`: false for a page that is shown only once, or exists in one language only.
 */
export function page(
  { locale, texts, returnTo, site, banner }: Reader,
  content: {
    title: string
    body: Html
    actions?: Html
    passkeys?: boolean
    camera?: boolean
    copies?: boolean
    hasSwitch?: boolean
  },
): Html {
  const { title, body, actions = '', hasSwitch = true } = content
  const scripts = [
    ...(content.passkeys ? [passkeyScript] : []),
    ...(content.camera ? [cameraScript] : []),
    ...(content.copies ? [copyScript] : []),
  ]
  const { frame, sandbox } = texts
  return html`<!doctype html>
<html lang="${texts.language.tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · ${frame.portal}${site.isSandbox ? ` · ${sandbox.name}` : ''}</title>
<link rel="stylesheet" href="${site.stylesheet.path}">${scripts.map(
    ({ path }) => html`
<script src="${path}" defer></script>`,
  )}
</head>
<body>
<a class="skip" href="#main">${frame.skip}</a>
<header class="top">${site.isSandbox ? html`<p class="sandbox"><strong>${sandbox.name}</strong> ${sandbox.banner}</p>` : ''}<div class="bar"><a class="brand" href="/">${
    site.logo
      ? html`<img src="${site.logo.path}" alt="" class="logo">`
      : html`<span class="mark" aria-hidden="true"></span>`
  }${frame.portal}</a>${actions}</div></header>
<main id="main">${banner ?? ''}${body}</main>
<footer><p>${frame.footer}</p>
<nav aria-label="${frame.about}"><ul class="about">
<li><a href="/help">${frame.help}</a></li>
<li><a href="/contact">${frame.contact}</a></li>
<li><a href="/privacy">${frame.privacy}</a></li>
<li><a href="/accessibility">${frame.accessibility}</a></li>
${site.hasConsole ? html`<li><a href="/developers">${frame.developers}</a></li>` : ''}</ul></nav>${hasSwitch ? languageSwitch(locale, frame.language, returnTo) : ''}</footer>
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

/** The day of a point in time, in the zone of the reader. */
export const day = ({ texts }: Reader, at: Date): Html =>
  html`<time datetime="${at.toISOString()}">${texts.format.day(at)}</time>`

/** A date of the calendar, such as the last day of a document: the same in every zone. */
export const calendarDate = ({ texts }: Reader, date: Date): Html =>
  html`<time datetime="${date.toISOString().slice(0, 10)}">${texts.format.date(date)}</time>`

/** The day and time of a point in time, in the zone of the reader, with its name. */
export const moment = ({ texts }: Reader, at: Date): Html =>
  html`<time datetime="${at.toISOString()}">${momentInWords(texts, at)}</time>`

/** Submits its form with a passkey response. Hidden until the script has found that the browser supports passkeys. */
export const passkeyButton = (
  { texts }: Reader,
  text: string,
): Html => html`<input type="hidden" name="passkey" value="">
<div class="notice bad" role="alert" data-passkey-failure hidden><p>${texts.common.passkeyFailed}</p></div>
<button type="button" class="passkey" data-passkey="get" data-options="/passkeys/options" data-field="passkey" hidden>${text}</button>`

/** The hidden fields of a form that is sent again, or that continues another one. */
export const hiddenFields = (fields: readonly [name: string, value: string][]): Html =>
  html`${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`

/** What is at the head of a signed-in page: the way to other pages, and out. */
export const signOutForm = ({ texts: { common } }: Reader, csrf: string, ways: Html): Html =>
  html`<form method="post" action="/sign-out" class="sign-out">${csrfField(csrf)}${ways} <button class="plain" name="sign-out">${common.signOut}</button></form>`

/** The CSRF token of a form. */
export const csrfField = (csrf: string): Html =>
  html`<input type="hidden" name="csrf" value="${csrf}">`

type PageNeeds = {
  issuer: string
  locale: Locale
  formTargets?: string[]
  passkeys?: boolean
  camera?: boolean
  copies?: boolean
}

/**
 * The headers of a page. `formTargets`: addresses to which a form may finally redirect, because browsers apply `form-action` to the
 * whole chain of redirects. `passkeys`, `camera`, `copies`: allow the script, and what it uses.
 */
export function securityHeaders({
  issuer,
  locale,
  formTargets = [],
  passkeys = false,
  camera = false,
  copies = false,
}: PageNeeds): Record<string, string> {
  const targets = formTargets.filter((target) => URL.canParse(target)).map(sourceOf)
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    ...(passkeys || camera || copies ? ["script-src 'self'"] : []),
    ...(passkeys || camera ? ["connect-src 'self'"] : []),
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
