import { createServer, type ServerResponse } from 'node:http'
import type { Counter } from 'prom-client'
import type { Sql } from './db.ts'
import { listenOn } from './listen.ts'
import { PROBES, type Readiness } from './readiness.ts'

type Labels = Readonly<Record<string, string>>
export type Sample = { labels: Labels; value: number }
/** A gauge that SQL computes. */
export type ComputedGauge = {
  name: string
  help: string
  read(sql: Sql): Promise<Sample[]>
}

/** The operator's metrics, in Prometheus' text format. Every label has few values, none of which a caller can choose. */
export type Metrics = {
  /** A number that only increases. */
  counter(name: string, help: string, labels?: readonly string[]): Counter
  /** A number that is in memory, read when the metrics are requested. */
  gauge(name: string, help: string, read: () => Sample[]): void
  /** Durations in seconds. Returns a function that opens the series of these labels, to be kept where speed matters. */
  histogram(
    name: string,
    help: string,
    bounds: readonly number[],
  ): (labels: Labels) => (seconds: number) => void
  text(): Promise<string>
}

export async function createMetrics(): Promise<Metrics> {
  const { Counter, collectDefaultMetrics, Registry } = await import('prom-client')
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return {
    counter: (name, help, labels = []) =>
      new Counter({ name, help, labelNames: [...labels], registers: [registry] }),
    gauge(name, help, read) {
      // The library's own shows 0 where there is no value.
      const gauge = { name, get: async () => ({ name, help, type: 'gauge', values: read() }) }
      registry.registerMetric(gauge as never)
    },
    histogram(name, help, bounds) {
      const histogram = createHistogram(name, help, bounds)
      registry.registerMetric(histogram as never)
      return histogram.open
    },
    text: () => registry.metrics(),
  }
}

// Longer than the time between two probes or scrapes, which use the connection again.
const KEEP_ALIVE_MS = 120_000
/**
 * A histogram for the registry. The library's own validates and hashes the labels at each observation, for 2.6 µs; a series
 * that is open costs a tenth of a microsecond.
 */
function createHistogram(name: string, help: string, bounds: readonly number[]) {
  const series = new Map<string, { labels: Labels; counts: number[]; sum: number }>()

  function open(labels: Labels): (seconds: number) => void {
    const key = JSON.stringify(labels)
    const own = series.get(key) ?? { labels, counts: bounds.map(() => 0).concat(0), sum: 0 }
    series.set(key, own)
    return (seconds) => {
      let at = 0
      while (at < bounds.length && seconds > (bounds[at] ?? 0)) at++
      own.counts[at] = (own.counts[at] ?? 0) + 1
      own.sum += seconds
    }
  }

  function* samples() {
    for (const { labels, counts, sum } of series.values()) {
      let total = 0
      for (const [at, count] of counts.entries()) {
        total += count
        const le = String(bounds[at] ?? '+Inf')
        yield { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total }
      }
      yield { metricName: `${name}_sum`, labels, value: sum }
      yield { metricName: `${name}_count`, labels, value: total }
    }
  }

  return {
    name,
    open,
    get: async () => ({ name, help, type: 'histogram', values: [...samples()] }),
  }
}

/**
 * Registers gauges that SQL computes. They are served as they were computed last, so the database can delay or fail no request for
 * metrics. `compute` brings them up to date; `clear` withdraws them, where another process serves them.
 */
export function registerComputed(
  metrics: Metrics,
  gauges: readonly ComputedGauge[],
): {
  compute(sql: Sql, onFailure: (name: string, error: unknown) => void): Promise<void>
  clear(): void
} {
  const computed = new Map<string, { samples: Sample[]; at: number }>()
  for (const { name, help } of gauges)
    metrics.gauge(name, help, () => computed.get(name)?.samples ?? [])
  metrics.gauge(
    'portal_computed_timestamp_seconds',
    'When the oldest of the gauges that SQL computes was computed.',
    () =>
      computed.size === 0
        ? []
        : [{ labels: {}, value: Math.min(...[...computed.values()].map(({ at }) => at)) / 1000 }],
  )
  return {
    async compute(sql, onFailure) {
      for (const { name, read } of gauges)
        try {
          computed.set(name, { samples: await read(sql), at: Date.now() })
        } catch (error) {
          onFailure(name, error)
        }
    },
    clear: () => computed.clear(),
  }
}

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
