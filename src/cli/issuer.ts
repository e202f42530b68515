import { OperatorError } from '../platform/errors.ts'
import {
  type CommandContext,
  defineCommand,
  type Noun,
  requireFound,
  UsageError,
} from './command.ts'

const load = () => import('../platform/issuer.ts')

const show = defineCommand({
  isReadOnly: true,
  summary: 'Show the issuer that the portal was first started with, or that it was changed to',
  examples: ['issuer show'],
  run: async ({ db }) => ({
    issuer: requireFound(await (await load()).findIssuer(db), 'issuer yet: start a web process'),
  }),
})

const change = defineCommand({
  summary: 'Move the portal to another public origin; without --yes, say what stops working',
  arguments: { '<url>': 'the new origin, as web processes will have it in ISSUER' },
  options: { yes: { text: 'change it; web processes must then be started with this ISSUER' } },
  examples: [
    'issuer change https://id.example.org',
    'issuer change https://id.example.org --yes',
    'issuer change https://sandbox.id.example.org --sandbox --yes',
  ],
  async run(context: CommandContext, values, [url]) {
    const { db, config, otherIssuer } = context
    if (!url) throw new UsageError('which origin?')
    const { origin = '', protocol } = URL.parse(url) ?? {}
    if (origin !== url || (config.production && protocol !== 'https:'))
      throw new OperatorError(
        'The issuer is an origin that begins with https://, with no path, query or slash at the end.',
      )
    if (otherIssuer && URL.parse(otherIssuer)?.hostname === URL.parse(url)?.hostname)
      throw new OperatorError(
        `The portal and its sandbox have different hosts, because browsers send cookies to every port of a host: ${otherIssuer} is the other one.`,
      )
    const { changeIssuer, findIssuer } = await load()
    const before = await findIssuer(db)
    const effects =
      before === undefined || before === url ? [] : await listEffects(context, before, url)
    if (values.yes === true) await changeIssuer(db, url)
    return { before: before ?? null, issuer: url, changed: values.yes === true, effects }
  },
  show: ({ before, issuer, changed, effects }: Answer) =>
    [
      `${changed ? 'Changed' : 'To change'} the issuer from ${before ?? 'none'} to ${issuer}${changed ? '.' : ' means:'}`,
      ...effects.map((effect) => `  ${effect}`),
      changed
        ? 'Start every web process with this ISSUER: those with another one do not start again.'
        : 'Nothing was changed. To change it, stop the web processes and add --yes.',
    ]
      .map((line) => `${line}\n`)
      .join(''),
})

type Answer = { before: string | null; issuer: string; changed: boolean; effects: string[] }

/** What stops working when the origin changes, with the number of those that it concerns. */
async function listEffects(
  { db, sealer }: CommandContext,
  before: string,
  after: string,
): Promise<string[]> {
  const { countPasskeys } = await import('../accounts/passkeys.ts')
  const { listClients } = await import('../clients/clients.ts')
  const { listVendorIntegrations } = await import('../id-verification/vendors/vendors.ts')
  const clients = (await listClients(db)).length
  const { isVendorName } = await import('../id-verification/vendors/vendor-names.ts')
  const integrations = (await listVendorIntegrations(db, sealer)).filter(({ vendor }) =>
    isVendorName(vendor),
  ).length
  const hosts = [before, after].map((issuer) => new URL(issuer).hostname)
  return [
    ...(hosts[0] === hosts[1]
      ? []
      : [`${await countPasskeys(db)} passkeys do not work any more: they belong to ${hosts[0]}`]),
    `${clients} applications must change the issuer that they expect; until then they refuse every answer`,
    'access tokens of the old issuer are refused; applications use their refresh tokens, or send residents to sign in',
    'residents sign in again: cookies belong to the old origin',
    'links in mails that were sent before do not open, unless the old origin redirects to the new one',
    `${integrations} vendor integrations send to the old address: change the webhook's URL at each vendor`,
    'ledger heads and answers that were signed before name the old issuer; their keys stay at the new one',
  ]
}

export const issuer: Noun = {
  summary: "The portal's public origin",
  commands: { show, change },
}
