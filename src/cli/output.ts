import { styleText } from 'node:util'
import { escapeForTerminal, stringifyForTerminal } from '../web/terminal-text.ts'

export type OutputOptions = {
  json?: boolean
  /** Columns of the terminal; `undefined`: standard output is not a terminal. */
  width?: number | undefined
  /** The columns of a table; default: every field. */
  columns?: readonly string[] | undefined
}

/** One JSON document, a table on a terminal, or lines of names and values. Everything hidden is escaped. */
export function formatAnswer(answer: unknown, options: OutputOptions = {}): string {
  if (options.json) return `${stringifyForTerminal(answer)}\n`
  if (!Array.isArray(answer)) return formatLines(answer)
  if (answer.length === 0) return 'none\n'
  if (options.width === undefined || !answer.every(isObject))
    return answer.map(formatLines).join('\n')
  return formatTable(answer, options.width, options.columns)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function formatLines(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null) return `${escapeForTerminal(String(answer))}\n`
  const entries = Object.entries(answer).filter(([, value]) => value !== undefined)
  const width = Math.max(...entries.map(([key]) => key.length))
  return entries
    .map(([key, value]) => `${styleText('dim', key.padEnd(width))}  ${formatValue(value)}\n`)
    .join('')
}

function formatValue(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'object' && value !== null) return stringifyForTerminal(value)
  return escapeForTerminal(String(value))
}

const GAP = '  '

/** Ids are never cut, because people copy them; other columns share what is left of the line. */
function formatTable(
  rows: readonly Record<string, unknown>[],
  width: number,
  columns: readonly string[] = [...new Set(rows.flatMap((row) => Object.keys(row)))],
): string {
  const cells = rows.map((row) => columns.map((name) => formatCell(row[name])))
  const widths = columns.map((name, index) =>
    Math.max(name.length, ...cells.map((line) => lengthOf(line[index] ?? ''))),
  )
  shrink(widths, columns, width)
  const line = (texts: readonly string[]) =>
    texts
      .map((text, index) => pad(text, widths[index] ?? 0))
      .join(GAP)
      .trimEnd()
  return `${styleText('dim', line(columns))}\n${cells.map((texts) => `${line(texts)}\n`).join('')}`
}

const formatCell = (value: unknown): string =>
  value === null || value === undefined
    ? '-'
    : Array.isArray(value) && value.every((each) => typeof each === 'string')
      ? escapeForTerminal(value.join(', '))
      : formatValue(value)

const lengthOf = (text: string): number => [...text].length

const LEAST_WIDTH = 8

/** Takes from the widest column until the line fits, or nothing more can be taken. */
function shrink(widths: number[], columns: readonly string[], width: number): void {
  const total = () => widths.reduce((sum, each) => sum + each + GAP.length, -GAP.length)
  const canShrink = columns.map((name) => !/(^|_)(k?id)$|Id$/.test(name))
  while (total() > width) {
    const widest = Math.max(...widths.map((each, index) => (canShrink[index] ? each : 0)))
    if (widest <= LEAST_WIDTH) return
    widths[widths.findIndex((each, index) => canShrink[index] && each === widest)] = widest - 1
  }
}

function pad(text: string, width: number): string {
  const characters = [...text]
  return characters.length > width
    ? `${characters.slice(0, width - 1).join('')}…`
    : text + ' '.repeat(width - characters.length)
}
