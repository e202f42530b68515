import { VERIFIERS } from '../id-verification/vendors/vendor-names.ts'
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
import { withJobs } from './jobs.ts'
import { findResident, ofVerification, showPersons } from './persons.ts'

const load = () => import('../id-verification/operations.ts')
const ID = { '<id>': 'the id of the verification' }

const start = defineCommand({
  summary: 'Start a session at a vendor; prints the address to send the resident to',
  options: {
    vendor: { value: 'vendor', text: joinChoices(VERIFIERS), required: true },
    resident: { value: 'id|email', text: 'who is verified', required: true },
    integration: { value: 'name', text: 'which integration of the vendor (default: default)' },
  },
  examples: ['verification start --vendor veriff --resident ana@example.test'],
  async run({ db, vault, sealer, issuer = 'http://localhost' }, values) {
    const { startWithVerifier } = await load()
    const resident = await findResident({ db, vault }, requireOption(values, 'resident'))
    return await startWithVerifier(
      { db, vault, sealer, issuer },
      {
        vendor: requireOption(values, 'vendor'),
        integration: getOption(values, 'integration'),
        accountId: resident.id,
      },
    )
  },
})

const list = defineCommand({
  isReadOnly: true,
  summary: 'List the newest 500 verifications',
  options: {
    review: {
      text: 'approved documents that do not fit their account, and uploads that people decide on',
    },
    refused: { text: 'those with an image that was refused' },
  },
  examples: ['verification list --review', 'verification list --json'],
  columns: [
    ...['id', 'vendor', 'tenant', 'status', 'accountId', 'imagesComplete', 'match', 'matchReview'],
    'sessionCreatedAt',
  ],
  async run({ db }, values) {
    const { listAllVerifications } = await load()
    const verifications = await listAllVerifications(db, {
      toReview: values.review === true,
      refused: values.refused === true,
    })
    return await showPersons(db, 'verification', verifications.map(ofVerification), verifications)
  },
})

const show = defineCommand({
  isReadOnly: true,
  summary: 'Show a verification with its decisions and images',
  arguments: ID,
  examples: ['verification show ID'],
  async run({ db }, _values, args) {
    const { findVerification } = await load()
    const { findErased } = await import('../id-verification/retention.ts')
    const id = requireId(args, 'verification')
    const verification = requireFound(
      (await findVerification(db, id)) ?? (await findErased(db, id)),
      'verification',
    )
    return await showPersons(db, 'verification', [ofVerification(verification)], verification)
  },
})

const review = defineCommand({
  summary: 'Decide whether an approved document counts for its account',
  arguments: ID,
  options: {
    accept: { text: 'it counts; of manual: it is approved' },
    reject: { text: 'it does not count; of manual: it is declined' },
    reason: { value: 'text', text: '3 to 200 characters that name no person', required: true },
  },
  examples: ['verification review ID --accept --reason "Name changed by marriage."'],
  async run({ db, vault }, values, args) {
    const { reviewVerification } = await import('../id-verification/review.ts')
    const id = requireId(args, 'verification')
    if ((values.accept === true) === (values.reject === true))
      throw new UsageError('a review is either --accept or --reject')
    const decision = values.accept ? 'accepted' : 'rejected'
    const reason = requireOption(values, 'reason').trim()
    if (reason.length < 3 || reason.length > 200)
      throw new UsageError('--reason has 3 to 200 characters, and names no person')
    requireFound(await reviewVerification({ db, vault }, { id, decision, reason }), 'verification')
    return { id, review: decision }
  },
})

const retry = defineCommand({
  summary: 'Fetch the decision or the missing images again',
  arguments: ID,
  examples: ['verification retry ID'],
  async run({ db, config, log }, _values, args) {
    const { retryVerification } = await load()
    const id = requireId(args, 'verification')
    await withJobs({ config, log }, async (jobs) => {
      requireFound(await retryVerification(db, jobs, id), 'verification at a vendor')
    })
    return { id, queued: true }
  },
})

const erase = defineCommand({
  summary: 'Erase a verification with its images, at the vendor too',
  arguments: ID,
  examples: ['verification erase ID'],
  run: ({ db, config, log }, _values, args) =>
    withJobs({ config, log }, async (jobs) => {
      const { eraseVerification } = await import('../id-verification/retention.ts')
      const id = requireId(args, 'verification')
      requireFound(await eraseVerification({ db, jobs }, id, 'operator'), 'verification')
      return { id, erased: true }
    }),
})

export const verification: Noun = {
  summary: 'Verifications',
  commands: { start, list, show, review, retry, erase },
}
