import { randomUUID } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { clientCredentialsGrant } from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openKeyRing } from '../../src/signing/key-ring.ts'
import { createApplication } from '../support/application.ts'
import { connectIncode } from '../support/incode.ts'
import { addClient, addResident, startPortal, type TestPortal } from '../support/portal.ts'
import { addVerification } from '../support/verifications.ts'

const IMAGES = 'eprospera:person.id_verification.read'
const DETAILS = 'eprospera:person.details.read'
const SCOPE = `openid profile ${IMAGES} ${DETAILS}`
const HOT = '/api/v1/me/natural-person/id-verification'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

async function call(path: string, token: string) {
  const response = await fetch(`${portal.url}${path}`, {
    headers: { Authorization: `Bearer ${token}` },
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
const userinfo = async (token: string) => {
  const response = await fetch(`${portal.url}/api/oauth/userinfo`, {
    headers: { Authorization: `Bearer ${token}` },
  })
  return response.status
}

async function granted(scope = SCOPE) {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts, { scope: SCOPE })
  const application = await createApplication(portal.issuer, client)
  const { access_token: token } = await application.obtainTokens(scope, resident.email)
  return { resident, client, application, token }
}

async function serviceToken(scope: string) {
  const client = await addClient(portal.parts, { type: 'service', redirectUris: [], scope })
  const { configuration } = await createApplication(portal.issuer, client)
  const { access_token: token } = await clientCredentialsGrant(configuration)
  return { client, token }
}

/** A live token's claims, signed again with the portal's own key: `change` is all that is wrong with it. */
async function resign(
  token: string,
  { claims = {}, typ = 'at+jwt', alg = 'RS256' }: Change,
): Promise<string> {
  const ring = await openKeyRing(portal.db, portal.parts.sealer, portal.parts.log)
  ring.close()
  const { kid, privateKey } = ring.current().active.RS256
  const payload = Object.entries({ ...decodeJwt(token), ...claims })
  return await new SignJWT(Object.fromEntries(payload.filter(([, value]) => value !== undefined)))
    .setProtectedHeader({ alg, ...(typ ? { typ } : {}), kid })
    .sign(privateKey)
}
type Change = { claims?: object; typ?: string; alg?: string }

const now = () => Math.floor(Date.now() / 1000)

describe('of a live token that is signed again with the portal’s own key', () => {
  test('an unchanged copy is accepted', async () => {
    const { token } = await granted()
    const copy = await resign(token, {})
    expect((await call(HOT, copy)).status).toBe(200)
    expect(await userinfo(copy)).toBe(200)
  })

  test.each<[string, Change]>([
    ['another audience', { claims: { aud: 'https://other.example' } }],
    ['several audiences without the portal', { claims: { aud: ['https://other.example'] } }],
    ['no audience', { claims: { aud: undefined } }],
    ['another issuer', { claims: { iss: 'https://other.example' } }],
    ['no issuer', { claims: { iss: undefined } }],
    ['the type of an ID token', { typ: 'JWT' }],
    ['the type of a logout token', { typ: 'logout+jwt' }],
    ['no type', { typ: '' }],
    ['an algorithm that is not offered', { alg: 'PS256' }],
    ['an expiry in the past', { claims: { exp: now() - 60 } }],
    ['no expiry', { claims: { exp: undefined } }],
    ['no time of issue', { claims: { iat: undefined } }],
    ['no subject', { claims: { sub: undefined } }],
    ['no client', { claims: { client_id: undefined } }],
    ['no identifier', { claims: { jti: undefined } }],
    ['the identifier of no token', { claims: { jti: randomUUID() } }],
  ])('a copy with %s answers 401 invalid_token everywhere', async (_what, change) => {
    const { token } = await granted()
    const copy = await resign(token, change)
    for (const path of [HOT, '/api/v1/me/natural-person'])
      expect(await call(path, copy)).toEqual({ status: 401, body: { error: 'invalid_token' } })
    expect(await userinfo(copy)).toBe(401)
    expect((await call(HOT, token)).status).toBe(200)
  })

  test('a copy signed with another key, its own key in the header, or unsigned is refused', async () => {
    const { token } = await granted()
    const claims = decodeJwt(token)
    const { kid = '' } = decodeProtectedHeader(token)
    const { publicKey, privateKey } = await generateKeyPair('RS256')
    const forge = (header: object) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', ...header })
        .sign(privateKey)
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const [header = '', payload = ''] = token.split('.')
    for (const forged of [
      await forge({}),
      await forge({ kid }),
      await forge({ jwk: await exportJWK(publicKey) }),
      await forge({ kid, jwk: await exportJWK(publicKey) }),
      `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
      `${encode({ alg: 'none', typ: 'at+jwt', kid })}.${payload}.`,
      `${header}.${payload}.`,
    ])
      expect(await call(HOT, forged)).toEqual({ status: 401, body: { error: 'invalid_token' } })
  })
})

describe('a scope is a whole word', () => {
  const similar = (scope: string) => [`${scope}x`, `${scope}.x`, `x${scope}`, `x.${scope}.y`]

  /** A live token of this scope, whose resident consented to exactly that. */
  async function withScope(scope: string) {
    const { token, resident, client } = await granted()
    await addVerification(portal.parts, resident.id)
    await portal.db`
      update oidc_artifact set scope = ${scope}
      where kind = 'AccessToken' and account_id = ${resident.id}`
    await portal.db`
      update consent set scopes = string_to_array(${scope}, ' ') where account_id = ${resident.id}`
    return { token, resident, client }
  }
  const refusals = (accountId: string) =>
    portal.db<{ scope: string }[]>`
      select scope from ledger_entry
      where kind = 'refusal' and result = 'missing_scopes' and account_id = ${accountId}`
  const disclosures = (accountId: string) =>
    portal.db`select from ledger_entry where kind = 'disclosure' and account_id = ${accountId}`

  test.each(similar(IMAGES))('at the endpoint for documents: not %s', async (scope) => {
    const { token, resident } = await withScope(`openid ${scope}`)
    const before = await disclosures(resident.id)
    for (const path of [HOT, `${HOT}/images`])
      expect(await call(path, token)).toMatchObject({
        status: 401,
        body: { error: `missing_scopes: ${IMAGES}` },
      })
    expect(await refusals(resident.id)).toEqual([{ scope: IMAGES }, { scope: IMAGES }])
    expect(await disclosures(resident.id)).toEqual(before)
  })

  test.each(similar(DETAILS))('at the other endpoints: not %s', async (scope) => {
    const { token, resident } = await withScope(`openid ${scope}`)
    expect(await call('/api/v1/me/natural-person', token)).toEqual({
      status: 401,
      body: { error: `missing_scopes: ${DETAILS}` },
    })
    expect(await refusals(resident.id)).toEqual([{ scope: DETAILS }])
  })

  test('and the same token with the word itself is answered', async () => {
    const { token } = await withScope(`${DETAILS} x${IMAGES} ${IMAGES}`)
    expect((await call(HOT, token)).body).toMatchObject({ status: 'approved' })
  })

  test.each(similar('idv.read'))('for a back office: not %s', async (scope) => {
    const { token, client } = await serviceToken('idv.read')
    expect((await call('/api/v1/idv/document-types', token)).status).toBe(200)
    await portal.db`
      update oidc_artifact set scope = ${scope}
      where kind = 'ClientCredentials' and client_id = ${client.client_id}`
    expect(await call('/api/v1/idv/document-types', token)).toMatchObject({ status: 401 })
    const rows = await portal.db`
      select from ledger_entry where kind = 'refusal' and client_id = ${client.client_id}`
    expect(rows).toHaveLength(1)
  })

  test('for a vendor that signs in before it delivers', async () => {
    const { client, webhookUrl, sandbox } = await connectIncode(portal, { webhooks: false })
    try {
      const { configuration } = await createApplication(portal.issuer, {
        client_id: client.clientId,
        client_secret: client.clientSecret,
      })
      const { access_token } = await clientCredentialsGrant(configuration)
      const deliver = async (token: string) => {
        const response = await fetch(webhookUrl, {
          method: 'POST',
          headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
          body: '{}',
        })
        return response.status
      }
      expect(await deliver(access_token)).toBe(200)
      for (const scope of similar('webhook.incode')) {
        await portal.db`
          update oidc_artifact set scope = ${scope}
          where kind = 'ClientCredentials' and client_id = ${client.clientId}`
        expect(await deliver(access_token)).toBe(401)
      }
    } finally {
      await sandbox.close()
    }
  })
})
