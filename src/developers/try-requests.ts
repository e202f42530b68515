import { createHash } from 'node:crypto'
import type { Run, ShownRequest } from './try-runs.ts'

/*
 * The requests of an application, as they are shown and copied. `$NAME` stands for a value of the run; it is filled in when the request is
 * sent.
 */

/** The values that requests are shown without. */
export const secretValues = ({ client, tokens }: Run): Record<string, string> => ({
  CLIENT_ID: client.id,
  CLIENT_SECRET: client.secret,
  CREDENTIALS: Buffer.from(`${client.id}:${client.secret}`).toString('base64'),
  ...(tokens ? { ACCESS_TOKEN: tokens.accessToken } : {}),
  ...(tokens?.refreshToken ? { REFRESH_TOKEN: tokens.refreshToken } : {}),
})

/** The request as it is sent. */
export function withSecrets(request: ShownRequest, run: Run): ShownRequest {
  const values = secretValues(run)
  const fill = ([name, value]: [string, string]): [string, string] => [
    name,
    value.replace(/^((?:Basic|Bearer) |)\$([A-Z_]+)$/, (whole, scheme: string, of: string) =>
      of in values ? `${scheme}${values[of]}` : whole,
    ),
  ]
  return {
    ...request,
    headers: request.headers.map(fill),
    ...(request.form ? { form: request.form.map(fill) } : {}),
  }
}

const ACCEPT: [string, string] = ['Accept', 'application/json']
const BASIC: [string, string] = ['Authorization', 'Basic $CREDENTIALS']
const BEARER: [string, string] = ['Authorization', 'Bearer $ACCESS_TOKEN']

/** The address of an endpoint, as discovery names it. */
export const endpointOf = ({ endpoints }: Run, name: string): string => String(endpoints?.[name])

export const getRequest = (url: string): ShownRequest => ({ method: 'GET', url, headers: [ACCEPT] })

/** A form to an endpoint at which the client authenticates (RFC 6749 §2.3.1). */
export const clientRequest = (
  run: Run,
  endpoint: string,
  form: [string, string][],
): ShownRequest => ({
  method: 'POST',
  url: endpointOf(run, endpoint),
  headers: [ACCEPT, BASIC],
  form,
})

/** A call with the access token (RFC 6750 §2.1). */
export const bearerRequest = (url: string, json?: string): ShownRequest => ({
  method: json === undefined ? 'GET' : 'POST',
  url,
  headers: [ACCEPT, BEARER],
  ...(json === undefined ? {} : { json }),
})

/** What a code verifier is sent as, at first (RFC 7636 §4.2). */
export const challengeOf = (verifier: string): string =>
  createHash('sha256').update(verifier).digest('base64url')

/** The parameters of the authorization request (OpenID Core §3.1.2.1), in the order in which they are explained. */
export function authorizationParameters(run: Run): [name: string, value: string][] {
  const { wanted, client } = run
  const chosen: [string, string][] = [
    ['prompt', wanted.prompt],
    ['acr_values', wanted.acrValues],
    ['claims', wanted.claims],
  ]
  return [
    ['client_id', client.id],
    ['redirect_uri', run.redirectUri],
    ['response_type', 'code'],
    ['scope', wanted.scope.join(' ')],
    ['state', run.state],
    ...(wanted.scope.includes('openid') ? [['nonce', run.nonce] as [string, string]] : []),
    ['code_challenge', challengeOf(run.verifier)],
    ['code_challenge_method', 'S256'],
    ...chosen.filter(([, value]) => value !== ''),
  ]
}

/** The address that the browser opens. */
export const authorizationUrl = (run: Run, parameters: [string, string][]): string =>
  `${endpointOf(run, 'authorization_endpoint')}?${new URLSearchParams(parameters)}`

/** The command that sends the same request from a shell. */
export function toCurl({ method, url, headers, form, json }: ShownRequest): string {
  const parts = [
    `curl -i ${quote(url)}`,
    ...headers.map(([name, value]) =>
      value === BASIC[1] ? '-u "$CLIENT_ID:$CLIENT_SECRET"' : `-H ${quote(`${name}: ${value}`)}`,
    ),
    ...(form ?? []).map(([name, value]) => `--data-urlencode ${quote(`${name}=${value}`)}`),
    ...(json === undefined ? [] : [`--json ${quote(json)}`]),
    ...(method === 'POST' && !form && json === undefined ? ['-X POST'] : []),
  ]
  return parts.join(' \\\n  ')
}

/** A word of a POSIX shell, which expands our own names and nothing that somebody typed. */
const quote = (text: string): string =>
  /^[\w: =]*\$(ACCESS|REFRESH)_TOKEN$/.test(text)
    ? `"${text}"`
    : `'${text.replaceAll("'", "'\\''")}'`
