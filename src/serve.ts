import { createHash } from 'node:crypto'
import { loadConfig } from './config.ts'
import type { AppContext } from './context.ts'
import { measureEvents } from './events/store.ts'
import { measureIngestion } from './id-verification/progress.ts'
import { type OpenedContext, open } from './open.ts'
import { OperatorError } from './platform/errors.ts'
import { createJobs, type Jobs } from './platform/jobs.ts'
import { createLog } from './platform/log.ts'
import { createMetrics, serveMetrics } from './platform/metrics.ts'
import { listen, type RunningServer, startServer } from './server.ts'
import { startWorker } from './worker.ts'

export type Served = {
  context: OpenedContext
  server: RunningServer | undefined
  close(): Promise<void>
}

/** Starts the server, the worker, or both, as `ROLE` says. */
export async function serve(env: NodeJS.ProcessEnv): Promise<Served> {
  const config = loadConfig(env)
  const log = createLog(config.logLevel)
  const listening = config.role === 'worker' ? undefined : await listen(config.host, config.port)
  const issuer = config.issuer ?? `http://localhost:${listening?.port ?? config.port}`
  let context: OpenedContext | undefined
  let jobs: Jobs | undefined
  try {
    context = await open(config, log, { mode: 'own', schema: 'migrate' })
    // A process that only reads needs no right to write.
    if (config.role !== 'web') await checkBucket(context)
    jobs = await createJobs(context.config.database.url, log)
    const metrics = config.metrics && createMetrics()
    const refused = metrics?.counter(
      'portal_deliveries_refused_total',
      'Deliveries whose signature was wrong or missing.',
      ['vendor'],
    )
    const events = metrics?.counter('portal_security_events_total', 'Security events.', ['event'])
    context.security.onEvent((event) => events?.inc({ event }))
    const worker = config.role === 'web' ? undefined : await startWorker(context, jobs)
    const server =
      listening &&
      (await startServer(listening.server, context, {
        issuer,
        jobs,
        onDelivery: () => worker?.checkInbox(),
        onRefused: (vendor) => refused?.inc({ vendor }),
      }))
    if (metrics) {
      measureIngestion(metrics, context.db)
      measureEvents(metrics, context.db)
    }
    const measured = metrics && config.metrics && (await serveMetrics(metrics, config.metrics))
    if (measured) log.info('metrics are served', { port: measured.port })
    const opened = { context, jobs }
    return {
      context,
      server,
      async close() {
        await measured?.close()
        await server?.close()
        await worker?.stop()
        await opened.jobs.stop()
        await opened.context.close()
      },
    }
  } catch (error) {
    listening?.server.close()
    listening?.server.closeAllConnections()
    await jobs?.stop()
    await context?.close()
    throw error
  }
}

/** Throws OperatorError when the bucket cannot be written. One that does not respond is only logged, because deliveries wait for it. */
async function checkBucket({ config, storage, log }: AppContext): Promise<void> {
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
        `There is no bucket ${config.s3.bucket}: create it, or correct S3_BUCKET and S3_ENDPOINT.`,
      )
    if (status === 401 || status === 403 || name === 'CredentialsProviderError')
      throw new OperatorError(
        `The bucket ${config.s3.bucket} cannot be written (${name}): correct the AWS credentials, or grant them s3:PutObject and s3:GetObject on it.`,
      )
    log.warn('bucket does not respond', { error: new Error(name) })
  }
}
