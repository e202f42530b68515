import { isReason, MAX_REASONS, REASONS } from '../id-verification/vendors/reasons/reason.ts'
import { VERIFIERS } from '../id-verification/vendors/vendor-names.ts'
import { OperatorError } from '../platform/errors.ts'
import {
  defineCommand,
  getList,
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
/** As `CAPTURE_STEPS`, which help does not load. */
const CAPTURE_STEPS = ['document_front', 'document_back', 'selfie', 'details'] as const
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
  summary: 'Show a verification with its decisions, images and what was stated',
  arguments: ID,
  examples: ['verification show ID'],
  async run({ db, vault }, _values, args) {
    const { findVerification } = await load()
    const { findErased } = await import('../id-verification/retention.ts')
    const { findStatement } = await import('../id-verification/review.ts')
    const id = requireId(args, 'verification')
    const found = await findVerification(db, id)
    const { accountId = null } = found ?? {}
    const stated = found && (await findStatement(db, vault, { id, accountId }))
    const verification = requireFound(found ?? (await findErased(db, id)), 'verification')
    const shown = stated ? { ...verification, ...stated } : verification
    return await showPersons(db, 'verification', [ofVerification(verification)], shown)
  },
})

const photos = defineCommand({
  summary: 'Save the photos of a verification to a new folder, to review them',
  arguments: ID,
  options: { out: { value: 'folder', text: 'that only you can read', required: true } },
  examples: ['verification photos ID --out /tmp/review'],
  async run({ db, storage }, values, args) {
    const { findVerification } = await load()
    const { listReviewedPhotos } = await import('../id-verification/captures.ts')
    const { mkdir, writeFile } = await import('node:fs/promises')
    const { join } = await import('node:path')
    const out = requireOption(values, 'out')
    const verification = requireFound(
      await findVerification(db, requireId(args, 'verification')),
      'verification',
    )
    const found = await listReviewedPhotos(db, verification.id)
    await mkdir(out, { mode: 0o700 }).catch((cause: unknown) => {
      throw new OperatorError(`${out} cannot be made: choose a folder that is not there.`, {
        cause,
      })
    })
    // Recorded before anybody can look at them.
    const files = await showPersons(db, 'verification', [ofVerification(verification)], found)
    for (const { name, key } of files)
      await writeFile(join(out, name), await storage.get(key), { mode: 0o600, flag: 'wx' })
    return { id: verification.id, files: files.map(({ name }) => join(out, name)) }
  },
})

const review = defineCommand({
  summary: 'Decide whether an approved document counts for its account',
  arguments: ID,
  options: {
    accept: { text: 'it counts; of manual: it is approved, as stated' },
    reject: { text: 'it does not count; of manual: it is declined' },
    again: {
      value: 'step',
      text: 'of manual: the resident repeats this step',
      isList: true,
      choices: CAPTURE_STEPS,
    },
    reason: { value: 'text', text: '3 to 200 characters that name no person', required: true },
    tell: {
      value: 'reason',
      text: 'what the resident is told in their language, with --reject; up to three',
      isList: true,
      choices: REASONS,
    },
  },
  examples: [
    'verification review ID --accept --reason "Name changed by marriage."',
    'verification review ID --reject --reason "Valid until March." --tell document-expired',
    'verification review ID --again document_front --reason "The number cannot be read."',
  ],
  async run({ db, vault }, values, args) {
    const { requestAgain, reviewVerification } = await import('../id-verification/review.ts')
    const id = requireId(args, 'verification')
    const again = getList(values, 'again') ?? []
    const asked = CAPTURE_STEPS.filter((step) => again.includes(step))
    if (
      [values.accept === true, values.reject === true, asked.length > 0].filter(Boolean).length !==
      1
    )
      throw new UsageError('a review is one of --accept, --reject and --again')
    const reason = requireOption(values, 'reason').trim()
    if (reason.length < 3 || reason.length > 200)
      throw new UsageError('--reason has 3 to 200 characters, and names no person')
    const reasons = getList(values, 'tell')?.filter(isReason)
    if (reasons && (values.reject !== true || reasons.length > MAX_REASONS))
      throw new UsageError(`--tell goes with --reject, and is given ${MAX_REASONS} times at most`)
    if (asked.length > 0) {
      requireFound(await requestAgain({ db, vault }, { id, asked, reason }), 'verification')
      return { id, asked }
    }
    const decision = values.accept ? 'accepted' : 'rejected'
    const given = { id, decision, reason, reasons } as const
    requireFound(await reviewVerification({ db, vault }, given), 'verification')
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
  commands: { start, list, show, photos, review, retry, erase },
}
