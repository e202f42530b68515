import { randomUUID } from 'node:crypto'
import type { TryClient } from '../clients/try-clients.ts'
import type { Db, Sql } from '../platform/db.ts'
import type { SealedColumn } from '../platform/resealing.ts'
import { hashSecret, randomSecret, type Sealer } from '../platform/secrets.ts'

/** One part of the page, in its order. */
export type Step =
  | 'discovery'
  | 'authorization'
  | 'callback'
  | 'token'
  | 'tokens'
  | 'api'
  | 'end'
  | 'errors'

/** A request as it is shown: `$NAME` stands for a value of the run that is no business of a bystander. */
export type ShownRequest = {
  method: 'GET' | 'POST'
  url: string
  headers: [name: string, value: string][]
  form?: [name: string, value: string][]
  json?: string
}
export type ShownAnswer = { status: number; headers: [name: string, value: string][]; body: string }
export type Exchange = {
  step: Step
  /** What was tried. */
  title: string
  request: ShownRequest
  /** A text: the sandbox did not answer. */
  answer: ShownAnswer | string
}

/** What the developer chose. */
export type Wanted = {
  scope: string[]
  prompt: string
  acrValues: string
  claims: string
  isPushed: boolean
}

/** What came back to the console. */
export type Callback = {
  parameters: Record<string, string>
  /** Why the answer was not accepted. */
  refused?: 'issuer' | 'no-code'
  /** It came again. */
  isRepeated?: boolean
}

export type Tokens = {
  accessToken: string
  idToken?: string | undefined
  refreshToken?: string | undefined
  scope: string
  /** Of the request that they answer: the run may have begun another one since. */
  nonce: string
}

/** Everything about one try: what was chosen, the values of the request, and what was sent and answered so far. */
export type Run = {
  wanted: Wanted
  client: TryClient
  redirectUri: string
  /** What discovery says of the sandbox; absent while it does not answer. */
  endpoints?: Record<string, unknown>
  keys?: { keys: Record<string, unknown>[] }
  verifier: string
  state: string
  nonce: string
  callback?: Callback
  /** The code has been sent with its verifier. */
  isRedeemed?: boolean
  tokens?: Tokens
  exchanges: Exchange[]
}

/** Whose run it is: nobody else sees it, nor the same person in another session. */
export type RunOwner = { teamId: string; accountId: string; sessionUid: string }
export type ListedRun = { id: string; createdAt: Date }

const sealedFor = (id: string) => `try_run.run_sealed ${id}`
export const SEALED_TRY_RUNS: SealedColumn = {
  table: 'try_run',
  column: 'run_sealed',
  key: ['id'],
  contextOf: sealedFor,
}

const KEPT = 5
const MAX_EXCHANGES = 30
const BUSY_SECONDS = 60

/** New values for an authorization request. */
export const newRequestValues = (): Pick<Run, 'verifier' | 'state' | 'nonce'> => ({
  verifier: randomSecret(),
  state: randomSecret(),
  nonce: randomSecret(),
})

/** In a transaction: stores a run, for an hour, and deletes all but the newest of this developer. Returns its id. */
export async function createRun(
  sql: Sql,
  sealer: Sealer,
  { owner, applicationId, run }: { owner: RunOwner; applicationId: string; run: Run },
): Promise<string> {
  const id = randomUUID()
  await sql`
    insert into try_run
      (id, team_id, account_id, session_uid, application_id, state_hash, run_sealed, expires_at)
    values (${id}, ${owner.teamId}, ${owner.accountId}, ${owner.sessionUid}, ${applicationId},
      ${hashSecret(run.state)}, ${seal(sealer, id, run)}, now() + interval '1 hour')`
  await sql`
    delete from try_run where id in (
      select id from try_run where account_id = ${owner.accountId}
      order by created_at desc, id offset ${KEPT})`
  return id
}

const isOf = (sql: Sql, { teamId, accountId, sessionUid }: RunOwner) => sql`
  team_id = ${teamId} and account_id = ${accountId} and session_uid = ${sessionUid} and expires_at > now()`

/** The runs of an application that this session can continue, newest first. */
export async function listRuns(
  sql: Sql,
  owner: RunOwner,
  applicationId: string,
): Promise<ListedRun[]> {
  return await sql<ListedRun[]>`
    select id, created_at from try_run
    where ${isOf(sql, owner)} and application_id = ${applicationId} order by created_at desc, id`
}

/** A run, and whether a request of it is under way. */
export async function findRun(
  sql: Sql,
  sealer: Sealer,
  { owner, applicationId, id }: { owner: RunOwner; applicationId: string; id: string },
): Promise<{ run: Run; expiresAt: Date; isBusy: boolean } | undefined> {
  const [row] = await sql<{ runSealed: string; expiresAt: Date; isBusy: boolean }[]>`
    select run_sealed, expires_at, coalesce(busy_until > now(), false) as is_busy from try_run
    where id = ${id} and ${isOf(sql, owner)} and application_id = ${applicationId}`
  if (!row) return undefined
  const { runSealed, ...rest } = row
  return { run: unseal(sealer, id, runSealed), ...rest }
}

/** The run that waits for the answer with this state, whoever it belongs to. */
export async function findRunByState(
  sql: Sql,
  state: string,
): Promise<(RunOwner & { id: string; applicationId: string }) | undefined> {
  const [row] = await sql<(RunOwner & { id: string; applicationId: string })[]>`
    select id, team_id, account_id, session_uid, application_id from try_run
    where state_hash = ${hashSecret(state)} and expires_at > now()`
  return row
}

/**
 * Changes a run, one request at a time: two clicks must not send one code twice. `change` is not in a transaction, because it asks the
 * sandbox; what it returns is stored. Returns `undefined` where there is no such run, `busy` while another request holds it.
 */
export async function changeRun(
  { db, sealer }: { db: Db; sealer: Sealer },
  { owner, id }: { owner: RunOwner; id: string },
  change: (run: Run) => Promise<Run>,
): Promise<'changed' | 'busy' | undefined> {
  const [held] = await db<{ runSealed: string }[]>`
    update try_run set busy_until = now() + make_interval(secs => ${BUSY_SECONDS})
    where id = ${id} and ${isOf(db, owner)} and coalesce(busy_until < now(), true)
    returning run_sealed`
  if (!held) {
    const [row] = await db`select from try_run where id = ${id} and ${isOf(db, owner)}`
    return row && 'busy'
  }
  try {
    const run = await change(unseal(sealer, id, held.runSealed))
    const kept = { ...run, exchanges: run.exchanges.slice(-MAX_EXCHANGES) }
    await db`
      update try_run set run_sealed = ${seal(sealer, id, kept)}, state_hash = ${hashSecret(run.state)}
      where id = ${id}`
    return 'changed'
  } finally {
    await db`update try_run set busy_until = null where id = ${id}`
  }
}

/** Deletes runs after their hour. */
export const deleteOldTryRuns = (db: Db) => db`delete from try_run where expires_at < now()`

const seal = (sealer: Sealer, id: string, run: Run) =>
  sealer.seal(JSON.stringify(run), sealedFor(id))
const unseal = (sealer: Sealer, id: string, sealed: string): Run =>
  JSON.parse(sealer.open(sealed, sealedFor(id))) as Run
