import { html } from 'hono/html'
import { comparison } from '../request-log/detail-page.ts'
import type { RequestDetail } from '../request-log/store.ts'
import { anchorOf } from '../web/error-uri.ts'
import { csrfField, type Html, hiddenFields, page, passkeyButton } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'

/** The sign-in page: of the portal itself, or for the application `clientName`. */
export function signInPage(
  reader: Reader,
  data: {
    action: string
    csrf: string
    /** Names and values of hidden fields. */
    fields?: readonly [string, string][]
    clientName?: string | undefined
    /** The authentication that the application requires. */
    needs?: 'passkey' | 'code' | undefined
    /** Where an account can be created, if the policy lets residents do that. */
    signUpPath?: string | undefined
    email?: string | undefined
    error?: string | undefined
  },
): Html {
  const { action, csrf, fields = [], clientName, needs, signUpPath, email = '', error } = data
  const { common, signIn } = reader.texts
  const need = needs === 'passkey' ? signIn.needsPasskey : signIn.needsCode
  return page(reader, {
    title: error ? signIn.errorTitle : signIn.title,
    passkeys: true,
    body: html`<section class="card narrow">
<h1>${signIn.title}</h1>
<p class="lead">${clientName ? signIn.leadFor(html`<strong>${clientName}</strong>`) : signIn.lead}</p>
${needs ? html`<div class="notice" role="note"><p>${need(clientName ?? '')}</p></div>` : ''}
${error ? html`<div class="notice bad" role="alert" id="sign-in-error"><p>${error}</p></div>` : ''}
<form method="post" action="${action}">
${csrfField(csrf)}${hiddenFields(fields)}
<div class="field"><label for="email">${common.email}</label>
<input id="email" name="email" type="email" autocomplete="username" inputmode="email" spellcheck="false" required value="${email}"${described(error)}></div>
<div class="field"><label for="password">${common.password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${described(error)}></div>
<div class="buttons"><button class="primary" name="login">${signIn.button}</button>${
      clientName
        ? html`<button class="plain" name="abort" formnovalidate>${common.cancel}</button>`
        : ''
    }</div>
${passkeyButton(reader, signIn.passkey)}
</form>
<p class="quiet"><a href="/reset">${signIn.forgot}</a></p>
${signUpPath ? html`<p class="quiet">${signIn.newHere(signUpPath)}</p>` : ''}
</section>`,
  })
}

const described = (error: string | undefined): Html | '' =>
  error ? html` aria-invalid="true" aria-describedby="sign-in-error"` : ''

/** Reports a failure: what happened, and what to do. */
export function errorPage(
  reader: Reader,
  data: { title: string; message: string; requestId?: string | undefined },
): Html {
  const { title, message, requestId } = data
  const { errors } = reader.texts
  // The query of a rejected request is not repeated.
  const [path = '/'] = reader.returnTo.split('?', 1)
  return page(
    { ...reader, returnTo: path },
    {
      title,
      body: html`<section class="card narrow">
<h1>${title}</h1>
<p class="lead">${message}</p>
${requestId ? html`<p class="quiet">${errors.requestId(html`<code>${requestId}</code>`)}</p>` : ''}
</section>`,
    },
  )
}

/** What the developers of a client are shown of an error, beside its code. */
export type ErrorForDevelopers = {
  code: string
  description: string | undefined
  requestId: string
  /** The request in the console, for members of the client's team. */
  consoleAddress: string | undefined
  /** Only for a signed-in member of the client's team. */
  detail: RequestDetail | null
}

/**
 * Reports a protocol error that must not be redirected (RFC 6749 §4.1.2.1): what the resident can do, and for the application's
 * developers, in English, the error code, its description, the request id, and for themselves what arrived and what was expected.
 */
export function protocolErrorPage(reader: Reader, data: ErrorForDevelopers): Html {
  const { code, description, requestId, consoleAddress, detail } = data
  const { errors, protocolError } = reader.texts
  const advice = Object.hasOwn(ADVICE, code) ? ADVICE[code] : undefined
  return page(reader, {
    title: protocolError.title,
    body: html`<section class="card narrow">
<h1>${protocolError.title}</h1>
<p class="lead">${code === 'server_error' ? errors.ourSide : protocolError.lead}</p>
<h2>${protocolError.forDevelopers}</h2>
<dl class="facts">
<div><dt>${protocolError.error}</dt><dd><code>${code}</code></dd></div>
${description ? html`<div><dt>${protocolError.description}</dt><dd lang="en">${description}</dd></div>` : ''}
${advice ? html`<div><dt>${protocolError.advice}</dt><dd lang="en">${advice}</dd></div>` : ''}
<div><dt>${protocolError.requestId}</dt><dd><code>${requestId}</code></dd></div>
</dl>
${detail ? comparison(detail, protocolError) : ''}
<p><a href="/guides/errors#${anchorOf(code)}">${protocolError.entry}</a></p>
${consoleAddress ? html`<p><a href="${consoleAddress}">${protocolError.inConsole}</a></p>` : ''}
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
export function signOutPage(
  reader: Reader,
  { action, xsrf }: { action: string; xsrf: string },
): Html {
  const { common, signOut } = reader.texts
  return page(reader, {
    title: signOut.title,
    body: html`<section class="card narrow">
<h1>${signOut.title}</h1>
<p class="lead">${signOut.lead}</p>
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${xsrf}">
<div class="buttons"><button class="primary" name="logout" value="yes">${common.signOut}</button><button>${signOut.stay}</button></div>
</form>
</section>`,
  })
}

export function signedOutPage(reader: Reader): Html {
  const { signOut } = reader.texts
  return page(reader, {
    title: signOut.doneTitle,
    body: html`<section class="card narrow">
<h1>${signOut.doneHeading}</h1>
<p class="lead">${signOut.doneLead}</p>
</section>`,
  })
}

/** Asks for the code that a device shows (RFC 8628 §3.3). */
export function deviceCodePage(
  reader: Reader,
  data: { action: string; xsrf: string; userCode: string; error?: string | undefined },
): Html {
  const { action, xsrf, userCode, error } = data
  const { common, device } = reader.texts
  return page(reader, {
    title: error ? device.errorTitle : device.title,
    body: html`<section class="card narrow">
<h1>${device.title}</h1>
<p class="lead">${device.lead}</p>
${error ? html`<div class="notice bad" role="alert" id="device-error"><p>${error}</p></div>` : ''}
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${xsrf}">
<div class="field"><label for="user_code">${common.code}</label>
<input id="user_code" name="user_code" type="text" autocomplete="off" autocapitalize="characters" spellcheck="false" required value="${userCode}"${
      error ? html` aria-invalid="true" aria-describedby="device-error"` : ''
    }></div>
<div class="buttons"><button class="primary">${common.continue}</button></div>
</form>
</section>`,
  })
}

/** Asks the person to compare the code with the device, because someone else may have sent the link. */
export function deviceConfirmPage(
  reader: Reader,
  data: { action: string; xsrf: string; userCode: string; clientName: string },
): Html {
  const { action, xsrf, userCode, clientName } = data
  const { common, device } = reader.texts
  return page(reader, {
    title: device.confirmTitle(clientName),
    body: html`<section class="card narrow">
<h1>${device.confirmTitle(clientName)}</h1>
<p class="lead">${device.confirmLead}</p>
<p class="code">${userCode}</p>
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${xsrf}">
<input type="hidden" name="user_code" value="${userCode}">
<div class="buttons"><button class="primary" name="confirm" value="yes">${common.continue}</button><button name="abort" value="yes">${common.cancel}</button></div>
</form>
</section>`,
  })
}

export function deviceDonePage(reader: Reader, { clientName }: { clientName: string }): Html {
  const { device } = reader.texts
  return page(reader, {
    title: device.doneTitle,
    body: html`<section class="card narrow">
<h1>${device.doneHeading(clientName)}</h1>
<p class="lead">${device.doneLead}</p>
</section>`,
  })
}

export function deviceEndedPage(reader: Reader): Html {
  const { device } = reader.texts
  return page(reader, {
    title: device.endedTitle,
    body: html`<section class="card narrow">
<h1>${device.endedTitle}</h1>
<p class="lead">${device.aborted}</p>
</section>`,
  })
}
