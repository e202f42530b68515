import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { createAccount } from '../../src/accounts/accounts.ts'
import { createClient } from '../../src/clients/clients.ts'
import type { AppContext } from '../../src/context.ts'
import { startVerification } from '../../src/id-verification/operations.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { startVeriffSandbox } from '../../src/local/sandbox/veriff.ts'
import { startCourier } from '../chaos/courier.ts'
import type { Delivered } from '../chaos/history.ts'
import type { Deployment } from './deployment.ts'

const RESIDENTS = 3
const SESSION_EVERY_MS = 1_500
const READ_EVERY_MS = 50
const REFRESH_EVERY_MS = 200
export const IMAGES_OF_A_SESSION = 3

const CALLBACK = 'http://localhost:9/callback'
const SCOPE = 'openid offline_access eprospera:person.id_verification.read'
const PASSWORD = 'lantern orchard violet drum'
const HOLDER = { givenName: 'Ana', surname: 'Mejia', dateOfBirth: '1990-02-03' }

/** Applications that read and refresh, and a vendor that delivers; none of them tries anything again. */
export async function startLoad(deployment: Deployment, portal: string) {
  const { parts, later } = deployment
  const failures: string[] = []
  const requests = { reads: 0, refreshes: 0 }
  const stopping = new AbortController()
  let longestMs = 0

  async function send(what: keyof typeof requests, url: string, init: RequestInit) {
    const began = performance.now()
    requests[what]++
    try {
      const response = await fetch(url, init)
      const body = await response.text()
      longestMs = Math.max(longestMs, performance.now() - began)
      if (response.ok) return body
      failures.push(`${new Date().toISOString()} ${what}: ${response.status} ${body.slice(0, 200)}`)
    } catch (error) {
      failures.push(`${new Date().toISOString()} ${what}: ${(error as Error).cause ?? error}`)
    }
    return undefined
  }

  async function readRepeatedly(token: string) {
    while (!stopping.signal.aborted) {
      await send('reads', `${portal}/api/v1/me/natural-person/id-verification`, {
        headers: { Authorization: `Bearer ${token}` },
      })
      await wait(READ_EVERY_MS)
    }
  }

  async function refreshRepeatedly(client: Client, first: string) {
    for (let token = first; !stopping.signal.aborted; ) {
      const body = await send('refreshes', `${portal}/api/oauth/token`, {
        method: 'POST',
        headers: { Authorization: client.authorization },
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }),
      })
      if (body) token = (JSON.parse(body) as Tokens).refresh_token
      await wait(REFRESH_EVERY_MS)
    }
  }

  const deliveries: Delivered[] = []
  const courier = later(
    await startCourier({
      random: Math.random,
      webs: () => [portal],
      record(delivered) {
        deliveries.push(delivered)
        if (delivered.status !== 200)
          failures.push(`a delivery: ${delivered.status || 'no answer'}`)
      },
    }),
    (each) => each.close(),
  )
  const [apiKey, sharedSecret] = [randomUUID(), randomUUID()]
  const vendor = later(
    await startVeriffSandbox({
      port: 0,
      apiKey,
      sharedSecret,
      webhookUrl: `${courier.url}/webhooks/veriff`,
      retryDelaysInMs: [],
      person: { ...HOLDER, photoPixels: 480 },
    }),
    (each) => each.close(),
  )
  await setVendorIntegration(parts.db, parts.sealer, {
    vendor: 'veriff',
    baseUrl: vendor.url,
    apiKey,
    secret: sharedSecret,
  })
  const client = await addClient(parts)
  const residents = await Promise.all(
    Array.from({ length: RESIDENTS }, () => addResident(parts, portal, client)),
  )
  let sessions = 0

  async function decideRepeatedly() {
    for (let number = 0; !stopping.signal.aborted; number++) {
      const { accountId = '' } = residents[number % RESIDENTS] ?? {}
      const { vendorSessionId } = await startVerification(
        { ...parts, issuer: portal },
        { vendor: 'veriff', accountId },
      )
      await vendor.complete(vendorSessionId, 'approved')
      sessions++
      await wait(SESSION_EVERY_MS)
    }
  }

  const running = [
    ...residents.map(({ access }) => readRepeatedly(access)),
    ...residents.map(({ refresh }) => refreshRepeatedly(client, refresh)),
    decideRepeatedly(),
  ]
  return {
    async stop() {
      stopping.abort()
      await Promise.all(running)
      await vendor.settled()
      await courier.settled()
      return { requests, failures, longestMs, sessions, deliveries }
    },
  }
}

type Client = Awaited<ReturnType<typeof addClient>>
type Tokens = { access_token: string; refresh_token: string }

async function addClient({ db }: AppContext) {
  const { client_id: id, client_secret: secret } = await createClient(db, {
    name: 'Bluewater Bank',
    redirectUris: [CALLBACK],
    scope: SCOPE,
  })
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
  return { id, authorization }
}

/** A resident who has allowed the application to read, through the pages. */
async function addResident(parts: AppContext, portal: string, client: Client) {
  const email = `resident-${randomUUID()}@example.test`
  const { id: accountId } = await createAccount(parts, { email, ...HOLDER, password: PASSWORD })
  const verifier = 'v'.repeat(43)
  const request = new URLSearchParams({
    client_id: client.id,
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: SCOPE,
    prompt: 'consent',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  const browser = createUserAgent()
  let page = await browser.open(`${portal}/api/oauth/authorize?${request}`, CALLBACK)
  page = await browser.submit(page, 'login', { email, password: PASSWORD })
  page = await browser.submit(page, 'allow', {}, { leaveAt: CALLBACK })
  const response = await fetch(`${portal}/api/oauth/token`, {
    method: 'POST',
    headers: { Authorization: client.authorization },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: new URL(page.url).searchParams.get('code') ?? '',
      redirect_uri: CALLBACK,
      code_verifier: verifier,
    }),
  })
  const { access_token: access, refresh_token: refresh } = (await response.json()) as Tokens
  if (!access || !refresh) throw new Error(`no tokens were issued (${response.status})`)
  return { accountId, access, refresh }
}
