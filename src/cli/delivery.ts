import { defineCommand, type Noun, requireFound, requireId } from './command.ts'
import { ofVerification, showPersons } from './persons.ts'

const load = () => import('../id-verification/operations.ts')
const ID = { '<id>': 'the id of the delivery' }

const list = defineCommand({
  isReadOnly: true,
  summary: "List the newest 500 of the vendors' deliveries",
  options: { failed: { text: 'those that were not applied' } },
  examples: ['delivery list --failed'],
  columns: ['id', 'vendor', 'state', 'tries', 'receivedAt', 'verificationId', 'explanation'],
  run: async ({ db }, values) =>
    (await load()).listDeliveries(db, { failed: values.failed === true }),
})

const show = defineCommand({
  isReadOnly: true,
  summary: 'Show what became of a delivery, and why',
  arguments: ID,
  examples: ['delivery show ID'],
  async run({ db }, _values, args) {
    const { findDelivery, findVerification } = await load()
    const delivery = requireFound(await findDelivery(db, requireId(args, 'delivery')), 'delivery')
    const verification = await findVerification(db, delivery.verificationId ?? '')
    const persons = verification ? [ofVerification(verification)] : []
    return await showPersons(db, 'delivery', persons, delivery)
  },
})

const replay = defineCommand({
  summary: 'Apply a delivery again',
  arguments: ID,
  examples: ['delivery replay ID'],
  async run({ db }, _values, args) {
    const { replayDelivery } = await load()
    const id = requireId(args, 'delivery')
    requireFound(await replayDelivery(db, id), 'delivery')
    return { id, state: 'received' }
  },
})

export const delivery: Noun = { summary: 'Deliveries of vendors', commands: { list, show, replay } }
