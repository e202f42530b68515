import { randomBytes } from 'node:crypto'
import { type Correlation, currentCorrelation, type TraceContext } from './correlation.ts'
import type { Log } from './log.ts'
import { type Operation, traceOperations } from './operations.ts'
import { createExporter, type ExportedSpan, type TracingConfig } from './otlp.ts'

type Attributes = Readonly<Record<string, string | number>>
export type Span = {
  trace: TraceContext
  end(result: { attributes?: Attributes; isError?: boolean }): void
}
export type SpanKind = 'server' | 'client' | 'consumer'

export type Tracer = {
  /**
   * Begins a span below `parent`. `isEdge`: the parent is a caller's, of which only the trace's id counts; whether the span is
   * exported is decided here.
   */
  start(span: {
    name: string
    kind: SpanKind
    parent: TraceContext | undefined
    isEdge?: boolean
    attributes?: Attributes
  }): Span
  /** Exports what has ended, and ends. */
  stop(): Promise<void>
}

/** Traces requests and operations, and exports them by OTLP. Names and attributes are fixed words of ours. */
export function startTracing(config: TracingConfig, log: Log): Tracer {
  const exporter = createExporter(config, log)
  const start: Tracer['start'] = ({ name, kind, parent, isEdge = false, attributes = {} }) => {
    const isSampled = parent && !isEdge ? parent.isSampled : Math.random() < config.ratio
    const trace: TraceContext = {
      traceId: parent?.traceId ?? randomBytes(16).toString('hex'),
      spanId: randomBytes(8).toString('hex'),
      isSampled,
    }
    const startedAt = now()
    return {
      trace,
      end({ attributes: more = {}, isError = false }) {
        if (!isSampled) return
        const span: ExportedSpan = {
          ...trace,
          parentSpanId: parent?.spanId,
          name,
          kind,
          startedAt,
          endedAt: now(),
          attributes: { ...attributes, ...more },
          isError,
        }
        exporter.add(span)
      },
    }
  }
  const stopOperations = traceOperations<Correlation & { span: Span }>(
    (operation) => {
      const current = currentCorrelation()
      const span = start({ ...describe(operation), parent: current?.trace })
      return {
        trace: span.trace,
        span,
        get requestId() {
          return current?.requestId
        },
      }
    },
    ({ span }, outcome) =>
      span.end({
        isError: ERRORS.has(outcome),
        attributes: { 'portal.outcome': outcome },
      }),
  )
  return {
    start,
    async stop() {
      stopOperations()
      await exporter.stop()
    },
  }
}

/** In milliseconds since 1970, with fractions, and without the jumps of a clock that is set. */
const now = () => performance.timeOrigin + performance.now()

const ERRORS = new Set([
  'error',
  'failed',
  'unreachable',
  'refused',
  'throttled',
  'invalid_response',
])

// Names and attributes after OpenTelemetry's semantic conventions, where there are any.
function describe(operation: Operation): { name: string; kind: SpanKind; attributes: Attributes } {
  switch (operation.kind) {
    case 'vendor':
      return {
        name: `${operation.vendor} ${operation.name}`,
        kind: 'client',
        attributes: { 'peer.service': operation.vendor, 'portal.operation': operation.name },
      }
    case 'bucket':
      return {
        name: `S3.${operation.name}`,
        kind: 'client',
        attributes: { 'rpc.system': 'aws-api', 'rpc.service': 'S3', 'rpc.method': operation.name },
      }
    case 'job':
      return {
        name: `process ${operation.queue}`,
        kind: 'consumer',
        attributes: {
          'messaging.system': 'pg-boss',
          'messaging.operation.type': 'process',
          'messaging.destination.name': operation.queue,
        },
      }
    case 'delivery':
      return {
        name: 'process delivery',
        kind: 'consumer',
        attributes: {
          'messaging.system': 'delivery',
          'messaging.operation.type': 'process',
          'messaging.destination.name': operation.vendor,
        },
      }
  }
}
