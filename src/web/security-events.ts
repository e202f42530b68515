import { createHmac, hkdfSync } from 'node:crypto'
import type { Db, Sql } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import { startLoop } from '../platform/loop.ts'
import { networkOf } from './client-address.ts'

type Kind = { level: 'info' | 'warn'; byStrangers?: true }

/**
 * Every security event, and whether strangers can cause it as often as they like. `docs/security-events.md` explains
 * each of them.
 */
export const SECURITY_EVENTS = {
  sign_in_succeeded: { level: 'info' },
  sign_in_failed: { level: 'warn', byStrangers: true },
  sign_in_throttled: { level: 'warn', byStrangers: true },
  second_factor_failed: { level: 'warn', byStrangers: true },
  recovery_code_used: { level: 'warn' },
  mfa_enrolled: { level: 'info' },
  mfa_removed: { level: 'warn' },
  new_device_sign_in: { level: 'info' },
  session_ended: { level: 'info' },
  session_disowned: { level: 'warn' },
  access_frozen: { level: 'warn' },
  reset_requested: { level: 'info', byStrangers: true },
  password_changed: { level: 'info' },
  email_changed: { level: 'info' },
  passkey_added: { level: 'info' },
  passkey_removed: { level: 'info' },
  form_refused: { level: 'warn', byStrangers: true },
  consent_given: { level: 'info' },
  consent_changed: { level: 'info' },
  consent_ended: { level: 'info' },
  token_reused: { level: 'warn', byStrangers: true },
  client_authentication_failed: { level: 'warn', byStrangers: true },
  client_registered: { level: 'info', byStrangers: true },
  device_code_refused: { level: 'warn', byStrangers: true },
  webhook_signature_invalid: { level: 'warn', byStrangers: true },
  rate_limited: { level: 'warn', byStrangers: true },
  keys_rotated: { level: 'info' },
  operator_action: { level: 'info' },
} as const satisfies Record<string, Kind>
export type SecurityEvent = keyof typeof SECURITY_EVENTS

/** Ids and words of ours; never a name, an e-mail address or anything that a caller wrote. */
type SecurityEventFields = {
  accountId?: string | undefined
  clientId?: string | undefined
  /** An IP address. Only a keyed name of its network is logged. */
  address?: string | undefined
  /** How or why, in a word of ours: `password`, `too_many`. */
  method?: string | undefined
  /** Which limit, vendor integration, operator's command, … */
  subject?: string | undefined
  action?: string | undefined
  count?: number | undefined
}

export type SecurityEvents = {
  /** Counts the event, and logs it as one line. */
  emit(event: SecurityEvent, fields?: SecurityEventFields): void
  /** Calls `listener` at every event, those that are not logged among them. */
  onEvent(listener: (event: SecurityEvent) => void): void
  /** A name for the network of an address (IPv4 /32, IPv6 /64) that only holders of the key can compute. */
  networkName(address: string): string
}

// Of an event that strangers can cause: so many lines a minute from each process, and then every thousandth.
const LINES_A_MINUTE = 60
const THEN_EVERY = 1_000

/** `key` is the current encryption key: the names of networks change with it. */
export function createSecurityEvents(
  log: Log,
  key: Uint8Array,
  now: () => number = Date.now,
): SecurityEvents {
  const networkKey = Buffer.from(hkdfSync('sha256', key, '', 'security event network', 32))
  const listeners: ((event: SecurityEvent) => void)[] = []
  const windows = new Map<SecurityEvent, { minute: number; seen: number; suppressed: number }>()

  const networkName = (address: string) =>
    createHmac('sha256', networkKey).update(networkOf(address)).digest('hex').slice(0, 16)

  /** How many were not logged since the last line; `undefined`: this one is not logged either. */
  function admit(event: SecurityEvent): number | undefined {
    const minute = Math.floor(now() / 60_000)
    const window = windows.get(event) ?? { minute, seen: 0, suppressed: 0 }
    windows.set(event, window)
    if (window.minute !== minute) Object.assign(window, { minute, seen: 0 })
    window.seen++
    if (window.seen > LINES_A_MINUTE && window.seen % THEN_EVERY !== 0) {
      window.suppressed++
      return undefined
    }
    const { suppressed } = window
    window.suppressed = 0
    return suppressed
  }

  return {
    emit(event, fields = {}) {
      for (const listener of listeners) listener(event)
      const kind: Kind = SECURITY_EVENTS[event]
      const suppressed = kind.byStrangers ? admit(event) : 0
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

/** In the operator's transaction or beside it: a worker logs and counts it, because the command line has no log of its own. */
export async function recordOperatorAction(
  sql: Sql,
  { action, subject }: { action: string; subject: string | undefined },
): Promise<void> {
  await sql`insert into operator_action (action, subject) values (${action}, ${subject ?? null})`
}

const RELAY_MS = 2_000

/** Emits the operator's actions that were recorded, in order, each once unless the process dies between. */
export function relayOperatorActions(parts: { db: Db; security: SecurityEvents; log: Log }): {
  stop(): Promise<void>
} {
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
  return startLoop(
    { event: 'operator actions cannot be read', pauseMs: RELAY_MS, firstAfterMs: RELAY_MS, log },
    relay,
  )
}
