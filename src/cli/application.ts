import type { DescribedRequest } from '../developers/production-requests.ts'
import type { CommandContext } from './command.ts'
import {
  defineCommand,
  getOption,
  type Noun,
  requireFound,
  requireId,
  requireOption,
} from './command.ts'
import { withJobs } from './jobs.ts'

const load = () => import('../developers/production-requests.ts')
const ID = { '<id>': 'the id of the request' }

const list = defineCommand({
  isReadOnly: true,
  summary: 'List the newest 500 requests of developers',
  options: { waiting: { text: 'those that wait for a decision' } },
  examples: ['application list --waiting', 'application list --json'],
  columns: ['id', 'name', 'kind', 'status', 'teamId', 'requestedAt', 'decidedAt'],
  async run({ db }, values) {
    const { isChange, listAllRequests } = await import('../developers/production-store.ts')
    const requests = await listAllRequests(db, { waiting: values.waiting === true })
    return requests.map((request) => ({
      id: request.id,
      name: request.ask.name,
      kind: isChange(request) ? 'change' : 'new',
      status: request.status,
      teamId: request.teamId,
      clientId: request.clientId,
      requestedAt: request.requestedAt,
      decidedAt: request.decidedAt,
    }))
  },
})

const show = defineCommand({
  isReadOnly: true,
  summary: 'Show what a team asks for, and what would be different',
  arguments: ID,
  examples: ['application show ID'],
  async run({ db, sealer }, _values, args) {
    const { describeRequest } = await load()
    const id = requireId(args, 'request')
    return requireFound(await describeRequest({ db, sealer }, id), 'request')
  },
  show: showRequest,
})

function showRequest({
  request,
  team,
  contact,
  isChange,
  changes,
  hasNewLogo,
  warnings,
}: DescribedRequest): string {
  const { ask, settings } = request
  const reasons = Object.entries(ask.reasons).map(
    ([scope, reason]) => `  ${scope}\n      ${reason || '(needs no reason)'}`,
  )
  return [
    `${isChange ? 'Change of an application in production' : 'New application'}: ${ask.name}`,
    `Status        ${request.status}${request.reason ? `: ${request.reason}` : ''}`,
    `Request       ${request.id}, of ${request.requestedAt.toISOString()}`,
    `Team          ${team.name} (${team.id})`,
    `Requested by  ${request.requestedBy ?? 'an account that is erased'}`,
    `Contact       ${contact ?? '-'}`,
    ...(request.clientId ? [`Client        ${request.clientId}`] : []),
    ...(isChange
      ? []
      : [
          `Kind          ${settings.type ?? 'web'}, ${settings.authMethod ?? 'client_secret_basic'}`,
          `Identifiers   ${settings.subjectType ?? 'pairwise'}${settings.sectorIdentifierUri ? `, of ${settings.sectorIdentifierUri}` : ''}`,
          `Keys          ${settings.jwksUri ?? (settings.jwks ? 'as in the sandbox' : '-')}`,
          `Sign-outs     ${settings.backchannelLogoutUri ?? '-'}`,
        ]),
    '',
    'What residents read',
    `  Organisation    ${ask.operator}`,
    `  Purpose         ${ask.purpose}`,
    `  Its own page    ${ask.clientUri || '-'}`,
    `  Privacy policy  ${ask.policyUri || '-'}`,
    `  Terms           ${ask.tosUri || '-'}`,
    '',
    'Permissions, and why it needs them',
    ...reasons,
    '',
    'Redirect addresses',
    ...ask.redirectUris.map((uri) => `  ${uri}`),
    ...(ask.postLogoutRedirectUris.length > 0
      ? ['', 'Addresses after sign-out', ...ask.postLogoutRedirectUris.map((uri) => `  ${uri}`)]
      : []),
    ...(isChange ? ['', 'What would be different', ...showChanges(changes, hasNewLogo)] : []),
    ...(!isChange && hasNewLogo ? ['', 'It has a logo: application logo ID --out FILE'] : []),
    ...(warnings.length > 0 ? ['', 'Consider', ...warnings.map((each) => `  ! ${each}`)] : []),
    '',
  ].join('\n')
}

const showChanges = (changes: DescribedRequest['changes'], hasNewLogo: boolean): string[] => [
  ...changes.flatMap(({ field, before, after }) => [
    `  ${field}`,
    ...before.map((each) => `    - ${each}`),
    ...after.map((each) => `    + ${each}`),
  ]),
  ...(hasNewLogo ? ['  Logo', '    + a new one: application logo ID --out FILE'] : []),
]

const logo = defineCommand({
  isReadOnly: true,
  summary: 'Save the logo of a request to a new file',
  arguments: ID,
  options: { out: { value: 'file', text: 'which must not exist', required: true } },
  examples: ['application logo ID --out logo.png'],
  async run({ db }, values, args) {
    const { findRequest, findRequestLogo } = await import('../developers/production-store.ts')
    const { writeFile } = await import('node:fs/promises')
    const request = requireFound(await findRequest(db, requireId(args, 'request')), 'request')
    const found = requireFound(await findRequestLogo(db, request.id), 'logo')
    const out = requireOption(values, 'out')
    const { OperatorError } = await import('../platform/errors.ts')
    await writeFile(out, found.bytes, { flag: 'wx' }).catch((cause: unknown) => {
      throw new OperatorError(`${out} cannot be written: choose a file that is not there.`, {
        cause,
      })
    })
    return { id: request.id, file: out, contentType: found.contentType }
  },
})

const approve = defineCommand({
  summary: 'Register or change the application, and mail its team',
  arguments: ID,
  options: {
    'confirm-similar-name': { text: "accept a name that people could take for another client's" },
  },
  examples: ['application approve ID'],
  run: (context, values, args) =>
    deciding(context, async (parts) => {
      const { approveRequest } = await load()
      const { id, clientId, teamId } = await approveRequest(parts, {
        id: requireId(args, 'request'),
        decidedBy: null,
        confirmSimilarName: values['confirm-similar-name'] === true,
      })
      return { id, client_id: clientId, team_id: teamId, status: 'approved' }
    }),
})

const decline = defineCommand({
  summary: 'Decline a request, and mail its team why',
  arguments: ID,
  options: {
    reason: { value: 'text', text: 'which the team reads, 1 to 2000 characters', required: true },
  },
  examples: ['application decline ID --reason "The privacy policy does not mention passports."'],
  run: (context, values, args) =>
    deciding(context, async (parts) => {
      const { declineRequest } = await load()
      const { id, teamId } = await declineRequest(parts, {
        id: requireId(args, 'request'),
        decidedBy: null,
        reason: getOption(values, 'reason') ?? '',
      })
      return { id, team_id: teamId, status: 'declined' }
    }),
})

type Parts = Parameters<Awaited<ReturnType<typeof load>>['approveRequest']>[0]

const deciding = <T>(
  { db, vault, sealer, outbound, config, log }: CommandContext,
  decide: (parts: Parts) => Promise<T>,
): Promise<T> =>
  withJobs({ config, log }, (jobs) => decide({ db, vault, sealer, outbound, config, jobs }))

export const application: Noun = {
  summary: "Developers' requests for production",
  commands: { list, show, logo, approve, decline },
}
