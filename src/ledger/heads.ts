import { compactVerify, decodeProtectedHeader, errors, importJWK, type JWK, SignJWT } from 'jose'
import type { Sql } from '../platform/db.ts'
import type { KeyRing } from '../signing/key-ring.ts'

const TYPE = 'ledger-head+jwt'

/** Signs heads of the ledger with the portal's key: a JWT with `size`, `root` (base64url) and `iat`. */
export const createHeadSigner =
  (ring: Pick<KeyRing, 'current'>) =>
  ({ size, root, at }: { size: number; root: string; at: Date }): Promise<string> => {
    const { kid, privateKey } = ring.current().active.ES256
    return new SignJWT({ size, root })
      .setProtectedHeader({ alg: 'ES256', typ: TYPE, kid })
      .setIssuedAt(at)
      .sign(privateKey)
  }

/** Signs what is handed to people as proof: a JWT of this type with what is given and `iat`. */
export const createProofSigner =
  (ring: Pick<KeyRing, 'current'>, type: 'resident-archive+jwt' | 'erasure-receipt+jwt') =>
  (payload: Record<string, unknown>): Promise<string> => {
    const { kid, privateKey } = ring.current().active.ES256
    return new SignJWT(payload)
      .setProtectedHeader({ alg: 'ES256', typ: type, kid })
      .setIssuedAt()
      .sign(privateKey)
  }

/** Every key that a head may be signed with, those that sign no more among them: a head is good for ever. */
export async function listHeadKeys(sql: Sql): Promise<JWK[]> {
  const rows = await sql<{ kid: string; publicJwk: JWK }[]>`
    select kid, public_jwk from signing_key where algorithm = 'ES256' order by created_at`
  return rows.map(({ kid, publicJwk }) => ({ ...publicJwk, kid, alg: 'ES256', use: 'sig' }))
}

/** Whether it says this and is signed by one of these keys; `undefined` when its key was withdrawn. */
export const createHeadJudge =
  (keys: readonly JWK[]) =>
  async (jws: string, head: { size: number; root: string }): Promise<boolean | undefined> => {
    const jwk = keys.find(({ kid }) => kid === decodeProtectedHeader(jws).kid)
    if (!jwk) return undefined
    try {
      const { payload, protectedHeader } = await compactVerify(jws, await importJWK(jwk, 'ES256'))
      const said = JSON.parse(Buffer.from(payload).toString()) as { size?: number; root?: string }
      return protectedHeader.typ === TYPE && said.size === head.size && said.root === head.root
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof SyntaxError) return false
      throw error
    }
  }
