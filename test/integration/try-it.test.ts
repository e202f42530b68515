import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deleteClient, findClient, setClientEnabled } from '../../src/clients/clients.ts'
import { openSubjectIdentifiers } from '../../src/clients/subject-identifiers.ts'
import { createTeam } from '../../src/developers/teams.ts'
import { deleteOldTryRuns } from '../../src/developers/try-runs.ts'
import { createUserAgent, type Page, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { runDueStep } from '../../src/personas/steps.ts'
import {
  addClient,
  addResident,
  EVERYTHING,
  PASSWORD,
  startPortal,
  startSandbox,
} from '../support/portal.ts'

const SCOPE = 'openid profile offline_access eprospera:person.id_verification.read'

let sandbox: Awaited<ReturnType<typeof startSandbox>>
let portal: Awaited<ReturnType<typeof startPortal>>
beforeAll(async () => {
  sandbox = await startSandbox()
  portal = await startPortal({ developerSandbox: sandbox })
})
afterAll(async () => {
  await portal.close()
  await sandbox.close()
})

/** A developer, a team of theirs and its application in the sandbox. */
async function createDeveloper(given: Parameters<typeof addClient>[1] = {}) {
  const { email, id } = await addResident(portal.parts)
  const team = { name: 'Harbour Insurance', ownerId: id }
  const teamId = await portal.db.begin((sql) => createTeam(sql, team))
  const client = await addClient(sandbox.parts, { scope: SCOPE, teamId, ...given })
  const browser = createUserAgent()
  const signIn = await browser.open(`${portal.issuer}/sign-in`)
  await browser.submit(signIn, 'login', { email, password: PASSWORD })
  const path = `${portal.issuer}/developers/${teamId}/sandbox/${client.client_id}/try`
  return { browser, id, email, teamId, client, path }
}
type Developer = Awaited<ReturnType<typeof createDeveloper>>

async function startRun(developer: Developer, fields: Record<string, string | string[]> = {}) {
  const { browser, path } = developer
  return await browser.submit(await browser.open(path), 'start', {
    ...{ scope: SCOPE.split(' '), prompt: '', acr_values: '', claims: '' },
    ...fields,
  })
}

const CALLBACK = () => `${portal.issuer}/developers/try/callback`

/** Goes to the sandbox, chooses a persona there and presses a button of the decision. Returns the address of the answer. */
async function decide(browser: UserAgent, run: Page, button = 'allow'): Promise<string> {
  const leaveAt = CALLBACK()
  let page = await browser.submit(run, 'leave', {}, { leaveAt })
  for (let step = 0; step < 4 && !page.url.startsWith(leaveAt); step++) {
    const isSignIn = page.text.includes('name="login"')
    page = isSignIn
      ? await browser.submit(page, 'login', { persona: 'approved' }, { leaveAt })
      : await browser.submit(page, button, {}, { leaveAt })
  }
  return page.url
}

/** A run whose code has been exchanged. */
async function finish(developer: Developer, fields: Record<string, string | string[]> = {}) {
  const { browser } = developer
  const back = await browser.open(await decide(browser, await startRun(developer, fields)))
  return await browser.submit(back, 'redeem')
}

test('the whole flow is gone step by step, and each request is shown with its answer', async () => {
  const developer = await createDeveloper()
  const { browser } = developer
  const begun = await startRun(developer)
  expect(begun.text).toContain('.well-known/openid-configuration')
  expect(begun.text).toContain('code_challenge_method=S256')
  const back = await browser.open(await decide(browser, begun))
  expect(back.url).toBe(`${begun.url}#callback`)
  expect(back.text).toContain('iss=')
  let page = await browser.submit(back, 'redeem')
  expect(page.text).toContain('Exchange the code for tokens: 200')
  for (const rule of ['signature', 'iss is the issuer', 'aud is this client', 'nonce is the one'])
    expect(page.text).toMatch(new RegExp(`${rule}[^<]*: <strong>yes`))
  expect(page.text).not.toContain('<strong class="fault">no')
  const [, refreshToken = ''] =
    /Show the refresh token<\/summary><pre>([^<]+)</.exec(page.text) ?? []
  expect(refreshToken).not.toBe('')

  // A worker gives the personas their photos, this one first.
  const hasPhotos = async () =>
    (
      await sandbox.db`select from image join verification on verification_id = verification.id
      join persona using (account_id) where kind = 'approved' and team_id = ${developer.teamId}`
    ).length === 3
  while (!(await hasPhotos())) await runDueStep({ ...sandbox.parts, jobs: sandbox.jobs })
  page = await browser.submit(page, 'call', { operation: 'getIdVerification' })
  expect(page.text).toContain('&quot;status&quot;: &quot;approved&quot;')
  const [, link = ''] = /<a href="([^"]+X-Amz[^"]+)"[^>]*>documentFront</.exec(page.text) ?? []
  expect((await fetch(link.replaceAll('&amp;', '&'))).status).toBe(200)
  page = await browser.submit(page, 'call', { operation: 'ownGetImageLink', type: 'selfie' })
  expect(page.text).toContain('images/selfie')
  page = await browser.submit(page, 'userinfo')
  expect(page.text).toMatch(/Userinfo: 200/)
  page = await browser.submit(page, 'introspect')
  expect(page.text).toContain('&quot;active&quot;: true')

  page = await browser.submit(page, 'refresh')
  expect(page.text).toMatch(/Refresh: 200/)
  expect(page.text).not.toContain(refreshToken)
  page = await browser.submit(page, 'revoke')
  expect(page.text).toMatch(/Revoke the refresh token: 200/)
  expect(page.text).toMatch(/The same call again: 401/)
  expect(page.text).toContain('/guides/errors#invalid_token')
  // Nothing of it is where others could read it.
  const code = /code=([\w-]{43})/.exec(back.text)?.[1] ?? ''
  expect(code).not.toBe('')
  for (const secret of [refreshToken, code])
    expect(portal.logged() + sandbox.logged()).not.toContain(secret)
})

test('an application that has a secret nobody knows is tried with a client that mirrors it, and is in no list', async () => {
  const { browser, path, teamId, client } = await createDeveloper({ subjectType: 'pairwise' })
  const developer = { browser, path, teamId, client, id: '', email: '' }
  const [one, other] = await Promise.all([startRun(developer), startRun(developer)])
  expect([one.status, other.status]).toEqual([200, 200])
  const list = await browser.open(`${portal.issuer}/developers/${teamId}`)
  expect(list.text.match(/Bluewater Bank/g)).toHaveLength(1)
  const mirrors = await sandbox.db<{ clientId: string }[]>`
    select client_id from try_client where application_id = ${client.client_id}`
  expect(mirrors).toHaveLength(1)
  const mirrorId = mirrors[0]?.clientId ?? ''
  // It is no application of the team that could be tried itself.
  expect((await browser.open(path.replace(client.client_id, mirrorId))).status).toBe(404)
  const mirror = await findClient(sandbox.db, mirrorId)
  expect(mirror?.redirect_uris).toEqual([CALLBACK()])
  const subjects = await openSubjectIdentifiers(sandbox.db, sandbox.parts.sealer)
  if (!mirror) throw new Error('no mirror')
  const anybody = randomUUID()
  expect(subjects.of(mirror, anybody)).toBe(subjects.of(client, anybody))
  await setClientEnabled(sandbox.db, client.client_id, false)
  expect((await findClient(sandbox.db, mirrorId))?.enabled).toBe(false)
  expect((await browser.open(path)).text).toContain('This application is disabled')
  await deleteClient(sandbox.db, client.client_id)
  expect(await findClient(sandbox.db, mirrorId)).toBeUndefined()
})

test('with PAR, the parameters go ahead and the browser carries a reference', async () => {
  const developer = await createDeveloper({ par: true })
  const run = await startRun(developer, { claims: '{"userinfo":{"email":null}}', prompt: 'login' })
  const back = await developer.browser.open(await decide(developer.browser, run))
  expect(back.text).toContain('Push the parameters ahead: 201')
  expect(back.text).toContain('&quot;request_uri&quot;')
  expect((await developer.browser.submit(back, 'redeem')).text).toContain('for tokens: 200')
})

test('errors on purpose are answered as an application sees them', async () => {
  const developer = await createDeveloper()
  const { browser } = developer
  let page = await browser.submit(await startRun(developer), 'wrong-redirect')
  expect(page.text).toContain('A wrong redirect address: 400')
  expect(page.text).toContain('/guides/errors#invalid_redirect_uri')
  page = await browser.open(await decide(browser, page))
  page = await browser.submit(page, 'wrong-verifier')
  expect(page.text).toContain('A wrong verifier: 400')
  // The code is still good.
  page = await browser.submit(page, 'redeem')
  expect(page.text).toContain('for tokens: 200')
  page = await browser.submit(page, 'missing-scope')
  expect(page.text).toMatch(/A missing scope: 40[13]/)
  page = await browser.submit(page, 'userinfo')
  expect(page.text).toContain('Userinfo: 200')
  page = await browser.submit(page, 'expired-token')
  expect(page.text).toContain('An expired token: 401')
  page = await browser.submit(page, 'refresh')
  page = await browser.submit(page, 'userinfo')
  expect(page.text.match(/Userinfo: 200/g)).toHaveLength(2)
})

test('a token for everything is exchanged for less to show what a missing scope gets', async () => {
  const developer = await createDeveloper({ scope: EVERYTHING })
  const { browser } = developer
  let page = await finish(developer, { scope: EVERYTHING.split(' ') })
  page = await browser.submit(page, 'missing-scope')
  expect(page.text).toContain('First, a token for less: 200')
  expect(page.text).toMatch(/A missing scope: 40[13]/)
  // The refresh token that came with it is the one that counts now.
  page = await browser.submit(page, 'refresh')
  expect(page.text).toContain('Refresh: 200')
})

test('a person who says no is no fault of the program', async () => {
  const developer = await createDeveloper()
  const { browser } = developer
  const run = await startRun(developer, { prompt: 'consent' })
  const page = await browser.open(await decide(browser, run, 'deny'))
  expect(page.text).toContain('<code>access_denied</code>: The person did not allow')
  // There is no code to exchange, but there is a way to begin again.
  const again = await browser.submit(page, 'renew')
  expect(again.text).toContain('Go to the sandbox')
  expect(stateOf(again)).not.toBe(stateOf(run))
})

const stateOf = ({ text }: Page) => /state=([\w-]{43})/.exec(text)?.[1] ?? ''
const answerOf = (parameters: Record<string, string>) =>
  `${CALLBACK()}?${new URLSearchParams({ iss: sandbox.issuer, ...parameters })}`

test('an answer that nobody here asked for is refused, and says why', async () => {
  const developer = await createDeveloper()
  const { browser } = developer
  const run = await startRun(developer)
  const state = stateOf(run)
  const stranger = await createDeveloper()
  const refusals: [UserAgent, string, number, string][] = [
    [browser, answerOf({ code: 'x' }), 400, 'has no state'],
    [browser, answerOf({ code: 'x', state: 'wrong' }), 400, 'No run waits'],
    [browser, `${answerOf({ code: 'x', state })}&state=${state}`, 400, 'twice'],
    [stranger.browser, answerOf({ code: 'x', state }), 403, 'Another session'],
    [createUserAgent(), answerOf({ code: 'x', state }), 401, 'Nobody is signed in'],
  ]
  for (const [who, address, status, why] of refusals) {
    const page = await who.open(address)
    expect([page.status, page.text]).toEqual([status, expect.stringContaining(why)])
  }
  expect((await stranger.browser.open(run.url)).status).toBe(404)
  // The same person in another browser sees neither the run nor its answer.
  const other = createUserAgent()
  const signIn = await other.open(developer.path)
  const { email } = developer
  const start = await other.submit(signIn, 'login', { email, password: PASSWORD })
  expect(start.text).not.toContain('Go on')
  expect((await other.open(run.url)).status).toBe(404)
  expect((await other.open(answerOf({ code: 'x', state }))).status).toBe(403)
})

test('an answer of another issuer is not used', async () => {
  const developer = await createDeveloper()
  const { browser } = developer
  for (const iss of ['https://elsewhere.example', '']) {
    const run = await startRun(developer)
    const page = await browser.open(answerOf({ code: 'x', state: stateOf(run), iss }))
    expect(page.text).toContain('iss is not the issuer')
    expect(page.text).not.toContain('name="redeem"')
    expect(page.text).toContain('name="renew"')
  }
})

test('an answer counts once, and a code is sent once, however often somebody clicks', async () => {
  const developer = await createDeveloper()
  const { browser } = developer
  const run = await startRun(developer)
  const address = await decide(browser, run)
  const back = await browser.open(address)
  expect((await browser.open(address)).text).toContain('came a second time')
  const [one, other] = await Promise.all([
    browser.submit(back, 'redeem'),
    browser.submit(back, 'redeem'),
  ])
  for (const { text } of [one, other])
    expect(text.match(/Exchange the code for tokens: 200/g)).toHaveLength(1)
  expect((await browser.submit(one, 'userinfo')).text).toContain('Userinfo: 200')
  // Sent on purpose it ends the tokens, because a thief might have been the first.
  const twice = await browser.submit(one, 'code-twice')
  expect(twice.text).toContain('A code used twice: 400')
  expect(twice.text).toContain('/guides/errors#invalid_grant')
  expect((await browser.submit(twice, 'userinfo')).text).toContain('Userinfo: 401')
  // Another request in the same run changes nothing about the tokens of this one.
  const again = await browser.submit(twice, 'renew')
  expect(again.text).toMatch(/nonce is the one[^<]*: <strong>yes/)
})

test('a run continues in another process, and ends after an hour', async () => {
  const developer = await createDeveloper()
  const { browser } = developer
  const another = await portal.startAnother()
  try {
    const run = await startRun(developer)
    const address = await decide(browser, run)
    const there = (url: string) => url.replace(portal.url, another.url)
    // The session's cookie is of the host, whatever the port.
    for (const [key, cookie] of [...browser.jar])
      browser.jar.set(key.replace(portal.url, another.url), cookie)
    const answered = await browser.request(there(address))
    expect(answered.headers.get('location')).toContain(`${new URL(run.url).pathname}#callback`)
    const back = await browser.open(run.url)
    expect((await browser.submit(back, 'redeem')).text).toContain('for tokens: 200')

    await portal.db`
      update try_run set expires_at = now() - interval '1 second' where account_id = ${developer.id}`
    expect((await browser.open(run.url)).status).toBe(404)
    expect((await browser.open(address)).text).toContain('expired after an hour')
    await deleteOldTryRuns(portal.db)
    expect(await runsOf(developer)).toBe(0)
  } finally {
    await another.close()
  }
})

const runsOf = async ({ id }: Developer) =>
  (await portal.db`select from try_run where account_id = ${id}`).length

test('the five newest runs of a developer are kept', async () => {
  const developer = await createDeveloper()
  await Promise.all(Array.from({ length: 7 }, () => startRun(developer)))
  expect(await runsOf(developer)).toBe(5)
  const start = await developer.browser.open(developer.path)
  expect(start.text.match(/Begun/g)).toHaveLength(5)
})

test('what cannot be asked for is said beside its field', async () => {
  const developer = await createDeveloper()
  const faulty = await startRun(developer, { claims: '{"a":<b>', scope: [] })
  expect(faulty.status).toBe(400)
  expect(faulty.text).toContain('Enter a JSON object, or nothing.')
  expect(faulty.text).toContain('Choose at least one scope.')
  expect(faulty.text).toContain('{&quot;a&quot;:&lt;b&gt;')
  const foreign = await startRun(developer, { prompt: 'constructor' })
  expect([foreign.status, await runsOf(developer)]).toEqual([400, 0])
  const run = await startRun(developer)
  for (const action of ['constructor', 'nothing']) {
    const path = `${new URL(run.url).pathname}/${action}`
    const text = run.text.replaceAll(/action="[^"]*"/g, `action="${path}"`)
    expect((await developer.browser.submit({ ...run, text }, 'leave')).status).toBe(404)
  }
})

test('viewers and strangers try nothing, and a service client is not tried', async () => {
  const developer = await createDeveloper()
  const run = await startRun(developer)
  await portal.db`
    update developer_member set role = 'viewer' where account_id = ${developer.id}`
  expect((await developer.browser.open(run.url)).status).toBe(404)
  const look = await developer.browser.open(developer.path)
  expect(look.text).toContain('Its developers can try them.')
  expect(look.text).not.toMatch(/name="start"|Begun/)
  expect((await developer.browser.open(answerOf({ code: 'x', state: stateOf(run) }))).status).toBe(
    403,
  )
  const stranger = await createDeveloper()
  expect((await stranger.browser.open(developer.path)).status).toBe(404)
  const mine = stranger.path.replace(stranger.client.client_id, developer.client.client_id)
  expect((await stranger.browser.open(mine)).status).toBe(404)
  const service = await createDeveloper({ type: 'service', scope: 'idv.read', redirectUris: [] })
  expect((await service.browser.open(service.path)).text).toContain('acts for itself')
})
