import type { AlertOfResidents } from '../id-verification/alert-resolution.ts'
import {
  defineCommand,
  getOption,
  joinChoices,
  type Noun,
  requireFound,
  requireId,
  requireOption,
  UsageError,
} from './command.ts'
import { showPersons } from './persons.ts'

const load = () => import('../id-verification/alert-resolution.ts')
const STATUSES = ['open', 'resolved'] as const

/** The residents whom an alert concerns, or the verification of somebody who is none; nobody for forged deliveries. */
function ofAlert({ alert, accountIds }: AlertOfResidents) {
  const { verificationId } = alert
  if (verificationId === null) return []
  return (accountIds.length > 0 ? accountIds : [undefined]).map((accountId) => ({
    accountId,
    verificationId,
  }))
}

const list = defineCommand({
  isReadOnly: true,
  summary: 'List the newest 500 alerts, of every tenant',
  options: {
    status: { value: 'status', text: joinChoices(STATUSES), choices: STATUSES },
  },
  examples: ['alert list --status open', 'alert list --json'],
  columns: [
    ...['id', 'type', 'severity', 'status', 'tenant', 'verificationId', 'relatedVerificationId'],
    ...['integration', 'count', 'createdAt'],
  ],
  async run({ db, vault, sealer }, values) {
    const { listAlerts } = await load()
    const status = STATUSES.find((each) => each === getOption(values, 'status'))
    const found = await listAlerts(db, { vault, sealer }, { status })
    const alerts = found.map(({ alert }) => alert)
    return await showPersons(db, 'alert', found.flatMap(ofAlert), alerts)
  },
})

const resolve = defineCommand({
  summary: 'Resolve an alert',
  arguments: { '<id>': 'the id of the alert' },
  options: {
    reason: { value: 'text', text: '1 to 500 characters; its tenant reads them', required: true },
  },
  examples: ['alert resolve ID --reason "The same person, registered twice."'],
  async run({ db, vault, sealer }, values, args) {
    const { resolveAlert } = await load()
    const { disclose } = await import('../ledger/disclosure.ts')
    const { isDisplayable } = await import('../web/displayed-text.ts')
    const { OperatorError } = await import('../platform/errors.ts')
    const id = requireId(args, 'alert')
    const reason = requireOption(values, 'reason').trim()
    if (reason.length < 1 || reason.length > 500 || !isDisplayable(reason))
      throw new UsageError('--reason is one line of 1 to 500 printable characters')
    return await db.begin(async (sql) => {
      const resolved = requireFound(
        await resolveAlert(sql, { vault, sealer }, { id, reason }),
        'alert',
      )
      if (resolved === 'resolved') throw new OperatorError('This alert is resolved already.')
      const detail = { what: 'alert-resolution' } as const
      const persons = ofAlert(resolved)
      // One row also where it is about nobody.
      const entries = (persons.length > 0 ? persons : [{}]).map((of) => ({ detail, ...of }))
      return await disclose(sql, entries, () => resolved.alert)
    })
  },
})

export const alert: Noun = {
  summary: 'What the portal noticed and somebody should look at',
  commands: { list, resolve },
}
