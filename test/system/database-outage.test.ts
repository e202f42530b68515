import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createApplication } from '../support/application.ts'
import { startNetworkProxy } from '../support/network-proxy.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { addVerification, loadPerson } from '../support/verifications.ts'

const SCOPE = `${ALL_SCOPES} eprospera:person.details.read`

let portal: TestPortal
let proxy: Awaited<ReturnType<typeof startNetworkProxy>>
let web: Awaited<ReturnType<TestPortal['startAnother']>>
let requests: Record<string, () => Promise<Response>>
let refresh: (token?: string) => Promise<Response>
beforeAll(async () => {
  portal = await startPortal()
  const { database } = portal.config
  proxy = await startNetworkProxy(Number(new URL(database.url).port))
  const url = Object.assign(new URL(database.url), {
    hostname: '127.0.0.1',
    port: String(proxy.port),
  }).href
  web = await portal.startAnother({ database: { ...database, url } })
  const resident = await addResident(portal.parts)
  await addVerification(portal.parts, resident.id)
  await loadPerson(portal.parts, resident.id, { surname: 'Mejia' })
  const registered = await addClient(portal.parts, { scope: SCOPE })
  const application = await createApplication(portal.issuer, registered)
  const tokens = await application.obtainTokens(SCOPE, resident.email)
  const authorization = { authorization: `Bearer ${tokens.access_token}` }
  const host = { host: new URL(portal.issuer).host }
  const secret = Buffer.from(`${registered.client_id}:${registered.client_secret}`).toString(
    'base64',
  )
  const { url: signIn } = await application.authorizationRequest(ALL_SCOPES)
  refresh = (token = tokens.refresh_token ?? '') =>
    fetch(`${web.url}/api/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${secret}` },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }),
    })
  requests = {
    documents: () =>
      fetch(`${web.url}/api/v1/me/natural-person/id-verification`, { headers: authorization }),
    person: () => fetch(`${web.url}/api/v1/me/natural-person`, { headers: authorization }),
    userinfo: () => fetch(`${web.url}/api/oauth/userinfo`, { headers: authorization }),
    introspection: () =>
      fetch(`${web.url}/api/oauth/introspect`, {
        method: 'POST',
        headers: { authorization: `Basic ${secret}` },
        body: new URLSearchParams({ token: tokens.access_token }),
      }),
    'sign-in page': () =>
      fetch(signIn.replace(portal.issuer, web.url), {
        redirect: 'manual',
        headers: { accept: 'text/html', ...host },
      }),
  }
}, 60_000)
afterAll(async () => {
  await web.close()
  await proxy.close()
  await portal.close()
})

const statuses = async () =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(requests).map(async ([name, send]) => [name, (await send()).status] as const),
    ),
  )

test('while connections are ended again and again, reads succeed, or are asked to come again', async () => {
  const usual = await statuses()
  expect(usual).toEqual({
    documents: 200,
    person: 200,
    userinfo: 200,
    introspection: 200,
    'sign-in page': 303,
  })
  const counts: Record<string, Record<string, number>> = {}
  let isStopped = false
  const loops = Object.entries(requests).flatMap(([name, send]) =>
    Array.from({ length: 4 }, async () => {
      while (!isStopped) {
        const response = await send()
        await response.arrayBuffer()
        const outcome = response.status === usual[name] ? 'usual' : String(response.status)
        counts[name] = { ...counts[name], [outcome]: (counts[name]?.[outcome] ?? 0) + 1 }
      }
    }),
  )
  const countUsual = () =>
    Math.min(...Object.keys(requests).map((name) => counts[name]?.usual ?? 0))
  for (let round = 1; round <= 8; round++) {
    await vi.waitFor(() => expect(countUsual()).toBeGreaterThan(round * 15), {
      timeout: 30_000,
    })
    await portal.db`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and usename = 'test_web'`
  }
  isStopped = true
  await Promise.all(loops)
  for (const [name, { usual, 503: unavailable = 0, ...others }] of Object.entries(counts)) {
    expect([name, others]).toEqual([name, {}])
    // Documents are read again. The others write, in transactions whose outcome is unknown, so the caller decides.
    expect(unavailable / (usual ?? 0)).toBeLessThan(name === 'documents' ? 0.1 : 0.5)
  }
}, 90_000)

test('while the database does not answer, everything says so within seconds, and works again soon after it is back', async () => {
  const usual = await statuses()
  proxy.become('black-hole')
  const sent = Date.now()
  const responses = await Promise.all(
    Object.entries(requests).map(async ([name, send]) => ({ name, response: await send() })),
  )
  // The server is suspected after 3 seconds, and asked for 3 more.
  expect(Date.now() - sent).toBeLessThan(15_000)
  for (const { name, response } of responses) {
    expect([name, response.status]).toEqual([name, 503])
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    const body = await response.text()
    if (name === 'sign-in page') expect(body).toContain('<!doctype html>')
    else expect(JSON.parse(body)).toMatchObject({ error: 'temporarily_unavailable' })
  }
  proxy.become('clear')
  await vi.waitFor(async () => expect(await statuses()).toEqual(usual), {
    timeout: 20_000,
    interval: 100,
  })
}, 90_000)

test('a refresh that failed because of the database can be repeated when it is back, however long that took; a replay cannot', async () => {
  // As if the database went away between the use of the token and the storage of its successor.
  await portal.db.unsafe(`
    create function go_away() returns trigger language plpgsql as
      $$ begin raise 'away' using errcode = '57014'; end $$;
    create trigger away before insert on oidc_artifact for each row when (new.kind = 'RefreshToken') execute function go_away();
    create trigger still_away before update of consumed_at on oidc_artifact for each row
      when (old.consumed_at is not null) execute function go_away();`)
  expect((await refresh()).status).toBe(503)
  // Longer than a client may usually repeat it.
  await new Promise((resolve) => setTimeout(resolve, 11_000))
  await portal.db.unsafe('drop function go_away cascade')
  await vi.waitFor(
    async () => {
      const [row] = await portal.db`
        select from oidc_artifact where kind = 'RefreshToken' and consumed_at > now() - interval '5 seconds'`
      expect(row).toBeDefined()
    },
    { timeout: 10_000 },
  )
  const response = await refresh()
  expect(response.status).toBe(200)
  const { refresh_token: successor } = (await response.json()) as { refresh_token: string }
  expect((await refresh(successor)).status).toBe(200)
  expect((await refresh()).status).toBe(400)
}, 60_000)
