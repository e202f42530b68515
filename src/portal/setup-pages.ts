import { html } from 'hono/html'
import type { OperatorRole } from '../accounts/operator-roles.ts'
import { csrfField, type Html, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'

type Field = 'email' | 'given-name' | 'family-name' | 'password'
/** A text for each field of `setupPage`, by its name: what was typed, or what is wrong. */
export type SetupTexts = Partial<Record<Field, string>>

/** The page behind the link that is printed at the first start: creates the account of the first operator. */
export function setupPage(
  reader: Reader,
  data: { action: string; csrf: string; values?: SetupTexts; errors?: SetupTexts },
): Html {
  const { action, csrf, values = {}, errors = {} } = data
  const { common, newAccount, setup } = reader.texts
  const hasErrors = Object.values(errors).some((text) => text !== undefined)
  const field = (name: Field, label: string, type: string, autocomplete: string, hint?: string) => {
    const error = errors[name]
    const notes = [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(' ')
    return html`<div class="field"><label for="${name}">${label}</label>
${error ? html`<p class="fault" id="${name}-error">${error}</p>` : ''}<input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" required value="${values[name] ?? ''}"${notes ? html` aria-describedby="${notes}"` : ''}${error ? html` aria-invalid="true"` : ''}>
${hint ? html`<p class="quiet" id="${name}-hint">${hint}</p>` : ''}</div>`
  }
  return page(reader, {
    passkeys: true,
    title: hasErrors ? setup.errorTitle : setup.title,
    body: html`<section class="card narrow">
<h1>${setup.title}</h1>
<p class="lead">${setup.lead}</p>
${hasErrors ? html`<div class="notice bad" role="alert"><p>${newAccount.hasErrors}</p></div>` : ''}
<form method="post" action="${action}">
${csrfField(csrf)}<input type="hidden" name="new-passkey" value="">
${field('email', common.email, 'email', 'username', setup.emailHelp)}
${field('given-name', newAccount.givenName, 'text', 'given-name')}
${field('family-name', newAccount.surname, 'text', 'family-name')}
${field('password', common.password, 'password', 'new-password', newAccount.passwordHelp)}
<p class="quiet">${setup.secondStep}</p>
<div class="buttons"><button class="primary" name="create">${newAccount.create}</button></div>
<div class="notice bad" role="alert" data-passkey-failure hidden><p>${newAccount.passkeyFailed}</p></div>
<button type="button" class="passkey" data-passkey="create" data-options="${action}/passkey-options" data-field="new-passkey" data-needs="email given-name family-name" hidden>${newAccount.passkey}</button>
</form>
</section>`,
  })
}

const PROGRAM = 'npm run -s cli --'
/** What an operator usually does next, by the text that explains it. */
const COMMANDS = {
  check: 'doctor',
  vendor: 'vendor set --help',
  client: 'client create --help',
  signUp: 'policy set sign-up open',
  operators: 'operator add EMAIL --role reviewer',
  all: '--help',
} as const

/** What a signed-in operator can do, and where. */
export function operatorPage(
  reader: Reader,
  { role, isNew }: { role: OperatorRole; isNew: boolean },
): Html {
  const { operator } = reader.texts
  return page(reader, {
    title: operator.title,
    body: html`<h1>${operator.title}</h1>
${isNew ? html`<div class="notice good" role="status"><p>${operator.created}</p></div>` : ''}
<p class="lead">${operator.lead(operator.roles[role])}</p>
<p>${operator.where}</p>
<section class="card"><dl>
${Object.entries(COMMANDS).map(
  ([name, command]) =>
    html`<div><dt>${operator.commands[name as keyof typeof COMMANDS]}</dt><dd><code>${PROGRAM} ${command}</code></dd></div>
`,
)}</dl></section>
<p class="quiet">${operator.systemd}</p>
<p><a href="/">${operator.home}</a></p>`,
  })
}
