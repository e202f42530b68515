import { html } from 'hono/html'
import { isScope, SCOPE_ALTERNATIVES, SCOPES } from '../clients/scopes.ts'
import type { Html } from '../web/html.ts'
import { csrfField } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { type Entered, KINDS, type Kind, offeredScopes } from './application-form.ts'
import {
  box,
  choiceField,
  type FieldFaults,
  faultsOf,
  formFaults,
  hasFaults,
  linesField,
  textField,
} from './fields.ts'
import { developerPage } from './frame.ts'
import type { Membership } from './teams.ts'

type FormData = { entered: Entered; kind: Kind; faults: FieldFaults }

/** The fields of an application; which there are depends on its kind. */
export const applicationFields = ({ entered, kind, faults }: FormData): Html => html`${textField({
  name: 'name',
  label: 'Name',
  hint: kind === 'service' ? '' : 'What people read on the consent page.',
  value: entered.name,
  faults,
  isRequired: true,
  longest: 100,
})}
${kind === 'service' ? '' : redirectField(entered, faults)}
${scopeFields({ entered, kind, faults })}
${kind === 'service' ? '' : profileFields(entered, faults)}
${advancedFields({ entered, kind, faults })}`

const redirectField = (entered: Entered, faults: FieldFaults): Html =>
  linesField({
    name: 'redirect-uris',
    label: 'Redirect addresses',
    hint: 'Where people come back to, one a line, such as http://localhost:4000/callback. Each begins with https:, with http: on this machine, or with a scheme of your own that has a dot. A request has to name one of them exactly.',
    value: entered['redirect-uris'],
    faults,
  })

function scopeFields({ entered, kind, faults }: FormData): Html {
  const offered = offeredScopes(kind)
  return html`<fieldset class="choices"><legend><strong>Scopes</strong></legend>
<p class="quiet">Ask for as little as you need: people read each of these, in these words, and may decline it.</p>
${faultsOf(faults, 'scopes')}
${offered.map(([scope, { title, sentence }], index) =>
  box({
    name: 'scopes',
    value: scope,
    id: `scope-${index}`,
    label: html`${title} <code>${scope}</code>`,
    hint: `${sentence}${costOf(scope)}`,
    isChecked: entered.scopes.includes(scope),
  }),
)}</fieldset>
${kind === 'service' ? '' : alternativeFields(entered, faults)}`
}

/** What a scope costs: how people have to sign in for it, and what is recorded. */
function costOf(scope: string): string {
  if (scope === 'offline_access') return ' You get refresh tokens.'
  return scope.startsWith('eprospera:')
    ? ' People sign in afresh before they allow it, and every read is recorded for them to see.'
    : ''
}

function alternativeFields(entered: Entered, faults: FieldFaults): Html {
  const choices = Object.entries(SCOPE_ALTERNATIVES).flatMap(([whole, smaller]) =>
    smaller.map((less) => ({ whole, less })),
  )
  return html`<details${entered.alternatives.length > 0 || faults.alternatives ? html` open` : ''}><summary>Smaller scopes that suffice</summary>
<fieldset class="choices"><legend class="quiet">People may choose the smaller one on the consent page. Both have to be among your scopes.</legend>
${faultsOf(faults, 'alternatives')}
${choices.map(({ whole, less }, index) =>
  box({
    name: 'alternatives',
    value: `${whole}=${less}`,
    id: `alternative-${index}`,
    label: `${titleOf(less)}, instead of: ${titleOf(whole)}`,
    isChecked: entered.alternatives.includes(`${whole}=${less}`),
  }),
)}</fieldset></details>`
}

const titleOf = (scope: string): string => (isScope(scope) ? SCOPES[scope].title : scope)

const profileFields = (
  entered: Entered,
  faults: FieldFaults,
): Html => html`<p class="quiet">The rest can wait until you ask for production.</p>
${textField({
  name: 'purpose',
  label: 'Purpose',
  hint: 'Why you ask, in one sentence that people read before they consent. After a change everybody is asked again.',
  value: entered.purpose,
  faults,
  longest: 300,
})}
${textField({ name: 'operator', label: 'Who runs it', hint: 'The organisation, as people read it.', value: entered.operator, faults, longest: 100 })}
${textField({ name: 'client-uri', label: 'Its page', hint: 'Where people can read about it.', value: entered['client-uri'], faults, isAddress: true })}
${textField({ name: 'policy-uri', label: 'Privacy policy', value: entered['policy-uri'], faults, isAddress: true })}
${textField({ name: 'tos-uri', label: 'Terms of service', value: entered['tos-uri'], faults, isAddress: true })}`

const ADVANCED = [
  'post-logout-uris',
  'backchannel-uri',
  'subject-type',
  'sector-uri',
  'userinfo-alg',
  'no-pkce',
  'par',
  'dpop',
  'fapi',
]

function advancedFields({ entered, kind, faults }: FormData): Html {
  const isOpen = ADVANCED.some((name) => faults[name])
  return html`<details${isOpen ? html` open` : ''}><summary>Advanced</summary>
${kind === 'service' ? '' : residentFields(entered, faults)}
<fieldset class="choices"><legend><strong>Security</strong></legend>
${kind === 'service' ? '' : switches(entered, faults)}
${aSwitch(entered, faults, 'dpop', 'Bind tokens to a key (DPoP, RFC 9449)', 'A stolen token is then useless.')}
${aSwitch(entered, faults, 'fapi', 'Insist on the FAPI 2.0 Security Profile', 'Needs keys instead of a secret: add them first, under Keys and secrets.')}
</fieldset></details>`
}

const switches = (entered: Entered, faults: FieldFaults): Html => html`${aSwitch(
  entered,
  faults,
  'par',
  'Require pushed authorization requests (PAR, RFC 9126)',
  'What you ask for then never passes through a browser.',
)}
${kindOfPkce(entered, faults)}`

const kindOfPkce = (entered: Entered, faults: FieldFaults): Html =>
  aSwitch(
    entered,
    faults,
    'no-pkce',
    'Accept requests without PKCE (RFC 7636)',
    'Only for libraries that cannot do it. It is never possible without a secret or keys.',
  )

const aSwitch = (
  entered: Entered,
  faults: FieldFaults,
  name: 'no-pkce' | 'par' | 'dpop' | 'fapi',
  label: string,
  hint: string,
): Html =>
  html`${faultsOf(faults, name)}${box({ name, value: 'yes', id: name, label, hint, isChecked: entered[name] })}`

const residentFields = (entered: Entered, faults: FieldFaults): Html => html`${linesField({
  name: 'post-logout-uris',
  label: 'Addresses after a sign-out',
  hint: 'Where a sign-out that you start may lead, one a line.',
  value: entered['post-logout-uris'],
  faults,
})}
${textField({
  name: 'backchannel-uri',
  label: 'Back-channel logout address',
  hint: 'Receives a logout token when a session ends (OpenID Connect Back-Channel Logout 1.0).',
  value: entered['backchannel-uri'],
  faults,
  isAddress: true,
})}
${choiceField({
  name: 'subject-type',
  label: 'Identifiers of people (sub)',
  hint: 'Pairwise identifiers differ from application to application, so that nobody can match them.',
  value: entered['subject-type'],
  faults,
  choices: [
    ['pairwise', 'pairwise: of your own'],
    ['public', 'public: the same at every application'],
  ],
})}
${textField({
  name: 'sector-uri',
  label: 'Sector identifier address',
  hint: 'Only where your redirect addresses are on several hosts: a JSON list of all of them (OpenID Connect Core §8.1).',
  value: entered['sector-uri'],
  faults,
  isAddress: true,
})}
${choiceField({
  name: 'userinfo-alg',
  label: 'Answers of the userinfo endpoint',
  value: entered['userinfo-alg'],
  faults,
  choices: [
    ['', 'plain JSON'],
    ['ES256', 'a JWT, signed with ES256'],
    ['RS256', 'a JWT, signed with RS256'],
  ],
})}`

/** `/developers/:team/sandbox/new`: first the kind, then the fields that it has. */
export function newApplicationPage(
  reader: Reader,
  { team, csrf, nonce, ...form }: FormData & { team: Membership; csrf: string; nonce: string },
): Html {
  const { kind, faults } = form
  return developerPage(reader, {
    title: hasFaults(faults) ? 'Error: new application' : 'New application',
    team,
    body: html`<h1>New application</h1>
<p class="lead">It is ready at once, in the sandbox: it meets invented people only.</p>
<nav class="tabs" aria-label="Kind of application"><ul>${Object.entries(KINDS).map(
      ([each, name]) =>
        html`<li><a href="/developers/${team.id}/sandbox/new?kind=${each}"${each === kind ? html` aria-current="page"` : ''}>${name}</a></li>`,
    )}</ul></nav>
${formFaults(faults)}
<form method="post" action="/developers/${team.id}/sandbox/new" class="card">${csrfField(csrf)}
<input type="hidden" name="nonce" value="${nonce}"><input type="hidden" name="kind" value="${kind}">
${applicationFields(form)}
<div class="buttons"><button class="primary" name="create">Create application</button> <a class="button" href="/developers/${team.id}">Cancel</a></div></form>`,
  })
}
