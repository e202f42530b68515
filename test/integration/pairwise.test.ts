import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt, exportJWK, generateKeyPair } from 'jose'
import {
  buildEndSessionUrl,
  initiateDeviceAuthorization,
  pollDeviceAuthorizationGrant,
} from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCommand } from '../../src/cli/commands.ts'
import { createClient } from '../../src/clients/clients.ts'
import { openSubjectIdentifiers } from '../../src/clients/subject-identifiers.ts'
import { setStream } from '../../src/events/streams.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createInitialAccessToken } from '../../src/oauth/registration.ts'
import { createSealer } from '../../src/platform/secrets.ts'
import { createApplication } from '../support/application.ts'
import {
  ALL_SCOPES,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'
import { addVerification } from '../support/verifications.ts'

const DOC = '/api/v1/me/natural-person/id-verification'
const STATUS_SCOPE = 'eprospera:person.id_verification.status.read'

let portal: TestPortal
let other: Awaited<ReturnType<TestPortal['startAnother']>>
let receiver: Server
let origin = ''
const received: { path: string; body: string }[] = []
/** What the receiver answers with GET. */
const documents = new Map<string, unknown>()
beforeAll(async () => {
  portal = await startPortal({ worker: true, outboundAllow: ['127.0.0.1/32'] })
  other = await portal.startAnother()
  receiver = createServer((req, res) => {
    let body = ''
    req.on('data', (chunk) => {
      body += chunk
    })
    req.on('end', () => {
      received.push({ path: req.url ?? '', body })
      res.setHeader('Content-Type', 'application/json')
      res.end(JSON.stringify(documents.get(req.url ?? '') ?? {}))
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
})
afterAll(async () => {
  receiver.close()
  await other.close()
  await portal.close()
})

/** As the operator registers one, without a word on identifiers. */
const register = (given: Partial<Parameters<typeof createClient>[1]> = {}) =>
  createClient(portal.db, {
    name: 'Bluewater Bank',
    redirectUris: [REDIRECT_URI],
    scope: `${ALL_SCOPES} ${STATUS_SCOPE}`,
    ...given,
  })
/** Of the sector of that host; the browser comes back to this machine. */
const at = (host: string) => [`https://${host}/callback`, REDIRECT_URI]

test('two applications cannot compare whom they know; whatever one is given names the same identifier', async () => {
  const resident = await addResident(portal.parts)
  await addVerification(portal.parts, resident.id)
  const seen: string[] = []
  const subjectAt = async (redirectUris: string[]) => {
    const path = `/${randomUUID()}`
    const client = await register({ redirectUris, backchannelLogoutUri: `${origin}${path}` })
    const { client_id: clientId } = client
    const stream = await setStream(portal.db, portal.parts.sealer, {
      clientId,
      delivery: 'webhook',
      endpoint: `${origin}${path}`,
    })
    const application = await createApplication(portal.issuer, client)
    const browser = createUserAgent()
    const first = await application.obtainTokens(ALL_SCOPES, resident.email, browser)
    const sub = first.claims()?.sub ?? ''
    // Who signed in is recognised by what the application holds.
    const silent = await application.authorizationRequest('openid', {
      prompt: 'none',
      id_token_hint: first.id_token ?? '',
    })
    const { searchParams } = new URL((await browser.open(silent.url, REDIRECT_URI)).url)
    expect(searchParams.get('error')).toBe(null)
    const second = await application.refresh(first.refresh_token ?? '')
    const token = second.access_token
    const called = await application.call(`${portal.url}${DOC}`, token)
    expect(called.status).toBe(200)
    const signed = await application.call(`${portal.url}${DOC}?signed=1`, token)
    const answer = await signed.text()
    const polled = await pollOnce(clientId, path, stream?.events_token ?? '')
    const page = await browser.open(
      buildEndSessionUrl(application.configuration, { id_token_hint: first.id_token ?? '' }).href,
    )
    await browser.submit(page, 'logout', { logout: 'yes' })
    const logout = await eventually(async () =>
      received.find((each) => each.path === path && each.body.startsWith('logout_token=')),
    )
    const logoutToken = new URLSearchParams(logout.body).get('logout_token') ?? ''
    const texts = [
      first.id_token,
      first.access_token,
      second.id_token,
      token,
      answer,
      logoutToken,
      polled.set,
    ].map((jwt) => JSON.stringify(decodeJwt(jwt ?? '')))
    for (const jwt of [first.access_token, second.id_token ?? '', token, answer, logoutToken])
      expect(decodeJwt(jwt).sub).toBe(sub)
    expect(decodeJwt(polled.set).sub_id).toMatchObject({ sub })
    expect(JSON.parse(polled.webhook)).toMatchObject({ data: { sub } })
    // The library compares the identifier of userinfo with the ID token's.
    const userinfo = await application.userinfo(token, sub)
    const introspected = await application.introspect(token)
    expect([userinfo.sub, introspected.sub]).toEqual([sub, sub])
    seen.push(
      ...texts,
      polled.webhook,
      JSON.stringify([userinfo, introspected]),
      await called.text(),
    )
    return sub
  }
  const bank = await subjectAt(at('bank.example'))
  expect(await subjectAt(at('bank.example'))).toBe(bank)
  const shop = await subjectAt(at('shop.example'))
  // Addresses on the resident's machine are nobody's: each such application is a sector of its own.
  const [first, second] = [await subjectAt([REDIRECT_URI]), await subjectAt([REDIRECT_URI])]
  expect(new Set([bank, shop, first, second, resident.id]).size).toBe(5)
  for (const text of seen) expect(text).not.toContain(resident.id)
})

/** One event of the resident's, as a webhook and as a Security Event Token. */
async function pollOnce(clientId: string, path: string, eventsToken: string) {
  await portal.db`
    insert into event (client_id, kind, account_id, data)
    select client_id, 'consent.changed', account_id, '{"scopes":[]}' from consent where client_id = ${clientId}`
  const hook = await eventually(async () =>
    received.find((each) => each.path === path && each.body.includes('consent.changed')),
  )
  await setStream(portal.db, portal.parts.sealer, { clientId, delivery: 'poll' })
  await portal.db`
    insert into event (client_id, kind, account_id, data)
    select client_id, 'consent.changed', account_id, '{"scopes":[]}' from consent where client_id = ${clientId}`
  const answer = await fetch(`${portal.url}/api/v1/events/poll`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${eventsToken}`,
      'Content-Type': 'application/json',
    },
    body: '{"returnImmediately":true}',
  })
  const { sets } = (await answer.json()) as { sets: Record<string, string> }
  return { webhook: hook.body, set: Object.values(sets)[0] ?? '' }
}

test('the identifier is the same on every process and after a rotation of the encryption key', async () => {
  const [accountId, old, next] = [randomUUID(), randomBytes(32), randomBytes(32)]
  await portal.db
    .begin(async (sql) => {
      await sql`delete from portal_setting where name = 'pairwise.salt'`
      const client = {
        client_id: 'x',
        subject_type: 'pairwise',
        redirect_uris: at('a.example'),
      } as const
      const openWith = async (...keys: Uint8Array[]) =>
        (await openSubjectIdentifiers(sql, createSealer(keys))).of(client, accountId)
      const before = await openWith(old)
      expect(await openWith(old)).toBe(before)
      expect(await openWith(next, old)).toBe(before)
      expect(await openWith(next)).toBe(before)
      const kept = await sql`select value from portal_setting where name = 'pairwise.salt'`
      expect(JSON.stringify(kept)).not.toContain(before)
      throw new RollBack()
    })
    .catch((error: unknown) => {
      if (!(error instanceof RollBack)) throw error
    })
  const resident = await addResident(portal.parts)
  const application = await createApplication(portal.issuer, await register())
  const tokens = await application.obtainTokens(ALL_SCOPES, resident.email)
  const answer = await application.call(`${other.url}${DOC}`, tokens.access_token)
  expect(answer.status).toBe(200)
})
class RollBack extends Error {}

test('a client of before, the command-line client and one that asks for it are given the account', async () => {
  const resident = await addResident(portal.parts)
  const subOf = async (client: { client_id: string; client_secret?: string }) => {
    const application = await createApplication(portal.issuer, client)
    return (await application.obtainTokens('openid', resident.email)).claims()?.sub
  }
  expect(await subOf(await register({ subjectType: 'public' }))).toBe(resident.id)
  const old = await register()
  await portal.db`
    update client set metadata = metadata - 'subject_type' where id = ${old.client_id}`
  expect(await subOf(old)).toBe(resident.id)
  const [cli] = await portal.db<{ metadata: object }[]>`
    select metadata from client where id = 'eprospera-cli'`
  expect(cli?.metadata).not.toHaveProperty('subject_type')
})

test('an application that may not see documents is told no verification id, which is the same everywhere', async () => {
  const resident = await addResident(portal.parts)
  const { id } = await addVerification(portal.parts, resident.id)
  const told = async (scope: string) => {
    const client = await register()
    const application = await createApplication(portal.issuer, client)
    const claims = JSON.stringify({
      userinfo: {
        verified_claims: {
          verification: { trust_framework: null, verification_process: null },
          claims: { given_name: null },
        },
      },
    })
    const tokens = await application.obtainTokens(scope, resident.email, createUserAgent(), {
      claims,
    })
    const stream = await setStream(portal.db, portal.parts.sealer, {
      clientId: client.client_id,
      delivery: 'poll',
    })
    const previous = randomUUID()
    await portal.db`
      insert into event (client_id, kind, account_id, verification_id, data)
      values (${client.client_id}, 'verification.replaced', ${resident.id}, ${id},
        ${portal.db.json({ images_complete: true, previous_verification_id: previous })})`
    const answer = await fetch(`${portal.url}/api/v1/events/poll`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${stream?.events_token}`,
        'Content-Type': 'application/json',
      },
      body: '{"returnImmediately":true}',
    })
    const { sets } = (await answer.json()) as { sets: Record<string, string> }
    const userinfo = await application.userinfo(
      tokens.access_token,
      decodeJwt(tokens.access_token).sub ?? '',
    )
    expect(userinfo).toHaveProperty('verified_claims')
    const text = JSON.stringify([userinfo, decodeJwt(Object.values(sets)[0] ?? '')])
    return [text.includes(id), text.includes(previous)]
  }
  expect(await told(`openid profile ${STATUS_SCOPE}`)).toEqual([false, false])
  expect(await told('openid profile eprospera:person.id_verification.read')).toEqual([true, true])
})

test('a program that registers itself is given pairwise identifiers, and keeps what it has', async () => {
  const { initial_access_token: token } = await createInitialAccessToken(portal.db, {
    expiresInDays: 1,
  })
  const send = async (method: string, url: string, bearer: string, body: object) => {
    const answer = await fetch(url, {
      method,
      headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({
        client_name: `Self ${randomUUID()}`,
        redirect_uris: [REDIRECT_URI],
        ...body,
      }),
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, string> }
  }
  const url = `${portal.issuer}/api/oauth/register`
  const made = await send('POST', url, token, {})
  expect(made.body).toMatchObject({ subject_type: 'pairwise' })
  const open = await send('POST', url, token, { subject_type: 'public' })
  const kept = await send(
    'PUT',
    String(open.body.registration_client_uri),
    String(open.body.registration_access_token),
    { client_id: open.body.client_id },
  )
  expect(kept.body).toMatchObject({ subject_type: 'public' })
  const several = await send('POST', url, token, {
    redirect_uris: ['https://a.example/callback', 'https://b.example/callback'],
  })
  expect([several.status, several.body.error]).toEqual([400, 'invalid_client_metadata'])
  expect(several.body.error_description).toContain('sector_identifier_uri')
  const device = await send('POST', url, token, {
    redirect_uris: [],
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
    response_types: [],
    token_endpoint_auth_method: 'none',
  })
  expect([device.status, device.body.subject_type]).toEqual([201, 'public'])
  const discovery = await fetch(`${portal.issuer}/.well-known/openid-configuration`)
  expect(await discovery.json()).toMatchObject({ subject_types_supported: ['public', 'pairwise'] })
})

describe('a device', () => {
  const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
  const DEVICE = {
    redirect_uris: [],
    response_types: [],
    grant_types: [DEVICE_CODE],
    scope: ALL_SCOPES,
  }
  const run = async (...words: string[]) =>
    (await readCommand(words).run({ ...portal.parts, issuer: portal.issuer })) as Record<
      string,
      unknown
    >
  async function registerDevice(metadata: object) {
    const { initial_access_token: token } = await createInitialAccessToken(portal.db, {
      expiresInDays: 1,
    })
    const answer = await fetch(`${portal.issuer}/api/oauth/register`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...DEVICE, client_name: `Device ${randomUUID()}`, ...metadata }),
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, string> }
  }

  test('with a key is a sector of its own, and whatever it is given names the same identifier', async () => {
    const resident = await addResident(portal.parts)
    await addVerification(portal.parts, resident.id)
    const subjectAt = async () => {
      const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
      // All on one host: it is of the keys alone, and no sector.
      const path = `/${randomUUID()}.jwks`
      documents.set(path, {
        keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }],
      })
      const { status, body: client } = await registerDevice({
        subject_type: 'pairwise',
        token_endpoint_auth_method: 'private_key_jwt',
        jwks_uri: `${origin}${path}`,
      })
      expect([status, client.subject_type]).toEqual([201, 'pairwise'])
      const clientId = String(client.client_id)
      const application = await createApplication(
        portal.issuer,
        { client_id: clientId },
        { privateKey },
      )
      const { configuration } = application
      const device = await initiateDeviceAuthorization(configuration, { scope: ALL_SCOPES })
      const browser = createUserAgent()
      const entry = await browser.open(device.verification_uri)
      const confirm = await browser.submitFirst(entry, { user_code: device.user_code })
      const signIn = await browser.submit(confirm, 'confirm', { confirm: 'yes' })
      const credentials = { email: resident.email, password: PASSWORD }
      await browser.submit(await browser.submit(signIn, 'login', credentials), 'allow')
      const first = await pollDeviceAuthorizationGrant(configuration, { ...device, interval: 0 })
      const sub = first.claims()?.sub ?? ''
      const next = await application.refresh(first.refresh_token ?? '')
      const signed = await application.call(`${portal.url}${DOC}?signed=1`, next.access_token)
      const userinfo = await application.userinfo(next.access_token, sub)
      const introspected = await application.introspect(next.access_token)
      expect([
        decodeJwt(first.access_token).sub,
        next.claims()?.sub,
        decodeJwt(next.access_token).sub,
        decodeJwt(await signed.text()).sub,
        userinfo.sub,
        introspected.sub,
      ]).toEqual(Array(6).fill(sub))
      expect(await run('resident', 'find', '--client', clientId, '--sub', sub)).toMatchObject({
        id: resident.id,
      })
      return sub
    }
    const subjects = [await subjectAt(), await subjectAt()]
    expect(new Set([...subjects, resident.id]).size).toBe(3)
  })

  test('without a key has no sector: it is refused pairwise identifiers, by the operator too, and goes on as it was', async () => {
    const asked = await registerDevice({
      subject_type: 'pairwise',
      token_endpoint_auth_method: 'none',
    })
    expect([asked.status, asked.body.error]).toEqual([400, 'invalid_client_metadata'])
    const { body: client } = await registerDevice({ token_endpoint_auth_method: 'none' })
    const id = String(client.client_id)
    await expect(run('client', 'update', id, '--subject-type', 'pairwise')).rejects.toThrow(
      'private_key_jwt and a jwks_uri',
    )
    const { configuration } = await createApplication(portal.issuer, { client_id: id })
    const device = await initiateDeviceAuthorization(configuration, { scope: 'openid' })
    expect(device.user_code).toMatch(/^\w/)
  })
})

test('the operator finds the resident whom an application names', async () => {
  const resident = await addResident(portal.parts)
  const client = await register()
  const application = await createApplication(portal.issuer, client)
  const sub = (await application.obtainTokens('openid', resident.email)).claims()?.sub ?? ''
  const find = (clientId: string) =>
    readCommand(['resident', 'find', '--client', clientId, '--sub', sub]).run({
      ...portal.parts,
      issuer: portal.issuer,
    })
  expect(await find(client.client_id)).toMatchObject({ id: resident.id, email: resident.email })
  // At another application it names nobody.
  await expect(find((await register()).client_id)).rejects.toThrow('no such resident')
})

test('the operator chooses; redirect URIs on several hosts need a sector that lists them', async () => {
  const run = async (...words: string[]) =>
    (await readCommand([...words]).run({ ...portal.parts, issuer: portal.issuer })) as Record<
      string,
      string
    >
  const create = (...words: string[]) =>
    run('client', 'create', '--name', randomUUID(), '--scope', 'openid', ...words)
  const several = [
    '--redirect-uri',
    'https://a.example/cb',
    '--redirect-uri',
    'https://b.example/cb',
  ]
  await expect(create(...several)).rejects.toThrow('on several hosts')
  expect(await create(...several, '--subject-type', 'public')).toMatchObject({
    subject_type: 'public',
  })
  await expect(create(...several, '--subject-type', 'other')).rejects.toThrow('public or pairwise')
  await expect(
    create(...several, '--sector-identifier-uri', 'http://a.example/s.json'),
  ).rejects.toThrow('https:')
  const count = async () => (await portal.db`select count(*)::int from client`)[0]?.count
  const before = await count()
  await expect(
    create(...several, '--sector-identifier-uri', 'https://127.0.0.1:9/s.json'),
  ).rejects.toThrow('cannot be read')
  expect(await count()).toBe(before)
  const made = await create('--redirect-uri', REDIRECT_URI)
  expect(made).toMatchObject({ subject_type: 'pairwise' })
  expect(
    await run('client', 'update', String(made.client_id), '--name', randomUUID()),
  ).toMatchObject({
    subject_type: 'pairwise',
  })
})
