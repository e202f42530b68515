import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApp } from '../../src/app.ts'
import { readCommand } from '../../src/cli/commands.ts'
import { diagnose } from '../../src/cli/diagnosis.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { PERSONAS, SHARED_TEAM } from '../../src/personas/kinds.ts'
import { findPersona } from '../../src/personas/personas.ts'
import { createSite, PLAIN_SITE } from '../../src/web/site.ts'
import type { WebContext } from '../../src/web-context.ts'
import { createApplication } from '../support/application.ts'
import { ALL_SCOPES, addClient, addResident, PASSWORD, startSandbox } from '../support/portal.ts'

let sandbox: Awaited<ReturnType<typeof startSandbox>>
beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())

/** Every route of the app at this place, without those of the API, which are the same at both. */
function routesAt({ isSandbox }: { isSandbox: boolean }): string[] {
  const app = createApp({
    ...sandbox.parts,
    config: { ...sandbox.config, isSandbox, securityContacts: ['mailto:security@example.test'] },
    issuer: sandbox.issuer,
    lanes: [],
    limiter: { take() {} },
    network: {},
    otherPlace: { issuer: 'http://portal.test' },
    sandbox: isSandbox ? undefined : { context: sandbox.parts, issuer: sandbox.issuer },
    site: createSite(PLAIN_SITE),
  } as unknown as WebContext)
  return [...new Set(app.routes.map(({ method, path }) => `${method} ${path}`))].filter(
    (route) => !/^ALL | \/(api|assets)\/|\*$/.test(route),
  )
}

/** What the sandbox has, besides the API, the authorization server and the assets. Whatever is not here is 404 there. */
const IN_SANDBOX = `
  GET /
  GET /.well-known/ledger
  GET /.well-known/ledger/consistency
  GET /.well-known/ledger/proof
  GET /.well-known/oauth-protected-resource
  GET /.well-known/security.txt
  GET /.well-known/ssf-configuration
  GET /accessibility
  GET /activity
  GET /activity/:id
  GET /activity/:id/proof
  GET /app/:token
  GET /applications/:clientId
  GET /applications/:clientId/logo
  GET /callbacks/:vendor
  GET /callbacks/:vendor/:integration
  GET /callbacks/mosaic
  GET /contact
  GET /developers
  GET /favicon.ico
  GET /guides
  GET /guides/:name
  GET /health
  GET /health/live
  GET /health/ready
  GET /help
  GET /interaction/:uid
  GET /link/:token
  GET /links
  GET /openapi.json
  GET /outbox
  GET /photos/:id
  GET /photos/:id/image
  GET /photos/:id/thumbnail
  GET /privacy
  GET /reference
  GET /reference/:group
  GET /reference/:group/:operation
  GET /reference/search
  GET /sign-in
  GET /verifications/:id
  POST /applications/:clientId
  POST /applications/:clientId/lift
  POST /applications/:clientId/revoke
  POST /callbacks/kora
  POST /callbacks/kora/:integration
  POST /interaction/:uid
  POST /language
  POST /link/:token
  POST /links/:subjectId/end
  POST /photos
  POST /photos/:id
  POST /reference/:group/:operation
  POST /sign-in
  POST /sign-out
  POST /verifications/:id
  POST /webhooks/:vendor
  POST /webhooks/:vendor/:integration`
  .trim()
  .split(/\n\s*/)

const plain = (route: string) => route.replace(/\{[^/]*\}/g, '')

test('of the routes of the portal the sandbox has these and no others', async () => {
  expect(routesAt({ isSandbox: true }).map(plain).sort()).toEqual(IN_SANDBOX)
  const absent = routesAt({ isSandbox: false }).filter(
    (route) => !IN_SANDBOX.includes(plain(route)),
  )
  expect(absent.length).toBeGreaterThan(60)
  const answers = await Promise.all(
    absent.map(async (route) => {
      const [method = '', path = ''] = route.split(' ')
      const url = `${sandbox.issuer}${plain(path).replace(/:\w+/g, '1')}`
      return [route, (await fetch(url, { method, redirect: 'manual' })).status]
    }),
  )
  expect(answers.filter(([, status]) => status !== 404)).toEqual([])
  // Programs read the same as at the portal.
  expect(await (await fetch(`${sandbox.issuer}/api/v1/nothing`)).json()).toMatchObject({
    error: 'not_found',
    error_description: 'There is nothing at this address.',
  })
})

const run = (words: string[], otherIssuer?: string) =>
  readCommand(words).run({ ...sandbox.parts, issuer: sandbox.issuer, otherIssuer })

test("the operator's commands know what the sandbox is", async () => {
  for (const [name, value] of [
    ['mfa', 'required'],
    ['sign-up', 'open'],
  ] as const)
    await expect(run(['policy', 'set', name, value, '--sandbox'])).rejects.toThrow(
      `The sandbox has no policy ${name}`,
    )
  const change = ['issuer', 'change', 'http://id.test:3003', '--sandbox']
  await expect(run(change, 'http://id.test')).rejects.toThrow('different hosts')
  await expect(run(change, 'http://localhost')).resolves.toMatchObject({ changed: false })
  const findings = await diagnose({ ...sandbox.parts, issuer: sandbox.issuer })
  expect(findings.filter(({ state }) => state === 'failed')).toEqual([])
  expect(findings.map(({ check }) => check)).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/^(backup|mail)$/)]),
  )
})

const SCOPE = 'openid profile'

/** An application of a team, or of the operator. */
async function register(teamId?: string) {
  const client = await addClient(sandbox.parts)
  if (teamId) await sandbox.db`update client set team_id = ${teamId} where id = ${client.client_id}`
  return await createApplication(sandbox.issuer, client)
}

const chosenIn = (text: string) =>
  [...text.matchAll(/value="([^"]+)"[^>]* checked/g)].map(([, kind]) => kind)

test('the sign-in page offers the personas of the team that owns the application, and makes them', async () => {
  const team = randomUUID()
  const application = await register(team)
  const browser = createUserAgent()
  const { url } = await application.authorizationRequest(SCOPE)
  const page = await browser.open(url)
  for (const { givenName, surname, summary } of PERSONAS) {
    expect(page.text).toContain(`${givenName} ${surname}</label>`)
    expect(page.text).toContain(summary)
  }
  expect(page.text).not.toContain('type="password"')
  expect(chosenIn(page.text)).toEqual(['approved'])
  const rows = await sandbox.db`select count(*)::int as n from persona where team_id = ${team}`
  expect(rows[0]?.n).toBe(PERSONAS.length)
})

test('a chosen persona is the account; the ID token says that nothing was proven', async () => {
  const team = randomUUID()
  const application = await register(team)
  const tokens = await application.obtainTokens(SCOPE, '', createUserAgent(), {
    login_hint: 'passport@anything.example',
  })
  const { sub = '', ...claims } = tokens.claims() ?? {}
  expect(claims).toMatchObject({
    given_name: 'Pablo',
    amr: ['persona'],
    acr: 'urn:identity-portal:acr:persona',
  })
  expect(await findPersona(sandbox.db, String(sub))).toMatchObject({
    kind: 'passport',
    teamId: team,
  })
})

test('without a team it is one of the shared personas', async () => {
  const tokens = await (await register()).obtainTokens(SCOPE, '')
  expect(await findPersona(sandbox.db, tokens.claims()?.sub ?? '')).toMatchObject({
    kind: 'approved',
    teamId: SHARED_TEAM,
  })
})

test('a required acr is reached, so that an application can try it; amr stays honest, and an unknown one is refused', async () => {
  const application = await register()
  const required = (value: string) => ({
    claims: JSON.stringify({ id_token: { acr: { essential: true, value } } }),
  })
  const passkey = 'urn:identity-portal:acr:passkey'
  const tokens = await application.obtainTokens(SCOPE, '', createUserAgent(), required(passkey))
  expect(tokens.claims()).toMatchObject({ acr: passkey, amr: ['persona'] })
  const { url } = await application.authorizationRequest(SCOPE, required('urn:other'))
  const refused = await createUserAgent().open(url, 'http://localhost:9/')
  expect(refused.url).toContain('error=unmet_authentication_requirements')
})

test('what the form names is one of these personas, or the page is shown again', async () => {
  const application = await register()
  const { url } = await application.authorizationRequest(SCOPE)
  for (const persona of ['nobody', randomUUID(), '', 'approved@team.example']) {
    const browser = createUserAgent()
    const again = await browser.submit(await browser.open(url), 'login', { persona })
    expect([again.status, chosenIn(again.text)]).toEqual([401, ['approved']])
    expect(again.text).toContain('Choose one of these personas.')
  }
})

test('no resident signs in: a password is no way in', async () => {
  const { email } = await addResident(sandbox.parts)
  const browser = createUserAgent()
  const page = await browser.open(`${sandbox.issuer}/sign-in`)
  const again = await browser.submit(page, 'login', { email, password: PASSWORD, persona: email })
  expect(again.status).toBe(401)
})

test('prompt=login and max_age ask for the persona again, and the one from before is chosen', async () => {
  const application = await register()
  const browser = createUserAgent()
  await application.obtainTokens(SCOPE, '', browser, { login_hint: 'mismatch' })
  for (const parameters of [{ prompt: 'login' }, { max_age: '0' }]) {
    const { url } = await application.authorizationRequest(SCOPE, parameters as never)
    const page = await browser.open(url, 'http://localhost:9/')
    expect(chosenIn(page.text)).toEqual(['mismatch'])
    const done = await browser.submit(page, 'login', {}, { leaveAt: 'http://localhost:9/' })
    expect(done.url).toContain('code=')
  }
  const { url } = await application.authorizationRequest(SCOPE)
  expect((await browser.open(url, 'http://localhost:9/')).url).toContain('code=')
})

test("another team's persona who is signed in is not who the application meets", async () => {
  const [one, other] = [await register(randomUUID()), await register(randomUUID())]
  const browser = createUserAgent()
  const first = await one.obtainTokens(SCOPE, '', browser)
  const silent = await other.authorizationRequest(SCOPE, { prompt: 'none' })
  const refused = await browser.open(silent.url, 'http://localhost:9/')
  expect(refused.url).toContain('error=login_required')
  const second = await other.obtainTokens(SCOPE, '', browser)
  expect(second.claims()?.sub).not.toBe(first.claims()?.sub)
})

test('a persona confirms by its button where a resident types a password', async () => {
  const application = await register()
  const browser = createUserAgent()
  await application.obtainTokens(SCOPE, '', browser, { login_hint: 'slow-vendor' })
  await sandbox.db`
    update oidc_artifact set payload = payload || jsonb_build_object('loginTs', extract(epoch from now())::bigint - 5000)
    where kind = 'Session'`
  const { url } = await application.authorizationRequest(ALL_SCOPES)
  const consent = await browser.open(url)
  const confirm = await browser.submit(consent, 'allow', {}, { leaveAt: 'http://localhost:9/' })
  expect(confirm.text).toContain('Continue as Lidia Paz')
  const done = await browser.submit(confirm, 'confirm', {}, { leaveAt: 'http://localhost:9/' })
  expect(done.url).toContain('code=')
})

test("/sign-in opens a persona's own pages, of a team that has something here, and of no other", async () => {
  const team = randomUUID()
  await register(team)
  const browser = createUserAgent()
  const page = await browser.open(
    `${sandbox.issuer}/sign-in?team=${team.toUpperCase()}&return=/activity`,
  )
  const opened = await browser.submit(page, 'login', { persona: 'expired-document' })
  expect(new URL(opened.url).pathname).toBe('/activity')
  const home = await browser.open(`${sandbox.issuer}/`)
  expect(home.text).toContain(`expired-document.${team}@personas.example`)
  const unknown = randomUUID()
  await createUserAgent().open(`${sandbox.issuer}/sign-in?team=${unknown}`)
  const rows = await sandbox.db`select from persona where team_id = ${unknown}`
  expect(rows).toHaveLength(0)
})
