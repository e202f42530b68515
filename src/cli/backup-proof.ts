import { createHash } from 'node:crypto'
import { z } from 'zod'
import { findLastDeliveryTime } from '../id-verification/deliveries.ts'
import {
  listStoredObjects,
  listUnknownVerifications,
  type StoredObject,
  verificationIdOf,
} from '../id-verification/stored-objects.ts'
import { createHeadVerifier, listHeadKeys } from '../ledger/heads.ts'
import { countLeaves, createNodeFinder, findHead } from '../ledger/proofs.ts'
import { rootOf } from '../ledger/tree.ts'
import { verifyLedger } from '../ledger/verify.ts'
import { findMaintenanceTime } from '../platform/backup-record.ts'
import type { Sql } from '../platform/db.ts'
import { countUnreadableKeys } from '../platform/unreadable-keys.ts'
import { openKeyRing } from '../signing/key-ring.ts'
import type { CommandContext } from './command.ts'

/** What `/.well-known/ledger` answered when it was kept. */
export const keptHeadSchema = z.object({
  size: z.int(),
  root: z.string().nullable(),
  head: z.string().nullable(),
})
export type KeptHead = z.infer<typeof keptHeadSchema>

export const proofSchema = z.object({
  /** The time of the newest change that the database has: about that of the dump. */
  takenAt: z.coerce.date(),
  verifiedAt: z.coerce.date(),
  /** The database that was examined, by `identifyDatabase`. */
  database: z.string(),
  ledger: z.object({ entries: z.int(), size: z.int(), root: z.string() }),
  images: z.object({ objects: z.int(), bytes: z.int() }),
  /** What was there besides, and is not in the database: it was taken after the dump. */
  missing: z.object({
    /** Disclosures of the kept head; `null`: no head was given. */
    disclosures: z.int().nullable(),
    /** Ids of verifications whose images are in the bucket. */
    verifications: z.array(z.string()),
  }),
  faults: z.array(z.string()),
})
export type BackupProof = z.infer<typeof proofSchema>

const BATCH = 200
const AT_ONCE = 8
const MAX_FAULTS = 50

/**
 * Examines a restored database and bucket, before any process of the portal runs on them: the ledger and its signed heads, the keys,
 * and every image by its digest. With `quick`, images are compared by size and recorded digest, and not read.
 */
export async function proveBackup(
  parts: CommandContext,
  { head, quick = false }: { head?: KeptHead | undefined; quick?: boolean },
): Promise<BackupProof> {
  const faults: string[] = []
  const report = (fault: string) => {
    if (faults.length < MAX_FAULTS) faults.push(fault)
  }
  const takenAt = await findNewestChange(parts.db)
  await checkKeys(parts, report)
  const verdict = await verifyLedger(parts.db, createHeadVerifier(await listHeadKeys(parts.db)))
  for (const { fault } of verdict.faults) report(`ledger: ${fault}`)
  const { sequenced: size, entries } = verdict
  const root = await rootAt(parts.db, size)
  if (head) await checkHead(parts.db, head, size, report)
  const images = await checkImages(parts, quick, report)
  return {
    takenAt,
    verifiedAt: new Date(),
    database: await identifyDatabase(parts.db),
    ledger: { entries, size, root },
    images,
    missing: {
      disclosures: head ? Math.max(0, head.size - size) : null,
      verifications: await findUnknownVerifications(parts),
    },
    faults,
  }
}

/**
 * Says which database this is: its cluster, its number there, and the time line, which begins anew when a cluster is restored from its
 * files.
 */
export async function identifyDatabase(sql: Sql): Promise<string> {
  const [row] = await sql<{ name: string }[]>`
    select concat_ws('/', system_identifier, timeline_id, oid) as name
    from pg_control_system(), pg_control_checkpoint(), pg_database where datname = current_database()`
  if (!row) throw new Error('the database does not say which it is')
  return row.name
}

/** Whether the ledger of this size and root is the beginning of the ledger in this database. */
export async function isBeginningOf(
  sql: Sql,
  { size, root }: { size: number; root: string },
): Promise<boolean> {
  return (await countLeaves(sql)) >= size && (await rootAt(sql, size)) === root
}

const rootAt = async (sql: Sql, size: number): Promise<string> =>
  Buffer.from(await rootOf(size, createNodeFinder(sql))).toString('base64url')

/** Workers write every few seconds, so it is about the time of the dump. */
async function findNewestChange(sql: Sql): Promise<Date> {
  const times = [
    await findMaintenanceTime(sql),
    await findLastDeliveryTime(sql),
    (await findHead(sql))?.at,
  ]
  return new Date(Math.max(...times.map((time) => time?.getTime() ?? 0)))
}

/** Opens every key: with another `ENCRYPTION_KEY` the database is useless. */
async function checkKeys(
  { db, sealer, keyService, log }: CommandContext,
  report: (fault: string) => void,
): Promise<void> {
  try {
    const ring = await openKeyRing(db, sealer, log)
    ring.close()
  } catch {
    report('the signing keys open under no key of ENCRYPTION_KEY')
  }
  const unreadable = await countUnreadableKeys(db, keyService)
  if (unreadable > 0)
    report(`${unreadable} data keys open under no key of ENCRYPTION_KEY or KMS_KEY_ID`)
}

async function checkHead(
  sql: Sql,
  { size, root, head }: KeptHead,
  ownSize: number,
  report: (fault: string) => void,
): Promise<void> {
  if (root === null || head === null) return
  const isSigned = createHeadVerifier(await listHeadKeys(sql))
  if ((await isSigned(head, { size, root })) === false)
    report('the kept head is not signed by this portal')
  if (size <= ownSize && (await rootAt(sql, size)) !== root)
    report(`the ledger does not contain the ${size} entries of the kept head`)
}

async function checkImages(
  parts: CommandContext,
  quick: boolean,
  report: (fault: string) => void,
): Promise<{ objects: number; bytes: number }> {
  let objects = 0
  let bytes = 0
  for (let after: string | undefined; ; ) {
    const batch = await listStoredObjects(parts.db, { after, limit: BATCH })
    const last = batch.at(-1)
    if (!last) return { objects, bytes }
    after = last.id
    const waiting = [...batch]
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let object = waiting.pop(); object; object = waiting.pop()) {
          const fault = await checkObject(parts, object, quick)
          if (fault) report(`${object.key}: ${fault}`)
          objects++
          bytes += object.size
        }
      }),
    )
  }
}

async function checkObject(
  { storage }: CommandContext,
  { key, size, sha256 }: StoredObject,
  quick: boolean,
): Promise<string | undefined> {
  const found = await storage.head(key)
  if (!found) return 'the object is missing: it is lost, or was erased after the dump'
  if (found.size !== size) return `it has ${found.size} bytes, not ${size}`
  const digest = quick
    ? (found.sha256 ?? sha256)
    : createHash('sha256')
        .update(await storage.get(key))
        .digest()
  return digest.equals(sha256) ? undefined : 'it has another digest'
}

/** The verifications of which the bucket has objects, and the database knows nothing: they began after the dump. */
async function findUnknownVerifications({ db, storage }: CommandContext): Promise<string[]> {
  const unknown = new Set<string>()
  for await (const page of storage.list()) {
    const ids = page.flatMap(({ key }) => verificationIdOf(key) ?? [])
    for (const id of await listUnknownVerifications(db, [...new Set(ids)])) unknown.add(id)
  }
  return [...unknown]
}
