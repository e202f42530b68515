import { z } from 'zod'
import type { Sql } from '../platform/db.ts'
import type { Vault } from '../platform/vault.ts'

/*
 * The address of the vendor's page of a session. It opens the session, so it is sealed under the resident's key, and deleted when it is
 * used up or the vendor has decided.
 */

const pageSchema = z.object({
  url: z.string(),
  /** Of the return address that the vendor was given. */
  state: z.string(),
})
type VendorPage = z.infer<typeof pageSchema>

const placeOf = (verificationId: string) => ({
  table: 'verification',
  column: 'page_sealed',
  row: verificationId,
})

/** Stores the page of a resident's own session. */
export async function storePage(
  sql: Sql,
  vault: Vault,
  { id, accountId, ...page }: { id: string; accountId: string } & VendorPage,
): Promise<void> {
  const sealed = await vault.seal(sql, { accountId }, placeOf(id), JSON.stringify(page))
  await sql`update verification set page_sealed = ${sealed} where id = ${id}`
}

/** The stored page of a session, or `undefined`. */
export async function findPage(
  sql: Sql,
  vault: Vault,
  id: string,
): Promise<VendorPage | undefined> {
  const [row] = await sql<{ pageSealed: Buffer | null }[]>`
    select page_sealed from verification where id = ${id}`
  if (!row?.pageSealed) return undefined
  const opened = await vault.open(sql, placeOf(id), row.pageSealed)
  return pageSchema.parse(JSON.parse(opened.toString()))
}

/** Deletes the page. `false`: another request did so before. */
export async function deletePage(sql: Sql, id: string): Promise<boolean> {
  const rows = await sql`
    update verification set page_sealed = null where id = ${id} and page_sealed is not null returning 1`
  return rows.length > 0
}
