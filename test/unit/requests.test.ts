import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  invalid,
  readJson,
  readQuery,
  refuseOtherMethods,
  requireAcceptable,
  smallBody,
} from '../../src/api/requests.ts'
import { ApiError } from '../../src/platform/errors.ts'

const schema = z.strictObject({
  name: z
    .string()
    .max(5, 'too long')
    .refine((name) => name !== 'Bob', 'taken'),
  n: z.string().optional(),
  inner: z.object({ at: z.iso.date('no date') }).optional(),
  size: z.int().max(8).optional(),
  kind: z.enum(['a', 'b']).optional(),
})

const app = new Hono()
app.onError((error, c) => {
  if (!(error instanceof ApiError)) throw error
  const { status, error: code, description, headers, details } = error
  return c.json({ code, description, ...details }, status as 400, headers)
})
app.post('/json', smallBody, async (c) => c.json(await readJson(c, schema)))
app.get('/query', (c) => c.json(readQuery(c, schema)))
app.get('/types', (c) => {
  requireAcceptable(c, 'text/csv', 'application/json')
  return c.text('taken')
})
refuseOtherMethods(app, '/types', 'GET, HEAD')

async function send(path: string, init: RequestInit = {}) {
  const response = await app.request(path, init)
  const text = await response.text()
  return { status: response.status, headers: response.headers, text }
}
const post = (body: string, type = 'application/json') =>
  send('/json', {
    method: 'POST',
    body: new TextEncoder().encode(body),
    headers: { 'Content-Type': type },
  })

test.each([
  'application/json',
  'Application/JSON',
  'application/json; charset=utf-8',
  'application/json ;x',
])('a body of the type %s is read', async (type) => {
  expect(await post('{"name":"Ada"}', type)).toMatchObject({ status: 200, text: '{"name":"Ada"}' })
})

test.each([
  '',
  'text/plain',
  'application/jsonp',
  'x-application/json',
  'application/json+x',
  'text/application/json',
])('a body of the type "%s" answers 415', async (type) => {
  const { status, text } = await post('{"name":"Ada"}', type)
  expect(status).toBe(415)
  expect(JSON.parse(text)).toEqual({
    code: 'unsupported_media_type',
    description: 'Send application/json.',
  })
})

test('a body without a type answers 415', async () => {
  const body = new TextEncoder().encode('{"name":"Ada"}')
  expect((await send('/json', { method: 'POST', body })).status).toBe(415)
})

test('a body that is no JSON, or is not as the schema has it, answers 400 and names the first fault', async () => {
  const nothing = await post('{"name":')
  expect(nothing.status).toBe(400)
  expect(JSON.parse(nothing.text)).toEqual({
    code: 'invalid_request',
    description: 'The body is not JSON.',
  })
  const long = await post('{"name":"Augusta"}')
  expect(long.status).toBe(400)
  expect(JSON.parse(long.text)).toEqual({
    code: 'invalid_request',
    description: 'name: too long',
    field: 'name',
    constraint: 'length',
  })
  const inner = await post('{"name":"Ada","inner":{"at":"today"}}')
  expect(JSON.parse(inner.text)).toMatchObject({ field: 'inner.at', constraint: 'format' })
  const more = JSON.parse((await post('{"name":"Ada","other":1}')).text)
  expect(more).toMatchObject({
    description: 'other: is not a field of this request',
    field: 'other',
    constraint: 'unknown',
  })
  expect(JSON.parse((await post('[]')).text)).toMatchObject({ constraint: 'type' })
  expect(JSON.parse((await post('[]')).text)).not.toHaveProperty('field')
})

test.each([
  ['{}', 'name', 'required', "Missing required field 'name'"],
  ['{"name":"Ada","inner":{}}', 'inner.at', 'required', "Missing required field 'inner.at'"],
  ['{"name":null}', 'name', 'type', expect.stringMatching(/^name: /)],
  ['{"name":"Ada","size":9}', 'size', 'range', expect.stringMatching(/^size: /)],
  ['{"name":"Ada","kind":"c"}', 'kind', 'enum', expect.stringMatching(/^kind: /)],
  ['{"name":"Bob"}', 'name', 'invalid', 'name: taken'],
])('the fault of %s is in one word, for programs', async (body, field, constraint, description) => {
  const { status, text } = await post(body)
  expect(status).toBe(400)
  expect(JSON.parse(text)).toMatchObject({ field, constraint, description })
})

test('a body of 64 KiB is read, and one of a byte more answers 413', async () => {
  const padded = (length: number) => '{"name":"Ada"}'.padEnd(length)
  expect((await post(padded(64 * 1024))).status).toBe(200)
  const { status, text } = await post(padded(64 * 1024 + 1))
  expect(status).toBe(413)
  expect(JSON.parse(text)).toEqual({
    code: 'payload_too_large',
    description: 'A request may have 64 KiB.',
  })
  // Without a length it is counted while it comes.
  const stream = new Blob([padded(64 * 1024 + 1)]).stream()
  const counted = await send('/json', {
    method: 'POST',
    body: stream,
    duplex: 'half',
    headers: { 'Content-Type': 'application/json' },
  } as RequestInit)
  expect(counted.status).toBe(413)
})

test('a query is read with each name once', async () => {
  expect((await send('/query?name=Ada&n=')).text).toBe('{"name":"Ada","n":""}')
  const { status, text } = await send('/query?name=Ada&n=1&n=1')
  expect(status).toBe(400)
  expect(JSON.parse(text)).toMatchObject({
    field: 'n',
    constraint: 'unique',
  })
  expect(JSON.parse((await send('/query')).text)).toMatchObject({
    field: 'name',
    constraint: 'required',
  })
})

test('a fault of no field names none', () => {
  expect(invalid('', 'no').description).toBe('no')
  expect(invalid('', 'no').details).toEqual({ constraint: 'invalid' })
  expect(invalid('a.b', 'no').details).toEqual({ field: 'a.b', constraint: 'invalid' })
})

test('another method answers 405 with those that there are', async () => {
  const { status, headers, text } = await send('/types', { method: 'DELETE' })
  expect(status).toBe(405)
  expect(headers.get('allow')).toBe('GET, HEAD')
  expect(JSON.parse(text)).toEqual({
    code: 'method_not_allowed',
    description: 'This resource takes GET, HEAD.',
  })
})

const accept = (value?: string) =>
  send('/types', { headers: value === undefined ? {} : { Accept: value } })

test.each([
  undefined,
  '*/*',
  'text/csv',
  'application/json',
  'APPLICATION/JSON',
  'text/*',
  'application/*;q=0.1',
  'image/png, text/csv;q=0.5',
  'text/html ; level=1 , application/json ; charset=utf-8',
  'text/csv;q=0, application/json',
  // The most specific range decides, wherever it stands.
  '*/*;q=0, text/csv',
  'text/*;q=0, text/csv',
  '*/*;q=0, text/*',
  'text/csv;level=1;q=0.001',
])('a client that takes %s is answered', async (value) => {
  expect(await accept(value)).toMatchObject({ status: 200, text: 'taken' })
})

test.each([
  'image/png',
  'text/html',
  'text/csvx',
  'image/*',
  'text',
  '*/*;q=0',
  'text/csv;q=0',
  'text/csv; Q=0.0, application/json;q=0',
  '*/*, text/*;q=0, application/*;q=0',
  'text/*, text/csv;q=0',
  'text/csv;q=nothing',
])('a client that takes %s answers 406', async (value) => {
  const { status, text } = await accept(value)
  expect(status).toBe(406)
  expect(JSON.parse(text)).toEqual({
    code: 'not_acceptable',
    description: 'This resource is text/csv or application/json.',
  })
})
