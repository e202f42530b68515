import { html } from 'hono/html'
import type { OwnClient } from '../clients/team-clients.ts'
import { csrfField, type Html, moment } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { applicationPage } from './application-frame.ts'
import type { Membership } from './teams.ts'
import { addressText, copied, errorMeaning, exchangeDetails } from './try-exchange.ts'
import { parametersOf, RESIDENT_OPERATIONS, type TriedOperation } from './try-operations.ts'
import {
  authorizationParameters,
  challengeOf,
  endpointOf,
  getRequest,
  secretValues,
  toCurl,
} from './try-requests.ts'
import type { Run, Step } from './try-runs.ts'
import { tryPath } from './try-start-page.ts'
import { canLackScope } from './try-steps.ts'
import { type Check, CLAIM_MEANINGS, decodeToken } from './try-tokens.ts'
import { EXPLANATIONS, PARAMETER_MEANINGS } from './try-words.ts'

type Given = {
  team: Membership
  application: OwnClient
  id: string
  run: Run
  issuer: string
  expiresAt: Date
  isBusy: boolean
  csrf: string
  checks: { idToken: readonly Check[]; isAccessTokenSigned: boolean }
}

/** One run: each part of the flow with what was sent and answered, and the button that goes on. */
export const tryRunPage = (reader: Reader, given: Given): Html => {
  const { team, application, run, isBusy, expiresAt } = given
  return applicationPage(reader, {
    ...{ title: 'Try it', tab: '/try', team, place: 'sandbox', client: application },
    copies: true,
    body: html`<p class="lead">Go from top to bottom. This run is kept until ${moment(reader, expiresAt)}, for you in this session alone. <a href="${tryPath(team.id, application.id)}">Begin another one</a></p>
${isBusy ? html`<div class="notice waiting"><p>A request of this run is under way. Reload this page to see its answer.</p></div>` : ''}
${part(given, 'discovery', '1. Discovery', run.endpoints ? '' : actionForm(given, 'discover', 'Ask again'))}
${run.endpoints ? partsAfterDiscovery(reader, given) : ''}`,
  })
}

const partsAfterDiscovery = (reader: Reader, given: Given): Html => {
  const { run } = given
  return html`${part(given, 'authorization', '2. Authorization request', authorizationBody(given))}
<section class="card" id="persona"><h2>3. Sign-in and decision</h2><p>${EXPLANATIONS.persona}</p>${personaBody(given)}</section>
${part(given, 'callback', '4. The way back', callbackBody(given))}
${part(given, 'token', '5. Token request', tokenBody(given))}
${
  run.tokens
    ? html`${part(given, 'tokens', '6. Tokens', tokensBody(reader, given))}
${part(given, 'api', '7. Calls with the token', apiBody(given))}
${part(given, 'end', '8. Refresh and revoke', endBody(given))}`
    : ''
}
${part(given, 'errors', 'Errors on purpose', errorsBody(given))}`
}

/** Their answers are long and the same each time, so that they are opened by whoever wants to read them. */
const FOLDED: readonly Step[] = ['discovery', 'tokens']

const part = ({ run }: Given, step: Step, title: string, body: Html | ''): Html => {
  const exchanges = run.exchanges.filter((each) => each.step === step)
  return html`<section class="card" id="${step}"><h2>${title}</h2><p>${EXPLANATIONS[step]}</p>${exchanges.map(
    (exchange, index) =>
      exchangeDetails(exchange, !FOLDED.includes(step) && index === exchanges.length - 1),
  )}${body}</section>`
}

const actionForm = (
  { team, application, id, csrf }: Given,
  action: string,
  text: string,
  given: { isPrimary?: boolean; fields?: Html } = {},
): Html =>
  html`<form method="post" action="${tryPath(team.id, application.id)}/${id}/${action}">${csrfField(csrf)}${given.fields ?? ''}<button${given.isPrimary ? html` class="primary"` : ''} name="${action}">${text}</button></form>`

const facts = (entries: readonly (readonly [string, Html | string])[]): Html =>
  html`<dl class="facts">${entries.map(
    ([name, value]) => html`<div><dt><code>${name}</code></dt><dd>${value}</dd></div>`,
  )}</dl>`

const authorizationBody = (given: Given): Html => {
  const { run } = given
  const parameters = authorizationParameters(run)
  const address = `${endpointOf(run, 'authorization_endpoint')}?${new URLSearchParams(parameters)}`
  return html`<pre>GET ${addressText(address)}</pre>
<details><summary>With curl, which shows where the browser is sent</summary>${copied(toCurl(getRequest(address)))}</details>
<details><summary>What each parameter is for</summary>${facts(
    parameters.map(([name]) => [name, PARAMETER_MEANINGS[name] ?? '']),
  )}</details>
<h3>Values that stay with the application</h3>
${facts([
  ['code_verifier', html`<code>${run.verifier}</code>: random, and sent only with the code`],
  [
    'code_challenge',
    html`<code>${challengeOf(run.verifier)}</code>: BASE64URL(SHA-256(code_verifier))`,
  ],
  ['state', html`<code>${run.state}</code>: random, bound to this browser`],
  ['nonce', html`<code>${run.nonce}</code>: random, compared with the ID token's`],
])}
${run.wanted.isPushed ? html`<p class="quiet">With PAR these parameters go to <code>${endpointOf(run, 'pushed_authorization_request_endpoint')}</code> when you go on, and the browser carries only <code>client_id</code> and <code>request_uri</code>.</p>` : ''}
${run.callback ? actionForm(given, 'renew', 'New values for another request') : ''}`
}

const personaBody = (given: Given): Html =>
  given.run.callback
    ? html`<p>The browser was there, and is back.</p>`
    : actionForm(given, 'leave', 'Go to the sandbox', { isPrimary: true })

const REFUSALS = {
  issuer:
    'iss is not the issuer that was asked. Another server may have sent this answer to obtain a code: nothing of it is used.',
  'no-code': 'The answer has neither a code nor an error, so there is nothing to go on with.',
}

const callbackBody = ({ run, issuer }: Given): Html => {
  const { callback } = run
  if (!callback) return html`<p class="quiet">Nothing has come back yet.</p>`
  const { parameters, refused, isRepeated } = callback
  const { error } = parameters
  return html`<pre>GET ${addressText(`${run.redirectUri}?${new URLSearchParams(parameters)}`)}</pre>
<ul><li><code>state</code> is the one that was sent: ${verdict(true)}</li>
<li><code>iss</code> is ${issuer}: ${verdict(refused !== 'issuer')}</li></ul>
${refused ? html`<p class="fault">${REFUSALS[refused]}</p>` : ''}
${error ? errorMeaning(error) : ''}
${isRepeated ? html`<p>This answer came a second time, and was ignored: a state is good for one answer.</p>` : ''}`
}

const verdict = (isMet: boolean): Html =>
  isMet ? html`<strong>yes</strong>` : html`<strong class="fault">no</strong>`

const tokenBody = (given: Given): Html => {
  const { run } = given
  const hasCode = run.callback?.parameters.code !== undefined && !run.callback.refused
  if (!hasCode) return html`<p class="quiet">There is no code to exchange yet.</p>`
  if (!run.isRedeemed) return actionForm(given, 'redeem', 'Exchange the code', { isPrimary: true })
  const last = run.exchanges.findLast(({ step }) => step === 'token')
  const isRefused = typeof last?.answer === 'string' || last?.answer.status !== 200
  return isRefused
    ? html`<p>A code is good for 60 seconds.</p>${actionForm(given, 'renew', 'New values for another request')}`
    : html``
}

const tokensBody = (reader: Reader, { run, checks }: Given): Html => {
  const { tokens } = run
  if (!tokens) return html``
  return html`${
    tokens.idToken
      ? html`<h3>ID token</h3>
<ul>${checks.idToken.map(({ rule, isMet }) => html`<li>${rule}: ${verdict(isMet)}</li>`)}</ul>${decoded(reader, tokens.idToken)}`
      : html`<p>No ID token: the scope <code>openid</code> was not asked for.</p>`
  }
<h3>Access token</h3>
<ul><li>signature: by the issuer's key set: ${verdict(checks.isAccessTokenSigned)}</li></ul>${decoded(reader, tokens.accessToken)}
<h3>Refresh token</h3>
${
  tokens.refreshToken
    ? html`<details><summary>Show the refresh token</summary><pre>${tokens.refreshToken}</pre></details><p class="quiet">Not a JWT: it means something to the server only. Keep it as you keep a password.</p>`
    : html`<p>None: the scope <code>offline_access</code> was not asked for, or not allowed.</p>`
}
<details><summary>Values for your shell</summary><p>The curl commands on this page use them.</p>${copied(
    Object.entries(secretValues(run))
      .filter(([name]) => name !== 'CREDENTIALS')
      .map(([name, value]) => `export ${name}='${value}'`)
      .join('\n'),
  )}</details>`
}

/** Claims that are seconds since 1970. */
const TIMES: readonly string[] = ['exp', 'iat', 'nbf', 'auth_time']

const decoded = (reader: Reader, token: string): Html => {
  const read = decodeToken(token)
  if (!read) return html`<pre>${token}</pre>`
  return html`<pre>${JSON.stringify(read.header, null, 2)}</pre>
${facts(
  Object.entries(read.claims).map(([name, value]) => [
    name,
    html`<code>${typeof value === 'string' ? value : JSON.stringify(value)}</code>${
      TIMES.includes(name) && typeof value === 'number'
        ? html` ${moment(reader, new Date(value * 1000))}`
        : ''
    }<br><span class="quiet">${CLAIM_MEANINGS[name] ?? ''}</span>`,
  ]),
)}
<details><summary>As it was sent</summary><pre>${token}</pre></details>`
}

const apiBody = (given: Given): Html => {
  const granted = given.run.tokens?.scope.split(' ') ?? []
  return html`<p>The token has: <code>${granted.join(' ')}</code></p>
<div class="buttons">${actionForm(given, 'userinfo', 'Userinfo')}${actionForm(given, 'introspect', 'Introspection')}</div>
${RESIDENT_OPERATIONS.map((each) => operationForm(given, each, granted.includes(each.scope)))}`
}

const operationForm = (given: Given, operation: TriedOperation, isGranted: boolean): Html => {
  const { operationId, method, path, summary, scope, body } = operation
  const { inPath, inQuery } = parametersOf(operation)
  const fields = html`<input type="hidden" name="operation" value="${operationId}">${[
    ...inPath,
    ...inQuery,
  ].map(
    (name) =>
      html`<div class="field"><label for="${operationId}-${name}"><code>${name}</code></label><input type="text" id="${operationId}-${name}" name="${name}" maxlength="200"></div>`,
  )}${
    body
      ? html`<div class="field"><label for="${operationId}-json">Body</label><textarea id="${operationId}-json" name="json" rows="4" maxlength="4000" spellcheck="false">${JSON.stringify(body.example, null, 2)}</textarea></div>`
      : ''
  }`
  return html`<details><summary>${summary}${isGranted ? '' : ' (not in the scope)'}</summary><p><code>${method.toUpperCase()} ${path}</code>, with the scope <code>${scope}</code></p>${actionForm(given, 'call', 'Send', { fields })}</details>`
}

const endBody = (given: Given): Html =>
  html`<div class="buttons">${
    given.run.tokens?.refreshToken ? actionForm(given, 'refresh', 'Refresh') : ''
  }${actionForm(given, 'revoke', 'Revoke, and call again')}</div>`

const errorsBody = (given: Given): Html => {
  const { run } = given
  const hasCode = run.callback?.parameters.code !== undefined && !run.callback.refused
  return html`<div class="buttons">${actionForm(given, 'wrong-redirect', 'Wrong redirect address')}${
    hasCode && !run.isRedeemed ? actionForm(given, 'wrong-verifier', 'Wrong verifier') : ''
  }${run.isRedeemed ? actionForm(given, 'code-twice', 'Code used twice') : ''}${
    run.tokens
      ? html`${canLackScope(run) ? actionForm(given, 'missing-scope', 'Missing scope') : ''}${actionForm(given, 'expired-token', 'Expired token')}`
      : ''
  }</div>${
    hasCode && !run.isRedeemed
      ? ''
      : html`<p class="quiet">A wrong verifier needs a code that has not been exchanged yet.</p>`
  }${run.tokens ? html`<p class="quiet">“Expired token” moves the tokens of this client an hour into the past: the clock of your sandbox, its people and your application stay as they are.</p>` : ''}`
}
