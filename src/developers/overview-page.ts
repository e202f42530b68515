import { html } from 'hono/html'
import type { OwnClient } from '../clients/team-clients.ts'
import { isLoopback } from '../platform/loopback.ts'
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
    body: html`<section class="card"><h2>For your program</h2>
<dl class="facts"><div><dt>Kind</dt><dd>${KINDS[kindOf(client.metadata)]}</dd></div>
<div><dt>Client ID</dt><dd><code>${client.id}</code></dd></div>
<div><dt>Issuer</dt><dd><code>${issuer}</code></dd></div>
<div><dt>Discovery</dt><dd><code>${discoveryOf(issuer)}</code></dd></div></dl>
<h3>Environment</h3><pre>${environmentOf(data)}</pre>
<h3>Try that it answers</h3><pre>${commandOf(data)}</pre></section>
${
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

const discoveryOf = (issuer: string): string => `${issuer}/.well-known/openid-configuration`

function environmentOf({ client, issuer }: OverviewPage): string {
  const { redirect_uris: redirects, scope, token_endpoint_auth_method: method } = client.metadata
  return [
    `ISSUER=${issuer}`,
    `CLIENT_ID=${client.id}`,
    ...(method.startsWith('client_secret') ? ['CLIENT_SECRET='] : []),
    ...(redirects[0] ? [`REDIRECT_URI=${redirects[0]}`] : []),
    `SCOPE="${scope}"`,
  ].join('\n')
}

/** A request that shows whether the credentials are right. */
function commandOf({ client, issuer }: OverviewPage): string {
  const { token_endpoint_auth_method: method, grant_types: grants, scope } = client.metadata
  if (!method.startsWith('client_secret')) return `curl -s ${discoveryOf(issuer)}`
  const credentials =
    method === 'client_secret_basic'
      ? `-u "${client.id}:$CLIENT_SECRET"`
      : `-d client_id=${client.id} --data-urlencode "client_secret=$CLIENT_SECRET"`
  if (grants.includes('client_credentials'))
    return `curl -s ${issuer}/api/oauth/token \\\n  ${credentials} \\\n  -d grant_type=client_credentials --data-urlencode "scope=${scope}"`
  // Of an unknown token the answer is {"active":false}; of a wrong secret, invalid_client.
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
