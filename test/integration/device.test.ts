import { createHash } from 'node:crypto'
import {
  allowInsecureRequests,
  discovery,
  fetchUserInfo,
  initiateDeviceAuthorization,
  None,
  pollDeviceAuthorizationGrant,
  refreshTokenGrant,
  skipSubjectCheck,
  tokenRevocation,
} from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { addResident, PASSWORD, startPortal, type TestPortal } from '../support/portal.ts'

const SCOPE = 'openid profile offline_access eprospera:person.id_verification.read'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

/** The real portal's command-line client: its id, no secret, and the portal's address. */
const commandLine = () =>
  discovery(new URL(portal.issuer), 'eprospera-cli', undefined, None(), {
    execute: [allowInsecureRequests],
  })

const poll = (deviceCode: string) =>
  fetch(`${portal.url}/api/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: deviceCode,
      client_id: 'eprospera-cli',
    }),
  })
const error = async (response: Response) => ((await response.json()) as { error: string }).error

test('the real portal’s command-line client signs in, reads, refreshes and revokes', async () => {
  const configuration = await commandLine()
  const device = await initiateDeviceAuthorization(configuration, { scope: SCOPE })
  expect(device).toMatchObject({ verification_uri: `${portal.issuer}/device`, interval: 5 })
  expect(device.verification_uri_complete).toContain(device.user_code)
  expect(await error(await poll(device.device_code))).toBe('authorization_pending')

  const resident = await addResident(portal.parts)
  const browser = createUserAgent()
  const entry = await browser.open(device.verification_uri)
  const confirm = await browser.submitFirst(entry, { user_code: device.user_code.toLowerCase() })
  expect(confirm.text).toContain(device.user_code)
  const signIn = await browser.submit(confirm, 'confirm', { confirm: 'yes' })
  const consent = await browser.submit(signIn, 'login', {
    email: resident.email,
    password: PASSWORD,
  })
  const done = await browser.submit(consent, 'allow')
  expect(done.text).toContain('is connected')

  const tokens = await pollDeviceAuthorizationGrant(configuration, { ...device, interval: 0 })
  expect(tokens.scope?.split(' ').sort()).toEqual(SCOPE.split(' ').sort())
  expect(tokens.claims()?.sub).toBe(resident.id)
  const hash = createHash('sha256').update(tokens.access_token).digest().subarray(0, 16)
  expect(tokens.claims()?.at_hash).toBe(hash.toString('base64url'))
  const api = (token: string) =>
    fetch(`${portal.url}/api/v1/me/natural-person/id-verification`, {
      headers: { Authorization: `Bearer ${token}` },
    })
  expect((await api(tokens.access_token)).status).toBe(200)
  expect((await fetchUserInfo(configuration, tokens.access_token, skipSubjectCheck)).name).toBe(
    'Ana Mejia',
  )
  const next = await refreshTokenGrant(configuration, tokens.refresh_token ?? '')
  await tokenRevocation(configuration, next.refresh_token ?? '')
  expect((await api(next.access_token)).status).toBe(401)
  // A device code is good once.
  expect(await error(await poll(device.device_code))).toBe('invalid_grant')
})

test('saying no answers access_denied to the device', async () => {
  const device = await initiateDeviceAuthorization(await commandLine(), { scope: SCOPE })
  const browser = createUserAgent()
  const entry = await browser.open(device.verification_uri)
  const confirm = await browser.submitFirst(entry, { user_code: device.user_code })
  const aborted = await browser.submit(confirm, 'abort', { abort: 'yes' })
  expect([aborted.status, aborted.text.includes('Nothing was allowed')]).toEqual([200, true])
  // It has ended: there is nothing to type, and nothing went wrong.
  expect(aborted.text).not.toMatch(/<input name="user_code"|role="alert"|<title>Error/)
  expect(aborted.text).toContain('<h1>The device is not connected</h1>')
  expect(await error(await poll(device.device_code))).toBe('access_denied')
})

test('a wrong code and an unknown scope are refused, and no device code lies open in the database', async () => {
  const browser = createUserAgent()
  const entry = await browser.open(`${portal.issuer}/device`)
  const wrong = await browser.submitFirst(entry, { user_code: 'BBBB-BBBB' })
  expect([wrong.status, wrong.text.includes('This code is unknown')]).toEqual([400, true])
  const unknown = await fetch(`${portal.url}/api/oauth/device_authorization`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'eprospera-cli', scope: 'openid nonsense' }),
  })
  expect([unknown.status, await error(unknown)]).toEqual([400, 'invalid_scope'])
  const device = await initiateDeviceAuthorization(await commandLine(), { scope: SCOPE })
  const rows = await portal.db`select payload::text as text from oidc_artifact`
  expect(rows.map(({ text }) => text).join()).not.toContain(device.device_code)
})

test('no user code lies open in the database, at any step of connecting a device', async () => {
  const configuration = await commandLine()
  const device = await initiateDeviceAuthorization(configuration, { scope: SCOPE })
  const typed = device.user_code
  const openCodes = async () => {
    const rows = await portal.db`select row(oidc_artifact.*)::text as text from oidc_artifact`
    const text = rows.map((row) => row.text).join('\n')
    return [typed, typed.replaceAll('-', '')].filter((code) => text.includes(code))
  }
  expect(await openCodes()).toEqual([])
  const resident = await addResident(portal.parts)
  const browser = createUserAgent()
  const entry = await browser.open(device.verification_uri)
  const confirm = await browser.submitFirst(entry, { user_code: typed })
  expect(await openCodes()).toEqual([])
  const signIn = await browser.submit(confirm, 'confirm', { confirm: 'yes' })
  expect(await openCodes()).toEqual([])
  const consent = await browser.submit(signIn, 'login', {
    email: resident.email,
    password: PASSWORD,
  })
  await browser.submit(consent, 'allow')
  expect(await openCodes()).toEqual([])
  const tokens = await pollDeviceAuthorizationGrant(configuration, { ...device, interval: 0 })
  expect(tokens.claims()?.sub).toBe(resident.id)
  // A hash of the few codes there are would be guessed in seconds without a key.
  const [row] =
    await portal.db`select user_code from oidc_artifact where kind = 'DeviceCode' limit 1`
  for (const code of [typed, typed.replaceAll('-', '')])
    for (const encoding of ['base64url', 'hex', 'base64'] as const)
      expect(row?.userCode).not.toBe(createHash('sha256').update(code).digest(encoding))
})
