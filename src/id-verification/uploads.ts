import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Db, Sql } from '../platform/db.ts'
import { temporarilyUnavailable } from '../platform/errors.ts'
import type { JobData, Jobs } from '../platform/jobs.ts'
import type { Vault } from '../platform/vault.ts'
import type { UploadType } from './captures.ts'
import { ownerOf } from './findings.ts'
import {
  type CompletionOutcome,
  completeUploads,
  isOpen,
  type TakingParts,
  takeImage,
  type UploadOutcome,
  whyClosed,
} from './manual.ts'
import { lockVerification } from './store.ts'
import type { DocumentFindings } from './vendors/vendor.ts'

/*
 * How uploads come from a request to a worker, which alone decodes images and writes to the bucket: as a sealed row with a job. The
 * request waits for the outcome. So it answers when the image is stored, and nothing is half done when either process ends.
 */

const LONGEST_WAIT_MS = 30_000
const ASK_AGAIN_MS = 100
const KEEP_MINUTES = 60

/** An image, or without `type` the request to complete the verification; each with what was typed from the document. */
type Sent = { verificationId: string; findings?: DocumentFindings | undefined }
type SentImage = Sent & { type: UploadType; bytes: Uint8Array }

type SendingParts = { db: Db; vault: Vault; jobs: Jobs }

/**
 * Sends an image for a verification of `manual`, and waits until it is stored, or refused. Throws a 503 when no worker answers in time;
 * then the image may be sent again.
 */
export const sendImage = (parts: SendingParts, image: SentImage): Promise<UploadOutcome> =>
  send(parts, image) as Promise<UploadOutcome>

/** Asks to complete a verification of `manual`, and waits for the answer, as `sendImage` does. */
export const sendCompletion = (parts: SendingParts, sent: Sent): Promise<CompletionOutcome> =>
  send(parts, sent) as Promise<CompletionOutcome>

async function send(
  { db, vault, jobs }: SendingParts,
  sent: Sent | SentImage,
): Promise<UploadOutcome | CompletionOutcome> {
  const id = randomUUID()
  const closed = await db.begin((sql) => insertUpload(sql, { vault, jobs }, id, sent))
  if (closed) return closed
  jobs.pollNow()
  for (const end = Date.now() + LONGEST_WAIT_MS; Date.now() < end; await wait(ASK_AGAIN_MS)) {
    const [row] = await db<{ outcome: UploadOutcome | CompletionOutcome | null }[]>`
      select outcome from upload where id = ${id}`
    // Erased meanwhile, with its verification.
    if (!row) return { closed: 'gone' }
    if (!row.outcome) continue
    await db`delete from upload where id = ${id}`
    return row.outcome
  }
  // A worker that stores the image at this moment ends its work: the same image is there already when it is sent again.
  const [late] = await db<{ outcome: UploadOutcome | CompletionOutcome | null }[]>`
    delete from upload where id = ${id} returning outcome`
  if (late?.outcome) return late.outcome
  throw temporarilyUnavailable()
}

async function insertUpload(
  sql: Sql,
  { vault, jobs }: { vault: Vault; jobs: Jobs },
  id: string,
  sent: Sent | SentImage,
): Promise<ReturnType<typeof whyClosed> | undefined> {
  const locked = await lockVerification(sql, sent.verificationId)
  const owner = locked && ownerOf(locked)
  if (!isOpen(locked) || !owner) return whyClosed(locked)
  const { type, bytes } = 'type' in sent ? sent : { type: null, bytes: undefined }
  const image = bytes && (await vault.seal(sql, owner, placeOf(id, 'image_sealed'), bytes))
  const typed =
    sent.findings &&
    (await vault.seal(sql, owner, placeOf(id, 'typed_sealed'), JSON.stringify(sent.findings)))
  await sql`
    insert into upload (id, verification_id, type, image_sealed, typed_sealed)
    values (${id}, ${sent.verificationId}, ${type}, ${image ?? null}, ${typed ?? null})`
  await jobs.enqueue(sql, 'take-upload', { uploadId: id })
  return undefined
}

const placeOf = (id: string, column: 'image_sealed' | 'typed_sealed') => ({
  table: 'upload',
  column,
  row: id,
})

type UploadRow = {
  verificationId: string
  type: UploadType | null
  imageSealed: Buffer | null
  typedSealed: Buffer | null
}

/** The job of an upload. It can run twice. */
export async function takeUpload(
  parts: TakingParts,
  { uploadId: id }: JobData<'take-upload'>,
): Promise<void> {
  const { db, vault } = parts
  const [row] = await db<UploadRow[]>`
    select verification_id, type, image_sealed, typed_sealed from upload
    where id = ${id} and outcome is null`
  // Erased, or the request waits no more.
  if (!row) return
  const { verificationId, type, imageSealed, typedSealed } = row
  const open = (column: 'image_sealed' | 'typed_sealed', sealed: Buffer) =>
    vault.open(db, placeOf(id, column), sealed)
  const findings =
    typedSealed && (JSON.parse(String(await open('typed_sealed', typedSealed))) as DocumentFindings)
  const given = { verificationId, findings: findings ?? undefined }
  if (type === null || imageSealed === null)
    await db.begin(async (sql) => {
      // In the order of an erasure, which deletes both.
      await lockVerification(sql, verificationId)
      const [waiting] =
        await sql`select from upload where id = ${id} and outcome is null for update`
      if (waiting) await answer(sql, id, await completeUploads(sql, vault, given))
    })
  else {
    const bytes = await open('image_sealed', imageSealed)
    await answer(db, id, await takeImage(parts, { ...given, id, type, bytes }))
  }
}

async function answer(sql: Sql, id: string, outcome: UploadOutcome | CompletionOutcome) {
  await sql`
    update upload set outcome = ${sql.json(outcome)}, image_sealed = null, typed_sealed = null where id = ${id}`
}

/** Deletes uploads whose request did not wait for the outcome, because its process ended. */
export const deleteOldUploads = (sql: Sql) => sql`
  delete from upload where created_at < now() - make_interval(mins => ${KEEP_MINUTES})`
