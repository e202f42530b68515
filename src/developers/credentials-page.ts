import { html } from 'hono/html'
import type { ClientSecrets } from '../clients/client-secrets.ts'
import type { DescribedKey } from '../clients/key-sets.ts'
import type { OwnClient } from '../clients/team-clients.ts'
import { copiedCode } from '../reference/frame.ts'
import { csrfField, type Html, moment } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import type { Place } from './access.ts'
import { applicationPage, applicationPath } from './application-frame.ts'
import {
  choiceField,
  type FieldFaults,
  formFaults,
  hasFaults,
  linesField,
  textField,
} from './fields.ts'
import type { Membership } from './teams.ts'

type CredentialsPage = {
  team: Membership
  place: Place
  client: OwnClient
  csrf: string
  mayChange: boolean
  /** `undefined`: it has none. */
  secrets: ClientSecrets | undefined
  /** `undefined`: it has none, or those of its address were not fetched. */
  keys: readonly DescribedKey[] | undefined
  entered: { jwks: string; uri: string }
  faults: FieldFaults
}

/** `/developers/:team/:place/:client/keys` */
export function credentialsPage(reader: Reader, data: CredentialsPage): Html {
  const { team, place, client, faults } = data
  const { token_endpoint_auth_method: method } = client.metadata
  return applicationPage(reader, {
    team,
    place,
    client,
    tab: '/keys',
    title: hasFaults(faults) ? 'Error: keys and secrets' : 'Keys and secrets',
    body: html`${formFaults(faults)}
${
  method === 'none'
    ? html`<section class="card"><h2>A public application</h2>
<p>It runs where everybody could read a secret, so it has none. PKCE (RFC 7636) and its redirect addresses protect it.</p></section>`
    : method === 'private_key_jwt'
      ? html`${keysCard(data)}${keysForm(data)}${backToSecret(data)}`
      : html`${secretsCard(reader, data)}${keysForm(data)}`
}`,
  })
}

const head = ({ csrf, client }: CredentialsPage): Html =>
  html`${csrfField(csrf)}<input type="hidden" name="based" value="${client.updatedAt.toISOString()}">`

const pathOf = ({ team, place, client }: CredentialsPage, more = ''): string =>
  applicationPath(team.id, place, client.id, `/keys${more}`)

function secretsCard(reader: Reader, data: CredentialsPage): Html {
  const { secrets, mayChange, faults } = data
  const used = (at: Date | null) => (at ? html`last used ${moment(reader, at)}` : 'not used yet')
  const previous = secrets?.previous
  return html`<section class="card"><h2>Secrets</h2>
<ul><li>The current secret: ${used(secrets?.usedAt ?? null)}</li>
${previous ? html`<li>The one before, valid until ${moment(reader, previous.until)}: ${used(previous.usedAt)}</li>` : ''}</ul>
<p class="quiet">Only a hash of a secret is stored, so that nobody can show it again.${
    data.place === 'production' && !secrets?.usedAt
      ? ' After an approval nobody has seen one yet: make a new one.'
      : ''
  }</p>
${
  !mayChange
    ? ''
    : previous
      ? html`<form method="post" action="${pathOf(data, '/withdraw')}">${head(data)}<p>When nothing uses the older secret any more, withdraw it. Then you can make a new one.</p>
<button class="danger" name="withdraw">Withdraw the older secret now</button></form>`
      : html`<form method="post" action="${pathOf(data, '/secret')}">${head(data)}
${choiceField({
  name: 'keep',
  label: 'The present secret stays valid',
  hint: 'So that you can change the secret of each of your servers in turn.',
  value: '24',
  faults,
  choices: [
    ['0', 'not at all: it ends now'],
    ['1', 'for an hour'],
    ['24', 'for a day'],
    ['168', 'for 7 days'],
    ['720', 'for 30 days'],
  ],
})}<button name="new-secret">Make a new secret</button></form>`
}</section>`
}

function keysCard(data: CredentialsPage): Html {
  const { client, keys, mayChange } = data
  const { jwks_uri: uri } = client.metadata
  return html`<section class="card"><h2>Keys</h2>
${uri ? html`<p>They are published at <code>${uri}</code>, and fetched from there.</p>` : ''}
${keys ? html`<ul>${keys.map(presentKey)}</ul>` : ''}
${uri && mayChange ? html`<form method="post" action="${pathOf(data, '/check')}">${head(data)}<button name="check">Fetch them now</button></form>` : ''}</section>`
}

const presentKey = ({ kid, use, algorithms, thumbprint }: DescribedKey): Html =>
  html`<li><dl class="facts"><div><dt>Key id (kid)</dt><dd>${kid === undefined ? 'none' : html`<code>${kid}</code>`}</dd></div>
<div><dt>Algorithm</dt><dd>${algorithms.length > 0 ? algorithms.join(', ') : 'cannot sign'}</dd></div>
<div><dt>Use</dt><dd>${use ?? 'not given'}</dd></div>
<div><dt>Thumbprint</dt><dd><code>${thumbprint}</code></dd></div></dl></li>`

function keysForm(data: CredentialsPage): Html {
  const { client, mayChange, entered, faults } = data
  if (!mayChange) return html``
  const hasKeys = client.metadata.token_endpoint_auth_method === 'private_key_jwt'
  return html`<form method="post" action="${pathOf(data)}" enctype="multipart/form-data" class="card"><h2>${hasKeys ? 'Other keys' : 'Keys instead of a secret'}</h2>${head(data)}
<p>With <code>private_key_jwt</code> your application signs a short proof (RFC 7523), and no secret leaves it.${hasKeys ? '' : ' The secrets end at once.'}</p>
${linesField({ name: 'jwks', label: 'Public keys, as a JWK Set', hint: 'RSA of 2048 bits or more (PS256, RS256), P-256 (ES256) or Ed25519 (EdDSA). Never a private key.', value: entered.jwks, faults, rows: 6 })}
<div class="field"><label for="jwks-file">Or a file with them</label>
<input id="jwks-file" name="jwks-file" type="file" accept=".json,application/json,application/jwk-set+json"></div>
${textField({ name: 'jwks-uri', label: 'Or the address where you publish them', hint: 'It is fetched now, and again whenever a key is unknown: you change keys without coming back here.', value: entered.uri, faults, isAddress: true })}
<button name="set-keys">${hasKeys ? 'Replace the keys' : 'Use these keys'}</button></form>`
}

const backToSecret = (data: CredentialsPage): Html =>
  html`${
    data.mayChange
      ? html`<form method="post" action="${pathOf(data, '/secret')}" class="card"><h2>A secret instead of keys</h2>${head(data)}
<p>The keys end at once.</p><button name="new-secret">Make a secret</button></form>`
      : ''
  }`

/** Shows a secret this once. */
export const newSecretPage = (
  reader: Reader,
  {
    team,
    place,
    client,
    issuer,
    secret,
  }: {
    team: Membership
    place: Place
    client: Pick<OwnClient, 'id' | 'name' | 'enabled'>
    issuer: string
    secret: string
  },
): Html =>
  applicationPage(reader, {
    team,
    place,
    client,
    tab: '/keys',
    title: 'The secret',
    copies: true,
    body: html`<section class="card"><h2>The secret of your application</h2>
<div class="notice waiting" role="status"><p>Copy it now, to where your program reads it. It is not shown again.</p></div>
<dl><dt>Client ID</dt><dd><pre>${client.id}</pre></dd><dt>Client secret</dt><dd><pre>${secret}</pre></dd></dl>
<h3>For your shell</h3>${copiedCode('Environment', `export ISSUER=${issuer}\nexport CLIENT_ID=${client.id}\nexport CLIENT_SECRET=${secret}`)}
<p><a class="button" href="${applicationPath(team.id, place, client.id)}">I have copied it</a></p></section>`,
  })
