import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'

const key = Buffer.alloc(32, 7).toString('base64url')
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
    databaseUrl: undefined,
    migrationUrl: undefined,
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
    'COOKIE_KEYS',
    'ENCRYPTION_KEY',
    'SMTP_URL',
    'MAIL_FROM',
  ])
    expect(message).toContain(`  ${name} `)
  expect(message).not.toContain('CANARY')
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
})

test('production refuses what is for development', () => {
  const good = {
    NODE_ENV: 'production',
    ISSUER: 'https://id.test',
    DATABASE_URL: 'postgres://db/portal',
    S3_BUCKET: 'documents',
    COOKIE_KEYS: key,
    ENCRYPTION_KEY: key,
    SMTP_URL: 'smtps://portal:secret@mail.test',
    MAIL_FROM: 'Identity portal <portal@id.test>',
  }
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

test('the example file and the README name every variable', () => {
  const source = readFileSync(new URL('../../src/config.ts', import.meta.url), 'utf8')
  const names = [...source.matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map(([, name]) => name ?? '')
  expect(names.length).toBeGreaterThan(12)
  for (const file of ['../../.env.example', '../../README.md']) {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8')
    for (const name of names) expect(text, `${file} does not name ${name}`).toContain(name)
  }
})
