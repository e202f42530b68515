import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listOperators, takeSetup } from '../../src/accounts/operators.ts'
import { readCommand } from '../../src/cli/commands.ts'
import { describeFirstRun } from '../../src/cli/first-run.ts'
import { createUserAgent, type Page } from '../../src/local/sandbox/user-agent.ts'
import { setPolicy } from '../../src/platform/policies.ts'
import { addResident, PASSWORD, startPortal, type TestPortal } from '../support/portal.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

const run = async <T>(...words: string[]) =>
  (await readCommand(words).run({ ...portal.parts, issuer: portal.issuer })) as T

async function createLink(): Promise<string> {
  await portal.db`delete from operator`
  return (await run<{ link: string }>('operator', 'setup')).link
}

const fields = (email: string) => ({
  email,
  'given-name': 'Carla',
  'family-name': 'Paz',
  password: PASSWORD,
})

async function fill(link: string, email: string): Promise<Page> {
  const browser = createUserAgent()
  return browser.submit(await browser.open(link), 'create', fields(email))
}

const codeOf = (page: Page) =>
  new TOTP({
    secret: Secret.fromBase32(/secret=([A-Z2-7]+)/.exec(page.text)?.[1] ?? ''),
  }).generate()

test('the link creates an administrator, who needs a second factor at once, and works once', async () => {
  // Also where the policy never requires one of residents.
  await setPolicy(portal.db, 'mfa', 'off')
  const link = await createLink()
  const browser = createUserAgent()
  const wrong = await browser.submit(await browser.open(link), 'create', {
    ...fields('carla@example.test'),
    password: 'short',
  })
  expect(wrong.status).toBe(400)
  expect(wrong.text).toContain('value="carla@example.test"')
  const enrol = await browser.submit(wrong, 'create', fields('carla@example.test'))
  expect(enrol.text).toContain('name="enrolment"')
  expect((await browser.open(`${portal.issuer}/operator`)).text).toContain('name="login"')

  const codes = await browser.submit(enrol, 'verify', { code: codeOf(enrol) })
  const next = await browser.submit(codes, 'continue')
  expect(next.url).toBe(`${portal.issuer}/operator`)
  expect(next.text).toContain('Your role is administrator')
  expect(next.text).toContain('npm run -s cli -- doctor')
  expect((await browser.open(portal.issuer)).url).toBe(portal.issuer)
  const operators = await run<{ email: string; role: string; grantedBy: null }[]>(
    'operator',
    'list',
  )
  expect(operators).toMatchObject([
    { email: 'carla@example.test', role: 'administrator', grantedBy: null },
  ])
  expect((await browser.open(link)).status).toBe(410)
  await expect(run('operator', 'setup')).rejects.toThrow('There is an operator already')
  expect(portal.logged()).not.toContain(link.split('/').at(-1))
  await setPolicy(portal.db, 'mfa', 'when-enrolled')
})

test('of two who use the link at once, one becomes the operator; an expired link makes nobody one', async () => {
  const link = await createLink()
  const tried = await Promise.all(['one', 'two'].map((name) => fill(link, `${name}@example.test`)))
  expect(tried.map(({ status }) => status).sort()).toEqual([200, 410])
  expect(await listOperators(portal.db)).toHaveLength(1)

  const token = (await createLink()).split('/').at(-1) ?? ''
  const taken = await Promise.all([1, 2].map(() => portal.db.begin((sql) => takeSetup(sql, token))))
  expect(taken.filter((id) => id !== undefined)).toHaveLength(1)

  const late = await createLink()
  await portal.db`update operator_setup set expires_at = now()`
  expect((await createUserAgent().open(late)).status).toBe(410)
  expect(await listOperators(portal.db)).toEqual([])
})

test('a newer link ends the older, and an operator who is added on the command line ends both', async () => {
  const [older, newer] = [await createLink(), await createLink()]
  expect((await createUserAgent().open(older)).status).toBe(410)
  const page = await createUserAgent().open(newer)
  expect(page.status).toBe(200)
  const { id, email } = await addResident(portal.parts)
  expect((await fill(newer, email)).status).toBe(409)
  await run('operator', 'add', email, '--role', 'reviewer')
  expect((await createUserAgent().open(newer)).status).toBe(410)

  await run('operator', 'add', id, '--role', 'auditor')
  expect(await listOperators(portal.db)).toMatchObject([{ accountId: id, role: 'auditor' }])
  await run('operator', 'remove', id)
  await expect(run('operator', 'remove', id)).rejects.toThrow('There is no such operator')
  expect(() => readCommand(['operator', 'add', id, '--role', 'king'])).toThrow('It is support')
})

test('a session by password alone ends for the account that becomes an operator', async () => {
  const { id, email } = await addResident(portal.parts)
  const browser = createUserAgent()
  const home = await browser.submit(await browser.open(portal.issuer), 'login', {
    email,
    password: PASSWORD,
  })
  expect(home.text).toContain('name="sign-out"')
  expect((await browser.open(`${portal.issuer}/operator`)).status).toBe(404)
  await run('operator', 'add', id, '--role', 'support')
  expect((await browser.open(portal.issuer)).text).toContain('name="login"')
})

test('the first start says what is next, and shows the link on a terminal alone', async () => {
  await portal.db`delete from operator`
  const { issuer, db } = portal
  const logged = await describeFirstRun(db, { issuer, isTerminal: false })
  expect(logged).toContain('operator setup')
  expect(logged).not.toContain('/setup/')
  const shown = await describeFirstRun(db, { issuer, isTerminal: true })
  const [link = ''] = /http\S+/.exec(shown) ?? []
  expect((await createUserAgent().open(link)).status).toBe(200)

  const { id } = await addResident(portal.parts)
  await run('operator', 'add', id, '--role', 'administrator')
  expect(await describeFirstRun(db, { issuer, isTerminal: true })).toBe('')
})
