import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type Config, loadConfig } from './config.ts'
import type { AppContext } from './context.ts'
import { measurePools, startGauges } from './gauges.ts'
import { VENDORS } from './id-verification/vendors/vendor-names.ts'
import { requireNeededKeys } from './needed-keys.ts'
import { type OpenedContext, open } from './open.ts'
import { usageOf } from './platform/db.ts'
import { OperatorError } from './platform/errors.ts'
import { createJobs } from './platform/jobs.ts'
import { createLog, type Log } from './platform/log.ts'
import { createMetrics, type Metrics, serveMetrics } from './platform/metrics.ts'
import { measureOperations } from './platform/operation-metrics.ts'
import { withoutObservers } from './platform/operations.ts'
import type { Readiness } from './platform/readiness.ts'
import {
  type Listener,
  prepareListener,
  type RunningServer,
  serveUnavailable,
  startServer,
} from './server.ts'
import { SECURITY_EVENTS, type SecurityEvent } from './web/security-events.ts'
import { createWebMetrics } from './web/web-metrics.ts'
import type { Sandbox } from './web-context.ts'
import { startWorker } from './worker.ts'

export type Served = {
  context: OpenedContext
  server: RunningServer | undefined
  /** `undefined`: there is none, or this process serves no requests. */
  sandbox: Sandbox | undefined
  close(): Promise<void>
}

/** Starts the server, the worker, or both, as `ROLE` says. What was started is closed again when anything fails. */
export async function serve(env: NodeJS.ProcessEnv): Promise<Served> {
  const config = loadConfig(env)
  const log = createLog(config.logLevel)
  const opened = createClosing()
  try {
    const { context, server, worker, sandbox } = await start(config, log, opened.add)
    return {
      context,
      server,
      sandbox: sandbox?.served,
      async close() {
        for (const each of [context, sandbox?.served?.context]) each?.readiness.drain()
        // At once, while the server still drains. Its failure is the one of closing it.
        for (const each of [worker, sandbox?.worker]) each?.stop().catch(() => {})
        await opened.close()
      },
    }
  } catch (error) {
    await opened.close().catch(() => {})
    throw error
  }
}

type Add = <T>(thing: T, close: (thing: T) => Promise<unknown>) => T

/** What was opened, to be closed in the reverse order. A failure while closing keeps nothing else open. */
function createClosing(): { add: Add; close(): Promise<void> } {
  const steps: (() => Promise<unknown>)[] = []
  return {
    add(thing, close) {
      steps.unshift(() => close(thing))
      return thing
    },
    async close() {
      const failures: unknown[] = []
      for (const step of steps.splice(0))
        await step().catch((error: unknown) => failures.push(error))
      if (failures.length > 0) throw failures[0]
    },
  }
}

async function start(config: Config, log: Log, add: Add) {
  const isWeb = config.role !== 'worker'
  let ready: Readiness | undefined
  // Ports first, so that a taken one is found before anything else is started.
  const metrics = config.metrics && (await createMetrics())
  const measured =
    config.metrics &&
    metrics &&
    add(await serveMetrics(metrics, config.metrics, () => ready), (each) => each.close())
  const tracer =
    config.tracing &&
    add((await import('./platform/tracing.ts')).startTracing(config.tracing, log), (each) =>
      each.stop(),
    )
  const listener = isWeb && add(await prepareListener(config), async (each) => each.close())
  const sandboxListener =
    isWeb &&
    config.sandbox &&
    add(
      await prepareListener({ ...config, ...config.sandbox, variable: 'SANDBOX_PORT' }),
      async (each) => each.close(),
    )
  const issuer = config.issuer ?? `http://localhost:${listener ? listener.port : config.port}`
  const context = add(await open(config, log, { mode: 'own', schema: 'migrate' }), (each) =>
    each.close(),
  )
  await requireNeededKeys(context)
  context.readiness.add('keys', () => requireNeededKeys(context), { rememberMs: 5_000 })
  // A process that only presigns links needs no right to write.
  if (config.role === 'web') await checkBucketCredentials(context)
  else await checkBucket(context)
  const jobs = add(
    await createJobs(context.config.database.url, log, context.config.pools),
    (each) => each.stop(),
  )
  const worker =
    config.role === 'web' ? undefined : add(await startWorker(context, jobs), (each) => each.stop())
  const sandbox = await startSandbox({ context, listener: sandboxListener, issuer, log, add })
  const server = listener
    ? add(
        await startServer(listener, context, {
          issuer,
          jobs,
          onDelivery: () => worker?.checkInbox(),
          sandbox: sandbox?.served,
          metrics: metrics && createWebMetrics(metrics, VENDORS),
          tracer,
        }),
        (each) => each.close(closingTimes(config)),
      )
    : undefined
  if (metrics) {
    add(measure(metrics, context), async (stop) => stop())
    measurePools(metrics, {
      main: () => [usageOf(context.db)],
      queue: () => [jobs.poolUsage()],
      ...(server && { requests: () => server.poolUsage() }),
    })
    // Only a worker may read what they are computed from.
    if (worker) add(startGauges(metrics, context), (each) => each.stop())
  }
  if (measured) log.info('metrics are served', { port: measured.port })
  ready = context.readiness
  return { context, server, worker, sandbox }
}

type SandboxParts = {
  context: OpenedContext
  listener: Listener | undefined | false
  /** The portal's. */
  issuer: string
  log: Log
}

/**
 * Starts the sandbox: the same program as the portal, with a database, a bucket and an address of its own, so that nothing invented is
 * ever beside what is true. It is in the portal's process, with secrets that are made of the portal's. The portal serves without it: one that cannot be started
 * only says so, at its own address, in the log and in the reports of readiness, until the process is started again.
 */
async function startSandbox(given: SandboxParts & { add: Add }) {
  const { listener, log, add, context: portal } = given
  const { openSandbox } = portal
  if (!openSandbox) return undefined
  const opened = add(createClosing(), (each) => each.close())
  try {
    // What the portal's operator measures is the portal.
    return await withoutObservers(() =>
      openSandboxParts(openSandbox, { ...given, add: opened.add }),
    )
  } catch (error) {
    log.error('sandbox is not served', { error })
    portal.readiness.add('sandbox', () => Promise.reject(error), { isRequired: false })
    await opened.close().catch(() => {})
    if (listener) await serveUnavailable(listener)
    return undefined
  }
}

async function openSandboxParts(
  openSandbox: NonNullable<OpenedContext['openSandbox']>,
  { context: portal, listener, issuer: portalIssuer, add }: SandboxParts & { add: Add },
) {
  const context = add(await openSandbox(), (each) => each.close())
  const { config, log } = context
  await requireNeededKeys(context)
  context.readiness.add('keys', () => requireNeededKeys(context), { rememberMs: 5_000 })
  if (config.role !== 'web') await checkBucket(context)
  const jobs = add(await createJobs(config.database.url, log, config.pools), (each) => each.stop())
  const worker =
    config.role === 'web' ? undefined : add(await startWorker(context, jobs), (each) => each.stop())
  if (!listener) return { served: undefined, worker }
  const issuer = config.issuer ?? `http://${otherHost(portalIssuer)}:${listener.port}`
  const onDelivery = () => worker?.checkInbox()
  const server = add(
    await startServer(listener, context, {
      issuer,
      jobs,
      onDelivery,
      portal: { issuer: portalIssuer, context: portal },
    }),
    (each) => each.close(closingTimes(config)),
  )
  return { served: { context, jobs, issuer, url: server.url, server }, worker }
}

/** Browsers send cookies to every port of a host, so this machine has another name for the sandbox. */
const otherHost = (issuer: string): string =>
  new URL(issuer).hostname === 'localhost' ? '127.0.0.1' : 'localhost'

/** What remains of `SHUTDOWN_SECONDS` after draining is for requests under way, except for a moment to close all else. */
function closingTimes({ drainSeconds, shutdownSeconds }: Config) {
  const drainMs = drainSeconds * 1000
  const restMs = shutdownSeconds * 1000 - drainMs
  return { drainMs, limitMs: restMs - Math.min(CLOSING_MS, restMs / 2) }
}

const CLOSING_MS = 3_000

/** Counts what this process does. Returns a function that ends this. */
function measure(metrics: Metrics, { security }: AppContext): () => void {
  const events = metrics.counter('portal_security_events_total', 'Security events.', ['event'])
  // From 0, so that the first one is an increase.
  for (const event of Object.keys(SECURITY_EVENTS)) events.inc({ event }, 0)
  const signIns = metrics.counter('portal_sign_ins_total', 'Attempts to sign in.', [
    'outcome',
    'method',
  ])
  security.onEvent((event, method = 'none') => {
    events.inc({ event })
    const outcome = SIGN_IN_OUTCOMES[event]
    if (outcome) signIns.inc({ outcome, method })
  })
  return measureOperations(metrics)
}

const SIGN_IN_OUTCOMES: Partial<Record<SecurityEvent, string>> = {
  sign_in_succeeded: 'succeeded',
  sign_in_failed: 'failed',
  second_factor_failed: 'second_factor_failed',
  sign_in_throttled: 'throttled',
}

/** Throws OperatorError when the bucket cannot be written. One that does not respond is only logged, because deliveries wait for it. */
async function checkBucket({ config, storage, log }: AppContext): Promise<void> {
  const bytes = Buffer.from('written at each start, to see that it can be')
  const sha256 = createHash('sha256').update(bytes).digest()
  try {
    await storage.put(START_KEY, bytes, { contentType: 'text/plain', sha256 })
  } catch (error) {
    const { name, status } = readBucketError(error)
    if (name === 'NoSuchBucket' || status === 404) throw noSuchBucket(config.s3.bucket)
    if (status === 401 || status === 403 || name === 'CredentialsProviderError')
      throw new OperatorError(
        `The bucket ${config.s3.bucket} cannot be written (${name}): correct the AWS credentials, or grant them s3:PutObject and s3:GetObject on it.`,
      )
    log.warn('bucket does not respond', { error })
  }
}

const START_KEY = 'health/start'
const CREDENTIALS_CHECK_MS = 5_000
const WRONG_CREDENTIALS = [
  'CredentialsProviderError',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
]

/**
 * Throws OperatorError when the store rejects the credentials, because no link that is presigned with them would open. That they may not
 * read the object proves nothing: a store says so of a missing object too.
 */
async function checkBucketCredentials({ config, storage, log }: AppContext): Promise<void> {
  try {
    const late = wait(CREDENTIALS_CHECK_MS, undefined, { ref: false }).then(() => {
      throw Object.assign(new Error('the bucket does not respond'), { code: 'ETIMEDOUT' })
    })
    await Promise.race([storage.get(START_KEY), late])
  } catch (error) {
    const { name } = readBucketError(error)
    if (name === 'NoSuchBucket') throw noSuchBucket(config.s3.bucket)
    if (WRONG_CREDENTIALS.includes(name))
      throw new OperatorError(
        `The bucket ${config.s3.bucket} rejects the AWS credentials (${name}): correct them, or no link to an image will open.`,
      )
    if (!['NoSuchKey', 'AccessDenied'].includes(name))
      log.warn('bucket does not respond', { error })
  }
}

function readBucketError(error: unknown): { name: string; status: number | undefined } {
  const {
    name = '',
    code,
    $metadata,
  } = error as { name?: string; code?: string; $metadata?: { httpStatusCode?: number } }
  return { name: code ?? name, status: $metadata?.httpStatusCode }
}

const noSuchBucket = (bucket: string) =>
  new OperatorError(
    `There is no bucket ${bucket}: create it, or correct S3_BUCKET and S3_ENDPOINT.`,
  )
