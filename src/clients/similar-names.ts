import unhomoglyph from 'unhomoglyph'
import type { Sql } from '../platform/db.ts'
import { LOCKS } from '../platform/locks.ts'
import { visibleText } from '../web/displayed-text.ts'

/** What an application is called that registered without a name; many may be. */
export const NAMELESS = 'An application without a name'

/**
 * Whether people could take one name for the other: by the skeletons of Unicode TS #39 (§4), whatever the letter case,
 * accents, spaces and punctuation. Skeletons are only compared, never stored: other data make other ones.
 */
export function areSimilar(one: string, other: string): boolean {
  const others = skeletonsOf(other)
  return skeletonsOf(one).some((skeleton, index) => skeleton === others[index])
}

// As it is written, where a capital I is like an l, and in small letters, where it is like an i.
function skeletonsOf(name: string): [string, string] {
  const plain = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '')
  const skeleton = (text: string) => {
    const mapped = plain(unhomoglyph(plain(text))).toLowerCase()
    return mapped.replace(/[\p{P}\p{S}\p{Z}]/gu, '') || mapped
  }
  return [skeleton(name), skeleton(name.toLowerCase())]
}

/**
 * In a transaction: another client whose name could be taken for this one. Holds other registrations back until the
 * transaction ends.
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
