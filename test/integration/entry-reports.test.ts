import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CaseInWords, SecurityCase } from '../../src/accounts/cases.ts'
import { readCommand } from '../../src/cli/commands.ts'
import { createUserAgent, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
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

const SUBJECT = 'We received your report'
const PATH = '/api/v1/me/natural-person/id-verification'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal({ worker: true })
})
afterAll(() => portal.close())

const run = async <T>(...words: string[]) =>
  (await readCommand(words).run({ ...portal.parts, issuer: portal.issuer })) as T
const casesOf = async (accountId: string) =>
  (await run<SecurityCase[]>('case', 'list', '--all')).filter(
    (each) => each.accountId === accountId,
  )
const entryOf = async (accountId: string, kind = 'disclosure') => {
  const [row] = await portal.db<{ id: string }[]>`
    select id from ledger_entry where account_id = ${accountId} and kind = ${kind}
    order by id desc limit 1`
  return row?.id ?? ''
}
const look = async (token: string) =>
  (await fetch(`${portal.url}${PATH}`, { headers: { Authorization: `Bearer ${token}` } })).status

async function signIn(email: string): Promise<UserAgent> {
  const browser = createUserAgent()
  const page = await browser.open(`${portal.issuer}/`)
  await browser.submit(page, 'login', { email, password: PASSWORD })
  return browser
}

/** An application that has just looked. */
async function lookedAt() {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  const browser = createUserAgent()
  const tokens = await application.obtainTokens(ALL_SCOPES, resident.email, browser)
  expect(await look(tokens.access_token)).toBe(200)
  const id = await entryOf(resident.id)
  return {
    resident,
    client,
    browser,
    id,
    token: tokens.access_token,
    path: `${portal.issuer}/activity/${id}/unexpected`,
  }
}

test('a report freezes the application at its next request, opens one case, and tells resident and operator', async () => {
  const { resident, client, browser, id, token, path } = await lookedAt()
  const page = await browser.open(path)
  expect(page.text).toContain('We freeze Bluewater Bank at once')
  expect(page.text).toContain('Report, and freeze Bluewater Bank')
  expect(await look(token)).toBe(200)
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
  const note = 'I closed my account there.\r\nIn March.'
  const press = () =>
    browser.request(path, { method: 'POST', body: new URLSearchParams({ csrf, note }) })
  const answers = await Promise.all(Array.from({ length: 6 }, press))
  expect(answers.map(({ status, headers }) => `${status} ${headers.get('location')}`)).toEqual(
    Array.from({ length: 6 }, () => `303 /activity/${id}/unexpected`),
  )
  expect(await look(token)).toBe(401)
  const [opened, ...others] = await casesOf(resident.id)
  expect(others).toEqual([])
  expect(opened).toMatchObject({
    ...{ kind: 'entry', state: 'open', clientId: client.client_id, entryId: id, frozen: true },
  })
  const done = await browser.open(path)
  expect(done.text).toContain('You reported this')
  expect(done.text).toContain('Being looked into')
  expect(done.text).toContain(`Bluewater Bank was frozen with the report`)
  expect(done.text).toContain('I closed my account there.\nIn March.')
  const list = await browser.open(`${portal.issuer}/activity`)
  expect(list.text).toContain('What you reported')
  const mail = await receiveMail(portal, resident.email, SUBJECT)
  expect(mail.text).toContain('"Bluewater Bank" is frozen')
  expect(mail.link).toBe(path)
  const sent = await portal.db`
    select from pgboss.job where name = 'send-mail' and state in ('created', 'active', 'completed')`
  expect(sent.length).toBeGreaterThan(0)
  for (const event of ['access_frozen', 'entry_reported', 'security case opened'])
    expect(portal.logged()).toContain(event)
  const rows = await portal.db`select row_to_json(security_case)::text as text from security_case`
  expect(rows.map(({ text }) => text).join() + portal.logged()).not.toContain('closed my account')

  // The operator reads it, which is an entry of its own, and answers.
  const caseId = opened?.id ?? ''
  const shown = await run<CaseInWords>('case', 'show', caseId)
  expect(shown.note).toBe('I closed my account there.\nIn March.')
  const seen = await browser.open(`${portal.issuer}/activity?topic=operator`)
  expect(seen.text).toContain('read what you wrote about an entry of this list')
  const answer = 'They checked closed accounts by mistake, and have stopped.'
  expect(await run('case', 'answer', caseId, '--text', answer)).toMatchObject({ state: 'answered' })
  const answered = await receiveMail(portal, resident.email, 'The answer to your report')
  expect(answered.text).toContain(answer)
  expect(answered.link).toBe(path)
  expect((await browser.open(path)).text).toContain(answer)
  expect(await run('case', 'close', caseId)).toMatchObject({ state: 'closed' })
  expect((await browser.open(path)).text).toContain('The case was closed on')
  await expect(run('case', 'answer', caseId, '--text', 'More.')).rejects.toThrow('is closed')
  await expect(run('case', 'answer', caseId, '--text', '')).rejects.toThrow('--text')
})

test('of what nobody can freeze opens the case alone', async () => {
  const { resident, client, browser, token, path } = await lookedAt()
  const detail = { what: 'operator-read', of: 'resident' } as const
  await addEntry(portal.db, { detail, accountId: resident.id })
  const byOperator = `${portal.issuer}/activity/${await entryOf(resident.id, 'operator-look')}/unexpected`
  const page = await browser.open(byOperator)
  expect(page.text).toContain('It was done by: The people who run this portal')
  const done = await browser.submit(page, 'report')
  expect(done.text).toContain('You reported this')
  expect(done.text).not.toContain('was frozen')
  const back = await addClient(portal.parts, {
    ...{ name: 'Back office', type: 'service', scope: 'idv.read', redirectUris: [] },
  })
  await addEntry(portal.db, {
    ...{
      detail: { what: 'tenant-read', of: 'subject' },
      clientId: back.client_id,
      accountId: resident.id,
    },
  })
  const byTenant = `${portal.issuer}/activity/${await entryOf(resident.id, 'tenant-look')}/unexpected`
  await browser.submit(await browser.open(byTenant), 'report')
  expect(await look(token)).toBe(200)
  // An application whose access was ended has none to freeze, and may ask again.
  await browser.submit(await browser.open(`${portal.issuer}/`), 'revoke')
  expect((await browser.open(path)).text).toContain('has no access to your data today')
  await browser.submit(await browser.open(path), 'report')
  const consents = await portal.db`
    select from consent where account_id = ${resident.id} and client_id in (${client.client_id}, ${back.client_id})`
  expect(consents).toHaveLength(0)
  const cases = await casesOf(resident.id)
  expect(cases.map(({ frozen }) => frozen)).toEqual([false, false, false])
})

test('is its resident’s alone, from our own page, in words that can be shown', async () => {
  const { resident, browser, id, token, path } = await lookedAt()
  const stranger = await addResident(portal.parts)
  const other = await signIn(stranger.email)
  expect((await other.open(path)).status).toBe(404)
  const own = await other.open(`${portal.issuer}/`)
  const strange = /name="csrf" value="([^"]+)"/.exec(own.text)?.[1] ?? ''
  const page = await browser.open(path)
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
  const post = (by: UserAgent, body: Record<string, string>, headers = {}) =>
    by.request(path, { method: 'POST', body: new URLSearchParams(body), headers })
  expect((await post(other, { csrf: strange })).status).toBe(404)
  expect((await post(other, { csrf })).status).toBe(403)
  expect((await post(browser, {})).status).toBe(403)
  expect((await post(browser, { csrf }, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403)
  for (const [note, fault] of [
    ['x'.repeat(1001), 'at most 1000 characters'],
    ['a\u202eb', 'characters that cannot be shown'],
  ] as const) {
    const refused = await post(browser, { csrf, note })
    const text = await refused.text()
    expect([refused.status, text.includes(fault)]).toEqual([400, true])
    expect(text).toContain('aria-describedby="note-help note-fault"')
  }
  expect(await casesOf(resident.id)).toEqual([])
  expect(await look(token)).toBe(200)
  expect((await post(browser, { csrf, note: '😀'.repeat(1000) })).status).toBe(303)
  expect((await fetch(path, { redirect: 'manual' })).headers.get('location')).toMatch(
    /^\/sign-in\?return=.*unexpected$/,
  )
  expect(id).toBe((await casesOf(resident.id))[0]?.entryId)
})

test('is refused after twenty within a day, except where it freezes an application', async () => {
  const { resident, browser, token, path } = await lookedAt()
  for (let entry = 0; entry < 21; entry++) await addEntry(portal.db, { accountId: resident.id })
  const rows = await portal.db<{ id: string }[]>`
    select id from ledger_entry
    where account_id = ${resident.id} and client_id is null and kind = 'disclosure' order by id`
  const [first = { id: '' }, ...others] = rows
  const pathOf = ({ id }: { id: string }) => `${portal.issuer}/activity/${id}/unexpected`
  const page = await browser.open(pathOf(first))
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
  const answers = await Promise.all(
    others.map((entry) =>
      browser.request(pathOf(entry), { method: 'POST', body: new URLSearchParams({ csrf }) }),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual(others.map(() => 303))
  const refused = await browser.submit(page, 'report', { note: 'Who was it?' })
  expect([refused.status, refused.text.includes('Who was it?')]).toEqual([429, true])
  expect(refused.text).toContain('You have reported many entries today')
  expect(await casesOf(resident.id)).toHaveLength(20)
  await browser.submit(await browser.open(path), 'report')
  expect(await look(token)).toBe(401)
})

test('goes with the account', async () => {
  const { resident, browser, path } = await lookedAt()
  await browser.submit(await browser.open(path), 'report', { note: 'Not me.' })
  await run('resident', 'erase', resident.id)
  expect(await casesOf(resident.id)).toEqual([])
})
