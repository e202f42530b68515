import { listClientProfiles } from '../clients/profile.ts'
import { listConsents } from '../consents/consents.ts'
import type { Sql } from '../platform/db.ts'

/** The applications with a consent of this resident, each with the page where its access can be ended. */
export async function listConnectedApplications(
  sql: Sql,
  issuer: string,
  accountId: string,
): Promise<{ name: string; page: string }[]> {
  const consents = await listConsents(sql, accountId)
  const profiles = await listClientProfiles(
    sql,
    consents.map(({ clientId }) => clientId),
  )
  return profiles.map(({ clientId, name }) => ({
    name,
    page: `${issuer}/applications/${encodeURIComponent(clientId)}`,
  }))
}
