import { VENDORS } from '../id-verification/vendors/vendor-names.ts'
import {
  defineCommand,
  getList,
  getOption,
  joinChoices,
  type Noun,
  requireId,
  requireOption,
} from './command.ts'
import { readSecret } from './input.ts'

const load = () => import('../id-verification/vendors/vendors.ts')

const set = defineCommand({
  summary: 'Add or change the integration of a vendor; what is not given stays',
  arguments: { '<vendor>': joinChoices(VENDORS) },
  options: {
    'base-url': { value: 'url', text: "where the vendor's API is", required: true },
    'api-key': { value: 'key', text: 'the API key or client id' },
    'secret-stdin': { text: 'read the secret from standard input; the one before stays good' },
    'webhook-secret-stdin': { text: 'read the secret of webhooks from standard input' },
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
    name: { value: 'name', text: 'the name of the integration (default: default)' },
    tenant: { value: 'name', text: 'whose integration it is (default: default)' },
  },
  examples: [
    'printf %s "$SECRET" | vendor set veriff --base-url https://vendor.example --api-key KEY --secret-stdin',
    'vendor set veriff --base-url https://vendor.example --retain declined=30',
  ],
  async run({ db, sealer }, values, args) {
    const { setVendorIntegration } = await load()
    const { setRetention } = await import('../id-verification/retention.ts')
    const summary = await setVendorIntegration(db, sealer, {
      vendor: requireId(args, 'vendor'),
      name: getOption(values, 'name'),
      tenant: getOption(values, 'tenant'),
      baseUrl: requireOption(values, 'base-url'),
      apiKey: getOption(values, 'api-key'),
      secret: values['secret-stdin'] ? await readSecret() : undefined,
      webhookSecret: values['webhook-secret-stdin'] ? await readSecret() : undefined,
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
  run: async ({ db }) => (await load()).listVendorIntegrations(db),
})

export const vendor: Noun = { summary: 'Vendors', commands: { set, list } }
