import { html } from 'hono/html'
import type { OwnCapture } from '../id-verification/captures.ts'
import { COUNTRIES, STATELESS } from '../id-verification/countries.ts'
import type { MrzDifference, MrzFault } from '../id-verification/mrz.ts'
import { csrfField, type Html, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { manualPath } from './manual-steps.ts'

type Field =
  | 'givenName'
  | 'surname'
  | 'dateOfBirth'
  | 'number'
  | 'nationality'
  | 'country'
  | 'expiresOn'

/** What is wrong with the form, by field. `differences`: between the lines and the other fields. */
export type DetailsFaults = Partial<Record<Field, 'missing' | 'unusable'>> & {
  mrz?: MrzFault[]
  differences?: MrzDifference[]
}

type Data = {
  capture: OwnCapture
  values: Record<string, string>
  faults: DetailsFaults
  csrf: string
}

/** The step in which a resident types what the document says. `isHidden`: what was typed before is shown after a recent sign-in. */
export function detailsPage(reader: Reader, data: Data & { isHidden: boolean }): Html {
  const { capture, faults, isHidden, csrf } = data
  const { capture: texts } = reader.texts
  const action = manualPath(capture.id, 'details')
  const hasFaults = Object.keys(faults).length > 0
  const { title } = texts.details
  const number = capture.steps.findIndex(({ step }) => step === 'details') + 1
  return page(reader, {
    title: hasFaults ? texts.errorTitle(title) : title,
    body: html`<p><a href="${manualPath(capture.id)}">${texts.backToSteps}</a></p>
<h1>${title}</h1>
<p class="lead">${texts.details.lead}</p>
${
  isHidden
    ? html`<form method="post" action="${action}">${csrfField(csrf)}<p>${texts.confirmFirst}</p><button class="primary" name="open">${reader.texts.common.continue}</button></form>`
    : html`${hasFaults ? summary(reader, faults) : ''}<form method="post" action="${action}" class="card capture" novalidate>
${csrfField(csrf)}
<p class="quiet">${texts.stepOf(String(number), String(capture.steps.length))}</p>
${fields(reader, data)}
</form>`
}`,
  })
}

function fields(reader: Reader, data: Data): Html {
  const { texts } = reader
  const { details } = texts.capture
  return html`${mrzField(reader, data)}
${textField(reader, data, 'givenName')}
${textField(reader, data, 'surname')}
${dateField(reader, data, 'dateOfBirth')}
${textField(reader, data, 'number')}
${countryField(reader, data, 'nationality')}
${countryField(reader, data, 'country')}
${dateField(reader, data, 'expiresOn')}
<div class="buttons"><button class="primary" name="save">${details.save}</button></div>`
}

/** Names what differs; the fields show it again. */
function summary({ texts }: Reader, { differences = [] }: DetailsFaults): Html {
  const { details } = texts.capture
  return html`<div class="notice bad" role="alert"><p>${differences.length > 0 ? details.differs : details.wrong}</p>
${differences.length > 0 ? html`<ul>${differences.map((each) => html`<li>${details.differences[each]}</li>`)}</ul>` : ''}</div>`
}

function mrzField({ texts }: Reader, { values, faults: { mrz = [] } }: Data): Html {
  const { details } = texts.capture
  const isWrong = mrz.length > 0
  return html`<div class="field"><label for="mrz">${details.mrz}</label>
<p class="quiet" id="mrz-hint">${details.mrzHint}</p>
${isWrong ? html`<div id="mrz-fault">${mrz.map((fault) => html`<p class="fault">${describeFault(texts.capture, fault)}</p>`)}</div>` : ''}
<textarea id="mrz" name="mrz" rows="3" maxlength="300" spellcheck="false" autocomplete="off" autocapitalize="characters" aria-describedby="mrz-hint${isWrong ? ' mrz-fault' : ''}"${isWrong ? html` aria-invalid="true"` : ''}>${values.mrz ?? ''}</textarea>
<button name="fill">${details.fill}</button></div>`
}

function describeFault({ details }: Reader['texts']['capture'], fault: MrzFault): string {
  const { faults } = details
  switch (fault.what) {
    case 'format':
      return faults.format
    case 'length':
      return faults.length(String(fault.line), String(fault.actual), String(fault.expected))
    case 'characters':
      return faults.characters(String(fault.line))
    default:
      return faults.parts[fault.what](String(fault.line), String(fault.from), String(fault.to))
  }
}

function faultOf({ texts }: Reader, { faults }: Data, name: Field): Html | '' {
  const { details } = texts.capture
  const fault = faults[name]
  return fault ? html`<p class="fault" id="${name}-fault">${details.fields[name][fault]}</p>` : ''
}

const described = ({ faults }: Data, name: Field, hint?: string) => {
  const ids = [...(hint ? [hint] : []), ...(faults[name] ? [`${name}-fault`] : [])].join(' ')
  const describedBy = ids ? html` aria-describedby="${ids}"` : ''
  return html`${describedBy}${faults[name] ? html` aria-invalid="true"` : ''}`
}

function textField(reader: Reader, data: Data, name: 'givenName' | 'surname' | 'number'): Html {
  const { label, hint } = reader.texts.capture.details.fields[name]
  return html`<div class="field"><label for="${name}">${label}</label>
<p class="quiet" id="${name}-hint">${hint}</p>${faultOf(reader, data, name)}
<input id="${name}" name="${name}" type="text" maxlength="200" autocomplete="off" spellcheck="false" value="${data.values[name] ?? ''}"${described(data, name, `${name}-hint`)}></div>`
}

function dateField(reader: Reader, data: Data, name: 'dateOfBirth' | 'expiresOn'): Html {
  const { fields, parts } = reader.texts.capture.details
  return html`<fieldset class="field date"${described(data, name, `${name}-hint`)}><legend>${fields[name].label}</legend>
<p class="quiet" id="${name}-hint">${fields[name].hint}</p>${faultOf(reader, data, name)}
<div>${(['day', 'month', 'year'] as const).map(
    (part) =>
      html`<div class="${part}"><label for="${name}-${part}">${parts[part]}</label><input id="${name}-${part}" name="${name}-${part}" type="text" inputmode="numeric" maxlength="4" autocomplete="off" value="${data.values[`${name}-${part}`] ?? ''}"${data.faults[name] ? html` aria-invalid="true"` : ''}></div>`,
  )}</div></fieldset>`
}

function countryField(reader: Reader, data: Data, name: 'nationality' | 'country'): Html {
  const { details } = reader.texts.capture
  const chosen = data.values[name]
  const choices = [
    ['', details.choose],
    ...listCountries(reader),
    ...(name === 'nationality' ? [[STATELESS, details.stateless]] : []),
  ]
  return html`<div class="field"><label for="${name}">${details.fields[name].label}</label>
${faultOf(reader, data, name)}
<select id="${name}" name="${name}"${described(data, name)}>${choices.map(
    ([code, text]) =>
      html`<option value="${code}"${code === chosen ? html` selected="selected"` : ''}>${text}</option>`,
  )}</select></div>`
}

/** Codes and names, in the order of the language. */
function listCountries({ locale, texts }: Reader): [string, string][] {
  const { format } = texts
  const named = COUNTRIES.map((code): [string, string] => [code, format.country(code) ?? code])
  return named.sort(([, one], [, other]) => one.localeCompare(other, locale))
}
