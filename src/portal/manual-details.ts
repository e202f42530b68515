import type { StatedDocument } from '../id-verification/captures.ts'
import { COUNTRIES, STATELESS } from '../id-verification/countries.ts'
import { compareMrz, type Mrz, readMrz, statedBy } from '../id-verification/mrz.ts'
import { toFindings } from '../id-verification/vendors/findings.ts'
import type { DetailsFaults } from './manual-details-page.ts'

/* The form in which a resident types what a document says. */

export const DATES = ['dateOfBirth', 'expiresOn'] as const
const TEXTS = ['givenName', 'surname', 'number', 'nationality', 'country', 'mrz'] as const
const PARTS_OF_DATES = DATES.flatMap((name) => [`${name}-day`, `${name}-month`, `${name}-year`])

type Values = Record<string, string>

/** What was typed before, for the form. */
export function valuesOf(document: StatedDocument | undefined): Values {
  if (!document) return {}
  const dates = DATES.flatMap((name) => {
    const [year = '', month = '', day = ''] = document[name]?.split('-') ?? []
    return [
      [`${name}-day`, day],
      [`${name}-month`, month],
      [`${name}-year`, year],
    ]
  })
  const { givenName, surname, number, nationality, country, mrz } = document
  const texts = { givenName, surname, number, nationality, country, mrz: mrz.join('\n') }
  const filled = Object.entries(texts).flatMap(([name, text]) => (text ? [[name, text]] : []))
  return Object.fromEntries([...filled, ...dates])
}

/** What was typed as a statement; or what is wrong with it. With `fill`, empty fields are filled in from the lines. */
export function readDetails(
  form: Record<string, unknown>,
): { values: Values; document: StatedDocument } | { values: Values; faults: DetailsFaults } {
  const typed = Object.fromEntries(
    [...TEXTS, ...PARTS_OF_DATES].map((name) => [name, textOf(form[name])]),
  )
  const lines = readLines(typed.mrz ?? '')
  const mrz = lines && 'mrz' in lines ? lines.mrz : undefined
  const values = 'fill' in form && mrz ? fillIn(typed, mrz) : typed
  const { faults, document } = readFields(values)
  if (lines && 'faults' in lines) faults.mrz = lines.faults
  if (!document || Object.keys(faults).length > 0) return { values, faults }
  const differences = mrz ? compareMrz(mrz, document) : []
  if (differences.length > 0) return { values, faults: { differences } }
  return { values, document: { ...document, mrz: mrz?.lines ?? [] } }
}

const textOf = (value: unknown) => (typeof value === 'string' ? value.trim() : '')

const readLines = (typed: string) => (typed === '' ? undefined : readMrz(typed))

function fillIn(typed: Values, mrz: Mrz): Values {
  const today = new Date().toISOString().slice(0, 10)
  const read = valuesOf({ ...statedBy(mrz, today), mrz: [] })
  // The parts of a date belong together.
  const isEmpty = (name: string) =>
    DATES.filter((date) => name.startsWith(date)).every((date) =>
      PARTS_OF_DATES.every((part) => !part.startsWith(date) || !typed[part]),
    ) && !typed[name]
  return Object.fromEntries(
    Object.entries({ ...read, ...typed }).map(([name, value]) => [
      name,
      isEmpty(name) ? (read[name] ?? value) : value,
    ]),
  )
}

function readFields(values: Values): {
  faults: DetailsFaults
  document: Omit<StatedDocument, 'mrz'> | undefined
} {
  const faults: DetailsFaults = {}
  const [dateOfBirth, expiresOn] = DATES.map((name) => dateIn(values, name))
  const { givenName, surname, number, nationality, country } = values
  const raw = { givenName, surname, number, nationality, country, dateOfBirth, expiresOn }
  const rest = { fullName: undefined, issuedOn: undefined, documentType: undefined }
  const document = toFindings({ ...raw, ...rest })
  const isListed = (code: string | undefined, more: string[] = []) =>
    [...COUNTRIES, ...more].includes(code ?? '')

  if (!givenName && !surname) faults.givenName = 'missing'
  else if (givenName && !document?.givenName) faults.givenName = 'unusable'
  if (surname && !document?.surname) faults.surname = 'unusable'
  if (!dateOfBirth) faults.dateOfBirth = 'missing'
  else if (!document?.dateOfBirth) faults.dateOfBirth = 'unusable'
  if (!number) faults.number = 'missing'
  else if (!document?.number) faults.number = 'unusable'
  if (!isListed(nationality, [STATELESS])) faults.nationality = 'missing'
  if (!isListed(country)) faults.country = 'missing'
  if (expiresOn && !document?.expiresOn) faults.expiresOn = 'unusable'
  return { faults, document }
}

/** The date as `YYYY-MM-DD`, or what was typed of it; `undefined`: nothing was. */
function dateIn(values: Values, name: (typeof DATES)[number]): string | undefined {
  const [day = '', month = '', year = ''] = ['day', 'month', 'year'].map(
    (part) => values[`${name}-${part}`] ?? '',
  )
  if (!day && !month && !year) return undefined
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
}
