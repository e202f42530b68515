import { createHash } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { Zip, ZipPassThrough } from 'fflate'
import { findAccount } from '../accounts/accounts.ts'
import { listOwnCases } from '../accounts/cases.ts'
import { findPerson, findResidency } from '../accounts/natural-person.ts'
import { findLookMails } from '../accounts/notification-preferences.ts'
import { listPasskeys } from '../accounts/passkeys.ts'
import { findFactors } from '../accounts/second-factor.ts'
import { listSessions } from '../accounts/sessions.ts'
import { listConsents } from '../consents/consents.ts'
import { listAllEndedConsents } from '../consents/ended-consents.ts'
import { listEventsAbout } from '../events/store.ts'
import { disclose } from '../ledger/disclosure.ts'
import { listEntries } from '../ledger/entries.ts'
import type { Db, Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import type { Storage } from '../platform/storage.ts'
import type { Vault } from '../platform/vault.ts'
import { readCapture } from './captures.ts'
import { openBody, type StoredBody } from './deliveries.ts'
import { listLinks } from './links.ts'
import { explainEntries, openReason, reasonMembers, type StoredReason } from './reasons.ts'
import { isOfResident } from './store.ts'

/** What an archive has become. `missing`: the images that are not in it, because the bucket has them no more, or damaged. */
type Written = { files: number; bytes: number; sha256: string; missing: string[] }

/** Signs the archive's list of files as a compact JWS over this payload. */
export type SignManifest = (manifest: Record<string, unknown>) => Promise<string>

/**
 * Writes all data about a resident, and all disclosures of it, as a ZIP to `file`: JSON, the original images, the bodies of
 * deliveries, and `manifest.jws`, which the portal signs over each file's SHA-256. `missing.json` names images that the bucket does not
 * give. The file is readable for its owner only, and removed again when it cannot be completed. Throws OperatorError when it exists already, or cannot be written.
 */
export async function exportResident(
  { db, storage, vault }: { db: Db; storage: Storage; vault: Vault },
  { accountId, file, sign }: { accountId: string; file: string; sign: SignManifest },
): Promise<Written> {
  const unfinished = `${file}.unfinished`
  let handle: Awaited<ReturnType<typeof open>>
  try {
    await (await open(file, 'wx', 0o600)).close()
    handle = await open(unfinished, 'w', 0o600)
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    throw new OperatorError(
      isThere ? `${file} exists already: choose another name.` : `${file} cannot be written.`,
      { cause },
    )
  }
  try {
    const written = await disclose(db, { detail: { what: 'export' }, accountId }, async () =>
      writeArchive(
        { db, storage, vault },
        {
          accountId,
          records: await collectRecords(db, vault, accountId),
          sign,
          write: (chunk) => handle.write(chunk),
        },
      ),
    )
    await handle.sync()
    await handle.close()
    await rename(unfinished, file)
    return written
  } catch (error) {
    await handle.close().catch(() => {})
    await rm(unfinished, { force: true })
    await rm(file, { force: true })
    throw error
  }
}

/** Files of the archive, by name, that workers may not read themselves: how the resident signs in, and what they allowed, linked and reported. */
export type Records = Record<string, unknown>

export const collectRecords = async (
  sql: Sql,
  vault: Vault,
  accountId: string,
): Promise<Records> => ({
  'consents.json': await listConsents(sql, accountId),
  'sessions.json': await listSessions(sql, vault, accountId),
  'passkeys.json': await listPasskeys(sql, accountId),
  'second-factors.json': await findFactors(sql, accountId),
  'links.json': await readLinks(sql, accountId),
  'ended-consents.json': await listAllEndedConsents(sql, accountId),
  'cases.json': await listOwnCases(sql, vault, accountId),
  'notifications.json': { lookMails: await findLookMails(sql, accountId) },
})

/** Writes the archive in pieces. `onFile` is told how many files are complete. */
export async function writeArchive(
  { db, storage, vault }: { db: Db; storage: Storage; vault: Vault },
  {
    accountId,
    records,
    sign,
    write,
    onFile = async () => {},
  }: {
    accountId: string
    records: Records
    sign: SignManifest
    write: (chunk: Uint8Array) => Promise<unknown>
    onFile?: (files: number) => Promise<unknown>
  },
): Promise<Written> {
  const archive = startArchive(write)
  let files = 0
  const add = async (name: string, content: Uint8Array) => {
    await archive.add(name, content)
    await onFile(++files)
  }
  const json = (name: string, value: unknown) =>
    add(name, Buffer.from(`${JSON.stringify(value, null, 2)}\n`))
  await json('account.json', await readAccount(db, vault, accountId))
  for (const [name, value] of Object.entries(records)) await json(name, value)
  const entries = await listEntries(db, accountId, { limit: 1_000_000 })
  await json('activity.json', await explainEntries(db, vault, entries))
  await json('events.json', await listEventsAbout(db, accountId))
  const verifications = await readVerifications(db, vault, accountId)
  await json('verifications.json', verifications)
  const missing: string[] = []
  for (const { id } of verifications) {
    for await (const { key, name } of readImages(db, id)) {
      const image = await readImage(storage, key)
      if (image) await add(`images/${id}/${name}`, image)
      else missing.push(`images/${id}/${name}`)
    }
    for await (const { deliveryId, body } of readDeliveries(db, vault, id))
      await add(`deliveries/${id}/${deliveryId}.json`, body)
  }
  if (missing.length > 0) await json('missing.json', missing)
  const manifest = { account_id: accountId, files: archive.files() }
  await archive.add('manifest.jws', Buffer.from(await sign(manifest)))
  return { files, ...(await archive.end()), missing }
}

/** `undefined`: the object is gone or damaged, which must not withhold the rest. Throws while the bucket cannot be reached. */
async function readImage(storage: Storage, key: string): Promise<Uint8Array | undefined> {
  try {
    return await storage.get(key)
  } catch {
    if (!(await storage.head(key))) return undefined
    // The bucket answers again, so that it was away is no reason any more.
    return await storage.get(key).catch(() => undefined)
  }
}

/** Files are stored without compression, because images are compressed already. One at a time is in memory. */
function startArchive(write: (chunk: Uint8Array) => Promise<unknown>) {
  const digests: Record<string, string> = {}
  const whole = createHash('sha256')
  let bytes = 0
  let pending: Uint8Array[] = []
  const zip = new Zip((error, chunk) => {
    if (error) throw error
    whole.update(chunk)
    bytes += chunk.length
    pending.push(chunk)
  })
  const flush = async () => {
    const chunks = pending
    pending = []
    for (const chunk of chunks) await write(chunk)
  }
  return {
    async add(name: string, content: Uint8Array) {
      digests[name] = createHash('sha256').update(content).digest('hex')
      const entry = new ZipPassThrough(name)
      zip.add(entry)
      entry.push(content, true)
      await flush()
    },
    files: () => ({ ...digests }),
    async end() {
      zip.end()
      await flush()
      return { bytes, sha256: whole.digest('hex') }
    },
  }
}

async function readAccount(sql: Sql, vault: Vault, accountId: string) {
  const [times] = await sql`select created_at, updated_at from account where id = ${accountId}`
  return {
    ...(await findAccount(sql, vault, accountId)),
    ...times,
    person: await findPerson(sql, vault, accountId),
    residency: await findResidency(sql, vault, accountId),
  }
}

/** The tenants' subjects that the resident linked. */
const readLinks = async (sql: Sql, accountId: string) =>
  (await listLinks(sql, accountId)).map(({ tenant, displayName, subjectId, linkedAt }) => ({
    tenant,
    displayName,
    subjectId,
    linkedAt,
  }))

async function readVerifications(sql: Sql, vault: Vault, accountId: string) {
  const rows = await sql<{ id: string; decisions: { reason: StoredReason }[] }[]>`
    select id, tenant, vendor, status, document_type, session_created_at, decided_at,
      (select coalesce(json_agg(json_build_object('attempt', attempt_id, 'status', status, 'decidedAt', decided_at,
          'documentType', document_type, 'reasons', (select reasons from told_reason where decision_id = decision.id), 'reason', json_build_object(${reasonMembers(sql)})) order by recorded_at), '[]')
        from decision where verification_id = verification.id) as decisions,
      (select coalesce(json_agg(json_build_object('id', id, 'attempt', attempt_id, 'type', type, 'state', state,
          'contentType', content_type, 'size', size, 'sha256', encode(sha256, 'hex'), 'capturedAt', captured_at)
          order by attempt_id, type, position), '[]')
        from image where verification_id = verification.id) as images
    from verification where account_id = ${accountId} and ${isOfResident(sql)} order by session_created_at`
  for (const row of rows) {
    for (const decision of row.decisions)
      Object.assign(decision, { reason: await openReason(sql, vault, decision.reason) })
    const capture = await readCapture(sql, vault, row.id)
    if (capture) Object.assign(row, { statement: capture.statement })
  }
  return rows
}

async function* readImages(sql: Sql, verificationId: string) {
  const rows = await sql<{ key: string }[]>`
    select object_key as key from image
    where verification_id = ${verificationId} and object_key is not null order by object_key`
  for (const { key } of rows) yield { key, name: key.split('/').slice(2).join('/') }
}

async function* readDeliveries(sql: Sql, vault: Vault, verificationId: string) {
  const rows = await sql<StoredBody[]>`
    select id, body, body_sealed from delivery where verification_id = ${verificationId} order by received_at`
  for (const row of rows) yield { deliveryId: row.id, body: await openBody(sql, vault, row) }
}
