import type { DocumentFindings } from './vendor.ts'

/** The members of a vendor's response that describe a document, unparsed. */
type RawFindings = { [Name in keyof Omit<DocumentFindings, 'documentType'>]?: unknown } & {
  documentType: DocumentFindings['documentType']
}

const MAX_TEXT = 200

/**
 * Parses each member on its own. A missing or malformed one becomes `undefined`, so that a misread member does not invalidate the
 * decision. Returns `undefined` when no member is left, or only the type of document.
 */
export function toFindings(raw: RawFindings): DocumentFindings | undefined {
  const dateOfBirth = toDate(raw.dateOfBirth)
  const findings: DocumentFindings = {
    givenName: toText(raw.givenName),
    surname: toText(raw.surname),
    fullName: toText(raw.fullName),
    // A day of tolerance, for time zones ahead of UTC.
    dateOfBirth:
      dateOfBirth && dateOfBirth <= isoDate(Date.now() + DAY_MS) ? dateOfBirth : undefined,
    nationality: toCountry(raw.nationality),
    documentType: raw.documentType,
    country: toCountry(raw.country),
    number: toText(raw.number),
    issuedOn: toDate(raw.issuedOn),
    expiresOn: toDate(raw.expiresOn),
  }
  const { documentType: _, ...read } = findings
  return Object.values(read).some((value) => value !== undefined) ? findings : undefined
}

/** The value as an object; an empty one for anything else. */
export function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}

/** Joins the texts among these values, for names that come in several members; `undefined` when there are none. */
export function joinText(...values: unknown[]): string | undefined {
  return values.flatMap((value) => toText(value) ?? []).join(' ') || undefined
}

// Control, unassigned and private-use characters, lone surrogates, and formatting characters except the joiners of Persian and
// Indic names.
const FORBIDDEN = /[^\P{C}\u200c\u200d]/u

/** Returns a text in NFC, trimmed. `undefined` for anything but a short, printable text. */
export function toText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 4 * MAX_TEXT) return undefined
  const text = value.normalize('NFC').trim()
  return text === '' || text.length > MAX_TEXT || FORBIDDEN.test(text) ? undefined : text
}

const DAY_MS = 86_400_000
const isoDate = (time: number) => new Date(time).toISOString().slice(0, 10)

/**
 * Parses a calendar date to `YYYY-MM-DD`; of a date-time it takes the date as written, in any time zone. Day-first and month-first
 * dates are accepted when only one order is a valid date. Two-digit years are not accepted.
 */
function toDate(value: unknown): string | undefined {
  const text = toText(value)
  const iso = /^(\d{4})[-/](\d{2})[-/](\d{2})(?:[T ]\d{2}:\d{2}.{0,30})?$/.exec(text ?? '')
  if (iso) return calendarDate(Number(iso[1]), Number(iso[2]), Number(iso[3]))
  const local = /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})$/.exec(text ?? '')
  if (!local) return undefined
  const [first, second, year] = [Number(local[1]), Number(local[2]), Number(local[3])]
  const readings = new Set([calendarDate(year, second, first), calendarDate(year, first, second)])
  readings.delete(undefined)
  return readings.size === 1 ? [...readings][0] : undefined
}

/** The UTC date of a time in milliseconds since 1970, which is a number or its digits. */
export function dateOfEpoch(value: unknown): string | undefined {
  const digits = typeof value === 'string' && /^-?\d{1,15}$/.test(value)
  const time = digits ? Number(value) : value
  if (typeof time !== 'number' || !Number.isSafeInteger(time) || Math.abs(time) > 8.64e15)
    return undefined
  // Seconds, or a year, read as milliseconds would give a date in early 1970.
  if (Math.abs(time) < 1e10 && time % DAY_MS !== 0) return undefined
  const date = new Date(time)
  return calendarDate(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())
}

/** `undefined` for a date that does not exist, and for years that only placeholders have. */
function calendarDate(year: number, month: number, day: number): string | undefined {
  if (year < 1850 || year > 9999) return undefined
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
    ? date.toISOString().slice(0, 10)
    : undefined
}

/** Parses a code of ISO 3166-1 alpha-2 or alpha-3, or of the same form (Doc 9303-3 adds some). Names of countries are `undefined`. */
export function toCountry(value: unknown): string | undefined {
  const text = toText(value)
  return text && /^[A-Za-z]{2,3}$/.test(text) ? text.toUpperCase() : undefined
}
