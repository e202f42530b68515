import { execFile, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startS3Server } from '../../src/local/embedded/s3.ts'
import { readCompose, readEnvironmentFile, type Service } from '../support/compose.ts'
import { type Deployment, startDeployment } from '../support/deployment.ts'
import { ROOT } from '../support/dockerfile.ts'
import { findFreePorts } from '../support/ports.ts'
import type { Rehearsal } from './rehearsal.ts'

const MAIN = join(ROOT, 'src/main.ts')
const run = promisify(execFile)

export const rehearsal: Rehearsal = {
  summary:
    'makes the secrets and certificates of docker-compose.yml, and starts its processes with its variables',
  run: () =>
    startDeployment(startServices).then(({ figures, close }) => close().then(() => figures)),
}

type Environment = Record<string, string>

async function startServices(deployment: Deployment) {
  const { dir, later, close } = deployment
  const [bucketPort = 0, ...ports] = await findFreePorts(9)
  const secrets = await makeSecrets(dir)
  const services = readCompose(secrets)
  const redirect = await standIn(deployment, secrets, bucketPort)
  const environmentOf = (name: string, own: Environment = {}): Environment => ({
    PATH: process.env.PATH ?? '',
    ...redirect(services[name] ?? {}),
    ...own,
  })

  const migrated = await runToEnd(['migrate'], environmentOf('migrate'))
  const figures = [
    `made: ${Object.keys(secrets).length} secrets, ${(await run('ls', [join(dir, 'tls')])).stdout.trim().split('\n').length} files of certificates`,
    `migrate: ${migrated.split('\n')[0]}`,
  ]
  const started = ['web-1', 'web-2', 'worker-1', 'worker-2'].map(async (name) => {
    // All containers have the same ports, which they cannot have here.
    const [port = 0, metricsPort = 0] = ports.splice(0, 2)
    const began = performance.now()
    const own = { PORT: String(port), METRICS_PORT: String(metricsPort) }
    await later(start(environmentOf(name, own)), (each) => each.end()).ready()
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    const [, , ...check] = services[name]?.healthcheck?.test ?? []
    await run(
      process.execPath,
      check.map((word) => word.replace(':3000', `:${port}`).replace(':9464', `:${metricsPort}`)),
    )
    return `${name}: ready after ${seconds} s, and its health check passes`
  })
  figures.push(...(await Promise.all(started)))
  const { issuer } = JSON.parse(await runToEnd(['issuer', 'show', '--json'], environmentOf('cli')))
  figures.push(`cli: the issuer is ${issuer}`)
  return { figures, close }
}

async function makeSecrets(dir: string): Promise<Environment> {
  const { stdout } = await run('sh', [join(ROOT, 'deploy/compose/secrets.sh')])
  await run('mkdir', [join(dir, 'tls')])
  await run('sh', [join(ROOT, 'deploy/compose/certificates.sh'), join(dir, 'tls')], {
    // The script runs as the user of the container, who gives PostgreSQL's key away.
    env: { ...process.env, PATH: process.env.PATH ?? '' },
  })
  const authority = await readFile(join(dir, 'tls/ca.crt'), 'utf8')
  if (!authority.startsWith('-----BEGIN CERTIFICATE-----')) throw new Error('no authority')
  return readEnvironmentFile(stdout)
}

/** Starts what stands for PostgreSQL and the bucket, on loopback and without TLS. Returns a service's environment with their addresses. */
async function standIn({ dir, env, parts, later }: Deployment, secrets: Environment, port: number) {
  await parts.db.unsafe('create database compose')
  later(
    await startS3Server({
      dir: join(dir, 'compose-s3'),
      port,
      bucket: 'documents',
      region: 'us-east-1',
      credentials: {
        accessKeyId: secrets.S3_ACCESS_KEY_ID ?? '',
        secretAccessKey: secrets.S3_SECRET_ACCESS_KEY ?? '',
      },
      production: false,
    }),
    (each) => each.close(),
  )
  const { host, password } = new URL(env.DATABASE_URL ?? '')
  return ({ environment = {} }: Service): Environment =>
    Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [
        name,
        value
          .replace('@postgres:5432/portal?sslmode=verify-full', `@${host}/compose`)
          .replace(`portal:${secrets.DATABASE_PASSWORD}@`, `portal:${password}@`)
          .replace('https://s3:7070', `http://127.0.0.1:${port}`)
          .replace('smtp://mail:1025', 'smtp://127.0.0.1:1025')
          .replace(/^\/tls\//, `${join(dir, 'tls')}/`),
      ]),
    )
}

async function runToEnd(words: string[], env: Environment): Promise<string> {
  const child = spawn(process.execPath, [MAIN, ...words], { env })
  const [said, errors, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.once('exit', resolve)),
  ])
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${errors}`)
  return said
}

function start(env: Environment): { ready(): Promise<void>; end(): Promise<void> } {
  const child = spawn(process.execPath, [MAIN, 'serve'], { env })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += String(chunk)
    })
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    async ready() {
      for (const end = performance.now() + 120_000; !/ is ready/.test(said); await wait(50))
        if (child.exitCode !== null || performance.now() > end)
          throw new Error(`it did not become ready: ${said}`)
    },
    async end() {
      child.kill('SIGTERM')
      await exit
    },
  }
}
