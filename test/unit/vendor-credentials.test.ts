import { createHmac, randomUUID } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTokenCache } from '../../src/id-verification/vendors/tokens.ts'
import type {
  Integration,
  IntegrationSettings,
  Secrets,
} from '../../src/id-verification/vendors/vendor.ts'
import { VENDORS, type VendorName } from '../../src/id-verification/vendors/vendor-names.ts'
import { createVendor } from '../../src/id-verification/vendors/vendors.ts'
import { startIncodeSandbox } from '../../src/local/sandbox/incode.ts'
import { startKoraSandbox } from '../../src/local/sandbox/kora.ts'
import { startMosaicSandbox } from '../../src/local/sandbox/mosaic.ts'
import { startStripeSandbox } from '../../src/local/sandbox/stripe.ts'
import { startSumsubSandbox } from '../../src/local/sandbox/sumsub.ts'
import { startVeriffSandbox } from '../../src/local/sandbox/veriff.ts'

const NEW = { apiKey: randomUUID(), secret: 'the new secret' }
const OLD = { apiKey: randomUUID(), secret: 'the old secret' }
const EMAIL = 'executive@example.test'
const SETTINGS: Record<VendorName, IntegrationSettings> = {
  veriff: {},
  kora: { tenantId: 'tenant', captureUrl: 'https://capture.test/?id=' },
  incode: { executiveEmail: EMAIL },
  mosaic: {},
  sumsub: {},
  stripe: {},
}
const newSession = () => ({
  verificationId: randomUUID(),
  returnUrl: 'https://portal.test/',
  state: 's',
})

const integrationOf = (vendor: VendorName, secrets: Secrets, baseUrl = 'https://vendor.test') =>
  ({
    vendor,
    name: 'default',
    tenant: 'default',
    baseUrl,
    settings: SETTINGS[vendor],
    secrets,
  }) satisfies Integration

/** A sandbox of the vendor that knows the new credentials only. */
async function startSandbox(vendor: VendorName) {
  const { apiKey, secret } = NEW
  const sandbox = await {
    veriff: () => startVeriffSandbox({ port: 0, apiKey, sharedSecret: secret }),
    kora: () => startKoraSandbox({ port: 0, apiKey, secret, tenantId: 'tenant' }),
    incode: () => startIncodeSandbox({ port: 0, apiKey, email: EMAIL, password: secret }),
    mosaic: () => startMosaicSandbox({ port: 0, clientId: apiKey, clientSecret: secret }),
    sumsub: () => startSumsubSandbox({ port: 0, appToken: apiKey, secretKey: secret }),
    stripe: () => startStripeSandbox({ port: 0, apiKey, webhookSecret: secret }),
  }[vendor]()
  onTestFinished(() => sandbox.close())
  return sandbox
}

describe('calls', () => {
  test.each(VENDORS)(
    'of %s work before and after the vendor changes to the next credentials',
    async (vendor) => {
      const { url } = await startSandbox(vendor)
      const current = { apiKey: OLD.apiKey, sharedSecrets: [OLD.secret] }
      const call = async (secrets: Secrets) => {
        const adapter = createVendor(integrationOf(vendor, secrets, url))
        const { sessionId } = await adapter.startSession(newSession())
        return await adapter.fetchResult(sessionId)
      }
      await expect(call(current)).rejects.toThrow(/^the vendor answered 40[13]$/)
      await call({ ...current, next: NEW })
      await call({ apiKey: NEW.apiKey, sharedSecrets: [NEW.secret], next: OLD })
    },
  )

  test('do not log in again and again with a password that the vendor has refused', async () => {
    const sandbox = await startSandbox('incode')
    const secrets = {
      apiKey: NEW.apiKey,
      sharedSecrets: [OLD.secret],
      next: { secret: NEW.secret },
    }
    const tokens = createTokenCache()
    for (let time = 0; time < 3; time++) {
      // Each job has an adapter of its own.
      const { url } = sandbox as { url: string }
      const adapter = createVendor(integrationOf('incode', secrets, url), tokens)
      await adapter.fetchResult('unknown')
    }
    const { listRequests } = sandbox as Awaited<ReturnType<typeof startIncodeSandbox>>
    const logIns = listRequests().filter(({ path }) => path === '/executive/log-in')
    expect(logIns).toHaveLength(2)
  })
})

describe('deliveries', () => {
  const body = Buffer.from('{"a":1}')
  const hmac = (secret: string, ...message: (string | Buffer)[]) => {
    const mac = createHmac('sha256', secret)
    for (const part of message) mac.update(part)
    return mac.digest('hex')
  }
  type Pair = { apiKey: string; secret: string }
  const isGenuine = (vendor: VendorName, secrets: Secrets, headers: Record<string, string>) =>
    createVendor(integrationOf(vendor, secrets)).isGenuine(
      body,
      (name) => headers[name],
      async () => false,
    )
  const signed: Record<'veriff' | 'kora' | 'stripe', (by: Pair) => Record<string, string>> = {
    veriff: ({ apiKey, secret }) => ({
      'x-auth-client': apiKey,
      'x-hmac-signature': hmac(secret, body),
    }),
    kora({ secret }) {
      const time = String(Math.floor(Date.now() / 1000))
      return { 'x-timestamp': time, 'x-signature': hmac(secret, `${time}.`, body) }
    },
    stripe({ secret }) {
      const time = String(Math.floor(Date.now() / 1000))
      return { 'stripe-signature': `t=${time},v1=${hmac(secret, `${time}.`, body)}` }
    },
  }
  const [CURRENT, NEXT, PREVIOUS] = ['current', 'next', 'previous'].map((name) => ({
    apiKey: `${name} key`,
    secret: `${name} secret`,
  })) as [Pair, Pair, Pair]
  const secrets = (until: number): Secrets => ({
    apiKey: CURRENT.apiKey,
    sharedSecrets: [CURRENT.secret, PREVIOUS.secret],
    next: NEXT,
    previous: { apiKey: PREVIOUS.apiKey, until: new Date(until).toISOString() },
  })
  const later = Date.now() + 60_000
  const before = Date.now() - 1

  test.each(['veriff', 'kora', 'stripe'] as const)(
    'of %s may carry the current, the next and, for a time, the previous credentials',
    async (vendor) => {
      const check = (by: Pair, until = later) =>
        isGenuine(vendor, secrets(until), signed[vendor](by))
      expect(await check(CURRENT)).toBe(true)
      expect(await check(NEXT)).toBe(true)
      expect(await check(PREVIOUS)).toBe(true)
      expect(await check(PREVIOUS, before)).toBe(false)
      expect(await check({ ...NEXT, secret: 'another' })).toBe(false)
    },
  )

  test('of Veriff must carry a key with its own secret', async () => {
    const mixed = signed.veriff({ apiKey: CURRENT.apiKey, secret: NEXT.secret })
    expect(await isGenuine('veriff', secrets(later), mixed)).toBe(false)
  })

  test('of Incode may carry the current, the next and, for a time, the previous header', async () => {
    const check = (value: string, until = later) => {
      const integration = integrationOf('incode', {
        apiKey: 'key',
        sharedSecrets: ['password'],
        webhookSecret: 'current',
        next: { webhookSecret: 'next' },
        previous: { webhookSecret: 'previous', until: new Date(until).toISOString() },
      })
      return createVendor({
        ...integration,
        settings: { ...integration.settings, webhookHeader: 'X-Portal-Key' },
      }).isGenuine(
        body,
        (name) => (name === 'x-portal-key' ? value : undefined),
        async () => false,
      )
    }
    expect(await check('current')).toBe(true)
    expect(await check('next')).toBe(true)
    expect(await check('previous')).toBe(true)
    expect(await check('previous', before)).toBe(false)
    expect(await check('another')).toBe(false)
  })

  test('of Sumsub may carry the current, the next and, for a time, the previous webhook secret, and not that of calls', async () => {
    const check = (secret: string, until = later) => {
      const secrets = {
        apiKey: 'key',
        sharedSecrets: ['of calls'],
        webhookSecret: 'current',
        next: { webhookSecret: 'next' },
        previous: { webhookSecret: 'previous', until: new Date(until).toISOString() },
      }
      return isGenuine('sumsub', secrets, { 'x-payload-digest': hmac(secret, body) })
    }
    expect(await check('current')).toBe(true)
    expect(await check('next')).toBe(true)
    expect(await check('previous')).toBe(true)
    expect(await check('previous', before)).toBe(false)
    expect(await check('of calls')).toBe(false)
    const none = { apiKey: 'key', sharedSecrets: ['of calls'] }
    expect(await isGenuine('sumsub', none, { 'x-payload-digest': hmac('', body) })).toBe(false)
  })
})
