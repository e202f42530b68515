import { AsyncLocalStorage } from 'node:async_hooks'

/** A place in a trace (W3C Trace Context): lower-case hex, and whether spans are to be exported. */
export type TraceContext = { traceId: string; spanId: string; isSampled: boolean }

/** What the log lines of a piece of work have in common. It identifies work and proves nothing: a caller can choose the trace. */
export type Correlation = {
  readonly requestId?: string | undefined
  readonly trace?: TraceContext | undefined
}

const storage = new AsyncLocalStorage<Correlation>()

/** Of the work that calls this; `undefined` outside of requests, jobs and deliveries. */
export const currentCorrelation = (): Correlation | undefined => storage.getStore()

/** Runs `work`, and what it starts, with this correlation. */
export const correlate = <T>(correlation: Correlation, work: () => T): T =>
  storage.run(correlation, work)

/** For subscribers of a diagnostics channel, which set the correlation while it runs something. */
export const correlationStorage = (): AsyncLocalStorage<Correlation> => storage

// https://www.w3.org/TR/trace-context/#traceparent-header. A later version may append members, and has these first.
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const MAX_LENGTH = 512

/** Reads a `traceparent`; `undefined` for one that is missing or not valid. */
export function parseTraceparent(value: unknown): TraceContext | undefined {
  if (typeof value !== 'string' || value.length > MAX_LENGTH) return undefined
  const [, version, traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(value) ?? []
  if (version === undefined || version === 'ff' || (version === '00' && more)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** The `traceparent` with which the current work is passed on; `undefined` when it belongs to no trace. */
export function currentTraceparent(): string | undefined {
  const trace = storage.getStore()?.trace
  return trace && `00-${trace.traceId}-${trace.spanId}-${trace.isSampled ? '01' : '00'}`
}
