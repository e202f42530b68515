import { findConsent, revokeConsent } from '../consents/consents.ts'
import type { ConsentLimit } from '../consents/form.ts'
import { IMAGES_SCOPE } from '../consents/images.ts'
import { eraseWithin } from '../id-verification/retention.ts'
import { hasRead } from '../ledger/entries.ts'
import type { Db, Sql } from '../platform/db.ts'
import { ApiError } from '../platform/errors.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Vault } from '../platform/vault.ts'
import type { PersonaName } from './kinds.ts'
import { begin, findPersona } from './personas.ts'
import {
  addStep,
  findTokenOwner,
  lockPersona,
  type PersonaState,
  type PersonaWithState,
  type StepName,
  storeState,
} from './state.ts'
import { decide } from './verifications.ts'

/* What personas do when an application is allowed, and when it reads. The authorization server and the API of the sandbox call this. */

/** What happens to a persona by itself after it has allowed an application, and after how many seconds. */
const AFTER_CONSENT: Partial<Record<PersonaName, { what: StepName; seconds: number }>> = {
  'images-arriving': { what: 'photos', seconds: 60 },
  'declined-later': { what: 'decline', seconds: 60 },
  erased: { what: 'erase', seconds: 60 },
  'slow-vendor': { what: 'approve', seconds: 120 },
}

/**
 * In the transaction of a consent, which has locked the account: begins the branch of a persona that goes on by itself. Where it has ended
 * before, it begins anew, so that every consent shows it.
 */
export async function startBranch(
  sql: Sql,
  parts: { vault: Vault; jobs: Jobs },
  accountId: string,
): Promise<void> {
  const persona = await lockPersona(sql, accountId)
  const next = persona && AFTER_CONSENT[persona.kind]
  if (!next || persona.state.phase === 'new' || persona.state.phase === 'under-way') return
  const state =
    persona.state.phase === 'over' ? await startAgain(sql, parts, persona) : persona.state
  await addStep(sql, accountId, next)
  await storeState(sql, accountId, { ...state, phase: 'under-way' })
}

/** Brings a persona back to where its branch begins. */
async function startAgain(
  sql: Sql,
  { vault, jobs }: { vault: Vault; jobs: Jobs },
  persona: PersonaWithState,
): Promise<PersonaState> {
  const { kind, state } = persona
  const { verificationId } = state
  if (kind === 'declined-later' && verificationId !== undefined) {
    // The vendor overturns it, as it may: the photos are there.
    const of = { persona, id: verificationId }
    await decide(sql, vault, of, { status: 'approved', at: new Date() })
    return state
  }
  const begun = await begin(sql, vault, persona)
  // After the new one is there. Without a word to applications of its own: they are told what counts now.
  if (verificationId !== undefined) await eraseWithin(sql, jobs, verificationId, 'retention')
  return begun
}

/** The persona that declines some permissions, whatever is pressed: what it allows. `undefined`: the consent page asks as it does. */
export async function findConsentLimit(
  sql: Sql,
  accountId: string,
): Promise<ConsentLimit | undefined> {
  const persona = await findPersona(sql, accountId)
  return persona?.kind === 'partial-consent'
    ? { scopes: ['openid', IMAGES_SCOPE], images: ['document_front', 'document_back'] }
    : undefined
}

const RETRY_AFTER_SECONDS = 30
const HINT = 'This persona answers every read so. Sign in as another one to go on.'

/**
 * Before a request of the API is answered: throws what a persona answers every read with, and ends an access after its first read. It is
 * the only thing in the sandbox that a read waits for besides the answer, and nothing in production.
 */
export async function beforeRead(db: Db, token: { rowId: Uint8Array }): Promise<void> {
  const owner = await findTokenOwner(db, token.rowId)
  if (!owner) return
  if (owner.kind === 'too-many-requests')
    throw new ApiError(429, 'rate_limit_exceeded', HINT, {
      headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
    })
  if (owner.kind === 'server-error') throw new ApiError(500, 'Internal server error', HINT)
  if (owner.kind === 'ends-consent' && !(await endReadAccess(db, owner)))
    await addStep(db, owner.accountId, {
      what: 'end-access',
      seconds: END_SECONDS,
      clientId: owner.clientId,
    })
}
// The first read has been answered by then.
const END_SECONDS = 3

type Access = { accountId: string; clientId: string }

/** Ends the access of an application that has read. Returns `false` while it has not. */
export async function endReadAccess(db: Db, { accountId, clientId }: Access): Promise<boolean> {
  const consent = await findConsent(db, accountId, clientId)
  if (!consent || !(await hasRead(db, { accountId, clientId, since: consent.createdAt })))
    return false
  await revokeConsent(db, accountId, clientId)
  return true
}
