import { Secret, TOTP } from 'otpauth'
import decodeQR from 'qr/decode.js'
import { expect, test } from 'vitest'
import {
  createTotpSecret,
  findTotpStep,
  openEnrolment,
  sealEnrolment,
  totpUri,
} from '../../src/accounts/totp.ts'
import { createSealer } from '../../src/platform/secrets.ts'
import { qrCode } from '../../src/web/qr-code.ts'

const RFC_SECRET = Secret.fromUTF8('12345678901234567890').base32

test.each([
  [59, '287082'],
  [1111111109, '081804'],
  [1111111111, '050471'],
  [1234567890, '005924'],
  [2000000000, '279037'],
  [20000000000, '353130'],
])('at second %i the code of RFC 6238 appendix B is %s', (seconds, code) => {
  const step = Math.floor(seconds / 30)
  expect(findTotpStep(RFC_SECRET, code, seconds * 1000)).toBe(step)
  expect(findTotpStep(RFC_SECRET, ` ${code.slice(0, 3)} ${code.slice(3)} `, seconds * 1000)).toBe(
    step,
  )
})

test('a code counts one step before and after its own, and no further', () => {
  const at = (steps: number) => findTotpStep(RFC_SECRET, '005924', (1234567890 + 30 * steps) * 1000)
  expect([-2, -1, 0, 1, 2].map((steps) => at(steps) !== undefined)).toEqual([
    false,
    true,
    true,
    true,
    false,
  ])
  expect(at(1)).toBe(at(-1))
})

test.each(['', '00592', '0059240', '5924', 'abcdef', '005924\n005924'])(
  'what is typed as %j is no code',
  (typed) => {
    expect(findTotpStep(RFC_SECRET, typed, 1234567890_000)).toBeUndefined()
  },
)

test('the QR code holds the address, and an app that reads it makes the codes that are accepted', () => {
  const secret = createTotpSecret()
  expect(secret).toMatch(/^[A-Z2-7]{32}$/)
  const uri = totpUri(secret, 'ana+home@example.test')
  expect(uri).toContain('otpauth://totp/Identity%20portal:ana%2Bhome%40example.test?')
  const svg = String(qrCode(uri, 'QR code'))
  expect(svg).not.toMatch(/style|<script/)
  expect(decodeQR(draw(svg))).toBe(uri)
  const app = new TOTP({ secret: Secret.fromBase32(new URL(uri).searchParams.get('secret') ?? '') })
  expect(findTotpStep(secret, app.generate())).toBeDefined()
})

test('a secret on its way is the account’s own, for a quarter of an hour', () => {
  const sealer = createSealer([new Uint8Array(32).fill(7)])
  const sealed = sealEnrolment(sealer, 'one', RFC_SECRET)
  expect(sealed).not.toContain(RFC_SECRET)
  expect(openEnrolment(sealer, 'one', sealed)).toBe(RFC_SECRET)
  expect(openEnrolment(sealer, 'two', sealed)).toBeUndefined()
  for (const other of [undefined, '', 'x', ['x'], `${sealed}x`])
    expect(openEnrolment(sealer, 'one', other)).toBeUndefined()
  const old = sealer.seal(
    JSON.stringify({ secret: RFC_SECRET, at: Date.now() - 16 * 60_000 }),
    'totp enrolment one',
  )
  expect(openEnrolment(sealer, 'one', old)).toBeUndefined()
})

/** The SVG as a camera sees it, four pixels a module. */
function draw(svg: string) {
  const modules = Number(/viewBox="0 0 (\d+)/.exec(svg)?.[1])
  const scale = 4
  const size = modules * scale
  const data = new Uint8Array(size * size * 4).fill(255)
  for (const [, x, y] of svg.matchAll(/M(\d+) (\d+)h1v1h-1z/g))
    for (let dy = 0; dy < scale; dy++)
      for (let dx = 0; dx < scale; dx++) {
        const at = ((Number(y) * scale + dy) * size + Number(x) * scale + dx) * 4
        data.fill(0, at, at + 3)
      }
  return { width: size, height: size, data }
}
