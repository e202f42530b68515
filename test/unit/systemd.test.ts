import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { loadConfig, VARIABLES } from '../../src/config.ts'
import { readEnvironmentFile } from '../support/compose.ts'
import { ROOT } from '../support/dockerfile.ts'

const DIR = join(ROOT, 'deploy/systemd')
const read = (name: string) => readFileSync(join(DIR, name), 'utf8')
const units = readdirSync(DIR).filter((name) => name.endsWith('.service'))

/** The values of a setting, in order. */
const valuesOf = (unit: string, setting: string) =>
  [...read(unit).matchAll(new RegExp(`^${setting}=(.*)$`, 'gm'))].map(([, value = '']) => value)

test('there is a unit for each kind of process', () => {
  expect(units).toEqual([
    'identity-portal-migrate.service',
    'identity-portal-web@.service',
    'identity-portal-worker@.service',
  ])
})

test('each process starts with its variables and the credentials that its unit loads', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'systemd-'))
  const keyOf = (start: number) =>
    Buffer.from(Array.from({ length: 32 }, (_, at) => start + at * 3)).toString('base64url')
  const secrets: Record<string, string> = {
    'app-database-url': 'postgres://portal_app@localhost/portal',
    'web-database-url': 'postgres://portal_web@localhost/portal',
    'worker-database-url': 'postgres://portal_worker@localhost/portal',
    'migration-database-url': 'postgres://portal@localhost/portal',
    'cookie-keys': keyOf(1),
    'encryption-key': keyOf(2),
    'smtp-url': 'smtps://mail.example.org',
    'aws-access-key-id': 'AKIA',
    'aws-secret-access-key': 'secret',
  }
  for (const unit of units) {
    const instance = unit.includes('web') ? '3001' : '9471'
    for (const credential of valuesOf(unit, 'LoadCredential')) {
      const [name = '', path = ''] = credential.split(':')
      const value = secrets[path.replace('/etc/identity-portal/secrets/', '')]
      if (value === undefined) throw new Error(`${unit} loads ${path}`)
      await writeFile(join(dir, name), value, { mode: 0o440 })
    }
    const own = valuesOf(unit, 'Environment').flatMap((assignments) => assignments.split(' '))
    const env = readEnvironmentFile(
      [read('portal.env'), ...own]
        .join('\n')
        .replaceAll('%d', dir)
        .replaceAll('%i', instance)
        .replaceAll('"', ''),
    )
    for (const name of Object.keys(env)) expect(VARIABLES, unit).toContain(name)
    const { role, production, port, metrics, database } = loadConfig(env)
    expect(production).toBe(true)
    if (unit.includes('web'))
      expect({ role, port, metrics: metrics?.port }).toEqual({
        role: 'web',
        port: 3001,
        metrics: 13001,
      })
    else if (unit.includes('worker'))
      expect({ role, metrics: metrics?.port }).toEqual({ role: 'worker', metrics: 9471 })
    else expect(Object.keys(database?.processUrls ?? {})).toEqual(['web', 'worker'])
  }
  await rm(dir, { recursive: true })
})

test('the secrets are made once, only root can read them, and the URLs lead to the database that is named', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'systemd-'))
  const make = (env: Record<string, string>) =>
    promisify(execFile)('sh', [join(DIR, 'secrets.sh'), join(dir, 'secrets')], {
      env: { PATH: process.env.PATH, ...env },
    })
  const readUrl = () => readFileSync(join(dir, 'secrets/web-database-url'), 'utf8')
  const { stdout } = await make({})
  expect(stdout.match(/^write .*$/gm)).toHaveLength(3)
  expect((await stat(join(dir, 'secrets/encryption-key'))).mode & 0o777).toBe(0o600)
  const made = readUrl()
  expect(made).toMatch(/^postgres:\/\/portal_web:[0-9a-f]{48}@127\.0\.0\.1:5432\/portal\n$/)
  await make({ PGHOST: 'db.test' })
  expect(readUrl()).toBe(made)
  await rm(join(dir, 'secrets/web-database-url'))
  await make({ PGHOST: 'db.test', PGPORT: '5433', PGSSLMODE: 'verify-full' })
  expect(readUrl()).toContain('@db.test:5433/portal?sslmode=verify-full\n')
  await rm(dir, { recursive: true })
})

test("the operator's command reads the files that the units load", () => {
  const files = Object.fromEntries(
    [...read('portal').matchAll(/^(\w+)_FILE=\$secrets\/(.*)$/gm)].map(([, name, file]) => [
      name,
      file,
    ]),
  )
  const unit = 'identity-portal-migrate.service'
  const loaded = Object.fromEntries(
    valuesOf(unit, 'LoadCredential').map((credential) => {
      const [name = '', path = ''] = credential.split(':')
      return [name.toUpperCase().replaceAll('-', '_'), path.split('/').at(-1)]
    }),
  )
  expect(Object.keys(files)).toHaveLength(6)
  expect(loaded).toMatchObject(files)
})

test("the operator's command runs where it was called, with the configuration of the folder that is named", async () => {
  const dir = await mkdtemp(join(tmpdir(), 'systemd-'))
  const script = join(dir, 'portal')
  const program = '/usr/local/bin/node /opt/identity-portal/src/main.ts "$@"'
  expect(read('portal')).toContain(program)
  await writeFile(script, read('portal').replace(program, 'sh -c "pwd; env"'))
  await writeFile(join(dir, 'portal.env'), read('portal.env'))
  const { stdout } = await promisify(execFile)('sh', [script], {
    cwd: dir,
    env: { PATH: process.env.PATH, PORTAL_CONFIG: dir },
  })
  const lines = stdout.split('\n')
  expect(lines[0]).toBe(await realpath(dir))
  expect(lines).toContain(`ENCRYPTION_KEY_FILE=${dir}/secrets/encryption-key`)
  expect(lines).toContain('MAIL_FROM=Identity portal <portal@example.org>')
  await rm(dir, { recursive: true })
})

test('systemd waits longer than a process may take to end', () => {
  const { SHUTDOWN_SECONDS } = readEnvironmentFile(read('portal.env'))
  for (const unit of units.filter((name) => name.includes('@')))
    expect(Number(valuesOf(unit, 'TimeoutStopSec')[0])).toBeGreaterThan(
      Number(SHUTDOWN_SECONDS) + 5,
    )
})
