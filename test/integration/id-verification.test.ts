import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApplication } from '../support/application.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { addVerification } from '../support/verifications.ts'

const SCOPE = 'eprospera:person.id_verification.read'
const PATH = '/api/v1/me/natural-person/id-verification'
const NOTHING =
  '{"id":null,"type":null,"date":null,"status":null,"documents":{"documentFront":null,"documentBack":null,"face":null}}'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

async function signedIn(scope = ALL_SCOPES) {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  const tokens = await application.obtainTokens(scope, resident.email)
  return { resident, client, token: tokens.access_token }
}

async function call(token?: string, path = PATH, init: RequestInit = {}) {
  const response = await fetch(`${portal.url}${path}`, {
    ...init,
    headers: {
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...(init.headers as object),
    },
  })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

describe('the bodies of the seed document, byte for byte', () => {
  test('no Authorization header answers 401 missing_token and names no error in the challenge', async () => {
    const { status, text, headers } = await call()
    expect([status, text]).toEqual([401, '{"error":"missing_token"}'])
    expect(headers.get('www-authenticate')).toBe(
      `Bearer resource_metadata="${portal.issuer}/.well-known/oauth-protected-resource"`,
    )
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('a token without the scope answers 401 missing_scopes', async () => {
    const { token } = await signedIn('openid profile')
    const { status, text, headers } = await call(token)
    expect([status, text]).toEqual([401, `{"error":"missing_scopes: ${SCOPE}"}`])
    expect(headers.get('www-authenticate')).toBe(
      `Bearer error="insufficient_scope", scope="${SCOPE}", resource_metadata="${portal.issuer}/.well-known/oauth-protected-resource"`,
    )
  })

  test('nothing approved answers 200 with every field null', async () => {
    const { token } = await signedIn()
    const { status, text, headers } = await call(token)
    expect([status, text]).toEqual([200, NOTHING])
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('vary')).toBe('Authorization')
    expect(headers.get('content-type')).toMatch(/^application\/json/)
  })

  test('an approved verification answers its id, date and three links that download the stored bytes', async () => {
    const { token, resident } = await signedIn()
    const verification = await addVerification(portal.parts, resident.id, {
      createdAt: new Date('2026-01-15T10:30:00Z'),
    })
    const { status, text } = await call(token)
    expect(status).toBe(200)
    const body = JSON.parse(text)
    expect(Object.keys(body)).toEqual(['id', 'type', 'documentType', 'date', 'status', 'documents'])
    expect(body).toMatchObject({
      id: verification.id,
      type: 'veriff',
      documentType: 'passport',
      date: '2026-01-15T10:30:00.000Z',
      status: 'approved',
    })
    expect(Object.keys(body.documents)).toEqual(['documentFront', 'documentBack', 'face'])
    for (const [slot, link] of Object.entries<string>(body.documents)) {
      const url = new URL(link)
      expect(url.searchParams.get('X-Amz-Expires')).toBe('3600')
      expect(url.searchParams.get('response-content-type')).toBe('image/jpeg')
      expect(url.pathname).toMatch(/\.jpg$/)
      const image = await fetch(url)
      expect(image.status).toBe(200)
      expect(image.headers.get('cache-control')).toBe('private, no-store')
      const digest = createHash('sha256')
        .update(Buffer.from(await image.arrayBuffer()))
        .digest('hex')
      expect(digest).toBe(verification.digests[slot as keyof typeof verification.digests])
      url.searchParams.set('X-Amz-Expires', '7200')
      expect((await fetch(url)).status).toBe(403)
    }
    expect((await call(token, '/api/v1/me/natural-person/id_verification')).status).toBe(200)
  })

  test('MISSING_SCOPE_STATUS=403 switches the status and nothing else', async () => {
    const strict = await startPortal({ missingScopeStatus: 403 })
    try {
      const resident = await addResident(strict.parts)
      const application = await createApplication(strict.issuer, await addClient(strict.parts))
      const tokens = await application.obtainTokens('openid', resident.email)
      const response = await fetch(`${strict.url}${PATH}`, {
        headers: { Authorization: `Bearer ${tokens.access_token}` },
      })
      expect(response.status).toBe(403)
      expect(await response.json()).toEqual({ error: `missing_scopes: ${SCOPE}` })
    } finally {
      await strict.close()
    }
  })
})

describe('a token that is not a live access token of ours answers 401 invalid_token', () => {
  const refused = async (token: string, init?: RequestInit) => {
    const { status, text, headers } = await call(token, PATH, init)
    expect([status, text]).toEqual([401, '{"error":"invalid_token"}'])
    expect(headers.get('www-authenticate')).toContain('error="invalid_token"')
  }
  test('unreadable, or not bearer', async () => {
    await refused('x')
    await refused('a.b.c')
    for (const Authorization of ['Bearer', 'Basic eDp5', 'Bearer x y', 'Bearer x, Bearer y']) {
      const other = await call(undefined, PATH, { headers: { Authorization } })
      expect([other.status, other.text]).toEqual([401, '{"error":"invalid_token"}'])
    }
  })
  test('an ID token and a refresh token are no access tokens', async () => {
    const resident = await addResident(portal.parts)
    const application = await createApplication(portal.issuer, await addClient(portal.parts))
    const tokens = await application.obtainTokens(ALL_SCOPES, resident.email)
    await refused(tokens.id_token ?? '')
    await refused(tokens.refresh_token ?? '')
  })
  test('a token in the query is no token', async () => {
    const { token } = await signedIn()
    expect((await call(undefined, `${PATH}?access_token=${token}`)).text).toBe(
      '{"error":"missing_token"}',
    )
  })
  test('bearer may be written in any case', async () => {
    const { token } = await signedIn()
    const response = await call(undefined, PATH, { headers: { Authorization: `bEARER ${token}` } })
    expect(response.status).toBe(200)
  })
})

describe('latest approved', () => {
  test('is the newest session, not the newest decision', async () => {
    const { token, resident } = await signedIn()
    const newer = await addVerification(portal.parts, resident.id, {
      createdAt: new Date('2026-03-01T00:00:00Z'),
    })
    await addVerification(portal.parts, resident.id, {
      createdAt: new Date('2026-02-01T00:00:00Z'),
    })
    expect(JSON.parse((await call(token)).text).id).toBe(newer.id)
  })
  test('a half set never replaces a whole one, and is shown when there is nothing whole', async () => {
    const { token, resident } = await signedIn()
    const half = await addVerification(portal.parts, resident.id, {
      createdAt: new Date('2026-03-01T00:00:00Z'),
      complete: false,
    })
    const alone = JSON.parse((await call(token)).text)
    expect(alone.id).toBe(half.id)
    expect(alone.documents.face).toBeNull()
    const whole = await addVerification(portal.parts, resident.id, {
      createdAt: new Date('2026-02-01T00:00:00Z'),
    })
    expect(JSON.parse((await call(token)).text).id).toBe(whole.id)
  })
  test("is the caller's own, whatever else the request says", async () => {
    const { token } = await signedIn()
    const other = await addResident(portal.parts)
    await addVerification(portal.parts, other.id)
    for (const path of [
      `${PATH}?user_id=${other.id}`,
      `${PATH}?accountId=${other.id}&sub=${other.id}`,
    ])
      expect((await call(token, path, { headers: { 'X-User-Id': other.id } })).text).toBe(NOTHING)
  })
})

test('many residents asking at the same moment each get their own', async () => {
  const people = await Promise.all(Array.from({ length: 5 }, () => signedIn()))
  const expected = await Promise.all(
    people.map(async ({ resident }) => (await addVerification(portal.parts, resident.id)).id),
  )
  const rounds = Array.from({ length: 60 }, (_, index) => index % people.length)
  const answers = await Promise.all(rounds.map((index) => call(people[index]?.token)))
  expect(answers.map(({ text }) => JSON.parse(text).id)).toEqual(
    rounds.map((index) => expected[index]),
  )
})

test('other methods answer 405 with Allow', async () => {
  const { token } = await signedIn()
  const { status, headers } = await call(token, PATH, { method: 'POST' })
  expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})

test('a database that is away answers 500 without a word of why', async () => {
  const away = await startPortal()
  try {
    const resident = await addResident(away.parts)
    const application = await createApplication(away.issuer, await addClient(away.parts))
    const tokens = await application.obtainTokens(ALL_SCOPES, resident.email)
    await away.db`alter view latest_approved rename to hidden`
    const response = await fetch(`${away.url}${PATH}`, {
      headers: { Authorization: `Bearer ${tokens.access_token}` },
    })
    expect([response.status, await response.text()]).toEqual([
      500,
      '{"error":"Internal server error"}',
    ])
  } finally {
    await away.close()
  }
})

test('nothing secret or personal is logged on the way', async () => {
  const { token, resident } = await signedIn()
  await addVerification(portal.parts, resident.id)
  const { text } = await call(token)
  const logged = portal.logged()
  expect(logged).toContain('consent given')
  for (const secret of [
    token,
    resident.email,
    'Mejia',
    'X-Amz-Signature',
    JSON.parse(text).documents.face,
  ])
    expect(logged).not.toContain(secret)
})
