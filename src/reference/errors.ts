/** One error code, for the developers of applications. */
export type ErrorEntry = {
  /** As it is in `error`; for `missing_scopes: a, b` the part before the colon. */
  code: string
  /** Of the responses that have it; 303 is a redirect to the application. */
  statuses: readonly number[]
  where: string
  meaning: string
  /** What usually causes it. */
  causes: readonly string[]
  remedy: string
  example?: string
}

const AUTHORIZATION = 'Authorization endpoint, pushed authorization requests'
const OAUTH = 'All endpoints under /api/oauth'
const API = 'API'

/** Errors of the authorization server, by RFC 6749, OpenID Connect and their extensions. */
const OAUTH_ERRORS: readonly ErrorEntry[] = [
  {
    code: 'access_denied',
    statuses: [303, 400],
    where: `${AUTHORIZATION}; token endpoint, for a device code`,
    meaning: 'The person did not allow the access, or cancelled.',
    causes: ['The person pressed “Cancel” or declined everything.'],
    remedy:
      'Show your own page that says so, with a button to try again. Do not start again by yourself.',
    example: 'https://app.example/callback?error=access_denied&state=…',
  },
  {
    code: 'authorization_pending',
    statuses: [400],
    where: 'Token endpoint, for a device code (RFC 8628)',
    meaning: 'The person has not decided yet.',
    causes: ['This is the usual answer while a device waits.'],
    remedy: 'Ask again after `interval` seconds, until `expires_in` is over.',
  },
  {
    code: 'consent_required',
    statuses: [303],
    where: 'Authorization endpoint, with prompt=none',
    meaning: 'The person would have to decide something, and prompt=none forbids to ask.',
    causes: ['The consent is new, has ended, or was for fewer scopes or another purpose.'],
    remedy: 'Send the request again without prompt=none.',
  },
  {
    code: 'expired_token',
    statuses: [400],
    where: 'Token endpoint, for a device code',
    meaning: 'The device code has expired.',
    causes: ['The person did not enter the user code within ten minutes.'],
    remedy: 'Start again at the device authorization endpoint.',
  },
  {
    code: 'insufficient_scope',
    statuses: [403],
    where: 'Userinfo',
    meaning: 'The access token lacks a scope.',
    causes: ['The token was issued without `openid`.', 'The person declined the scope.'],
    remedy: 'Ask for the scope at the authorization endpoint.',
  },
  {
    code: 'interaction_required',
    statuses: [303],
    where: 'Authorization endpoint, with prompt=none',
    meaning: 'The person would have to do something, and prompt=none forbids to ask.',
    causes: ['A second step of the sign-in is due.'],
    remedy: 'Send the request again without prompt=none.',
  },
  {
    code: 'invalid_client',
    statuses: [400, 401],
    where: OAUTH,
    meaning: 'The client is unknown or disabled, or could not prove who it is.',
    causes: [
      'The client_id is of another place: applications of the sandbox exist there alone.',
      'The secret is wrong or was replaced, or has characters that were not form-encoded before Base64.',
      'The client is registered for another method of authentication than it uses.',
      'The assertion is signed by a key, or with an algorithm, that is not registered; its `aud` is not the issuer; its clock is wrong; or it was used before.',
    ],
    remedy:
      'Compare client_id, method and key with those of the application in the console. The request log names the reason.',
    example: '{"error":"invalid_client","error_description":"client authentication failed: …"}',
  },
  {
    code: 'invalid_client_metadata',
    statuses: [400],
    where: 'Registration (RFC 7591)',
    meaning: 'A member of the registration is missing or not allowed.',
    causes: ['`error_description` names the member.'],
    remedy: 'Correct that member.',
  },
  {
    code: 'invalid_dpop_proof',
    statuses: [400, 401],
    where: 'Token endpoint, userinfo, API (RFC 9449)',
    meaning: 'The DPoP proof is missing or was not accepted.',
    causes: [
      'The proof was used before: each request needs its own.',
      '`htm` or `htu` is not the method and the address of the request, without query.',
      '`ath` is not the hash of the access token.',
      '`iat` is more than five minutes away from the time of this server.',
      'The proof is signed by another key than the token is bound to.',
    ],
    remedy: 'Make a new proof for each request, and correct the clock of your server.',
  },
  {
    code: 'invalid_grant',
    statuses: [400],
    where: 'Token endpoint',
    meaning: 'The code, refresh token or device code cannot be redeemed.',
    causes: [
      'A code is older than 60 seconds, or was redeemed before.',
      'redirect_uri is not the one of the authorization request, character by character.',
      'code_verifier is not the one of the code_challenge.',
      'The refresh token was used before, expired, or ended with its consent.',
      'The code or token is of another client.',
    ],
    remedy:
      'Redeem a code at once and only once, and store the new refresh token each time. Otherwise start again at the authorization endpoint.',
  },
  {
    code: 'invalid_redirect_uri',
    statuses: [400],
    where: `${AUTHORIZATION}; registration`,
    meaning: 'redirect_uri is none of the registered addresses. The person is not redirected.',
    causes: [
      'A slash at the end, http: instead of https:, another port, path or query.',
      'The address of one environment with the client_id of another.',
    ],
    remedy:
      'Send an address that equals a registered one character by character, or register this one.',
    example: 'registered https://app.example/callback, arrived https://app.example/callback/',
  },
  {
    code: 'invalid_request',
    statuses: [303, 400],
    where: `${OAUTH}; ${API}`,
    meaning: 'A parameter is missing, is there twice, or has a value that is not allowed.',
    causes: [
      'PKCE: code_challenge is missing, or code_challenge_method is not S256.',
      'The client authenticates in two ways at once.',
      'The client must push its requests (RFC 9126), and this one was not.',
      'A body of the API is not JSON, or a field breaks its rule: `details` names it.',
    ],
    remedy: 'Read `error_description`; the request log shows what arrived and what was expected.',
    example:
      '{"error":"invalid_request","error_description":"Authorization Server policy requires PKCE to be used for this request"}',
  },
  {
    code: 'invalid_request_object',
    statuses: [303, 400],
    where: AUTHORIZATION,
    meaning: 'The request has a request object (JAR), which cannot be used.',
    causes: ['The parameter `request` was sent.'],
    remedy: 'Send the parameters themselves, or push them (RFC 9126).',
  },
  {
    code: 'invalid_request_uri',
    statuses: [400],
    where: 'Authorization endpoint',
    meaning: 'The pushed request is unknown, expired, used, or of another client.',
    causes: [
      'More than a minute passed between pushing the request and opening the page.',
      'The page was loaded twice with the same request_uri.',
    ],
    remedy: 'Push the request again for each visit, and open the page at once.',
  },
  {
    code: 'invalid_scope',
    statuses: [303, 400],
    where: `${AUTHORIZATION}; token and device authorization endpoints`,
    meaning: 'A scope is unknown, or the application is not registered for it, or none was sent.',
    causes: [
      'A typing error; scopes are separated by one space.',
      'The application asks for a scope in production that was approved in the sandbox alone.',
    ],
    remedy: 'Compare the scopes with those of the application in the console.',
    example: '?error=invalid_scope&error_description=requested+scope+is+not+allowed',
  },
  {
    code: 'invalid_target',
    statuses: [303, 400],
    where: `${AUTHORIZATION}; token endpoint (RFC 8707)`,
    meaning: 'The parameter `resource` names something that this server issues no tokens for.',
    causes: ['`resource` is not the issuer.'],
    remedy: 'Leave `resource` out, or send the issuer.',
  },
  {
    code: 'invalid_token',
    statuses: [401],
    where: `Userinfo, registration management, ${API}`,
    meaning: 'The token is not valid here, or is not valid any more.',
    causes: [
      'It expired: access tokens live one hour.',
      'It was revoked, its consent ended or is frozen, or the client is disabled. This holds from the next request on.',
      'It is of the sandbox and was sent to production, or the other way round.',
      'It is an ID token or a refresh token.',
    ],
    remedy:
      'Use the refresh token once. If that is refused too, ask for access again. The request log says which of the states it is.',
    example: '{"error":"invalid_token"}',
  },
  {
    code: 'login_required',
    statuses: [303],
    where: 'Authorization endpoint, with prompt=none',
    meaning: 'The person is not signed in, and prompt=none forbids to ask.',
    causes: ['The session has ended, or is older than max_age.'],
    remedy: 'Send the request again without prompt=none.',
  },
  {
    code: 'registration_not_supported',
    statuses: [303, 400],
    where: 'Authorization endpoint',
    meaning: 'The parameter `registration` is not supported.',
    causes: ['A library for self-issued providers.'],
    remedy: 'Leave the parameter out.',
  },
  {
    code: 'request_not_supported',
    statuses: [303, 400],
    where: 'Authorization endpoint',
    meaning: 'The parameter `request` is not supported.',
    causes: ['A library that signs its requests (JAR).'],
    remedy: 'Send the parameters themselves, or push them (RFC 9126).',
  },
  {
    code: 'request_uri_not_supported',
    statuses: [303, 400],
    where: 'Authorization endpoint',
    meaning: 'The request_uri is not one of a pushed request.',
    causes: ['The address of a request object of your own was sent.'],
    remedy: 'Push the request (RFC 9126), and send the request_uri of the answer.',
  },
  {
    code: 'server_error',
    statuses: [303, 500],
    where: OAUTH,
    meaning: 'The server failed.',
    causes: ['A defect of this server.'],
    remedy: 'Try again in a moment. If it stays, give the operator the request id.',
  },
  {
    code: 'slow_down',
    statuses: [400],
    where: 'Token endpoint, for a device code',
    meaning: 'The device asks too often.',
    causes: ['Less than `interval` seconds between two requests.'],
    remedy: 'Wait five seconds longer between requests from now on.',
  },
  {
    code: 'unauthorized_client',
    statuses: [303, 400],
    where: OAUTH,
    meaning: 'The client is not registered for this grant type.',
    causes: ['A web application uses the device grant, or a service client the code flow.'],
    remedy: 'Register an application of the type that you need.',
  },
  {
    code: 'unmet_authentication_requirements',
    statuses: [303],
    where: 'Authorization endpoint',
    meaning: 'The person could not sign in as strongly as the request requires.',
    causes: ['`acr_values` or the claim `acr` asks for a passkey, and the person has none.'],
    remedy: 'Ask for a weaker `acr`, or tell the person to add a passkey.',
  },
  {
    code: 'unsupported_grant_type',
    statuses: [400],
    where: 'Token endpoint',
    meaning: 'The grant type does not exist here.',
    causes: ['`password` or `implicit`, or a typing error.'],
    remedy: 'Use authorization_code, refresh_token, client_credentials or the device grant.',
  },
  {
    code: 'unsupported_response_mode',
    statuses: [303, 400],
    where: AUTHORIZATION,
    meaning: 'The response mode does not exist here.',
    causes: ['`web_message` or a mode with `.jwt`.'],
    remedy: 'Use query, fragment or form_post.',
  },
  {
    code: 'unsupported_response_type',
    statuses: [303, 400],
    where: AUTHORIZATION,
    meaning: 'The response type is not `code`.',
    causes: ['The implicit flow: `token` or `id_token`.'],
    remedy: 'Use response_type=code with PKCE.',
  },
  {
    code: 'unsupported_token_type',
    statuses: [400],
    where: 'Introspection and revocation',
    meaning: 'The token is of a kind that cannot be looked up.',
    causes: ['An ID token was sent.'],
    remedy: 'Send an access token or a refresh token.',
  },
  {
    code: 'use_dpop_nonce',
    statuses: [400, 401],
    where: 'Token endpoint, userinfo (RFC 9449 §8)',
    meaning: 'The DPoP proof needs the nonce of this answer.',
    causes: [
      'The clock of your server differs so much that the proof cannot be dated without a nonce.',
    ],
    remedy: 'Send the request again with the nonce of the header DPoP-Nonce. Correct the clock.',
  },
]

/** Errors of the API, of deliveries, and of every request. */
const API_ERRORS: readonly ErrorEntry[] = [
  {
    code: 'missing_token',
    statuses: [401],
    where: API,
    meaning: 'The request has no Authorization header.',
    causes: [
      'A proxy or a redirect removed the header.',
      'The token is in the query, where it is never read.',
    ],
    remedy: 'Send `Authorization: Bearer <access token>`.',
    example: '{"error":"missing_token"}',
  },
  {
    code: 'missing_scopes',
    statuses: [401, 403],
    where: API,
    meaning: 'The token lacks the scopes after the colon.',
    causes: [
      'They were not requested.',
      'The person declined them, chose a smaller alternative, or withdrew them later.',
    ],
    remedy:
      'Compare with `scope` of the token response before you call. Ask for them at the authorization endpoint.',
    example: '{"error":"missing_scopes: eprospera:person.id_verification.read"}',
  },
  {
    code: 'forbidden',
    statuses: [403],
    where: 'API of back offices',
    meaning: 'The token belongs to another tenant than `X-Tenant-ID` names.',
    causes: ['The credentials of two tenants were mixed up.'],
    remedy: 'Leave the header out, or send the name of the token’s tenant.',
  },
  {
    code: 'not_found',
    statuses: [404],
    where: `${OAUTH}; ${API}`,
    meaning: 'There is no such thing, or it belongs to somebody else. The two are answered alike.',
    causes: ['An id of another tenant, application or environment.', 'It was erased.'],
    remedy: 'Check the address and the id.',
  },
  {
    code: 'method_not_allowed',
    statuses: [405],
    where: API,
    meaning: 'The resource does not take this method.',
    causes: ['A POST where a GET is expected.'],
    remedy: 'The header `Allow` lists the methods.',
  },
  {
    code: 'not_acceptable',
    statuses: [406],
    where: API,
    meaning: 'The header Accept excludes every type that there is.',
    causes: ['`Accept: application/xml`.'],
    remedy: 'Accept application/json, or the type that the reference names.',
  },
  {
    code: 'conflict',
    statuses: [409],
    where: API,
    meaning: 'The state of the thing does not allow it.',
    causes: ['The verification was decided, or the id is in use.'],
    remedy: 'Read the thing again, and decide by its state.',
  },
  {
    code: 'not_polled',
    statuses: [409],
    where: 'Events',
    meaning: 'The events of this application are sent to it, so there is nothing to fetch.',
    causes: ['The stream was set up with an endpoint.'],
    remedy: 'Receive the events at your endpoint, or change the stream to polling.',
  },
  {
    code: 'payload_too_large',
    statuses: [413],
    where: API,
    meaning: 'The request is too large, or the answer would be.',
    causes: ['An image of more than 20 MiB, or a body of more than 64 KiB.'],
    remedy: 'Send less at once.',
  },
  {
    code: 'unsupported_media_type',
    statuses: [415],
    where: `${API}; forms of the authorization endpoint`,
    meaning: 'The body is of another type than the request may have.',
    causes: ['A missing or wrong Content-Type.'],
    remedy:
      'Send application/json to the API, and application/x-www-form-urlencoded to /api/oauth.',
  },
  {
    code: 'unsupported_content_encoding',
    statuses: [415],
    where: 'Deliveries of vendors',
    meaning: 'The body is compressed.',
    causes: ['A proxy compresses requests.'],
    remedy: 'Send it as it is.',
  },
  {
    code: 'rate_limit_exceeded',
    statuses: [429],
    where: 'Everywhere',
    meaning: 'Too many requests in a minute.',
    causes: ['A loop without a pause, or many servers with one token.'],
    remedy:
      'Wait as many seconds as `Retry-After` says. Read once, and listen to events instead of polling.',
    example: '{"error":"rate_limit_exceeded","error_description":"…"}',
  },
  {
    code: 'too_many_uploads',
    statuses: [429],
    where: 'Uploads of back offices',
    meaning: 'Too many images are being uploaded at once.',
    causes: ['Uploads in parallel.'],
    remedy: 'Wait as `Retry-After` says, and upload one image after the other.',
  },
  {
    code: 'internal_server_error',
    statuses: [500],
    where: API,
    meaning: 'The server failed. The code is written `Internal server error`.',
    causes: ['A defect of this server.'],
    remedy: 'Try again in a moment. If it stays, give the operator the request id.',
    example: '{"error":"Internal server error"}',
  },
  {
    code: 'vendor_unavailable',
    statuses: [502, 503],
    where: 'API of back offices; pages of vendors',
    meaning: 'The vendor of verifications does not answer.',
    causes: ['An outage of the vendor.'],
    remedy: 'Try again as `Retry-After` says.',
  },
  {
    code: 'temporarily_unavailable',
    statuses: [303, 503],
    where: 'Everywhere',
    meaning: 'The server cannot use its database for the moment.',
    causes: ['An outage or maintenance.'],
    remedy: 'Try again as `Retry-After` says. Requests that change something can be repeated.',
  },
  {
    code: 'unavailable',
    statuses: [503],
    where: 'Everywhere',
    meaning: 'The server cannot do this for the moment.',
    causes: ['An outage of a part that the request needs.'],
    remedy: 'Try again as `Retry-After` says.',
  },
  {
    code: 'busy',
    statuses: [503],
    where: 'Everywhere',
    meaning: 'Too much work of this kind is under way.',
    causes: ['Many sign-ins or images at once.'],
    remedy: 'Try again as `Retry-After` says.',
  },
  {
    code: 'misdirected_request',
    statuses: [421],
    where: 'Everywhere',
    meaning: 'The header Host names another server.',
    causes: ['A proxy that does not pass the host on.'],
    remedy: 'Call the address of the issuer.',
  },
  {
    code: 'invalid_signature',
    statuses: [401],
    where: 'Deliveries of vendors',
    meaning: 'The signature of a delivery is missing or wrong.',
    causes: ['The secret of another integration, or a body that a proxy changed.'],
    remedy: 'Compare the secret, and send the body unchanged.',
  },
  {
    code: 'invalid_callback',
    statuses: [400],
    where: 'The return from a vendor’s page',
    meaning: 'The address to which the vendor returned the person is incomplete.',
    causes: ['The address was opened by hand or changed.'],
    remedy: 'Start the verification again.',
  },
  {
    code: 'interaction_expired',
    statuses: [400],
    where: 'Sign-in and consent pages',
    meaning: 'The page is of a request that is over, or of another browser.',
    causes: ['The person took more than an hour, used a bookmark, or has cookies blocked.'],
    remedy: 'Start again at the authorization endpoint. Do not link to pages under /interaction.',
  },
  {
    code: 'forbidden_form',
    statuses: [403],
    where: 'Pages with forms',
    meaning: 'The form did not come from the server’s own page.',
    causes: ['A program or another site sent the form.'],
    remedy: 'Forms are for people in a browser. Programs use the API.',
  },
]

/** Every error code that an application can meet. */
export const ERRORS: readonly ErrorEntry[] = [...OAUTH_ERRORS, ...API_ERRORS].sort((a, b) =>
  a.code.localeCompare(b.code, 'en'),
)

export const findError = (code: string): ErrorEntry | undefined =>
  ERRORS.find((entry) => entry.code === code)
