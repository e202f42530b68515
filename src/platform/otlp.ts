import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { correlate, type TraceContext } from './correlation.ts'
import type { Log } from './log.ts'

export type TracingConfig = {
  /** The collector's OTLP/HTTP address, to which `/v1/traces` is added. */
  endpoint: string
  headers: Readonly<Record<string, string>>
  serviceName: string
  /** Which part of the requests is traced, from 0 to 1. */
  ratio: number
}

export type ExportedSpan = TraceContext & {
  parentSpanId: string | undefined
  name: string
  kind: 'server' | 'client' | 'consumer'
  /** In milliseconds since 1970. */
  startedAt: number
  endedAt: number
  attributes: Readonly<Record<string, string | number>>
  isError: boolean
}

type Exporter = { add(span: ExportedSpan): void; stop(): Promise<void> }

const MOST_WAITING = 4_096
const BATCH = 512
const PAUSE_MS = 2_000
const LONGEST_PAUSE_MS = 60_000
const TIMEOUT_MS = 10_000
const STOP_MS = 2_000
// https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes
const RETRYABLE = [429, 502, 503, 504]

/**
 * Sends spans in batches as OTLP/HTTP with JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp). While the collector is away
 * the newest spans wait, in bounded memory.
 */
export function createExporter(config: TracingConfig, log: Log): Exporter {
  const url = `${config.endpoint.replace(/\/+$/, '')}/v1/traces`
  const waiting: ExportedSpan[] = []
  let failures = 0
  let sending: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  function schedule() {
    if (timer || waiting.length === 0) return
    const pause = Math.min(PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS)
    timer = setTimeout(() => {
      timer = undefined
      void flush(TIMEOUT_MS)
    }, pause).unref()
  }

  function flush(timeoutMs: number): Promise<void> {
    // The request that brings the last span of a batch has nothing to do with its export.
    sending ??= correlate({}, () => send(waiting.splice(0, BATCH), timeoutMs)).finally(() => {
      sending = undefined
      schedule()
    })
    return sending
  }

  async function send(batch: ExportedSpan[], timeoutMs: number) {
    if (batch.length === 0) return
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { ...config.headers, 'Content-Type': 'application/json' },
        body: JSON.stringify(toRequest(batch, config)),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      })
      await answer.arrayBuffer()
      if (answer.ok) failures = 0
      else if (RETRYABLE.includes(answer.status)) retry(batch, answer.status)
      else log.warn('spans were rejected', { error: new Error(`status ${answer.status}`) })
    } catch (error) {
      retry(batch, error)
    }
  }

  function retry(batch: ExportedSpan[], reason: unknown) {
    failures++
    waiting.unshift(...batch.slice(0, MOST_WAITING - waiting.length))
    const error = reason instanceof Error ? reason : new Error(`status ${reason}`)
    log.warn('spans cannot be exported', { error })
  }

  return {
    add(span) {
      if (waiting.length >= MOST_WAITING) waiting.shift()
      waiting.push(span)
      if (waiting.length >= BATCH && failures === 0) void flush(TIMEOUT_MS)
      else schedule()
    },
    async stop() {
      const end = Date.now() + STOP_MS
      await Promise.race([sending, wait(STOP_MS, undefined, { ref: false })])
      while (waiting.length > 0 && failures === 0 && Date.now() < end) await flush(STOP_MS)
      clearTimeout(timer)
      waiting.length = 0
    },
  }
}

const KINDS = { server: 2, client: 3, consumer: 5 }
const STATUS_ERROR = 2

/** https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto, as JSON. */
function toRequest(spans: readonly ExportedSpan[], { serviceName }: TracingConfig) {
  return {
    resourceSpans: [
      {
        resource: {
          attributes: toAttributes({
            'service.name': serviceName,
            'service.instance.id': `${hostname()}:${process.pid}`,
          }),
        },
        scopeSpans: [{ scope: { name: 'identity-portal' }, spans: spans.map(toSpan) }],
      },
    ],
  }
}

const toSpan = (span: ExportedSpan) => ({
  traceId: span.traceId,
  spanId: span.spanId,
  ...(span.parentSpanId && { parentSpanId: span.parentSpanId }),
  flags: 1,
  name: span.name,
  kind: KINDS[span.kind],
  startTimeUnixNano: toNanoseconds(span.startedAt),
  endTimeUnixNano: toNanoseconds(span.endedAt),
  attributes: toAttributes(span.attributes),
  status: span.isError ? { code: STATUS_ERROR } : {},
})

// A 64-bit number, as a string in JSON. A double has no nanoseconds of today.
const toNanoseconds = (milliseconds: number) =>
  String(BigInt(Math.round(milliseconds * 1_000)) * 1_000n)

const toAttributes = (values: Readonly<Record<string, string | number>>) =>
  Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }))
