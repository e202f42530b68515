import { execFile, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openApiDocument } from '../../src/api/openapi.ts'
import { setStream } from '../../src/events/streams.ts'
import { setPolicy } from '../../src/platform/policies.ts'
import { createEntries } from '../../src/reference/entries.ts'
import type { Entry } from '../../src/reference/entry.ts'
import { createApplication } from '../support/application.ts'
import { addClient, addResident, EVERYTHING, startPortal, startSandbox } from '../support/portal.ts'
import { addVerification } from '../support/verifications.ts'

const run = promisify(execFile)
const MAX_BYTES = 150_000

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let portal: Awaited<ReturnType<typeof startPortal>>
let dir: string
let email: string
/** Calls the portal, not its sandbox: there a resident signs in. */
let entries: readonly Entry[]
beforeAll(async () => {
  sandbox = await startSandbox()
  portal = await startPortal({ developerSandbox: sandbox })
  dir = await mkdtemp(join(tmpdir(), 'reference-'))
  const resident = await addResident(portal.parts)
  email = resident.email
  await addVerification(portal.parts, resident.id)
  entries = createEntries(openApiDocument(portal.issuer), portal.issuer)
})
afterAll(async () => {
  await portal.close()
  await sandbox.close()
  await rm(dir, { recursive: true, force: true })
})

const has = (program: string) =>
  run(program, [program === 'go' ? 'version' : '--version']).then(
    () => true,
    () => false,
  )
const hasPython = await has('python3')
const hasGo = await has('go')
const hasCurl = await has('curl')

describe('the pages', () => {
  test('lead to pages and places that exist, and are light', async () => {
    const { stylesheet } = await readPage('/reference')
    const pages = new Map<string, string>()
    const waiting = ['/developers', '/reference', '/guides']
    const wanted: string[] = []
    for (const path of waiting) {
      if (pages.has(path)) continue
      const { status, text } = await readPage(path)
      expect([path, status]).toEqual([path, 200])
      pages.set(path, text)
      for (const [, href = ''] of text.matchAll(/ href="([^"]*)"/g)) {
        const url = new URL(href, `${portal.issuer}${path}`)
        if (url.origin !== portal.issuer || !OURS.test(url.pathname)) continue
        waiting.push(url.pathname)
        if (url.hash) wanted.push(`${url.pathname}${url.hash}`)
      }
    }
    expect(pages.size).toBeGreaterThan(entries.length + 10)
    const heavy = [...pages].filter(([, text]) => text.length + stylesheet > MAX_BYTES)
    expect(heavy.map(([path]) => path)).toEqual([])
    const missing = wanted.filter((link) => {
      const [path = '', anchor] = link.split('#')
      return !pages.get(path)?.includes(`id="${anchor}"`)
    })
    expect(missing).toEqual([])
  })

  test('of an endpoint have its scope, parameters, every answer and every error', async () => {
    for (const entry of entries) {
      const { text } = await readPage(`/reference/${entry.group}/${entry.id}`)
      const expected = [
        `${entry.method} ${entry.path}`,
        ...('scope' in entry.access ? [entry.access.scope] : []),
        ...entry.parameters.map(({ name }) => `<code>${name}</code>`),
        ...[...entry.answers, ...entry.errors].map(({ status }) => `<h3>${status}`),
        'Code in Python',
        'Code in Go',
      ]
      expect([entry.id, expected.filter((part) => !text.includes(part))]).toEqual([entry.id, []])
    }
  })

  test('are found by their words, with nothing that was typed as HTML', async () => {
    const found = await readPage('/reference/search?q=images+rate_limit_exceeded')
    expect(found.text).toContain('/reference/residents/ownListImages#errors')
    const guide = await readPage('/reference/search?q=whsec_')
    expect(guide.text).toContain('/guides/events#receive-webhooks')
    const hostile = await readPage('/reference/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E')
    expect(hostile.text).not.toContain('<script>')
    expect(hostile.text).toContain('Nothing has all of these words')
    const long = await readPage(`/reference/search?q=${'x'.repeat(5000)}`)
    expect(long.status).toBe(200)
  })

  test.each([
    '/reference/nothing',
    '/reference/oauth/nothing',
    '/guides/..%2Fcontract',
    '/guides/x',
  ])('%s does not exist', async (path) => expect((await readPage(path)).status).toBe(404))

  test('at the front say how one gets an account here', async () => {
    const closed = await readPage('/developers')
    expect(closed.text).toContain('Start in ten minutes')
    expect(closed.text).toContain('Alma Rivas')
    expect(closed.text).not.toContain('href="/sign-up')
    expect((await readPage('/guides/start')).text).toContain(`export ISSUER=${sandbox.issuer}\n`)
    await setPolicy(portal.db, 'sign-up', 'open')
    expect((await readPage('/developers')).text).toContain('href="/sign-up?return=%2Fdevelopers"')
    await setPolicy(portal.db, 'sign-up', 'closed')
    await setPolicy(portal.db, 'developers', 'invitation')
    expect((await readPage('/developers')).text).toContain('A member of a team adds you')
    await setPolicy(portal.db, 'developers', 'open')
  })
})

const OURS = /^\/(developers|reference|guides)(\/|$)/

async function readPage(path: string) {
  const response = await fetch(`${portal.issuer}${path}`, { headers: { Accept: 'text/html' } })
  const text = await response.text()
  const [, css] = /stylesheet" href="([^"]+)"/.exec(text) ?? []
  const stylesheet =
    path === '/reference' ? (await (await fetch(`${portal.issuer}${css}`)).text()).length : 0
  return { status: response.status, text, stylesheet }
}

describe('the code', () => {
  const EXECUTED = [
    'getIdVerification',
    'ownGetImageLink',
    'ownCreateImageLinks',
    'ownGetImageContent',
    'getAgeOver',
    'listDocumentTypes',
    'pollEvents',
    'clientCredentials',
    'introspect',
    'userinfo',
    'discover',
  ]
  let env: Record<string, string>
  beforeAll(async () => {
    const client = await addClient(portal.parts, { scope: EVERYTHING })
    const application = await createApplication(portal.issuer, client)
    const { access_token } = await application.obtainTokens(EVERYTHING, email)
    const office = await addClient(portal.parts, {
      type: 'service',
      redirectUris: [],
      scope: 'idv.read idv.write',
    })
    const stream = await setStream(portal.db, portal.parts.sealer, {
      clientId: client.client_id,
      delivery: 'poll',
    })
    const [image] = await portal.db<{ id: string }[]>`select id from image limit 1`
    env = {
      ACCESS_TOKEN: access_token,
      EVENTS_TOKEN: stream?.events_token ?? '',
      CLIENT_ID: office.client_id,
      CLIENT_SECRET: office.client_secret ?? '',
      IMAGE_ID: image?.id ?? '',
    }
    env.TOKEN = await obtainServiceToken(env)
  })

  async function obtainServiceToken({ CLIENT_ID, CLIENT_SECRET }: Record<string, string>) {
    const answer = await fetch(`${portal.issuer}/api/oauth/token`, {
      method: 'POST',
      headers: { Authorization: `Basic ${btoa(`${CLIENT_ID}:${CLIENT_SECRET}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    return ((await answer.json()) as { access_token: string }).access_token
  }

  const sampleOf = (id: string) => {
    const entry = entries.find((each) => each.id === id)
    if (!entry) throw new Error(`the reference has no ${id}`)
    return entry
  }
  /** The variables of an operation: back offices have a token of their own. */
  const environmentOf = ({ group }: Entry) => ({
    ...env,
    PATH: process.env.PATH ?? '',
    ...(group === 'back-office' ? { ACCESS_TOKEN: env.TOKEN } : {}),
  })
  /** Whether it printed an answer, or stored an image. */
  function expectAnswer(id: string, said: string, stored: string): void {
    if (id === 'ownGetImageContent')
      expect(readFileSync(stored).subarray(0, 2).toString('hex')).toBe('ffd8')
    else expect(JSON.parse(said.replace(/^200( OK)? /, '')), id).toBeTypeOf('object')
  }

  test.skipIf(!hasCurl)('in curl does what it says', async () => {
    for (const id of EXECUTED) {
      const entry = sampleOf(id)
      const { stdout } = await run(
        'sh',
        ['-ec', entry.samples.curl.replace('curl ', 'curl -sf ')],
        {
          cwd: dir,
          env: environmentOf(entry),
        },
      )
      expectAnswer(id, stdout, join(dir, 'image'))
    }
  })

  // One process executes all of a language: to start one takes longer than the requests.
  test('in TypeScript does what it says', async () => {
    const said = await runAll('ts', (entry) => entry.samples.typescript, {
      command: process.execPath,
      main: `import { createRequire } from 'node:module'
const programs = JSON.parse(process.env.PROGRAMS ?? '[]')
for (const { file, env } of programs) {
  Object.assign(process.env, env)
  await import(file)
}`,
    })
    for (const [at, id] of PRINTED.entries()) expectAnswer(id, said[at] ?? '', '')
    expectAnswer('ownGetImageContent', '', join(dir, 'ts', 'image'))
  })

  test.skipIf(!hasPython)('in Python does what it says', async () => {
    const said = await runAll('py', (entry) => entry.samples.python, {
      command: 'python3',
      main: `import json, os
for program in json.loads(os.environ["PROGRAMS"]):
    os.environ.update(program["env"])
    exec(compile(open(program["file"]).read(), program["file"], "exec"), {})`,
    })
    for (const [at, id] of PRINTED.entries()) expectAnswer(id, said[at] ?? '', '')
    expectAnswer('ownGetImageContent', '', join(dir, 'py', 'image'))
  })

  const PRINTED = EXECUTED.filter((id) => id !== 'ownGetImageContent')

  /** Runs every sample in one process, and returns what each printed. */
  async function runAll(
    extension: string,
    codeOf: (entry: Entry) => string,
    { command, main }: { command: string; main: string },
  ): Promise<string[]> {
    const folder = join(dir, extension)
    await mkdir(folder)
    const programs = await Promise.all(
      EXECUTED.map(async (id) => {
        const file = join(folder, `${id}.${extension}`)
        await writeFile(file, codeOf(sampleOf(id)))
        return { file, env: environmentOf(sampleOf(id)) }
      }),
    )
    const start = join(folder, `main.${extension}`)
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    await writeFile(start, main)
    const { stdout } = await run(command, [start], {
      cwd: folder,
      env: { PATH: process.env.PATH, PROGRAMS: JSON.stringify(programs) },
    })
    return stdout.trim().split(/\n(?=200 )/)
  }

  test.skipIf(!hasPython)('in Python can be read, of every endpoint', async () => {
    const all = entries.map(({ samples }) => samples.python)
    await pipe('python3', ['-c', READ_PYTHON], JSON.stringify(all))
  })
  const READ_PYTHON =
    'import json, sys\nfor code in json.load(sys.stdin): compile(code, "sample", "exec")'

  test.skipIf(!hasGo)('in Go is formatted, of every endpoint', async () => {
    const folder = join(dir, 'go')
    await mkdir(folder)
    for (const { id, samples } of entries)
      await writeFile(join(folder, `${id}.go`), `${samples.go}\n`)
    expect((await run('gofmt', ['-l', folder])).stdout).toBe('')
  })
})

async function pipe(command: string, args: string[], input: string): Promise<void> {
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'inherit'] })
  child.stdin.end(input)
  const status = await new Promise((resolve) => child.once('exit', resolve))
  expect(status).toBe(0)
}

describe('trying an operation', () => {
  const address = () => `${sandbox.issuer}/reference/back-office/listDocumentTypes`
  const call = (fields: Record<string, string>, url = address()) =>
    fetch(url, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { Accept: 'text/html' },
    })

  test('answers what the API answers, and shows and logs no token', async () => {
    const office = await addClient(sandbox.parts, {
      type: 'service',
      redirectUris: [],
      scope: 'idv.read',
    })
    const granted = await fetch(`${sandbox.issuer}/api/oauth/token`, {
      method: 'POST',
      headers: { Authorization: `Basic ${btoa(`${office.client_id}:${office.client_secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    const { access_token: token } = (await granted.json()) as { access_token: string }
    const answer = await call({ token })
    const text = await answer.text()
    expect([answer.status, text.includes('The sandbox answered 200')]).toEqual([200, true])
    expect(text).toContain('&quot;code&quot;: &quot;passport&quot;')
    expect(text).not.toContain(token)
    expect(sandbox.logged()).not.toContain(token)
    const refused = await (await call({ token: 'unknown' })).text()
    expect(refused).toContain('The sandbox answered 401')
    const ofSubject = `${sandbox.issuer}/reference/back-office/getSubject`
    const other = await (await call({ token, subjectId: '../../../health' }, ofSubject)).text()
    expect(other).toContain('The sandbox answered 404')
  })

  test('says beside the field what is wrong', async () => {
    const answer = await call({ token: 'Bearer x y' })
    const text = await answer.text()
    expect(answer.status).toBe(400)
    expect(text).toContain('id="token-fault"')
    const ofSubject = `${sandbox.issuer}/reference/back-office/getSubject`
    expect(await (await call({ token: 'x', subjectId: '..' }, ofSubject)).text()).toContain(
      'id="try-subjectId-fault"',
    )
  })

  test('is offered by the portal at the sandbox, and answered by the sandbox alone', async () => {
    const page = await fetch(`${portal.issuer}/reference/back-office/listDocumentTypes`)
    expect(await page.text()).toContain(`action="${address()}#tried"`)
    expect(page.headers.get('content-security-policy')).toContain(
      `form-action 'self' ${sandbox.issuer}`,
    )
    const own = `${portal.issuer}/reference/back-office/listDocumentTypes`
    expect((await call({ token: 'x' }, own)).status).toBe(404)
    const endpoint = `${sandbox.issuer}/reference/oauth/exchangeCode`
    expect((await call({ token: 'x' }, endpoint)).status).toBe(404)
  })
})
