import { createHash } from 'node:crypto'
import { createUserAgent, type UserAgent } from '../../src/local/sandbox/user-agent.ts'

export const CALLBACK = 'http://localhost/cb'
export const MEMORY_CLIENT = { id: 'benchmark', secret: 'benchmark' }

/** An authorization server under load: its endpoints, a client, and browsers in which everything is already allowed. */
export type Flows = {
  authorize: string
  token: string
  client: { id: string; secret: string }
  browsers: UserAgent[]
}

const VERIFIER = 'v'.repeat(43)
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')

/** Runs the complete flow in each browser, repeatedly, for this many seconds: authorization request, code, tokens. */
export async function runFlows(flows: Flows, seconds: number) {
  const began = performance.now()
  let done = 0
  let errors = 0
  await Promise.all(
    flows.browsers.map(async (browser) => {
      while (performance.now() - began < seconds * 1000) {
        if (await runFlow(flows, browser)) done++
        else errors++
      }
    }),
  )
  return { done, errors, seconds: (performance.now() - began) / 1000 }
}

async function runFlow(flows: Flows, browser: UserAgent): Promise<boolean> {
  return (await obtainTokens(flows, browser))?.id_token !== undefined
}

export type Tokens = { access_token: string; id_token?: string; refresh_token?: string }

/** Returns `undefined` when a step failed. */
export async function obtainTokens(
  { authorize, token, client }: Flows,
  browser: UserAgent,
  scope = 'openid email',
): Promise<Tokens | undefined> {
  const request = new URLSearchParams({
    client_id: client.id,
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope,
    state: 'state',
    nonce: 'nonce',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
  })
  const redirect = await browser.request(`${authorize}?${request}`)
  await redirect.body?.cancel()
  const code = URL.parse(redirect.headers.get('location') ?? '')?.searchParams.get('code')
  if (!code) return undefined
  const answer = await fetch(token, {
    method: 'POST',
    headers: { Authorization: basic(client) },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
    }),
  })
  const body = (await answer.json()) as Tokens
  return answer.ok ? body : undefined
}

export const basic = ({ id, secret }: { id: string; secret: string }) =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`

/** Browsers with a session at the portal, each of another resident, with a consent for the application. */
export async function signInBrowsers(
  issuer: string,
  client: { id: string },
  residents: { email: string; password: string }[],
  scope = 'openid email',
): Promise<UserAgent[]> {
  const browsers: UserAgent[] = []
  for (const { email, password } of residents) {
    const browser = createUserAgent()
    const request = new URLSearchParams({
      client_id: client.id,
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope,
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
    })
    let page = await browser.open(`${issuer}/api/oauth/authorize?${request}`, CALLBACK)
    page = await browser.submit(page, 'login', { email, password })
    page = await browser.submit(page, 'allow', {}, { leaveAt: CALLBACK })
    if (!page.url.startsWith(CALLBACK)) throw new Error('the sign-in did not go through')
    browsers.push(browser)
  }
  return browsers
}
