import { html } from 'hono/html'
import { SCOPES, type Scope } from '../clients/scopes.ts'
import { visibleText } from '../web/displayed-text.ts'
import { csrfField, type Html, moment } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { applicationPage, applicationPath } from './application-frame.ts'
import { type Ask, type Change, scopesOf } from './production-ask.ts'
import { productionForm, requestedLogo, type ShownProduction } from './production-form.ts'
import { isChange, type ProductionRequest } from './production-store.ts'

/** `/developers/:team/:place/:client/production`. */
export function productionPage(reader: Reader, shown: ShownProduction): Html {
  const { team, place, client, form } = shown
  const title = place === 'sandbox' ? 'Go to production' : 'Change in production'
  const isFaulty = Object.keys(form.faults).length > 0 || form.problem !== undefined
  return applicationPage(reader, {
    ...{ team, place, client },
    tab: '/production',
    title: isFaulty ? `Error: ${title.toLowerCase()}` : title,
    body: html`<h2>${title}</h2>${content(reader, shown)}`,
  })
}

function content(reader: Reader, shown: ShownProduction): Html {
  const { team, client, inProduction, latest, form, changes, mayEdit } = shown
  if (inProduction)
    return html`<section class="card"><p>This application is in production as <a href="${applicationPath(team.id, 'production', inProduction.id)}">${inProduction.name}</a>. What residents see of it is changed there: <a href="${applicationPath(team.id, 'production', inProduction.id, '/production')}">ask for a change</a>.</p></section>`
  if (!client.metadata.response_types.includes('code'))
    return html`<section class="card"><p>People do not sign in to this application, so nothing of it is reviewed here. The operator of the portal registers programs that act for themselves.</p></section>`
  if (latest?.status === 'waiting')
    return html`${form.problem ? html`<div class="notice bad" role="alert"><p>Your team has sent this request already.</p></div>` : ''}${waiting(reader, shown, latest)}`
  return html`${decided(reader, latest)}${
    mayEdit
      ? html`${steps(shown)}${productionForm(shown)}`
      : html`<section class="card"><p>Developers of the team prepare a request, and its owners send it.</p>${
          form.revision > 0 ? html`<h3>Prepared so far</h3>${summary(form.ask)}` : ''
        }</section>`
  }${changes.length > 0 && mayEdit && form.revision > 0 ? html`<section class="card"><h2>What this draft would change</h2>${changeList(changes)}</section>` : ''}`
}

/** The last decision, above the form that could be sent next. */
function decided(reader: Reader, latest: ProductionRequest | undefined): Html | '' {
  if (latest?.status === 'declined' && latest.decidedAt)
    return html`<div class="notice bad"><p>The operator declined this on ${moment(reader, latest.decidedAt)}:</p><blockquote>${visibleText(latest.reason ?? '')}</blockquote><p>Change the request, and send it again.</p></div>`
  if (latest?.status === 'approved' && latest.decidedAt && isChange(latest))
    return html`<div class="notice good"><p>Your last change was approved on ${moment(reader, latest.decidedAt)}.</p></div>`
  return ''
}

function waiting(
  reader: Reader,
  { team, place, client, csrf, changes, mayDecide }: ShownProduction,
  request: ProductionRequest,
): Html {
  const action = applicationPath(team.id, place, client.id, '/production/withdraw')
  return html`<section class="card"><p><strong class="status waiting">Waiting for the operator</strong></p>
<p>Sent on ${moment(reader, request.requestedAt)}. Whoever sent it and the owners of the team get a mail when it is decided.</p>
${changes.length > 0 ? html`<h3>What would change</h3>${changeList(changes)}` : ''}
<h3>What was asked for</h3>
${request.hasLogo ? requestedLogo(team, place, client) : ''}${summary(request.ask)}
${
  mayDecide
    ? html`<form method="post" action="${action}">${csrfField(csrf)}<input type="hidden" name="request" value="${request.id}"><button name="withdraw">Withdraw it</button></form>`
    : ''
}</section>`
}

const steps = ({ steps: list }: ShownProduction): Html | '' =>
  list.length === 0
    ? ''
    : html`<section class="card"><h2>Before you ask</h2>
<p class="quiet">What this application has done in the sandbox, as far as its log of the last seven days shows. Nothing of it is required.</p>
<ul class="plain-list">${list.map(
        ({ text, isDone }) =>
          html`<li><span class="status ${isDone ? 'good' : 'waiting'}">${isDone ? 'Done' : 'Not yet'}</span> ${text}</li>`,
      )}</ul></section>`

/** Everything that was validated, or typed by a member of this team. */
function summary(ask: Ask): Html {
  const rows: [string, Html | string][] = [
    ['Name', visibleText(ask.name)],
    ['Organisation', visibleText(ask.operator)],
    ['Purpose', visibleText(ask.purpose)],
    [
      'Permissions',
      html`<ul class="plain-list">${scopesOf(ask).map((scope) => scopeLine(scope, ask))}</ul>`,
    ],
    ['Redirect addresses', lines(ask.redirectUris)],
    ['Addresses after sign-out', lines(ask.postLogoutRedirectUris)],
    ['Its own page', visibleText(ask.clientUri)],
    ['Privacy policy', visibleText(ask.policyUri)],
    ['Terms', visibleText(ask.tosUri)],
  ]
  return html`<dl class="facts">${rows
    .filter(([, value]) => value !== '')
    .map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>`
}

const scopeLine = (scope: Scope, { reasons }: Ask): Html =>
  html`<li>${SCOPES[scope].title} <code>${scope}</code>${reasons[scope] ? html`<br>${visibleText(reasons[scope])}` : ''}</li>`

const lines = (uris: readonly string[]): Html | string =>
  uris.length === 0
    ? ''
    : html`<ul class="plain-list">${uris.map((uri) => html`<li><code>${visibleText(uri)}</code></li>`)}</ul>`

const changeList = (changes: readonly Change[]): Html =>
  html`<dl class="facts">${changes.map(
    ({ field, before, after }) =>
      html`<div><dt>${field}</dt><dd>${before.map((each) => html`<del>${visibleText(each)}</del> `)}${after.map((each) => html`<ins>${visibleText(each)}</ins> `)}</dd></div>`,
  )}</dl>`
