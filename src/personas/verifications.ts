import { ensureTenant, setTenant } from '../clients/tenants.ts'
import type { AppContext } from '../context.ts'
import { keepCopies, storeCopies } from '../id-verification/image-copies.ts'
import { createRow } from '../id-verification/operations.ts'
import { setRetention } from '../id-verification/retention.ts'
import {
  countListings,
  findImage,
  findVerificationRow,
  recordDecision,
  recordListing,
} from '../id-verification/store.ts'
import type { VendorDecision } from '../id-verification/vendors/vendor.ts'
import { findIntegrationTenant, setVendorIntegration } from '../id-verification/vendors/vendors.ts'
import type { Db, Sql } from '../platform/db.ts'
import { randomSecret } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import { documentOf, findingsOf, photosOf } from './documents.ts'
import { readPhoto } from './photos.ts'
import type { Persona } from './state.ts'

/*
 * The verifications of personas: of Veriff by their type, without a session there. They are of a tenant of their own, so that no persona
 * is offered this vendor to start another one.
 */

const VENDOR = 'veriff'
const INTEGRATION = 'personas'
const TENANT = 'personas'
const ATTEMPT_ID = '1'

/** The integration that the verifications are of. Any number of processes may create it at once. */
export async function ensureIntegration({
  db,
  sealer,
}: Pick<AppContext, 'sealer'> & { db: Db }): Promise<void> {
  const of = { vendor: VENDOR, integration: INTEGRATION } as const
  if ((await findIntegrationTenant(db, of)) !== undefined) return
  await db.begin(async (sql) => {
    await ensureTenant(sql, TENANT)
    await setTenant(sql, TENANT, { displayName: 'Invented vendor', isTrusted: true })
    await setVendorIntegration(sql, sealer, {
      ...{ vendor: VENDOR, name: INTEGRATION, tenant: TENANT },
      // A name that nobody can register (RFC 6761 §6.5): nothing is ever sent there.
      baseUrl: 'https://veriff.example',
      apiKey: crypto.randomUUID(),
      secret: randomSecret(),
    })
    // A persona keeps its state for however long its team stays away, or moves its clock.
    const forever = ['approved', 'declined', 'unfinished'].map((purpose) => `${purpose}=forever`)
    await setRetention(sql, { vendor: VENDOR, name: INTEGRATION }, forever)
  })
}

/** Creates a verification without a decision. Returns its id. */
export async function startVerification(sql: Sql, { accountId }: Persona): Promise<string> {
  const of = { accountId, vendor: VENDOR, integration: INTEGRATION }
  return (await createRow(sql, of, TENANT)).id
}

/** Records that the vendor came to this, as a delivery would. The same decision again changes nothing. */
export async function decide(
  sql: Sql,
  vault: Vault,
  { persona, id }: { persona: Persona; id: string },
  { status, reasons, at }: Pick<VendorDecision, 'status' | 'reasons'> & { at: Date },
): Promise<void> {
  const document = documentOf(persona.kind)
  await recordDecision(
    sql,
    vault,
    id,
    {
      attemptId: ATTEMPT_ID,
      status,
      decidedAt: at,
      documentType: status === 'approved' ? document.type : undefined,
      reason: undefined,
      reasons,
      findings: status === 'approved' ? findingsOf(persona, document) : undefined,
    },
    undefined,
  )
}

/** Stores the photos of an approved verification, as the job does that copies a vendor's. It can run twice. */
export async function storePhotos(
  { db, storage }: Pick<AppContext, 'storage'> & { db: Db },
  { persona, id }: { persona: Persona; id: string },
): Promise<void> {
  const verification = await findVerificationRow(db, id)
  if (!verification) return
  const types = photosOf(documentOf(persona.kind))
  const listing = await countListings(db, id)
  const media = types.map((type) => ({
    ...{ mediaId: type, type, size: undefined, capturedAt: undefined },
  }))
  const listed = { attemptId: ATTEMPT_ID, listing }
  const pending = await db.begin((sql) => recordListing(sql, id, listed, media))
  for (const imageId of pending ?? []) {
    const image = await findImage(db, imageId)
    const type = types.find((each) => each === image?.type)
    if (!image || !type) continue
    const { photo, thumbnail } = await readPhoto(persona.kind, type, `${id} ${type}`)
    const clean = { kind: 'jpeg', bytes: photo } as const
    const prepared = { kind: 'jpeg', clean, jpeg: photo, thumbnail } as const
    const copies = await storeCopies(storage, verification, image, { bytes: photo, prepared })
    await keepCopies({ db, storage }, image, copies)
  }
}
