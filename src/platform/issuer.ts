import type { Sql } from './db.ts'
import { OperatorError } from './errors.ts'

/**
 * Stores the issuer when a web process starts, for workers and commands. While it `mayChange`, the newest counts; otherwise the first one
 * stays, and a process with another one gets an OperatorError.
 */
export async function storeIssuer(
  sql: Sql,
  issuer: string,
  { mayChange }: { mayChange: boolean },
): Promise<void> {
  if (mayChange) return await changeIssuer(sql, issuer)
  await sql`
    insert into portal_setting (name, value) values ('issuer', ${issuer}) on conflict (name) do nothing`
  const stored = await findIssuer(sql)
  if (stored !== issuer)
    throw new OperatorError(
      `ISSUER is ${issuer}, but this portal is ${stored}: correct ISSUER. If the portal moves there, \`issuer change ${issuer}\` says what stops working, and changes it.`,
    )
}

/** Web processes that are started afterwards must have this issuer. */
export async function changeIssuer(sql: Sql, issuer: string): Promise<void> {
  await sql`
    insert into portal_setting (name, value) values ('issuer', ${issuer})
    on conflict (name) do update set value = excluded.value where portal_setting.value <> excluded.value`
}

/** `undefined` before the first start of a web process. */
export async function findIssuer(sql: Sql): Promise<string | undefined> {
  const [row] = await sql<{ value: string }[]>`
    select value from portal_setting where name = 'issuer'`
  return row?.value
}
