import { pino } from 'pino'
import { currentCorrelation } from './correlation.ts'

/** One JSON line for each event: an event name and ids, never personal data, a secret, a URL or a body. */
export type Log = {
  debug(event: string, fields?: Record<string, unknown>): void
  info(event: string, fields?: Record<string, unknown>): void
  warn(event: string, fields?: Record<string, unknown>): void
  error(event: string, fields?: Record<string, unknown>): void
}

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/**
 * Writes to standard error, because standard output is for the results of commands. A failure (a warning or an error with
 * `error`) that repeats is written at once the first time, and then once a minute with the number of its repetitions. One that
 * names a request is always written, because a person may ask for it.
 */
export function createLog(level: LogLevel, write?: (line: string) => void): Log {
  const options = {
    level,
    base: undefined,
    messageKey: 'event',
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const logger = write
    ? pino(options, { write })
    : pino(options, pino.destination({ dest: 2, sync: true }))
  const at =
    (name: 'debug' | 'info') =>
    (event: string, fields: Fields = {}) =>
      logger[name]({ ...correlationFields(), ...redactErrors(fields) }, event)
  const repeating = (name: 'warn' | 'error') => {
    const summarize = summarizeRepetitions((event, fields) => logger[name](fields, event))
    return (event: string, fields: Fields = {}) => summarize(event, redactErrors(fields))
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: repeating('warn'),
    error: repeating('error'),
  }
}

/** The same log; every line has these fields. */
export const withFields = (log: Log, added: Record<string, unknown>): Log => ({
  debug: (event, fields) => log.debug(event, { ...fields, ...added }),
  info: (event, fields) => log.info(event, { ...fields, ...added }),
  warn: (event, fields) => log.warn(event, { ...fields, ...added }),
  error: (event, fields) => log.error(event, { ...fields, ...added }),
})

type Fields = Record<string, unknown>

/** The ids of the request and the trace that a line belongs to. */
function correlationFields(): Fields {
  const { requestId, trace } = currentCorrelation() ?? {}
  return {
    ...(requestId !== undefined && { requestId }),
    ...(trace && { traceId: trace.traceId }),
  }
}

const SUMMARY_MS = 60_000
// Each kind of line is remembered for a minute or more; beyond this many, lines are written as they come.
const KINDS_KEPT = 1_000

/** Passes the first line of a kind on, and each minute one line with the number of those that came since. */
function summarizeRepetitions(writeLine: (event: string, fields: Fields) => void) {
  const repetitions = new Map<string, { count: number; last: Fields }>()
  const summarizeLater = (kind: string, event: string) =>
    setTimeout(() => {
      const repeated = repetitions.get(kind)
      if (!repeated?.count) {
        repetitions.delete(kind)
        return
      }
      // Of many requests, so of none.
      writeLine(event, { ...repeated.last, repeated: repeated.count })
      repetitions.set(kind, { count: 0, last: {} })
      summarizeLater(kind, event)
    }, SUMMARY_MS).unref()

  return (event: string, fields: Fields) => {
    const write = (event: string, fields: Fields) =>
      writeLine(event, { ...correlationFields(), ...fields })
    if (!fields.error || fields.requestId) {
      write(event, fields)
      return
    }
    const kind = kindOf(event, fields)
    const before = repetitions.get(kind)
    if (before) {
      before.count++
      before.last = fields
      return
    }
    write(event, fields)
    if (repetitions.size >= KINDS_KEPT) return
    repetitions.set(kind, { count: 0, last: {} })
    summarizeLater(kind, event)
  }
}

/** What lines have in common that differ in ids, times and counts. */
function kindOf(event: string, { job, vendor, error }: Fields): string {
  const { name, code, message } = (error ?? {}) as {
    name?: string
    code?: string
    message?: string
  }
  return JSON.stringify([event, job, vendor, name, code, message?.replace(/\d+/g, '#')])
}

// Errors of the database client contain query parameters and row details; only name, code, message and stack are logged.
function redactErrors(fields: Record<string, unknown>): Record<string, unknown> {
  const { error, ...rest } = fields
  if (error === undefined) return rest
  if (!(error instanceof Error)) return { ...rest, error: typeof error }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return { ...rest, error: { name: error.name, code, message: error.message, stack: error.stack } }
}
