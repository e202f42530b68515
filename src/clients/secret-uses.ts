import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import { startLoop } from '../platform/loop.ts'

/** Remembers when client secrets are used, to the minute. */
export type SecretUses = {
  /** Takes the stored hash of the secret that a client used. Never waits for the database. */
  note(clientId: string, hash: Buffer): void
  close(): Promise<void>
}

const MINUTE_MS = 60_000
const WRITE_MS = 5_000
/** Beyond this, a use is not noted: it limits the memory. */
const MOST_SECRETS = 100_000

/** Writes what was noted from time to time, and of each secret at most once a minute. */
export function createSecretUses(
  db: Db,
  log: Log,
  { writeMs = WRITE_MS, now = Date.now }: { writeMs?: number; now?: () => number } = {},
): SecretUses {
  const noted = new Map<string, number>()
  let waiting = new Map<string, { clientId: string; hash: Buffer; minute: Date }>()

  async function write(): Promise<void> {
    if (waiting.size === 0) return
    const uses = [...waiting.values()]
    waiting = new Map()
    const oldest = now() / MINUTE_MS - 1
    for (const [key, minute] of noted) if (minute < oldest) noted.delete(key)
    const usedAt = (hash: string) => db`(
      select minute from used where used.client_id = client.id and used.hash = client.${db(hash)})`
    // Found by the hash, because the secret may have become the previous one since. `greatest` ignores what is null.
    await db`
      with used as (
        select client_id, decode(hash, 'hex') as hash, minute::timestamptz as minute
        from unnest(${uses.map(({ clientId }) => clientId)}::text[],
          ${uses.map(({ hash }) => hash.toString('hex'))}::text[],
          ${uses.map(({ minute }) => minute.toISOString())}::text[]) as noted (client_id, hash, minute))
      update client set
        secret_used_at = greatest(secret_used_at, ${usedAt('secret_hash')}),
        previous_secret_used_at = greatest(previous_secret_used_at, ${usedAt('previous_secret_hash')})
      where id in (select client_id from used)`
  }

  const loop = startLoop(
    { event: 'uses of secrets cannot be written', pauseMs: writeMs, log },
    write,
  )
  return {
    note(clientId, hash) {
      const minute = Math.floor(now() / MINUTE_MS)
      const key = hash.toString('latin1')
      if (noted.get(key) === minute || noted.size >= MOST_SECRETS) return
      noted.set(key, minute)
      waiting.set(key, { clientId, hash, minute: new Date(minute * MINUTE_MS) })
    },
    async close() {
      await loop.stop()
      await write().catch((error: unknown) =>
        log.error('uses of secrets cannot be written', { error }),
      )
    },
  }
}
