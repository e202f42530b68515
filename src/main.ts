import { createHash } from 'node:crypto'
import { HelpAsked, print, readCommand, UsageError } from './cli/commands.ts'
import { type Config, isLoopback, loadConfig } from './config.ts'
import { openParts, type Parts, type Runtime } from './context.ts'
import { measureEvents } from './events/store.ts'
import { measureIngestion } from './id-verification/progress.ts'
import { openEmbedded } from './local/embedded/data-dir.ts'
import { FindingsError, OperatorError } from './platform/errors.ts'
import { createJobs, type Jobs } from './platform/jobs.ts'
import { createLog, type Log } from './platform/log.ts'
import { createMetrics, serveMetrics } from './platform/metrics.ts'
import { listen, type RunningServer, startServer } from './server.ts'
import { escapeForTerminal } from './web/displayed-text.ts'
import { startWorker } from './worker.ts'

type Opened = Parts & { embedded: boolean }

/** The environment's parts, or the embedded ones, or one of each. `own` refuses a data directory that another process owns. */
async function open(config: Config, log: Log, mode: 'own' | 'attach-or-own'): Promise<Opened> {
  const needsEmbedded = !config.databaseUrl || !config.s3 || !config.secrets
  const embedded = needsEmbedded
    ? await openEmbedded({
        dataDir: config.dataDir,
        log,
        mode,
        postgres: !config.databaseUrl,
        s3: !config.s3,
        production: config.production,
      })
    : undefined
  const missing = () => new Error('an embedded part was not started')
  try {
    const s3 = config.s3 ?? embedded?.s3
    const databaseUrl = config.databaseUrl ?? embedded?.databaseUrl
    const secrets = config.secrets ?? embedded?.secrets
    if (!s3 || !databaseUrl || !secrets) throw missing()
    const runtime: Runtime = {
      production: config.production,
      databaseUrl,
      processUrls: config.processUrls,
      migrationUrl: config.databaseUrl ? config.migrationUrl : embedded?.ownerUrl,
      s3,
      s3Credentials: config.s3 ? undefined : embedded?.s3?.credentials,
      outboundAllow: config.outboundAllow,
      mail: config.mail,
      kms: config.kms,
      ...secrets,
    }
    const parts = await openParts(runtime, log)
    return {
      ...parts,
      embedded: needsEmbedded,
      async close() {
        await parts.close()
        await embedded?.close()
      },
    }
  } catch (error) {
    await embedded?.close()
    throw error
  }
}

export type Served = {
  config: Config
  parts: Parts
  server: RunningServer | undefined
  close(): Promise<void>
}

/** Starts what `ROLE` asks for. */
export async function serve(env: NodeJS.ProcessEnv): Promise<Served> {
  const config = loadConfig(env)
  const log = createLog(config.logLevel)
  const listening = config.role === 'worker' ? undefined : await listen(config.host, config.port)
  const issuer = config.issuer ?? `http://localhost:${listening?.port ?? config.port}`
  let parts: Opened | undefined
  let jobs: Jobs | undefined
  try {
    parts = await open(config, log, 'own')
    // A process that only reads needs no right to write.
    if (config.role !== 'web') await checkBucket(parts)
    jobs = await createJobs(parts.runtime.databaseUrl, log)
    const metrics = config.metrics && createMetrics()
    const refused = metrics?.counter(
      'portal_deliveries_refused_total',
      'Deliveries whose signature was wrong or missing.',
      ['vendor'],
    )
    const events = metrics?.counter('portal_security_events_total', 'Security events.', ['event'])
    parts.security.onEvent((event) => events?.inc({ event }))
    const worker = config.role === 'web' ? undefined : await startWorker(parts, jobs)
    const server =
      listening &&
      (await startServer(listening.server, parts, {
        issuer,
        jobs,
        missingScopeStatus: config.missingScopeStatus,
        allowedHosts: config.allowedHosts,
        securityContacts: config.securityContacts,
        trustedProxies: config.trustedProxies,
        rateLimits: config.rateLimits,
        networkLimits: config.networkLimits,
        // Mails hold links that open accounts: only where nobody else can look.
        outbox: !config.mail && !config.production && isLoopback(`http://${config.host}`),
        onDelivery: () => worker?.wake(),
        onRefused: (vendor) => refused?.inc({ vendor }),
      }))
    if (metrics) {
      measureIngestion(metrics, parts.db)
      measureEvents(metrics, parts.db)
    }
    const measured = metrics && config.metrics && (await serveMetrics(metrics, config.metrics))
    if (measured) log.info('metrics are served', { port: measured.port })
    const opened = { parts, jobs }
    return {
      config,
      parts,
      server,
      async close() {
        await measured?.close()
        await server?.close()
        await worker?.stop()
        await opened.jobs.stop()
        await opened.parts.close()
      },
    }
  } catch (error) {
    listening?.server.close()
    listening?.server.closeAllConnections()
    await jobs?.stop()
    await parts?.close()
    throw error
  }
}

/** Refuses to start on a bucket that says no; one that is away for a moment is no reason, deliveries wait for it. */
async function checkBucket({ storage, log, runtime }: Parts): Promise<void> {
  const bytes = Buffer.from('written at each start, to see that it can be')
  const sha256 = createHash('sha256').update(bytes).digest()
  try {
    await storage.put('health/start', bytes, { contentType: 'text/plain', sha256 })
  } catch (error) {
    const { name = '', $metadata } = error as {
      name?: string
      $metadata?: { httpStatusCode?: number }
    }
    const status = $metadata?.httpStatusCode
    if (name === 'NoSuchBucket' || status === 404)
      throw new OperatorError(
        `There is no bucket ${runtime.s3.bucket}: create it, or mend S3_BUCKET and S3_ENDPOINT.`,
      )
    if (status === 401 || status === 403 || name === 'CredentialsProviderError')
      throw new OperatorError(
        `The bucket ${runtime.s3.bucket} cannot be written (${name}): mend the AWS credentials, or give them s3:PutObject and s3:GetObject on it.`,
      )
    log.warn('bucket does not answer', { error: new Error(name) })
  }
}

/** Resolves when the process is asked to end; a second signal ends it at once. */
function asked(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        process.once(signal, () => process.exit(130))
        resolve(signal)
      })
  })
}

async function main(words: string[]): Promise<void> {
  const [first] = words
  if (first === 'serve') {
    const started = performance.now()
    const served = await serve(process.env)
    const { server, config } = served
    process.stdout.write(
      server
        ? `Identity portal is ready at ${server.issuer} (listening on ${server.url}, ${seconds(started)})\n`
        : `Identity portal worker is ready (${seconds(started)})\n`,
    )
    if (!config.databaseUrl)
      process.stdout.write(`Data is kept in ${config.dataDir}. Stop with Ctrl-C.\n`)
    await asked()
    await served.close()
    return
  }
  if (first === 'demo') {
    const { demo } = await import('./local/demo.ts')
    await demo(words.slice(1), serve, asked, process.env)
    return
  }
  const command = readCommand(words)
  const config = loadConfig(process.env)
  const parts = await open(config, createLog('error'), 'attach-or-own')
  try {
    process.stdout.write(command.print(await command.run({ ...parts, issuer: config.issuer })))
  } finally {
    await parts.close()
  }
}

/** Errors may quote what somebody else wrote. */
function writeError(message: string): void {
  process.stderr.write(`${escapeForTerminal(message, { lines: true })}\n`)
}

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof HelpAsked) process.stdout.write(error.message)
  else if (error instanceof UsageError) {
    writeError(error.message)
    process.exitCode = 2
  } else if (error instanceof OperatorError) {
    if (error instanceof FindingsError && process.argv.includes('--json'))
      process.stdout.write(print(error.findings, true))
    writeError(error.message)
    process.exitCode = 1
  } else {
    writeError(String(error instanceof Error ? error.stack : error))
    process.exitCode = 1
  }
}
