import type { DocumentFindings } from './vendors/vendor.ts'

export type Reference = {
  givenName: string
  surname: string
  dateOfBirth: string | undefined
  statedBy: 'registry' | 'operator' | 'resident'
}
export type MatchOutcome = 'match' | 'no-reference' | 'mismatch'
/** `differences`: what did not fit or could not be compared; codes for pages, never values. */
export type MatchResult = {
  outcome: MatchOutcome
  differences: ('name' | 'birth-date' | 'name-missing')[]
}

const fold = (name: string) =>
  name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter(Boolean)

/** Compares the person of a document with the account's. */
export function matchDocument(
  findings: DocumentFindings | undefined,
  reference: Reference | undefined,
): MatchResult {
  if (!reference || reference.statedBy === 'resident')
    return { outcome: 'no-reference', differences: [] }
  const differences: MatchResult['differences'] = []
  const printed = fold(
    findings?.fullName ?? [findings?.givenName, findings?.surname].filter(Boolean).join(' '),
  )
  if (printed.length === 0) differences.push('name-missing')
  else {
    const given = fold(`${reference.givenName} ${reference.surname}`)
    if (!given.every((word) => printed.includes(word))) differences.push('name')
  }
  const born = findings?.dateOfBirth
  if (born && reference.dateOfBirth && born !== reference.dateOfBirth)
    differences.push('birth-date')
  return { outcome: differences.length > 0 ? 'mismatch' : 'match', differences }
}
