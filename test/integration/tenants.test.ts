import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { readCommand } from '../../src/cli/commands.ts'
import { setStream } from '../../src/events/streams.ts'
import { recordFindings } from '../../src/id-verification/findings.ts'
import { eraseResident, eraseVerification } from '../../src/id-verification/retention.ts'
import { listVerifications } from '../../src/id-verification/store.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { listEntries } from '../../src/ledger/entries.ts'
import { urlOf } from '../../src/local/embedded/postgres.ts'
import type { Person } from '../../src/local/sandbox/specimen.ts'
import { createUserAgent, type Page, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { startVeriffSandbox } from '../../src/local/sandbox/veriff.ts'
import type { VeriffSandbox } from '../../src/local/sandbox/veriff-control.ts'
import { openDb } from '../../src/platform/db.ts'
import { createJobs, type Jobs } from '../../src/platform/jobs.ts'
import { createApplication } from '../support/application.ts'
import { openBackOffice } from '../support/back-office.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  DOCUMENT,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

const DOC = '/api/v1/me/natural-person/id-verification'
const IDV = '/api/v1/idv/verifications'
const SUBJECTS = '/api/v1/idv/subjects'
const CALLBACK = 'https://acme.example/linked'

// A real vendor's round, and pages, for each.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 })

let portal: TestPortal
let other: Awaited<ReturnType<TestPortal['startOther']>>
let jobs: Jobs
let sandbox: VeriffSandbox
let acme: string
let rival: string
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  jobs = await createJobs(portal.config.database.url, portal.parts.log)
  const [apiKey, sharedSecret] = [randomUUID(), randomUUID()]
  sandbox = await startVeriffSandbox({
    port: 0,
    apiKey,
    sharedSecret,
    person: DOCUMENT,
    retryDelaysInMs: [50, 100, 200, 400, 800, 1600],
    webhookUrl: `${portal.url}/webhooks/veriff/acme`,
  })
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'veriff',
    name: 'acme',
    tenant: 'acme',
    baseUrl: sandbox.url,
    apiKey,
    secret: sharedSecret,
  })
  acme = await serviceToken('acme')
  rival = await serviceToken('rival')
  await run('tenant', 'set', 'acme', '--display-name', 'Acme Brokers')
  other = await portal.startOther()
})
beforeEach(() => makeTrusted(false))
afterAll(async () => {
  await other.close()
  await sandbox.close()
  await jobs.stop()
  await portal.close()
})

const run = async <T>(...words: string[]) =>
  (await readCommand(words).run({ ...portal.parts, issuer: portal.issuer })) as T
/** As the operator says it. */
const trust = (trusted: 'yes' | 'no') => run('tenant', 'set', 'acme', '--trusted', trusted)
/** The state alone, where nothing depends on how it came about. */
const makeTrusted = async (isTrusted = true) => {
  await portal.db`update tenant set is_trusted = ${isTrusted} where name = 'acme'`
}

const serviceToken = async (tenant: string) => (await openBackOffice(portal, { tenant })).token

type Body = Record<string, unknown>
async function call(
  path: string,
  token: string,
  { json, method, url = portal.url }: { json?: unknown; method?: string; url?: string } = {},
) {
  const answer = await fetch(`${url}${path}`, {
    method: method ?? (json === undefined ? 'GET' : 'POST'),
    body: json === undefined ? null : JSON.stringify(json),
    headers: {
      Authorization: `Bearer ${token}`,
      ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
  })
  const text = await answer.text()
  const names = [...answer.headers]
    .map(([name]) => name)
    .filter((name) => !['date', 'x-request-id'].includes(name))
  const body = (text.startsWith('{') ? JSON.parse(text) : {}) as Body
  return { status: answer.status, text, names, body }
}

/** A resident of whom no registry has a name: any document fits. */
async function newResident({ name = 'resident' } = {}) {
  const resident = await addResident(portal.parts)
  await portal.db`update account set name_source = ${name} where id = ${resident.id}`
  return resident
}

/** An application that the resident allowed to see documents, and what it sees and is told. */
async function watch(email: string) {
  const client = await addClient(portal.parts)
  const stream = await setStream(portal.db, portal.parts.sealer, {
    clientId: client.client_id,
    delivery: 'poll',
  })
  const application = await createApplication(portal.issuer, client)
  const { access_token: token } = await application.obtainTokens(ALL_SCOPES, email)
  return {
    clientId: client.client_id,
    /** The id of the verification that it reads now, on this process and on another one. */
    async sees() {
      const ids = await Promise.all(
        [portal.url, other.url].map(async (url) => (await call(DOC, token, { url })).body.id),
      )
      expect(ids[0]).toBe(ids[1])
      return ids[0]
    },
    async kinds() {
      const rows = await portal.db<{ kind: string }[]>`
        select kind from event where client_id = ${client.client_id} order by occurred_at`
      return rows.map(({ kind }) => kind)
    },
    eventsToken: stream?.events_token ?? '',
  }
}

/** A finished session of one of acme's subjects. */
async function verified(
  externalId: string = randomUUID(),
  decision: 'approved' | 'declined' = 'approved',
  person: Partial<Person> = {},
) {
  const { status, body } = await call(IDV, acme, {
    json: { vendor: 'veriff', integration: 'acme', externalId },
  })
  expect(status).toBe(201)
  const id = String(body.id)
  const [row] = await portal.db<{ vendorSessionId: string }[]>`
    select vendor_session_id from verification where id = ${id}`
  const sessionId = row?.vendorSessionId ?? ''
  await sandbox.complete(sessionId, decision, { person })
  await eventually(async () => {
    const [now] = await portal.db`select status from verification where id = ${id}`
    return now?.status === decision
  })
  return { id, sessionId, subjectId: String(body.subjectId), externalId }
}

async function signIn(email: string): Promise<UserAgent> {
  const browser = createUserAgent()
  await browser.submit(await browser.open(`${portal.url}/`), 'login', { email, password: PASSWORD })
  return browser
}

const requestLink = async (subjectId: string, json: object = {}) =>
  here((await call(`${SUBJECTS}/${subjectId}/link`, acme, { json })).body.url)
const here = (url: unknown) => String(url).replace(portal.issuer, portal.url)

async function link(email: string, subjectId: string): Promise<{ browser: UserAgent; page: Page }> {
  const browser = await signIn(email)
  const page = await browser.submit(await browser.open(await requestLink(subjectId)), 'link')
  return { browser, page }
}

describe("a tenant's verification belongs to its own subject", () => {
  test('a tenant that names a resident learns nothing and replaces nothing', async () => {
    await makeTrusted()
    const resident = await newResident()
    const { sees } = await watch(resident.email)
    const start = (subjectId: string) =>
      call(IDV, acme, { json: { vendor: 'veriff', integration: 'acme', subjectId } })
    const [named, guessed] = await Promise.all([start(resident.id), start(randomUUID())])
    expect([named.status, named.text, named.names]).toEqual([
      guessed.status,
      guessed.text,
      guessed.names,
    ])
    expect(named.body).toEqual({
      code: 'NOT_FOUND',
      error: 'There is no such subject.',
      details: { field: 'subjectId' },
    })
    // As an id of the tenant's own it means nothing here.
    const { id, subjectId } = await verified(resident.id)
    expect(subjectId).not.toBe(resident.id)
    expect(await sees()).toBe(null)
    const [row] = await portal.db`select account_id from verification where id = ${id}`
    expect(row?.accountId).toBe(null)
  })

  test('the subject is created at first use, found by either id, and no other tenant has it', async () => {
    const externalId = `Kunde №4711 ${randomUUID()}`
    const first = await verified(externalId, 'declined')
    const again = await call(IDV, acme, {
      json: { vendor: 'veriff', integration: 'acme', subjectId: first.subjectId },
    })
    expect(again.body).toMatchObject({ subjectId: first.subjectId, externalId })
    const byId = await call(`${SUBJECTS}/${first.subjectId}/verifications`, acme)
    expect((byId.body.verifications as Body[]).map(({ id }) => id)).toEqual([
      again.body.id,
      first.id,
    ])
    const found = await call(`${SUBJECTS}?externalId=${encodeURIComponent(externalId)}`, acme)
    expect(found.body).toEqual({
      subjects: [{ id: first.subjectId, externalId, linked: false, createdAt: expect.any(String) }],
    })
    const theirs = await call(`${SUBJECTS}?externalId=${encodeURIComponent(externalId)}`, rival)
    expect(theirs.body).toEqual({ subjects: [] })
    for (const [path, init] of [
      ['', {}],
      ['', { method: 'DELETE' }],
      ['/link', { json: {} }],
      ['/verifications', {}],
    ] as const) {
      const [foreign, nothing] = await Promise.all([
        call(`${SUBJECTS}/${first.subjectId}${path}`, rival, init),
        call(`${SUBJECTS}/${randomUUID()}${path}`, rival, init),
      ])
      expect([foreign.status, foreign.text]).toEqual([nothing.status, nothing.text])
    }
    // Without a subject of its own, the rival gets as far as anybody: its own integration is missing.
    const json = { vendor: 'veriff', integration: 'acme', externalId }
    expect((await call(IDV, rival, { json })).body.details).toEqual({
      field: 'vendor',
      constraint: 'invalid',
    })
    const [count] = await portal.db`
      select count(*)::int from subject where external_id = ${externalId}`
    expect(count?.count).toBe(1)
  })

  test('a list of subjects leaves a ledger row for each resident in it, or one of nobody', async () => {
    const tenant = `office-${randomUUID().slice(0, 8)}`
    const token = await serviceToken(tenant)
    const residents = [await newResident(), await newResident()].map(({ id }) => id)
    const rowsOf = async (query = '') => {
      const [last] = await portal.db<{ id: string }[]>`
        select coalesce(max(id), 0)::text as id from ledger_entry`
      expect((await call(`${SUBJECTS}${query}`, token)).status).toBe(200)
      const rows = await portal.db<{ accountId: string | null; requestId: string }[]>`
        select account_id, request_id from ledger_entry
        where id > ${last?.id ?? '0'} and kind = 'tenant-look' and result = 'subjects'`
      expect(new Set(rows.map(({ requestId }) => requestId)).size).toBe(Math.min(rows.length, 1))
      return rows.map(({ accountId }) => accountId)
    }
    expect(await rowsOf()).toEqual([])
    await portal.db`insert into subject (tenant, external_id) values (${tenant}, 'unlinked')`
    expect(await rowsOf()).toEqual([null])
    for (const id of residents)
      await portal.db`
        insert into subject (tenant, external_id, account_id, linked_at)
        values (${tenant}, ${`of ${id}`}, ${id}, now())`
    expect((await rowsOf()).sort()).toEqual(residents.toSorted())
    expect(await rowsOf('?externalId=unlinked')).toEqual([null])
    expect(await rowsOf('?externalId=unknown')).toEqual([])
  })

  test.each([
    ['none', {}, { field: 'externalId', constraint: 'required' }],
    ['an empty one', { externalId: '' }, { field: 'externalId' }],
    ['a line break', { externalId: 'a\nb' }, { field: 'externalId' }],
    ['a direction override', { externalId: 'a\u202eb' }, { field: 'externalId' }],
    ['256 characters', { externalId: 'x'.repeat(256) }, { field: 'externalId' }],
    ['both', { externalId: 'x', subjectId: randomUUID() }, { field: 'subjectId' }],
    ['no id', { subjectId: 'x' }, { field: 'subjectId' }],
  ])('a session with %s for a subject is refused by field', async (_what, given, details) => {
    const { status, body } = await call(IDV, acme, { json: { vendor: 'veriff', ...given } })
    expect([status, body.code]).toEqual([400, 'VALIDATION_ERROR'])
    expect(body.details).toMatchObject(details)
  })

  test('the result attests what the document said, and an expired document as expired', async () => {
    const resident = await newResident()
    const { id, subjectId } = await verified()
    await link(resident.email, subjectId)
    const [row] = await portal.db<{ attemptId: string }[]>`
      select attempt_id from verification where id = ${id}`
    const findings = {
      givenName: 'JOHN',
      surname: 'SMITH',
      fullName: undefined,
      dateOfBirth: '1970-01-01',
      nationality: 'UTO',
      documentType: 'passport',
      country: 'UTO',
      number: 'E00000017',
      issuedOn: undefined,
      expiresOn: '2020-05-01',
    } as const
    await recordFindings(
      portal.db,
      portal.parts.vault,
      { id, accountId: null, subjectId },
      {
        attemptId: row?.attemptId ?? '',
        status: 'approved',
        decidedAt: new Date(),
        documentType: 'passport',
        reason: undefined,
        findings,
      },
    )
    const { body, text } = await call(`${IDV}/${id}/result`, acme)
    expect(body).toMatchObject({
      person: {
        given_name: 'JOHN',
        surname: 'SMITH',
        full_name: 'JOHN SMITH',
        date_of_birth: '1970-01-01',
      },
      document: {
        type: 'passport',
        country: 'UTO',
        number: 'E00000017',
        issue_date: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/),
        expiration_date: '2020-05-01',
        expired: true,
      },
    })
    for (const word of [resident.givenName, resident.surname, resident.email, resident.id])
      expect(text).not.toContain(word)
  })
})

describe('what a tenant verified counts for a resident', () => {
  test('only while it is linked and the tenant is trusted, at the next request on every process', async () => {
    const resident = await newResident()
    const { sees, kinds } = await watch(resident.email)
    const { id, subjectId } = await verified()
    expect(await sees()).toBe(null)
    await trust('yes')
    expect(await sees()).toBe(null)
    const { browser } = await link(resident.email, subjectId)
    expect(await sees()).toBe(id)
    await trust('no')
    expect(await sees()).toBe(null)
    await eventually(async () => (await kinds()).includes('verification.withdrawn'))
    await trust('yes')
    expect(await sees()).toBe(id)
    await eventually(
      async () => (await kinds()).filter((kind) => kind === 'verification.approved').length === 2,
    )
    await browser.submit(await browser.open(`${portal.url}/links`), 'end')
    expect(await sees()).toBe(null)
    expect((await kinds()).at(-1)).toBe('verification.withdrawn')
    expect(await listVerifications(portal.db, resident.id)).toEqual([])
  })

  test('a document that does not fit the account does not count, and the resident reads why', async () => {
    await makeTrusted()
    const resident = await newResident({ name: 'registry' })
    const { sees } = await watch(resident.email)
    const { id, subjectId } = await verified(randomUUID(), 'approved', {
      givenName: 'Zbigniew',
      surname: 'Quux',
    })
    const { page } = await link(resident.email, subjectId)
    expect(page.text).toContain('does not match your account')
    expect(page.text).toContain('It does not count.')
    expect(await sees()).toBe(null)
    const [row] = await portal.db`select match, account_id from verification where id = ${id}`
    expect(row).toEqual({ match: 'mismatch', accountId: resident.id })
    // The document may be somebody else's: whoever holds the link is not shown it.
    await eventually(async () => {
      const [now] = await portal.db`select images_complete from verification where id = ${id}`
      return now?.imagesComplete
    })
    const [listed] = await listVerifications(portal.db, resident.id)
    expect(listed?.images).toEqual([])
  })

  test('a manual review of the tenant counts within the same rule', async () => {
    const resident = await newResident()
    const { sees } = await watch(resident.email)
    const { id, subjectId } = await verified(randomUUID(), 'declined')
    await link(resident.email, subjectId)
    const reviewed = await call(`${IDV}/${id}/review`, acme, { json: { decision: 'approve' } })
    expect(reviewed.body.status).toBe('approved')
    expect(await sees()).toBe(null)
    await makeTrusted()
    expect(await sees()).toBe(id)
  })

  test('what an operator rejected stays rejected when its subject is linked again, by anybody; an acceptance ends with its link', async () => {
    await makeTrusted()
    const review = (id: string, word: '--accept' | '--reject') =>
      run('verification', 'review', id, word, '--reason', 'seen by the operator')
    const stateOf = async (id: string) => {
      const [row] = await portal.db`
        select account_id, match, match_review, match_reviewed_at is not null as is_reviewed
        from verification where id = ${id}`
      return row
    }
    const unlinked = { accountId: null, match: null }
    const [first, second] = [await newResident(), await newResident()]
    const { id, subjectId } = await verified()
    const { browser } = await link(first.email, subjectId)
    await review(id, '--reject')
    await browser.submit(await browser.open(`${portal.url}/links`), 'end')
    const rejected = { matchReview: 'rejected', isReviewed: true }
    expect(await stateOf(id)).toEqual({ ...unlinked, ...rejected })
    for (const resident of [first, second]) {
      const { sees, kinds } = await watch(resident.email)
      const again = await link(resident.email, subjectId)
      expect(await stateOf(id)).toMatchObject({ accountId: resident.id, match: 'no-reference' })
      expect(await stateOf(id)).toMatchObject(rejected)
      expect([await sees(), await kinds()]).toEqual([null, []])
      await again.browser.submit(await again.browser.open(`${portal.url}/links`), 'end')
    }

    await link(first.email, subjectId)
    await review(id, '--accept')
    expect(await (await watch(first.email)).sees()).toBe(id)
    await browser.submit(await browser.open(`${portal.url}/links`), 'end')
    expect(await stateOf(id)).toEqual({ ...unlinked, matchReview: null, isReviewed: false })
  })

  test('a session that starts after the link counts too', async () => {
    await makeTrusted()
    const resident = await newResident()
    const { sees } = await watch(resident.email)
    const { subjectId, externalId } = await verified(randomUUID(), 'declined')
    await link(resident.email, subjectId)
    const { id } = await verified(externalId)
    expect(await sees()).toBe(id)
  })

  test('an operator cannot start a session by the integration of a tenant that is not trusted', async () => {
    const resident = await newResident()
    const start = () =>
      run(
        ...['verification', 'start', '--vendor', 'veriff', '--integration', 'acme'],
        ...['--resident', resident.id],
      )
    await expect(start()).rejects.toThrow('the tenant acme, which is not trusted')
    await makeTrusted()
    expect(await start()).toMatchObject({ vendor: 'veriff' })
  })
})

describe('a link', () => {
  test('is asked for by a page that names the tenant, after sign-in, and works once', async () => {
    const resident = await newResident()
    const { subjectId } = await verified(randomUUID(), 'declined')
    const answer = await call(`${SUBJECTS}/${subjectId}/link`, acme, {
      json: { callback_url: `${CALLBACK}?a=b`, state: 'of theirs' },
    })
    expect(answer.status).toBe(201)
    const expires = Date.parse(String(answer.body.expiresAt)) - Date.now()
    expect(Math.round(expires / 3600_000)).toBe(24)
    const url = here(answer.body.url)
    const token = url.split('/').at(-1) ?? ''
    expect(token).toMatch(/^[\w-]{43}$/)
    const browser = createUserAgent()
    const before = await browser.open(url)
    expect(before.text).toContain('Acme Brokers')
    const page = await browser.submit(await browser.open(`${portal.url}/`), 'login', {
      email: resident.email,
      password: PASSWORD,
    })
    expect(page.url).toBe(url)
    expect(page.text).toContain('Link Acme Brokers to your account?')
    expect(page.text).toContain('does not trust Acme Brokers')
    const done = await browser.submit(page, 'link')
    expect(done.url).toBe(`${portal.url}/links`)
    expect(done.text).toContain('Acme Brokers')
    expect(done.text).toContain(
      `${CALLBACK}?a=b&amp;subjectId=${subjectId}&amp;result=linked&amp;state=of+theirs`,
    )
    expect((await browser.open(url)).status).toBe(404)
    expect((await call(`${SUBJECTS}/${subjectId}`, acme)).body.linked).toBe(true)
    expect((await call(`${SUBJECTS}/${subjectId}/link`, acme, { json: {} })).status).toBe(409)
    expect(
      (await listEntries(portal.db, resident.id)).map(({ kind, result }) => [kind, result]),
    ).toContainEqual(['link', 'linked'])
    expect((await browser.open(`${portal.url}/activity`)).text).toContain(
      ' linked the record that acme has of you to your account.',
    )
    expect(portal.logged()).not.toContain(token)
    const [kept] =
      await portal.db`select count(*)::int from subject_link where position(${token} in return_url || return_state || encode(token_hash, 'escape')) > 0`
    expect(kept?.count).toBe(0)
  })

  test('that is declined links nothing, and the browser goes back', async () => {
    const resident = await newResident()
    const { subjectId } = await verified(randomUUID(), 'declined')
    const url = await requestLink(subjectId, { callback_url: CALLBACK, state: 's' })
    const browser = await signIn(resident.email)
    const back = await browser.submit(await browser.open(url), 'decline', {}, { leaveAt: CALLBACK })
    expect(back.url).toBe(`${CALLBACK}?subjectId=${subjectId}&result=declined&state=s`)
    expect((await browser.open(url)).status).toBe(404)
    expect((await call(`${SUBJECTS}/${subjectId}`, acme)).body.linked).toBe(false)
  })

  test('asks a resident who signed in a while ago to confirm; ending one never asks', async () => {
    const resident = await newResident()
    const { subjectId } = await verified(randomUUID(), 'declined')
    const makeOld = () => portal.db`
      update oidc_artifact set payload = payload ||
        jsonb_build_object('loginTs', extract(epoch from now())::bigint - 16 * 60)
      where kind = 'Session' and account_id = ${resident.id}`
    const browser = await signIn(resident.email)
    const page = await browser.open(await requestLink(subjectId))
    await makeOld()
    const asked = await browser.submit(page, 'link')
    expect(asked.text).toContain('Confirm that it is you')
    expect((await call(`${SUBJECTS}/${subjectId}`, acme)).body.linked).toBe(false)
    const linked = await browser.submit(asked, 'confirm', { password: PASSWORD })
    expect(linked.text).toContain('End the link')
    await makeOld()
    const ended = await browser.submit(linked, 'end')
    expect(ended.text).toContain('No organisation is linked')
    expect((await call(`${SUBJECTS}/${subjectId}`, acme)).body.linked).toBe(false)
  })

  test('of many at once one account gets the subject, and another one of the tenant is replaced', async () => {
    const people = await Promise.all([newResident(), newResident(), newResident()])
    const { subjectId } = await verified(randomUUID(), 'declined')
    const url = await requestLink(subjectId)
    const pages = await Promise.all(
      people.map(async ({ email }) => {
        const browser = await signIn(email)
        const page = await browser.open(url)
        return { browser, page }
      }),
    )
    const answers = await Promise.all(
      pages.map(({ browser, page }) => browser.submit(page, 'link')),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404])
    const winner = answers.findIndex(({ status }) => status === 200)
    const second = await verified(randomUUID(), 'declined')
    const browser = pages[winner]?.browser ?? createUserAgent()
    const page = await browser.open(await requestLink(second.subjectId))
    expect(page.text).toContain('you linked another record of Acme Brokers. This link replaces it.')
    await browser.submit(page, 'link')
    expect((await call(`${SUBJECTS}/${subjectId}`, acme)).body.linked).toBe(false)
    expect((await call(`${SUBJECTS}/${second.subjectId}`, acme)).body.linked).toBe(true)
  })

  test('is good for 24 hours, and a newer one replaces it', async () => {
    const { subjectId } = await verified(randomUUID(), 'declined')
    const first = await requestLink(subjectId)
    const second = await requestLink(subjectId)
    const browser = createUserAgent()
    expect((await browser.open(first)).status).toBe(404)
    expect((await browser.open(second)).status).toBe(200)
    await portal.db`update subject_link set expires_at = now() where subject_id = ${subjectId}`
    expect((await browser.open(second)).status).toBe(404)
    expect((await browser.open(`${portal.url}/link/x`)).status).toBe(404)
  })
})

describe('erasure', () => {
  const exists = async (id: string) => {
    const [row] = await portal.db`select account_id, match from verification where id = ${id}`
    return row
  }

  test('of a resident ends the link, and what the tenant verified stays the tenant’s', async () => {
    await makeTrusted()
    const resident = await newResident()
    const { clientId } = await watch(resident.email)
    const { id, subjectId } = await verified()
    await link(resident.email, subjectId)
    await call(`${IDV}/${id}`, acme)
    await eraseResident({ db: portal.db, jobs }, resident.id)
    expect(await exists(id)).toEqual({ accountId: null, match: null })
    expect((await call(`${IDV}/${id}/result`, acme)).status).toBe(200)
    expect((await call(`${SUBJECTS}/${subjectId}`, acme)).body.linked).toBe(false)
    const told = await portal.db<{ clientId: string; kind: string }[]>`
      select client_id, kind from event where account_id = ${resident.id} and kind like '%.erased'`
    expect(told).toEqual([{ clientId, kind: 'resident.erased' }])
  })

  test('of a subject takes every verification, its data key and the link with it', async () => {
    await makeTrusted()
    const resident = await newResident()
    const { sees, kinds } = await watch(resident.email)
    const first = await verified()
    const second = await verified(first.externalId, 'declined')
    await link(resident.email, first.subjectId)
    expect(await sees()).toBe(first.id)
    expect((await call(`${SUBJECTS}/${first.subjectId}`, acme, { method: 'DELETE' })).status).toBe(
      204,
    )
    expect(await sees()).toBe(null)
    expect(await kinds()).toEqual(
      expect.arrayContaining(['verification.erased', 'verification.withdrawn']),
    )
    for (const { id } of [first, second]) expect(await exists(id)).toBe(undefined)
    const [left] = await portal.db`
      select count(*)::int from data_key where subject_id = ${first.subjectId}`
    expect(left?.count).toBe(0)
    expect((await call(`${SUBJECTS}/${first.subjectId}`, acme)).status).toBe(404)
    expect((await call(`${SUBJECTS}/${first.subjectId}`, acme, { method: 'DELETE' })).status).toBe(
      404,
    )
    const [remaining] = await portal.db`
      select count(*)::int from erased_verification where id in (${first.id}, ${second.id}) and reason = 'tenant'`
    expect(remaining?.count).toBe(2)
  })

  test('of a verification without a resident notifies whoever read it, and names nobody', async () => {
    const { id } = await verified()
    await call(`${IDV}/${id}`, acme)
    await eraseVerification({ db: portal.db, jobs }, id, 'operator')
    const told = await portal.db`
      select kind, account_id from event where verification_id = ${id}`
    expect(told).toEqual([{ kind: 'verification.erased', accountId: null }])
  })
})

test('tenants are listed with what residents read and whether they are trusted; a wrong word is refused', async () => {
  expect(await run('tenant', 'show', 'acme')).toMatchObject({
    name: 'acme',
    displayName: 'Acme Brokers',
    isTrusted: false,
  })
  const names = (await run<{ name: string }[]>('tenant', 'list')).map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['acme', 'default', 'rival']))
  await expect(run('tenant', 'set', 'nobody', '--trusted', 'yes')).rejects.toThrow('no such tenant')
  await expect(run('tenant', 'set', 'acme', '--trusted', 'maybe')).rejects.toThrow('yes or no')
  await expect(run('tenant', 'set', 'acme', '--display-name', 'Acme\u202eknaB')).rejects.toThrow(
    'printable',
  )
  await trust('yes')
  const rows = await portal.db<{ result: string }[]>`
    select result from ledger_entry where kind = 'trust' and scope = 'acme' order by id desc limit 1`
  expect(rows).toEqual([{ result: 'trusted' }])
})

test('verifications that tenants started for residents before there were subjects are unlinked, and applications told', async () => {
  const { port, password } = inject('cluster')
  const admin = openDb(urlOf(port, password, 'postgres'), { connections: 1 })
  const name = `test_${randomUUID().slice(0, 8)}`
  await admin.unsafe(`create database ${name}`)
  const db = openDb(urlOf(port, password, name), { connections: 1 })
  const folder = new URL('../../src/migrations/', import.meta.url)
  const apply = async (isWanted: (file: string) => boolean) => {
    for (const file of (await readdir(folder)).filter((each) => each.endsWith('.sql')).sort())
      if (isWanted(file)) {
        const text = await readFile(new URL(file, folder), 'utf8')
        if (text.startsWith('-- outside of a transaction')) await db.unsafe(text)
        else await db.begin((sql) => sql.unsafe(text))
      }
  }
  try {
    await apply((file) => file < '0028')
    const [own, posted, account] = [randomUUID(), randomUUID(), randomUUID()]
    await db`
      insert into account (id, email, email_key, email_verified, given_name, surname)
      values (${account}, 'a@example.test', 'a@example.test', true, 'Ana', 'Mejia')`
    await db`insert into tenant (name, display_name) values ('acme', 'acme')`
    await db`
      insert into vendor_integration (vendor, name, tenant, base_url, secrets_sealed)
      values ('veriff', 'default', 'default', 'https://v.example', ''), ('veriff', 'acme', 'acme', 'https://v.example', '')`
    await db`
      insert into verification (id, tenant, account_id, vendor, integration, status)
      values (${own}, 'default', ${account}, 'veriff', 'default', 'approved'),
        (${posted}, 'acme', ${account}, 'veriff', 'acme', 'approved')`
    await db`insert into told_verification (account_id, verification_id) values (${account}, ${posted})`
    await db`insert into client (id, name, metadata) values ('app', 'App', '{}')`
    await db`
      insert into consent (account_id, client_id, scopes)
      values (${account}, 'app', '{eprospera:person.id_verification.read}')`
    await db`
      insert into event_stream (client_id, delivery, token_hash) values ('app', 'poll', '\\x00')`
    await apply((file) => file >= '0028')
    const rows = await db`
      select verification.id, verification.account_id, external_id, subject.account_id as linked
      from verification left join subject on subject.id = subject_id order by verification.tenant desc`
    expect(rows).toEqual([
      { id: own, accountId: account, externalId: null, linked: null },
      { id: posted, accountId: null, externalId: account, linked: null },
    ])
    expect(await db`select kind, verification_id from event`).toEqual([
      { kind: 'verification.withdrawn', verificationId: posted },
    ])
    await db`insert into ledger_entry (kind, result) values ('link', 'x'), ('trust', 'x'), ('review', 'x')`
    await expect(
      db`insert into ledger_entry (kind, result) values ('other', 'x')`.execute(),
    ).rejects.toThrow('ledger_entry_kind_check')
  } finally {
    await db.end()
    await admin.unsafe(`drop database ${name} with (force)`)
    await admin.end()
  }
})
