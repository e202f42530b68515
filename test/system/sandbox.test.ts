import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Served, serve } from '../../src/serve.ts'

let dir: string
let served: Served
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portal-sandbox-'))
  served = await serve({ PORT: '0', SANDBOX_PORT: '0', DATA_DIR: dir, LOG_LEVEL: 'error' })
})
afterAll(async () => {
  await served.close()
  await rm(dir, { recursive: true, force: true })
})

test('the sandbox is served beside the portal, at another host, with a database and a bucket of its own', async () => {
  const { context, server, sandbox } = served
  if (!server || !sandbox) throw new Error('one of them is not served')
  for (const issuer of [server.issuer, sandbox.issuer]) {
    const found = await fetch(`${issuer}/.well-known/openid-configuration`)
    expect(await found.json()).toMatchObject({ issuer })
  }
  expect(new URL(sandbox.issuer).hostname).not.toBe(new URL(server.issuer).hostname)
  expect(sandbox.context.config.isSandbox).toBe(true)
  expect(sandbox.context.config.database.url).not.toBe(context.config.database.url)
  expect(sandbox.context.config.s3.bucket).not.toBe(context.config.s3.bucket)
  const nameOf = async ({ db }: typeof context) =>
    (await db`select current_database() as name`)[0]?.name
  expect(await nameOf(sandbox.context as typeof context)).not.toBe(await nameOf(context))
  // Neither can open what the other signed.
  const keysOf = async (issuer: string) =>
    (await (await fetch(`${issuer}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] }
  const [portals, sandboxes] = await Promise.all([keysOf(server.issuer), keysOf(sandbox.issuer)])
  const kids = new Set(portals.keys.map(({ kid }) => kid))
  expect(sandboxes.keys.filter(({ kid }) => kids.has(kid))).toEqual([])
})
