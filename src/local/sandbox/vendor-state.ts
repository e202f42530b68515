import type { Context } from 'hono'
import type { z } from 'zod'

const REQUESTS_KEPT = 10_000

/** What a stand-in holds in memory. */
export type VendorState<Session extends { faults: Faults | undefined }, Faults> = {
  sessions: Map<string, Session>
  /** The faults of all sessions without their own. */
  faults: Faults
  /** Requests to the API, newest last. */
  requests: { method: string; path: string }[]
}

/** Adds a request to the latest ones. */
export function recordRequest(
  { requests }: { requests: { method: string; path: string }[] },
  c: Context,
): void {
  requests.push({ method: c.req.method, path: c.req.path })
  if (requests.length > REQUESTS_KEPT) requests.shift()
}

/** Throws for a session that does not exist. */
export function requireSession<Session>(
  { sessions }: { sessions: Map<string, Session> },
  sessionId: string,
): Session {
  const session = sessions.get(sessionId)
  if (!session) throw new Error(`the sandbox has no session ${sessionId}`)
  return session
}

/** The faults of one session: its own, or those of all sessions. */
export const faultsOf = <Faults>(
  state: { faults: Faults },
  session: { faults: Faults | undefined } | undefined,
): Faults => session?.faults ?? state.faults

/** Sets the faults of one session, or of all sessions without their own. Throws for faults that do not fit the schema. */
export function setFaults<Faults>(
  state: VendorState<{ faults: Faults | undefined }, Faults>,
  schema: z.ZodType<Faults>,
  faults: Faults,
  sessionId: string | undefined,
): void {
  // A copy, because a fault counts down.
  const given = schema.parse(structuredClone(faults))
  if (sessionId === undefined) state.faults = given
  else requireSession(state, sessionId).faults = given
}
