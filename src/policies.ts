import type { Sql } from './db.ts'
import { OperatorError } from './errors.ts'

/** Policies that the operator sets; kept in the database, so that every process applies the same one at the next request. */
export const POLICIES = {
  mfa: ['when-enrolled', 'off', 'required'],
  'expired-documents': ['count', 'refuse'],
} as const
export type PolicyName = keyof typeof POLICIES
export type PolicyValue<N extends PolicyName> = (typeof POLICIES)[N][number]

const rowName = (name: PolicyName) => `policy.${name}`

/** The value that is set, else the first, which is the default. */
export async function findPolicy<N extends PolicyName>(sql: Sql, name: N): Promise<PolicyValue<N>> {
  const [row] = await sql<{ value: string }[]>`
    select value from portal_setting where name = ${rowName(name)}`
  const choices: readonly PolicyValue<N>[] = POLICIES[name]
  const [fallback] = POLICIES[name]
  return choices.find((choice) => choice === row?.value) ?? fallback
}

/** Throws OperatorError naming the choices. */
export async function setPolicy(sql: Sql, name: string, value: string): Promise<void> {
  const policy = (Object.keys(POLICIES) as PolicyName[]).find((known) => known === name)
  if (!policy)
    throw new OperatorError(
      `There is no policy "${name}". The policies are ${Object.keys(POLICIES).join(', ')}.`,
    )
  const choices: readonly string[] = POLICIES[policy]
  if (!choices.includes(value))
    throw new OperatorError(`The policy ${policy} is one of ${choices.join(', ')}.`)
  await sql`
    insert into portal_setting (name, value) values (${rowName(policy)}, ${value})
    on conflict (name) do update set value = excluded.value`
}

export async function listPolicies(sql: Sql) {
  return await Promise.all(
    (Object.keys(POLICIES) as PolicyName[]).map(async (name) => ({
      name,
      value: await findPolicy(sql, name),
      choices: POLICIES[name],
    })),
  )
}
