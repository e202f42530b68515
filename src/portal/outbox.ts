import { Hono } from 'hono'
import { html } from 'hono/html'
import type { Config } from '../config.ts'
import type { Db } from '../platform/db.ts'
import { isLoopback } from '../platform/loopback.ts'
import { listOutbox, type OutboxMail } from '../platform/mail.ts'
import type { Sealer } from '../platform/secrets.ts'
import { type Html, moment, page, setSecurityHeaders } from '../web/html.ts'
import type { PageEnv, Reader } from '../web/reader.ts'

/** Mails contain links that open accounts: they are shown only where nobody else can connect. */
export const showsOutbox = ({
  config,
  issuer,
}: {
  config: Pick<Config, 'mail' | 'production' | 'host'>
  issuer: string
}): boolean =>
  !config.mail && !config.production && isLoopback(`http://${config.host}`) && isLoopback(issuer)

/** `/outbox`: shows unsent mails. Mount it only on a local portal without a mail server. */
export function outboxRoutes({
  issuer,
  db,
  sealer,
}: {
  issuer: string
  db: Db
  sealer: Sealer
}): Hono<PageEnv> {
  return new Hono<PageEnv>().get('/outbox', async (c) => {
    setSecurityHeaders(c, { issuer })
    return c.html(outboxPage(c.var.reader, { mails: await listOutbox(db, sealer) }))
  })
}

/** The unsent mails, newest first. */
export function outboxPage(reader: Reader, { mails }: { mails: OutboxMail[] }): Html {
  const { outbox } = reader.texts
  return page(reader, {
    title: outbox.title,
    body: html`<h1>${outbox.title}</h1>
<p class="lead">${outbox.lead}</p>
${
  mails.length === 0
    ? html`<p class="empty">${outbox.none}</p>`
    : mails.map(
        ({ to, subject, text, createdAt }) => html`<article class="card">
<header><h2>${subject}</h2><p class="quiet">${moment(reader, createdAt)}</p></header>
<p class="quiet">${outbox.to(to)}</p>
<p class="mail">${text.split(/(https?:\/\/\S+)/).map((part) => (/^https?:/.test(part) ? html`<a href="${part}">${part}</a>` : part))}</p>
</article>`,
      )
}`,
  })
}
