import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
  randomUUID,
} from 'node:crypto'
import type { Db, Sql } from './db.ts'
import { dataKeyContext, type KeyService } from './key-service.ts'

/**
 * Whose data key seals a value: erasing the owner destroys the key, and every value sealed under it. A `purpose` is the
 * portal's own key of the day, for what no owner is known of yet.
 */
export type Owner = { accountId: string } | { subjectId: string } | { purpose: 'delivery' }
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
  /** The keyed hash by which a sealed value is found: HMAC-SHA-256, for this column alone, the same in every process. */
  mac(sql: Sql, column: Omit<Place, 'row'>, value: string | Uint8Array): Promise<Buffer>
  /** Makes the portal's own keys where they are missing, so that no later call has to. */
  prepare(): Promise<void>
  /**
   * Makes the data keys of owners that were stored before there were any, each in a transaction of its own. Transactions
   * that make the keys of several owners can wait for each other.
   */
  makeMissingKeys(isStopped: () => boolean): Promise<void>
}

const VERSION = 1
const VERSION_BYTES = Buffer.of(VERSION)
const HEADER_BYTES = 1 + 16
const IV_BYTES = 12
const TAG_BYTES = 16
const KEYS_REMEMBERED = 5_000
// When the key service does not answer, the key of an earlier day goes on, and the service is asked again after this.
const KEY_SERVICE_RETRY_MS = 30_000
// Shorter than keys without values are kept.
const FALLBACK_DAYS = 3
const DAY_MS = 24 * 3600 * 1000

type Purpose = 'delivery' | 'lookup'
type DataKey = { id: string; key: KeyObject }

/** `db` makes the portal's own keys: they are committed at once, whatever becomes of the caller's transaction. */
export function createVault(db: Db, keys: KeyService): Vault {
  // By the data key's own id, which never comes back: an entry cannot outlive a rollback and stand for another key.
  const unwrapped = new Map<string, KeyObject>()

  const ownKeys = new Map<Purpose, DataKey & { period: string | null; goodUntil: number }>()

  async function unwrap(id: string, wrappedKey: string): Promise<KeyObject> {
    const known = unwrapped.get(id)
    if (known) return known
    const key = createSecretKey(await keys.unwrap(wrappedKey, dataKeyContext(id)))
    remember(id, key)
    return key
  }

  function remember(id: string, key: KeyObject) {
    const [oldest] = unwrapped.keys()
    if (unwrapped.size >= KEYS_REMEMBERED && oldest !== undefined) unwrapped.delete(oldest)
    unwrapped.set(id, key)
  }

  async function keyOf(sql: Sql, owner: Owner): Promise<DataKey> {
    if ('purpose' in owner) return await ownKey(sql, owner.purpose)
    const found = await findKey(sql, owner)
    if (found) return { id: found.id, key: await unwrap(found.id, found.wrappedKey) }
    await makeKey(sql, owner)
    const made = await findKey(sql, owner)
    if (!made) throw new Error('the data key was not written')
    return { id: made.id, key: await unwrap(made.id, made.wrappedKey) }
  }

  /** Makes none where the owner has one, or is gone. */
  async function makeKey(sql: Sql, owner: Exclude<Owner, { purpose: string }>): Promise<void> {
    const id = randomUUID()
    const wrapped = await keys.wrap(randomBytes(32), dataKeyContext(id))
    // The owner is locked first: a row that waits for that lock would itself hold up whoever has it.
    await ('accountId' in owner
      ? sql`
          with owner as (select id from account where id = ${owner.accountId} for key share)
          insert into data_key (id, account_id, wrapped_key) select ${id}, id, ${wrapped} from owner
          on conflict do nothing`
      : sql`
          with owner as (select id from subject where id = ${owner.subjectId} for key share)
          insert into data_key (id, subject_id, wrapped_key) select ${id}, id, ${wrapped} from owner
          on conflict do nothing`)
  }

  async function ownKey(sql: Sql, purpose: Purpose): Promise<DataKey> {
    const known = ownKeys.get(purpose)
    const now = Date.now()
    if (known && now < known.goodUntil) return known
    const period = purpose === 'delivery' ? new Date(now).toISOString().slice(0, 10) : null
    try {
      const found = (await findOwnKey(sql, purpose, period)) ?? (await makeOwnKey(purpose, period))
      const key = { id: found.id, key: await unwrap(found.id, found.wrappedKey) }
      const goodUntil = period ? Date.parse(period) + DAY_MS : Number.POSITIVE_INFINITY
      ownKeys.set(purpose, { ...key, period, goodUntil })
      return key
    } catch (error) {
      // A delivery is stored under the last key rather than refused.
      if (!known || isTooOld(known.period)) throw error
      known.goodUntil = now + KEY_SERVICE_RETRY_MS
      return known
    }
  }

  async function makeOwnKey(purpose: Purpose, period: string | null) {
    const id = randomUUID()
    const wrapped = await keys.wrap(randomBytes(32), dataKeyContext(id))
    await db`
      insert into data_key (id, purpose, period, wrapped_key)
      values (${id}, ${purpose}, ${period}, ${wrapped}) on conflict do nothing`
    const made = await findOwnKey(db, purpose, period)
    if (!made) throw new Error('the data key was not written')
    return made
  }

  return {
    async seal(sql, owner, place, plaintext) {
      const { id, key } = await keyOf(sql, owner)
      const iv = nextIv()
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(authenticated(id, place))
      const body = cipher.update(plaintext)
      // GCM holds nothing back: `final` makes the tag alone.
      cipher.final()
      return Buffer.concat([VERSION_BYTES, bytesOf(id), iv, body, cipher.getAuthTag()])
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
    async mac(sql, { table, column }, value) {
      const { key } = await ownKey(sql, 'lookup')
      return createHmac('sha256', key).update(`${table} ${column}\0`).update(value).digest()
    },
    async prepare() {
      await ownKey(db, 'lookup')
      await ownKey(db, 'delivery')
    },
    async makeMissingKeys(isStopped) {
      for (const table of ['account', 'subject'] as const)
        for (let after = FIRST_ID; ; ) {
          const owners = await findOwnersWithoutKey(db, table, after)
          for (const { id } of owners) {
            if (isStopped()) return
            await makeKey(db, table === 'account' ? { accountId: id } : { subjectId: id })
            after = id
          }
          if (owners.length < OWNERS_AT_ONCE) break
        }
    },
  }

  async function findAndUnwrap(sql: Sql, id: string): Promise<KeyObject> {
    const [row] = await sql<{ wrappedKey: string }[]>`
      select wrapped_key from data_key where id = ${id}`
    if (!row) throw new Error('the key of this value is destroyed')
    return await unwrap(id, row.wrappedKey)
  }
}

const OWNERS_AT_ONCE = 100
const FIRST_ID = '00000000-0000-0000-0000-000000000000'

const findOwnersWithoutKey = (sql: Sql, table: 'account' | 'subject', after: string) =>
  sql<{ id: string }[]>`
    select owner.id from ${sql(table)} owner
    where owner.id > ${after}
      and not exists (select from data_key where ${sql(`${table}_id`)} = owner.id)
    order by owner.id limit ${OWNERS_AT_ONCE}`

async function findKey(
  sql: Sql,
  owner: Exclude<Owner, { purpose: string }>,
): Promise<{ id: string; wrappedKey: string } | undefined> {
  const [row] = await sql<{ id: string; wrappedKey: string }[]>`
    select id, wrapped_key from data_key
    where ${'accountId' in owner ? sql`account_id = ${owner.accountId}` : sql`subject_id = ${owner.subjectId}`}`
  return row
}

async function findOwnKey(sql: Sql, purpose: Purpose, period: string | null) {
  const [row] = await sql<{ id: string; wrappedKey: string }[]>`
    select id, wrapped_key from data_key
    where purpose = ${purpose} and period is not distinct from ${period}`
  return row
}

const KEPT_DAYS = 7

const isTooOld = (period: string | null) =>
  period !== null && Date.parse(period) < Date.now() - FALLBACK_DAYS * DAY_MS

/** Destroys the keys of past days under which nothing is sealed any more. `inUse` names those that are needed. */
export async function destroyUnusedKeys(
  sql: Sql,
  purpose: 'delivery',
  inUse: readonly Uint8Array[],
): Promise<void> {
  await sql`
    delete from data_key where purpose = ${purpose}
      and period < to_char((now() at time zone 'UTC') - make_interval(days => ${KEPT_DAYS}), 'YYYY-MM-DD')
      and id <> all (${inUse.map(uuidOf)}::uuid[])`
}

const authenticated = (id: string, { table, column, row }: Place) =>
  Buffer.from(`${id} ${table} ${column} ${row}`)
const bytesOf = (uuid: string) => Buffer.from(uuid.replaceAll('-', ''), 'hex')

// Asking the generator for one at a time costs more than the encryption. Each is handed out once.
let ivs = Buffer.alloc(0)
function nextIv(): Buffer {
  if (ivs.length === 0) ivs = randomBytes(IV_BYTES * 256)
  const iv = ivs.subarray(0, IV_BYTES)
  ivs = ivs.subarray(IV_BYTES)
  return iv
}
const uuidOf = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
