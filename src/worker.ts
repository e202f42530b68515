import { startBackup } from './id-verification/backup.ts'
import { startInbox } from './id-verification/inbox.ts'
import { createJobs } from './jobs.ts'
import type { Parts } from './parts.ts'

/** The background work of one process: deliveries applied, images backed up. Any number may run. */
export type Worker = { wake(): void; stop(): Promise<void> }

/** Starts it; `stop` finishes or releases what is running. The parts stay the caller's to close, after this. */
export async function startWorker(parts: Parts): Promise<Worker> {
  const { db, storage, sealer, log } = parts
  const jobs = await createJobs(parts.runtime.databaseUrl, log)
  await startBackup({ db, storage, sealer, jobs, log })
  const inbox = startInbox({ db, sealer, jobs, log })
  return {
    wake: () => inbox.wake(),
    async stop() {
      await inbox.stop()
      await jobs.stop()
    },
  }
}
