import { createPrivateKey, generateKeyPair, type JsonWebKey, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint, type JWK, type JWTPayload, SignJWT } from 'jose'
import type { Db, Sql } from '../platform/db.ts'
import { OperatorError, UnknownKeyError } from '../platform/errors.ts'
import { LOCKS } from '../platform/locks.ts'
import type { Log } from '../platform/log.ts'
import { startLoop } from '../platform/loop.ts'
import type { SealedColumn } from '../platform/resealing.ts'
import type { Sealer } from '../platform/secrets.ts'

/** RS256 is the default; clients of the FAPI 2.0 profile use ES256, because it forbids RS256 (§5.4.1). */
const ALGORITHMS = ['RS256', 'ES256'] as const
export type Algorithm = (typeof ALGORITHMS)[number]
const DEFAULT_ALGORITHM: Algorithm = 'ES256'

/** The keys at one moment that sign and verify what this portal issues. */
export type SigningKeys = {
  active: Record<Algorithm, { kid: string; privateKey: KeyObject }>
  /** Private, for oidc-provider; the active keys first. */
  privateJwks: { keys: JWK[] }
  /** The keys that verify: active ones, published ones, and those whose last token has not expired. */
  publicJwks: { keys: JWK[] }
}

/** The `typ` of everything that the portal signs, so that no JWT can be mistaken for one of another type (RFC 8725 §3.11). */
export type JwsType =
  | 'at+jwt'
  | 'logout+jwt'
  | 'secevent+jwt'
  | 'id-verification+jwt'
  | 'ledger-head+jwt'
  | 'resident-archive+jwt'
  | 'erasure-receipt+jwt'

export type KeyRing = {
  /** Returns the same object until the keys change. */
  current(): SigningKeys
  /** Returns a compact JWS of these claims, signed with the active key. Times are in seconds since 1970. */
  sign(type: JwsType, claims: JWTPayload, algorithm?: Algorithm): Promise<string>
  /** Reads the table again, at most once a second. */
  refresh(): Promise<void>
  /** Reads the table again if it was not read for seconds, so that nothing is verified by a key that was withdrawn meanwhile. */
  refreshIfOld(): Promise<void>
  onChange(listener: (keys: SigningKeys) => void): void
  close(): void
}

// A rotation takes effect after every process has read the table again.
const REFRESH_MS = 2_000
const PROPAGATION_SECONDS = 5
// A withdrawn key is rejected after this time by every process, even by one that was suspended or could not read the table.
const MAX_AGE_MS = 4_000
const REFRESH_PAUSE_MS = 1_000
// Longer than the longest lifetime of a token, which is an hour.
const VERIFIES_AFTER_SECONDS = 2 * 3600
/** After this time the next key replaces an active one automatically. */
const KEY_LIFE_DAYS = 90

const generate = promisify(generateKeyPair)

const contextOf = (kid: string) => `signing_key ${kid}`
export const SEALED_SIGNING_KEYS: SealedColumn = {
  table: 'signing_key',
  column: 'private_sealed',
  key: ['kid'],
  contextOf,
}

type Row = {
  kid: string
  algorithm: Algorithm
  publicJwk: JWK
  privateSealed: string
  isActivated: boolean
}

/**
 * Loads the keys, creates missing ones, and reloads when another process changed them. Throws UnknownKeyError when they are sealed
 * under an encryption key that is not configured.
 */
export async function openKeyRing(db: Db, sealer: Sealer, log: Log): Promise<KeyRing> {
  await db.begin((sql) => ensureKeys(sql, sealer))
  const listeners: ((keys: SigningKeys) => void)[] = []
  let readAt = performance.now()
  const rows = await readKeys(db)
  let seen = fingerprint(rows)
  let keys = unseal(rows, sealer)
  let unopened: UnknownKeyError | undefined
  let reading: Promise<void> | undefined

  async function read() {
    const startedAt = performance.now()
    const rows = await readKeys(db)
    const now = fingerprint(rows)
    if (now !== seen) replace(rows)
    seen = now
    readAt = startedAt
  }

  function replace(rows: Row[]) {
    try {
      keys = unseal(rows, sealer)
      unopened = undefined
    } catch (error) {
      if (!(error instanceof UnknownKeyError)) throw error
      // Public keys are in the clear: what other processes sign is verified, and what was withdrawn is rejected.
      keys = { ...keys, publicJwks: publicJwksOf(rows) }
      unopened = error
      log.error('signing keys cannot be opened', { error })
      return
    }
    for (const listener of listeners) listener(keys)
    log.info('signing keys changed', { kid: keys.active.RS256.kid })
  }

  // Concurrent callers share one reading.
  const refresh = () => {
    reading ??= read().finally(() => {
      reading = undefined
    })
    return reading
  }

  const refreshIfOlder = async (milliseconds: number) => {
    if (performance.now() - readAt >= milliseconds) await refresh()
  }

  const refreshLoop = startLoop(
    { event: 'signing keys cannot be read', pauseMs: REFRESH_MS, firstAfterMs: REFRESH_MS, log },
    refresh,
  )

  return {
    current: () => keys,
    async sign(type, claims, algorithm = DEFAULT_ALGORITHM) {
      const { kid } = keys.active[algorithm]
      if (unopened && !keys.publicJwks.keys.some((key) => key.kid === kid)) throw unopened
      return await signJws(keys, type, claims, algorithm)
    },
    refresh: () => refreshIfOlder(REFRESH_PAUSE_MS),
    refreshIfOld: () => refreshIfOlder(MAX_AGE_MS),
    onChange: (listener) => listeners.push(listener),
    close: () => void refreshLoop.stop(),
  }
}

/** Signs as `KeyRing.sign` does, with the given keys. */
export function signJws(
  keys: SigningKeys,
  type: JwsType,
  claims: JWTPayload,
  algorithm: Algorithm = DEFAULT_ALGORITHM,
): Promise<string> {
  const { kid, privateKey } = keys.active[algorithm]
  return new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ: type, kid }).sign(privateKey)
}

/** The active key of each algorithm comes first. By the database's clock, so that all processes change keys at the same time. */
const readKeys = (sql: Sql) => sql<Row[]>`
  select kid, algorithm, public_jwk, private_sealed, coalesce(activates_at <= now(), false) as is_activated
  from signing_key where retires_at is null or retires_at > now()
  order by is_activated desc, activates_at desc, kid`

// Changes with the set of keys, and with which of them are active.
const fingerprint = (rows: Row[]) =>
  rows.map(({ kid, isActivated }) => `${kid}${isActivated ? '*' : ''}`).join(' ')

const publicJwksOf = (rows: Row[]) => ({ keys: rows.map(({ publicJwk }) => publicJwk) })

function unseal(rows: Row[], sealer: Sealer): SigningKeys {
  const keys = rows.map((row) => ({
    row,
    jwk: JSON.parse(sealer.open(row.privateSealed, contextOf(row.kid))) as JWK,
  }))
  const active = (algorithm: Algorithm) => {
    const key = keys.find(({ row }) => row.algorithm === algorithm && row.isActivated)
    if (!key) throw new Error(`there is no active ${algorithm} signing key`)
    return {
      kid: key.row.kid,
      privateKey: createPrivateKey({ key: key.jwk as JsonWebKey, format: 'jwk' }),
    }
  }
  return {
    active: { RS256: active('RS256'), ES256: active('ES256') },
    privateJwks: { keys: keys.map(({ jwk }) => jwk) },
    publicJwks: publicJwksOf(rows),
  }
}

/** In a transaction: ensures one active key and one published in advance for each algorithm. */
async function ensureKeys(sql: Sql, sealer: Sealer): Promise<void> {
  await sql`select pg_advisory_xact_lock(${LOCKS.signingKeys})`
  for (const algorithm of ALGORITHMS) {
    const [{ active, next } = { active: false, next: false }] = await sql<
      { active: boolean; next: boolean }[]
    >`
      select coalesce(bool_or(activates_at is not null and (retires_at is null or retires_at > now())), false) as active,
        coalesce(bool_or(activates_at is null), false) as next
      from signing_key where algorithm = ${algorithm}`
    if (!active) await insertKey(sql, sealer, algorithm, new Date())
    if (!next) await insertKey(sql, sealer, algorithm, null)
  }
}

async function insertKey(
  sql: Sql,
  sealer: Sealer,
  algorithm: Algorithm,
  activatesAt: Date | null,
): Promise<void> {
  const { publicKey, privateKey } =
    algorithm === 'RS256'
      ? await generate('rsa', { modulusLength: 2048 })
      : await generate('ec', { namedCurve: 'P-256' })
  const bare = publicKey.export({ format: 'jwk' }) as JWK
  const kid = await calculateJwkThumbprint(bare)
  // A command line takes it for an option.
  if (kid.startsWith('-')) return await insertKey(sql, sealer, algorithm, activatesAt)
  const common = { kid, use: 'sig', alg: algorithm }
  const publicJwk = { ...bare, ...common }
  const privateJwk = { ...privateKey.export({ format: 'jwk' }), ...common }
  await sql`
    insert into signing_key (kid, algorithm, public_jwk, private_sealed, activates_at)
    values (${kid}, ${algorithm}, ${sql.json(publicJwk as never)},
      ${sealer.seal(JSON.stringify(privateJwk), contextOf(kid))}, ${activatesAt})`
}

export type ListedKey = {
  kid: string
  algorithm: Algorithm
  status: 'next' | 'active' | 'retiring' | 'retired'
  createdAt: Date
  activatesAt: Date | null
  retiresAt: Date | null
}

/** Every key, newest first. `retiring` still verifies and does not sign. */
export async function listKeys(sql: Sql): Promise<ListedKey[]> {
  return await sql<ListedKey[]>`
    select kid, algorithm, created_at, activates_at, retires_at,
      case when retires_at <= now() then 'retired'
        when activates_at is null or activates_at > now() then 'next'
        when exists (
          select from signing_key later
          where later.algorithm = key.algorithm and later.activates_at <= now()
            and later.activates_at > key.activates_at) then 'retiring'
        else 'active' end as status
    from signing_key key order by algorithm desc, created_at desc, kid`
}

/** Activates the published keys in a few seconds, on all processes at once, and publishes new ones for the next rotation. */
export async function rotateKeys(db: Db, sealer: Sealer): Promise<ListedKey[]> {
  await db.begin(async (sql) => {
    await ensureKeys(sql, sealer)
    for (const algorithm of ALGORITHMS)
      await activateNext(sql, sealer, algorithm, PROPAGATION_SECONDS)
  })
  return await listKeys(db)
}

async function activateNext(sql: Sql, sealer: Sealer, algorithm: Algorithm, inSeconds: number) {
  await sql`
    update signing_key set retires_at = now() + make_interval(secs => ${inSeconds + VERIFIES_AFTER_SECONDS})
    where algorithm = ${algorithm} and activates_at is not null and retires_at is null`
  await sql`
    update signing_key set activates_at = now() + make_interval(secs => ${inSeconds})
    where algorithm = ${algorithm} and activates_at is null`
  await insertKey(sql, sealer, algorithm, null)
}

/**
 * Removes a key within seconds: what it signed is then rejected. The published key replaces an active one. Throws OperatorError when
 * there is no such key.
 */
export async function retireKey(db: Db, sealer: Sealer, kid: string): Promise<ListedKey[]> {
  await db.begin(async (sql) => {
    await ensureKeys(sql, sealer)
    const key = (await listKeys(sql)).find((each) => each.kid === kid)
    if (!key || key.status === 'retired')
      throw new OperatorError('There is no such key. `key list` shows them.')
    if (key.status === 'active') await activateNext(sql, sealer, key.algorithm, 0)
    await sql`delete from signing_key where kid = ${kid}`
    await ensureKeys(sql, sealer)
  })
  return await listKeys(db)
}

/** Rotates when the active key is 90 days old. Returns whether it did. */
export async function rotateKeysOnSchedule(db: Db, sealer: Sealer): Promise<boolean> {
  const [row] = await db`
    select from signing_key where activates_at is not null
    group by algorithm
    having max(activates_at) < now() - make_interval(days => ${KEY_LIFE_DAYS}) limit 1`
  if (row) await rotateKeys(db, sealer)
  return row !== undefined
}

/** Every public key of this algorithm, retired ones included. */
export async function listPublicKeys(sql: Sql, algorithm: Algorithm): Promise<JWK[]> {
  const rows = await sql<{ kid: string; publicJwk: JWK }[]>`
    select kid, public_jwk from signing_key where algorithm = ${algorithm} order by created_at`
  return rows.map(({ kid, publicJwk }) => ({ ...publicJwk, kid, alg: algorithm, use: 'sig' }))
}

/** Deletes the keys that were retired more than a day ago. */
export async function deleteRetiredKeys(sql: Sql): Promise<void> {
  await sql`delete from signing_key where retires_at < now() - interval '1 day'`
}
