import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAccount, findAccount } from '../../src/accounts/accounts.ts'
import { announceVerification } from '../../src/events/events.ts'
import { setStream } from '../../src/events/streams.ts'
import { explainEntries } from '../../src/id-verification/reasons.ts'
import { eraseVerification } from '../../src/id-verification/retention.ts'
import { announceExpiredDocuments, reviewVerification } from '../../src/id-verification/review.ts'
import { createVerification, setVendorSession } from '../../src/id-verification/store.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { listEntries } from '../../src/ledger/entries.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { OperatorError } from '../../src/platform/errors.ts'
import { createJobs } from '../../src/platform/jobs.ts'
import { setPolicy } from '../../src/platform/policies.ts'
import { createApplication } from '../support/application.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'
import { findDeliveryOf, loadPerson } from '../support/verifications.ts'

const API_KEY = randomUUID()
const SECRET = randomUUID()
const PATH = '/api/v1/me/natural-person/id-verification'
const ANA = { firstName: 'ANA', lastName: 'MEJIA', dateOfBirth: '1990-04-12' }
const JOHN = { firstName: 'JOHN', lastName: 'SMITH', dateOfBirth: '1970-01-01' }
const PASSPORT = { type: 'PASSPORT', number: 'E123456', country: 'HN', validUntil: '2031-05-01' }

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal({ worker: true, outboundAllow: ['127.0.0.1/32'] })
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'veriff',
    // Nobody listens there: the decision counts, its images are not there yet.
    baseUrl: 'http://127.0.0.1:9',
    apiKey: API_KEY,
    secret: SECRET,
  })
})
afterAll(() => portal.close())

type Resident = Awaited<ReturnType<typeof addResident>>

/** A session of this resident's, and Veriff's signed approvals of it. */
async function start(resident: Resident) {
  const sessionId = randomUUID()
  const id = await createVerification(portal.db, {
    tenant: 'default',
    whose: { accountId: resident.id },
    vendor: 'veriff',
    integration: 'default',
    stateSha256: randomBytes(32),
  })
  if (id === undefined) throw new Error('the verification was not created')
  await setVendorSession(portal.db, id, { sessionId, checkAfterSeconds: 600 })
  return {
    id,
    async approve(person: object, document: object = PASSPORT, attemptId = 'attempt-1') {
      const body = JSON.stringify({
        status: 'success',
        verification: {
          id: sessionId,
          attemptId,
          vendorData: id,
          status: 'approved',
          decisionTime: new Date().toISOString(),
          person,
          document,
        },
      })
      const response = await fetch(`${portal.url}/webhooks/veriff`, {
        method: 'POST',
        body,
        headers: {
          'x-auth-client': API_KEY,
          'x-hmac-signature': createHmac('sha256', SECRET).update(body).digest('hex'),
        },
      })
      expect(response.status).toBe(200)
      await eventually(async () => {
        return (await findDeliveryOf(portal.parts, body))?.state === 'applied'
      })
      return body
    },
  }
}

/** An application that this resident has allowed everything, and what it is given. */
async function connect(resident: Resident) {
  const client = await addClient(portal.parts, {
    scope: `${ALL_SCOPES} eprospera:person.details.read`,
  })
  const application = await createApplication(portal.issuer, client)
  const tokens = await application.obtainTokens(
    `${ALL_SCOPES} eprospera:person.details.read`,
    resident.email,
    createUserAgent(),
    {
      claims: JSON.stringify({
        userinfo: {
          verified_claims: {
            verification: {
              trust_framework: null,
              evidence: [{ type: { value: 'document' }, document_details: null }],
            },
            claims: { given_name: null, family_name: null, birthdate: null },
          },
        },
      }),
    },
  )
  const call = async (path: string) =>
    await (
      await fetch(`${portal.url}${path}`, {
        headers: { Authorization: `Bearer ${tokens.access_token}` },
      })
    ).json()
  return {
    clientId: client.client_id,
    shown: async (): Promise<string | null> => (await call(PATH)).id,
    attested: async () => (await call('/api/oauth/userinfo')).verified_claims,
  }
}

async function home(resident: Resident) {
  const browser = createUserAgent()
  const signIn = await browser.open(`${portal.issuer}/`)
  await browser.submit(signIn, 'login', { email: resident.email, password: PASSWORD })
  return { browser, open: () => browser.open(`${portal.issuer}/`) }
}

describe('a document of another person', () => {
  test('is shown to no application, and waits for the operator', async () => {
    const resident = await addResident(portal.parts)
    const bank = await connect(resident)
    const session = await start(resident)
    await session.approve(JOHN)
    expect(await bank.shown()).toBeNull()
    expect(await bank.attested()).toBeUndefined()
    const [row] = await portal.db`
      select status, match, match_differences from verification where id = ${session.id}`
    expect(row).toMatchObject({ status: 'approved', match: 'mismatch', matchDifferences: ['name'] })
  })

  test('does not replace an earlier one of the right person', async () => {
    const resident = await addResident(portal.parts)
    const bank = await connect(resident)
    const right = await start(resident)
    await right.approve(ANA)
    const wrong = await start(resident)
    await wrong.approve(JOHN)
    expect(await bank.shown()).toBe(right.id)
  })

  test('counts when the operator accepts it, is in the ledger, and attests what the document says', async () => {
    const resident = await addResident(portal.parts)
    const bank = await connect(resident)
    const session = await start(resident)
    await session.approve(JOHN)
    await reviewVerification(portal.parts, {
      id: session.id,
      decision: 'accepted',
      reason: 'married name, certificate seen',
    })
    expect(await bank.shown()).toBe(session.id)
    expect((await bank.attested()).claims).toEqual({
      given_name: 'JOHN',
      family_name: 'SMITH',
      birthdate: '1970-01-01',
    })
    const entries = await listEntries(portal.db, resident.id)
    expect(entries).toContainEqual(
      expect.objectContaining({ kind: 'review', verificationId: session.id }),
    )
  })

  test('keeps the operator’s reason out of the ledger, shows it to the resident, and erases it', async () => {
    const resident = await addResident(portal.parts)
    const session = await start(resident)
    await session.approve(JOHN)
    const reason = `John Smith of passport ${randomUUID()}: certificate seen`
    await reviewVerification(portal.parts, { id: session.id, decision: 'accepted', reason })
    const tables = ['ledger_entry', 'operator_review', 'operator_action', 'verification']
    const { browser } = await home(resident)
    const activity = async () => (await browser.open(`${portal.issuer}/activity`)).text
    expect(await activity()).toContain(
      ` accepted your document for this account. Reason: ${reason}.`,
    )
    for (const name of tables)
      for (const { text } of await portal.db`select t::text as text from ${portal.db(name)} t`) {
        expect(text).not.toContain('certificate seen')
        expect(text).not.toContain(Buffer.from('certificate seen').toString('hex'))
      }
    // Somebody who can write the table puts another reason in the place of this one.
    const [kept] = await portal.db<{ reasonSealed: Buffer; reasonDigest: string }[]>`
      select reason_sealed, reason_digest from operator_review where verification_id = ${session.id}`
    const digest = kept?.reasonDigest ?? ''
    const place = {
      table: 'operator_review',
      column: 'reason_sealed',
      row: digest,
    }
    const forged = await portal.parts.vault.seal(
      portal.db,
      { accountId: resident.id },
      place,
      Buffer.concat([randomBytes(32), Buffer.from('another reason')]),
    )
    const store = (sealed: Buffer) =>
      portal.db`update operator_review set reason_sealed = ${sealed} where reason_digest = ${digest}`
    await store(forged)
    await expect(
      explainEntries(portal.db, portal.parts.vault, await listEntries(portal.db, resident.id)),
    ).rejects.toThrow('does not match its digest')
    await store(kept?.reasonSealed ?? Buffer.alloc(0))

    const jobs = await createJobs(portal.config.database.url, portal.parts.log)
    await eraseVerification({ db: portal.db, jobs }, session.id, 'operator')
    await jobs.stop()
    expect(await portal.db`select from operator_review where reason_digest = ${digest}`).toEqual([])
    expect(await activity()).toContain(
      ' accepted your document for this account. The reason was erased.',
    )
  })

  test('shows a reason of an earlier version, which stands in the ledger', async () => {
    const resident = await addResident(portal.parts)
    await portal.db`
      insert into ledger_entry (kind, account_id, result)
      values ('review', ${resident.id}, 'rejected: another person')`
    const { browser } = await home(resident)
    expect((await browser.open(`${portal.issuer}/activity`)).text).toContain(
      ' did not accept your document for this account. Reason: another person.',
    )
  })

  test('never counts when the operator rejects it, and the resident reads why', async () => {
    const resident = await addResident(portal.parts)
    const bank = await connect(resident)
    const session = await start(resident)
    await session.approve(JOHN)
    const { open } = await home(resident)
    expect((await open()).text).toContain(
      'The name on the document is different from the name of your account.',
    )
    await reviewVerification(portal.parts, {
      id: session.id,
      decision: 'rejected',
      reason: 'other',
    })
    expect(await bank.shown()).toBeNull()
    expect((await open()).text).toContain('do not accept it')
  })

  test('the operator decided on one attempt: the next one is compared anew', async () => {
    const resident = await addResident(portal.parts)
    const bank = await connect(resident)
    const session = await start(resident)
    await session.approve(JOHN)
    await reviewVerification(portal.parts, { id: session.id, decision: 'accepted', reason: 'seen' })
    await session.approve({ ...JOHN, lastName: 'JONES' }, PASSPORT, 'attempt-2')
    expect(await bank.shown()).toBeNull()
  })

  test('takes back an approval when the same attempt turns out to be somebody else', async () => {
    const resident = await addResident(portal.parts)
    const bank = await connect(resident)
    const session = await start(resident)
    await session.approve(ANA)
    expect(await bank.shown()).toBe(session.id)
    await session.approve(JOHN)
    expect(await bank.shown()).toBeNull()
  })

  test('an approval without a name is not taken for a match', async () => {
    const resident = await addResident(portal.parts)
    const bank = await connect(resident)
    const session = await start(resident)
    await session.approve({}, { type: 'PASSPORT' })
    expect(await bank.shown()).toBeNull()
  })
})

describe('approved before documents were compared', () => {
  /** As the migration left it: announced, not compared, and the vendor is asked for what its document says. */
  async function announcedBefore() {
    const resident = await addResident(portal.parts)
    const { clientId, shown } = await connect(resident)
    await setStream(portal.db, portal.parts.sealer, { clientId, delivery: 'poll' })
    const { id, approve } = await start(resident)
    await approve(ANA)
    const announce = () => portal.db.begin((sql) => announceVerification(sql, resident.id))
    const kinds = async () => {
      const rows = await portal.db<{ kind: string }[]>`
        select kind from event where client_id = ${clientId} order by occurred_at`
      return rows.map(({ kind }) => kind)
    }
    expect(await kinds()).toEqual(['verification.approved'])
    await portal.db`delete from attempt_document where verification_id = ${id}`
    await portal.db`
      update verification set match = null, match_differences = '{}' where id = ${id}`
    expect(await shown()).toBe(null)
    await announce()
    await announce()
    return { resident, id, approve, announce, kinds, shown }
  }

  test('nothing is said while it waits, and its end once, when the document is not theirs', async () => {
    const { approve, announce, kinds } = await announcedBefore()
    expect(await kinds()).toEqual(['verification.approved'])
    await approve(JOHN)
    await announce()
    expect(await kinds()).toEqual(['verification.approved', 'verification.withdrawn'])
  })

  test('nothing is said at all when the document fits: it was announced, and counts again', async () => {
    const { id, approve, announce, kinds, shown } = await announcedBefore()
    await approve({ ...ANA, lastName: 'Mejia' })
    await announce()
    expect(await shown()).toBe(id)
    expect(await kinds()).toEqual(['verification.approved'])
  })

  test('an operator who rejects it does not wait for the vendor', async () => {
    const { id, kinds } = await announcedBefore()
    await reviewVerification(portal.parts, { id, decision: 'rejected', reason: 'forged' })
    expect(await kinds()).toEqual(['verification.approved', 'verification.withdrawn'])
  })

  test('another one that counts is announced in its place', async () => {
    const { resident, kinds } = await announcedBefore()
    await (await start(resident)).approve(ANA)
    expect(await kinds()).toEqual(['verification.approved', 'verification.replaced'])
  })
})

test('the registry says another birth date: it counts no more, and does again when that is corrected', async () => {
  const resident = await addResident(portal.parts)
  const bank = await connect(resident)
  const session = await start(resident)
  await session.approve(ANA)
  await loadPerson(portal.parts, resident.id, { dateOfBirth: '1990-04-13' })
  expect(await bank.shown()).toBeNull()
  await loadPerson(portal.parts, resident.id, { dateOfBirth: '1990-04-12' })
  expect(await bank.shown()).toBe(session.id)
})

test('the registry corrects the name: what waited counts', async () => {
  const resident = await addResident(portal.parts)
  const bank = await connect(resident)
  const session = await start(resident)
  await session.approve({ ...ANA, lastName: 'LOPEZ' })
  expect(await bank.shown()).toBeNull()
  await loadPerson(portal.parts, resident.id, { surname: 'Lopez' })
  expect(await bank.shown()).toBe(session.id)
})

test('verified claims attest the document, not the account: what the vendor did not read is left out', async () => {
  const resident = await addResident(portal.parts)
  await loadPerson(portal.parts, resident.id, { dateOfBirth: '1990-04-12' })
  const bank = await connect(resident)
  const session = await start(resident)
  await session.approve({ firstName: 'ANA MARIA', lastName: 'MEJIA' })
  expect((await bank.attested()).claims).toEqual({ given_name: 'ANA MARIA', family_name: 'MEJIA' })
})

test("residents' own words are no reference: the document's name replaces theirs when they confirm it", async () => {
  const resident = await createAccount(portal.parts, {
    email: `${randomUUID()}@example.test`,
    givenName: 'Annie',
    surname: 'M',
    nameSource: 'resident',
    password: PASSWORD,
  })
  const { id } = resident
  const bank = await connect(resident)
  const session = await start(resident)
  await session.approve(ANA)
  expect(await bank.shown()).toBe(session.id)
  const { browser, open } = await home(resident)
  expect((await open()).text).toContain('ANA MEJIA')
  await browser.submit(await open(), 'adopt')
  expect(await findAccount(portal.db, portal.parts.vault, id)).toMatchObject({
    givenName: 'ANA',
    surname: 'MEJIA',
    nameSource: 'document',
  })
  // From now on another person's document does not fit.
  const other = await start(resident)
  await other.approve(JOHN)
  expect(await bank.shown()).toBe(session.id)
})

test("residents' own words are no reference, the registry's birth date is", async () => {
  const { id, email } = await createAccount(portal.parts, {
    email: `${randomUUID()}@example.test`,
    givenName: 'Annie',
    surname: 'M',
    nameSource: 'resident',
    password: PASSWORD,
  })
  const resident = { id, email } as Resident
  const bank = await connect(resident)
  await loadPerson(portal.parts, id, { dateOfBirth: '1990-04-12' })
  await (await start(resident)).approve(JOHN)
  expect(await bank.shown()).toBeNull()
  const right = await start(resident)
  await right.approve(ANA)
  expect(await bank.shown()).toBe(right.id)
})

describe('an expired document', () => {
  const EXPIRED = { ...PASSPORT, validUntil: '2020-05-01' }

  test('is said to the resident, in verified claims and by an event, once', async () => {
    const resident = await addResident(portal.parts)
    const bank = await connect(resident)
    await portal.db.begin((sql) =>
      setStream(sql, portal.parts.sealer, { clientId: bank.clientId, delivery: 'poll' }),
    )
    const session = await start(resident)
    await session.approve(ANA, PASSPORT)
    // The day has come.
    await portal.db`
      update verification set document_expires_on = '2020-05-01' where id = ${session.id}`
    await announceExpiredDocuments(portal.db)
    await announceExpiredDocuments(portal.db)
    const events = await portal.db`
      select kind from event where client_id = ${bank.clientId} order by occurred_at`
    expect(events.map(({ kind }) => kind)).toEqual([
      'verification.approved',
      'verification.document-expired',
    ])
    expect(await bank.shown()).toBe(session.id)
    const { open } = await home(resident)
    expect((await open()).text).toContain('Document expired')
  })

  test('its date stands in the evidence, whoever asks for the document', async () => {
    const resident = await addResident(portal.parts)
    const bank = await connect(resident)
    await (await start(resident)).approve(ANA, EXPIRED)
    const { evidence } = (await bank.attested()).verification
    expect(evidence[0].document_details).toMatchObject({ date_of_expiry: '2020-05-01' })
  })

  test('does not count while the operator refuses expired documents', async () => {
    const resident = await addResident(portal.parts)
    const bank = await connect(resident)
    const session = await start(resident)
    await session.approve(ANA, EXPIRED)
    expect(await bank.shown()).toBe(session.id)
    await setPolicy(portal.db, 'expired-documents', 'refuse')
    try {
      expect(await bank.shown()).toBeNull()
    } finally {
      await setPolicy(portal.db, 'expired-documents', 'count')
    }
    expect(await bank.shown()).toBe(session.id)
  })
})

test('what was read from a document is sealed: the tables hold no name, date or number of it', async () => {
  const resident = await addResident(portal.parts)
  await (await start(resident)).approve({ ...ANA, lastName: 'MEJIA XIBALBA' })
  const rows = await portal.db`
    select row_to_json(attempt_document)::text as text from attempt_document
    union all select row_to_json(verification)::text from verification
    union all select row_to_json(decision)::text from decision`
  const hex = Buffer.from('XIBALBA').toString('hex')
  for (const { text } of rows) {
    expect(text).not.toContain('XIBALBA')
    expect(text).not.toContain(hex)
  }
  expect(portal.logged()).not.toContain('XIBALBA')
})

test('there is nothing to review on what is not approved', async () => {
  const resident = await addResident(portal.parts)
  const { id } = await start(resident)
  const review = { id, decision: 'accepted', reason: 'none' } as const
  await expect(reviewVerification(portal.parts, review)).rejects.toThrow(OperatorError)
  expect(await reviewVerification(portal.parts, { ...review, id: randomUUID() })).toBe(false)
})
