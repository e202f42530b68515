import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LANGUAGES, LOCALES } from '../../src/web/texts/languages.ts'

/** Texts that may be the same in another language: names, words that both have, and what is only put together. */
const SAME: Record<string, readonly string[]> = {
  es: [
    'protocolError.error',
    'home.kinds.visa',
    'privacy.cookies',
    'permissions.kinds.visa',
    'operator.roles.auditor',
    'timeZone.regions.Asia',
    'timeZone.regions.Australia',
  ],
}

type Rendered = { path: string; text: string }

/** A value that is its own name in whatever text it is put. */
const marked = (name: string) => `⟦${name}⟧`
const members = new Proxy({}, { get: (_, name) => marked(String(name)) })

/** Every text of a catalogue. Functions are called with marks in the place of their parameters. */
function renderAll(value: unknown, path: string): Rendered[] {
  if (typeof value === 'string') return [{ path, text: value }]
  if (typeof value === 'function') {
    const isMail = path.startsWith('mails.')
    const values = Array.from({ length: value.length }, (_, at) => marked(String(at)))
    return renderAll(value(...(isMail ? [members] : values)), path)
  }
  if (value instanceof String) return [{ path, text: String(value) }]
  if (typeof value !== 'object' || value === null) throw new Error(`${path} is no text`)
  return Object.entries(value).flatMap(([name, each]) =>
    path === '' && name === 'format' ? [] : renderAll(each, path ? `${path}.${name}` : name),
  )
}

const marksOf = (text: string) => [...new Set(text.match(/⟦[^⟧]*⟧/g))].sort()
const linksOf = (text: string) => [...text.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)
const catalogues = Object.fromEntries(
  LOCALES.map((locale) => [locale, renderAll(LANGUAGES[locale], '')]),
)
const english = catalogues.en ?? []

describe.each(LOCALES.filter((locale) => locale !== 'en'))('the catalogue %s', (locale) => {
  const texts = new Map(catalogues[locale]?.map(({ path, text }) => [path, text]))
  const textOf = (path: string) => texts.get(path) ?? ''

  test('has every text, and no other', () => {
    expect([...texts.keys()]).toEqual(english.map(({ path }) => path))
    expect([...texts].filter(([, text]) => text.trim() === '')).toEqual([])
  })

  test('has no English text', () => {
    const same = english.filter(({ path, text }) => text === textOf(path)).map(({ path }) => path)
    expect(same).toEqual(expect.arrayContaining([...(SAME[locale] ?? [])]))
    expect(same.filter((path) => !SAME[locale]?.includes(path))).toEqual([])
  })

  test('says the same values, and links to the same pages', () => {
    for (const { path, text } of english) {
      expect(marksOf(textOf(path)), path).toEqual(marksOf(text))
      expect(linksOf(textOf(path)), path).toEqual(linksOf(text))
    }
  })

  test('is named by its tag, and writes dates in its own words', () => {
    const { language, format } = LANGUAGES[locale]
    expect(language.tag).toBe(locale)
    const date = new Date('2026-03-04T17:06:00Z')
    expect(format.day(date)).not.toBe(LANGUAGES.en.format.day(date))
  })
})

test('English calls every parameter of its texts', () => {
  // A function that ignores a parameter would hide a difference between the languages.
  const ignored = english.filter(({ path, text }) => {
    const value = path
      .split('.')
      .reduce<unknown>((at, name) => (typeof at === 'object' ? Object(at)[name] : at), LANGUAGES.en)
    return (
      typeof value === 'function' &&
      !path.startsWith('mails.') &&
      marksOf(text).length !== value.length
    )
  })
  expect(ignored).toEqual([])
})

test('dates, times, lists and plurals are those of the language', () => {
  const date = new Date('2026-03-04T17:06:00Z')
  const { en, es } = LANGUAGES
  expect(en.format.day(date)).toBe('4 March 2026')
  expect(es.format.day(date)).toBe('4 de marzo de 2026')
  expect(es.format.moment(date)).toMatch(/^4 de marzo de 2026 a las 5:06\sp\.\sm\.$/)
  expect(en.format.list(['a', 'b', 'c'])).toBe('a, b and c')
  expect(es.format.list(['a', 'b', 'c'])).toBe('a, b y c')
  expect([0, 1, 2].map(en.account.codesLeft)).toEqual([
    'No recovery codes are left.',
    'One recovery code is left.',
    '2 recovery codes are left.',
  ])
  expect([0, 1, 2].map(es.account.codesLeft)).toEqual([
    'No queda ningún código de recuperación.',
    'Queda un código de recuperación.',
    'Quedan 2 códigos de recuperación.',
  ])
  expect(es.common.tooManyTries(1)).toContain('1 segundo.')
})

const root = new URL('../../src/', import.meta.url).pathname

/** For developers, in English: what is only on a developer's machine, and the reference of the API. */
const ENGLISH_ONLY = /^(local\/|web\/texts\/|developers\/|reference\/)/

/**
 * The text that a source's html templates contain themselves: between tags, and in attributes that are read out or shown. Expressions
 * in `${}` are left out; templates in them are found as well.
 */
function literalTexts(source: string): string[] {
  const found: string[] = []
  for (const { index } of source.matchAll(/\bhtml`/g))
    found.push(...textsOf(staticParts(source, index + 'html`'.length)))
  return found
}

/** The text of one template, each expression replaced by a mark. */
function staticParts(source: string, from: number): string {
  let text = ''
  for (let at = from; at < source.length; at++) {
    const here = source[at]
    if (here === '`') return text
    if (here === '\\') text += source[++at]
    else if (here === '$' && source[at + 1] === '{') {
      at = skipExpression(source, at + 2)
      text += '\u0000'
    } else text += here
  }
  throw new Error('a template without an end')
}

/** The place of the brace that ends an expression, with templates and strings in it skipped. */
function skipExpression(source: string, from: number): number {
  let depth = 0
  for (let at = from; at < source.length; at++) {
    const here = source[at]
    if (here === '`') {
      for (at++; source[at] !== '`'; at++)
        if (source[at] === '\\') at++
        else if (source[at] === '$' && source[at + 1] === '{') at = skipExpression(source, at + 2)
    } else if (here === "'" || here === '"') {
      for (at++; source[at] !== here; at++) if (source[at] === '\\') at++
    } else if (here === '{') depth++
    else if (here === '}' && depth-- === 0) return at
  }
  throw new Error('an expression without an end')
}

const textsOf = (template: string): string[] =>
  [
    ...template.replaceAll(/<[^>]*>/g, '\n').split('\n'),
    ...[...template.matchAll(/\s(?:alt|title|placeholder|aria-label)="([^"]*)"/g)].map(
      ([, value]) => value ?? '',
    ),
  ].filter((text) => /\p{L}/u.test(text) && !isPartOfTag(text))

// A template may be a piece of a tag: ` checked`, ` aria-describedby="x"`.
const isPartOfTag = (text: string) => /^( checked| selected| open| [a-z-]+="[^"]*")+$/.test(text)

/** Strings in the code of a page file that begin as a sentence does, or are one word with a capital. */
const sentencesOf = (source: string): string[] =>
  [...source.matchAll(/(?<=[\s(:?])'([^'\n]*)'|(?<=[\s(:?])`([^`\n]*)`/g)]
    .map((match) => match[1] ?? match[2] ?? '')
    .filter((text) => /^\p{Lu}\p{Ll}+( \p{L}|\P{L}*$)/u.test(text))

describe('texts are in the catalogues alone', () => {
  const pages = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !ENGLISH_ONLY.test(name))
    .map((name) => ({ name, source: readFileSync(join(root, name), 'utf8') }))
    .filter(({ source }) => source.includes('html`'))

  test('in no html template', () => {
    expect(pages.length).toBeGreaterThan(10)
    expect(
      pages.flatMap(({ name, source }) => literalTexts(source).map((text) => `${name}: ${text}`)),
    ).toEqual([])
  })

  test('in no string of a file with templates', () => {
    const found = pages.flatMap(({ name, source }) =>
      sentencesOf(source.replaceAll(/\/\*.*?\*\/|^\s*\/\/.*$/gms, '')).map(
        (text) => `${name}: ${text}`,
      ),
    )
    expect(found.filter((text) => !DEVELOPERS.test(text))).toEqual([])
  })

  test('and what would find one does', () => {
    const source = [
      'const a = html`<p class="x">§{b ? html`<i>§{c}</i> and more` : html` checked`}</p>`',
      'const d = html`<img alt="A picture" src="§{e({ f: `}` })}">`',
      'const g = html` checked aria-describedby="x-§{h}"`',
    ]
      .join('\n')
      .replaceAll('§', '$')
    expect(literalTexts(source)).toEqual([' and more', 'A picture'])
    expect(sentencesOf("page({ title: 'Sign in', kind: 'sign-in' })")).toEqual(['Sign in'])
  })
})

/** What a developer does about an error code is in English. */
const DEVELOPERS = /^oauth\/pages\.ts: (Check|Send|Correct|Push|Give) /
