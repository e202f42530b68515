import type { Sql } from './db.ts'

/** Stores the issuer when a web process starts, for workers and commands. */
export async function storeIssuer(sql: Sql, issuer: string): Promise<void> {
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
