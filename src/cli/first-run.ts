import { createSetupLink, listOperators } from '../accounts/operators.ts'
import type { Sql } from '../platform/db.ts'

/**
 * What to do next on a portal that nobody operates; empty once somebody does. The link that makes its holder the administrator is only
 * shown on a terminal: what a process writes elsewhere is kept and read by others.
 */
export async function describeFirstRun(
  sql: Sql,
  { issuer, isTerminal }: { issuer: string; isTerminal: boolean },
): Promise<string> {
  if ((await listOperators(sql)).length > 0) return ''
  const made = isTerminal ? await createSetupLink(sql, issuer) : undefined
  return made
    ? `\nNobody operates this portal yet. Create the first operator in a browser, within an hour:\n\n  ${made.link}\n\nThe link works once, for whoever opens it first. Show it to nobody.\n`
    : '\nNobody operates this portal yet. Make a link that creates the first operator: npm run -s cli -- operator setup\n'
}
