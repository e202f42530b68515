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
 * The owner of the data key that seals a value: erasing the owner destroys the key, and with it every value. A `purpose` names a key of
 * the portal, one each day, for values whose owner is not known yet.
 */
export type Owner = { accountId: string } | { subjectId: string } | { purpose: 'delivery' }
/** The location of a value, to which it is bound. */
type Location = { table: string; column: string; row: string }

/**
 * Seals personal data at rest: AES-256-GCM under a data key of its owner, which the key service wraps. A sealed value contains the
 * id of its data key, so it opens without its owner.
 */
export type Vault = {
  /** Creates the owner's data key on first use, in the caller's transaction. The owner's row must exist. */
  seal(sql: Sql, owner: Owner, place: Location, plaintext: string | Uint8Array): Promise<Buffer>
  /** Throws when the value was altered or moved, or its key is destroyed. */
  open(sql: Sql, place: Location, sealed: Uint8Array): Promise<Buffer>
  /** The keyed hash by which a sealed value is found: HMAC-SHA-256, for this column only, the same in every process. */
  mac(sql: Sql, column: Omit<Location, 'row'>, value: string | Uint8Array): Promise<Buffer>
  /** Creates the portal's own keys where they are missing, so that later calls need not. */
  prepare(): Promise<void>
  /**
   * Creates the data keys of owners that have none, each in a transaction of its own, because transactions that create the keys of
   * several owners could deadlock.
   */
  createMissingKeys(isStopped: () => boolean): Promise<void>
}

const VERSION = 1
const VERSION_BYTES = Buffer.of(VERSION)
const HEADER_BYTES = 1 + 16
const IV_BYTES = 12
const TAG_BYTES = 16
const MAX_CACHED_KEYS = 5_000
// While the key service does not respond, an earlier day's key is used, and the service is called again after this time.
const KEY_SERVICE_RETRY_MS = 30_000
// Shorter than unused keys are kept.
const FALLBACK_DAYS = 3
const DAY_MS = 24 * 3600 * 1000

type Purpose = 'delivery' | 'lookup'
type DataKey = { id: string; key: KeyObject }
type WrappedKey = { id: string; wrappedKey: string }

/** `db` creates the portal's own keys: they are committed at once, even if the caller's transaction is not. */
export function createVault(db: Db, keys: KeyService): Vault {
  const cache = createKeyCache(keys)
  const ownKey = createOwnKeys(db, keys, cache)

  async function keyOf(sql: Sql, owner: Owner): Promise<DataKey> {
    if ('purpose' in owner) return await ownKey(sql, owner.purpose)
    const found = await findKey(sql, owner)
    if (found) return await cache.unwrap(found)
    await createKey(sql, keys, owner)
    const created = await findKey(sql, owner)
    if (!created) throw new Error('the data key was not written')
    return await cache.unwrap(created)
  }

  return {
    async seal(sql, owner, place, plaintext) {
      return encrypt(await keyOf(sql, owner), place, plaintext)
    },
    async open(sql, place, sealed) {
      const bytes = Buffer.from(sealed)
      if (bytes[0] !== VERSION || bytes.length < HEADER_BYTES + IV_BYTES + TAG_BYTES)
        throw new Error('this is not a sealed value')
      const id = uuidOf(bytes.subarray(1, HEADER_BYTES))
      const dataKey = cache.find(id) ?? (await cache.unwrap(await loadKey(sql, id)))
      return decrypt(dataKey, place, bytes)
    },
    async mac(sql, { table, column }, value) {
      const { key } = await ownKey(sql, 'lookup')
      return createHmac('sha256', key).update(`${table} ${column}\0`).update(value).digest()
    },
    async prepare() {
      await ownKey(db, 'lookup')
      await ownKey(db, 'delivery')
    },
    async createMissingKeys(isStopped) {
      for (const table of ['account', 'subject'] as const)
        for (let after = FIRST_ID; ; ) {
          const owners = await findOwnersWithoutKey(db, table, after)
          for (const { id } of owners) {
            if (isStopped()) return
            await createKey(db, keys, table === 'account' ? { accountId: id } : { subjectId: id })
            after = id
          }
          if (owners.length < OWNER_BATCH) break
        }
    },
  }
}

type KeyCache = ReturnType<typeof createKeyCache>

/** Keeps data keys in memory once they are unwrapped. */
function createKeyCache(keys: KeyService) {
  // By the data key's own id, which is never reused: an entry that outlives a rollback cannot stand for another key.
  const unwrapped = new Map<string, DataKey>()

  async function unwrap({ id, wrappedKey }: WrappedKey): Promise<DataKey> {
    const known = unwrapped.get(id)
    if (known) return known
    const key = createSecretKey(await keys.unwrap(wrappedKey, dataKeyContext(id)))
    const [oldest] = unwrapped.keys()
    if (unwrapped.size >= MAX_CACHED_KEYS && oldest !== undefined) unwrapped.delete(oldest)
    const dataKey = { id, key }
    unwrapped.set(id, dataKey)
    return dataKey
  }

  return { find: (id: string) => unwrapped.get(id), unwrap }
}

/** Returns the portal's own key of a purpose; creates it, and each day's, on first use. */
function createOwnKeys(db: Db, keys: KeyService, cache: KeyCache) {
  const current = new Map<Purpose, DataKey & { period: string | null; goodUntil: number }>()

  async function create(purpose: Purpose, period: string | null): Promise<WrappedKey> {
    const { id, wrappedKey } = await wrapNewKey(keys)
    await db`
      insert into data_key (id, purpose, period, wrapped_key)
      values (${id}, ${purpose}, ${period}, ${wrappedKey}) on conflict do nothing`
    const created = await findOwnKey(db, purpose, period)
    if (!created) throw new Error('the data key was not written')
    return created
  }

  return async (sql: Sql, purpose: Purpose): Promise<DataKey> => {
    const known = current.get(purpose)
    const now = Date.now()
    if (known && now < known.goodUntil) return known
    const period = purpose === 'delivery' ? new Date(now).toISOString().slice(0, 10) : null
    try {
      const found = (await findOwnKey(sql, purpose, period)) ?? (await create(purpose, period))
      const dataKey = await cache.unwrap(found)
      const goodUntil = period ? Date.parse(period) + DAY_MS : Number.POSITIVE_INFINITY
      current.set(purpose, { ...dataKey, period, goodUntil })
      return dataKey
    } catch (error) {
      // Stores a delivery under the last key rather than rejecting it.
      if (!known || isTooOld(known.period)) throw error
      known.goodUntil = now + KEY_SERVICE_RETRY_MS
      return known
    }
  }
}

async function wrapNewKey(keys: KeyService): Promise<WrappedKey> {
  const id = randomUUID()
  return { id, wrappedKey: await keys.wrap(randomBytes(32), dataKeyContext(id)) }
}

/** Creates no key where the owner has one, or is deleted. */
async function createKey(
  sql: Sql,
  keys: KeyService,
  owner: Exclude<Owner, { purpose: string }>,
): Promise<void> {
  const { id, wrappedKey } = await wrapNewKey(keys)
  // Locks the owner first: a statement that inserts and then waits for that lock would block the lock's holder.
  await ('accountId' in owner
    ? sql`
        with owner as (select id from account where id = ${owner.accountId} for key share)
        insert into data_key (id, account_id, wrapped_key) select ${id}, id, ${wrappedKey} from owner
        on conflict do nothing`
    : sql`
        with owner as (select id from subject where id = ${owner.subjectId} for key share)
        insert into data_key (id, subject_id, wrapped_key) select ${id}, id, ${wrappedKey} from owner
        on conflict do nothing`)
}

const OWNER_BATCH = 100
const FIRST_ID = '00000000-0000-0000-0000-000000000000'

const findOwnersWithoutKey = (sql: Sql, table: 'account' | 'subject', after: string) =>
  sql<{ id: string }[]>`
    select owner.id from ${sql(table)} owner
    where owner.id > ${after}
      and not exists (select from data_key where ${sql(`${table}_id`)} = owner.id)
    order by owner.id limit ${OWNER_BATCH}`

/** Throws when the key was destroyed. */
async function loadKey(sql: Sql, id: string): Promise<WrappedKey> {
  const [row] = await sql<WrappedKey[]>`
    select id, wrapped_key from data_key where id = ${id}`
  if (!row) throw new Error('the key of this value is destroyed')
  return row
}

async function findKey(
  sql: Sql,
  owner: Exclude<Owner, { purpose: string }>,
): Promise<WrappedKey | undefined> {
  const [row] = await sql<WrappedKey[]>`
    select id, wrapped_key from data_key
    where ${'accountId' in owner ? sql`account_id = ${owner.accountId}` : sql`subject_id = ${owner.subjectId}`}`
  return row
}

async function findOwnKey(
  sql: Sql,
  purpose: Purpose,
  period: string | null,
): Promise<WrappedKey | undefined> {
  const [row] = await sql<WrappedKey[]>`
    select id, wrapped_key from data_key
    where purpose = ${purpose} and period is not distinct from ${period}`
  return row
}

const RETENTION_DAYS = 7

const isTooOld = (period: string | null) =>
  period !== null && Date.parse(period) < Date.now() - FALLBACK_DAYS * DAY_MS

/** Destroys keys of past days under which nothing is sealed any more. `inUse` lists those that are needed. */
export async function destroyUnusedKeys(
  sql: Sql,
  purpose: 'delivery',
  inUse: readonly Uint8Array[],
): Promise<void> {
  await sql`
    delete from data_key where purpose = ${purpose}
      and period < to_char((now() at time zone 'UTC') - make_interval(days => ${RETENTION_DAYS}), 'YYYY-MM-DD')
      and id <> all (${inUse.map(uuidOf)}::uuid[])`
}

function encrypt({ id, key }: DataKey, place: Location, plaintext: string | Uint8Array): Buffer {
  const iv = nextIv()
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(additionalData(id, place))
  const body = cipher.update(plaintext)
  // GCM buffers nothing: `final` only computes the tag.
  cipher.final()
  return Buffer.concat([VERSION_BYTES, bytesOf(id), iv, body, cipher.getAuthTag()])
}

/** Throws when the value was altered, or belongs to another place. */
function decrypt({ id, key }: DataKey, place: Location, sealed: Buffer): Buffer {
  const iv = sealed.subarray(HEADER_BYTES, HEADER_BYTES + IV_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
    .setAAD(additionalData(id, place))
    .setAuthTag(sealed.subarray(-TAG_BYTES))
  const body = sealed.subarray(HEADER_BYTES + IV_BYTES, -TAG_BYTES)
  return Buffer.concat([decipher.update(body), decipher.final()])
}

const additionalData = (id: string, { table, column, row }: Location) =>
  Buffer.from(`${id} ${table} ${column} ${row}`)
const bytesOf = (uuid: string) => Buffer.from(uuid.replaceAll('-', ''), 'hex')

// One call of the generator for each IV costs more than the encryption. Each IV is used once.
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
