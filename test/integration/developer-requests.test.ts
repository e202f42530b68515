import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTeam } from '../../src/developers/teams.ts'
import { createUserAgent, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { listRequests, storeRequests } from '../../src/request-log/store.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  startSandbox,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

/* What developers see of the requests of their applications, and others do not. */

type Registered = Awaited<ReturnType<typeof addClient>>

const CONSOLE = 'http://console.example'

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let portal: Awaited<ReturnType<typeof startPortal>>
let developer: UserAgent
let stranger: UserAgent
let teamId: string
let tried: Registered
let offered: Registered
beforeAll(async () => {
  // The portal's address is known only after the sandbox has started.
  sandbox = await startSandbox({ consoleIssuer: CONSOLE })
  portal = await startPortal({ developerSandbox: sandbox })
  const owner = await addResident(portal.parts)
  developer = await signIn(owner.email)
  stranger = await signIn((await addResident(portal.parts)).email)
  teamId = await portal.db.begin((sql) =>
    createTeam(sql, { name: 'Harbour Insurance', ownerId: owner.id }),
  )
  tried = await addClient(sandbox.parts, { name: 'Harbour' })
  offered = await addClient(portal.parts, { name: 'Harbour' })
  await sandbox.db`update client set team_id = ${teamId} where id = ${tried.client_id}`
  await portal.db`update client set team_id = ${teamId} where id = ${offered.client_id}`
})
afterAll(async () => {
  await portal.close()
  await sandbox.close()
})

async function signIn(email: string): Promise<UserAgent> {
  const browser = createUserAgent()
  const page = await browser.open(`${portal.issuer}/sign-in?return=%2Fdevelopers`)
  await browser.submitFirst(page, { email, password: PASSWORD })
  return browser
}

const addressOf = (
  issuer: string,
  client: Registered,
  parameters: Record<string, string> = {},
): string =>
  `${issuer}/api/oauth/authorize?${new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    ...parameters,
  })}`
const logOf = (place: string, client: Registered) =>
  `${portal.issuer}/developers/${teamId}/${place}/${client.client_id}/requests`
const isStored = (where: typeof portal, requestId: string) =>
  eventually(async () => {
    const [row] = await where.db`select from request_log where request_id = ${requestId}`
    return row !== undefined
  })

test('an error page shows the developer of the client, and nobody else, what was registered', async () => {
  const other = 'https://harbour.example/callback'
  const address = addressOf(portal.issuer, offered, { redirect_uri: other })
  const own = await developer.open(address)
  expect(own.status).toBe(400)
  expect(own.text).toContain(`<code>${other}</code>`)
  expect(own.text).toContain(`<code>${REDIRECT_URI}</code>`)
  const requestId = own.headers.get('x-request-id') ?? ''
  const link = `${portal.issuer}/developers/requests?id=${requestId}`
  expect(own.text).toContain(`href="${link}"`)
  expect(own.text).toContain('href="/guides/errors#invalid_redirect_uri"')
  for (const browser of [stranger, createUserAgent()]) {
    const page = await browser.open(address)
    expect(page.text).not.toContain('harbour.example')
    expect(page.text).not.toContain(REDIRECT_URI)
  }
  await isStored(portal, requestId)
  const row = await developer.open(link)
  expect(row.url).toBe(`${logOf('production', offered)}/${requestId}`)
  expect(row.text).toContain(`<code>${REDIRECT_URI}</code>`)
  expect(row.text).toContain('Not authenticated')
  expect((await stranger.open(link)).status).toBe(404)
  expect((await stranger.open(row.url)).status).toBe(404)
  expect((await stranger.open(logOf('production', offered))).status).toBe(404)
})

test('in the sandbox successes are there too, and an error page leads to the console', async () => {
  const failed = await createUserAgent().open(
    addressOf(sandbox.issuer, tried, { redirect_uri: 'https://harbour.example/' }),
  )
  expect(failed.text).not.toContain('harbour.example')
  const requestId = failed.headers.get('x-request-id') ?? ''
  const link = `/developers/requests?id=${requestId}`
  expect(failed.text).toContain(`href="${CONSOLE}${link}"`)
  const begun = await fetch(addressOf(sandbox.issuer, tried), { redirect: 'manual' })
  const answer = await fetch(`${sandbox.issuer}/api/oauth/introspect`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: tried.client_id,
      client_secret: tried.client_secret ?? '',
      token: 'x',
    }),
  })
  expect([begun.status, answer.status]).toEqual([303, 200])
  await isStored(sandbox, answer.headers.get('x-request-id') ?? '')
  const all = await developer.open(logOf('sandbox', tried))
  for (const words of ['invalid_redirect_uri', 'asked to sign in', 'introspection'])
    expect(all.text).toContain(words)
  const failures = await developer.open(`${logOf('sandbox', tried)}?failures=1`)
  expect(failures.text).toContain('invalid_redirect_uri')
  expect(failures.text).not.toContain('asked to sign in')
  const today = new Date().toISOString().slice(0, 10)
  const narrow = await developer.open(`${logOf('sandbox', tried)}?endpoint=token&day=${today}`)
  expect(narrow.text).toContain('No request matches.')
  expect((await developer.open(`${portal.issuer}${link}`)).url).toBe(
    `${logOf('sandbox', tried)}/${requestId}`,
  )
})

test('pages follow one another without a gap, while new requests arrive', async () => {
  const client = await addClient(portal.parts, { name: 'Harbour Archive' })
  await portal.db`update client set team_id = ${teamId} where id = ${client.client_id}`
  const add = (count: number) =>
    storeRequests(
      portal.db,
      Array.from({ length: count }, () => ({
        requestId: crypto.randomUUID(),
        clientId: client.client_id,
        at: new Date(),
        endpoint: 'token',
        method: 'POST',
        status: 400,
        error: 'invalid_grant',
        reason: null,
        detail: null,
        isAuthenticated: true,
        leftOut: 0,
      })),
    )
  await add(120)
  const seen: string[] = []
  let next: string | undefined = logOf('production', client)
  while (next) {
    const page: { text: string } = await developer.open(next)
    seen.push(...[...page.text.matchAll(/requests\/([0-9a-f-]{36})"/g)].map(([, id = '']) => id))
    const [, older] = /href="([^"]*before=\d+)">Older/.exec(page.text) ?? []
    next = older && `${portal.issuer}${older.replaceAll('&amp;', '&')}`
    if (seen.length === 50) await add(3)
  }
  expect(seen).toHaveLength(120)
  expect(new Set(seen).size).toBe(120)
  expect(await listRequests(portal.db, { clientId: client.client_id, limit: 200 })).toHaveLength(
    123,
  )
})

test('the search says what it did not find, and asks strangers to sign in', async () => {
  const typed = `${portal.issuer}/developers/requests?id=${encodeURIComponent('<b>nothing')}`
  const page = await developer.open(typed)
  expect(page.status).toBe(404)
  expect(page.text).toContain('value="&lt;b&gt;nothing"')
  expect((await createUserAgent().open(typed)).url).toContain('/sign-in?')
})

test('every error in a redirect, a form and JSON has the address of its entry', async () => {
  const entry = (code: string) => `${portal.issuer}/guides/errors#${code}`
  const redirected = await fetch(
    addressOf(portal.issuer, offered, { scope: 'wrong', state: 'a b' }),
    {
      redirect: 'manual',
    },
  )
  const { searchParams } = new URL(redirected.headers.get('location') ?? '')
  expect(searchParams.get('error_uri')).toBe(entry('invalid_scope'))
  expect(searchParams.get('state')).toBe('a b')
  const form = await fetch(
    addressOf(portal.issuer, offered, { scope: 'wrong', response_mode: 'form_post' }),
  )
  expect(await form.text()).toContain(`name="error_uri" value="${entry('invalid_scope')}"`)
  const api = (path: string) => fetch(`${portal.url}/api/v1${path}`)
  const fixed = await api('/me/natural-person/id-verification')
  expect(await fixed.text()).toBe('{"error":"missing_token"}')
  expect(fixed.headers.get('link')).toBe(`<${entry('missing_token')}>; rel="help"`)
  const own = await api('/me/natural-person/age-over?age=18')
  expect(await own.json()).toMatchObject({
    error: 'missing_token',
    error_description: expect.any(String),
    error_uri: entry('missing_token'),
  })
  const page = await fetch(`${portal.url}/guides/errors`)
  const text = await page.text()
  for (const code of ['invalid_scope', 'missing_token']) expect(text).toContain(`id="${code}"`)
})
