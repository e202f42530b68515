/*
 * Which passwords are refused (NIST SP 800-63B-4 §3.1.1.2). The standard compares the whole password with a list of common,
 * expected and compromised ones, not the words that it contains. Fifteen characters is longer than nearly every entry of any such
 * list, so a plain look-up would find nothing; what people do instead is extend an entry: `iloveyou1234567`. Attackers try these
 * extensions too. So the whole password is covered with the parts that an attacker would try, each part costs as many decimal
 * digits as it takes to guess, and a password whose cheapest cover is below `LEAST_DIGITS` is refused. A listed word or one's own
 * name inside a long passphrase does no harm: it makes that part cheap, and the rest pays.
 *
 * 10^10 guesses: the throttle allows one try in five seconds per account, which makes 1,500 years; and with a stolen database it is
 * weeks of work for one account, since every try costs an argon2id hash. Four unrelated words reach 12 and more, 15 random
 * letters 14.
 */
const LEAST_DIGITS = 10

/** What an attacker who knows the resident and the portal tries first. */
export type PasswordContext = {
  email: string
  givenName: string
  surname: string
  /** The origin of the portal, where it is known. */
  issuer?: string | undefined
}

/** A part's cost does not go below a factor of ten: somebody has to try it beside others. */
const LEAST_PART = 1
const FREE_CHARACTER = 1
const RUN = 1.5
const YEAR = 2
const SUBSTITUTED = 0.5
/** Shorter listed words cost no less than their characters do. */
const SHORTEST_WORD = 4
const SHORTEST_CONTEXT_WORD = 3

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

/** Listed passwords by their place in the list, the most common first. */
type CommonPasswords = { ranks: ReadonlyMap<string, number>; longest: number }

let common: Promise<CommonPasswords> | undefined

/** Loads the list at the first password that is set: 49,000 entries, about 10 MB. */
function loadCommonPasswords(): Promise<CommonPasswords> {
  common ??= import('@zxcvbn-ts/language-common').then(({ dictionary }) => {
    const listed = dictionary['passwords-common'].filter((word) => word.length >= SHORTEST_WORD)
    return {
      ranks: new Map(listed.map((word, index) => [word, index + 1])),
      longest: Math.max(...listed.map((word) => word.length)),
    }
  })
  return common
}

/** Returns the reason why a new password is refused, or `undefined`. There are no rules of composition. */
export async function findPasswordFault(
  password: string,
  context: PasswordContext,
): Promise<string | undefined> {
  const length = [...password].length
  if (length < 15) return 'A password needs 15 characters or more. Four unrelated words do well.'
  if (length > 256) return 'A password can have 256 characters at most.'
  const digits = estimateDigits(password, context, await loadCommonPasswords())
  return digits < LEAST_DIGITS
    ? 'This password is too easy to guess: it is made of common passwords, of your own name or address, or of a pattern. Four unrelated words do well.'
    : undefined
}

/** The number of guesses that the whole password takes, as a power of ten. */
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
    if (words.has(part)) return LEAST_PART
    const rank = ranks.get(part)
    return rank === undefined ? Number.POSITIVE_INFINITY : Math.max(LEAST_PART, Math.log10(rank))
  }
  // cheapest[i] is the cost of the first i characters.
  const cheapest = [0]
  for (let end = 1; end <= unit.length; end++) {
    let least = (cheapest[end - 1] ?? 0) + FREE_CHARACTER
    for (
      let start = end - SHORTEST_CONTEXT_WORD;
      start >= Math.max(0, end - longestPart);
      start--
    ) {
      const before = cheapest[start] ?? 0
      if (before >= least) continue
      const part = unit.slice(start, end)
      if (isRun(part)) least = Math.min(least, before + RUN)
      if (/^(19|20)\d\d$/.test(part)) least = Math.min(least, before + YEAR)
      least = Math.min(least, before + costOf(part))
      for (const plain of withoutSubstitutes(part))
        least = Math.min(least, before + costOf(plain) + SUBSTITUTED)
    }
    cheapest.push(least)
  }
  const repeats = Math.log10(Math.max(1, folded.length / Math.max(1, unit.length)))
  return (cheapest[unit.length] ?? 0) + repeats + countSymbols(password)
}

/** Letters and digits alone, in one spelling: without case, width, accents and separators. */
const fold = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll('@', 'a')
    .replaceAll('$', 's')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')

/** One or two kinds of symbols are separators or decoration; each further kind has to be guessed. */
function countSymbols(text: string): number {
  const symbols = text.normalize('NFKC').match(/[^\p{L}\p{N}\p{M}\s]/gu) ?? []
  return Math.max(0, new Set(symbols).size - 2)
}

function contextWords({ email, givenName, surname, issuer }: PasswordContext): Set<string> {
  const host = issuer === undefined ? '' : (URL.parse(issuer)?.hostname ?? '')
  const whole = [
    email,
    ...email.split('@'),
    `${givenName}${surname}`,
    `${surname}${givenName}`,
    host,
  ]
  const texts = [...whole, givenName, surname, ...PORTAL_WORDS]
  const parts = texts.flatMap((text) => text.split(/[^\p{L}\p{N}]+/u))
  return new Set(
    [...texts, ...parts].map(fold).filter((word) => word.length >= SHORTEST_CONTEXT_WORD),
  )
}

/** One character many times, or neighbours in the alphabet or on a keyboard, in either direction. */
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

/** The length of the shortest beginning that, repeated at least twice, makes the whole text. */
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
