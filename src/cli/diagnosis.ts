import { createHash, randomBytes } from 'node:crypto'
import { listKeys, openKeyRing } from '../signing/key-ring.ts'
import type { CommandContext } from './command.ts'
import { listResealings } from './reseal.ts'

export type Finding = { check: string; ok: boolean; detail: string }

/** One attempt: `run` returns what was found, or throws; `advice` says what to do then. */
type Check = { check: string; advice: string; run: () => Promise<string> }

const FETCH_TIMEOUT_MS = 5_000

/** Tries each part for real, and says what to do where one fails. */
export async function diagnose(parts: CommandContext): Promise<Finding[]> {
  const checks = [
    ...databaseChecks(parts),
    ...bucketChecks(parts),
    clockCheck(parts),
    ...keyChecks(parts),
    ...(parts.issuer ? [issuerCheck(parts.issuer)] : []),
  ]
  const findings: Finding[] = []
  // One after another: the checks of the bucket use one object.
  for (const check of checks) findings.push(await attempt(check))
  return findings
}

async function attempt({ check, advice, run }: Check): Promise<Finding> {
  try {
    return { check, ok: true, detail: await run() }
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown error'
    return { check, ok: false, detail: `${name}: ${advice}` }
  }
}

const databaseChecks = ({ db }: CommandContext): Check[] => [
  {
    check: 'database',
    advice: 'check DATABASE_URL and that the server runs',
    async run() {
      const [row] = await db<
        { version: string }[]
      >`select current_setting('server_version') as version`
      if (Number.parseInt(row?.version ?? '', 10) < 15) throw new Error('too old')
      return `PostgreSQL ${row?.version}`
    },
  },
  {
    check: 'ledger',
    advice: 'run `migrate`',
    async run() {
      const [row] = await db<{ mayChange: boolean }[]>`
        select pg_has_role(current_user, tableowner, 'member')
          or has_table_privilege(tablename, 'update, delete, truncate') as may_change
        from pg_tables where tablename = 'ledger_entry'`
      if (!row) throw new Error('no table')
      return row.mayChange
        ? 'this role owns it, or could change it: use another, by MIGRATION_DATABASE_URL (docs/ledger.md)'
        : 'this role can add to it, and change nothing'
    },
  },
]

/** Writes an object, reads it in every way, and deletes it. */
function bucketChecks({ storage }: CommandContext): Check[] {
  const key = `doctor/${randomBytes(8).toString('hex')}`
  const bytes = randomBytes(64)
  const sha256 = createHash('sha256').update(bytes).digest()

  async function presign(): Promise<URL> {
    const sign = await storage.signer()
    return new URL(sign(key, { expiresInSeconds: 60 }))
  }

  return [
    {
      check: 'bucket: write',
      advice: 'check S3_BUCKET and that the credentials may put objects',
      async run() {
        await storage.put(key, bytes, { contentType: 'application/octet-stream', sha256 })
        return 'an object was written'
      },
    },
    {
      check: 'bucket: read',
      advice: 'check that the credentials may get objects',
      async run() {
        if (!Buffer.from(await storage.get(key)).equals(bytes)) throw new Error('other bytes')
        return 'it reads back unchanged'
      },
    },
    {
      check: 'bucket: presign',
      advice: 'check S3_PUBLIC_ENDPOINT: it must reach the bucket from outside',
      async run() {
        const response = await get(await presign())
        if (!response.ok || !Buffer.from(await response.arrayBuffer()).equals(bytes))
          throw new Error(`status ${response.status}`)
        return 'a presigned link opens it'
      },
    },
    {
      check: 'bucket: private',
      advice: 'turn on Block Public Access for the bucket',
      async run() {
        const bare = await presign()
        bare.search = ''
        const response = await get(bare)
        await response.body?.cancel()
        if (response.ok) throw new Error('anyone can read it')
        return 'without a signature it stays closed'
      },
    },
    {
      check: 'bucket: delete',
      advice: 'check that the credentials may delete objects',
      async run() {
        await storage.delete(key)
        return 'it was deleted'
      },
    },
  ]
}

const clockCheck = ({ db }: CommandContext): Check => ({
  check: 'clock',
  advice: 'set this machine and the database server by NTP',
  async run() {
    const [row] = await db<{ now: Date }[]>`select clock_timestamp() as now`
    const skew = Math.abs(Date.now() - (row?.now.getTime() ?? 0))
    if (skew > 5_000) throw new Error('skewed')
    return `within ${Math.ceil(skew / 1000)} s of the database's`
  },
})

const keyChecks = (parts: CommandContext): Check[] => [
  {
    check: 'keys',
    advice: 'give the ENCRYPTION_KEY that the keys were sealed with',
    async run() {
      const ring = await openKeyRing(parts.db, parts.sealer, parts.log)
      ring.close()
      const active = (await listKeys(parts.db)).filter(({ status }) => status === 'active')
      return `${active.length} signing keys in use`
    },
  },
  {
    check: 'old keys',
    advice: 'run `key reseal`, then remove the older keys from ENCRYPTION_KEY',
    async run() {
      const counts = await Promise.all(
        listResealings(parts).map(async ({ name, count }) => ({ name, count: await count() })),
      )
      const old = counts.filter(({ count }) => count > 0)
      if (old.length === 0) return 'everything is sealed under the newest key'
      const found = old.map(({ name, count }) => `${count} in ${name}`).join(', ')
      return `run \`key reseal\` before you remove an older key: ${found}`
    },
  },
]

const issuerCheck = (issuer: string): Check => ({
  check: 'issuer',
  advice: `${issuer} does not answer as it: start the server, or give this command its ISSUER or PORT, and check the proxy before it`,
  async run() {
    const response = await get(new URL(`${issuer}/.well-known/openid-configuration`))
    const metadata = (await response.json()) as { issuer?: string }
    if (metadata.issuer !== issuer) throw new Error('another issuer')
    return issuer
  },
})

const get = (url: URL): Promise<Response> =>
  fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) })
