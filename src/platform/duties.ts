import type { Sql } from './db.ts'
import type { ComputedGauge } from './metrics.ts'

/**
 * Takes a duty for `seconds`, or holds it for as long again. Returns whether `holder` has it. A row and not an advisory lock, because
 * a lock of a session would not survive a pooler that shares connections between transactions.
 */
export async function holdDuty(
  sql: Sql,
  name: string,
  { holder, seconds }: { holder: string; seconds: number },
): Promise<boolean> {
  const rows = await sql`
    insert into duty as known (name, holder, held_until)
    values (${name}, ${holder}, now() + make_interval(secs => ${seconds}))
    on conflict (name) do update set holder = excluded.holder, held_until = excluded.held_until
      where known.holder = excluded.holder or known.held_until is null or known.held_until < now()
    returning name`
  return rows.length > 0
}

/** Gives the duty up, so that another process takes it at once. */
export async function releaseDuty(sql: Sql, name: string, holder: string): Promise<void> {
  await sql`update duty set held_until = null where name = ${name} and holder = ${holder}`
}

/** Records that a regular duty was done. */
export async function recordSuccess(sql: Sql, name: string): Promise<void> {
  await sql`
    insert into duty (name, succeeded_at) values (${name}, now())
    on conflict (name) do update set succeeded_at = excluded.succeeded_at`
}

export const DUTY_GAUGES: readonly ComputedGauge[] = [
  {
    name: 'portal_duty_last_success_timestamp_seconds',
    help: 'When a regular duty was last done, by any process.',
    async read(sql) {
      const rows = await sql<{ name: string; at: Date }[]>`
        select name, succeeded_at as at from duty where succeeded_at is not null`
      return rows.map(({ name, at }) => ({ labels: { duty: name }, value: at.getTime() / 1000 }))
    },
  },
]
