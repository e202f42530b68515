import { OPERATOR_ROLES, type OperatorRole } from '../accounts/operator-roles.ts'
import { OperatorError } from '../platform/errors.ts'
import { defineCommand, type Noun, requireFound, requireId, requireOption } from './command.ts'
import { findResident, ofAccount, showPersons } from './persons.ts'

const load = () => import('../accounts/operators.ts')

const ACCOUNT = { '<id|email>': 'the id or the e-mail address of the account' }

const add = defineCommand({
  isOfPortal: true,
  summary: 'Let an account operate the portal, or give it another role',
  arguments: ACCOUNT,
  options: {
    role: {
      value: 'role',
      text: OPERATOR_ROLES.join(', '),
      choices: OPERATOR_ROLES,
      required: true,
    },
  },
  examples: ['operator add carla@example.test --role reviewer'],
  async run({ db, vault }, values, args) {
    const { grantRole } = await load()
    const { id } = await findResident({ db, vault }, requireId(args, 'account'))
    // One of the choices.
    const role = requireOption(values, 'role') as OperatorRole
    await db.begin((sql) => grantRole(sql, { accountId: id, role, grantedBy: null }))
    return { id, role }
  },
})

const list = defineCommand({
  isOfPortal: true,
  isReadOnly: true,
  summary: 'List the operators',
  examples: ['operator list'],
  async run({ db, vault }) {
    const { findAccount } = await import('../accounts/accounts.ts')
    const operators = await (await load()).listOperators(db)
    const shown = await Promise.all(
      operators.map(async ({ accountId, ...rest }) => ({
        id: accountId,
        email: (await findAccount(db, vault, accountId))?.email ?? '',
        ...rest,
      })),
    )
    return await showPersons(
      db,
      'resident',
      shown.map(({ id }) => ofAccount(id)),
      shown,
    )
  },
})

const remove = defineCommand({
  isOfPortal: true,
  summary: 'Take the role of an operator away; the account stays',
  arguments: ACCOUNT,
  examples: ['operator remove carla@example.test'],
  async run({ db, vault }, _values, args) {
    const { removeOperator } = await load()
    const { id } = await findResident({ db, vault }, requireId(args, 'account'))
    requireFound(await removeOperator(db, id), 'operator')
    return { id, removed: true }
  },
})

const setup = defineCommand({
  isOfPortal: true,
  summary: 'Print a link that creates the first operator, for an hour; an earlier link ends',
  examples: ['operator setup'],
  async run({ db, issuer: configured }) {
    const { createSetupLink } = await load()
    const { findIssuer } = await import('../platform/issuer.ts')
    const issuer = configured ?? (await findIssuer(db))
    if (!issuer)
      throw new OperatorError('The address of the portal is not known yet: start it once.')
    const made = await createSetupLink(db, issuer)
    if (!made)
      throw new OperatorError(
        'There is an operator already. Add others: operator add EMAIL --role R',
      )
    return made
  },
})

export const operator: Noun = {
  summary: 'Operators',
  commands: { add, list, remove, setup },
}
