import type { Sql } from './db.ts'
import { dataKeyContext, type KeyService } from './key-service.ts'

const BATCH = 500

/** How many data keys open under no key that is configured. It opens every one. */
export async function countUnreadableKeys(sql: Sql, keys: KeyService): Promise<number> {
  let unreadable = 0
  for (let after: string | undefined; ; ) {
    const batch = await sql<{ id: string; wrappedKey: string }[]>`
      select id, wrapped_key from data_key ${after === undefined ? sql`` : sql`where id > ${after}`}
      order by id limit ${BATCH}`
    for (const { id, wrappedKey } of batch)
      await keys.unwrap(wrappedKey, dataKeyContext(id)).catch(() => unreadable++)
    after = batch.at(-1)?.id
    if (after === undefined) return unreadable
  }
}
