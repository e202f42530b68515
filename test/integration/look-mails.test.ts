import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SecurityCase } from '../../src/accounts/cases.ts'
import { readLedger } from '../../src/accounts/known-readers.ts'
import { sendLookMails, sendSummaries } from '../../src/accounts/look-mails.ts'
import { readCommand } from '../../src/cli/commands.ts'
import { findClientNames } from '../../src/clients/clients.ts'
import type { Disclosure } from '../../src/ledger/details.ts'
import { createHeadSigner } from '../../src/ledger/heads.ts'
import { sequence } from '../../src/ledger/sequencer.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import type { Db } from '../../src/platform/db.ts'
import { createJobs, type Jobs } from '../../src/platform/jobs.ts'
import { listOutbox } from '../../src/platform/mail.ts'
import { openKeyRing } from '../../src/signing/key-ring.ts'
import { createApplication } from '../support/application.ts'
import { addEntry } from '../support/ledger.ts'
import { receiveMail } from '../support/mailbox.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

const SUBJECT = 'An application saw your data'
const SUMMARY = 'Who saw your data'
const PATH = '/api/v1/me/natural-person/id-verification'
const PHOTO = { id: '6f1d8f0a-54c5-4d6f-9b8b-0c8f7c1e2a33', type: 'selfie', sha256: null }

let portal: TestPortal
let db: Db
let jobs: Jobs
let sign: ReturnType<typeof createHeadSigner>
beforeAll(async () => {
  // The portal's own worker sends the mails; a look waits a minute for others, so what is told here is told by the tests.
  portal = await startPortal({ worker: true })
  db = portal.db
  jobs = await createJobs(portal.config.database.url, portal.parts.log)
  const ring = await openKeyRing(db, portal.parts.sealer, portal.parts.log)
  sign = createHeadSigner(ring)
  ring.close()
})
afterAll(async () => {
  await jobs.stop()
  await portal.close()
})

const working = () => ({ ...portal.parts, jobs, namesOf: findClientNames })

/** Has two workers read all that is written, and tell of it, at the same time. */
async function tell() {
  await eventually(async () => {
    await sequence({ db, sign })
    await Promise.all([readLedger(db), readLedger(db)])
    const [left] = await db`
      select from ledger_entry entry where not exists (
        select from ledger_leaf, reader_watch where entry_id = entry.id and index < next_index) limit 1`
    return left === undefined
  })
  const now = { olderThanSeconds: 0 }
  await Promise.all([sendLookMails(working(), now), sendLookMails(working(), now)])
  await Promise.all([sendSummaries(working()), sendSummaries(working())])
}

async function arrange() {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts)
  const look = (detail: Disclosure) =>
    addEntry(db, { detail, clientId: client.client_id, accountId: resident.id })
  const mails = async (subject = SUBJECT) =>
    (await listOutbox(db, portal.parts.sealer)).filter(
      (each) => each.to === resident.email && each.subject === subject,
    )
  /** The mails so far, once there are so many. */
  const mailsAre = (count: number, subject?: string) =>
    eventually(async () => {
      const found = await mails(subject)
      return found.length >= count ? found : undefined
    })
  return { resident, client, look, mails, mailsAre }
}

async function signIn(email: string) {
  const browser = createUserAgent()
  const page = await browser.open(`${portal.issuer}/`)
  await browser.submit(page, 'login', { email, password: PASSWORD })
  return browser
}

const photos: Disclosure = { what: 'id-verification', images: [PHOTO] }

describe('a mail', () => {
  test('tells once of the first look, of each new kind, and of a look after long silence', async () => {
    const { resident, client, look, mails, mailsAre } = await arrange()
    await look({ what: 'claims', names: ['name', 'email'], images: [] })
    await look(photos)
    await look(photos)
    await tell()
    const [first, ...more] = await mailsAre(1)
    expect(more).toEqual([])
    expect(first?.text).toContain('"Bluewater Bank" saw data of yours')
    for (const kind of ['Your name', 'Your e-mail address', 'Photos of your identity document'])
      expect(first?.text).toContain(`- ${kind}`)
    await look(photos)
    await tell()
    await look({ what: 'residency' })
    await tell()
    const [second] = await mailsAre(2)
    expect(second?.text).toContain('- Your residency')
    expect(second?.text).not.toContain('Photos')
    await db`
      update known_reader set seen_at = now() - interval '91 days'
      where account_id = ${resident.id} and client_id = ${client.client_id} and kind = 'documents'`
    await look(photos)
    await tell()
    const [third] = await mailsAre(3)
    expect(third?.text).toMatch(/- Photos .* \(the last time before was /)
    expect(third?.text).not.toContain('residency')
    await look(photos)
    await tell()
    expect(await mails()).toHaveLength(3)
  })

  test('tells of no refusal, no empty answer, no tenant, no old entry, and none of an erased account', async () => {
    const { resident, client, look, mails } = await arrange()
    await look({ what: 'nothing' })
    await look({ what: 'tenant-read', of: 'subject' })
    await look({ what: 'image-metadata', images: [PHOTO] })
    await db`
      insert into ledger_entry (at, kind, client_id, account_id, result)
      values (now() - interval '2 days', 'disclosure', ${client.client_id}, ${resident.id}, 'residency'),
        (now(), 'disclosure', ${client.client_id}, gen_random_uuid(), 'residency'),
        (now(), 'refusal', ${client.client_id}, ${resident.id}, 'missing_scopes')`
    await tell()
    const known = await db<{ kind: string; newsAt: Date | null }[]>`
      select kind, news_at from known_reader where account_id = ${resident.id} order by kind`
    expect(known).toEqual([
      { kind: 'other', newsAt: null },
      { kind: 'residency', newsAt: null },
    ])
    expect(await mails()).toEqual([])
  })

  test('is in the language of the account, and its link reports the look without a sign-in, once', async () => {
    const resident = await addResident(portal.parts)
    const client = await addClient(portal.parts)
    const application = await createApplication(portal.issuer, client)
    const tokens = await application.obtainTokens(ALL_SCOPES, resident.email)
    await db`update account set locale = 'es' where id = ${resident.id}`
    const look = async () =>
      (
        await fetch(`${portal.url}${PATH}`, {
          headers: { Authorization: `Bearer ${tokens.access_token}` },
        })
      ).status
    expect(await look()).toBe(200)
    await tell()
    const mail = await receiveMail(portal, resident.email, 'Una aplicación vio sus datos')
    const link = /\S+\/not-me\/[\w-]{43}/.exec(mail.text)?.[0] ?? ''
    const entry = /\/activity\/(\d+)/.exec(mail.text)?.[1] ?? ''
    const rows = await db`
      select row_to_json(security_notice)::text as text from security_notice
      union all select row_to_json(job)::text from pgboss.job`
    expect(rows.map(({ text }) => text).join() + portal.logged()).not.toContain(link.slice(-43))

    const phone = createUserAgent()
    const page = await phone.open(link)
    expect(page.text).toContain('You did not expect that Bluewater Bank saw your data?')
    expect(await look()).toBe(200)
    const done = await phone.submit(page, 'not-me')
    expect(done.text).toContain('Your report has arrived')
    expect(await look()).toBe(401)
    expect((await phone.open(link)).status).toBe(410)
    const run = readCommand(['case', 'list']).run({ ...portal.parts, issuer: portal.issuer })
    const cases = ((await run) as SecurityCase[]).filter((each) => each.accountId === resident.id)
    expect(cases).toMatchObject([{ kind: 'entry', entryId: entry, frozen: true, state: 'open' }])
    // The resident's sessions stay: the application read with its own token.
    const sessions = await db`
      select from oidc_artifact where kind = 'Session' and account_id = ${resident.id}`
    expect(sessions.length).toBeGreaterThan(0)
    await receiveMail(portal, resident.email, 'Recibimos su reporte')
  })
})

describe('the resident', () => {
  test('chooses how much mail, after a recent sign-in; it applies from the next mail on', async () => {
    const { resident, look, mails, mailsAre } = await arrange()
    const browser = await signIn(resident.email)
    const path = `${portal.issuer}/account/notifications`
    const choose = async (value: string) =>
      browser.submit(await browser.open(path), 'save', { mails: value })
    const page = await browser.open(path)
    expect(page.text).toMatch(/value="each"[^>]* checked/)
    expect(page.text).toContain('These mails always come')
    const none = await choose('never')
    expect([none.status, none.text.includes('Please choose one of the three.')]).toEqual([
      400,
      true,
    ])

    // Noted, and not yet told: the choice that counts is that of the moment of the mail.
    await look({ what: 'residency' })
    const saved = await choose('security')
    expect(saved.text).toContain('Saved. It applies from the next mail on.')
    await tell()
    expect(await mails()).toEqual([])

    await choose('daily')
    await look(photos)
    await tell()
    expect(await mails(SUMMARY)).toEqual([])
    const pass = () => db`
      update notification_preference set summarized_at = now() - interval '25 hours'
      where account_id = ${resident.id}`
    await pass()
    await tell()
    const [summary, ...others] = await mailsAre(1, SUMMARY)
    expect(others).toEqual([])
    expect(summary?.text).toContain('- Bluewater Bank saw: Photos of your identity document')
    await db`
      update known_reader set seen_at = now() - interval '2 days' where account_id = ${resident.id}`
    await pass()
    await tell()
    expect(await mails(SUMMARY)).toHaveLength(1)

    await choose('each')
    await look({ what: 'age-over', age: 18 })
    await tell()
    expect(await mailsAre(1)).toHaveLength(1)
    await db`
      update oidc_artifact set payload = payload ||
        jsonb_build_object('loginTs', extract(epoch from now())::bigint - 1000)
      where kind = 'Session' and account_id = ${resident.id}`
    const confirm = await choose('security')
    expect(confirm.text).toContain('type="password"')
    await look({ what: 'natural-person' })
    await tell()
    expect(await mailsAre(2)).toHaveLength(2)
  })
})
