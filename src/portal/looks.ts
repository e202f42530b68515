import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { Db } from '../db.ts'
import { securityHeaders } from '../html.ts'
import { explainEntries } from '../id-verification/reasons.ts'
import { type ListedEntry, listEntries } from '../ledger/entries.ts'
import { listClientProfiles } from '../oauth/client-profile.ts'
import type { Vault } from '../vault.ts'
import type { Guard } from './guard.ts'
import { looksPage } from './looks-page.ts'

type Env = { Bindings: HttpBindings }
// A link is made and ended by the resident, unless a tenant erased its record.
const isOwn = ({ kind, result, clientId }: ListedEntry) =>
  kind === 'link' && (result === 'linked' || !clientId)
const PER_PAGE = 50

/** Who looked at the resident's data: their own part of the ledger, in words. */
export function lookRoutes({
  issuer,
  db,
  vault,
  guard,
}: {
  issuer: string
  db: Db
  vault: Vault
  guard: Guard
}): Hono<Env> {
  const routes = new Hono<Env>()
  routes.get('/looks', async (c) => {
    const resident = await guard.findResident(c)
    if (!resident) return c.redirect('/', 303)
    const given = c.req.query('before') ?? ''
    const before = /^\d{1,18}$/.test(given) ? given : undefined
    const found = await listEntries(db, resident.account.id, { before, limit: PER_PAGE + 1 })
    const entries = await explainEntries(db, vault, found.slice(0, PER_PAGE))
    const clients = [...new Set(entries.flatMap(({ clientId }) => clientId ?? []))]
    const profiles = await listClientProfiles(db, clients)
    for (const [name, value] of Object.entries(securityHeaders({ issuer }))) c.header(name, value)
    return c.html(
      looksPage({
        entries: entries.map((entry) => ({
          ...entry,
          who: isOwn(entry)
            ? 'You'
            : entry.clientId
              ? (profiles.find(({ clientId }) => clientId === entry.clientId)?.name ??
                'An application that is gone')
              : 'The people who run this portal',
        })),
        olderThan: found.length > PER_PAGE ? entries.at(-1)?.id : undefined,
      }),
    )
  })
  return routes
}
