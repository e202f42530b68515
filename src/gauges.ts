import { randomUUID } from 'node:crypto'
import { CASE_GAUGES } from './accounts/cases.ts'
import type { AppContext } from './context.ts'
import { PRODUCTION_GAUGES } from './developers/production-store.ts'
import { EVENT_GAUGES } from './events/store.ts'
import { ALERT_GAUGES } from './id-verification/alerts.ts'
import { INGESTION_GAUGES } from './id-verification/progress.ts'
import { VENDOR_GAUGES } from './id-verification/vendor-health.ts'
import { LEDGER_GAUGES } from './ledger/sequencer.ts'
import { BACKUP_GAUGES } from './platform/backup-record.ts'
import type { PoolUsage } from './platform/db.ts'
import { DUTY_GAUGES, holdDuty, releaseDuty } from './platform/duties.ts'
import { JOB_GAUGES } from './platform/jobs.ts'
import { startLoop } from './platform/loop.ts'
import { type ComputedGauge, type Metrics, registerComputed } from './platform/metrics.ts'

const GAUGES: readonly ComputedGauge[] = [
  ...INGESTION_GAUGES,
  ...VENDOR_GAUGES,
  ...ALERT_GAUGES,
  ...CASE_GAUGES,
  ...JOB_GAUGES,
  ...EVENT_GAUGES,
  ...PRODUCTION_GAUGES,
  ...LEDGER_GAUGES,
  ...DUTY_GAUGES,
  ...BACKUP_GAUGES,
]
const DUTY = 'gauges'
const PERIOD_MS = 30_000
// Another worker takes over when this one missed three times.
const HELD_SECONDS = 90

/**
 * Computes what SQL can say of the whole portal, in one of the workers at a time. The others serve none of these gauges, so that no
 * two processes contradict each other.
 */
export function startGauges(
  metrics: Metrics,
  { db, log }: Pick<AppContext, 'db' | 'log'>,
): { stop(): Promise<void> } {
  const holder = randomUUID()
  const gauges = registerComputed(metrics, GAUGES)
  const loop = startLoop(
    { event: 'gauges cannot be computed', pauseMs: PERIOD_MS, log },
    async () => {
      if (await holdDuty(db, DUTY, { holder, seconds: HELD_SECONDS }))
        await gauges.compute(db, (gauge, error) =>
          log.error('gauge cannot be computed', { gauge, error }),
        )
      else gauges.clear()
    },
  )
  return {
    async stop() {
      await loop.stop()
      await releaseDuty(db, DUTY, holder).catch(() => {})
    },
  }
}

/** The use of this process's pools, each by its name. */
export function measurePools(
  metrics: Metrics,
  pools: Readonly<Record<string, () => readonly PoolUsage[]>>,
): void {
  const read = (of: (usage: PoolUsage) => Record<string, number>, label?: string) => () =>
    Object.entries(pools).flatMap(([pool, usages]) => {
      const sums = new Map<string, number>()
      for (const usage of usages())
        for (const [name, value] of Object.entries(of(usage)))
          sums.set(name, (sums.get(name) ?? 0) + value)
      return [...sums].map(([name, value]) => ({
        labels: { db_client_connection_pool_name: pool, ...(label && { [label]: name }) },
        value,
      }))
    })
  const STATE = 'db_client_connection_state'
  metrics.gauge(
    'db_client_connection_count',
    'Connections to the database.',
    read(({ used, idle }) => ({ used, idle }), STATE),
  )
  metrics.gauge(
    'db_client_connection_max',
    'The most connections that a pool opens.',
    read(({ max }) => ({ max })),
  )
  metrics.gauge(
    'db_client_connection_pending_requests',
    'Statements that wait for a connection.',
    read(({ waiting }) => ({ waiting })),
  )
  metrics.gauge('portal_database_reachable', '1 while the database answers this process.', () => [
    {
      labels: {},
      value: Object.values(pools).every((usages) => usages().every(({ isAnswered }) => isAnswered))
        ? 1
        : 0,
    },
  ])
}
