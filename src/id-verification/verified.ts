import type { ApprovedVerification } from '../oauth/verified-claims.ts'
import type { Sql } from '../platform/db.ts'
import type { Storage } from '../platform/storage.ts'
import type { Vault } from '../platform/vault.ts'
import { readFindings } from './findings.ts'

const LINK_LIFE_SECONDS = 3600

/** What userinfo may attest of the resident's latest approved verification; `undefined` where there is none. */
export async function findVerified(
  { db, storage, vault }: { db: Sql; storage: Storage; vault: Vault },
  accountId: string,
): Promise<ApprovedVerification | undefined> {
  const [row] = await db<
    { id: string; attemptId: string | null; time: Date; documentType: string | null }[]
  >`
    select id, attempt_id, approved_at as time, document_type from latest_approved
    where account_id = ${accountId}`
  if (!row) return undefined
  const said = await readFindings(db, vault, row.id, row.attemptId ?? '')
  return {
    verificationId: row.id,
    time: row.time,
    documentType: row.documentType,
    person: {
      given_name: said?.givenName ?? null,
      family_name: said?.surname ?? null,
      birthdate: said?.dateOfBirth ?? null,
    },
    document: {
      document_number: said?.number ?? null,
      date_of_issuance: said?.issuedOn ?? null,
      date_of_expiry: said?.expiresOn ?? null,
      country_code: said?.country ?? null,
    },
    attach: () => attach({ db, storage }, row.id),
  }
}

/** Links to the images that the endpoint shows, each with the digest of the file behind it (OpenID Attachments 1.0). */
async function attach({ db, storage }: { db: Sql; storage: Storage }, id: string) {
  const rows = await db<{ id: string; type: string; sha256: string; jpegKey: string }[]>`
    select image.id, type, encode(coalesce(jpeg_sha256, sha256), 'hex') as sha256, jpeg_key
    from verification join image on image.verification_id = verification.id
      and jpeg_key in (document_front_key, document_back_key, face_key)
    where verification.id = ${id} order by type`
  const sign = await storage.signer()
  const attachments = await Promise.all(
    rows.map(async ({ type, jpegKey }) => {
      const file = await storage.head(jpegKey)
      if (!file?.sha256) throw new Error('the bucket does not say what it holds')
      const name = type.replaceAll('_', '-')
      return {
        desc: type,
        content_type: 'image/jpeg',
        digest: { alg: 'sha-256', value: file.sha256.toString('base64') },
        size: file.size,
        url: sign(jpegKey, {
          expiresInSeconds: LINK_LIFE_SECONDS,
          contentType: 'image/jpeg',
          filename: `${name}.jpg`,
        }),
        expires_in: LINK_LIFE_SECONDS,
      }
    }),
  )
  return { attachments, images: rows.map(({ id, type, sha256 }) => ({ id, type, sha256 })) }
}
