import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { createAccount } from '../../src/accounts/accounts.ts'
import { createClient } from '../../src/clients/clients.ts'
import { createUserAgent, type Page, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { listOutbox } from '../../src/platform/mail.ts'
import { control } from './runner.ts'
import type { Target } from './target.ts'
import { type Integration, signDecision } from './vendor.ts'

export const PASSWORD = 'lantern orchard violet drum'
export const CALLBACK = 'http://localhost:9/callback'
export const IMAGES = 'eprospera:person.id_verification.read'
export const DETAILS = 'eprospera:person.details.read'
export const API = '/api/v1/me/natural-person/id-verification'

const SCOPE = `openid profile email offline_access ${IMAGES} ${DETAILS}`

export type Resident = { id: string; email: string }
export type Client = { client_id: string; client_secret?: string }
export type Tokens = {
  access_token: string
  refresh_token: string
  id_token: string
  scope: string
}

/** A network that was not used before, in the header of the proxy in front of the portal. */
export function newNetwork(): { 'X-Forwarded-For': string } {
  const [a, b, c] = randomBytes(3)
  return { 'X-Forwarded-For': `10.${a}.${b}.${c}` }
}

/** A browser in a network of its own. */
export const newBrowser = (): UserAgent => createUserAgent(newNetwork())

/** A request from a network of its own; redirects are not followed. */
export const send = (url: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
  fetch(url, { redirect: 'manual', ...init, headers: { ...newNetwork(), ...init.headers } })

/** The same request many times at once, alternating between the two web processes. */
export const atOnce = <T>({ webs }: Target, times: number, ask: (web: string) => Promise<T>) =>
  Promise.all(Array.from({ length: times }, (_, n) => ask(webs[n % 2 ? 1 : 0])))

/** Repeats the call for this many seconds, until it returns a value. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  seconds = 15,
): Promise<T> {
  for (const end = Date.now() + seconds * 1000; ; await wait(100)) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > end) throw new Error(`it did not come true: ${what}`)
  }
}

/** A resident with a name from a registry, the same as in the documents of `signDecision`. */
export async function addResident({ parts }: Target): Promise<Resident> {
  return createAccount(parts, {
    email: `resident-${randomUUID()}@example.test`,
    emailVerified: true,
    givenName: 'Ana',
    surname: 'Mejia',
    password: PASSWORD,
  })
}

export const addClient = (
  { parts }: Target,
  given: Partial<Parameters<typeof createClient>[1]> = {},
): Promise<Client> =>
  createClient(parts.db, {
    name: `Application ${randomUUID()}`,
    redirectUris: given.type === 'service' ? [] : [CALLBACK],
    scope: SCOPE,
    ...given,
  }) as Promise<Client>

export const basic = ({ client_id, client_secret }: Client) => ({
  Authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`,
})

const pkce = () => {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

export function authorizeUrl(
  { issuer }: Pick<Target, 'issuer'>,
  client: Client,
  { scope = SCOPE, challenge = pkce().challenge, ...more }: Record<string, string> = {},
): string {
  return `${issuer}/api/oauth/authorize?${new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  })}`
}

export const isSignedIn = (page: Page) => page.text.includes('name="sign-out"')

export async function signIn(
  { issuer }: Target,
  email: string,
  browser = newBrowser(),
  password = PASSWORD,
) {
  const page = await browser.submit(await browser.open(`${issuer}/`), 'login', { email, password })
  return { browser, page }
}

/** Signs in and allows until the browser leaves for the application. Returns the code. */
export async function obtainCode(
  target: Target,
  client: Client,
  resident: Resident,
  given: { browser?: UserAgent; scope?: string; more?: Record<string, string> } = {},
) {
  const { browser = newBrowser(), scope = SCOPE, more = {} } = given
  const { verifier, challenge } = pkce()
  let page = await browser.open(
    authorizeUrl(target, client, { scope, challenge, ...more }),
    CALLBACK,
  )
  for (let step = 0; step < 3 && !page.url.startsWith(CALLBACK); step++) {
    const back = { leaveAt: CALLBACK }
    page = page.text.includes('name="login"')
      ? await browser.submit(page, 'login', { email: resident.email, password: PASSWORD }, back)
      : await browser.submit(page, 'allow', {}, back)
  }
  const code = new URL(page.url).searchParams.get('code')
  control(code, 'a resident lets an application in')
  return { code, verifier, browser }
}

export const redeem = (
  web: string,
  client: Client,
  { code, verifier }: { code: string; verifier: string },
  headers: Record<string, string> = {},
) =>
  send(`${web}/api/oauth/token`, {
    method: 'POST',
    headers: { ...basic(client), ...headers },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
      code_verifier: verifier,
    }),
  })

export const refresh = (web: string, client: Client, token: string) =>
  send(`${web}/api/oauth/token`, {
    method: 'POST',
    headers: basic(client),
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }),
  })

/** An application that the resident allowed to read everything, or `scope`. */
export async function connect(
  target: Target,
  given: {
    resident?: Resident
    client?: Client
    browser?: UserAgent
    scope?: string
    more?: Record<string, string>
  } = {},
) {
  const resident = given.resident ?? (await addResident(target))
  const client = given.client ?? (await addClient(target))
  const code = await obtainCode(target, client, resident, given)
  const answer = await redeem(target.issuer, client, code)
  const tokens = (await answer.json()) as Tokens
  control(tokens.access_token, 'an application is given tokens')
  return { resident, client, tokens, browser: code.browser }
}

/** The API's response to this token. */
export async function callApi(url: string, token: string, path = API) {
  const answer = await send(`${url}${path}`, { headers: { Authorization: `Bearer ${token}` } })
  const text = await answer.text()
  const body = (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, unknown>
  return { status: answer.status, body, text }
}

/** How many of the web processes accept this token for documents. */
export async function countAcceptingProcesses({ webs }: Target, token: string): Promise<number> {
  const answers = await Promise.all(webs.map((web) => callApi(web, token)))
  return answers.filter(({ status }) => status === 200).length
}

/** A token of a service client of this tenant. */
export async function obtainServiceToken(target: Target, tenant: string): Promise<string> {
  const client = await addClient(target, { type: 'service', scope: 'idv.read idv.write', tenant })
  const answer = await send(`${target.issuer}/api/oauth/token`, {
    method: 'POST',
    headers: basic(client),
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const { access_token: token } = (await answer.json()) as Partial<Tokens>
  control(token, 'a back office is given a token')
  return token
}

export type Session = { id: string; sessionId: string }

/** A session of this resident at the vendor, started by the operator. */
export async function startSession(
  { run }: Target,
  resident: Resident,
  integration = 'default',
): Promise<Session> {
  const words = ['verification', 'start', '--vendor', 'veriff', '--resident', resident.id]
  words.push('--integration', integration)
  const { id, vendorSessionId } = await run<{ id: string; vendorSessionId: string }>(...words)
  return { id, sessionId: vendorSessionId }
}

/** Delivers a signed decision. Returns the final state of the delivery. */
export async function deliver(
  target: Target,
  session: Session,
  change: object = {},
  integration: Integration = target.vendor.own,
): Promise<string> {
  const { body, headers } = signDecision(session, integration, change)
  return deliverBody(target, body, headers, integration.name)
}

export async function deliverBody(
  target: Target,
  body: string,
  headers: Record<string, string>,
  integration = 'default',
): Promise<string> {
  const url = `${target.issuer}/webhooks/veriff/${integration}`
  const { status } = await send(url, { method: 'POST', body, headers })
  control(status === 200, `a signed delivery is taken (${status})`)
  return eventually('a delivery is worked on', async () => {
    const { db, vault } = target.parts
    const mac = await vault.mac(db, { table: 'delivery', column: 'body_mac' }, Buffer.from(body))
    const [row] = await db<{ state: string }[]>`
      select state from delivery where body_mac = ${mac}`
    return row && row.state !== 'received' && row.state
  })
}

/** Makes the resident's last sign-in older by this time, so that no test has to wait. */
export const ageSession = ({ parts }: Target, { id }: Resident, seconds = 16 * 60) => parts.db`
  update oidc_artifact set payload = payload ||
    jsonb_build_object('loginTs', extract(epoch from now())::bigint - ${seconds}::int)
  where kind = 'Session' and account_id = ${id}`

/** The link in the newest mail to this address with this subject. */
export async function receiveLink({ parts }: Target, to: string, subject: string): Promise<string> {
  const mail = await eventually('a mail comes', async () =>
    (await listOutbox(parts.db, parts.sealer)).find(
      (each) => each.to === to && each.subject === subject,
    ),
  )
  return /https?:\/\/\S+/.exec(mail.text)?.[0] ?? ''
}

export const csrfOf = (page: Page) => /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
