import { compactVerify, decodeProtectedHeader, errors, importJWK, type JWK } from 'jose'
import type { Sql } from '../platform/db.ts'
import { type JwsType, type KeyRing, listPublicKeys } from '../signing/key-ring.ts'

const TYPE: JwsType = 'ledger-head+jwt'

/** Signs heads of the ledger: a JWT with `size`, `root` (base64url) and `iat`. */
export const createHeadSigner =
  (ring: Pick<KeyRing, 'sign'>) =>
  ({ size, root, at }: { size: number; root: string; at: Date }): Promise<string> =>
    ring.sign(TYPE, { size, root, iat: Math.floor(at.getTime() / 1000) })

/** Signs proofs for people: a JWT of this type with the given claims and `iat`. */
export const createProofSigner =
  (ring: Pick<KeyRing, 'sign'>, type: 'resident-archive+jwt' | 'erasure-receipt+jwt') =>
  (claims: Record<string, unknown>): Promise<string> =>
    ring.sign(type, { ...claims, iat: Math.floor(Date.now() / 1000) })

/** Every key that may have signed a head, retired ones included, because heads do not expire. */
export async function listHeadKeys(sql: Sql): Promise<JWK[]> {
  return await listPublicKeys(sql, 'ES256')
}

/** Verifies that a signed head has this content and a valid signature; `undefined` when its key is not among `keys`. */
export const createHeadVerifier =
  (keys: readonly JWK[]) =>
  async (jws: string, head: { size: number; root: string }): Promise<boolean | undefined> => {
    const jwk = keys.find(({ kid }) => kid === decodeProtectedHeader(jws).kid)
    if (!jwk) return undefined
    try {
      const { payload, protectedHeader } = await compactVerify(jws, await importJWK(jwk, 'ES256'))
      const claims = JSON.parse(Buffer.from(payload).toString()) as { size?: number; root?: string }
      return protectedHeader.typ === TYPE && claims.size === head.size && claims.root === head.root
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof SyntaxError) return false
      throw error
    }
  }
