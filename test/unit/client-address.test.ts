import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { createClientAddress, isAddressRange } from '../../src/web/client-address.ts'

const request = (remoteAddress: string, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage

test('without a trusted proxy nothing that is sent counts', () => {
  const addressOf = createClientAddress([])
  expect(addressOf(request('192.0.2.1', '198.51.100.9'))).toBe('192.0.2.1')
  expect(addressOf(request('::ffff:192.0.2.1'))).toBe('192.0.2.1')
})

test('a trusted proxy is believed, and only what it added', () => {
  const addressOf = createClientAddress(['10.0.0.0/8', '2001:db8::1'])
  expect(addressOf(request('10.1.2.3', '203.0.113.7, 198.51.100.9'))).toBe('198.51.100.9')
  expect(addressOf(request('2001:db8::1', '198.51.100.9, 10.9.9.9'))).toBe('198.51.100.9')
  expect(addressOf(request('192.0.2.1', '198.51.100.9'))).toBe('192.0.2.1')
  expect(addressOf(request('10.1.2.3'))).toBe('10.1.2.3')
  expect(addressOf(request('10.1.2.3', 'nonsense'))).toBe('10.1.2.3')
})

test('a forwarding header from an address that is not trusted is reported', () => {
  const reported: string[] = []
  const addressOf = createClientAddress(['10.0.0.7'], (address) => reported.push(address))
  addressOf(request('10.0.0.7', '198.51.100.9'))
  addressOf(request('10.0.0.8'))
  expect(reported).toEqual([])
  addressOf(request('::ffff:10.0.0.8', '198.51.100.9'))
  addressOf(request('10.0.0.9', '198.51.100.9'))
  expect(reported).toEqual(['10.0.0.8', '10.0.0.9'])
})

test('ranges are told from nonsense', () => {
  for (const good of ['10.0.0.1', '10.0.0.0/8', '2001:db8::/32', '::1'])
    expect(isAddressRange(good)).toBe(true)
  for (const bad of ['', 'proxy', '10.0.0.0/33', '10.0.0.0/8/8', '2001:db8::/129', '10.0.0/8'])
    expect(isAddressRange(bad)).toBe(false)
})
