import { html } from 'hono/html'
import { isScope } from '../clients/scopes.ts'
import type { InclusionProof } from '../ledger/proofs.ts'
import { type Html, moment, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { wordFor } from '../web/texts/languages.ts'
import { describeEntry, type NamedEntry } from './activity-words.ts'

/** `/activity/:id`: one entry in full, and its proof. `proof`: `undefined` until the entry is in the tree. */
export function entryPage(
  reader: Reader,
  data: { entry: NamedEntry; hasCheck: boolean; proof: InclusionProof | undefined },
): Html {
  const { entry, proof } = data
  const { activity, activityEntry } = reader.texts
  const title = activity.entry(entry.id)
  return page(reader, {
    title,
    body: html`<p><a href="/activity">${activityEntry.back}</a></p>
<h1>${title}</h1>
<p class="lead">${describeEntry(reader.texts, entry)}</p>
<dl class="facts">${facts(reader, data)}</dl>
${reader.site.isSandbox ? '' : html`<p><a class="button" href="/activity/${entry.id}/unexpected">${activity.unexpected}</a></p>`}
${entry.images.length > 0 ? files(reader, entry) : ''}
<section aria-labelledby="proof"><h2 id="proof">${activityEntry.proof}</h2>
${proof ? proofOf(reader, entry, proof) : html`<p>${activityEntry.notProven}</p>`}</section>`,
  })
}

function facts(
  reader: Reader,
  { entry, hasCheck }: { entry: NamedEntry; hasCheck: boolean },
): Html[] {
  const { activityEntry, scopes, format } = reader.texts
  const permissions = (entry.scope ?? '').split(' ').filter(isScope)
  const fact = (name: string, value: Html | string) =>
    html`<div><dt>${name}</dt><dd>${value}</dd></div>`
  return [
    fact(activityEntry.when, moment(reader, entry.at)),
    fact(activityEntry.who, entry.who),
    ...(entry.clientId
      ? [fact(activityEntry.purpose, entry.purpose ?? activityEntry.noPurpose)]
      : []),
    ...(permissions.length > 0
      ? [fact(activityEntry.permission, format.list(permissions.map((each) => scopes[each].title)))]
      : []),
    ...(hasCheck
      ? [
          fact(
            activityEntry.check,
            html`<a href="/verifications/${entry.verificationId}">${activityEntry.checkLink}</a>`,
          ),
        ]
      : []),
    ...(entry.requestId
      ? [fact(activityEntry.request, html`<code>${entry.requestId}</code>`)]
      : []),
  ]
}

function files({ texts }: Reader, { images }: NamedEntry): Html {
  const { activityEntry, home } = texts
  return html`<section aria-labelledby="files"><h2 id="files">${activityEntry.files}</h2>
<p class="quiet">${activityEntry.filesHelp}</p>
<dl class="facts">${images.map(({ type, sha256 }) => html`<div><dt>${wordFor(home.images, type) ?? type.replaceAll('_', ' ')}</dt><dd><code>${sha256 ?? '–'}</code></dd></div>`)}</dl></section>`
}

function proofOf({ texts }: Reader, { id }: NamedEntry, { entry }: InclusionProof): Html {
  const { activityEntry } = texts
  return html`<p>${activityEntry.proofHelp}</p>
<p><a class="button" href="/activity/${id}/proof" download>${activityEntry.download}</a></p>
<details><summary>${activityEntry.verifyHeading}</summary>
<ol><li>${activityEntry.verifyLeaf}</li><li>${activityEntry.verifyPath}</li><li>${activityEntry.verifyHead}</li></ol></details>
<details><summary>${activityEntry.stored}</summary><pre tabindex="0">${entry}</pre></details>`
}
