import { Hono } from 'hono'
import { html } from 'hono/html'
import type { Db } from '../platform/db.ts'
import { listOutbox, type OutboxMail } from '../platform/mail.ts'
import type { Sealer } from '../platform/secrets.ts'
import { type Html, page, setSecurityHeaders } from '../web/html.ts'

/** `/outbox`: shows unsent mails. Mount it only on a local portal without a mail server. */
export function outboxRoutes({
  issuer,
  db,
  sealer,
}: {
  issuer: string
  db: Db
  sealer: Sealer
}): Hono {
  return new Hono().get('/outbox', async (c) => {
    setSecurityHeaders(c, { issuer })
    return c.html(outboxPage({ mails: await listOutbox(db, sealer) }))
  })
}

/** The unsent mails, newest first. */
export function outboxPage({ mails }: { mails: OutboxMail[] }): Html {
  return page({
    title: 'Outbox',
    body: html`<h1>Outbox</h1>
<p class="lead">No mail server is configured, so the portal shows its mails here instead of sending them.</p>
${
  mails.length === 0
    ? html`<p class="empty">No mails yet. Request a new password, then reload this page.</p>`
    : mails.map(
        ({ to, subject, text, createdAt }) => html`<article class="card">
<header><h2>${subject}</h2><p class="quiet"><time datetime="${createdAt.toISOString()}">${createdAt.toISOString().slice(0, 16).replace('T', ' ')} UTC</time></p></header>
<p class="quiet">To ${to}</p>
<p class="mail">${text.split(/(https?:\/\/\S+)/).map((part) => (/^https?:/.test(part) ? html`<a href="${part}">${part}</a>` : part))}</p>
</article>`,
      )
}`,
  })
}
