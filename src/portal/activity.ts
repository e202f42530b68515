import { Hono } from 'hono'
import { listClientProfiles } from '../clients/profile.ts'
import { explainEntries } from '../id-verification/reasons.ts'
import { type ListedEntry, listEntries } from '../ledger/entries.ts'
import type { Db } from '../platform/db.ts'
import type { Vault } from '../platform/vault.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import { activityPage } from './activity-page.ts'
import type { Guard } from './guard.ts'

// The resident makes and ends links; only a tenant that erases its record ends one without them.
const isOwn = ({ kind, result, clientId }: ListedEntry) =>
  (kind === 'link' && (result === 'linked' || !clientId)) ||
  (kind === 'export' && result !== 'archive')
const PER_PAGE = 50

/** `/activity`: the resident's own entries of the ledger, in words. */
export function activityRoutes({
  issuer,
  db,
  vault,
  guard,
}: {
  issuer: string
  db: Db
  vault: Vault
  guard: Guard
}): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  // The former address of the page, kept for bookmarks.
  routes.get('/looks', (c) => c.redirect(`/activity${new URL(c.req.url).search}`, 301))
  routes.get('/activity', async (c) => {
    const resident = await guard.findResident(c)
    if (!resident) return c.redirect('/', 303)
    const requested = c.req.query('before') ?? ''
    const before = /^\d{1,18}$/.test(requested) ? requested : undefined
    const listed = await listEntries(db, resident.account.id, { before, limit: PER_PAGE + 1 })
    const entries = await explainEntries(db, vault, listed.slice(0, PER_PAGE))
    const clients = [...new Set(entries.flatMap(({ clientId }) => clientId ?? []))]
    const profiles = await listClientProfiles(db, clients)
    const { activity } = c.var.reader.texts
    setSecurityHeaders(c, { issuer })
    return c.html(
      activityPage(c.var.reader, {
        entries: entries.map((entry) => ({
          ...entry,
          who: isOwn(entry)
            ? activity.you
            : entry.clientId
              ? (profiles.find(({ clientId }) => clientId === entry.clientId)?.name ??
                activity.removedApplication)
              : activity.operator,
        })),
        olderThan: listed.length > PER_PAGE ? entries.at(-1)?.id : undefined,
      }),
    )
  })
  return routes
}
