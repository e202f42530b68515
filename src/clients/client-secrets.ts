import type { Sql } from '../platform/db.ts'

/** The two secrets of a client that can be valid at a time, without their values. */
export type ClientSecrets = {
  /** To the minute; `null`: never, or before this was recorded. */
  usedAt: Date | null
  /** The one before, while it is still valid. */
  previous: { until: Date; usedAt: Date | null } | undefined
}

/** `undefined`: no such client, or one without a secret. */
export async function findSecrets(sql: Sql, clientId: string): Promise<ClientSecrets | undefined> {
  const [row] = await sql<
    { usedAt: Date | null; until: Date | null; previousUsedAt: Date | null }[]
  >`
    select secret_used_at as used_at, previous_secret_used_at as previous_used_at,
      case when previous_secret_hash is not null and previous_secret_until > now()
        then previous_secret_until end as until
    from client where id = ${clientId} and secret_hash is not null`
  if (!row) return undefined
  const { usedAt, until, previousUsedAt } = row
  return { usedAt, previous: until ? { until, usedAt: previousUsedAt } : undefined }
}

/** Makes the secret before the current one invalid now. */
export async function withdrawPreviousSecret(sql: Sql, clientId: string): Promise<void> {
  await sql`
    update client set previous_secret_hash = null, previous_secret_until = null,
      previous_secret_used_at = null, updated_at = now()
    where id = ${clientId}`
}
