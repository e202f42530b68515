import { html } from 'hono/html'
import { isScope, SCOPES } from '../clients/scopes.ts'
import type { OwnClient } from '../clients/team-clients.ts'
import { ACR } from '../oauth/logins.ts'
import { csrfField, type Html, moment } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { applicationPage, applicationPath } from './application-frame.ts'
import type { Membership } from './teams.ts'
import type { ListedRun, Wanted } from './try-runs.ts'

export const PROMPTS: Readonly<Record<string, string>> = {
  '': 'none given: asks only what is missing',
  login: 'login: sign in again, and choose another persona',
  consent: 'consent: decide again',
  none: 'none: ask nothing, or fail',
}
export const ACR_VALUES: Readonly<Record<string, string>> = {
  '': 'none given',
  [ACR.password]: 'a password or more',
  [ACR.passwordOtp]: 'a password and a one-time code, or more',
  [ACR.passkey]: 'a passkey',
}

export type WantedFaults = Partial<Record<'scope' | 'claims' | 'other', string>>

/** The address of an application's page for trying it. */
export const tryPath = (teamId: string, applicationId: string): string =>
  applicationPath(teamId, 'sandbox', applicationId, '/try')

/** The page that begins a run, and names those that can be continued. */
export const tryStartPage = (
  reader: Reader,
  given: {
    team: Membership
    application: OwnClient
    csrf: string
    runs: readonly ListedRun[]
    wanted: Wanted
    faults: WantedFaults
    /** Why it cannot be tried. */
    obstacle: string | undefined
  },
): Html => {
  const { team, application, runs, obstacle } = given
  const path = tryPath(team.id, application.id)
  return applicationPage(reader, {
    ...{ title: 'Try it', tab: '/try', team, place: 'sandbox', client: application },
    body: html`<p class="lead">The console plays your application: it sends every request that your program will send, to the sandbox, and shows each with its answer.</p>
${obstacle ? html`<div class="notice waiting"><p>${obstacle}</p></div>` : startForm(given)}
${
  runs.length > 0 && !obstacle
    ? html`<section class="card"><h2>Go on</h2><ul class="plain-list">${runs.map(
        ({ id, createdAt }) =>
          html`<li><a href="${path}/${id}">Begun ${moment(reader, createdAt)}</a></li>`,
      )}</ul><p class="quiet">A run is kept for an hour.</p></section>`
    : ''
}`,
  })
}

const startForm = ({
  team,
  application,
  csrf,
  wanted,
  faults,
}: {
  team: Membership
  application: OwnClient
  csrf: string
  wanted: Wanted
  faults: WantedFaults
}): Html => {
  const { metadata } = application
  const alwaysPushed = metadata.require_pushed_authorization_requests === true
  return html`<form method="post" action="${tryPath(team.id, application.id)}" class="card">
<h2>The request</h2>${csrfField(csrf)}
${faultOf('other', faults)}
<fieldset class="choices"${faults.scope ? html` aria-describedby="scope-fault"` : ''}><legend>Scopes that your application asks for</legend>${faultOf('scope', faults)}
${metadata.scope
  .split(' ')
  .map(
    (scope, index) =>
      html`<div class="choice"><input type="checkbox" id="scope-${index}" name="scope" value="${scope}"${wanted.scope.includes(scope) ? html` checked` : ''}><label for="scope-${index}"><code>${scope}</code></label>${isScope(scope) ? html`<div class="what"><p>${SCOPES[scope].title}</p></div>` : ''}</div>`,
  )}</fieldset>
<div class="field"><label for="prompt"><code>prompt</code></label>${choice('prompt', PROMPTS, wanted.prompt)}</div>
<div class="field"><label for="acr_values"><code>acr_values</code></label>${choice('acr_values', ACR_VALUES, wanted.acrValues)}</div>
<div class="field"><label for="claims"><code>claims</code>, as JSON; may be empty</label>${faultOf('claims', faults)}
<textarea id="claims" name="claims" rows="3" maxlength="2000" spellcheck="false"${faults.claims ? html` aria-invalid="true" aria-describedby="claims-fault"` : ''}>${wanted.claims}</textarea></div>
<div class="choice"><input type="checkbox" id="par" name="par" value="yes"${wanted.isPushed || alwaysPushed ? html` checked` : ''}${alwaysPushed ? html` disabled` : ''}><label for="par">Push the parameters ahead (PAR)${alwaysPushed ? ': your application has to' : ''}</label></div>
<div class="buttons"><button class="primary" name="start">Start</button></div></form>
<p class="quiet">The requests come from a client of the console that mirrors this application: the same name, scopes and <code>sub</code>, but a secret of its own, and the console as its only redirect address.${
    metadata.token_endpoint_auth_method === 'client_secret_basic'
      ? ''
      : html` It authenticates with <code>client_secret_basic</code>; your application uses <code>${metadata.token_endpoint_auth_method}</code>.`
  }${metadata.dpop_bound_access_tokens ? ' Its tokens are not bound to a key (DPoP), as those of your application are.' : ''}</p>`
}

const faultOf = (field: keyof WantedFaults, faults: WantedFaults): Html | '' =>
  faults[field] ? html`<p class="fault" id="${field}-fault">${faults[field]}</p>` : ''

const choice = (name: string, options: Readonly<Record<string, string>>, chosen: string): Html =>
  html`<select id="${name}" name="${name}">${Object.entries(options).map(
    ([value, text]) =>
      html`<option value="${value}"${value === chosen ? html` selected` : ''}>${text}</option>`,
  )}</select>`
