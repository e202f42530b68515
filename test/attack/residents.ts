import { createHash } from 'node:crypto'
import { startWithVerifier } from '../../src/id-verification/operations.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import type { UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { listOutbox } from '../../src/platform/mail.ts'
import { drawNoise } from '../support/images.ts'
import { addEntry } from '../support/ledger.ts'
import { addVerification } from '../support/verifications.ts'
import {
  addClient,
  addResident,
  ageSession,
  authorizeUrl,
  CALLBACK,
  callApi,
  connect,
  csrfOf,
  eventually,
  IMAGES,
  isSignedIn,
  newBrowser,
  newNetwork,
  type Resident,
  refresh,
  signIn,
} from './people.ts'
import { type Attack, control, judge } from './runner.ts'
import type { Target } from './target.ts'

/* What residents do alone: be verified, share photos one by one, report, download and erase. */

const RESET = 'Set a new password'
const OTHER_HOSTS = [
  '//evil.test',
  '/\\evil.test',
  '\\\\evil.test',
  '/\t/evil.test',
  '/.//evil.test',
  '/%2f/..//evil.test',
  'https:evil.test',
  'https://localhost@evil.test/',
  'javascript:alert(1)',
  'data:text/html,x',
  '/\r\nLocation: https://evil.test',
]

/** Sends a form as one of the portal's pages does. */
async function post(
  browser: UserAgent,
  { issuer }: Target,
  path: string,
  fields: Record<string, string> | FormData,
) {
  const answer = await browser.request(`${issuer}${path}`, {
    method: 'POST',
    body: fields instanceof FormData ? fields : new URLSearchParams(fields),
    headers: { Origin: issuer },
  })
  return {
    status: answer.status,
    location: answer.headers.get('location') ?? '',
    text: await answer.text(),
  }
}

/** Several at one instant, which the balancer distributes over the processes. */
const together = <T>(times: number, ask: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: times }, ask))

/** Whether a browser that is sent there stays on the portal. */
const staysHere = ({ issuer }: Target, location: string) =>
  URL.parse(location, `${issuer}/sign-in`)?.origin === issuer

/** A resident who is signed in. */
async function addSignedIn(target: Target) {
  const resident = await addResident(target)
  const { browser, page } = await signIn(target, resident.email)
  control(isSignedIn(page), 'a resident signs in')
  const csrf = csrfOf(await browser.open(`${target.issuer}/account/time-zone`))
  return { resident, browser, csrf }
}

/** A verification that people review, whose resident has chosen an identity card. */
async function startManual(target: Target, { id }: Resident, browser: UserAgent, csrf: string) {
  const { db, sealer } = target.parts
  await setVendorIntegration(db, sealer, { vendor: 'manual' })
  const started = await startWithVerifier(
    { db, sealer, issuer: target.issuer },
    { vendor: 'manual', accountId: id },
  )
  const path = `/verify/manual/${started.id}`
  const chosen = await post(browser, target, `${path}/document`, { csrf, document: 'national_id' })
  control(chosen.location.endsWith('/front'), 'a resident chooses a document')
  return { id: started.id, path }
}

const countImages = async ({ parts }: Target, verificationId: string): Promise<number> =>
  (await parts.db`select from image where verification_id = ${verificationId}`).length

function photoForm(csrf: string, bytes: Uint8Array, type = 'image/jpeg'): FormData {
  const form = new FormData()
  form.set('csrf', csrf)
  form.set('image', new Blob([new Uint8Array(bytes)], { type }), 'IMG_1.jpg')
  return form
}

/** A form of 20 MB that is all names of fields, which takes a parser long. */
const manyParts = () =>
  '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'.repeat(380_000)

const drawPhoto = () => drawNoise({ seed: 7, width: 200, height: 150 }).jpeg().toBuffer()

/** The code of the newest mail to this address for a new password. */
async function receiveCode({ parts }: Target, to: string): Promise<string> {
  const mail = await eventually('a mail comes', async () =>
    (await listOutbox(parts.db, parts.sealer)).find(
      (each) => each.to === to && each.subject === RESET,
    ),
  )
  return /^\d{4} \d{4}$/m.exec(mail.text)?.[0] ?? ''
}

async function requestCode(target: Target) {
  const resident = await addResident(target)
  const browser = newBrowser()
  const page = await browser.open(`${target.issuer}/reset`)
  const sent = await browser.submit(page, 'send', { email: resident.email })
  const code = await receiveCode(target, resident.email)
  control(code, 'the mail has a code')
  return { browser, csrf: csrfOf(sent), code }
}

const submitCode = (
  target: Target,
  { browser, csrf, code }: Awaited<ReturnType<typeof requestCode>>,
  page = 'reset',
) => post(browser, target, `/${page}/code`, { csrf, code })

export const residentAttacks: Attack<Target>[] = [
  {
    area: 'residents',
    name: 'a return address leads to another host, after signing in or by the switch of languages',
    async run(target) {
      const { browser } = await addSignedIn(target)
      const own = await browser.request(`${target.issuer}/sign-in?return=%2Faccount%2Fdevices`)
      control(own.headers.get('location') === '/account/devices', 'a page of the portal is opened')
      const led: string[] = []
      for (const address of OTHER_HOSTS) {
        const query = new URLSearchParams({ return: address })
        const opened = await browser.request(`${target.issuer}/sign-in?${query}`)
        led.push(opened.headers.get('location') ?? '')
        const fields = { locale: 'en', return: address }
        led.push((await post(browser, target, '/language', fields)).location)
      }
      const away = led.filter((location) => !staysHere(target, location))
      return judge(
        [away.length > 0, `${away.length} addresses lead away`],
        [led.some((location) => /[\r\n\\]|^\/\//.test(location)), 'an address is not cleaned'],
      )
    },
  },
  {
    area: 'residents',
    name: 'the code of a mail is guessed at one instant over both processes, or typed elsewhere',
    async run(target) {
      const used = await requestCode(target)
      const right = await submitCode(target, used)
      control(right.status === 303, 'the browser that asked takes the code')
      const asked = await requestCode(target)
      const stranger = await requestCode(target)
      const elsewhere = await submitCode(target, { ...stranger, code: asked.code })
      const purpose = await submitCode(target, asked, 'verify-email')
      await together(16, () => submitCode(target, { ...asked, code: '0000 0000' }))
      const late = await submitCode(target, asked)
      return judge(
        [elsewhere.status === 303, 'another browser takes it'],
        [purpose.status === 303, 'it is taken for another purpose'],
        [late.status === 303, 'it is taken after sixteen guesses'],
      )
    },
  },
  {
    area: 'residents',
    name: 'a resident starts several verifications at one instant, and each costs the operator money',
    async run(target) {
      const { resident, browser, csrf } = await addSignedIn(target)
      const answers = await together(6, () => post(browser, target, '/verify', { csrf }))
      control(
        answers.some(({ status, location }) => status === 303 && location.startsWith('/verify/')),
        'one is started',
      )
      const rows = await target.parts.db`
        select vendor_session_id from verification where account_id = ${resident.id}`
      return judge([rows.length > 1, `${rows.length} are started`])
    },
  },
  {
    area: 'residents',
    name: 'a resident follows, withdraws or photographs the verification of another',
    async run(target) {
      const { resident, browser, csrf } = await addSignedIn(target)
      const own = await startManual(target, resident, browser, csrf)
      const thief = await addSignedIn(target)
      const open = async (path: string) => {
        const answer = await thief.browser.request(`${target.issuer}${path}`)
        return answer.status
      }
      const ends = ['', '/document', '/front', '/details', '/check', '/phone']
      const pages = await Promise.all([
        open(`/verify/${own.id}`),
        ...ends.map((end) => open(`${own.path}${end}`)),
      ])
      await open(`/verify/${own.id}/continue`)
      const cancelled = await post(thief.browser, target, `/verify/${own.id}/cancel`, {
        csrf: thief.csrf,
      })
      await post(thief.browser, target, '/verify', { csrf: thief.csrf, replaces: own.id })
      const photo = photoForm(thief.csrf, await drawPhoto())
      const sent = await post(thief.browser, target, `${own.path}/front`, photo)
      const kept = await browser.request(`${target.issuer}/verify/${own.id}`)
      control(kept.status === 200, 'its resident follows it')
      return judge(
        [pages.some((status) => status === 200), 'a page is shown'],
        [cancelled.status !== 404, 'it can be withdrawn'],
        [sent.status !== 404 || (await countImages(target, own.id)) > 0, 'a photo is taken'],
      )
    },
  },
  {
    area: 'residents',
    name: 'whoever photographs the QR code adds photos without the code, or reads as a connected phone',
    async run(target) {
      const { resident, browser, csrf } = await addSignedIn(target)
      const { id, path } = await startManual(target, resident, browser, csrf)
      await post(browser, target, `${path}/phone`, { csrf, create: '' })
      const [, cookie] = [...browser.jar].find(([name]) => name.endsWith(' phone-link')) ?? []
      const [, token] = decodeURIComponent(cookie?.value ?? '').split(' ')
      const link = `/verify/phone/open/${token}`
      const phones = [1, 2, 3, 4].map(() => newBrowser())
      const opened = await Promise.all(phones.map((phone) => post(phone, target, link, {})))
      const first = phones.find((_, index) => opened[index]?.status === 303)
      control(first, 'a phone opens the link')
      const code = /class="code">(\d{4})</.exec(
        (await first.open(`${target.issuer}/verify/phone`)).text,
      )?.[1]
      control(code, 'it shows its code')
      const photo = await drawPhoto()
      const early = await post(first, target, '/verify/phone/front', photoForm('x', photo))
      await post(browser, target, `${path}/phone`, { csrf, code })
      const step = await first.open(`${target.issuer}/verify/phone/front`)
      const sent = await post(first, target, '/verify/phone/front', photoForm(csrfOf(step), photo))
      control(sent.location === '/verify/phone', 'a connected phone adds a photo')
      const [image] = await target.parts.db<{ id: string }[]>`
        select id from image where verification_id = ${id}`
      const read = await Promise.all(
        [`/photos/${image?.id}/image`, `${path}/front`, `${path}/check`, '/account', '/'].map(
          async (each) => (await first.open(`${target.issuer}${each}`)).text,
        ),
      )
      const phonePage = (await first.open(`${target.issuer}/verify/phone`)).text
      return judge(
        [opened.filter(({ status }) => status === 303).length > 1, 'two phones open one link'],
        [early.status < 400, 'a photo is taken before the code is typed'],
        [
          [...read, phonePage].some(
            (text) => text.includes(resident.email) || text.includes('<img'),
          ),
          'a connected phone reads',
        ],
      )
    },
  },
  {
    area: 'residents',
    name: 'a page, a drawing with a script or an archive is kept as a photo',
    async run(target) {
      const { resident, browser, csrf } = await addSignedIn(target)
      const { id, path } = await startManual(target, resident, browser, csrf)
      const files = [
        '<!doctype html><script>alert(1)</script>',
        '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        'PK\u0003\u0004\u0014\u0000',
        '%PDF-1.7\n',
        'GIF89a<script>alert(1)</script>',
      ]
      const answers = await Promise.all(
        files.map((file) =>
          post(browser, target, `${path}/front`, photoForm(csrf, Buffer.from(file))),
        ),
      )
      const kept = await countImages(target, id)
      const photo = photoForm(csrf, await drawPhoto(), 'text/html')
      const real = await post(browser, target, `${path}/front`, photo)
      control(real.status === 303, 'a photo is taken, whatever type the browser names')
      return judge(
        [answers.some(({ status }) => status < 400), 'one is accepted'],
        [kept > 0, 'one is kept'],
      )
    },
  },
  {
    area: 'residents',
    name: 'a form with 380,000 parts, or of fields alone, occupies a process for seconds',
    async run(target) {
      const { resident, browser, csrf } = await addSignedIn(target)
      const { path } = await startManual(target, resident, browser, csrf)
      const answers: number[] = []
      const seconds: number[] = []
      for (const [type, body] of [
        ['multipart/form-data; boundary=b', manyParts()],
        ['application/x-www-form-urlencoded', 'a&'.repeat(10_000_000)],
      ] as const) {
        const began = performance.now()
        const answer = await browser.request(`${target.issuer}${path}/front`, {
          method: 'POST',
          body,
          headers: { Origin: target.issuer, 'Content-Type': type },
        })
        seconds.push((performance.now() - began) / 1000)
        answers.push(answer.status)
      }
      const photo = await post(browser, target, `${path}/front`, photoForm(csrf, await drawPhoto()))
      control(photo.status === 303, 'a photo is taken')
      return judge(
        [answers.some((status) => status !== 400), 'it is parsed'],
        [seconds.some((each) => each > 5), 'it takes longer than five seconds'],
      )
    },
  },
  {
    area: 'residents',
    name: 'a token from before shows a photo that the resident withholds since',
    async run(target) {
      const resident = await addResident(target)
      await addVerification(target.parts, resident.id)
      const { client, tokens, browser } = await connect(target, { resident })
      const before = await callApi(target.webs[0], tokens.access_token)
      control(/document_front/.test(before.text), 'the application sees the front')
      await callApi(target.webs[1], tokens.access_token)
      const page = await browser.open(`${target.issuer}/applications/${client.client_id}`)
      await browser.submit(page, 'save', { image: ['document_back', 'selfie'] })
      const renewed = await refresh(target.issuer, client, tokens.refresh_token)
      const { access_token: next = '' } = (await renewed.json()) as { access_token?: string }
      control(next, 'the application refreshes its token')
      const paths = ['', '?signed=1', '/images', '/images/document_front']
      const api = '/api/v1/me/natural-person/id-verification'
      const answers = await Promise.all(
        target.webs.flatMap((web) =>
          [tokens.access_token, next].flatMap((token) =>
            paths.map((path) => callApi(web, token, `${api}${path}`)),
          ),
        ),
      )
      control(
        answers.some(({ text }) => /document_back/.test(text)),
        'the application still sees the back',
      )
      return judge([
        answers.some(({ text }) => /document_front\./.test(text)),
        'the front is shown',
      ])
    },
  },
  {
    area: 'residents',
    name: 'a request of one account waits for the verification of another in the same browser',
    async run(target) {
      const first = await addSignedIn(target)
      const client = await addClient(target)
      const url = authorizeUrl(target, client, { scope: `openid ${IMAGES}` })
      const consent = await first.browser.open(url, CALLBACK)
      const uid = /\/interaction\/([\w-]+)/.exec(consent.url)?.[1] ?? ''
      control(uid && consent.text.includes('name="allow"'), 'an application asks the first')
      const second = await addResident(target)
      const { browser } = first
      await post(browser, target, '/sign-out', { csrf: first.csrf })
      await signIn(target, second.email, browser)
      const start = await browser.open(`${target.issuer}/verify?request=${uid}`)
      await browser.submit(start, 'start').catch(() => undefined)
      const rows = await target.parts.db<{ interactionUid: string | null }[]>`
        select interaction_uid from verification where account_id = ${second.id}`
      const allowed = await post(browser, target, `/interaction/${uid}`, {
        csrf: csrfOf(consent),
        allow: '',
      })
      const consents = await target.parts.db`
        select from consent where client_id = ${client.client_id}`
      return judge(
        [rows.some(({ interactionUid }) => interactionUid === uid), 'the request waits'],
        [allowed.location.includes('code='), 'the request is answered'],
        [consents.length > 0, 'a consent is recorded'],
      )
    },
  },
  {
    area: 'residents',
    name: 'entries of the ledger are read, proven or reported by another resident',
    async run(target) {
      const owner = await addSignedIn(target)
      await addEntry(target.parts.db, { accountId: owner.resident.id })
      const [row] = await target.parts.db<{ id: string }[]>`
        select id from ledger_entry where account_id = ${owner.resident.id} order by id desc limit 1`
      const path = `/activity/${row?.id}`
      const own = await owner.browser.request(`${target.issuer}${path}`)
      control(own.status === 200, 'its resident opens it')
      const thief = await addSignedIn(target)
      const read = await Promise.all(
        ['', '/proof', '/unexpected'].map((end) =>
          thief.browser.request(`${target.issuer}${path}${end}`),
        ),
      )
      const reported = await post(thief.browser, target, `${path}/unexpected`, { csrf: thief.csrf })
      const cases = await target.parts
        .db`select from security_case where entry_id = ${row?.id ?? 0}`
      return judge(
        [read.some(({ status }) => status === 200), 'it is read'],
        [reported.status === 303 || cases.length > 0, 'it is reported'],
      )
    },
  },
  {
    area: 'residents',
    name: 'one resident fills the operator’s desk with reports',
    async run(target) {
      const { resident, browser, csrf } = await addSignedIn(target)
      for (let entry = 0; entry < 40; entry++)
        await addEntry(target.parts.db, { accountId: resident.id })
      const rows = await target.parts.db<{ id: string }[]>`
        select id from ledger_entry where account_id = ${resident.id}`
      for (const { id } of rows) await post(browser, target, `/activity/${id}/unexpected`, { csrf })
      const cases = await target.parts.db`
        select from security_case where account_id = ${resident.id}`
      control(cases.length > 0, 'a report is taken')
      return judge([cases.length > 25, `${cases.length} reports are open`])
    },
  },
  {
    area: 'residents',
    name: 'another session, or a sign-in 16 minutes old, downloads the archive or erases the account',
    async run(target) {
      const { resident, browser, csrf } = await addSignedIn(target)
      await post(browser, target, '/account/export', { csrf })
      const archive = (from: UserAgent) =>
        from.request(`${target.issuer}/account/export/archive`, { headers: newNetwork() })
      await eventually('the archive is ready', async () => {
        const [row] = await target.parts.db<{ state: string }[]>`
          select state from resident_export where account_id = ${resident.id}`
        return row?.state === 'ready'
      })
      control((await archive(browser)).status === 200, 'its resident downloads it')
      const thief = await addSignedIn(target)
      const others = [await archive(thief.browser), await archive(newBrowser())]
      await ageSession(target, resident)
      const old = await archive(browser)
      const erased = await post(browser, target, '/account/erase', { csrf, understood: 'yes' })
      const requests = await target.parts.db`
        select from erasure_request where account_id = ${resident.id}`
      const receipt = createHash('sha256').update(resident.id).digest('base64url')
      const guessed = await browser.request(`${target.issuer}/erasure/${receipt}`)
      return judge(
        [others.some(({ status }) => status === 200), 'another session downloads the archive'],
        [old.status === 200, 'an old sign-in downloads it'],
        [erased.status === 303 || requests.length > 0, 'an old sign-in erases the account'],
        [guessed.status === 200, 'a receipt is guessed'],
      )
    },
  },
  {
    area: 'residents',
    name: 'a browser’s name, a report or a time zone is shown as markup',
    async run(target) {
      const script = '<script>alert(1)</script>'
      const { resident, browser, csrf } = await addSignedIn(target)
      const odd = await browser.request(`${target.issuer}/account/devices`, {
        headers: { 'User-Agent': script },
      })
      await addEntry(target.parts.db, { accountId: resident.id })
      const [row] = await target.parts.db<{ id: string }[]>`
        select id from ledger_entry where account_id = ${resident.id} order by id desc limit 1`
      const path = `/activity/${row?.id}/unexpected`
      await post(browser, target, path, { csrf, note: script })
      const noted = (await browser.open(`${target.issuer}${path}`)).text
      control(noted.includes('&lt;script&gt;'), 'the note is shown')
      const zone = await post(browser, target, '/account/time-zone', { csrf, 'time-zone': script })
      return judge(
        [
          [await odd.text(), noted, zone.text].some((text) => text.includes(script)),
          'markup is shown',
        ],
        [zone.status === 303, 'the zone is stored'],
      )
    },
  },
]
