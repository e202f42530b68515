import { setTimeout as wait } from 'node:timers/promises'

/** Deliveries that are being sent, each of them again until it is accepted or its retries are used up. */
export type Deliveries = {
  /** Sends a delivery in the background. Resolves after its first attempt. */
  start(delivery: Delivery): Promise<void>
  /** Resolves when no delivery is pending. */
  settled(): Promise<void>
  close(): Promise<void>
}

type Delivery = {
  /** Sends the delivery once. Returns whether it was accepted; an attempt that throws was not. */
  send: (closing: AbortSignal) => Promise<boolean>
  /** The first attempt is made this long after `after`. */
  delayInMs: number
  after?: Promise<void> | undefined
}

export function createDeliveries(retryDelaysInMs: readonly number[]): Deliveries {
  const closing = new AbortController()
  const pending = new Set<Promise<void>>()

  async function deliver({ send, delayInMs, after }: Delivery, onTried: () => void) {
    await after
    for (const delay of [delayInMs, ...retryDelaysInMs]) {
      try {
        await wait(delay, undefined, { signal: closing.signal })
        if (await send(closing.signal)) return
      } catch {
        if (closing.signal.aborted) return
      } finally {
        onTried()
      }
    }
  }

  return {
    start(delivery) {
      const firstAttempt = Promise.withResolvers<void>()
      const delivered = deliver(delivery, firstAttempt.resolve).finally(() =>
        pending.delete(delivered),
      )
      pending.add(delivered)
      return firstAttempt.promise
    },
    async settled() {
      while (pending.size > 0) await Promise.all(pending)
    },
    async close() {
      closing.abort()
      await Promise.allSettled(pending)
    },
  }
}
