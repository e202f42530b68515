import type { Parameter } from './entry.ts'

const parameter = (name: string, description: string, example?: string): Parameter => ({
  name,
  in: 'query',
  isRequired: example !== undefined,
  description,
  type: 'string',
  example,
})

/** Of the authorization request. Those with an example are required. */
export const AUTHORIZE_PARAMETERS: readonly Parameter[] = [
  parameter('response_type', 'The authorization code flow is the only one', 'code'),
  parameter('client_id', 'Your client', '7f2c4b1e-9d53-4c3f-8f1a-2f6f0a6d5e11'),
  parameter(
    'redirect_uri',
    'One of your registered addresses, letter for letter',
    'http://localhost:4000/callback',
  ),
  parameter(
    'scope',
    'Scopes, separated by spaces. With `offline_access` there is a refresh token',
    'openid eprospera:person.id_verification.read',
  ),
  parameter(
    'code_challenge',
    'The SHA-256 of a secret that you make for this request, as base64url (RFC 7636)',
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  ),
  parameter('code_challenge_method', 'No other method is accepted', 'S256'),
  parameter(
    'state',
    'A random value of this request, which comes back: compare it, so that nobody else can complete the request',
  ),
  parameter('nonce', 'A random value, which the ID token then contains'),
  parameter(
    'prompt',
    '`login` asks for a new sign-in, `consent` asks again, `none` shows no page, `create` leads to sign-up where it is offered',
  ),
  parameter('max_age', 'The longest time since the person signed in, in seconds'),
  parameter('login_hint', 'An e-mail address that fills in the form'),
  parameter('ui_locales', 'The languages of the pages, such as `es en`'),
  parameter('claims', 'Claims of OpenID Connect, such as `verified_claims`, as JSON'),
  parameter('dpop_jkt', 'The thumbprint of the key to which the tokens are bound (RFC 9449)'),
  parameter('request_uri', 'From a pushed request, in place of everything but `client_id`'),
]
