import { html } from 'hono/html'
import type { SecurityCase } from '../accounts/cases.ts'
import type { EndedConsent } from '../consents/ended-consents.ts'
import { ENTRY_TOPICS } from '../ledger/entries.ts'
import { day, type Html, moment, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import type { Day, DaySection, Line } from './activity-days.ts'
import { type ActivityFilter, addressOf, isNarrowed } from './activity-filter.ts'
import { describeEntry } from './activity-words.ts'

export type ActivityPage = {
  filter: ActivityFilter
  /** The applications that the filter offers. */
  applications: readonly { clientId: string; name: string }[]
  days: readonly Day[]
  /** Whether the last day goes on on the next page. */
  splitsDay: boolean
  /** The next page begins at the entry before this one. */
  olderThan: string | undefined
  isFirst: boolean
  /** On the first page alone. */
  ended: readonly EndedConsent[] | undefined
  reports: readonly SecurityCase[]
}

/** `/activity`: the entries, newest first, by day. */
export function activityPage(reader: Reader, data: ActivityPage): Html {
  const { filter, days, splitsDay, olderThan, isFirst, ended, reports } = data
  const { activity, common } = reader.texts
  const hasFault = Object.keys(filter.faults).length > 0
  const empty = isNarrowed(filter) || !isFirst ? activity.noneFound : activity.none
  return page(reader, {
    title: hasFault ? activity.errorTitle : activity.title,
    body: html`<h1>${activity.heading}</h1>
<p class="lead">${activity.lead}</p>
${reports.length > 0 ? reportSection(reader, reports) : ''}
${filterForm(reader, data)}
${days.length === 0 && !hasFault ? html`<p class="empty">${empty}</p>` : days.map((each) => daySection(reader, each))}
${splitsDay ? html`<p class="quiet">${activity.continues}</p>` : ''}
${
  olderThan || !isFirst
    ? html`<nav class="pages" aria-label="${activity.title}">${isFirst ? '' : html`<a href="${addressOf(filter)}">${activity.newest}</a> `}${olderThan ? html`<a href="${addressOf(filter, olderThan)}" rel="next">${activity.older}</a>` : ''}</nav>`
    : ''
}
${ended ? endedSection(reader, ended) : ''}
<p><a href="/">${common.backToDocuments}</a></p>`,
  })
}

function filterForm({ texts: { activity }, texts }: Reader, data: ActivityPage): Html {
  const { filter, applications } = data
  const option = (value: string, name: string, chosen: string) =>
    html`<option value="${value}"${value === chosen ? html` selected` : ''}>${name}</option>`
  const dayField = (name: 'from' | 'to', label: string) => {
    const fault = filter.faults[name]
    return html`<div class="field"><label for="${name}">${label}</label>
${fault ? html`<p class="fault" id="${name}-fault">${fault(texts)}</p>` : ''}
<input type="date" id="${name}" name="${name}" value="${filter[name]}"${fault ? html` aria-invalid="true" aria-describedby="${name}-fault"` : ''}></div>`
  }
  const hasFault = Object.keys(filter.faults).length > 0
  return html`<details class="filter"${isNarrowed(filter) || hasFault ? html` open` : ''}><summary>${activity.filterHeading}</summary>
<form method="get" action="/activity">
<div class="field"><label for="application">${activity.application}</label>
<select id="application" name="application">${option('', activity.anyApplication, filter.application)}${applications.map(({ clientId, name }) => option(clientId, name, filter.application))}</select></div>
<div class="field"><label for="topic">${activity.topic}</label>
<select id="topic" name="topic">${option('', activity.anyTopic, filter.topic)}${ENTRY_TOPICS.map((topic) => option(topic, activity.topics[topic], filter.topic))}</select></div>
${dayField('from', activity.from)}
${dayField('to', activity.to)}
<div class="buttons"><button>${activity.apply}</button>${isNarrowed(filter) ? html`<a class="button" href="/activity">${activity.showAll}</a>` : ''}</div>
</form></details>`
}

const daySection = (reader: Reader, { at, sections }: Day): Html =>
  html`<section><h2>${day(reader, at)}</h2>
${sections.map((each) => card(reader, each))}</section>`

const card = (reader: Reader, { purpose, lines }: DaySection): Html =>
  html`<article class="card">
${lines.map((line) => lineOf(reader, line))}
${purpose ? html`<p class="quiet">${reader.texts.activity.purpose(purpose)}</p>` : ''}</article>`

/** One sentence, and each time that it was so. */
function lineOf(reader: Reader, line: Line): Html {
  const { activity } = reader.texts
  const [newest] = line
  const link = ({ id, at }: Line[0]) => html`<a href="/activity/${id}">${moment(reader, at)}</a>`
  return html`<div class="line"><p>${describeEntry(reader.texts, newest)}</p>
${
  line.length === 1
    ? html`<p class="quiet">${link(newest)}</p>`
    : html`<details><summary>${activity.times(line.length, moment(reader, newest.at))}</summary>
<ul class="seen">${line.map((entry) => html`<li>${link(entry)}</li>`)}</ul></details>`
}
${reader.site.isSandbox ? '' : html`<p class="quiet"><a href="/activity/${newest.id}/unexpected" aria-label="${activity.unexpectedLabel(newest.id)}">${activity.unexpected}</a></p>`}</div>`
}

function endedSection(reader: Reader, ended: readonly EndedConsent[]): Html {
  const { activity } = reader.texts
  return html`<section aria-labelledby="ended"><h2 id="ended">${activity.endedHeading}</h2>
${
  ended.length === 0
    ? html`<p class="empty">${activity.endedNone}</p>`
    : html`<ul class="seen">${ended.map(({ clientName, givenAt, endedAt, endedBy }) => html`<li>${activity.ended[endedBy](html`<strong>${clientName}</strong>`, day(reader, givenAt), day(reader, endedAt))}</li>`)}</ul>
<p class="quiet">${activity.endedHelp}</p>`
}</section>`
}

function reportSection(reader: Reader, reports: readonly SecurityCase[]): Html {
  const { activity, unexpected } = reader.texts
  return html`<section aria-labelledby="reports"><h2 id="reports">${unexpected.listHeading}</h2>
<ul class="seen">${reports.map(({ entryId, openedAt, state }) => html`<li>${unexpected.listed(html`<a href="/activity/${entryId}/unexpected">${activity.entry(entryId ?? '')}</a>`, moment(reader, openedAt), unexpected.states[state])}</li>`)}</ul></section>`
}
