import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { expect } from 'vitest'
import { verifyPassword } from '../../src/accounts/passwords.ts'
import { findVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { createSealer } from '../../src/platform/secrets.ts'
import { createDatabase } from '../support/database.ts'
import { test, withDatabase } from '../support/program.ts'

test('wrong use of the command line is status 2, and bad input status 1', async ({
  program: { run },
}) => {
  const wrong = [
    [],
    ['client', 'dance'],
    ['client', 'create'],
    ['resident', 'create', '--email', 'x', '--given-name', 'A', '--surname', 'B'],
    ['client', 'list', '--nonsense'],
  ]
  await Promise.all(
    wrong.map(async (words) => {
      const { status, stdout, stderr } = await run(words)
      expect([words, status, stdout]).toEqual([words, 2, ''])
      expect(stderr).not.toContain('at async')
    }),
  )
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
  const { url, drop } = await createDatabase()
  const { status, stderr } = await run(bad, withDatabase(url))
  await drop()
  expect(status).toBe(1)
  expect(stderr).toMatch(/redirect URI must be https/)
  expect(stderr).toMatch(/scope must be a list of/)
})

test('help and the version are answers; wrong use is what is wrong and the way to the help', async ({
  program: { run, dataDir },
}) => {
  const [help, version, wrong] = await Promise.all([
    run(['client', '--help']),
    run(['--version']),
    run(['demo', '--chek']),
  ])
  expect([help.status, help.stderr]).toEqual([0, ''])
  expect(help.stdout).toContain('Usage: npm run -s cli -- client ')
  expect(version).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  })
  expect(wrong).toEqual({
    status: 2,
    stdout: '',
    stderr:
      "unknown option '--chek'\n(Did you mean --check?)\nSee: npm run -s cli -- demo --help\n",
  })
  await expect(stat(dataDir)).rejects.toThrow('ENOENT')
})

test('the demo says who has one of its ports, and a free one, before it starts anything', async ({
  program: { run, dataDir },
}) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { status, stdout, stderr } = await run(['demo'], { PORT: String(port) })
  server.close()
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/^Port \d+ is taken: .* Stop it, .* PORT=\d+ npm run demo\n$/)
  expect(stderr).toContain(`Port ${port} is taken`)
  await expect(stat(dataDir)).rejects.toThrow('ENOENT')
})

test('of the commands only migrate changes the schema, and prints what it applied', async ({
  program: { run, json, expectRefusal, dir },
}) => {
  const { db, url, drop } = await createDatabase()
  const env = withDatabase(url)
  const countTables = async () => {
    const [row] = await db`select count(*)::int as n from pg_tables where schemaname = 'public'`
    return row?.n
  }
  await db.unsafe('drop schema public cascade; create schema public')
  const [doctor] = await Promise.all([
    run(['doctor'], env),
    expectRefusal(['client', 'list'], env, /schema is not created yet: run `migrate` first\.$/m),
  ])
  expect([doctor.status, doctor.stdout]).toEqual([1, ''])
  expect(doctor.stderr).toMatch(
    /^FAILED {3}schema: The database schema is not created yet\n {9}why it matters: .+\n {9}what to do: run `migrate`/m,
  )
  expect(doctor.stderr).toMatch(/^ok {7}database: PostgreSQL \d+/m)
  expect(await countTables()).toBe(0)

  const { applied } = await json(['migrate'], env)
  expect(applied[0]).toBe('0001_account.sql')
  const names = await db`select name from schema_migration order by name`
  expect(applied).toEqual(names.map(({ name }) => name))

  const missing = join(dir, 'missing.json')
  const [again, printed, clients] = await Promise.all([
    json(['migrate'], env),
    run(['migrate'], env),
    json(['client', 'list'], env),
    expectRefusal(
      ['resident', 'set', 'ana@example.test', '--file', missing],
      env,
      new RegExp(`^The file ${missing} cannot be read: it does not exist\\.$`, 'm'),
    ),
  ])
  expect(again).toEqual({ applied: [] })
  expect(printed.stdout).toBe('The database schema is up to date: nothing to apply.\n')
  expect(clients).toMatchObject([{ id: 'eprospera-cli' }])

  await db`delete from schema_migration where name = ${applied.at(-1)}`
  await expectRefusal(
    ['resident', 'list'],
    env,
    /not up to date \(1 migration is missing\): run `migrate`/,
  )
  await drop()
})

test('secrets are read from standard input', async ({ program: { json }, onTestFinished }) => {
  const { db, url, drop } = await createDatabase()
  onTestFinished(drop)
  const env = withDatabase(url)
  const vendor = ['vendor', 'set', 'veriff', '--base-url', 'http://127.0.0.1:1', '--api-key', 'key']
  const resident = ['resident', 'create', '--email', 'ana@example.test', '--given-name', 'Ana']
  const password = 'lantern orchard violet drum'
  const [, created] = await Promise.all([
    json([...vendor, '--secret-stdin'], env, 'shared secret\n'),
    json([...resident, '--surname', 'Mejia', '--password-stdin'], env, password),
    json(
      [
        ...['vendor', 'set', 'sumsub', '--base-url', 'http://127.0.0.1:1', '--api-key-stdin'],
        ...['--secret-stdin', '--webhook-secret-stdin', '--setting', 'levelName=kyc'],
      ],
      env,
      'app token\nsecret key\nwebhook secret\n',
    ),
  ])
  const sealer = createSealer([Buffer.from(env.ENCRYPTION_KEY ?? '', 'base64url')])
  const integration = await findVendorIntegration(db, sealer, 'veriff', 'default')
  expect(integration).toMatchObject({
    secrets: { apiKey: 'key', sharedSecrets: ['shared secret'] },
  })
  expect(await findVendorIntegration(db, sealer, 'sumsub', 'default')).toMatchObject({
    settings: { levelName: 'kyc' },
    secrets: {
      apiKey: 'app token',
      sharedSecrets: ['secret key'],
      webhookSecret: 'webhook secret',
    },
  })
  const [row] = await db`select password_hash from account where id = ${created.id}`
  expect(await verifyPassword(password, row?.passwordHash)).toBe(true)
})
