import { isDisplayable, normalizeText } from '../web/displayed-text.ts'

const LONGEST = 60

/** One line of ordinary text, or what is wrong with it. */
export function parseTeamName(given: unknown): { value: string } | { fault: string } {
  const value = normalizeText(String(given ?? ''))
  if (value === '') return { fault: 'Enter a name.' }
  if (value.length > LONGEST) return { fault: `Enter at most ${LONGEST} characters.` }
  return isDisplayable(value) ? { value } : { fault: 'Enter one line of ordinary text.' }
}
