import { lockAccountShared } from '../accounts/accounts.ts'
import type { AppContext } from '../context.ts'
import { eraseWithProof } from '../id-verification/erasure-requests.ts'
import type { Sql } from '../platform/db.ts'
import type { Jobs } from '../platform/jobs.ts'
import { type Loop, startLoop } from '../platform/loop.ts'
import { OWN_LOOK_MS } from '../platform/pulse.ts'
import { createPersona, prepare } from './personas.ts'
import { endReadAccess } from './reactions.ts'
import {
  addStep,
  claimStep,
  lockPersona,
  type PersonaState,
  type PersonaWithState,
  removeStep,
  type Step,
  storeState,
} from './state.ts'
import { decide, storePhotos } from './verifications.ts'

type Parts = Pick<AppContext, 'config' | 'db' | 'vault' | 'sealer' | 'storage' | 'log'> & {
  jobs: Jobs
}

/** In the sandbox: does what becomes of personas by itself. Any number of processes may run it. */
export function startPersonas(parts: Parts): Loop {
  const { log } = parts
  return startLoop({ event: 'a persona cannot go on', pauseMs: OWN_LOOK_MS, log }, () =>
    runDueStep(parts),
  )
}

/** Does the next thing that is due. Returns whether there was one. Each can be done twice, so a process may end at any moment. */
export async function runDueStep(parts: Parts): Promise<boolean> {
  const claimed = await claimStep(parts.db)
  if (!claimed) return false
  const { persona, step } = claimed
  await run(parts, persona, step)
  parts.log.info('persona went on', { accountId: persona.accountId, step: step.what })
  return true
}

async function run(parts: Parts, persona: PersonaWithState, step: Step): Promise<void> {
  const { accountId, teamId, kind, state } = persona
  switch (step.what) {
    case 'prepare':
      return await prepare(parts, accountId)
    case 'photos':
      if (state.verificationId !== undefined)
        await storePhotos(parts, { persona, id: state.verificationId })
      // The others have them from the start.
      return await finish(parts, persona, step, async (now) =>
        ['images-arriving', 'slow-vendor'].includes(kind) ? endBranch(now) : now,
      )
    case 'approve':
      return await finish(parts, persona, step, async (now, sql) => {
        await decideNow(sql, parts, { ...persona, state: now }, step, 'approved')
        await addStep(sql, accountId, { what: 'photos', seconds: 0 })
        return now
      })
    case 'decline':
      return await finish(parts, persona, step, async (now, sql) => {
        await decideNow(sql, parts, { ...persona, state: now }, step, 'declined')
        return endBranch(now)
      })
    case 'erase':
      await eraseWithProof(parts, accountId)
      return await createPersona(parts, teamId, kind)
    case 'end-access':
      await endReadAccess(parts.db, { accountId, clientId: step.clientId })
      return await finish(parts, persona, step, async (now) => now)
  }
}

const endBranch = (state: PersonaState): PersonaState => ({
  ...state,
  phase: state.phase === 'under-way' ? 'over' : state.phase,
})

async function decideNow(
  sql: Sql,
  { vault }: Parts,
  persona: PersonaWithState,
  { dueAt }: Step,
  status: 'approved' | 'declined',
): Promise<void> {
  const id = persona.state.verificationId
  if (id !== undefined) await decide(sql, vault, { persona, id }, { status, at: dueAt })
}

/** Stores what a step has changed, with what it does in the same transaction. A persona that was reset meanwhile is left alone. */
async function finish(
  { db }: Parts,
  { accountId }: PersonaWithState,
  { what, clientId, dueAt }: Step,
  change: (state: PersonaState, sql: Sql) => Promise<PersonaState>,
): Promise<void> {
  await db.begin(async (sql) => {
    await lockAccountShared(sql, accountId)
    const locked = await lockPersona(sql, accountId)
    if (!locked) return
    await storeState(sql, accountId, await change(locked.state, sql))
    await removeStep(sql, accountId, what, { clientId, by: dueAt })
  })
}
