import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { html } from 'hono/html'
import { HSTS } from './response-headers.ts'

/** What a page function answers: escaped text, ready for `c.html`. */
export type Html = ReturnType<typeof html>

const css = readFileSync(new URL('./styles.css', import.meta.url), 'utf8')
const digestOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** One file, named by its content: it may be kept for ever. */
export const stylesheet = { path: `/assets/portal-${digestOf(css)}.css`, body: css }

const script = readFileSync(new URL('./passkey.js', import.meta.url), 'utf8')

/** The one script there is, for pages that can use a passkey; they work without it. */
export const passkeyScript = { path: `/assets/passkey-${digestOf(script)}.js`, body: script }

/** The frame of every page: one stylesheet, and the passkeys' script where it is of use. */
export function page({
  title,
  body,
  actions,
  passkeys = false,
}: {
  title: string
  body: Html
  actions?: Html
  passkeys?: boolean
}): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · Identity portal</title>
<link rel="stylesheet" href="${stylesheet.path}">${
    passkeys
      ? html`
<script src="${passkeyScript.path}" defer></script>`
      : ''
  }
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top"><div class="bar"><a class="brand" href="/"><span class="mark" aria-hidden="true"></span>Identity portal</a>${actions ?? ''}</div></header>
<main id="main">${body}</main>
<footer><p>Your documents are yours. Nobody sees them through this portal unless you allow it.</p></footer>
</body>
</html>`
}

const LONG = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' })

/** A day in words, the same for every reader: in UTC. */
export const day = (date: Date): Html =>
  html`<time datetime="${date.toISOString()}">${LONG.format(date)}</time>`

/** Hidden until the script finds that the browser can do it: proves who somebody is, by the form that it stands in. */
export const passkeyButton = (
  text: string,
): Html => html`<input type="hidden" name="passkey" value="">
<div class="notice bad" role="alert" data-passkey-failure hidden><p>That did not work. Please try again, or use your password.</p></div>
<button type="button" class="passkey" data-passkey="get" data-options="/passkeys/options" data-field="passkey" hidden>${text}</button>`

/** The hidden value that binds a form to this browser. */
export const csrfField = (csrf: string): Html =>
  html`<input type="hidden" name="csrf" value="${csrf}">`

/**
 * The headers of a page. `formTargets` are addresses that a form may lead to in the end: browsers hold `form-action`
 * against the whole chain of redirects. `imageOrigin` is where its pictures come from; `passkeys` lets the script run.
 */
export function securityHeaders({
  issuer,
  formTargets = [],
  imageOrigin,
  passkeys = false,
}: {
  issuer: string
  formTargets?: string[]
  imageOrigin?: string | undefined
  passkeys?: boolean
}): Record<string, string> {
  const targets = formTargets.filter((target) => URL.canParse(target)).map(sourceOf)
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    ...(passkeys ? ["script-src 'self'", "connect-src 'self'"] : []),
    `img-src 'self'${imageOrigin ? ` ${imageOrigin}` : ''}`,
    ['form-action', "'self'", ...targets].join(' '),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]
  return {
    'Content-Security-Policy': policy.join('; '),
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=()',
    'Cache-Control': 'no-store',
    ...(issuer.startsWith('https:') ? { 'Strict-Transport-Security': HSTS } : {}),
  }
}

// The chain does not end at the application's address: it may send people on to another https: address of its own. And its
// own scheme (RFC 8252 §7.1) has no origin.
function sourceOf(target: string): string {
  const { origin, protocol } = new URL(target)
  return origin === 'null' || protocol === 'https:' ? protocol : origin
}
