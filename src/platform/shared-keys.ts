import { randomBytes } from 'node:crypto'
import type { Db } from './db.ts'
import type { Log } from './log.ts'
import type { SealedColumn } from './resealing.ts'
import type { Sealer } from './secrets.ts'

/** What each key is used for, and for nothing else. */
const NAMES = ['refresh-successor', 'dpop-nonce', 'user-code'] as const
export const SEALED_SHARED_KEYS: SealedColumn = {
  table: 'portal_setting',
  column: 'value',
  key: ['name'],
  contextOf: (name) => name,
}
export type SharedKeys = Readonly<Record<(typeof NAMES)[number], Buffer>>

/**
 * Random keys of 32 bytes that every process of this portal has in common, sealed in the database. Rotating the cookie
 * keys or the encryption key does not change them. One that no configured encryption key opens is replaced: tokens stay
 * good, only what is under way for seconds or minutes (a lost refresh answer, a nonce, a user code) starts again.
 */
export async function loadSharedKeys(db: Db, sealer: Sealer, log: Log): Promise<SharedKeys> {
  const entries: [string, Buffer][] = []
  for (const name of NAMES) entries.push([name, await loadKey(db, sealer, log, name)])
  return Object.fromEntries(entries) as SharedKeys
}

async function loadKey(db: Db, sealer: Sealer, log: Log, name: string): Promise<Buffer> {
  const row = `key:${name}`
  const fresh = () => sealer.seal(randomBytes(32).toString('base64url'), row)
  await db`
    insert into portal_setting (name, value) values (${row}, ${fresh()}) on conflict (name) do nothing`
  const read = async () => {
    const [kept] = await db<{ value: string }[]>`
      select value from portal_setting where name = ${row}`
    return kept?.value ?? ''
  }
  const kept = await read()
  const open = (sealed: string) => Buffer.from(sealer.open(sealed, row), 'base64url')
  try {
    return open(kept)
  } catch {
    log.warn('shared key replaced', { name })
  }
  // Of several processes that find it unreadable, one replaces it, and all read what that one wrote.
  await db`
    update portal_setting set value = ${fresh()} where name = ${row} and value = ${kept}`
  return open(await read())
}
