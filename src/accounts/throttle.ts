import type { Db, Sql } from '../platform/db.ts'
import { networkOf } from '../web/client-address.ts'

/*
 * Tries are counted for the pair of account and address, for the address, and for the account. The account's own counter
 * only slows (seconds), and not at all where the resident has signed in before, so nobody outside can lock a
 * resident out; the pair and the address wait longer and longer, up to a quarter of an hour.
 */
const RULES = {
  'sign-in': {
    account: { free: 50, longestSeconds: 5 },
    address: { free: 30, longestSeconds: 900 },
    pair: { free: 5, longestSeconds: 900 },
  },
  // Only who has typed the right password gets here, so the account's own counter may wait long: three codes of a million
  // are good at any time, and one guess an hour finds one in 38 years.
  code: {
    account: { free: 10, longestSeconds: 3600 },
    address: { free: 30, longestSeconds: 900 },
    pair: { free: 5, longestSeconds: 900 },
  },
  mail: {
    account: { free: 10, longestSeconds: 300 },
    address: { free: 10, longestSeconds: 900 },
    pair: { free: 3, longestSeconds: 900 },
  },
} as const
const FORGET_AFTER_SECONDS = 24 * 3600
const KNOWN_DAYS = 90

export type Attempt = {
  what: keyof typeof RULES
  /** As `hashEmail` writes it; `undefined` when nobody can say whose account is tried. */
  emailKey: string | undefined
  address: string
  /** A try that cannot be a guess is not held up by what strangers guess elsewhere. */
  unguessable?: boolean
}

type Counter = { key: string; free: number; longestSeconds: number }

// Always in this order, so that two tries never wait for each other.
function countersOf({ what, emailKey, address, unguessable }: Attempt): Counter[] {
  const rules = RULES[what]
  const network = networkOf(address)
  const counters: Counter[] = []
  if (emailKey !== undefined && !unguessable)
    counters.push({ key: `${what} account ${emailKey}`, ...rules.account })
  counters.push({ key: `${what} address ${network}`, ...rules.address })
  if (emailKey !== undefined)
    counters.push({ key: pairKey(what, emailKey, network), ...rules.pair })
  return counters
}

const pairKey = (what: Attempt['what'], emailKey: string, network: string) =>
  `${what} pair ${emailKey} ${network}`

const MUST_WAIT = new Error('a counter asks to wait')

/**
 * Counts a try before it is judged, so that many at one instant are not all judged before the first is counted.
 * Answers the seconds to wait, 0 when it may go on; one that has to wait is not counted. The counters are shared by all processes.
 */
export async function countAttempt(db: Db, attempt: Attempt): Promise<number> {
  const counters = countersOf(attempt)
  try {
    await db.begin(async (sql) => {
      const known = await isKnown(sql, attempt)
      for (const counter of counters)
        if (!(known && counter.key.startsWith(`${attempt.what} account `)))
          await count(sql, counter)
    })
    return 0
  } catch (error) {
    if (error !== MUST_WAIT) throw error
  }
  const [row] = await db<{ seconds: number }[]>`
    select coalesce(max(ceil(extract(epoch from blocked_until - clock_timestamp()))), 0)::int as seconds
    from sign_in_throttle where key = any(${counters.map(({ key }) => key)})`
  return Math.max(1, row?.seconds ?? 1)
}

async function isKnown(sql: Sql, { emailKey, address }: Attempt): Promise<boolean> {
  if (emailKey === undefined) return false
  const [row] = await sql`
    select from sign_in_throttle where key = ${pairKey('sign-in', emailKey, networkOf(address))}
      and known_at > now() - make_interval(days => ${KNOWN_DAYS})`
  return row !== undefined
}

async function count(sql: Sql, { key, free, longestSeconds }: Counter): Promise<void> {
  // The clock's time, not the transaction's: this may have waited for the try before it.
  const failures = sql`
    case when counter.last_failure_at < clock_timestamp() - make_interval(secs => ${FORGET_AFTER_SECONDS})
    then 1 else counter.failures + 1 end`
  const [row] = await sql`
    insert into sign_in_throttle as counter (key, failures, blocked_until, last_failure_at)
    values (${key}, 1, clock_timestamp(), clock_timestamp())
    on conflict (key) do update set failures = ${failures}, last_failure_at = clock_timestamp(),
      blocked_until = clock_timestamp() + make_interval(secs =>
        case when ${failures} <= ${free} then 0
        else least(power(2, least(${failures} - ${free}, 16)), ${longestSeconds}) end)
    where counter.blocked_until <= clock_timestamp()
    returning 1`
  if (!row) throw MUST_WAIT
}

/** The try was not a wrong one: its count is taken back. */
export async function uncountAttempt(sql: Sql, attempt: Attempt): Promise<void> {
  for (const { key, free } of countersOf(attempt))
    await sql`
      update sign_in_throttle set failures = greatest(failures - 1, 0),
        blocked_until = case when failures - 1 <= ${free} then now() else blocked_until end
      where key = ${key}`
}

/** The try was right: as `giveBack`, and this address counts as the resident's own from now on. */
export async function recordSuccess(sql: Sql, attempt: Attempt): Promise<void> {
  await uncountAttempt(sql, attempt)
  if (attempt.emailKey === undefined) return
  if (attempt.what === 'code')
    await sql`
      update sign_in_throttle set failures = 0, blocked_until = now()
      where key = ${`code account ${attempt.emailKey}`}
        or key = ${pairKey('code', attempt.emailKey, networkOf(attempt.address))}`
  await sql`
    insert into sign_in_throttle (key, failures, blocked_until, last_failure_at, known_at)
    values (${pairKey('sign-in', attempt.emailKey, networkOf(attempt.address))}, 0, now(), now(), now())
    on conflict (key) do update set failures = 0, blocked_until = now(), known_at = now()`
}

/** Forgets what was counted against an account, from wherever: after a new password. */
export async function clearAttempts(sql: Sql, emailKey: string): Promise<void> {
  await sql`
    update sign_in_throttle set failures = 0, blocked_until = now()
    where key = ${`sign-in account ${emailKey}`} or starts_with(key, ${`sign-in pair ${emailKey} `})`
}

/** Forgets counters that count no more. */
export async function deleteOldAttempts(sql: Sql): Promise<void> {
  await sql`
    delete from sign_in_throttle where last_failure_at < now() - interval '2 days'
      and (known_at is null or known_at < now() - make_interval(days => ${KNOWN_DAYS}))`
}
