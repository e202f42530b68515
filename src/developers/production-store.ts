import { randomUUID } from 'node:crypto'
import type { Logo } from '../clients/logo.ts'
import type { Sql } from '../platform/db.ts'
import type { ComputedGauge } from '../platform/metrics.ts'
import type { SealedColumn } from '../platform/resealing.ts'
import type { Sealer } from '../platform/secrets.ts'
import { isUuid } from '../platform/uuid.ts'
import type { Ask, Settings } from './production-ask.ts'

/* Rows of what teams ask for: drafts, and the requests that owners have sent. */

export type RequestStatus = 'waiting' | 'approved' | 'declined' | 'withdrawn'

export type Draft = {
  ask: Ask
  contact: string
  logo: Logo | undefined
  revision: number
}

export type ProductionRequest = {
  id: string
  teamId: string
  /** Of the sandbox, or the same as `clientId` for a change. */
  applicationId: string
  /** In production: of a change, or once it was approved. */
  clientId: string | null
  requestedBy: string | null
  requestedAt: Date
  ask: Ask
  settings: Settings
  hasLogo: boolean
  status: RequestStatus
  /** `null`: the command line. */
  decidedBy: string | null
  decidedAt: Date | null
  reason: string | null
}

/** Whether it changes an application that is in production. */
export const isChange = ({ applicationId, clientId }: ProductionRequest): boolean =>
  applicationId === clientId

const contextOf = (id: string) => `production contact ${id}`
export const SEALED_CONTACTS: SealedColumn[] = [
  { table: 'production_draft', column: 'contact_sealed', key: ['application_id'], contextOf },
  { table: 'production_request', column: 'contact_sealed', key: ['id'], contextOf },
]

type LogoRow = { logo: Buffer | null; logoType: Logo['contentType'] | null }
const logoOf = ({ logo, logoType }: LogoRow): Logo | undefined =>
  logo && logoType ? { bytes: new Uint8Array(logo), contentType: logoType } : undefined

export async function findDraft(
  sql: Sql,
  sealer: Sealer,
  applicationId: string,
): Promise<Draft | undefined> {
  const [row] = await sql<(LogoRow & { request: Ask; contactSealed: string; revision: number })[]>`
    select request, contact_sealed, logo, logo_type, revision from production_draft
    where application_id = ${applicationId}`
  return (
    row && {
      ask: row.request,
      contact: sealer.open(row.contactSealed, contextOf(applicationId)),
      logo: logoOf(row),
      revision: row.revision,
    }
  )
}

/**
 * Stores a draft over the one of this revision; 0: there was none. Returns the new revision; `undefined` when somebody else has changed it
 * since.
 */
export async function saveDraft(
  sql: Sql,
  sealer: Sealer,
  { applicationId, teamId, ask, contact, logo, revision }: Draft & Of,
): Promise<number | undefined> {
  const values = {
    request: sql.json(ask as never),
    contact: sealer.seal(contact, contextOf(applicationId)),
    logo: logo ? Buffer.from(logo.bytes) : null,
    logoType: logo?.contentType ?? null,
  }
  const [row] =
    revision === 0
      ? await sql<{ revision: number }[]>`
          insert into production_draft (application_id, team_id, request, contact_sealed, logo, logo_type)
          values (${applicationId}, ${teamId}, ${values.request}, ${values.contact}, ${values.logo}, ${values.logoType})
          on conflict do nothing returning revision`
      : await sql<{ revision: number }[]>`
          update production_draft set request = ${values.request}, contact_sealed = ${values.contact},
            logo = ${values.logo}, logo_type = ${values.logoType}, revision = revision + 1
          where application_id = ${applicationId} and revision = ${revision} returning revision`
  return row?.revision
}

type Of = { applicationId: string; teamId: string }

export async function deleteDraft(sql: Sql, applicationId: string): Promise<void> {
  await sql`delete from production_draft where application_id = ${applicationId}`
}

/** Stores a request that waits for the operator. `undefined`: another one of this application waits already. */
export async function insertRequest(
  sql: Sql,
  sealer: Sealer,
  request: Of & {
    clientId: string | undefined
    requestedBy: string
    ask: Ask
    settings: Settings
    contact: string
    logo: Logo | undefined
  },
): Promise<string | undefined> {
  const id = randomUUID()
  const { ask, settings, logo } = request
  const [row] = await sql<{ id: string }[]>`
    insert into production_request (id, team_id, sandbox_client_id, client_id, requested_by, request,
      contact_sealed, logo, logo_type, status)
    values (${id}, ${request.teamId}, ${request.applicationId}, ${request.clientId ?? null}, ${request.requestedBy},
      ${sql.json({ ask, settings } as never)}, ${sealer.seal(request.contact, contextOf(id))},
      ${logo ? Buffer.from(logo.bytes) : null}, ${logo?.contentType ?? null}, 'waiting')
    on conflict do nothing returning id`
  return row?.id
}

const columns = (sql: Sql) => sql`
  id, team_id, sandbox_client_id as application_id, client_id, requested_by, requested_at,
  request->'ask' as ask, request->'settings' as settings, logo is not null as has_logo, status,
  decided_by, decided_at, reason`

/** The requests of one application, the newest first; of a client in production also the one that brought it there. */
export async function listRequestsOf(
  sql: Sql,
  applicationId: string,
): Promise<ProductionRequest[]> {
  return await sql<ProductionRequest[]>`
    select ${columns(sql)} from production_request
    where sandbox_client_id = ${applicationId} or client_id = ${applicationId}
    order by requested_at desc, id limit 50`
}

/** All requests, the oldest first; or those that wait. */
export async function listAllRequests(
  sql: Sql,
  { waiting }: { waiting: boolean },
): Promise<ProductionRequest[]> {
  return await sql<ProductionRequest[]>`
    select ${columns(sql)} from production_request
    where ${waiting ? sql`status = 'waiting'` : sql`true`} order by requested_at desc, id limit 500`
}

export async function findRequest(sql: Sql, id: string): Promise<ProductionRequest | undefined> {
  if (!isUuid(id)) return undefined
  const [row] = await sql<ProductionRequest[]>`
    select ${columns(sql)} from production_request where id = ${id}`
  return row
}

/** In a transaction: the request, which nobody else decides until it ends. */
export async function lockRequest(sql: Sql, id: string): Promise<ProductionRequest | undefined> {
  if (!isUuid(id)) return undefined
  await sql`select from production_request where id = ${id} for update`
  return await findRequest(sql, id)
}

export async function findRequestLogo(sql: Sql, id: string): Promise<Logo | undefined> {
  const [row] = await sql<LogoRow[]>`
    select logo, logo_type from production_request where id = ${id}`
  return row && logoOf(row)
}

export async function findRequestContact(
  sql: Sql,
  sealer: Sealer,
  id: string,
): Promise<string | undefined> {
  const [row] = await sql<{ contactSealed: string | null }[]>`
    select contact_sealed from production_request where id = ${id}`
  return row?.contactSealed ? sealer.open(row.contactSealed, contextOf(id)) : undefined
}

/** Settles a request that waits. Returns whether it still did. */
export async function settleRequest(
  sql: Sql,
  id: string,
  settled: {
    status: Exclude<RequestStatus, 'waiting'>
    clientId?: string
    decidedBy: string | null
    reason?: string
  },
): Promise<boolean> {
  const rows = await sql`
    update production_request set status = ${settled.status}, decided_by = ${settled.decidedBy}, decided_at = now(),
      client_id = coalesce(${settled.clientId ?? null}, client_id), reason = ${settled.reason ?? null}
    where id = ${id} and status = 'waiting' returning id`
  return rows.length > 0
}

export const PRODUCTION_GAUGES: readonly ComputedGauge[] = [
  {
    name: 'portal_production_requests_waiting',
    help: 'Requests of developers that no operator has decided.',
    async read(sql) {
      const [row] = await sql<{ count: number }[]>`
        select count(*)::int as count from production_request where status = 'waiting'`
      return [{ labels: {}, value: row?.count ?? 0 }]
    },
  },
]
