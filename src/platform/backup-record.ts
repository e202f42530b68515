import { z } from 'zod'
import type { Sql } from './db.ts'
import type { ComputedGauge } from './metrics.ts'

const NAME = 'verified-backup'
const recordSchema = z.object({
  takenAt: z.coerce.date(),
  verifiedAt: z.coerce.date(),
})

/** The newest backup that was restored and found complete. */
export type VerifiedBackup = z.infer<typeof recordSchema>

/** Keeps the record of the newest backup; one of an older backup changes nothing. */
export async function recordVerifiedBackup(sql: Sql, backup: VerifiedBackup): Promise<void> {
  const last = await findVerifiedBackup(sql)
  if (last && last.takenAt > backup.takenAt) return
  const value = JSON.stringify(backup)
  await sql`
    insert into portal_setting (name, value) values (${NAME}, ${value})
    on conflict (name) do update set value = excluded.value`
}

export async function findVerifiedBackup(sql: Sql): Promise<VerifiedBackup | undefined> {
  const [row] = await sql<{ value: string }[]>`
    select value from portal_setting where name = ${NAME}`
  return row && recordSchema.parse(JSON.parse(row.value))
}

/** When a worker last looked at the queue, or the schema was last changed: a little before the dump that a database came from. */
export async function findMaintenanceTime(sql: Sql): Promise<Date | undefined> {
  const [row] = await sql<{ at: Date | null; hasQueue: boolean }[]>`
    select max(applied_at) as at, to_regclass('pgboss.queue') is not null as has_queue
    from schema_migration`
  const [queue] = row?.hasQueue
    ? await sql<{ at: Date | null }[]>`select max(monitor_on) as at from pgboss.queue`
    : []
  return queue?.at ?? row?.at ?? undefined
}

/** The time of the newest verified backup: alert when it is too long ago, or absent. */
export const BACKUP_GAUGES: readonly ComputedGauge[] = [
  {
    name: 'portal_verified_backup_timestamp_seconds',
    help: 'When the newest backup was taken that was restored and verified; absent while none was.',
    async read(sql) {
      const last = await findVerifiedBackup(sql)
      return last ? [{ labels: {}, value: last.takenAt.getTime() / 1000 }] : []
    },
  },
]
