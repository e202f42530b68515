import { setTimeout as wait } from 'node:timers/promises'

/** One request: when it was sent, how long it took, and its status; 0 is a lost connection, -1 none within 20 seconds. */
export type Answer = { at: number; milliseconds: number; status: number }

const PATIENCE_MS = 20_000

/** Sends a request every `everyMs`, without waiting for the earlier ones, and records the answers. */
export function startProbe(
  everyMs: number,
  send: (signal: AbortSignal) => Promise<{ status: number }>,
) {
  const answers: Answer[] = []
  const stopping = new AbortController()
  const pending = new Set<Promise<void>>()
  async function sendOne() {
    const at = performance.now()
    const patience = AbortSignal.timeout(PATIENCE_MS)
    const status = await send(patience).then(
      (response) => response.status,
      () => (patience.aborted ? -1 : 0),
    )
    answers.push({ at, milliseconds: performance.now() - at, status })
  }
  const sending = (async () => {
    while (!stopping.signal.aborted) {
      const one = sendOne().finally(() => pending.delete(one))
      pending.add(one)
      await wait(everyMs)
    }
  })()
  return {
    answers,
    async stop() {
      stopping.abort()
      await sending
      await Promise.all(pending)
    },
  }
}

/** How often each status was answered from `since` on: `200 × 812, 503 × 41`. */
export function countStatuses(answers: readonly Answer[], since = 0): string {
  const counts = Map.groupBy(
    answers.filter(({ at }) => at >= since),
    ({ status }) => status,
  )
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([status, same]) => `${NAMES[status] ?? status} × ${same.length}`)
    .join(', ')
}

const NAMES: Record<number, string> = { [-1]: 'no answer', 0: 'connection lost' }

/** After how many seconds from `since` on requests succeed, and all later ones too. */
export function recoverySeconds(answers: readonly Answer[], since: number): number {
  const later = answers.filter(({ at }) => at >= since)
  const lastFailure = later.findLast(({ status }) => status !== 200)
  return lastFailure ? (lastFailure.at + lastFailure.milliseconds - since) / 1000 : 0
}
