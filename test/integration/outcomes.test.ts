import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setLocale } from '../../src/accounts/accounts.ts'
import { startVerification } from '../../src/id-verification/operations.ts'
import { sendExpiryMails } from '../../src/id-verification/outcome-mails.ts'
import { eraseVerification } from '../../src/id-verification/retention.ts'
import { reviewVerification } from '../../src/id-verification/review.ts'
import { lockVerification, recordDecision } from '../../src/id-verification/store.ts'
import type { Reason } from '../../src/id-verification/vendors/reasons/reason.ts'
import { type DocumentFindings, UNDATED } from '../../src/id-verification/vendors/vendor.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { startKoraSandbox } from '../../src/local/sandbox/kora.ts'
import { startStripeSandbox } from '../../src/local/sandbox/stripe.ts'
import { startSumsubSandbox } from '../../src/local/sandbox/sumsub.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createJobs, type Jobs } from '../../src/platform/jobs.ts'
import { listOutbox } from '../../src/platform/mail.ts'
import { LANGUAGES } from '../../src/web/texts/languages.ts'
import { connectIncode } from '../support/incode.ts'
import { receiveMail } from '../support/mailbox.ts'
import { connectMosaic } from '../support/mosaic.ts'
import {
  addResident,
  DOCUMENT,
  HOLDER,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'
import { addVerification } from '../support/verifications.ts'

/* What residents are told of their verifications: reasons on the pages, and mails. */

const { en, es } = LANGUAGES
const SUBJECTS = {
  approved: 'Your identity is confirmed',
  declined: 'Your identity could not be confirmed',
  resubmission: 'New photos are needed',
  ended: 'Your identity check was not finished',
  soon: 'Your document expires soon',
  expired: 'Your document has expired',
  rejected: 'Your document was not accepted',
}

let portal: TestPortal
let jobs: Jobs
let veriff: Awaited<ReturnType<typeof connectSandbox>>
const sandboxes: { close(): Promise<void> }[] = []
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  jobs = await createJobs(portal.config.database.url, portal.parts.log)
  veriff = await connectSandbox(portal)
  await setVendorIntegration(portal.db, portal.parts.sealer, { vendor: 'manual' })
  sandboxes.push(veriff.sandbox)
})
afterAll(async () => {
  for (const sandbox of sandboxes) await sandbox.close()
  await jobs.stop()
  await portal.close()
})

/** The subjects of all mails to a resident but those about sign-ins, the oldest first, when none is due or under way any more. */
async function mailsTo({ id, email }: { id: string; email: string }): Promise<string[]> {
  await eventually(async () => {
    const open = await portal.db`
      select from verification_notice join verification on verification.id = verification_id
      where due is not null and account_id = ${id}
      union all select from pgboss.job where name = 'send-mail' and state not in ('completed', 'failed', 'cancelled')`
    return open.length === 0
  })
  const mails = await listOutbox(portal.db, portal.parts.sealer)
  const isAboutOutcome = (subject: string) => !/sign-in|Inicio de sesión/i.test(subject)
  return mails
    .flatMap(({ to, subject }) => (to === email && isAboutOutcome(subject) ? subject : []))
    .toReversed()
}

const becomes = (id: string, status: string) =>
  eventually(async () => {
    const [row] = await portal.db`select from verification where id = ${id} and status = ${status}`
    return row !== undefined
  })

async function signIn(email: string, language = 'en') {
  const browser = createUserAgent({ 'Accept-Language': language })
  const page = await browser.open(`${portal.issuer}/`)
  return { browser, home: await browser.submit(page, 'login', { email, password: PASSWORD }) }
}

/** Each delivery is in the state that it will stay in. */
const applied = () =>
  eventually(async () => {
    const open = await portal.db`select from delivery where state = 'received'`
    return open.length === 0
  })

const sentences = (reason: Reason, texts: typeof en | typeof es = en) => {
  const { why, next } = texts.reasons[reason]
  return [why, next]
}

describe.concurrent('Veriff', () => {
  test('a decline that is delivered many times is told once; a correction is told, and what comes late is not', async () => {
    const { resident, id, sessionId } = await veriff.start()
    await veriff.sandbox.complete(sessionId, 'declined')
    await becomes(id, 'declined')
    for (let times = 0; times < 5; times++) await veriff.sandbox.resend(sessionId)
    await veriff.sandbox.settled(60_000)
    await applied()
    expect(await mailsTo(resident)).toEqual([SUBJECTS.declined])
    const { text } = await receiveMail(portal, resident.email, SUBJECTS.declined)
    for (const sentence of sentences('original-needed')) expect(text).toContain(sentence)
    expect(text).toContain(`${portal.issuer}/verify\n`)
    expect(text).toContain(`${portal.issuer}/verifications/${id}\n`)
    // The vendor's own words are for the operator.
    expect(text).not.toContain('Physical document not used')

    const { browser, home } = await signIn(resident.email)
    for (const page of [home, await browser.open(`${portal.issuer}/verifications/${id}`)]) {
      for (const sentence of sentences('original-needed')) expect(page.text).toContain(sentence)
      expect(page.text).toContain('<a class="button primary" href="/verify">Try again</a>')
    }

    await veriff.sandbox.decide(sessionId, 'approved')
    await becomes(id, 'approved')
    // The decline again, in between and afterwards.
    await veriff.sandbox.resend(sessionId)
    await veriff.sandbox.settled(60_000)
    await applied()
    expect(await mailsTo(resident)).toEqual([SUBJECTS.declined, SUBJECTS.approved])
    expect((await browser.open(`${portal.issuer}/`)).text).not.toContain('href="/verify"')
  })

  test('in Spanish, new photos are asked for; a second attempt that fails alike is told again', async () => {
    const { resident, id, sessionId } = await veriff.start()
    await setLocale(portal.db, resident.id, 'es')
    const { sandbox } = veriff
    await sandbox.complete(sessionId, 'resubmission_requested')
    await becomes(id, 'resubmission')
    const { home, browser } = await signIn(resident.email, 'es')
    for (const sentence of sentences('photo-unclear', es)) expect(home.text).toContain(sentence)
    expect(home.text).toContain('<a class="button primary" href="/verify">Tomar fotos nuevas</a>')
    const steps = await browser.open(`${portal.issuer}/verify`)
    expect(steps.url).toBe(`${portal.issuer}/verify/${id}`)
    for (const sentence of sentences('photo-unclear', es)) expect(steps.text).toContain(sentence)
    const { text } = await receiveMail(portal, resident.email, 'Se necesitan fotos nuevas')
    for (const sentence of sentences('photo-unclear', es)) expect(text).toContain(sentence)
    await sandbox.complete(sessionId, 'resubmission_requested', { reasonCode: 207 })
    await eventually(async () => (await mailsTo(resident)).length > 1)
    expect(await mailsTo(resident)).toEqual(Array(2).fill('Se necesitan fotos nuevas'))
  })

  test('a session that ended is told, unless the resident has begun again', async () => {
    const { resident, id, sessionId } = await veriff.start()
    await veriff.sandbox.start(sessionId)
    await veriff.sandbox.decide(sessionId, 'abandoned')
    await becomes(id, 'expired')
    expect(await mailsTo(resident)).toEqual([SUBJECTS.ended])
    const { home } = await signIn(resident.email)
    for (const sentence of sentences('unfinished')) expect(home.text).toContain(sentence)

    const given = { vendor: 'veriff', accountId: resident.id }
    const start = () => startVerification({ ...portal.parts, issuer: portal.issuer }, given)
    const [second, third] = [await start(), await start()]
    await veriff.sandbox.decide(second.vendorSessionId, 'expired')
    await becomes(second.id, 'expired')
    expect(await mailsTo(resident)).toEqual([SUBJECTS.ended])
    // The button is at the newest alone.
    const { home: again } = await signIn(resident.email)
    expect(again.text).not.toContain('href="/verify"')
    expect(third.id).not.toBe(second.id)
  })

  test('who withdraws a request for new photos gets no mail about its end', async () => {
    const { resident, id, sessionId } = await veriff.start()
    await veriff.sandbox.complete(sessionId, 'resubmission_requested')
    await becomes(id, 'resubmission')
    await receiveMail(portal, resident.email, SUBJECTS.resubmission)
    const { browser } = await signIn(resident.email)
    const steps = await browser.open(`${portal.issuer}/verify/${id}`)
    await browser.submit(steps, 'cancel')
    await becomes(id, 'expired')
    expect(await mailsTo(resident)).toEqual([SUBJECTS.resubmission])
  })

  test('a reason that must not be told is not: page, mail and row have the general sentence alone', async () => {
    const { resident, id, sessionId } = await veriff.start()
    await veriff.sandbox.complete(sessionId, 'declined', { reason: 'Known fraud', reasonCode: 106 })
    await becomes(id, 'declined')
    const { text } = await receiveMail(portal, resident.email, SUBJECTS.declined)
    const { home } = await signIn(resident.email)
    for (const told of [text, home.text]) {
      expect(told).toContain(en.reasons.unstated.why)
      expect(told).not.toMatch(/fraud/i)
    }
    expect(await storedReasons(id)).toEqual([])
  })

  test('what is told is erased with the verification', async () => {
    const { resident, id, sessionId } = await veriff.start()
    await veriff.sandbox.complete(sessionId, 'declined')
    await becomes(id, 'declined')
    await mailsTo(resident)
    const { db } = portal
    expect(await eraseVerification({ db, jobs }, id, 'operator')).toBe(true)
    expect(await db`select from verification_notice where verification_id = ${id}`).toEqual([])
    expect(await storedReasons(id)).toBeUndefined()
  })
})

async function storedReasons(id: string): Promise<string[] | null | undefined> {
  const [row] = await portal.db<{ reasons: string[] | null }[]>`
    select reasons from told_reason where verification_id = ${id} order by recorded_at desc limit 1`
  return row?.reasons
}

/** Connects a stand-in that has an integration of its own. */
async function connect(
  vendor: 'kora' | 'stripe' | 'sumsub',
  baseUrl: string,
  given: { apiKey: string; secret: string; webhookSecret?: string; settings?: string[] },
) {
  await setVendorIntegration(portal.db, portal.parts.sealer, { vendor, baseUrl, ...given })
  return async () => {
    const resident = await addResident(portal.parts)
    const started = await startVerification(
      { ...portal.parts, issuer: portal.issuer },
      { vendor, accountId: resident.id },
    )
    return { resident, id: started.id, sessionId: started.vendorSessionId }
  }
}

const secrets = () => ({ apiKey: randomUUID(), secret: randomUUID(), webhookSecret: randomUUID() })
const retryDelaysInMs = [50, 100, 200]

describe.concurrent('the other vendors', () => {
  test('Sumsub: its labels, of another try and of a rejection', async () => {
    const { apiKey, secret, webhookSecret } = secrets()
    const webhookUrl = `${portal.url}/webhooks/sumsub`
    const given = { port: 0, appToken: apiKey, secretKey: secret, webhookSecret, webhookUrl }
    const sandbox = await startSumsubSandbox({ ...given, person: DOCUMENT, retryDelaysInMs })
    sandboxes.push(sandbox)
    const start = await connect('sumsub', sandbox.url, { apiKey, secret, webhookSecret })
    const { resident, id, sessionId } = await start()
    sandbox.complete(sessionId, 'RETRY')
    await becomes(id, 'resubmission')
    expect(await storedReasons(id)).toEqual(['photo-unclear', 'original-needed'])
    expect(await mailsTo(resident)).toEqual([SUBJECTS.resubmission])
    sandbox.complete(sessionId, 'FINAL')
    await becomes(id, 'declined')
    expect(await storedReasons(id)).toEqual(['document-unconfirmed'])
    expect(await mailsTo(resident)).toEqual([SUBJECTS.resubmission, SUBJECTS.declined])
  })

  test('Stripe: its code; who is too young is offered no other try', async () => {
    const { apiKey, webhookSecret } = secrets()
    const webhookUrl = `${portal.url}/webhooks/stripe`
    const given = { port: 0, apiKey, webhookSecret, webhookUrl, person: DOCUMENT, retryDelaysInMs }
    const sandbox = await startStripeSandbox(given)
    sandboxes.push(sandbox)
    const start = await connect('stripe', sandbox.url, { apiKey, secret: webhookSecret })
    const first = await start()
    sandbox.complete(first.sessionId, 'selfie_face_mismatch')
    await becomes(first.id, 'resubmission')
    expect(await storedReasons(first.id)).toEqual(['face-different'])
    const { resident, id, sessionId } = await start()
    sandbox.complete(sessionId, 'under_supported_age')
    await becomes(id, 'declined')
    const { home } = await signIn(resident.email)
    for (const sentence of sentences('age')) expect(home.text).toContain(sentence)
    expect(home.text).not.toContain(`>${en.reasons.tryAgain}</a>`)
    const { text } = await receiveMail(portal, resident.email, SUBJECTS.declined)
    expect(text).not.toContain('/verify\n')
  })

  test('Kora: the text that the setting maps', async () => {
    const { apiKey, secret } = secrets()
    const webhookUrl = `${portal.url}/webhooks/kora`
    const given = { port: 0, apiKey, tenantId: 'acme', secret, webhookUrl, persistAfterInMs: 0 }
    const sandbox = await startKoraSandbox({ ...given, person: DOCUMENT, retryDelaysInMs })
    sandboxes.push(sandbox)
    const start = await connect('kora', sandbox.url, {
      apiKey,
      secret,
      settings: [
        'tenantId=acme',
        'captureUrl=https://capture.test/?id={sessionId}&back={returnUrl}',
        'decisionReasons=Document could not be verified:document-unconfirmed',
      ],
    })
    const { resident, id, sessionId } = await start()
    sandbox.complete(sessionId, 'rejected')
    await becomes(id, 'declined')
    expect(await storedReasons(id)).toEqual(['document-unconfirmed'])
    expect(await mailsTo(resident)).toEqual([SUBJECTS.declined])
  })

  test('Incode and Mosaic: failed checks of liveness are not told, by delivery and by polling', async () => {
    const incode = await connectIncode(portal, { header: true })
    const mosaic = await connectMosaic(portal)
    sandboxes.push(incode.sandbox, mosaic.sandbox)
    const [first, second] = [await incode.start(), await mosaic.start()]
    incode.sandbox.complete(first.sessionId, 'FAIL')
    mosaic.sandbox.complete(second.sessionId, 'DENY')
    await portal.db`update verification set next_check_at = now() where id = ${second.id}`
    for (const { id, resident } of [first, second]) {
      await becomes(id, 'declined')
      expect(await storedReasons(id)).toEqual([])
      const { text } = await receiveMail(portal, resident.email, SUBJECTS.declined)
      expect(text).toContain(en.reasons.unstated.why)
    }
  })
})

async function addManual(accountId: string, status: string): Promise<string> {
  const [row] = await portal.db<{ id: string }[]>`
    insert into verification (account_id, vendor, integration, status, attempt_id)
    values (${accountId}, 'manual', 'default', ${status}, '1') returning id`
  return row?.id ?? ''
}

test('an operator’s words are for the operator, and the reasons beside them for the resident', async () => {
  const resident = await addResident(portal.parts)
  const { parts } = portal
  const id = await addManual(resident.id, 'review')
  const reasons: Reason[] = ['document-expired', 'photo-unclear']
  const given = { id, decision: 'rejected', reason: 'no hologram', reasons } as const
  await reviewVerification(parts, given)
  expect(await mailsTo(resident)).toEqual([SUBJECTS.declined])
  const { text } = await receiveMail(portal, resident.email, SUBJECTS.declined)
  const { home } = await signIn(resident.email)
  for (const told of [text, home.text]) {
    for (const reason of reasons)
      for (const sentence of sentences(reason)) expect(told).toContain(sentence)
    expect(told).not.toContain('hologram')
  }
})

test('an operator who takes an approved document back tells why', async () => {
  const resident = await addResident(portal.parts)
  const { id } = await addVerification(portal.parts, resident.id)
  const given = { id, decision: 'rejected', reason: 'seen in person' } as const
  await reviewVerification(portal.parts, { ...given, reasons: ['document-damaged'] })
  expect(await mailsTo(resident)).toEqual([SUBJECTS.rejected])
  const { home } = await signIn(resident.email)
  for (const sentence of sentences('document-damaged')) expect(home.text).toContain(sentence)
  await reviewVerification(portal.parts, { id, decision: 'accepted', reason: 'by mistake' })
  expect(await mailsTo(resident)).toContain(SUBJECTS.approved)
})

describe('the document’s last day', () => {
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
  const send = () => {
    const { parts } = portal
    return sendExpiryMails({ ...parts, jobs })
  }
  const expiring = async (days: number) => {
    const resident = await addResident(portal.parts)
    const findings = { expiresOn: day(days) }
    const { id } = await addVerification(portal.parts, resident.id, { findings })
    return { resident, id }
  }

  test('is announced once by however many processes, and once more when it has passed', async () => {
    const { resident, id } = await expiring(20)
    await Promise.all([send(), send(), send()])
    await send()
    expect(await mailsTo(resident)).toEqual([SUBJECTS.soon])
    const { text } = await receiveMail(portal, resident.email, SUBJECTS.soon)
    expect(text).toContain(en.format.day(new Date(day(20))))
    const { home, browser } = await signIn(resident.email)
    expect(home.text).toContain(en.reasons.expiresSoon)

    await portal.db`update verification set document_expires_on = ${day(-1)} where id = ${id}`
    await Promise.all([send(), send()])
    expect(await mailsTo(resident)).toEqual([SUBJECTS.soon, SUBJECTS.expired])
    const page = await browser.open(`${portal.issuer}/verifications/${id}`)
    expect(page.text).toContain(
      '<a class="button primary" href="/verify">Have a document checked</a>',
    )
  })

  test('is announced once where the same document was checked twice', async () => {
    const { resident, id } = await expiring(15)
    await send()
    const findings = { expiresOn: day(15) }
    await addVerification(portal.parts, resident.id, { findings })
    await Promise.all([send(), send()])
    expect(await mailsTo(resident)).toEqual([SUBJECTS.soon])
    await portal.db`delete from verification_notice where verification_id = ${id}`
    await send()
    expect(await mailsTo(resident)).toHaveLength(2)
    await send()
    expect(await mailsTo(resident)).toHaveLength(2)
  })

  test('is no news long after, and where another document is valid longer', async () => {
    const old = await expiring(-400)
    const renewed = await expiring(10)
    await addVerification(portal.parts, renewed.resident.id)
    const far = await expiring(60)
    await send()
    for (const { resident } of [old, renewed, far]) expect(await mailsTo(resident)).toEqual([])
  })
})

const FINDINGS: DocumentFindings = {
  ...HOLDER,
  fullName: undefined,
  nationality: 'HND',
  documentType: 'passport',
  country: 'HND',
  number: undefined,
  issuedOn: undefined,
  expiresOn: undefined,
}

test('decisions that arrive in the wrong order, and in two processes at once, are told as what came of them', async () => {
  const { db, parts } = portal
  const resident = await addResident(parts)
  const id = await addManual(resident.id, 'review')
  const decide = (...decided: [status: 'approved' | 'declined', at: number][]) =>
    db.begin(async (sql) => {
      await lockVerification(sql, id)
      for (const [status, at] of decided) {
        const decision = { attemptId: '1', status, decidedAt: new Date(at) }
        const rest = { documentType: undefined, reason: undefined, findings: FINDINGS }
        await recordDecision(sql, parts.vault, id, { ...decision, ...rest }, undefined)
      }
    })
  const now = Date.now()
  await Promise.all([decide(['approved', now]), decide(['approved', now])])
  await decide(['declined', now - 60_000])
  expect(await mailsTo(resident)).toEqual([SUBJECTS.approved])
  // Taken back before anybody was told.
  await decide(['declined', now + 1], ['approved', now + 2])
  expect(await mailsTo(resident)).toEqual([SUBJECTS.approved])
  await decide(['declined', now + 3])
  expect(await mailsTo(resident)).toEqual([SUBJECTS.approved, SUBJECTS.declined])
})

test('whoever tries again at a vendor without attempts, and fails alike, is told again', async () => {
  const { db, parts } = portal
  const resident = await addResident(parts)
  const id = await addManual(resident.id, 'pending')
  const decide = (status: 'resubmission' | 'pending') =>
    db.begin(async (sql) => {
      await lockVerification(sql, id)
      await recordDecision(sql, parts.vault, id, { ...UNDATED, status }, undefined)
    })
  await decide('resubmission')
  await decide('resubmission')
  expect(await mailsTo(resident)).toEqual([SUBJECTS.resubmission])
  await decide('pending')
  await decide('resubmission')
  expect(await mailsTo(resident)).toEqual(Array(2).fill(SUBJECTS.resubmission))
})

test('a mail that cannot be written is tried again, and holds up no other', async () => {
  const { db } = portal
  const resident = await addResident(portal.parts)
  const stuck = await addManual(resident.id, 'declined')
  await db`
    insert into verification_notice (verification_id, due, due_at)
    values (${stuck}, 'no such outcome', now() - interval '1 minute')`
  const { resident: other, id, sessionId } = await veriff.start()
  await veriff.sandbox.complete(sessionId, 'declined')
  await becomes(id, 'declined')
  await receiveMail(portal, other.email, SUBJECTS.declined)
  const [notice] = await db`
    select due, due_at > now() as is_later from verification_notice where verification_id = ${stuck}`
  expect(notice).toMatchObject({ due: 'no such outcome', isLater: true })
  await db`delete from verification_notice where verification_id = ${stuck}`
})
