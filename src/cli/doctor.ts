import { createHash, randomBytes } from 'node:crypto'
import type { AppContext } from '../context.ts'
import { FindingsError } from '../platform/errors.ts'
import { listKeys, openKeyRing } from '../signing/key-ring.ts'
import { listResealings } from './reseal.ts'

type Finding = { check: string; ok: boolean; detail: string }

/** Tries each part for real, and says what to do where one fails. Throws FindingsError with all findings when any failed. */
export async function diagnose(
  parts: AppContext & { issuer: string | undefined },
): Promise<Finding[]> {
  const findings: Finding[] = []
  const attempt = async (check: string, advice: string, work: () => Promise<string>) => {
    try {
      findings.push({ check, ok: true, detail: await work() })
    } catch (error) {
      const name = error instanceof Error ? error.name : 'unknown error'
      findings.push({ check, ok: false, detail: `${name}: ${advice}` })
    }
  }
  const { db, storage, sealer, log, issuer } = parts

  await attempt('database', 'check DATABASE_URL and that the server runs', async () => {
    const [row] = await db<
      { version: string }[]
    >`select current_setting('server_version') as version`
    if (Number.parseInt(row?.version ?? '', 10) < 15) throw new Error('too old')
    return `PostgreSQL ${row?.version}`
  })

  await attempt('ledger', 'run `migrate`', async () => {
    const [row] = await db<{ mayChange: boolean }[]>`
      select pg_has_role(current_user, tableowner, 'member')
        or has_table_privilege(tablename, 'update, delete, truncate') as may_change
      from pg_tables where tablename = 'ledger_entry'`
    if (!row) throw new Error('no table')
    return row.mayChange
      ? 'this role owns it, or could change it: use another, by MIGRATION_DATABASE_URL (docs/ledger.md)'
      : 'this role can add to it, and change nothing'
  })

  const key = `doctor/${randomBytes(8).toString('hex')}`
  const bytes = randomBytes(64)
  const sha256 = createHash('sha256').update(bytes).digest()
  await attempt(
    'bucket: write',
    'check S3_BUCKET and that the credentials may put objects',
    async () => {
      await storage.put(key, bytes, { contentType: 'application/octet-stream', sha256 })
      return 'an object was written'
    },
  )
  await attempt('bucket: read', 'check that the credentials may get objects', async () => {
    if (!Buffer.from(await storage.get(key)).equals(bytes)) throw new Error('other bytes')
    return 'it reads back unchanged'
  })
  await attempt(
    'bucket: presign',
    'check S3_PUBLIC_ENDPOINT: it must reach the bucket from outside',
    async () => {
      const sign = await storage.signer()
      const response = await fetch(sign(key, { expiresInSeconds: 60 }), {
        signal: AbortSignal.timeout(5_000),
      })
      if (!response.ok || !Buffer.from(await response.arrayBuffer()).equals(bytes))
        throw new Error(`status ${response.status}`)
      return 'a presigned link opens it'
    },
  )
  await attempt('bucket: private', 'turn on Block Public Access for the bucket', async () => {
    const sign = await storage.signer()
    const bare = new URL(sign(key, { expiresInSeconds: 60 }))
    bare.search = ''
    const response = await fetch(bare, { signal: AbortSignal.timeout(5_000) })
    await response.body?.cancel()
    if (response.ok) throw new Error('anyone can read it')
    return 'without a signature it stays closed'
  })
  await attempt('bucket: delete', 'check that the credentials may delete objects', async () => {
    await storage.delete(key)
    return 'it was deleted'
  })

  await attempt('clock', 'set this machine and the database server by NTP', async () => {
    const [row] = await db<{ now: Date }[]>`select clock_timestamp() as now`
    const skew = Math.abs(Date.now() - (row?.now.getTime() ?? 0))
    if (skew > 5_000) throw new Error('skewed')
    return `within ${Math.ceil(skew / 1000)} s of the database's`
  })
  await attempt('keys', 'give the ENCRYPTION_KEY that the keys were sealed with', async () => {
    const ring = await openKeyRing(db, sealer, log)
    ring.close()
    const active = (await listKeys(db)).filter(({ status }) => status === 'active')
    return `${active.length} signing keys in use`
  })
  await attempt(
    'old keys',
    'run `key reseal`, then remove the older keys from ENCRYPTION_KEY',
    async () => {
      const counts = await Promise.all(
        listResealings(parts).map(async ({ name, count }) => ({ name, count: await count() })),
      )
      const old = counts.filter(({ count }) => count > 0)
      return old.length === 0
        ? 'everything is sealed under the newest key'
        : `run \`key reseal\` before you remove an older key: ${old
            .map(({ name, count }) => `${count} in ${name}`)
            .join(', ')}`
    },
  )
  if (issuer)
    await attempt(
      'issuer',
      `${issuer} does not answer as it: start the server, or give this command its ISSUER or PORT, and check the proxy before it`,
      async () => {
        const response = await fetch(`${issuer}/.well-known/openid-configuration`, {
          signal: AbortSignal.timeout(5_000),
        })
        const metadata = (await response.json()) as { issuer?: string }
        if (metadata.issuer !== issuer) throw new Error('another issuer')
        return issuer
      },
    )

  if (findings.some(({ ok }) => !ok)) throw new FindingsError(describe(findings), findings)
  return findings
}

/** For people, a line each. */
export const describe = (findings: readonly Finding[]): string =>
  findings
    .map(({ check, ok, detail }) => `${ok ? 'ok    ' : 'FAILED'}  ${check}: ${detail}`)
    .join('\n')
