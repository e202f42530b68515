import { defineCommand, type Noun, requireFound, requireId } from './command.ts'

const load = () => import('../accounts/security-notices.ts')

const list = defineCommand({
  isReadOnly: true,
  summary: 'List the open reports of residents: "This was not me"',
  options: { all: { text: 'closed ones too' } },
  examples: ['case list', 'case list --all --json'],
  run: async ({ db }, values) => (await load()).listCases(db, { closed: values.all === true }),
})

const close = defineCommand({
  summary: 'Close a report',
  arguments: { '<id>': 'the id of the case' },
  examples: ['case close ID'],
  async run({ db }, _values, args) {
    const { closeCase } = await load()
    return requireFound(await closeCase(db, requireId(args, 'case')), 'case')
  },
})

export const securityCase: Noun = { summary: 'Reports of residents', commands: { list, close } }
