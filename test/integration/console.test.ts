import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { ensurePersonas } from '../../src/personas/personas.ts'
import { addResident, PASSWORD, startPortal, startSandbox } from '../support/portal.ts'

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

async function signIn() {
  const { email } = await addResident(portal.parts)
  const browser = createUserAgent()
  const page = await browser.open(`${portal.issuer}/developers`)
  await browser.submitFirst(page, { email, password: PASSWORD })
  return browser
}

test('a resident creates a team, which nobody else sees', async () => {
  const browser = await signIn()
  const page = await browser.open(`${portal.issuer}/developers`)
  const team = await browser.submitFirst(page, { name: 'Harbour Insurance' })
  expect(team.text).toContain('<h1>Harbour Insurance</h1>')
  const stranger = await signIn()
  expect((await stranger.open(team.url)).status).toBe(404)
})

test('the personas of a team are created once, whoever asks at the same time', async () => {
  const team = crypto.randomUUID()
  const [one, other] = await Promise.all([
    ensurePersonas(sandbox.parts, team),
    ensurePersonas(sandbox.parts, team),
  ])
  expect(one).toEqual(other)
  expect(one).toHaveLength(15)
})
