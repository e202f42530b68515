import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { parseFormWithFile } from '../../src/web/form-body.ts'

const app = new Hono().post('/', async (c) => {
  const form = await parseFormWithFile(c)
  return c.json([...form].map(([name, value]) => [name, typeof value]))
})
app.onError((error, c) => c.text(error.name, 400))

async function parse(type: string, body: string) {
  const answer = await app.request('/', { method: 'POST', body, headers: { 'Content-Type': type } })
  return answer.status === 200 ? ((await answer.json()) as unknown) : await answer.text()
}
const part = (name: string, more = '') =>
  `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\nx\r\n`
const END = '--b--\r\n'

test('a form with a file is parsed, however its boundary is written', async () => {
  const body = `${part('csrf')}${part('image', '; filename="a.jpg"')}${END}`
  for (const type of [
    'multipart/form-data; boundary=b',
    'multipart/form-data;boundary="b"',
    'Multipart/Form-Data; charset=utf-8; boundary=b',
    'multipart/form-data; boundary=b; charset=utf-8',
  ])
    expect(await parse(type, body)).toEqual([
      ['csrf', 'string'],
      ['image', 'object'],
    ])
})

test('another type, many parts, and a head without end are a TypeError', async () => {
  const type = 'multipart/form-data; boundary=b'
  expect(await parse(type, `${part('a').repeat(20)}${END}`)).toHaveLength(20)
  for (const [given, body] of [
    ['application/x-www-form-urlencoded', 'a=b'],
    ['multipart/form-data', `${part('a')}${END}`],
    ['multipart/form-data; boundary=""', `${part('a')}${END}`],
    [type, `${part('a').repeat(22)}${END}`],
    [type, `${part('a'.repeat(5000))}${END}`],
    [type, 'no form'],
  ] as const)
    expect(await parse(given, body)).toBe('TypeError')
})
