import { createDeliveries } from './deliveries.ts'

const RETRY_DELAYS_IN_MS: readonly number[] = [1_000, 2_000, 4_000, 8_000, 16_000]
const TIME_ALLOWED_IN_MS = 5_000

/** A message to one address, which is sent with the same bytes each time. */
export type Delivery<Fault> = {
  url: string
  body: string
  /** The headers of one attempt, which are made at its time. */
  sign: (fault: Fault | undefined) => Record<string, string>
}

export type Webhooks<Session, Message> = {
  /** Sends the deliveries of a message about the session, unless the session's faults change that. */
  send(session: Session, message: Message): void
  /** Sends a session's deliveries again, with the same bytes. */
  resend(session: Session): void
  settled(): Promise<void>
  close(): Promise<void>
}

/** The signed deliveries of a vendor. Any response but `200` is a failure, which is repeated. */
export function createSignedWebhooks<
  Session extends { id: string },
  Message,
  Fault extends string,
>(parts: {
  write: (session: Session, message: Message) => Delivery<Fault>[]
  retryDelaysInMs?: readonly number[] | undefined
  faultsOf: (
    session: Session,
  ) =>
    | { times?: number | undefined; delayInMs?: number | undefined; signature?: Fault | undefined }
    | undefined
}): Webhooks<Session, Message> {
  const deliveries = createDeliveries(parts.retryDelaysInMs ?? RETRY_DELAYS_IN_MS)
  const sent = new Map<string, Delivery<Fault>[]>()

  function start(session: Session, { url, body, sign }: Delivery<Fault>) {
    const { delayInMs = 0, signature: fault } = parts.faultsOf(session) ?? {}
    void deliveries.start({
      delayInMs,
      async send(closing) {
        const answer = await fetch(url, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', ...sign(fault) },
          body,
          signal: AbortSignal.any([closing, AbortSignal.timeout(TIME_ALLOWED_IN_MS)]),
        })
        await answer.body?.cancel()
        return answer.status === 200
      },
    })
  }

  return {
    send(session, message) {
      const { times = 1 } = parts.faultsOf(session) ?? {}
      for (const delivery of parts.write(session, message))
        for (let copy = 0; copy < times; copy++) {
          sent.set(session.id, [...(sent.get(session.id) ?? []), delivery])
          start(session, delivery)
        }
    },
    resend(session) {
      for (const delivery of sent.get(session.id) ?? []) start(session, delivery)
    },
    settled: deliveries.settled,
    close: deliveries.close,
  }
}
