import unhomoglyph from 'unhomoglyph'
import type { Sql } from '../platform/db.ts'
import { LOCKS } from '../platform/locks.ts'
import { visibleText } from '../web/displayed-text.ts'

/** The name of applications that register without one. Any number may have it. */
export const NAMELESS = 'An application without a name'

/**
 * Whether people could mistake one name for the other: compares the skeletons of Unicode TS #39 (§4), ignoring letter case, accents,
 * spaces and punctuation. Skeletons are not stored, because other versions of the data produce others.
 */
export function areSimilar(one: string, other: string): boolean {
  const others = skeletonsOf(other)
  return skeletonsOf(one).some((skeleton, index) => skeleton === others[index])
}

// Both as written, where a capital I resembles an l, and in lower case, where it resembles an i.
function skeletonsOf(name: string): [string, string] {
  const plain = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '')
  const skeleton = (text: string) => {
    const mapped = plain(unhomoglyph(plain(text))).toLowerCase()
    return mapped.replace(/[\p{P}\p{S}\p{Z}]/gu, '') || mapped
  }
  return [skeleton(name), skeleton(name.toLowerCase())]
}

/**
 * In a transaction: returns another client with a similar name. Blocks other registrations until the transaction ends.
 */
export async function findSimilarClient(
  sql: Sql,
  name: string,
  exceptId?: string,
): Promise<{ id: string; name: string } | undefined> {
  await sql`select pg_advisory_xact_lock(${LOCKS.clientNames})`
  const clients = await sql<{ id: string; name: string }[]>`select id, name from client`
  const found = clients.find((client) => client.id !== exceptId && areSimilar(client.name, name))
  return found && { id: found.id, name: visibleText(found.name) }
}
