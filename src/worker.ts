import { sealStoredAccounts } from './accounts/accounts.ts'
import { startLookMails } from './accounts/look-mails.ts'
import { deleteOldCodes } from './accounts/mail-codes.ts'
import { deleteOldLinks, startResetLinks } from './accounts/mail-links.ts'
import { sealStoredPersons } from './accounts/natural-person.ts'
import { deleteOldChallenges } from './accounts/passkeys.ts'
import { deleteOldPendingSignIns } from './accounts/second-step.ts'
import { deleteOldNotices } from './accounts/security-notices.ts'
import { deleteOldSignUps, startSignUpLinks } from './accounts/sign-up.ts'
import { deleteOldAttempts } from './accounts/throttle.ts'
import { findClientNames } from './clients/clients.ts'
import { fetchRegisteredLogo } from './clients/logo.ts'
import { openSubjectIdentifiers } from './clients/subject-identifiers.ts'
import { deleteEndedConsents } from './consents/consents.ts'
import type { AppContext } from './context.ts'
import { deleteOldInvitations } from './developers/invitations.ts'
import { deleteOldTryRuns } from './developers/try-runs.ts'
import { startSender } from './events/sender.ts'
import { deleteOldEvents, isEventDue } from './events/store.ts'
import { startBackup } from './id-verification/backup.ts'
import { destroyOldDeliveryKeys, sealStoredBodies } from './id-verification/deliveries.ts'
import {
  deleteOldReceipts,
  runDueErasures,
  startErasures,
} from './id-verification/erasure-requests.ts'
import { isDeliveryDue, startInbox } from './id-verification/inbox.ts'
import { deleteOldSubjectLinks } from './id-verification/links.ts'
import {
  isOutcomeDue,
  sendExpiryMails,
  startOutcomeMails,
} from './id-verification/outcome-mails.ts'
import { deleteOldExports, startExports } from './id-verification/own-exports.ts'
import { deleteOldPhoneLinks } from './id-verification/phone-links.ts'
import { logProgress } from './id-verification/progress.ts'
import { sealStoredReasons } from './id-verification/reasons.ts'
import { isCheckDue, startReconciler } from './id-verification/reconcile.ts'
import { runRetention, startErasureJobs } from './id-verification/retention.ts'
import { announceExpiredDocuments } from './id-verification/review.ts'
import { startTenantAnnouncements } from './id-verification/subjects.ts'
import { deleteOldUploads } from './id-verification/uploads.ts'
import { createTokenCache } from './id-verification/vendors/tokens.ts'
import { createHeadSigner, createProofSigner } from './ledger/heads.ts'
import { isEntryDue, startSequencer } from './ledger/sequencer.ts'
import { deleteExpired } from './oauth/expired.ts'
import { deliverLogout } from './oauth/logout.ts'
import { createEventSigner, createFindSubject } from './oauth/security-event-tokens.ts'
import { isStepDue } from './personas/state.ts'
import { startPersonas } from './personas/steps.ts'
import type { Db } from './platform/db.ts'
import { recordSuccess } from './platform/duties.ts'
import type { Jobs } from './platform/jobs.ts'
import { type Loop, startLoop } from './platform/loop.ts'
import { deleteOldMail, startMail } from './platform/mail.ts'
import { startPulse } from './platform/pulse.ts'
import { deleteOldRequests } from './request-log/store.ts'
import { deleteRetiredKeys, openKeyRing, rotateKeysOnSchedule } from './signing/key-ring.ts'
import { isOperatorActionDue, relayOperatorActions } from './web/security-events.ts'

/** The background work of one process: applies deliveries, backs up images, sends mails. Any number of processes may run it. */
export type Worker = {
  checkInbox(): void
  /** Begins nothing more at once, and resolves when what is under way has ended, as `Jobs.rest` does. */
  stop(): Promise<void>
}

const PERIOD_MS = 10 * 60_000
const PROGRESS_MS = 60_000

/** The functions that delete expired rows, run periodically. */
export const CLEAN_UPS: readonly ((db: Db) => Promise<unknown>)[] = [
  deleteExpired,
  deleteEndedConsents,
  deleteRetiredKeys,
  deleteOldAttempts,
  deleteOldLinks,
  deleteOldCodes,
  deleteOldSignUps,
  deleteOldInvitations,
  deleteOldSubjectLinks,
  deleteOldNotices,
  deleteOldChallenges,
  deleteOldPendingSignIns,
  deleteOldMail,
  deleteOldEvents,
  destroyOldDeliveryKeys,
  deleteOldPhoneLinks,
  deleteOldUploads,
  deleteOldReceipts,
  deleteOldRequests,
  deleteOldTryRuns,
]

/** Starts the work. The caller closes context and queue, after it has stopped. */
export async function startWorker(context: AppContext, jobs: Jobs): Promise<Worker> {
  const { config, db, storage, sealer, vault, outbound, readiness, log } = context
  const tokens = createTokenCache()
  const backup = await startBackup({ db, storage, sealer, tokens, vault, jobs, log })
  await startErasureJobs({ db, storage, sealer, tokens, jobs, log })
  await startTenantAnnouncements({ db, jobs })
  const ring = await openKeyRing(db, sealer, log)
  const subjects = await openSubjectIdentifiers(db, sealer)
  await jobs.work('notify-logout', 4, (notice) =>
    deliverLogout({ db, ring, subjects, outbound, log }, notice),
  )
  await jobs.work('fetch-logo', 1, ({ clientId }) => fetchRegisteredLogo(context, clientId))
  await startResetLinks({ db, sealer, vault, jobs, config, log })
  await startErasures({ ...context, jobs })
  await startExports({
    ...context,
    jobs,
    sign: createProofSigner(ring, 'resident-archive+jwt'),
  })
  await startSignUpLinks({ db, sealer, vault, jobs, config, log })
  const { senders, requeueing } = startSender({
    db,
    sealer,
    outbound,
    sign: createEventSigner(db, ring),
    findSubject: createFindSubject(db, subjects),
    log,
  })
  const sequencer = startSequencer({ db, log, sign: createHeadSigner(ring) })
  const lookMails = startLookMails({
    db,
    sealer,
    vault,
    jobs,
    config,
    log,
    namesOf: findClientNames,
  })
  const mail = await startMail({ db, sealer, jobs, log, mail: config.mail })
  const reconciler = await startReconciler({ db, sealer, tokens, vault, jobs, log })
  const outcomeMails = startOutcomeMails({ db, sealer, vault, jobs, config, log })
  const actions = relayOperatorActions(context)
  const personas = config.isSandbox ? startPersonas({ ...context, jobs }) : undefined
  const inbox = startInbox({ db, sealer, vault, jobs, log })
  const periodic = [
    startLoop({ event: 'stored values cannot be sealed', pauseMs: PERIOD_MS, log }, (stopping) =>
      sealStored(context, stopping),
    ),
    ...PERIODIC_WORK.map(([duty, event, work]) =>
      startLoop({ event, pauseMs: PERIOD_MS, firstAfterMs: PERIOD_MS, log }, async () => {
        await work(context, jobs)
        await recordSuccess(db, duty)
      }),
    ),
  ]
  const progress = startLoop(
    { event: 'progress unknown', pauseMs: PROGRESS_MS, firstAfterMs: PROGRESS_MS, log },
    () => logProgress({ db, log }),
  )
  const pulse = startPulse({ db, log }, [
    { isDue: isDeliveryDue, loops: [inbox] },
    { isDue: isEventDue, loops: senders },
    { isDue: isEntryDue, loops: [sequencer] },
    { isDue: isCheckDue, loops: [reconciler] },
    { isDue: isOutcomeDue, loops: [outcomeMails] },
    { isDue: isOperatorActionDue, loops: [actions] },
    ...(personas ? [{ isDue: isStepDue, loops: [personas] }] : []),
  ])
  // What runs whenever there is work, or every minute; periodic work may take long.
  const loops = [
    pulse,
    inbox,
    ...senders,
    requeueing,
    sequencer,
    lookMails,
    reconciler,
    outcomeMails,
    actions,
    progress,
    ...(personas ? [personas] : []),
  ]
  // A process that also serves requests can do so without its worker.
  const isRequired = config.role === 'worker'
  readiness.add('work', async () => requireRunning(loops, jobs), { isRequired })
  return {
    checkInbox: () => inbox.runNow(),
    async stop() {
      const stopping = [...loops, ...periodic, backup].map((each) => each.stop())
      await Promise.all([jobs.rest(), ...stopping])
      ring.close()
      mail.close()
    },
  }
}

function requireRunning(loops: readonly Loop[], jobs: Jobs): void {
  if (!jobs.isPolling() || loops.some((loop) => loop.isStalled()))
    throw new Error('background work does not go on')
}

/** Work that runs every `PERIOD_MS`, with the name under which its success is recorded, and the log event of its failure. */
const PERIODIC_WORK: readonly [
  duty: string,
  event: string,
  work: (context: AppContext, jobs: Jobs) => Promise<unknown>,
][] = [
  ['key-rotation', 'key rotation failed', rotateDueKeys],
  ['retention', 'retention failed', ({ db, log }, jobs) => runRetention({ db, jobs, log })],
  [
    'document-expiry',
    'expired documents cannot be announced',
    async (context, jobs) => {
      await announceExpiredDocuments(context.db)
      await sendExpiryMails({ ...context, jobs })
    },
  ],
  [
    'erasures',
    'residents cannot be erased',
    (context, jobs) => runDueErasures({ ...context, jobs }),
  ],
  ['exports', 'old exports cannot be deleted', (context) => deleteOldExports(context)],
  ['clean-up', 'clean-up failed', ({ db }) => Promise.all(CLEAN_UPS.map((remove) => remove(db)))],
]

async function rotateDueKeys({ db, sealer, security }: AppContext): Promise<void> {
  if (await rotateKeysOnSchedule(db, sealer)) security.emit('keys_rotated')
}

/** Seals what an earlier version stored in the clear, after every owner has a key. Each batch is a transaction, so a restart continues. */
async function sealStored({ db, vault }: AppContext, stopping: AbortSignal): Promise<void> {
  await vault.createMissingKeys(() => stopping.aborted)
  for (const sealBatch of [
    sealStoredAccounts,
    sealStoredBodies,
    sealStoredPersons,
    sealStoredReasons,
  ])
    for (let sealed = 1; sealed > 0 && !stopping.aborted; ) sealed = await sealBatch(db, vault)
}
