import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { createUserAgent } from '../../../src/local/sandbox/user-agent.ts'
import type { VeriffSandbox } from '../../../src/local/sandbox/veriff-control.ts'

const CALLBACK = 'http://localhost:9/callback'
export const SCOPE = 'openid offline_access eprospera:person.id_verification.read'
export const PASSWORD = 'lantern orchard violet drum'
const READ_EVERY_MS = 50
const REFRESH_EVERY_MS = 400
const VERIFY_EVERY_MS = 2_000
const LONGEST_REQUEST_MS = 15_000

export type Client = { id: string; secret: string }
export type Tokens = { access_token: string; refresh_token: string }
type Kind = 'read' | 'refresh' | 'delivery'

/** Requests and their answers, in the order of the answers. Times are of `performance.now()`. */
export type Answered = { kind: Kind; at: number; milliseconds: number; fault: string | undefined }

/** Signs in and allows, through the pages of this process. */
export async function obtainTokens(web: string, client: Client, email: string): Promise<Tokens> {
  const verifier = 'v'.repeat(43)
  const browser = createUserAgent()
  const request = new URLSearchParams({
    client_id: client.id,
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: SCOPE,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  let page = await browser.open(`${web}/api/oauth/authorize?${request}`, CALLBACK)
  page = await browser.submit(page, 'login', { email, password: PASSWORD })
  page = await browser.submit(page, 'allow', {}, { leaveAt: CALLBACK })
  const code = new URL(page.url).searchParams.get('code') ?? ''
  const fields = {
    grant_type: 'authorization_code',
    redirect_uri: CALLBACK,
    code_verifier: verifier,
  }
  return await requestTokens(web, client, { ...fields, code })
}

async function requestTokens(web: string, client: Client, fields: Record<string, string>) {
  const response = await fetch(`${web}/api/oauth/token`, {
    method: 'POST',
    headers: {
      Authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`,
    },
    body: new URLSearchParams(fields),
    signal: AbortSignal.timeout(LONGEST_REQUEST_MS),
  })
  const body = await response.text()
  if (response.status !== 200) throw new Error(`${response.status} ${body}`)
  return JSON.parse(body) as Tokens
}

/** The redirect URI of the application. */
export const REDIRECT_URI = CALLBACK

/** Puts requests on the processes that `pickWeb` returns, until it is stopped. */
export function startLoad(given: {
  pickWeb(): string
  client: Client
  /** Of residents who have an approved verification: one reads with each. */
  readers: readonly Tokens[]
  refresher: Tokens
  /** Verifies somebody. */
  verify(): Promise<void>
}) {
  const { pickWeb, client, readers, verify } = given
  const stopping = new AbortController()
  const { signal } = stopping
  const answers: Answered[] = []

  async function note(kind: Kind, send: () => Promise<string | undefined>): Promise<void> {
    const at = performance.now()
    const fault = await send().catch((error: unknown) => String(error))
    answers.push({ kind, at, milliseconds: performance.now() - at, fault })
  }

  async function repeat(everyMs: number, work: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      await work()
      await wait(everyMs, undefined, { signal }).catch(() => {})
    }
  }

  const read = (token: string) =>
    note('read', async () => {
      const response = await fetch(`${pickWeb()}/api/v1/me/natural-person/id-verification`, {
        headers: { Authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(LONGEST_REQUEST_MS),
      })
      const body = await response.text()
      return response.status === 200 && JSON.parse(body).documents.documentFront
        ? undefined
        : `${response.status} ${body.slice(0, 300)}`
    })

  let { refresh_token: refreshToken } = given.refresher
  const refresh = () =>
    note('refresh', async () => {
      const fields = { grant_type: 'refresh_token', refresh_token: refreshToken }
      const next = await requestTokens(pickWeb(), client, fields)
      refreshToken = next.refresh_token
      return undefined
    })

  const underWay = [
    ...readers.map((tokens) => repeat(READ_EVERY_MS, () => read(tokens.access_token))),
    repeat(REFRESH_EVERY_MS, refresh),
    repeat(VERIFY_EVERY_MS, verify),
  ]
  return {
    answers,
    noteDelivery: (milliseconds: number, fault: string | undefined) =>
      void answers.push({
        kind: 'delivery',
        at: performance.now() - milliseconds,
        milliseconds,
        fault,
      }),
    async stop() {
      stopping.abort()
      await Promise.all(underWay)
    },
  }
}

/** Passes what the vendor sends on to the processes, and tells how each was answered. */
export async function startPostman(given: {
  pickWeb(): string
  onAnswer(milliseconds: number, fault: string | undefined): void
}) {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const {
      host,
      connection,
      'content-length': _,
      'transfer-encoding': __,
      ...headers
    } = request.headers
    const at = performance.now()
    const status = await fetch(`${given.pickWeb()}${request.url}`, {
      method: 'POST',
      headers: headers as Record<string, string>,
      body: Buffer.concat(chunks),
      signal: AbortSignal.timeout(LONGEST_REQUEST_MS),
    }).then(
      (answer) => answer.status,
      (error: unknown) => String(error),
    )
    given.onAnswer(performance.now() - at, status === 200 ? undefined : String(status))
    response.writeHead(typeof status === 'number' ? status : 502).end()
  })
  return { ...(await listen(server)) }
}

/** An application that counts the notifications that it gets, by their id. */
export async function startReceiver() {
  const received = new Map<string, number>()
  const server = createServer((request, response) => {
    const id = String(request.headers['webhook-id'] ?? randomUUID())
    received.set(id, (received.get(id) ?? 0) + 1)
    request.resume().on('end', () => response.writeHead(204).end())
  })
  return { received, ...(await listen(server)) }
}

async function listen(server: ReturnType<typeof createServer>) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** How many images a vendor holds of all sessions. */
export async function countMedia(sandbox: VeriffSandbox): Promise<number> {
  const sessions = await Promise.all(sandbox.listSessions().map((id) => sandbox.findSession(id)))
  return sessions
    .flatMap((session) => session?.attempts ?? [])
    .reduce((sum, { media }) => sum + media.length, 0)
}
