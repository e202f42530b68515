import { describe, expect, test } from 'vitest'
import { chooseLocale, lookUpLocale, readAcceptLanguage } from '../../src/web/locales.ts'
import { createReaderOf } from '../../src/web/reader.ts'
import { createSite, PLAIN_SITE } from '../../src/web/site.ts'
import { isLocale } from '../../src/web/texts/languages.ts'

describe('Accept-Language', () => {
  test.each([
    ['es-HN,es;q=0.9,en;q=0.8', ['es-HN', 'es', 'en']],
    ['en;q=0.2, es ; q=0.7 ,fr;q=0.7', ['es', 'fr', 'en']],
    ['en;q=0, es;q=0.001', ['es']],
    ['*', []],
    ['', []],
    ['en;q=2, es;q=-1, fr;q=0.1234, de;q=x, it;level=1, pt;q=0.5;q=0.6', []],
    ['en_US, e\u0000s, toolongsubtag, -es, es-, "es"', []],
    [',,;;,es', ['es']],
  ])('%j is %j', (header, ranges) => {
    expect(readAcceptLanguage(header)).toEqual(ranges)
  })

  test('of any length costs little, and only its beginning counts', () => {
    const before = performance.now()
    expect(readAcceptLanguage(`${'fr;q=0.9,'.repeat(20)}${'x'.repeat(1_000_000)},es`)).toHaveLength(
      20,
    )
    expect(readAcceptLanguage(`${'a-'.repeat(500_000)}b`)).toEqual([])
    expect(readAcceptLanguage(`es,${','.repeat(500_000)}`)).toEqual(['es'])
    expect(performance.now() - before).toBeLessThan(100)
  })
})

test.each([
  [['es-HN'], 'es'],
  [['es-419'], 'es'],
  [['ES'], 'es'],
  [['en-Latn-x-private'], 'en'],
  [['fr', 'de-CH', 'es-MX', 'en'], 'es'],
  [['est', 'e', 'x-es', 'i-en'], undefined],
  [['constructor', '__proto__', '*', '', '\u0000'], undefined],
  [[], undefined],
])('of %j the language is %s (RFC 4647 §3.4)', (ranges, locale) => {
  expect(lookUpLocale(ranges)).toBe(locale)
})

describe('the language of a request', () => {
  const HTTP = { issuer: 'http://localhost:3000', defaultLocale: 'en' } as const
  const choose = (headers: Record<string, string>, uiLocales?: unknown, options = HTTP) =>
    chooseLocale({ headers }, options, uiLocales)

  test('is the remembered one, then ui_locales, then the browser’s, then the default', () => {
    const spanish = { 'accept-language': 'es' }
    expect(choose({ cookie: 'a=b; language=en', ...spanish }, 'es')).toBe('en')
    expect(choose({ 'accept-language': 'en' }, 'fr es-HN en')).toBe('es')
    expect(choose(spanish)).toBe('es')
    expect(choose(spanish, 'fr')).toBe('es')
    expect(choose({})).toBe('en')
    expect(chooseLocale({ headers: {} }, { ...HTTP, defaultLocale: 'es' })).toBe('es')
  })

  test('is not what a cookie or parameter made up', () => {
    for (const cookie of [
      'language=fr',
      'language=constructor',
      'language=',
      'xlanguage=es',
      '%00',
    ])
      expect(choose({ cookie })).toBe('en')
    for (const uiLocales of [['es'], { es: 1 }, 7, null, '\u0000', `${'fr '.repeat(400)}es`])
      expect(choose({}, uiLocales)).toBe('en')
    expect(isLocale('__proto__')).toBe(false)
  })

  test('is remembered under a name of https alone where there is https', () => {
    const https = { issuer: 'https://id.test', defaultLocale: 'en' } as const
    expect(chooseLocale({ headers: { cookie: 'language=es' } }, https)).toBe('en')
    expect(chooseLocale({ headers: { cookie: '__Host-language=es' } }, https)).toBe('es')
  })
})

test.each([
  ['GET', '/activity?before=7', '/activity?before=7'],
  ['HEAD', '/', '/'],
  ['POST', '/interaction/abc', '/interaction/abc'],
  ['POST', '/reset/abc?x=1', '/reset/abc'],
  ['POST', '/sign-in', '/'],
  ['POST', '/account/totp', '/account'],
  ['POST', '/applications/a%2Fb/revoke', '/applications/a%2Fb'],
  ['POST', '/applications/a', '/applications/a'],
  ['POST', '/links/1/end', '/links'],
  ['POST', '/api/oauth/end_session/confirm', '/'],
  ['GET', `/activity?${'x'.repeat(5_000)}`, '/activity'],
  ['GET', `/${'x'.repeat(5_000)}`, '/'],
])('the switch on the answer to %s %s returns to %s', (method, url, returnTo) => {
  const readerOf = createReaderOf({
    issuer: 'http://localhost:3000',
    defaultLocale: 'en',
    site: createSite(PLAIN_SITE),
    setting: PLAIN_SITE,
  })
  expect(readerOf({ method, url, headers: {} } as never).returnTo).toBe(returnTo)
})
