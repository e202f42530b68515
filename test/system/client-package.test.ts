import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { signInFrom, startForeign } from '../support/foreign-program.ts'
import { addClient, addResident, PASSWORD, startPortal } from '../support/portal.ts'
import { findFreePorts } from '../support/ports.ts'
import { addVerification } from '../support/verifications.ts'

const root = new URL('../../', import.meta.url).pathname
const run = promisify(execFile)
// What the client needs, packed from what is installed here: no registry is asked.
const NEEDED = [
  'openapi-fetch',
  'openapi-typescript-helpers',
  'openid-client',
  'oauth4webapi',
  'jose',
  'standardwebhooks',
  '@stablelib/base64',
  'fast-sha256',
]

let dir: string
let packed: string[]
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portal-client-package-'))
  // `prepack` compiles it.
  await run('npm', ['pack', '--silent', '--pack-destination', dir], {
    cwd: join(root, 'clients/typescript'),
  })
  for (const name of NEEDED)
    await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', dir], {
      cwd: join(root, 'node_modules', name),
    })
  packed = (await readdir(dir)).filter((name) => name.endsWith('.tgz'))
  await writeFile(join(dir, 'package.json'), '{"private":true,"type":"module"}')
  await run(
    'npm',
    [
      'install',
      '--offline',
      '--ignore-scripts',
      '--no-audit',
      ...packed.map((name) => `./${name}`),
    ],
    // An empty cache: nothing comes from an earlier install.
    { cwd: dir, env: { ...process.env, npm_config_cache: join(dir, 'cache') } },
  )
})
afterAll(() => rm(dir, { recursive: true, force: true }))

test('has JavaScript and types, and no TypeScript to be run', async () => {
  const folder = join(dir, 'node_modules/identity-portal-client')
  const files = await readdir(folder, { recursive: true })
  expect(files.sort()).toEqual([
    'README.md',
    'dist',
    ...['api', 'events', 'index', 'schema', 'sign-in'].flatMap((name) => [
      `dist/${name}.d.ts`,
      `dist/${name}.js`,
    ]),
    'package.json',
  ])
})

test('is imported by plain Node elsewhere, and asks with the token', async () => {
  const asked: (string | undefined)[] = []
  const server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url} ${req.headers.authorization}`)
    res.setHeader('Content-Type', 'application/json')
    res.end('{"id":null,"documents":{"face":null}}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await writeFile(
    join(dir, 'application.mjs'),
    `import { createIdentityPortal } from 'identity-portal-client'
     const portal = createIdentityPortal({ issuer: '${issuer}', accessToken: () => 'abc' })
     const { data } = await portal.GET('/api/v1/me/natural-person/id-verification')
     process.stdout.write(JSON.stringify(data))`,
  )
  try {
    const plain = ['--no-experimental-strip-types', 'application.mjs']
    const { stdout } = await run(process.execPath, plain, { cwd: dir })
    expect(JSON.parse(stdout)).toEqual({ id: null, documents: { face: null } })
    expect(asked).toEqual(['GET /api/v1/me/natural-person/id-verification Bearer abc'])
  } finally {
    server.close()
  }
})

test('the program of its README signs a resident in and prints the documents', async () => {
  const portal = await startPortal()
  try {
    const readme = await readFile(join(root, 'clients/typescript/README.md'), 'utf8')
    const [, program = ''] = /```js\n([\s\S]*?)```/.exec(readme) ?? []
    await writeFile(join(dir, 'documents.mjs'), program)
    const resident = await addResident(portal.parts)
    await addVerification(portal.parts, resident.id)
    const [port] = await findFreePorts(1)
    const PORT = String(port)
    const redirectUri = `http://localhost:${PORT}/callback`
    const client = await addClient(portal.parts, { redirectUris: [redirectUri] })
    const running = startForeign(process.execPath, ['documents.mjs'], {
      cwd: dir,
      env: {
        PATH: process.env.PATH,
        ISSUER: portal.issuer,
        CLIENT_ID: client.client_id,
        CLIENT_SECRET: client.client_secret,
        PORT,
      },
    })
    const address = await running.says(/(?<=Open )\S+/)
    const { issuer } = portal
    const browser = createUserAgent()
    const page = await signInFrom(browser, await browser.open(address), {
      issuer,
      login: { email: resident.email, password: PASSWORD },
    })
    expect(page.text).toBe('You can close this page.')
    const { output, status } = await running.ended
    expect(status).toBe(0)
    expect(output).toMatch(/status: 'approved'[\s\S]*documentFront: 'http/)
  } finally {
    await portal.close()
  }
})

test('is typed elsewhere, by the paths and bodies of the API', async () => {
  await writeFile(
    join(dir, 'application.ts'),
    `import { connectToPortal, createIdentityPortal, type IdVerification, verifyWebhook } from 'identity-portal-client'
     const connected = await connectToPortal({ issuer: 'https://portal.example', clientId: 'a', redirectUri: 'https://a.example/' })
     const session = await connected.finishSignIn('/?code=1', 'a.b.c')
     const event = verifyWebhook('', {}, 'whsec_')
     export const revoked: string | undefined = event.type === 'consent.revoked' ? event.data.sub : undefined
     // @ts-expect-error there is no such event
     export const unknown: boolean = event.type === 'consent.eaten'
     await session.api.GET('/api/v1/me/natural-person')
     const portal = createIdentityPortal({ issuer: 'https://portal.example', accessToken: () => 'abc' })
     const { data, error } = await portal.GET('/api/v1/me/natural-person/id-verification')
     export const face: string | null | undefined = data?.documents.face
     export const code: string | undefined = error?.error
     // @ts-expect-error there is no such path
     await portal.GET('/api/v1/me/everything')
     // @ts-expect-error there is no such status
     export const status: IdVerification['status'] = 'declined'
    `,
  )
  await writeFile(
    join(dir, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'es2022',
        lib: ['es2022', 'dom', 'dom.iterable'],
        module: 'nodenext',
        types: [],
        strict: true,
        noEmit: true,
      },
      files: ['application.ts'],
    }),
  )
  await run(join(root, 'node_modules/.bin/tsc'), ['--project', dir], { cwd: dir })
})
