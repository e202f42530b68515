import { randomUUID } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { createTotpSecret, insertTotp } from '../../src/accounts/totp.ts'
import { createUserAgent, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import {
  addClient,
  addResident,
  ageSession,
  atOnce,
  authorizeUrl,
  CALLBACK,
  connect,
  countAcceptingProcesses,
  csrfOf,
  eventually,
  IMAGES,
  isSignedIn,
  newBrowser,
  newNetwork,
  obtainCode,
  PASSWORD,
  type Resident,
  receiveLink,
  refresh,
  send,
  signIn,
} from './people.ts'
import { type Attack, control, judge } from './runner.ts'
import type { Target } from './target.ts'

const NEW_PASSWORD = 'seventeen copper kites over the bay'
const RESET = 'Set a new password'
const BACK = { leaveAt: CALLBACK }

/** Requests a link to set a new password. Returns it with the browser that requested it. */
async function requestResetLink(target: Target, resident: Resident) {
  const browser = newBrowser()
  const page = await browser.open(`${target.issuer}/reset`)
  await browser.submit(page, 'send', { email: resident.email })
  return { browser, link: await receiveLink(target, resident.email, RESET) }
}

async function addResidentWithTotp(target: Target) {
  const resident = await addResident(target)
  const secret = createTotpSecret()
  const { db, sealer } = target.parts
  await insertTotp(db, sealer, { accountId: resident.id, secret, step: 0 })
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate()
  return { resident, code }
}

/** A copy of the browser's cookies, as a thief has it: it does not change when the owner's do. */
function copyOf(browser: UserAgent): UserAgent {
  const copy = createUserAgent(newNetwork())
  for (const [key, value] of browser.jar) copy.jar.set(key, value)
  return copy
}

/** How many of several requests, to both processes, find a session. */
async function countSignedIn(target: Target, browser: UserAgent): Promise<number> {
  const pages = [1, 2, 3, 4].map(() => copyOf(browser).open(`${target.issuer}/`))
  return (await Promise.all(pages)).filter(isSignedIn).length
}

export const sessionAttacks: Attack<Target>[] = [
  {
    area: 'sessions',
    name: 'the cookie of a session 16 minutes old lets a new application see documents',
    async run(target) {
      const resident = await addResident(target)
      const client = await addClient(target)
      const { browser } = await signIn(target, resident.email)
      await ageSession(target, resident)
      const scope = `openid ${IMAGES}`
      const page = await browser.open(authorizeUrl(target, client, { scope }), CALLBACK)
      const asked = await browser.submit(page, 'allow', {}, BACK)
      const csrf = csrfOf(asked)
      const forged: string[] = []
      for (const fields of ['', '&confirm=', '&passkey={}', '&confirm=&password=']) {
        const answer = await browser.request(asked.url, {
          method: 'POST',
          body: new URLSearchParams(`csrf=${csrf}&allow=${fields}`),
        })
        forged.push(answer.headers.get('location') ?? '')
      }
      const confirmed = asked.text.includes('name="confirm"')
        ? await browser.submit(asked, 'confirm', { password: PASSWORD }, BACK)
        : asked
      control(confirmed.url.includes('code='), 'with the password it is allowed')
      return judge(
        [asked.url.includes('code='), 'no proof is asked for'],
        [forged.some((location) => location.includes('code=')), 'the proof can be left out'],
      )
    },
  },
  {
    area: 'sessions',
    name: 'the cookie of a session 16 minutes old connects a device that reads documents',
    async run(target) {
      const resident = await addResident(target)
      const { browser } = await signIn(target, resident.email)
      await ageSession(target, resident)
      const begun = await send(`${target.issuer}/api/oauth/device_authorization`, {
        method: 'POST',
        body: new URLSearchParams({ client_id: 'eprospera-cli', scope: `openid ${IMAGES}` }),
      })
      const device = (await begun.json()) as { user_code: string; device_code: string }
      const entry = await browser.open(`${target.issuer}/device`)
      const confirm = await browser.submitFirst(entry, { user_code: device.user_code })
      const consent = await browser.submit(confirm, 'confirm', { confirm: 'yes' })
      control(consent.text.includes('name="allow"'), 'the device’s consent page is shown')
      const asked = await browser.submit(consent, 'allow')
      const polled = await send(`${target.issuer}/api/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({
          client_id: 'eprospera-cli',
          grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
          device_code: device.device_code,
        }),
      })
      return judge(
        [!asked.text.includes('name="confirm"'), 'no proof is asked for'],
        [polled.ok, 'the device is given tokens'],
      )
    },
  },
  {
    area: 'sessions',
    name: 'tokens, refresh tokens and sessions outlive a new password that was set by mail',
    async run(target) {
      const { resident, client, tokens, browser } = await connect(target)
      control(
        (await countAcceptingProcesses(target, tokens.access_token)) === 2,
        'the token works before',
      )
      const stolen = copyOf(browser)
      const { browser: own, link } = await requestResetLink(target, resident)
      const form = await own.open(link)
      const done = await own.submit(form, 'set-password', { password: NEW_PASSWORD })
      control(done.url.endsWith('/reset/done'), 'the new password is set')
      const open = await countAcceptingProcesses(target, tokens.access_token)
      const renewed = await Promise.all(
        target.webs.map((web) => refresh(web, client, tokens.refresh_token)),
      )
      const old = await signIn(target, resident.email)
      return judge(
        [open > 0, `${open} of 2 processes take the access token`],
        [renewed.some(({ ok }) => ok), 'the refresh token is renewed'],
        [(await countSignedIn(target, stolen)) > 0, 'the stolen cookie is signed in'],
        [isSignedIn(old.page), 'the old password signs in'],
      )
    },
  },
  {
    area: 'sessions',
    name: 'a link for a new password works in another browser, or twice',
    async run(target) {
      const resident = await addResident(target)
      const { browser, link } = await requestResetLink(target, resident)
      const form = await browser.open(link)
      const csrf = csrfOf(form)
      const body = (n: number) => new URLSearchParams({ csrf, password: `${NEW_PASSWORD} ${n}` })
      const foreign = await newBrowser().request(link, { method: 'POST', body: body(0) })
      const own = await Promise.all(
        Array.from({ length: 12 }, (_, n) =>
          browser.request(link, { method: 'POST', body: body(n) }),
        ),
      )
      const used = own.filter(({ status }) => status === 303).length
      control(used > 0, 'the link works in the browser that asked')
      return judge(
        [foreign.status < 400, 'it works in another browser'],
        [used > 1, `it is used ${used} times`],
      )
    },
  },
  {
    area: 'sessions',
    name: 'a weak or breached password, or one with the resident’s own name, is accepted',
    async run(target) {
      const resident = await addResident(target)
      const { browser, link } = await requestResetLink(target, resident)
      const taken: string[] = []
      const weak = ['short', 'iloveyou1234567', 'password12345678', 'prospera-prospera']
      for (const password of [...weak, resident.email]) {
        const page = await browser.submit(await browser.open(link), 'set-password', { password })
        if (page.url.endsWith('/reset/done')) taken.push(password)
      }
      const { page } = await signIn(target, resident.email)
      return judge(
        [taken.length > 0, `${taken.length} weak passwords are taken`],
        [!isSignedIn(page), 'the password was changed'],
      )
    },
  },
  {
    area: 'sessions',
    name: 'the password alone opens an account that has an authenticator app',
    async run(target) {
      const { resident, code } = await addResidentWithTotp(target)
      const { browser, page } = await signIn(target, resident.email)
      const client = await addClient(target)
      const silent = authorizeUrl(target, client, { prompt: 'none', scope: 'openid' })
      const visits = [page, await browser.open(`${target.issuer}/account`)]
      const left = await browser.open(silent, CALLBACK)
      const home = await browser.submit(page, 'verify', { code })
      control(isSignedIn(home), 'the password and a code open it')
      return judge(
        [visits.some(isSignedIn), 'a page of the account opens'],
        [left.url.includes('code='), 'an application is given a code'],
      )
    },
  },
  {
    area: 'sessions',
    name: 'one code of an authenticator app signs in twice, at the same moment on both processes or later',
    async run(target) {
      const { resident, code } = await addResidentWithTotp(target)
      const steps = await Promise.all(
        Array.from({ length: 4 }, () => signIn(target, resident.email)),
      )
      const pages = await Promise.all(
        steps.map(({ browser, page }) => browser.submit(page, 'verify', { code })),
      )
      const opened = pages.filter(isSignedIn).length
      control(opened > 0, 'the code opens the account once')
      const late = await signIn(target, resident.email)
      const again = await late.browser.submit(late.page, 'verify', { code })
      return judge(
        [opened > 1, `${opened} of 4 at one instant are signed in`],
        [isSignedIn(again), 'it signs in later'],
      )
    },
  },
  {
    area: 'sessions',
    name: 'a new password by mail bypasses the authenticator app',
    async run(target) {
      const { resident } = await addResidentWithTotp(target)
      const { browser, link } = await requestResetLink(target, resident)
      const form = await browser.open(link)
      await browser.submit(form, 'set-password', { password: NEW_PASSWORD })
      const { page } = await signIn(target, resident.email, browser, NEW_PASSWORD)
      control(page.text.includes('one-time-code'), 'the second step is asked for')
      return judge([isSignedIn(page), 'the new password alone signs in'])
    },
  },
  {
    area: 'sessions',
    name: 'passwords of one resident are guessed without a pause, over both processes',
    async run(target) {
      const resident = await addResident(target)
      const address = newNetwork()
      const statuses = await Promise.all(
        Array.from({ length: 24 }, async () => {
          const browser = createUserAgent(address)
          const { page } = await signIn(target, resident.email, browser, randomUUID())
          return page.status
        }),
      )
      const judged = statuses.filter((status) => status === 401).length
      control(judged > 0, 'a wrong password is judged')
      return judge([judged > 12, `${judged} of 24 guesses are judged`])
    },
  },
  {
    area: 'sessions',
    name: 'another site’s form allows an application, ends a session or changes the address',
    async run(target) {
      const resident = await addResident(target)
      const client = await addClient(target)
      const { browser } = await signIn(target, resident.email)
      const page = await browser.open(authorizeUrl(target, client), CALLBACK)
      control(page.text.includes('name="allow"'), 'the consent page is shown')
      const account = await browser.open(`${target.issuer}/account`)
      const post = (url: string, fields: Record<string, string>, headers: Record<string, string>) =>
        browser.request(url, { method: 'POST', body: new URLSearchParams(fields), headers })
      const foreign = { Origin: 'https://evil.test', 'Sec-Fetch-Site': 'cross-site' }
      const answers = [
        await post(page.url, { allow: '' }, foreign),
        await post(page.url, { allow: '', csrf: 'x'.repeat(43) }, {}),
        await post(page.url, { allow: '', csrf: csrfOf(account) }, foreign),
        await post(`${target.issuer}/sign-out`, {}, foreign),
        await post(`${target.issuer}/account/email`, { email: 'evil@example.test' }, foreign),
      ]
      const done = answers.filter(({ status }) => status < 400).length
      return judge(
        [done > 0, `${done} of ${answers.length} forms are taken`],
        [(await countSignedIn(target, browser)) === 0, 'the session is ended'],
      )
    },
  },
  {
    area: 'sessions',
    name: 'after a key rotation, an ended session is valid again on one of the processes',
    async run(target) {
      await target.run('key', 'rotate')
      const resident = await addResident(target)
      const client = await addClient(target)
      const listed = await target.run<{ kid: string }[]>('key', 'list')
      // With the new keys, each process has rebuilt its authorization server.
      await eventually('both processes serve the new keys', async () => {
        const sets = target.webs.map(async (web) =>
          (await send(`${web}/api/oauth/.well-known/jwks.json`)).text(),
        )
        return (await Promise.all(sets)).every((set) =>
          listed.every(({ kid }) => set.includes(kid)),
        )
      })
      const { browser } = await obtainCode(target, client, resident)
      const stolen = copyOf(browser)
      control((await countSignedIn(target, stolen)) === 4, 'the cookie works before')
      // Requests of the session are in progress when it ends.
      const home = await browser.open(`${target.issuer}/`)
      const busy = Array.from({ length: 16 }, () =>
        copyOf(stolen)
          .open(authorizeUrl(target, client, { prompt: 'none' }), CALLBACK)
          .catch(() => undefined),
      )
      await browser.submit(home, 'sign-out')
      await Promise.all(busy)
      const codes = await atOnce(target, 4, async (web) => {
        const { jar } = stolen
        const cookie = [...jar].map(([key, { value }]) => `${key.split(' ')[1]}=${value}`)
        const url = authorizeUrl({ issuer: web }, client, { prompt: 'none' })
        const answer = await send(url, { headers: { Cookie: cookie.join('; ') } })
        return answer.headers.get('location') ?? ''
      })
      return judge(
        [(await countSignedIn(target, stolen)) > 0, 'the cookie is signed in again'],
        [codes.some((location) => location.includes('code=')), 'an application is given a code'],
      )
    },
  },
]
