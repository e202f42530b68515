import { OperatorError } from '../platform/errors.ts'
import { listPolicies, setPolicy } from '../platform/policies.ts'
import { defineCommand, type Noun, UsageError } from './command.ts'

const list = defineCommand({
  isReadOnly: true,
  summary: 'List the policies, their values and choices',
  examples: ['policy list'],
  run: ({ db }) => listPolicies(db),
})

const OF_RESIDENTS = ['mfa', 'sign-up', 'developers']

const set = defineCommand({
  summary: 'Set a policy',
  arguments: {
    '<policy>': 'its name: `policy list` shows all',
    '<value>': 'one of its choices, which `policy list` shows; the first is the default',
  },
  examples: ['policy set mfa required', 'policy set sign-up invitation'],
  async run({ db, config, log }, _values, [name, value]) {
    if (!name || !value) throw new UsageError('which policy, and which value? See `policy list`')
    if (config.isSandbox && OF_RESIDENTS.includes(name))
      throw new OperatorError(
        `The sandbox has no policy ${name}: nobody signs up there, and a persona has no password.`,
      )
    await setPolicy(db, name, value)
    // What it changed for applications is announced to them.
    if (name === 'expired-documents') {
      const { announceExpiryPolicy } = await import('../id-verification/review.ts')
      await announceExpiryPolicy(db)
    }
    log.info('policy set', { policy: name, value })
    return { name, value }
  },
})

export const policy: Noun = { summary: 'Policies', commands: { list, set } }
