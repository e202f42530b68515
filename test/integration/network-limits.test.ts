import { createHmac, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Provider } from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createApp } from '../../src/app.ts'
import { openSubjectIdentifiers } from '../../src/clients/subject-identifiers.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createProvider } from '../../src/oauth/provider.ts'
import { loadSharedKeys } from '../../src/platform/shared-keys.ts'
import { openKeyRing } from '../../src/signing/key-ring.ts'
import { findNetworkRule, NETWORK_RULES } from '../../src/web/network-limits.ts'
import { createSite, PLAIN_SITE } from '../../src/web/site.ts'
import type { WebContext } from '../../src/web-context.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

const LIMITS = { requests: 20, refusals: 5 }
const SECRET = randomUUID()
const API_KEY = randomUUID()

let portal: TestPortal
let another: Awaited<ReturnType<TestPortal['startAnother']>>
beforeAll(async () => {
  // The clock stands still, so that all requests are of one minute.
  vi.useFakeTimers({ toFake: ['Date'] })
  portal = await startPortal({
    networkLimits: LIMITS,
    trustedProxies: ['127.0.0.1', '::1'],
  })
  another = await portal.startAnother()
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'veriff',
    baseUrl: 'http://127.0.0.1:9',
    apiKey: API_KEY,
    secret: SECRET,
  })
})
afterAll(async () => {
  await another.close()
  await portal.close()
  vi.useRealTimers()
})

let last = 0
/** A network that nobody used before. */
const network = () => ({ 'X-Forwarded-For': `10.9.${last >> 8}.${last++ & 255}` })

/** The statuses of so many requests at one instant. */
async function flood(times: number, send: () => Promise<Response>) {
  const answers = await Promise.all(Array.from({ length: times }, send))
  await Promise.all(answers.map((answer) => answer.arrayBuffer()))
  const limited = answers.filter(({ status }) => status === 429)
  for (const answer of limited)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  for (const { url, headers } of limited)
    expect([url, /#rate_limit_exceeded>; rel="help"$/.test(headers.get('link') ?? '')]).toEqual([
      url,
      new URL(url).pathname.startsWith('/api/'),
    ])
  return { limited: limited.length, statuses: [...new Set(answers.map(({ status }) => status))] }
}

const authorize = (clientId: string) =>
  `${portal.url}/api/oauth/authorize?${new URLSearchParams({
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  })}`

// Said here once more: what is taken out of the list of rules would take its test along.
const UNLIMITED = `
  GET /api/oauth/userinfo
  POST /api/oauth/userinfo
  GET /api/oauth/end_session/success
  GET /api/oauth/.well-known/jwks.json
  GET /api/oauth/.well-known/openid-configuration
  GET /interaction/:uid
  GET /interaction/:uid/sign-up
  GET /interaction/:uid/continue
  GET /
  GET /sign-in
  GET /developers
  GET /developers/requests
  GET /developers/:team
  GET /developers/:team/members
  GET /developers/:team/settings
  GET /developers/:team/sandbox/:client/try
  GET /developers/:team/sandbox/:client/try/:run
  GET /developers/:team/sandbox
  GET /developers/:team/:place/:client
  GET /developers/:team/:place/:client/settings
  GET /developers/:team/:place/:client/keys
  GET /developers/:team/:place/:client/production
  GET /developers/:team/:place/:client/production/logo
  GET /developers/:team/:place/:client/events
  GET /developers/:team/:place/:client/requests
  GET /developers/:team/:place/:client/requests/:request
  GET /reset
  GET /reset/sent
  GET /reset/done
  GET /sign-up
  GET /sign-up/sent
  GET /sign-up/done
  GET /verify-email/sent
  GET /verify-email/done
  GET /verifications/:id
  GET /verify
  GET /verify/:id
  GET /links
  GET /photos/:id
  GET /photos/:id/image
  GET /photos/:id/thumbnail
  GET /verify/manual/:id
  GET /verify/manual/:id/:step
  GET /account
  GET /account/devices
  GET /account/erase
  GET /account/export
  GET /account/export/archive
  GET /account/totp
  GET /operator
  GET /account/time-zone
  GET /account/notifications
  GET /applications/:clientId
  GET /applications/:clientId/logo
  GET /activity
  GET /activity/:id
  GET /activity/:id/proof
  GET /activity/:id/unexpected
  GET /looks
  GET /outbox
  GET /verify/phone
  GET /verify/phone/:step
  GET /api/v1/idv/health
  * /api/v1/*
  GET /.well-known/*
  GET /openapi.json
  GET /favicon.ico
  GET /help
  GET /contact
  GET /privacy
  GET /accessibility
  GET /reference
  GET /reference/search
  GET /reference/:group
  GET /reference/:group/:operation
  GET /guides
  GET /guides/errors
  GET /guides/:name
  GET /health
  GET /health/live
  GET /health/ready
  GET /assets/*`
const GUESSED = `
  GET /api/oauth/authorize/:uid
  POST /api/oauth/register
  GET /api/oauth/register/:clientId
  PUT /api/oauth/register/:clientId
  DELETE /api/oauth/register/:clientId
  POST /device
  GET /device/:uid
  POST /interaction/:uid
  POST /sign-in
  GET /developers/invitations/:token
  POST /developers/invitations/:token
  POST /developers/:team/name
  POST /developers/:team/leave
  POST /developers/:team/delete
  POST /developers/:team/invitations/*
  POST /developers/:team/members/*
  GET /developers/try/callback
  POST /developers/:team/sandbox/new
  POST /developers/:team/:place/:client/settings
  POST /developers/:team/:place/:client/enabled
  POST /developers/:team/:place/:client/delete
  POST /developers/:team/:place/:client/keys
  POST /developers/:team/:place/:client/keys/*
  POST /developers/:team/:place/:client/production
  POST /developers/:team/:place/:client/production/:action
  POST /developers/:team/:place/:client/events/:action
  POST /reset/code
  GET /reset/:token
  POST /reset/:token
  POST /sign-up/code
  GET /sign-up/:token
  POST /sign-up/:token
  POST /sign-up/:token/passkey-options
  POST /verify-email/code
  GET /setup/:token
  POST /setup/:token
  POST /setup/:token/passkey-options
  GET /verify-email/:token
  POST /verify-email/:token
  GET /link/:token
  POST /link/:token
  GET /erasure/:token
  GET /erasure/:token/receipt
  GET /not-me/:token
  POST /not-me/:token
  GET /not-me/:token/done
  POST /verifications/*
  POST /verify/:id/cancel
  POST /links/*
  POST /sign-out
  POST /photos
  POST /photos/:id
  POST /verify/manual/*
  POST /account/*
  POST /applications/*
  POST /activity/*
  GET /verify/phone/open/:token
  POST /verify/phone/*
  GET /callbacks/mosaic
  GET /app/:token`

describe('every route has a rule', () => {
  test('and no other routes are without a limit, or with the one for guesses', () => {
    const ruled = (rule: string) =>
      NETWORK_RULES.filter(([, , each]) => each === rule).map(
        ([method, path]) => `${method} ${path}`,
      )
    const said = (list: string) => list.trim().split(/\n\s*/)
    expect(ruled('none')).toEqual(said(UNLIMITED))
    expect(ruled('refusals')).toEqual(said(GUESSED))
  })

  test('of the application', () => {
    const app = createApp({
      ...portal.parts,
      config: { ...portal.config, securityContacts: ['mailto:security@example.test'] },
      issuer: portal.issuer,
      lanes: [],
      limiter: { take() {} },
      network: {},
      // So that the developers' console is there.
      sandbox: {},
      site: createSite(PLAIN_SITE),
    } as unknown as WebContext)
    const routes = app.routes.filter(({ method, path }) => method !== 'ALL' && !path.endsWith('*'))
    expect(routes.length).toBeGreaterThan(50)
    const without = routes.filter(({ method, path }) => !findNetworkRule(method, sample(path)))
    expect(without.map(({ method, path }) => `${method} ${path}`)).toEqual([])
  })

  test('of the authorization server', async () => {
    const ring = await openKeyRing(portal.db, portal.parts.sealer, portal.parts.log)
    const provider = createProvider({
      ...portal.parts,
      issuer: portal.issuer,
      keys: ring.current(),
      sharedKeys: await loadSharedKeys(portal.db, portal.parts.sealer, portal.parts.log),
      subjects: await openSubjectIdentifiers(portal.db, portal.parts.sealer),
    } as never) as Provider & { pathFor(name: string, params: object): string }
    ring.close()
    const library = new URL(
      '../../node_modules/oidc-provider/lib/helpers/initialize_app.js',
      import.meta.url,
    )
    const routes = [...readFileSync(library, 'utf8').matchAll(/\b(get|post|put|del)\('(\w+)'/g)]
      .map(([, method = '', name = '']) => ({
        method: method === 'del' ? 'DELETE' : method.toUpperCase(),
        path: pathOf(provider, name),
      }))
      .filter(({ path }) => path !== undefined)
    expect(routes.length).toBeGreaterThan(20)
    const without = routes.filter(({ method, path }) => !findNetworkRule(method, path ?? ''))
    expect(without).toEqual([])
  })

  test('whatever the spelling of its address', () => {
    for (const path of ['/device', '/device/', '/DEVICE', '/%64evice'])
      expect([path, findNetworkRule('POST', path)]).toEqual([path, 'refusals'])
    expect(findNetworkRule('HEAD', '/api/oauth/authorize')).toBe('requests')
    expect(findNetworkRule('POST', '/something/new')).toBeUndefined()
  })
})

const sample = (path: string) =>
  path.replace(/:(\w+)\{[^}]*\}/g, 'x'.repeat(43)).replace(/:\w+/g, 'some-id')

/** `undefined`: the feature is off. */
function pathOf(
  provider: { pathFor(name: string, params: object): string },
  name: string,
): string | undefined {
  try {
    return provider.pathFor(name, { uid: 'some-id', clientId: 'some-id' })
  } catch {
    return undefined
  }
}

describe('a stranger who goes on is answered 429 with Retry-After', () => {
  test.each(NETWORK_RULES.filter(([, , rule]) => rule !== 'none'))(
    '%s %s (%s)',
    async (method, path, rule) => {
      const headers = network()
      const limit = rule === 'refusals' || rule === 'signatures' ? LIMITS.refusals : LIMITS.requests
      const at = path === '/webhooks/*' ? '/webhooks/veriff' : sample(path).replace(/\*$/, 'x/y')
      const send = () =>
        fetch(`${portal.url}${at}`, {
          method,
          headers: {
            ...headers,
            ...(method === 'GET' ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }),
            ...(rule === 'credentials' ? { Authorization: `Basic ${btoa('nobody:wrong')}` } : {}),
          },
          redirect: 'manual',
          ...(method === 'GET' ? {} : { body: 'grant_type=client_credentials&token=x' }),
        })
      for (let tries = 0; tries < limit; tries++) {
        const answer = await send()
        await answer.arrayBuffer()
        expect([tries, answer.status]).not.toEqual([tries, 429])
      }
      expect((await flood(3, send)).limited).toBe(3)
    },
  )
})

test('user codes are guessed a few times a minute, and a page says so', async () => {
  const browser = createUserAgent(network())
  const page = await browser.open(`${portal.issuer}/device`)
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
  const guess = () =>
    browser.request(`${portal.issuer}/device`, {
      method: 'POST',
      body: new URLSearchParams({ xsrf, user_code: 'BBBB-BBBB' }),
    })
  const { limited, statuses } = await flood(300, guess)
  expect([limited, statuses.sort()]).toEqual([295, [400, 429]])
  const answer = await guess()
  expect(answer.headers.get('content-type')).toContain('text/html')
  expect(await answer.text()).toMatch(/Too many requests came from your network/)
})

test('rows that strangers cause are limited, in every process', async () => {
  const client = await addClient(portal.parts)
  const headers = network()
  const name = portal.parts.security.networkName(headers['X-Forwarded-For'])
  const shared = async () => {
    const [row] = await portal.db`
      select sum(count)::int as count from rate_window where key = ${`network requests ${name}`}`
    return row?.count as number | null
  }
  const rows = async () => {
    const [row] = await portal.db`select count(*)::int as count from oidc_artifact`
    return row?.count as number
  }
  const before = await rows()
  const { limited } = await flood(400, () =>
    fetch(authorize(client.client_id), { headers, redirect: 'manual' }),
  )
  expect(limited).toBe(400 - LIMITS.requests)
  expect((await rows()) - before).toBeLessThanOrEqual(2 * LIMITS.requests)
  await eventually(async () => (await shared()) === LIMITS.requests)
  const elsewhere = async () => {
    const url = authorize(client.client_id).replace(portal.url, another.url)
    return (await fetch(url, { headers, redirect: 'manual' })).status
  }
  // It counts for itself, and learns of the others when it tells them.
  await elsewhere()
  await eventually(async () => (await shared()) === LIMITS.requests + 1)
  let asked = 1
  await eventually(async () => {
    asked++
    return (await elsewhere()) === 429
  })
  expect(asked).toBeLessThan(LIMITS.requests)
})

test('a program reads JSON', async () => {
  const headers = network()
  const send = () =>
    fetch(`${portal.url}/api/oauth/par`, {
      method: 'POST',
      headers,
      body: new URLSearchParams({ client_id: 'x' }),
    })
  await flood(LIMITS.requests, send)
  expect(await (await send()).json()).toEqual({
    error: 'rate_limit_exceeded',
    error_description: expect.stringContaining('seconds'),
    error_uri: `${portal.issuer}/guides/errors#rate_limit_exceeded`,
  })
})

test('an IPv6 /64 is one network, and its neighbour another', async () => {
  const client = await addClient(portal.parts)
  let host = 1
  const send = (prefix: string) =>
    fetch(authorize(client.client_id), {
      headers: { 'X-Forwarded-For': `${prefix}::${(host++).toString(16)}` },
      redirect: 'manual',
    })
  expect((await flood(50, () => send('2001:db8:7:7'))).limited).toBe(50 - LIMITS.requests)
  expect((await flood(5, () => send('2001:db8:7:8'))).limited).toBe(0)
})

test('many residents behind one address sign in, as long as they are right', async () => {
  const headers = network()
  for (let people = 0; people < 3 * LIMITS.refusals; people++) {
    const resident = await addResident(portal.parts)
    const browser = createUserAgent(headers)
    const page = await browser.open(`${portal.issuer}/`)
    const home = await browser.submit(page, 'login', { email: resident.email, password: PASSWORD })
    expect(home.text).toContain('Sign out')
  }
})

test('an application that authenticates is never held up, however many users it has', async () => {
  const client = await addClient(portal.parts)
  const service = await addClient(portal.parts, {
    type: 'service',
    redirectUris: [],
    scope: 'idv.read',
  })
  const headers = network()
  const basic = ({ client_id, client_secret }: typeof client) => ({
    ...headers,
    Authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}`,
  })
  for (let round = 0; round < 3; round++) {
    const pushed = await flood(LIMITS.requests, () =>
      fetch(`${portal.url}/api/oauth/par`, {
        method: 'POST',
        headers: basic(client),
        body: new URL(authorize(client.client_id)).searchParams,
      }),
    )
    expect(pushed.statuses).toEqual([201])
    const issued = await flood(LIMITS.requests, () =>
      fetch(`${portal.url}/api/oauth/token`, {
        method: 'POST',
        headers: basic(service),
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      }),
    )
    expect(issued.statuses).toEqual([200])
  }
})

test('forged deliveries are limited, and genuine ones of the same network are not', async () => {
  const headers = network()
  const send = (signature: string, body: string) =>
    fetch(`${portal.url}/webhooks/veriff`, {
      method: 'POST',
      headers: { ...headers, 'x-auth-client': API_KEY, 'x-hmac-signature': signature },
      body,
    })
  const forged = await flood(50, () => send('f'.repeat(64), '{}'))
  expect([forged.limited, forged.statuses.sort()]).toEqual([45, [401, 429]])
  const genuine = await flood(50, () => {
    const body = JSON.stringify({ id: randomUUID() })
    return send(createHmac('sha256', SECRET).update(body).digest('hex'), body)
  })
  expect(genuine.statuses).toEqual([200])
})

test('what was limited is in the log, without an address', async () => {
  const [line = '{}'] = portal
    .logged()
    .split('\n')
    .filter((each) => each.includes('"event":"rate_limited"'))
  expect(JSON.parse(line)).toMatchObject({
    security: true,
    subject: expect.stringMatching(/^network_/),
    network: expect.stringMatching(/^[0-9a-f]{16}$/),
  })
  const [row] = await portal.db<{ keys: string }[]>`
    select string_agg(key, ' ') as keys from rate_window`
  for (const text of [portal.logged(), row?.keys ?? '']) {
    expect(text).not.toMatch(/\b10\.9\.\d+\.\d+\b/)
    expect(text).not.toContain('2001:db8')
  }
})
