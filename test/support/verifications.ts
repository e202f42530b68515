import { createHash, randomInt, randomUUID } from 'node:crypto'
import { setPerson } from '../../src/accounts/natural-person.ts'
import type { AppContext } from '../../src/context.ts'
import { compareWithAccount, recordFindings } from '../../src/id-verification/findings.ts'
import { compareAllWithAccount } from '../../src/id-verification/review.ts'
import type { DocumentFindings } from '../../src/id-verification/vendors/vendor.ts'
import { drawNoise } from './images.ts'

/** The findings in the document of `addResident`'s resident, unless a test sets others. */
const FINDINGS: DocumentFindings = {
  givenName: 'Ana',
  surname: 'Mejia',
  fullName: undefined,
  dateOfBirth: '1990-02-03',
  nationality: 'HND',
  documentType: 'passport',
  country: 'HND',
  number: 'E123456',
  issuedOn: '2021-05-01',
  expiresOn: '2031-05-01',
}

/** What `resident set` does. */
export const loadPerson = ({ db, vault }: AppContext, accountId: string, given: unknown) =>
  setPerson({ db, vault }, accountId, given, (sql) => compareAllWithAccount(sql, vault, accountId))

/** An approved verification of this resident with its images in the bucket. With `complete: false` only the front is there. */
export async function addVerification(
  { db, storage, vault }: AppContext,
  accountId: string,
  {
    createdAt = new Date(),
    complete = true,
    findings = {} as Partial<DocumentFindings>,
    photo = {} as { width?: number; height?: number },
  } = {},
) {
  const id = randomUUID()
  const store = async (type: string) => {
    const bytes = await drawNoise({ ...photo, seed: randomInt(2 ** 32) })
      .jpeg()
      .toBuffer()
    const sha256 = createHash('sha256').update(bytes).digest()
    const key = `default/${id}/1/${type}.jpg`
    await storage.put(key, bytes, { contentType: 'image/jpeg', sha256 })
    return { key, size: bytes.length, digest: sha256.toString('hex') }
  }
  const front = await store('document_front')
  const back = complete ? await store('document_back') : undefined
  const face = complete ? await store('selfie') : undefined
  await db`
    insert into vendor_integration (vendor, base_url, secrets_sealed)
    values ('veriff', 'http://127.0.0.1:9', 'none') on conflict do nothing`
  await db`
    insert into verification (id, account_id, vendor, integration, vendor_session_id, status, document_type,
      attempt_id, session_created_at, images_listed, images_complete, document_front_key, document_back_key, face_key)
    values (${id}, ${accountId}, 'veriff', 'default', ${randomUUID()}, 'approved', 'passport', '1', ${createdAt},
      0, ${complete}, ${front.key}, ${back?.key ?? null}, ${face?.key ?? null})`
  await db.begin(async (sql) => {
    await recordFindings(
      sql,
      vault,
      { id, accountId, subjectId: null },
      {
        attemptId: '1',
        status: 'approved',
        decidedAt: createdAt,
        documentType: 'passport',
        reason: undefined,
        findings: { ...FINDINGS, ...findings },
      },
    )
    await compareWithAccount(sql, vault, id)
  })
  for (const [type, stored] of Object.entries({
    document_front: front,
    document_back: back,
    selfie: face,
  }))
    if (stored)
      await db`
        insert into image (verification_id, attempt_id, type, vendor_media_id, position, rank, state, content_type,
          size, sha256, object_key, clean_key, clean_content_type, clean_size, clean_sha256, jpeg_key, jpeg_size,
          jpeg_sha256)
        values (${id}, '1', ${type}, ${randomUUID()}, 0, 0, 'stored', 'image/jpeg', ${stored.size},
          ${Buffer.from(stored.digest, 'hex')}, ${stored.key}, ${stored.key}, 'image/jpeg', ${stored.size},
          ${Buffer.from(stored.digest, 'hex')}, ${stored.key}, ${stored.size}, ${Buffer.from(stored.digest, 'hex')})`
  return {
    id,
    digests: { documentFront: front.digest, documentBack: back?.digest, face: face?.digest },
  }
}

/** The row of the delivery that had this body; `undefined` where there is none. */
export async function findDeliveryOf({ db, vault }: AppContext, body: Uint8Array | string) {
  const mac = await vault.mac(db, { table: 'delivery', column: 'body_mac' }, body)
  const [row] = await db`
    select id, state, explanation, times_received, verification_id, body_sealed, is_owned from delivery
    where body_mac = ${mac}`
  return row
}
