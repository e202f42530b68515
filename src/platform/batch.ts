/**
 * Joins requests that come in the same turn of the event loop, or while all lanes are busy, to one call of `run`, which
 * returns one answer for each, in their order. A lane has one call at a time; so do many requests share one statement and
 * one commit, and none waits for more than the call before its own.
 */
export function createBatcher<Lane, Request, Answer>(
  lanes: readonly Lane[],
  { largest, run }: { largest: number; run: (lane: Lane, batch: Request[]) => Promise<Answer[]> },
): (request: Request) => Promise<Answer> {
  type Waiting = {
    request: Request
    resolve: (answer: Answer) => void
    reject: (error: unknown) => void
  }
  const waiting: Waiting[] = []
  const free = [...lanes]
  let isPlanned = false

  function plan() {
    if (isPlanned || free.length === 0 || waiting.length === 0) return
    isPlanned = true
    setImmediate(() => {
      isPlanned = false
      const lane = free.pop()
      if (lane === undefined) return
      void runBatch(lane, waiting.splice(0, largest)).finally(() => {
        free.push(lane)
        plan()
      })
      plan()
    })
  }

  async function runBatch(lane: Lane, batch: Waiting[]) {
    try {
      const answers = await run(
        lane,
        batch.map(({ request }) => request),
      )
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return (request) =>
    new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject })
      plan()
    })
}
