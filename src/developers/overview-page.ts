import { html } from 'hono/html'
import type { OwnClient } from '../clients/team-clients.ts'
import { isLoopback } from '../platform/loopback.ts'
import { copiedCode } from '../reference/frame.ts'
import type { Html } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import type { Place } from './access.ts'
import { KINDS, kindOf } from './application-form.ts'
import { applicationPage, applicationPath } from './application-frame.ts'
import type { Membership } from './teams.ts'

type OverviewPage = { team: Membership; place: Place; client: OwnClient; issuer: string }

/** `/developers/:team/:place/:client`: what a program needs to know. */
export function overviewPage(reader: Reader, data: OverviewPage): Html {
  const { team, place, client, issuer } = data
  const missing = place === 'sandbox' ? missingForProduction(client) : []
  return applicationPage(reader, {
    team,
    place,
    client,
    tab: '',
    title: 'Overview',
    copies: true,
    body: html`<section class="card"><h2>For your program</h2>
<dl class="facts"><div><dt>Kind</dt><dd>${KINDS[kindOf(client.metadata)]}</dd></div>
<div><dt>Client ID</dt><dd><code>${client.id}</code></dd></div>
<div><dt>Issuer</dt><dd><code>${issuer}</code></dd></div>
<div><dt>Discovery</dt><dd><code>${discoveryOf(issuer)}</code></dd></div></dl>
<h3>Environment</h3>${copiedCode('Environment', environmentOf(data))}
<h3>Try that it answers</h3>${copiedCode('Command', commandOf(data))}
${usesSecret(client) ? html`<p class="quiet">With a wrong secret the answer is <code>invalid_client</code>, and with the right one ${isService(client) ? 'a token' : html`<code>{"active":false}</code>: there is no such token`}.</p>` : ''}</section>
${place === 'sandbox' ? nextSteps(data) : ''}${
  place === 'production'
    ? ''
    : html`<section class="card"><h2>Before production</h2>${
        missing.length === 0
          ? html`<p>Nothing is missing that this page could see.</p>`
          : html`<p>Still missing, in <a href="${applicationPath(team.id, place, client.id, '/settings')}">Settings</a>:</p><ul>${missing.map((each) => html`<li>${each}</li>`)}</ul>`
      }</section>`
}`,
  })
}

const usesSecret = ({ metadata }: OwnClient): boolean =>
  metadata.token_endpoint_auth_method.startsWith('client_secret')

const isService = ({ metadata }: OwnClient): boolean =>
  metadata.grant_types.includes('client_credentials')

const nextSteps = ({ team, client }: OverviewPage): Html => {
  const path = (tab: string) => applicationPath(team.id, 'sandbox', client.id, tab)
  return html`<section class="card"><h2>What next</h2><ul>
${
  isService(client)
    ? ''
    : html`<li><a href="/guides/start">Start in ten minutes</a>: a program of yours prints the documents of a persona.</li>
<li><a href="${path('/try')}">Try it</a>: the whole flow in this browser, without a program.</li>`
}
<li><a href="${path('/events')}">Events</a>: be told what changes, and send yourself a test event.</li>
<li><a href="${path('/requests')}">Requests</a>: what your program sent, and why it failed.</li></ul></section>`
}

const discoveryOf = (issuer: string): string => `${issuer}/.well-known/openid-configuration`

function environmentOf({ client, issuer }: OverviewPage): string {
  const { redirect_uris: redirects, scope } = client.metadata
  return [
    `export ISSUER=${issuer}`,
    `export CLIENT_ID=${client.id}`,
    ...(usesSecret(client) ? ['export CLIENT_SECRET=…'] : []),
    ...(redirects[0] ? [`export REDIRECT_URI=${redirects[0]}`] : []),
    `export SCOPE="${scope}"`,
  ].join('\n')
}

/** A request that shows whether the credentials are right. */
function commandOf({ client, issuer }: OverviewPage): string {
  const { token_endpoint_auth_method: method, scope } = client.metadata
  if (!usesSecret(client)) return `curl -s ${discoveryOf(issuer)}`
  const credentials =
    method === 'client_secret_basic'
      ? `-u "${client.id}:$CLIENT_SECRET"`
      : `-d client_id=${client.id} --data-urlencode "client_secret=$CLIENT_SECRET"`
  if (isService(client))
    return `curl -s ${issuer}/api/oauth/token \\\n  ${credentials} \\\n  -d grant_type=client_credentials --data-urlencode "scope=${scope}"`
  return `curl -s ${issuer}/api/oauth/introspect \\\n  ${credentials} \\\n  -d token=none`
}

/** What an operator will ask for, as far as it can be seen here. */
function missingForProduction({ metadata }: OwnClient): string[] {
  if (kindOf(metadata) === 'service') return []
  const { redirect_uris: redirects } = metadata
  const needs: [boolean, string][] = [
    [
      !redirects.some((uri) => !isLoopback(uri)),
      'a redirect address that is not on your own machine',
    ],
    [!metadata.purpose, 'the purpose, which people read before they consent'],
    [!metadata.operator, 'who runs it'],
    [!metadata.policy_uri, 'a link to your privacy policy'],
    [!metadata.tos_uri, 'a link to your terms of service'],
    [metadata.pkce === 'optional', 'PKCE: your requests should not go without it'],
  ]
  return needs.flatMap(([isMissing, what]) => (isMissing ? [what] : []))
}
