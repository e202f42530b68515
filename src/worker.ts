import { sealStoredAccounts } from './accounts/accounts.ts'
import { deleteOldLinks, startResetLinks } from './accounts/mail-links.ts'
import { sealStoredPersons } from './accounts/natural-person.ts'
import { deleteOldChallenges } from './accounts/passkeys.ts'
import { deleteOldPendingSignIns } from './accounts/second-step.ts'
import { deleteOldNotices } from './accounts/security-notices.ts'
import type { Db } from './db.ts'
import { startSender } from './events/sender.ts'
import { deleteOldEvents } from './events/store.ts'
import { startBackup } from './id-verification/backup.ts'
import { destroyOldDeliveryKeys, sealStoredBodies } from './id-verification/deliveries.ts'
import { startInbox } from './id-verification/inbox.ts'
import { deleteOldSubjectLinks } from './id-verification/links.ts'
import { logProgress } from './id-verification/progress.ts'
import { sealStoredReasons } from './id-verification/reasons.ts'
import { startReconciling } from './id-verification/reconcile.ts'
import { runRetention, startErasing } from './id-verification/retention.ts'
import { announceExpiredDocuments } from './id-verification/review.ts'
import { startAnnouncingTenants } from './id-verification/subjects.ts'
import type { Jobs } from './jobs.ts'
import { startSequencer } from './ledger/sequencer.ts'
import { deleteOldMail, startMail } from './mail.ts'
import { fetchRegisteredLogo } from './oauth/client-logo.ts'
import { deleteExpired } from './oauth/expired.ts'
import { openKeyRing, rotateKeysOnSchedule } from './oauth/keys.ts'
import { createHeadSigner } from './oauth/ledger-heads.ts'
import { deliverLogout } from './oauth/logout.ts'
import { createEventSigner, createFindSubject } from './oauth/security-event-tokens.ts'
import { openSubjectIdentifiers } from './oauth/subject-identifiers.ts'
import type { Parts } from './parts.ts'
import { relayOperatorActions } from './security-events.ts'

/** The background work of one process: deliveries applied, images backed up, mails sent. Any number may run. */
export type Worker = { wake(): void; stop(): Promise<void> }

const CLEAN_UP_MS = 10 * 60_000
const PROGRESS_MS = 60_000

/** What deletes, now and then, what has had its time. */
export const CLEAN_UPS: readonly ((db: Db) => Promise<unknown>)[] = [
  deleteExpired,
  deleteOldLinks,
  deleteOldSubjectLinks,
  deleteOldNotices,
  deleteOldChallenges,
  deleteOldPendingSignIns,
  deleteOldMail,
  deleteOldEvents,
  destroyOldDeliveryKeys,
]

/** Starts it; `stop` takes no more, and what is running is finished by the queue's own stop. Both stay the caller's to close. */
export async function startWorker(parts: Parts, jobs: Jobs): Promise<Worker> {
  const { db, storage, sealer, vault, log, runtime } = parts
  const backup = await startBackup({ db, storage, sealer, jobs, log })
  await startErasing({ db, storage, sealer, jobs, log })
  await startAnnouncingTenants({ db, jobs })
  const ring = await openKeyRing(db, sealer, log)
  const subjects = await openSubjectIdentifiers(db, sealer)
  await jobs.work('notify-logout', 4, (notice) =>
    deliverLogout({ db, ring, subjects, outbound: parts.outbound, log }, notice),
  )
  await jobs.work('fetch-logo', 1, ({ clientId }) => fetchRegisteredLogo(parts, clientId))
  await startResetLinks({ db, sealer, vault, jobs, log })
  const sender = startSender({
    db,
    sealer,
    outbound: parts.outbound,
    sign: createEventSigner(db, ring),
    findSubject: createFindSubject(db, subjects),
    log,
  })
  const sequencer = startSequencer({ db, log, sign: createHeadSigner(ring) })
  const mail = await startMail({ db, sealer, jobs, log, mail: runtime.mail })
  const reconciler = await startReconciling({ db, sealer, vault, jobs, log })
  const actions = relayOperatorActions(parts)
  const inbox = startInbox({ db, sealer, vault, jobs, log })
  const sealing = createSealing({ db, vault, log })
  sealing.run()
  const telling = setInterval(() => {
    logProgress({ db, log }).catch((error: unknown) => log.error('progress unknown', { error }))
  }, PROGRESS_MS).unref()
  const cleaning = setInterval(() => {
    sealing.run()
    rotateKeysOnSchedule(db, sealer)
      .then((isRotated) => isRotated && parts.security.emit('keys_rotated'))
      .catch((error: unknown) => log.error('key rotation failed', { error }))
    runRetention({ db, jobs, log }).catch((error: unknown) =>
      log.error('retention failed', { error }),
    )
    announceExpiredDocuments(db).catch((error: unknown) =>
      log.error('expired documents not announced', { error }),
    )
    Promise.all(CLEAN_UPS.map((remove) => remove(db))).catch((error: unknown) =>
      log.error('clean-up failed', { error }),
    )
  }, CLEAN_UP_MS).unref()
  return {
    wake: () => inbox.wake(),
    async stop() {
      clearInterval(cleaning)
      clearInterval(telling)
      await sealing.stop()
      await sequencer.stop()
      await sender.stop()
      ring.close()
      reconciler.stop()
      await actions.stop()
      await backup.stop()
      await inbox.stop()
      mail.close()
    },
  }
}

/** What an earlier version stored in the clear, sealed batch by batch once every owner has a key; each is a transaction, so it goes on after a restart. */
function createSealing({ db, vault, log }: Pick<Parts, 'db' | 'vault' | 'log'>) {
  let isStopping = false
  let running: Promise<void> | undefined
  async function run() {
    await vault.makeMissingKeys(() => isStopping)
    for (const sealBatch of [
      sealStoredAccounts,
      sealStoredBodies,
      sealStoredPersons,
      sealStoredReasons,
    ])
      for (let sealed = 1; sealed > 0 && !isStopping; ) sealed = await sealBatch(db, vault)
  }
  return {
    /** Does nothing while it runs already. */
    run() {
      running ??= run()
        .catch((error: unknown) => log.error('sealing failed', { error }))
        .finally(() => {
          running = undefined
        })
    },
    async stop() {
      isStopping = true
      await running
    },
  }
}
