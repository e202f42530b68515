import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { decodeJwt } from 'jose'
import { afterEach, beforeEach, expect } from 'vitest'
import { createAccount, findAccount } from '../../src/accounts/accounts.ts'
import { findRequestedSignUp, requestSignUp } from '../../src/accounts/sign-up.ts'
import { readCommand } from '../../src/cli/commands.ts'
import { listResealings, SEALED_COLUMNS } from '../../src/cli/reseal.ts'
import { openContext } from '../../src/context.ts'
import { setStream } from '../../src/events/streams.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { createJobs } from '../../src/platform/jobs.ts'
import { enqueueMail, listOutbox } from '../../src/platform/mail.ts'
import { createSealer } from '../../src/platform/secrets.ts'
import { listKeys, openKeyRing, retireKey } from '../../src/signing/key-ring.ts'
import { createApplication } from '../support/application.ts'
import { createDatabase } from '../support/database.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { test, withDatabase } from '../support/program.ts'
import { eventually } from '../support/sandbox.ts'
import { API_KEY, SECRET } from '../support/veriff-vectors.ts'

let portal: TestPortal
beforeEach(async () => {
  portal = await startPortal()
})
afterEach(() => portal.close())

/** The portal's parts as another process has them that was started with these keys. */
const openWith = (encryptionKeys: Uint8Array[]) =>
  openContext(
    { ...portal.config, secrets: { ...portal.config.secrets, encryptionKeys } },
    portal.parts.log,
  )

const encode = (keys: Uint8Array[]) =>
  keys.map((key) => Buffer.from(key).toString('base64url')).join(',')

const countOld = async (parts: Awaited<ReturnType<typeof openWith>>) => {
  const counts = await Promise.all(
    listResealings(parts).map(async ({ name, count }) => [name, await count()] as const),
  )
  return Object.fromEntries(counts.filter(([, count]) => count > 0))
}

const reseal = (parts: Awaited<ReturnType<typeof openWith>>) =>
  readCommand(['key', 'reseal']).run({ ...parts, issuer: portal.issuer })

test('after `key reseal` the old key can be removed, while two processes serve', async () => {
  const { db, parts, config } = portal
  const [oldKey] = config.secrets.encryptionKeys
  if (!oldKey) throw new Error('no key')
  const account = await createAccount(parts, {
    email: `${randomUUID()}@example.test`,
    givenName: 'Xiomara',
    surname: 'Villeda',
    password: PASSWORD,
  })
  await setVendorIntegration(db, parts.sealer, {
    vendor: 'veriff',
    baseUrl: 'http://127.0.0.1:9',
    apiKey: API_KEY,
    secret: SECRET,
  })
  const client = await addClient(parts)
  await db.begin((sql) =>
    setStream(sql, parts.sealer, {
      clientId: client.client_id,
      delivery: 'push',
      endpoint: 'https://receiver.example.test/events',
      authorization: 'Bearer secret',
    }),
  )
  const jobs = await createJobs(config.database.url, parts.log)
  await db.begin((sql) =>
    enqueueMail(sql, { jobs, sealer: parts.sealer }, { to: 'a@b.test', subject: 's', text: 't' }),
  )
  await db`
    insert into outbox_mail (id, mail_sealed)
    select gen_random_uuid(), data->>'mailSealed' from pgboss.job where data ? 'mailSealed' limit 1`
  const browser = randomBytes(32).toString('hex')
  const asking = { email: 'new@example.test', address: '127.0.0.1', browser, waiting: undefined }
  await requestSignUp({ ...parts, jobs }, { ...asking, locale: 'en', issuer: portal.issuer })
  await jobs.stop()

  const newKey = randomBytes(32)
  const rotated = await openWith([newKey, oldKey])
  const second = await portal.startOther({ ENCRYPTION_KEY: encode([newKey, oldKey]) })
  try {
    const before = await countOld(rotated)
    for (const name of [
      'data_key.wrapped_key',
      'signing_key.private_sealed',
      'vendor_integration.secrets_sealed',
      'event_stream.authorization_sealed',
      'outbox_mail.mail_sealed',
      'pgboss.job.data',
      'sign_up.details_sealed',
    ])
      expect(before, name).toHaveProperty([name])
    // Two operators at once, and the two processes go on serving.
    const [, , ...pages] = await Promise.all([
      reseal(rotated),
      reseal(rotated),
      ...[portal.url, second.url].map((url) => fetch(`${url}/.well-known/openid-configuration`)),
    ])
    expect(pages.map(({ status }) => status)).toEqual([200, 200])
    expect(await countOld(rotated)).toEqual({})
  } finally {
    await second.close()
    await rotated.close()
  }

  const after = await openWith([newKey])
  const third = await portal.startOther({ ENCRYPTION_KEY: encode([newKey]) })
  try {
    expect(await findAccount(after.db, after.vault, account.id)).toMatchObject(account)
    expect(await listOutbox(after.db, after.sealer)).toMatchObject([{ to: 'a@b.test' }])
    expect(await findRequestedSignUp(after.db, after.sealer, browser)).toMatchObject({
      email: 'new@example.test',
    })
    const metadata = await fetch(`${third.url}/.well-known/openid-configuration`)
    expect(metadata.status).toBe(200)
  } finally {
    await third.close()
    await after.close()
  }
})

test('a value that no configured key opens is reported, and keeps nothing else from being resealed', async () => {
  const { db, config } = portal
  const lost = createSealer([randomBytes(32)])
  await db`insert into outbox_mail (id, mail_sealed) values (${randomUUID()}, ${lost.seal('{}', 'mail')})`
  const parts = await openWith([randomBytes(32), ...config.secrets.encryptionKeys])
  try {
    const resident = await createAccount(portal.parts, {
      email: `${randomUUID()}@example.test`,
      givenName: 'Ana',
      surname: 'Mejia',
    })
    await expect(reseal(parts)).rejects.toThrow('1 in outbox_mail.mail_sealed')
    const [row] = await db<{ wrappedKey: string }[]>`
      select wrapped_key from data_key where account_id = ${resident.id}`
    expect(row?.wrappedKey.startsWith(parts.sealer.prefix)).toBe(true)
  } finally {
    await parts.close()
  }
})

/** The ids of the active keys, by their algorithms. */
const listActive = async () => {
  const active = (await listKeys(portal.db)).filter(({ status }) => status === 'active')
  return new Map(active.map(({ algorithm, kid }) => [algorithm, kid]))
}
const readiness = async () => (await fetch(`${portal.url}/health/ready`)).status

test('a process that lacks the newest key is not ready, verifies what the others sign, and answers 503 for what it cannot open', async () => {
  const { db, config, parts } = portal
  const newKey = randomBytes(32)
  const resident = await addResident(parts)
  const client = await addClient(parts)
  const application = await createApplication(portal.issuer, client)
  const scope = 'openid offline_access eprospera:person.id_verification.read'
  const tokens = await application.obtainTokens(scope, resident.email)
  expect(await readiness()).toBe(200)

  const rotated = await openWith([newKey, ...config.secrets.encryptionKeys])
  const ring = await openKeyRing(rotated.db, rotated.sealer, parts.log)
  try {
    // Twice, so that the keys that sign were made under the new key.
    for (let time = 0; time < 2; time++)
      for (const kid of (await listActive()).values()) await retireKey(db, rotated.sealer, kid)
    // A probe's result is used again for a second.
    await eventually(async () => (await readiness()) === 503)
    const active = await listActive()
    await eventually(async () => {
      await ring.refresh()
      return ring.current().active.RS256.kid === active.get('RS256')
    })
    const signed = await ring.sign('at+jwt', decodeJwt(tokens.access_token), 'RS256')
    const answer = await fetch(`${portal.url}/api/v1/me/natural-person/id-verification`, {
      headers: { Authorization: `Bearer ${signed}` },
    })
    expect(answer.status).toBe(200)
    const refused = await fetch(`${portal.url}/api/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: tokens.refresh_token ?? '',
        client_id: client.client_id,
        client_secret: client.client_secret ?? '',
      }),
    })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
  } finally {
    ring.close()
    await rotated.close()
  }
})

test('a start without the key under which everything is sealed says in one line which key is missing, and `key status` shows it', async ({
  program,
}) => {
  const { encryptionKeys } = portal.config.secrets
  const [key] = encryptionKeys
  const id = createHash('sha256')
    .update(key ?? '')
    .digest('hex')
    .slice(0, 8)
  await program.expectRefusal(
    ['serve'],
    withDatabase(portal.config.database.url),
    new RegExp(
      `^The encryption key ${id} is not configured, and values are sealed under it \\(.*4 in signing_key.private_sealed.*\\): add it to ENCRYPTION_KEY, after the key that is first there, and run .key status.`,
    ),
  )

  const status = async (keys: Uint8Array[]) => {
    const parts = await openWith(keys)
    try {
      const uses = (await readCommand(['key', 'status']).run({
        ...parts,
        issuer: portal.issuer,
      })) as { role: string; values: number }[]
      return uses.map(({ role, values }) => [role, values > 0])
    } finally {
      await parts.close()
    }
  }
  const newKey = randomBytes(32)
  expect(await status([...encryptionKeys])).toEqual([['first', true]])
  expect(await status([...encryptionKeys, newKey])).toEqual([
    ['first', true],
    ['other', false],
  ])
  expect(await status([newKey])).toEqual([
    ['first', false],
    ['missing', true],
  ])
})

test('every column that holds sealed text is in the list of what is resealed', async () => {
  const columns = await portal.db<{ table: string; column: string }[]>`
    select table_name as table, column_name as column from information_schema.columns
    where table_schema = 'public' and data_type in ('text', 'jsonb')
      and (column_name like '%sealed%' or column_name like '%wrapped%')`
  const known = [...SEALED_COLUMNS, { table: 'data_key', column: 'wrapped_key' }]
  for (const { table, column } of columns)
    expect(
      known.some((each) => each.table === table && each.column === column),
      `${table}.${column}`,
    ).toBe(true)
})

test('before any server has created the queue there is nothing to reseal in it', async () => {
  const { db, url, drop } = await createDatabase()
  try {
    await db`drop schema pgboss cascade`
    const parts = await openContext(
      { ...portal.config, database: { ...portal.config.database, url } },
      portal.parts.log,
    )
    try {
      expect(await countOld(parts)).toEqual({})
      await reseal(parts)
    } finally {
      await parts.close()
    }
  } finally {
    await drop()
  }
})
