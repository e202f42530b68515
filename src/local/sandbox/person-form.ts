import { html } from 'hono/html'
import { chosenPersonSchema, type Person } from './specimen.ts'

const FIELDS = {
  givenName: ['Given names', 'text'],
  surname: ['Surname', 'text'],
  dateOfBirth: ['Date of birth', 'date'],
  validUntil: ['Expires on', 'date'],
} as const

/** The fields of a session page with which a tester chooses the person on the document. */
export const personFields = (person: Person) => html`<fieldset>
  <legend>The document shows</legend>
  ${Object.entries(FIELDS).map(
    ([name, [label, type]]) =>
      html`<label>${label} <input name="${name}" type="${type}" maxlength="100" autocomplete="off" value="${person[name as keyof typeof FIELDS]}" /></label>`,
  )}
</fieldset>`

/** The submitted fields; a missing field changes nothing. `undefined` for values that no document has. */
export function readPersonFields(body: Record<string, unknown>): Partial<Person> | undefined {
  const sent = Object.entries(body).filter(([name]) => Object.hasOwn(FIELDS, name))
  const parsed = chosenPersonSchema.safeParse(Object.fromEntries(sent))
  return parsed.success ? (parsed.data as Partial<Person>) : undefined
}
