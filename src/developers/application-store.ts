import { createHash } from 'node:crypto'
import { createClient, deleteClient, updateClient } from '../clients/clients.ts'
import { MetadataError, type MetadataFault } from '../clients/metadata-faults.ts'
import { setClientProfile } from '../clients/profile.ts'
import { verifySector } from '../clients/subject-identifiers.ts'
import { countTeamClients, findTeamClient, lockTeamClient } from '../clients/team-clients.ts'
import { keepConsentsOfRemoved } from '../consents/ended-consents.ts'
import type { AppContext } from '../context.ts'
import type { Db, Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import { type Application, type DeveloperContext, notFound } from './access.ts'
import {
  clientChange,
  type Entered,
  type Kind,
  linesOf,
  newClient,
  profileOf,
} from './application-form.ts'
import { lockTeam } from './teams.ts'

const MAX_APPLICATIONS = 25

/** What a form was based on has been changed since by somebody else. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError'
}

/** `secret`: shown once. `isNew`: false when the same form was sent before. */
export type Registered = { clientId: string; secret: string | undefined; isNew: boolean }

/**
 * Registers an application of the team in the sandbox; the same `nonce` is the same application. One transaction in each database: the
 * portal's holds the team, so that it is neither deleted meanwhile nor over its limit. Throws MetadataError, OperatorError.
 */
export async function registerApplication(
  { db, sandbox }: Pick<DeveloperContext, 'db' | 'sandbox'>,
  given: { teamId: string; nonce: string; kind: Kind; entered: Entered },
): Promise<Registered> {
  const { teamId, kind, entered } = given
  if (!sandbox) throw notFound()
  const there = sandbox.context
  if (kind !== 'service') await requireSector(there, entered)
  return (await db.begin(async (sql): Promise<Registered> => {
    if (!(await lockTeam(sql, teamId))) throw notFound()
    const clientId = idOf(given)
    const found = await findTeamClient(there.db, { teamId, clientId })
    if (found) return { clientId, secret: undefined, isNew: false }
    if ((await countTeamClients(there.db, teamId)) >= MAX_APPLICATIONS)
      throw new OperatorError(
        `A team has at most ${MAX_APPLICATIONS} applications in the sandbox. Delete one that you do not need any more.`,
      )
    const client = {
      ...newClient(entered, kind),
      id: clientId,
      teamId,
      // Of its own, so that a back office sees the subjects of its team alone.
      tenant: kind === 'service' ? `team-${teamId}` : undefined,
      production: there.config.production,
    }
    const created = await there.db.begin((inner) =>
      withProfile(inner, clientId, kind, entered, () => createClient(inner, client)),
    )
    return { clientId, secret: created.client_secret, isNew: true }
  })) as Registered
}

/** A UUID (RFC 9562 §5.8) that only this team can obtain. */
function idOf({ teamId, nonce }: { teamId: string; nonce: string }): string {
  const bytes = createHash('sha256').update(`${teamId} ${nonce}`).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}

/** Changes an application as a form says. Throws ConflictError, MetadataError, OperatorError. */
export async function changeApplication(
  application: Application,
  given: { teamId: string; basedOn: Date; kind: Kind; entered: Entered },
): Promise<void> {
  const { client, db, config } = application
  const { kind, entered } = given
  if (kind !== 'service') await requireSector(application, entered)
  await changeClient(db, { ...given, clientId: client.id }, (sql) =>
    withProfile(sql, client.id, kind, entered, () =>
      updateClient(sql, client.id, {
        ...clientChange(entered, kind),
        production: config.production,
      }),
    ),
  )
}

/** Runs `change` with the client locked. Throws ConflictError unless it is still as it was at `basedOn`. */
export async function changeClient<T>(
  db: Db,
  based: { teamId: string; clientId: string; basedOn: Date },
  change: (sql: Sql) => Promise<T>,
): Promise<T> {
  return (await db.begin(async (sql) => {
    if (!(await lockTeamClient(sql, based))) throw new ConflictError()
    return await change(sql)
  })) as T
}

/** In a transaction: deletes an application with its consents and tokens. */
export async function deleteApplication(sql: Sql, clientId: string): Promise<void> {
  await keepConsentsOfRemoved(sql, clientId)
  await deleteClient(sql, clientId)
}

/** Does both, and throws the faults of both together. */
async function withProfile<T>(
  sql: Sql,
  clientId: string,
  kind: Kind,
  entered: Entered,
  change: () => Promise<T>,
): Promise<T> {
  const faults: MetadataFault[] = []
  const collect = async <R>(work: () => Promise<R>): Promise<R | undefined> => {
    try {
      return await work()
    } catch (error) {
      // Both check what they were given before they write.
      if (!(error instanceof MetadataError)) throw error
      faults.push(...error.faults)
      return undefined
    }
  }
  const changed = await collect(change)
  if (kind !== 'service') await collect(() => setClientProfile(sql, clientId, profileOf(entered)))
  if (faults.length > 0) throw new MetadataError(faults)
  return changed as T
}

/** Fetches the sector's document before anything is locked. Throws MetadataError. */
async function requireSector(
  { outbound }: Pick<AppContext, 'outbound'>,
  entered: Entered,
): Promise<void> {
  const uri = entered['sector-uri']
  // What is no address at all is found with the rest.
  if (URL.parse(uri)?.protocol !== 'https:') return
  try {
    await verifySector(outbound, {
      client_id: '',
      sector_identifier_uri: uri,
      redirect_uris: linesOf(entered['redirect-uris']),
    })
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    const message = error.message.replace(/\.$/, '')
    throw new MetadataError([{ member: 'sector_identifier_uri', message }])
  }
}

/** The time that a form says it was based on; one that no row has, when it says nothing sensible. */
export function readBasedOn(value: unknown): Date {
  const at = new Date(String(value ?? ''))
  return Number.isNaN(at.getTime()) ? new Date(0) : at
}
