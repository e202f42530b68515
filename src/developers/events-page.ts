import { html } from 'hono/html'
import type { OwnClient } from '../clients/team-clients.ts'
import type { SeenAttempt, SeenEvent } from '../events/attempts.ts'
import type { Stream } from '../events/streams.ts'
import { csrfField, type Html, moment } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { escapeForTerminal } from '../web/terminal-text.ts'
import type { Place } from './access.ts'
import { applicationPage, applicationPath } from './application-frame.ts'
import type { Delivery, Endpoint } from './events-endpoint.ts'
import { box, type FieldFaults, faultsOf, textField } from './fields.ts'
import type { Membership } from './teams.ts'

/** What is shown once. */
export type Issued = { secret: string | undefined; token: string | undefined }

type ShownEvents = {
  team: Membership
  place: Place
  client: OwnClient
  csrf: string
  stream: Stream | undefined
  secrets: readonly { createdAt: Date; retiresAt: Date | null }[]
  events: readonly SeenEvent[]
  isMore: boolean
  /** Only those that failed for good. */
  failed: boolean
  /** Test, replay, resume. */
  mayAct: boolean
  /** Endpoint and secrets. */
  maySet: boolean
  entered?: Endpoint
  faults?: FieldFaults
  problem?: string
  issued?: Issued
}

const DELIVERY_NAMES: Record<Delivery, [name: string, text: string]> = {
  webhook: ['Webhooks', 'Signed as Standard Webhooks say, and sent to your address.'],
  push: ['Pushed tokens', 'Security Event Tokens (RFC 8935), sent to your address.'],
  poll: [
    'Fetched tokens',
    'Your program asks for Security Event Tokens (RFC 8936): no address is needed.',
  ],
}

/** `/developers/:team/:place/:client/events`. */
export function eventsPage(reader: Reader, shown: ShownEvents): Html {
  const { team, place, client, stream, problem, faults, issued, maySet } = shown
  return applicationPage(reader, {
    ...{ team, place, client },
    tab: '/events',
    title: problem || faults ? 'Error: events' : 'Events',
    body: html`<h2>Events</h2>
<p class="lead">The portal tells this application what changes: a verification, a consent, an erasure. <a href="/guides/events">How events work</a></p>
${problem ? html`<div class="notice bad" role="alert"><p>${problem}</p></div>` : ''}${issued ? issuedOnce(issued) : ''}
${stream ? streamCard(reader, shown, stream) : html`<section class="card"><p>This application gets no events yet.</p></section>`}
${maySet ? endpointForm(shown) : ''}${kinds(client)}${log(reader, shown)}`,
  })
}

const issuedOnce = ({ secret, token }: Issued): Html =>
  html`<section class="card" role="status"><h2>Copy this now</h2><p>It is shown this once.</p>
${secret ? html`<h3>Signing secret</h3><pre tabindex="0">${secret}</pre>` : ''}${
  token
    ? html`<h3>Events token</h3><p class="quiet">With it, your program fetches events and answers erasures.</p><pre tabindex="0">${token}</pre>`
    : ''
}</section>`

/** A form with one button, and hidden fields. */
function button(
  { team, place, client, csrf }: ShownEvents,
  {
    action,
    label,
    fields = '',
    isPlain = false,
  }: { action: string; label: string; fields?: Html | ''; isPlain?: boolean },
): Html {
  const path = applicationPath(team.id, place, client.id, `/events/${action}`)
  return html`<form method="post" action="${path}">${csrfField(csrf)}${fields}<button name="${action}"${isPlain ? html` class="plain"` : ''}>${label}</button></form>`
}

function streamCard(reader: Reader, shown: ShownEvents, stream: Stream): Html {
  const { secrets, mayAct } = shown
  const rows: [string, Html | string][] = [
    ['Delivery', DELIVERY_NAMES[stream.delivery][0]],
    ...(stream.endpoint
      ? [['Address', html`<code>${stream.endpoint}</code>`] as [string, Html]]
      : []),
    ...(stream.format === 'kora' ? [['Format', 'Kora'] as [string, string]] : []),
    ...(stream.delivery === 'webhook'
      ? [['Secrets', secretLines(reader, secrets)] as [string, Html]]
      : []),
  ]
  return html`<section class="card"><h2>Where they go</h2>
${stream.enabled ? '' : html`<div class="notice bad"><p>Paused: the address answered 410. What happens meanwhile is kept for it.</p></div>`}
<dl class="facts">${rows.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
${mayAct ? streamActions(shown, stream) : ''}</section>`
}

const secretLines = (reader: Reader, secrets: ShownEvents['secrets']): Html =>
  html`<ul class="plain-list">${secrets.map(
    ({ createdAt, retiresAt }) =>
      html`<li>made on ${moment(reader, createdAt)}${retiresAt ? html`, signs until ${moment(reader, retiresAt)}` : ''}</li>`,
  )}</ul>`

function streamActions(shown: ShownEvents, stream: Stream): Html {
  return html`<div class="buttons">${stream.enabled ? '' : button(shown, { action: 'resume', label: 'Resume' })}${
    stream.format === 'kora' ? '' : button(shown, { action: 'test', label: 'Send a test event' })
  }</div>
${shown.maySet ? secretActions(shown, stream) : ''}`
}

function secretActions(shown: ShownEvents, stream: Stream): Html {
  const keep = html`<label for="keep-hours">The old secret signs too for</label><select id="keep-hours" name="keep-hours"><option value="24" selected>a day</option><option value="168">a week</option><option value="1">an hour</option><option value="0">no longer</option></select> `
  return html`<details><summary>Replace secrets, or remove the endpoint</summary>
${stream.delivery === 'webhook' ? button(shown, { action: 'rotate-secret', label: 'New signing secret', fields: keep }) : ''}
<p class="quiet">The events token fetches events and answers erasures. A new one ends the old one at once.</p>
${button(shown, { action: 'rotate-token', label: 'New events token' })}
<p class="quiet">Without an endpoint, events that wait are dropped, except requests to erase data.</p>
${button(shown, { action: 'remove', label: 'Remove the endpoint' })}</details>`
}

function endpointForm({
  team,
  place,
  client,
  csrf,
  stream,
  entered,
  faults = {},
}: ShownEvents): Html {
  const chosen = entered?.delivery ?? stream?.delivery ?? 'webhook'
  const action = applicationPath(team.id, place, client.id, '/events/set')
  const url = entered?.url ?? stream?.endpoint ?? ''
  return html`<form method="post" action="${action}" class="card console-form"><h2>${stream ? 'Change where they go' : 'Set up events'}</h2>${csrfField(csrf)}
<fieldset class="choices"><legend class="sentence">Delivery</legend>${Object.entries(
    DELIVERY_NAMES,
  ).map(([value, [label, hint]]) =>
    box({
      type: 'radio',
      name: 'delivery',
      value,
      id: `delivery-${value}`,
      label,
      hint,
      isChecked: value === chosen,
    }),
  )}</fieldset>
${textField({ name: 'url', label: 'Address', hint: 'https://, or http:// on this machine. For webhooks and pushed tokens; it is called once now, and has to answer.', value: url, faults, isAddress: true })}
<div class="field"><label for="authorization">Authorization header for pushed tokens (optional)</label>${faultsOf(faults, 'authorization')}<input type="password" id="authorization" name="authorization" autocomplete="off"${faults.authorization ? html` aria-invalid="true" aria-describedby="authorization-fault"` : ''}></div>
<button class="primary" name="set">Save</button></form>`
}

const ABOUT_VERIFICATIONS = [
  ['verification.approved', 'a first verification counts'],
  ['verification.images-ready', 'all its images can be read'],
  ['verification.replaced', 'another verification, or attempt, counts now'],
  ['verification.withdrawn', 'none counts any more'],
  ['verification.document-expired', 'the document has expired'],
] as const
const ALWAYS = [
  ['consent.changed', 'a resident withdrew some permissions'],
  ['consent.revoked', 'a resident ended the consent'],
  ['verification.erased', 'a verification was erased: erase your copies'],
  ['resident.erased', 'a resident was erased: erase your copies'],
] as const

function kinds({ metadata: { scope } }: OwnClient): Html {
  const isTold = /eprospera:person\.id_verification\.(status\.)?read/.test(scope)
  return html`<details class="card"><summary>Which events it gets</summary>
<ul class="plain-list">${[...(isTold ? ABOUT_VERIFICATIONS : []), ...ALWAYS].map(([kind, text]) => html`<li><code>${kind}</code>: ${text}</li>`)}</ul>
<p class="quiet">${isTold ? 'It gets those about verifications while a resident’s consent lasts.' : 'It may not see verifications, so it gets no event about them.'} Requests to erase data are always sent.</p></details>`
}

function log(reader: Reader, shown: ShownEvents): Html {
  const { events, isMore, failed, team, place, client, mayAct } = shown
  const path = applicationPath(team.id, place, client.id, '/events')
  const last = events.at(-1)
  return html`<section class="card" aria-labelledby="log"><h2 id="log">What was sent</h2>
<p>${failed ? html`Only events that failed for good. <a href="${path}">Show all</a>` : html`<a href="${path}?state=failed">Show only what failed</a>`}</p>
${mayAct ? replayForm(shown) : ''}
${events.length === 0 ? html`<p>Nothing yet.</p>` : events.map((event) => eventLine(reader, shown, event))}
${last && isMore ? html`<p><a href="${path}?before=${last.id}${failed ? '&state=failed' : ''}">Older events</a></p>` : ''}
<p class="quiet">Settled events are kept for 90 days.</p></section>`
}

const replayForm = (shown: ShownEvents): Html =>
  html`<details><summary>Send everything again that failed</summary>${button(shown, {
    action: 'replay-failed',
    label: 'Send again',
    fields: html`<div class="field"><label for="since">Since (UTC)</label><input type="datetime-local" id="since" name="since" required></div>`,
  })}</details>`

const STATES = {
  pending: ['Waiting', 'waiting'],
  delivered: ['Delivered', 'good'],
  failed: ['Failed', 'bad'],
  dropped: ['Not sent any more', 'waiting'],
} as const

function eventLine(reader: Reader, shown: ShownEvents, event: SeenEvent): Html {
  const [name, colour] = STATES[event.state]
  const { attempts } = event
  return html`<article class="line"><h3>${event.kind} <span class="status ${colour}">${name}</span></h3>
<p class="quiet">${moment(reader, event.occurredAt)} · <code>${event.id}</code>${event.nextAt && attempts.length > 0 ? html` · next attempt on ${moment(reader, event.nextAt)}` : ''}</p>
${attempts.length === 0 ? html`<p class="quiet">Not tried yet. <a href="${applicationPath(shown.team.id, shown.place, shown.client.id, '/events')}">Look again</a></p>` : attempts.map((attempt) => attemptLine(reader, attempt))}
${shown.mayAct ? button(shown, { action: 'replay', label: 'Send again', isPlain: true, fields: html`<input type="hidden" name="event" value="${event.id}">` }) : ''}</article>`
}

const attemptLine = (reader: Reader, attempt: SeenAttempt): Html =>
  html`<details><summary>Attempt ${attempt.number}: ${attempt.status ?? 'no answer'}, ${escapeForTerminal(attempt.outcome)}, ${attempt.milliseconds} ms, ${moment(reader, attempt.at)}</summary>
${
  attempt.exchange
    ? html`<h4>Sent</h4>${attempt.exchange.sent === null ? html`<p class="quiet">Not kept: it names people by your own ids.</p>` : text(attempt.exchange.sent)}
<h4>Answered</h4>${attempt.exchange.answer ? text(attempt.exchange.answer) : html`<p class="quiet">Nothing.</p>`}`
    : html`<p class="quiet">What was sent and what came back is not kept.</p>`
}</details>`

/** Text that anybody may have written, with every hidden character visible. */
const text = (value: string): Html =>
  html`<pre tabindex="0">${escapeForTerminal(value, { lines: true })}</pre>`
