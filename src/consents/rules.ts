import { isPersonal } from '../clients/scopes.ts'
import type { Sql } from '../platform/db.ts'
import { findPolicy } from '../platform/policies.ts'
import { IMAGES_SCOPE } from './images.ts'

/** For how long a consent can be given, by the words of the form. `open`: until the resident ends it. */
const PERIODS = {
  day: { days: 1, policy: '1-day' },
  month: { days: 30, policy: '30-days' },
  quarter: { days: 90, policy: '90-days' },
  year: { days: 365, policy: '365-days' },
  open: { days: undefined, policy: 'until-ended' },
} as const
export type Period = keyof typeof PERIODS
const IN_ORDER = Object.keys(PERIODS) as Period[]

const DAY_MS = 24 * 3600 * 1000

/** The end of a period that begins now. */
export const endOf = (period: Exclude<Period, 'open'>, now: Date): Date =>
  new Date(now.getTime() + PERIODS[period].days * DAY_MS)

/** The end of a consent for this period, as it is stored. */
export const storedEndOf = (period: Period, now: Date): Date | null =>
  period === 'open' ? null : endOf(period, now)

/** What the operator decided about all consents. */
export type ConsentRules = {
  /** The periods that residents choose from, the shortest first. */
  periods: readonly Period[]
  /** The one that is chosen beforehand. */
  standard: Period
  /** Whether the page asks about this scope without an answer chosen beforehand. */
  isSensitive: (scope: string) => boolean
}

const SENSITIVE = {
  documents: (scope: string) => scope === IMAGES_SCOPE,
  personal: isPersonal,
  none: () => false,
}

/** By the policies `consent-default`, `consent-longest` and `sensitive-scopes`. A default that is longer than the longest is the longest. */
export async function findConsentRules(sql: Sql): Promise<ConsentRules> {
  const [standard, longest, sensitive] = await Promise.all([
    findPolicy(sql, 'consent-default'),
    findPolicy(sql, 'consent-longest'),
    findPolicy(sql, 'sensitive-scopes'),
  ])
  const positionOf = (policy: string) =>
    IN_ORDER.findIndex((each) => PERIODS[each].policy === policy)
  const last = positionOf(longest)
  return {
    periods: IN_ORDER.slice(0, last + 1),
    standard: IN_ORDER[Math.min(positionOf(standard), last)] ?? 'day',
    isSensitive: SENSITIVE[sensitive],
  }
}
