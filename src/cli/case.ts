import {
  defineCommand,
  type Noun,
  requireFound,
  requireId,
  requireOption,
  UsageError,
} from './command.ts'
import { withJobs } from './jobs.ts'
import { ofAccount, showPersons } from './persons.ts'

const load = () => import('../accounts/cases.ts')
const ID = { '<id>': 'the id of the case' }
const MAX_CHARACTERS = 2_000

const list = defineCommand({
  isReadOnly: true,
  summary: 'List the open reports of sign-ins, consents and entries',
  options: { all: { text: 'closed ones too' } },
  examples: ['case list', 'case list --all --json'],
  columns: [
    'id',
    'kind',
    'state',
    'accountId',
    'clientId',
    'entryId',
    'frozen',
    'openedAt',
    'answeredAt',
  ],
  run: async ({ db }, values) => (await load()).listCases(db, { closed: values.all === true }),
})

const show = defineCommand({
  isReadOnly: true,
  summary: 'Show a report, with what the resident wrote and what was answered',
  arguments: ID,
  examples: ['case show ID'],
  async run({ db, vault }, _values, args) {
    const { findCase } = await load()
    const found = requireFound(await findCase(db, vault, requireId(args, 'case')), 'case')
    return await showPersons(db, 'case', [ofAccount(found.accountId)], found)
  },
})

const answer = defineCommand({
  summary: 'Answer the report of an entry; the resident gets the answer by mail and on the page',
  arguments: ID,
  options: {
    text: {
      value: 'text',
      text: 'the answer, 1 to 2000 characters; it replaces an earlier one',
      required: true,
    },
  },
  examples: ['case answer ID --text "The bank renewed its check of your card, as its terms say."'],
  run: ({ db, sealer, vault, config, log }, values, args) =>
    withJobs({ config, log }, async (jobs) => {
      const { answerCase } = await load()
      const { findAccount } = await import('../accounts/accounts.ts')
      const { caseAnsweredMail, sendLetter } = await import('../accounts/mails.ts')
      const { findIssuer } = await import('../platform/issuer.ts')
      const { isDisplayable } = await import('../web/displayed-text.ts')
      const { OperatorError } = await import('../platform/errors.ts')
      const id = requireId(args, 'case')
      const text = requireOption(values, 'text').trim()
      if (text.length < 1 || text.length > MAX_CHARACTERS || !isDisplayable(text))
        throw new UsageError(`--text is one line of 1 to ${MAX_CHARACTERS} printable characters`)
      const issuer = (await findIssuer(db)) ?? ''
      return await db.begin(async (sql) => {
        const answered = requireFound(
          await answerCase(sql, vault, { id, answer: text }),
          'report of an entry',
        )
        if (answered === 'closed') throw new OperatorError('This report is closed.')
        const account = requireFound(await findAccount(sql, vault, answered.accountId), 'resident')
        const page = `${issuer}/activity/${answered.entryId}/unexpected`
        const mail = caseAnsweredMail({ answer: text, page })
        await sendLetter(sql, { jobs, sealer, config }, account, mail)
        return answered
      })
    }),
})

const close = defineCommand({
  summary: 'Close a report',
  arguments: ID,
  examples: ['case close ID'],
  async run({ db }, _values, args) {
    const { closeCase } = await load()
    return requireFound(await closeCase(db, requireId(args, 'case')), 'case')
  },
})

export const securityCase: Noun = {
  summary: 'Reports of residents',
  commands: { list, show, answer, close },
}
