import { randomInt } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verification } from '../../src/cli/verification.ts'
import { exportResident } from '../../src/id-verification/export.ts'
import { startWithVerifier } from '../../src/id-verification/operations.ts'
import { findOwnVerification } from '../../src/id-verification/own-verifications.ts'
import {
  findStatement,
  requestAgain,
  reviewVerification,
} from '../../src/id-verification/review.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { createUserAgent, type Page, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { cameraScript } from '../../src/web/html.ts'
import { drawNoise } from '../support/images.ts'
import { addResident, HOLDER, PASSWORD, startPortal, type TestPortal } from '../support/portal.ts'

/* What a resident does for a verification that people review, without scripts. */

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  await setVendorIntegration(portal.db, portal.parts.sealer, { vendor: 'manual' })
})
afterAll(() => portal.close())

const at = (path: string) => new URL(path, portal.issuer).href
/** Larger than any other form may be. */
const photo = () =>
  drawNoise({ seed: randomInt(2 ** 32), width: 200, height: 150 })
    .jpeg()
    .toBuffer()

/** A resident who is signed in, with a verification of `manual`. */
async function started() {
  const resident = await addResident(portal.parts)
  const { db, sealer } = portal.parts
  const parts = { db, sealer, issuer: portal.issuer }
  const { id } = await startWithVerifier(parts, { vendor: 'manual', accountId: resident.id })
  return { resident, id, base: `/verify/manual/${id}`, ...(await signedIn(resident.email)) }
}
type Started = Awaited<ReturnType<typeof started>>

async function signedIn(email: string) {
  const browser = createUserAgent()
  const signIn = await browser.open(at('/'))
  const home = await browser.submit(signIn, 'login', { email, password: PASSWORD })
  expect(home.text).toContain('name="sign-out"')
  return { browser }
}

const csrfIn = (page: Page) => /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''

/** Sends the form of a photo as a browser does: with the file. */
async function sendPhoto(
  browser: UserAgent,
  path: string,
  { image, csrf, origin = portal.issuer }: { image?: Uint8Array; csrf?: string; origin?: string },
) {
  const body = new FormData()
  body.set('csrf', csrf ?? csrfIn(await browser.open(at(path))))
  body.set('image', new Blob(image ? [new Uint8Array(image)] : []), image ? 'IMG_1.jpg' : '')
  const response = await browser.request(at(path), {
    method: 'POST',
    body,
    headers: { Origin: origin },
  })
  return {
    status: response.status,
    location: response.headers.get('location'),
    text: await response.text(),
  }
}

const DETAILS = {
  givenName: 'Ana',
  surname: 'Mejia',
  'dateOfBirth-day': '3',
  'dateOfBirth-month': '2',
  'dateOfBirth-year': '1990',
  number: 'L898902C3',
  nationality: 'HN',
  country: 'HN',
  'expiresOn-day': '',
  'expiresOn-month': '',
  'expiresOn-year': '',
  mrz: '',
}

async function chooseDocument({ browser, base }: Started, document: string) {
  const page = await browser.open(at(`${base}/document`))
  return browser.submit(page, 'choose', { document })
}
async function typeDetails({ browser, base }: Started, details: Partial<typeof DETAILS> = {}) {
  const page = await browser.open(at(`${base}/details`))
  return browser.submit(page, 'save', { ...DETAILS, ...details })
}

/** Everything up to the page that sends it, for a passport. */
async function filled() {
  const given = await started()
  await chooseDocument(given, 'passport')
  for (const end of ['front', 'face']) {
    const sent = await sendPhoto(given.browser, `${given.base}/${end}`, { image: await photo() })
    expect(sent.status).toBe(303)
  }
  const check = await typeDetails(given)
  expect(check.url).toBe(at(`${given.base}/check`))
  return { ...given, check }
}

async function sent() {
  const given = await filled()
  const page = await given.browser.submit(given.check, 'right')
  expect(page.text).toContain('Your photos are being checked')
  return given
}

const statusOf = async (id: string) => {
  const [row] = await portal.db`select status from verification where id = ${id}`
  return row?.status
}

test('a resident photographs and types an identity card, and a reviewer approves it', async () => {
  const given = await started()
  const { browser, base, id, resident } = given
  const first = await browser.open(at(base))
  expect(first.text).toContain(`href="${base}/document"`)
  // The steps have an order: first it is known which document it is.
  expect((await browser.open(at(`${base}/front`))).url).toBe(at(`${base}/document`))
  const missing = await browser.submit(await browser.open(at(`${base}/document`)), 'choose')
  expect([missing.status, missing.text]).toEqual([400, expect.stringContaining('Choose one of')])

  const front = await chooseDocument(given, 'national_id')
  expect(front.url).toBe(at(`${base}/front`))
  expect(front.text).toMatch(/<input id="image" [^>]*accept="image\/\*" capture="environment"/)
  const policy = front.headers.get('content-security-policy')
  expect(policy).toContain("script-src 'self'; connect-src 'self'")
  expect(front.headers.get('permissions-policy')).toContain('camera=(self)')
  expect(front.text).toContain(cameraScript.path)
  expect(first.headers.get('permissions-policy')).toContain('camera=()')
  expect(first.text).not.toContain('<script')

  const image = await photo()
  const taken = await sendPhoto(browser, `${base}/front`, { image })
  expect(taken).toMatchObject({ status: 303, location: `${base}/back` })
  const again = await browser.open(at(`${base}/front`))
  const [thumbnail = ''] = /\/photos\/[^"]+\/thumbnail/.exec(again.text) ?? []
  expect((await browser.request(at(thumbnail))).headers.get('content-type')).toBe('image/jpeg')
  // Nothing can be sent before everything is there.
  expect((await browser.open(at(`${base}/check`))).url).toBe(at(base))
  await sendPhoto(browser, `${base}/back`, { image: await photo() })
  const face = await sendPhoto(browser, `${base}/face`, { image: await photo() })
  expect(face.location).toBe(`${base}/details`)
  const check = await typeDetails(given)
  expect(check.text).toContain('L898902C3')
  expect(await statusOf(id)).toBe('pending')
  const done = await browser.submit(check, 'right')
  expect([done.url, done.text]).toEqual([
    at(`/verify/${id}`),
    expect.stringContaining('Your photos are being checked'),
  ])
  expect(await statusOf(id)).toBe('review')
  for (const end of ['', '/front', '/details', '/check', '/phone'])
    expect((await browser.open(at(`${base}${end}`))).url).toBe(at(`/verify/${id}`))

  // The statement is the resident's own: nothing was read from the document.
  const { db, vault } = portal.parts
  const own = () => findOwnVerification(db, vault, { accountId: resident.id, id })
  expect(await own()).toMatchObject({ status: 'review', findings: undefined })
  expect(await findStatement(db, vault, { id, accountId: resident.id })).toMatchObject({
    statement: { documentType: 'national_id', document: { givenName: 'Ana', number: 'L898902C3' } },
    account: { ...HOLDER, dateOfBirth: undefined },
    match: { outcome: 'match' },
  })
  await reviewVerification({ db, vault }, { id, decision: 'accepted', reason: 'It is the same.' })
  expect(await own()).toMatchObject({
    status: 'approved',
    match: 'match',
    documentType: 'national_id',
    findings: { givenName: 'Ana', surname: 'Mejia', dateOfBirth: '1990-02-03', country: 'HN' },
  })
  for (const word of ['L898902C3', '1990-02-03']) expect(portal.logged()).not.toContain(word)
  const [stored] = await db<{ sealed: Buffer }[]>`
    select statement_sealed as sealed from capture where verification_id = ${id}`
  expect(stored?.sealed.includes('Mejia')).toBe(false)
})

test('nobody else finds the pages, and no form of another page is accepted', async () => {
  const given = await filled()
  const { browser, base } = given
  const stranger = (await started()).browser
  const nobody = createUserAgent()
  const csrf = csrfIn(given.check)
  for (const end of ['', '/document', '/front', '/details', '/check', '/phone'])
    for (const [other, refused] of [
      [stranger, 404],
      [nobody, 403],
    ] as const) {
      const opened = await other.open(at(`${base}${end}`))
      // Whoever is not signed in comes to the sign-in.
      expect([opened.status, opened.url]).toEqual(
        other === nobody ? [200, at('/')] : [404, at(`${base}${end}`)],
      )
      if (end === '') continue
      const posted = await other.request(at(`${base}${end}`), {
        method: 'POST',
        body: new URLSearchParams({ csrf }),
        headers: { Origin: portal.issuer },
      })
      expect(posted.status).toBe(refused)
      await posted.body?.cancel()
    }
  const image = await photo()
  const before = await portal.db`select id from image where verification_id = ${given.id}`
  for (const forged of [{ csrf: 'x' }, { origin: 'https://elsewhere.example' }])
    expect((await sendPhoto(browser, `${base}/front`, { image, ...forged })).status).toBe(403)
  for (const end of ['document', 'details', 'check', 'phone']) {
    const body = new URLSearchParams({ csrf: 'x', right: '', create: '', document: 'passport' })
    const answer = await browser.request(at(`${base}/${end}`), { method: 'POST', body })
    expect(answer.status).toBe(403)
    await answer.body?.cancel()
  }
  expect(await portal.db`select id from image where verification_id = ${given.id}`).toEqual(before)
  // One for a tenant's record of the person is the tenant's to complete.
  await portal.db`
    with subject as (insert into subject (tenant, external_id)
      select tenant, 'x' from verification where id = ${given.id} returning id)
    update verification set subject_id = subject.id from subject where verification.id = ${given.id}`
  expect((await browser.open(at(base))).status).toBe(404)
  expect((await browser.open(at('/verify/manual/1'))).status).toBe(404)
})

test('after a while a photo can still be added, but what is personal needs a proof of identity', async () => {
  const { browser, base, resident } = await filled()
  await portal.db`
    update oidc_artifact set payload = jsonb_set(payload, '{loginTs}', to_jsonb((payload->>'loginTs')::bigint - 3600))
    where kind = 'Session' and account_id = ${resident.id}`
  const front = await sendPhoto(browser, `${base}/front`, { image: await photo() })
  expect(front.status).toBe(303)
  expect((await browser.open(at(`${base}/front`))).text).not.toContain('/photos/')
  for (const end of ['details', 'check'])
    expect((await browser.open(at(`${base}/${end}`))).text).not.toMatch(/L898902C3|\/photos\//)
  const check = await browser.open(at(`${base}/check`))
  const proof = await browser.submit(check, 'open')
  expect(proof.text).toContain('Confirm that it is you')
  const shown = await browser.submit(proof, 'confirm', { password: PASSWORD })
  expect([shown.url, shown.text]).toEqual([
    at(`${base}/check`),
    expect.stringContaining('L898902C3'),
  ])
})

describe('a photo', () => {
  let given: Started
  beforeAll(async () => {
    given = await started()
    await chooseDocument(given, 'passport')
  })

  test.each([
    ['is missing', async () => undefined, 'Choose or take a photo first'],
    [
      'is another file',
      async () => Buffer.from('%PDF-1.7 a document'),
      'is no photo that we can use',
    ],
    ['is cut off', async () => (await photo()).subarray(0, 900), 'did not arrive as a whole'],
    ['is too large', async () => Buffer.alloc(20 * 1024 * 1024 + 1, 0xff), 'more than 20 MB'],
  ])('that %s is refused beside the field, and can be sent again', async (_, image, words) => {
    const { browser, base } = given
    const bytes = await image()
    const refused = await sendPhoto(browser, `${base}/front`, bytes ? { image: bytes } : {})
    expect(refused.status).toBe(400)
    expect(refused.text).toMatch(new RegExp(`id="image-fault" role="alert">[^<]*${words}`))
    expect(refused.text).toContain('<title>Error: Photo of the front')
  })

  test('of a far too large size is refused before it is read', async () => {
    const image = Buffer.alloc(29 * 1024 * 1024)
    expect((await sendPhoto(given.browser, `${given.base}/front`, { image })).status).toBe(413)
  })

  test('is no back of a passport', async () => {
    expect((await given.browser.open(at(`${given.base}/back`))).status).toBe(404)
  })

  test('of another document before is not part of what is sent', async () => {
    const other = await started()
    await chooseDocument(other, 'national_id')
    for (const end of ['front', 'back', 'face'])
      await sendPhoto(other.browser, `${other.base}/${end}`, { image: await photo() })
    await chooseDocument(other, 'passport')
    const page = await other.browser.submit(await typeDetails(other), 'right')
    expect(page.text).toContain('Your photos are being checked')
    const rows = await portal.db<{ type: string }[]>`
      select type from image where verification_id = ${other.id} and listing > 0 order by type`
    expect(rows.map(({ type }) => type)).toEqual(['document_front', 'selfie'])
  })
})

describe('what the document says', () => {
  const LINES = ['P<HNDMEJIA<<ANA'.padEnd(44, '<'), 'L898902C36HND9002030F3506075<<<<<<<<<<<<<<<2']
  let given: Started
  beforeAll(async () => {
    given = await started()
    await chooseDocument(given, 'passport')
  })
  const faultsIn = (page: Page) =>
    [...page.text.matchAll(/class="fault"(?![^>]* hidden)[^>]*>([^<]*)/g)].map(([, text]) => text)

  test('is wrong beside each field, and kept', async () => {
    const empty = Object.fromEntries(Object.keys(DETAILS).map((name) => [name, '']))
    const page = await typeDetails(given, empty)
    expect(page.status).toBe(400)
    expect(faultsIn(page)).toHaveLength(5)
    const wrong = await typeDetails(given, {
      'dateOfBirth-year': '90',
      'expiresOn-day': '31',
      'expiresOn-month': '2',
      'expiresOn-year': '2030',
    })
    expect(faultsIn(wrong)).toEqual([
      expect.stringContaining('no day in the past'),
      expect.stringContaining('no day of the calendar'),
    ])
    expect(wrong.text).toContain('value="L898902C3"')
    expect(wrong.text).toContain('<option value="HN" selected="selected">Honduras</option>')
  })

  test('is compared with the lines, whose digits are verified', async () => {
    const [first = '', second = ''] = LINES
    const valid = await typeDetails(given, { mrz: LINES.join('\r\n') })
    expect(valid.url).toBe(at(`${given.base}/front`))
    const digit = await typeDetails(given, {
      mrz: `${first}\n${second.replace('9002030', '9002031')}`,
    })
    expect(faultsIn(digit)).toEqual([
      expect.stringMatching(/^Line 2, characters 14 to 20: the date of birth does not fit/),
    ])
    const differs = await typeDetails(given, {
      mrz: LINES.join('\n'),
      'dateOfBirth-day': '4',
      surname: 'Mejora',
    })
    expect(differs.status).toBe(400)
    expect(
      [...differs.text.matchAll(/<li>(The [^<]*different\.)/g)].map(([, text]) => text),
    ).toEqual(['The name is different.', 'The date of birth is different.'])
  })

  test('can be filled in from the lines', async () => {
    const page = await given.browser.open(at(`${given.base}/details`))
    const empty = Object.fromEntries(Object.keys(DETAILS).map((name) => [name, '']))
    const typed = { ...empty, givenName: 'Ana Lucía', mrz: LINES.join('\n') }
    const { text, status } = await given.browser.submit(page, 'fill', typed)
    expect(status).toBe(200)
    for (const value of ['Ana Lucía', 'MEJIA', '1990', 'L898902C3', '2035'])
      expect(text).toContain(`value="${value}"`)
    expect(text).toContain('<option value="HN" selected="selected">')
  })
})

test('a reviewer asks for a better photo, and the way leads there alone', async () => {
  const { id, base, browser, resident } = await sent()
  const { db, vault } = portal.parts
  const reason = 'The number cannot be read.'
  expect(await requestAgain({ db, vault }, { id, asked: ['document_front'], reason })).toBe(true)
  const steps = await browser.open(at(base))
  expect(steps.text).toContain(reason)
  expect(steps.text).toMatch(
    /href="[^"]*\/front">Photo of the front<\/a> <span class="status bad">/,
  )
  // Nothing is sent with the photo that was asked for again.
  expect((await browser.open(at(`${base}/check`))).url).toBe(at(base))
  const image = await photo()
  expect((await sendPhoto(browser, `${base}/front`, { image })).location).toBe(`${base}/check`)
  await browser.submit(await browser.open(at(`${base}/check`)), 'right')
  expect(await statusOf(id)).toBe('review')
  const shown = await db<{ type: string; isNew: boolean }[]>`
    select type, image.stored_at > asked_at as is_new from image
      join verification on verification.id = verification_id join capture using (verification_id)
    where verification_id = ${id} and listing = images_wanted order by type`
  expect([...shown]).toEqual([
    { type: 'document_front', isNew: true },
    { type: 'selfie', isNew: false },
  ])
  await reviewVerification({ db, vault }, { id, decision: 'accepted', reason: 'Now it can.' })
  expect(await statusOf(id)).toBe('approved')
  await expect(requestAgain({ db, vault }, { id, asked: ['selfie'], reason })).rejects.toThrow()
  // All of it is in the resident's own copy.
  const file = join(tmpdir(), `${id}.zip`)
  await exportResident(portal.parts, { accountId: resident.id, file, sign: async () => 'x' })
  await rm(file)
})

test('the operator sees the photos, and the statement beside the account, and each look is recorded', async () => {
  const { id } = await sent()
  const context = { ...portal.parts, issuer: portal.issuer }
  const { show, photos, review } = verification.commands
  expect(await show?.run?.(context, {}, [id])).toMatchObject({
    status: 'review',
    statement: { documentType: 'passport', document: { number: 'L898902C3', nationality: 'HN' } },
    account: { givenName: HOLDER.givenName, statedBy: 'operator' },
    match: { outcome: 'match', differences: [] },
  })
  const out = join(tmpdir(), `review-${id}`)
  const saved = await photos?.run?.(context, { out }, [id])
  expect(saved).toEqual({
    id,
    files: ['1-document_front.jpg', '2-selfie.jpg'].map((name) => join(out, name)),
  })
  expect((await stat(join(out, '2-selfie.jpg'))).mode & 0o777).toBe(0o600)
  await expect(photos?.run?.(context, { out }, [id])).rejects.toThrow('cannot be made')
  await rm(out, { recursive: true })
  const looks = await portal.db`
    select 1 from ledger_entry where verification_id = ${id} and kind = 'operator-look'`
  expect(looks).toHaveLength(2)
  const asked = { again: ['selfie', 'details'], reason: 'The face is covered.' }
  expect(await review?.run?.(context, asked, [id])).toEqual({ id, asked: ['selfie', 'details'] })
  expect(await statusOf(id)).toBe('resubmission')
  for (const wrong of [{}, { ...asked, accept: true }])
    await expect(review?.run?.(context, { reason: 'abc', ...wrong }, [id])).rejects.toThrow(
      'one of',
    )
})

test('of two tabs, one sends, and neither fails', async () => {
  const { browser, check, id } = await filled()
  const pages = await Promise.all([browser.submit(check, 'right'), browser.submit(check, 'right')])
  expect(pages.map(({ status }) => status)).toEqual([200, 200])
  const decisions = await portal.db`select id from decision where verification_id = ${id}`
  expect(decisions).toHaveLength(1)
})

test('a form of a photo that is no form of ours is refused before it is parsed', async () => {
  const given = await started()
  await chooseDocument(given, 'passport')
  const path = `${given.base}/front`
  const csrf = csrfIn(await given.browser.open(at(path)))
  const image = new Blob([new Uint8Array(await photo())])
  const send = async (body: BodyInit) => {
    const headers = { Origin: portal.issuer }
    return (await given.browser.request(at(path), { method: 'POST', body, headers })).status
  }
  const formWith = (members: [string, string][]) => {
    const form = new FormData()
    form.set('csrf', csrf)
    form.set('image', image, 'IMG_1.jpg')
    for (const [name, value] of members) form.append(name, value)
    return form
  }
  expect(await send(formWith(Array.from({ length: 30 }, () => ['a', ''])))).toBe(400)
  expect(await send(formWith([['a'.repeat(5000), '']]))).toBe(400)
  expect(await send(new URLSearchParams({ csrf }))).toBe(400)
  expect(await send('no form')).toBe(400)
  expect(await send(formWith([['a', '--'.repeat(5000)]]))).toBe(303)
})

describe('a phone', () => {
  /** Shows a link on the resident's own browser, and opens it on a phone. */
  async function opened() {
    const given = await started()
    await chooseDocument(given, 'national_id')
    const page = await given.browser.open(at(`${given.base}/phone`))
    const shown = await given.browser.submit(page, 'create')
    expect(shown.text).toContain('class="qr"')
    const link = linkOf(given.browser)
    const phone = createUserAgent()
    const landing = await phone.open(link)
    expect(landing.status).toBe(200)
    const waiting = await phone.submit(landing, '')
    const [, code = ''] = /<p class="code">(\d{4})<\/p>/.exec(waiting.text) ?? []
    return { ...given, phone, link, code }
  }
  const linkOf = (browser: UserAgent) => {
    const cookie = [...browser.jar].find(([name]) => name.endsWith(' phone-link'))?.[1].value ?? ''
    return at(`/verify/phone/open/${decodeURIComponent(cookie).split(' ')[1]}`)
  }
  async function connect({ browser, base }: Started, code: string) {
    return browser.submit(await browser.open(at(`${base}/phone`)), 'confirm-phone', { code })
  }

  test('that the resident connects adds photos to this verification, and sees nothing', async () => {
    const given = await opened()
    const { phone, code, base, link } = given
    // Opening changes nothing before the code is typed where the resident is signed in.
    expect((await phone.open(at('/verify/phone/front'))).status).toBe(403)
    expect(
      (await sendPhoto(phone, '/verify/phone/front', { image: await photo(), csrf: 'x' })).status,
    ).toBe(403)
    expect((await connect(given, code)).text).toContain('Your phone is connected')
    const ready = await phone.open(at('/verify/phone'))
    expect(ready.text).toContain('/verify/phone/back')
    expect((await sendPhoto(phone, '/verify/phone/front', { image: await photo() })).location).toBe(
      '/verify/phone',
    )
    expect(
      (await sendPhoto(phone, '/verify/phone/back', { image: await photo(), csrf: 'x' })).status,
    ).toBe(403)
    const step = await phone.open(at('/verify/phone/front'))
    expect(step.text).not.toContain('/photos/')
    const desk = await given.browser.open(at(`${base}/phone`))
    expect(desk.text).toMatch(/\/photos\/[^"]+\/thumbnail/)
    for (const path of [base, `${base}/details`, `${base}/check`, '/account', '/photos/x'])
      expect((await phone.open(at(path))).text).not.toContain(given.resident.email)
    expect((await phone.open(at(base))).url).toBe(at('/'))
    // The link works once.
    expect((await createUserAgent().open(link)).status).toBe(404)
    // The resident ends it.
    await given.browser.submit(desk, 'end')
    expect((await phone.open(at('/verify/phone'))).status).toBe(403)
  })

  test('that somebody else connected first is not connected by guessing, and ends by a new link', async () => {
    const given = await opened()
    const wrong = String((Number(given.code) + 1) % 10_000).padStart(4, '0')
    expect((await connect(given, wrong)).text).toContain('This is not the code')
    await connect(given, wrong)
    expect((await connect(given, wrong)).text).toContain('Show a new QR code')
    const other = await opened()
    const desk = await other.browser.open(at(`${other.base}/phone`))
    await other.browser.submit(desk, 'end')
    await other.browser.submit(await other.browser.open(at(`${other.base}/phone`)), 'create')
    expect((await other.phone.open(at('/verify/phone'))).status).toBe(403)
    expect((await createUserAgent().open(linkOf(other.browser))).status).toBe(200)
  })

  test('loses its right when a reviewer asks again for what was sent', async () => {
    const given = await opened()
    await connect(given, given.code)
    for (const end of ['front', 'back', 'face'])
      await sendPhoto(given.phone, `/verify/phone/${end}`, { image: await photo() })
    await given.browser.submit(await typeDetails(given), 'right')
    expect((await given.phone.open(at('/verify/phone'))).text).not.toContain('/verify/phone/front')
    const asked = ['document_front'] as const
    await requestAgain(portal.parts, { id: given.id, asked, reason: 'It is blurred.' })
    expect((await given.phone.open(at('/verify/phone'))).status).toBe(403)
    const { status } = await sendPhoto(given.phone, '/verify/phone/front', {
      image: await photo(),
      csrf: 'x',
    })
    expect(status).toBe(403)
  })

  test('loses its right with the session that connected it', async () => {
    const given = await opened()
    await connect(given, given.code)
    expect((await given.phone.open(at('/verify/phone'))).status).toBe(200)
    await given.browser.submit(await given.browser.open(at('/')), 'sign-out')
    expect((await given.phone.open(at('/verify/phone'))).status).toBe(403)
    expect(
      (await sendPhoto(given.phone, '/verify/phone/front', { image: await photo(), csrf: 'x' }))
        .status,
    ).toBe(403)
  })

  test('of two that open a link at once, one gets it; and a link ends after ten minutes', async () => {
    const given = await started()
    await chooseDocument(given, 'passport')
    await given.browser.submit(await given.browser.open(at(`${given.base}/phone`)), 'create')
    const link = linkOf(given.browser)
    const phones = [createUserAgent(), createUserAgent()]
    const pages = await Promise.all(phones.map((phone) => phone.open(link)))
    const opens = await Promise.all(
      phones.map(async (phone, index) => {
        const page = pages[index]
        return page && (await phone.submit(page, '')).status
      }),
    )
    expect(opens.sort()).toEqual([200, 404])
    await given.browser.submit(await given.browser.open(at(`${given.base}/phone`)), 'end')
    await given.browser.submit(await given.browser.open(at(`${given.base}/phone`)), 'create')
    await portal.db`update phone_link set expires_at = now() where verification_id = ${given.id}`
    expect((await createUserAgent().open(linkOf(given.browser))).status).toBe(404)
  })
})
