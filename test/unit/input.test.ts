import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { readSecrets } from '../../src/cli/input.ts'

const read = (names: string[], input: string) => readSecrets(names, Readable.from([input]))

test('one secret is all of standard input, and several have a line each, in order', async () => {
  expect(await read(['secret'], 'two\nlines\n')).toEqual({ secret: 'two\nlines' })
  const three = ['API key', 'secret', 'secret of webhooks']
  for (const input of ['a\nb\nc', 'a\nb\nc\n', 'a\r\nb\r\nc\r\n'])
    expect(await read(three, input)).toEqual({
      'API key': 'a',
      secret: 'b',
      'secret of webhooks': 'c',
    })
  expect(await readSecrets([])).toEqual({})
})

test.each(['a', 'a\n', 'a\n\nb', 'a\nb\nc'])(
  'lines that are too few, too many or empty are refused without being quoted: %j',
  async (input) => {
    await expect(read(['API key', 'secret'], input)).rejects.toThrow(
      /^standard input must have 2 lines, each a secret: API key, secret$/,
    )
  },
)

test('nothing on standard input is refused', async () => {
  await expect(read(['secret'], '\n')).rejects.toThrow('nothing came on standard input')
})
