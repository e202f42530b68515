import { html } from 'hono/html'
import type { OwnClient } from '../clients/team-clients.ts'
import type { Html } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { PLACES, type Place } from './access.ts'
import { developerPage } from './frame.ts'
import type { Membership } from './teams.ts'

/** The pages of an application, by the last part of their path, and the places that have them. */
const APPLICATION_TABS: readonly [path: string, name: string, places: readonly Place[]][] = [
  ['', 'Overview', PLACES],
  ['/settings', 'Settings', PLACES],
  ['/keys', 'Keys and secrets', PLACES],
  ['/events', 'Events', PLACES],
  ['/try', 'Try it', ['sandbox']],
  ['/production', 'Production', PLACES],
  ['/requests', 'Requests', PLACES],
]

const PLACE_NAMES: Record<Place, string> = { sandbox: 'Sandbox', production: 'Production' }

/** The path of an application's page. */
export const applicationPath = (teamId: string, place: Place, clientId: string, tab = ''): string =>
  `/developers/${teamId}/${place}/${encodeURIComponent(clientId)}${tab}`

/** A page of an application: its name and its pages at the head. `title` names the page, `tab` is its path in `APPLICATION_TABS`. */
export function applicationPage(
  reader: Reader,
  {
    team,
    place,
    client,
    tab,
    title,
    body,
    copies = false,
  }: {
    team: Membership
    place: Place
    client: Pick<OwnClient, 'id' | 'name' | 'enabled'>
    tab: string
    title: string
    body: Html
    copies?: boolean
  },
): Html {
  return developerPage(reader, {
    title: `${title} · ${client.name}`,
    team,
    copies,
    body: html`<h1>${client.name}</h1>
<p class="quiet">${PLACE_NAMES[place]}${client.enabled ? '' : ' · Disabled'}</p>
<nav class="tabs" aria-label="Application"><ul>${APPLICATION_TABS.filter(([, , places]) =>
      places.includes(place),
    ).map(
      ([path, name]) =>
        html`<li><a href="${applicationPath(team.id, place, client.id, path)}"${path === tab ? html` aria-current="page"` : ''}>${name}</a></li>`,
    )}</ul></nav>
${body}`,
  })
}
