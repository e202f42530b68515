import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { print } from '../../src/commands.ts'
import {
  displayedText,
  escapeForTerminal,
  isDisplayable,
  visibleText,
} from '../../src/displayed-text.ts'
import { areSimilar } from '../../src/oauth/similar-names.ts'

const VIRAMA = '\u0dca'
const HIDDEN: [string, string][] = [
  ['a newline', 'Blue\nwater'],
  ['a NUL', 'Blue\0water'],
  ['an escape', 'Blue\u001b[31mwater'],
  ['a C1 control', 'Blue\u009b31mwater'],
  ['a line separator', 'Blue\u2028water'],
  ['a paragraph separator', 'Blue\u2029water'],
  ['a bidirectional override', 'Blue\u202ewater'],
  ['a bidirectional isolate', 'Blue\u2066water\u2069'],
  ['a right-to-left mark', 'Blue\u200fwater'],
  ['a zero-width space', 'Blue\u200bwater'],
  ['a zero-width joiner between Latin letters', 'Blue\u200dwater'],
  ['a joiner of emoji', '👩\u200d🚀'],
  ['a soft hyphen', 'Blue\u00adwater'],
  ['a word joiner', 'Blue\u2060water'],
  ['a Hangul filler', 'Blue\u3164water'],
  ['a variation selector', 'Blue\ufe0fwater'],
  ['a tag character', 'Blue\u{e0041}water'],
  ['a byte order mark', '\ufeffBlue'],
  ['a private-use character', 'Blue\uf8ffwater'],
  ['half a surrogate pair', 'Blue\ud800water'],
  ['a heap of combining marks', `Blue${'\u0300\u0301\u0302\u0303\u0304\u0305'}water`],
  ['a heap of marks that NFC takes apart', `Blue${'\u0344'.repeat(3)}water`],
  ['a heap of combining marks around a joiner', `ශ${VIRAMA.repeat(3)}\u200d${VIRAMA.repeat(3)}`],
  // U+0958 is a letter and a mark in NFC.
  ['a heap of combining marks, one of them inside its letter', `\u0958${'\u0300'.repeat(4)}`],
  ['a combining mark on nothing', '\u0301Bluewater'],
]

test.each(HIDDEN)(
  'a text with %s is refused, and one from before is shown without it',
  (_what, text) => {
    expect(isDisplayable(text)).toBe(false)
    expect(displayedText('it', 100).safeParse(text).success).toBe(false)
    const shown = visibleText(text)
    expect(shown).not.toBe(text)
    expect(isDisplayable(shown)).toBe(true)
  },
)

test.each([
  'Bluewater Bank',
  'Café Ñandú',
  'Sparkasse Düsseldorf & Söhne (GmbH)',
  'Банк Москвы',
  '三菱UFJ銀行',
  'بانک ملی',
  'می\u200cخواهم',
  'ශ්\u200dරී ලංකා',
  'בנק לאומי',
  'Rocket 🚀',
])('%s is ordinary text', (text) => {
  expect(displayedText('it', 100).parse(text)).toBe(text.normalize('NFC'))
  expect(visibleText(text)).toBe(text)
})

test('text is kept in NFC, trimmed, with one kind of space, and within its length', () => {
  const schema = displayedText('the name', 10)
  expect(schema.parse('  Cafe\u0301\u00a0\u3000 bar ')).toBe('Café bar')
  expect(schema.safeParse('12345678901').error?.issues[0]?.message).toBe(
    'the name has at most 10 characters',
  )
  expect(schema.safeParse('a\u200bb').error?.issues[0]?.message).toBe(
    'the name is one line of ordinary text, without control or invisible characters',
  )
  expect(schema.safeParse(' \u00a0').error?.issues[0]?.message).toBe('the name has no words')
})

test('what is hidden in a text from before is shown, each character once, and each run of marks or of line ends once', () => {
  expect(visibleText('one\r\n\ttwo\nthree')).toBe('one two three')
  expect(visibleText('one\u200b\u202etwo')).toBe('one\ufffd\ufffdtwo')
  expect(visibleText(`x${'\u0323'.repeat(6)}y`)).toBe('x\ufffdy')
  expect(visibleText('\u0323\u0323x')).toBe('\ufffdx')
  // Marks that a letter may have stay.
  expect(visibleText('x\u0323\u200b')).toBe('x\u0323\ufffd')
})

test('the command line escapes what a terminal acts on, in lines and in JSON', () => {
  const name = 'a\u001b]0;x\u0007b\u009b31m\u202ec\nd\u{e0041}'
  const rows = [{ name, nested: { name } }]
  const lines = print(rows, false)
  // The only escapes are the command's own, around the names of the fields.
  expect(stripVTControlCharacters(lines).replaceAll('\n', '')).not.toMatch(/\p{C}/u)
  expect(lines).toContain('a\\u001b]0;x\\u0007b\\u009b31m\\u202ec\\u000ad')
  const json = print(rows, true)
  expect(json.slice(0, -1)).not.toMatch(/\p{C}/u)
  expect(JSON.parse(json)).toEqual(rows)
  expect(escapeForTerminal('one\ntwo\u001b[2J', { lines: true })).toBe('one\ntwo\\u001b[2J')
})

test.each([
  'bluewater bank',
  'BLUEWATER BANK',
  'Bluewater  Bank',
  'Blue-water Bank.',
  'Bluewáter Bank',
  'Вluewаter Ваnk',
  'B1uewater Bank',
  'BIuewater Bank',
  'BIUEWATER BANK',
  'Ｂluewater Bank',
  '𝐁luewater Bank',
])('%s can be taken for Bluewater Bank', (name) => {
  expect(areSimilar(name, 'Bluewater Bank')).toBe(true)
})

test('a capital I is taken for an l, and for its own small letter', () => {
  for (const name of ['lris Bank', 'iris bank'])
    expect([name, areSimilar(name, 'Iris Bank')]).toEqual([name, true])
})

test('a letter that is like two others is so in small letters too', () => {
  expect(areSimilar('Modem Bank', 'modern bank')).toBe(true)
})

test.each(['Redwater Bank', 'Bluewater', 'Bluewater Bank 2'])(
  '%s cannot be taken for Bluewater Bank',
  (name) => expect(areSimilar(name, 'Bluewater Bank')).toBe(false),
)
