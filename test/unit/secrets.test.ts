import { expect, test } from 'vitest'
import { createSealer } from '../../src/platform/secrets.ts'

const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]

test('what is sealed opens in its own context and nowhere else', () => {
  const sealer = createSealer([one])
  const sealed = sealer.seal('a vendor’s secret', 'vendor a')
  expect(sealed).not.toContain('secret')
  expect(sealer.seal('a vendor’s secret', 'vendor a')).not.toBe(sealed)
  expect(sealer.open(sealed, 'vendor a')).toBe('a vendor’s secret')
  expect(() => sealer.open(sealed, 'vendor b')).toThrow()
})

test('what was altered does not open', () => {
  const sealer = createSealer([one])
  const parts = sealer.seal('x'.repeat(40), 'c').split('.')
  for (const index of [2, 3, 4]) {
    const altered = parts.map((part, at) =>
      at === index ? part.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) : part,
    )
    expect(() => sealer.open(altered.join('.'), 'c')).toThrow()
  }
  for (const nonsense of ['', 'x', 'v1.a.b.c.d', parts.slice(0, 4).join('.')])
    expect(() => sealer.open(nonsense, 'c')).toThrow()
})

test('after a key was replaced, what the old one sealed still opens, and the new one seals', () => {
  const before = createSealer([one]).seal('kept', 'c')
  const both = createSealer([two, one])
  expect(both.open(before, 'c')).toBe('kept')
  expect(() => createSealer([one]).open(both.seal('new', 'c'), 'c')).toThrow('encryption key')
})
