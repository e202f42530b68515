import type { NamedEntry } from './activity-words.ts'

/** Entries that say the same, newest first. */
export type Line = readonly [NamedEntry, ...NamedEntry[]]
/** What one application or person did on one day for one stated purpose. */
export type DaySection = { purpose: string | null; lines: Line[] }
export type Day = { at: Date; sections: DaySection[] }

/** Groups entries, newest first, by day and by who it was; those that say the same are one line. `dayOf` names the reader's day. */
export function groupByDay(entries: readonly NamedEntry[], dayOf: (at: Date) => string): Day[] {
  return groupBy(entries, ({ at }) => dayOf(at)).map((ofDay) => ({
    at: ofDay[0].at,
    sections: groupBy(ofDay, ({ clientId, who, purpose }) =>
      JSON.stringify([clientId, who, purpose]),
    ).map((ofSection) => ({
      purpose: ofSection[0].purpose,
      lines: groupBy(ofSection, sameSentence),
    })),
  }))
}

const sameSentence = ({ kind, result, scope, images, documentType, reason }: NamedEntry): string =>
  JSON.stringify([
    ...[kind, result, documentType, reason],
    kind === 'disclosure' ? null : scope,
    [...new Set(images.map(({ type }) => type))].sort(),
  ])

/** In the order in which the groups first appear. */
function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return [...groups.values()]
}

/**
 * Cuts what was read of the list to one page: whole days where there is at least one, else as much of the day as fits. `more`: whether
 * there are entries after it. `splitsDay`: whether the last day goes on after it.
 */
export function cutPage<T extends { at: Date }>(
  read: readonly T[],
  size: number,
  dayOf: (at: Date) => string,
): { entries: readonly T[]; more: boolean; splitsDay: boolean } {
  if (read.length <= size) return { entries: read, more: false, splitsDay: false }
  const next = dayOf((read[size] as T).at)
  const whole = read.slice(0, size).findLastIndex(({ at }) => dayOf(at) !== next) + 1
  return whole > 0
    ? { entries: read.slice(0, whole), more: true, splitsDay: false }
    : { entries: read.slice(0, size), more: true, splitsDay: true }
}
