import { html } from 'hono/html'
import type { Html } from '../web/html.ts'
import type { Step } from './try-runs.ts'

const rfc = (number: number, section: string): Html =>
  html`<a href="https://www.rfc-editor.org/rfc/rfc${number}#section-${section}">RFC ${number} §${section}</a>`
const openid = (section: string, anchor: string): Html =>
  html`<a href="https://openid.net/specs/openid-connect-core-1_0.html#${anchor}">OpenID Core §${section}</a>`

/** What each part of the page shows, and where it is specified. */
export const EXPLANATIONS: Readonly<Record<Step | 'persona', Html>> = {
  discovery: html`The application knows one address, the issuer, and asks it for all others. The <code>issuer</code> in the answer has to be the address that was asked (${rfc(8414, '3')}).`,
  authorization: html`The application sends the browser to the authorization endpoint, and says what it asks for and where to return. <code>state</code>, <code>nonce</code> and the code challenge tie the answer to this request (${rfc(6749, '4.1.1')}, ${rfc(7636, '4')}).`,
  persona: html`The person signs in and decides at the sandbox, which the application does not see. The people of the sandbox are invented: choose one for the case that you want to try. A browser that is still signed in as one is not asked: “Not you?” on the consent page chooses another (${rfc(6749, '4.1')}).`,
  callback: html`The browser returns with a code, or with an error. The application compares <code>state</code> with its own, and <code>iss</code> with the issuer, before it uses anything else (${rfc(6749, '4.1.2')}, ${rfc(9207, '2')}).`,
  token: html`The application exchanges the code for tokens, directly and not through the browser. It authenticates, and proves with the code verifier that it began this request (${rfc(6749, '4.1.3')}, ${rfc(7636, '4.5')}). A code is good for 60 seconds, once. <code>$CREDENTIALS</code> is BASE64(client_id:client_secret).`,
  tokens: html`The ID token says who signed in, and is for the application; the access token is for the API, and the application does not read it. Both are signed JWTs: decoding is not verifying (${openid('3.1.3.7', 'IDTokenValidation')}, ${rfc(9068, '2')}).`,
  api: html`The access token goes into the <code>Authorization</code> header of each call. Each operation requires one scope, and a token has those that the person allowed (${rfc(6750, '2.1')}).`,
  end: html`A refresh token obtains another access token when the first one has expired, and is replaced each time (${rfc(6749, '6')}, ${rfc(9700, '4.14')}). Revoke the tokens when somebody leaves your application (${rfc(7009, '2')}).`,
  errors: html`These requests are wrong in one place, so that you see what an application has to handle. Each answer names its <code>error</code>, which <a href="/guides/errors">the list of errors</a> explains.`,
}

/** What each value of the authorization request is for. */
export const PARAMETER_MEANINGS: Readonly<Record<string, string>> = {
  client_id: 'the client',
  redirect_uri: 'where to return; it has to be registered',
  response_type: 'a code, which is worth nothing without the client and the verifier',
  scope: 'what the application asks the person for',
  state: 'comes back unchanged: an answer that nobody here asked for is recognised',
  nonce: 'comes back in the ID token: it cannot be one from another sign-in',
  code_challenge: 'the SHA-256 of the code verifier, which stays here until the code is exchanged',
  code_challenge_method: 'how the challenge is computed',
  prompt: 'what the person is asked although it would not be necessary',
  acr_values: 'how surely the person has to sign in',
  claims: 'single claims, as JSON',
}
