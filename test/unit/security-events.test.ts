import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createLog } from '../../src/platform/log.ts'
import { createSecurityEvents, SECURITY_EVENTS } from '../../src/web/security-events.ts'

const KEY = new Uint8Array(32).fill(7)

function create(at = { now: 0 }) {
  const lines: Record<string, unknown>[] = []
  const log = createLog('info', (line) => lines.push(JSON.parse(line)))
  return { lines, security: createSecurityEvents(log, KEY, () => at.now) }
}

test('docs/security-events.md names every event, and no other', () => {
  const text = readFileSync(new URL('../../docs/security-events.md', import.meta.url), 'utf8')
  const rows = text.split('\n').filter((line) => /^\| `[a-z_]+`/.test(line))
  const documented = rows
    .filter((line) => !/Meaning|accountId|`network`|`method`|`suppressed`|`event`/.test(line))
    .flatMap((line) => {
      const [, first = '', , flood = ''] = line.split('|')
      return [...first.matchAll(/`([a-z_]+)`/g)].map(
        ([, name]) => `${name}${flood.includes('∞') ? ' ∞' : ''}`,
      )
    })
  expect(documented.sort()).toEqual(
    Object.entries(SECURITY_EVENTS)
      .map(([name, kind]) => `${name}${'byAnyone' in kind ? ' ∞' : ''}`)
      .sort(),
  )
})

test('a network has one name that does not show its address, and shares it within an IPv6 /64', () => {
  const { security } = create()
  const name = security.networkName('198.51.100.7')
  expect(name).toMatch(/^[0-9a-f]{16}$/)
  expect(security.networkName('198.51.100.8')).not.toBe(name)
  expect(security.networkName('2001:db8:1:2::1')).toBe(security.networkName('2001:db8:1:2:ffff::9'))
  expect(security.networkName('2001:db8:1:3::1')).not.toBe(security.networkName('2001:db8:1:2::1'))
  const other = createSecurityEvents(createLog('silent'), new Uint8Array(32))
  expect(other.networkName('198.51.100.7')).not.toBe(name)
})

test('a flood is counted exactly and logged in a bounded number of lines', () => {
  const at = { now: 0 }
  const { lines, security } = create(at)
  let counted = 0
  security.onEvent(() => counted++)
  for (let tries = 0; tries < 10_000; tries++)
    security.emit('sign_in_failed', { address: '198.51.100.7' })
  expect(counted).toBe(10_000)
  expect(lines).toHaveLength(70)
  at.now = 60_000
  security.emit('sign_in_failed', { address: '198.51.100.7' })
  const logged = lines.length
  const suppressed = lines.reduce((sum, line) => sum + Number(line.suppressed ?? 0), 0)
  expect(logged + suppressed).toBe(10_001)
})

test('what a resident or an operator does is always logged', () => {
  const { lines, security } = create()
  for (let times = 0; times < 500; times++) security.emit('password_changed', { accountId: 'a' })
  expect(lines).toHaveLength(500)
})
