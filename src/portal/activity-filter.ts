import { ENTRY_TOPICS, type EntryFilter, type EntryTopic } from '../ledger/entries.ts'
import type { Text } from '../web/texts/languages.ts'

/** The filter of the activity page as its form was sent: ids and days, so that an address says nothing of a person. */
export type ActivityFilter = {
  application: string
  topic: EntryTopic | ''
  from: string
  to: string
  /** What is wrong with a day. */
  faults: { from?: Text; to?: Text }
}

const DAY_MS = 24 * 3600 * 1000

/** What the query of the address asks for, and what is wrong with its dates. */
export function readFilter(query: Readonly<Record<string, string>>): ActivityFilter {
  const { application = '', topic = '', from = '', to = '' } = query
  const isWrong = (day: string) => day !== '' && startOf(day) === undefined
  const faults = {
    ...(isWrong(from) ? { from: noDay } : {}),
    ...(isWrong(to) ? { to: noDay } : {}),
  }
  const isSwapped = !faults.from && !faults.to && from !== '' && to !== '' && to < from
  return {
    // Whatever else could be an id is nobody's; a NUL cannot be compared.
    application: /^[\x21-\x7e]{1,255}$/.test(application) ? application : '',
    topic: ENTRY_TOPICS.find((each) => each === topic) ?? '',
    from,
    to,
    faults: isSwapped ? { to: ({ activity }) => activity.wrongOrder } : faults,
  }
}

const noDay: Text = ({ activity }) => activity.noDay

/** The beginning of a day in this time zone; `undefined` for what is no day. */
function startOf(day: string, timeZone = 'UTC'): Date | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return undefined
  const date = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== day) return undefined
  return startIn(date.getTime(), timeZone)
}

/** When the clocks of a zone show what those of UTC show at `shown`. */
function startIn(shown: number, timeZone: string): Date {
  const clock = new Intl.DateTimeFormat('sv-SE', {
    ...{ dateStyle: 'short', timeStyle: 'medium', timeZone },
  })
  const offsetAt = (at: number) => Date.parse(`${clock.format(at).replace(' ', 'T')}Z`) - at
  // Twice: where the clocks change in between, the first offset is that of the other side.
  const near = shown - offsetAt(shown)
  return new Date(shown - offsetAt(near))
}

/** Whether the page shows less than everything. */
export const isNarrowed = ({ application, topic, from, to }: ActivityFilter): boolean =>
  [application, topic, from, to].some((value) => value !== '')

/** What the list is searched by; days are those of this time zone. */
export function conditionsOf(
  { application, topic, from, to }: ActivityFilter,
  timeZone: string,
): EntryFilter {
  const last = startOf(to)
  return {
    clientId: application || undefined,
    topic: topic || undefined,
    from: startOf(from, timeZone),
    until: last && startIn(last.getTime() + DAY_MS, timeZone),
  }
}

/** The address of a page of the filtered list; `before`: of the entries before this one. */
export function addressOf(
  { application, topic, from, to }: ActivityFilter,
  before?: string,
): string {
  const given = Object.entries({ application, topic, from, to, before: before ?? '' })
  const query = new URLSearchParams(given.filter(([, value]) => value !== '')).toString()
  return query === '' ? '/activity' : `/activity?${query}`
}
