import { html } from 'hono/html'
import type { ClientProfile } from '../clients/profile.ts'
import { isScope } from '../clients/scopes.ts'
import type { Consent } from '../consents/consents.ts'
import { permissionFields, untilFields } from '../consents/form.ts'
import { clientHeader, disclosedData, type StoredDocuments } from '../consents/page.ts'
import { csrfField, day, type Html, page } from '../web/html.ts'

/** What one application was allowed and what was declined, to be changed by the resident alone. */
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
    now: disclosedData(scope, account, documents),
  }))
  return page({
    title: client.name,
    body: consent.isFrozen
      ? frozenApplication({ client, action, csrf })
      : html`<p class="quiet"><a href="/">Your documents</a></p>
${isSaved ? html`<div class="notice good" role="status"><p>Saved. It counts from now on, for everything that ${client.name} holds already.</p></div>` : ''}
<section class="card">
${clientHeader(client, html`<h1>${client.name}</h1>`)}
<p>Allowed since ${day(consent.createdAt)}${
          consent.purpose
            ? html`, when it said what for: <q>${consent.purpose}</q>`
            : html`. It did not say what for.`
        }</p>
${
  consent.isCurrent
    ? ''
    : html`<div class="notice waiting"><p>It says something else today, and will ask you again: ${client.purpose ? html`<q>${client.purpose}</q>` : 'it gives no purpose.'}</p></div>`
}
<form method="post" action="${action}">
${csrfField(csrf)}
${permissionFields(permissions)}
<p class="quiet">What you untick it can see no longer, from its next request on. What you tick it gets when it next asks. What it has copied already, only it can delete.</p>
${untilFields({ now, before: consent.endsAt })}
<div class="buttons"><button class="primary" name="save">Save</button></div>
</form>
<h2>End it</h2>
<p class="quiet">It then has nothing at all, and asks you when it comes again.</p>
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
<div class="notice bad"><p>Frozen: it was reported from your mail that you did not allow this application. It sees nothing and gets nothing new.</p></div>
<h2>If you did not allow it</h2>
<p class="quiet">End its access: then it has nothing at all, and can only ask you anew. If you have not done so yet, <a href="/reset">set a new password</a>.</p>
<form method="post" action="${action}/revoke">${csrfField(csrf)}<button class="danger" name="revoke">End access of ${client.name}</button></form>
<h2>If it was you after all</h2>
<p class="quiet">Lift the freeze: what you allowed counts again at once, with everything that ${client.name} still holds.</p>
<form method="post" action="${action}/lift">${csrfField(csrf)}<button name="lift">Lift the freeze</button></form>
</section>`
