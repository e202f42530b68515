import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createAccount, findAccount } from '../../src/accounts/accounts.ts'
import { listResealings } from '../../src/cli/reseal.ts'
import { openContext } from '../../src/context.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import {
  createLocalKeyService,
  KeyServiceUnavailableError,
} from '../../src/platform/key-service.ts'
import { createKmsKeyService } from '../../src/platform/kms.ts'
import { resealAll } from '../../src/platform/resealing.ts'
import { createSealer } from '../../src/platform/secrets.ts'
import { createVault } from '../../src/platform/vault.ts'
import { startKms } from '../support/kms.ts'
import { startPortal, type TestPortal } from '../support/portal.ts'
import { API_KEY, SECRET } from '../support/veriff-vectors.ts'

let kms: Awaited<ReturnType<typeof startKms>>
let portal: TestPortal
beforeAll(async () => {
  kms = await startKms({ keyIds: ['alias/new', 'alias/old'] })
  portal = await startPortal({ kms: kms.config })
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'veriff',
    baseUrl: 'http://127.0.0.1:9',
    apiKey: API_KEY,
    secret: SECRET,
  })
})
afterAll(async () => {
  await portal.close()
  await kms.close()
})

const local = createLocalKeyService(createSealer([randomBytes(32)]))
const open = (change: Partial<typeof kms.config> = {}) =>
  createKmsKeyService({ ...kms.config, ...change }, local)

const person = () => ({
  email: `${randomUUID()}@example.test`,
  givenName: 'Xiomara',
  surname: 'Villeda',
})

function deliver(body: string) {
  return fetch(`${portal.url}/webhooks/veriff`, {
    method: 'POST',
    body,
    headers: {
      'x-auth-client': API_KEY,
      'x-hmac-signature': createHmac('sha256', SECRET).update(body).digest('hex'),
    },
  })
}

test('a key that KMS wrapped unwraps in its own context alone', async () => {
  const key = randomBytes(32)
  const wrapped = await open().wrap(key, 'data_key 1')
  expect(Buffer.from(await open().unwrap(wrapped, 'data_key 1')).equals(key)).toBe(true)
  await expect(open().unwrap(wrapped, 'data_key 2')).rejects.toThrow('InvalidCiphertextException')
})

test('requests are signed, and other credentials or another region are refused', async () => {
  const credentials = { ...kms.config.credentials, secretAccessKey: 'wrong' }
  await expect(open({ credentials }).wrap(randomBytes(32), 'c')).rejects.toThrow(
    KeyServiceUnavailableError,
  )
  await expect(open({ region: 'elsewhere-1' }).wrap(randomBytes(32), 'c')).rejects.toThrow()
  expect(new Set(kms.refused)).toContain('InvalidSignatureException')
})

test('a request that is not answered ends in an error', async () => {
  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    silent.closeAllConnections()
    silent.close()
  })
  const { port } = silent.address() as AddressInfo
  const wrapping = open({ endpoint: `http://127.0.0.1:${port}` }).wrap(randomBytes(32), 'context')
  await expect(wrapping).rejects.toThrow('KMS could not be used: TimeoutError')
})

test('what an earlier KMS key or ENCRYPTION_KEY wrapped still unwraps, and nothing under a key that is not configured', async () => {
  const key = randomBytes(32)
  const old = await open({ keyIds: ['alias/old'] }).wrap(key, 'c')
  const sealed = await local.wrap(key, 'c')
  for (const wrapped of [old, sealed])
    expect(Buffer.from(await open().unwrap(wrapped, 'c')).equals(key)).toBe(true)
  await expect(open({ keyIds: ['alias/new'] }).unwrap(old, 'c')).rejects.toThrow('not configured')
})

test('a resident is sealed under a data key that KMS wrapped, which is unwrapped once', async () => {
  const { db, parts } = portal
  const account = await createAccount(parts, person())
  const [row] = await db<{ wrappedKey: string }[]>`
    select wrapped_key from data_key where account_id = ${account.id}`
  expect(row?.wrappedKey).toMatch(/^kms1\./)
  const vault = createVault(db, parts.keyService)
  await findAccount(db, vault, account.id)
  const calls = kms.calls()
  for (let time = 0; time < 5; time++)
    expect(await findAccount(db, vault, account.id)).toMatchObject(account)
  expect(kms.calls()).toBe(calls)
})

test('while KMS is away deliveries are taken with the key that is in memory, and a process without one answers 503', async () => {
  expect((await deliver(JSON.stringify({ before: randomUUID() }))).status).toBe(200)
  await kms.pause()
  try {
    expect((await deliver(JSON.stringify({ during: randomUUID() }))).status).toBe(200)
    const away = await portal.startAnother(
      {},
      { vault: createVault(portal.db, portal.parts.keyService) },
    )
    const body = JSON.stringify({ elsewhere: randomUUID() })
    const answer = await fetch(`${away.url}/webhooks/veriff`, {
      method: 'POST',
      body,
      headers: {
        'x-auth-client': API_KEY,
        'x-hmac-signature': createHmac('sha256', SECRET).update(body).digest('hex'),
      },
    })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '30'])
    await away.close()
    await expect(createAccount(portal.parts, person())).rejects.toThrow(KeyServiceUnavailableError)
  } finally {
    await kms.resume()
  }
  await createAccount(portal.parts, person())
})

test('a portal changes from ENCRYPTION_KEY to KMS by `key reseal`, and nothing is lost', async () => {
  const { config, parts } = portal
  const after = await openContext(config, parts.log)
  try {
    const vault = createVault(after.db, createLocalKeyService(after.sealer))
    const { db } = after
    const [mine] = await db<{ id: string }[]>`
      insert into account (email_verified) values (true) returning id`
    const place = { table: 'account', column: 'details_sealed', row: mine?.id ?? '' }
    const sealed = await vault.seal(db, { accountId: mine?.id ?? '' }, place, 'Villeda')
    const [moved] = await resealAll(listResealings(after).slice(0, 1), () => {})
    expect(moved).toMatchObject({ moved: 1, unreadable: 0, left: 0 })
    const fresh = createVault(db, after.keyService)
    expect((await fresh.open(db, place, sealed)).toString()).toBe('Villeda')
  } finally {
    await after.close()
  }
})
