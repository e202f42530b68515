import { randomBytes } from 'node:crypto'
import type { Db } from './db.ts'
import type { Log } from './log.ts'
import type { SealedColumn } from './resealing.ts'
import type { Sealer } from './secrets.ts'

/** The use of each key; no key has two. */
const NAMES = ['refresh-successor', 'dpop-nonce', 'user-code'] as const
export const SEALED_SHARED_KEYS: SealedColumn = {
  table: 'portal_setting',
  column: 'value',
  key: ['name'],
  contextOf: (name) => name,
}
export type SharedKeys = Readonly<Record<(typeof NAMES)[number], Buffer>>

/**
 * Random keys of 32 bytes that all processes of this portal share, sealed in the database. Rotating the cookie keys or the encryption
 * key does not change them. A key that no configured encryption key opens is replaced: tokens stay valid, and only short-lived
 * operations (a repeated refresh, a nonce, a user code) have to start again.
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
  const stored = await read()
  const open = (sealed: string) => Buffer.from(sealer.open(sealed, row), 'base64url')
  try {
    return open(stored)
  } catch {
    log.warn('shared key replaced', { name })
  }
  // Of several processes that find it unreadable, one replaces it, and all read the new value.
  await db`
    update portal_setting set value = ${fresh()} where name = ${row} and value = ${stored}`
  return open(await read())
}
