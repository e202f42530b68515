import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startS3Server } from '../../src/embedded/s3.ts'
import { startVeriffSandbox } from '../../src/sandbox/veriff.ts'
import { randomSecret } from '../../src/secrets.ts'
import { createDatabase } from '../support/database.ts'
import { SMALL_PHOTOS } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname
const PASSWORD = 'lantern orchard violet drum'

let dir: string
const running: ChildProcess[] = []
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portal-process-'))
})
afterEach(async () => {
  for (const child of running.splice(0)) await kill(child)
  await rm(dir, { recursive: true, force: true })
})

async function kill(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await ended
}

function start(words: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, ...words], {
    env: {
      PATH: process.env.PATH,
      DATA_DIR: join(dir, 'data'),
      PORT: '0',
      LOG_LEVEL: 'info',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  running.push(child)
  return child
}

/** Runs to its end. */
async function run(words: string[], env: Record<string, string> = {}, input = '') {
  const child = start(words, env)
  child.stdin.end(input)
  const [stdout, stderr, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('exit', resolve)),
  ])
  return { stdout, stderr, status }
}

async function serve(env: Record<string, string> = {}) {
  const child = start(['serve'], env)
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const url = await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`the server ended: ${errors}`)
    return /listening on (\S+?),/.exec(said)?.[1]
  }, 30)
  return { child, url }
}

const json = async (words: string[], env: Record<string, string> = {}, input = '') => {
  const { stdout, stderr, status } = await run([...words, '--json'], env, input)
  expect([status, stderr]).toEqual([0, ''])
  return JSON.parse(stdout)
}

/** One line of words, no stack, status 1. */
async function refused(words: string[], env: Record<string, string>, reason: RegExp) {
  const { stdout, stderr, status } = await run(words, env)
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(reason)
  expect(stderr.trim().split('\n')).toHaveLength(1)
}

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

test.each([
  ['between the 200 and the backup', { times: 1_000_000, delayInMs: 0, status: 503 }],
  // Its job is taken and under way: it must be given to another, within a minute.
  ['in the middle of the backup', { times: 1_000_000, delayInMs: 120_000 }],
])(
  'killed %s, it finishes the backup after a restart, once',
  async (_when, fault) => {
    const port = String(await freePort())
    const first = await serve({ PORT: port })
    const apiKey = randomUUID()
    const sharedSecret = randomUUID()
    const vendor = await startVeriffSandbox({
      port: 0,
      apiKey,
      sharedSecret,
      webhookUrl: `${first.url}/webhooks/veriff`,
      person: { ...SMALL_PHOTOS, givenName: 'Ana', surname: 'Mejia' },
    })
    try {
      // The operator's commands, beside the running server.
      await json(
        [
          'vendor',
          'set',
          'veriff',
          '--base-url',
          vendor.url,
          '--api-key',
          apiKey,
          '--secret-stdin',
        ],
        {},
        sharedSecret,
      )
      const resident = await json(
        [
          'resident',
          'create',
          '--email',
          'ana@example.test',
          '--given-name',
          'Ana',
          '--surname',
          'Mejia',
          '--password-stdin',
        ],
        {},
        PASSWORD,
      )
      const started = await json([
        'verification',
        'start',
        '--vendor',
        'veriff',
        '--resident',
        resident.id,
      ])
      expect(started.url).toMatch(/^http/)

      // The vendor sends its decision, and its images cannot be had: the 200 is all there is.
      await vendor.misbehave({ api: fault })
      await vendor.complete(started.vendorSessionId, 'approved')
      await vendor.settled(10_000)
      await eventually(async () => {
        const { status } = await json(['verification', 'show', started.id])
        return status === 'approved'
      })
      await kill(first.child, 'SIGKILL')

      await vendor.misbehave({})
      await serve({ PORT: port })
      const shown = await eventually(async () => {
        const found = await json(['verification', 'show', started.id])
        return found.imagesComplete ? found : undefined
      }, 60)
      expect(shown.status).toBe('approved')
      const media =
        (await vendor.findSession(started.vendorSessionId))?.attempts.at(-1)?.media ?? []
      expect(shown.images.map(({ sha256 }: { sha256: string }) => sha256).sort()).toEqual(
        media.map(({ sha256 }) => sha256).sort(),
      )
      expect(
        shown.decisions.filter(({ status }: { status: string }) => status === 'approved'),
      ).toHaveLength(1)
    } finally {
      await vendor.close()
    }
  },
  120_000,
)

test('a second start on the same data is refused, and the first goes on; SIGTERM ends it with status 0', async () => {
  const first = await serve()
  await refused(
    ['serve'],
    {},
    /An identity portal \(process \d+\) is running on the data directory/,
  )
  expect((await fetch(`${first.url}/health/ready`)).status).toBe(200)
  const findings = await json(['doctor'], { ISSUER: first.url.replace('127.0.0.1', 'localhost') })
  expect(findings.filter(({ ok }: { ok: boolean }) => !ok)).toEqual([])
  const ended = new Promise((resolve) => first.child.once('exit', resolve))
  first.child.kill('SIGTERM')
  expect(await ended).toBe(0)
  // Without a server the command line starts the parts itself, over the same data.
  expect(await json(['client', 'list'])).toMatchObject([{ id: 'eprospera-cli' }])
  expect((await stat(join(dir, 'data', 'secrets.json'))).mode & 0o777).toBe(0o600)
}, 60_000)

test('a taken port is one clear line, and nothing was started', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as { port: number }
  await refused(['serve'], { PORT: String(port) }, new RegExp(`Port ${port} is taken`))
  await expect(stat(join(dir, 'data'))).rejects.toThrow('ENOENT')
  taken.close()
})

test('a data directory that cannot be used is one clear line', async () => {
  const file = join(dir, 'file')
  await writeFile(file, 'mine')
  await refused(
    ['serve'],
    { DATA_DIR: file },
    /The data directory .* cannot be used: there is a file in its place/,
  )
  await refused(['serve'], { DATA_DIR: join(file, 'below') }, /cannot be used/)
  expect(await readFile(file, 'utf8')).toBe('mine')
})

test('a database that cannot be used, and secrets that are missing, are one message each', async () => {
  const secrets = { COOKIE_KEYS: randomSecret(), ENCRYPTION_KEY: randomSecret() }
  const away = `postgres://portal:CANARY@127.0.0.1:${await freePort()}/portal`
  await refused(
    ['serve'],
    { DATABASE_URL: away, ...secrets },
    /DATABASE_URL cannot be used: nothing answers/,
  )
  const { url, drop } = await createDatabase()
  await refused(
    ['serve'],
    { DATABASE_URL: url.replace(/:[^:@]*@/, ':CANARY@'), ...secrets },
    /refuses the user or the password/,
  )
  await refused(['serve'], { DATABASE_URL: `${url}_other`, ...secrets }, /no database of that name/)
  await drop()
  const { status, stderr } = await run(['serve'], {
    DATABASE_URL: away,
    PORT: 'CANARY',
    ROLE: 'CANARY',
  })
  expect(status).toBe(1)
  for (const name of ['PORT', 'ROLE']) expect(stderr).toContain(name)
  expect(stderr).not.toContain('CANARY')
}, 60_000)

test('a bucket without rights, or none, is one clear line', async () => {
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: randomSecret() }
  const s3 = await startS3Server({
    dir: join(dir, 's3'),
    port: 0,
    bucket: 'documents',
    region: 'us-east-1',
    credentials,
    production: false,
  })
  try {
    const env = {
      S3_ENDPOINT: s3.endpoint,
      S3_BUCKET: 'documents',
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    }
    await refused(
      ['serve'],
      { ...env, AWS_SECRET_ACCESS_KEY: 'CANARY' },
      /bucket documents cannot be written .*mend the AWS credentials/,
    )
    const right = { ...env, AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey }
    await refused(
      ['serve'],
      { ...right, S3_BUCKET: 'nothing-here' },
      /There is no bucket nothing-here/,
    )
  } finally {
    await s3.close()
  }
}, 60_000)

test('wrong use of the command line is status 2, and bad input status 1', async () => {
  for (const words of [
    [],
    ['client', 'dance'],
    ['client', 'create'],
    ['resident', 'create', '--email', 'x', '--given-name', 'A', '--surname', 'B'],
    ['client', 'list', '--nonsense'],
  ]) {
    const { status, stdout, stderr } = await run(words)
    expect([words, status, stdout]).toEqual([words, 2, ''])
    expect(stderr).not.toContain('at async')
  }
  const bad = [
    'client',
    'create',
    '--name',
    'X',
    '--redirect-uri',
    'http://evil.test/cb',
    '--scope',
    'everything',
  ]
  const { status, stderr } = await run(bad)
  expect(status).toBe(1)
  expect(stderr).toMatch(/redirect URI must be https/)
  expect(stderr).toMatch(/scope must be a list of/)
}, 60_000)
