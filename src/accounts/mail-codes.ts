import { randomInt, timingSafeEqual } from 'node:crypto'
import type { Sql } from '../platform/db.ts'
import type { SealedColumn } from '../platform/resealing.ts'
import type { Sealer } from '../platform/secrets.ts'

/*
 * A mail with a link also has a short code, for residents who read it on another device: they type the code in the browser that asked,
 * which then gets a link of its own. A try is counted before it is compared.
 */

const DIGITS = 8
/** How often a code may be typed; the next try is wrong whatever it is. */
export const CODE_TRIES = 5

export type CodePurpose = 'reset' | 'email'

/** Returns a new code, in two groups of four digits. */
export const createCode = (): string =>
  String(randomInt(10 ** DIGITS))
    .padStart(DIGITS, '0')
    .replace(/^(.{4})/, '$1 ')

/** Compares what was typed with a code; spaces do not count. */
export function isSameCode(typed: string, code: string): boolean {
  const bytesOf = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''))
  const [given, expected] = [bytesOf(typed), bytesOf(code)] as const
  return given.length === expected.length && timingSafeEqual(given, expected)
}

const contextOf = (requestId: string) => `mail_code ${requestId}`
export const SEALED_MAIL_CODES: SealedColumn = {
  table: 'mail_code',
  column: 'code_sealed',
  key: ['request_id'],
  contextOf,
}

/** Stores the code of a request, whether or not its mail will be sent. */
export async function insertCode(
  sql: Sql,
  sealer: Sealer,
  request: {
    requestId: string
    purpose: CodePurpose
    /** As `ensureBrowserId` returns it. */
    browser: string
    code: string
    expiresAt: Date
  },
): Promise<void> {
  const { requestId, purpose, browser, code, expiresAt } = request
  await sql`
    insert into mail_code (request_id, purpose, browser_hash, code_sealed, expires_at)
    values (${requestId}, ${purpose}, ${Buffer.from(browser, 'hex')},
      ${sealer.seal(code, contextOf(requestId))}, ${expiresAt})`
}

type Asked = { purpose: CodePurpose; browser: string }

// Not async: awaiting a fragment would send it as a statement of its own.
const newestOf = (sql: Sql, { purpose, browser }: Asked) => sql`(
  select request_id from mail_code
  where browser_hash = ${Buffer.from(browser, 'hex')} and purpose = ${purpose} and expires_at > now()
  order by created_at desc, request_id limit 1)`

/** Whether this browser asked for a mail of this purpose that can still be used. */
export async function hasCode(sql: Sql, asked: Asked): Promise<boolean> {
  const [row] = await sql<{ requestId: string | null }[]>`
    select ${newestOf(sql, asked)} as request_id`
  return row?.requestId != null
}

/** Counts a try at the code of this browser's last mail. Returns the request's id when it is right. */
export async function findRequestByCode(
  sql: Sql,
  sealer: Sealer,
  { typed, ...asked }: Asked & { typed: string },
): Promise<string | undefined> {
  const [row] = await sql<{ requestId: string; codeSealed: string }[]>`
    update mail_code set tries = tries + 1
    where request_id = ${newestOf(sql, asked)} and tries < ${CODE_TRIES}
    returning request_id, code_sealed`
  if (!row) return undefined
  const { requestId, codeSealed } = row
  return isSameCode(typed, sealer.open(codeSealed, contextOf(requestId))) ? requestId : undefined
}

export async function deleteOldCodes(sql: Sql): Promise<void> {
  await sql`delete from mail_code where expires_at < now()`
}
