import { html } from 'hono/html'
import type { Html } from '../web/html.ts'

/** What is wrong with each field, by its name; `''` is for the form as a whole. */
export type FieldFaults = Readonly<Record<string, readonly string[]>>

/** What a form says that was overtaken by somebody else's. */
export const CONFLICT =
  'Somebody else has changed this since you opened the page, so nothing of yours was stored. Look at what is there now, and try again.'

type Field = {
  name: string
  label: Html | string
  /** What helps to fill it in. */
  hint?: Html | string
  value: string
  faults: FieldFaults
  isRequired?: boolean
}

const faultId = (name: string) => `${name}-fault`

/** What is wrong with a field, before it. */
export const faultsOf = (faults: FieldFaults, name: string): Html =>
  html`${
    faults[name]
      ? html`<div id="${faultId(name)}">${faults[name].map((fault) => html`<p class="fault">${fault}</p>`)}</div>`
      : ''
  }`

const described = ({ name, hint, faults }: Pick<Field, 'name' | 'hint' | 'faults'>): Html => {
  const ids = [...(hint ? [`${name}-hint`] : []), ...(faults[name] ? [faultId(name)] : [])]
  return html`${ids.length > 0 ? html` aria-describedby="${ids.join(' ')}"` : ''}${faults[name] ? html` aria-invalid="true"` : ''}`
}

const hintOf = ({ name, hint }: Pick<Field, 'name' | 'hint'>): Html =>
  html`${hint ? html`<p class="quiet" id="${name}-hint">${hint}</p>` : ''}`

/** A field of one line. */
export const textField = (
  field: Field & { type?: 'text' | 'email'; isAddress?: boolean; longest?: number },
): Html => {
  const { name, label, value, faults, type = 'text', isAddress = false, longest } = field
  return html`<div class="field"><label for="${name}">${label}</label>
${hintOf(field)}${faultsOf(faults, name)}
<input id="${name}" name="${name}" type="${type}" value="${value}" autocomplete="off"${isAddress ? html` inputmode="url" spellcheck="false"` : ''}${longest ? html` maxlength="${longest}"` : ''}${field.isRequired ? html` required` : ''}${described(field)}></div>`
}

/** A field of several lines. */
export const linesField = (field: Field & { rows?: number }): Html => {
  const { name, label, value, faults, rows = 3 } = field
  return html`<div class="field"><label for="${name}">${label}</label>
${hintOf(field)}${faultsOf(faults, name)}
<textarea id="${name}" name="${name}" rows="${rows}" spellcheck="false" class="lines"${described(field)}>${value}</textarea></div>`
}

/** A field with a list to choose from. */
export const choiceField = (
  field: Field & { choices: readonly (readonly [value: string, text: string])[] },
): Html => {
  const { name, label, value, faults, choices } = field
  return html`<div class="field"><label for="${name}">${label}</label>
${hintOf(field)}${faultsOf(faults, name)}
<select id="${name}" name="${name}"${described(field)}>${choices.map(
    ([each, text]) =>
      html`<option value="${each}"${each === value ? html` selected` : ''}>${text}</option>`,
  )}</select></div>`
}

/** One of several boxes or buttons; `id` is its own among those of one name. */
export const box = ({
  type = 'checkbox',
  name,
  value,
  id,
  label,
  hint,
  isChecked,
}: {
  type?: 'checkbox' | 'radio'
  name: string
  value: string
  id: string
  label: Html | string
  hint?: Html | string
  isChecked: boolean
}): Html => html`<div class="choice"><input type="${type}" id="${id}" name="${name}" value="${value}"${isChecked ? html` checked` : ''}${hint ? html` aria-describedby="${id}-hint"` : ''}>
<div><label for="${id}">${label}</label>${hint ? html`<p class="quiet" id="${id}-hint">${hint}</p>` : ''}</div></div>`

/** What the form as a whole lacks, and that something is wrong, before it. */
export const formFaults = (faults: FieldFaults): Html => {
  if (Object.keys(faults).length === 0) return html``
  const own = faults[''] ?? ['Something is not right yet. Look at the fields that say what.']
  return html`<div class="notice bad" role="alert">${own.map((fault) => html`<p>${fault}</p>`)}</div>`
}

export const hasFaults = (faults: FieldFaults): boolean => Object.keys(faults).length > 0
