import type { Sql } from '../db.ts'

/*
 * Failures are counted for the pair of account and address, for the address, and for the account.
 * The account's own counter only slows (seconds), so nobody outside can lock a resident out;
 * the pair and the address wait longer and longer, up to a quarter of an hour.
 */
const RULES = {
  pair: { free: 5, longestSeconds: 900 },
  address: { free: 30, longestSeconds: 900 },
  account: { free: 50, longestSeconds: 5 },
}
const FORGET_AFTER_SECONDS = 24 * 3600

type Counter = { key: string; free: number; longestSeconds: number }

const counters = (emailKey: string, address: string): Counter[] => [
  { key: `pair ${emailKey} ${address}`, ...RULES.pair },
  { key: `address ${address}`, ...RULES.address },
  { key: `account ${emailKey}`, ...RULES.account },
]

/** Seconds to wait before the next try; 0 when it may go on. The counters are shared by all processes. */
export async function secondsBlocked(sql: Sql, emailKey: string, address: string): Promise<number> {
  const keys = counters(emailKey, address).map(({ key }) => key)
  const [row] = await sql<{ seconds: number }[]>`
    select coalesce(max(ceil(extract(epoch from blocked_until - now()))), 0)::int as seconds
    from sign_in_throttle where key = any(${keys}) and blocked_until > now()`
  return row?.seconds ?? 0
}

/** Counts one failure. */
export async function recordFailure(sql: Sql, emailKey: string, address: string): Promise<void> {
  for (const { key, free, longestSeconds } of counters(emailKey, address))
    await sql`
      insert into sign_in_throttle (key, failures, blocked_until, last_failure_at)
      values (${key}, 1, now(), now())
      on conflict (key) do update set
        failures = case
          when sign_in_throttle.last_failure_at < now() - make_interval(secs => ${FORGET_AFTER_SECONDS})
          then 1 else sign_in_throttle.failures + 1 end,
        last_failure_at = now(),
        blocked_until = now() + make_interval(secs =>
          case when sign_in_throttle.failures + 1 <= ${free} then 0
          else least(power(2, least(sign_in_throttle.failures + 1 - ${free}, 16)), ${longestSeconds}) end)`
}

/** A sign-in clears what its own address had counted against the account. */
export async function clearFailures(sql: Sql, emailKey: string, address: string): Promise<void> {
  await sql`delete from sign_in_throttle where key = ${`pair ${emailKey} ${address}`}`
}
