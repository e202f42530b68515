import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
import type { Sql } from './db.ts'
import type { KeyService } from './key-service.ts'

/** Whose data key seals a value: erasing the owner destroys the key, and every value sealed under it. */
export type Owner = { accountId: string } | { subjectId: string }
/** Where a value stands. It opens there and nowhere else. */
type Place = { table: string; column: string; row: string }

/**
 * Seals personal data at rest: AES-256-GCM under a data key of its owner, which the key service wraps. A sealed value
 * names its data key, so it opens without knowing the owner.
 */
export type Vault = {
  /** Makes the owner's data key on first use, in the caller's transaction. The owner's row must be there. */
  seal(sql: Sql, owner: Owner, place: Place, plaintext: string | Uint8Array): Promise<Buffer>
  /** Throws when the value was altered or moved, or its key is destroyed. */
  open(sql: Sql, place: Place, sealed: Uint8Array): Promise<Buffer>
}

const VERSION = 1
const HEADER_BYTES = 1 + 16
const IV_BYTES = 12
const TAG_BYTES = 16
const KEYS_REMEMBERED = 5_000

export function createVault(keys: KeyService): Vault {
  // By the data key's own id, which never comes back: an entry cannot outlive a rollback and stand for another key.
  const unwrapped = new Map<string, Uint8Array>()

  async function unwrap(id: string, wrappedKey: string): Promise<Uint8Array> {
    const known = unwrapped.get(id)
    if (known) return known
    const key = await keys.unwrap(wrappedKey, contextOf(id))
    remember(id, key)
    return key
  }

  function remember(id: string, key: Uint8Array) {
    const [oldest] = unwrapped.keys()
    if (unwrapped.size >= KEYS_REMEMBERED && oldest !== undefined) unwrapped.delete(oldest)
    unwrapped.set(id, key)
  }

  async function keyOf(sql: Sql, owner: Owner): Promise<{ id: string; key: Uint8Array }> {
    const found = await findKey(sql, owner)
    if (found) return { id: found.id, key: await unwrap(found.id, found.wrappedKey) }
    const id = randomUUID()
    const wrapped = await keys.wrap(randomBytes(32), contextOf(id))
    await sql`
      insert into data_key (id, account_id, subject_id, wrapped_key)
      values (${id}, ${'accountId' in owner ? owner.accountId : null},
        ${'subjectId' in owner ? owner.subjectId : null}, ${wrapped})
      on conflict do nothing`
    const made = await findKey(sql, owner)
    if (!made) throw new Error('the data key was not written')
    return { id: made.id, key: await unwrap(made.id, made.wrappedKey) }
  }

  return {
    async seal(sql, owner, place, plaintext) {
      const { id, key } = await keyOf(sql, owner)
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(authenticated(id, place))
      const body = Buffer.concat([cipher.update(plaintext), cipher.final()])
      return Buffer.concat([Buffer.of(VERSION), bytesOf(id), iv, body, cipher.getAuthTag()])
    },
    async open(sql, place, sealed) {
      const bytes = Buffer.from(sealed)
      if (bytes[0] !== VERSION || bytes.length < HEADER_BYTES + IV_BYTES + TAG_BYTES)
        throw new Error('this is no sealed value')
      const id = uuidOf(bytes.subarray(1, HEADER_BYTES))
      const key = unwrapped.get(id) ?? (await findAndUnwrap(sql, id))
      const iv = bytes.subarray(HEADER_BYTES, HEADER_BYTES + IV_BYTES)
      const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
        .setAAD(authenticated(id, place))
        .setAuthTag(bytes.subarray(-TAG_BYTES))
      const body = bytes.subarray(HEADER_BYTES + IV_BYTES, -TAG_BYTES)
      return Buffer.concat([decipher.update(body), decipher.final()])
    },
  }

  async function findAndUnwrap(sql: Sql, id: string): Promise<Uint8Array> {
    const [row] = await sql<{ wrappedKey: string }[]>`
      select wrapped_key from data_key where id = ${id}`
    if (!row) throw new Error('the key of this value is destroyed')
    return await unwrap(id, row.wrappedKey)
  }
}

async function findKey(
  sql: Sql,
  owner: Owner,
): Promise<{ id: string; wrappedKey: string } | undefined> {
  const [row] = await sql<{ id: string; wrappedKey: string }[]>`
    select id, wrapped_key from data_key
    where ${'accountId' in owner ? sql`account_id = ${owner.accountId}` : sql`subject_id = ${owner.subjectId}`}`
  return row
}

const contextOf = (id: string) => `data_key ${id}`
const authenticated = (id: string, { table, column, row }: Place) =>
  Buffer.from(`${id} ${table} ${column} ${row}`)
const bytesOf = (uuid: string) => Buffer.from(uuid.replaceAll('-', ''), 'hex')
const uuidOf = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
