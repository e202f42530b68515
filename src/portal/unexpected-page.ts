import { html } from 'hono/html'
import type { CaseInWords } from '../accounts/cases.ts'
import { csrfField, type Html, moment, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { describeEntry, type NamedEntry } from './activity-words.ts'

export const MAX_NOTE = 1_000

/** What is known of the access that an entry is of: an application that has some today, one without, or nobody's. */
export type Access = 'live' | 'frozen' | 'ended' | 'none'

type UnexpectedPage = {
  entry: NamedEntry
  access: Access
  csrf: string
  /** The form as it was sent, and what is wrong with it. */
  note?: string
  fault?: string | undefined
}

/** `/activity/:id/unexpected`: what a report of the entry does, and the form. */
export function unexpectedPage(reader: Reader, data: UnexpectedPage): Html {
  const { entry, access, csrf, note = '', fault } = data
  const { activity, unexpected } = reader.texts
  const described = fault ? html` aria-invalid="true"` : ''
  return page(reader, {
    title: fault ? unexpected.errorTitle : activity.unexpected,
    body: html`${entryHead(reader, entry, activity.unexpected)}
<h2>${unexpected.whatHappens}</h2>
<ul><li>${unexpected.effects[access](entry.who)}</li><li>${unexpected.operator}</li><li>${unexpected.answer}</li></ul>
<form method="post" action="/activity/${entry.id}/unexpected">${csrfField(csrf)}
<div class="field"><label for="note">${unexpected.note}</label>
<p class="quiet" id="note-help">${unexpected.noteHelp(String(MAX_NOTE))}</p>
${fault ? html`<p class="fault" id="note-fault">${fault}</p>` : ''}
<textarea id="note" name="note" rows="4" maxlength="${MAX_NOTE}" aria-describedby="${fault ? 'note-help note-fault' : 'note-help'}"${described}>${note}</textarea></div>
<div class="buttons"><button class="danger" name="report">${access === 'live' ? unexpected.freezeButton(entry.who) : unexpected.button}</button>
<a class="button" href="/activity/${entry.id}">${unexpected.keep}</a></div>
</form>`,
  })
}

/** The same address after the report: its state, and what happens next. */
export function reportedPage(
  reader: Reader,
  { entry, report }: { entry: NamedEntry; report: CaseInWords },
): Html {
  const { unexpected } = reader.texts
  const { clientId, frozen, note, answer, state, openedAt, answeredAt, closedAt } = report
  return page(reader, {
    title: unexpected.doneTitle,
    body: html`${entryHead(reader, entry, unexpected.doneTitle)}
<p class="status waiting" role="status">${unexpected.states[state]}</p>
<p>${unexpected.reportedOn(moment(reader, openedAt))}</p>
${frozen && clientId ? html`<p>${unexpected.frozen(entry.who, `/applications/${encodeURIComponent(clientId)}`)}</p>` : ''}
${note ? html`<h2>${unexpected.yourNote}</h2><p class="words">${note}</p>` : ''}
${answer && answeredAt ? html`<h2>${unexpected.answerOf(moment(reader, answeredAt))}</h2><p class="words">${answer}</p>` : ''}
${state === 'open' ? html`<h2>${unexpected.next}</h2><p>${unexpected.nextOpen}</p>` : ''}
${closedAt ? html`<p>${unexpected.closedOn(moment(reader, closedAt))}</p>` : ''}`,
  })
}

const entryHead = (
  reader: Reader,
  entry: NamedEntry,
  heading: string,
): Html => html`<p><a href="/activity">${reader.texts.activityEntry.back}</a></p>
<h1>${heading}</h1>
<div class="card"><p>${describeEntry(reader.texts, entry)}</p>
<p class="quiet"><a href="/activity/${entry.id}">${reader.texts.activity.entry(entry.id)}</a> · ${moment(reader, entry.at)}</p></div>`
