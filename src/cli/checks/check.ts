export type Finding = {
  check: string
  /** `false` only where something has to be done. */
  ok: boolean
  state: 'ok' | 'unknown' | 'failed'
  detail: string
  /** Of a failed check: what follows from it, and what to do. */
  why?: string
  advice?: string
}

/** One attempt: `run` returns what was found, or throws; then `why` says what follows from that, and `advice` what to do. */
export type Check = { check: string; why: string; advice: string; run: () => Promise<string> }

/** What was found is not as it should be; the message says what it is. */
export class Fault extends Error {
  override readonly name = 'Fault'
}

/** It cannot be found out here; the message says why. */
export class Unknown extends Error {
  override readonly name = 'Unknown'
}

export async function attempt({ check, why, advice, run }: Check): Promise<Finding> {
  try {
    return { check, ok: true, state: 'ok', detail: await run() }
  } catch (error) {
    return error instanceof Unknown
      ? { check, ok: true, state: 'unknown', detail: error.message }
      : { check, ok: false, state: 'failed', detail: describe(error), why, advice }
  }
}

/** The message of a foreign error may quote what is secret. */
function describe(error: unknown): string {
  if (error instanceof Fault) return error.message
  const {
    name = 'unknown error',
    cause,
    code = (cause as { code?: unknown } | undefined)?.code,
  } = (error ?? {}) as { name?: string; code?: unknown; cause?: unknown }
  return typeof code === 'string' ? `${name} ${code}` : name
}
