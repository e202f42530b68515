import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { setNameFromDocument } from '../../src/accounts/accounts.ts'
import { readCommand } from '../../src/commands.ts'
import { createInitialAccessToken } from '../../src/oauth/registration.ts'
import { createUserAgent } from '../../src/sandbox/user-agent.ts'
import { createApplication } from '../support/application.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'

let portal: TestPortal
let token: string
beforeAll(async () => {
  portal = await startPortal()
  token = (await createInitialAccessToken(portal.db, { expiresInDays: 1 })).initial_access_token
})
afterAll(() => portal.close())

const run = async <T = Record<string, string>>(...words: string[]) =>
  (await readCommand(words).run({ ...portal.parts, issuer: portal.issuer })) as T
const create = (name: string, ...more: string[]) =>
  run(
    'client',
    'create',
    '--name',
    name,
    '--redirect-uri',
    REDIRECT_URI,
    '--scope',
    'openid',
    ...more,
  )

async function register(metadata: object, method = 'POST', at = '', bearer = token) {
  const answer = await fetch(`${portal.url}/api/oauth/register${at}`, {
    method,
    headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ redirect_uris: ['https://app.example.test/callback'], ...metadata }),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, string> }
}

const BAD = 'Ev\u202eil\u001b[31m\nBank'

test('a name with control or bidirectional characters gets in nowhere', async () => {
  await expect(create(BAD)).rejects.toThrow('ordinary text')
  const { client_id: id = '' } = await create(`Fine ${randomUUID()}`)
  await expect(run('client', 'update', id, '--name', BAD)).rejects.toThrow('ordinary text')
  await expect(run('client', 'update', id, '--operator', BAD)).rejects.toThrow('ordinary text')
  await expect(run('client', 'update', id, '--purpose', BAD)).rejects.toThrow('ordinary text')
  for (const name of ['client_name', 'operator', 'purpose'])
    expect(await register({ client_name: randomUUID(), [name]: BAD })).toMatchObject({
      status: 400,
      body: {
        error: 'invalid_client_metadata',
        error_description: expect.stringContaining('ordinary text'),
      },
    })
  const own = await register({ client_name: `Own ${randomUUID()}` })
  expect(own.status).toBe(201)
  const { client_id, client_secret, registration_access_token: bearer } = own.body
  const changed = { client_id, client_secret, client_name: BAD }
  expect((await register(changed, 'PUT', `/${client_id}`, bearer)).status).toBe(400)
  for (const option of ['--given-name', '--surname']) {
    const names = { '--given-name': 'Ana', '--surname': 'Mejía', [option]: BAD }
    const words = Object.entries(names).flat()
    const email = `${randomUUID()}@example.test`
    await expect(run('resident', 'create', '--email', email, ...words)).rejects.toThrow('ordinary')
  }
})

test('a name is kept in NFC, with single spaces', async () => {
  const name = randomUUID()
  expect(await create(` Cafe\u0301 \u00a0${name} `)).toMatchObject({ client_name: `Café ${name}` })
})

test('a name from before the rule is shown with its hidden characters made visible', async () => {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts, { name: randomUUID() })
  await portal.db`
    update client set name = ${BAD}, metadata = metadata || ${portal.db.json({ client_name: BAD, purpose: BAD, operator: BAD })}
    where id = ${client.client_id}`
  await setNameFromDocument(portal.db, portal.parts.vault, resident.id, {
    givenName: BAD,
    surname: 'Mejia',
  })
  const application = await createApplication(portal.issuer, client)
  const { url } = await application.authorizationRequest('openid profile')
  const browser = createUserAgent()
  const signIn = await browser.open(url, REDIRECT_URI)
  const consent = await browser.submit(signIn, 'login', {
    email: resident.email,
    password: PASSWORD,
  })
  await browser.submit(consent, 'allow', {}, { leaveAt: REDIRECT_URI })
  const home = await browser.open(`${portal.issuer}/`)
  const own = await browser.open(`${portal.issuer}/applications/${client.client_id}`)
  expect(home.text).toContain('Ev\ufffdil\ufffd[31m Bank Mejia')
  for (const { text } of [signIn, consent, home, own]) {
    expect(text).toContain('Ev\ufffdil\ufffd[31m Bank')
    for (const hidden of ['\u202e', '\u001b']) expect(text).not.toContain(hidden)
  }
})

test('a name that can be taken for another client’s needs the operator’s yes', async () => {
  const name = `Harbour ${randomUUID()}`
  const { client_id: first = '' } = await create(name)
  const alike = name.replace('Harbour', 'Hаrbоur')
  await expect(create(name)).rejects.toThrow(first)
  await expect(create(alike)).rejects.toThrow('--confirm-similar-name')
  expect(await create(alike, '--confirm-similar-name')).toMatchObject({ client_name: alike })
  const { client_id: other = '' } = await create(`Other ${randomUUID()}`)
  await expect(run('client', 'update', other, '--name', name.toUpperCase())).rejects.toThrow(
    '--confirm-similar-name',
  )
  await run('client', 'update', other, '--name', name.toUpperCase(), '--confirm-similar-name')
  await run('client', 'update', other, '--scope', 'openid profile')
})

test('a registration by token with such a name is refused, and may keep its own', async () => {
  const name = `Lantern ${randomUUID()}`
  await create(name)
  expect(await register({ client_name: name.replace('Lantern', 'Lаntern') })).toMatchObject({
    status: 400,
    body: {
      error: 'invalid_client_metadata',
      error_description: expect.stringContaining('name of another client'),
    },
  })
  const own = await register({ client_name: `Orchard ${randomUUID()}` })
  const { client_id, client_secret, client_name, registration_access_token: bearer = '' } = own.body
  const at = `/${client_id}`
  const kept = await register({ client_id, client_secret, client_name }, 'PUT', at, bearer)
  expect(kept.status).toBe(200)
  const taken = { client_id, client_secret, client_name: name }
  const refused = await register(taken, 'PUT', at, kept.body.registration_access_token ?? bearer)
  expect(refused.status).toBe(400)
  expect((await register({})).status).toBe(201)
  expect((await register({})).status).toBe(201)
})

test('of two registrations of one name at the same moment, one is taken', async () => {
  const name = `Violet ${randomUUID()}`
  const both = await Promise.all([register({ client_name: name }), register({ client_name: name })])
  expect(both.map(({ status }) => status).sort()).toEqual([201, 400])
})
