import { type Details, parse } from 'mrz'
import type { StatedDocument } from './captures.ts'
import { countryOf, isCountry } from './countries.ts'
import { matchDocument } from './matching.ts'

/** What a resident typed of the machine-readable zone does not fit, as its own check digits tell. Lines and columns count from 1. */
export type MrzFault =
  /** Neither two nor three lines, of a length that documents have. */
  | { what: 'format' }
  | { what: 'length'; line: number; expected: number; actual: number }
  | { what: 'characters'; line: number }
  | { what: MrzPart; line: number; from: number; to: number }
/** `line`: the check digit over a whole line or card. */
export type MrzPart =
  | 'kind'
  | 'country'
  | 'names'
  | 'number'
  | 'nationality'
  | 'birth-date'
  | 'sex'
  | 'expiry'
  | 'personal-number'
  | 'line'

/** Dates are `YYMMDD`, countries as in Doc 9303-3 §5. */
export type Mrz = {
  lines: string[]
  givenName: string
  surname: string
  dateOfBirth: string
  number: string
  nationality: string
  country: string
  expiresOn: string
}

/** The characters in a line, by the number of lines: TD1; TD2 and TD3 (Doc 9303-4 §4.2, 9303-5 §4.2, 9303-6 §4.2). */
const LENGTHS: Readonly<Record<number, readonly number[]>> = { 3: [30], 2: [36, 44] }

const PARTS: Partial<Record<NonNullable<Details['field']>, MrzPart>> = {
  documentCode: 'kind',
  issuingState: 'country',
  lastName: 'names',
  firstName: 'names',
  documentNumber: 'number',
  documentNumberCheckDigit: 'number',
  nationality: 'nationality',
  birthDate: 'birth-date',
  birthDateCheckDigit: 'birth-date',
  sex: 'sex',
  expirationDate: 'expiry',
  expirationDateCheckDigit: 'expiry',
  personalNumber: 'personal-number',
  personalNumberCheckDigit: 'personal-number',
  optional: 'personal-number',
  optional1: 'personal-number',
  optional2: 'personal-number',
  compositeCheckDigit: 'line',
}

/** Reads a machine-readable zone as somebody typed or pasted it, and verifies its check digits. */
export function readMrz(typed: string): { mrz: Mrz } | { faults: MrzFault[] } {
  const lines = linesOf(typed)
  const faults = checkForm(lines)
  if (faults.length > 0) return { faults }
  const { details, fields } = parse(lines)
  const wrong = faultsOf(details)
  if (wrong.length > 0) return { faults: wrong }
  const code = (field: 'nationality' | 'issuingState') =>
    rawOf(lines, details, field).replaceAll('<', '')
  return {
    mrz: {
      lines,
      givenName: fields.firstName ?? '',
      surname: fields.lastName ?? '',
      dateOfBirth: fields.birthDate ?? '',
      number: fields.documentNumber ?? '',
      nationality: code('nationality'),
      country: code('issuingState'),
      expiresOn: fields.expirationDate ?? '',
    },
  }
}

/** In capitals, without spaces; lines that were pasted as one are cut. */
function linesOf(typed: string): string[] {
  const lines = typed
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[«≪]/g, '<<')
    .replaceAll(/[‹〈]/g, '<')
    .split(/[\r\n]+/)
    .map((line) => line.replaceAll(/\s/g, ''))
    .filter((line) => line !== '')
  const [only = ''] = lines
  const length = lines.length === 1 && ONE_LINE.get(only.length)
  return length ? (only.match(new RegExp(`.{${length}}`, 'g')) ?? []) : lines
}
const ONE_LINE: ReadonlyMap<number, number> = new Map([
  [90, 30],
  [72, 36],
  [88, 44],
])

function checkForm(lines: readonly string[]): MrzFault[] {
  const lengths = LENGTHS[lines.length]
  if (!lengths) return [{ what: 'format' }]
  const longest = Math.max(...lines.map((line) => line.length))
  // Of the longest line: the others lack characters more probably than it has too many.
  const expected = lengths.find((length) => longest <= length) ?? lengths.at(-1) ?? 0
  return lines.flatMap((text, index): MrzFault[] => {
    const line = index + 1
    if (!/^[A-Z0-9<]*$/.test(text)) return [{ what: 'characters', line }]
    return text.length === expected ? [] : [{ what: 'length', line, expected, actual: text.length }]
  })
}

function faultsOf(details: readonly Details[]): MrzFault[] {
  const wrong = details.filter((detail) => !detail.valid && !isUnlistedState(detail))
  const parts = wrong.map(({ field, ranges, line }) => {
    const what = (field && PARTS[field]) ?? 'line'
    // Of a check digit: itself, and what it is computed over. A third range is for numbers that are longer than their place.
    const own = (what === 'line' ? ranges : ranges.slice(0, 2)).filter(
      (range) => range.line === line,
    )
    const from = Math.min(...own.map(({ start }) => start)) + 1
    const to = Math.max(...own.map(({ end }) => end))
    return { what, line: line + 1, from, to }
  })
  // The digit over the whole follows from any other fault.
  const precise = parts.filter(({ what }) => what !== 'line')
  const found = precise.length > 0 ? precise : parts
  return found.filter(
    (fault, index) => found.findIndex((other) => other.what === fault.what) === index,
  )
}

/** The library knows the states of its own list, and this is no register of states. */
const isUnlistedState = ({ field, ranges }: Details): boolean =>
  (field === 'issuingState' || field === 'nationality') && /^[A-Z]{1,3}<*$/.test(rawIn(ranges[0]))

/** The library adds the text to a range; its types do not say so. */
const rawIn = (range: Details['ranges'][number] | undefined): string =>
  (range as { raw?: string } | undefined)?.raw ?? ''

const rawOf = (
  lines: readonly string[],
  details: readonly Details[],
  field: Details['field'],
): string => {
  const range = details.find((detail) => detail.field === field)?.ranges[0]
  return range ? (lines[range.line]?.slice(range.start, range.end) ?? '') : ''
}

/** What differs between the lines and what was typed from the rest of the document. */
export type MrzDifference = 'name' | 'birth-date' | 'number' | 'nationality' | 'country' | 'expiry'

/** Compares only what both contain. Names as those of a document and an account: the lines write them in other letters, and cut them. */
export function compareMrz(mrz: Mrz, typed: Omit<StatedDocument, 'mrz'>): MrzDifference[] {
  const { givenName, surname } = mrz
  const reference = { givenName, surname, dateOfBirth: undefined, statedBy: 'registry' } as const
  const { outcome } = matchDocument(
    {
      ...typed,
      dateOfBirth: undefined,
      fullName: undefined,
      documentType: undefined,
      issuedOn: undefined,
    },
    reference,
  )
  const differs: [MrzDifference, boolean][] = [
    ['name', outcome === 'mismatch'],
    ['birth-date', isOtherDay(mrz.dateOfBirth, typed.dateOfBirth)],
    ['number', isOtherNumber(mrz.number, typed.number)],
    ['nationality', isOtherCountry(mrz.nationality, typed.nationality)],
    ['country', isOtherCountry(mrz.country, typed.country)],
    ['expiry', isOtherDay(mrz.expiresOn, typed.expiresOn)],
  ]
  return differs.filter(([, differ]) => differ).map(([what]) => what)
}

const isOtherDay = (inMrz: string, day: string | undefined): boolean =>
  /^\d{6}$/.test(inMrz) && day !== undefined && day.replaceAll('-', '').slice(2) !== inMrz

const isOtherNumber = (inMrz: string, number: string | undefined): boolean => {
  const plain = (text: string) => text.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')
  return number !== undefined && inMrz !== '' && plain(number) !== plain(inMrz)
}

const isOtherCountry = (inMrz: string, code: string | undefined): boolean =>
  inMrz !== '' && code !== undefined && !isCountry(code, inMrz)

/** What the lines say, for fields that are still empty. The century of a date is the one in which it can be. */
export function statedBy(mrz: Mrz, today: string): Omit<StatedDocument, 'mrz'> {
  const day = (text: string, century: string) =>
    /^\d{6}$/.test(text)
      ? `${century}${text.slice(0, 2)}-${text.slice(2, 4)}-${text.slice(4)}`
      : undefined
  const born = day(mrz.dateOfBirth, '20')
  return {
    givenName: mrz.givenName || undefined,
    surname: mrz.surname || undefined,
    dateOfBirth: born && born > today ? day(mrz.dateOfBirth, '19') : born,
    number: mrz.number || undefined,
    nationality: countryOf(mrz.nationality),
    country: countryOf(mrz.country),
    expiresOn: day(mrz.expiresOn, '20'),
  }
}
