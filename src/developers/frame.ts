import { html } from 'hono/html'
import { type Html, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import type { Membership } from './teams.ts'

/*
 * The console is in English only, as the reference and the guides are.
 */

/** The pages of a team, by the last part of their path; the first is the team's own. */
const TABS = [
  ['', 'Applications'],
  ['/sandbox', 'Sandbox'],
  ['/members', 'Members'],
  ['/settings', 'Team'],
] as const

/** A page of the console. With a team, it has that team's pages at its head. */
export function developerPage(
  reader: Reader,
  content: {
    title: string
    body: Html
    team?: Membership
    tab?: string
    csrf?: string
    copies?: boolean
  },
): Html {
  const { title, body, team, tab, copies = false } = content
  return page(reader, {
    title,
    hasSwitch: false,
    copies,
    actions: html`<nav aria-label="For developers" class="sign-out"><a href="/developers">Console</a> <a href="/reference">Reference</a> <a href="/guides">Guides</a></nav>`,
    body: html`<div lang="en" class="console">${
      team
        ? html`<p class="quiet"><a href="/developers">Teams</a> / <a href="/developers/${team.id}">${team.name}</a></p>
<nav class="tabs" aria-label="Team"><ul>${TABS.map(
            ([path, name]) =>
              html`<li><a href="/developers/${team.id}${path}"${path === tab ? html` aria-current="page"` : ''}>${name}</a></li>`,
          )}</ul></nav>
${team.isSuspended ? html`<div class="notice bad"><p>The operator of this portal has suspended this team: its members can look, and change nothing.</p></div>` : ''}`
        : ''
    }${body}</div>`,
  })
}
