import { randomBytes } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { setStream } from '../../src/events/streams.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { SHARED_TEAM } from '../../src/personas/kinds.ts'
import { ensurePersonas } from '../../src/personas/personas.ts'
import { runDueStep } from '../../src/personas/steps.ts'
import { runForeign, signInFrom, startForeign } from '../support/foreign-program.ts'
import { findTool, requireTools } from '../support/foreign-tools.ts'
import { addClient, startSandbox } from '../support/portal.ts'
import { findFreePorts } from '../support/ports.ts'
import { installPython } from '../support/python.ts'

/*
 * Each starter is installed as its README says and run against a sandbox, where a browser signs in as a persona. They need the package registries, and each the tools
 * of its language: what is missing is said, and fails in CI.
 */

const root = new URL('../../', import.meta.url).pathname

const PYTHON = ['python3', 'pip3']

/** Alma Rivas, a persona with three images. */
const login = { persona: 'approved' }

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portal-starters-'))
  sandbox = await startSandbox()
  const context = { ...sandbox.parts, jobs: sandbox.jobs }
  await ensurePersonas(context, SHARED_TEAM)
  // Their photos, as a worker stores them.
  while (await runDueStep(context));
})
afterAll(async () => {
  await sandbox?.close()
  await rm(dir, { recursive: true, force: true })
})

/** A copy of a starter in a folder of its own, with the environment of a client that is registered for it. */
async function prepare(folder: string, callback = '/callback') {
  const copy = join(dir, folder)
  await cp(join(root, 'starters', folder), copy, { recursive: true })
  return { copy, ...(await register(callback)) }
}

async function register(callback = '/callback') {
  const [port] = await findFreePorts(1)
  const redirectUri = `http://localhost:${port}${callback}`
  const client = await addClient(sandbox.parts, { redirectUris: [redirectUri] })
  const env = {
    ...process.env,
    ISSUER: sandbox.issuer,
    CLIENT_ID: client.client_id,
    CLIENT_SECRET: client.client_secret ?? '',
    PORT: String(port),
  }
  return { client, env, site: `http://localhost:${port}` }
}

const npmInstall = (cwd: string) =>
  runForeign('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd })

/** Starts a site, signs in there, and expects the documents at its front page. */
async function expectDocuments(
  [command, ...words]: [string, ...string[]],
  { cwd, env, site }: { cwd: string; env: NodeJS.ProcessEnv; site: string },
) {
  const running = startForeign(command, words, { cwd, env })
  try {
    await running.reaches(site)
    const browser = createUserAgent()
    let page = await browser.open(`${site}/`)
    // Auth.js has a page with a button before it.
    if (page.url.startsWith(`${site}/auth/signin`)) page = await browser.submitFirst(page, {})
    const { issuer } = sandbox
    page = await signInFrom(browser, page, { issuer, login })
    expect(page.text).toContain('documentFront')
    const answer = JSON.parse(page.text)
    expect([page.url, answer.status]).toEqual([`${site}/`, 'approved'])
    expect(answer.documents.face).toMatch(/^http/)
    // The browser is known now.
    expect((await browser.open(`${site}/`)).text).toContain('"approved"')
    // Another one is not, and what it did not start is refused.
    const stranger = createUserAgent()
    const forged = `${site}/callback?code=a&state=b&iss=${encodeURIComponent(sandbox.issuer)}`
    expect((await stranger.open(forged)).status).not.toBe(200)
  } finally {
    await running.close()
  }
}

/** Runs a program that prints where to sign in, signs in there as often as it asks, and returns what it printed. */
async function runWithBrowser(
  [command, ...words]: [string, ...string[]],
  { cwd, env, times = 1 }: { cwd: string; env: NodeJS.ProcessEnv; times?: number },
): Promise<string> {
  const running = startForeign(command, words, { cwd, env })
  try {
    for (let signIn = 0; signIn < times; signIn++) {
      const address = await running.says(/(?<=Open )\S+(?=\s)/)
      const browser = createUserAgent()
      const { issuer } = sandbox
      const page = await browser.open(address)
      const end = await signInFrom(browser, page, { issuer, login })
      expect(end.text).toBe('You can close this page.')
    }
    const { output, status } = await running.ended
    expect(status, output).toBe(0)
    return output
  } finally {
    await running.close()
  }
}

test.concurrent('node-openid-client', async () => {
  const { copy, env, site } = await prepare('node-openid-client')
  await npmInstall(copy)
  await expectDocuments(['node', 'server.js'], { cwd: copy, env, site })
})

test.concurrent('authjs', async () => {
  const { copy, env, site } = await prepare('authjs', '/auth/callback/portal')
  await npmInstall(copy)
  const AUTH_SECRET = randomBytes(33).toString('base64')
  await expectDocuments(['node', 'server.js'], { cwd: copy, env: { ...env, AUTH_SECRET }, site })
})

test.concurrent('python-fastapi-authlib', async (context) => {
  requireTools(context, PYTHON)
  const PYTHONPATH = await installPython()
  const { copy, env, site } = await prepare('python-fastapi-authlib')
  await expectDocuments(['python3', 'main.py'], { cwd: copy, env: { ...env, PYTHONPATH }, site })
})

test.concurrent('go-oidc', async (context) => {
  requireTools(context, ['go'])
  const { copy, env, site } = await prepare('go-oidc')
  // Without C there is less to compile where nothing is cached.
  const options = { cwd: copy, env: { ...env, CGO_ENABLED: '0' } }
  await runForeign(findTool('go') ?? '', ['build', '-o', 'starter', '.'], options)
  await expectDocuments([join(copy, 'starter')], { cwd: copy, env, site })
})

test.concurrent('apache-mod_auth_openidc', async (context) => {
  requireTools(context, ['apache2'], { optional: true })
  const { copy, env, site } = await prepare('apache-mod_auth_openidc')
  const RUNTIME = join(dir, 'apache')
  await mkdir(RUNTIME)
  const PASSPHRASE = randomBytes(32).toString('hex')
  // The module sends only browsers to the sign-in, and Node's fetch says of itself that it is a script.
  const asBrowser = ['-c', 'RequestHeader unset Sec-Fetch-Mode early']
  await expectDocuments(
    [findTool('apache2') ?? '', '-f', join(copy, 'httpd.conf'), ...asBrowser, '-DFOREGROUND'],
    { cwd: copy, env: { ...env, RUNTIME, PASSPHRASE }, site },
  )
})

test.concurrent('curl', async (context) => {
  requireTools(context, ['curl', 'openssl', 'jq', 'perl'])
  const { copy, env } = await prepare('curl')
  const output = await runWithBrowser(['./documents.sh'], { cwd: copy, env })
  expect(output).toMatch(/"status": "approved"[\s\S]*"documentFront": "http/)
})

test.concurrent('clients/python: the program of its README', async (context) => {
  requireTools(context, PYTHON)
  const PYTHONPATH = await installPython()
  const readme = await readFile(join(root, 'clients/python/README.md'), 'utf8')
  const [, program = ''] = /```python\n([\s\S]*?)```/.exec(readme) ?? []
  const file = join(dir, 'documents.py')
  await writeFile(file, program)
  const { env } = await register()
  const output = await runWithBrowser(['python3', file], {
    cwd: dir,
    env: { ...env, PYTHONPATH },
  })
  expect(output).toMatch(/'status': 'approved'[\s\S]*'documentFront': 'http/)
})

test.concurrent('clients/python: its own tests', async (context) => {
  requireTools(context, PYTHON)
  const PYTHONPATH = await installPython()
  const { env, client } = await register()
  const stream = await setStream(sandbox.db, sandbox.parts.sealer, {
    clientId: client.client_id,
    delivery: 'poll',
  })
  await sandbox.db`insert into event (client_id, kind) values (${client.client_id}, 'test')`
  const polled = await fetch(`${sandbox.issuer}/api/v1/events/poll`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${stream?.events_token}`,
      'Content-Type': 'application/json',
    },
    body: '{"returnImmediately":true}',
  })
  const { sets } = (await polled.json()) as { sets: Record<string, string> }
  const given = {
    cwd: join(root, 'clients/python/tests'),
    env: {
      ...env,
      PYTHONPATH,
      PYTHONDONTWRITEBYTECODE: '1',
      SECURITY_EVENT: Object.values(sets)[0],
    },
  }
  expect(await runForeign('python3', ['-m', 'unittest', 'test_events'], given)).toContain('OK')
  const flow = ['-m', 'unittest', 'test_sign_in']
  expect(await runWithBrowser(['python3', ...flow], { ...given, times: 3 })).toContain('OK')
})
