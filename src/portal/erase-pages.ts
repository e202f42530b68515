import { html } from 'hono/html'
import type { proveErasure } from '../id-verification/erasure.ts'
import { csrfField, type Html, moment, page, signOutForm } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { verifierOf } from './pages.ts'

/** The page `/account/erase`, before somebody asks for it. `applications`: the names of those that will be told. */
export function erasePage(
  reader: Reader,
  data: {
    csrf: string
    waitingDays: number
    applications: readonly string[]
    notice: string | undefined
    error: string | undefined
  },
): Html {
  const { csrf, waitingDays, applications, notice, error } = data
  const { common, devices, erase } = reader.texts
  const list = (lines: readonly (string | Html)[]) =>
    html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`
  return page(reader, {
    title: error ? erase.errorTitle : erase.title,
    actions: signOutForm(reader, csrf, html`<a href="/account">${common.yourAccount}</a>`),
    body: html`${notice ? html`<div class="notice good" role="status"><p>${notice}</p></div>` : ''}
<h1>${erase.title}</h1>
<p class="lead">${waitingDays === 0 ? erase.atOnce : erase.after(waitingDays)}</p>
<p>${erase.exportFirst}</p>
<h2>${erase.goes}</h2>
${list(erase.goesList)}
<h2>${erase.stays}</h2>
${list(erase.staysList)}
<h2>${erase.told}</h2>
<p>${applications.length === 0 ? erase.toldNobody : erase.toldHelp}</p>
${applications.length === 0 ? '' : list(applications)}
<p>${waitingDays === 0 ? erase.sharingEnds : erase.sharingEndsNow}</p>
<form method="post" action="/account/erase" class="card">${csrfField(csrf)}
${error ? html`<p class="fault" id="understood-error">${error}</p>` : ''}<div class="choice"><input id="understood" type="checkbox" name="understood" value="yes" required${error ? html` aria-invalid="true" aria-describedby="understood-error"` : ''}><label for="understood">${erase.understood}</label></div>
<div class="buttons"><button class="danger" name="erase">${erase.button}</button></div></form>
<p><a href="/account">${devices.back}</a></p>`,
  })
}

/** The same page while the waiting time runs; the banner of every page says when it ends, and takes the request back. */
export function erasureRequestedPage(reader: Reader, { csrf }: { csrf: string }): Html {
  const { common, devices, erase } = reader.texts
  return page(reader, {
    title: erase.requestedTitle,
    actions: signOutForm(reader, csrf, html`<a href="/account">${common.yourAccount}</a>`),
    body: html`<h1>${erase.requestedTitle}</h1>
<p class="lead">${erase.requestedLead}</p>
<p>${erase.exportFirst}</p>
<p><a href="/account">${devices.back}</a></p>`,
  })
}

/** For every page of the account while the waiting time runs. */
export const erasureBanner = (
  reader: Reader,
  { eraseAt, csrf }: { eraseAt: Date; csrf: string },
): Html => {
  const { erase } = reader.texts
  return html`<div class="notice waiting erasure"><p>${erase.banner(moment(reader, eraseAt))}</p>
<form method="post" action="/account/erase/cancel">${csrfField(csrf)}<button name="cancel-erasure">${erase.cancel}</button></form></div>`
}

type Found = NonNullable<Awaited<ReturnType<typeof proveErasure>>>
type Proof = Omit<Found, 'verifications'> & {
  verifications: readonly Found['verifications'][number][]
}

/** The page that the last mail leads to, for whoever has the link. `proof`: `undefined` while the erasure is about to begin. */
export function erasedPage(
  reader: Reader,
  data: {
    path: string
    keys: string
    proof: Proof | undefined
    /** The names of applications, by their ids. */
    names: ReadonlyMap<string, string>
  },
): Html {
  const { path, keys, proof, names } = data
  const { erased, archive } = reader.texts
  if (!proof)
    return page(reader, {
      title: erased.beginningTitle,
      body: html`<section class="card narrow"><h1>${erased.beginningTitle}</h1>
<p class="lead">${erased.beginning}</p>
<p><a class="button" href="${path}">${archive.check}</a></p></section>`,
    })
  const isComplete = proof.isComplete && proof.ledger !== null
  return page(reader, {
    title: erased.title,
    body: html`<h1>${erased.title}</h1>
<p class="lead">${erased.at(moment(reader, proof.erasedAt))}</p>
<p>${isComplete ? erased.complete : erased.goesOn}</p>
${isComplete ? '' : html`<p><a class="button" href="${path}">${archive.check}</a></p>`}
<h2>${erased.checks}</h2>
${
  proof.verifications.length === 0
    ? html`<p>${erased.noChecks}</p>`
    : html`<ul>${proof.verifications.map((each) => html`<li>${describeCheck(reader, each)}</li>`)}</ul>`
}
<h2>${erased.applications}</h2>
${
  proof.applications.length === 0
    ? html`<p>${erased.noApplications}</p>`
    : html`<ul>${proof.applications.map((each) => html`<li>${describeAnswer(reader, each, names)}</li>`)}</ul>`
}
<h2>${erased.proof}</h2>
<p>${erased.proofHelp}</p>
<p><a class="button primary" href="${path}/receipt" download>${erased.download}</a></p>
<p class="quiet">${erased.verify(html`<a href="${keys}">${keys}</a>`)}</p>`,
  })
}

function describeCheck(
  { texts }: Reader,
  { vendor, images, objectsDeletedAt, vendorAnswer }: Proof['verifications'][number],
): string {
  const { erased } = texts
  const verifier = verifierOf(texts, vendor)
  const here = objectsDeletedAt ? erased.photosErased(images) : erased.photosLeft
  const there =
    vendorAnswer === null
      ? erased.vendorAsked(verifier)
      : vendorAnswer === 'deleted'
        ? erased.vendorErased(verifier)
        : erased.vendorCannot(verifier)
  return `${here} ${there}`
}

function describeAnswer(
  { texts: { erased, notMe } }: Reader,
  { clientId, state, answer, answerReason }: Proof['applications'][number],
  names: ReadonlyMap<string, string>,
): string {
  const name = names.get(clientId) ?? notMe.theApplication
  switch (answer) {
    case 'kept':
      return erased.kept(name, answerReason ?? '')
    case 'erased':
      return erased.hasErased(name)
    case 'nothing-held':
      return erased.holdsNothing(name)
    case null:
      return state === 'delivered' ? erased.toldAlready(name) : erased.toBeTold(name)
  }
}
