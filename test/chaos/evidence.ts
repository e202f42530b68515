import { mkdir, writeFile } from 'node:fs/promises'
import type { History } from './history.ts'
import type { World } from './world.ts'

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/** Writes everything about the verifications in the findings, next to their history, to find the cause. Returns the file. */
export async function saveEvidence(
  { parts: { db } }: World,
  history: History,
  { seed, faults }: { seed: string; faults: readonly string[] },
): Promise<string> {
  const ids = [...new Set(faults.flatMap((fault) => fault.match(UUID) ?? []))]
  const [rows] = await db<Record<string, unknown>[]>`
    select
      (select json_agg(t) from verification t where id = any (${ids}::uuid[])) as verifications,
      (select json_agg(t order by position) from image t where verification_id = any (${ids}::uuid[])) as images,
      (select json_agg(t order by recorded_at) from decision t where verification_id = any (${ids}::uuid[])) as decisions,
      (select json_agg(t order by number) from (
        select *, pg_xact_commit_timestamp(xmin) as committed_at from chaos_status
        where verification_id = any (${ids}::uuid[])) t) as statuses,
      (select json_agg(t order by created_on) from (
        select name, state, data, retry_count, created_on, started_on, completed_on from pgboss.job
        where data->>'verificationId' = any (${ids})) t) as jobs`
  const sessions = history.sessions.filter(({ verificationId }) => ids.includes(verificationId))
  const evidence = {
    faults,
    sessions,
    said: history.said.filter(({ sessionId }) =>
      sessions.some((session) => session.sessionId === sessionId),
    ),
    reads: history.reads.filter(({ verificationId }) => ids.includes(verificationId ?? '')),
    ...rows,
  }
  const dir = new URL('./results/', import.meta.url)
  await mkdir(dir, { recursive: true })
  const file = new URL(`${seed.replaceAll(/[^\w-]/g, '_')}.json`, dir)
  await writeFile(file, `${JSON.stringify(evidence, null, 2)}\n`)
  return file.pathname
}
