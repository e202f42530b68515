import type { ImageKind } from '../consents/images.ts'
import type { ApprovedVerification } from '../oauth/verified-claims.ts'
import type { Sql } from '../platform/db.ts'
import type { Storage } from '../platform/storage.ts'
import type { Vault } from '../platform/vault.ts'
import { readFindings } from './findings.ts'
import { sharedVerification } from './shared.ts'

const LINK_LIFE_SECONDS = 3600

type SharedRow = {
  id: string
  attemptId: string | null
  time: Date
  documentType: string | null
  documentFrontKey: string | null
  documentBackKey: string | null
  faceKey: string | null
  withheldImages: ImageKind[]
}

/** What userinfo may attest to an application about the resident's latest approved verification; `undefined` when there is none. */
export async function findVerified(
  { db, storage, vault }: { db: Sql; storage: Storage; vault: Vault },
  { accountId, clientId }: { accountId: string; clientId: string },
): Promise<ApprovedVerification | undefined> {
  const of = { accountId: db`${accountId}`, clientId: db`${clientId}` }
  const [row] = await db<SharedRow[]>`
    select id, attempt_id, approved_at as time, document_type, document_front_key, document_back_key, face_key,
      withheld_images
    from ${sharedVerification(db, of)} shared`
  if (!row) return undefined
  const findings = await readFindings(db, vault, row.id, row.attemptId ?? '')
  return {
    verificationId: row.id,
    time: row.time,
    documentType: row.documentType,
    person: {
      given_name: findings?.givenName ?? null,
      family_name: findings?.surname ?? null,
      birthdate: findings?.dateOfBirth ?? null,
    },
    document: {
      document_number: findings?.number ?? null,
      date_of_issuance: findings?.issuedOn ?? null,
      date_of_expiry: findings?.expiresOn ?? null,
      country_code: findings?.country ?? null,
    },
    attach: () => createAttachments({ db, storage }, row),
  }
}

/** Links to the images that the endpoint returns, each with the digest of its file (OpenID Attachments 1.0). */
async function createAttachments(
  { db, storage }: { db: Sql; storage: Storage },
  { id, documentFrontKey, documentBackKey, faceKey, withheldImages }: SharedRow,
) {
  const keys = [documentFrontKey, documentBackKey, faceKey].filter((key) => key !== null)
  const rows = await db<{ id: string; type: string; sha256: string; jpegKey: string }[]>`
    select id, type, encode(coalesce(jpeg_sha256, sha256), 'hex') as sha256, jpeg_key
    from image where verification_id = ${id} and jpeg_key = any (${keys}) order by type`
  const sign = await storage.signer()
  const attachments = await Promise.all(
    rows.map(async ({ type, jpegKey }) => {
      const file = await storage.head(jpegKey)
      if (!file?.sha256) throw new Error('the bucket reports no SHA-256 of an object')
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
  return {
    attachments,
    withheld: withheldImages,
    images: rows.map(({ id, type, sha256 }) => ({ id, type, sha256 })),
  }
}
