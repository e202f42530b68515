import { createHash, randomUUID } from 'node:crypto'
import { findAccount } from '../accounts/accounts.ts'
import { exportReadyMail } from '../accounts/leaving-mails.ts'
import { type MailContext, sendLetter } from '../accounts/mails.ts'
import type { Db, Sql } from '../platform/db.ts'
import { findIssuer } from '../platform/issuer.ts'
import type { JobData } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import type { Storage } from '../platform/storage.ts'
import type { Vault } from '../platform/vault.ts'
import { collectRecords, type Records, type SignManifest, writeArchive } from './export.ts'

/*
 * A resident's own archive lies in the bucket in parts, each sealed under the account's key, so that it can be opened by nobody once the
 * account is erased. A try to prepare it has a folder of its own, because a job can run twice. Everything of an export has one prefix,
 * which is deleted a day after the archive is ready, or after the request where it never gets ready; and once more an hour later, for
 * parts that a try was still writing.
 */

const MOST_A_DAY = 3
const LIFE_HOURS = 24
const PART_BYTES = 8 * 1024 * 1024

/** Not below the id alone: keys of that form are a verification's. */
const prefixOf = (exportId: string) => `portal/exports/${exportId}/`
const partKey = (exportId: string, folder: string, part: number) =>
  `${prefixOf(exportId)}${folder}/${part}`
const placeOfPart = (exportId: string, part: number) => ({
  table: 'resident_export',
  column: 'archive',
  row: `${exportId} ${part}`,
})
const placeOfRecords = (exportId: string) => ({
  table: 'resident_export',
  column: 'collected_sealed',
  row: exportId,
})

type Context = MailContext & { db: Db; storage: Storage; vault: Vault; log: Log }

/**
 * Requests an archive, which a worker prepares. `under-way`: one is being prepared already. `too-many`: three were requested within a day.
 * `requireSession` throws when the resident is no longer signed in, and locks the account.
 */
export async function requestExport(
  { db, vault, jobs }: Pick<Context, 'db' | 'vault' | 'jobs'>,
  { accountId, requireSession }: { accountId: string; requireSession: (sql: Sql) => Promise<void> },
): Promise<'requested' | 'under-way' | 'too-many'> {
  return await db.begin(async (sql) => {
    await requireSession(sql)
    const recent = await sql<{ state: string }[]>`
      select state from resident_export
      where account_id = ${accountId} and requested_at > now() - interval '1 day'`
    if (recent.some(({ state }) => state === 'preparing')) return 'under-way'
    if (recent.length >= MOST_A_DAY) return 'too-many'
    const exportId = randomUUID()
    const records = JSON.stringify(await collectRecords(sql, vault, accountId))
    const sealed = await vault.seal(sql, { accountId }, placeOfRecords(exportId), records)
    await sql`
      insert into resident_export (id, account_id, collected_sealed)
      values (${exportId}, ${accountId}, ${sealed})`
    await jobs.enqueue(sql, 'make-export', { exportId })
    return 'requested'
  })
}

export type OwnExport = {
  id: string
  /** `ended`: it was ready, and its day is over. */
  state: 'preparing' | 'ready' | 'failed' | 'ended'
  /** How many files are complete. */
  files: number
  size: number | null
  requestedAt: Date
  expiresAt: Date | null
}

/** The archive that the resident requested last. */
export async function findOwnExport(sql: Sql, accountId: string): Promise<OwnExport | undefined> {
  const [row] = await sql<OwnExport[]>`
    select id, files, size::float8 as size, requested_at, expires_at,
      case when state = 'ready' and expires_at <= now() then 'ended' else state end as state
    from resident_export where account_id = ${accountId} order by requested_at desc limit 1`
  return row
}

/** The archive in pieces, and its size; `undefined` when there is none. Throws when its first piece cannot be read. */
export async function openOwnExport(
  { db, storage, vault }: Pick<Context, 'db' | 'storage' | 'vault'>,
  accountId: string,
): Promise<{ size: number; pieces: AsyncIterable<Uint8Array> } | undefined> {
  const [row] = await db<{ id: string; folder: string; parts: number; size: number }[]>`
    select id, folder, parts, size::float8 as size from resident_export
    where account_id = ${accountId} and state = 'ready' and expires_at > now()
    order by requested_at desc limit 1`
  if (!row) return undefined
  const { id, folder, parts, size } = row
  const read = async (part: number) =>
    vault.open(db, placeOfPart(id, part), await storage.get(partKey(id, folder, part)))
  const first = await read(0)
  async function* pieces() {
    yield first
    for (let part = 1; part < parts; part++) yield await read(part)
  }
  return { size, pieces: pieces() }
}

/** Works on the queue of requested archives. */
export async function startExports(context: Context & { sign: SignManifest }): Promise<void> {
  await context.jobs.work('make-export', 1, (data) => makeExport(context, data))
}

async function makeExport(
  context: Context & { sign: SignManifest },
  { exportId }: JobData<'make-export'>,
): Promise<void> {
  const { db, storage, vault, sign, log } = context
  const [row] = await db<{ accountId: string; collectedSealed: Buffer }[]>`
    select account_id, collected_sealed from resident_export
    where id = ${exportId} and state = 'preparing' and account_id is not null`
  if (!row) return
  const { accountId, collectedSealed } = row
  const opened = await vault.open(db, placeOfRecords(exportId), collectedSealed)
  const records = JSON.parse(opened.toString()) as Records
  const folder = randomUUID()
  const removeParts = () => storage.deleteAll(`${prefixOf(exportId)}${folder}/`)
  const parts = startParts(context, { accountId, exportId, folder })
  const write = async () => {
    const { bytes, missing } = await writeArchive(context, {
      accountId,
      records,
      sign,
      write: parts.write,
      onFile: (files) => db`update resident_export set files = ${files} where id = ${exportId}`,
    })
    if (missing.length > 0) log.error('an export lacks images', { accountId, exportId, missing })
    return { size: bytes, parts: await parts.end() }
  }
  const written = await write().catch(async (error: unknown) => {
    await removeParts()
    throw error
  })
  // Where this throws it may have committed, so the parts are left to `deleteOldExports`.
  const isKept = await announceReady(context, { exportId, accountId, folder, ...written })
  if (!isKept) await removeParts()
  log.info('export prepared', { accountId, exportId, isKept })
}

/** Collects what is written, and stores it sealed in parts. */
function startParts(
  { db, storage, vault }: Context,
  { accountId, exportId, folder }: { accountId: string; exportId: string; folder: string },
) {
  let waiting: Uint8Array[] = []
  let bytes = 0
  let part = 0
  const store = async () => {
    const content = Buffer.concat(waiting)
    waiting = []
    bytes = 0
    const sealed = await vault.seal(db, { accountId }, placeOfPart(exportId, part), content)
    const sha256 = createHash('sha256').update(sealed).digest()
    const contentType = 'application/octet-stream'
    await storage.put(partKey(exportId, folder, part), sealed, { contentType, sha256 })
    part++
  }
  return {
    async write(chunk: Uint8Array) {
      waiting.push(chunk)
      bytes += chunk.length
      if (bytes >= PART_BYTES) await store()
    },
    /** Returns the number of parts. */
    async end() {
      if (bytes > 0) await store()
      return part
    },
  }
}

/** `false`: another try was faster, or the request or the account has ended meanwhile. */
async function announceReady(
  context: Context,
  archive: { exportId: string; accountId: string; folder: string; parts: number; size: number },
): Promise<boolean> {
  const { db, vault } = context
  const { exportId, accountId, folder, parts, size } = archive
  return await db.begin(async (sql) => {
    const [row] = await sql<{ expiresAt: Date }[]>`
      update resident_export set state = 'ready', folder = ${folder}, parts = ${parts}, size = ${size},
        collected_sealed = null, expires_at = now() + make_interval(hours => ${LIFE_HOURS})
      where id = ${exportId} and account_id = ${accountId} and state = 'preparing'
      returning expires_at`
    const account = row && (await findAccount(sql, vault, accountId))
    if (!row || !account) return false
    const page = `${(await findIssuer(sql)) ?? ''}/account/export`
    await sendLetter(sql, context, account, exportReadyMail({ page, hours: LIFE_HOURS }))
    return true
  })
}

/** Deletes archives whose day is over, those that never got ready, and those of erased residents. */
export async function deleteOldExports({
  db,
  storage,
  log,
}: Pick<Context, 'db' | 'storage' | 'log'>): Promise<void> {
  const due = await db<{ id: string }[]>`
    select id from resident_export
    where ended_at is null and (account_id is null or coalesce(expires_at, requested_at + interval '1 day') <= now())
    order by requested_at`
  // First the states: no try can make an archive ready any more, whatever the bucket answers next.
  await db`
    update resident_export set collected_sealed = null,
      state = case when state = 'preparing' then 'failed' when state = 'ready' then 'ended' else state end
    where id = any (${due.map(({ id }) => id)})`
  for (const { id } of due) {
    const objects = await storage.deleteAll(prefixOf(id))
    await db`update resident_export set ended_at = now() where id = ${id}`
    log.info('export deleted', { exportId: id, objects })
  }
  const ended = await db<{ id: string }[]>`
    select id from resident_export where ended_at < now() - interval '1 hour'`
  for (const { id } of ended) {
    await storage.deleteAll(prefixOf(id))
    await db`delete from resident_export where id = ${id}`
  }
}
