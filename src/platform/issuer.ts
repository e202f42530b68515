import type { Sql } from './db.ts'

/** Each web process says it at its start, so that workers and commands speak in the same name. */
export async function rememberIssuer(sql: Sql, issuer: string): Promise<void> {
  await sql`
    insert into portal_setting (name, value) values ('issuer', ${issuer})
    on conflict (name) do update set value = excluded.value where portal_setting.value <> excluded.value`
}

/** `undefined` before the first web process ever started. */
export async function findIssuer(sql: Sql): Promise<string | undefined> {
  const [row] = await sql<{ value: string }[]>`
    select value from portal_setting where name = 'issuer'`
  return row?.value
}
