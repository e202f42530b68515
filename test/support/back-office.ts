import { addClient, type TestPortal } from './portal.ts'

/** The client of a tenant's back office, and an access token of it. */
export async function openBackOffice(
  { issuer, parts }: Pick<TestPortal, 'issuer' | 'parts'>,
  { tenant, scope = 'idv.read idv.write' }: { tenant: string; scope?: string },
): Promise<{ clientId: string; token: string }> {
  const { client_id: clientId, client_secret: secret } = await addClient(parts, {
    name: `${tenant} back office`,
    type: 'service',
    redirectUris: [],
    scope,
    tenant,
  })
  const credentials = Buffer.from(`${clientId}:${secret}`).toString('base64')
  const answer = await fetch(`${issuer}/api/oauth/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  return { clientId, token }
}
