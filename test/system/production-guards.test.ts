import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { startS3Server } from '../../src/local/embedded/s3.ts'
import { openDb } from '../../src/platform/db.ts'
import { findIssuer, storeIssuer } from '../../src/platform/issuer.ts'
import { randomSecret } from '../../src/platform/secrets.ts'
import { createDatabase } from '../support/database.ts'
import { findFreePorts } from '../support/ports.ts'
import { type Environment, test, withDatabase } from '../support/program.ts'
import { eventually } from '../support/sandbox.ts'

test('a web process in production: its issuer, its credentials, its proxy', async ({
  program: { serve, run, expectRefusal },
  onTestFinished,
}) => {
  const { url, drop } = await createDatabase()
  onTestFinished(drop)
  const db = openDb(url)
  onTestFinished(() => db.end())
  const [port = 0] = await findFreePorts(1)
  const issuer = `http://localhost:${port}`
  const env: Environment = {
    ...withDatabase(url),
    NODE_ENV: 'production',
    ROLE: 'web',
    PORT: String(port),
    ISSUER: issuer,
    SMTP_URL: 'smtp://127.0.0.1:1',
    MAIL_FROM: 'portal@id.test',
    TRUSTED_PROXIES: '10.0.0.7',
  }

  // A bucket that does not respond is no reason not to start.
  const { child, readLog } = await serve(env)
  expect(readLog()).toMatch(/connect ECONNREFUSED.*"event":"bucket does not respond"/)
  let log = ''
  child.stderr.on('data', (lines) => {
    log += lines
  })
  expect(await findIssuer(db)).toBe(issuer)
  for (let count = 0; count < 2; count++)
    await fetch(`${issuer}/sign-in`, {
      method: 'POST',
      headers: { 'X-Forwarded-For': '203.0.113.9' },
    })
  await eventually(async () => log.includes('forwarding header ignored'))
  expect(log.match(/forwarding header ignored/g)).toHaveLength(1)
  expect(log).toContain('"from":"127.0.0.1"')
  const ready = await fetch(`${issuer}/health/ready`)
  expect([ready.status, await ready.json()]).toMatchObject([
    200,
    { parts: { bucket: 'unavailable', proxy: 'unavailable' } },
  ])
  child.kill()

  const s3Dir = await mkdtemp(join(tmpdir(), 'portal-s3-'))
  const s3 = await startS3Server({
    dir: s3Dir,
    port: 0,
    bucket: 'documents',
    region: 'us-east-1',
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: randomSecret() },
    production: false,
  })
  onTestFinished(async () => {
    await s3.close()
    await rm(s3Dir, { recursive: true })
  })
  await expectRefusal(
    ['serve'],
    { ...env, PORT: '0', S3_ENDPOINT: s3.endpoint },
    /^The bucket documents rejects the AWS credentials \(SignatureDoesNotMatch\)/,
  )

  const move = ['issuer', 'change', 'https://moved.test']
  const asked = await run(move, env)
  expect(asked.stdout).toContain('0 passkeys do not work any more: they belong to localhost')
  expect(asked.stdout).toContain('Nothing was changed.')
  expect(await findIssuer(db)).toBe(issuer)
  const changed = await run([...move, '--yes'], env)
  expect([changed.status, changed.stderr]).toEqual([0, ''])
  await expectRefusal(
    ['serve'],
    { ...env, PORT: '0', LOG_LEVEL: 'error' },
    new RegExp(`^ISSUER is ${issuer}, but this portal is https://moved\\.test: .*issuer change`),
  )
  expect(await findIssuer(db)).toBe('https://moved.test')
  await storeIssuer(db, issuer, { mayChange: true })
  expect(await findIssuer(db)).toBe(issuer)
})
