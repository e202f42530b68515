import { createServer } from 'node:http'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { Finding } from '../../src/cli/checks/check.ts'
import { diagnose } from '../../src/cli/diagnosis.ts'
import { type AppContext, openContext } from '../../src/context.ts'
import {
  BACKUP_GAUGES,
  findVerifiedBackup,
  recordVerifiedBackup,
} from '../../src/platform/backup-record.ts'
import { createSealer, randomSecret } from '../../src/platform/secrets.ts'
import { createStorage } from '../../src/platform/storage.ts'
import { createDatabase } from '../support/database.ts'
import { startPortal, type TestPortal } from '../support/portal.ts'
import { UNUSED_PORT } from '../support/program.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

const examine = async (change: Partial<AppContext> = {}) => {
  const parts = { ...portal.parts, ...change }
  return await diagnose({ ...parts, issuer: portal.issuer })
}
const find = (findings: Finding[], name: string) => findings.find(({ check }) => check === name)
const withConfig = (change: Partial<AppContext['config']>) =>
  examine({ config: { ...portal.parts.config, ...change } })

test('a portal of a test has nothing to do; what its store does not tell is unknown', async () => {
  const findings = await examine()
  expect(findings.filter(({ state }) => state === 'failed')).toEqual([])
  expect(findings.filter(({ state }) => state === 'unknown').map(({ check }) => check)).toEqual([
    'backup',
    'bucket: public access',
    'bucket: policy',
    'bucket: versioning',
    'bucket: lifecycle',
  ])
  expect(find(findings, 'database: connections')?.detail).toMatch(
    /may open \d+ connections, others use \d+; the server allows \d+ \(max_connections 400, \d reserved\)/,
  )
})

test('a schema that lacks a migration is said, nothing is migrated, and what needs the tables is not tried', async () => {
  const { db, drop } = await createDatabase()
  await db`delete from schema_migration where name = (select max(name) from schema_migration)`
  const findings = await examine({ db })
  expect(find(findings, 'schema')).toMatchObject({
    state: 'failed',
    detail: 'The database schema is not up to date (1 migration is missing)',
    advice: expect.stringContaining('migrate'),
  })
  expect(find(findings, 'keys')).toBeUndefined()
  expect(find(findings, 'bucket: read')).toMatchObject({ state: 'ok' })
  expect(find(await examine({ db }), 'schema')).toMatchObject({ state: 'failed' })
  await drop()
})

test('a clock that differs from the database is said, in both directions', async () => {
  const { now } = Date
  onTestFinished(() => void vi.restoreAllMocks())
  const partOf = async () => {
    const process = await openContext(portal.config, portal.parts.log)
    onTestFinished(process.close)
    const { status, parts } = await process.readiness.report()
    return [status, parts.clock]
  }
  expect(find(await examine(), 'clock')).toMatchObject({ state: 'ok' })
  expect(await partOf()).toEqual(['ready', 'ok'])
  for (const seconds of [600, -600]) {
    vi.spyOn(Date, 'now').mockImplementation(() => now() + seconds * 1000)
    expect(find(await examine(), 'clock')).toMatchObject({
      state: 'failed',
      detail: "600 s apart from the database's",
    })
    expect(await partOf()).toEqual(['ready', 'unavailable'])
    expect(portal.logged()).toContain(`"aheadSeconds":${seconds}`)
  }
})

test('keys of another ENCRYPTION_KEY are said', async () => {
  const sealer = createSealer([Buffer.from(randomSecret(), 'base64url')])
  expect(find(await examine({ sealer }), 'keys')).toMatchObject({
    state: 'failed',
    advice: expect.stringContaining('ENCRYPTION_KEY'),
  })
})

test('the newest verified backup is said, and measured; none, or an old one, is a failure in production', async () => {
  const production = () => withConfig({ production: true })
  expect(find(await production(), 'backup')).toMatchObject({ state: 'failed' })
  const day = 24 * 3600_000
  const recordOf = async (daysAgo: number) => {
    const takenAt = new Date(Date.now() - daysAgo * day)
    await recordVerifiedBackup(portal.db, { takenAt, verifiedAt: new Date() })
    return takenAt
  }
  await recordOf(9)
  expect(find(await production(), 'backup')).toMatchObject({
    state: 'failed',
    detail: expect.stringContaining('9.0 days ago'),
  })
  const newest = await recordOf(2)
  await recordOf(5)
  expect(find(await production(), 'backup')).toMatchObject({
    state: 'ok',
    detail: expect.stringContaining(newest.toISOString()),
  })
  expect((await findVerifiedBackup(portal.db))?.takenAt).toEqual(newest)
  expect(await BACKUP_GAUGES[0]?.read(portal.db)).toEqual([
    { labels: {}, value: newest.getTime() / 1000 },
  ])
})

/** A mail server that accepts the user `portal` alone. */
async function startMailServer(): Promise<{ port: number; close(): Promise<void> }> {
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username }, _session, answer) =>
      username === 'portal' ? answer(null, { user: username }) : answer(new Error('no')),
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as { port: number }
  return { port, close: () => new Promise<void>((resolve) => server.close(() => resolve())) }
}

test('the mail server is reached, with its login and TLS', async () => {
  const server = await startMailServer()
  const mailOf = async (smtpUrl: string) =>
    find(await withConfig({ mail: { smtpUrl, from: 'portal@id.test' } }), 'mail')
  expect(await mailOf(`smtp://portal:secret@127.0.0.1:${server.port}`)).toMatchObject({
    state: 'ok',
    detail: expect.stringContaining('accepts the login'),
  })
  const failed = (detail: RegExp) => ({ state: 'failed', detail: expect.stringMatching(detail) })
  expect(await mailOf(`smtp://other:secret@127.0.0.1:${server.port}`)).toMatchObject(
    failed(/rejects the login/),
  )
  expect(await mailOf(`smtp://127.0.0.1:${server.port}/?requireTLS=true`)).toMatchObject(
    failed(/TLS/),
  )
  expect(await mailOf(`smtp://127.0.0.1:${UNUSED_PORT}`)).toMatchObject(failed(/nothing answers/))
  await server.close()
})

/** A store that answers each setting of the bucket with this XML, or with this error. */
async function startSettings(answers: Record<string, { status?: number; xml: string }>) {
  const server = createServer((request, response) => {
    const setting = new URL(request.url ?? '', 'http://store').searchParams.keys().next().value
    const { status = 200, xml } = answers[setting ?? ''] ?? {
      status: 501,
      xml: '<Error><Code>NotImplemented</Code></Error>',
    }
    response.writeHead(status, { 'content-type': 'application/xml' }).end(xml)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const storage = createStorage({
    ...portal.parts.config.s3,
    endpoint: `http://127.0.0.1:${port}`,
    publicEndpoint: undefined,
  })
  return {
    storage,
    async close() {
      storage.close()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('the settings of a bucket are read as S3 answers them', async () => {
  const error = (status: number, code: string) => ({
    status,
    xml: `<Error><Code>${code}</Code><Message>no</Message></Error>`,
  })
  const first = await startSettings({
    versioning: {
      xml: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
    },
    publicAccessBlock: {
      xml: `<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls>
        <BlockPublicPolicy>false</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>`,
    },
    policy: { xml: '{"Statement":[]}' },
    lifecycle: {
      xml: `<LifecycleConfiguration>
        <Rule><ID>tidy</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter><Expiration><Days>30</Days></Expiration></Rule>
        <Rule><ID>off</ID><Status>Disabled</Status><Filter><Prefix></Prefix></Filter><Expiration><Days>1</Days></Expiration></Rule>
        <Rule><ID>cold</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>
          <Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition></Rule></LifecycleConfiguration>`,
    },
  })
  expect(await first.storage.readSettings()).toEqual({
    versioning: { value: 'Enabled' },
    publicAccessFlagsOff: { value: ['BlockPublicPolicy'] },
    policy: { value: '{"Statement":[]}' },
    lifecycle: {
      value: [
        { id: 'tidy', expires: true, archives: false },
        { id: 'cold', expires: false, archives: true },
      ],
    },
  })
  await first.close()

  const second = await startSettings({
    versioning: { xml: '<VersioningConfiguration/>' },
    publicAccessBlock: error(404, 'NoSuchPublicAccessBlockConfiguration'),
    policy: error(404, 'NoSuchBucketPolicy'),
    lifecycle: error(403, 'AccessDenied'),
  })
  expect(await second.storage.readSettings()).toEqual({
    versioning: { value: 'off' },
    publicAccessFlagsOff: {
      value: ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'],
    },
    policy: { value: undefined },
    lifecycle: { unknown: 'these credentials may not read the setting' },
  })
  await second.close()
})
