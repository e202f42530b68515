import { html } from 'hono/html'
import { canTryAgain, describeReasons } from '../id-verification/outcome.ts'
import {
  isCancellable,
  isUnderWay,
  type OwnProgress,
  type ProgressState,
} from '../id-verification/own-progress.ts'
import type { WaitingRequest } from '../oauth/waiting-requests.ts'
import { csrfField, day, type Html, moment, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { capitalised } from './pages.ts'

/** Explains what a verification is, and starts one. */
export function startPage(
  reader: Reader,
  data: {
    /** Who will check it; `undefined` where nobody is set up. */
    vendor: string | undefined
    /** When the resident was verified last. */
    verifiedAt: Date | undefined
    request: WaitingRequest | undefined
    csrf: string
    /** When the next one can be started, after too many. */
    startsAgainAt: Date | undefined
  },
): Html {
  const { vendor, verifiedAt, request, csrf, startsAgainAt } = data
  const { common, verify } = reader.texts
  const canStart = vendor !== undefined && !startsAgainAt
  return page(reader, {
    title: startsAgainAt ? verify.tooManyTitle : verify.title,
    body: html`${request ? '' : html`<p><a href="/">${common.backToDocuments}</a></p>`}
<section class="card"><h1>${verify.title}</h1>
${startsAgainAt ? notice('bad', verify.tooMany(moment(reader, startsAgainAt))) : ''}
${vendor === undefined ? notice('bad', verify.notOffered) : ''}
${verifiedAt ? notice('good', verify.already(day(reader, verifiedAt))) : ''}
<p class="lead">${request ? verify.leadFor(request.clientName) : verify.lead}</p>
<h2>${verify.needs}</h2>
<ul>${verify.needed.map((each) => html`<li>${each}</li>`)}</ul>
${vendor === undefined ? '' : html`<p>${verify.checkedBy(nameOf(vendor))}</p>`}
<p class="quiet">${verify.storedHere}</p>
${canStart ? startForm({ csrf, request, label: verify.start }) : ''}
${request ? html`<p class="more"><a href="/interaction/${request.interactionUid}">${verify.backTo(request.clientName)}</a></p>` : ''}
</section>`,
  })
}

/** The vendor's name; `undefined`: people of the portal check. */
const nameOf = (vendor: string) => (vendor === 'manual' ? undefined : capitalised(vendor))

const notice = (tone: 'good' | 'bad', text: Html | string): Html =>
  html`<div class="notice ${tone}"${tone === 'bad' ? html` role="alert"` : ''}><p>${text}</p></div>`

function startForm(given: {
  csrf: string
  request: WaitingRequest | undefined
  label: string
  replaces?: string
  look?: string
}): Html {
  const { csrf, request, label, replaces, look = 'primary' } = given
  return html`<form method="post" action="/verify">${csrfField(csrf)}${requestField(request)}${
    replaces ? html`<input type="hidden" name="replaces" value="${replaces}">` : ''
  }<button class="${look}" name="start">${label}</button></form>`
}

const requestField = (request: WaitingRequest | undefined): Html | '' =>
  request ? html`<input type="hidden" name="request" value="${request.interactionUid}">` : ''

/** How far each state is: the number of the step that is the current one, and whether the way ends there. */
const STEPS: Record<ProgressState, { step: 1 | 2 | 3 | 4 | 5; hasFailed?: true }> = {
  starting: { step: 1 },
  'not-started': { step: 1, hasFailed: true },
  'at-vendor': { step: 2 },
  'new-photos': { step: 2 },
  checking: { step: 3 },
  'in-review': { step: 3 },
  mismatch: { step: 3 },
  declined: { step: 3, hasFailed: true },
  rejected: { step: 3, hasFailed: true },
  failed: { step: 3, hasFailed: true },
  expired: { step: 2, hasFailed: true },
  photos: { step: 4 },
  done: { step: 5 },
  'document-expired': { step: 5 },
}

/** A step that was done, with a result that ends the way. */
const FAILURES: Partial<Record<ProgressState, 'declined' | 'notAccepted'>> = {
  declined: 'declined',
  rejected: 'notAccepted',
}

/** A verification as steps, with its state and what the resident can do now. Without scripts: "Check again" loads the page again. */
export function progressPage(
  reader: Reader,
  data: { progress: OwnProgress; request: WaitingRequest | undefined; csrf: string },
): Html {
  const { progress, request } = data
  const { common, verify } = reader.texts
  const { state, interactionUid } = progress
  const words = verify.states[state]
  return page(reader, {
    title: words.title,
    body: html`${request ? '' : html`<p><a href="/">${common.backToDocuments}</a></p>`}
<section class="card"><h1>${words.title}</h1>
${explanation(reader, progress)}
${actions(reader, data)}
${request ? waitingNote(reader, { state, request }) : interactionUid ? html`<p class="quiet">${verify.requestEnded}</p>` : ''}
<h2>${verify.steps}</h2>
${stepList(reader, state)}
${cancelForm(reader, data)}
</section>`,
  })
}

/** Why it did not succeed, where that is known; otherwise what the state means. */
function explanation({ texts }: Reader, progress: OwnProgress): Html | Html[] {
  const { state, vendor, reasons } = progress
  if (!reasons?.length)
    return html`<p class="lead">${texts.verify.states[state].text(nameOf(vendor))}</p>`
  return describeReasons(texts, progress).map(
    ({ why, next }) => html`<p><strong>${why}</strong> ${next}</p>`,
  )
}

function stepList({ texts: { verify, home } }: Reader, state: ProgressState): Html {
  const { step: current, hasFailed } = STEPS[state]
  const isOver = current === verify.stepNames.length
  const word = (tone: 'good' | 'bad' | 'waiting', text: string) =>
    html` <span class="status ${tone}">${text}</span>`
  return html`<ol class="steps">${verify.stepNames.map((name, index) => {
    const step = index + 1
    if (step < current || isOver) return html`<li>${name}${word('good', verify.stepDone)}</li>`
    if (step > current) return html`<li>${name}</li>`
    const failure = FAILURES[state]
    const tag = hasFailed
      ? word('bad', failure ? home.statuses[failure] : verify.stepFailed)
      : word('waiting', verify.stepNow)
    return html`<li aria-current="step">${name}${tag}</li>`
  })}</ol>`
}

/** States that change without the resident. */
const CHANGES_ALONE: readonly ProgressState[] = [
  'starting',
  'at-vendor',
  'checking',
  'in-review',
  'mismatch',
  'photos',
]

function actions(
  reader: Reader,
  { progress, request, csrf }: Parameters<typeof progressPage>[1],
): Html {
  const { texts } = reader
  const { verify } = texts
  const { id, vendor, state, hasPage } = progress
  const back = (look: string, label: string) =>
    request
      ? html`<a class="${look}" href="/interaction/${request.interactionUid}">${label}</a>`
      : ''
  if (state === 'done' || state === 'photos')
    return html`<div class="buttons">${
      request
        ? back('button primary', verify.continueWith(request.clientName))
        : html`<a class="button primary" href="/verifications/${id}">${verify.seeIt}</a>`
    }${state === 'photos' ? checkAgain(reader, id) : ''}</div>`
  const label = state === 'new-photos' ? verify.newPhotos : verify.goOn(nameOf(vendor))
  const goesOn = hasPage && isCancellable(progress)
  const startsAgain =
    canTryAgain(progress.reasons) && (isCancellable(progress) ? !hasPage : !isUnderWay(progress))
  return html`<div class="buttons">${
    goesOn ? html`<a class="button primary" href="/verify/${id}/continue">${label}</a>` : ''
  }${
    startsAgain ? startForm({ csrf, request, label: verify.startAgain, replaces: id }) : ''
  }${CHANGES_ALONE.includes(state) ? checkAgain(reader, id) : ''}</div>
${['declined', 'rejected', 'mismatch', 'document-expired'].includes(state) ? html`<p class="more"><a href="/verifications/${id}">${texts.home.details}</a></p>` : ''}`
}

const checkAgain = ({ texts }: Reader, id: string): Html =>
  html`<a class="button" href="/verify/${id}">${texts.verify.checkAgain}</a>`

/** States in which only others can do something, perhaps for longer than the application's request is open. */
const IS_LONG: readonly ProgressState[] = ['checking', 'in-review', 'mismatch']

/** What the resident can do about the application that waits, while there is no result. */
function waitingNote(
  reader: Reader,
  { state, request }: { state: ProgressState; request: WaitingRequest },
): Html | '' {
  const { verify } = reader.texts
  if (state === 'done' || state === 'photos') return ''
  const { clientName, expiresAt, interactionUid } = request
  const link = html`<a href="/interaction/${interactionUid}">${verify.backTo(clientName)}</a>`
  return IS_LONG.includes(state)
    ? html`<div class="notice waiting"><p>${verify.waits(clientName, moment(reader, expiresAt))} ${link}</p></div>`
    : html`<p>${link}</p>`
}

function cancelForm(
  reader: Reader,
  { progress, request, csrf }: Parameters<typeof progressPage>[1],
): Html | '' {
  if (!isCancellable(progress)) return ''
  const { verify } = reader.texts
  const { id, state, hasPage } = progress
  const again = startForm({ csrf, request, label: verify.startAgain, replaces: id, look: '' })
  return html`<details><summary>${verify.otherwise}</summary>
${hasPage ? html`<p>${verify.usedUp}</p>${again}` : ''}
<p class="quiet">${state === 'new-photos' ? verify.endsIt : verify.removesIt}</p>
<form method="post" action="/verify/${id}/cancel">${csrfField(csrf)}${requestField(request)}<button class="danger" name="cancel">${verify.cancel}</button></form></details>`
}

/** For a browser without a session: that of a phone on which only the photos were taken. */
export function elsewherePage(reader: Reader, { signInPath }: { signInPath: string }): Html {
  const { signIn, verify } = reader.texts
  return page(reader, {
    title: verify.elsewhereTitle,
    body: html`<section class="card narrow"><h1>${verify.elsewhereTitle}</h1>
<p class="lead">${verify.elsewhere}</p>
<p>${verify.elsewhereOr}</p>
<p><a class="button" href="${signInPath}">${signIn.title}</a></p></section>`,
  })
}

/**
 * The card of the home page: how to be verified, or how far it is. Nothing for who is verified already, or where the note of a check
 * has the button of the next step (`leadsOn`).
 */
export function verifyCard(
  reader: Reader,
  data: { progress: OwnProgress | undefined; isVerified: boolean; leadsOn: boolean },
): Html | '' {
  const { progress, isVerified, leadsOn } = data
  const { verify } = reader.texts
  const isOpen = progress !== undefined && (isUnderWay(progress) || progress.state === 'photos')
  if (leadsOn || (!isOpen && isVerified)) return ''
  const words = isOpen ? verify.states[progress.state] : undefined
  const text = words && progress ? words.text(nameOf(progress.vendor)) : verify.cardText
  const path = isOpen ? `/verify/${progress.id}` : '/verify'
  const goesOn = isOpen && ['at-vendor', 'new-photos'].includes(progress.state)
  const label = !isOpen ? verify.cardStart : goesOn ? verify.missing.goOn : verify.missing.seeIt
  return html`<section class="card" aria-labelledby="verify"><h2 id="verify">${words?.title ?? verify.title}</h2>
<p>${text}</p>
<p><a class="button primary" href="${path}">${label}</a></p></section>`
}
