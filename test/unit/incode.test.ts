import { describe, expect, test } from 'vitest'
import { createIncode } from '../../src/id-verification/vendors/incode.ts'
import type { IntegrationSettings } from '../../src/id-verification/vendors/vendor.ts'

const create = (settings: IntegrationSettings = {}, webhookSecret?: string) =>
  createIncode({
    vendor: 'incode',
    name: 'default',
    tenant: 'default',
    baseUrl: 'https://incode.test/',
    settings,
    secrets: { apiKey: 'key', sharedSecrets: ['password'], webhookSecret },
  })

const delivery = (given: object) => Buffer.from(JSON.stringify(given))
const DELIVERY = {
  interviewId: '65f1c0ffee',
  onboardingStatus: 'ONBOARDING_FINISHED',
  clientId: 'tenant',
  flowId: 'flow',
  externalId: 'ours',
}

describe('deliveries', () => {
  test.each(['ONBOARDING_FINISHED', 'MANUAL_REVIEW_APPROVED', 'MANUAL_REVIEW_REJECTED', 'EXPIRED'])(
    '%s says that the vendor is to be asked, and nothing else',
    (onboardingStatus) => {
      expect(create().read(delivery({ ...DELIVERY, onboardingStatus }))).toEqual({
        kind: 'notice',
        sessionId: '65f1c0ffee',
        echoed: 'ours',
        explanation: `onboarding status ${onboardingStatus}`,
      })
    },
  )

  test.each(['ID_VALIDATION_FINISHED', 'POST_PROCESSING_FINISHED', 'A_STEP_OF_TOMORROW'])(
    '%s is a step on the way',
    (onboardingStatus) => {
      expect(create().read(delivery({ ...DELIVERY, onboardingStatus })).kind).toBe('ignored')
    },
  )

  test('without our own id there is nothing to hold against the row', () => {
    const { externalId: _, ...without } = DELIVERY
    expect(create().read(delivery(without))).toMatchObject({ kind: 'notice', echoed: undefined })
    expect(create().read(delivery({ ...DELIVERY, externalId: null }))).toMatchObject({
      echoed: undefined,
    })
  })

  test('a message of Incode ID is set aside, and its token is not in the explanation', () => {
    const reading = create().read(
      delivery({ event: 'verification.completed', id: '1', token: 'secret-token' }),
    )
    expect(reading.kind).toBe('ignored')
    expect(JSON.stringify(reading)).not.toContain('secret-token')
  })

  test.each([
    ['no JSON', Buffer.from('<xml/>')],
    ['not UTF-8', Buffer.from([0xff, 0xfe])],
    ['a list', Buffer.from('[1]')],
    ['null', Buffer.from('null')],
    ['no status', delivery({ interviewId: '1' })],
    ['no interview', delivery({ onboardingStatus: 'EXPIRED' })],
    ['an id that is a number', delivery({ ...DELIVERY, interviewId: 7 })],
  ])('%s is kept as unknown', (_what, body) => {
    expect(create().read(body).kind).toBe('unknown')
  })
})

describe('who delivers', () => {
  const isGenuine = (
    vendor: ReturnType<typeof create>,
    headers: Record<string, string>,
    good?: { token: string; clientId: string },
  ) =>
    vendor.isGenuine(
      Buffer.from('{}'),
      (name) => headers[name],
      async (token, { clientId, scope }) =>
        scope === 'webhook.incode' && token === good?.token && clientId === good?.clientId,
    )
  const good = { token: 'live', clientId: 'incode-client' }

  test('a token of our own, of the client that was made for it', async () => {
    const vendor = create({ webhookClientId: 'incode-client' })
    expect(await isGenuine(vendor, { authorization: 'Bearer live' }, good)).toBe(true)
    expect(await isGenuine(vendor, { authorization: 'bearer  live' }, good)).toBe(true)
    for (const authorization of ['Bearer dead', 'Basic live', 'live', 'Bearer', 'Bearer live x'])
      expect(await isGenuine(vendor, { authorization }, good)).toBe(false)
    expect(await isGenuine(vendor, {}, good)).toBe(false)
    const other = create({ webhookClientId: 'other' })
    expect(await isGenuine(other, { authorization: 'Bearer live' }, good)).toBe(false)
    expect(await isGenuine(create(), { authorization: 'Bearer live' }, good)).toBe(false)
  })

  test('a header with a value that only the two know', async () => {
    const vendor = create({ webhookHeader: 'X-Portal-Secret' }, 'shared')
    expect(await isGenuine(vendor, { 'x-portal-secret': 'shared' })).toBe(true)
    for (const value of ['', 'share', 'shared ', 'Shared'])
      expect(await isGenuine(vendor, { 'x-portal-secret': value })).toBe(false)
    expect(await isGenuine(vendor, {})).toBe(false)
    // Half a configuration lets nobody in.
    expect(await isGenuine(create({ webhookHeader: 'x-a' }), { 'x-a': '' })).toBe(false)
    expect(await isGenuine(create({}, 'shared'), { '': 'shared' })).toBe(false)
  })
})

test('a vendor that gives a delivery up after half an hour is asked early, and then less and less often', () => {
  const { checkAfterSeconds } = create()
  expect(checkAfterSeconds(0)).toBe(300)
  expect(checkAfterSeconds(20)).toBe(6 * 3600)
  expect(checkAfterSeconds(1000)).toBeUndefined()
})

test('settings that are not known, or have another shape, are named', () => {
  expect(() => create({ webhookHeader: 'a b' })).toThrow('webhookHeader')
  expect(() => create({ nothing: 'such' })).toThrow('nothing')
})
