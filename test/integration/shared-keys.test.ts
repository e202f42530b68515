import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSealer, randomSecret } from '../../src/platform/secrets.ts'
import { loadSharedKeys } from '../../src/platform/shared-keys.ts'
import { createApplication } from '../support/application.ts'
import { createDatabase } from '../support/database.ts'
import { addClient, addResident, startPortal, type TestPortal } from '../support/portal.ts'

const SCOPE = 'openid offline_access'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

async function arrange() {
  const { email } = await addResident(portal.parts)
  const client = await addClient(portal.parts, { scope: SCOPE })
  const application = await createApplication(portal.issuer, client)
  const { refresh_token = '' } = await application.obtainTokens(SCOPE, email)
  const refresh = async (url: string, token = refresh_token) => {
    const answer = await fetch(`${url}/api/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: token,
        client_id: client.client_id,
        client_secret: client.client_secret ?? '',
      }),
    })
    return (await answer.json()) as { refresh_token?: string; error?: string }
  }
  return { refresh_token, refresh }
}

test('the next refresh token does not follow from a cookie key and the one before', async () => {
  const { refresh_token, refresh } = await arrange()
  const next = (await refresh(portal.url)).refresh_token
  expect(next).toBeTruthy()
  for (const key of portal.config.secrets.cookieKeys)
    for (const text of [`refresh ${refresh_token}`, refresh_token])
      for (const secret of [key, Buffer.from(key, 'base64url')])
        expect(createHmac('sha256', secret).update(text).digest('base64url')).not.toBe(next)
})

test('a lost answer is given again by a process whose cookie and encryption keys were rotated', async () => {
  const { refresh } = await arrange()
  const { cookieKeys, encryptionKeys } = portal.config.secrets
  const other = await portal.startOther({
    COOKIE_KEYS: [randomSecret(), ...cookieKeys].join(','),
    ENCRYPTION_KEY: [
      randomSecret(),
      ...encryptionKeys.map((key) => Buffer.from(key).toString('base64url')),
    ].join(','),
  })
  try {
    const first = await refresh(portal.url)
    const again = await refresh(other.url)
    expect(again.refresh_token).toBe(first.refresh_token)
    expect((await refresh(other.url, first.refresh_token)).refresh_token).toBeTruthy()
  } finally {
    await other.close()
  }
})

test('the keys are sealed in the database, alike for processes that start at once, and one for each use', async () => {
  const { db, drop } = await createDatabase()
  const sealer = createSealer([Buffer.alloc(32, 5)])
  const log = portal.parts.log
  try {
    const loaded = await Promise.all(
      Array.from({ length: 5 }, () => loadSharedKeys(db, sealer, log)),
    )
    for (const each of loaded) expect(each).toEqual(loaded[0])
    const keys = Object.values(loaded[0] ?? {}).map((key) => key.toString('base64url'))
    expect(new Set(keys).size).toBe(3)
    const rows = await db<{ value: string }[]>`
      select value from portal_setting where name like 'key:%'`
    expect(rows).toHaveLength(3)
    for (const { value } of rows) {
      expect(value).toMatch(/^v1\./)
      for (const key of keys) expect(value).not.toContain(key)
    }
    // The encryption key was replaced and the old one dropped.
    const stranger = createSealer([Buffer.alloc(32, 6)])
    const replaced = await Promise.all([
      loadSharedKeys(db, stranger, log),
      loadSharedKeys(db, stranger, log),
    ])
    expect(replaced[0]).toEqual(replaced[1])
    expect(replaced[0]).not.toEqual(loaded[0])
  } finally {
    await drop()
  }
})
