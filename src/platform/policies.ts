import type { Sql } from './db.ts'
import { OperatorError } from './errors.ts'

/** Policies that the operator sets. They are stored in the database, so that all processes apply them at the next request. */
const POLICIES = {
  mfa: ['when-enrolled', 'off', 'required'],
  'expired-documents': ['count', 'refuse'],
  'sign-up': ['closed', 'invitation', 'open'],
  // Who may create a team of developers: every resident, or those whom a team invites.
  developers: ['open', 'invitation', 'closed'],
  'erasure-wait-days': ['14', '0', '1', '7', '28'],
  'consent-default': ['90-days', '1-day', '30-days', '365-days', 'until-ended'],
  'consent-longest': ['until-ended', '365-days', '90-days', '30-days', '1-day'],
  'sensitive-scopes': ['none', 'documents', 'personal'],
} as const
export type PolicyName = keyof typeof POLICIES
export type PolicyValue<N extends PolicyName> = (typeof POLICIES)[N][number]

const isPolicyName = (name: string): name is PolicyName => Object.hasOwn(POLICIES, name)

/** Returns the stored value, else the default, which is the first choice. */
export async function findPolicy<N extends PolicyName>(sql: Sql, name: N): Promise<PolicyValue<N>> {
  const [row] = await sql<{ value: string }[]>`
    select value from policy where name = ${name}`
  const choices: readonly string[] = POLICIES[name]
  return (row && choices.includes(row.value) ? row.value : choices[0]) as PolicyValue<N>
}

/** Throws OperatorError that lists the choices. */
export async function setPolicy(sql: Sql, name: string, value: string): Promise<void> {
  if (!isPolicyName(name))
    throw new OperatorError(
      `There is no policy "${name}". The policies are ${Object.keys(POLICIES).join(', ')}.`,
    )
  const choices: readonly string[] = POLICIES[name]
  if (!choices.includes(value))
    throw new OperatorError(`The policy ${name} is one of: ${choices.join(', ')}.`)
  await sql`
    insert into policy (name, value) values (${name}, ${value})
    on conflict (name) do update set value = excluded.value`
}

/** Every policy with its value and its choices. */
export async function listPolicies(
  sql: Sql,
): Promise<{ name: PolicyName; value: string; choices: readonly string[] }[]> {
  const names = Object.keys(POLICIES) as PolicyName[]
  return await Promise.all(
    names.map(async (name) => ({
      name,
      value: await findPolicy(sql, name),
      choices: POLICIES[name],
    })),
  )
}

/** Policies whose value is an ordered list of names. */
type ListPolicyName = 'vendor-order'

/** Returns the stored list; `undefined` when none is set. */
export async function findList(sql: Sql, name: ListPolicyName): Promise<string[] | undefined> {
  const [row] = await sql<{ value: string }[]>`select value from policy where name = ${name}`
  return row?.value.split(',').filter((word) => word !== '')
}

/** Stores the list; `undefined` removes it. */
export async function setList(
  sql: Sql,
  name: ListPolicyName,
  words: readonly string[] | undefined,
): Promise<void> {
  if (!words) await sql`delete from policy where name = ${name}`
  else
    await sql`
      insert into policy (name, value) values (${name}, ${words.join(',')})
      on conflict (name) do update set value = excluded.value`
}
