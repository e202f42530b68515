import type { Db, Sql } from '../db.ts'
import { OperatorError } from '../errors.ts'
import type { Sealer } from '../secrets.ts'
import { createVerification, markNotStarted, setVendorSession } from './store.ts'
import { createVendor, findVendorIntegration, VendorError } from './vendors/vendors.ts'

export type StartedVerification = {
  id: string
  vendor: string
  vendorSessionId: string
  /** Where the resident is sent; it opens the session, so it goes to nobody else. */
  url: string
}

/** Starts a session at the vendor for this account: our own row first, then the call. Throws OperatorError. */
export async function startVerification(
  { db, sealer }: { db: Db; sealer: Sealer },
  given: { vendor: string; integration?: string | undefined; accountId: string },
): Promise<StartedVerification> {
  const { vendor, integration = 'default', accountId } = given
  const configured = await findVendorIntegration(db, sealer, vendor, integration)
  if (!configured)
    throw new OperatorError(`The vendor ${vendor} is not configured: see \`vendor set\`.`)
  const { tenant } = configured
  const id = await createVerification(db, { tenant, accountId, vendor, integration })
  try {
    const { sessionId, url } = await createVendor(configured).startSession({ verificationId: id })
    await setVendorSession(db, id, sessionId)
    return { id, vendor, vendorSessionId: sessionId, url }
  } catch (error) {
    await markNotStarted(db, id)
    if (!(error instanceof VendorError)) throw error
    throw new OperatorError(`The session could not be started: ${error.message}.`, { cause: error })
  }
}

/** Every verification, newest first, as the operator sees it. */
export async function listAllVerifications(sql: Sql) {
  return await sql`
    select id, vendor, integration, tenant, status, account_id, document_type, images_complete,
      session_created_at, decided_at
    from verification order by session_created_at desc limit 500`
}

/** One, with what was said of it and its images: never their content, never a link. */
export async function findVerification(sql: Sql, id: string) {
  if (!/^[0-9a-f-]{36}$/i.test(id)) return undefined
  const [row] = await sql`
    select id, vendor, integration, tenant, status, account_id, vendor_session_id, attempt_id, document_type,
      images_complete, session_created_at, decided_at,
      (select coalesce(json_agg(json_build_object('attemptId', attempt_id, 'status', status,
          'decidedAt', decided_at, 'deliveryId', delivery_id) order by recorded_at), '[]')
        from decision where verification_id = verification.id) as decisions,
      (select coalesce(json_agg(json_build_object('attemptId', attempt_id, 'type', type, 'state', state,
          'contentType', content_type, 'size', size, 'sha256', encode(sha256, 'hex'), 'reason', reason)
          order by attempt_id, type, position), '[]')
        from image where verification_id = verification.id) as images
    from verification where id = ${id}`
  return row
}
