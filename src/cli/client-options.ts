import type { Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import { getList, getOption, type OptionSpec, UsageError, type Values } from './command.ts'
import { readInputFile } from './input.ts'

/** What `client create` and `client update` share. */
export const CLIENT_OPTIONS = {
  'confirm-similar-name': { text: "accept a name that people could take for another client's" },
  'redirect-uri': { value: 'uri', isList: true, text: 'where residents come back to' },
  'post-logout-redirect-uri': { value: 'uri', isList: true, text: 'where a sign-out may lead' },
  'backchannel-logout-uri': { value: 'uri', text: 'is called when a session ends' },
  'subject-type': {
    value: 'type',
    text: 'what `sub` is: pairwise or public (default of a new client: pairwise)',
    choices: ['public', 'pairwise'],
  },
  'sector-identifier-uri': { value: 'uri', text: 'lists redirect URIs on several hosts' },
  'auth-method': {
    value: 'method',
    text: 'client_secret_basic, client_secret_post, private_key_jwt or none',
  },
  'jwks-file': { value: 'file', text: 'the public keys: a JWK Set, or one key' },
  'jwks-uri': { value: 'uri', text: 'where the public keys are published' },
  pkce: { value: 'rule', text: 'required or optional (default of a new client: required)' },
  par: {
    value: 'rule',
    text: 'required or optional: pushed requests (default of a new client: optional)',
    choices: ['required', 'optional'],
  },
  dpop: {
    value: 'rule',
    text: 'required or optional: tokens bound to a key (default of a new client: optional)',
    choices: ['required', 'optional'],
  },
  fapi: { text: 'insist on the FAPI 2.0 Security Profile' },
  'userinfo-signed-response-alg': { value: 'alg', text: 'RS256 or ES256: sign userinfo answers' },
  alternative: {
    value: 'scope=smaller',
    isList: true,
    text: 'a smaller scope that residents may allow instead',
  },
  operator: { value: 'text', text: 'who runs the application' },
  purpose: { value: 'text', text: 'why it asks; residents read it before they consent' },
  'client-uri': { value: 'uri', text: "the application's own page" },
  'policy-uri': { value: 'uri', text: 'its privacy policy' },
  'tos-uri': { value: 'uri', text: 'its terms of service' },
  'logo-file': { value: 'file', text: 'a PNG, JPEG or WebP image' },
} as const satisfies Record<string, OptionSpec>
type ClientOption = keyof typeof CLIENT_OPTIONS

/** Reads everything of a client but its name, its scope and its profile. */
export async function readClient(values: Values<ClientOption>, moreUris: readonly string[]) {
  // `--redirect-uri U V` reads as the option and one more word.
  const redirectUris = [...(getList(values, 'redirect-uri') ?? []), ...moreUris]
  const keyFile = getOption(values, 'jwks-file')
  return {
    redirectUris: redirectUris.length > 0 ? redirectUris : undefined,
    postLogoutRedirectUris: getList(values, 'post-logout-redirect-uri'),
    backchannelLogoutUri: getOption(values, 'backchannel-logout-uri'),
    subjectType: getOption(values, 'subject-type'),
    sectorIdentifierUri: getOption(values, 'sector-identifier-uri'),
    authMethod: getOption(values, 'auth-method'),
    jwks: keyFile ? await readKeySet(keyFile) : undefined,
    jwksUri: getOption(values, 'jwks-uri'),
    pkce: getOption(values, 'pkce'),
    par: isRequired(getOption(values, 'par')),
    dpop: isRequired(getOption(values, 'dpop')),
    fapi: values.fapi === true ? true : undefined,
    userinfoAlgorithm: getOption(values, 'userinfo-signed-response-alg'),
    alternatives: readAlternatives(getList(values, 'alternative')),
  }
}

const isRequired = (rule: string | undefined) =>
  rule === undefined ? undefined : rule === 'required'

/** `SCOPE=SMALLER` each; an empty word removes what was there. */
function readAlternatives(words: string[] | undefined): Record<string, string> | undefined {
  return (
    words &&
    Object.fromEntries(
      words.filter(Boolean).map((word) => {
        const [whole, smaller] = word.split('=', 2)
        if (!whole || !smaller) throw new UsageError('--alternative is SCOPE=SMALLER')
        return [whole, smaller]
      }),
    )
  )
}

/** A JWK Set (RFC 7517 §5), or one key alone. */
async function readKeySet(file: string): Promise<unknown> {
  const bytes = await readInputFile(file)
  try {
    const read: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof read === 'object' && read !== null && 'kty' in read ? { keys: [read] } : read
  } catch (error) {
    throw new OperatorError(`The key set ${file} cannot be read: ${(error as Error).message}`)
  }
}

/** Throws OperatorError for a name that people could take for another client's, unless the operator confirms it. */
export async function confirmName(
  sql: Sql,
  values: Values<'name' | 'confirm-similar-name'>,
  exceptId?: string,
): Promise<void> {
  const name = getOption(values, 'name')
  if (name === undefined || values['confirm-similar-name']) return
  const { findSimilarClient } = await import('../clients/similar-names.ts')
  const similar = await findSimilarClient(sql, name, exceptId)
  if (similar)
    throw new OperatorError(
      `Residents could take this name for "${similar.name}", which is the client ${similar.id}. Choose another one, or add --confirm-similar-name.`,
    )
}

/** Sets what the consent page shows of a client. An empty word removes what was there before. */
export async function setProfile(
  sql: Sql,
  clientId: string,
  values: Values<ClientOption>,
): Promise<void> {
  const { setClientProfile } = await import('../clients/profile.ts')
  const { readLogo, setClientLogo } = await import('../clients/logo.ts')
  const file = getOption(values, 'logo-file')
  const logo = file ? readLogo(await readInputFile(file)) : undefined
  const isFound = await setClientProfile(sql, clientId, {
    operator: getOption(values, 'operator'),
    purpose: getOption(values, 'purpose'),
    client_uri: getOption(values, 'client-uri'),
    policy_uri: getOption(values, 'policy-uri'),
    tos_uri: getOption(values, 'tos-uri'),
  })
  if (isFound && file !== undefined) await setClientLogo(sql, clientId, logo)
}
