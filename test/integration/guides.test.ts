import { execFile, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { ALL_SCOPES, addClient, startSandbox } from '../support/portal.ts'

/* The code of the guides, executed as a developer would: with a persona of a sandbox. */

const run = promisify(execFile)
const hasPython = await run('python3', ['--version']).then(
  () => true,
  () => false,
)

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let dir: string
beforeAll(async () => {
  sandbox = await startSandbox()
  dir = await mkdtemp(join(tmpdir(), 'guides-'))
})
afterAll(async () => {
  await sandbox.close()
  await rm(dir, { recursive: true, force: true })
})

/** An address that nothing listens at. */
async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, 'localhost', () => resolve()))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

const readBlocks = (name: string, language: string) => {
  const text = readFileSync(new URL(`../../docs/guides/${name}.md`, import.meta.url), 'utf8')
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, code = '']) => code,
  )
}

test.each([
  ['ts', process.execPath, 'ts'],
  ...(hasPython ? [['python', 'python3', 'py'] as const] : []),
] as const)(
  'start: the program in %s prints the documents',
  async (language, command, extension) => {
    const port = await findFreePort()
    const redirectUri = `http://localhost:${port}/callback`
    const client = await addClient(sandbox.parts, {
      redirectUris: [redirectUri],
      scope: ALL_SCOPES,
    })
    const [code = ''] = readBlocks('start', language)
    const file = join(dir, `start.${extension}`)
    await writeFile(file, code.replaceAll('4000', String(port)))
    const child = spawn(command, [file], {
      env: {
        PATH: process.env.PATH,
        ISSUER: sandbox.issuer,
        CLIENT_ID: client.client_id,
        CLIENT_SECRET: client.client_secret,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    const address = await new Promise<string>((resolve, reject) => {
      child.stdout.on('data', (part) => {
        said += part
        const [, url] = /Open (\S+)\n/.exec(said) ?? []
        if (url) resolve(url)
      })
      child.once('exit', () => reject(new Error(`the program ended: ${said}`)))
    })
    // What another page sends there is no answer to this request.
    expect((await fetch(`${redirectUri}?code=stolen&state=other`)).status).toBe(400)
    const browser = createUserAgent()
    const returned = await signIn(browser, address, redirectUri)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    expect(await (await fetch(returned)).text()).toContain('Done')
    expect(await ended).toBe(0)
    const documents = JSON.parse(said.slice(said.indexOf('{'))) as { status: string }
    expect(documents.status).toBe('approved')
  },
)

async function signIn(browser: ReturnType<typeof createUserAgent>, address: string, to: string) {
  let page = await browser.open(address, to)
  for (let step = 0; step < 4 && !page.url.startsWith(to); step++)
    page = page.text.includes('name="login"')
      ? await browser.submit(page, 'login', { persona: 'approved' }, { leaveAt: to })
      : await browser.submit(page, 'allow', {}, { leaveAt: to })
  return page.url
}

test('sign-in: the library gets tokens, and refreshes them', async () => {
  const redirectUri = 'http://localhost:4000/callback'
  const client = await addClient(sandbox.parts, { redirectUris: [redirectUri], scope: ALL_SCOPES })
  const [code = ''] = readBlocks('sign-in', 'ts')
  await writeFile(join(dir, 'sign-in.ts'), code)
  await symlink(new URL('../../node_modules', import.meta.url).pathname, join(dir, 'node_modules'))
  await writeFile(
    join(dir, 'use-sign-in.ts'),
    `import { createInterface } from 'node:readline'
import { begin, finish, refresh } from './sign-in.ts'
const { url, kept } = await begin()
console.log(url.href)
for await (const line of createInterface({ input: process.stdin })) {
  const tokens = await finish(new URL(line), kept)
  const next = await refresh(tokens.refresh_token ?? '')
  console.log(JSON.stringify({ sub: tokens.claims()?.sub, scope: next.scope }))
}`,
  )
  const child = spawn(process.execPath, [join(dir, 'use-sign-in.ts')], {
    env: {
      ISSUER: sandbox.issuer,
      CLIENT_ID: client.client_id,
      CLIENT_SECRET: client.client_secret,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const { value: address } = await lines.next()
  child.stdin.end(`${await signIn(createUserAgent(), String(address), redirectUri)}\n`)
  const { value: said } = await lines.next()
  expect(JSON.parse(String(said))).toEqual({
    sub: expect.any(String),
    scope: 'openid offline_access eprospera:person.id_verification.read',
  })
})

const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`
const body = '{"type":"test","data":{"sub":"á"}}'
/** Deliveries, and whether each is genuine. */
function createDeliveries() {
  const webhook = new Webhook(secret)
  const signed = (at: Date) => ({
    'webhook-id': 'event-1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': webhook.sign('event-1', at, body),
  })
  const now = signed(new Date())
  const other = new Webhook(`whsec_${Buffer.alloc(32, 1).toString('base64')}`)
  const both = `${other.sign('event-1', new Date(), body)} ${now['webhook-signature']}`
  return [
    [true, body, now],
    [true, body, { ...now, 'webhook-signature': both }],
    [false, `${body} `, now],
    [false, body, { ...now, 'webhook-id': 'event-2' }],
    [false, body, signed(new Date(Date.now() - 3600_000))],
    [false, body, { ...now, 'webhook-timestamp': 'soon' }],
    [false, body, {}],
  ] as const
}

test.each([
  [
    'ts',
    process.execPath,
    `
const { SECRET = '', DELIVERIES = '' } = process.env
console.log(JSON.stringify(JSON.parse(DELIVERIES).map(([, body, headers]: [boolean, string, Record<string, string>]) => isGenuine(body, new Headers(headers), SECRET))))`,
  ],
  ...(hasPython
    ? [
        [
          'python',
          'python3',
          `
import json, os
print(json.dumps([is_genuine(body.encode(), headers, os.environ["SECRET"]) for _, body, headers in json.loads(os.environ["DELIVERIES"])]))`,
        ] as const,
      ]
    : []),
] as const)('events: the code in %s tells genuine deliveries', async (language, command, use) => {
  const code = readBlocks('events', language).at(-1) ?? ''
  const file = join(dir, `events.${language}`)
  await writeFile(file, code + use)
  const deliveries = createDeliveries()
  const { stdout } = await run(command, [file], {
    env: { PATH: process.env.PATH, SECRET: secret, DELIVERIES: JSON.stringify(deliveries) },
  })
  expect(JSON.parse(stdout)).toEqual(deliveries.map(([isGenuine]) => isGenuine))
})
