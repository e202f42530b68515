import { pino } from 'pino'

/** One JSON line for each event: an event name and ids, never personal data, a secret, a URL or a body. */
export type Log = {
  debug(event: string, fields?: Record<string, unknown>): void
  info(event: string, fields?: Record<string, unknown>): void
  warn(event: string, fields?: Record<string, unknown>): void
  error(event: string, fields?: Record<string, unknown>): void
}

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Writes to standard error, because standard output is for the results of commands. */
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
    (name: 'debug' | 'info' | 'warn' | 'error') =>
    (event: string, fields: Record<string, unknown> = {}) =>
      logger[name](redactErrors(fields), event)
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

// Errors of the database client contain query parameters and row details; only name, code, message and stack are logged.
function redactErrors(fields: Record<string, unknown>): Record<string, unknown> {
  const { error, ...rest } = fields
  if (error === undefined) return rest
  if (!(error instanceof Error)) return { ...rest, error: typeof error }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return { ...rest, error: { name: error.name, code, message: error.message, stack: error.stack } }
}
