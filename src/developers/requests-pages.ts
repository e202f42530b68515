import { html } from 'hono/html'
import { OPERATIONS } from '../api/openapi.ts'
import type { OwnClient } from '../clients/team-clients.ts'
import { LOGGED_ENDPOINTS } from '../oauth/logged-endpoints.ts'
import { findError } from '../reference/errors.ts'
import { prose } from '../reference/frame.ts'
import { comparison } from '../request-log/detail-page.ts'
import type { ListedRequest, RequestFilter } from '../request-log/store.ts'
import { anchorOf } from '../web/error-uri.ts'
import type { Html } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import type { Place } from './access.ts'
import { applicationPage, applicationPath } from './application-frame.ts'
import { box } from './fields.ts'
import { developerPage } from './frame.ts'
import type { Membership } from './teams.ts'

/** The names of the endpoints in the log. */
export const ENDPOINTS: Readonly<Record<string, readonly string[]>> = {
  OAuth: LOGGED_ENDPOINTS,
  API: OPERATIONS.filter(({ scope, stream }) => scope || stream).map(
    ({ operationId }) => operationId,
  ),
}

const TAB = '/requests'

/** The path of an application's log. */
export const requestsPath = (teamId: string, place: Place, clientId: string): string =>
  applicationPath(teamId, place, clientId, TAB)

type Log = { team: Membership; place: Place; client: OwnClient }
const pathOf = ({ team, place, client }: Log): string => requestsPath(team.id, place, client.id)

/** The log of an application: a page of it, with the form that narrows it. */
export const requestsPage = (
  reader: Reader,
  data: Log & {
    requests: readonly ListedRequest[]
    filter: RequestFilter
    days: readonly string[]
    /** The last id of this page, when there are older ones. */
    older: string | undefined
    isFirst: boolean
  },
): Html => {
  const { team, place, client, requests, filter, older, isFirst } = data
  const path = pathOf(data)
  return applicationPage(reader, {
    ...{ team, place, client, tab: TAB, title: 'Requests' },
    body: html`<h2>Requests</h2>
<p class="lead">${place === 'sandbox' ? 'Every request of the last seven days.' : 'Every request of the last seven days that failed. What succeeds in production is not kept.'}</p>
${filterForm(data)}
${
  requests.length === 0
    ? html`<p>${isFiltered(filter) ? 'No request matches.' : 'None yet. A request appears here a moment after its answer.'}</p>`
    : html`<ol class="requests">${requests.map((request) => row(path, request))}</ol>`
}
<p>${isFirst ? '' : html`<a href="${addressOf(path, filter)}">Newest</a> `}${
      older ? html`<a href="${addressOf(path, filter, older)}">Older</a>` : ''
    }</p>
<p class="quiet">${SEARCH_HINT}</p>`,
  })
}

const SEARCH_HINT = html`Every answer and error page has a request id: <a href="/developers/requests">find a request by its id</a>.`

const isFiltered = ({ endpoint, day, onlyFailures }: RequestFilter): boolean =>
  Boolean(endpoint || day || onlyFailures)

const addressOf = (path: string, filter: RequestFilter, before?: string): string => {
  const query = new URLSearchParams({
    ...(filter.endpoint ? { endpoint: filter.endpoint } : {}),
    ...(filter.day ? { day: filter.day } : {}),
    ...(filter.onlyFailures ? { failures: '1' } : {}),
    ...(before ? { before } : {}),
  })
  return query.size > 0 ? `${path}?${query}` : path
}

const filterForm = ({
  filter,
  days,
  ...log
}: Log & { filter: RequestFilter; days: readonly string[] }): Html =>
  html`<form method="get" action="${pathOf(log)}" class="card">
<div class="field"><label for="endpoint">Endpoint</label>
<select id="endpoint" name="endpoint"><option value="">All</option>${Object.entries(ENDPOINTS).map(
    ([group, names]) =>
      html`<optgroup label="${group}">${names.map((each) => option(each, filter.endpoint))}</optgroup>`,
  )}</select></div>
<div class="field"><label for="day">Day (UTC)</label>
<select id="day" name="day"><option value="">All</option>${days.map((each) => option(each, filter.day))}</select></div>
${log.place === 'sandbox' ? html`${box({ name: 'failures', value: '1', id: 'failures', label: 'Only failures', isChecked: filter.onlyFailures === true })}` : ''}
<button>Show</button></form>`

const option = (value: string, chosen: string | undefined): Html =>
  html`<option${value === chosen ? html` selected` : ''}>${value}</option>`

const row = (path: string, request: ListedRequest): Html => {
  const { at, endpoint, status, error, reason, leftOut } = request
  return html`<li><a href="${path}/${request.requestId}">${momentInUtc(at)}</a> <strong>${status}</strong> <code>${endpoint}</code> ${
    error ? html`<code class="error">${error}</code>` : ''
  }${reason ? html`<p class="quiet">${reason}</p>` : ''}${leftOut > 0 ? html`<p class="quiet">${leftOutOf(leftOut)}</p>` : ''}</li>`
}

const momentInUtc = (at: Date): Html => {
  const text = at.toISOString()
  return html`<time datetime="${text}">${text.slice(0, 10)} ${text.slice(11, 23)} UTC</time>`
}

const leftOutOf = (count: number): string =>
  `${count} more ${count === 1 ? 'request' : 'requests'} of that minute ${count === 1 ? 'was' : 'were'} left out.`

/** One request: what happened, why, and what to do. */
export const requestPage = (reader: Reader, data: Log & { request: ListedRequest }): Html => {
  const { team, place, client, request } = data
  const entry = request.error === null ? undefined : findError(anchorOf(request.error))
  return applicationPage(reader, {
    ...{ team, place, client, tab: TAB, title: 'Request' },
    body: html`<p><a href="${pathOf(data)}">All requests</a></p>
<h2>${request.error === null ? html`<code>${request.endpoint}</code>` : html`<code>${request.error}</code>`}</h2>
<section class="card"><dl class="facts">
<div><dt>Time</dt><dd>${momentInUtc(request.at)}</dd></div>
<div><dt>Request id</dt><dd><code>${request.requestId}</code></dd></div>
<div><dt>Endpoint</dt><dd><code>${request.method}</code> <code>${request.endpoint}</code></dd></div>
<div><dt>Status</dt><dd>${request.status}</dd></div>
${request.reason ? html`<div><dt>${request.error === null ? 'Outcome' : 'Reason'}</dt><dd>${request.reason}</dd></div>` : ''}
<div><dt>Sender</dt><dd>${request.isAuthenticated ? 'Your application: it authenticated, or had a token.' : 'Not authenticated: anybody can send such a request with your client id, which is public.'}</dd></div>
${request.leftOut > 0 ? html`<div><dt>Left out</dt><dd>${leftOutOf(request.leftOut)}</dd></div>` : ''}
</dl></section>
${request.detail ? html`<section class="card"><h3>Details</h3>${comparison(request.detail, WORDS)}</section>` : ''}
${
  entry
    ? html`<section class="card"><h3>What it means</h3><p>${prose(entry.meaning)}</p>
<ul>${entry.causes.map((each) => html`<li>${prose(each)}</li>`)}</ul>
<h3>What to do</h3><p>${prose(entry.remedy)}</p>
<p><a href="/guides/errors#${entry.code}">The entry of <code>${entry.code}</code> in the list of errors</a></p></section>`
    : ''
}`,
  })
}

const WORDS = { arrived: 'What arrived', expected: 'What was expected', nothing: 'nothing' }

/** For the id of an answer or an error page. */
export const requestSearchPage = (
  reader: Reader,
  { given, isMissing }: { given: string; isMissing: boolean },
): Html =>
  developerPage(reader, {
    title: 'Find a request',
    body: html`<h1>Find a request</h1>
<p class="lead">Every answer has its id in the header <code>X-Request-Id</code>, and every error page shows it.</p>
<form method="get" action="/developers/requests" class="card">
<div class="field"><label for="id">Request id</label>
${isMissing ? html`<p class="error" id="id-error">None of your teams has a request of this id. It is kept for seven days, appears a moment after its answer, and in production only if it failed.</p>` : ''}
<input id="id" name="id" required autocomplete="off" spellcheck="false" maxlength="36" value="${given}"${isMissing ? html` aria-invalid="true" aria-describedby="id-error"` : ''}></div>
<button class="primary">Find</button></form>`,
  })
