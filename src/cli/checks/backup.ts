import type { AppContext } from '../../context.ts'
import { findVerifiedBackup } from '../../platform/backup-record.ts'
import { type Check, Fault, Unknown } from './check.ts'

// A backup is restored and verified every week, and a day late at most.
const OLDEST_DAYS = 8
const DAY_MS = 24 * 3600_000

export const backupCheck = ({
  db,
  config,
}: {
  db: AppContext['db']
  config: Pick<AppContext['config'], 'production'>
}): Check => ({
  check: 'backup',
  why: 'a backup that was never restored may not be one',
  advice:
    'restore the newest into an empty cluster, run `backup verify` there and `backup record` here (docs/backup.md)',
  async run() {
    const last = await findVerifiedBackup(db)
    if (!last) {
      if (config.production) throw new Fault('no verified backup was ever recorded')
      throw new Unknown('no verified backup was recorded')
    }
    const days = (Date.now() - last.takenAt.getTime()) / DAY_MS
    const found = `the newest verified backup is of ${last.takenAt.toISOString()}, ${days.toFixed(1)} days ago`
    if (days > OLDEST_DAYS) throw new Fault(found)
    return found
  },
})
