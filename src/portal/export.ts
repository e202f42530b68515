import { Readable } from 'node:stream'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { findOwnExport, openOwnExport, requestExport } from '../id-verification/own-exports.ts'
import { disclose } from '../ledger/disclosure.ts'
import type { Storage } from '../platform/storage.ts'
import { securityHeaders, setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import { requestIdOf } from '../web/response-headers.ts'
import { exportPage } from './export-page.ts'
import type { Guard, GuardParts, Resident } from './guard.ts'
import { leaveNotice, sentenceOf, takeNotice } from './notices.ts'

type Parts = GuardParts & { guard: Guard; storage: Storage }

// Each holds two parts of its archive in memory.
const MAX_OPEN_ARCHIVES = 4
const FILE_NAME = 'identity-portal.zip'

/** `/account/export`: the resident requests an archive of everything, and downloads it. Both need a recent sign-in. */
export function exportRoutes(parts: Parts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  const send = createSender(parts)
  routes.use('/account/export/*', bodyLimit({ maxSize: 16 * 1024 }))
  routes.get('/account/export', async (c) => {
    const resident = await parts.guard.findResident(c)
    return resident ? show(parts, c, resident) : c.redirect('/', 303)
  })
  routes.post('/account/export', (c) => acceptRequest(parts, c))
  routes.post('/account/export/open', async (c) => {
    const { resident, form } = await parts.guard.requireForm(c)
    const confirmation = await parts.guard.requireRecentSignIn(c, resident, form)
    return confirmation ?? c.redirect('/account/export', 303)
  })
  routes.get('/account/export/archive', async (c) => {
    const resident = await parts.guard.findResident(c)
    if (!resident) return c.redirect('/', 303)
    return resident.isRecent ? send(c, resident) : c.redirect('/account/export', 303)
  })
  return routes
}

async function show(
  parts: Parts,
  c: Context<PageEnv>,
  { account, session, isRecent }: Resident,
  problem?: { error: string; status: 429 | 503 },
): Promise<Response> {
  const { issuer, db, forms } = parts
  const { reader } = c.var
  const last = await findOwnExport(db, account.id)
  setSecurityHeaders(c, { issuer })
  return c.html(
    exportPage(reader, {
      csrf: forms.create(session.uid),
      last,
      isRecent,
      notice: problem ? undefined : sentenceOf(reader.texts, takeNotice(parts, c)),
      error: problem?.error,
    }),
    problem?.status ?? 200,
  )
}

async function acceptRequest(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const { guard, log, security } = parts
  const { resident, form } = await guard.requireForm(c)
  const confirmation = await guard.requireRecentSignIn(c, resident, form)
  if (confirmation) return confirmation
  const accountId = resident.account.id
  const outcome = await requestExport(parts, {
    accountId,
    requireSession: (sql) => guard.holdLiveSession(sql, resident),
  })
  if (outcome === 'too-many') {
    c.header('Retry-After', '3600')
    const { tooMany } = c.var.reader.texts.archive
    return show(parts, c, resident, { error: tooMany, status: 429 })
  }
  if (outcome === 'requested') {
    security.emit('export_requested', { accountId })
    log.info('export requested', { accountId })
    leaveNotice(parts, c, { name: 'export-requested' })
  }
  return c.redirect('/account/export', 303)
}

function createSender(parts: Parts) {
  const { issuer, db, log } = parts
  let open = 0

  return async (c: Context<PageEnv>, resident: Resident): Promise<Response> => {
    const accountId = resident.account.id
    const { reader } = c.var
    const cannotRead = () => {
      c.header('Retry-After', '60')
      const error = reader.texts.archive.unreadable
      return show(parts, c, resident, { error, status: 503 })
    }
    if (open >= MAX_OPEN_ARCHIVES) return cannotRead()
    const archive = await openOwnExport(parts, accountId).catch((error: unknown) => {
      log.error('an archive cannot be read', { accountId, error })
      return 'unreadable' as const
    })
    if (archive === 'unreadable') return cannotRead()
    if (!archive) return c.redirect('/account/export', 303)
    const headers = {
      ...securityHeaders({ issuer, locale: reader.locale }),
      'Content-Type': 'application/zip',
      'Content-Disposition': `attachment; filename="${FILE_NAME}"`,
      'Content-Length': String(archive.size),
    }
    const requestId = requestIdOf(c.env.outgoing)
    const entry = { detail: { what: 'own-export' }, accountId, requestId } as const
    return await disclose(db, entry, () => {
      if (c.req.method === 'HEAD') return c.body(null, 200, headers)
      open++
      const body = Readable.from(archive.pieces, { objectMode: false, highWaterMark: 1 })
      body.once('close', () => open--)
      // The web stream reports it to whoever reads.
      body.on('error', (error) => log.error('an archive cannot be read', { accountId, error }))
      return c.body(Readable.toWeb(body) as ReadableStream<Uint8Array>, 200, headers)
    })
  }
}
