import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  addNextCredentials,
  dropCredentials,
  findVendorIntegration,
  listVendorIntegrations,
  setVendorIntegration,
  useNextCredentials,
} from '../../src/id-verification/vendors/vendors.ts'
import { createSealer } from '../../src/platform/secrets.ts'
import { createDatabase } from '../support/database.ts'

let database: Awaited<ReturnType<typeof createDatabase>>
const sealer = createSealer([randomBytes(32)])
beforeAll(async () => {
  database = await createDatabase()
})
afterAll(() => database.drop())

const GIVEN = {
  vendor: 'veriff' as const,
  baseUrl: 'https://vendor.example.test',
  apiKey: 'key',
  secret: 'first',
}
const set = (change: Partial<Parameters<typeof setVendorIntegration>[2]>) =>
  setVendorIntegration(database.db, sealer, { ...GIVEN, ...change })

test.each([
  'https://vendor.example.test/api',
  'http://localhost:8080',
  'http://127.0.0.1',
  'http://[::1]:1',
])('a vendor may be at %s', async (baseUrl) => {
  expect(await set({ baseUrl })).toMatchObject({ baseUrl })
})

test.each([
  'http://vendor.example.test',
  'http://localhost.example.test',
  'ftp://localhost',
  'https://vendor.example.test/?key=1',
  'https://vendor.example.test/#part',
  'https://user@vendor.example.test',
  'vendor.example.test',
  '',
])('and not at "%s"', async (baseUrl) => {
  await expect(set({ baseUrl })).rejects.toThrow('The base URL must be https:')
})

test('an integration is not given to another tenant unless it is named', async () => {
  await set({})
  await expect(set({ tenant: 'acme' })).rejects.toThrow(
    'The integration default of veriff is of the tenant default. Give the one of acme a name of its own',
  )
  expect(await set({ tenant: 'default' })).toMatchObject({ tenant: 'default' })
  const setManual = (given: { tenant: string; name?: string }) =>
    setVendorIntegration(database.db, sealer, { vendor: 'manual', ...given })
  await setManual({ tenant: 'acme' })
  await expect(setManual({ tenant: 'rival' })).rejects.toThrow('of manual is of the tenant acme')
  expect(await setManual({ name: 'rival', tenant: 'rival' })).toMatchObject({ tenant: 'rival' })
  const named = { name: 'acme', tenant: 'acme' }
  expect(await set(named)).toMatchObject(named)
  expect(await set({ ...named, tenant: 'rival' })).toMatchObject({ name: 'acme', tenant: 'rival' })
})

test('what is not given again stays, and the secret before the last is forgotten', async () => {
  const name = 'kept'
  await set({ name, settings: ['requireSignedResponses=true'], webhookSecret: 'header' })
  for (const secret of ['second', 'second', 'third'])
    await setVendorIntegration(database.db, sealer, {
      vendor: 'veriff',
      name,
      baseUrl: GIVEN.baseUrl,
      secret,
    })
  expect(await findVendorIntegration(database.db, sealer, 'veriff', name)).toMatchObject({
    settings: { requireSignedResponses: true },
    secrets: { apiKey: 'key', sharedSecrets: ['third', 'second'], webhookSecret: 'header' },
  })
})

test('the next secrets are stored beside the current ones, become these, and leave the previous ones for a time', async () => {
  const { db } = database
  const of = { vendor: 'veriff', name: 'replaced' }
  await set({ name: of.name })
  const find = async () => {
    const { secrets } = (await findVendorIntegration(db, sealer, of.vendor, of.name)) ?? {}
    const listed = await listVendorIntegrations(db, sealer)
    const { next, previousUntil = '' } = listed.find(({ name }) => name === of.name) ?? {}
    const days = Math.round((Date.parse(previousUntil) - Date.now()) / (24 * 3600_000))
    return { secrets, next, days }
  }
  await expect(useNextCredentials(db, sealer, { ...of, keepDays: 7 })).rejects.toThrow('no next')
  await expect(addNextCredentials(db, sealer, of)).rejects.toThrow('Give what is new')
  await expect(addNextCredentials(db, sealer, { vendor: 'kora', secret: 's' })).rejects.toThrow(
    'no such integration',
  )
  await addNextCredentials(db, sealer, { ...of, secret: 'dropped' })
  await dropCredentials(db, sealer, { ...of, which: 'next' })
  await addNextCredentials(db, sealer, { ...of, apiKey: 'next key', secret: 'second' })
  expect(await find()).toMatchObject({
    secrets: { apiKey: 'key', sharedSecrets: ['first'], next: { secret: 'second' } },
    next: ['apiKey', 'secret'],
  })
  await useNextCredentials(db, sealer, { ...of, keepDays: 7 })
  expect(await find()).toMatchObject({
    secrets: {
      apiKey: 'next key',
      sharedSecrets: ['second', 'first'],
      previous: { apiKey: 'key' },
    },
    next: [],
    days: 7,
  })
  await dropCredentials(db, sealer, { ...of, which: 'previous' })
  const { secrets } = await find()
  expect(secrets?.sharedSecrets).toEqual(['second'])
  expect(secrets?.previous).toBeUndefined()
})

test('a first integration needs its key and its secret', async () => {
  const { apiKey: _key, ...withoutKey } = GIVEN
  const { secret: _secret, ...withoutSecret } = GIVEN
  const name = 'incomplete'
  await expect(setVendorIntegration(database.db, sealer, { ...withoutKey, name })).rejects.toThrow(
    'An API key is needed',
  )
  await expect(
    setVendorIntegration(database.db, sealer, { ...withoutSecret, name }),
  ).rejects.toThrow('A shared secret is needed')
})

test('a new vendor needs no migration: the table takes any name of the right form', async () => {
  const insert = (vendor: string) => database.db`
    insert into vendor_integration (vendor, base_url, secrets_sealed)
    values (${vendor}, 'https://vendor.example.test', 'sealed')`
  await insert('acme')
  await expect(insert('Acme!')).rejects.toThrow('vendor_integration_vendor_check')
  await expect(set({ vendor: 'acme' })).rejects.toThrow('The vendor must be one of')
})
