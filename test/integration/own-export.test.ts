import { createHash } from 'node:crypto'
import { unzipSync } from 'fflate'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SignManifest } from '../../src/id-verification/export.ts'
import {
  deleteOldExports,
  findOwnExport,
  openOwnExport,
  requestExport,
  startExports,
} from '../../src/id-verification/own-exports.ts'
import { eraseResident } from '../../src/id-verification/retention.ts'
import { listEntries } from '../../src/ledger/entries.ts'
import { listHeadKeys } from '../../src/ledger/heads.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import type { JobData, Jobs } from '../../src/platform/jobs.ts'
import { listOutbox } from '../../src/platform/mail.ts'
import type { Storage } from '../../src/platform/storage.ts'
import { receiveMail } from '../support/mailbox.ts'
import { addResident, PASSWORD, startPortal, type TestPortal } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'
import { addVerification } from '../support/verifications.ts'

const READY = 'Your data is ready to download'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal({ worker: true })
})
afterAll(() => portal.close())

const at = (path: string) => `${portal.issuer}${path}`

async function signedIn() {
  const resident = await addResident(portal.parts)
  const browser = createUserAgent()
  const page = await browser.open(at('/'))
  await browser.submit(page, 'login', { email: resident.email, password: PASSWORD })
  return { resident, browser }
}

const stateOf = async (accountId: string) => (await findOwnExport(portal.db, accountId))?.state
const isReady = (accountId: string) =>
  eventually(async () => (await stateOf(accountId)) === 'ready')

/** The keys of everything that archives have in the bucket. */
async function listParts(): Promise<string[]> {
  const keys: string[] = []
  for await (const page of portal.parts.storage.list())
    keys.push(...page.map(({ key }) => key).filter((key) => key.startsWith('portal/exports/')))
  return keys
}

const makeOld = (accountId: string) => portal.db`
  update oidc_artifact set payload = payload || jsonb_build_object('loginTs', extract(epoch from now())::bigint - 3600)
  where kind = 'Session' and account_id = ${accountId}`

test('is prepared by a worker, announced by mail, and downloaded by its resident alone after a recent sign-in', async () => {
  const { resident, browser } = await signedIn()
  await addVerification(portal.parts, resident.id)
  const start = await browser.open(at('/account/export'))
  const asked = await browser.submit(start, 'request-export')
  expect([asked.url, asked.text.includes('Your archive is being prepared')]).toEqual([
    at('/account/export'),
    true,
  ])
  expect((await receiveMail(portal, resident.email, READY)).link).toBe(at('/account/export'))
  const page = await browser.open(at('/account/export'))
  expect(page.text).toContain('href="/account/export/archive"')

  const response = await browser.request(at('/account/export/archive'))
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'cache-control': 'no-store',
    'content-disposition': 'attachment; filename="identity-portal.zip"',
    'content-type': 'application/zip',
  })
  const bytes = new Uint8Array(await response.arrayBuffer())
  expect(response.headers.get('content-length')).toBe(String(bytes.length))
  const files = unzipSync(bytes)
  const text = (name: string) => Buffer.from(files[name] ?? []).toString()
  expect(JSON.parse(text('account.json')).email).toBe(resident.email)
  expect(JSON.parse(text('sessions.json'))).toHaveLength(1)
  expect(Object.keys(files).some((name) => name.startsWith('images/'))).toBe(true)
  const keys = createLocalJWKSet({ keys: await listHeadKeys(portal.db) })
  const { payload } = await jwtVerify(text('manifest.jws'), keys, { typ: 'resident-archive+jwt' })
  const { 'manifest.jws': _, ...listed } = files
  const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex')
  expect(payload.files).toEqual(
    Object.fromEntries(Object.entries(listed).map(([name, content]) => [name, sha256(content)])),
  )
  const [entry] = await listEntries(portal.db, resident.id)
  expect(entry).toMatchObject({ kind: 'export', result: 'own archive', clientId: null })
  expect((await browser.open(at('/activity'))).text).toContain('You downloaded everything')

  // In the bucket nothing can be read.
  for (const key of await listParts()) {
    expect(key).toMatch(/^portal\/exports\/[\w-]{36}\/[\w-]{36}\/0$/)
    const part = Buffer.from(await portal.parts.storage.get(key)).toString('latin1')
    expect(part).not.toContain(resident.email)
    expect(part).not.toContain('account.json')
  }

  await makeOld(resident.id)
  const later = await browser.open(at('/account/export'))
  expect(later.text).not.toContain('/account/export/archive')
  expect((await browser.open(at('/account/export/archive'))).url).toBe(at('/account/export'))
  const confirm = await browser.submit(later, 'open-export')
  const opened = await browser.submit(confirm, 'confirm', { password: PASSWORD })
  expect(opened.text).toContain('href="/account/export/archive"')

  const other = await signedIn()
  for (const stranger of [other.browser, createUserAgent()]) {
    const refused = await stranger.request(at('/account/export/archive'))
    expect([refused.status, refused.headers.get('content-type')]).toEqual([303, null])
  }
})

test('is one at a time, of many requests at one instant too, and three a day', async () => {
  const { resident, browser } = await signedIn()
  const page = await browser.open(at('/account/export'))
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
  const request = () =>
    browser.request(at('/account/export'), {
      method: 'POST',
      body: new URLSearchParams({ csrf }),
    })
  for (let round = 1; round <= 3; round++) {
    const answers = await Promise.all([request(), request(), request()])
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303])
    const rows = await portal.db`select from resident_export where account_id = ${resident.id}`
    // A worker may be done with the first before the last is answered.
    if (round === 1) expect(rows.length).toBeGreaterThan(0)
    await isReady(resident.id)
    if (rows.length >= 3) break
  }
  const refused = await request()
  expect([refused.status, (await refused.text()).includes('three files within a day')]).toEqual([
    429,
    true,
  ])
  const rows = await portal.db`select from resident_export where account_id = ${resident.id}`
  expect(rows).toHaveLength(3)
})

test('ends after a day, and is deleted by whichever worker runs next', async () => {
  const { resident, browser } = await signedIn()
  await browser.submit(await browser.open(at('/account/export')), 'request-export')
  await isReady(resident.id)
  const [row] = await portal.db<{ id: string }[]>`
    update resident_export set expires_at = now() - interval '1 minute'
    where account_id = ${resident.id} returning id`
  const id = row?.id ?? ''
  expect((await browser.open(at('/account/export'))).text).toContain('it is deleted')
  expect((await browser.open(at('/account/export/archive'))).url).toBe(at('/account/export'))
  const mine = async () => (await listParts()).filter((key) => key.includes(id))
  expect(await mine()).toHaveLength(1)
  await deleteOldExports(portal.parts)
  expect([await mine(), await stateOf(resident.id)]).toEqual([[], 'ended'])
  // What a try was still writing goes with the row.
  const late = Buffer.from('late')
  const sha256 = createHash('sha256').update(late).digest()
  const key = `portal/exports/${id}/late/0`
  await portal.parts.storage.put(key, late, { contentType: 'text/plain', sha256 })
  await portal.db`update resident_export set ended_at = now() - interval '2 hours' where id = ${id}`
  await deleteOldExports(portal.parts)
  expect([await mine(), await stateOf(resident.id)]).toEqual([[], undefined])
})

test('of an erased resident opens nothing at once, and is deleted', async () => {
  const { resident, browser } = await signedIn()
  await browser.submit(await browser.open(at('/account/export')), 'request-export')
  await isReady(resident.id)
  const before = await listParts()
  await eraseResident({ db: portal.db, jobs: { enqueue: async () => {} } as never }, resident.id)
  await deleteOldExports(portal.parts)
  expect(await listParts()).toHaveLength(before.length - 1)
})

/** Runs the job by hand. */
async function createTries(
  sign: SignManifest = async () => 'signed',
  storage: Storage = portal.parts.storage,
) {
  let run: (data: JobData<'make-export'>) => Promise<void> = async () => {}
  const jobs = {
    enqueue: async () => {},
    work: async (_name: string, _atOnce: number, handler: typeof run) => {
      run = handler
    },
  } as unknown as Jobs
  const context = { ...portal.parts, storage, jobs, sign }
  await startExports(context)
  const { resident } = await signedIn()
  await requestExport(context, { accountId: resident.id, requireSession: async () => {} })
  const exportId = (await findOwnExport(portal.db, resident.id))?.id ?? ''
  const parts = async () => (await listParts()).filter((key) => key.includes(exportId))
  return { resident, exportId, parts, run: () => run({ exportId }) }
}

test('by two workers at once is one archive', async () => {
  const { resident, parts, run } = await createTries()
  await Promise.all([run(), run(), run()])
  expect([await stateOf(resident.id), (await parts()).length]).toEqual(['ready', 1])
})

test('names the images that the bucket has no more, and waits while it does not answer', async () => {
  const { resident, run } = await createTries()
  const { id } = await addVerification(portal.parts, resident.id)
  const images = await portal.db<{ objectKey: string }[]>`
    select object_key from image where verification_id = ${id} and object_key is not null order by object_key`
  await portal.parts.storage.delete(images.at(-1)?.objectKey ?? '')
  const away = await createTries(undefined, {
    ...portal.parts.storage,
    get: () => Promise.reject(new Error('away')),
    head: () => Promise.reject(new Error('away')),
  })
  await addVerification(portal.parts, away.resident.id)
  await expect(away.run()).rejects.toThrow('away')
  await run()
  const archive = await openOwnExport(portal.parts, resident.id)
  const pieces: Uint8Array[] = []
  for await (const piece of archive?.pieces ?? []) pieces.push(piece)
  const files = unzipSync(Buffer.concat(pieces))
  const name = `images/${images.at(-1)?.objectKey.split('/').slice(1).join('/')}`
  expect(JSON.parse(Buffer.from(files['missing.json'] ?? []).toString())).toEqual([name])
  expect(Object.keys(files).filter((each) => each.startsWith('images/'))).toHaveLength(
    images.length - 1,
  )
  expect(portal.logged()).toContain('an export lacks images')
})

test('that cannot be completed leaves no part, and none that ended meanwhile is made ready', async () => {
  let fails = true
  const { resident, exportId, parts, run } = await createTries(async () => {
    if (fails) throw new Error('no key')
    return 'signed'
  })
  await expect(run()).rejects.toThrow('no key')
  fails = false
  expect([await stateOf(resident.id), await parts()]).toEqual(['preparing', []])

  await portal.db`
    update resident_export set requested_at = now() - interval '2 days' where id = ${exportId}`
  await deleteOldExports(portal.parts)
  await run()
  expect([await stateOf(resident.id), await parts()]).toEqual(['failed', []])
  const mails = await listOutbox(portal.db, portal.parts.sealer)
  expect(mails.some(({ to, subject }) => to === resident.email && subject === READY)).toBe(false)
})
