/** Why a person was not verified, as the person is told. `web/texts/` has a sentence for each, and what to do next. */
export const REASONS = [
  'document-expired',
  'document-not-accepted',
  'document-damaged',
  'document-incomplete',
  'document-unconfirmed',
  'original-needed',
  'photo-unclear',
  'face-unclear',
  'face-different',
  'data-different',
  'more-needed',
  'address-proof',
  'contact-unconfirmed',
  'age',
  'region',
  'agreement-missing',
  'device',
  'unfinished',
  'too-many-tries',
  'technical',
] as const
export type Reason = (typeof REASONS)[number]

/** Of a code that the person is not told: a sign of fraud, which would teach whoever it is about, and accuse everybody else. */
export const UNTOLD = 'untold'

/** A vendor's codes, and what each means for the person. */
export type ReasonTable = ReadonlyMap<string, Reason | typeof UNTOLD>

/** A person does the first two or three things; a longer list is not read. */
export const MAX_REASONS = 3

/**
 * What the person is told of a decision with these codes, in their order. Nothing where one of them is not for the person: the rest of the
 * truth would mislead. Unknown codes are left out. `undefined`: there are no codes.
 */
export function toReasons(
  table: ReasonTable,
  given: readonly (string | number | null | undefined)[],
): Reason[] | undefined {
  const codes = given.flatMap((code) => (code === null || code === undefined ? [] : String(code)))
  if (codes.length === 0) return undefined
  const found = new Set(codes.flatMap((code) => table.get(code) ?? []))
  if (found.has(UNTOLD)) return []
  return [...found].filter((each) => each !== UNTOLD).slice(0, MAX_REASONS)
}

export const isReason = (word: string): word is Reason =>
  (REASONS as readonly string[]).includes(word)

/** A table from what it is to be read as: each meaning with its codes. */
export const tableOf = (
  meanings: Partial<Record<Reason | typeof UNTOLD, readonly (string | number)[]>>,
): ReasonTable =>
  new Map(
    Object.entries(meanings).flatMap(([meaning, codes]) =>
      codes.map((code) => [String(code), meaning as Reason | typeof UNTOLD] as const),
    ),
  )
