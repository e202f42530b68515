import { html } from 'hono/html'
import { SCOPES, type Scope, type ScopeAlternatives } from '../clients/scopes.ts'
import { day, type Html } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import { photoLabel, photoSource, type SmallPhoto } from '../web/photos.ts'
import type { Reader } from '../web/reader.ts'
import { type ImageKind, isImageKind, withheldImages } from './images.ts'
import { type ConsentRules, endOf, type Period, storedEndOf } from './rules.ts'

/*
 * Renders and reads the fields of a consent, for the consent page and the page of an application. A ticked box allows a scope, an
 * empty one declines it. A question has an answer for the scope, one for its alternative if there is one, and one that declines.
 * `openid` has neither, because signing in needs it.
 */

/** One permission: `shares` is what it discloses today, `note` refers to an earlier decision. */
export type Permission = {
  scope: Scope
  /** The scope itself, its alternative, `''` for neither; `undefined`: nothing is chosen yet. */
  chosen: Scope | '' | undefined
  /** Whether it is asked as a question, which can be open, and not by a box. */
  isQuestion: boolean
  shares?: string | Html | undefined
  note?: string | undefined
  /** A scope that discloses less and that the application accepts instead. */
  alternative?: Scope | undefined
  /** The images that are shared one by one. */
  photos?: readonly PhotoChoice[] | undefined
  /** The form was sent without an answer. */
  isUnanswered?: boolean
}

/** `photo`: the image of today, where there is one and it may be shown. */
export type PhotoChoice = { kind: ImageKind; isTicked: boolean; photo: SmallPhoto | undefined }

/** Prefix of the name of the radio buttons of a question. */
const QUESTION_PREFIX = 'permission '

/** The order of the permissions on every page, whatever the order of a request. */
export const inPageOrder = <S extends string>(scopes: readonly S[]): S[] => {
  const order = Object.keys(SCOPES)
  return [...scopes].sort((one, other) => order.indexOf(one) - order.indexOf(other))
}

/** The id of the first field of a question, for a link to it. */
export const questionId = (permissions: readonly Permission[], scope: Scope): string =>
  `permission-${permissions.findIndex((each) => each.scope === scope)}`

export function permissionFields(reader: Reader, permissions: readonly Permission[]): Html {
  const { permissions: words, scopes } = reader.texts
  return html`<fieldset class="choices"><legend><h2>${words.heading}</h2></legend>
${permissions.map((permission) => {
  const { scope, isQuestion } = permission
  const id = questionId(permissions, scope)
  if (scope === 'openid')
    return html`<div class="choice"><div class="what"><strong>${scopes[scope].title}</strong>
<p>${words.always(scopes[scope].sentence)}</p></div></div>`
  return isQuestion ? questionFields(reader, permission, id) : boxField(reader, permission, id)
})}
</fieldset>`
}

function boxField(reader: Reader, permission: Permission, id: string): Html {
  const { scope, chosen, note } = permission
  const { title, sentence } = reader.texts.scopes[scope]
  return html`<div class="choice"><input id="${id}" type="checkbox" name="scope" value="${scope}"${
    chosen === scope ? html` checked` : ''
  } aria-describedby="${id}-what"><label for="${id}">${title}</label>
<div id="${id}-what" class="what"><p>${sentence}</p>${sharedToday(permission)}${
    note ? html`<p class="note">${note}</p>` : ''
  }</div>${photoFields(reader, permission, id)}</div>`
}

function questionFields(reader: Reader, permission: Permission, id: string): Html {
  const { scope, alternative, chosen, note, isUnanswered } = permission
  const { permissions: words, scopes } = reader.texts
  const { title, sentence } = scopes[scope]
  const whole = { value: scope, title: alternative ? title : words.share, sentence }
  // The smaller one first: who does not need to share more should not have to look for it.
  const choices: { value: Scope | ''; title: string; sentence?: string }[] = [
    ...(alternative
      ? [
          {
            value: alternative,
            title: words.less(scopes[alternative].title.toLowerCase()),
            sentence: scopes[alternative].sentence,
          },
        ]
      : []),
    whole,
    { value: '', title: alternative ? words.neither : words.doNotShare },
  ]
  const fault = isUnanswered ? html` aria-describedby="${id}-fault"` : ''
  return html`<fieldset class="choices pair"${fault}><legend>${alternative ? words.orLess(title) : title}</legend>
<input type="hidden" name="asked" value="${scope}">
${isUnanswered ? html`<p class="fault" id="${id}-fault">${words.unanswered}</p>` : ''}${
  alternative ? html`<p class="quiet">${words.acceptsLess}</p>` : ''
}${note ? html`<p class="note">${note}</p>` : ''}
${choices.map((choice, index) => {
  const field = index === 0 ? id : `${id}-${index}`
  const isWhole = choice.value === scope
  return html`<div class="choice"><input id="${field}" type="radio" name="${QUESTION_PREFIX}${scope}" value="${choice.value}"${
    choice.value === chosen ? html` checked` : ''
  }${choice.sentence ? html` aria-describedby="${field}-what"` : ''}><label for="${field}">${choice.title}</label>
${choice.sentence ? html`<div id="${field}-what" class="what"><p>${choice.sentence}</p>${isWhole ? sharedToday(permission) : ''}</div>` : ''}${
  isWhole ? photoFields(reader, permission, id) : ''
}</div>`
})}
</fieldset>`
}

const sharedToday = ({ shares }: Permission): Html | '' =>
  shares ? html`<div class="now">${shares}</div>` : ''

/** A box for each image. The form says that it has them, because empty boxes are not sent. */
function photoFields({ texts }: Reader, { photos }: Permission, id: string): Html | '' {
  if (!photos) return ''
  const { permissions: words } = texts
  return html`<fieldset class="photos"><legend>${words.whichPhotos}</legend>
<input type="hidden" name="images" value="asked">
<ul class="images">${photos.map(({ kind, isTicked, photo }) => {
    const box = `${id}-${kind}`
    const label = photoLabel(texts, kind)
    const picture =
      photo &&
      html`<img src="${photoSource(photo)}" alt="${label}" loading="lazy" decoding="async">`
    return html`<li><input id="${box}" type="checkbox" name="image" value="${kind}"${isTicked ? html` checked` : ''}><label for="${box}">${
      picture ? html`${picture}<span aria-hidden="true">${label}</span>` : label
    }</label></li>`
  })}</ul>
<p class="quiet">${words.withoutPhotos}</p></fieldset>`
}

/** `before` is the end that was chosen before, `null` for no end. With it, keeping that end is the first choice. `chosen`: as entered. */
export function untilFields(
  reader: Reader,
  {
    now,
    before,
    rules,
    chosen = before === undefined ? rules.standard : 'keep',
  }: { now: Date; before?: Date | null; rules: ConsentRules; chosen?: Period | 'keep' | undefined },
): Html {
  const { permissions: words } = reader.texts
  const kept = before ? words.asItIsUntil(day(reader, before)) : words.asItIsOpen
  const choices: { value: string; label: string | Html }[] = [
    ...(before === undefined ? [] : [{ value: 'keep', label: kept }]),
    ...rules.periods
      // With a consent that has no end, keeping it is the same choice.
      .filter((period) => period !== 'open' || before !== null)
      .map((period) => ({ value: period, label: periodLabel(reader, period, now) })),
  ]
  return html`<fieldset class="choices until"><legend><h2>${words.howLong}</h2></legend>
${choices.map(
  ({ value, label }) =>
    html`<div class="choice"><input id="until-${value}" type="radio" name="until" value="${value}"${
      value === chosen ? html` checked` : ''
    }><label for="until-${value}">${label}</label></div>`,
)}
</fieldset>`
}

function periodLabel(reader: Reader, period: Period, now: Date): string | Html {
  const { permissions: words } = reader.texts
  if (period === 'open') return words.open
  return words.periodUntil(words.periods[period], day(reader, endOf(period, now)))
}

/** What a resident entered. */
export type Choice = {
  ticked: string[]
  /** The questions that the form contained and that have no answer. */
  unanswered: string[]
  /** `undefined`: the form asked about no image. */
  images: ImageKind[] | undefined
  /** `undefined`: as it was. */
  until: Period | 'keep' | undefined
}

/**
 * The choices in a submitted form. Returns `undefined` for a form with no field that a person fills in: a browser always sends the period,
 * so a program sent the submit button alone, which means everything that was asked for and not declined before.
 */
export function readChoice(
  form: Record<string, unknown>,
  { periods }: ConsentRules,
): Choice | undefined {
  const { scope, until, asked, images, image } = form
  const answers = Object.entries(form).filter(([name]) => name.startsWith(QUESTION_PREFIX))
  if ([scope, until, image].every((field) => field === undefined) && answers.length === 0)
    return undefined
  const ticked = [scope, ...answers.map(([, value]) => value)].flat().filter(isText)
  const isAnswered = (question: string) =>
    Object.hasOwn(form, QUESTION_PREFIX + question) || ticked.includes(question)
  const period = periods.find((each) => each === until)
  if (until !== undefined && until !== 'keep' && !period)
    throw new PageError(400, 'invalid_request', ({ permissions }) => permissions.choose)
  return {
    ticked,
    unanswered: [asked]
      .flat()
      .filter(isText)
      .filter((question) => !isAnswered(question)),
    images: images === undefined ? undefined : [image].flat().filter(isImageKind),
    until: until === 'keep' ? 'keep' : period,
  }
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** What a choice changes, as `recordConsent` and `changeConsent` take it. An allowed scope includes its alternative. */
export function termsOf(choice: Choice, alternatives: ScopeAlternatives, now: Date) {
  const implied = Object.entries(alternatives).flatMap(([whole, smaller]) =>
    smaller && choice.ticked.includes(whole) ? [smaller] : [],
  )
  const { until, images } = choice
  return {
    allowed: [...choice.ticked, ...implied],
    withheldImages: images && withheldImages(images),
    endsAt: until === undefined || until === 'keep' ? undefined : storedEndOf(until, now),
  }
}

/** What a persona of the sandbox allows at most, whatever the form says. */
export type ConsentLimit = { scopes: readonly Scope[]; images: readonly ImageKind[] }

/** A choice within this limit; of a form without fields, everything that the limit allows. */
export const limitChoice = (
  choice: Choice | undefined,
  { scopes, images }: ConsentLimit,
): Choice => ({
  ...(choice ?? { unanswered: [], until: undefined }),
  ticked: choice
    ? choice.ticked.filter((each) => scopes.some((scope) => scope === each))
    : [...scopes],
  images: images.filter((kind) => choice?.images?.includes(kind) ?? true),
})
