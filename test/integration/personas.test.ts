import { randomUUID } from 'node:crypto'
import type { TokenEndpointResponse } from 'openid-client'
import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { listEvents } from '../../src/events/store.ts'
import { setStream } from '../../src/events/streams.ts'
import { readFindings } from '../../src/id-verification/findings.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { findClock, MOST_AHEAD_SECONDS, moveClock, resetSandbox } from '../../src/personas/clock.ts'
import { PERSONAS, type PersonaName } from '../../src/personas/kinds.ts'
import { ensurePersonas, listPersonas, resetPersona } from '../../src/personas/personas.ts'
import { addStep, claimStep } from '../../src/personas/state.ts'
import { runDueStep } from '../../src/personas/steps.ts'
import { setPolicy } from '../../src/platform/policies.ts'
import { createApplication } from '../support/application.ts'
import { addClient, EVERYTHING, REDIRECT_URI, startSandbox } from '../support/portal.ts'

const DOCUMENTS = '/api/v1/me/natural-person/id-verification'
const NOTHING = { id: null, documents: { documentFront: null, documentBack: null, face: null } }

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let team: Awaited<ReturnType<typeof addTeam>>
beforeAll(async () => {
  sandbox = await startSandbox()
  team = await addTeam()
})
afterAll(() => sandbox.close())

const partsOf = () => ({ ...sandbox.parts, jobs: sandbox.jobs })

/** Everything that is due now, as a worker does it. */
async function runDue() {
  while (await runDueStep(partsOf()));
}

/** A team with an application, whose personas are there with their photos. */
async function addTeam() {
  const teamId = randomUUID()
  await ensurePersonas(partsOf(), teamId)
  await runDue()
  const client = await addClient(sandbox.parts, { scope: EVERYTHING, subjectType: 'pairwise' })
  const clientId = client.client_id
  await sandbox.db`update client set team_id = ${teamId} where id = ${clientId}`
  await setStream(sandbox.db, sandbox.parts.sealer, { clientId, delivery: 'poll' })
  const application = await createApplication(sandbox.issuer, client)

  let known = 0
  const find = async (kind: PersonaName) => {
    const found = (await listPersonas(sandbox.db, teamId)).find((each) => each.kind === kind)
    if (!found) throw new Error('there is no such persona')
    return found
  }
  return {
    teamId,
    clientId,
    application,
    find,
    /** Signs in as this persona and allows, or follows `fields`. */
    async signIn(
      kind: PersonaName,
      { scope = EVERYTHING, fields = {} as Record<string, string | string[]>, prompt = '' } = {},
    ): Promise<TokenEndpointResponse> {
      const browser = createUserAgent()
      const extra: Record<string, string> = prompt ? { prompt } : {}
      const { url, checks } = await application.authorizationRequest(scope, extra)
      const asked = await browser.submit(
        await browser.open(url, REDIRECT_URI),
        'login',
        { persona: kind },
        { leaveAt: REDIRECT_URI },
      )
      const back = asked.url.startsWith(REDIRECT_URI)
        ? asked
        : await browser.submit(asked, 'allow', fields, { leaveAt: REDIRECT_URI })
      return await application.redeem(back.url, checks)
    },
    move: (seconds: number) => moveClock(partsOf(), teamId, seconds),
    /** Moves the clock, and lets happen what happens by then. */
    async wait(seconds: number) {
      await moveClock(partsOf(), teamId, seconds)
      await runDue()
    },
    /** What its application was notified of since the last call, in order. */
    async kinds() {
      const all = (await listEvents(sandbox.db, { clientId })).map(({ kind }) => kind).reverse()
      const told = all.slice(known)
      known = all.length
      return told
    },
  }
}

async function read(token: string, path = DOCUMENTS) {
  const response = await fetch(`${sandbox.url}${path}`, {
    headers: { Authorization: `Bearer ${token}` },
  })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

describe('what an application sees of each persona', () => {
  const see = async (kind: PersonaName, path?: string) => {
    const { access_token } = await team.signIn(kind)
    return await read(access_token, path)
  }

  test('approved: every scope has an answer', async () => {
    const { access_token: token, scope } = await team.signIn('approved')
    expect(scope?.split(' ').sort()).toEqual(EVERYTHING.split(' ').sort())
    expect((await read(token, '/api/v1/me/natural-person')).body).toMatchObject({
      name: 'Alma Rivas',
      dateOfBirth: '1991-04-17',
      residentPermitNumber: expect.stringMatching(/^\d{14}$/),
    })
    const residency = await read(token, '/api/v1/me/natural-person/residency')
    expect(residency.body.activeResidency).toMatchObject({ residencyType: 'e-Resident' })
    const age = await read(token, '/api/v1/me/natural-person/age-over?age=18')
    expect(age.body).toEqual({ age: 18, isOver: true })

    // Three photos that can be downloaded, as they are drawn.
    const { status, body } = await read(token)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      type: 'veriff',
      status: 'approved',
      documentType: 'national_id',
    })
    const sizes = await Promise.all(
      Object.values<string>(body.documents).map(async (link) => {
        const photo = Buffer.from(await (await fetch(link)).arrayBuffer())
        const { format, width, height } = await sharp(photo).metadata()
        return `${format} ${width}x${height}`
      }),
    )
    expect(sizes).toEqual(['jpeg 840x560', 'jpeg 840x560', 'jpeg 630x840'])
  })

  test('a passport has no back', async () => {
    const { body } = await see('passport')
    expect(body).toMatchObject({
      documentType: 'passport',
      documents: {
        documentFront: expect.any(String),
        documentBack: null,
        face: expect.any(String),
      },
    })
  })

  test.each(['never-verified', 'in-progress', 'resubmission', 'mismatch'] as const)(
    '%s: nothing is approved',
    async (kind) => {
      const { access_token } = await team.signIn(kind)
      expect((await read(access_token)).body).toMatchObject(NOTHING)
      const status = await read(access_token, `${DOCUMENTS}/status`)
      expect(status.body).toEqual({ approved: false, since: null, documentType: null })
    },
  )

  test('an expired document was approved before it expired', async () => {
    const { body } = await see('expired-document')
    expect(body.status).toBe('approved')
    expect(Date.parse(body.date)).toBeLessThan(Date.parse('2026-02-28'))
    const [row] = await sandbox.db`
      select is_expired from latest_approved where account_id = ${(await team.find('expired-document')).accountId}`
    expect(row).toEqual({ isExpired: true })
  })

  test('too many requests, and a fault of the server, wherever they are read', async () => {
    const [refused, failed] = [
      await team.signIn('too-many-requests'),
      await team.signIn('server-error'),
    ]
    for (const path of [DOCUMENTS, '/api/v1/me/natural-person', `${DOCUMENTS}/images`]) {
      const one = await read(refused.access_token, path)
      expect(one).toMatchObject({ status: 429, body: { error: 'rate_limit_exceeded' } })
      expect(one.headers.get('retry-after')).toBe('30')
      const other = await read(failed.access_token, path)
      expect(other).toMatchObject({ status: 500, body: { error: 'Internal server error' } })
      expect(other.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    }
    // Neither was disclosed.
    const [row] = await sandbox.db`
      select count(*)::int as entries from ledger_entry join persona using (account_id)
      where persona.kind in ('too-many-requests', 'server-error') and result in ('shown', 'person')`
    expect(row).toEqual({ entries: 0 })
  })

  test('partial consent: neither a ticked box nor a form of its own gets more', async () => {
    const everything = { scope: EVERYTHING.split(' '), image: ['document_front', 'selfie'] }
    for (const fields of [{}, everything]) {
      const { access_token, scope, refresh_token } = await team.signIn('partial-consent', {
        fields,
        prompt: 'consent',
      })
      expect(scope).toBe('openid eprospera:person.id_verification.read')
      expect(refresh_token).toBeUndefined()
      const { body } = await read(access_token)
      expect(body.documents.face).toBeNull()
      expect(body.withheld).toContain('face')
      expect(body.documents.documentFront).toEqual(expect.any(String))
      expect((await read(access_token, '/api/v1/me/natural-person')).status).toBe(401)
    }
  })
})

describe('personas that go on by themselves', () => {
  // What they were notified of before.
  beforeEach(() => team.kinds())

  test('images arrive a minute after consent; another consent shows it again', async () => {
    for (const prompt of ['', 'consent']) {
      const { access_token } = await team.signIn('images-arriving', { prompt })
      const before = await read(access_token)
      expect(before.body).toMatchObject({ status: 'approved', documents: NOTHING.documents })
      await team.wait(50)
      expect((await read(access_token)).body.documents).toEqual(NOTHING.documents)
      await team.wait(11)
      expect(Object.values((await read(access_token)).body.documents)).not.toContain(null)
    }
    expect(await team.kinds()).toEqual([
      'verification.images-ready',
      'verification.replaced',
      'verification.images-ready',
    ])
  })

  test('the slow vendor approves two minutes after consent; another consent shows it again', async () => {
    for (const prompt of ['', 'consent']) {
      const { access_token } = await team.signIn('slow-vendor', { prompt })
      expect((await read(access_token)).body).toMatchObject(NOTHING)
      await team.wait(115)
      expect((await read(access_token)).body).toMatchObject(NOTHING)
      await team.wait(6)
      expect(Object.values((await read(access_token)).body.documents)).not.toContain(null)
    }
    const kinds = ['verification.approved', 'verification.images-ready']
    expect(await team.kinds()).toEqual([...kinds, 'verification.withdrawn', ...kinds])
  })

  test('declined a minute after consent; another consent shows it again', async () => {
    for (const prompt of ['', 'consent']) {
      const { access_token } = await team.signIn('declined-later', { prompt })
      expect(Object.values((await read(access_token)).body.documents)).not.toContain(null)
      await team.wait(61)
      expect((await read(access_token)).body).toMatchObject(NOTHING)
    }
    expect(await team.kinds()).toEqual([
      'verification.withdrawn',
      'verification.approved',
      'verification.withdrawn',
    ])
  })

  test('erased a minute after consent, and there again as somebody new', async () => {
    const first = await team.find('erased')
    const { access_token, refresh_token = '' } = await team.signIn('erased')
    expect((await read(access_token)).status).toBe(200)
    await team.wait(61)
    expect(await read(access_token)).toMatchObject({
      status: 401,
      body: { error: 'invalid_token' },
    })
    await expect(team.application.refresh(refresh_token)).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    expect(await team.kinds()).toEqual(['resident.erased'])
    expect((await team.find('erased')).accountId).not.toBe(first.accountId)
    const again = await team.signIn('erased')
    expect(Object.values((await read(again.access_token)).body.documents)).not.toContain(null)
  })

  test('the access ends after the first read, also when nothing reads again', async () => {
    const { access_token } = await team.signIn('ends-consent')
    // A refusal is no read.
    expect((await read(access_token, '/api/v1/me/natural-person/age-over?age=3')).status).toBe(400)
    expect((await read(access_token)).status).toBe(200)
    expect(await read(access_token)).toMatchObject({
      status: 401,
      body: { error: 'invalid_token' },
    })
    expect(await team.kinds()).toEqual(['consent.revoked'])
    const again = await team.signIn('ends-consent')
    expect((await read(again.access_token)).status).toBe(200)
    await team.wait(5)
    expect(await team.kinds()).toEqual(['consent.revoked'])
  })

  test('a reset persona is somebody new, and the branch begins again', async () => {
    const { access_token } = await team.signIn('declined-later')
    await team.wait(61)
    await resetPersona(partsOf(), await team.find('declined-later'))
    await runDue()
    expect((await read(access_token)).status).toBe(401)
    const again = await team.signIn('declined-later')
    expect(Object.values((await read(again.access_token)).body.documents)).not.toContain(null)
  })

  test('two processes create, go on and reset at once', async () => {
    const teamId = randomUUID()
    const both = <T>(work: () => Promise<T>) => Promise.all([work(), work()])
    const [one, other] = await both(() => ensurePersonas(partsOf(), teamId))
    expect(one).toEqual(other)
    expect(one.map(({ kind }) => kind)).toEqual(PERSONAS.map(({ kind }) => kind))
    await both(runDue)
    const count = async () =>
      (
        await sandbox.db`
          select kind, count(image.id)::int as images from persona join verification using (account_id)
          join image on verification_id = verification.id and image.state = 'stored'
          where team_id = ${teamId} group by kind order by kind`
      ).map(({ kind, images }) => `${kind} ${images}`)
    const stored = await count()
    expect(stored).toHaveLength(10)
    const persona = one.find(({ kind }) => kind === 'approved')
    if (!persona) throw new Error('there is no such persona')
    await both(() => resetPersona(partsOf(), persona))
    await both(runDue)
    expect(await count()).toEqual(stored)
    // A process that ends in between: another one does it after a while.
    const [again] = await listPersonas(sandbox.db, teamId)
    if (!again) throw new Error('there is no persona')
    await addStep(sandbox.db, again.accountId, { what: 'photos', seconds: 0 })
    expect((await claimStep(sandbox.db))?.persona.accountId).toBe(again.accountId)
    expect(await runDueStep(partsOf())).toBe(false)
    await sandbox.db`update persona_step set claimed_until = now() where claimed_until is not null`
    expect(await runDueStep(partsOf())).toBe(true)
    expect(await count()).toEqual(stored)
    const [alerts] =
      await sandbox.db`select count(*)::int as open from alert where type = 'reused_document'`
    expect(alerts).toEqual({ open: 0 })
  })
})

describe('the clock', () => {
  const DAY = 24 * 3600
  beforeEach(() => team.kinds())

  /** Everything with a time that a move changes, of one team. */
  const snapshot = async (teamId: string, clientId: string) =>
    await Promise.all([
      sandbox.db`select id, payload, created_at, expires_at from oidc_artifact where client_id = ${clientId} order by id`,
      sandbox.db`select id, payload, expires_at from oauth_grant where client_id = ${clientId} order by id`,
      sandbox.db`select ends_at, created_at from consent where client_id = ${clientId} order by account_id`,
      sandbox.db`
        select verification.id, session_created_at, decided_at, document_expires_on
        from verification join persona using (account_id) where team_id = ${teamId} order by id`,
      sandbox.db`select persona_step.* from persona_step join persona using (account_id) where team_id = ${teamId}`,
    ])

  test('tokens end with it, then what refreshes them, then the consent; those of another team do not', async () => {
    const other = await addTeam()
    await other.signIn('declined-later')
    const before = await snapshot(other.teamId, other.clientId)
    const tokens = await team.signIn('approved')
    expect((await read(tokens.access_token)).status).toBe(200)
    const date = Date.parse((await read(tokens.access_token)).body.date)
    await team.move(tokens.expires_in ?? 0)
    expect(await read(tokens.access_token)).toMatchObject({
      status: 401,
      body: { error: 'invalid_token' },
    })
    const refreshed = await team.application.refresh(tokens.refresh_token ?? '')
    const again = await read(refreshed.access_token)
    expect(Date.parse(again.body.date)).toBe(date - (tokens.expires_in ?? 0) * 1000)
    // Until then the resident has allowed it, as the standard is.
    await team.move(90 * DAY)
    await expect(team.application.refresh(refreshed.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    const [consent] = await sandbox.db`
      select ends_at < now() as is_over from consent
      where client_id = ${team.clientId} and account_id = ${(await team.find('approved')).accountId}`
    expect(consent).toEqual({ isOver: true })
    expect(await snapshot(other.teamId, other.clientId)).toEqual(before)
  })

  test('a document expires: its event, its mail, and what the policy says', async () => {
    const { access_token: first } = await team.signIn('approved', { prompt: 'consent' })
    const { accountId } = await team.find('approved')
    const expiry = async () => {
      const [row] = await sandbox.db`
        select id, to_char(document_expires_on, 'YYYY-MM-DD') as day from verification where account_id = ${accountId}`
      const { parts } = sandbox
      const read = await readFindings(sandbox.db, parts.vault, row?.id, '1')
      return [row?.day, read?.expiresOn]
    }
    const [day = ''] = await expiry()
    const left = Math.ceil((Date.parse(day) - Date.now()) / (DAY * 1000)) + 1
    // In parts: days are counted over all moves.
    await team.move(left * DAY - 18 * 3600)
    await team.move(12 * 3600)
    await team.move(6 * 3600)
    const [stored, said] = await expiry()
    expect(stored).toBe(said)
    expect(Date.parse(stored ?? '')).toBe(Date.parse(day) - left * DAY * 1000)
    expect((await read(first)).status).toBe(401)
    const told = await sandbox.db`
      select told_expiry from verification_notice join verification on verification.id = verification_id
      where account_id = ${accountId}`
    expect(told).toEqual([{ toldExpiry: `expired ${stored}` }])
    const { access_token } = await team.signIn('approved', { prompt: 'consent' })
    expect((await read(access_token)).body.status).toBe('approved')
    await setPolicy(sandbox.db, 'expired-documents', 'refuse')
    expect((await read(access_token)).body).toMatchObject(NOTHING)
    await setPolicy(sandbox.db, 'expired-documents', 'count')
  })

  test('an application with access is notified when a document expires', async () => {
    await team.signIn('passport', { prompt: 'consent', fields: { until: 'open' } })
    await team.kinds()
    await team.move(400 * DAY)
    expect(await team.kinds()).toEqual(['verification.document-expired'])
  })

  test('it moves forward only, and ten years at most; two moves at once add up', async () => {
    const teamId = randomUUID()
    for (const seconds of [0, -1, 1.5, Number.NaN])
      await expect(moveClock(partsOf(), teamId, seconds)).rejects.toThrow(RangeError)
    await Promise.all([moveClock(partsOf(), teamId, 60), moveClock(partsOf(), teamId, 60)])
    expect(await findClock(sandbox.db, teamId)).toMatchObject({ aheadSeconds: 120 })
    expect(await moveClock(partsOf(), teamId, MOST_AHEAD_SECONDS - 119)).toBe('too-far')
    expect(await moveClock(partsOf(), teamId, MOST_AHEAD_SECONDS - 120)).toMatchObject({
      aheadSeconds: MOST_AHEAD_SECONDS,
    })
  })

  test('a reset sandbox is of today, with new personas', async () => {
    const { access_token } = await team.signIn('approved', { prompt: 'consent' })
    await resetSandbox(partsOf(), team.teamId)
    await runDue()
    expect((await read(access_token)).status).toBe(401)
    expect(await findClock(sandbox.db, team.teamId)).toMatchObject({ aheadSeconds: 0 })
    const again = await team.signIn('approved')
    const { body } = await read(again.access_token)
    expect(Object.values(body.documents)).not.toContain(null)
    expect(Date.now() - Date.parse(body.date)).toBeLessThan(10 * 60_000)
  })
})
