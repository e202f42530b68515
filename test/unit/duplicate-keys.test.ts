import { array, assert, constantFrom, dictionary, jsonValue, property, string } from 'fast-check'
import { expect, test } from 'vitest'
import { hasDuplicateKeys } from '../../src/id-verification/duplicate-keys.ts'

const judge = (text: string) => hasDuplicateKeys(Buffer.from(text))

test.each([
  ['at the top', '{"a":1,"a":2}'],
  ['deep inside', '{"x":[1,{"y":{"status":"declined","b":[],"status":"approved"}}]}'],
  ['in another spelling', '{"status":1,"st\\u0061tus":2}'],
  ['around a value that looks like a key', '{"a":"a","b":"{\\"a\\":1}","a":1}'],
  ['with space between', '{ "a" : 1 ,\n "b": {},\t"a" : 1 }'],
  ['of the empty name', '{"":1,"":2}'],
])('a key that is twice in one object is found: %s', (_what, text) => {
  expect(judge(text)).toBe(true)
})

test.each([
  ['in two objects', '{"a":{"a":1},"b":[{"a":1},{"a":1}]}'],
  ['as a value', '{"a":"a","b":["a","a","b"]}'],
  ['as text', '{"a":"{\\"b\\":1,\\"b\\":2}"}'],
  ['where only the case differs', '{"a":1,"A":2}'],
])('the same name is no duplicate %s', (_what, text) => {
  expect(judge(text)).toBe(false)
})

test('what is no JSON is left to who parses it, however long or deep', () => {
  for (const text of ['', '{', '"', '{"a', '}{', '{"a\\u00":1', 'nonsense', '[[[', '{,,,}'])
    expect(judge(text)).toBe(false)
  expect(judge('['.repeat(1_000_000))).toBe(false)
  expect(judge('{"a":'.repeat(150_000))).toBe(false)
  expect(judge(`{"a":"${'\\'.repeat(1_000_000)}`)).toBe(false)
  expect(judge('"'.repeat(999_999))).toBe(false)
})

test('of any value that was printed nothing is twice, and a repeated member always is', () => {
  assert(property(jsonValue(), (value) => !judge(JSON.stringify(value))))
  const keys = string({ unit: constantFrom('a', '"', '\\', '\n', 'ü', '{', ',') })
  assert(
    property(dictionary(keys, jsonValue(), { minKeys: 1 }), array(jsonValue()), (value, around) => {
      const members = Object.entries(value).map(
        ([key, member]) => `${JSON.stringify(key)}:${JSON.stringify(member)}`,
      )
      const twice = `{${[...members, members[0]].join(',')}}`
      return judge(`[${[...around.map((each) => JSON.stringify(each)), twice].join(',')}]`)
    }),
  )
})
