import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { type Colour, contrastOf, findContrastFault, isColour } from '../../src/web/colours.ts'
import { createSite, findAccentFault, PLAIN_SITE, readSiteLogo } from '../../src/web/site.ts'

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')

const faultOf = (env: Record<string, string>): string => {
  try {
    loadConfig(env)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe('contrast', () => {
  // The examples of WCAG 2.2 and of its best known calculators.
  test.each([
    ['#000000', '#ffffff', 21],
    ['#ffffff', '#ffffff', 1],
    ['#777777', '#ffffff', 4.48],
    ['#767676', '#ffffff', 4.54],
    ['#0000ff', '#ffffff', 8.59],
  ] as const)('of %s to %s is %d', (a, b, ratio) => {
    expect(contrastOf(a, b)).toBeCloseTo(ratio, 2)
    expect(contrastOf(b, a)).toBe(contrastOf(a, b))
  })

  const colour = fc
    .tuple(...[0, 1, 2].map(() => fc.integer({ min: 0, max: 255 })))
    .map((channels) => `#${Buffer.from(channels).toString('hex')}` as Colour)

  test('the colour that is advised is a colour, and suffices', () => {
    for (const backgrounds of [
      ['#ffffff', '#f6f4ef'],
      ['#151b1e', '#43221f'],
    ] as const)
      fc.assert(
        fc.property(colour, (given) => {
          const fault = findContrastFault(given, backgrounds)
          if (!fault) return
          expect(fault.contrast).toBeLessThan(4.5)
          expect(isColour(fault.nearest)).toBe(true)
          expect(findContrastFault(fault.nearest, backgrounds)).toBeUndefined()
        }),
      )
  })
})

describe('the colours of the operator', () => {
  test('replace the accent of their scheme alone, under another address', () => {
    const plain = createSite(PLAIN_SITE).stylesheet
    const { stylesheet } = createSite({
      ...PLAIN_SITE,
      colours: loadConfig({ PORTAL_COLOR: '#7a1f5c' }).site.colours,
    })
    expect(stylesheet.path).not.toBe(plain.path)
    expect(stylesheet.body).toBe(
      `${plain.body}\n@media (prefers-color-scheme:light){:root{--accent:#7a1f5c}}\n`,
    )
  })

  test('that cannot be read stop the start, with the contrast and the nearest colour that can', () => {
    const message = faultOf({ PORTAL_COLOR: '#ffcc00', PORTAL_COLOR_DARK: '#0f5c63' })
    const [, light, dark] = message.split('\n')
    expect(light).toMatch(
      /^ {2}PORTAL_COLOR has a contrast of 1\.\d\d:1 to the light page, and text needs 4\.5:1: the nearest colour that has it is #[0-9a-f]{6}$/,
    )
    expect(dark).toMatch(/^ {2}PORTAL_COLOR_DARK has a contrast of \d\.\d\d:1 to the dark page/)
    const nearest = /#[0-9a-f]{6}$/.exec(light ?? '')?.[0] ?? ''
    expect(faultOf({ PORTAL_COLOR: nearest })).toBe('')
    expect(faultOf({ PORTAL_COLOR: 'red' })).toContain('PORTAL_COLOR must be a colour as #0f5c63')
  })

  test('include the ones that the stylesheet has by itself', () => {
    const css = String(createSite(PLAIN_SITE).stylesheet.body)
    const [light = '', dark = ''] = [...css.matchAll(/--accent: (\S+);/g)].map(
      ([, value]) => value as Colour,
    )
    expect(findAccentFault(light as Colour, 'light')).toBeUndefined()
    expect(findAccentFault(dark as Colour, 'dark')).toBeUndefined()
  })
})

describe('the logo', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'portal-logo-'))
  })
  afterAll(() => rm(dir, { recursive: true }))

  test('is a PNG or an SVG file, under an address with its digest', async () => {
    const svg = '<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"/>'
    await writeFile(join(dir, 'logo'), svg)
    const { site } = loadConfig({ PORTAL_LOGO: join(dir, 'logo') })
    const { logo } = createSite(site)
    expect(logo?.path).toMatch(/^\/assets\/logo-[0-9a-f]{16}\.svg$/)
    expect(logo?.contentType).toBe('image/svg+xml')
    expect(readSiteLogo(PNG)).toMatchObject({ contentType: 'image/png' })
  })

  test.each([
    ['<!doctype html><svg></svg>', /neither PNG nor SVG/],
    ['GIF89a', /neither PNG nor SVG/],
    ['<svg><script>alert(1)</script></svg>', /plain SVG/],
    ['<svg onload="alert(1)"></svg>', /plain SVG/],
    ['<svg><foreignObject/></svg>', /plain SVG/],
    [`<svg>${'x'.repeat(70_000)}</svg>`, /names a file of 69 KiB: a logo has at most 64/],
  ])('%.40s… stops the start', async (content, fault) => {
    await writeFile(join(dir, 'logo'), content)
    expect(faultOf({ PORTAL_LOGO: join(dir, 'logo') })).toMatch(fault)
  })

  test('that is missing stops the start, and its path is not printed', () => {
    expect(faultOf({ PORTAL_LOGO: join(dir, 'CANARY') })).toBe(
      'The configuration has a fault:\n  PORTAL_LOGO names a file that cannot be read (ENOENT)',
    )
  })
})

test('names, contacts and the time zone are checked', () => {
  expect(
    loadConfig({
      PORTAL_NAME: ' Identidad  Próspera ',
      CONTACT_PHONE: '+504 2222-0000',
      DEFAULT_TIME_ZONE: 'America/Tegucigalpa',
    }).site,
  ).toMatchObject({
    name: 'Identidad Próspera',
    timeZone: 'America/Tegucigalpa',
    contact: { phone: '+504 2222-0000', email: undefined },
  })
  const message = faultOf({
    PORTAL_NAME: 'Portal\u202e',
    CONTACT_EMAIL: 'nobody',
    CONTACT_PHONE: '22220000',
    DEFAULT_TIME_ZONE: 'Honduras/Tegucigalpa',
    PRIVACY_POLICY_URL: 'javascript:alert(1)',
    OPERATOR_NAM: 'x',
  })
  for (const name of [
    'PORTAL_NAME must be',
    'CONTACT_EMAIL must be',
    'CONTACT_PHONE must be',
    'DEFAULT_TIME_ZONE must be',
    'PRIVACY_POLICY_URL must be',
    'OPERATOR_NAM is no variable of the portal: is it OPERATOR_NAME?',
  ])
    expect(message).toContain(name)
})
