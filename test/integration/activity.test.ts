import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCommand } from '../../src/cli/commands.ts'
import { deleteEndedConsents, listConsents } from '../../src/consents/consents.ts'
import { searchEntries } from '../../src/ledger/entries.ts'
import { createHeadSigner } from '../../src/ledger/heads.ts'
import { sequence } from '../../src/ledger/sequencer.ts'
import { isIncluded, leafHash } from '../../src/ledger/tree.ts'
import { createUserAgent, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import type { Db } from '../../src/platform/db.ts'
import { openKeyRing } from '../../src/signing/key-ring.ts'
import { createApplication } from '../support/application.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

const PHOTOS = ['document_front', 'document_back', 'selfie'].map((type, index) => ({
  id: `00000000-0000-4000-8000-00000000000${index}`,
  type,
  sha256: String(index).repeat(64),
}))

let portal: TestPortal
let db: Db
let sign: ReturnType<typeof createHeadSigner>
beforeAll(async () => {
  portal = await startPortal()
  db = portal.db
  const ring = await openKeyRing(db, portal.parts.sealer, portal.parts.log)
  sign = createHeadSigner(ring)
  ring.close()
})
afterAll(() => portal.close())

async function signIn(email: string): Promise<UserAgent> {
  const browser = createUserAgent()
  const page = await browser.open(`${portal.issuer}/`)
  await browser.submit(page, 'login', { email, password: PASSWORD })
  return browser
}

/** A signed-in resident, and a function that writes entries of the ledger at any time. */
async function arrange() {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts)
  const browser = await signIn(resident.email)
  async function add(at: string, entry: Record<string, unknown> = {}): Promise<string> {
    const [row] = await db<{ id: string }[]>`
      insert into ledger_entry ${db({
        at: new Date(at),
        kind: 'disclosure',
        result: 'residency',
        client_id: client.client_id,
        account_id: resident.id,
        ...entry,
      })} returning id`
    return row?.id ?? ''
  }
  const open = (path: string) => browser.open(`${portal.issuer}${path}`)
  return { resident, client, browser, add, open }
}

const wordsOf = (page: string) =>
  page
    .replaceAll(/<(script|style)[^>]*>.*?<\/\1>/gs, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ([.,)])/g, '$1')

test('when an application last read data is of the ledger’s newest entries, and of what the workers know of older ones', async () => {
  const { resident, client, add } = await arrange()
  const { id: accountId } = resident
  const { client_id: clientId } = client
  await db`
    insert into consent (account_id, client_id, scopes) values (${accountId}, ${clientId}, '{openid}')`
  const lastRead = async () => (await listConsents(db, accountId))[0]?.lastReadAt?.toISOString()
  await add('2026-01-01T10:00:00Z', { result: 'event: verification.approved' })
  expect(await lastRead()).toBeUndefined()
  const seen = '2026-01-02T10:00:00.000Z'
  await add(seen)
  await add('2026-01-03T10:00:00Z', { result: 'nothing' })
  expect(await lastRead()).toBe(seen)
  await db`
    insert into ledger_entry (kind, result, account_id)
    select 'disclosure', 'residency', ${accountId} from generate_series(1, 1000)`
  expect(await lastRead()).toBeUndefined()
  await db`
    insert into known_reader (account_id, client_id, kind, seen_at) values (${accountId}, ${clientId}, 'residency', ${seen})`
  expect(await lastRead()).toBe(seen)
  const newer = '2026-01-04T10:00:00.000Z'
  await add(newer)
  expect(await lastRead()).toBe(newer)
})

describe('the list', () => {
  test('is by day and application; what was said before on a day is counted, and each time is listed', async () => {
    const { add, open } = await arrange()
    const photos = { result: 'shown', images: PHOTOS, purpose: 'To open your account.' }
    await add('2026-03-01T23:59:59Z', photos)
    const ids = [
      await add('2026-03-02T00:00:00Z', photos),
      await add('2026-03-02T09:00:00Z', photos),
      await add('2026-03-02T09:30:00Z', { result: 'person', purpose: 'To open your account.' }),
      await add('2026-03-02T10:00:00Z', photos),
    ]
    const { text } = await open('/activity')
    const words = wordsOf(text)
    const saw = 'Bluewater Bank saw the front and back of your document and your face.'
    expect(words.split(saw)).toHaveLength(3)
    expect(words).toContain('3 times, last on 2 March 2026 at 10:00')
    expect(words).toContain('Bluewater Bank read your personal details.')
    expect(words.split('Stated purpose: “To open your account.”')).toHaveLength(3)
    expect(text.match(/<h2><time[^>]*>[^<]*/g)?.map((each) => each.replace(/.*>/, ''))).toEqual([
      '2 March 2026',
      '1 March 2026',
    ])
    for (const id of ids) expect(text).toContain(`href="/activity/${id}"`)
    expect(text).not.toMatch(/client_id|\/activity\?/)
  })

  test('is narrowed by application, topic and days, each inclusive; and says what is wrong with a day', async () => {
    const { client, add, open } = await arrange()
    const other = await addClient(portal.parts, { name: 'Harbour Notary' })
    await add('2026-03-01T12:00:00Z', { result: 'person' })
    await add('2026-03-02T12:00:00Z', { result: 'shown', images: PHOTOS })
    await add('2026-03-03T23:59:59.999Z', {
      kind: 'refusal',
      result: 'missing_scopes',
      scope: 'email',
    })
    await add('2026-03-04T12:00:00Z', { client_id: other.client_id })
    await add('2026-03-05T12:00:00Z', {
      kind: 'operator-look',
      result: 'resident',
      client_id: null,
    })
    await add('2026-03-06T12:00:00Z', {
      kind: 'tenant-look',
      result: 'subject',
      client_id: other.client_id,
    })
    await add('2026-03-07T12:00:00Z', { kind: 'link', result: 'linked', scope: 'harbour' })
    await add('2026-03-08T12:00:00Z', { result: 'claims: verified_claims', images: PHOTOS })
    const days = async (query: string) => {
      const { text } = await open(`/activity?${query}`)
      return [...text.matchAll(/<h2><time[^>]*>(\d+) March/g)].map(([, day]) => Number(day))
    }
    expect(await days('')).toEqual([8, 7, 6, 5, 4, 3, 2, 1])
    expect(await days(`application=${client.client_id}`)).toEqual([8, 7, 3, 2, 1])
    expect(await days(`application=${other.client_id}`)).toEqual([6, 4])
    expect(await days(`application=${other.client_id}&topic=details`)).toEqual([4])
    expect(await days('topic=documents')).toEqual([8, 2])
    expect(await days('topic=details')).toEqual([8, 4, 1])
    expect(await days('topic=refusals')).toEqual([3])
    expect(await days('topic=organisations')).toEqual([6])
    expect(await days('topic=operator')).toEqual([5])
    expect(await days('topic=changes')).toEqual([7])
    expect(await days('from=2026-03-03&to=2026-03-03')).toEqual([3])
    expect(await days('from=2026-03-07')).toEqual([8, 7])
    expect(await days('to=2026-03-01')).toEqual([1])
    // What is no filter of ours filters nothing, and no value is an error of ours.
    expect(await days('topic=constructor&application=%00')).toHaveLength(8)
    expect(await days("application='%20or%201=1")).toHaveLength(8)
    expect(await days('before=99999999999999999999')).toHaveLength(8)
    for (const [query, fault] of [
      ['from=yesterday', 'Please enter a day'],
      ['from=2026-02-30', 'Please enter a day'],
      ['from=2026-03-02&to=2026-03-01', 'This day is before the first one'],
    ]) {
      const page = await open(`/activity?${query}`)
      expect([page.status, page.text.includes(`${fault}`)]).toEqual([400, true])
      expect(page.text).toContain('aria-invalid="true"')
    }
    // The choice stays in the form.
    const { text } = await open(
      `/activity?application=${other.client_id}&topic=details&from=2026-03-01`,
    )
    expect(text).toContain(`<option value="${other.client_id}" selected>Harbour Notary`)
    expect(text).toContain('value="2026-03-01"')
  })

  test('has the days of the resident’s time zone, in the list and in the filter, also where the clocks change', async () => {
    const { resident, add, open } = await arrange()
    await db`update account set time_zone = 'America/New_York' where id = ${resident.id}`
    // The day on which the clocks are set forward begins at 05:00 UTC, and the next one at 04:00.
    await add('2026-03-08T04:59:59Z')
    await add('2026-03-08T05:00:00Z')
    await add('2026-03-09T03:59:59Z')
    await add('2026-03-09T04:00:00Z')
    const days = async (query: string) => {
      const { text } = await open(`/activity?${query}`)
      return [...text.matchAll(/<h2><time[^>]*>(\d+) March|(\d) times/g)].map(([, day, times]) =>
        day === undefined ? `${times} times` : day,
      )
    }
    expect(await days('')).toEqual(['9', '8', '2 times', '7'])
    expect(await days('from=2026-03-08&to=2026-03-08')).toEqual(['8', '2 times'])
    expect(await days('to=2026-03-07')).toEqual(['7'])
    expect(await days('from=2026-03-09')).toEqual(['9'])
  })

  test('has pages of whole days; only a day that is longer than a page goes on on the next one', async () => {
    const { resident, client, add, open } = await arrange()
    const addMany = (count: number, from: string) => db`
      insert into ledger_entry (at, kind, client_id, account_id, result)
      select ${from}::timestamptz + make_interval(secs => n), 'disclosure', ${client.client_id}, ${resident.id}, 'residency'
      from generate_series(1, ${count}) n`
    await addMany(250, '2026-04-01T00:00:00Z')
    await addMany(150, '2026-04-02T00:00:00Z')
    await addMany(49, '2026-04-03T00:00:00Z')
    const last = await add('2026-04-03T23:00:00Z')
    const seen: string[] = []
    const pages: string[] = []
    for (let path = '/activity?topic=details'; path !== ''; ) {
      const { text } = await open(path)
      seen.push(...[...text.matchAll(/href="\/activity\/(\d+)"/g)].map(([, id = '']) => id))
      const days = [...text.matchAll(/<h2><time[^>]*>(\d+ April)/g)].map(([, day]) => day)
      const counts = [...text.matchAll(/>(\d+) times/g)].map(([, count]) => count)
      pages.push(`${days}: ${counts}${text.includes('on the next page') ? ', more' : ''}`)
      path = /href="([^"]*)" rel="next"/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? ''
      if (path) expect(path).toMatch(/^\/activity\?topic=details&before=\d+$/)
    }
    expect(pages).toEqual(['3 April,2 April: 50,150', '1 April: 200, more', '1 April: 50'])
    expect(seen[0]).toBe(last)
    expect(new Set(seen).size).toBe(450)
    expect(seen).toEqual([...seen].sort((one, other) => Number(other) - Number(one)))
  })

  test('of many entries is read by the index on account and id, in its order', async () => {
    const { resident, client, open } = await arrange()
    const rare = await addClient(portal.parts, { name: 'Rare' })
    // Between the entries of others, as they are in a database that is used.
    await db`
      insert into ledger_entry (at, kind, client_id, account_id, result)
      select timestamptz '2020-01-01Z' + make_interval(mins => n * 20), 'disclosure',
        case when n = 5 then ${rare.client_id} else ${client.client_id} end,
        case when n % 5 = 0 then ${resident.id}::uuid else gen_random_uuid() end, 'residency'
      from generate_series(1, 10000) n`
    await db`analyze ledger_entry`
    const [middle] = await db<{ id: string }[]>`
      select id from ledger_entry where account_id = ${resident.id} order by id offset 1000 limit 1`
    const explaining = new Proxy(db, {
      apply(target, self, [texts, ...values]: [TemplateStringsArray, ...unknown[]]) {
        const isQuery = texts.join('').includes('order by account_id')
        if (!isQuery) return Reflect.apply(target, self, [texts, ...values])
        const explained = [`explain (analyze, costs off, timing off, summary off) ${texts[0]}`]
        const raw = Object.assign([...explained, ...texts.slice(1)], { raw: texts.raw })
        return Reflect.apply(target, self, [raw, ...values])
      },
    })
    const range = { before: middle?.id, limit: 201 }
    const plan = JSON.stringify(await searchEntries(explaining, resident.id, {}, range))
    expect(plan).toMatch(/Index Scan using ledger_entry_account [^"]*\(actual rows=201/)
    expect(plan).not.toContain('Sort')
    const linesOf = async (query: string) =>
      (await open(`/activity?${query}`)).text.split('href="/activity/').length
    expect(await linesOf(`before=${middle?.id}`)).toBeGreaterThan(30)
    expect(await linesOf(`application=${rare.client_id}`)).toBe(3)
  })
})

describe('an entry', () => {
  test('is shown in full with the digests of what was disclosed, and proven by a file that anybody can verify', async () => {
    const { add, open } = await arrange()
    const id = await add('2026-03-02T09:00:00Z', {
      ...{ result: 'shown', images: PHOTOS, purpose: 'To open your account.' },
      ...{ scope: 'eprospera:person.id_verification.read', request_id: crypto.randomUUID() },
    })
    const early = await open(`/activity/${id}`)
    expect(early.text).toContain('The proof is made within a few seconds.')
    expect((await open(`/activity/${id}/proof`)).status).toBe(404)
    await eventually(async () => {
      await sequence({ db, sign })
      return (await db`select from ledger_leaf where entry_id = ${id}`).length > 0
    })
    const { text } = await open(`/activity/${id}`)
    const words = wordsOf(text)
    expect(words).toContain('Bluewater Bank saw the front and back of your document and your face.')
    expect(words).toContain('The photos of your identity document and your face')
    expect(words).toContain('To open your account.')
    for (const { sha256 } of PHOTOS) expect(text).toContain(sha256)
    const file = await open(`/activity/${id}/proof`)
    expect(file.headers.get('content-disposition')).toBe(`attachment; filename="entry-${id}.json"`)
    const proof = JSON.parse(file.text)
    expect(Object.keys(proof)).toEqual(['entry', 'leaf', 'index', 'size', 'path', 'root', 'head'])
    expect(String(JSON.parse(proof.entry)[0])).toBe(id)
    const bytes = (hash: string) => Buffer.from(hash, 'base64url')
    const { index, size } = proof
    const isProven = (entry: string) =>
      isIncluded(leafHash(Buffer.from(entry)), {
        ...{ index, size, root: bytes(proof.root), path: proof.path.map(bytes) },
      })
    expect([isProven(proof.entry), isProven(proof.entry.replace('shown', 'nothing'))]).toEqual([
      true,
      false,
    ])
    const published = await (
      await fetch(`${portal.url}/.well-known/ledger/proof?entry=${id}`)
    ).json()
    expect(published).toMatchObject({ index, leaf: proof.leaf })
  })

  test('is its resident’s alone, in the list and by its number', async () => {
    const { add } = await arrange()
    const id = await add('2026-03-02T09:00:00Z')
    const stranger = await arrange()
    expect((await stranger.open(`/activity?before=${Number(id) + 1}`)).text).not.toContain(
      `/activity/${id}`,
    )
    for (const path of [id, `${id}/proof`, `0${id}`, '1e3', '99999999999999999999'])
      expect((await stranger.open(`/activity/${path}`)).status).toBe(404)
    for (const path of ['', `/${id}`, `/${id}/proof`]) {
      const response = await fetch(`${portal.url}/activity${path}`, { redirect: 'manual' })
      const signIn = `/sign-in?return=${encodeURIComponent(`/activity${path}`)}`
      expect([response.status, response.headers.get('location')]).toEqual([303, signIn])
    }
  })
})

describe('an access that is over', () => {
  test('stays visible with its dates and who ended it: the resident, its time, or the removal of the application', async () => {
    const { resident, browser, open } = await arrange()
    const allow = async (name: string) => {
      const client = await addClient(portal.parts, { name })
      const application = await createApplication(portal.issuer, client)
      const obtain = () => application.obtainTokens('openid email', resident.email, browser)
      await obtain()
      return { id: client.client_id, obtain }
    }
    const ended = async () => {
      const { text } = await open('/activity')
      return wordsOf(text.slice(text.indexOf('id="ended"')))
    }
    const endTime = (clientId: string, ago: string) => db`
      update consent set ends_at = now() - ${ago}::interval, created_at = now() - interval '60 days'
      where account_id = ${resident.id} and client_id = ${clientId}`
    const [bank, notary, shop] = [await allow('Bank'), await allow('Notary'), await allow('Shop')]
    expect(await ended()).toContain('None. An application whose access ends is listed here.')

    const home = await open('/')
    await browser.submit(home, 'revoke', {}, { action: `/applications/${bank.id}/revoke` })
    expect(await ended()).toMatch(/Bank had access from .* until .*\. You ended it\./)
    await endTime(notary.id, '1 hour')
    expect(await ended()).toMatch(/Notary had access .*Then the time was over that you had allowed/)
    await endTime(notary.id, '31 days')
    await deleteEndedConsents(db)
    expect(await db`select from consent where client_id = ${notary.id}`).toHaveLength(0)
    expect(await ended()).toContain('Notary had access')
    await readCommand(['client', 'delete', shop.id]).run({ ...portal.parts, issuer: portal.issuer })
    expect(await ended()).toContain('Then it was removed from this portal')

    // With access again it sees the data: it is not in this list.
    await bank.obtain()
    expect(await ended()).not.toContain('Bank had access')
    // A decision after the time was over leaves the trace of the first access.
    await endTime(bank.id, '1 hour')
    await bank.obtain()
    await browser.submit(
      await open('/'),
      'revoke',
      {},
      { action: `/applications/${bank.id}/revoke` },
    )
    expect((await ended()).split('Bank had access')).toHaveLength(4)
  })
})
