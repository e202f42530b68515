import { html } from 'hono/html'
import type { OwnClient } from '../clients/team-clients.ts'
import type { Html } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import type { Place } from './access.ts'
import { applicationPage } from './application-frame.ts'
import type { Membership } from './teams.ts'

export const overviewPage = (
  reader: Reader,
  {
    team,
    place,
    client,
    issuer,
  }: { team: Membership; place: Place; client: OwnClient; issuer: string },
): Html =>
  applicationPage(reader, {
    team,
    place,
    client,
    tab: '',
    title: 'Overview',
    body: html`<dl>
<dt>Client ID</dt><dd><code>${client.id}</code></dd>
<dt>Issuer</dt><dd><code>${issuer}</code></dd>
</dl>`,
  })
