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

/** The first of these with a name that people could mistake for `name`. */
export const findSimilar = <Named extends { name: string }>(
  among: readonly Named[],
  name: string,
): Named | undefined => among.find((each) => areSimilar(each.name, name))

/** In a transaction: names are given and trusted one after the other from here on. */
export async function lockNames(sql: Sql): Promise<void> {
  await sql`select pg_advisory_xact_lock(${LOCKS.clientNames})`
}

/**
 * In a transaction: returns another client with a similar name. Blocks other registrations until the transaction ends.
 */
export async function findSimilarClient(
  sql: Sql,
  name: string,
  exceptId?: string,
): Promise<{ id: string; name: string } | undefined> {
  await lockNames(sql)
  // A client that tries an application has its name.
  const clients = await sql<{ id: string; name: string }[]>`
    select id, name from client where id not in (select client_id from try_client)`
  const found = findSimilar(
    clients.filter(({ id }) => id !== exceptId),
    name,
  )
  return found && { id: found.id, name: visibleText(found.name) }
}
