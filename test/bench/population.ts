import { createHmac, randomUUID } from 'node:crypto'
import { createAccount } from '../../src/accounts/accounts.ts'
import { createClient } from '../../src/clients/clients.ts'
import type { AppContext } from '../../src/context.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { hashSecret, randomSecret } from '../../src/platform/secrets.ts'
import { createAccessTokens } from '../../src/signing/access-token.ts'
import { openKeyRing } from '../../src/signing/key-ring.ts'
import { basic, CALLBACK, type Flows, MEMORY_CLIENT, signInBrowsers } from './flow.ts'
import { CONNECTIONS, type Request } from './load.ts'

export const RESIDENTS = 256
export const API = '/api/v1/me/natural-person/id-verification'

/** The request of an application that reads a resident's documents. */
export const readRequest = (token: string, path = API): Request => ({
  path,
  headers: { authorization: `Bearer ${token}` },
})

export const credentialsRequest = (
  client: { id: string; secret: string },
  path: string,
): Request => ({
  method: 'POST',
  path,
  headers: { authorization: basic(client), 'content-type': 'application/x-www-form-urlencoded' },
  body: 'grant_type=client_credentials&scope=idv.read',
})

/** Residents with a complete approved verification each, and a live access token each, as the portal itself makes them. */
export async function seed(parts: AppContext, issuer: string): Promise<string[]> {
  const { db, sealer } = parts
  const ring = await openKeyRing(db, sealer, parts.log)
  const tokens = createAccessTokens(issuer, ring)
  const scope = 'openid eprospera:person.id_verification.read'
  const client = await createClient(db, {
    name: 'Benchmark',
    redirectUris: ['http://localhost/cb'],
    scope,
  })
  const issued: string[] = []
  for (let index = 0; index < RESIDENTS; index++) {
    const account = await createAccount(parts, {
      email: `resident-${index}@example.test`,
      givenName: 'Resident',
      surname: `Number ${index}`,
    })
    const jti = randomSecret()
    const grantId = randomSecret()
    await db`insert into consent (account_id, client_id, scopes)
      values (${account.id}, ${client.client_id}, ${scope.split(' ')})`
    await db`insert into oauth_grant (id, account_id, client_id, payload)
      values (${grantId}, ${account.id}, ${client.client_id}, '{}')`
    await db`
      insert into oidc_artifact (kind, id, payload, grant_id, account_id, client_id, scope, expires_at)
      values ('AccessToken', ${hashSecret(jti)}, '{}', ${grantId}, ${account.id}, ${client.client_id},
        ${scope}, now() + interval '1 hour')`
    const folder = `default/${randomUUID()}/1`
    await db`
      insert into verification (account_id, vendor, integration, vendor_session_id, status, document_type,
        images_complete, document_front_key, document_back_key, face_key, match)
      values (${account.id}, 'veriff', 'default', ${randomUUID()}, 'approved', 'passport', true,
        ${`${folder}/document_front.jpg`}, ${`${folder}/document_back.jpg`}, ${`${folder}/selfie.jpg`}, 'match')`
    const now = Math.floor(Date.now() / 1000)
    issued.push(
      await tokens.sign({
        jti,
        subject: account.id,
        clientId: client.client_id,
        scope,
        issuedAt: now,
        expiresAt: now + 3600,
      }),
    )
  }
  ring.close()
  await db`analyze`
  return issued
}

/** A web client with residents who can sign in, and a service client. */
export async function seedClients(parts: AppContext) {
  const { db } = parts
  const web = await createClient(db, {
    name: 'Benchmark of the code flow',
    redirectUris: [CALLBACK],
    scope: 'openid email offline_access',
  })
  const service = await createClient(db, {
    name: 'Benchmark of client credentials',
    type: 'service',
    scope: 'idv.read',
  })
  const password = 'lantern orchard violet drum'
  const stranger = await createClient(db, {
    name: 'Benchmark of guesses',
    type: 'service',
    scope: 'idv.read',
    tenant: 'elsewhere',
  })
  const residents = Array.from({ length: CONNECTIONS }, (_, index) => ({
    email: `browser-${index}@example.test`,
    password,
  }))
  for (const { email } of residents)
    await createAccount(parts, { email, password, givenName: 'Ana', surname: 'Mejia' })
  return {
    web: { id: web.client_id, secret: web.client_secret ?? '' },
    service: { id: service.client_id, secret: service.client_secret ?? '' },
    stranger: { id: stranger.client_id, secret: stranger.client_secret ?? '' },
    residents,
  }
}

export async function serviceToken(issuer: string, client: { id: string; secret: string }) {
  const answer = await fetch(`${issuer}/api/oauth/token`, {
    method: 'POST',
    headers: { authorization: basic(client) },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'idv.read' }),
  })
  return ((await answer.json()) as { access_token: string }).access_token
}

/** Browsers with a session at the portal, each of another resident. */
export async function portalFlows(
  issuer: string,
  { web, residents }: Awaited<ReturnType<typeof seedClients>>,
  scope?: string,
): Promise<Flows> {
  return {
    authorize: `${issuer}/api/oauth/authorize`,
    token: `${issuer}/api/oauth/token`,
    client: web,
    browsers: await signInBrowsers(issuer, web, residents, scope),
  }
}

/** Browsers with a session at the library with the in-memory adapter. */
export async function memoryFlows(url: string): Promise<Flows> {
  const browsers = Array.from({ length: CONNECTIONS }, () => createUserAgent())
  for (const browser of browsers) await (await browser.request(`${url}/sign-in`)).text()
  return { authorize: `${url}/auth`, token: `${url}/token`, client: MEMORY_CLIENT, browsers }
}

/** A new decision for each call, signed like Veriff's and about as large as a real one. */
export function deliveries({ apiKey, secret }: { apiKey: string; secret: string }): () => Request {
  return () => {
    const body = JSON.stringify({
      status: 'success',
      verification: {
        id: randomUUID(),
        attemptId: randomUUID(),
        vendorData: randomUUID(),
        status: 'approved',
        code: 9001,
        decisionTime: new Date().toISOString(),
        person: { firstName: 'ANA', lastName: 'MEJIA', dateOfBirth: '1990-04-12' },
        document: { type: 'PASSPORT', number: 'X0000000', country: 'HN' },
        riskLabels: Array.from({ length: 12 }, (_, n) => ({
          label: `label_${n}`,
          category: 'device',
          sessionIds: [],
        })),
      },
      technicalData: { ip: '203.0.113.7' },
    })
    return {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-auth-client': apiKey,
        'x-hmac-signature': createHmac('sha256', secret).update(body).digest('hex'),
      },
      body,
    }
  }
}
