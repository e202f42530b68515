import type { Context } from 'hono'
import type { Scope, ServiceScope } from '../clients/scopes.ts'
import {
  findReadable,
  listReadableImages,
  type ReadableImage,
  type VerificationSelector,
} from '../id-verification/reading.ts'
import type { Disclosure } from '../ledger/details.ts'
import { disclose } from '../ledger/disclosure.ts'
import type { Bearer } from '../oauth/bearer.ts'
import type { Db } from '../platform/db.ts'
import { ApiError } from '../platform/errors.ts'
import type { Storage } from '../platform/storage.ts'
import { invalid } from './requests.ts'

/** Whose images the routes read: a resident's own, or those of a tenant's verification. */
export type ImageOwner = {
  /** The path of the verification. */
  base: string
  /** Of the operations' ids. */
  prefix: 'own' | 'tenant'
  /** For the operations' summaries. */
  whose: string
  scope: Scope | ServiceScope
}
export const RESIDENT_IMAGES = {
  base: '/api/v1/me/natural-person/id-verification',
  prefix: 'own',
  whose: "the resident's latest approved verification",
  scope: 'eprospera:person.id_verification.read',
} as const satisfies ImageOwner
export const TENANT_IMAGES = {
  base: '/api/v1/idv/verifications/:verificationId',
  prefix: 'tenant',
  whose: 'a verification of your tenant',
  scope: 'idv.read',
} as const satisfies ImageOwner

/** Whose images a request may read, and by which right. */
type Reader = {
  owner: VerificationSelector
  clientId: string
  scope: Scope | ServiceScope
  tokenId: Uint8Array
}

export type ImageParts = {
  db: Db
  storage: Storage
  /** Checks the token. */
  readerOf: (c: Context) => Promise<Reader>
}

/** By the resident's own consent, the latest approved verification. */
export const residentReader =
  (bearer: Bearer) =>
  async (c: Context): Promise<Reader> => {
    const { scope } = RESIDENT_IMAGES
    const live = await bearer.requireResident(c, scope)
    const { accountId, clientId, tokenId } = live
    return { owner: { accountId, clientId }, clientId, scope, tokenId }
  }

/** By the tenant's own token, one of its verifications. */
export const tenantReader =
  (bearer: Bearer) =>
  async (c: Context): Promise<Reader> => {
    const { scope } = TENANT_IMAGES
    const service = await bearer.requireServiceToken(c, scope)
    const { tenant, clientId, tokenId } = service
    const verificationId = c.req.param('verificationId') ?? ''
    return { owner: { tenant, verificationId }, clientId, scope, tokenId }
  }

/** The images that the request may read, and the way to disclose some of them. Throws 401 and 404. */
export async function openImages({ db, readerOf }: ImageParts, c: Context) {
  const reader = await readerOf(c)
  const found = await findReadable(db, reader.owner)
  // A resident without an approved verification has no images; another's verification is not there.
  if (!found && !('accountId' in reader.owner))
    throw new ApiError(404, 'not_found', 'There is no such verification.')
  const images = found ? await listReadableImages(db, found) : []
  return {
    images,
    /** The types that the resident does not share with this application. */
    withheld: found?.withheldImages ?? [],
    /** Writes the row, then answers: with these images, or with what their list says of them. */
    disclose<T>(
      what: 'id-verification' | 'image-metadata',
      shown: readonly ReadableImage[],
      answer: () => T | Promise<T>,
    ): Promise<T> {
      const detail: Disclosure = shown.length === 0 ? { what: 'nothing' } : { what, images: shown }
      const accountId = 'accountId' in reader.owner ? reader.owner.accountId : found?.accountId
      return disclose(
        db,
        {
          detail,
          requestId: c.get('requestId'),
          clientId: reader.clientId,
          accountId: accountId ?? undefined,
          verificationId: found?.id,
          scope: reader.scope,
          tokenId: reader.tokenId,
        },
        answer,
      )
    },
  }
}

/** As the ledger names it where its JPEG is handed out: by the digest of that file. */
export const asJpeg = (image: ReadableImage): ReadableImage => ({
  ...image,
  sha256: image.jpegSha256,
})

/** A link to the image's JPEG. */
export const signJpeg = (
  sign: Awaited<ReturnType<Storage['signer']>>,
  { jpegKey, type }: ReadableImage,
  expiresInSeconds: number,
): string => {
  if (!jpegKey) throw invalid('images', 'there is no JPEG of this image')
  const filename = `${type.replaceAll('_', '-')}.jpg`
  return sign(jpegKey, { expiresInSeconds, contentType: 'image/jpeg', filename })
}
