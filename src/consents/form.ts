import { html } from 'hono/html'
import { SCOPES, type Scope } from '../clients/scopes.ts'
import { ApiError } from '../platform/errors.ts'
import { day, type Html } from '../web/html.ts'

/*
 * The fields of a consent, on the consent page and on the resident's page of an application, and how they are read. A ticked box
 * allows, an empty one declines. `openid` has no box: signing in requires it.
 */

const DAY_MS = 24 * 3600 * 1000
const PERIODS = {
  day: { words: '1 day', days: 1 },
  month: { words: '30 days', days: 30 },
  year: { words: '1 year', days: 365 },
} as const
type Period = keyof typeof PERIODS

const endOf = (period: Period, now: Date) => new Date(now.getTime() + PERIODS[period].days * DAY_MS)

/** One permission: `now` is the data that it discloses today, `note` a remark for the resident. */
export type Permission = {
  scope: Scope
  isTicked: boolean
  now?: Html | undefined
  note?: string
  /** A smaller scope that the application declared sufficient. */
  alternative?: { scope: Scope; isTicked: boolean } | undefined
}

/** The name prefix of radio buttons that choose between a scope, its alternative and neither. */
const PAIR_PREFIX = 'permission '

export function permissionFields(permissions: readonly Permission[]): Html {
  const fixed = permissions.filter(({ scope }) => scope === 'openid')
  const choosable = permissions.filter(({ scope }) => scope !== 'openid')
  return html`<fieldset class="choices"><legend><h2>What it may see and do</h2></legend>
${fixed.map(
  ({ scope }) => html`<div class="choice"><div class="what"><strong>${SCOPES[scope].title}</strong>
<p>${SCOPES[scope].sentence} This is what signing in is, so it is always part of it.</p></div></div>`,
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
    { value: scope, title: SCOPES[scope].title, isChosen: isTicked, more: now },
    {
      value: alternative.scope,
      title: `Less: ${SCOPES[alternative.scope].title.toLowerCase()}`,
      sentence: SCOPES[alternative.scope].sentence,
      isChosen: !isTicked && alternative.isTicked,
    },
    { value: '', title: 'Neither', isChosen: !isTicked && !alternative.isTicked },
  ]
  return html`<fieldset class="choices pair"><legend>${SCOPES[scope].title}, or less</legend>
<p class="quiet">The application says that less is enough.</p>${note ? html`<p class="note">${note}</p>` : ''}
${choices.map(({ value, title, sentence, isChosen, more }, at) => {
  const what = sentence ?? (value === scope ? SCOPES[scope].sentence : undefined)
  return html`<div class="choice"><input id="${id}-${at}" type="radio" name="${PAIR_PREFIX}${scope}" value="${value}"${
    isChosen ? html` checked` : ''
  }${what ? html` aria-describedby="${id}-${at}-what"` : ''}><label for="${id}-${at}">${title}</label>
${what ? html`<div id="${id}-${at}-what" class="what"><p>${what}</p>${more ? html`<p class="now">${more}</p>` : ''}</div>` : ''}</div>`
})}
</fieldset>`
}

/** `before` is the end that was chosen before, `null` for none: then "As it is" is the first choice. */
export function untilFields({ now, before }: { now: Date; before?: Date | null }): Html {
  const periods = Object.keys(PERIODS) as Period[]
  const choices: { value: string; words: Html }[] = [
    ...(before === undefined
      ? []
      : [
          {
            value: 'keep',
            words: before
              ? html`As it is: until ${day(before)}`
              : html`As it is: until I end it myself`,
          },
        ]),
    ...periods.map((period) => ({
      value: period,
      words: html`${PERIODS[period].words}, until ${day(endOf(period, now))}`,
    })),
    ...(before === null ? [] : [{ value: 'open', words: html`Until I end it myself` }]),
  ]
  const chosen = before === undefined ? 'open' : 'keep'
  return html`<fieldset class="choices until"><legend><h2>For how long</h2></legend>
${choices.map(
  ({ value, words }) =>
    html`<div class="choice"><input id="until-${value}" type="radio" name="until" value="${value}"${
      value === chosen ? html` checked` : ''
    }><label for="until-${value}">${words}</label></div>`,
)}
</fieldset>`
}

export type Choice = {
  ticked: string[]
  /** `undefined`: as it is. */
  endsAt: Date | null | undefined
  keepsEnd: boolean
}

/**
 * Reads what was chosen. A browser always sends one of the radio buttons. A form with neither them nor a ticked box comes from a
 * program that sent only the button: `undefined`, which means the page's defaults.
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
  throw new ApiError(400, 'invalid_request', 'Please choose for how long.')
}
