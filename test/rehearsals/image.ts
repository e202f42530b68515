import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Container, openContainer } from '../support/container.ts'
import { type Deployment, startDeployment } from '../support/deployment.ts'
import { buildImage, type Image, ROOT } from '../support/dockerfile.ts'
import { findFreePorts } from '../support/ports.ts'
import type { Rehearsal } from './rehearsal.ts'

const MODULES_LIMIT_MB = 90

export const rehearsal: Rehearsal = {
  summary:
    'carries out each step of the Dockerfile, and starts migrate, web and worker from the result',
  async run({ say }) {
    const dir = await mkdtemp(join(tmpdir(), 'portal-image-'))
    try {
      const image = await buildImage(dir, {
        // Only what the base image has: Node, npm and a shell. Packages that this machine has fetched before are not fetched again.
        runEnv: {
          PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
          HOME: process.env.HOME ?? dir,
          npm_config_prefer_offline: 'true',
        },
        onStep: say,
      })
      const app = join(image.folder, image.workdir)
      const [modules, all, here] = await Promise.all([
        measure(join(app, 'node_modules')),
        measure(app),
        measure(join(ROOT, 'node_modules')),
      ])
      if (modules > MODULES_LIMIT_MB)
        throw new Error(`the modules take ${modules} MB, more than ${MODULES_LIMIT_MB}`)
      const container = await openContainer(image)
      await refuseWriting(container)
      const started = await startAll(container, image)
      return [
        `modules: ${modules} MB (${here} MB where the tests run); with the source: ${all} MB`,
        container.isConfined
          ? `user ${image.user}, everything read-only, no /tmp`
          : 'as the user of this rehearsal, in a folder that can be written: only root can arrange more',
        ...started,
      ]
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  },
}

/** Megabytes of the files' content. */
async function measure(folder: string): Promise<number> {
  const { stdout } = await promisify(execFile)('du', ['-sb', folder])
  return Math.round(Number.parseInt(stdout, 10) / 1e6)
}

async function refuseWriting(container: Container): Promise<void> {
  if (!container.isConfined) return
  const said = await runToEnd(
    container,
    evaluate(`
      import { writeFileSync } from 'node:fs'
      for (const path of ['/app/x', '/app/src/main.ts', '/app/node_modules/x', '/etc/x', '/tmp/x', '/x'])
        try {
          writeFileSync(path, '')
          console.log('can write', path)
        } catch {}
      console.log('user', process.getuid(), process.getgid(), process.getgroups().join())
    `),
  )
  if (said !== 'user 1000 1000 1000\n') throw new Error(`the processes are not confined: ${said}`)
}

const evaluate = (source: string) => ['node', '--input-type=module', '--eval', source]

/** `migrate` to its end; then a web and a worker process, until they are ready; then SIGTERM. */
async function startAll(container: Container, { entrypoint, command }: Image): Promise<string[]> {
  const deployment = await startDeployment(async (each) => each)
  try {
    const [port = 0, metricsPort = 0] = await findFreePorts(2)
    const issuer = `http://localhost:${port}`
    const { PATH: _, ...shared } = deployment.env
    await deployment.parts.db.unsafe('create database image')
    const database = new URL(shared.DATABASE_URL ?? '')
    database.pathname = '/image'
    const env = {
      ...shared,
      DATABASE_URL: database.href,
      ISSUER: issuer,
      SMTP_URL: 'smtp://127.0.0.1:1',
      MAIL_FROM: 'portal@id.test',
      TRUSTED_PROXIES: 'none',
    }
    const started = performance.now()
    const [applied] = (await runToEnd(container, [...entrypoint, 'migrate'], env)).split('\n')
    const figures = [`migrate: ${applied} (${secondsSince(started)} s)`]
    const serve = [...entrypoint, ...command]
    const web = await startUntilReady(deployment, container, serve, {
      ...env,
      ROLE: 'web',
      PORT: String(port),
    })
    const worker = await startUntilReady(deployment, container, serve, {
      ...env,
      ROLE: 'worker',
      METRICS_PORT: String(metricsPort),
    })
    const ready = await fetch(`${issuer}/health/ready`)
    if (ready.status !== 200) throw new Error(`/health/ready answered ${ready.status}`)
    figures.push(
      `web ready after ${web.seconds} s, worker after ${worker.seconds} s; /health/ready: ${ready.status}`,
      await decodeAndHash(container),
    )
    await Promise.all([web.end(), worker.end()])
    figures.push('web and worker ended with status 0 on SIGTERM')
    return figures
  } finally {
    await deployment.close()
  }
}

async function runToEnd(
  container: Container,
  command: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const child = container.start(command, env)
  const [said, errors, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.once('exit', resolve)),
  ])
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${errors}`)
  return said
}

async function startUntilReady(
  { later }: Deployment,
  container: Container,
  command: readonly string[],
  env: Record<string, string>,
) {
  const started = performance.now()
  const child = later(container.start(command, env), async (each) => each.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += String(chunk)
    })
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
  while (!/ is ready/.test(said)) {
    if (child.exitCode !== null || performance.now() - started > 120_000)
      throw new Error(`it did not become ready: ${said}`)
    await wait(50)
  }
  return {
    seconds: secondsSince(started),
    async end() {
      child.kill('SIGTERM')
      const status = await exit
      if (status !== 0) throw new Error(`it ended with ${status}: ${said}`)
    },
  }
}

/** What native bindings and the process for images do. */
async function decodeAndHash(container: Container): Promise<string> {
  const said = await runToEnd(
    container,
    evaluate(`
      const { default: sharp } = await import('sharp')
      const { createImageDecoder } = await import('./src/id-verification/image-decoder.ts')
      const { hashShortSecret } = await import('./src/accounts/passwords.ts')
      const create = { width: 64, height: 48, channels: 3, background: 'red' }
      const decoder = createImageDecoder()
      const prepared = await decoder.prepare(await sharp({ create }).png().toBuffer())
      decoder.close()
      if (prepared.refused) throw new Error(prepared.refused)
      const hash = await hashShortSecret('a code', Buffer.alloc(16))
      console.log('a PNG decoded, a code hashed to ' + hash.length + ' bytes')
    `),
  )
  return said.trim()
}

const secondsSince = (started: number) => ((performance.now() - started) / 1000).toFixed(1)
