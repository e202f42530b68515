import { authorizeSamples, endSessionSamples } from './authorize-samples.ts'
import type { Access, Answer, Entry, Parameter } from './entry.ts'
import { AUTHORIZE_PARAMETERS } from './oauth-parameters.ts'
import { samplesOf } from './samples.ts'

/*
 * The endpoints of OAuth 2.0 and OpenID Connect, which oidc-provider answers: `docs/contract.md` §2 in the shape of the other endpoints.
 */

type Described = Omit<
  Entry,
  'group' | 'answers' | 'errors' | 'parameters' | 'samples' | 'method'
> & {
  method?: 'GET' | 'POST'
  parameters?: readonly Parameter[]
  answer: Partial<Answer>
  errors?: readonly Answer[]
  /** The code, where it is no request of the program. */
  samples?: Entry['samples']
}

/** `base` is the address that the code calls. */
export const oauthEntries = (base: string): Entry[] =>
  [...SIGN_IN, ...TOKENS, ...DEVICES, ...METADATA].map(({ answer, ...given }) => {
    const { method = 'POST', path, parameters = [], errors = [], access } = given
    return {
      ...given,
      group: 'oauth',
      method,
      parameters,
      answers: [{ status: 200, description: '', contentType: 'application/json', ...answer }],
      errors,
      samples:
        SAMPLES[given.id]?.(base) ??
        samplesOf({
          method,
          url: [base, path],
          isClient: access.kind === 'client',
          token: access.kind === 'resident' ? 'ACCESS_TOKEN' : undefined,
          form: parameters
            .filter((each) => each.in === 'form' && each.example !== undefined)
            .map(({ name, example = '' }) => [name, readExample(example)]),
        }),
    }
  })

const SAMPLES: Record<string, (base: string) => Entry['samples']> = {
  authorize: authorizeSamples,
  endSession: endSessionSamples,
}

/** `$CODE` is a variable, anything else a value. */
const readExample = (example: string) =>
  /^\$[A-Z_]+$/.test(example) ? { env: example.slice(1) } : example

const CLIENT: Access = { kind: 'client' }
const NOBODY: Access = { kind: 'none' }

const form = (
  name: string,
  description: string,
  given: { example?: string; isRequired?: boolean } = {},
): Parameter => ({
  name,
  in: 'form',
  isRequired: given.isRequired ?? given.example !== undefined,
  description,
  type: 'string',
  example: given.example,
})

const failure = (status: number, code: string, description: string, said: string): Answer => ({
  status,
  code,
  description,
  contentType: 'application/json',
  example: { error: code, error_description: said },
})

const INVALID_CLIENT = failure(
  401,
  'invalid_client',
  'The client is unknown or disabled, or its secret or assertion is wrong.',
  'client authentication failed',
)
const INVALID_REQUEST = failure(
  400,
  'invalid_request',
  'A parameter is missing, repeated or malformed; `error_description` names it.',
  "missing required parameter(s) 'code'",
)
const INVALID_SCOPE = failure(
  400,
  'invalid_scope',
  'A scope is unknown, or the client is not registered for it.',
  'requested scope is not allowed',
)
const TOO_MANY = failure(
  429,
  'rate_limit_exceeded',
  'Too many requests that failed, from your network. Wait as `Retry-After` says.',
  'Too many requests',
)
const invalidGrant = (description: string) =>
  failure(400, 'invalid_grant', description, 'grant request is invalid')

const TOKEN_EXAMPLE = {
  access_token: 'eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2lnbmF0dXJl',
  expires_in: 3600,
  scope: 'openid eprospera:person.id_verification.read',
  token_type: 'Bearer',
}

/** An error that the browser brings to the redirect address. */
const returned = (code: string, description: string): Answer => ({
  status: 303,
  code,
  description,
  example: `http://localhost:4000/callback?error=${code}&error_description=…&state=…&iss=…`,
})

const SIGN_IN: Described[] = [
  {
    id: 'authorize',
    method: 'GET',
    path: '/api/oauth/authorize',
    title: 'Send a person to sign in and consent',
    description:
      'Opened in the browser of the person, never fetched by a program. The person signs in, sees what you ask for and may allow a part of it. The browser then returns to your redirect address, with a code that works once, for 60 seconds.',
    access: { kind: 'browser' },
    parameters: AUTHORIZE_PARAMETERS,
    answer: {
      status: 303,
      description:
        'Back at your address, with `code`, your `state`, and `iss`: compare it with the issuer (RFC 9207)',
      contentType: undefined,
      example: 'http://localhost:4000/callback?code=…&state=…&iss=…',
    },
    errors: [
      returned('access_denied', 'The person did not allow it, or went away.'),
      returned('invalid_scope', 'A scope is unknown, or the client is not registered for it.'),
      returned('invalid_request', 'A parameter is missing or wrong, such as PKCE.'),
      returned('login_required', 'With `prompt=none`: nobody is signed in.'),
      returned('consent_required', 'With `prompt=none`: the person has to be asked.'),
      {
        status: 400,
        code: 'invalid_redirect_uri',
        description:
          'The redirect address is not one of the registered ones, or the client is unknown (`invalid_client`): a page says so, because a browser is never sent to an address that is not registered.',
      },
    ],
  },
  {
    id: 'pushAuthorizationRequest',
    path: '/api/oauth/par',
    title: 'Push the request before the browser',
    description:
      'Pushed authorization requests (RFC 9126). The parameters of the authorization request go from your server to the portal; the browser then gets only `client_id` and `request_uri`.',
    access: CLIENT,
    parameters: [
      form('response_type', 'As at the authorization endpoint, with all its other parameters', {
        example: 'code',
      }),
      form('client_id', 'Your client', { example: '$CLIENT_ID' }),
      form('redirect_uri', 'One of your registered addresses', {
        example: 'http://localhost:4000/callback',
      }),
      form('scope', 'Scopes, separated by spaces', {
        example: 'openid eprospera:person.id_verification.read',
      }),
      form('code_challenge', 'The SHA-256 of the code verifier, as base64url', {
        example: '$CODE_CHALLENGE',
      }),
      form('code_challenge_method', '`S256`', { example: 'S256' }),
    ],
    answer: {
      status: 201,
      description: 'Send the browser on within 60 seconds',
      example: {
        expires_in: 60,
        request_uri: 'urn:ietf:params:oauth:request_uri:Wl0zbGQ2yXqNQ9p0Zc3xk',
      },
    },
    errors: [INVALID_CLIENT, INVALID_REQUEST, INVALID_SCOPE, TOO_MANY],
  },
  {
    id: 'endSession',
    method: 'GET',
    path: '/api/oauth/end_session',
    title: 'Sign a person out',
    description:
      'OpenID Connect RP-Initiated Logout 1.0. Opened in the browser of the person, who confirms. Tokens with `offline_access` stay; revoke them.',
    access: { kind: 'browser' },
    parameters: [
      ['id_token_hint', 'The ID token that you have of this person', true],
      ['client_id', 'Your client', false],
      ['post_logout_redirect_uri', 'Where the browser goes then; registered beforehand', false],
      ['state', 'Returned at that address', false],
    ].map(([name, description, isRequired]) => ({
      name: String(name),
      in: 'query',
      isRequired: isRequired === true,
      description: String(description),
      type: 'string',
    })),
    answer: { description: 'A page that asks the person', contentType: 'text/html' },
    errors: [
      {
        status: 400,
        code: 'invalid_request',
        description:
          'The ID token is not one of yours, or the address is not registered: a page says so.',
      },
    ],
  },
]

const TOKENS: Described[] = [
  {
    id: 'exchangeCode',
    path: '/api/oauth/token',
    title: 'Exchange a code for tokens',
    description:
      'The `scope` of the answer lists what the person allowed: continue with that. With `openid` there is an `id_token`, with `offline_access` a `refresh_token`. A public client sends `client_id` in the form, in place of its secret.',
    access: CLIENT,
    parameters: [
      form('grant_type', '', { example: 'authorization_code' }),
      form('code', 'From the address to which the browser returned', { example: '$CODE' }),
      form('redirect_uri', 'The same as in the authorization request', {
        example: 'http://localhost:4000/callback',
      }),
      form('code_verifier', 'The one whose challenge was sent (RFC 7636)', {
        example: '$CODE_VERIFIER',
      }),
    ],
    answer: {
      description: 'The tokens',
      example: {
        ...TOKEN_EXAMPLE,
        id_token: 'eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl',
        refresh_token: 'c2VjcmV0LXJlZnJlc2gtdG9rZW4',
      },
    },
    errors: [
      invalidGrant(
        'The code is unknown, older than 60 seconds, used, or of another client; the redirect address differs; or the verifier does not match the challenge.',
      ),
      INVALID_CLIENT,
      INVALID_REQUEST,
      TOO_MANY,
    ],
  },
  {
    id: 'refreshTokens',
    path: '/api/oauth/token',
    title: 'Refresh the tokens',
    description:
      'The answer has a new refresh token: store it before you use the access token. The old one gives the same answer for ten seconds, in case the answer was lost; after that, using it ends all tokens of this person at your application.',
    access: CLIENT,
    parameters: [
      form('grant_type', '', { example: 'refresh_token' }),
      form('refresh_token', 'The newest one', { example: '$REFRESH_TOKEN' }),
      form('scope', 'Fewer scopes for this access token'),
    ],
    answer: {
      description: 'New tokens',
      example: { ...TOKEN_EXAMPLE, refresh_token: 'c2VjcmV0LXJlZnJlc2gtdG9rZW4y' },
    },
    errors: [
      invalidGrant(
        'The refresh token is unknown, 30 days old or used, or the person ended the access: ask the person again.',
      ),
      INVALID_CLIENT,
      INVALID_REQUEST,
      TOO_MANY,
    ],
  },
  {
    id: 'clientCredentials',
    path: '/api/oauth/token',
    title: 'Get a token for your own program',
    description: 'For back offices: service clients of a tenant. Nobody signs in.',
    access: CLIENT,
    parameters: [
      form('grant_type', '', { example: 'client_credentials' }),
      form('scope', '`idv.read`, `idv.write`, or both', { example: 'idv.read' }),
    ],
    answer: { description: 'The token', example: { ...TOKEN_EXAMPLE, scope: 'idv.read' } },
    errors: [
      INVALID_CLIENT,
      INVALID_SCOPE,
      failure(
        400,
        'unauthorized_client',
        'The client is no service client.',
        'requested grant type is not allowed for this client',
      ),
      TOO_MANY,
    ],
  },
  {
    id: 'introspect',
    path: '/api/oauth/introspect',
    title: 'Ask whether a token is live',
    description: 'RFC 7662, for tokens of your own client. Those of others are not `active`.',
    access: CLIENT,
    parameters: [form('token', 'An access or refresh token', { example: '$TOKEN' })],
    answer: {
      description: 'What the token is; `{"active": false}` for any that is not live',
      example: {
        active: true,
        scope: 'openid eprospera:person.id_verification.read',
        client_id: '7f2c4b1e-9d53-4c3f-8f1a-2f6f0a6d5e11',
        sub: '3yR1uG3gk0sFv2w7w5mZb0m8l0N9e1cQ2xqkqf4Zr1A',
        exp: 1768476600,
        token_type: 'Bearer',
      },
    },
    errors: [INVALID_CLIENT, INVALID_REQUEST, TOO_MANY],
  },
  {
    id: 'revoke',
    path: '/api/oauth/revoke',
    title: 'Revoke a token',
    description:
      'RFC 7009. A refresh token takes its access tokens with it. Do this when a person disconnects your application.',
    access: CLIENT,
    parameters: [form('token', 'An access or refresh token', { example: '$TOKEN' })],
    answer: {
      description: 'It is not live any more, whether it was or not. The body is empty.',
      contentType: undefined,
    },
    errors: [INVALID_CLIENT, INVALID_REQUEST, TOO_MANY],
  },
  {
    id: 'userinfo',
    method: 'GET',
    path: '/api/oauth/userinfo',
    title: 'Read the claims of the person',
    description:
      'OpenID Connect Core §5.3: `sub`, with `profile` the names, with `email` the address; `verified_claims` where the request asked for them.',
    access: { kind: 'resident', scope: 'openid' },
    answer: {
      description: 'The claims',
      example: {
        sub: '3yR1uG3gk0sFv2w7w5mZb0m8l0N9e1cQ2xqkqf4Zr1A',
        name: 'Alma Rivas',
        given_name: 'Alma',
        family_name: 'Rivas',
        email: 'alma@example.org',
        email_verified: true,
      },
    },
    errors: [
      failure(401, 'invalid_token', 'The token is not live.', 'invalid token provided'),
      failure(
        403,
        'insufficient_scope',
        'The token lacks `openid`.',
        'access token missing openid scope',
      ),
    ],
  },
]

const DEVICES: Described[] = [
  {
    id: 'authorizeDevice',
    path: '/api/oauth/device_authorization',
    title: 'Begin at a device without a browser',
    description:
      'RFC 8628. Show the person `user_code` and `verification_uri`, then ask for the tokens every five seconds.',
    access: CLIENT,
    parameters: [
      form('client_id', 'Your client', { example: '$CLIENT_ID' }),
      form('scope', 'Scopes, separated by spaces', {
        example: 'openid eprospera:person.id_verification.read',
      }),
    ],
    answer: {
      description: 'The codes, good for ten minutes',
      example: {
        device_code: 'c2VjcmV0LWRldmljZS1jb2Rl',
        user_code: 'BCDF-GHJK',
        verification_uri: 'https://portal.example.org/device',
        verification_uri_complete: 'https://portal.example.org/device?user_code=BCDF-GHJK',
        expires_in: 600,
      },
    },
    errors: [INVALID_CLIENT, INVALID_SCOPE, TOO_MANY],
  },
  {
    id: 'deviceTokens',
    path: '/api/oauth/token',
    title: 'Ask whether the person has allowed the device',
    description: 'Every five seconds, until the answer is neither of the first two errors.',
    access: CLIENT,
    parameters: [
      form('grant_type', '', { example: 'urn:ietf:params:oauth:grant-type:device_code' }),
      form('device_code', 'From the answer before', { example: '$DEVICE_CODE' }),
    ],
    answer: { description: 'The tokens', example: TOKEN_EXAMPLE },
    errors: [
      failure(
        400,
        'authorization_pending',
        'The person has not answered yet.',
        "authorization request is still pending as the end-user hasn't yet completed the user interaction steps",
      ),
      failure(
        400,
        'slow_down',
        'You ask too often.',
        'you are polling too quickly and should back off at a reasonable rate',
      ),
      failure(
        400,
        'access_denied',
        'The person refused.',
        'the user has denied the authorization request',
      ),
      failure(
        400,
        'expired_token',
        'Ten minutes are over: begin again.',
        'the device_code has expired',
      ),
      INVALID_CLIENT,
    ],
  },
]

const METADATA: Described[] = [
  {
    id: 'discover',
    method: 'GET',
    path: '/.well-known/openid-configuration',
    title: 'Discover the endpoints',
    description:
      'OpenID Connect Discovery 1.0, and RFC 8414 at `/.well-known/oauth-authorization-server`. Libraries need nothing but the issuer.',
    access: NOBODY,
    answer: {
      description: 'The metadata; a part of it is',
      example: {
        issuer: 'https://portal.example.org',
        authorization_endpoint: 'https://portal.example.org/api/oauth/authorize',
        token_endpoint: 'https://portal.example.org/api/oauth/token',
        jwks_uri: 'https://portal.example.org/api/oauth/.well-known/jwks.json',
        code_challenge_methods_supported: ['S256'],
      },
    },
  },
  {
    id: 'listKeys',
    method: 'GET',
    path: '/api/oauth/.well-known/jwks.json',
    title: 'Get the keys that sign',
    description:
      'Keep them for as long as `Cache-Control` says. Keys rotate: when a JWT names a `kid` that you do not have, get them again.',
    access: NOBODY,
    answer: {
      description: 'A JSON Web Key Set (RFC 7517)',
      example: { keys: [{ kty: 'RSA', use: 'sig', alg: 'RS256', kid: 'pQ3r', e: 'AQAB', n: '…' }] },
    },
  },
]
