import { html } from 'hono/html'
import type { ClientProfile } from '../clients/profile.ts'
import { isScope } from '../clients/scopes.ts'
import type { Consent } from '../consents/consents.ts'
import { permissionFields, untilFields } from '../consents/form.ts'
import { clientHeader, currentDisclosure, type StoredDocuments } from '../consents/page.ts'
import { csrfField, day, type Html, page } from '../web/html.ts'

/** The page of one application: its permissions, which the resident can change or end. */
export function applicationPage(data: {
  client: ClientProfile
  consent: Consent
  account: { name: string; email: string; emailVerified: boolean }
  documents: StoredDocuments | undefined
  csrf: string
  /** The change was made a moment ago. */
  isSaved: boolean
  now: Date
}): Html {
  const { client, consent, account, documents, csrf, isSaved, now } = data
  const action = `/applications/${encodeURIComponent(client.clientId)}`
  const permissions = [...consent.scopes, ...consent.declined].filter(isScope).map((scope) => ({
    scope,
    isTicked: consent.scopes.includes(scope),
    now: currentDisclosure(scope, account, documents),
  }))
  return page({
    title: client.name,
    body: consent.isFrozen
      ? frozenApplication({ client, action, csrf })
      : html`<p class="quiet"><a href="/">Your documents</a></p>
${isSaved ? html`<div class="notice good" role="status"><p>Saved. The change applies at once, also to access that ${client.name} already has.</p></div>` : ''}
<section class="card">
${clientHeader(client, html`<h1>${client.name}</h1>`)}
<p>Allowed since ${day(consent.createdAt)}${
          consent.purpose
            ? html` for this purpose: <q>${consent.purpose}</q>`
            : html`. It gave no purpose.`
        }</p>
${
  consent.isCurrent
    ? ''
    : html`<div class="notice waiting"><p>${client.purpose ? html`It now states a different purpose: <q>${client.purpose}</q>` : 'It no longer states a purpose.'} It has to ask you again.</p></div>`
}
<form method="post" action="${action}">
${csrfField(csrf)}
${permissionFields(permissions)}
<p class="quiet">If you untick something, ${client.name} can no longer see it, starting with its next request. If you tick something, it gets that the next time it asks. Only ${client.name} can delete what it has already copied.</p>
${untilFields({ now, before: consent.endsAt })}
<div class="buttons"><button class="primary" name="save">Save</button></div>
</form>
<h2>End access</h2>
<p class="quiet">${client.name} then has no access at all, and must ask you before it gets any again.</p>
<form method="post" action="${action}/revoke">${csrfField(csrf)}<button class="danger" name="revoke">End access of ${client.name}</button></form>
</section>`,
  })
}

const frozenApplication = ({
  client,
  action,
  csrf,
}: {
  client: ClientProfile
  action: string
  csrf: string
}): Html => html`<p class="quiet"><a href="/">Your documents</a></p>
<section class="card">
${clientHeader(client, html`<h1>${client.name}</h1>`)}
<div class="notice bad"><p>Frozen: somebody used a link in an e-mail to you to report that you did not allow this application. It cannot see any of your data.</p></div>
<h2>If you did not allow it</h2>
<p class="quiet">End its access. It then has no access at all, and must ask you before it gets any again. If you have not done so yet, <a href="/reset">set a new password</a>.</p>
<form method="post" action="${action}/revoke">${csrfField(csrf)}<button class="danger" name="revoke">End access of ${client.name}</button></form>
<h2>If it was you after all</h2>
<p class="quiet">Lift the freeze. What you allowed ${client.name} applies again at once.</p>
<form method="post" action="${action}/lift">${csrfField(csrf)}<button name="lift">Lift the freeze</button></form>
</section>`
