import { defineCommand, getOption, type Noun } from './command.ts'

const create = defineCommand({
  summary: 'Make a token with which applications register themselves (RFC 7591)',
  options: { days: { value: 'days', text: 'how long it can be used', default: '7' } },
  examples: ['registration-token create --days 1'],
  async run({ db }, values) {
    const { createInitialAccessToken } = await import('../oauth/registration.ts')
    return await createInitialAccessToken(db, {
      expiresInDays: Number(getOption(values, 'days')),
    })
  },
})

export const registrationToken: Noun = { summary: 'Self-registration', commands: { create } }
