import { AsyncLocalStorage } from 'node:async_hooks'
import { type TracingChannelSubscribers, tracingChannel } from 'node:diagnostics_channel'
import { type Correlation, correlationStorage } from './correlation.ts'

/**
 * A call to another system, or a piece of background work, as metrics and traces see it: fixed words of ours, never an id, an
 * address or anything that a caller chose.
 */
export type Operation =
  | { kind: 'vendor'; vendor: string; name: string }
  | { kind: 'bucket'; name: string }
  | { kind: 'job'; queue: string }
  | { kind: 'delivery'; vendor: string }

type Message = {
  operation: Operation
  describe: (outcome: { result?: unknown; error?: unknown }) => string
  /** By `performance.now()`. */
  startedAt: number
  result?: unknown
  error?: unknown
}

// Node's registry of what can be observed. Without subscribers an operation costs one comparison.
const channel = tracingChannel<unknown, Message>('identity-portal:operation')

const unobserved = new AsyncLocalStorage<true>()

/** Runs `work`, and what it starts, without reporting its operations. */
export const withoutObservers = <T>(work: () => T): T => unobserved.run(true, work)

/** Runs `work`, and reports it to the observers. `describe` names its outcome in one of few words. */
export function observe<T>(
  operation: Operation,
  work: () => Promise<T>,
  describe: (outcome: { result?: T; error?: unknown }) => string = succeededOrFailed,
): Promise<T> {
  if (!channel.hasSubscribers || unobserved.getStore()) return work()
  const message = { operation, describe: describe as Message['describe'], startedAt: 0 }
  return channel.tracePromise(work, message) as Promise<T>
}

const succeededOrFailed = ({ error }: { error?: unknown }): string =>
  error === undefined ? 'ok' : 'error'

export type EndedOperation = { operation: Operation; outcome: string; seconds: number }

/** Calls `onEnd` after each operation. Returns a function that ends this. */
export function onOperationEnd(onEnd: (ended: EndedOperation) => void): () => void {
  const subscribers: Partial<TracingChannelSubscribers<Message>> = {
    start: (message) => {
      message.startedAt = performance.now()
    },
    asyncEnd: (message) => {
      const { operation, startedAt } = message
      const seconds = (performance.now() - startedAt) / 1000
      onEnd({ operation, outcome: message.describe(message), seconds })
    },
  }
  channel.subscribe(subscribers as TracingChannelSubscribers<Message>)
  return () => void channel.unsubscribe(subscribers as TracingChannelSubscribers<Message>)
}

/**
 * Runs each operation with the correlation that `onStart` returns, and calls `onEnd` with that after it. Returns a function that
 * ends this.
 */
export function traceOperations<C extends Correlation>(
  onStart: (operation: Operation) => C,
  onEnd: (correlation: C, outcome: string) => void,
): () => void {
  const started = new WeakMap<Message, C>()
  const storage = correlationStorage()
  const end = (message: Message) => {
    const correlation = started.get(message)
    if (correlation) onEnd(correlation, message.describe(message))
  }
  channel.start.bindStore(storage, (message) => {
    const correlation = onStart(message.operation)
    started.set(message, correlation)
    return correlation
  })
  const subscribers = { asyncEnd: end } as unknown as TracingChannelSubscribers<Message>
  channel.subscribe(subscribers)
  return () => {
    channel.start.unbindStore(storage)
    channel.unsubscribe(subscribers)
  }
}
