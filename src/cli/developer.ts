import { defineCommand, type Noun, requireFound, requireId } from './command.ts'
import { ofAccount, showPersons } from './persons.ts'

const load = () => import('../developers/team-operations.ts')
const TEAM = { '<team>': 'the id of the team' }

const list = defineCommand({
  isReadOnly: true,
  summary: 'List the teams of developers',
  examples: ['developer list', 'developer list --json'],
  columns: ['id', 'name', 'members', 'isSuspended', 'createdAt'],
  run: async ({ db }) => (await load()).listTeams(db),
})

const show = defineCommand({
  isReadOnly: true,
  summary: 'Show a team with its members and its applications in production',
  arguments: TEAM,
  examples: ['developer show TEAM'],
  async run({ db, vault }, _values, args) {
    const { findTeam } = await load()
    const { listMembers } = await import('../developers/teams.ts')
    const { findAccount } = await import('../accounts/accounts.ts')
    const { listTeamClients } = await import('../clients/team-clients.ts')
    const team = requireFound(await findTeam(db, requireId(args, 'team')), 'team')
    const members = await Promise.all(
      (await listMembers(db, team.id)).map(async ({ accountId, ...rest }) => ({
        id: accountId,
        email: (await findAccount(db, vault, accountId))?.email ?? '',
        ...rest,
      })),
    )
    return await showPersons(
      db,
      'resident',
      members.map(({ id }) => ofAccount(id)),
      { ...team, members, applications: await listTeamClients(db, team.id) },
    )
  },
})

const suspension = (verb: 'suspend' | 'resume', summary: string) =>
  defineCommand({
    summary,
    arguments: TEAM,
    examples: [`developer ${verb} TEAM`],
    async run({ db }, _values, args) {
      const { setTeamSuspended } = await load()
      const id = requireId(args, 'team')
      const isSuspended = verb === 'suspend'
      requireFound(await setTeamSuspended(db, id, isSuspended), 'team')
      return { id, isSuspended }
    },
  })

export const developer: Noun = {
  summary: 'Teams of developers',
  commands: {
    list,
    show,
    suspend: suspension('suspend', 'Let the members of a team look and change nothing'),
    resume: suspension('resume', 'Undo `developer suspend`'),
  },
}
