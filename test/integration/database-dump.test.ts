import { createHmac, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAccount } from '../../src/accounts/accounts.ts'
import { exportResident } from '../../src/id-verification/export.ts'
import { eraseResident } from '../../src/id-verification/retention.ts'
import { reviewVerification } from '../../src/id-verification/review.ts'
import { createVerification, setVendorSession } from '../../src/id-verification/store.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createJobs } from '../../src/platform/jobs.ts'
import { createLocalKeyService } from '../../src/platform/key-service.ts'
import { createVault } from '../../src/platform/vault.ts'
import { createApplication } from '../support/application.ts'
import { ALL_SCOPES, addClient, PASSWORD, startPortal, type TestPortal } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'
import { API_KEY, SECRET } from '../support/veriff-vectors.ts'
import { addVerification, findDeliveryOf, loadPerson } from '../support/verifications.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal({ worker: true })
})
afterAll(() => portal.close())

const EMAIL = 'xiomara.villeda@personal.test'
const NEW_EMAIL = 'xiomara.new@personal.test'
/** Whatever of the story is personal. */
const PERSONAL = [
  'xiomara',
  'villeda',
  'personal.test',
  '1987-06-05',
  'E7654321',
  '10203040506070',
  'Calle Secreta',
  '2222 0000',
  'looks like her sister',
]

/** Every row of every table, as text; bytes as hexadecimal digits. */
async function dump(): Promise<Map<string, string>> {
  const tables = await portal.db<{ schema: string; name: string }[]>`
    select table_schema as schema, table_name as name from information_schema.tables
    where table_schema in ('public', 'pgboss') and table_type = 'BASE TABLE'`
  const found = new Map<string, string>()
  for (const { schema, name } of tables) {
    const table = portal.db(`${schema}.${name}`)
    const rows = await portal.db<{ row: string }[]>`select t::text as row from ${table} t`
    found.set(`${schema}.${name}`, rows.map(({ row }) => row).join('\n'))
  }
  return found
}

/** The places where a word stands: as it is, as hexadecimal digits, or as base64 at any offset. */
function placesOf(word: string, tables: Map<string, string>): string[] {
  const bytes = Buffer.from(word)
  const base64 = [0, 1, 2].map((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    // The characters that the bytes alone decide.
    return padded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
  })
  const spellings = [word, word.toUpperCase(), word[0]?.toUpperCase() + word.slice(1)]
  const forms = [
    ...spellings,
    ...spellings.map((each) => Buffer.from(each).toString('hex')),
    ...base64,
    ...base64.map((each) => each.replaceAll('+', '-').replaceAll('/', '_')),
  ]
  return [...tables].flatMap(([table, text]) =>
    forms.some((form) => text.includes(form)) ? [table] : [],
  )
}

/** Sign-up, sign-in, consent, tokens, delivery, mails, export: what a resident does in a year. */
async function live() {
  const { db, parts } = portal
  const account = await createAccount(parts, {
    email: EMAIL,
    givenName: 'Xiomara',
    surname: 'Villeda',
    password: PASSWORD,
  })
  await loadPerson(parts, account.id, {
    residentPermitNumber: '10203040506070',
    dateOfBirth: '1987-06-05',
    phoneNumber: '+504 2222 0000',
    address: { country: 'Honduras', line1: 'Calle Secreta 7', city: 'Roatán', postalCode: '34101' },
  })
  await setVendorIntegration(db, parts.sealer, {
    vendor: 'veriff',
    baseUrl: 'http://127.0.0.1:9',
    apiKey: API_KEY,
    secret: SECRET,
  })
  const sessionId = randomUUID()
  const created = await createVerification(db, {
    tenant: 'default',
    whose: { accountId: account.id },
    vendor: 'veriff',
    integration: 'default',
    stateSha256: Buffer.alloc(32, 7),
  })
  const verificationId = String(created)
  await setVendorSession(db, verificationId, { sessionId, checkAfterSeconds: undefined })
  const body = JSON.stringify({
    status: 'success',
    verification: {
      id: sessionId,
      attemptId: randomUUID(),
      vendorData: verificationId,
      status: 'declined',
      reason: 'looks like her sister',
      decisionTime: '2026-01-15T10:30:00.000Z',
      person: { firstName: 'Xiomara', lastName: 'Villeda', dateOfBirth: '1987-06-05' },
      document: { type: 'PASSPORT', number: 'E7654321', country: 'HN' },
    },
  })
  const stranger = JSON.stringify({ unknown: randomUUID(), person: { lastName: 'Villeda' } })
  for (const delivered of [body, stranger]) {
    const response = await fetch(`${portal.url}/webhooks/veriff`, {
      method: 'POST',
      body: delivered,
      headers: {
        'x-auth-client': API_KEY,
        'x-hmac-signature': createHmac('sha256', SECRET).update(delivered).digest('hex'),
      },
    })
    expect(response.status).toBe(200)
    await eventually(async () => {
      const row = await findDeliveryOf(parts, delivered)
      return row && row.state !== 'received'
    })
  }
  const client = await addClient(parts)
  const application = await createApplication(portal.issuer, client)
  const browser = createUserAgent()
  await application.obtainTokens(ALL_SCOPES, EMAIL, browser, { login_hint: EMAIL })
  // One that stays under way.
  const { url } = await application.authorizationRequest(ALL_SCOPES, {
    login_hint: EMAIL,
    prompt: 'login',
  })
  await createUserAgent().open(url)
  await browser.submit(await browser.open(`${portal.issuer}/account`), 'change-email', {
    email: NEW_EMAIL,
  })
  const forgetful = createUserAgent()
  await forgetful.submit(await forgetful.open(`${portal.issuer}/reset`), 'send', { email: EMAIL })
  const wrong = createUserAgent()
  await wrong.submit(await wrong.open(`${portal.issuer}/`), 'login', {
    email: EMAIL,
    password: 'not the right one',
  })
  // Mails on their way have arrived in the outbox.
  await eventually(
    async () =>
      (await db`select from outbox_mail`).length >= 2 &&
      (await db`select from mail_link`).length >= 2,
  )
  const accepted = await addVerification(parts, account.id)
  const reason = 'Xiomara Villeda, passport E7654321: certificate seen'
  await reviewVerification(parts, { id: accepted.id, decision: 'accepted', reason })
  const dir = await mkdtemp(join(tmpdir(), 'portal-dump-'))
  await exportResident(parts, {
    accountId: account.id,
    file: join(dir, 'resident.zip'),
    sign: async () => 'signed',
  })
  await rm(dir, { recursive: true })
  return account.id
}

test('a dump of every table after a whole story names nobody, and after an erasure its rows open nothing', async () => {
  const { db, parts, config } = portal
  const accountId = await live()
  const tables = await dump()
  expect(tables.get('public.account')).toContain(accountId)
  const found = PERSONAL.flatMap((word) =>
    placesOf(word, tables).map((table) => `${table}: ${word}`),
  )
  expect(found).toEqual([])

  const [account] = await db<{ detailsSealed: Buffer }[]>`
    select details_sealed from account where id = ${accountId}`
  const documents = await db<
    { verificationId: string; attemptId: string; findingsSealed: Buffer }[]
  >`
    select verification_id, attempt_id, findings_sealed from attempt_document`
  const reasons = await db<{ reasonDigest: string; reasonSealed: Buffer }[]>`
    select reason_digest, reason_sealed from operator_review`
  const copies = [
    {
      place: { table: 'account', column: 'details_sealed', row: accountId },
      sealed: account?.detailsSealed ?? Buffer.alloc(0),
    },
    ...documents.map(({ verificationId, attemptId, findingsSealed }) => ({
      place: {
        table: 'attempt_document',
        column: 'findings_sealed',
        row: `${verificationId} ${attemptId}`,
      },
      sealed: findingsSealed,
    })),
    ...reasons.map(({ reasonDigest, reasonSealed }) => ({
      place: { table: 'operator_review', column: 'reason_sealed', row: reasonDigest },
      sealed: reasonSealed,
    })),
  ]
  expect([documents.length, reasons.length]).toEqual([2, 1])
  const openAnew = () => createVault(db, createLocalKeyService(parts.sealer))
  for (const { place, sealed } of copies)
    expect((await openAnew().open(db, place, sealed)).toString()).toMatch(/illeda|Mejia/)
  const jobs = await createJobs(config.database.url, parts.log)
  await eraseResident({ db, jobs }, accountId)
  await jobs.stop()
  for (const { place, sealed } of copies)
    await expect(openAnew().open(db, place, sealed)).rejects.toThrow('destroyed')
})

test('the search finds a word in each encoding', () => {
  const word = 'villeda'
  for (const [name, text] of [
    ['text', 'x villeda y'],
    ['hex', `\\x00${Buffer.from(word).toString('hex')}`],
    ...[0, 1, 2, 3].map((pad) => [
      `base64 ${pad}`,
      Buffer.from(`${'.'.repeat(pad)}${word}, ANA`).toString('base64'),
    ]),
  ] as [string, string][])
    expect(placesOf(word, new Map([[name, text]]))).toEqual([name])
  expect(placesOf(word, new Map([['other', 'vill eda']]))).toEqual([])
})
