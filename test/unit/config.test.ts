import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadConfig, SECRET_VARIABLES } from '../../src/config.ts'

const keyOf = (start: number) =>
  Buffer.from(Array.from({ length: 32 }, (_, at) => start + at * 3)).toString('base64url')
const key = keyOf(1)
const otherKey = keyOf(2)
const fault = (env: Record<string, string>) => {
  try {
    loadConfig(env)
  } catch (error) {
    return (error as Error).message
  }
  return undefined
}

test('nothing set is the embedded portal on one machine', () => {
  expect(loadConfig({})).toMatchObject({
    port: 3000,
    host: '127.0.0.1',
    issuer: 'http://localhost:3000',
    database: undefined,
    kms: undefined,
    s3: undefined,
    role: 'all',
    logLevel: 'info',
    missingScopeStatus: 401,
    secrets: undefined,
  })
  expect(loadConfig({ PORT: '' }).port).toBe(3000)
  expect(loadConfig({ PORT: '0' }).issuer).toBeUndefined()
})

test('the pools have the size that each role needs, or that is set', () => {
  const poolsOf = (env: Record<string, string>) => loadConfig(env).pools
  expect(poolsOf({})).toEqual({
    pooler: undefined,
    role: 'all',
    sizes: { general: 10, queue: 4, hotEndpoint: 2 },
  })
  expect(poolsOf({ ROLE: 'web' }).sizes.queue).toBe(2)
  expect(
    poolsOf({
      ROLE: 'web',
      DATABASE_POOLER: 'transaction',
      DATABASE_CONNECTIONS: '20',
      DATABASE_QUEUE_CONNECTIONS: '3',
    }),
  ).toMatchObject({ pooler: 'transaction', sizes: { general: 20, queue: 3 } })
  expect(fault({ DATABASE_CONNECTIONS: '1' })).toMatch(/DATABASE_CONNECTIONS must be 2 or more/)
  expect(fault({ DATABASE_POOLER: 'session' })).toMatch(/DATABASE_POOLER must be transaction/)
})

test('every fault is named in one message, and no value is printed', () => {
  const message = fault({
    PORT: 'CANARY',
    ISSUER: 'https://id.test/CANARY',
    DATABASE_URL: 'mysql://CANARY',
    S3_ENDPOINT: 'CANARY',
    S3_BUCKET: 'CANARY',
    S3_FORCE_PATH_STYLE: 'CANARY',
    ROLE: 'CANARY',
    LOG_LEVEL: 'CANARY',
    MISSING_SCOPE_STATUS: 'CANARY',
    TRUSTED_PROXIES: 'CANARY',
    ALLOWED_HOSTS: 'https://CANARY/',
    SECURITY_CONTACT: 'CANARY',
    COOKIE_KEYS: 'CANARY',
    ENCRYPTION_KEY: 'CANARY',
    SMTP_URL: 'http://CANARY',
    MAIL_FROM: 'CANARY',
  })
  for (const name of [
    'PORT',
    'ISSUER',
    'DATABASE_URL',
    'S3_ENDPOINT',
    'S3_BUCKET',
    'S3_FORCE_PATH_STYLE',
    'ROLE',
    'LOG_LEVEL',
    'MISSING_SCOPE_STATUS',
    'TRUSTED_PROXIES',
    'ALLOWED_HOSTS',
    'SECURITY_CONTACT',
    'COOKIE_KEYS',
    'ENCRYPTION_KEY',
    'SMTP_URL',
    'MAIL_FROM',
  ])
    expect(message).toContain(`  ${name} `)
  expect(message).not.toContain('CANARY')
})

test('a process drains before it ends, for as long as its proxies take to notice', () => {
  expect(loadConfig({})).toMatchObject({
    drainSeconds: 0,
    shutdownSeconds: 30,
    keepAliveSeconds: 620,
  })
  expect(loadConfig(good).drainSeconds).toBe(5)
  expect(loadConfig({ ...good, DRAIN_SECONDS: '0' }).drainSeconds).toBe(0)
  expect(loadConfig({ KEEP_ALIVE_SECONDS: '3660' }).keepAliveSeconds).toBe(3660)
  const tooLong: Record<string, string>[] = [
    { DRAIN_SECONDS: '30' },
    { DRAIN_SECONDS: '8', SHUTDOWN_SECONDS: '8' },
    { ...good, SHUTDOWN_SECONDS: '5' },
  ]
  for (const env of tooLong) expect(fault(env)).toContain('must be less than SHUTDOWN_SECONDS')
  expect(fault({ DRAIN_SECONDS: '29' })).toBeUndefined()
  for (const [name, value] of [
    ['DRAIN_SECONDS', '-1'],
    ['DRAIN_SECONDS', '1.5'],
    ['KEEP_ALIVE_SECONDS', '0'],
    ['KEEP_ALIVE_SECONDS', 'CANARY'],
  ] as const)
    expect(fault({ [name]: value })).toContain(`${name} must be a number of seconds`)
})

test('hosts and contacts are lists', () => {
  const { allowedHosts, securityContacts } = loadConfig({
    ALLOWED_HOSTS: 'portal.internal, 10.0.0.7:3000,[fd00::1]:3000,under_score',
    SECURITY_CONTACT: 'mailto:security@id.test, https://id.test/report',
  })
  expect(allowedHosts).toEqual([
    'portal.internal',
    '10.0.0.7:3000',
    '[fd00::1]:3000',
    'under_score',
  ])
  expect(securityContacts).toEqual(['mailto:security@id.test', 'https://id.test/report'])
  for (const wrong of ['*', '*.id.test', 'a b', 'id.test/', 'id.test:x', 'id.test,'])
    expect([wrong, fault({ ALLOWED_HOSTS: wrong })]).toEqual([
      wrong,
      expect.stringContaining('ALLOWED_HOSTS must be host names'),
    ])
  for (const wrong of ['security@id.test', 'http://id.test', 'mailto:x', 'https://id.test\nX: y'])
    expect(fault({ SECURITY_CONTACT: wrong })).toContain('SECURITY_CONTACT must be addresses')
})

test('an own database asks for own secrets', () => {
  const message = fault({ DATABASE_URL: 'postgres://localhost/portal' })
  expect(message).toContain('COOKIE_KEYS is required')
  expect(message).toContain('ENCRYPTION_KEY is required')
  const env = {
    DATABASE_URL: 'postgres://localhost/portal',
    COOKIE_KEYS: `${key},${key}`,
    ENCRYPTION_KEY: key,
  }
  expect(loadConfig(env).secrets?.cookieKeys).toHaveLength(2)
  const { DATABASE_URL: url } = env
  expect(loadConfig(env).database).toEqual({ url, migrationUrl: undefined, processUrls: {} })
})

const good = {
  NODE_ENV: 'production',
  ISSUER: 'https://id.test',
  DATABASE_URL: 'postgres://db/portal?sslmode=verify-full',
  S3_BUCKET: 'documents',
  COOKIE_KEYS: key,
  ENCRYPTION_KEY: otherKey,
  SMTP_URL: 'smtps://portal:secret@mail.test',
  MAIL_FROM: 'Identity portal <portal@id.test>',
  TRUSTED_PROXIES: '10.0.0.7',
}

test('production refuses what is for development', () => {
  expect(fault(good)).toBeUndefined()
  expect(fault({ ...good, ISSUER: 'http://127.0.0.1:3000' })).toBeUndefined()
  expect(fault({ ...good, ISSUER: 'http://id.test' })).toContain('ISSUER must be https:')
  for (const name of [
    'ISSUER',
    'DATABASE_URL',
    'S3_BUCKET',
    'COOKIE_KEYS',
    'ENCRYPTION_KEY',
    'SMTP_URL',
    'MAIL_FROM',
    'TRUSTED_PROXIES',
  ])
    expect(fault({ ...good, [name]: '' })).toContain(`${name} is required`)
  expect(fault({ ...good, ROLE: 'worker', TRUSTED_PROXIES: '' })).toBeUndefined()
  expect(loadConfig({ ...good, TRUSTED_PROXIES: 'none' }).trustedProxies).toEqual([])
})

test('production refuses a bucket or a database that is reached without TLS, each by name', () => {
  const message = fault({
    ...good,
    S3_ENDPOINT: 'http://s3.CANARY.test:9000',
    S3_PUBLIC_ENDPOINT: 'http://files.CANARY.test',
    DATABASE_URL: 'postgres://portal:CANARY@db.test/portal?sslmode=disable',
    MIGRATION_DATABASE_URL: 'postgres://owner:CANARY@db.test/portal',
  })
  for (const name of [
    'S3_ENDPOINT must be https:',
    'S3_PUBLIC_ENDPOINT must be https:',
    'DATABASE_URL must ask for TLS',
    'MIGRATION_DATABASE_URL must ask for TLS',
  ])
    expect(message).toContain(`  ${name}`)
  expect(message).not.toContain('CANARY')
  const database = (value: string) => fault({ ...good, DATABASE_URL: value })
  for (const refused of [
    'postgres://db.test/portal',
    'postgres://10.0.0.7/portal?sslmode=prefer',
    'postgres://db.test/portal?sslmode=allow',
    'postgres://db.test/portal?ssl=false',
    'postgres://localhost,db.test/portal',
    'postgres://db.test/portal?sslmode=disable&ssl=true',
    'postgres://localhost.evil.test/portal',
  ])
    expect([refused, database(refused)]).toEqual([refused, expect.stringContaining('ask for TLS')])
  for (const accepted of [
    'postgres://db.test/portal?sslmode=require',
    'postgres://db.test/portal?ssl=true',
    'postgres://db.test/portal?sslrootcert=system',
    'postgres://localhost/portal',
    'postgres://127.0.0.1:5433/portal?sslmode=disable',
    'postgres://[::1]/portal',
    'postgres://portal@%2Fvar%2Frun%2Fpostgresql/portal',
  ])
    expect([accepted, database(accepted)]).toEqual([accepted, undefined])
  for (const endpoint of ['http://127.0.0.1:9000', 'http://localhost:9000', 'https://s3.test'])
    expect(fault({ ...good, S3_ENDPOINT: endpoint })).toBeUndefined()
  const trial = { ...good, NODE_ENV: '', S3_ENDPOINT: 'http://s3.test' }
  expect(fault({ ...trial, DATABASE_URL: 'postgres://db.test/portal' })).toBeUndefined()
})

test('production refuses keys that are no secret, or that are used twice', () => {
  const zero = Buffer.alloc(32).toString('base64url')
  const sevens = Buffer.alloc(32, 7).toString('base64url')
  for (const weak of [zero, sevens]) {
    expect(fault({ ...good, COOKIE_KEYS: weak })).toContain('  COOKIE_KEYS has a key that is not')
    expect(fault({ ...good, ENCRYPTION_KEY: `${key},${weak}` })).toContain(
      '  ENCRYPTION_KEY has a key that is not random',
    )
    expect(fault({ ...good, COOKIE_KEYS: weak })).not.toContain(weak)
  }
  expect(fault({ ...good, COOKIE_KEYS: `${key},${key}` })).toContain(
    '  COOKIE_KEYS names the same key twice',
  )
  const shared = fault({ ...good, COOKIE_KEYS: `${key},${otherKey}` })
  expect(shared).toContain('  ENCRYPTION_KEY and COOKIE_KEYS must not share a key')
  expect(shared).not.toContain(otherKey)
  const all = fault({ ...good, COOKIE_KEYS: zero, ENCRYPTION_KEY: zero, S3_ENDPOINT: 'http://x' })
  expect(all).toMatch(/has 4 faults/)
})

test('traces go to the collector that the variables of OpenTelemetry name', () => {
  expect(loadConfig({}).tracing).toBeUndefined()
  const endpoint = 'https://collector.example:4318'
  expect(loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }).tracing).toEqual({
    endpoint,
    headers: {},
    serviceName: 'identity-portal',
    ratio: 1,
  })
  const { tracing } = loadConfig({
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b, x-team=portal',
    OTEL_SERVICE_NAME: 'portal-web',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
  })
  expect(tracing?.headers).toEqual({ 'api-key': 'a b', 'x-team': 'portal' })
  expect([tracing?.serviceName, tracing?.ratio]).toEqual(['portal-web', 0.25])
  for (const [name, value] of [
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'secret-key'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'secret-key=%'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
    ['OTEL_TRACES_SAMPLER_ARG', 'always_on'],
  ] as const) {
    const load = () => loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, [name]: value })
    expect(load).toThrow(`${name} must be`)
    expect(load).not.toThrow(/secret-key/)
  }
})

test('the example file and docs/configuration.md name every variable', () => {
  const source = readFileSync(new URL('../../src/config.ts', import.meta.url), 'utf8')
  const names = [...source.matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map(([, name]) => name ?? '')
  expect(names.length).toBeGreaterThan(12)
  for (const file of ['../../.env.example', '../../docs/configuration.md']) {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8')
    for (const name of names) expect(text, `${file} does not name ${name}`).toContain(name)
  }
})

test('proxies are not everybody', () => {
  for (const everyone of [
    '0.0.0.0/0',
    '::/0',
    '0.0.0.0/1',
    '128.0.0.0/1',
    '10.0.0.7,64.0.0.0/2',
    '2000::/3',
    '::ffff:0:0/96',
    '::ffff:0.0.0.0/96',
    '::/64',
    'f000::/4',
  ])
    expect([everyone, fault({ TRUSTED_PROXIES: everyone })]).toEqual([
      everyone,
      expect.stringContaining("TRUSTED_PROXIES has a range of everybody's addresses"),
    ])
  for (const own of [
    '10.0.0.0/8',
    '192.168.0.0/16',
    'fc00::/7',
    'fd12::/8',
    '2400:cb00::/32',
    '::1',
    'fe80::/10',
  ])
    expect([own, fault({ TRUSTED_PROXIES: own })]).toEqual([own, undefined])
})

describe('a variable that does not exist', () => {
  test.each([
    ['TRUSTED_PROXY', 'TRUSTED_PROXIES'],
    ['S3_BUCKT', 'S3_BUCKET'],
    ['S3_BUCKET_FILE', 'S3_BUCKET'],
    ['DATABSE_URL', 'DATABASE_URL'],
    ['ISSUER_', 'ISSUER'],
    ['ENCRYPTION_KEYS', 'ENCRYPTION_KEY'],
    ['COOKIE_KEY', 'COOKIE_KEYS'],
    ['SMTP_HOST', 'SMTP_URL'],
    ['DATABASE_POOL_SIZE', 'DATABASE_POOLER'],
    ['DRAIN_SECOND', 'DRAIN_SECONDS'],
    ['LOG_LEVLE', 'LOG_LEVEL'],
    ['DATABASE_URL_FIEL', 'DATABASE_URL_FILE'],
  ])('%s is refused, and %s suggested', (name, nearest) => {
    expect(fault({ [name]: 'CANARY' })).toBe(
      `The configuration has a fault:\n  ${name} is no variable of the portal: is it ${nearest}?`,
    )
    expect(fault({ [name]: '' })).toBeUndefined()
  })

  test("those of others are not: the system's, Node's, the AWS SDK's, and those of Kubernetes for services", () => {
    const foreign = {
      PATH: '/usr/bin',
      HOME: '/root',
      HOSTNAME: 'web-1',
      LANG: 'C',
      MAIL: '/var/mail/portal',
      JAVA_DIR: '/opt',
      NODE_OPTIONS: '--no-warnings',
      NODE_EXTRA_CA_CERTS: '/ca.pem',
      AWS_REGION: 'us-east-1',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/token',
      AWS_KEY_ID: 'x',
      PGSSLMODE: 'require',
      CREDENTIALS_DIRECTORY: '/run/credentials/portal',
      S3_SERVICE_HOST: '10.0.0.1',
      S3_SERVICE_PORT_HTTPS: '443',
      S3_PORT: 'tcp://10.0.0.1:443',
      S3_PORT_443_TCP_ADDR: '10.0.0.1',
    }
    expect(fault(foreign)).toBeUndefined()
  })
})

describe('a secret in a file', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'secrets-'))
  })
  afterEach(() => rm(dir, { recursive: true }))
  async function write(content: string, mode = 0o400) {
    const path = join(dir, String(Math.random()))
    await writeFile(path, content)
    await chmod(path, mode)
    return path
  }

  test('counts as its variable, without the newline at its end', async () => {
    const secrets: Record<string, string> = {
      DATABASE_URL: 'postgres://db/portal?sslmode=verify-full',
      MIGRATION_DATABASE_URL: 'postgres://owner@db/portal?sslmode=verify-full',
      WEB_DATABASE_URL: 'postgres://web@db/portal?sslmode=verify-full',
      WORKER_DATABASE_URL: 'postgres://worker@db/portal?sslmode=verify-full',
      SANDBOX_DATABASE_URL: 'postgres://db/sandbox?sslmode=verify-full',
      SANDBOX_MIGRATION_DATABASE_URL: 'postgres://owner@db/sandbox?sslmode=verify-full',
      COOKIE_KEYS: key,
      ENCRYPTION_KEY: otherKey,
      SMTP_URL: 'smtps://portal:secret@mail.test',
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=secret',
      AWS_ACCESS_KEY_ID: 'AKIATEST',
      AWS_SECRET_ACCESS_KEY: 'secret',
    }
    expect(Object.keys(secrets)).toEqual(SECRET_VARIABLES)
    const files: Record<string, string> = {}
    for (const [name, value] of Object.entries(secrets))
      files[`${name}_FILE`] = await write(`${value}\n`, name === 'SMTP_URL' ? 0o440 : 0o400)
    const { DATABASE_URL: _, COOKIE_KEYS: _c, ENCRYPTION_KEY: _e, SMTP_URL: _s, ...rest } = good
    const more = {
      SANDBOX_PORT: '3003',
      SANDBOX_ISSUER: 'https://sandbox.id.example.org',
      SANDBOX_S3_BUCKET: 'portal-sandbox',
      KMS_KEY_ID: 'alias/portal',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.test',
    }
    const fromFiles = loadConfig({ ...rest, ...files, ...more })
    const { s3, kms, ...config } = loadConfig({ ...rest, ...secrets, ...more })
    // The AWS SDK reads the variables itself, and none of our files.
    const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' }
    expect(fromFiles).toEqual({
      ...config,
      s3: { ...s3, credentials },
      kms: { ...kms, credentials },
    })
  })

  test('is refused by name when it cannot be read, is empty, or when others may read or change it', async () => {
    const refuse = async (path: string, why: string) =>
      expect(fault({ ...good, COOKIE_KEYS: '', COOKIE_KEYS_FILE: path })).toBe(
        `The configuration has a fault:\n  COOKIE_KEYS_FILE ${why}`,
      )
    await refuse(join(dir, 'CANARY'), 'names a file that cannot be read (ENOENT)')
    await refuse(dir, 'names something that is not a file')
    await refuse(await write(''), 'names a file that is empty')
    await refuse(await write('\n'), 'names a file that is empty')
    for (const mode of [0o444, 0o460, 0o406, 0o666])
      await refuse(
        await write(key, mode),
        `names a file of mode 0${mode.toString(8)}, which too many can read or change: chmod it to 0400, or 0440`,
      )
  })

  test('and the variable itself are one too many', async () => {
    expect(fault({ ...good, COOKIE_KEYS_FILE: await write(key) })).toBe(
      'The configuration has a fault:\n  COOKIE_KEYS_FILE and COOKIE_KEYS are both set: keep one',
    )
  })
})

test('a sandbox has an address, a database and a bucket of its own', () => {
  const portal = {
    DATABASE_URL: 'postgres://u:p@127.0.0.1/portal',
    COOKIE_KEYS: key,
    ENCRYPTION_KEY: otherKey,
    S3_BUCKET: 'documents',
  }
  const own = {
    SANDBOX_DATABASE_URL: 'postgres://u:p@127.0.0.1/sandbox',
    SANDBOX_S3_BUCKET: 'sandbox-documents',
  }
  expect(loadConfig({ ...portal, ...own, SANDBOX_PORT: '3003' }).sandbox).toMatchObject({
    port: 3003,
    bucket: 'sandbox-documents',
  })
  expect(loadConfig({ SANDBOX_PORT: '3003' }).sandbox).toMatchObject({ database: undefined })
  for (const [wrong, message] of [
    [{ ...portal, SANDBOX_PORT: '3003' }, 'SANDBOX_DATABASE_URL is required with SANDBOX_PORT'],
    [{ ...own, SANDBOX_PORT: '3003' }, 'DATABASE_URL is required with SANDBOX_PORT'],
    [{ ...portal, ...own }, 'SANDBOX_PORT is required with SANDBOX_DATABASE_URL'],
    [
      { ...portal, ...own, SANDBOX_PORT: '3003', SANDBOX_S3_BUCKET: 'documents' },
      'SANDBOX_S3_BUCKET must be another than S3_BUCKET',
    ],
    [
      { ...portal, ...own, SANDBOX_PORT: '3003', SANDBOX_DATABASE_URL: portal.DATABASE_URL },
      'SANDBOX_DATABASE_URL must be another than DATABASE_URL',
    ],
    [{ PORT: '3003', SANDBOX_PORT: '3003' }, 'SANDBOX_PORT must be another port than PORT'],
    [
      { SANDBOX_PORT: '3003', SANDBOX_ISSUER: 'http://localhost:3003' },
      'SANDBOX_ISSUER must have another host than ISSUER',
    ],
  ] as const)
    expect(fault(wrong), message).toContain(message)
})
