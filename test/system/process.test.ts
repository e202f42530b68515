import { readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect } from 'vitest'
import { startS3Server } from '../../src/local/embedded/s3.ts'
import { randomSecret } from '../../src/platform/secrets.ts'
import { createDatabase } from '../support/database.ts'
import { test, UNUSED_PORT, withDatabase } from '../support/program.ts'

test('a second start on the same data is refused, and the first goes on; SIGTERM ends it with status 0', async ({
  program: { serve, expectRefusal, json, dataDir },
}) => {
  const first = await serve()
  await expectRefusal(
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
  expect((await stat(join(dataDir, 'secrets.json'))).mode & 0o777).toBe(0o600)
})

test('a taken port is one clear line, and nothing was started', async ({
  program: { expectRefusal, dataDir },
}) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as { port: number }
  await expectRefusal(['serve'], { PORT: String(port) }, new RegExp(`Port ${port} is taken`))
  await expect(stat(dataDir)).rejects.toThrow('ENOENT')
  taken.close()
})

test('a data directory that cannot be used is one clear line', async ({
  program: { expectRefusal, dir },
}) => {
  const file = join(dir, 'file')
  await writeFile(file, 'mine')
  await Promise.all([
    expectRefusal(
      ['serve'],
      { DATA_DIR: file },
      /The data directory .* cannot be used: there is a file in its place/,
    ),
    expectRefusal(['serve'], { DATA_DIR: join(file, 'below') }, /cannot be used/),
  ])
  expect(await readFile(file, 'utf8')).toBe('mine')
})

test('a database that cannot be used, and secrets that are missing, are one message each', async ({
  program: { run, expectRefusal },
}) => {
  const away = `postgres://portal:CANARY@127.0.0.1:${UNUSED_PORT}/portal`
  const { url, drop } = await createDatabase()
  const [{ status, stderr }] = await Promise.all([
    run(['serve'], { DATABASE_URL: away, PORT: 'CANARY', ROLE: 'CANARY' }),
    expectRefusal(['serve'], withDatabase(away), /DATABASE_URL cannot be used: nothing listens/),
    expectRefusal(
      ['serve'],
      withDatabase(url.replace(/:[^:@]*@/, ':CANARY@')),
      /rejects the user or the password/,
    ),
    expectRefusal(['serve'], withDatabase(`${url}_other`), /no database of that name/),
  ])
  await drop()
  expect(status).toBe(1)
  for (const name of ['PORT', 'ROLE']) expect(stderr).toContain(name)
  expect(stderr).not.toContain('CANARY')
})

test('a bucket without rights, or none, is one clear line', async ({
  program: { expectRefusal, dir },
  onTestFinished,
}) => {
  const { url, drop } = await createDatabase()
  onTestFinished(drop)
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: randomSecret() }
  const s3 = await startS3Server({
    dir: join(dir, 's3'),
    port: 0,
    bucket: 'documents',
    region: 'us-east-1',
    credentials,
    production: false,
  })
  onTestFinished(s3.close)
  const env = {
    ...withDatabase(url),
    S3_ENDPOINT: s3.endpoint,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  }
  await Promise.all([
    expectRefusal(
      ['serve'],
      { ...env, AWS_SECRET_ACCESS_KEY: 'CANARY' },
      /bucket documents cannot be written .*correct the AWS credentials/,
    ),
    expectRefusal(
      ['serve'],
      { ...env, S3_BUCKET: 'nothing-here' },
      /There is no bucket nothing-here/,
    ),
  ])
})
