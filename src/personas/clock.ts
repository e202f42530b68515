import { lockAccount } from '../accounts/accounts.ts'
import { listTeamClients } from '../clients/team-clients.ts'
import { shiftConsents } from '../consents/consents.ts'
import type { AppContext } from '../context.ts'
import { sendExpiryMails } from '../id-verification/outcome-mails.ts'
import { eraseResident } from '../id-verification/retention.ts'
import { shiftVerifications } from '../id-verification/shifting.ts'
import { shiftTokens } from '../oauth/shifting.ts'
import type { Sql } from '../platform/db.ts'
import type { Jobs } from '../platform/jobs.ts'
import { ensurePersonas, listPersonas, resetPersona } from './personas.ts'
import { shiftSteps } from './state.ts'

/*
 * The clock of a team's sandbox. The time of day is the same for everybody, so moving a clock forward by an hour is written as: everything
 * of this team happened an hour earlier. What would have ended by then has ended.
 */

type Parts = Pick<AppContext, 'config' | 'db' | 'vault' | 'sealer' | 'log'> & { jobs: Jobs }

const DAY_SECONDS = 24 * 3600
/** How far a clock can be ahead. */
export const MOST_AHEAD_SECONDS = 3650 * DAY_SECONDS

export type Clock = { aheadSeconds: number; movedAt: Date | undefined }

/** How far the team has moved its clock. */
export async function findClock(sql: Sql, teamId: string): Promise<Clock> {
  const [row] = await sql<{ aheadSeconds: number; movedAt: Date }[]>`
    select ahead_seconds::float8 as ahead_seconds, moved_at from sandbox_clock where team_id = ${teamId}`
  return row ?? { aheadSeconds: 0, movedAt: undefined }
}

/**
 * Moves a team's clock forward, and does what is due then. `too-far`: it would be further ahead than `MOST_AHEAD_SECONDS`, and nothing was
 * moved. `seconds` is a positive integer.
 */
export async function moveClock(
  parts: Parts,
  teamId: string,
  seconds: number,
): Promise<Clock | 'too-far'> {
  if (!Number.isSafeInteger(seconds) || seconds <= 0)
    throw new RangeError('a clock moves forward by whole seconds')
  const { db, vault, log } = parts
  const isMoved = await db.begin(async (sql) => {
    const ahead = await lockClock(sql, teamId)
    if (ahead + seconds > MOST_AHEAD_SECONDS) return false
    const accountIds = (await listPersonas(sql, teamId)).map(({ accountId }) => accountId).sort()
    for (const accountId of accountIds) await lockAccount(sql, accountId)
    const clientIds = (await listTeamClients(sql, teamId)).map(({ id }) => id)
    await shiftTokens(sql, { accountIds, clientIds }, seconds)
    await shiftConsents(sql, accountIds, seconds)
    await shiftSteps(sql, accountIds, seconds)
    // A date has no hours: days are counted over all moves, so that 24 hours are a day.
    const daysOf = (total: number) => Math.floor(total / DAY_SECONDS)
    const days = daysOf(ahead + seconds) - daysOf(ahead)
    await shiftVerifications(sql, vault, accountIds, { seconds, days })
    await sql`
      update sandbox_clock set ahead_seconds = ${ahead + seconds}, moved_at = now() where team_id = ${teamId}`
    return true
  })
  if (!isMoved) return 'too-far'
  log.info('sandbox clock moved', { teamId, seconds })
  await sendExpiryMails(parts)
  parts.jobs.pollNow()
  return await findClock(db, teamId)
}

/** In a transaction: how far ahead the clock is; nobody else moves it meanwhile. */
async function lockClock(sql: Sql, teamId: string): Promise<number> {
  await sql`insert into sandbox_clock (team_id) values (${teamId}) on conflict do nothing`
  await sql`select from sandbox_clock where team_id = ${teamId} for update`
  return (await findClock(sql, teamId)).aheadSeconds
}

/** Erases every persona of the team and creates it anew, and sets the clock to today. Its applications stay. */
export async function resetSandbox(parts: Parts, teamId: string): Promise<void> {
  for (const persona of await listPersonas(parts.db, teamId)) await resetPersona(parts, persona)
  await parts.db`update sandbox_clock set ahead_seconds = 0, moved_at = now() where team_id = ${teamId}`
  await ensurePersonas(parts, teamId)
  parts.log.info('sandbox reset', { teamId })
}

/** Erases every persona of the team, and its clock. For a team that ends, after its applications. */
export async function deleteSandbox(parts: Parts, teamId: string): Promise<void> {
  for (const { accountId } of await listPersonas(parts.db, teamId))
    await eraseResident(parts, accountId)
  await parts.db`delete from sandbox_clock where team_id = ${teamId}`
}
