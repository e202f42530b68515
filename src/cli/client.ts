import { CLIENT_OPTIONS, confirmName, readClient, setProfile } from './client-options.ts'
import {
  defineCommand,
  getOption,
  type Noun,
  requireFound,
  requireId,
  requireOption,
} from './command.ts'
import { readSecret } from './input.ts'

const load = () => import('../clients/clients.ts')
const ID = { '<id>': 'the id of the client' }
const NAME = { value: 'name', text: 'what residents read' }
const SCOPE = { value: 'scopes', text: 'what it may ask for, separated by spaces' }
const MORE_URIS = { '[more-uris...]': 'more redirect URIs' }

const create = defineCommand({
  summary: 'Register an application; prints its secret once',
  arguments: MORE_URIS,
  options: {
    name: { ...NAME, required: true },
    scope: { ...SCOPE, required: true },
    type: {
      value: 'type',
      text: 'web, native or service (default: web)',
      choices: ['web', 'native', 'service'],
    },
    tenant: { value: 'name', text: 'whose back office a service is (default: default)' },
    ...CLIENT_OPTIONS,
  },
  examples: [
    'client create --name "Bluewater Bank" --redirect-uri https://bank.example/callback --scope "openid email"',
    'client create --name "Acme back office" --type service --tenant acme --scope "idv.read idv.write"',
  ],
  async run({ db, outbound, config: { production } }, values, moreUris) {
    const { createClient, findClient } = await load()
    const { verifySector } = await import('../clients/subject-identifiers.ts')
    const given = { ...(await readClient(values, moreUris)), production }
    return await db.begin(async (sql) => {
      await confirmName(sql, values)
      const created = await createClient(sql, {
        ...given,
        name: requireOption(values, 'name'),
        scope: requireOption(values, 'scope'),
        type: getOption(values, 'type') as 'web' | undefined,
        tenant: getOption(values, 'tenant'),
      })
      await verifySector(outbound, created)
      await setProfile(sql, created.client_id, values)
      return { ...(await findClient(sql, created.client_id)), ...created }
    })
  },
})

const update = defineCommand({
  summary: 'Change an application; what is not given stays',
  arguments: { ...ID, ...MORE_URIS },
  options: { name: NAME, scope: SCOPE, ...CLIENT_OPTIONS },
  examples: [
    'client update ID --purpose "To open your account."',
    'client update ID --logo-file logo.png',
  ],
  async run({ db, outbound, config: { production } }, values, args) {
    const { findClient, updateClient } = await load()
    const { verifySector } = await import('../clients/subject-identifiers.ts')
    const id = requireId(args, 'client')
    const change = { ...(await readClient(values, args.slice(1))), production }
    return await db.begin(async (sql) => {
      await confirmName(sql, values, id)
      const updated = await updateClient(sql, id, {
        ...change,
        name: getOption(values, 'name'),
        scope: getOption(values, 'scope'),
      })
      const { client_id, client_secret, ...now } = requireFound(updated, 'client')
      if (change.sectorIdentifierUri || change.redirectUris)
        await verifySector(outbound, { client_id, ...now })
      await setProfile(sql, client_id, values)
      return { ...(await findClient(sql, client_id)), ...(client_secret ? { client_secret } : {}) }
    })
  },
})

const list = defineCommand({
  isReadOnly: true,
  summary: 'List the applications',
  examples: ['client list', 'client list --json'],
  run: async ({ db }) => (await load()).listClients(db),
})

const show = defineCommand({
  isReadOnly: true,
  summary: 'Show an application',
  arguments: ID,
  examples: ['client show ID'],
  async run({ db }, _values, args) {
    const { findClient } = await load()
    return requireFound(await findClient(db, requireId(args, 'client')), 'client')
  },
})

const enablement = (verb: 'enable' | 'disable', summary: string) =>
  defineCommand({
    summary,
    arguments: ID,
    examples: [`client ${verb} ID`],
    async run({ db }, _values, args) {
      const { setClientEnabled } = await load()
      const id = requireId(args, 'client')
      const enabled = verb === 'enable'
      requireFound(await setClientEnabled(db, id, enabled), 'client')
      return { client_id: id, enabled }
    },
  })

const trust = defineCommand({
  summary: 'Say on the pages that you have checked this application, under its present name',
  arguments: ID,
  examples: ['client trust ID'],
  async run({ db }, _values, args) {
    const { trustClient } = await import('../clients/trusted-clients.ts')
    const id = requireId(args, 'client')
    requireFound(await db.begin((sql) => trustClient(sql, id)), 'client')
    return { client_id: id, trusted: true }
  },
})

const distrust = defineCommand({
  summary: 'Take back what client trust said',
  arguments: ID,
  examples: ['client distrust ID'],
  async run({ db }, _values, args) {
    const { distrustClient } = await import('../clients/trusted-clients.ts')
    const id = requireId(args, 'client')
    requireFound(await distrustClient(db, id), 'trusted client')
    return { client_id: id, trusted: false }
  },
})

const rotateSecret = defineCommand({
  summary: 'Replace the secret; prints the new one',
  arguments: ID,
  options: {
    'keep-hours': { value: 'hours', text: 'how long the old secret stays valid', default: '0' },
  },
  examples: ['client rotate-secret ID', 'client rotate-secret ID --keep-hours 24'],
  async run({ db }, values, args) {
    const { rotateClientSecret } = await load()
    const id = requireId(args, 'client')
    const keepHours = Number(getOption(values, 'keep-hours'))
    const secret = await rotateClientSecret(db, id, { keepHours })
    requireFound(secret, 'client with a secret')
    return { client_id: id, client_secret: secret }
  },
})

const remove = defineCommand({
  summary: 'Delete an application with its grants and tokens',
  arguments: ID,
  examples: ['client delete ID'],
  async run({ db }, _values, args) {
    const { deleteClient } = await load()
    const { keepConsentsOfRemoved } = await import('../consents/ended-consents.ts')
    const id = requireId(args, 'client')
    const isDeleted = await db.begin(async (sql) => {
      await keepConsentsOfRemoved(sql, id)
      return await deleteClient(sql, id)
    })
    requireFound(isDeleted, 'client')
    return { client_id: id, deleted: true }
  },
})

const events = defineCommand({
  summary: 'Show or set up the stream of events of an application',
  arguments: ID,
  options: {
    delivery: { value: 'how', text: 'webhook, push, poll or none; without it, show the stream' },
    url: { value: 'url', text: 'the receiver of a webhook or push stream' },
    format: {
      value: 'format',
      text: "of webhooks, for a back office: kora has Kora's header and body",
      choices: ['standard', 'kora'],
      default: 'standard',
    },
    'authorization-stdin': { text: 'read the Authorization header for push from standard input' },
  },
  examples: [
    'client events ID',
    'client events ID --delivery webhook --url https://bank.example/hooks',
    'client events ID --delivery webhook --format kora --url https://acme.example/kora',
    'client events ID --delivery none',
  ],
  async run({ db, sealer }, values, args) {
    const { findStream, removeStream, setStream, STREAM_FORMATS } = await import(
      '../events/streams.ts'
    )
    const clientId = requireId(args, 'client')
    const delivery = getOption(values, 'delivery')
    if (delivery === undefined)
      return presentStream(requireFound(await findStream(db, clientId), 'stream of events'))
    if (delivery === 'none') {
      requireFound(await db.begin((sql) => removeStream(sql, clientId)), 'stream of events')
      return { client_id: clientId, delivery }
    }
    const stream = {
      clientId,
      delivery,
      format: STREAM_FORMATS.find((each) => each === getOption(values, 'format')),
      endpoint: getOption(values, 'url'),
      authorization: values['authorization-stdin'] ? await readSecret() : undefined,
    }
    const set = await db.begin((sql) => setStream(sql, sealer, stream))
    return presentStream(requireFound(set, 'client'))
  },
})

type Dated = { clientId: string; createdAt: Date; updatedAt: Date }

/** In the names that everything of a client has. */
const presentStream = <T extends Dated>({ clientId, createdAt, updatedAt, ...stream }: T) => ({
  client_id: clientId,
  ...stream,
  created_at: createdAt,
  updated_at: updatedAt,
})

const rotateEventsSecret = defineCommand({
  summary: 'Replace the secret that webhooks are signed with',
  arguments: ID,
  options: {
    'keep-hours': { value: 'hours', text: 'how long the old secret signs too', default: '24' },
  },
  examples: ['client rotate-events-secret ID --keep-hours 1'],
  async run({ db, sealer }, values, args) {
    const { rotateSigningSecret } = await import('../events/streams.ts')
    const clientId = requireId(args, 'client')
    const keepHours = Number(getOption(values, 'keep-hours'))
    const secret = await db.begin((sql) =>
      rotateSigningSecret(sql, sealer, { clientId, keepHours }),
    )
    return { client_id: clientId, signing_secret: requireFound(secret, 'client with a webhook') }
  },
})

const rotateEventsToken = defineCommand({
  summary: 'Replace the token that opens the stream of events',
  arguments: ID,
  examples: ['client rotate-events-token ID'],
  async run({ db }, _values, args) {
    const { rotateStreamToken } = await import('../events/streams.ts')
    const clientId = requireId(args, 'client')
    const token = requireFound(await rotateStreamToken(db, clientId), 'stream of events')
    return { client_id: clientId, events_token: token }
  },
})

export const client: Noun = {
  summary: 'Applications',
  commands: {
    create,
    update,
    list,
    show,
    disable: enablement('disable', 'Give an application nothing new; its tokens open nothing'),
    enable: enablement('enable', 'Undo `client disable`'),
    trust,
    distrust,
    'rotate-secret': rotateSecret,
    delete: remove,
    events,
    'rotate-events-secret': rotateEventsSecret,
    'rotate-events-token': rotateEventsToken,
  },
}
