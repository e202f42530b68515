import { defineCommand, getOption, type Noun, requireFound, requireId } from './command.ts'
import { withJobs } from './jobs.ts'

const load = () => import('../clients/tenants.ts')
const NAME = { '<name>': 'the name of the tenant' }

const list = defineCommand({
  isReadOnly: true,
  summary: 'List the tenants',
  examples: ['tenant list'],
  run: async ({ db }) => (await load()).listTenants(db),
})

const show = defineCommand({
  isReadOnly: true,
  summary: 'Show a tenant',
  arguments: NAME,
  examples: ['tenant show acme'],
  async run({ db }, _values, args) {
    const { findTenant } = await load()
    return requireFound(await findTenant(db, requireId(args, 'tenant')), 'tenant')
  },
})

const set = defineCommand({
  summary: 'Change the display name of a tenant, or whether it is trusted',
  arguments: NAME,
  options: {
    'display-name': { value: 'name', text: 'what residents read' },
    trusted: {
      value: 'yes|no',
      text: 'whether its verifications count for residents who linked them',
      choices: ['yes', 'no'],
    },
  },
  examples: ['tenant set acme --display-name "Acme Brokers" --trusted yes'],
  run: ({ db, config, log }, values, args) =>
    withJobs({ config, log }, async (jobs) => {
      const { setTenant } = await load()
      const { scheduleTenantAnnouncement } = await import('../id-verification/subjects.ts')
      const name = requireId(args, 'tenant')
      const trusted = getOption(values, 'trusted')
      return await db.begin(async (sql) => {
        const change = {
          displayName: getOption(values, 'display-name'),
          isTrusted: trusted === undefined ? undefined : trusted === 'yes',
        }
        const { tenant, hasTrustChanged } = requireFound(
          await setTenant(sql, name, change),
          'tenant',
        )
        if (hasTrustChanged) {
          log.info('tenant trust changed', { tenant: name, isTrusted: tenant.isTrusted })
          await scheduleTenantAnnouncement(sql, jobs, name)
        }
        return tenant
      })
    }),
})

export const tenant: Noun = { summary: 'Tenants', commands: { list, show, set } }
