import { html } from 'hono/html'
import { csrfField, type Html, page, passkeyButton } from '../web/html.ts'

/** The sign-in page: of the portal itself, or for the application `clientName`. */
export function signInPage(data: {
  action: string
  csrf: string
  clientName?: string | undefined
  /** The authentication that the application requires. */
  needs?: 'passkey' | 'code' | undefined
  /** Where an account can be created, if the policy lets residents do that. */
  signUpPath?: string | undefined
  email?: string | undefined
  error?: string | undefined
}): Html {
  const { action, csrf, clientName, needs, signUpPath, email = '', error } = data
  return page({
    title: error ? 'Error: sign in' : 'Sign in',
    passkeys: true,
    body: html`<section class="card narrow">
<h1>Sign in</h1>
<p class="lead">${
      clientName
        ? html`<strong>${clientName}</strong> would like to know who you are. On the next page you decide what it may see.`
        : 'See your documents, and who may see them.'
    }</p>
${needs ? html`<div class="notice" role="note"><p>${clientName} requires ${needs === 'passkey' ? 'that you sign in with a passkey' : 'your password and a code from an authenticator app'}. You can set this up on <a href="/account">your account page</a>.</p></div>` : ''}
${error ? html`<div class="notice bad" role="alert" id="sign-in-error"><p>${error}</p></div>` : ''}
<form method="post" action="${action}">
${csrfField(csrf)}
<div class="field"><label for="email">E-mail</label>
<input id="email" name="email" type="email" autocomplete="username" inputmode="email" spellcheck="false" required value="${email}"${described(error)}></div>
<div class="field"><label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${described(error)}></div>
<div class="buttons"><button class="primary" name="login">Sign in</button>${
      clientName ? html`<button class="plain" name="abort" formnovalidate>Cancel</button>` : ''
    }</div>
${passkeyButton('Sign in with a passkey')}
</form>
<p class="quiet"><a href="/reset">Forgot your password?</a></p>
${signUpPath ? html`<p class="quiet">New here? <a href="${signUpPath}">Create an account</a></p>` : ''}
</section>`,
  })
}

const described = (error: string | undefined): Html | '' =>
  error ? html` aria-invalid="true" aria-describedby="sign-in-error"` : ''

/** Reports a failure: what happened, and what to do. */
export function errorPage(data: {
  title: string
  message: string
  requestId?: string | undefined
}): Html {
  return page({
    title: data.title,
    body: html`<section class="card narrow">
<h1>${data.title}</h1>
<p class="lead">${data.message}</p>
${data.requestId ? html`<p class="quiet">If you ask us about this, please give this number: <code>${data.requestId}</code></p>` : ''}
</section>`,
  })
}

/**
 * Reports a protocol error that must not be redirected (RFC 6749 §4.1.2.1): what the resident can do, and for the application's
 * developers the error code, its description and the request id.
 */
export function protocolErrorPage(data: {
  code: string
  description: string | undefined
  requestId: string
}): Html {
  const { code, description, requestId } = data
  const advice = Object.hasOwn(ADVICE, code) ? ADVICE[code] : undefined
  return page({
    title: 'This request could not be completed',
    body: html`<section class="card narrow">
<h1>This request could not be completed</h1>
<p class="lead">${
      code === 'server_error'
        ? 'Something went wrong on our side. Please try again in a moment.'
        : 'The application sent a request that we cannot process. Go back to the application and try again. If it happens again, contact the people who run it.'
    }</p>
<h2>For the developers of the application</h2>
<dl class="facts">
<div><dt>Error</dt><dd><code>${code}</code></dd></div>
${description ? html`<div><dt>Description</dt><dd>${description}</dd></div>` : ''}
${advice ? html`<div><dt>What to do</dt><dd>${advice}</dd></div>` : ''}
<div><dt>Request id</dt><dd><code>${requestId}</code></dd></div>
</dl>
</section>`,
  })
}

/** For each error code, how a developer resolves it. */
const ADVICE: Readonly<Record<string, string>> = {
  invalid_client:
    'Check client_id: no client with this id is registered here, or the operator disabled it.',
  invalid_redirect_uri:
    'Send a redirect_uri that equals a registered one character by character, or register this one.',
  invalid_request:
    'Correct the request. The specification of the endpoint lists which parameters are required, may occur only once, or belong together.',
  invalid_request_uri:
    'Push the request again (RFC 9126) and use the new request_uri once, within a minute.',
  server_error: 'Give the request id to the operator of this portal, who can find it in the log.',
}

/** Asks before RP-initiated logout, because anyone could have sent the link. */
export function signOutPage({ action, xsrf }: { action: string; xsrf: string }): Html {
  return page({
    title: 'Sign out?',
    body: html`<section class="card narrow">
<h1>Sign out?</h1>
<p class="lead">An application asks to sign you out of the identity portal as well.</p>
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${xsrf}">
<div class="buttons"><button class="primary" name="logout" value="yes">Sign out</button><button>Stay signed in</button></div>
</form>
</section>`,
  })
}

export function signedOutPage(_data: Record<string, never>): Html {
  return page({
    title: 'Signed out',
    body: html`<section class="card narrow">
<h1>You are signed out</h1>
<p class="lead">You can close this page, or <a href="/">sign in again</a>.</p>
</section>`,
  })
}

/** Asks for the code that a device shows (RFC 8628 §3.3). */
export function deviceCodePage(data: {
  action: string
  xsrf: string
  userCode: string
  error?: string | undefined
}): Html {
  const { action, xsrf, userCode, error } = data
  return page({
    title: error ? 'Error: connect a device' : 'Connect a device',
    body: html`<section class="card narrow">
<h1>Connect a device</h1>
<p class="lead">Enter the code that your device or program shows.</p>
${error ? html`<div class="notice bad" role="alert" id="device-error"><p>${error}</p></div>` : ''}
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${xsrf}">
<div class="field"><label for="user_code">Code</label>
<input id="user_code" name="user_code" type="text" autocomplete="off" autocapitalize="characters" spellcheck="false" required value="${userCode}"${
      error ? html` aria-invalid="true" aria-describedby="device-error"` : ''
    }></div>
<div class="buttons"><button class="primary">Continue</button></div>
</form>
</section>`,
  })
}

/** Asks the person to compare the code with the device, because someone else may have sent the link. */
export function deviceConfirmPage(data: {
  action: string
  xsrf: string
  userCode: string
  clientName: string
}): Html {
  const { action, xsrf, userCode, clientName } = data
  return page({
    title: `Connect ${clientName}?`,
    body: html`<section class="card narrow">
<h1>Connect ${clientName}?</h1>
<p class="lead">Continue only if you started this yourself, just now, and your device shows exactly this code:</p>
<p class="code">${userCode}</p>
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${xsrf}">
<input type="hidden" name="user_code" value="${userCode}">
<div class="buttons"><button class="primary" name="confirm" value="yes">Continue</button><button name="abort" value="yes">Cancel</button></div>
</form>
</section>`,
  })
}

export function deviceDonePage({ clientName }: { clientName: string }): Html {
  return page({
    title: 'Connected',
    body: html`<section class="card narrow">
<h1>${clientName} is connected</h1>
<p class="lead">Go back to your device; you can close this page. You can end its access at any time on <a href="/">your own page</a>.</p>
</section>`,
  })
}
