import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { ensurePersonas } from '../../src/personas/personas.ts'
import { openDb } from '../../src/platform/db.ts'
import { type Served, serve } from '../../src/serve.ts'
import { createApplication } from '../support/application.ts'
import { PROCESS_ROLES } from '../support/cluster.ts'
import { createDatabase } from '../support/database.ts'
import { ALL_SCOPES, addClient, addResident, REDIRECT_URI } from '../support/portal.ts'
import { findFreePorts } from '../support/ports.ts'
import { kill, test as program, UNUSED_PORT, withDatabase } from '../support/program.ts'
import { eventually } from '../support/sandbox.ts'

let dir: string
let metricsPort: number
let served: Served
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portal-sandbox-'))
  ;[metricsPort = 0] = await findFreePorts(1)
  served = await serve({
    PORT: '0',
    SANDBOX_PORT: '0',
    METRICS_PORT: String(metricsPort),
    DATA_DIR: dir,
    LOG_LEVEL: 'silent',
  })
})
afterAll(async () => {
  await served.close()
  await rm(dir, { recursive: true, force: true })
})

const WITH_GUIDE = { error_uri: expect.stringContaining('/guides/errors#invalid_') }

function places() {
  const { context, server, sandbox } = served
  if (!server || !sandbox) throw new Error('one of them is not served')
  return { portal: { ...server, context }, sandbox }
}

test('the sandbox is served beside the portal, at another host, with a database and a bucket of its own', async () => {
  const { portal, sandbox } = places()
  for (const { issuer } of [portal, sandbox]) {
    const found = await fetch(`${issuer}/.well-known/openid-configuration`)
    expect(await found.json()).toMatchObject({ issuer })
  }
  expect(new URL(sandbox.issuer).hostname).not.toBe(new URL(portal.issuer).hostname)
  expect(sandbox.context.config.isSandbox).toBe(true)
  expect(sandbox.context.config.database.url).not.toBe(portal.context.config.database.url)
  expect(sandbox.context.config.s3.bucket).not.toBe(portal.context.config.s3.bucket)
  const nameOf = async ({ db }: Pick<typeof portal.context, 'db'>) =>
    (await db`select current_database() as name`)[0]?.name
  expect(await nameOf(sandbox.context)).not.toBe(await nameOf(portal.context))
  // Neither can open what the other signed.
  const keysOf = async (issuer: string) =>
    (await (await fetch(`${issuer}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] }
  const [portals, sandboxes] = await Promise.all([keysOf(portal.issuer), keysOf(sandbox.issuer)])
  const kids = new Set(portals.keys.map(({ kid }) => kid))
  expect(sandboxes.keys.filter(({ kid }) => kids.has(kid))).toEqual([])
})

test("mails to personas stay in the sandbox's outbox, and its work is not in the portal's metrics", async () => {
  const { portal, sandbox } = places()
  // It is new to the persona, who is told.
  const browser = createUserAgent()
  await browser.submit(await browser.open(`${sandbox.issuer}/`), 'login')
  const mailsOf = async ({ db }: Pick<typeof portal.context, 'db'>) =>
    (await db`select from outbox_mail`).length
  await expect.poll(() => mailsOf(sandbox.context), { timeout: 10_000 }).toBeGreaterThan(0)
  expect(await mailsOf(portal.context)).toBe(0)
  expect(sandbox.context.config.mail).toBeUndefined()
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
  expect(metrics).toContain('portal_sign_ins_total')
  expect(metrics).not.toMatch(/portal_job_duration_seconds.*send-mail/)
  expect(metrics).not.toMatch(/portal_sign_ins_total\{.*\} [1-9]/)
})

test('neither place accepts what the other has signed or sealed', async () => {
  const { portal, sandbox } = places()
  const { sealer: ours } = portal.context
  const { sealer: theirs } = sandbox.context
  expect(ours.open(ours.seal('text', 'context'), 'context')).toBe('text')
  expect(() => ours.open(theirs.seal('text', 'context'), 'context')).toThrow()
  expect(() => theirs.open(ours.seal('text', 'context'), 'context')).toThrow()
  /** Signs in at one place with the cookie and the form of another. */
  const signIn = async (at: string, from: string) => {
    const page = await fetch(`${from}/sign-in`)
    const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(await page.text()) ?? []
    const answer = await fetch(`${at}/sign-in`, {
      method: 'POST',
      headers: {
        Cookie: page.headers
          .getSetCookie()
          .map((each) => each.split(';', 1)[0])
          .join('; '),
      },
      body: new URLSearchParams({ csrf, email: 'a@b.test', password: 'wrong', login: '' }),
    })
    return answer.status
  }
  expect(await signIn(portal.issuer, portal.issuer)).toBe(401)
  expect(await signIn(portal.issuer, sandbox.issuer)).toBe(403)
  expect(await signIn(sandbox.issuer, portal.issuer)).toBe(403)
})

test('a token at the other place is refused with its reason, and one that only claims to be of there learns no more', async () => {
  const { portal, sandbox } = places()
  const { email } = await addResident(portal.context)
  const tokenAt = async ({ issuer, context }: Pick<typeof sandbox, 'issuer' | 'context'>) => {
    const application = await createApplication(issuer, await addClient(context))
    const { access_token: token } = await application.obtainTokens(ALL_SCOPES, email)
    return { application, token }
  }
  const [atPortal, atSandbox] = [await tokenAt(portal), await tokenAt(sandbox)]
  const [real, invented] = [atPortal.token, atSandbox.token]
  const [head, body] = invented.split('.')
  for (const [issuer, token, description] of [
    [portal.issuer, invented, 'sandbox_token'],
    [portal.issuer, `${head}.${body}.AAAA`, 'sandbox_token'],
    [sandbox.issuer, real, 'production_token'],
  ] as const)
    for (const path of [
      '/api/v1/me/natural-person/id-verification',
      '/api/v1/me/natural-person',
      '/api/oauth/userinfo',
    ]) {
      const answer = await fetch(issuer + path, { headers: { Authorization: `Bearer ${token}` } })
      const challenge = answer.headers.get('www-authenticate')
      expect([path, answer.status, await answer.json()]).toMatchObject([
        path,
        401,
        { error: 'invalid_token', error_description: description },
      ])
      expect(challenge).toMatch(/^Bearer .*error="invalid_token"/)
      expect(challenge).toContain(`error_description="${description}"`)
    }
  // RFC 7662 §2.2: nothing more is said of a token that is not active.
  expect(await atPortal.application.introspect(invented)).toEqual({ active: false })
  const own = await fetch(`${portal.issuer}/api/v1/me/natural-person/id-verification`, {
    headers: { Authorization: `Bearer ${real.slice(0, -4)}AAAA` },
  })
  expect(await own.json()).toEqual({ error: 'invalid_token' })
})

test('a client of the other place is told where it is registered, and an unknown one nothing', async () => {
  const { portal, sandbox } = places()
  const client = await addClient(sandbox.context)
  const hint = `this client is registered in the sandbox: use the issuer ${sandbox.issuer}`
  const authorize = (issuer: string, id: string) =>
    createUserAgent().open(
      `${issuer}/api/oauth/authorize?${new URLSearchParams({ client_id: id, response_type: 'code', scope: 'openid', redirect_uri: REDIRECT_URI })}`,
    )
  const page = await authorize(portal.issuer, client.client_id)
  expect([page.status, page.text.includes(hint)]).toEqual([400, true])
  expect((await authorize(portal.issuer, crypto.randomUUID())).text).not.toContain('registered in')
  const form = { grant_type: 'authorization_code', code: 'x', redirect_uri: REDIRECT_URI }
  const { client_id: id, client_secret: secret = '' } = client
  const requests = [
    { body: { ...form, client_id: id, client_secret: secret }, headers: {} },
    { body: form, headers: { Authorization: `Basic ${btoa(`${id}:${secret}`)}` } },
  ]
  for (const path of ['token', 'introspect', 'par'])
    for (const { body, headers } of requests) {
      const answer = await fetch(`${portal.issuer}/api/oauth/${path}`, {
        method: 'POST',
        body: new URLSearchParams({ ...body, token: 'x' }),
        headers: headers as Record<string, string>,
      })
      expect([path, answer.status, await answer.json()]).toEqual([
        path,
        401,
        { error: 'invalid_client', error_description: hint, ...WITH_GUIDE },
      ])
    }
  const other = await addClient(portal.context)
  expect((await authorize(sandbox.issuer, other.client_id)).text).toContain(
    `this client is registered at the portal, for production: use the issuer ${portal.issuer}`,
  )
})

test('a database of the sandbox that is away takes the sandbox out of service, and not the portal', async () => {
  const { portal, sandbox } = places()
  const { migrationUrl = '' } = portal.context.config.database
  const owner = openDb(migrationUrl, { connections: 1 })
  const admit = (isAdmitted: boolean) =>
    owner.unsafe(`alter database portal_sandbox with allow_connections ${isAdmitted}`)
  const statusOf = async (issuer: string, path: string) => (await fetch(issuer + path)).status
  const client = await addClient(sandbox.context)
  await admit(false)
  try {
    await owner`
      select pg_terminate_backend(pid) from pg_stat_activity where datname = 'portal_sandbox'`
    await expect
      .poll(() => statusOf(sandbox.issuer, '/health/ready'), { timeout: 15_000 })
      .toBe(503)
    expect(await statusOf(portal.issuer, '/health/ready')).toBe(200)
    // The hint would need it.
    const began = performance.now()
    const path = `/api/oauth/authorize?client_id=${client.client_id}`
    expect(await statusOf(portal.issuer, path)).toBe(400)
    expect(performance.now() - began).toBeLessThan(3_000)
  } finally {
    await admit(true)
    await owner.end()
  }
  await expect.poll(() => statusOf(sandbox.issuer, '/health/ready'), { timeout: 15_000 }).toBe(200)
})

program(
  'a sandbox that cannot be opened says so at its own address, and the portal serves; commands with --sandbox work in it alone',
  async ({ program: { serve, json, run } }) => {
    const own = await createDatabase()
    const sandboxes = await createDatabase()
    const [port = 0] = await findFreePorts(1)
    const env = {
      ...withDatabase(own.url),
      SANDBOX_PORT: String(port),
      SANDBOX_S3_BUCKET: 'sandbox-documents',
      SANDBOX_DATABASE_URL: `postgres://nobody@127.0.0.1:${UNUSED_PORT}/none`,
    }
    const { url, child, readLog } = await serve(env)
    const ready = await fetch(`${url}/health/ready`)
    expect([ready.status, await ready.json()]).toMatchObject([
      200,
      { status: 'ready', parts: { sandbox: 'unavailable' } },
    ])
    const unavailable = await fetch(`http://127.0.0.1:${port}/health/ready`)
    expect([unavailable.status, await unavailable.json()]).toMatchObject([
      503,
      { status: 'unavailable' },
    ])
    expect(readLog()).toContain('"event":"sandbox is not served"')
    await kill(child)

    const both = { ...env, SANDBOX_DATABASE_URL: sandboxes.url }
    const created = await json(
      [
        'client',
        'create',
        '--sandbox',
        '--name',
        'Shop',
        '--redirect-uri',
        'http://localhost:9/cb',
        '--scope',
        'openid',
      ],
      both,
    )
    const namesAt = async (...words: string[]) =>
      (await json(['client', 'list', ...words], both)).map(({ name }: { name: string }) => name)
    expect(await namesAt('--sandbox')).toContain('Shop')
    expect(await namesAt()).not.toContain('Shop')
    const actions = (database: typeof own) =>
      database.db`select action from operator_action where subject = ${created.client_id}`
    expect([await actions(own), await actions(sandboxes)]).toMatchObject([[], [{}]])
    const doctor = await run(['doctor', '--json'], both)
    const findings = JSON.parse(doctor.stdout) as { check: string; detail: string }[]
    expect(findings.find(({ check }) => check === 'sandbox')).toBeDefined()
    expect(await json(['migrate'], both)).toEqual({ applied: [], sandbox: { applied: [] } })
    const none = await run(['client', 'list', '--sandbox'], withDatabase(own.url))
    expect([none.status, none.stderr]).toEqual([
      1,
      'There is no sandbox: SANDBOX_PORT is not set.\n',
    ])

    // A web process with the rights of one, as in production; its sandbox has all rights on its own database.
    const webUrl = Object.assign(new URL(own.url), { username: PROCESS_ROLES.web }).href
    const served = await serve({ ...both, ROLE: 'web', DATABASE_URL: webUrl })
    for (const base of [served.url, `http://127.0.0.1:${port}`])
      expect((await fetch(`${base}/health/ready`)).status).toBe(200)
    const offered = await createUserAgent().open(`http://127.0.0.1:${port}/`)
    expect(offered.text).toContain('Alma Rivas')
    await kill(served.child)
    await Promise.all([own.drop(), sandboxes.drop()])
  },
)

test('its worker does what becomes of personas', async () => {
  const { sandbox } = served
  if (!sandbox) throw new Error('it is not served')
  const { context } = sandbox
  const personas = await ensurePersonas(context, randomUUID())
  const photographed = personas.find(({ kind }) => kind === 'approved')
  await eventually(async () => {
    const [row] = await context.db`
      select images_complete from verification where account_id = ${photographed?.accountId ?? ''}`
    return row?.imagesComplete === true
  })
})
