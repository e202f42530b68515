import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = new URL('../../', import.meta.url).pathname
const run = promisify(execFile)
// What the client needs, packed from what is installed here: no registry is asked.
const NEEDED = ['openapi-fetch', 'openapi-typescript-helpers']

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
    'dist/index.d.ts',
    'dist/index.js',
    'dist/schema.d.ts',
    'dist/schema.js',
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

test('is typed elsewhere, by the paths and bodies of the API', async () => {
  await writeFile(
    join(dir, 'application.ts'),
    `import { createIdentityPortal, type IdVerification } from 'identity-portal-client'
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
