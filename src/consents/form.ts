import { html } from 'hono/html'
import { SCOPES, type Scope } from '../clients/scopes.ts'
import { ApiError } from '../platform/errors.ts'
import { day, type Html } from '../web/html.ts'

/*
 * Renders and reads the fields of a consent, for the consent page and the page of an application. A ticked box allows a scope, an
 * empty one declines it. `openid` has no box, because signing in needs it.
 */

const DAY_MS = 24 * 3600 * 1000
const PERIODS = {
  day: { label: '1 day', days: 1 },
  month: { label: '30 days', days: 30 },
  year: { label: '1 year', days: 365 },
} as const
type Period = keyof typeof PERIODS

const endOf = (period: Period, now: Date) => new Date(now.getTime() + PERIODS[period].days * DAY_MS)

/** One permission: `now` is what it discloses today, `note` refers to an earlier decision. */
export type Permission = {
  scope: Scope
  isTicked: boolean
  now?: Html | undefined
  note?: string
  /** A scope that discloses less and that the application accepts instead. */
  alternative?: { scope: Scope; isTicked: boolean } | undefined
}

/** Prefix of the name of the radio buttons that choose between a scope, its alternative and neither. */
const PAIR_PREFIX = 'permission '

export function permissionFields(permissions: readonly Permission[]): Html {
  const fixed = permissions.filter(({ scope }) => scope === 'openid')
  const choosable = permissions.filter(({ scope }) => scope !== 'openid')
  return html`<fieldset class="choices"><legend><h2>What it may see and do</h2></legend>
${fixed.map(
  ({ scope }) => html`<div class="choice"><div class="what"><strong>${SCOPES[scope].title}</strong>
<p>${SCOPES[scope].sentence} Signing in always includes this.</p></div></div>`,
)}
${choosable.map((permission, index) => {
  const id = `permission-${index}`
  const { scope, isTicked, now, note } = permission
  if (permission.alternative) return pairFields(permission, permission.alternative, id)
  return html`<div class="choice"><input id="${id}" type="checkbox" name="scope" value="${scope}"${
    isTicked ? html` checked` : ''
  } aria-describedby="${id}-what"><label for="${id}">${SCOPES[scope].title}</label>
<div id="${id}-what" class="what"><p>${SCOPES[scope].sentence}</p>${now ? html`<p class="now">${now}</p>` : ''}${
    note ? html`<p class="note">${note}</p>` : ''
  }</div></div>`
})}
</fieldset>`
}

function pairFields(
  { scope, isTicked, now, note }: Permission,
  alternative: NonNullable<Permission['alternative']>,
  id: string,
): Html {
  const choices = [
    { value: scope, title: SCOPES[scope].title, isChosen: isTicked, today: now },
    {
      value: alternative.scope,
      title: `Less: ${SCOPES[alternative.scope].title.toLowerCase()}`,
      sentence: SCOPES[alternative.scope].sentence,
      isChosen: !isTicked && alternative.isTicked,
    },
    { value: '', title: 'Neither', isChosen: !isTicked && !alternative.isTicked },
  ]
  return html`<fieldset class="choices pair"><legend>${SCOPES[scope].title}, or less</legend>
<p class="quiet">The application also accepts less.</p>${note ? html`<p class="note">${note}</p>` : ''}
${choices.map(({ value, title, sentence, isChosen, today }, index) => {
  const description = sentence ?? (value === scope ? SCOPES[scope].sentence : undefined)
  return html`<div class="choice"><input id="${id}-${index}" type="radio" name="${PAIR_PREFIX}${scope}" value="${value}"${
    isChosen ? html` checked` : ''
  }${description ? html` aria-describedby="${id}-${index}-what"` : ''}><label for="${id}-${index}">${title}</label>
${description ? html`<div id="${id}-${index}-what" class="what"><p>${description}</p>${today ? html`<p class="now">${today}</p>` : ''}</div>` : ''}</div>`
})}
</fieldset>`
}

/** `before` is the end that was chosen before, `null` for no end. With it, keeping that end is the first choice. */
export function untilFields({ now, before }: { now: Date; before?: Date | null }): Html {
  const periods = Object.keys(PERIODS) as Period[]
  const choices: { value: string; label: Html }[] = [
    ...(before === undefined
      ? []
      : [
          {
            value: 'keep',
            label: before
              ? html`As it is: until ${day(before)}`
              : html`As it is: until I end it myself`,
          },
        ]),
    ...periods.map((period) => ({
      value: period,
      label: html`${PERIODS[period].label}, until ${day(endOf(period, now))}`,
    })),
    ...(before === null ? [] : [{ value: 'open', label: html`Until I end it myself` }]),
  ]
  const chosen = before === undefined ? 'open' : 'keep'
  return html`<fieldset class="choices until"><legend><h2>For how long</h2></legend>
${choices.map(
  ({ value, label }) =>
    html`<div class="choice"><input id="until-${value}" type="radio" name="until" value="${value}"${
      value === chosen ? html` checked` : ''
    }><label for="until-${value}">${label}</label></div>`,
)}
</fieldset>`
}

export type Choice = {
  ticked: string[]
  /** `undefined` keeps the end as it is. */
  endsAt: Date | null | undefined
  keepsEnd: boolean
}

/**
 * The choices in a submitted form. Returns `undefined` for a form with neither a radio button nor a ticked box: a browser always
 * sends a radio button, so a program sent the submit button alone, which means the choices as the page showed them.
 */
export function readChoice(form: Record<string, unknown>, now: Date): Choice | undefined {
  const { scope, until } = form
  const chosen = Object.entries(form).flatMap(([name, value]) =>
    name.startsWith(PAIR_PREFIX) ? [value].flat() : [],
  )
  if (scope === undefined && until === undefined && chosen.length === 0) return undefined
  const ticked = [scope, ...chosen].flat().filter((value) => typeof value === 'string')
  if (until === undefined || until === 'keep')
    return { ticked, endsAt: undefined, keepsEnd: until === 'keep' }
  if (until === 'open') return { ticked, endsAt: null, keepsEnd: false }
  if (typeof until === 'string' && Object.hasOwn(PERIODS, until))
    return { ticked, endsAt: endOf(until as Period, now), keepsEnd: false }
  throw new ApiError(400, 'invalid_request', 'Please choose how long this is allowed.')
}
