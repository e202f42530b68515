import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { setAccountStatus } from '../../src/accounts/accounts.ts'
import { listPendingEvents } from '../../src/events/store.ts'
import { setStream } from '../../src/events/streams.ts'
import { createRow, openSession } from '../../src/id-verification/operations.ts'
import { findOwnProgress, findVerificationState } from '../../src/id-verification/own-progress.ts'
import { openOwnPage, startOwnVerification } from '../../src/id-verification/own-sessions.ts'
import { recordDecision } from '../../src/id-verification/store.ts'
import { VendorError } from '../../src/id-verification/vendors/vendor.ts'
import { setVendorOrder } from '../../src/id-verification/vendors/vendor-order.ts'
import {
  findVendorIntegration,
  setVendorIntegration,
} from '../../src/id-verification/vendors/vendors.ts'
import { startKoraSandbox } from '../../src/local/sandbox/kora.ts'
import { startStripeSandbox } from '../../src/local/sandbox/stripe.ts'
import { startSumsubSandbox } from '../../src/local/sandbox/sumsub.ts'
import { createUserAgent, type Page, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createJobs, type Jobs } from '../../src/platform/jobs.ts'
import { createApplication } from '../support/application.ts'
import { connectIncode } from '../support/incode.ts'
import { chooseOutcome, connectMosaic } from '../support/mosaic.ts'
import {
  addClient,
  addResident,
  DOCUMENT,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'

/* Residents verify themselves at `/verify`. */

const IMAGES = 'eprospera:person.id_verification.read'

let portal: TestPortal
let another: Awaited<ReturnType<TestPortal['startAnother']>>
let jobs: Jobs
let veriff: Awaited<ReturnType<typeof connectSandbox>>
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  another = await portal.startAnother()
  jobs = await createJobs(portal.config.database.url, portal.parts.log)
  veriff = await connectSandbox(portal)
})
afterEach(async () => {
  await setVendorOrder(portal.db, 'default')
  await veriff.sandbox.misbehave({})
})
afterAll(async () => {
  await veriff?.sandbox.close()
  await another?.close()
  await jobs?.stop()
  await portal?.close()
})

async function signIn() {
  const resident = await addResident(portal.parts)
  const browser = createUserAgent()
  const page = await browser.open(portal.issuer)
  const home = await browser.submit(page, 'login', { email: resident.email, password: PASSWORD })
  return { email: resident.email, accountId: resident.id, browser, home }
}

/** How many starts of today count for this resident. */
async function startsCounted(accountId: string): Promise<number> {
  const key = `verification account ${accountId}`
  const [row] = await portal.db<{ failures: number }[]>`
    select failures from sign_in_throttle where key = ${key}`
  return row?.failures ?? 0
}

/** Signed in, with a verification at the vendor. */
async function begin() {
  const person = await signIn()
  const page = await startFrom(person.browser)
  const id = idOf(page)
  const [row] = await portal.db<{ sessionId: string }[]>`
    select vendor_session_id as session_id from verification where id = ${id}`
  return { ...person, page, id, sessionId: row?.sessionId ?? '' }
}

const startFrom = async (browser: UserAgent, url = '/verify') =>
  browser.submit(await browser.open(new URL(url, portal.issuer).href), 'start')
const idOf = (page: Page) => /\/verify\/([0-9a-f-]{36})$/.exec(page.url)?.[1] ?? ''
const headingOf = ({ text }: Page) => /<h1>([^<]*)<\/h1>/.exec(text)?.[1]
const rowsOf = (accountId: string) =>
  portal.db<
    { id: string; vendor: string; status: string }[]
  >`select id, vendor, status from verification where account_id = ${accountId} order by session_created_at`

/** Loads the page until it has this heading. */
const seeHeading = (browser: UserAgent, id: string, heading: string) =>
  eventually(async () => {
    const page = await browser.open(`${portal.issuer}/verify/${id}`)
    return headingOf(page) === heading && page
  })

/** Where "Continue" leads. */
async function goOn(browser: UserAgent, id: string): Promise<string> {
  const response = await browser.request(`${portal.issuer}/verify/${id}/continue`)
  expect(response.status).toBe(303)
  return response.headers.get('location') ?? ''
}

describe('the way of a resident', () => {
  test('leads from the home page to the vendor and back, and shows at each step what was reported', async () => {
    const { browser, home, accountId, email } = await signIn()
    expect(home.text).toContain('href="/verify"')
    const page = await startFrom(browser)
    const id = idOf(page)
    expect(headingOf(page)).toBe('Take your photos')
    expect((await browser.open(portal.issuer)).text).toContain(`href="/verify/${id}"`)
    expect((await browser.open(`${portal.issuer}/verify`)).url).toBe(page.url)

    const vendorPage = await goOn(browser, id)
    expect(vendorPage).toContain(`${veriff.sandbox.url}/v/`)
    expect(page.text).not.toContain(vendorPage)
    const session = await veriff.sandbox.findSession(await sessionOf(id))
    expect(session).toMatchObject({ url: vendorPage, vendorData: id })

    await veriff.sandbox.start(await sessionOf(id))
    await veriff.sandbox.submit(await sessionOf(id))
    const checking = await seeHeading(browser, id, 'Your photos are being checked')
    expect(checking.text).not.toContain('name="cancel"')
    expect(await findVerificationState(portal.db, accountId)).toBe('being-checked')
    await veriff.sandbox.decide(await sessionOf(id), 'approved')
    const done = await eventually(async () => {
      const shown = await browser.open(`${portal.issuer}/verify/${id}`)
      return shown.text.includes('its photos are stored here') && shown
    })
    expect(headingOf(done)).toBe('You are verified')
    expect((await browser.open(portal.issuer)).text).not.toContain('href="/verify')
    expect((await browser.open(`${portal.issuer}/verify`)).text).toContain('You were verified on')

    const [stored] = await portal.db`
      select to_jsonb(verification)::text as text from verification where id = ${id}`
    expect(stored?.text).toContain('"page_sealed": null')
    expect(portal.logged()).not.toContain(vendorPage)
    expect(portal.logged()).not.toContain(email)
  })

  test('keeps the address of the vendor sealed while it can be used', async () => {
    const { browser, id } = await begin()
    const url = await goOn(browser, id)
    const [row] = await portal.db<{ pageSealed: Buffer }[]>`
      select page_sealed from verification where id = ${id}`
    expect(row?.pageSealed.length).toBeGreaterThan(url.length)
    expect(row?.pageSealed.includes(url)).toBe(false)
  })

  test('does not believe the return of the browser', async () => {
    const { browser, id, sessionId } = await begin()
    const callback = await callbackOf(sessionId)
    const back = await browser.open(callback)
    expect(back.url).toBe(`${portal.issuer}/verify/${id}`)
    expect(headingOf(back)).toBe('Take your photos')
    expect(await findVerificationState(portal.db, await ownerOf(id))).toBe('to-finish')
    // A phone that only took the photos has no session.
    const phone = await createUserAgent().open(callback)
    expect(headingOf(phone)).toBe('Go back to the device where you started')
  })

  test('takes new photos in the same session, and starts another one after a decline', async () => {
    const { browser, accountId, id, sessionId } = await begin()
    const url = await goOn(browser, id)
    await veriff.sandbox.complete(sessionId, 'resubmission_requested')
    await seeHeading(browser, id, 'New photos are needed')
    expect(await goOn(browser, id)).toBe(url)
    await veriff.sandbox.start(sessionId)
    await seeHeading(browser, id, 'Take your photos')
    await veriff.sandbox.complete(sessionId, 'declined')
    const declined = await seeHeading(browser, id, 'The check was declined')
    expect(await goOn(browser, id)).toBe(`/verify/${id}`)
    const again = await browser.submit(declined, 'start')
    expect(headingOf(again)).toBe('Take your photos')
    expect(idOf(again)).not.toBe(id)
    expect((await rowsOf(accountId)).map(({ status }) => status)).toEqual(['declined', 'pending'])
  })

  test('starts another one after it has expired', async () => {
    const { browser, id, sessionId } = await begin()
    await veriff.sandbox.decide(sessionId, 'expired')
    const expired = await seeHeading(browser, id, 'The check has ended')
    expect(headingOf(await browser.submit(expired, 'start'))).toBe('Take your photos')
  })

  test('shows a document of somebody else as being compared, and as no reason to start again', async () => {
    const { browser, id, sessionId } = await begin()
    const person = { givenName: 'Xiomara', surname: 'Villeda' }
    await veriff.sandbox.complete(sessionId, 'approved', { person })
    const page = await seeHeading(browser, id, 'Your document is being compared')
    expect(page.text).not.toContain('name="start"')
  })
})

const sessionOf = async (id: string) => {
  const [row] = await portal.db<{ sessionId: string }[]>`
    select vendor_session_id as session_id from verification where id = ${id}`
  return row?.sessionId ?? ''
}
const ownerOf = async (id: string) => {
  const [row] = await portal.db<{ accountId: string }[]>`
    select account_id from verification where id = ${id}`
  return row?.accountId ?? ''
}

/** The address that the vendor was given, read from its page's form. */
async function callbackOf(sessionId: string): Promise<string> {
  const session = await veriff.sandbox.findSession(sessionId)
  await veriff.sandbox.setWebhookUrl(undefined)
  try {
    const body = new URLSearchParams({ outcome: 'resubmission_requested' })
    const answer = await fetch(session?.url ?? '', { method: 'POST', body, redirect: 'manual' })
    return answer.headers.get('location') ?? ''
  } finally {
    veriff.sandbox.setWebhookUrl(`${portal.url}/webhooks/veriff`)
  }
}

describe('inside the consent flow', () => {
  /** A resident without documents at the consent page of an application that asks for them. */
  async function ask(extra: Record<string, string> = {}) {
    const client = await addClient(portal.parts)
    const application = await createApplication(portal.issuer, client)
    const person = await signIn()
    const { url } = await application.authorizationRequest(`openid ${IMAGES}`, extra)
    const consent = await person.browser.open(url)
    const [, path = ''] = /href="(\/verify\?request=[\w-]+)"/.exec(consent.text) ?? []
    return { ...person, client, consent, path }
  }

  test('leads to the verification and back to the same request, also after signing in again', async () => {
    const { browser, accountId, consent, path } = await ask({ ui_locales: 'es' })
    expect(consent.text).toContain('Su identidad todavía no está verificada')
    const form = await browser.open(new URL(path, portal.issuer).href)
    expect(form.text).toContain('Bluewater Bank pide su documento de identidad')
    await portal.db`
      update oidc_artifact set payload = jsonb_set(payload, '{loginTs}', to_jsonb(extract(epoch from now())::int - 3600))
      where kind = 'Session' and payload ->> 'accountId' = ${accountId}`
    const confirm = await browser.submit(form, 'start')
    const page = await browser.submit(confirm, 'confirm', { password: PASSWORD })
    expect(headingOf(page)).toBe('Tome sus fotos')
    await veriff.sandbox.complete(await sessionOf(idOf(page)), 'approved')
    const done = await seeHeading(browser, idOf(page), 'Su identidad está verificada')
    const [, back = ''] = /href="(\/interaction\/[\w-]+)"/.exec(done.text) ?? []
    const again = await browser.open(new URL(back, portal.issuer).href)
    expect(again.url).toBe(consent.url)
    expect(again.text).not.toContain('/verify?request=')
    const answer = await browser.submit(again, 'allow', {}, { leaveAt: REDIRECT_URI })
    expect(new URL(answer.url).searchParams.get('code')).toBeTruthy()
    // The request was answered, so it does not wait any more.
    const after = await browser.open(`${portal.issuer}/verify/${idOf(page)}`)
    expect(after.text).toContain('is not open any more')
  })

  test('lets the resident decide while the photos are checked; an event tells the application', async () => {
    const { browser, client, path } = await ask()
    await portal.db.begin((sql) =>
      setStream(sql, portal.parts.sealer, { clientId: client.client_id, delivery: 'poll' }),
    )
    const page = await startFrom(browser, path)
    const sessionId = await sessionOf(idOf(page))
    await veriff.sandbox.start(sessionId)
    await veriff.sandbox.submit(sessionId)
    const checking = await seeHeading(browser, idOf(page), 'Your photos are being checked')
    expect(checking.text).toContain('what you allow is shared as soon as the check is done')
    const [, back = ''] = /href="(\/interaction\/[\w-]+)"/.exec(checking.text) ?? []
    const consent = await browser.open(new URL(back, portal.issuer).href)
    expect(consent.text).toContain('Your photos are being checked.')
    await browser.submit(consent, 'allow', {}, { leaveAt: REDIRECT_URI })
    await veriff.sandbox.decide(sessionId, 'approved')
    await eventually(async () => {
      const { events } = await listPendingEvents(portal.db, client.client_id, 10)
      return events.some(({ kind }) => kind === 'verification.approved')
    })
  })

  test('shows a verification that is under way to the next request, and none of them to another resident', async () => {
    const { browser, accountId, path } = await ask()
    const other = await signIn()
    const seen = await other.browser.open(new URL(path, portal.issuer).href)
    expect(seen.text).not.toContain('Bluewater Bank')
    const page = await startFrom(browser)
    expect(page.text).not.toContain('Bluewater Bank')
    const joined = await browser.open(new URL(path, portal.issuer).href)
    expect(joined.url).toBe(page.url)
    expect(joined.text).toContain('Back to the request of Bluewater Bank')
    const back = await browser.submit(joined, 'cancel')
    expect(back.text).toContain('name="allow"')
    expect(await rowsOf(accountId)).toEqual([])
  })

  test('says that a request has expired', async () => {
    const { browser, path } = await ask()
    const page = await startFrom(browser, path)
    await portal.db`
      update oidc_artifact set expires_at = now() - interval '1 second' where kind = 'Interaction'`
    const after = await browser.open(page.url)
    expect(after.text).toContain('is not open any more')
    expect(headingOf(after)).toBe('Take your photos')
  })
})

describe('one verification at a time', () => {
  test('is started by several clicks, tabs and processes together', async () => {
    const { browser, accountId } = await signIn()
    const before = new Set(veriff.sandbox.listSessions())
    const form = await browser.open(`${portal.issuer}/verify`)
    const csrf = /name="csrf" value="([^"]*)"/.exec(form.text)?.[1] ?? ''
    const click = (url: string) =>
      browser.request(`${url}/verify`, {
        method: 'POST',
        body: new URLSearchParams({ csrf, start: '' }),
        headers: { Origin: portal.issuer, Cookie: cookiesOf(browser) },
      })
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => click(n % 2 ? portal.url : another.url)),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(303))
    const rows = await rowsOf(accountId)
    expect(rows).toHaveLength(1)
    expect(new Set(answers.map(({ headers }) => headers.get('location')))).toEqual(
      new Set([`/verify/${rows[0]?.id}`]),
    )
    // Those of earlier tests may be erased meanwhile.
    expect(veriff.sandbox.listSessions().filter((each) => !before.has(each))).toHaveLength(1)
    expect(await startsCounted(accountId)).toBe(1)
  })

  test('is replaced when the process that was starting it ended', async () => {
    const { browser, accountId } = await signIn()
    const id = randomUUID()
    await portal.db`
      insert into verification (id, account_id, vendor, integration) values (${id}, ${accountId}, 'veriff', 'default')`
    const starting = await browser.open(`${portal.issuer}/verify/${id}`)
    expect(headingOf(starting)).toBe('The check is being started')
    expect(starting.text).not.toContain('name="start"')
    await portal.db`
      update verification set session_created_at = now() - interval '61 seconds' where id = ${id}`
    const interrupted = await browser.open(`${portal.issuer}/verify/${id}`)
    expect(headingOf(interrupted)).toBe('The check could not be started')
    const again = await browser.submit(interrupted, 'start')
    expect(headingOf(again)).toBe('Take your photos')
    expect(await rowsOf(accountId)).toMatchObject([{ id: idOf(again) }])
  })

  test('is given up for a new one where its page does not open any more', async () => {
    const { browser, accountId, page, id, sessionId } = await begin()
    const again = await browser.submit(page, 'start')
    expect(headingOf(again)).toBe('Take your photos')
    expect(await rowsOf(accountId)).toMatchObject([{ id: idOf(again), status: 'pending' }])
    expect(idOf(again)).not.toBe(id)
    await eventually(async () => !(await veriff.sandbox.findSession(sessionId)))
  })

  test('is limited to a number each day', async () => {
    const { browser, accountId } = await signIn()
    for (let times = 1; times <= 5; times++) {
      const page = await startFrom(browser)
      expect(headingOf(page)).toBe('Take your photos')
      // What cannot be replaced is not given up.
      if (times === 5) expect((await browser.submit(page, 'start')).status).toBe(429)
      expect(await rowsOf(accountId)).toMatchObject([{ id: idOf(page), status: 'pending' }])
      await browser.submit(page, 'cancel')
    }
    const refused = await startFrom(browser)
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(7000)
    expect(refused.text).toContain('You have started many checks today')
    expect(refused.text).not.toContain('name="start"')
  })
})

const cookiesOf = (browser: UserAgent) =>
  [...browser.jar].map(([name, { value }]) => `${name.split(' ')[1]}=${value}`).join('; ')

describe('cancelling', () => {
  test('erases it here and at the vendor, and a late approval brings nothing back', async () => {
    const { browser, accountId, page, id, sessionId } = await begin()
    await veriff.sandbox.start(sessionId)
    const home = await browser.submit(page, 'cancel')
    expect(home.url).toBe(`${portal.issuer}/`)
    expect(home.text).toContain('The check was cancelled.')
    expect(await rowsOf(accountId)).toEqual([])
    await eventually(async () => !(await veriff.sandbox.findSession(sessionId)))
    expect((await browser.open(`${portal.issuer}/verify/${id}`)).status).toBe(404)
    const [entry] = await portal.db`
      select kind from ledger_entry where verification_id = ${id} and kind = 'erasure'`
    expect(entry).toBeDefined()
  })

  test('keeps what was judged, and lets another one start', async () => {
    const { browser, accountId, id, sessionId } = await begin()
    await veriff.sandbox.complete(sessionId, 'resubmission_requested')
    const page = await seeHeading(browser, id, 'New photos are needed')
    await browser.submit(page, 'cancel')
    expect(await rowsOf(accountId)).toMatchObject([{ id, status: 'expired' }])
    // No mail tells the resident what they did themselves.
    const [notice] = await portal.db`
      select told from verification_notice where verification_id = ${id} and due is null`
    expect(notice).toEqual({ told: 'ended' })
    expect(headingOf(await startFrom(browser))).toBe('Take your photos')
  })

  test('comes too late for photos that are being checked', async () => {
    const { browser, accountId, page, id, sessionId } = await begin()
    await veriff.sandbox.start(sessionId)
    await veriff.sandbox.submit(sessionId)
    await seeHeading(browser, id, 'Your photos are being checked')
    const after = await browser.submit(page, 'cancel')
    expect(headingOf(after)).toBe('Your photos are being checked')
    await browser.submit(page, 'start')
    expect(await rowsOf(accountId)).toMatchObject([{ id, status: 'pending' }])
  })
})

test('shows, continues and cancels nobody else’s, and none of a tenant', async () => {
  const { id, page } = await begin()
  const other = await signIn()
  for (const path of [id, `${id}/continue`, 'no-uuid', '%00'])
    expect((await other.browser.open(`${portal.issuer}/verify/${path}`)).status).toBe(404)
  const csrf = /name="csrf" value="([^"]*)"/.exec(other.home.text)?.[1] ?? ''
  const send = (path: string, fields: Record<string, string>) =>
    other.browser.request(`${portal.issuer}${path}`, {
      method: 'POST',
      body: new URLSearchParams({ csrf, ...fields }),
      headers: { Origin: portal.issuer },
    })
  expect((await send(`/verify/${id}/cancel`, {})).status).toBe(404)
  await send('/verify', { replaces: id })
  expect(await sessionOf(id)).not.toBe('')
  expect(headingOf(page)).toBe('Take your photos')
  expect((await createUserAgent().request(`${portal.issuer}/verify`)).status).toBe(303)
  const forged = await other.browser.request(`${portal.issuer}/verify`, { method: 'POST' })
  expect(forged.status).toBe(403)
})

test('needs a recent sign-in to start, and an active account', async () => {
  const { browser, accountId } = await signIn()
  const form = await browser.open(`${portal.issuer}/verify`)
  await portal.db`
    update oidc_artifact set payload = jsonb_set(payload, '{loginTs}', to_jsonb(extract(epoch from now())::int - 3600))
    where kind = 'Session' and payload ->> 'accountId' = ${accountId}`
  const confirm = await browser.submit(form, 'start')
  expect(confirm.text).toContain('name="confirm"')
  expect(await rowsOf(accountId)).toEqual([])
  const page = await browser.submit(confirm, 'confirm', { password: PASSWORD })
  expect(headingOf(page)).toBe('Take your photos')
  await portal.db.begin((sql) => setAccountStatus(sql, accountId, 'suspended'))
  expect((await browser.open(page.url)).text).not.toContain('Take your photos')
})

test('does not start again at a vendor whose reason stays, whatever form is sent', async () => {
  const { browser, accountId, page, id } = await begin()
  const { vault } = portal.parts
  await portal.db.begin((sql) =>
    recordDecision(
      sql,
      vault,
      id,
      {
        ...{ attemptId: 'one', status: 'declined', decidedAt: new Date(), reasons: ['age'] },
        ...{ documentType: undefined, reason: undefined },
      },
      undefined,
    ),
  )
  const shown = await browser.open(`${portal.issuer}/verify`)
  expect([idOf(shown), shown.text.includes('name="start"')]).toEqual([id, false])
  // The form of before the decision.
  expect(idOf(await browser.submit(page, 'start'))).toBe(id)
  expect(await rowsOf(accountId)).toMatchObject([{ id, status: 'declined' }])
  // Another verifier may decide otherwise.
  await setVendorIntegration(portal.db, portal.parts.sealer, { vendor: 'manual' })
  await setVendorOrder(portal.db, 'manual,veriff')
  const other = await startFrom(browser)
  expect(idOf(other)).not.toBe(id)
})

describe('the operator’s order of vendors', () => {
  test('falls back to the next one while a vendor is down, and says so when all are', async () => {
    const { browser, accountId } = await signIn()
    await setVendorIntegration(portal.db, portal.parts.sealer, {
      vendor: 'kora',
      name: 'down',
      baseUrl: 'http://127.0.0.1:9',
      apiKey: 'k',
      secret: 's',
      settings: ['captureUrl=https://capture.test/'],
    })
    await setVendorOrder(portal.db, 'kora/down')
    const failed = await startFrom(browser)
    expect(headingOf(failed)).toBe('The check could not be started')
    expect(failed.text).toContain('try again in a few minutes')
    await setVendorOrder(portal.db, 'kora/down,veriff')
    const page = await browser.submit(failed, 'start')
    expect(headingOf(page)).toBe('Take your photos')
    expect(await rowsOf(accountId)).toMatchObject([{ id: idOf(page), vendor: 'veriff' }])
    expect(portal.logged()).toContain('vendor started no session')
    expect(await startsCounted(accountId)).toBe(1)
  })

  test('gives a vendor up that does not answer in time', async () => {
    const { accountId } = await signIn()
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo
    const { parts, issuer } = portal
    const row = await createRow(portal.db, { vendor: 'veriff', accountId }, 'default')
    const configured = await findVendorIntegration(portal.db, parts.sealer, 'veriff', 'default')
    if (!configured) throw new Error('not configured')
    const baseUrl = `http://127.0.0.1:${port}`
    const opening = openSession(
      { ...parts, issuer },
      { ...configured, baseUrl },
      { ...row, accountId, deadlineSeconds: 0.1 },
    )
    await expect(opening).rejects.toThrow('did not answer within')
    expect(await rowsOf(accountId)).toMatchObject([{ status: 'error' }])
    silent.close()
    silent.closeAllConnections()
  })

  test('skips what is disabled or of another tenant, and leads to the pages of manual', async () => {
    const { browser, accountId } = await signIn()
    await setVendorIntegration(portal.db, portal.parts.sealer, { vendor: 'manual' })
    await setVendorIntegration(portal.db, portal.parts.sealer, {
      vendor: 'manual',
      name: 'acme',
      tenant: 'acme',
    })
    await expect(setVendorOrder(portal.db, 'manual/acme')).rejects.toThrow(
      'portal’s own'.replace('’', "'"),
    )
    await expect(setVendorOrder(portal.db, 'nobody')).rejects.toThrow('"nobody" is not')
    await setVendorOrder(portal.db, 'veriff,manual')
    await portal.db`update vendor_integration set enabled = false where vendor = 'veriff'`
    try {
      const page = await startFrom(browser)
      expect(await goOn(browser, idOf(page))).toBe(`/verify/manual/${idOf(page)}`)
      expect(await rowsOf(accountId)).toMatchObject([{ vendor: 'manual', status: 'pending' }])
    } finally {
      await portal.db`update vendor_integration set enabled = true where vendor = 'veriff'`
    }
  })

  test('says that nobody can be verified where there is none', async () => {
    const { browser } = await signIn()
    await setVendorOrder(portal.db, 'none')
    const page = await browser.open(`${portal.issuer}/verify`)
    expect(page.text).toContain('nobody is set up to check documents')
    expect(page.text).not.toContain('name="start"')
  })
})

describe('the page of a vendor', () => {
  const own = async (given: Connected) => {
    const { id: accountId } = await addResident(portal.parts)
    await setVendorOrder(portal.db, given.word)
    const attempt = { what: 'verification', emailKey: undefined, address: '192.0.2.1' } as const
    const start = { accountId, interactionUid: undefined, attempt }
    const started = await startOwnVerification(parts(), start)
    if (started.outcome !== 'started') throw new Error(started.outcome)
    const { id } = started
    return { accountId, open: () => openOwnPage(parts(), { accountId, id }) }
  }
  const parts = () => ({ ...portal.parts, issuer: portal.issuer, jobs })

  test('of Sumsub has a new address each time, also for new photos', async () => {
    const { sandbox, ...vendor } = await connectSumsub()
    const { accountId, open } = await own(vendor)
    const [first, second] = [await open(), await open()]
    expect(first).toMatch(/websdk/)
    expect(second).not.toBe(first)
    await chooseOutcome(second ?? '', 'RETRY')
    await becomes(accountId, 'new-photos')
    await chooseOutcome((await open()) ?? '', 'GREEN')
    await becomes(accountId, 'done')
    expect(await open()).toBeUndefined()
    await sandbox.close()
  })

  test('of Stripe is asked for again, and while Stripe is down that is said', async () => {
    const { sandbox, ...vendor } = await connectStripe()
    const { accountId, open } = await own(vendor)
    await chooseOutcome((await open()) ?? '', 'selfie_face_mismatch')
    await becomes(accountId, 'new-photos')
    expect(await open()).toContain('/start/')
    await sandbox.close()
    await expect(open()).rejects.toThrow(VendorError)
  })

  test('of Mosaic opens once, for one of several clicks, and then another verification is started', async () => {
    const mosaic = await connectMosaic(portal)
    const { accountId, open } = await own({ word: 'mosaic' })
    const opened = await Promise.all([open(), open(), open()])
    expect(opened.filter((url) => url !== undefined)).toHaveLength(1)
    expect(await findOwnProgress(portal.db, accountId)).toMatchObject({
      state: 'at-vendor',
      hasPage: false,
    })
    await mosaic.sandbox.close()
  })

  test('of Incode and Kora stays the same', async () => {
    const incode = await connectIncode(portal, { webhooks: false })
    const kora = await connectKora()
    for (const word of [`incode/${incode.name}`, kora.word]) {
      const { open } = await own({ word })
      const url = await open()
      expect(url).toMatch(/^https?:/)
      expect(await open()).toBe(url)
    }
    await incode.sandbox.close()
    await kora.sandbox.close()
  })

  test('of a vendor that was disabled since leads to a new start', async () => {
    const { sandbox, word } = await connectKora()
    const { accountId, open } = await own({ word })
    await portal.db`update vendor_integration set enabled = false where vendor = 'kora'`
    expect(await open()).toBeUndefined()
    expect(await findOwnProgress(portal.db, accountId)).toMatchObject({ hasPage: false })
    await sandbox.close()
  })

  /** The state, as the worker finds it out. */
  const becomes = (accountId: string, state: string) =>
    eventually(async () => (await findOwnProgress(portal.db, accountId))?.state === state)
})

type Connected = { word: string }

async function connectSumsub() {
  const name = `s-${randomUUID().slice(0, 8)}`
  const [appToken, secretKey, webhookSecret] = [randomUUID(), randomUUID(), randomUUID()]
  const sandbox = await startSumsubSandbox({
    port: 0,
    appToken,
    secretKey,
    webhookSecret,
    webhookUrl: `${portal.url}/webhooks/sumsub/${name}`,
    person: DOCUMENT,
    retryDelaysInMs: [50, 100, 200],
  })
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'sumsub',
    name,
    baseUrl: sandbox.url,
    apiKey: appToken,
    secret: secretKey,
    webhookSecret,
  })
  return { sandbox, word: `sumsub/${name}` }
}

async function connectStripe() {
  const name = `s-${randomUUID().slice(0, 8)}`
  const [apiKey, webhookSecret] = [randomUUID(), randomUUID()]
  const sandbox = await startStripeSandbox({
    port: 0,
    apiKey,
    webhookSecret,
    webhookUrl: `${portal.url}/webhooks/stripe/${name}`,
    person: DOCUMENT,
    retryDelaysInMs: [50, 100, 200],
  })
  const given = { vendor: 'stripe', name, baseUrl: sandbox.url, apiKey, secret: webhookSecret }
  await setVendorIntegration(portal.db, portal.parts.sealer, given)
  return { sandbox, word: `stripe/${name}` }
}

async function connectKora() {
  const [apiKey, tenantId, secret] = [randomUUID(), randomUUID(), randomUUID()]
  const sandbox = await startKoraSandbox({ port: 0, apiKey, tenantId, secret, person: DOCUMENT })
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'kora',
    name: 'up',
    baseUrl: sandbox.url,
    apiKey,
    secret,
    settings: [`tenantId=${tenantId}`, 'captureUrl=https://capture.test/?id={sessionId}'],
  })
  return { sandbox, word: 'kora/up' }
}
