import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { type Account, lockAccount } from '../accounts/accounts.ts'
import { createEntryCase, findCaseOfEntry, hasManyReports } from '../accounts/cases.ts'
import { caseOpenedMail, type MailContext, sendLetter } from '../accounts/mails.ts'
import { findConsent, freezeLiveConsent } from '../consents/consents.ts'
import type { Db, Sql } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import type { Vault } from '../platform/vault.ts'
import { isDisplayable } from '../web/displayed-text.ts'
import type { FormTokens } from '../web/form-tokens.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import type { SecurityEvents } from '../web/security-events.ts'
import type { Text } from '../web/texts/languages.ts'
import { requireEntry } from './activity.ts'
import type { NamedEntry } from './activity-words.ts'
import type { Guard, Resident } from './guard.ts'
import { type Access, MAX_NOTE, reportedPage, unexpectedPage } from './unexpected-page.ts'

type Parts = MailContext & {
  issuer: string
  db: Db
  vault: Vault
  guard: Guard
  forms: FormTokens
  security: SecurityEvents
  log: Log
}

const PATH = '/activity/:id{[0-9]{1,18}}/unexpected' as const
const pathOf = (id: string) => `/activity/${id}/unexpected`

/** `/activity/:id/unexpected`: a resident reports an entry that they did not expect, and follows what becomes of it. */
export function unexpectedRoutes(parts: Parts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.use('/activity/*', bodyLimit({ maxSize: 16 * 1024 }))
  routes.get(PATH, async (c) => {
    const resident = await parts.guard.findResident(c)
    return resident ? show(parts, c, resident, c.req.param('id')) : parts.guard.askToSignIn(c)
  })
  routes.post(PATH, (c) => report(parts, c, c.req.param('id')))
  return routes
}

async function show(
  parts: Parts,
  c: Context<PageEnv>,
  { account, session }: Resident,
  id: string,
  sent?: { note: string; fault: Text; status: 400 | 429 },
): Promise<Response> {
  const { issuer, db, vault, forms } = parts
  const { reader } = c.var
  const entry = await requireEntry(parts, c, { accountId: account.id, id })
  const known = await findCaseOfEntry(db, vault, { accountId: account.id, entryId: id })
  setSecurityHeaders(c, { issuer })
  if (known) return c.html(reportedPage(reader, { entry, report: known }))
  const access = await findAccess(db, account.id, entry)
  const form = { entry, access, csrf: forms.create(session.uid) }
  return sent
    ? c.html(
        unexpectedPage(reader, { ...form, note: sent.note, fault: sent.fault(reader.texts) }),
        sent.status,
      )
    : c.html(unexpectedPage(reader, form))
}

/** What access of the entry's application there is to freeze. Tenants and operators read without a consent. */
async function findAccess(
  sql: Sql,
  accountId: string,
  { kind, clientId }: NamedEntry,
): Promise<Access> {
  if (clientId === null || !['disclosure', 'refusal'].includes(kind)) return 'none'
  const consent = await findConsent(sql, accountId, clientId)
  if (consent?.isFrozen) return 'frozen'
  return consent && !consent.isEnded ? 'live' : 'ended'
}

/** Needs no recent sign-in, because it only reduces access. Of one resident, people look into so many entries a day. */
async function report(parts: Parts, c: Context<PageEnv>, id: string): Promise<Response> {
  const { guard, db, vault, security, log } = parts
  const { resident, form } = await guard.requireForm(c)
  const { account } = resident
  const accountId = account.id
  const note = readNote(form.note)
  if (typeof note !== 'string')
    return show(parts, c, resident, id, { note: String(form.note), fault: note.fault, status: 400 })
  const entry = await requireEntry(parts, c, { accountId, id })
  const { clientId } = entry
  const opened = await db.begin(async (sql) => {
    await lockAccount(sql, accountId)
    // The form of a report that was sent before freezes nothing again: the resident may have lifted that freeze.
    if (await findCaseOfEntry(sql, vault, { accountId, entryId: id })) return undefined
    const isLive = (await findAccess(sql, accountId, entry)) === 'live' && clientId !== null
    const isFrozen = isLive && (await freezeLiveConsent(sql, { accountId, clientId }))
    // What freezes an application is never refused.
    if (!isFrozen && (await hasManyReports(sql, accountId))) return 'too-many'
    const frozen = isFrozen ? entry.who : undefined
    const of = { account, clientId, entryId: id, frozen, note: note || undefined }
    const caseId = await openEntryCase(sql, parts, of)
    return caseId === undefined ? undefined : { caseId, isFrozen }
  })
  if (opened === 'too-many') {
    const fault: Text = ({ unexpected }) => unexpected.tooMany
    return show(parts, c, resident, id, { note, fault, status: 429 })
  }
  if (opened) {
    const about = { accountId, clientId: clientId ?? undefined }
    if (opened.isFrozen) security.emit('access_frozen', about)
    security.emit('entry_reported', about)
    log.warn('security case opened', { caseId: opened.caseId, kind: 'entry', ...about })
  }
  return c.redirect(pathOf(id), 303)
}

/**
 * In a transaction: opens the case of a reported entry, and mails the resident what happens next. `frozen`: the application whose access
 * ended with the report. Returns its id; `undefined` where there is one already.
 */
export async function openEntryCase(
  sql: Sql,
  parts: MailContext & { issuer: string; vault: Vault },
  report: {
    account: Account
    clientId: string | null
    entryId: string
    frozen: string | undefined
    note: string | undefined
  },
): Promise<string | undefined> {
  const { account, clientId, entryId, frozen, note } = report
  const of = { accountId: account.id, clientId, entryId, frozen: frozen !== undefined, note }
  const caseId = await createEntryCase(sql, parts.vault, of)
  const letter = caseOpenedMail({ frozen, page: `${parts.issuer}${pathOf(entryId)}` })
  if (caseId !== undefined) await sendLetter(sql, parts, account, letter)
  return caseId
}

/** The words of the resident, in lines; empty: none. */
function readNote(given: unknown): string | { fault: Text } {
  const note = (typeof given === 'string' ? given : '').replaceAll('\r\n', '\n').trim()
  if ([...note].length > MAX_NOTE)
    return { fault: ({ unexpected }) => unexpected.tooLong(String(MAX_NOTE)) }
  if (!note.split('\n').every(isDisplayable))
    return { fault: ({ unexpected }) => unexpected.hidden }
  return note
}
