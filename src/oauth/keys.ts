import { createPrivateKey, generateKeyPair, type JsonWebKey, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { Db } from '../db.ts'
import type { Sealer } from '../secrets.ts'

/** The keys that sign and verify this portal's tokens, at one moment. */
export type SigningKeys = {
  active: { kid: string; privateKey: KeyObject }
  /** Private, for oidc-provider; the active key first. */
  privateJwks: { keys: JWK[] }
  publicJwks: { keys: JWK[] }
}

const generate = promisify(generateKeyPair)
// Any number known to this project alone: two processes that start together agree on one first key.
const FIRST_KEY_LOCK = 7_031_905

/** Loads the keys; makes the first one when there is none. Throws when they were sealed under another encryption key. */
export async function loadSigningKeys(db: Db, sealer: Sealer): Promise<SigningKeys> {
  const rows = await db.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(${FIRST_KEY_LOCK})`
    const [{ missing } = { missing: true }] = await sql<{ missing: boolean }[]>`
      select not exists (select from signing_key where algorithm = 'RS256' and status = 'active') as missing`
    if (missing) {
      const key = await createKey()
      await sql`
        insert into signing_key (kid, algorithm, public_jwk, private_sealed, status)
        values (${key.kid}, 'RS256', ${sql.json(key.publicJwk)},
          ${sealer.seal(JSON.stringify(key.privateJwk), `signing_key ${key.kid}`)}, 'active')`
    }
    return await sql<{ kid: string; publicJwk: JWK; privateSealed: string }[]>`
      select kid, public_jwk, private_sealed from signing_key
      order by status = 'active' desc, created_at desc`
  })
  const privateJwks = rows.map(
    (row) => JSON.parse(sealer.open(row.privateSealed, `signing_key ${row.kid}`)) as JWK,
  )
  const [first] = privateJwks
  if (!first?.kid) throw new Error('no signing key could be loaded')
  return {
    active: {
      kid: first.kid,
      privateKey: createPrivateKey({ key: first as JsonWebKey, format: 'jwk' }),
    },
    privateJwks: { keys: privateJwks },
    publicJwks: { keys: rows.map((row) => row.publicJwk) },
  }
}

async function createKey() {
  const { publicKey, privateKey } = await generate('rsa', { modulusLength: 2048 })
  const bare = publicKey.export({ format: 'jwk' }) as { kty: string; n: string; e: string }
  const kid = await calculateJwkThumbprint(bare)
  const common = { kid, use: 'sig', alg: 'RS256' }
  return {
    kid,
    publicJwk: { ...bare, ...common },
    privateJwk: { ...(privateKey.export({ format: 'jwk' }) as JsonWebKey), ...common },
  }
}
