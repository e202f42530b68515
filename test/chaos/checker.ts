import { type Held, type History, type Outcome, SLOTS, type Status } from './history.ts'

const FINAL = ['approved', 'declined']
// The clocks of one machine, read in different processes.
const SLACK_MS = 500

/** A promise of the portal, for how many things it was checked, and one line for each time that it was broken. */
export type Checked = { promise: string; count: number; faults: string[] }

/** Checks each promise. `held` returns what a vendor holds of a session. */
export function checkEach(
  history: History,
  outcome: Outcome,
  held: ReadonlyMap<string, Held>,
): Checked[] {
  const { deliveries, reads, sessions, said } = history
  return [
    {
      promise: 'deliveries that were answered 200: stored, and applied once',
      count: deliveries.filter(({ status, isForged }) => status === 200 && !isForged).length,
      faults: checkDeliveries(history, outcome),
    },
    {
      promise: 'forged deliveries: rejected, and not stored',
      count: deliveries.filter(({ isForged }) => isForged).length,
      faults: checkForged(history, outcome),
    },
    {
      promise: "verifications: the status follows the vendor's decisions, and ends at the last",
      count: sessions.length,
      faults: checkStatuses(history, outcome),
    },
    {
      promise: 'decisions of vendors: none counts twice',
      count: said.length,
      faults: checkDecisions(history, outcome),
    },
    {
      promise: "stored images: the vendor's bytes; none is missing, and there are no others",
      count: outcome.images.length,
      faults: checkImages(history, outcome, held),
    },
    {
      promise: "answers with documents: the reader's own, approved at that moment",
      count: reads.filter(({ verificationId }) => verificationId !== null).length,
      faults: checkReads(history, outcome, held),
    },
    {
      promise: 'answers after a complete set of images: none has an incomplete one',
      count: reads.length,
      faults: checkSets(history, outcome, held),
    },
    {
      promise: 'verifications whose jobs all came to an end',
      count: outcome.verifications.length,
      faults: outcome.waitingJobs > 0 ? [`${outcome.waitingJobs} jobs never came to an end`] : [],
    },
  ]
}

/** Returns one line for each broken guarantee; an empty list means none. */
export const check = (...given: Parameters<typeof checkEach>): string[] =>
  checkEach(...given).flatMap(({ faults }) => faults)

/** A delivery that was answered 200 is stored once and applied once. */
function checkDeliveries(history: History, { deliveries, storedByItself }: Outcome): string[] {
  const faults: string[] = []
  const stored = Map.groupBy(deliveries, ({ vendor, sha256 }) => `${vendor} ${sha256}`)
  const taken = new Map<string, number>()
  for (const { vendor, sha256, isForged, status, at } of history.deliveries) {
    const key = `${vendor} ${sha256}`
    if (!isForged && status === 200) taken.set(key, Math.min(at, taken.get(key) ?? at))
  }
  for (const [key, at] of taken) {
    const rows = stored.get(key) ?? []
    if (rows.length === 0 || (at < storedByItself.at && !storedByItself.keys.has(key)))
      faults.push(`a delivery that was answered 200 is lost: ${key}`)
    if (rows.length > 1) faults.push(`a delivery is stored ${rows.length} times: ${key}`)
  }
  for (const { id, state, timesApplied } of deliveries) {
    if (!['applied', 'ignored', 'quarantined'].includes(state))
      faults.push(`delivery ${id} ended as "${state}"`)
    if (timesApplied > 1) faults.push(`delivery ${id} was applied ${timesApplied} times`)
  }
  return faults
}

/** A forged delivery is rejected, and not stored. */
function checkForged(history: History, { deliveries }: Outcome): string[] {
  const stored = new Set(deliveries.map(({ vendor, sha256 }) => `${vendor} ${sha256}`))
  return history.deliveries
    .filter(
      ({ vendor, sha256, isForged, status }) =>
        isForged && (status === 200 || stored.has(`${vendor} ${sha256}`)),
    )
    .map(({ vendor, status }) => `a forged delivery of ${vendor} was taken (answer ${status})`)
}

/** The status follows the vendor's decisions in the vendor's order, and never goes back. */
function checkStatuses(history: History, outcome: Outcome): string[] {
  const faults: string[] = []
  const said = Map.groupBy(history.said, ({ sessionId }) => sessionId)
  const changes = Map.groupBy(outcome.statuses, ({ verificationId }) => verificationId)
  const standing = new Map(outcome.verifications.map((each) => [each.id, each]))
  for (const { verificationId, sessionId, vendor } of history.sessions) {
    const words = (said.get(sessionId) ?? []).map(({ status }) => status)
    const name = `${vendor} verification ${verificationId}`
    const fault = follow(
      words,
      (changes.get(verificationId) ?? []).map(({ status }) => status),
    )
    if (fault) faults.push(`${name}: ${fault}`)
    const last = words.at(-1)
    const found = standing.get(verificationId)?.status
    if (last !== undefined && found !== last)
      faults.push(`${name} ended as ${found}, and the vendor's last word is ${last}`)
  }
  return faults
}

function follow(words: Status[], shown: Status[]): string | undefined {
  let at = 0
  let isDecided = false
  for (const status of shown) {
    if (status === 'pending' && !isDecided) continue
    const next = words.indexOf(status, at)
    if (next < 0)
      return `went ${shown.join(' → ')}, while the vendor said ${words.join(', ') || 'nothing'}`
    at = next
    isDecided ||= FINAL.includes(status)
  }
  return undefined
}

/** No decision of a vendor counts twice. */
function checkDecisions(history: History, { decisions }: Outcome): string[] {
  const faults: string[] = []
  const said = Map.groupBy(history.said, ({ sessionId }) => sessionId)
  const recorded = Map.groupBy(decisions, ({ verificationId }) => verificationId)
  for (const { verificationId, sessionId, vendor } of history.sessions) {
    const rows = (recorded.get(verificationId) ?? []).filter(({ status }) => status !== 'pending')
    const words = Map.groupBy(said.get(sessionId) ?? [], ({ status }) => status)
    for (const [status, same] of Map.groupBy(rows, (row) => row.status))
      if (same.length > (words.get(status)?.length ?? 0))
        faults.push(
          `${vendor} verification ${verificationId}: ${status} is recorded ${same.length} times, and was said ${words.get(status)?.length ?? 0} times`,
        )
  }
  return faults
}

/**
 * Every image equals the vendor's byte for byte, all images of approved verifications are stored, and there are no other
 * objects.
 */
function checkImages(
  history: History,
  outcome: Outcome,
  held: ReadonlyMap<string, Held>,
): string[] {
  const faults = outcome.strayObjects.map((key) => `the bucket holds ${key}, which no row names`)
  const sessions = new Map(history.sessions.map((each) => [each.verificationId, each]))
  for (const { verificationId, slot, sha256, stored } of outcome.images) {
    const session = sessions.get(verificationId)
    const theirs = held.get(session?.sessionId ?? '')
    if (sha256 !== stored)
      faults.push(`verification ${verificationId}: the bucket holds other bytes than were recorded`)
    if (session && slot && !theirs?.taken[slot].includes(stored))
      faults.push(
        `${session.vendor} verification ${verificationId}: a stored ${slot} is not the vendor's`,
      )
  }
  for (const { id, status, imagesComplete, shown, imagesPending } of outcome.verifications) {
    const session = sessions.get(id)
    if (!session) continue
    const name = `${session.vendor} verification ${id}`
    if (imagesPending > 0) faults.push(`${name}: ${imagesPending} images were never copied`)
    if (status !== 'approved') continue
    if (!imagesComplete) faults.push(`${name} is approved, and its images are not complete`)
    const theirs = held.get(session.sessionId)?.shown
    for (const slot of SLOTS)
      if (shown[slot] !== theirs?.[slot])
        faults.push(`${name}: the ${slot} that is shown is not the vendor's latest`)
  }
  return faults
}

/**
 * Nobody got another person's documents, a verification that was not approved at that moment, or bytes that differ from the
 * vendor's.
 */
function checkReads(history: History, outcome: Outcome, held: ReadonlyMap<string, Held>): string[] {
  const faults: string[] = []
  const sessions = new Map(history.sessions.map((each) => [each.verificationId, each]))
  const changes = Map.groupBy(outcome.statuses, ({ verificationId }) => verificationId)
  for (const { accountId, verificationId, images, startedAt, endedAt } of history.reads) {
    if (verificationId === null) continue
    const session = sessions.get(verificationId)
    if (session?.accountId !== accountId) {
      faults.push(`a resident was shown the verification ${verificationId}, which is another's`)
      continue
    }
    const name = `${session.vendor} verification ${verificationId}`
    if (!wasApproved(changes.get(verificationId) ?? [], startedAt, endedAt))
      faults.push(`${name} was shown while it was not approved`)
    for (const slot of SLOTS) {
      const sha256 = images[slot]
      if (sha256 !== undefined && !held.get(session.sessionId)?.taken[slot].includes(sha256))
        faults.push(`${name}: a ${slot} was shown that is not the vendor's`)
    }
  }
  return faults
}

/** Whether it was so at any moment between the two. */
function wasApproved(changes: Outcome['statuses'], startedAt: number, endedAt: number): boolean {
  return changes.some(
    ({ status, committedAt }, index) =>
      status === 'approved' &&
      committedAt - SLACK_MS <= endedAt &&
      (changes[index + 1]?.committedAt ?? Number.POSITIVE_INFINITY) + SLACK_MS >= startedAt,
  )
}

/** Once a complete verification was returned, and while it is approved, no incomplete set of another one replaces it. */
function checkSets(history: History, outcome: Outcome, held: ReadonlyMap<string, Held>): string[] {
  const faults: string[] = []
  const sessions = new Map(history.sessions.map((each) => [each.verificationId, each]))
  const changes = Map.groupBy(outcome.statuses, ({ verificationId }) => verificationId)
  const reads = [...history.reads].sort((a, b) => a.startedAt - b.startedAt)
  for (const same of Map.groupBy(reads, ({ accountId }) => accountId).values()) {
    const seenWhole = new Map<string, number>()
    for (const { verificationId, images, links, endedAt } of same) {
      const session = sessions.get(verificationId ?? '')
      const shown = held.get(session?.sessionId ?? '')?.shown
      if (!session || !shown) continue
      const wanted = SLOTS.filter((slot) => shown[slot] !== undefined)
      if (wanted.every((slot) => images[slot] !== undefined))
        seenWhole.set(session.verificationId, endedAt)
      // A response whose links were not all downloaded is not an incomplete set.
      if (wanted.every((slot) => links.includes(slot))) continue
      for (const [whole, since] of seenWhole)
        if (
          whole !== session.verificationId &&
          !(changes.get(whole) ?? []).some(
            ({ committedAt }) => committedAt > since - SLACK_MS && committedAt < endedAt + SLACK_MS,
          )
        )
          faults.push(
            `${session.vendor} verification ${session.verificationId}: half of it was shown in place of the whole ${whole}`,
          )
    }
  }
  return [...new Set(faults)]
}
