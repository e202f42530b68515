import { createClient, findClient, updateClient } from '../clients/clients.ts'
import { type Logo, setClientLogo } from '../clients/logo.ts'
import { setClientProfile } from '../clients/profile.ts'
import { findSimilarClient } from '../clients/similar-names.ts'
import { sectorOf, verifySector } from '../clients/subject-identifiers.ts'
import { findTeamClient, type OwnClient } from '../clients/team-clients.ts'
import type { AppContext } from '../context.ts'
import type { Db, Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import type { Jobs } from '../platform/jobs.ts'
import { isDisplayable, normalizeText, visibleText } from '../web/displayed-text.ts'
import {
  type Ask,
  alternativesFor,
  askOf,
  type Change,
  listChanges,
  type Settings,
  scopesOf,
  settingsOf,
} from './production-ask.ts'
import { sendDecision } from './production-mails.ts'
import {
  deleteDraft,
  findDraft,
  findRequest,
  findRequestContact,
  findRequestLogo,
  insertRequest,
  isChange,
  listRequestsOf,
  lockRequest,
  type ProductionRequest,
  settleRequest,
} from './production-store.ts'
import { findTeam, holdMembership } from './team-operations.ts'

/* What becomes of a request: a team sends and withdraws it, an operator approves or declines it. */

type Decider = Pick<AppContext, 'db' | 'vault' | 'sealer' | 'outbound' | 'config'> & { jobs: Jobs }
/** `decidedBy`: the operator's account; `null` for the command line. */
type Decision = { id: string; decidedBy: string | null }

const LONGEST_REASON = 2_000

/** The production client that a request about this application of the sandbox brought into being; `undefined` while there is none. */
export async function findClientInProduction(
  sql: Sql,
  { teamId, applicationId }: { teamId: string; applicationId: string },
): Promise<OwnClient | undefined> {
  for (const { status, clientId } of await listRequestsOf(sql, applicationId)) {
    if (status !== 'approved' || clientId === null) continue
    const client = await findTeamClient(sql, { teamId, clientId })
    if (client) return client
  }
  return undefined
}

export type Sending = {
  teamId: string
  accountId: string
  /** `clientId`: of a change, the client in production. */
  application: { id: string; clientId: string | undefined }
  ask: Ask
  settings: Settings
  contact: string
  logo: Logo | undefined
  /** Of the draft that it was made from; 0: there was none. */
  revision: number
}

/**
 * Sends a request to the operator, in the place of its draft. `waiting`: one waits already; `changed`: somebody has changed the draft;
 * `approved`: it is in production by now; `forbidden`: the account owns the team no more, or the team was suspended.
 */
export async function sendRequest(
  { db, sealer }: { db: Db; sealer: AppContext['sealer'] },
  { teamId, accountId, application, revision, ...request }: Sending,
): Promise<{ id: string } | 'waiting' | 'changed' | 'approved' | 'forbidden'> {
  return await db.begin(async (sql) => {
    // One after the other, so that each sees what the others have done.
    if (!(await holdMembership(sql, { teamId, accountId, role: 'owner' }))) return 'forbidden'
    const [latest] = await listRequestsOf(sql, application.id)
    if (latest?.status === 'waiting') return 'waiting'
    const of = { teamId, applicationId: application.id }
    if (!application.clientId && (await findClientInProduction(sql, of))) return 'approved'
    if (((await findDraft(sql, sealer, application.id))?.revision ?? 0) !== revision)
      return 'changed'
    await deleteDraft(sql, application.id)
    const { clientId } = application
    const id = await insertRequest(sql, sealer, {
      ...request,
      ...of,
      clientId,
      requestedBy: accountId,
    })
    return id === undefined ? 'waiting' : { id }
  })
}

/** Takes a request back that waits. Returns whether it still did. */
export async function withdrawRequest(
  db: Db,
  { id, teamId, accountId }: { id: string; teamId: string; accountId: string },
): Promise<boolean> {
  return await db.begin(async (sql) => {
    if (!(await holdMembership(sql, { teamId, accountId, role: 'owner' }))) return false
    const request = await findRequest(sql, id)
    if (request?.teamId !== teamId) return false
    return await settleRequest(sql, id, { status: 'withdrawn', decidedBy: accountId })
  })
}

/** A request as an operator reads it. */
export type DescribedRequest = {
  request: ProductionRequest
  team: { id: string; name: string; isSuspended: boolean }
  contact: string | undefined
  isChange: boolean
  /** Against what is registered in production; of a new application, everything. */
  changes: Change[]
  hasNewLogo: boolean
  warnings: string[]
}

/** What is asked for, what would be different, and what the operator should know before deciding. */
export async function describeRequest(
  { db, sealer }: Pick<AppContext, 'db' | 'sealer'>,
  id: string,
): Promise<DescribedRequest | undefined> {
  const request = await findRequest(db, id)
  const team = request && (await findTeam(db, request.teamId))
  if (!request || !team) return undefined
  const before = isChange(request) ? await findClient(db, request.applicationId) : undefined
  return {
    request,
    team,
    contact: await findRequestContact(db, sealer, id),
    isChange: isChange(request),
    changes: listChanges(before ? askOf(before) : EMPTY, request.ask),
    hasNewLogo: request.hasLogo,
    warnings:
      request.status === 'waiting'
        ? [
            ...(team.isSuspended ? ['The team is suspended: nothing of it can be approved.'] : []),
            ...(isChange(request) && !before ? ['The application does not exist any more.'] : []),
            ...(await warnOfName(db, request)),
            ...warnOfChange(request, before),
          ]
        : [],
  }
}

const EMPTY: Ask = {
  ...{ name: '', operator: '', purpose: '', clientUri: '', policyUri: '', tosUri: '' },
  ...{ redirectUris: [], postLogoutRedirectUris: [], reasons: {} },
}

/** Another client with a similar name, where the request gives the application a name that it does not have. */
async function findResembled(sql: Sql, request: ProductionRequest) {
  const { ask, applicationId } = request
  if (!isChange(request)) return await findSimilarClient(sql, ask.name)
  const hasName = (await findClient(sql, applicationId))?.client_name === ask.name
  return hasName ? undefined : await findSimilarClient(sql, ask.name, applicationId)
}

async function warnOfName(db: Db, request: ProductionRequest): Promise<string[]> {
  const similar = await db.begin((sql) => findResembled(sql, request))
  return similar
    ? [
        `Residents could take “${visibleText(request.ask.name)}” for “${similar.name}”, which is the client ${similar.id}.`,
      ]
    : []
}

function warnOfChange(
  { ask, settings, applicationId }: ProductionRequest,
  before: Awaited<ReturnType<typeof findClient>>,
): string[] {
  if (!before)
    return [
      ...(settings.jwks
        ? [
            'It brings the public keys with it that it has in the sandbox, so one private key opens both.',
          ]
        : []),
      ...(settings.subjectType === 'public'
        ? [
            'It gets the public identifiers of residents, by which several applications recognise the same person.',
          ]
        : []),
    ]
  const moves =
    before.subject_type === 'pairwise' &&
    sectorOf(before) !==
      sectorOf({ ...before, client_id: applicationId, redirect_uris: ask.redirectUris })
  return [
    ...(moves
      ? ['Its addresses move to another host: every resident gets another identifier at it.']
      : []),
    ...(before.purpose !== ask.purpose
      ? ['The purpose changes: every resident is asked for consent again.']
      : []),
    ...(before.trusted && before.client_name !== ask.name
      ? ['You have trusted it under its present name: with the new one, that ends.']
      : []),
  ]
}

/**
 * Approves a request: registers the application with its team, or changes it, in one transaction, and mails the team. Throws OperatorError
 * when the request does not wait any more, and for a name that residents could take for another one's unless that is confirmed.
 */
export async function approveRequest(
  parts: Decider,
  { id, decidedBy, confirmSimilarName = false }: Decision & { confirmSimilarName?: boolean },
): Promise<{ id: string; clientId: string; teamId: string }> {
  return await parts.db.begin(async (sql) => {
    const request = await requireWaiting(sql, id)
    if ((await findTeam(sql, request.teamId))?.isSuspended)
      throw new OperatorError('The team is suspended. Run developer resume first, or decline it.')
    const similar = await findResembled(sql, request)
    if (similar && !confirmSimilarName)
      throw new OperatorError(
        `Residents could take this name for “${similar.name}”, which is the client ${similar.id}. Decline the request, or add --confirm-similar-name.`,
      )
    const clientId = await writeClient(sql, parts, request)
    await settleRequest(sql, id, { status: 'approved', clientId, decidedBy })
    await sendDecision(sql, parts, { ...request, status: 'approved', clientId })
    return { id, clientId, teamId: request.teamId }
  })
}

/** Declines a request with a reason that its team reads, and mails the team. Throws OperatorError as `approveRequest` does. */
export async function declineRequest(
  parts: Decider,
  { id, decidedBy, reason: given }: Decision & { reason: string },
): Promise<{ id: string; teamId: string }> {
  const reason = normalizeText(given)
  if (reason === '' || reason.length > LONGEST_REASON || !isDisplayable(reason))
    throw new OperatorError(
      `The reason is one line of ordinary text, with 1 to ${LONGEST_REASON} characters.`,
    )
  return await parts.db.begin(async (sql) => {
    const request = await requireWaiting(sql, id)
    await settleRequest(sql, id, { status: 'declined', decidedBy, reason })
    await sendDecision(sql, parts, { ...request, status: 'declined', reason })
    return { id, teamId: request.teamId }
  })
}

const ENDED = {
  approved: 'was approved already',
  declined: 'was declined already',
  withdrawn: 'was withdrawn by its team',
} as const

async function requireWaiting(sql: Sql, id: string): Promise<ProductionRequest> {
  const request = await lockRequest(sql, id)
  if (!request) throw new OperatorError('There is no such request.')
  if (request.status !== 'waiting')
    throw new OperatorError(
      `This request ${ENDED[request.status]}, at ${request.decidedAt?.toISOString()}.`,
    )
  return request
}

/** Creates or changes the client. Of a new one that needs a secret, nobody gets it: the team makes one that it sees. */
async function writeClient(
  sql: Sql,
  { outbound, config: { production } }: Pick<AppContext, 'outbound' | 'config'>,
  request: ProductionRequest,
): Promise<string> {
  const { ask, applicationId, teamId } = request
  const given = {
    name: ask.name,
    redirectUris: ask.redirectUris,
    postLogoutRedirectUris: ask.postLogoutRedirectUris,
    scope: scopesOf(ask).join(' '),
    production,
  }
  const client = isChange(request)
    ? await changeClient(sql, applicationId, ask, given)
    : await createClient(sql, {
        ...request.settings,
        ...given,
        teamId,
        alternatives: alternativesFor(ask, request.settings.alternatives),
      })
  await verifySector(outbound, client)
  const clientId = client.client_id
  await setClientProfile(sql, clientId, {
    operator: ask.operator,
    purpose: ask.purpose,
    client_uri: ask.clientUri,
    policy_uri: ask.policyUri,
    tos_uri: ask.tosUri,
  })
  const logo = await findRequestLogo(sql, request.id)
  if (logo) await setClientLogo(sql, clientId, logo)
  return clientId
}

async function changeClient(
  sql: Sql,
  id: string,
  ask: Ask,
  given: Parameters<typeof updateClient>[2],
) {
  const before = await findClient(sql, id)
  const updated = await updateClient(sql, id, {
    ...given,
    alternatives: alternativesFor(ask, before && settingsOf(before).alternatives),
  })
  if (!updated)
    throw new OperatorError(
      'The application that would change does not exist any more. Decline it.',
    )
  return updated
}
