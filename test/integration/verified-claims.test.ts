import { createHash } from 'node:crypto'
import { fetchUserInfo } from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listEntries } from '../../src/ledger/entries.ts'
import { createApplication } from '../support/application.ts'
import { addClient, addResident, startPortal, type TestPortal } from '../support/portal.ts'
import { addVerification, loadPerson } from '../support/verifications.ts'

/** OpenID Connect for Identity Assurance 1.0 and OpenID Attachments 1.0, through an unmodified client library. */

const IMAGES = 'eprospera:person.id_verification.read'
const STATUS = 'eprospera:person.id_verification.status.read'
const DETAILS = 'eprospera:person.details.read'
const SCOPE = `openid profile email ${IMAGES} ${STATUS} ${DETAILS}`

type Attachment = {
  content_type: string
  digest: { alg: string; value: string }
  size: number
  url: string
  expires_in: number
}
type Answer = {
  verification: {
    trust_framework: string
    time?: string
    verification_process?: string
    evidence?: { type: string; document_details?: { type: string }; attachments?: Attachment[] }[]
  }
  claims: Record<string, string>
}

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

async function arrange() {
  const resident = await addResident(portal.parts)
  await loadPerson(portal.parts, resident.id, { dateOfBirth: '1990-02-03' })
  const client = await addClient(portal.parts, { scope: SCOPE })
  const application = await createApplication(portal.issuer, client)
  /** Userinfo for a token of these scopes, asked for with these verified claims. */
  async function ask(verified_claims: unknown, scope = SCOPE) {
    const claims = JSON.stringify({ userinfo: { verified_claims } })
    const tokens = await application.obtainTokens(scope, resident.email, undefined, { claims })
    const body = await fetchUserInfo(application.configuration, tokens.access_token, resident.id)
    return { body, verified: body.verified_claims as Answer | undefined, tokens }
  }
  return { resident, client, application, ask }
}

const names = { given_name: null, family_name: null }
const framework = { trust_framework: null }

test('what was asked for, with each image by its digest, and nothing else', async () => {
  const { resident, ask } = await arrange()
  const { id } = await addVerification(portal.parts, resident.id)
  const { verified } = await ask({
    verification: {
      trust_framework: { value: 'eprospera' },
      time: null,
      verification_process: null,
      evidence: [
        { type: { value: 'document' }, document_details: { type: null }, attachments: null },
      ],
    },
    claims: { ...names, birthdate: { essential: true }, place_of_birth: null },
  })
  expect(verified?.claims).toEqual({
    given_name: 'Ana',
    family_name: 'Mejia',
    birthdate: '1990-02-03',
  })
  expect(verified?.verification).toMatchObject({
    trust_framework: 'eprospera',
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    verification_process: id,
    evidence: [{ type: 'document', document_details: { type: 'passport' } }],
  })
  const attachments = verified?.verification.evidence?.[0]?.attachments ?? []
  expect(attachments).toHaveLength(3)
  for (const { url, digest, size, content_type, expires_in } of attachments) {
    const bytes = Buffer.from(await (await fetch(url)).arrayBuffer())
    expect(createHash('sha256').update(bytes).digest('base64')).toBe(digest.value)
    expect([bytes.length, content_type, digest.alg, expires_in]).toEqual([
      size,
      'image/jpeg',
      'sha-256',
      3600,
    ])
  }
  const { verified: bare } = await ask({ verification: framework, claims: { given_name: null } })
  expect(bare).toEqual({
    verification: { trust_framework: 'eprospera' },
    claims: { given_name: 'Ana' },
  })
})

test('no more than the scopes allow', async () => {
  const { resident, ask } = await arrange()
  await addVerification(portal.parts, resident.id)
  const everything = {
    verification: { ...framework, evidence: [{ type: null, attachments: null }] },
    claims: { ...names, birthdate: null },
  }
  const { verified: status } = await ask(everything, `openid profile ${STATUS}`)
  expect(status).toEqual({
    verification: { trust_framework: 'eprospera', evidence: [{ type: 'document' }] },
    claims: { given_name: 'Ana', family_name: 'Mejia' },
  })
  // Neither of the verification's scopes; and none of the claims' scopes.
  expect((await ask(everything, 'openid profile')).body).not.toHaveProperty('verified_claims')
  expect((await ask(everything, `openid ${IMAGES}`)).body).not.toHaveProperty('verified_claims')
})

test('left out whole where it cannot be answered as asked', async () => {
  const { resident, ask } = await arrange()
  const usual = { verification: framework, claims: names }
  expect((await ask(usual)).verified).toBeUndefined()
  await addVerification(portal.parts, resident.id, { createdAt: new Date(Date.now() - 3600_000) })
  expect((await ask(usual)).verified).toBeDefined()
  for (const other of [
    { ...usual, verification: { trust_framework: { value: 'eidas' } } },
    { ...usual, verification: { ...framework, time: { max_age: 60 } } },
    { ...usual, claims: {} },
    { ...usual, claims: { given_name: { value: 'Eva' }, constructor: null } },
    {
      ...usual,
      verification: {
        ...framework,
        evidence: [{ type: null, document_details: { type: { value: 'idcard' } } }],
      },
    },
    {
      ...usual,
      verification: { ...framework, evidence: [{ type: { value: 'electronic_record' } }] },
    },
    { claims: names },
    null,
    { verification: [], claims: 5 },
  ])
    expect((await ask(other)).verified, JSON.stringify(other)).toBeUndefined()
  expect(
    (await ask({ ...usual, verification: { ...framework, time: { max_age: 7200 } } })).verified,
  ).toBeDefined()
})

test('who was told what is in the ledger: at userinfo and in ID tokens, without a link', async () => {
  const { resident, client, application, ask } = await arrange()
  const { id } = await addVerification(portal.parts, resident.id)
  await ask({
    verification: { ...framework, evidence: [{ type: null, attachments: null }] },
    claims: names,
  })
  const entries = await listEntries(portal.db, resident.id)
  expect(
    entries.map(({ result, verificationId, images }) => ({
      result,
      verificationId,
      images: images?.length,
    })),
  ).toEqual([
    {
      result: 'claims: name, given_name, family_name, email, email_verified, verified_claims',
      verificationId: id,
      images: 3,
    },
    {
      result: 'claims: name, given_name, family_name, email, email_verified',
      verificationId: null,
      images: 0,
    },
  ])
  for (const entry of entries) {
    expect(entry).toMatchObject({ kind: 'disclosure', clientId: client.client_id })
    expect(JSON.stringify(entry)).not.toMatch(/X-Amz|https?:/)
  }
  // Single claims, asked for by name.
  const claims = JSON.stringify({ id_token: { email: null } })
  const other = await addResident(portal.parts)
  await application.obtainTokens('openid', other.email, undefined, { claims })
  expect((await listEntries(portal.db, other.id)).map(({ result }) => result)).toEqual([
    'claims: email',
  ])
  // A recognition alone discloses nothing.
  const { access_token } = await application.obtainTokens('openid', resident.email)
  await fetchUserInfo(application.configuration, access_token, resident.id)
  expect(await listEntries(portal.db, resident.id)).toHaveLength(2)
})

test('discovery says so', async () => {
  const answer = await fetch(`${portal.url}/.well-known/openid-configuration`)
  expect(await answer.json()).toMatchObject({
    verified_claims_supported: true,
    trust_frameworks_supported: ['eprospera'],
    evidence_supported: ['document'],
    attachments_supported: ['external'],
    claims_supported: expect.arrayContaining(['verified_claims']),
  })
})
