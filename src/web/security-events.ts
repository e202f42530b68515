import { createHmac, hkdfSync } from 'node:crypto'
import type { Db, Sql } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import { type Loop, startLoop } from '../platform/loop.ts'
import { OWN_LOOK_MS } from '../platform/pulse.ts'
import { networkOf } from './client-address.ts'

type Kind = { level: 'info' | 'warn'; byAnyone?: true }

/**
 * Every security event. `byAnyone`: unauthenticated callers can cause it any number of times. `docs/security-events.md` explains each
 * event.
 */
export const SECURITY_EVENTS = {
  sign_in_succeeded: { level: 'info' },
  sign_in_failed: { level: 'warn', byAnyone: true },
  sign_in_throttled: { level: 'warn', byAnyone: true },
  second_factor_failed: { level: 'warn', byAnyone: true },
  recovery_code_used: { level: 'warn' },
  mfa_enrolled: { level: 'info' },
  mfa_removed: { level: 'warn' },
  new_device_sign_in: { level: 'info' },
  session_ended: { level: 'info' },
  export_requested: { level: 'info' },
  erasure_requested: { level: 'warn' },
  erasure_cancelled: { level: 'info' },
  session_disowned: { level: 'warn' },
  access_frozen: { level: 'warn' },
  entry_reported: { level: 'warn' },
  reset_requested: { level: 'info', byAnyone: true },
  sign_up_requested: { level: 'info', byAnyone: true },
  account_created: { level: 'info' },
  password_changed: { level: 'info' },
  email_changed: { level: 'info' },
  passkey_added: { level: 'info' },
  passkey_removed: { level: 'info' },
  form_refused: { level: 'warn', byAnyone: true },
  consent_given: { level: 'info' },
  consent_changed: { level: 'info' },
  consent_ended: { level: 'info' },
  token_reused: { level: 'warn', byAnyone: true },
  client_authentication_failed: { level: 'warn', byAnyone: true },
  client_registered: { level: 'info', byAnyone: true },
  device_code_refused: { level: 'warn', byAnyone: true },
  webhook_signature_invalid: { level: 'warn', byAnyone: true },
  rate_limited: { level: 'warn', byAnyone: true },
  keys_rotated: { level: 'info' },
  operator_action: { level: 'info' },
} as const satisfies Record<string, Kind>
export type SecurityEvent = keyof typeof SECURITY_EVENTS

/** Ids and fixed words; never a name, an e-mail address or text from a caller. */
type SecurityEventFields = {
  accountId?: string | undefined
  clientId?: string | undefined
  /** An IP address. The log contains only a keyed name of its network. */
  address?: string | undefined
  /** How or why, by a fixed word: `password`, `too_many`. */
  method?: string | undefined
  /** The limit, vendor integration, operator's command, … */
  subject?: string | undefined
  action?: string | undefined
  count?: number | undefined
}

export type SecurityEvents = {
  /** Counts the event, and logs it as one line. */
  emit(event: SecurityEvent, fields?: SecurityEventFields): void
  /** Calls `listener` for every event, also for those that are not logged. `method` is a fixed word. */
  onEvent(listener: (event: SecurityEvent, method: string | undefined) => void): void
  /** Returns a name for the network of an address (IPv4 /32, IPv6 /64) that only holders of the key can compute. */
  networkName(address: string): string
}

// Each process logs this many lines a minute of an event that anyone can cause, and then one in a thousand.
const MAX_LINES_A_MINUTE = 60
const SAMPLE_EVERY = 1_000

/** `key` is the current encryption key: when it changes, the names of networks change. */
export function createSecurityEvents(
  log: Log,
  key: Uint8Array,
  now: () => number = Date.now,
): SecurityEvents {
  const networkKey = Buffer.from(hkdfSync('sha256', key, '', 'security event network', 32))
  const listeners: ((event: SecurityEvent, method: string | undefined) => void)[] = []
  const windows = new Map<SecurityEvent, { minute: number; seen: number; suppressed: number }>()

  const networkName = (address: string) =>
    createHmac('sha256', networkKey).update(networkOf(address)).digest('hex').slice(0, 16)

  /** Returns how many events were not logged since the last line; `undefined`: this event is not logged either. */
  function countSuppressed(event: SecurityEvent): number | undefined {
    const minute = Math.floor(now() / 60_000)
    const window = windows.get(event) ?? { minute, seen: 0, suppressed: 0 }
    windows.set(event, window)
    if (window.minute !== minute) Object.assign(window, { minute, seen: 0 })
    window.seen++
    if (window.seen > MAX_LINES_A_MINUTE && window.seen % SAMPLE_EVERY !== 0) {
      window.suppressed++
      return undefined
    }
    const { suppressed } = window
    window.suppressed = 0
    return suppressed
  }

  return {
    emit(event, fields = {}) {
      for (const listener of listeners) listener(event, fields.method)
      const kind: Kind = SECURITY_EVENTS[event]
      const suppressed = kind.byAnyone ? countSuppressed(event) : 0
      if (suppressed === undefined) return
      const { accountId, clientId, address, method, subject, action, count } = fields
      log[kind.level](event, {
        security: true,
        accountId,
        clientId,
        network: address === undefined ? undefined : networkName(address),
        method,
        action,
        subject,
        count,
        ...(suppressed > 0 ? { suppressed } : {}),
      })
    },
    onEvent: (listener) => listeners.push(listener),
    networkName,
  }
}

/** Records an action for a worker, which logs and counts it; the command line has no security log. */
export async function recordOperatorAction(
  sql: Sql,
  { action, subject }: { action: string; subject: string | undefined },
): Promise<void> {
  await sql`insert into operator_action (action, subject) values (${action}, ${subject ?? null})`
}

/** Whether an action of the operator is to be emitted. */
export const isOperatorActionDue = (sql: Sql) => sql`exists (select from operator_action)`

/** Emits recorded actions of the operator in order, each once unless the process dies in between. */
export function relayOperatorActions(parts: { db: Db; security: SecurityEvents; log: Log }): Loop {
  const { db, security, log } = parts
  const relay = () =>
    db.begin(async (sql) => {
      const rows = await sql<{ action: string; subject: string | null }[]>`
        delete from operator_action where id in (
          select id from operator_action order by recorded_at limit 100 for update skip locked)
        returning action, subject`
      for (const { action, subject } of rows)
        security.emit('operator_action', { action, subject: subject ?? undefined })
    })
  return startLoop({ event: 'operator actions cannot be read', pauseMs: OWN_LOOK_MS, log }, relay)
}
