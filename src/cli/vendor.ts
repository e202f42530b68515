import { MANUAL, VENDORS, VERIFIERS } from '../id-verification/vendors/vendor-names.ts'
import {
  defineCommand,
  getList,
  getOption,
  joinChoices,
  type Noun,
  requireId,
  requireOption,
  UsageError,
  type Values,
} from './command.ts'
import { readSecrets } from './input.ts'

const NAME = { value: 'name', text: 'the name of the integration (default: default)' }
const KEEP_DAYS = {
  value: 'days',
  text: 'how long deliveries may carry what is replaced',
  default: '7',
}
const VENDOR = { '<vendor>': joinChoices(VENDORS) }
const SECRETS = {
  'api-key': { value: 'key', text: 'the API key or client id' },
  'api-key-stdin': { text: 'read the API key from standard input' },
  'secret-stdin': { text: 'read the secret from standard input' },
  'webhook-secret-stdin': {
    text: 'read the secret of webhooks from standard input; of several, each on a line, in this order',
  },
}

const load = () => import('../id-verification/vendors/vendors.ts')
const loadOrder = () => import('../id-verification/vendors/vendor-order.ts')

const set = defineCommand({
  summary: 'Add or change the integration of a vendor; what is not given stays',
  arguments: { '<vendor>': joinChoices(VERIFIERS) },
  options: {
    'base-url': {
      value: 'url',
      text: "where the vendor's API is; manual, which is no service, has none",
    },
    ...SECRETS,
    'keep-days': KEEP_DAYS,
    setting: {
      value: 'name=value',
      isList: true,
      text: 'a setting of docs/vendors.md; `name=` removes it',
    },
    retain: {
      value: 'purpose=days',
      isList: true,
      text: 'how long approved, declined, unfinished or delivery is kept',
    },
    name: NAME,
    tenant: { value: 'name', text: 'whose integration it is (default: default)' },
  },
  examples: [
    'printf %s "$SECRET" | vendor set veriff --base-url https://vendor.example --api-key KEY --secret-stdin',
    'vendor set veriff --base-url https://vendor.example --retain declined=30',
    'vendor set manual --name acme --tenant acme',
  ],
  async run({ db, sealer }, values, args) {
    const { setVendorIntegration } = await load()
    const { setRetention } = await import('../id-verification/retention.ts')
    const vendor = requireId(args, 'vendor')
    const baseUrl =
      vendor === MANUAL ? getOption(values, 'base-url') : requireOption(values, 'base-url')
    const summary = await setVendorIntegration(db, sealer, {
      vendor,
      name: getOption(values, 'name'),
      tenant: getOption(values, 'tenant'),
      baseUrl,
      ...(await readCredentials(values)),
      keepDays: readDays(values),
      settings: getList(values, 'setting'),
    })
    const retain = getList(values, 'retain')
    if (retain) await setRetention(db, summary, retain)
    return summary
  },
})

const list = defineCommand({
  isReadOnly: true,
  summary: 'List the integrations; secrets are never shown',
  examples: ['vendor list'],
  async run({ db, sealer }) {
    const { listVendorIntegrations } = await load()
    const offered = await (await loadOrder()).listOfferedVerifiers(db)
    return (await listVendorIntegrations(db, sealer)).map((each) => ({
      ...each,
      /** The place in the order in which residents are verified by them; 0 is none. */
      order:
        offered.findIndex(
          ({ vendor, integration }) => vendor === each.vendor && integration === each.name,
        ) + 1,
    }))
  },
})

const health = defineCommand({
  isReadOnly: true,
  summary: 'Show how the deliveries and images of each integration are doing',
  options: { tenant: { value: 'name', text: 'the integrations of this tenant' } },
  examples: ['vendor health', 'vendor health --tenant acme'],
  columns: [
    'vendor',
    'name',
    'lastDeliveryAt',
    'deliveriesWaiting',
    'deliveriesFailed',
    'imagesWaiting',
    'imagesRefused',
    'undecided',
    'refusedHosts',
  ],
  async run({ db }, values) {
    const { listVendorHealth } = await import('../id-verification/vendor-health.ts')
    return await listVendorHealth(db, { tenant: getOption(values, 'tenant') })
  },
})

const addNext = defineCommand({
  summary:
    'Store the secrets that the vendor will use next; they are valid beside the current ones',
  arguments: VENDOR,
  options: { ...SECRETS, name: NAME },
  examples: ['printf %s "$SECRET" | vendor add-next veriff --secret-stdin'],
  async run({ db, sealer }, values, args) {
    const { addNextCredentials } = await load()
    return await addNextCredentials(db, sealer, {
      vendor: requireId(args, 'vendor'),
      name: getOption(values, 'name'),
      ...(await readCredentials(values)),
    })
  },
})

const useNext = defineCommand({
  summary: 'Make the next secrets the current ones, after the vendor has changed to them',
  arguments: VENDOR,
  options: { 'keep-days': KEEP_DAYS, name: NAME },
  examples: ['vendor use-next veriff'],
  async run({ db, sealer }, values, args) {
    const { useNextCredentials } = await load()
    return await useNextCredentials(db, sealer, {
      vendor: requireId(args, 'vendor'),
      name: getOption(values, 'name'),
      keepDays: readDays(values),
    })
  },
})

const drop = (which: 'next' | 'previous', summary: string) =>
  defineCommand({
    summary,
    arguments: VENDOR,
    options: { name: NAME },
    examples: [`vendor drop-${which} veriff`],
    async run({ db, sealer }, values, args) {
      const { dropCredentials } = await load()
      const vendor = requireId(args, 'vendor')
      return await dropCredentials(db, sealer, { vendor, name: getOption(values, 'name'), which })
    },
  })

const order = defineCommand({
  summary: 'Set which integrations verify residents, the first that can start a session',
  arguments: {
    '<order>':
      'vendor or vendor/name, with commas between; none: residents cannot start; default: all',
  },
  examples: ['vendor order veriff,kora,manual', 'vendor order none'],
  async run({ db, log }, _values, [given]) {
    const { listOfferedVerifiers, setVendorOrder } = await loadOrder()
    if (!given) throw new UsageError('which integrations, in which order?')
    await setVendorOrder(db, given)
    log.info('vendor order set', { order: given })
    return await listOfferedVerifiers(db)
  },
})

/** The credentials of the options, and of standard input. */
async function readCredentials(values: Values<keyof typeof SECRETS>) {
  const apiKey = getOption(values, 'api-key')
  if (apiKey !== undefined && values['api-key-stdin'])
    throw new UsageError('give the API key once: --api-key or --api-key-stdin')
  const read = await readSecrets([
    ...(values['api-key-stdin'] ? (['API key'] as const) : []),
    ...(values['secret-stdin'] ? (['secret'] as const) : []),
    ...(values['webhook-secret-stdin'] ? (['secret of webhooks'] as const) : []),
  ])
  return {
    apiKey: apiKey ?? read['API key'],
    secret: read.secret,
    webhookSecret: read['secret of webhooks'],
  }
}

function readDays(values: Values<'keep-days'>): number {
  const days = getOption(values, 'keep-days') ?? ''
  if (!/^\d{1,3}$/.test(days)) throw new UsageError('--keep-days must be a number of days')
  return Number(days)
}

export const vendor: Noun = {
  summary: 'Vendors',
  commands: {
    set,
    list,
    health,
    order,
    'add-next': addNext,
    'use-next': useNext,
    'drop-next': drop('next', 'Remove the next secrets'),
    'drop-previous': drop('previous', 'Remove the previous secrets now'),
  },
}
