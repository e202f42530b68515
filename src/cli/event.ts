import {
  defineCommand,
  getOption,
  type Noun,
  requireFound,
  requireId,
  requireOption,
  UsageError,
} from './command.ts'
import { showPersons } from './persons.ts'

const load = () => import('../events/store.ts')
const ID = { '<id>': 'the id of the event' }

const ofEvent = (event: { accountId: string | null; verificationId: string | null }) =>
  event.accountId || event.verificationId
    ? [
        {
          accountId: event.accountId ?? undefined,
          verificationId: event.verificationId ?? undefined,
        },
      ]
    : []

const list = defineCommand({
  isReadOnly: true,
  summary: 'List the newest 500 events for applications',
  options: {
    client: { value: 'id', text: 'of this application alone' },
    undelivered: { text: 'those that have not arrived' },
  },
  examples: ['event list --undelivered', 'event list --client ID --json'],
  columns: ['id', 'clientId', 'kind', 'state', 'tries', 'occurredAt', 'lastOutcome', 'answer'],
  async run({ db }, values) {
    const { listEvents } = await load()
    const { findClient } = await import('../clients/clients.ts')
    const clientId = getOption(values, 'client')
    const events = await listEvents(db, { clientId, undelivered: values.undelivered === true })
    // Erasures stay when their client is deleted.
    if (clientId && events.length === 0) requireFound(await findClient(db, clientId), 'client')
    return await showPersons(db, 'event', events.flatMap(ofEvent), events)
  },
})

const show = defineCommand({
  isReadOnly: true,
  summary: 'Show an event with its attempts',
  arguments: ID,
  examples: ['event show ID'],
  async run({ db }, _values, args) {
    const { findEvent } = await load()
    const event = requireFound(await findEvent(db, requireId(args, 'event')), 'event')
    return await showPersons(db, 'event', ofEvent(event), event)
  },
})

const replay = defineCommand({
  summary: 'Send an event again',
  arguments: ID,
  examples: ['event replay ID'],
  async run({ db }, _values, args) {
    const { replayEvent } = await load()
    const id = requireId(args, 'event')
    requireFound(await replayEvent(db, id), 'event')
    return { id, state: 'pending' }
  },
})

const answer = defineCommand({
  summary: 'Record what became of the copies that an application was to erase',
  arguments: ID,
  options: {
    outcome: { value: 'outcome', text: 'erased, kept or nothing-held', required: true },
    reason: { value: 'text', text: 'why copies were kept; required with kept' },
  },
  examples: [
    'event answer ID --outcome erased',
    'event answer ID --outcome kept --reason "Kept for seven years by law."',
  ],
  async run({ db }, values, args) {
    const { ERASURE_ANSWERS, findEvent, recordAnswer } = await load()
    const id = requireId(args, 'event')
    const outcome = ERASURE_ANSWERS.find((each) => each === getOption(values, 'outcome'))
    if (!outcome) throw new UsageError(`--outcome is one of ${ERASURE_ANSWERS.join(', ')}`)
    const event = requireFound(await findEvent(db, id), 'event')
    const reason =
      outcome === 'kept' ? requireOption(values, 'reason') : getOption(values, 'reason')
    const isRecorded = await recordAnswer(db, undefined, event.id, { outcome, reason })
    requireFound(isRecorded, 'erasure to answer')
    return await showPersons(db, 'event', ofEvent(event), await findEvent(db, id))
  },
})

const sendTest = defineCommand({
  summary: 'Send an event that is about nobody',
  arguments: { '<client>': 'the id of the client' },
  examples: ['event test CLIENT'],
  async run({ db }, _values, args) {
    const { announceTest } = await import('../events/events.ts')
    const id = requireFound(await announceTest(db, requireId(args, 'client')), 'stream of events')
    return { id, state: 'pending' }
  },
})

export const event: Noun = {
  summary: 'Events for applications',
  commands: { list, show, replay, answer, test: sendTest },
}
