import { html } from 'hono/html'
import { type Html, page } from '../html.ts'
import type { ListedEntry } from '../ledger/entries.ts'

type Look = ListedEntry & { who: string }

const TIME = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'UTC',
})
const IMAGES: Record<string, string> = {
  document_front: 'the front of your document',
  document_back: 'its back',
  selfie: 'your face',
}

/** The newest first. `olderThan` is where the next page begins. */
export const looksPage = (data: { entries: Look[]; olderThan: string | undefined }): Html =>
  page({
    title: 'Who looked',
    body: html`<h1>Who looked at your data</h1>
<p class="lead">Every look is written down before anything is shown, and nobody can change it afterwards without it being noticed. Times are in UTC.</p>
${
  data.entries.length === 0
    ? html`<p class="empty">Nobody has looked at anything yet.</p>`
    : data.entries.map(
        (look) => html`<article class="card">
<h2>${look.who}</h2>
<p>${wordsOf(look)}</p>
<p class="quiet"><time datetime="${look.at.toISOString()}">${TIME.format(look.at)}</time>${look.purpose ? html` · Stated purpose: ${look.purpose}` : ''} · Entry ${look.id}</p>
</article>`,
      )
}
<p><a href="/">Back to your documents</a>${data.olderThan ? html` · <a href="/looks?before=${data.olderThan}" rel="next">Older</a>` : ''}</p>`,
  })

function wordsOf({ kind, result, images = [], scope }: Look): string {
  switch (kind) {
    case 'disclosure': {
      if (result === 'person') return 'Read your personal details.'
      if (result === 'residency') return 'Read your residency.'
      if (result === 'status') return 'Read whether your identity was verified, and no more.'
      if (result.startsWith('age over'))
        return `Read whether you are over ${result.slice(9)}, and no more.`
      if (result.startsWith('event: ')) return 'Was told that your identity check has changed.'
      if (result.startsWith('claims: ')) return wordsOfClaims(result.slice(8).split(', '), images)
      if (result === 'nothing') return 'Asked for your identity check; there was nothing to show.'
      const shown = listImages(images)
      return shown ? `Was shown ${shown}.` : 'Was shown your identity check, without photos.'
    }
    case 'refusal':
      return `Asked for something that you did not allow (${scope ?? ''}), and was refused.`
    case 'operator-look':
      return `Looked at your ${result}.`
    case 'tenant-look':
      return `Looked at your identity check (${result}).`
    case 'review':
      return `Reviewed your identity check: ${result}.`
    case 'export':
      return 'Took a copy of all that is held of you.'
    case 'erasure':
      return 'An identity check was erased.'
    case 'link':
      return result === 'linked'
        ? `Linked what ${scope ?? 'an organisation'} knows of you to your account.`
        : `Ended the link to what ${scope ?? 'an organisation'} knows of you.`
    case 'trust':
      return 'What an organisation verified began or ceased to count.'
  }
}

function listImages(images: NonNullable<Look['images']>): string {
  const seen = images.map(({ type }) => IMAGES[type] ?? type.replaceAll('_', ' '))
  return new Intl.ListFormat('en-GB').format([...new Set(seen)])
}

const CLAIMS: Record<string, string> = {
  name: 'your name',
  given_name: 'your name',
  family_name: 'your name',
  email: 'your e-mail address',
  email_verified: 'your e-mail address',
  verified_claims: 'what was verified of you',
}

function wordsOfClaims(names: string[], images: NonNullable<Look['images']>): string {
  const told = [...new Set(names.map((name) => CLAIMS[name] ?? name))]
  const shown = listImages(images)
  return `Was told ${new Intl.ListFormat('en-GB').format(told)}${shown ? `, and shown ${shown}` : ''}.`
}
