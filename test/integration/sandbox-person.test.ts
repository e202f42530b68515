import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createIncode } from '../../src/id-verification/vendors/incode.ts'
import { createKora } from '../../src/id-verification/vendors/kora.ts'
import { createMosaic } from '../../src/id-verification/vendors/mosaic.ts'
import { createStripe } from '../../src/id-verification/vendors/stripe.ts'
import { createSumsub } from '../../src/id-verification/vendors/sumsub.ts'
import type { Vendor } from '../../src/id-verification/vendors/vendor.ts'
import { VENDORS, type VendorName } from '../../src/id-verification/vendors/vendor-names.ts'
import { createVeriff } from '../../src/id-verification/vendors/veriff.ts'
import { startIncodeSandbox } from '../../src/local/sandbox/incode.ts'
import { startKoraSandbox } from '../../src/local/sandbox/kora.ts'
import { startMosaicSandbox } from '../../src/local/sandbox/mosaic.ts'
import type { Person } from '../../src/local/sandbox/specimen.ts'
import { startStripeSandbox } from '../../src/local/sandbox/stripe.ts'
import { startSumsubSandbox } from '../../src/local/sandbox/sumsub.ts'
import { startVeriffSandbox } from '../../src/local/sandbox/veriff.ts'
import { SMALL_PHOTOS } from '../support/portal.ts'

const KEY = randomUUID()
const integration = (baseUrl: string, settings: Record<string, string> = {}) => ({
  name: 'default',
  tenant: 'default',
  baseUrl,
  settings,
  secrets: { apiKey: KEY, sharedSecrets: ['the secret'] },
})
const HOLDER = { givenName: 'Ana María', surname: 'Mejía López' }

/** A stand-in and the adapter that talks to it. */
type Pair = {
  vendor: Vendor
  approve(sessionId: string, person?: Partial<Person>): unknown
  /** The digest of the document's front as it is served. */
  front(sessionId: string): Promise<string | undefined>
  close(): Promise<void>
}

const STARTS: Record<VendorName, () => Promise<Pair>> = {
  async veriff() {
    const sandbox = await startVeriffSandbox({
      port: 0,
      apiKey: KEY,
      sharedSecret: 'the secret',
      person: { ...SMALL_PHOTOS, ...HOLDER },
    })
    return {
      vendor: createVeriff({ vendor: 'veriff', ...integration(sandbox.url) }),
      approve: (id, person) => sandbox.complete(id, 'approved', { person }),
      front: async (id) => (await sandbox.findSession(id))?.attempts[0]?.media[0]?.sha256,
      close: sandbox.close,
    }
  },
  async kora() {
    const sandbox = await startKoraSandbox({
      port: 0,
      apiKey: KEY,
      tenantId: 't',
      secret: 's',
      person: { ...SMALL_PHOTOS, ...HOLDER },
    })
    const settings = { tenantId: 't', captureUrl: 'https://capture.test/' }
    return {
      vendor: createKora({ vendor: 'kora', ...integration(sandbox.url, settings) }),
      approve: (id, person) => sandbox.complete(id, 'verified', person && { person }),
      front: async (id) => (await sandbox.findSession(id))?.images.get('document_front'),
      close: sandbox.close,
    }
  },
  async incode() {
    const sandbox = await startIncodeSandbox({
      port: 0,
      apiKey: KEY,
      email: 'executive@example.test',
      password: 'the secret',
      person: { ...SMALL_PHOTOS, ...HOLDER },
    })
    const settings = { executiveEmail: 'executive@example.test' }
    return {
      vendor: createIncode({ vendor: 'incode', ...integration(sandbox.url, settings) }),
      approve: (id, person) => sandbox.complete(id, 'OK', person && { person }),
      front: async (id) => (await sandbox.findSession(id))?.images.get('fullFrameFrontID'),
      close: sandbox.close,
    }
  },
  async mosaic() {
    const sandbox = await startMosaicSandbox({
      port: 0,
      clientId: KEY,
      clientSecret: 'the secret',
      person: { ...SMALL_PHOTOS, ...HOLDER },
    })
    return {
      vendor: createMosaic({ vendor: 'mosaic', ...integration(sandbox.url) }),
      approve: (id, person) => sandbox.complete(id, 'ALLOW', person && { person }),
      front: async (id) => (await sandbox.findSession(id))?.images[0]?.sha256,
      close: sandbox.close,
    }
  },
  async sumsub() {
    const sandbox = await startSumsubSandbox({
      port: 0,
      appToken: KEY,
      secretKey: 'the secret',
      person: { ...SMALL_PHOTOS, ...HOLDER },
    })
    return {
      vendor: createSumsub({ vendor: 'sumsub', ...integration(sandbox.url) }),
      approve: (id, person) => sandbox.complete(id, 'GREEN', person && { person }),
      front: async (id) => (await sandbox.findSession(id))?.images.get('document_front'),
      close: sandbox.close,
    }
  },
  async stripe() {
    const sandbox = await startStripeSandbox({
      port: 0,
      apiKey: KEY,
      person: { ...SMALL_PHOTOS, ...HOLDER },
    })
    return {
      vendor: createStripe({ vendor: 'stripe', ...integration(sandbox.url) }),
      approve: (id, person) => sandbox.complete(id, 'verified', person && { person }),
      front: async (id) => (await sandbox.findSession(id))?.images.get('document_front'),
      close: sandbox.close,
    }
  },
}

const startSession = (vendor: Vendor) =>
  vendor.startSession({
    verificationId: randomUUID(),
    returnUrl: 'https://portal.test/back',
    state: 'state',
  })

describe.each(VENDORS)('the stand-in for %s', (name) => {
  let pair: Pair
  beforeAll(async () => {
    pair = await STARTS[name]()
  })
  afterAll(() => pair.close())

  const start = () => startSession(pair.vendor)
  const read = async (sessionId: string) => (await pair.vendor.fetchResult(sessionId))[0]?.findings

  test('says whom the document shows, and everything else that the vendor would', async () => {
    const { sessionId } = await start()
    await pair.approve(sessionId)
    const findings = await read(sessionId)
    const upper = name === 'veriff'
    expect(findings).toMatchObject({
      givenName: upper ? 'ANA MARÍA' : 'Ana María',
      surname: upper ? 'MEJÍA LÓPEZ' : 'Mejía López',
      number: expect.stringMatching(/^U\d{8}$/),
      country: expect.stringMatching(/^(XX|UTO)$/),
      documentType: expect.any(String),
    })
    for (const date of [findings?.dateOfBirth, findings?.issuedOn, findings?.expiresOn])
      expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/)
  })

  test('shows another person where a test says so, in what it answers and in the pictures', async () => {
    const [mine, theirs] = [await start(), await start()]
    await pair.approve(mine.sessionId)
    const john = {
      givenName: 'John',
      surname: 'Smith',
      dateOfBirth: '1970-01-01',
      validUntil: '2020-02-03',
    }
    await pair.approve(theirs.sessionId, john)
    expect(await read(theirs.sessionId)).toMatchObject({
      givenName: expect.stringMatching(/^john$/i),
      surname: expect.stringMatching(/^smith$/i),
      dateOfBirth: '1970-01-01',
      issuedOn: '2010-02-03',
      expiresOn: '2020-02-03',
    })
    expect(await pair.front(theirs.sessionId)).toMatch(/^[0-9a-f]{64}$/)
    expect((await read(mine.sessionId))?.surname).toMatch(/^mejía lópez$/i)
  })

  test('shows a document that says next to nothing', async () => {
    const { sessionId } = await start()
    const nobody = { givenName: '', surname: '', dateOfBirth: '', validUntil: '' }
    await pair.approve(sessionId, nobody)
    expect(await read(sessionId)).toMatchObject({
      givenName: undefined,
      surname: undefined,
      fullName: undefined,
      dateOfBirth: undefined,
      issuedOn: undefined,
      expiresOn: undefined,
    })
    expect(await pair.front(sessionId)).toMatch(/^[0-9a-f]{64}$/)
  })
})

// Kora publishes no page of its own.
test.each(VENDORS.filter((vendor) => vendor !== 'kora'))(
  'the page of the stand-in for %s lets a tester choose the person',
  async (name) => {
    const pair = await STARTS[name]()
    try {
      const { sessionId, url } = await startSession(pair.vendor)
      const page = await (await fetch(url)).text()
      expect(page).toContain(
        '<input name="surname" type="text" maxlength="100" autocomplete="off" value="Mejía López" />',
      )
      const [, approve = ''] =
        /<button name="outcome" value="(\w+)" class="approved"/.exec(page) ?? []
      const send = (fields: Record<string, string>) =>
        fetch(url, {
          method: 'POST',
          body: new URLSearchParams({ outcome: approve, ...fields }),
          redirect: 'manual',
        })
      expect((await send({ dateOfBirth: '31/12/1990' })).status).toBe(400)
      expect((await send({ surname: 'S'.repeat(101) })).status).toBe(400)
      expect((await send({ surname: '"><b>Ñandú', dateOfBirth: '1990-12-31' })).status).toBe(303)
      const findings = (await pair.vendor.fetchResult(sessionId))[0]?.findings
      expect([findings?.surname?.toLowerCase(), findings?.dateOfBirth]).toEqual([
        '"><b>ñandú',
        '1990-12-31',
      ])
      expect(findings?.givenName).toMatch(/^ana maría$/i)
    } finally {
      await pair.close()
    }
  },
)

test('the stand-in for Veriff is told by another program whom the document shows', async () => {
  const sandbox = await startVeriffSandbox({ port: 0, apiKey: KEY, sharedSecret: 'the secret' })
  const vendor = createVeriff({ vendor: 'veriff', ...integration(sandbox.url) })
  const { id } = await sandbox.createSession()
  const order = (person: unknown) =>
    fetch(`${sandbox.url}/sandbox/sessions/${id}/complete`, {
      method: 'POST',
      headers: { 'x-auth-client': KEY, 'content-type': 'application/json' },
      body: JSON.stringify({ status: 'approved', person }),
    })
  try {
    expect((await order({ surname: 5 })).status).toBe(400)
    expect((await order({ dateOfBirth: '1990-02-30' })).status).toBe(400)
    expect((await order({ sex: 'F' })).status).toBe(400)
    expect((await order({ givenName: 'Zoë', surname: 'Muster' })).status).toBe(200)
    expect((await vendor.fetchResult(id))[0]?.findings).toMatchObject({
      givenName: 'ZOË',
      surname: 'MUSTER',
    })
  } finally {
    await sandbox.close()
  }
})

test('the stand-in for Veriff asks by session whom the document shows', async () => {
  const asked: string[] = []
  const sandbox = await startVeriffSandbox({
    port: 0,
    apiKey: KEY,
    sharedSecret: 'the secret',
    async person(vendorData) {
      asked.push(vendorData)
      return vendorData === 'ana' ? HOLDER : undefined
    },
  })
  const vendor = createVeriff({ vendor: 'veriff', ...integration(sandbox.url) })
  const surnameOf = async (vendorData: string) => {
    const { id } = await sandbox.createSession({ vendorData })
    await sandbox.complete(id, 'approved')
    return (await vendor.fetchResult(id))[0]?.findings?.surname
  }
  try {
    expect(await surnameOf('ana')).toBe('MEJÍA LÓPEZ')
    expect(await surnameOf('somebody')).not.toBe('MEJÍA LÓPEZ')
    expect(asked).toEqual(['ana', 'somebody'])
  } finally {
    await sandbox.close()
  }
})
