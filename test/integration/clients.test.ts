import { exportJWK, generateKeyPair } from 'jose'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApplication } from '../support/application.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

const API = '/api/v1/me/natural-person/id-verification'

/** A client of this kind, registered, and the application that is it. */
async function create(
  kind: Partial<Parameters<typeof addClient>[1]>,
  options: { keys?: 'ES256' | 'PS256'; dpop?: boolean; par?: boolean; algorithm?: 'ES256' } = {},
) {
  const pair = options.keys && (await generateKeyPair(options.keys))
  const jwks = pair && { keys: [{ ...(await exportJWK(pair.publicKey)), alg: options.keys }] }
  const registered = await addClient(portal.parts, { ...kind, jwks })
  return createApplication(portal.issuer, registered, { ...options, privateKey: pair?.privateKey })
}

describe.each([
  ['a web client with its secret in the header', {}, {}],
  ['a web client with its secret in the form', { authMethod: 'client_secret_post' }, {}],
  ['a native client', { type: 'native' }, {}],
  ['a client with a key pair', { authMethod: 'private_key_jwt' }, { keys: 'ES256' }],
  ['a FAPI 2.0 client', { fapi: true }, { keys: 'PS256', fapi: true }],
] as const)('%s', (_name, kind, { keys, fapi }: { keys?: 'ES256' | 'PS256'; fapi?: true }) => {
  test.each(
    fapi
      ? [{ dpop: true, par: true }]
      : [{}, { dpop: true }, { par: true }, { dpop: true, par: true }],
  )('signs in, reads, refreshes, and is refused once revoked: %o', async (way) => {
    const resident = await addResident(portal.parts)
    const application = await create(kind, {
      ...way,
      ...(keys ? { keys } : {}),
      ...(fapi ? { algorithm: 'ES256' as const } : {}),
    })
    const tokens = await application.obtainTokens(ALL_SCOPES, resident.email)
    expect(tokens.scope?.split(' ').sort()).toEqual(ALL_SCOPES.split(' ').sort())
    expect(tokens.token_type).toBe(way.dpop ? 'dpop' : 'bearer')
    expect(tokens.claims()?.sub).toBe(resident.id)

    const read = async (token: string) =>
      (await application.call(`${portal.issuer}${API}`, token)).status
    expect(await read(tokens.access_token)).toBe(200)
    expect(await application.userinfo(tokens.access_token, resident.id)).toMatchObject({
      given_name: 'Ana',
      email: resident.email,
    })
    expect(await application.introspect(tokens.access_token)).toMatchObject({
      active: true,
      sub: resident.id,
      ...(way.dpop ? { cnf: { jkt: expect.any(String) } } : {}),
    })

    const next = await application.refresh(tokens.refresh_token ?? '')
    expect(await read(next.access_token)).toBe(200)
    // FAPI 2.0 §5.3.2.1: no rotation.
    const same = next.refresh_token === undefined || next.refresh_token === tokens.refresh_token
    expect(same).toBe(fapi === true)

    await application.revoke(next.refresh_token ?? tokens.refresh_token ?? '')
    for (const token of [tokens.access_token, next.access_token])
      await expect(read(token)).rejects.toThrow()
    expect(await application.introspect(next.access_token)).toEqual({ active: false })
  })
})

describe('a service client', () => {
  const service = {
    type: 'service',
    redirectUris: [] as string[],
    scope: 'idv.read idv.write',
  } as const

  test.each([
    ['with a secret', {}, {}],
    ['with a key pair', { authMethod: 'private_key_jwt' }, { keys: 'ES256' }],
    ['with a bound token', {}, { dpop: true }],
  ] as const)('%s gets a token in its own name', async (_how, kind, options) => {
    const application = await create({ ...service, ...kind }, options)
    const { configuration, bound } = application
    const tokens = await openid.clientCredentialsGrant(configuration, { scope: 'idv.read' }, bound)
    expect(tokens).toMatchObject({ scope: 'idv.read', expires_in: 3600 })
    expect(tokens.refresh_token).toBeUndefined()
    const { client_id } = configuration.clientMetadata()
    expect(await application.introspect(tokens.access_token)).toMatchObject({
      active: true,
      sub: client_id,
      client_id,
      scope: 'idv.read',
    })
    await application.revoke(tokens.access_token)
    expect(await application.introspect(tokens.access_token)).toEqual({ active: false })
  })

  test('gets every scope it is registered for when it names none, and never another', async () => {
    const { configuration } = await create({ ...service, scope: 'idv.read' })
    const tokens = await openid.clientCredentialsGrant(configuration)
    expect(tokens.scope).toBe('idv.read')
    for (const scope of ['idv.write', 'openid', 'eprospera:person.id_verification.read', 'x'])
      await expect(openid.clientCredentialsGrant(configuration, { scope })).rejects.toMatchObject({
        error: 'invalid_scope',
      })
  })

  test('reads nothing of residents: its token has none of their scopes', async () => {
    const application = await create(service)
    const { access_token } = await openid.clientCredentialsGrant(application.configuration)
    const response = await fetch(`${portal.url}${API}`, {
      headers: { Authorization: `Bearer ${access_token}` },
    })
    expect([response.status, await response.json()]).toEqual([
      401,
      { error: 'missing_scopes: eprospera:person.id_verification.read' },
    ])
    await application.revoke(access_token)
    const after = await fetch(`${portal.url}${API}`, {
      headers: { Authorization: `Bearer ${access_token}` },
    })
    expect(await after.json()).toEqual({ error: 'invalid_token' })
    const userinfo = await fetch(`${portal.url}/api/oauth/userinfo`, {
      headers: { Authorization: `Bearer ${access_token}` },
    })
    expect(userinfo.status).toBe(401)
  })

  test('cannot come with a person, and an application for people cannot come without one', async () => {
    const { configuration } = await create({ scope: 'openid' })
    await expect(openid.clientCredentialsGrant(configuration)).rejects.toMatchObject({
      error: 'unauthorized_client',
    })
    await expect(
      addClient(portal.parts, { ...service, redirectUris: [REDIRECT_URI] }),
    ).rejects.toThrow('no redirect URI')
    await expect(addClient(portal.parts, { ...service, authMethod: 'none' })).rejects.toThrow(
      'must authenticate',
    )
    await expect(addClient(portal.parts, { scope: 'openid idv.read' })).rejects.toThrow(
      'must be a list of',
    )
  })
})
