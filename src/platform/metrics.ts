import { createServer, type ServerResponse } from 'node:http'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { listenOn } from './listen.ts'
import { PROBES, type Readiness } from './readiness.ts'

/** The operator's metrics, in Prometheus' text format. */
export type Metrics = {
  /** A number that only increases. */
  counter(name: string, help: string, labels?: string[]): Counter
  /** A number that is read when the metrics are requested. */
  gauge(
    name: string,
    help: string,
    labels: string[],
    read: () => Promise<{ labels: Record<string, string>; value: number }[]>,
  ): void
  text(): Promise<string>
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return {
    counter: (name, help, labels = []) =>
      new Counter({ name, help, labelNames: labels, registers: [registry] }),
    gauge(name, help, labels, read) {
      new Gauge({
        name,
        help,
        labelNames: labels,
        registers: [registry],
        async collect() {
          this.reset()
          for (const { labels: of, value } of await read()) this.set(of, value)
        },
      })
    },
    text: () => registry.metrics(),
  }
}

// Longer than the time between two probes or scrapes, which use the connection again.
const KEEP_ALIVE_MS = 120_000

/** The address of the metrics. */
export type MetricsConfig = { host: string; port: number }

/**
 * Serves `GET /metrics`, and responds to probes, on a separate port, which must not be public. Throws OperatorError when it is taken.
 */
export async function serveMetrics(
  metrics: Metrics,
  { host, port }: MetricsConfig,
  /** `undefined` while the process starts. */
  readiness: () => Readiness | undefined,
): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (req, res) => {
    const respond = req.url === '/metrics' ? respondMetrics : respondProbe
    respond(req.url ?? '', res).catch(() => res.writeHead(503).end())
  })
  async function respondMetrics(_path: string, res: ServerResponse) {
    const text = await metrics.text()
    res.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' }).end(text)
  }
  async function respondProbe(path: string, res: ServerResponse) {
    const probe = PROBES[path]
    if (!probe) return void res.writeHead(404).end()
    const { status, body } = await probe(readiness())
    res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
  }
  const bound = await listenOn(server, { host, port, variable: 'METRICS_PORT' })
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
