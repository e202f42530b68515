import { html } from 'hono/html'
import type { Scope } from '../clients/scopes.ts'
import { day, type Html } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { Reader } from '../web/reader.ts'

/*
 * Renders and reads the fields of a consent, for the consent page and the page of an application. A ticked box allows a scope, an
 * empty one declines it. `openid` has no box, because signing in needs it.
 */

const DAY_MS = 24 * 3600 * 1000
const DAYS = { day: 1, month: 30, year: 365 } as const
type Period = keyof typeof DAYS

const endOf = (period: Period, now: Date) => new Date(now.getTime() + DAYS[period] * DAY_MS)

/** One permission: `now` is what it discloses today, `note` refers to an earlier decision. */
export type Permission = {
  scope: Scope
  isTicked: boolean
  now?: string | Html | undefined
  note?: string
  /** A scope that discloses less and that the application accepts instead. */
  alternative?: { scope: Scope; isTicked: boolean } | undefined
}

/** Prefix of the name of the radio buttons that choose between a scope, its alternative and neither. */
const PAIR_PREFIX = 'permission '

export function permissionFields(reader: Reader, permissions: readonly Permission[]): Html {
  const { permissions: words, scopes } = reader.texts
  const fixed = permissions.filter(({ scope }) => scope === 'openid')
  const choosable = permissions.filter(({ scope }) => scope !== 'openid')
  return html`<fieldset class="choices"><legend><h2>${words.heading}</h2></legend>
${fixed.map(
  ({ scope }) => html`<div class="choice"><div class="what"><strong>${scopes[scope].title}</strong>
<p>${words.always(scopes[scope].sentence)}</p></div></div>`,
)}
${choosable.map((permission, index) => {
  const id = `permission-${index}`
  const { scope, isTicked, now, note } = permission
  if (permission.alternative) return pairFields(reader, permission, permission.alternative, id)
  return html`<div class="choice"><input id="${id}" type="checkbox" name="scope" value="${scope}"${
    isTicked ? html` checked` : ''
  } aria-describedby="${id}-what"><label for="${id}">${scopes[scope].title}</label>
<div id="${id}-what" class="what"><p>${scopes[scope].sentence}</p>${now ? html`<p class="now">${now}</p>` : ''}${
    note ? html`<p class="note">${note}</p>` : ''
  }</div></div>`
})}
</fieldset>`
}

function pairFields(
  { texts }: Reader,
  { scope, isTicked, now, note }: Permission,
  alternative: NonNullable<Permission['alternative']>,
  id: string,
): Html {
  const { permissions: words, scopes } = texts
  const choices = [
    {
      value: scope,
      title: scopes[scope].title,
      sentence: scopes[scope].sentence,
      isChosen: isTicked,
      today: now,
    },
    {
      value: alternative.scope,
      title: words.less(scopes[alternative.scope].title.toLowerCase()),
      sentence: scopes[alternative.scope].sentence,
      isChosen: !isTicked && alternative.isTicked,
    },
    { value: '', title: words.neither, isChosen: !isTicked && !alternative.isTicked },
  ]
  return html`<fieldset class="choices pair"><legend>${words.orLess(scopes[scope].title)}</legend>
<p class="quiet">${words.acceptsLess}</p>${note ? html`<p class="note">${note}</p>` : ''}
${choices.map(
  ({ value, title, sentence, isChosen, today }, index) =>
    html`<div class="choice"><input id="${id}-${index}" type="radio" name="${PAIR_PREFIX}${scope}" value="${value}"${
      isChosen ? html` checked` : ''
    }${sentence ? html` aria-describedby="${id}-${index}-what"` : ''}><label for="${id}-${index}">${title}</label>
${sentence ? html`<div id="${id}-${index}-what" class="what"><p>${sentence}</p>${today ? html`<p class="now">${today}</p>` : ''}</div>` : ''}</div>`,
)}
</fieldset>`
}

/** `before` is the end that was chosen before, `null` for no end. With it, keeping that end is the first choice. */
export function untilFields(
  reader: Reader,
  { now, before }: { now: Date; before?: Date | null },
): Html {
  const { permissions: words } = reader.texts
  const periods = Object.keys(DAYS) as Period[]
  const choices: { value: string; label: string | Html }[] = [
    ...(before === undefined
      ? []
      : [
          {
            value: 'keep',
            label: before ? words.asItIsUntil(day(reader, before)) : words.asItIsOpen,
          },
        ]),
    ...periods.map((period) => ({
      value: period,
      label: words.periodUntil(words.periods[period], day(reader, endOf(period, now))),
    })),
    ...(before === null ? [] : [{ value: 'open', label: words.open }]),
  ]
  const chosen = before === undefined ? 'open' : 'keep'
  return html`<fieldset class="choices until"><legend><h2>${words.howLong}</h2></legend>
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
  if (typeof until === 'string' && Object.hasOwn(DAYS, until))
    return { ticked, endsAt: endOf(until as Period, now), keepsEnd: false }
  throw new PageError(400, 'invalid_request', ({ permissions }) => permissions.choose)
}
