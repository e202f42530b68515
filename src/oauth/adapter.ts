import { createHmac } from 'node:crypto'
import type { Adapter, AdapterPayload } from 'oidc-provider'
import { errors } from 'oidc-provider'
import {
  deleteClient,
  findClientMetadata,
  SimilarNameError,
  storeRegistered,
} from '../clients/clients.ts'
import { keepConsentsOfRemoved } from '../consents/ended-consents.ts'
import { storeDetail } from '../ledger/details.ts'
import { type Db, isUnstorable } from '../platform/db.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { SealedColumn } from '../platform/resealing.ts'
import { hashSecret, type Sealer } from '../platform/secrets.ts'
import { limitToConsent } from './grants.ts'
import { claimsWithToken } from './patches/claims.ts'
import type { SuccessorOf } from './patches/patch.ts'
import { RETRY_SECONDS } from './refresh-retries.ts'

type AdapterOptions = {
  sealer: Sealer
  jobs: Jobs
  successorOf: SuccessorOf
  /** Hashes user codes before look-up: they are too few for a plain hash. */
  userCodeKey: Uint8Array
}

/** oidc-provider's storage in PostgreSQL. Tokens, codes and cookies are stored and found by their SHA-256 alone. */
export function createAdapter(db: Db, name: string, parts: AdapterOptions): Adapter {
  return rejectNul(chooseAdapter(db, name, parts))
}

function chooseAdapter(db: Db, name: string, parts: AdapterOptions): Adapter {
  const { sealer, jobs, successorOf } = parts
  if (name === 'Client') return clientAdapter(db, jobs)
  if (name === 'Grant') return grantAdapter(db)
  if (SEALED_KINDS.includes(name))
    return sealingAdapter(db, name, sealer, hashUserCode(parts.userCodeKey))
  if (name !== 'RefreshToken') return artifactAdapter(db, name)
  const isRetry = createRetryCheck(db, successorOf)
  const adapter = artifactAdapter(db, name, { isRetry })
  return {
    ...adapter,
    async find(id) {
      const found = await adapter.find(id)
      if (!found?.consumed || !(await isRetry(id))) return found
      const { consumed: _, ...unused } = found
      return unused
    },
  }
}

/** PostgreSQL stores no NUL: a look-up with one finds nothing, and a value with one is an invalid request. */
function rejectNul(adapter: Adapter): Adapter {
  const finding =
    (find: Adapter['find']): Adapter['find'] =>
    async (id) => {
      try {
        return await find(id)
      } catch (error) {
        if (isUnstorable(error)) return undefined
        throw error
      }
    }
  return {
    ...adapter,
    find: finding((id) => adapter.find(id)),
    findByUserCode: finding((code) => adapter.findByUserCode(code)),
    async upsert(id, payload, expiresInSeconds) {
      try {
        return await adapter.upsert(id, payload, expiresInSeconds)
      } catch (error) {
        if (isUnstorable(error))
          throw new errors.InvalidRequest('a parameter contains a NUL character')
        if (error instanceof SimilarNameError) throw new errors.InvalidClientMetadata(error.message)
        throw error
      }
    },
  }
}

/**
 * Returns a check for refresh tokens that were used. A token that was used within `RETRY_SECONDS` still counts as unused while its
 * successor is unused (FAPI 2.0 §5.3.2.1): using it again issues that same successor. Otherwise it is a replay and ends the grant.
 */
function createRetryCheck(db: Db, successorOf: SuccessorOf) {
  return async (id: string): Promise<boolean> => {
    const [row] = await db`
      select from oidc_artifact used
      where kind = 'RefreshToken' and id = ${hashSecret(id)}
        and consumed_at > now() - make_interval(secs => ${RETRY_SECONDS})
        and not exists (
          select from oidc_artifact where kind = 'RefreshToken' and id = ${hashSecret(successorOf(id))}
            and consumed_at is not null)`
    return row !== undefined
  }
}

const hashUserCode = (key: Uint8Array) => (userCode: string) =>
  createHmac('sha256', key).update(userCode).digest('base64url')

/** The column by which a device code is found, beside the sealed payload. */
type WithUserCodeHash = { userCodeHash?: string }

// These kinds contain the parameters of a request: `login_hint` and `claims` may name a person, and a device code opens a session.
const SEALED_KINDS = ['DeviceCode', 'Interaction', 'PushedAuthorizationRequest']
const SEALED_FOR = 'oidc_artifact payload'

/** `oidc_artifact.payload` of these kinds is one sealed text. It includes the device code itself, because the library reads it there. */
export const SEALED_ARTIFACTS: SealedColumn = {
  table: 'oidc_artifact',
  column: 'payload',
  member: 'sealedPayload',
  key: ['kind', 'id'],
  kinds: SEALED_KINDS,
  contextOf: () => SEALED_FOR,
}

/** Seals payloads, and finds device codes by the keyed hash of their user code. */
function sealingAdapter(
  db: Db,
  kind: string,
  sealer: Sealer,
  hashOf: (userCode: string) => string,
): Adapter {
  const opened = (payload: Awaited<ReturnType<Adapter['find']>>): AdapterPayload | undefined => {
    if (!payload?.sealedPayload) return payload ?? undefined
    const { sealedPayload, ...rest } = payload
    const text = sealer.open(String(sealedPayload), SEALED_FOR)
    return { ...(JSON.parse(text) as AdapterPayload), ...rest }
  }
  const adapter = artifactAdapter(db, kind, {
    store: (id, payload) => {
      const text = JSON.stringify(kind === 'DeviceCode' ? { ...payload, jti: id } : payload)
      return { sealedPayload: sealer.seal(text, SEALED_FOR) }
    },
  })
  return {
    ...adapter,
    upsert: (id, payload, expiresInSeconds) =>
      adapter.upsert(
        id,
        payload.userCode ? { ...payload, userCodeHash: hashOf(payload.userCode) } : payload,
        expiresInSeconds,
      ),
    find: async (id) => opened(await adapter.find(id)),
    findByUid: async (uid) => opened(await adapter.findByUid(uid)),
    findByUserCode: async (userCode) => opened(await adapter.findByUserCode(hashOf(userCode))),
  }
}

const unsupported = () => Promise.reject(new Error('oidc-provider does not call this'))

function clientAdapter(db: Db, jobs: Jobs): Adapter {
  return {
    find: (id) => findClientMetadata(db, id),
    upsert: (id, payload) =>
      db.begin(async (sql) => {
        await storeRegistered(sql, id, payload)
        await jobs.enqueue(sql, 'fetch-logo', { clientId: id })
      }),
    destroy: async (id) => {
      await db.begin(async (sql) => {
        await keepConsentsOfRemoved(sql, id)
        await deleteClient(sql, id)
      })
    },
    consume: unsupported,
    findByUid: unsupported,
    findByUserCode: unsupported,
    revokeByGrantId: unsupported,
  }
}

function grantAdapter(db: Db): Adapter {
  return {
    async upsert(id, payload, expiresInSeconds) {
      await db`
        insert into oauth_grant (id, account_id, client_id, payload, expires_at)
        values (${id}, ${payload.accountId ?? null}, ${payload.clientId ?? null}, ${json(db, payload)},
          ${expiry(expiresInSeconds)})
        on conflict (id) do update set payload = excluded.payload, expires_at = excluded.expires_at`
    },
    async find(id) {
      const [row] = await db<{ payload: AdapterPayload; scopes: string[] }[]>`
        select payload, scopes from oauth_grant join consent using (account_id, client_id)
        where id = ${id} and (expires_at is null or expires_at > now())
          and (ends_at is null or ends_at > now()) and frozen_at is null`
      return row && limitToConsent(row.payload, row.scopes)
    },
    async destroy(id) {
      await db`delete from oauth_grant where id = ${id}`
    },
    consume: unsupported,
    findByUid: unsupported,
    findByUserCode: unsupported,
    revokeByGrantId: unsupported,
  }
}

type Row = { payload: AdapterPayload; consumedAt: Date | null }

function artifactAdapter(
  db: Db,
  kind: string,
  {
    isRetry = async () => false,
    store = (_id, payload) => payload,
  }: {
    isRetry?: (id: string) => Promise<boolean>
    /** Returns what is stored of a payload. */
    store?: (id: string, payload: AdapterPayload) => AdapterPayload
  } = {},
): Adapter {
  const read = (row: Row | undefined, jti?: string): AdapterPayload | undefined =>
    row && {
      ...row.payload,
      ...(jti === undefined ? {} : { jti }),
      ...(row.consumedAt ? { consumed: Math.floor(row.consumedAt.getTime() / 1000) } : {}),
    }

  return {
    async upsert(
      id,
      { jti: _, userCodeHash, ...payload }: AdapterPayload & WithUserCodeHash,
      expiresInSeconds,
    ) {
      // The interaction's copy of the session cookie is never read, and would open the session.
      if (payload.session) payload.session = { ...payload.session, cookie: '' }
      const disclosed = claimsWithToken(kind, payload)
      const stored = db`
        insert into oidc_artifact (kind, id, payload, grant_id, account_id, client_id, uid, user_code,
          session_uid, scope, expires_at)
        values (${kind}, ${hashSecret(id)}, ${json(db, store(id, payload))}, ${payload.grantId ?? null},
          ${payload.accountId ?? null}, ${payload.clientId ?? null}, ${payload.uid ?? null},
          ${userCodeHash ?? null},
          ${payload.expiresWithSession ? (payload.sessionUid ?? null) : null},
          ${payload.scope ?? null}, ${expiry(expiresInSeconds)})
        on conflict (kind, id) do update set payload = excluded.payload, grant_id = excluded.grant_id,
          account_id = excluded.account_id, expires_at = excluded.expires_at`
      if (disclosed.length === 0) await stored
      else
        await db`
          with stored as (${stored} returning id, account_id, client_id, scope)
          insert into ledger_entry (kind, client_id, account_id, scope, purpose, result, token_id)
          select 'disclosure', stored.client_id, stored.account_id, scope, purpose,
            ${storeDetail({ what: 'claims', names: disclosed, images: [] }).result}, stored.id
          from stored left join consent using (account_id, client_id)`
    },

    async find(id) {
      const [row] = await db<Row[]>`
        select payload, consumed_at from oidc_artifact
        where kind = ${kind} and id = ${hashSecret(id)} and (expires_at is null or expires_at > now())`
      return read(row, id)
    },

    async findByUid(uid) {
      const [row] = await db<Row[]>`
        select payload, consumed_at from oidc_artifact
        where kind = ${kind} and uid = ${uid} and (expires_at is null or expires_at > now())`
      return read(row)
    },

    async findByUserCode(userCode) {
      const [row] = await db<Row[]>`
        select payload, consumed_at from oidc_artifact
        where user_code = ${userCode} and kind = ${kind} and (expires_at is null or expires_at > now())`
      return read(row)
    },

    // The library reads `consumed` and then calls this: of two concurrent requests only one may succeed.
    async consume(id) {
      const [row] = await db`
        update oidc_artifact set consumed_at = now()
        where kind = ${kind} and id = ${hashSecret(id)} and consumed_at is null
        returning id`
      if (row || (await isRetry(id))) return
      await db`
        delete from oauth_grant where id = (
          select grant_id from oidc_artifact where kind = ${kind} and id = ${hashSecret(id)})`
      throw new errors.InvalidGrant('it was used already')
    },

    async destroy(id) {
      await db`delete from oidc_artifact where kind = ${kind} and id = ${hashSecret(id)}`
    },

    async revokeByGrantId(grantId) {
      await db`delete from oidc_artifact where kind = ${kind} and grant_id = ${grantId}`
    },
  }
}

const expiry = (seconds: number | undefined) =>
  seconds ? new Date(Date.now() + seconds * 1000) : null

// Payloads are the library's own JSON; this drops `undefined` members.
const json = (db: Db, payload: AdapterPayload) =>
  db.json(JSON.parse(JSON.stringify(payload)) as Record<string, never>)
