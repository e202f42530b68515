import type { Text } from '../web/texts/languages.ts'

/*
 * Rejects passwords that are easy to guess (NIST SP 800-63B-4 §3.1.1.2). The standard compares the whole password with a list of
 * common, expected and compromised ones, not the words in it. Nearly every entry of such a list is shorter than fifteen characters,
 * so a plain look-up would find nothing: people extend an entry (`iloveyou1234567`), and attackers try these extensions too.
 * So the whole password is covered with parts that an attacker would try. Each part costs as many decimal digits as it takes to
 * guess, and a password whose cheapest cover costs less than `MIN_DIGITS` is rejected. A listed word or the resident's own name
 * inside a long passphrase does no harm: only that part is cheap.
 *
 * 10^10 guesses: at the throttle's rate, one attempt in five seconds for each account, they take 1,500 years. With a stolen
 * database they take weeks for one account, since every attempt costs an argon2id hash. Four unrelated words reach 12 digits and
 * more, 15 random letters 14.
 */
const MIN_DIGITS = 10

/** What an attacker who knows the resident and the portal would try first. */
export type PasswordContext = {
  email: string
  givenName: string
  surname: string
  /** The origin of the portal, if known. */
  issuer?: string | undefined
}

/** A part costs at least a factor of ten, because it has to be tried among others. */
const MIN_PART_COST = 1
const CHARACTER_COST = 1
const RUN_COST = 1.5
const YEAR_COST = 2
const SUBSTITUTION_COST = 0.5
/** Shorter listed words cost as much as their characters. */
const MIN_WORD_LENGTH = 4
const MIN_CONTEXT_WORD_LENGTH = 3

const PORTAL_WORDS = ['identity portal', 'identity', 'portal', 'prospera', 'eprospera']
const KEYS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
  '1q2w3e4r5t6y7u8i9o0p',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
]
const RUNS = KEYS.flatMap((keys) => [keys, [...keys].reverse().join('')])
const LONGEST_RUN = Math.max(...RUNS.map((run) => run.length))
const SUBSTITUTES: Record<string, string> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  8: 'b',
}

/** Listed passwords by their rank, the most common first. */
type CommonPasswords = { ranks: ReadonlyMap<string, number>; longest: number }

let common: Promise<CommonPasswords> | undefined

/** Loads the list when a password is first set: 49,000 entries, about 10 MB. */
function loadCommonPasswords(): Promise<CommonPasswords> {
  common ??= import('@zxcvbn-ts/language-common').then(({ dictionary }) => {
    const listed = dictionary['passwords-common'].filter((word) => word.length >= MIN_WORD_LENGTH)
    return {
      ranks: new Map(listed.map((word, index) => [word, index + 1])),
      longest: Math.max(...listed.map((word) => word.length)),
    }
  })
  return common
}

/** Returns why a new password is rejected, or `undefined`. There are no composition rules. */
export async function findPasswordFault(
  password: string,
  context: PasswordContext,
): Promise<Text | undefined> {
  const length = [...password].length
  if (length < 15) return ({ passwordRules }) => passwordRules.tooShort
  if (length > 256) return ({ passwordRules }) => passwordRules.tooLong
  const digits = estimateDigits(password, context, await loadCommonPasswords())
  return digits < MIN_DIGITS ? ({ passwordRules }) => passwordRules.tooEasy : undefined
}

/** Returns the number of guesses for the whole password, as a power of ten. */
function estimateDigits(
  password: string,
  context: PasswordContext,
  { ranks, longest }: CommonPasswords,
): number {
  const folded = fold(password)
  const unit = folded.slice(0, periodOf(folded))
  const words = contextWords(context)
  const longestPart = Math.max(longest, LONGEST_RUN, ...[...words].map((word) => word.length))

  function costOf(part: string): number {
    if (words.has(part)) return MIN_PART_COST
    const rank = ranks.get(part)
    return rank === undefined ? Number.POSITIVE_INFINITY : Math.max(MIN_PART_COST, Math.log10(rank))
  }
  // cheapest[i] is the cost of the first i characters.
  const cheapest = [0]
  for (let end = 1; end <= unit.length; end++) {
    let least = (cheapest[end - 1] ?? 0) + CHARACTER_COST
    for (
      let start = end - MIN_CONTEXT_WORD_LENGTH;
      start >= Math.max(0, end - longestPart);
      start--
    ) {
      const before = cheapest[start] ?? 0
      if (before >= least) continue
      const part = unit.slice(start, end)
      if (isRun(part)) least = Math.min(least, before + RUN_COST)
      if (/^(19|20)\d\d$/.test(part)) least = Math.min(least, before + YEAR_COST)
      least = Math.min(least, before + costOf(part))
      for (const plain of withoutSubstitutes(part))
        least = Math.min(least, before + costOf(plain) + SUBSTITUTION_COST)
    }
    cheapest.push(least)
  }
  const repeats = Math.log10(Math.max(1, folded.length / Math.max(1, unit.length)))
  return (cheapest[unit.length] ?? 0) + repeats + countSymbols(password)
}

/** Keeps letters and digits, without case, width, accents and separators. */
const fold = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll('@', 'a')
    .replaceAll('$', 's')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')

/** One or two kinds of symbols are separators or decoration; each further kind counts as one digit. */
function countSymbols(text: string): number {
  const symbols = text.normalize('NFKC').match(/[^\p{L}\p{N}\p{M}\s]/gu) ?? []
  return Math.max(0, new Set(symbols).size - 2)
}

function contextWords({ email, givenName, surname, issuer }: PasswordContext): Set<string> {
  const host = issuer === undefined ? '' : (URL.parse(issuer)?.hostname ?? '')
  const fullTexts = [
    email,
    ...email.split('@'),
    `${givenName}${surname}`,
    `${surname}${givenName}`,
    host,
  ]
  const texts = [...fullTexts, givenName, surname, ...PORTAL_WORDS]
  const parts = texts.flatMap((text) => text.split(/[^\p{L}\p{N}]+/u))
  return new Set(
    [...texts, ...parts].map(fold).filter((word) => word.length >= MIN_CONTEXT_WORD_LENGTH),
  )
}

/** Whether a part repeats one character, or follows the alphabet or a keyboard row in either direction. */
function isRun(part: string): boolean {
  if (part.at(-1) === part[0] && part === part.charAt(0).repeat(part.length)) return true
  return part.length <= LONGEST_RUN && RUNS.some((run) => run.includes(part))
}

/** `p4ssw0rd` is `password`; a 1 can be an i or an l. */
function withoutSubstitutes(part: string): string[] {
  if (!/[0134578]/.test(part) || !/[^\d]/.test(part)) return []
  const plain = part.replaceAll(/[0134578]/g, (digit) => SUBSTITUTES[digit] ?? digit)
  return part.includes('1')
    ? [
        plain,
        part.replaceAll('1', 'l').replaceAll(/[034578]/g, (digit) => SUBSTITUTES[digit] ?? digit),
      ]
    : [plain]
}

/** Returns the length of the shortest prefix whose repetition is the whole text, else the text's length. */
function periodOf(text: string): number {
  const borders = [0]
  for (let index = 1; index < text.length; index++) {
    let border = borders[index - 1] ?? 0
    while (border > 0 && text[index] !== text[border]) border = borders[border - 1] ?? 0
    borders.push(text[index] === text[border] ? border + 1 : 0)
  }
  const period = text.length - (borders.at(-1) ?? 0)
  return period * 2 <= text.length ? period : text.length
}
