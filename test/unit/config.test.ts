import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'

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
  ])
    expect(fault({ ...good, [name]: '' })).toContain(`${name} is required`)
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
