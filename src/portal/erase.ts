import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { findClientNames } from '../clients/clients.ts'
import { listReaders } from '../events/events.ts'
import { proveErasure, type SignReceipt } from '../id-verification/erasure.ts'
import {
  cancelErasure,
  findErasureTime,
  findReceiptOwner,
  findWaitingDays,
  requestErasure,
} from '../id-verification/erasure-requests.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import { erasedPage, erasePage, erasureRequestedPage } from './erase-pages.ts'
import type { Guard, GuardParts, Resident } from './guard.ts'
import { leaveNotice, sentenceOf, takeNotice } from './notices.ts'

type Parts = GuardParts & { guard: Guard; signReceipt: SignReceipt }

const TOKEN = ':token{[\\w-]{43}}' as const

/** `/account/erase`: the resident asks to be erased, and takes that back. `/erasure/…`: the proof, for whoever has its link. */
export function eraseRoutes(parts: Parts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.use('/account/erase/*', bodyLimit({ maxSize: 16 * 1024 }))
  routes.get('/account/erase', async (c) => {
    const resident = await parts.guard.findResident(c)
    return resident ? show(parts, c, resident) : parts.guard.askToSignIn(c)
  })
  routes.post('/account/erase', (c) => acceptRequest(parts, c))
  routes.post('/account/erase/cancel', (c) => cancel(parts, c))
  routes.get(`/erasure/${TOKEN}`, (c) => showErased(parts, c, c.req.param('token')))
  routes.get(`/erasure/${TOKEN}/receipt`, (c) => sendReceipt(parts, c, c.req.param('token')))
  return routes
}

async function show(
  parts: Parts,
  c: Context<PageEnv>,
  { account, session }: Resident,
  error?: string,
): Promise<Response> {
  const { issuer, db, forms } = parts
  const { reader } = c.var
  const csrf = forms.create(session.uid)
  setSecurityHeaders(c, { issuer })
  if (await findErasureTime(db, account.id)) return c.html(erasureRequestedPage(reader, { csrf }))
  const names = await findClientNames(db, await listReaders(db, account.id))
  return c.html(
    erasePage(reader, {
      csrf,
      waitingDays: await findWaitingDays(db),
      applications: [...names.values()],
      notice: error ? undefined : sentenceOf(reader.texts, takeNotice(parts, c)),
      error,
    }),
    error ? 400 : 200,
  )
}

async function acceptRequest(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const { issuer, guard, security, log } = parts
  const { resident, form } = await guard.requireForm(c)
  if (form.understood !== 'yes')
    return show(parts, c, resident, c.var.reader.texts.erase.notUnderstood)
  const confirmation = await guard.requireRecentSignIn(c, resident, form, 'factors')
  if (confirmation) return confirmation
  const { account } = resident
  const { receipt } = await requestErasure(parts, {
    account,
    issuer,
    requireSession: (sql) => guard.holdLiveSession(sql, resident),
  })
  security.emit('erasure_requested', { accountId: account.id })
  log.info('erasure requested', { accountId: account.id })
  return c.redirect(receipt ? `/erasure/${receipt}` : '/account/erase', 303)
}

/** Needs no recent sign-in: it only keeps what there is. */
async function cancel(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const { db, guard, security, log } = parts
  const { resident } = await guard.requireForm(c)
  const accountId = resident.account.id
  const requireSession: Parameters<typeof cancelErasure>[1]['requireSession'] = (sql) =>
    guard.holdLiveSession(sql, resident)
  if (await cancelErasure(db, { accountId, requireSession })) {
    security.emit('erasure_cancelled', { accountId })
    log.info('erasure cancelled', { accountId })
    leaveNotice(parts, c, { name: 'erasure-cancelled' })
  }
  return c.redirect('/account', 303)
}

const expired = () => new PageError(410, 'link_expired', ({ errors }) => errors.receiptExpired)

async function requireOwner({ db }: Parts, token: string): Promise<string> {
  const accountId = await findReceiptOwner(db, token)
  if (!accountId) throw expired()
  return accountId
}

async function showErased(parts: Parts, c: Context<PageEnv>, token: string): Promise<Response> {
  const { issuer, db, signReceipt } = parts
  const accountId = await requireOwner(parts, token)
  const proof = await proveErasure(db, accountId, signReceipt)
  const told = proof?.applications.map(({ clientId }) => clientId) ?? []
  const names = await findClientNames(db, told)
  setSecurityHeaders(c, { issuer })
  return c.html(
    erasedPage(c.var.reader, {
      path: `/erasure/${token}`,
      keys: `${issuer}/.well-known/ledger`,
      proof,
      names,
    }),
  )
}

/** The signed statement as a file. It contains ids and no other personal data. */
async function sendReceipt(parts: Parts, c: Context<PageEnv>, token: string): Promise<Response> {
  const { issuer, db, signReceipt } = parts
  const proof = await proveErasure(db, await requireOwner(parts, token), signReceipt)
  if (!proof) return c.redirect(`/erasure/${token}`, 303)
  setSecurityHeaders(c, { issuer })
  return c.body(proof.receipt, 200, {
    // RFC 7515 §9.2.1
    'Content-Type': 'application/jose',
    'Content-Disposition': 'attachment; filename="erasure-receipt.jws"',
  })
}
