import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../src/app.ts'
import { addMember } from '../../src/developers/teams.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createSite, PLAIN_SITE } from '../../src/web/site.ts'
import type { WebContext } from '../../src/web-context.ts'
import { addDeveloper, createTeam, type Developer, type TeamOwner } from '../support/console.ts'
import { addClient, startPortal, startSandbox } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let portal: Awaited<ReturnType<typeof startPortal>>
let owner: TeamOwner
let other: TeamOwner
let ids: Record<string, string>
beforeAll(async () => {
  sandbox = await startSandbox()
  portal = await startPortal({ developerSandbox: sandbox })
  owner = await createTeam(portal)
  other = await createTeam(portal, 'Others')
  const { teamId: team, developer } = owner
  const client = await addOwnClient(sandbox, team)
  const live = await addOwnClient(portal, team)
  const form = await developer.open(`${owner.team}/sandbox/${client}/try`)
  const run = await developer.submit(form, 'start', { scope: ['openid'] })
  const request = randomUUID()
  for (const [db, id] of [
    [sandbox.db, client],
    [portal.db, live],
  ] as const)
    await db`
      insert into request_log (request_id, client_id, at, endpoint, method, status, is_authenticated, left_out)
      values (${request}, ${id}, now(), 'token', 'POST', 400, true, 0)`
  await developer.submit(await developer.open(`${owner.team}/members`), 'invite', {
    email: 'guest@example.test',
    role: 'viewer',
  })
  const [invitation] = await portal.db`select id from developer_invitation where team_id = ${team}`
  ids = {
    ...{ team, client, live, request },
    run: new URL(run.url).pathname.split('/').at(-1) ?? '',
    account: developer.accountId,
    id: String(invitation?.id),
  }
})
afterAll(async () => {
  await portal.close()
  await sandbox.close()
})

async function addOwnClient({ parts, db }: typeof portal | typeof sandbox, team: string) {
  const { client_id: id } = await addClient(parts)
  await db`update client set team_id = ${team} where id = ${id}`
  return id
}

const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'events/:action': ['set', 'remove', 'rotate-secret', 'rotate-token', 'resume', 'test', 'replay'],
  ':run/:action': ['discover', 'redeem', 'call', 'refresh', 'revoke'],
}

/** Every address of a team with what this one has, by method; those of an application at each place. */
function routesOfTeam(given: Record<string, string>): [method: string, path: string][] {
  const app = createApp({
    ...portal.parts,
    issuer: portal.issuer,
    lanes: [],
    limiter: { take() {} },
    network: {},
    sandbox: { context: sandbox.parts, issuer: sandbox.issuer, url: sandbox.url },
    site: createSite(PLAIN_SITE),
  } as unknown as WebContext)
  const found = app.routes
    .filter(({ method, path }) => method !== 'ALL' && path.startsWith('/developers/:team'))
    .flatMap(({ method, path }) => {
      const end = path.split('/').slice(-2).join('/')
      const paths = (ACTIONS[end] ?? ['']).map((action) => path.replace(':action', action))
      return paths.flatMap((each): [string, string][] => [
        [method, fill(each, { ...given, place: 'sandbox' })],
        ...(path.includes(':place')
          ? [
              [method, fill(each, { ...given, place: 'production', client: given.live ?? '' })] as [
                string,
                string,
              ],
            ]
          : []),
      ])
    })
  return [...new Map(found.map((each) => [each.join(' '), each])).values()]
}

const fill = (path: string, given: Record<string, string>) =>
  path.replaceAll(/:(\w+)/g, (_, name: string) => given[name] ?? '')

/** What each request is answered, without following a redirect. */
async function statusesOf(
  { request }: Pick<Developer, 'request'>,
  routes: readonly [method: string, path: string][],
  csrf: string,
  headers: Record<string, string> = {},
): Promise<Map<string, number>> {
  const statuses = new Map<string, number>()
  for (const [method, path] of routes) {
    const answer = await request(`${portal.issuer}${path}`, {
      method,
      headers,
      ...(method === 'POST' ? { body: new URLSearchParams({ csrf }) } : {}),
    })
    await answer.body?.cancel()
    statuses.set(`${method} ${path}`, answer.status)
  }
  return statuses
}

async function csrfOf(developer: Developer): Promise<string> {
  const { text } = await developer.open(`${portal.issuer}/developers`)
  return /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? ''
}

const except = (statuses: Map<string, number>, expected: readonly number[]) =>
  [...statuses].filter(([, status]) => !expected.includes(status))

describe('every address of a team', () => {
  test('answers its owner, and nobody else who is signed in', async () => {
    const routes = routesOfTeam(ids)
    expect(routes.length).toBeGreaterThan(70)
    const pages = routes.filter(([method, path]) => method === 'GET' && !path.endsWith('/logo'))
    const own = await statusesOf(owner.developer, pages, '')
    expect(except(own, [200])).toEqual([])
    const { developer } = other
    expect(except(await statusesOf(developer, routes, await csrfOf(developer)), [404])).toEqual([])
  })

  test('is not opened by the ids of one team under the address of another', async () => {
    const csrf = await csrfOf(other.developer)
    const routes = routesOfTeam({ ...ids, team: other.teamId }).filter(([method, path]) =>
      [ids.client, ids.live, ids.run, ids.request, ...(method === 'POST' ? [ids.id] : [])].some(
        (id) => id && path.includes(id),
      ),
    )
    expect(routes.length).toBeGreaterThan(50)
    // 409: the page says that there is no such invitation.
    expect(except(await statusesOf(other.developer, routes, csrf), [404, 409])).toEqual([])
    const [invitation] = await portal.db`
      select from developer_invitation where id = ${ids.id ?? ''}`
    expect(invitation).toBeDefined()
    const own = await addOwnClient(sandbox, other.teamId)
    const mixed = [
      ['GET', `/developers/${other.teamId}/sandbox/${own}/requests/${ids.request}`],
      ['GET', `/developers/${other.teamId}/sandbox/${own}/try/${ids.run}`],
      ['POST', `/developers/${other.teamId}/sandbox/${own}/try/${ids.run}/refresh`],
      ['GET', `/developers/${owner.teamId}/production/${ids.client}/keys`],
    ] as const
    expect(except(await statusesOf(other.developer, mixed as never, csrf), [404])).toEqual([])
    const search = await other.developer.open(
      `${portal.issuer}/developers/requests?id=${ids.request}`,
    )
    expect([search.status, search.url]).toEqual([404, expect.stringContaining('?id=')])
  })

  test('is changed by no viewer, by nobody of a suspended team, and from no other page', async () => {
    const forms = routesOfTeam(ids).filter(
      ([method, path]) => method === 'POST' && !path.endsWith('/leave'),
    )
    const viewer = await addDeveloper(portal)
    await addMember(portal.db, {
      teamId: owner.teamId,
      accountId: viewer.accountId,
      role: 'viewer',
    })
    expect(except(await statusesOf(viewer, forms, await csrfOf(viewer)), [404])).toEqual([])
    const csrf = await csrfOf(owner.developer)
    const fromSandbox = { Origin: sandbox.issuer }
    expect(except(await statusesOf(owner.developer, forms, csrf, fromSandbox), [403])).toEqual([])
    const wrong = await csrfOf(other.developer)
    expect(except(await statusesOf(owner.developer, forms, wrong), [403])).toEqual([])
    await portal.db`update developer_team set suspended_at = now() where id = ${owner.teamId}`
    expect(except(await statusesOf(owner.developer, forms, csrf), [403])).toEqual([])
    await portal.db`update developer_team set suspended_at = null where id = ${owner.teamId}`
  })
})

test('a failed request of a try leads to the request log, for its team alone', async () => {
  const path = `${owner.team}/sandbox/${ids.client}/try/${ids.run}`
  await owner.developer.submit(await owner.developer.open(path), 'wrong-redirect')
  const { text } = await owner.developer.open(path)
  const [, link = ''] = /href="(\/developers\/requests\?id=[^"]+)"/.exec(text) ?? []
  await eventually(async () => {
    const { status, url } = await owner.developer.open(`${portal.issuer}${link}`)
    return status === 200 && url.includes(`/sandbox/${ids.client}/requests/`)
  })
  expect((await other.developer.open(`${portal.issuer}${link}`)).status).toBe(404)
})

test('a persona of one team is not who a device of another application meets', async () => {
  const browser = createUserAgent()
  const signIn = await browser.open(`${sandbox.issuer}/sign-in?team=${owner.teamId}`)
  const home = await browser.submit(signIn, 'login', { persona: 'approved' })
  expect(home.text).toContain('name="sign-out"')
  const started = await fetch(`${sandbox.issuer}/api/oauth/device_authorization`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'eprospera-cli', scope: 'openid' }),
  })
  const device = (await started.json()) as { verification_uri: string; user_code: string }
  const entry = await browser.open(device.verification_uri)
  const confirm = await browser.submitFirst(entry, { user_code: device.user_code })
  const next = await browser.submit(confirm, 'confirm', { confirm: 'yes' })
  expect(next.text).toContain('name="persona"')
  expect(next.text).not.toContain('name="allow"')
})

test('two resets and a moved clock at once leave each persona once', async () => {
  const page = await owner.developer.open(`${owner.team}/sandbox`)
  const answers = await Promise.all([
    owner.developer.submit(page, 'kind', { kind: 'all' }),
    owner.developer.submit(page, 'kind', { kind: 'all' }),
    owner.developer.submit(page, 'preset', { preset: '1 hours' }),
  ])
  expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([])
  const kinds = await sandbox.db<{ kind: string }[]>`
    select kind from persona where team_id = ${owner.teamId}`
  expect(new Set(kinds.map(({ kind }) => kind)).size).toBe(kinds.length)
})

test('the sandbox is reset, production asked for and events sent as often as the limit allows', async () => {
  const page = await other.developer.open(`${other.team}/sandbox`)
  await portal.db`
    insert into sign_in_throttle (key, failures, blocked_until, last_failure_at)
    values (${`developer account ${other.developer.accountId}`}, 300, now() + interval '1 minute', now())
    on conflict (key) do update set failures = 300, blocked_until = excluded.blocked_until`
  const reset = await other.developer.submit(page, 'kind', { kind: 'approved' })
  const moved = await other.developer.submit(page, 'preset', { preset: '1 hours' })
  expect([reset.status, moved.status]).toEqual([429, 429])
  const own = await addOwnClient(sandbox, other.teamId)
  const path = (action: string) => `/developers/${other.teamId}/sandbox/${own}/${action}`
  const forms = ['production', 'events/test', 'events/replay', 'events/replay-failed']
  const asked = forms.map((action): [string, string] => ['POST', path(action)])
  const statuses = await statusesOf(other.developer, asked, await csrfOf(other.developer))
  expect(except(statuses, [429])).toEqual([])
})

test('whatever is sent in whatever parameter, no secret and no address is in the request log', async () => {
  const secret = 'q0Xk3vG7nM1pR5tW9yB2dF6hJ8lN4sV0xZ3cE7gK1mQ'
  const email = 'ana.mejia@example.test'
  const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'
  const padding = 'word '.repeat(56)
  const values = [`${secret} ${email} ${jwt}`, `${padding}${secret}`, `${padding}${email}`]
  const names =
    `acr_values assertion claims client_assertion client_assertion_type client_secret code code_challenge
    code_challenge_method code_verifier device_code dpop_jkt grant_type id_token_hint login_hint max_age nonce password
    post_logout_redirect_uri prompt redirect_uri refresh_token registration request request_uri resource response_mode
    response_type scope state token token_type_hint ui_locales user_code username`.split(/\s+/)
  const good = {
    client_id: ids.client ?? '',
    redirect_uri: 'https://client.example/callback',
    response_type: 'code',
    scope: 'openid',
  }
  const endpoints = ['authorize', 'par', 'token', 'introspect', 'revoke', 'device_authorization']
  for (const endpoint of [...endpoints, 'end_session', 'userinfo'])
    for (const value of values) {
      const send = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
        fetch(`${sandbox.issuer}/api/oauth/${endpoint}`, {
          method: 'POST',
          redirect: 'manual',
          headers,
          body: new URLSearchParams({ ...good, ...fields }),
        }).then((answer) => answer.body?.cancel())
      // One alone can hide what is wrong with another.
      await Promise.all(names.map((name) => send({ [name]: value })))
      await send(Object.fromEntries(names.map((name) => [name, value])))
      await send({}, { Authorization: `Bearer ${value}`, DPoP: value })
      await send({}, { Authorization: `Basic ${btoa(`${ids.client}:${value}`)}` })
    }
  const rows = async () =>
    await sandbox.db<{ row: string }[]>`
      select request_log::text as row from request_log where client_id = ${ids.client ?? ''}`
  await eventually(async () => (await rows()).length > 100)
  const found = (await rows()).filter(({ row }) =>
    [secret, secret.slice(0, 12), 'ana.mejia', jwt.slice(0, 20)].some((part) => row.includes(part)),
  )
  expect(found).toEqual([])
  for (const { logged } of [portal, sandbox])
    for (const part of [secret, email]) expect(logged()).not.toContain(part)
})
