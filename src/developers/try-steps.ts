import { addressOf, RESIDENT_OPERATIONS, type TriedOperation } from './try-operations.ts'
import {
  authorizationParameters,
  authorizationUrl,
  bearerRequest,
  clientRequest,
  endpointOf,
  getRequest,
  withSecrets,
} from './try-requests.ts'
import {
  newRequestValues,
  type Run,
  type ShownAnswer,
  type ShownRequest,
  type Step,
  type Tokens,
} from './try-runs.ts'
import type { SendToSandbox } from './try-sender.ts'

/** What an action is given: the way to the sandbox, its issuer, and what the form said. */
export type StepParts = {
  send: SendToSandbox
  issuer: string
  given: (name: string) => string
  /** Moves what this client holds an hour into the past, and nothing of anybody else. */
  letHourPass: (clientId: string) => Promise<void>
}
export type Action = (parts: StepParts, run: Run) => Promise<Run>

const MAX_SHOWN = 32 * 1024

type Asked = { run: Run; answer: ShownAnswer | undefined }

/** Sends a request and adds it, with its answer, to the run. */
async function ask(
  { send }: Pick<StepParts, 'send'>,
  run: Run,
  what: { step: Step; title: string; request: ShownRequest },
): Promise<Asked> {
  let answer: ShownAnswer | undefined
  let shown: ShownAnswer | string = 'The sandbox did not answer.'
  try {
    answer = await send(withSecrets(what.request, run))
    shown = { ...answer, body: cut(withoutRefreshToken(answer.body)) }
  } catch (error) {
    shown = `The sandbox did not answer: ${error instanceof Error ? error.message : 'no reason'}.`
  }
  return { run: { ...run, exchanges: [...run.exchanges, { ...what, answer: shown }] }, answer }
}

/** The same where only the page reads the answer. */
const show = async (
  parts: StepParts,
  run: Run,
  step: Step,
  title: string,
  request: ShownRequest,
): Promise<Run> => (await ask(parts, run, { step, title, request })).run

/** What is kept of an answer to show it: images inside of one have megabytes. */
const cut = (body: string): string =>
  body.length > MAX_SHOWN ? `${body.slice(0, MAX_SHOWN)}\n… (${body.length} characters)` : body

const withoutRefreshToken = (body: string): string =>
  body.replace(/("refresh_token"\s*:\s*)"[^"]*"/, '$1"$REFRESH_TOKEN"')

/** Reads the server's metadata (RFC 8414, OpenID Discovery §4), which everything after it needs. */
export async function discover(parts: Pick<StepParts, 'send' | 'issuer'>, run: Run): Promise<Run> {
  const request = getRequest(`${parts.issuer}/.well-known/openid-configuration`)
  const asked = await ask(parts, run, {
    step: 'discovery',
    title: 'Ask the issuer where its endpoints are',
    request,
  })
  const endpoints = asked.answer?.status === 200 ? readJson(asked.answer.body) : undefined
  // OpenID Discovery §4.3: the document is of this issuer, or of nobody.
  return endpoints?.issuer === parts.issuer ? { ...asked.run, endpoints } : asked.run
}

/** Where the browser goes; with pushed requests, after the parameters were sent ahead (RFC 9126). `undefined`: the push was refused. */
export async function leave(
  parts: Pick<StepParts, 'send'>,
  run: Run,
): Promise<{ run: Run; address: string | undefined }> {
  const parameters = authorizationParameters(run)
  if (!run.wanted.isPushed) return { run, address: authorizationUrl(run, parameters) }
  const asked = await ask(parts, run, {
    step: 'authorization',
    title: 'Push the parameters ahead',
    request: clientRequest(run, 'pushed_authorization_request_endpoint', parameters),
  })
  const uri = asked.answer?.status === 201 ? readJson(asked.answer.body)?.request_uri : undefined
  const address =
    typeof uri === 'string'
      ? authorizationUrl(run, [
          ['client_id', run.client.id],
          ['request_uri', uri],
        ])
      : undefined
  return { run: asked.run, address }
}

const redemption = (run: Run, verifier: string): ShownRequest =>
  clientRequest(run, 'token_endpoint', [
    ['grant_type', 'authorization_code'],
    ['code', run.callback?.parameters.code ?? ''],
    ['redirect_uri', run.redirectUri],
    ['code_verifier', verifier],
  ])

const canRedeem = ({ callback, isRedeemed }: Run): boolean =>
  callback?.parameters.code !== undefined && !callback.refused && !isRedeemed

const redeem: Action = async (parts, run) => {
  if (!canRedeem(run)) return run
  const asked = await ask(parts, run, {
    step: 'token',
    title: 'Exchange the code for tokens',
    request: redemption(run, run.verifier),
  })
  const received = asked.answer?.status === 200 ? readTokens(asked.answer.body) : undefined
  const redeemed = { ...asked.run, isRedeemed: asked.answer !== undefined }
  if (!received) return redeemed
  const keys = await ask(
    parts,
    { ...redeemed, tokens: { ...received, nonce: run.nonce } },
    {
      step: 'tokens',
      title: 'Fetch the keys that sign tokens',
      request: getRequest(endpointOf(run, 'jwks_uri')),
    },
  )
  const set = keys.answer?.status === 200 ? readJson(keys.answer.body) : undefined
  return set ? { ...keys.run, keys: set as unknown as NonNullable<Run['keys']> } : keys.run
}

const wrongVerifier: Action = async (parts, run) => {
  if (!canRedeem(run)) return run
  const { verifier } = newRequestValues()
  return await show(parts, run, 'errors', 'A wrong verifier', redemption(run, verifier))
}

const codeTwice: Action = async (parts, run) =>
  run.isRedeemed
    ? await show(parts, run, 'errors', 'A code used twice', redemption(run, run.verifier))
    : run

const wrongRedirect: Action = async (parts, run) => {
  const parameters = authorizationParameters(run).map(([name, value]): [string, string] =>
    name === 'redirect_uri' ? [name, `${value}/elsewhere`] : [name, value],
  )
  const request = getRequest(authorizationUrl(run, parameters))
  return await show(parts, run, 'errors', 'A wrong redirect address', request)
}

/** An operation whose scope the token lacks. */
const findBeyond = ({ scope }: Tokens): TriedOperation | undefined =>
  RESIDENT_OPERATIONS.find(
    (each) =>
      each.method === 'get' && !each.path.includes('/:') && !scope.split(' ').includes(each.scope),
  )

/** Whether there is a way to a call without its scope: one that was not granted, or a refresh for less (RFC 6749 §6). */
export const canLackScope = ({ tokens }: Run): boolean =>
  tokens !== undefined && (findBeyond(tokens) !== undefined || tokens.refreshToken !== undefined)

const missingScope: Action = async (parts, run) => {
  const { tokens } = run
  if (!tokens || !canLackScope(run)) return run
  const title = 'A missing scope'
  const callOf = (operation: TriedOperation) =>
    bearerRequest(addressOf(parts.issuer, operation, () => ''))
  const beyond = findBeyond(tokens)
  if (beyond) return await show(parts, run, 'errors', title, callOf(beyond))
  const narrowed = await ask(parts, run, {
    step: 'errors',
    title: 'First, a token for less',
    request: refreshRequest(run, [['scope', 'openid']]),
  })
  const less = narrowed.answer?.status === 200 ? readTokens(narrowed.answer.body) : undefined
  const [requiring] = RESIDENT_OPERATIONS
  if (!less || !requiring) return narrowed.run
  const withLess = { ...narrowed.run, tokens: { ...tokens, ...less } }
  const refused = await show(parts, withLess, 'errors', title, callOf(requiring))
  // The refresh token was replaced; the access token for everything is still good.
  const { refreshToken = tokens.refreshToken } = less
  return { ...refused, tokens: { ...tokens, refreshToken } }
}

const expiredToken: Action = async (parts, run) => {
  if (!run.tokens) return run
  await parts.letHourPass(run.client.id)
  return await show(parts, run, 'errors', 'An expired token', lastCall(run))
}

const call: Action = async (parts, run) => {
  const operation = RESIDENT_OPERATIONS.find(
    ({ operationId }) => operationId === parts.given('operation'),
  )
  if (!operation || !run.tokens) return run
  const json = operation.method === 'post' ? parts.given('json') || '{}' : undefined
  const request = bearerRequest(addressOf(parts.issuer, operation, parts.given), json)
  return await show(parts, run, 'api', operation.summary, request)
}

const userinfo: Action = async (parts, run) => {
  if (!run.tokens) return run
  const request = bearerRequest(endpointOf(run, 'userinfo_endpoint'))
  return await show(parts, run, 'api', 'Userinfo', request)
}

const introspect: Action = async (parts, run) => {
  if (!run.tokens) return run
  const request = clientRequest(run, 'introspection_endpoint', [['token', '$ACCESS_TOKEN']])
  return await show(parts, run, 'api', 'Introspection', request)
}

const refreshRequest = (run: Run, more: [string, string][] = []): ShownRequest =>
  clientRequest(run, 'token_endpoint', [
    ['grant_type', 'refresh_token'],
    ['refresh_token', '$REFRESH_TOKEN'],
    ...more,
  ])

const refresh: Action = async (parts, run) => {
  if (!run.tokens?.refreshToken) return run
  const asked = await ask(parts, run, {
    step: 'end',
    title: 'Refresh',
    request: refreshRequest(run),
  })
  const received = asked.answer?.status === 200 ? readTokens(asked.answer.body) : undefined
  return received ? { ...asked.run, tokens: { ...run.tokens, ...received } } : asked.run
}

/** Ends the grant, then asks again what the token was good for. */
const revoke: Action = async (parts, run) => {
  if (!run.tokens) return run
  const isWhole = run.tokens.refreshToken !== undefined
  const revoked = await ask(parts, run, {
    step: 'end',
    title: isWhole ? 'Revoke the refresh token' : 'Revoke the access token',
    request: clientRequest(run, 'revocation_endpoint', [
      ['token', isWhole ? '$REFRESH_TOKEN' : '$ACCESS_TOKEN'],
    ]),
  })
  return await show(parts, revoked.run, 'end', 'The same call again', lastCall(run))
}

/** The last call with the token, or userinfo. */
const lastCall = (run: Run): ShownRequest =>
  run.exchanges.findLast(({ step, request }) => step === 'api' && isBearer(request))?.request ??
  bearerRequest(endpointOf(run, 'userinfo_endpoint'))

const isBearer = ({ headers }: ShownRequest) =>
  headers.some(([name, value]) => name === 'Authorization' && value.startsWith('Bearer '))

/** New values for another authorization request. What was received so far stays until there is something newer. */
const renew: Action = async (_parts, run) => {
  const { callback: _answered, isRedeemed: _spent, ...rest } = run
  return { ...rest, ...newRequestValues() }
}

/** By the last part of the form's address: what is done, and the part of the page that shows it. */
export const ACTIONS: Readonly<Record<string, readonly [action: Action, shows: Step]>> = {
  discover: [discover, 'discovery'],
  redeem: [redeem, 'token'],
  renew: [renew, 'authorization'],
  call: [call, 'api'],
  userinfo: [userinfo, 'api'],
  introspect: [introspect, 'api'],
  refresh: [refresh, 'end'],
  revoke: [revoke, 'end'],
  'wrong-redirect': [wrongRedirect, 'errors'],
  'wrong-verifier': [wrongVerifier, 'errors'],
  'code-twice': [codeTwice, 'errors'],
  'missing-scope': [missingScope, 'errors'],
  'expired-token': [expiredToken, 'errors'],
}

function readJson(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

function readTokens(body: string): Omit<Tokens, 'nonce'> | undefined {
  const { access_token, id_token, refresh_token, scope } = readJson(body) ?? {}
  if (typeof access_token !== 'string') return undefined
  return {
    accessToken: access_token,
    scope: String(scope ?? ''),
    ...(typeof id_token === 'string' ? { idToken: id_token } : {}),
    ...(typeof refresh_token === 'string' ? { refreshToken: refresh_token } : {}),
  }
}
