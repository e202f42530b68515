import { type Context, Hono } from 'hono'
import { listReportedEntries } from '../accounts/cases.ts'
import { listKnownReaders } from '../accounts/known-readers.ts'
import { findClientNames } from '../clients/clients.ts'
import { listEndedConsents } from '../consents/ended-consents.ts'
import { findDocumentTypes } from '../id-verification/own-verifications.ts'
import { explainEntries } from '../id-verification/reasons.ts'
import { findEntry, type ListedEntry, searchEntries } from '../ledger/entries.ts'
import { proveInclusion } from '../ledger/proofs.ts'
import type { Db } from '../platform/db.ts'
import type { Vault } from '../platform/vault.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import type { Texts } from '../web/texts/en.ts'
import type { Setting } from '../web/texts/languages.ts'
import { cutPage, groupByDay } from './activity-days.ts'
import { entryPage } from './activity-entry-page.ts'
import { conditionsOf, readFilter } from './activity-filter.ts'
import { activityPage } from './activity-page.ts'
import type { NamedEntry } from './activity-words.ts'
import type { Guard } from './guard.ts'

type Parts = {
  issuer: string
  db: Db
  vault: Vault
  guard: Guard
  /** `timeZone`: of residents who have chosen none. */
  config: { site: Pick<Setting, 'timeZone'> }
}

// As many distinct lines are still less than 150 KB of page.
const PER_PAGE = 200
const ID = ':id{[0-9]{1,18}}' as const

/** `/activity`: the resident's own entries of the ledger, in words, each with its proof. */
export function activityRoutes(parts: Parts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  // The former address of the page, kept for bookmarks.
  routes.get('/looks', (c) => c.redirect(`/activity${new URL(c.req.url).search}`, 301))
  routes.get('/activity', (c) => showActivity(parts, c))
  routes.get(`/activity/${ID}`, (c) => showEntry(parts, c, c.req.param('id')))
  routes.get(`/activity/${ID}/proof`, (c) => sendProof(parts, c, c.req.param('id')))
  return routes
}

async function showActivity(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const { issuer, db, guard } = parts
  const resident = await guard.findResident(c)
  if (!resident) return guard.askToSignIn(c)
  const accountId = resident.account.id
  const timeZone = resident.account.timeZone ?? parts.config.site.timeZone
  const { texts } = c.var.reader
  const requested = c.req.query('before') ?? ''
  const before = /^\d{1,18}$/.test(requested) ? requested : undefined
  const filter = readFilter(c.req.query())
  const hasFault = Object.keys(filter.faults).length > 0
  const found = hasFault
    ? []
    : await searchEntries(db, accountId, conditionsOf(filter, timeZone), {
        before,
        limit: PER_PAGE + 1,
      })
  const { entries, more, splitsDay } = cutPage(found, PER_PAGE, texts.format.day)
  const named = await nameEntries(parts, texts, accountId, entries)
  const isFirst = before === undefined
  setSecurityHeaders(c, { issuer })
  return c.html(
    activityPage(c.var.reader, {
      filter,
      applications: await listApplications(db, accountId, entries),
      days: groupByDay(named, texts.format.day),
      splitsDay,
      olderThan: more ? entries.at(-1)?.id : undefined,
      isFirst,
      ended: isFirst ? await listEndedConsents(db, accountId) : undefined,
      reports: isFirst ? await listReportedEntries(db, accountId) : [],
    }),
    hasFault ? 400 : 200,
  )
}

/** The applications to choose from, in the order of their names. Those on the page are among them before the workers know them. */
async function listApplications(db: Db, accountId: string, shown: readonly ListedEntry[]) {
  const known = await listKnownReaders(db, accountId)
  const ids = new Set([...known, ...shown.flatMap(({ clientId }) => clientId ?? [])])
  const names = [...(await findClientNames(db, [...ids]))]
  return names
    .map(([clientId, name]) => ({ clientId, name }))
    .sort((one, other) => one.name.localeCompare(other.name))
}

async function showEntry(parts: Parts, c: Context<PageEnv>, id: string): Promise<Response> {
  const { issuer, db, guard } = parts
  const resident = await guard.findResident(c)
  if (!resident) return guard.askToSignIn(c)
  const entry = await requireEntry(parts, c, { accountId: resident.account.id, id })
  const types = await findDocumentTypes(db, resident.account.id, idsOf([entry]))
  const hasCheck = entry.verificationId !== null && types.has(entry.verificationId)
  const proof = await proveInclusion(db, id)
  setSecurityHeaders(c, { issuer })
  return c.html(entryPage(c.var.reader, { entry, hasCheck, proof }))
}

/** The proof as a file, in the format of `docs/ledger.md`. */
async function sendProof({ issuer, db, guard }: Parts, c: Context<PageEnv>, id: string) {
  const resident = await guard.findResident(c)
  if (!resident) return guard.askToSignIn(c)
  const entry = await findEntry(db, resident.account.id, id)
  const proof = entry && (await proveInclusion(db, id))
  if (!proof) throw nothingHere()
  const { head, ...inclusion } = proof
  setSecurityHeaders(c, { issuer })
  return c.body(
    `${JSON.stringify({ ...inclusion, root: head.root, head: head.jws }, null, 2)}\n`,
    200,
    {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Disposition': `attachment; filename="entry-${id}.json"`,
    },
  )
}

const nothingHere = () => new PageError(404, 'not_found', ({ errors }) => errors.notFound)

/** One entry about this account; throws 404 for any other. */
export async function requireEntry(
  parts: Pick<Parts, 'db' | 'vault'>,
  c: Context<PageEnv>,
  { accountId, id }: { accountId: string; id: string },
): Promise<NamedEntry> {
  const found = await findEntry(parts.db, accountId, id)
  const [entry] = found ? await nameEntries(parts, c.var.reader.texts, accountId, [found]) : []
  if (!entry) throw nothingHere()
  return entry
}

/** Adds what the sentences need. */
async function nameEntries(
  { db, vault }: Pick<Parts, 'db' | 'vault'>,
  { activity }: Texts,
  accountId: string,
  entries: readonly ListedEntry[],
): Promise<NamedEntry[]> {
  const clientIds = [...new Set(entries.flatMap(({ clientId }) => clientId ?? []))]
  const [explained, names, types] = await Promise.all([
    explainEntries(db, vault, entries),
    findClientNames(db, clientIds),
    findDocumentTypes(db, accountId, idsOf(entries)),
  ])
  return explained.map((entry) => ({
    ...entry,
    who: isOwn(entry)
      ? activity.you
      : entry.clientId
        ? (names.get(entry.clientId) ?? activity.removedApplication)
        : activity.operator,
    documentType: types.get(entry.verificationId ?? '') ?? null,
  }))
}

const idsOf = (entries: readonly ListedEntry[]): string[] => [
  ...new Set(entries.flatMap(({ verificationId }) => verificationId ?? [])),
]

// The resident makes and ends links; only a tenant that erases its record ends one without them.
const isOwn = ({ kind, result, clientId }: ListedEntry) =>
  (kind === 'link' && (result === 'linked' || !clientId)) ||
  (kind === 'export' && result === 'own archive')
