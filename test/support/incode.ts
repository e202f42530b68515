import { randomUUID } from 'node:crypto'
import { startVerification } from '../../src/id-verification/operations.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { startIncodeSandbox } from '../../src/sandbox/incode.ts'
import { addClient, addResident, type TestPortal } from './portal.ts'

type Options = Partial<Parameters<typeof startIncodeSandbox>[0]>

/** A sandbox Incode that the portal knows under an integration of its own, and that signs in here to deliver. */
export async function connectIncode(
  portal: TestPortal,
  { settings = [], ...options }: Options & { settings?: string[] } = {},
) {
  const name = `i-${randomUUID().slice(0, 8)}`
  const [apiKey, password] = [randomUUID(), randomUUID()]
  const { client_id: clientId, client_secret: clientSecret = '' } = await addClient(portal.parts, {
    name: 'Incode',
    type: 'service',
    redirectUris: [],
    scope: 'webhook.incode',
  })
  const url = `${portal.url}/webhooks/incode/${name}`
  const sandbox = await startIncodeSandbox({
    port: 0,
    apiKey,
    email: 'portal@example.test',
    password,
    webhook: {
      url,
      authentication: { tokenUrl: `${portal.issuer}/api/oauth/token`, clientId, clientSecret },
    },
    retryDelaysInMs: [50, 100, 200, 400],
    ...options,
  })
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'incode',
    name,
    baseUrl: sandbox.url,
    apiKey,
    secret: password,
    settings: ['executiveEmail=portal@example.test', `webhookClientId=${clientId}`, ...settings],
  })
  return {
    sandbox,
    name,
    url,
    clientId,
    clientSecret,
    apiKey,
    password,
    /** A new resident with a session of their own; `url` is the vendor's page. */
    async start() {
      const resident = await addResident(portal.parts)
      const { id, vendorSessionId, url } = await startVerification(
        { ...portal.parts, issuer: portal.issuer },
        { vendor: 'incode', integration: name, accountId: resident.id },
      )
      return { resident, id, sessionId: vendorSessionId, url }
    },
  }
}
