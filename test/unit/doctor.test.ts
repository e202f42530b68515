import { describe, expect, test } from 'vitest'
import { bucketSettingChecks } from '../../src/cli/checks/bucket.ts'
import { attempt, type Check, Fault, Unknown } from '../../src/cli/checks/check.ts'
import { judgeConnections, judgePooler, judgeTls } from '../../src/cli/checks/database.ts'
import { proxyCheck } from '../../src/cli/checks/network.ts'
import type { BucketSettings } from '../../src/platform/storage.ts'

const check = (run: () => Promise<string>): Check => ({ check: 'it', why: 'w', advice: 'a', run })

test('a finding says what, why it matters and what to do; what is unknown is no failure; a foreign error quotes nothing', async () => {
  expect(await attempt(check(async () => 'fine'))).toEqual({
    check: 'it',
    ok: true,
    state: 'ok',
    detail: 'fine',
  })
  const fails = (error: unknown) => attempt(check(() => Promise.reject(error)))
  expect(await fails(new Unknown('not here'))).toEqual({
    check: 'it',
    ok: true,
    state: 'unknown',
    detail: 'not here',
  })
  expect(await fails(new Fault('broken'))).toEqual({
    check: 'it',
    ok: false,
    state: 'failed',
    detail: 'broken',
    why: 'w',
    advice: 'a',
  })
  const foreign = await fails(
    Object.assign(new TypeError('password=CANARY'), { code: 'ECONNREFUSED' }),
  )
  expect(foreign.detail).toBe('TypeError ECONNREFUSED')
  // As `fetch` reports what the connection failed with.
  const cause = Object.assign(new Error('getaddrinfo ENOTFOUND CANARY'), { code: 'ENOTFOUND' })
  expect((await fails(new TypeError('fetch failed', { cause }))).detail).toBe('TypeError ENOTFOUND')
})

describe('connections', () => {
  const limits = { max: 100, reserved: 3 }

  test('what each process may open is added up, once for each process', () => {
    const found = judgeConnections(
      [
        { name: 'identity-portal web 15 11@a', count: 9 },
        { name: 'identity-portal web 15 12@a', count: 4 },
        { name: 'identity-portal worker 15 13@b', count: 2 },
        // Itself, and others.
        { name: 'identity-portal all 17 99@a', count: 1 },
        { name: 'psql', count: 2 },
        { name: 'identity-portal', count: 3 },
      ],
      limits,
      '99@a',
    )
    expect(found).toBe(
      '2 web, 1 worker may open 45 connections, others use 5; the server allows 97 (max_connections 100, 3 reserved)',
    )
  })

  test('a name that the server cut off is still its own', () => {
    const self = `99@${'h'.repeat(80)}`
    const name = `identity-portal all 17 ${self}`.slice(0, 63)
    expect(judgeConnections([{ name, count: 1 }], limits, self)).toMatch(/^no process may open 0/)
  })

  test('more than the server allows is a fault', () => {
    const used = Array.from({ length: 7 }, (_, number) => ({
      name: `identity-portal web 15 ${number}@a`,
      count: 1,
    }))
    expect(() => judgeConnections(used, limits, '99@a')).toThrow(
      /^7 web may open 105 connections, others use 0; the server allows 97/,
    )
    const others = { name: 'psql', count: 83 }
    expect(() => judgeConnections([...used.slice(0, 1), others], limits, '99@a')).toThrow(
      /^1 web may open 15 connections, others use 83; the server allows 97/,
    )
  })
})

test('the connection to another machine must be encrypted; without verification it says so', () => {
  const remote = { ssl: true, version: 'TLSv1.3', isHere: false }
  expect(judgeTls(remote, 'postgres://db/portal?sslmode=verify-full')).toBe('TLSv1.3')
  expect(judgeTls(remote, 'postgres://db/portal?sslmode=require')).toMatch(/not verified/)
  const plain = { ssl: false, version: null }
  expect(judgeTls({ ...plain, isHere: true }, 'postgres://localhost/portal')).toMatch(
    /none is needed/,
  )
  expect(() => judgeTls({ ...plain, isHere: false }, 'postgres://db/portal')).toThrow(
    /not encrypted/,
  )
})

test('a pooler is recognised, and a connection without a limit is a fault', () => {
  expect(judgePooler({ isThere: false, limit: '15s' }, undefined)).toBe('there is none')
  expect(judgePooler({ isThere: true, limit: '15s' }, 'transaction')).toMatch(/transaction mode/)
  expect(judgePooler({ isThere: true, limit: '15s' }, undefined)).toMatch(/session mode/)
  expect(judgePooler({ isThere: false, limit: '15s' }, 'transaction')).toMatch(/although/)
  expect(() => judgePooler({ isThere: true, limit: '0' }, 'transaction')).toThrow(/no time limit/)
})

test.each([
  [[], 'https://id.test', /TRUSTED_PROXIES names none/],
  [['0.0.0.0/0'], 'https://id.test', /0\.0\.0\.0\/0 trusts addresses of the internet/],
  [['10.0.0.1', '::/0'], 'https://id.test', /^::\/0 trusts/],
  [['128.0.0.0/1'], 'http://localhost:3000', /trusts addresses of the internet/],
] as const)('proxies %j before %s are a fault', async (trustedProxies, issuer, detail) => {
  const finding = await attempt(proxyCheck({ trustedProxies, issuer }))
  expect(finding).toMatchObject({ state: 'failed', detail: expect.stringMatching(detail) })
})

test.each([
  [[], 'http://localhost:3000'],
  [['10.0.0.0/8', 'fc00::/7', '203.0.113.7'], 'https://id.test'],
] as const)('proxies %j before %s are accepted', async (trustedProxies, issuer) => {
  expect(await attempt(proxyCheck({ trustedProxies, issuer }))).toMatchObject({ state: 'ok' })
})

describe('the bucket’s settings', () => {
  const TLS_ONLY = JSON.stringify({
    Statement: [
      { Effect: 'Deny', Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    ],
  })
  const GOOD: BucketSettings = {
    versioning: { value: 'Enabled' },
    publicAccessFlagsOff: { value: [] },
    policy: { value: TLS_ONLY },
    lifecycle: { value: [{ id: 'old versions', expires: false, archives: false }] },
  }
  const statesOf = async (change: Partial<BucketSettings>, isAws = true) => {
    const readSettings = async () => ({ ...GOOD, ...change })
    const findings = await Promise.all(bucketSettingChecks({ readSettings, isAws }).map(attempt))
    return Object.fromEntries(
      findings.filter(({ state }) => state !== 'ok').map(({ check, detail }) => [check, detail]),
    )
  }

  test('as docs/bucket.md says they are all well', async () => {
    expect(await statesOf({})).toEqual({})
  })

  test.each([
    ['bucket: versioning', { versioning: { value: 'Suspended' } }, /versioning is Suspended/],
    [
      'bucket: public access',
      { publicAccessFlagsOff: { value: ['BlockPublicPolicy'] } },
      /off: BlockPublicPolicy/,
    ],
    ['bucket: policy', { policy: { value: undefined } }, /no policy/],
    ['bucket: policy', { policy: { value: '{"Statement":[]}' } }, /without TLS/],
    [
      'bucket: policy',
      { policy: { value: '{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"}}}' } },
      /to everybody/,
    ],
    [
      'bucket: lifecycle',
      { lifecycle: { value: [{ id: 'tidy', expires: true, archives: false }] } },
      /the rule tidy deletes current objects/,
    ],
    [
      'bucket: lifecycle',
      { lifecycle: { value: [{ id: 'cheap', expires: false, archives: true }] } },
      /the rule cheap moves objects to an archive/,
    ],
  ] as [string, Partial<BucketSettings>, RegExp][])(
    '%s is a fault',
    async (name, change, detail) => {
      expect(await statesOf(change)).toEqual({ [name]: expect.stringMatching(detail) })
    },
  )

  test('what the store does not tell is unknown', async () => {
    const unknown = { unknown: 'this store does not tell' }
    const readSettings = async () => ({
      versioning: unknown,
      publicAccessFlagsOff: unknown,
      policy: unknown,
      lifecycle: unknown,
    })
    const findings = await Promise.all(
      bucketSettingChecks({ readSettings, isAws: false }).map(attempt),
    )
    expect(findings.map(({ state }) => state)).toEqual(Array(4).fill('unknown'))
    expect(
      (
        await Promise.all(
          bucketSettingChecks({
            readSettings: async () => ({ ...GOOD, policy: { value: undefined } }),
            isAws: false,
          }).map(attempt),
        )
      ).find(({ check }) => check === 'bucket: policy'),
    ).toMatchObject({ state: 'unknown' })
  })
})
