import { afterEach, expect, test, vi } from 'vitest'
import { callVendor, fetchSignedUrl } from '../../src/id-verification/vendors/call.ts'

afterEach(() => vi.unstubAllGlobals())

/** Every request is answered with this body and these headers. Answers the addresses that were asked. */
function answerWith(body: string, headers: Record<string, string> = {}, status = 200) {
  const asked: { url: string; redirect: unknown; method: unknown }[] = []
  vi.stubGlobal('fetch', async (url: URL, { redirect, method }: RequestInit) => {
    asked.push({ url: url.href, redirect, method })
    return new Response(body, { status, headers })
  })
  return asked
}
const BASE = 'https://vendor.example.test/api/'
const call = (maxBytes = 100, path = '/v1/media') =>
  callVendor(BASE, path, { headers: {}, maxBytes })
const get = async (maxBytes?: number) => Buffer.from((await call(maxBytes)).bytes).toString()

test('an answer of exactly the allowed size is read, announced or not', async () => {
  answerWith('12345678')
  expect(await get(8)).toBe('12345678')
  answerWith('12345678', { 'content-length': '8' })
  expect(await get(8)).toBe('12345678')
})

test('an answer that is larger is refused, before it is read where its size is announced', async () => {
  answerWith('123456789')
  await expect(call(8)).rejects.toThrow('larger than allowed')
  answerWith('1', { 'content-length': '9' })
  await expect(call(8)).rejects.toThrow('larger than allowed')
})

test('an answer that is shorter or longer than announced is refused, unless it was compressed', async () => {
  answerWith('1234', { 'content-length': '5' })
  await expect(call()).rejects.toThrow('shorter than announced')
  answerWith('1234', { 'content-length': '3' })
  await expect(call()).rejects.toThrow('shorter than announced')
  answerWith('1234', { 'content-length': '3', 'content-encoding': 'gzip' })
  expect(await get()).toBe('1234')
})

test('an error status is told with the time to wait, where that is a number of seconds', async () => {
  answerWith('', { 'retry-after': '120' }, 429)
  await expect(call()).rejects.toMatchObject({ status: 429, retryAfterSeconds: 120 })
  answerWith('', { 'retry-after': 'tomorrow' }, 503)
  await expect(call()).rejects.toMatchObject({ status: 503, retryAfterSeconds: undefined })
})

test('no redirect is followed, and no other host asked', async () => {
  const asked = answerWith('', { location: 'https://other.example.test/' }, 302)
  await expect(call()).rejects.toMatchObject({ status: 302 })
  expect(asked).toEqual([
    { url: 'https://vendor.example.test/api/v1/media', redirect: 'manual', method: 'GET' },
  ])
  await expect(
    callVendor('https://vendor.example.test', '.evil.test/', { headers: {}, maxBytes: 1 }),
  ).rejects.toThrow('the address is not at the vendor')
  expect(asked).toHaveLength(1)
})

test('a signed address is asked only at a host that is configured, by https', async () => {
  const asked = answerWith('image')
  const hosts = ['images.example.test', '*.storage.example.test', 'localhost:9']
  const fetched = (address: string) =>
    fetchSignedUrl(address, { hosts, maxBytes: 100 }).then(
      (bytes) => Buffer.from(bytes).toString(),
      (error: Error) => error.message,
    )
  for (const good of [
    'https://images.example.test/a?signature=b',
    'https://eu.storage.example.test/a',
    'http://localhost:9/a',
  ])
    expect(await fetched(good)).toBe('image')
  expect(asked[0]?.url).toBe('https://images.example.test/a?signature=b')
  for (const other of [
    'images.example.test.evil.test',
    'ximages.example.test',
    'images.example.test:444',
    'storage.example.test',
    'a.b.storage.example.test',
  ])
    expect(await fetched(`https://${other}/a`)).toBe(
      `the image is at ${other}, which the setting imageHosts does not allow`,
    )
  for (const bad of [
    'http://images.example.test/a',
    'https://user@images.example.test/a',
    'ftp://images.example.test/a',
    'images.example.test',
    '',
  ])
    expect(await fetched(bad)).toBe("the image's address is not an https: address")
  expect(asked).toHaveLength(3)
})

test('without https only this machine is asked, whatever hosts are configured', async () => {
  const asked = answerWith('image')
  const hosts = ['localhost', 'localhost:12345', 'xlocalhost', 'localhost.example.test']
  const fetched = (address: string) =>
    fetchSignedUrl(address, { hosts, maxBytes: 100 }).then(
      () => 'image',
      (error: Error) => error.message,
    )
  for (const good of ['http://localhost/a', 'http://localhost:12345/a', 'https://xlocalhost/a'])
    expect(await fetched(good)).toBe('image')
  for (const bad of [
    'http://xlocalhost/a',
    'http://localhost.example.test/a',
    'ftp://localhost/a',
    'http://user@localhost/a',
  ])
    expect(await fetched(bad)).toBe("the image's address is not an https: address")
  expect(asked).toHaveLength(3)
})
