import { createHash } from 'node:crypto'
import { createAccount, findAccountByEmail, lockAccountShared } from '../accounts/accounts.ts'
import { setPerson } from '../accounts/natural-person.ts'
import type { AppContext } from '../context.ts'
import { settleOutcome } from '../id-verification/outcome.ts'
import { eraseResident } from '../id-verification/retention.ts'
import { compareAllWithAccount } from '../id-verification/review.ts'
import { shiftVerifications } from '../id-verification/shifting.ts'
import type { Db, Sql } from '../platform/db.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Vault } from '../platform/vault.ts'
import { documentOf } from './documents.ts'
import { PERSONAS, type PersonaName } from './kinds.ts'
import {
  addStep,
  insertPersona,
  lockPersona,
  type Persona,
  type PersonaRow,
  type PersonaState,
  type PersonaWithState,
  personaColumns,
  readPersona,
  removeStep,
  storeState,
} from './state.ts'
import { decide, ensureIntegration, startVerification } from './verifications.ts'

/** The personas of a team, in the order of `PERSONAS`. */
export async function listPersonas(sql: Sql, teamId: string): Promise<PersonaWithState[]> {
  const rows = await sql<
    PersonaRow[]
  >`select ${personaColumns(sql)} from persona where team_id = ${teamId}`
  const order = (persona: Persona) => PERSONAS.findIndex(({ kind }) => kind === persona.kind)
  return rows.flatMap(readPersona).sort((a, b) => order(a) - order(b))
}

/** The persona that an account of the sandbox is. */
export async function findPersona(
  sql: Sql,
  accountId: string,
): Promise<PersonaWithState | undefined> {
  const [row] = await sql<PersonaRow[]>`
    select ${personaColumns(sql)} from persona where account_id = ${accountId}`
  return row && readPersona(row)[0]
}

export type PersonaParts = Pick<AppContext, 'vault' | 'sealer'> & { db: Db }

/**
 * In the sandbox: creates the personas that a team lacks, each with what its kind has, and returns all. The photos are stored by a worker
 * within seconds. Any number of processes may do so at once.
 */
export async function ensurePersonas(
  parts: PersonaParts,
  teamId: string,
): Promise<PersonaWithState[]> {
  const there = await listPersonas(parts.db, teamId)
  const isMade = (kind: PersonaName) =>
    there.some((each) => each.kind === kind && each.state.phase !== 'new')
  const missing = PERSONAS.filter(({ kind }) => !isMade(kind))
  if (missing.length === 0) return there
  await ensureIntegration(parts)
  for (const { kind } of missing) await createPersona(parts, teamId, kind)
  return await listPersonas(parts.db, teamId)
}

/** Creates one persona of a team, unless it is there. */
export async function createPersona(
  parts: PersonaParts,
  teamId: string,
  kind: PersonaName,
): Promise<void> {
  const { givenName, surname } = kindOf(kind)
  const email = `${kind}.${teamId}@personas.example`
  const details = { email, emailVerified: true, givenName, surname }
  // Another process may create it at the same time.
  const { id: accountId } = await createAccount(parts, details).catch(async (error: unknown) => {
    const found = await findAccountByEmail(parts.db, parts.vault, email)
    if (!found) throw error
    return found
  })
  await parts.db.begin((sql) => insertPersona(sql, { accountId, teamId, kind }))
  await prepare(parts, accountId)
}

const kindOf = (kind: PersonaName) => PERSONAS.find((each) => each.kind === kind) ?? PERSONAS[0]

/** Gives a new persona its entry in the registry and the verification of its kind. It can run twice. */
export async function prepare(parts: PersonaParts, accountId: string): Promise<void> {
  const { db, vault } = parts
  const found = await db.begin((sql) => lockPersona(sql, accountId))
  if (!found) return
  if (found.state.phase !== 'new') return await removeStep(db, accountId, 'prepare')
  await setPerson(parts, accountId, personOf(found), (sql) =>
    compareAllWithAccount(sql, vault, accountId),
  )
  await db.begin(async (sql) => {
    await lockAccountShared(sql, accountId)
    const persona = await lockPersona(sql, accountId)
    if (persona?.state.phase !== 'new') return
    await storeState(sql, accountId, await begin(sql, vault, persona))
    await removeStep(sql, accountId, 'prepare')
  })
}

/** What the registry knows of a persona, so that each scope has an answer. */
function personOf({ kind, teamId }: Persona) {
  const { dateOfBirth, sex } = documentOf(kind)
  // No two residents have one number.
  const digits = createHash('sha256').update(`${teamId} ${kind}`).digest().readBigUInt64BE()
  return {
    residentPermitNumber: `2026${String(digits % 10n ** 10n).padStart(10, '0')}`,
    countryOfBirth: 'Utopia',
    citizenships: ['Utopia'],
    dateOfBirth,
    sex,
    address: {
      ...{ country: 'Utopia', line1: 'Harbour Street 1', line2: null, city: 'Amaurot' },
      ...{ state: null, postalCode: '10115' },
    },
    phoneNumber: '+504 2222 0000',
    residency: {
      effectiveDate: '2024-09-01',
      residencyType: 'e-Resident',
      version: 'v08.29.2024',
    },
  }
}

const DAY_SECONDS = 24 * 3600

/** In a transaction: starts the verification of this kind, and brings it to where it is before an application asks. */
export async function begin(sql: Sql, vault: Vault, persona: Persona): Promise<PersonaState> {
  const { kind, accountId } = persona
  if (kind === 'never-verified') return { phase: 'ready' }
  const id = await startVerification(sql, persona)
  const at = new Date()
  switch (kind) {
    case 'in-progress':
    case 'slow-vendor':
      await decide(sql, vault, { persona, id }, { status: 'review', at })
      break
    case 'resubmission':
      await decide(
        sql,
        vault,
        { persona, id },
        { status: 'resubmission', reasons: ['photo-unclear'], at },
      )
      break
    default:
      await decide(sql, vault, { persona, id }, { status: 'approved', at })
      if (kind !== 'images-arriving') await addStep(sql, accountId, { what: 'photos', seconds: 0 })
  }
  if (kind === 'expired-document') await backdate(sql, vault, persona, at)
  // No mail says what was so from the start.
  await settleOutcome(sql, id)
  return { phase: 'ready', verificationId: id }
}

/** To a year before the document expired, because nobody is verified with an expired one. */
async function backdate(sql: Sql, vault: Vault, { accountId, kind }: Persona, now: Date) {
  const expiredAt = Date.parse(documentOf(kind).expiresOn)
  const days = Math.ceil((now.getTime() - expiredAt) / (DAY_SECONDS * 1000)) + 365
  await shiftVerifications(sql, vault, [accountId], { seconds: days * DAY_SECONDS })
}

/** Erases a persona, which ends every token and tells every application, and creates it anew. */
export async function resetPersona(
  parts: PersonaParts & { jobs: Jobs },
  { accountId, teamId, kind }: Pick<Persona, 'accountId' | 'teamId' | 'kind'>,
): Promise<void> {
  await eraseResident(parts, accountId)
  await ensureIntegration(parts)
  await createPersona(parts, teamId, kind)
}
