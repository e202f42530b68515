import { findTeamOf, listTeamClients } from '../clients/team-clients.ts'
import type { AppContext } from '../context.ts'
import type { Personas } from '../oauth/personas.ts'
import { isUuid } from '../platform/uuid.ts'
import { SHARED_TEAM } from './kinds.ts'
import { ensurePersonas, findPersona, listPersonas } from './personas.ts'

/** In the sandbox: who is offered at its sign-in page. */
export function createPersonaOffers(parts: Pick<AppContext, 'db' | 'vault' | 'sealer'>): Personas {
  const { db } = parts
  const listForTeam = (teamId: string) => ensurePersonas(parts, teamId)
  const teamOf = async (clientId: string) => (await findTeamOf(db, clientId)) ?? SHARED_TEAM
  const isKnown = async (teamId: string) =>
    (await listTeamClients(db, teamId)).length > 0 || (await listPersonas(db, teamId)).length > 0
  return {
    listForTeam,
    listForClient: async (clientId) => listForTeam(await teamOf(clientId)),
    // Anybody can name a team here, so one that has nothing in the sandbox gets no personas.
    findTeam: async (teamId) =>
      typeof teamId === 'string' && isUuid(teamId) && (await isKnown(teamId))
        ? teamId.toLowerCase()
        : SHARED_TEAM,
    find: (accountId) => findPersona(db, accountId),
    async isOf({ accountId, clientId }) {
      const [persona, teamId] = await Promise.all([findPersona(db, accountId), teamOf(clientId)])
      return persona?.teamId === teamId
    },
  }
}
