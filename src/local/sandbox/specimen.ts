import { createHash } from 'node:crypto'
import { z } from 'zod'

/** An invented resident of Utopia, the country of ICAO's own specimens (Doc 9303). */
export type Person = {
  givenName: string
  surname: string
  /** `YYYY-MM-DD`. */
  dateOfBirth: string
  sex: 'F' | 'M'
  documentNumber: string
  /** `YYYY-MM-DD`. */
  validUntil: string
  /** What the document calls itself; by default an identity card. */
  title?: string | undefined
  /** The long edge of the drawings in pixels; by default 1920, as phones send them. */
  photoPixels?: number | undefined
}

const date = z.union([z.iso.date(), z.literal('')])
/** The fields of the person that a tester may choose. An empty field is missing on the document. */
export const chosenPersonSchema = z
  .strictObject({
    givenName: z.string().trim().max(100),
    surname: z.string().trim().max(100),
    dateOfBirth: date,
    validUntil: date,
  })
  .partial()

const GIVEN_NAMES = { F: ['Alma', 'Clara', 'Elena'], M: ['Bruno', 'Dario', 'Florian'] } as const
const SURNAMES = ['Ejemplo', 'Ficticia', 'Muestra', 'Specimen', 'Nadie', 'Quimera'] as const

/** The person for a seed: the same seed gives the same person. Given fields are kept. */
export function inventPerson(seed: string, given: Partial<Person> = {}): Person {
  const digest = createHash('sha256').update(seed).digest()
  const at = (index: number, below: number) => (digest[index] ?? 0) % below
  const two = (value: number) => String(value).padStart(2, '0')
  const sex = given.sex ?? (at(0, 2) === 0 ? 'F' : 'M')
  return {
    givenName: given.givenName ?? GIVEN_NAMES[sex][at(1, 3)] ?? 'Alma',
    surname: given.surname ?? SURNAMES[at(2, SURNAMES.length)] ?? 'Muestra',
    dateOfBirth:
      given.dateOfBirth ?? `${1962 + at(3, 40)}-${two(1 + at(4, 12))}-${two(1 + at(5, 28))}`,
    sex,
    documentNumber:
      given.documentNumber ?? `U${String(digest.readUInt32BE(6) % 100_000_000).padStart(8, '0')}`,
    validUntil:
      given.validUntil ?? `${2031 + at(10, 5)}-${two(1 + at(11, 12))}-${two(1 + at(12, 28))}`,
    ...(given.photoPixels === undefined ? {} : { photoPixels: given.photoPixels }),
  }
}

/** Ten years before it expires; empty for a document without an expiry date. */
export const issuedOn = ({ validUntil }: Person): string =>
  validUntil.replace(/^\d+/, (year) => String(Number(year) - 10))

export const fullName = ({ givenName, surname }: Person): string =>
  [givenName, surname].filter(Boolean).join(' ')

/** A sequence of numbers from 0 to 1 that depends only on the seed (mulberry32). */
export function createRandom(seed: string): () => number {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The three lines of a TD1 card, 30 characters each, with their check digits (ICAO Doc 9303, part 5). */
export function machineReadableLines(person: Person): [string, string, string] {
  const letters = (text: string) =>
    text
      .normalize('NFD')
      .replace(/\p{M}/gu, '')
      .toUpperCase()
      .replace(/[^A-Z0-9]+/g, '<')
  const date = (value: string) => value.replaceAll('-', '').slice(2)
  const number = fill(letters(person.documentNumber), 9)
  const birth = date(person.dateOfBirth)
  const expiry = date(person.validUntil)
  const first = fill(`I<UTO${number}${checkDigit(number)}`, 30)
  const second = fill(
    `${birth}${checkDigit(birth)}${person.sex}${expiry}${checkDigit(expiry)}UTO`,
    29,
  )
  const composite =
    first.slice(5, 30) + second.slice(0, 7) + second.slice(8, 15) + second.slice(18, 29)
  const names = `${letters(person.surname)}<<${letters(person.givenName)}`
  return [first, second + checkDigit(composite), fill(names, 30)]
}

const fill = (text: string, length: number) => text.slice(0, length).padEnd(length, '<')

function checkDigit(text: string): number {
  const value = (character: string) => (character === '<' ? 0 : Number.parseInt(character, 36))
  const sum = [...text].reduce(
    (total, character, index) => total + value(character) * ([7, 3, 1][index % 3] ?? 0),
    0,
  )
  return sum % 10
}
