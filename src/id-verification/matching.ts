import type { DocumentFindings } from './vendors/vendor.ts'

/** What is known about the account's person apart from the document, and who stated it. */
export type Reference = {
  givenName: string
  surname: string
  /** `YYYY-MM-DD`. */
  dateOfBirth: string | undefined
  statedBy: 'registry' | 'operator' | 'resident'
}
export type MatchOutcome = 'match' | 'no-reference' | 'mismatch'
/**
 * `name`, `birth-date`: they differ. `name-missing`: the document has no name, a mismatch.
 * `birth-date-missing`: the reference has a birth date and the document has none; this alone is no mismatch.
 */
export type MatchDifference = 'name' | 'name-missing' | 'birth-date' | 'birth-date-missing'
/** `differences`: what did not fit or could not be compared; codes for pages, never values. */
export type MatchResult = { outcome: MatchOutcome; differences: MatchDifference[] }

/**
 * Whether the document belongs to the account's person. The rule prefers a mismatch, which an operator can resolve, to a match
 * that attests the wrong person:
 *
 * - What residents state about themselves is no reference, and neither is a reference without a name: the document
 *   establishes them. A birth date that contradicts is a mismatch even without a name.
 * - The birth dates must be equal where both are known. A document without one can still match by name.
 * - Given names and surnames must each have one name in common, spelled alike (see `spellings`). A shared surname or given
 *   name alone is never enough.
 * - More given names or surnames on one side are accepted: middle names and second surnames are left out, on cards and in
 *   registries. Names that are left over on both sides contradict each other.
 * - Without equal birth dates the first given name of each side must be among the shared ones, because siblings share the others.
 * - A document without a name does not match a reference with one: nothing was compared, so nothing is attested.
 */
export function matchDocument(
  findings: DocumentFindings | undefined,
  reference: Reference | undefined,
): MatchResult {
  if (!reference || reference.statedBy === 'resident')
    return { outcome: 'no-reference', differences: [] }
  const known = readName(reference)
  const differences: MatchDifference[] = []
  const sameBirthDate =
    reference.dateOfBirth !== undefined && findings?.dateOfBirth === reference.dateOfBirth
  if (known) {
    const printed = findings && readName(findings)
    if (!printed) differences.push('name-missing')
    else if (!isSameName(known, printed, sameBirthDate)) differences.push('name')
  }
  if (reference.dateOfBirth !== undefined && !sameBirthDate)
    differences.push(findings?.dateOfBirth === undefined ? 'birth-date-missing' : 'birth-date')
  if (differences.some((difference) => difference !== 'birth-date-missing'))
    return { outcome: 'mismatch', differences }
  return { outcome: known ? 'match' : 'no-reference', differences }
}

/** One word of a name, normalized: upper case, without punctuation, in its original script. */
type Word = { text: string; spellings: ReadonlySet<string> }
/** `parts`: given names and surnames. `words`: a full name, where it is unknown which words are the surname. */
type Name = { parts: [given: Word[], surname: Word[]] } | { words: Word[] }

// Far above any real name, so that longer input costs no time.
const MAX_WORDS = 12
const MAX_LENGTH = 300

function readName(given: {
  givenName?: string | undefined
  surname?: string | undefined
  fullName?: string | undefined
}): Name | undefined {
  const [first, last, full] = [given.givenName, given.surname, given.fullName].map((text) =>
    toWords(text ?? ''),
  ) as [Word[], Word[], Word[]]
  if (first.length > 0 && last.length > 0) return { parts: [first, last] }
  // The surname comes first in a machine-readable line: `MUESTRA<<FLORIAN` (Doc 9303-3 §4.6).
  const [before, after] = (given.fullName ?? '').split('<<', 2).map(toWords)
  if (before?.length && after?.length) return { parts: [after, before] }
  const words = [full, last, first].find(({ length }) => length > 0)
  return words && { words }
}

// Written where a document has no given name or no surname.
const PLACEHOLDERS = /^(?:FNU|LNU|X{2,})$/
// Removed, so that O’Brien and Gal·la are one word. Unicode classifies some of them as letters.
const JOINERS = /['’‘ʼʻʹ`´′＇·\p{Cf}]/gu

function toWords(text: string): Word[] {
  if (text.length > MAX_LENGTH) return [{ text: '', spellings: new Set() }]
  const words = text
    .replaceAll(JOINERS, '')
    .normalize('NFKC')
    .toUpperCase()
    .normalize('NFC')
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== '' && !PLACEHOLDERS.test(word))
  return words.map(toWord)
}

const toWord = (text: string): Word => ({ text, spellings: spellings(text) })

function isSameName(known: Name, printed: Name, sameBirthDate: boolean): boolean {
  const count = (name: Name) => ('words' in name ? name.words.length : name.parts.flat().length)
  if (count(known) > MAX_WORDS || count(printed) > MAX_WORDS) return false
  if (isSingle(known) || isSingle(printed)) return isSameSingle(known, printed)
  return splits(known).some((one) =>
    splits(printed).some(
      (other) =>
        isSamePair(one, other, sameBirthDate) ||
        // People, forms and vendors confuse given name and surname.
        isSamePair(one, [other[1], other[0]], sameBirthDate),
    ),
  )
}

const isSingle = (name: Name) => 'words' in name && name.words.length === 1

/** A person with a single name can have it in one member, or in both. */
function isSameSingle(known: Name, printed: Name): boolean {
  const all = [known, printed].flatMap((name) => ('words' in name ? name.words : name.parts.flat()))
  const [first] = all
  return first !== undefined && all.every((word) => isWhole(word) && isAlike(first, word))
}

/** Every way to read a name as given names and surnames. */
function splits(name: Name): [Word[], Word[]][] {
  if ('parts' in name) return [name.parts]
  const { words } = name
  return words.slice(1).map((_, index) => [words.slice(0, index + 1), words.slice(index + 1)])
}

function isSamePair(
  [given, surname]: [Word[], Word[]],
  [otherGiven, otherSurname]: [Word[], Word[]],
  sameBirthDate: boolean,
): boolean {
  const cut = fillsLine([given, surname])
  const otherCut = fillsLine([otherGiven, otherSurname])
  const compare = (one: Word[], other: Word[]) =>
    comparePart({ words: one, cut }, { words: other, cut: otherCut }, sameBirthDate)
  const surnames = compare(surname, otherSurname)
  if (!surnames) return false
  const givens = compare(given, otherGiven)
  return Boolean(givens && (sameBirthDate || givens.sharesFirst))
}

// The name in the machine-readable zone of a card, a small document and a passport (Doc 9303-5, -6, -4).
const LINE_LENGTHS = [30, 31, 39]

/** Whether `SURNAME<<GIVEN<NAMES` fills a machine-readable line, so that either part may have been cut short (Doc 9303-3 §4.6). */
function fillsLine(parts: [Word[], Word[]]): boolean {
  const words = parts.flat()
  const length = words.reduce((total, { text }) => total + text.length, words.length)
  return LINE_LENGTHS.includes(length) && words.every(({ text }) => /^[A-Z]+$/.test(text))
}

/** Compares given names, or surnames. `undefined` when they do not fit. */
function comparePart(
  one: { words: Word[]; cut: boolean },
  other: { words: Word[]; cut: boolean },
  sameBirthDate: boolean,
): { sharesFirst: boolean } | undefined {
  const shared = new Set<Word>()
  let isFirm = false
  const share = (words: Word[], firm: boolean) => {
    for (const word of words) shared.add(word)
    isFirm ||= firm
  }
  const left = (words: Word[]) => words.filter((word) => !shared.has(word))

  for (const word of one.words) {
    const twin = left(other.words).find((candidate) => isAlike(word, candidate))
    if (!twin || shared.has(word)) continue
    const isName = isWhole(word) && isNameOf(word, one.words) && isNameOf(twin, other.words)
    share([word, twin], isName)
  }
  for (const [words, others] of [
    [one.words, other.words],
    [other.words, one.words],
  ] as const)
    for (const word of left(words)) {
      const pieces = findPieces(word, others, shared)
      if (pieces) share([word, ...pieces], !pieces.every(({ text }) => PARTICLES.has(text)))
    }
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const)
    for (const word of left(from.words)) {
      const isCut = from.cut && word === from.words.at(-1)
      if (!isCut && isWhole(word)) continue
      const whole = left(to.words).find((candidate) => startsWith(candidate, word))
      // DANIEL at the end of a full line may be DANIELA, so a cut name alone is no match.
      if (whole) share([word, whole], isCut && sameBirthDate && word.text.length > 2)
    }

  const rest = [one.words, other.words].map((words) =>
    left(words).filter((word) => !isParticle(word, words)),
  )
  const contradicts = rest.every(({ length }) => length > 0)
  if (!isFirm || contradicts) return undefined
  return {
    sharesFirst: [one.words, other.words].every((words) => words[0] && shared.has(words[0])),
  }
}

const isAlike = (one: Word, other: Word) =>
  [...one.spellings].some((spelling) => other.spellings.has(spelling))

const startsWith = (whole: Word, start: Word) =>
  [...whole.spellings].some((spelling) =>
    [...start.spellings].some((beginning) => beginning !== '' && spelling.startsWith(beginning)),
  )

// A single character of these scripts can be a name.
const IDEOGRAPHIC = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u
/** Whether it is a name and not an initial. */
const isWhole = ({ text }: Word) => text.length > 1 || IDEOGRAPHIC.test(text)

/** Omitted on some documents, and written apart or together. They are names when there is no other word (Lê, Do, Ben). */
const PARTICLES = new Set(
  `AF AL AN AR AS ASH AT AV AZ BEN BIN BINT BINTI DA DAS DE DEI DEL DELLA DELLE DEN DER DES DI DO DOS DU E EL EN I
  IBN LA LAS LE LES LO LOS OP TE TEN TER UL UR VAN VANDEN VANDER VOM VON Y ZU ZUM ZUR بن ابن بنت`.split(
    /\s+/,
  ),
)
/** A single letter is a particle only between two names (Ortega y Gasset); elsewhere it is an initial. */
const isParticle = (word: Word, words: Word[]) =>
  PARTICLES.has(word.text) && (isWhole(word) || (word !== words[0] && word !== words.at(-1)))
const isNameOf = (word: Word, words: Word[]) =>
  !PARTICLES.has(word.text) || words.every(({ text }) => PARTICLES.has(text))

/** Adjacent words that form this word together: JEAN PIERRE and JEANPIERRE, O BRIEN and OBRIEN, DE LA CRUZ and DELACRUZ. */
function findPieces(
  word: Word,
  words: readonly Word[],
  taken: ReadonlySet<Word>,
): Word[] | undefined {
  for (let start = 0; start < words.length; start++)
    for (let end = start + 2; end <= words.length; end++) {
      const pieces = words.slice(start, end)
      const [first] = pieces
      if (pieces.some((piece) => taken.has(piece)) || !first || !startsWith(word, first)) break
      const joined = pieces.map(({ text }) => text).join('')
      if (joined.length > word.text.length * 3) break
      if (isAlike(word, toWord(joined))) return pieces
    }
  return undefined
}

const MAX_SPELLINGS = 32

/**
 * The spellings of a word in the letters A to Z: without its marks, and by the tables of Doc 9303-3 §6, which several countries
 * follow in part (`Müller` is MULLER, MUELLER and MUXXLLER). Two words are alike when they share a spelling. Plain letters are not
 * replaced, so MICHAEL never becomes Michał. Scripts without a table are compared unchanged.
 */
function spellings(word: string): Set<string> {
  // Most words, so not letter by letter.
  if (/^[A-Z]*$/.test(word)) return new Set([word])
  const text = /\p{Script=Greek}/u.test(word) ? fromGreek(word) : word
  const found = new Set<string>()
  for (const table of /\p{Script=Cyrillic}/u.test(text) ? CYRILLIC : [{}])
    for (const spelling of spellBy(table, text)) found.add(spelling)
  return found
}

type Table = Record<string, string>

function spellBy(table: Table, word: string): string[] {
  let found = ['']
  let last: readonly string[] = ['']
  for (const letter of word) {
    const isShadda = letter === '\u0651'
    // Shadda doubles the letter before, and is seldom written.
    const options: readonly string[] = isShadda ? ['', last[0] ?? ''] : spellLetter(table, letter)
    const room = Math.max(1, Math.floor(MAX_SPELLINGS / found.length))
    const chosen = options.slice(0, room)
    found = found.flatMap((start) => chosen.map((option) => start + option))
    if (options[0]) last = options
  }
  return found
}

// In other scripts marks are vowels or form other letters: राम is not रमा, and が is not か.
const HAS_ACCENTS = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Arabic}]/u

function spellLetter(table: Table, letter: string): readonly string[] {
  const own = (from: Record<string, string>) =>
    Object.hasOwn(from, letter) ? from[letter] : undefined
  const known = own(table) ?? own(LETTERS)
  if (known !== undefined) return known.split(' ')
  if (/\p{M}/u.test(letter)) return [/\p{Script=Inherited}/u.test(letter) ? '' : letter]
  if (!HAS_ACCENTS.test(letter)) return [letter]
  const bare = letter.normalize('NFD').replaceAll(/\p{M}/gu, '')
  return bare === letter ? [bare] : [...spellBy(table, bare)]
}

/** Doc 9303-3 §6 A and C, the most common spelling first. Letters with marks that are not listed lose their marks. */
const LETTERS: Table = {
  // Latin.
  ...{
    Ä: 'A AE',
    Å: 'A AA',
    Æ: 'AE',
    Ð: 'D',
    Đ: 'D DJ',
    Ə: 'E A',
    Ħ: 'H',
    Ł: 'L',
    Ñ: 'N NXX',
    Ŋ: 'N',
    Ö: 'O OE',
  },
  ...{ Ø: 'O OE', Œ: 'OE', ẞ: 'SS', Þ: 'TH', Ŧ: 'T', Ü: 'U UE UXX' },
  // Arabic. The hamza of an alef is often left out.
  ...{
    ء: 'XE',
    آ: 'XAA A',
    أ: 'XAE A',
    ؤ: 'U XW',
    إ: 'I A',
    ئ: 'XI',
    ا: 'A',
    ب: 'B',
    ة: 'XTA XAH',
    ت: 'T',
  },
  ...{
    ث: 'XTH',
    ج: 'J',
    ح: 'XH',
    خ: 'XKH',
    د: 'D',
    ذ: 'XDH',
    ر: 'R',
    ز: 'Z',
    س: 'S',
    ش: 'XSH',
    ص: 'XSS',
  },
  ...{
    ض: 'XDZ',
    ط: 'XTT',
    ظ: 'XZZ',
    ع: 'E',
    غ: 'G',
    ـ: '',
    ف: 'F',
    ق: 'Q',
    ك: 'K',
    ل: 'L',
    م: 'M',
    ن: 'N',
  },
  ...{
    ه: 'H',
    و: 'W',
    ى: 'XAY',
    ي: 'Y',
    ٱ: 'XXA A',
    ٹ: 'XXT',
    پ: 'P',
    ځ: 'XKE',
    څ: 'XXH',
    چ: 'XC',
    ڈ: 'XXD',
  },
  ...{
    ډ: 'XDR',
    ړ: 'XRR',
    ڑ: 'XXR',
    ږ: 'XRX',
    ژ: 'XJ',
    ښ: 'XXS',
    ک: 'XKK',
    ګ: 'XXK',
    ڭ: 'XNG',
    گ: 'XGG',
  },
  ...{
    ں: 'XNN',
    ڼ: 'XXN',
    ھ: 'XDO',
    ۀ: 'XYH',
    ہ: 'XXG',
    ۂ: 'XGE',
    ۃ: 'XTG',
    ی: 'XYA',
    ۍ: 'XXY',
    ې: 'Y',
    ے: 'XYB',
    ۓ: 'XBE',
  },
}

/** Doc 9303-3 §6 B. */
const ICAO_CYRILLIC: Table = {
  ...{
    А: 'A',
    Б: 'B',
    В: 'V',
    Г: 'G',
    Д: 'D',
    Е: 'E',
    Ё: 'E',
    Ж: 'ZH',
    З: 'Z',
    И: 'I',
    Й: 'I',
    К: 'K',
    Л: 'L',
  },
  ...{
    М: 'M',
    Н: 'N',
    О: 'O',
    П: 'P',
    Р: 'R',
    С: 'S',
    Т: 'T',
    У: 'U',
    Ф: 'F',
    Х: 'KH',
    Ц: 'TS',
    Ч: 'CH',
    Ш: 'SH',
  },
  ...{
    Щ: 'SHCH',
    Ъ: 'IE',
    Ы: 'Y',
    Ь: '',
    Э: 'E',
    Ю: 'IU',
    Я: 'IA',
    Ѫ: 'U',
    Ѵ: 'Y',
    Ґ: 'G',
    Ў: 'U',
    Ђ: 'D',
  },
  ...{
    Ѓ: 'G',
    Є: 'IE',
    Ѕ: 'DZ',
    І: 'I',
    Ї: 'I',
    Ј: 'J',
    Љ: 'LJ',
    Њ: 'NJ',
    Ћ: 'C',
    Ќ: 'K',
    Џ: 'DZ',
    Ғ: 'G',
  },
}

/** The table of ICAO, and others that passports follow. A word is spelled by one table throughout. */
const CYRILLIC: Table[] = [
  ICAO_CYRILLIC,
  // Russia and Belarus formerly, and common informal spelling.
  { ...ICAO_CYRILLIC, Й: 'Y', Ё: 'E YO', Ъ: '', Ю: 'YU', Я: 'YA' },
  {
    ...ICAO_CYRILLIC,
    Г: 'H',
    И: 'Y',
    Й: 'I Y',
    Є: 'IE YE',
    Ї: 'I YI',
    Ю: 'IU YU',
    Я: 'IA YA',
    Ё: 'IO',
  },
  // Bulgaria.
  { ...ICAO_CYRILLIC, Й: 'Y', Х: 'H', Щ: 'SHT', Ъ: 'A', Ь: 'Y', Ю: 'YU', Я: 'YA' },
  // Serbia, Montenegro, North Macedonia.
  { ...ICAO_CYRILLIC, Ђ: 'D DJ', Ж: 'Z ZH', Х: 'H', Ц: 'C', Ч: 'C CH', Ш: 'S SH' },
]

const GREEK: Table = {
  ...{
    Α: 'A',
    Β: 'V',
    Γ: 'G',
    Δ: 'D',
    Ε: 'E',
    Ζ: 'Z',
    Η: 'I',
    Θ: 'TH',
    Ι: 'I',
    Κ: 'K',
    Λ: 'L',
    Μ: 'M',
    Ν: 'N',
  },
  ...{ Ξ: 'X', Ο: 'O', Π: 'P', Ρ: 'R', Σ: 'S', Τ: 'T', Υ: 'Y', Φ: 'F', Χ: 'CH', Ψ: 'PS', Ω: 'O' },
}

/** ELOT 743, as in Greek passports; Doc 9303 has no table for Greek. */
function fromGreek(word: string): string {
  return word
    .normalize('NFD')
    .replaceAll(/([ΑΕΟ]\p{M}?)Υ(?!\u0308)/gu, '$1u')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/Οu/g, 'OU')
    .replaceAll(/u(?=[ΒΓΔΖΛΜΝΡΑΕΗΙΟΥΩ])/g, 'V')
    .replaceAll('u', 'F')
    .replaceAll(/Γ(?=[ΓΞΧ])/g, 'N')
    .replaceAll(/^ΜΠ|ΜΠ$/g, 'B')
    .replaceAll(/\p{Script=Greek}/gu, (letter) => GREEK[letter] ?? letter)
}
