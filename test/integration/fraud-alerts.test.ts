import { randomInt, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { setPerson } from '../../src/accounts/natural-person.ts'
import { readCommand } from '../../src/cli/commands.ts'
import { resolveAlert } from '../../src/id-verification/alert-resolution.ts'
import {
  ALERT_GAUGES,
  raiseRepeatedDeclines,
  raiseReusedDocument,
} from '../../src/id-verification/alerts.ts'
import { acceptLink, createLink, endLink } from '../../src/id-verification/links.ts'
import { startVerification } from '../../src/id-verification/operations.ts'
import { eraseSubject, eraseVerification } from '../../src/id-verification/retention.ts'
import { compareAllWithAccount } from '../../src/id-verification/review.ts'
import { lockVerification } from '../../src/id-verification/store.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { readDetail, type StoredDetail } from '../../src/ledger/details.ts'
import { startVeriffSandbox } from '../../src/local/sandbox/veriff.ts'
import type { VeriffSandbox } from '../../src/local/sandbox/veriff-control.ts'
import { createJobs, type Jobs } from '../../src/platform/jobs.ts'
import { openBackOffice } from '../support/back-office.ts'
import { isBlockedByLock } from '../support/database.ts'
import { drawNoise } from '../support/images.ts'
import { addResident, startPortal, type TestPortal } from '../support/portal.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'
import { loadPerson } from '../support/verifications.ts'

const ALERTS = '/api/v1/idv/alerts'
type Body = Record<string, unknown>
type Office = { name: string; token: string; clientId: string; sandbox: VeriffSandbox }

let portal: TestPortal
let jobs: Jobs
let acme: Office
let rival: Office
let own: Awaited<ReturnType<typeof connectSandbox>>
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  jobs = await createJobs(portal.config.database.url, portal.parts.log)
  // Its documents are not those of the residents of the tests.
  own = await connectSandbox(portal, { person: { surname: 'Quimera' } })
  ;[acme, rival] = [await openOffice('acme'), await openOffice('rival')]
})
beforeEach(() => portal.db`delete from alert`)
afterAll(async () => {
  await Promise.all([acme, rival, own].map(({ sandbox }) => sandbox.close()))
  await jobs.stop()
  await portal.close()
})

/** A back office with a vendor of its own. */
async function openOffice(name: string): Promise<Office> {
  const [apiKey, sharedSecret] = [randomUUID(), randomUUID()]
  const sandbox = await startVeriffSandbox({
    port: 0,
    apiKey,
    sharedSecret,
    retryDelaysInMs: [50, 100, 200, 400, 800, 1600],
    webhookUrl: `${portal.url}/webhooks/veriff/${name}`,
  })
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'veriff',
    name,
    tenant: name,
    baseUrl: sandbox.url,
    apiKey,
    secret: sharedSecret,
  })
  const { clientId, token } = await openBackOffice(portal, { tenant: name })
  return { name, token, clientId, sandbox }
}

async function call({ token }: Office, path: string, json?: unknown) {
  const answer = await fetch(`${portal.url}${path}`, {
    method: json === undefined ? 'GET' : 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  })
  return { status: answer.status, body: (await answer.json()) as Body }
}
const listed = async (office: Office, query = '') =>
  (await call(office, `${ALERTS}${query}`)).body.alerts as Body[]
const resolve = (office: Office, id: unknown, reason: unknown = 'looked into') =>
  call(office, `${ALERTS}/${id}/resolve`, { reason })
const run = async <T>(...words: string[]) =>
  (await readCommand(words).run({ ...portal.parts, issuer: portal.issuer })) as T
/** All alerts, as the operator sees them, the oldest first. */
const all = async () => (await run<Body[]>('alert', 'list')).toReversed()

/** Photos of a document and a face, unlike all others. */
async function newPhotos(): Promise<readonly [Buffer, Buffer]> {
  const draw = () =>
    drawNoise({ seed: randomInt(2 ** 32) })
      .jpeg()
      .toBuffer()
  return [await draw(), await draw()]
}
type Photos = Awaited<ReturnType<typeof newPhotos>>

/** The same picture with a comment: other bytes, which readers never get. */
const commented = (jpeg: Buffer) => {
  const comment = Buffer.from(randomUUID())
  const segment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, comment.length + 2]), comment])
  return Buffer.concat([jpeg.subarray(0, 2), segment, jpeg.subarray(2)])
}

async function finished(
  sandbox: VeriffSandbox,
  { id, sessionId }: { id: string; sessionId: string },
  decision: 'approved' | 'declined',
  [front, face]: Photos,
) {
  await sandbox.addImage(sessionId, { context: 'document-front', bytes: front })
  await sandbox.addImage(sessionId, { context: 'face', bytes: face })
  await sandbox.complete(sessionId, decision)
  await eventually(async () => {
    const [row] = await portal.db`
      select from verification where id = ${id} and status = ${decision}
        and exists (select from image where verification_id = ${id})
        and not exists (select from image where verification_id = ${id} and state = 'pending')`
    return row !== undefined
  })
}

/** A session of a tenant's subject, decided, and all its images stored. */
async function verify(
  office: Office,
  given: {
    externalId?: string
    photos?: Photos
    decision?: 'approved' | 'declined'
  } = {},
) {
  const { externalId = randomUUID(), decision = 'approved' } = given
  const photos = given.photos ?? (await newPhotos())
  const { status, body } = await call(office, '/api/v1/idv/verifications', {
    vendor: 'veriff',
    integration: office.name,
    externalId,
  })
  expect(status).toBe(201)
  const id = String(body.id)
  const [row] = await portal.db<{ vendorSessionId: string }[]>`
    select vendor_session_id from verification where id = ${id}`
  await finished(office.sandbox, { id, sessionId: row?.vendorSessionId ?? '' }, decision, photos)
  return { id, subjectId: String(body.subjectId), externalId }
}

/** The same of a resident of the portal. */
async function verifyResident(
  photos: Photos,
  decision: 'approved' | 'declined' = 'approved',
  resident?: Awaited<ReturnType<typeof addResident>>,
) {
  const whose = resident ?? (await addResident(portal.parts))
  const started = await startVerification(
    { ...portal.parts, issuer: portal.issuer },
    { vendor: 'veriff', accountId: whose.id },
  )
  const session = { id: started.id, sessionId: started.vendorSessionId }
  await finished(own.sandbox, session, decision, photos)
  return { id: started.id, resident: whose }
}

async function link(accountId: string, subjectId: string): Promise<void> {
  const created = await createLink(portal.db, {
    subjectId,
    clientId: acme.clientId,
    returnTo: undefined,
  })
  const token = created?.token ?? ''
  expect(await acceptLink(portal.parts, { token, accountId, hold: async () => {} })).toEqual({
    subjectId,
  })
}

const sizeOfTable = async () => {
  const [row] = await portal.db<{ count: number }[]>`select count(*)::int as count from alert`
  return row?.count ?? 0
}

describe('a reused document', () => {
  test('under two subjects of a tenant is the tenant’s to see, once, and no other tenant’s', async () => {
    const photos = await newPhotos()
    const first = await verify(acme, { photos })
    await verify(acme, { externalId: first.externalId, photos })
    expect(await all()).toEqual([])
    const second = await verify(acme, { photos: [commented(photos[0]), commented(photos[1])] })
    const expected = {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      type: 'reused_document',
      status: 'open',
      severity: 'high',
      verificationId: second.id,
      relatedVerificationId: first.id,
      subjectId: second.subjectId,
      vendor: null,
      integration: null,
      count: 1,
      createdAt: expect.stringMatching(/Z$/),
      resolvedAt: null,
      resolution: null,
    }
    // Two images are the same, and it is one alert.
    expect(await listed(acme)).toEqual([expected])
    expect(await listed(rival)).toEqual([])
    expect(await all()).toMatchObject([{ tenant: 'acme', verificationId: second.id }])
  })

  test('under subjects of two tenants, or of a tenant and a resident, is the operator’s alone', async () => {
    const photos = await newPhotos()
    const first = await verify(acme, { photos })
    const second = await verify(rival, { photos })
    const { id: third } = await verifyResident(photos)
    expect([await listed(acme), await listed(rival)]).toEqual([[], []])
    const found = (await all()).filter(({ type }) => type === 'reused_document')
    expect(found).toMatchObject([
      { tenant: null, verificationId: second.id, relatedVerificationId: first.id },
      { tenant: null, verificationId: third, relatedVerificationId: first.id },
    ])
    const id = found[0]?.id
    expect((await resolve(rival, id)).status).toBe(404)
    // A second subject of the rival: to the rival it is only of its own two.
    const fourth = await verify(rival, { photos })
    expect(await listed(rival)).toMatchObject([
      { verificationId: fourth.id, relatedVerificationId: second.id },
    ])
    expect(JSON.stringify(await listed(rival))).not.toContain(first.id)
  })

  test('of the resident who linked the subject is the same person’s', async () => {
    const photos = await newPhotos()
    const { resident } = await verifyResident(photos)
    const { subjectId, externalId } = await verify(acme)
    await link(resident.id, subjectId)
    await portal.db`delete from alert`
    await verify(acme, { externalId, photos })
    expect((await all()).filter(({ type }) => type === 'reused_document')).toEqual([])
  })

  test('in two images stored at the same moment is noticed', async () => {
    const photos = await newPhotos()
    await Promise.all([verify(acme, { photos }), verify(acme, { photos })])
    // One of them may have been first with the document, and the other with the face.
    expect([1, 2]).toContain((await listed(acme)).length)
  })

  test('that two verifications notice of each other at the same moment is no deadlock', async () => {
    const photos = await newPhotos()
    const found = [await verify(acme, { photos }), await verify(acme, { photos })]
    await portal.db`delete from alert`
    const both = Promise.withResolvers<void>()
    let locked = 0
    const raise = ({ id }: { id: string }) =>
      portal.db.begin(async (sql) => {
        await lockVerification(sql, id)
        locked++
        if (locked === found.length) both.resolve()
        await both.promise
        const [image] = await sql<{ id: string }[]>`
          select id from image where verification_id = ${id} and type = 'document_front'`
        await raiseReusedDocument(sql, image?.id ?? '')
      })
    await Promise.all(found.map(raise))
    expect(await listed(acme)).toHaveLength(2)
  })
})

describe('repeated declines', () => {
  test('the third within thirty days raises one alert, which is open for those after it', async () => {
    const externalId = randomUUID()
    const decline = () => verify(acme, { externalId, decision: 'declined' })
    const { id: old } = await decline()
    await portal.db`update verification set decided_at = now() - interval '31 days' where id = ${old}`
    await decline()
    await decline()
    await verify(acme, { externalId })
    await verify(acme, { decision: 'declined' })
    expect(await listed(acme)).toEqual([])
    const { id, subjectId } = await decline()
    const expected = {
      type: 'repeated_declines',
      verificationId: id,
      subjectId,
      severity: 'medium',
    }
    expect(await listed(acme)).toMatchObject([expected])
    expect(await listed(rival)).toEqual([])
    await decline()
    expect(await listed(acme)).toMatchObject([expected])

    // Resolved, it is raised by the next one, and by nothing that happened before.
    const [alert] = await listed(acme)
    expect((await resolve(acme, alert?.id)).status).toBe(200)
    await portal.db.begin((sql) => raiseRepeatedDeclines(sql, id))
    expect(await sizeOfTable()).toBe(1)
    const next = await decline()
    expect(await listed(acme, '?status=open')).toMatchObject([{ verificationId: next.id }])
  })

  test('of a resident are the operator’s alone', async () => {
    const { resident } = await verifyResident(await newPhotos(), 'declined')
    await verifyResident(await newPhotos(), 'declined', resident)
    const { id } = await verifyResident(await newPhotos(), 'declined', resident)
    expect(await all()).toMatchObject([
      { type: 'repeated_declines', tenant: null, verificationId: id, subjectId: null },
    ])
  })

  test('of three at the same moment is noticed', async () => {
    const externalId = randomUUID()
    await Promise.all([1, 2, 3].map(() => verify(acme, { externalId, decision: 'declined' })))
    expect(await listed(acme)).toMatchObject([{ type: 'repeated_declines' }])
  })
})

describe('a document of somebody else', () => {
  test('is the operator’s to see, and the review resolves it', async () => {
    const { id, resident } = await verifyResident(await newPhotos())
    const [alert] = await all()
    expect(alert).toMatchObject({
      type: 'person_mismatch',
      status: 'open',
      tenant: null,
      verificationId: id,
    })
    await run('verification', 'review', id, '--accept', '--reason', 'A new name by marriage.')
    expect(await all()).toMatchObject([
      {
        id: alert?.id,
        status: 'resolved',
        resolution: { reason: 'A new name by marriage.', by: null },
      },
    ])
    await run('verification', 'review', id, '--reject', '--reason', 'Not after all.')
    expect(await all()).toHaveLength(1)
    expect(JSON.stringify(alert)).not.toContain(resident.id)
  })

  test('of a linked subject tells the tenant nothing, and goes with the link', async () => {
    const { id, subjectId } = await verify(acme)
    expect(await all()).toEqual([])
    const resident = await addResident(portal.parts)
    await link(resident.id, subjectId)
    expect(await all()).toMatchObject([{ type: 'person_mismatch', verificationId: id }])
    expect(await listed(acme)).toEqual([])
    await endLink(portal.db, { subjectId, accountId: resident.id })
    expect(await all()).toEqual([])
    // Another resident links it: this is another mismatch.
    await link((await addResident(portal.parts)).id, subjectId)
    expect(await all()).toMatchObject([{ type: 'person_mismatch', verificationId: id }])
  })

  const FITS_NOW = 'The data of the account was changed, and the document fits it now.'
  const countEnds = async (accountId: string) => {
    const rows = await portal.db<StoredDetail[]>`
      select kind, result, images from ledger_entry where account_id = ${accountId}`
    return rows.filter((row) => readDetail(row).what === 'alert-end').length
  }

  test('ends when the data of the account is changed so that it fits, and another mismatch is another alert', async () => {
    const { id, resident } = await verifyResident(await newPhotos())
    const load = (surname: string) => loadPerson(portal.parts, resident.id, { surname })
    const open = { type: 'person_mismatch', status: 'open', verificationId: id }
    const resolved = { ...open, status: 'resolved', resolution: { reason: FITS_NOW, by: null } }
    await load('Castro')
    expect(await all()).toMatchObject([open])
    expect(await countEnds(resident.id)).toBe(0)
    await load('Quimera')
    expect(await all()).toMatchObject([resolved])
    await load('Quimera')
    expect(await countEnds(resident.id)).toBe(1)
    const [row] = await portal.db<{ text: string }[]>`select alert::text as text from alert`
    expect(row?.text).not.toContain(Buffer.from(FITS_NOW).toString('hex'))

    await load('Castro')
    await load('Castro')
    expect(await all()).toMatchObject([resolved, open])
    await load('Quimera')
    expect(await all()).toMatchObject([resolved, resolved])
    expect(await countEnds(resident.id)).toBe(2)
    // Resolved by the operator while it does not fit, it is not raised again until it did.
    await load('Castro')
    const seen = (await all()).at(-1)
    await run('alert', 'resolve', String(seen?.id), '--reason', 'Seen in person.')
    await load('Robles')
    expect(await all()).toHaveLength(3)
    await load('Quimera')
    await load('Castro')
    expect((await all()).map(({ status }) => status)).toEqual([
      ...['resolved', 'resolved', 'resolved', 'open'],
    ])
    expect(await countEnds(resident.id)).toBe(2)
  })

  test('that fits at the moment at which an operator resolves it is resolved once, by whoever is first', async () => {
    const { resident } = await verifyResident(await newPhotos())
    const { db, parts } = portal
    const change = (surname: string, onCompared = async () => {}) =>
      setPerson(parts, resident.id, { surname }, async (sql) => {
        await compareAllWithAccount(sql, parts.vault, resident.id)
        await onCompared()
      })
    const resolveNow = async (onResolved = async () => {}) => {
      const open = (await all()).find(({ status }) => status === 'open')
      return await db.begin(async (sql) => {
        const given = { id: String(open?.id), reason: 'Seen in person.' }
        const outcome = await resolveAlert(sql, parts, given)
        await onResolved()
        return outcome
      })
    }
    /** Runs both: the second waits for the first one's transaction, which then ends. */
    const collide = async <T>(
      first: (hold: () => Promise<void>) => Promise<unknown>,
      second: () => Promise<T>,
    ) => {
      const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const ending = first(async () => {
        held.resolve()
        await released.promise
      })
      await held.promise
      const waiting = second()
      await eventually(() => isBlockedByLock(db, ''))
      released.resolve()
      await ending
      return await waiting
    }
    await collide(resolveNow, () => change('Quimera'))
    expect(await all()).toMatchObject([{ resolution: { reason: 'Seen in person.' } }])
    expect(await countEnds(resident.id)).toBe(0)

    await change('Castro')
    const late = await collide(
      (hold) => change('Quimera', hold),
      () => resolveNow(),
    )
    expect(late).toBe('resolved')
    expect(await all()).toMatchObject([
      { resolution: { reason: 'Seen in person.' } },
      { resolution: { reason: FITS_NOW } },
    ])
    expect(await countEnds(resident.id)).toBe(1)
  })
})

describe('forged deliveries', () => {
  const forge = async (path: string, times: number) => {
    const answers = await Promise.all(
      Array.from({ length: times }, async () => {
        const answer = await fetch(`${portal.url}/webhooks/veriff/${path}`, {
          method: 'POST',
          body: JSON.stringify({ id: randomUUID() }),
          headers: { 'x-hmac-signature': randomUUID() },
        })
        return answer.status
      }),
    )
    return new Set(answers)
  }
  const counted = (office: Office, count: number) =>
    eventually(async () => {
      const sum = (await listed(office)).reduce((total, each) => total + Number(each.count), 0)
      return sum === count
    })

  test('are one row with a count, however many there are, of the integration’s tenant', async () => {
    expect(await forge('acme', 60)).toEqual(new Set([401]))
    await counted(acme, 60)
    expect(await listed(acme)).toMatchObject([
      {
        type: 'forged_deliveries',
        severity: 'medium',
        vendor: 'veriff',
        integration: 'acme',
        verificationId: null,
        subjectId: null,
      },
    ])
    expect(await listed(rival)).toEqual([])
    await forge('acme', 3)
    await forge('rival', 2)
    // No such integration.
    await forge(randomUUID(), 5)
    await counted(acme, 63)
    await counted(rival, 2)
    expect(await sizeOfTable()).toBe(2)
    // More than the column can count.
    await portal.db`update alert set occurrences = 2147483646 where integration = 'rival'`
    await forge('rival', 2)
    await counted(rival, 2_147_483_647)
  })

  test('of an integration that was given to another tenant are that tenant’s alone', async () => {
    const give = (tenant: string) =>
      setVendorIntegration(portal.db, portal.parts.sealer, {
        vendor: 'veriff',
        name: 'given-away',
        tenant,
        baseUrl: acme.sandbox.url,
        apiKey: randomUUID(),
        secret: randomUUID(),
      })
    await give('acme')
    await forge('given-away', 1)
    await counted(acme, 1)
    await give('rival')
    await forge('given-away', 2)
    await counted(rival, 2)
    expect(await listed(acme)).toMatchObject([{ integration: 'given-away', count: 1 }])
  })

  test('after it was resolved there is at most one alert for each hour', async () => {
    await forge('acme', 1)
    await counted(acme, 1)
    const [first] = await listed(acme)
    expect((await resolve(acme, first?.id, 'the secret was replaced')).status).toBe(200)
    await forge('acme', 2)
    await counted(acme, 3)
    expect(await listed(acme)).toMatchObject([{ id: first?.id, status: 'resolved', count: 3 }])
    // An hour later.
    await portal.db`update alert set occasion = occasion || ' before'`
    await forge('acme', 4)
    await counted(acme, 7)
    expect((await listed(acme)).map(({ status, count }) => [status, count])).toEqual([
      ['open', 4],
      ['resolved', 3],
    ])
    const [row] = await portal.db<{ ownerlessReasonSealed: string }[]>`
      select ownerless_reason_sealed from alert where id = ${String(first?.id)}`
    expect(row?.ownerlessReasonSealed).toMatch(/^v1\./)
  })
})

describe('resolving', () => {
  /** A repeated decline, without the declines. */
  async function raised({ accountId }: { accountId?: string } = {}) {
    const { id, subjectId } = await verify(acme)
    if (accountId) await link(accountId, subjectId)
    await portal.db`delete from alert`
    const [alert] = await portal.db<{ id: string }[]>`
      insert into alert (type, tenant, occasion, verification_id, subject_id)
      values ('repeated_declines', 'acme', ${id}, ${id}, ${subjectId}) returning id`
    return { id: alert?.id ?? '', verificationId: id, subjectId }
  }

  test('is done once, with a reason that is sealed, and leaves rows in the ledger', async () => {
    const resident = await addResident(portal.parts)
    const { id, verificationId } = await raised({ accountId: resident.id })
    const reason = `Ana Mejia rief an: №${randomUUID()}`
    expect(await listed(acme, '?status=resolved')).toEqual([])
    const { status, body } = await resolve(acme, id, reason)
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({
        id,
        status: 'resolved',
        resolvedAt: expect.stringMatching(/Z$/),
        resolution: { reason, by: acme.clientId },
      }),
    ])
    expect(await listed(acme, '?status=resolved')).toEqual([body])
    expect(await listed(acme, '?status=open')).toEqual([])
    expect(await resolve(acme, id)).toEqual({
      status: 409,
      body: { code: 'CONFLICT', error: 'This alert is resolved already.', details: {} },
    })
    const rows = await portal.db<(StoredDetail & { verificationId: string | null })[]>`
      select kind, result, verification_id from ledger_entry
      where account_id = ${resident.id} and client_id = ${acme.clientId} order by id`
    expect(rows.map((row) => readDetail(row)).slice(-2)).toEqual([
      { what: 'alert-resolution' },
      { what: 'tenant-read', of: 'alerts' },
    ])
    expect(rows.at(-2)?.verificationId).toBe(verificationId)
    const [stored] = await portal.db<{ text: string }[]>`
      select alert::text as text from alert where id = ${id}`
    expect(stored?.text).not.toContain('Mejia')
    expect(stored?.text).not.toContain(Buffer.from('Mejia').toString('hex'))
    expect(portal.logged()).not.toContain(reason)
  })

  test('what is another tenant’s, or nothing, is 404; what has no good reason 400', async () => {
    const { id } = await raised()
    for (const [office, which] of [
      [rival, id],
      [acme, randomUUID()],
      [acme, 'x'],
    ] as const)
      expect(await resolve(office, which)).toEqual({
        status: 404,
        body: { code: 'NOT_FOUND', error: 'There is no such alert.', details: {} },
      })
    for (const reason of [undefined, '', ' ', 'a\nb', 'a'.repeat(501), '\u202egone', 7])
      expect((await call(acme, `${ALERTS}/${id}/resolve`, { reason })).status).toBe(400)
    expect((await call(acme, `${ALERTS}/${id}/resolve`, { reason: 'a', more: 1 })).status).toBe(400)
    for (const query of ['?status=closed', '?state=open', '?status=open&status=open'])
      expect((await call(acme, `${ALERTS}${query}`)).status).toBe(400)
    expect(await listed(acme)).toMatchObject([{ id, status: 'open' }])
    expect((await resolve(acme, id, 'ä'.repeat(500))).status).toBe(200)
  })

  test('of two at the same moment one succeeds', async () => {
    const { id } = await raised()
    const answers = await Promise.all(Array.from({ length: 4 }, () => resolve(acme, id)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409])
  })

  test('by the operator is shown to the tenant as the operator’s', async () => {
    const { id } = await raised()
    await run('alert', 'resolve', id, '--reason', 'The vendor had a fault.')
    expect(await listed(acme)).toMatchObject([
      { id, resolution: { reason: 'The vendor had a fault.', by: null } },
    ])
    const again = run('alert', 'resolve', id, '--reason', 'Again.')
    await expect(again).rejects.toThrow('This alert is resolved already.')
    const nothing = run('alert', 'resolve', randomUUID(), '--reason', 'Again.')
    await expect(nothing).rejects.toThrow('There is no such alert.')
    expect(await run<Body[]>('alert', 'list', '--status', 'open')).toEqual([])
  })

  test('an alert is erased with its verification, the other one, or its subject', async () => {
    const photos = await newPhotos()
    const arrange = async () => {
      const [first, second] = [await verify(acme, { photos }), await verify(acme, { photos })]
      expect(await sizeOfTable()).toBeGreaterThan(0)
      return { first, second }
    }
    const erasing = { db: portal.db, jobs }
    const one = await arrange()
    await eraseVerification(erasing, one.second.id, 'tenant')
    expect(await sizeOfTable()).toBe(0)
    await eraseVerification(erasing, one.first.id, 'tenant')
    const two = await arrange()
    await eraseVerification(erasing, two.first.id, 'tenant')
    expect(await sizeOfTable()).toBe(0)
    const three = await arrange()
    for (const { subjectId } of [two.second, three.second])
      await eraseSubject(erasing, { tenant: 'acme', subjectId }, acme.clientId)
    expect(await sizeOfTable()).toBe(0)
  })
})

test('the gauge counts open alerts by type', async () => {
  const read = () => ALERT_GAUGES[0]?.read(portal.db)
  expect(await read()).toEqual([])
  await portal.db`
    insert into alert (type, occasion) values ('repeated_declines', '1'), ('repeated_declines', '2'),
      ('reused_document', '1')`
  const [resolved] = await all()
  await run('alert', 'resolve', String(resolved?.id), '--reason', 'Seen.')
  expect((await read())?.reduce((sum, { value }) => sum + value, 0)).toBe(2)
})
