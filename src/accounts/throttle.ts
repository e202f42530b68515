import type { Db, Sql } from '../platform/db.ts'
import { networkOf } from '../web/client-address.ts'

/*
 * Attempts are counted per account and address, per address, and per account. The account's own counter delays by seconds only, and
 * not at all where the resident has signed in before, so that an outsider cannot lock a resident out. The other two delay longer
 * each time, up to a quarter of an hour. The first wait is two seconds, or `firstSeconds`, and each next one twice as long.
 */
type Rule = { free: number; longestSeconds: number; firstSeconds?: number }
const RULES = {
  'sign-in': {
    account: { free: 50, longestSeconds: 5 },
    address: { free: 30, longestSeconds: 900 },
    pair: { free: 5, longestSeconds: 900 },
  },
  // Only somebody with the right password reaches this, so the account's own counter may delay for long: of a million codes three are
  // valid at any time, and one guess an hour finds one in 38 years.
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
  // Each costs the operator money at a vendor: five are free, and then there are three more on the same day.
  verification: {
    account: { free: 4, firstSeconds: 2 * 3600, longestSeconds: 24 * 3600 },
    address: { free: 50, longestSeconds: 900 },
    pair: { free: 50, longestSeconds: 900 },
  },
  // What a developer creates in the console, and the invitations that mail somebody else. Counted by the account's id.
  developer: {
    account: { free: 200, firstSeconds: 30, longestSeconds: 900 },
    address: { free: 500, longestSeconds: 900 },
    pair: { free: 200, longestSeconds: 900 },
  },
  invitation: {
    account: { free: 19, firstSeconds: 60, longestSeconds: 3600 },
    address: { free: 50, longestSeconds: 900 },
    pair: { free: 50, longestSeconds: 900 },
  },
  // By the invited address, whoever invites it and whether or not it has an account.
  invited: {
    account: { free: 4, firstSeconds: 60, longestSeconds: 3600 },
    address: { free: 50, longestSeconds: 900 },
    pair: { free: 50, longestSeconds: 900 },
  },
} as const satisfies Record<string, Record<'account' | 'address' | 'pair', Rule>>
const FORGET_AFTER_SECONDS = 24 * 3600
const KNOWN_DAYS = 90

export type Attempt = {
  what: keyof typeof RULES
  /** As `hashEmail` returns it, or of what only signed-in people do the account's id; `undefined` when the account is unknown. */
  emailKey: string | undefined
  address: string
  /** For an attempt that cannot be a guess: the counter of the account does not delay it. */
  unguessable?: boolean
}

type Counter = Rule & { key: string }

// Always in this order, so that two attempts do not deadlock.
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

/** An attempt has to wait, as long as `findWait` says. */
export class MustWait extends Error {}

/**
 * Counts an attempt before it is evaluated, so that concurrent attempts are not all evaluated before the first is counted. Returns
 * the seconds to wait, 0 when it may proceed; an attempt that has to wait is not counted. All processes share the counters.
 */
export async function countAttempt(db: Db, attempt: Attempt): Promise<number> {
  try {
    await db.begin((sql) => countWithin(sql, attempt))
    return 0
  } catch (error) {
    if (!(error instanceof MustWait)) throw error
  }
  return Math.max(1, await findWait(db, attempt))
}

/** As `countAttempt`, together with what else the transaction does: throws `MustWait`, which undoes both. */
export async function countWithin(sql: Sql, attempt: Attempt): Promise<void> {
  const known = await isKnownNetwork(sql, attempt)
  for (const counter of countersOf(attempt))
    if (!(known && counter.key.startsWith(`${attempt.what} account `))) await count(sql, counter)
}

/** The seconds that such an attempt would have to wait. */
export async function findWait(sql: Sql, attempt: Attempt): Promise<number> {
  const keys = countersOf(attempt).map(({ key }) => key)
  const [row] = await sql<{ seconds: number }[]>`
    select coalesce(max(ceil(extract(epoch from blocked_until - clock_timestamp()))), 0)::int as seconds
    from sign_in_throttle where key = any(${keys})`
  return Math.max(0, row?.seconds ?? 0)
}

async function isKnownNetwork(sql: Sql, { what, emailKey, address }: Attempt): Promise<boolean> {
  // Who starts a verification is signed in, so nobody else can use up the account's number.
  if (emailKey === undefined || what === 'verification') return false
  const [row] = await sql`
    select from sign_in_throttle where key = ${pairKey('sign-in', emailKey, networkOf(address))}
      and known_at > now() - make_interval(days => ${KNOWN_DAYS})`
  return row !== undefined
}

async function count(
  sql: Sql,
  { key, free, longestSeconds, firstSeconds = 2 }: Counter,
): Promise<void> {
  // The clock's time, not the transaction's, because the statement may have waited for another attempt.
  const failures = sql`
    case when counter.last_failure_at < clock_timestamp() - make_interval(secs => ${FORGET_AFTER_SECONDS})
    then 1 else counter.failures + 1 end`
  const [row] = await sql`
    insert into sign_in_throttle as counter (key, failures, blocked_until, last_failure_at)
    values (${key}, 1, clock_timestamp(), clock_timestamp())
    on conflict (key) do update set failures = ${failures}, last_failure_at = clock_timestamp(),
      blocked_until = clock_timestamp() + make_interval(secs =>
        case when ${failures} <= ${free} then 0
        else least(${firstSeconds} * power(2, least(${failures} - ${free}, 16) - 1), ${longestSeconds}) end)
    where counter.blocked_until <= clock_timestamp()
    returning 1`
  if (!row) throw new MustWait('the attempt must wait')
}

/** Subtracts an attempt that was not wrong. */
export async function uncountAttempt(sql: Sql, attempt: Attempt): Promise<void> {
  for (const { key, free } of countersOf(attempt))
    await sql`
      update sign_in_throttle set failures = greatest(failures - 1, 0),
        blocked_until = case when failures - 1 <= ${free} then now() else blocked_until end
      where key = ${key}`
}

/** Records a right attempt: subtracts it, and from now on this network counts as the resident's own. */
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

/** Clears the counters of an account, for all addresses, after a new password. */
export async function clearAttempts(sql: Sql, emailKey: string): Promise<void> {
  await sql`
    update sign_in_throttle set failures = 0, blocked_until = now()
    where key = ${`sign-in account ${emailKey}`} or starts_with(key, ${`sign-in pair ${emailKey} `})`
}

/** Deletes counters that have no effect any more. */
export async function deleteOldAttempts(sql: Sql): Promise<void> {
  await sql`
    delete from sign_in_throttle where last_failure_at < now() - make_interval(secs => ${FORGET_AFTER_SECONDS})
      and (known_at is null or known_at < now() - make_interval(days => ${KNOWN_DAYS}))`
}
