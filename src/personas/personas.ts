import { createAccount, findAccountByEmail } from '../accounts/accounts.ts'
import type { AppContext } from '../context.ts'
import type { Db, Sql } from '../platform/db.ts'
import { PERSONAS, type PersonaKind, type PersonaName } from './kinds.ts'

export type Persona = PersonaKind & { accountId: string; kind: PersonaName; teamId: string }

const fromRow = (row: { accountId: string; teamId: string; kind: string }): Persona[] => {
  const known = PERSONAS.find(({ kind }) => kind === row.kind)
  return known ? [{ ...known, accountId: row.accountId, teamId: row.teamId }] : []
}

/** The personas of a team, in the order of `PERSONAS`. */
export async function listPersonas(sql: Sql, teamId: string): Promise<Persona[]> {
  const rows = await sql<{ accountId: string; teamId: string; kind: string }[]>`
    select account_id, team_id, kind from persona where team_id = ${teamId}`
  const order = (persona: Persona) => PERSONAS.findIndex(({ kind }) => kind === persona.kind)
  return rows.flatMap(fromRow).sort((a, b) => order(a) - order(b))
}

/** The persona that an account of the sandbox is. */
export async function findPersona(sql: Sql, accountId: string): Promise<Persona | undefined> {
  const [row] = await sql<{ accountId: string; teamId: string; kind: string }[]>`
    select account_id, team_id, kind from persona where account_id = ${accountId}`
  return row && fromRow(row)[0]
}

/** In the sandbox: creates the personas that a team lacks, and returns all. Any number of processes may do so at once. */
export async function ensurePersonas(
  parts: Pick<AppContext, 'vault'> & { db: Db },
  teamId: string,
): Promise<Persona[]> {
  const there = await listPersonas(parts.db, teamId)
  const missing = PERSONAS.filter(({ kind }) => !there.some((each) => each.kind === kind))
  for (const persona of missing) await createPersona(parts, teamId, persona)
  return missing.length === 0 ? there : await listPersonas(parts.db, teamId)
}

async function createPersona(
  parts: Pick<AppContext, 'vault'> & { db: Db },
  teamId: string,
  { kind, givenName, surname }: (typeof PERSONAS)[number],
): Promise<void> {
  const email = `${kind}.${teamId}@personas.example`
  const details = { email, emailVerified: true, givenName, surname }
  // Another process may create it at the same time.
  const { id } = await createAccount(parts, details).catch(async (error: unknown) => {
    const found = await findAccountByEmail(parts.db, parts.vault, email)
    if (!found) throw error
    return found
  })
  await parts.db`
    insert into persona (account_id, team_id, kind) values (${id}, ${teamId}, ${kind})
    on conflict do nothing`
}
