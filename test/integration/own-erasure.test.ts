import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { findAccount, setAccountStatus } from '../../src/accounts/accounts.ts'
import { readCommand } from '../../src/cli/commands.ts'
import {
  cancelErasure,
  eraseWithProof,
  findErasureTime,
  runDueErasures,
} from '../../src/id-verification/erasure-requests.ts'
import { listHeadKeys } from '../../src/ledger/heads.ts'
import { createUserAgent, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import type { Jobs } from '../../src/platform/jobs.ts'
import { createJobs } from '../../src/platform/jobs.ts'
import { listOutbox } from '../../src/platform/mail.ts'
import { setPolicy } from '../../src/platform/policies.ts'
import { createApplication } from '../support/application.ts'
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
import { addVerification } from '../support/verifications.ts'

let portal: TestPortal
let jobs: Jobs
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  jobs = await createJobs(portal.config.database.url, portal.parts.log)
})
afterAll(async () => {
  await jobs.stop()
  await portal.close()
})
afterEach(() => setPolicy(portal.db, 'erasure-wait-days', '14'))

const at = (path: string) => `${portal.issuer}${path}`
const context = () => ({ ...portal.parts, jobs })
const exists = async (id: string) =>
  (await findAccount(portal.db, portal.parts.vault, id)) !== undefined
const makeDue = (accountId: string) => portal.db`
  update erasure_request set erase_at = now() - interval '1 minute' where account_id = ${accountId}`

async function signedIn() {
  const resident = await addResident(portal.parts)
  const browser = createUserAgent()
  const page = await browser.open(at('/'))
  await browser.submit(page, 'login', { email: resident.email, password: PASSWORD })
  return { resident, browser }
}

const ask = async (browser: UserAgent) =>
  browser.submit(await browser.open(at('/account/erase')), 'erase', { understood: 'yes' })

async function asked() {
  const { resident, browser } = await signedIn()
  return { resident, browser, page: await ask(browser) }
}

test('waits fourteen days, without any application, and leaves a proof that verifies', async () => {
  const { resident, browser } = await signedIn()
  await addVerification(portal.parts, resident.id)
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  const { access_token } = await application.obtainTokens(ALL_SCOPES, resident.email)
  const api = async () =>
    (
      await fetch(`${portal.url}/api/v1/me/natural-person/id-verification`, {
        headers: { Authorization: `Bearer ${access_token}` },
      })
    ).status
  expect(await api()).toBe(200)

  const start = await browser.open(at('/account/erase'))
  expect(start.text).toContain('14 days after you ask for it')
  expect(start.text).toContain('<li>Bluewater Bank')
  const unticked = await browser.submit(start, 'erase')
  expect([unticked.status, unticked.text.includes('id="understood-error"')]).toEqual([400, true])
  expect(await findErasureTime(portal.db, resident.id)).toBeUndefined()
  const page = await browser.submit(start, 'erase', { understood: 'yes' })
  expect(page.text).toContain('Your account will be erased')
  expect(await api()).toBe(401)
  const days = (Number(await findErasureTime(portal.db, resident.id)) - Date.now()) / 86_400_000
  expect(days).toBeGreaterThan(13.9)
  expect(days).toBeLessThan(14.1)
  for (const path of ['/', '/account', '/activity', '/account/devices', '/account/export'])
    expect((await browser.open(at(path))).text).toContain('name="cancel-erasure"')
  await receiveMail(portal, resident.email, 'Your account will be erased')

  await runDueErasures(context())
  expect(await exists(resident.id)).toBe(true)
  await portal.db`
    update erasure_request set erase_at = now() + interval '23 hours', requested_at = now() - interval '13 days'
    where account_id = ${resident.id}`
  for (let times = 0; times < 2; times++) await runDueErasures(context())
  const reminder = 'Your account will be erased soon'
  await receiveMail(portal, resident.email, reminder)
  const mails = await listOutbox(portal.db, portal.parts.sealer)
  expect(
    mails.filter(({ to, subject }) => to === resident.email && subject === reminder),
  ).toHaveLength(1)

  await makeDue(resident.id)
  await runDueErasures(context())
  expect(await exists(resident.id)).toBe(false)
  expect((await browser.open(at('/account'))).text).toContain('name="login"')

  const { link } = await receiveMail(portal, resident.email, 'Your account is erased')
  const stranger = createUserAgent()
  const done = await eventually(async () => {
    const shown = await stranger.open(link)
    return /photos were erased here/.test(shown.text) && shown
  })
  expect(done.text).toContain('will be told')
  const receipt = await eventually(async () => {
    const response = await stranger.request(`${link}/receipt`)
    expect(response.headers.get('content-disposition')).toContain('erasure-receipt.jws')
    expect(response.headers.get('cache-control')).toBe('no-store')
    const keys = createLocalJWKSet({ keys: await listHeadKeys(portal.db) })
    const { payload } = await jwtVerify(await response.text(), keys, { typ: 'erasure-receipt+jwt' })
    return payload.ledger !== null && payload
  })
  expect(receipt).toMatchObject({
    id: resident.id,
    erasedAt: expect.any(String),
    applications: [{ clientId: client.client_id }],
  })
  for (const secret of [resident.email, 'Mejia'])
    expect(JSON.stringify(receipt)).not.toContain(secret)
  expect((await stranger.open(at(`/erasure/${'x'.repeat(43)}`))).status).toBe(410)
})

test('is taken back by one click, and asks the applications to ask again', async () => {
  const { resident, browser, page } = await asked()
  await portal.db`
    update oidc_artifact set payload = payload || jsonb_build_object('loginTs', extract(epoch from now())::bigint - 3600)
    where kind = 'Session' and account_id = ${resident.id}`
  const kept = await browser.submit(page, 'cancel-erasure')
  expect([kept.url, kept.text.includes('Your account stays')]).toEqual([at('/account'), true])
  expect(kept.text).not.toContain('name="cancel-erasure"')
  expect(await findErasureTime(portal.db, resident.id)).toBeUndefined()
  await runDueErasures(context())
  expect(await exists(resident.id)).toBe(true)
  // A second tab's button, and the browser of somebody else.
  expect((await browser.submit(page, 'cancel-erasure')).url).toBe(at('/account'))
  const response = await createUserAgent().request(at('/account/erase/cancel'), { method: 'POST' })
  expect(response.status).toBe(403)
})

test('needs a recent sign-in, also of a form that lay open', async () => {
  const { resident, browser } = await signedIn()
  const start = await browser.open(at('/account/erase'))
  await portal.db`
    update oidc_artifact set payload = payload || jsonb_build_object('loginTs', extract(epoch from now())::bigint - 3600)
    where kind = 'Session' and account_id = ${resident.id}`
  const confirm = await browser.submit(start, 'erase', { understood: 'yes' })
  expect(confirm.text).toContain('Confirm that it is you')
  expect(await findErasureTime(portal.db, resident.id)).toBeUndefined()
  const done = await browser.submit(confirm, 'confirm', { password: PASSWORD })
  expect(done.text).toContain('name="cancel-erasure"')
})

test('happens at once where the policy says so, and leads to the proof', async () => {
  await setPolicy(portal.db, 'erasure-wait-days', '0')
  const { resident, page } = await asked()
  expect(page.url).toMatch(/\/erasure\/[\w-]{43}$/)
  await eventually(async () => !(await exists(resident.id)))
  const later = await createUserAgent().open(page.url)
  expect(later.text).toContain('Your account is erased')
  await receiveMail(portal, resident.email, 'Your account is erased')
})

test('of two workers and a cancellation at one instant one wins, and the operator is not in its way', async () => {
  for (let round = 0; round < 6; round++) {
    const { resident } = await asked()
    await makeDue(resident.id)
    const requireSession: Parameters<typeof cancelErasure>[1]['requireSession'] = async (sql) => {
      const [row] = await sql`select from account where id = ${resident.id} for no key update`
      if (!row) throw new Error('erased')
    }
    const cancel = () =>
      cancelErasure(portal.db, { accountId: resident.id, requireSession }).catch(() => false)
    const work = () => eraseWithProof(context(), resident.id, { onlyIfDue: true })
    const [first, cancelled, second] = await (round % 2
      ? Promise.all([work(), cancel(), work()])
      : Promise.all([cancel(), work(), work()]).then(([one, two, three]) => [two, one, three]))
    const erased = [first, second].filter(Boolean).length
    expect([erased, cancelled]).toEqual(erased === 1 ? [1, false] : [0, true])
    expect(await exists(resident.id)).toBe(erased === 0)
  }
  const { resident } = await asked()
  await makeDue(resident.id)
  const erase = readCommand(['resident', 'erase', resident.id])
  await erase.run({ ...portal.parts, issuer: portal.issuer })
  await runDueErasures(context())
  const mails = async () =>
    (await listOutbox(portal.db, portal.parts.sealer)).filter(
      ({ to, subject }) => to === resident.email && subject === 'Your account is erased',
    )
  await eventually(async () => (await mails()).length === 1)
})

test('of a suspended resident waits for the operator', async () => {
  const { resident } = await asked()
  await makeDue(resident.id)
  await setAccountStatus(portal.db, resident.id, 'suspended')
  await runDueErasures(context())
  expect(await exists(resident.id)).toBe(true)
  await setAccountStatus(portal.db, resident.id, 'active')
  await runDueErasures(context())
  expect(await exists(resident.id)).toBe(false)
})

test('that fails holds up no other', async () => {
  const residents = [await asked(), await asked()].map(({ resident }) => resident)
  for (const { id } of residents) await makeDue(id)
  let fails = true
  const enqueue: Jobs['enqueue'] = async (...given) => {
    if (!fails) return await jobs.enqueue(...given)
    fails = false
    throw new Error('no queue')
  }
  const failing = { ...context(), jobs: { ...jobs, enqueue } }
  await expect(runDueErasures(failing)).rejects.toThrow('not every due erasure')
  const left = async () =>
    (await Promise.all(residents.map(({ id }) => exists(id)))).filter(Boolean)
  expect(await left()).toHaveLength(1)
  await runDueErasures(context())
  expect(await left()).toEqual([])
})
