import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAccount, findAccount, setAccountStatus } from '../../src/accounts/accounts.ts'
import { createUserAgent, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { listOutbox } from '../../src/platform/mail.ts'
import { createApplication } from '../support/application.ts'
import { receiveMail } from '../support/mailbox.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'
import { ratioOfFastest } from '../support/timing.ts'

const NEW_PASSWORD = 'seventeen copper kites over the bay'
const RESET = 'Set a new password'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal({ worker: true, trustedProxies: ['127.0.0.1', '::1'] })
})
afterAll(() => portal.close())

/** Every browser from an address of its own. */
function createBrowser(): UserAgent {
  const [a, b, c] = crypto.getRandomValues(new Uint8Array(3))
  return createUserAgent({ 'X-Forwarded-For': `10.${a}.${b}.${c}` })
}

async function ask(email: string, browser = createBrowser()) {
  const page = await browser.open(`${portal.issuer}/reset`)
  return { browser, sent: await browser.submit(page, 'send', { email }) }
}

async function askedLink() {
  const resident = await addResident(portal.parts)
  const { browser } = await ask(resident.email)
  const { link } = await receiveMail(portal, resident.email, RESET)
  return { resident, browser, link }
}

/** A mail to this address with a link and a code, as `ask` or the account's page requested it. */
async function receiveCode(to: string, subject: string) {
  const { link, text } = await receiveMail(portal, to, subject)
  return { link, code: /^\d{4} \d{4}$/m.exec(text)?.[0] ?? '' }
}

async function signInStatus(email: string, password: string) {
  const browser = createBrowser()
  const page = await browser.open(`${portal.issuer}/`)
  return (await browser.submit(page, 'login', { email, password })).status
}

describe('a link for a new password', () => {
  test('sets it, ends every session and its tokens, and clears the wait', async () => {
    const resident = await addResident(portal.parts)
    const elsewhere = createBrowser()
    const application = await createApplication(portal.issuer, await addClient(portal.parts))
    const { access_token } = await application.obtainTokens(
      'openid eprospera:person.id_verification.read',
      resident.email,
      elsewhere,
    )
    const api = async () =>
      (
        await fetch(`${portal.url}/api/v1/me/natural-person/id-verification`, {
          headers: { Authorization: `Bearer ${access_token}` },
        })
      ).status
    expect(await api()).toBe(200)

    const forgetful = createBrowser()
    const statuses: number[] = []
    for (let round = 0; round < 8; round++) {
      const page = await forgetful.open(`${portal.issuer}/`)
      const fields = { email: resident.email, password: 'some other long password' }
      statuses.push((await forgetful.submit(page, 'login', fields)).status)
    }
    expect(statuses).toContain(429)

    const { sent } = await ask(resident.email, forgetful)
    expect(sent.url).toBe(`${portal.issuer}/reset/sent`)
    const { link } = await receiveMail(portal, resident.email, RESET)
    const form = await forgetful.open(link)
    expect(form.text).toContain(resident.email)
    const done = await forgetful.submit(form, 'set-password', { password: NEW_PASSWORD })
    expect(done.url).toBe(`${portal.issuer}/reset/done`)

    expect(await api()).toBe(401)
    expect((await elsewhere.open(`${portal.issuer}/`)).text).toContain('name="login"')
    const again = await forgetful.open(`${portal.issuer}/`)
    const home = await forgetful.submit(again, 'login', {
      email: resident.email,
      password: NEW_PASSWORD,
    })
    expect([home.status, home.text.includes('name="sign-out"')]).toEqual([200, true])
    expect(await signInStatus(resident.email, PASSWORD)).toBe(401)
    await receiveMail(portal, resident.email, 'Your password was changed')
  })

  test('works for a resident who never had a password', async () => {
    const email = `${randomUUID()}@example.test`
    await createAccount(portal.parts, { email, givenName: 'Ana', surname: 'Mejia' })
    expect(await signInStatus(email, NEW_PASSWORD)).toBe(401)
    const { browser } = await ask(email)
    const form = await browser.open((await receiveMail(portal, email, RESET)).link)
    await browser.submit(form, 'set-password', { password: NEW_PASSWORD })
    expect(await signInStatus(email, NEW_PASSWORD)).toBe(200)
  })

  test('proves the address of a resident whom an operator entered, and nothing before does', async () => {
    const made = async (emailVerified?: boolean) => {
      const email = `${randomUUID()}@example.test`
      const given = { email, givenName: 'Ana', surname: 'Mejia', password: PASSWORD }
      return createAccount(portal.parts, { ...given, ...(emailVerified ? { emailVerified } : {}) })
    }
    const isVerified = async (id: string) =>
      (await findAccount(portal.db, portal.parts.vault, id))?.emailVerified
    const resident = await made()
    expect(await isVerified(resident.id)).toBe(false)
    expect(await signInStatus(resident.email, PASSWORD)).toBe(200)
    expect(await isVerified(resident.id)).toBe(false)
    const { browser } = await ask(resident.email)
    const form = await browser.open((await receiveMail(portal, resident.email, RESET)).link)
    expect(await isVerified(resident.id)).toBe(false)
    await browser.submit(form, 'set-password', { password: NEW_PASSWORD })
    expect(await isVerified(resident.id)).toBe(true)
    expect(await isVerified((await made(true)).id)).toBe(true)
  })

  test('is not used up by being opened, by any number of scanners, nor by an empty or a weak password', async () => {
    const { resident, browser, link } = await askedLink()
    for (let round = 0; round < 3; round++) expect((await fetch(link)).status).toBe(403)
    expect((await fetch(link, { method: 'HEAD' })).status).toBe(403)
    for (const password of ['', 'short', 'prospera-prospera', 'iloveyou1234567', resident.email])
      expect(
        (await browser.submit(await browser.open(link), 'set-password', { password })).status,
      ).toBe(400)
    expect(await signInStatus(resident.email, PASSWORD)).toBe(200)
    const done = await browser.submit(await browser.open(link), 'set-password', {
      password: NEW_PASSWORD,
    })
    expect(done.url).toBe(`${portal.issuer}/reset/done`)
  })

  test('works once, of twelve at one instant too', async () => {
    const { browser, link } = await askedLink()
    const form = await browser.open(link)
    const csrf = /name="csrf" value="([^"]+)"/.exec(form.text)?.[1] ?? ''
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        browser.request(link, {
          method: 'POST',
          body: new URLSearchParams({ csrf, password: `${NEW_PASSWORD} ${index}` }),
        }),
      ),
    )
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([303, ...Array(11).fill(410)])
    expect((await browser.open(link)).status).toBe(410)
  })

  test('is good in the browser that asked, and in no other, whatever form is sent again', async () => {
    const { resident, browser, link } = await askedLink()
    const other = createBrowser()
    const opened = await other.open(link)
    expect(opened.status).toBe(403)
    expect(opened.text).toContain('in the browser in which you requested it')
    // A form of the other browser's own, and the right form's own value, sent from there.
    const own = await ask('nobody@example.test', other)
    expect(own.sent.status).toBe(200)
    const csrf = /name="csrf" value="([^"]+)"/.exec((await browser.open(link)).text)?.[1] ?? ''
    const asking = await other.open(`${portal.issuer}/reset`)
    const otherCsrf = /name="csrf" value="([^"]+)"/.exec(asking.text)?.[1] ?? ''
    const post = (agent: UserAgent, body: Record<string, string>) =>
      agent.request(link, { method: 'POST', body: new URLSearchParams(body) })
    for (const value of [csrf, otherCsrf, ''])
      expect((await post(other, { csrf: value, password: NEW_PASSWORD })).status).toBe(403)
    // In the right browser: an earlier form, none at all, and one of another site.
    const earlier = await browser.open(`${portal.issuer}/reset`)
    const earlierCsrf = /name="csrf" value="([^"]+)"/.exec(earlier.text)?.[1] ?? ''
    expect((await post(browser, { csrf: earlierCsrf, password: NEW_PASSWORD })).status).toBe(403)
    expect((await post(browser, {})).status).toBe(403)
    const crossSite = await browser.request(link, {
      method: 'POST',
      body: new URLSearchParams({ csrf, password: NEW_PASSWORD }),
      headers: { 'Sec-Fetch-Site': 'cross-site' },
    })
    expect(crossSite.status).toBe(403)
    expect(await signInStatus(resident.email, PASSWORD)).toBe(200)
    expect((await browser.open(link)).status).toBe(200)
  })

  test('is over after half an hour, when another one was used, and when the resident is suspended', async () => {
    const late = await askedLink()
    await portal.db`
      update mail_link set expires_at = now() - interval '1 second' where account_id = ${late.resident.id}`
    expect((await late.browser.open(late.link)).status).toBe(410)

    const two = await askedLink()
    await ask(two.resident.email, two.browser)
    const second = await eventually(async () => {
      const { link } = await receiveMail(portal, two.resident.email, RESET)
      return link !== two.link && link
    })
    const form = await two.browser.open(second)
    await two.browser.submit(form, 'set-password', { password: NEW_PASSWORD })
    expect((await two.browser.open(two.link)).status).toBe(410)

    const suspended = await askedLink()
    await setAccountStatus(portal.db, suspended.resident.id, 'suspended')
    expect((await suspended.browser.open(suspended.link)).status).toBe(410)
  })

  test('lies open in no table and no log', async () => {
    const { resident, browser, link } = await askedLink()
    await browser.submit(await browser.open(link), 'set-password', { password: NEW_PASSWORD })
    const token = link.split('/').at(-1) ?? ''
    expect(token).toMatch(/^[\w-]{43}$/)
    const rows = await portal.db`
      select row_to_json(job)::text as text from pgboss.job
      union all select row_to_json(outbox_mail)::text from outbox_mail
      union all select row_to_json(mail_link)::text from mail_link where account_id <> ${resident.id}`
    const kept = rows.map(({ text }) => text).join('\n')
    for (const secret of [token, resident.email]) {
      expect(kept).not.toContain(secret)
      expect(portal.logged()).not.toContain(secret)
    }
    const [row] = await portal.db`
      select row_to_json(mail_link)::text as text from mail_link where account_id = ${resident.id}`
    expect(row?.text).not.toContain(token)
  })
})

describe('the code of a mail that is read on another device', () => {
  test('gives the browser that asked a link of its own, once, and ends the mailed one', async () => {
    const resident = await addResident(portal.parts)
    const { browser, sent } = await ask(resident.email)
    const { link, code } = await receiveCode(resident.email, RESET)
    const phone = createBrowser()
    const opened = await phone.open(link)
    expect([opened.status, opened.text.includes('type the code from the e-mail there')]).toEqual([
      403,
      true,
    ])
    // The code is of no use in another browser, whatever it asked for itself.
    const own = (await ask(`${randomUUID()}@example.test`, phone)).sent
    expect((await phone.submit(own, 'verify', { code })).status).toBe(400)
    const wrong = await browser.submit(sent, 'verify', { code: '0000' })
    expect([wrong.status, wrong.text.includes('id="code-error"')]).toEqual([400, true])
    const form = await browser.submit(wrong, 'verify', { code: ` ${code.replace(' ', '')} ` })
    expect(form.url).toMatch(/\/reset\/[\w-]{43}$/)
    expect(form.url).not.toBe(link)
    expect((await browser.open(link)).status).toBe(410)
    const done = await browser.submit(form, 'set-password', { password: NEW_PASSWORD })
    expect(done.url).toBe(`${portal.issuer}/reset/done`)
    expect((await browser.submit(sent, 'verify', { code })).status).toBe(400)
    expect(await signInStatus(resident.email, NEW_PASSWORD)).toBe(200)
  })

  test('has five tries, of many at one instant too; the link still works', async () => {
    const resident = await addResident(portal.parts)
    const { browser, sent } = await ask(resident.email)
    const { link, code } = await receiveCode(resident.email, RESET)
    const csrf = /name="csrf" value="([^"]+)"/.exec(sent.text)?.[1] ?? ''
    const guess = (typed: string) =>
      browser.request(`${portal.issuer}/reset/code`, {
        method: 'POST',
        body: new URLSearchParams({ csrf, code: typed }),
      })
    const wrong = await Promise.all(Array.from({ length: 12 }, () => guess('12345678')))
    expect(new Set(wrong.map(({ status }) => status))).toEqual(new Set([400]))
    expect((await guess(code)).status).toBe(400)
    const [row] = await portal.db`
      select max(tries) as tries from mail_code join mail_link using (request_id)
      where account_id = ${resident.id}`
    expect(row?.tries).toBe(5)
    expect((await browser.open(link)).status).toBe(200)
  })

  test('of an earlier mail, of an expired one, and of a used link is wrong', async () => {
    const resident = await addResident(portal.parts)
    const first = await ask(resident.email)
    const { code } = await receiveCode(resident.email, RESET)
    const { sent } = await ask(resident.email, first.browser)
    const second = await eventually(async () => {
      const newest = await receiveCode(resident.email, RESET)
      return newest.code !== code && newest
    })
    expect((await first.browser.submit(sent, 'verify', { code })).status).toBe(400)
    const form = await first.browser.open(second.link)
    await first.browser.submit(form, 'set-password', { password: NEW_PASSWORD })
    expect((await first.browser.submit(sent, 'verify', { code: second.code })).status).toBe(400)

    const late = await ask(resident.email)
    await receiveCode(resident.email, RESET)
    await portal.db`update mail_code set expires_at = now() - interval '1 second'`
    const over = await late.browser.open(late.sent.url)
    expect(over.url).toBe(`${portal.issuer}/reset`)
  })

  test('confirms a new address too, and lies open in no table and no log', async () => {
    const resident = await addResident(portal.parts)
    const email = `${randomUUID()}@example.test`
    const browser = createBrowser()
    const signIn = await browser.open(`${portal.issuer}/`)
    await browser.submit(signIn, 'login', { email: resident.email, password: PASSWORD })
    const account = await browser.open(`${portal.issuer}/account`)
    const sent = await browser.submit(account, 'change-email', { email })
    expect(sent.url).toBe(`${portal.issuer}/verify-email/sent`)
    const { link, code } = await receiveCode(email, 'Confirm your e-mail address')
    const rows = await portal.db`select row_to_json(mail_code)::text as text from mail_code`
    const kept = rows.map(({ text }) => text).join('\n')
    for (const form of [code, code.replace(' ', '')]) {
      expect(kept).not.toContain(form)
      expect(portal.logged()).not.toContain(form)
    }
    expect((await createBrowser().open(link)).status).toBe(403)
    // The page for a new password has a code of its own.
    const other = (await ask(resident.email, browser)).sent
    expect((await browser.submit(other, 'verify', { code })).status).toBe(400)
    const form = await browser.submit(sent, 'verify', { code })
    const done = await browser.submit(form, 'confirm-email')
    expect(done.url).toBe(`${portal.issuer}/verify-email/done`)
    expect((await findAccount(portal.db, portal.parts.vault, resident.id))?.email).toBe(email)
  })
})

describe('asking for a new password', () => {
  test('answers alike and takes as long whether the address is known or not, and only the known one gets a mail', async () => {
    const samples = { known: [] as number[], unknown: [] as number[] }
    const residents: Awaited<ReturnType<typeof addResident>>[] = []
    const pages = new Set<string>()
    // Other programs delay all of few samples; with more of them, the fastest are undisturbed.
    while (
      residents.length < 15 ||
      (residents.length < 100 && ratioOfFastest(samples.known, samples.unknown) >= 2)
    ) {
      const resident = await addResident(portal.parts)
      residents.push(resident)
      for (const [which, address] of [
        ['known', resident.email],
        ['unknown', `${randomUUID()}@example.test`],
      ] as const) {
        const browser = createBrowser()
        const page = await browser.open(`${portal.issuer}/reset`)
        const before = performance.now()
        const sent = await browser.submit(page, 'send', { email: address })
        samples[which].push(performance.now() - before)
        pages.add(
          `${sent.status} ${sent.url} ${sent.text.replace(/(?<=name="csrf" value=)"[^"]+"/, '')}`,
        )
      }
    }
    expect(pages.size).toBe(1)
    expect(ratioOfFastest(samples.known, samples.unknown)).toBeLessThan(2)
    await receiveMail(portal, residents.at(-1)?.email ?? '', RESET)
    const addresses = new Set(
      (await listOutbox(portal.db, portal.parts.sealer)).map(({ to }) => to),
    )
    const known = [...addresses].filter((to) => residents.some(({ email }) => email === to))
    expect(known.length).toBeGreaterThan(0)
    const links = await portal.db`
      select 1 from mail_link where account_id = any(${residents.map(({ id }) => id)})`
    expect(links).toHaveLength(residents.length)
  })

  test('waits after some times, for the address that is asked for and for where it comes from', async () => {
    const { email } = await addResident(portal.parts)
    for (const address of [email, `${randomUUID()}@example.test`]) {
      const browser = createBrowser()
      const statuses: number[] = []
      // The waits grow, so that one of them is longer than the machine takes for a request.
      while (!statuses.includes(429) && statuses.length < 12)
        statuses.push((await ask(address, browser)).sent.status)
      expect(statuses.slice(0, 4)).toEqual([200, 200, 200, 200])
      expect(statuses).toContain(429)
    }
    const spraying = createBrowser()
    const statuses: number[] = []
    while (!statuses.includes(429) && statuses.length < 20)
      statuses.push((await ask(`${randomUUID()}@example.test`, spraying)).sent.status)
    expect(statuses).toContain(429)
  })

  test('is refused from another site and without the page’s hidden value', async () => {
    const browser = createBrowser()
    const page = await browser.open(`${portal.issuer}/reset`)
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const send = (agent: UserAgent, body: Record<string, string>, headers = {}) =>
      agent.request(`${portal.issuer}/reset`, {
        method: 'POST',
        body: new URLSearchParams({ email: 'ana@example.test', ...body }),
        headers,
      })
    expect((await send(browser, { csrf }, { Origin: 'https://evil.test' })).status).toBe(403)
    expect((await send(browser, {})).status).toBe(403)
    expect((await send(createBrowser(), { csrf })).status).toBe(403)
    expect((await send(browser, { csrf, email: 'no address' })).status).toBe(400)
    expect((await send(browser, { csrf })).status).toBe(303)
  })
})
