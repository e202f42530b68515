import { randomUUID } from 'node:crypto'
import { startVerification } from '../../src/id-verification/operations.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { type IncodeSandbox, startIncodeSandbox } from '../../src/local/sandbox/incode.ts'
import type { CaptureType } from '../../src/local/sandbox/incode-sessions.ts'
import type { Person } from '../../src/local/sandbox/specimen.ts'
import { addClient, addResident, DOCUMENT, type TestPortal } from './portal.ts'

/** A service client with which Incode authenticates before it delivers. */
export const addWebhookClient = async (portal: TestPortal, scope = 'webhook.incode') => {
  const client = await addClient(portal.parts, { type: 'service', redirectUris: [], scope })
  return { clientId: client.client_id, clientSecret: client.client_secret ?? '' }
}

/**
 * A sandbox Incode, connected to the portal with an integration of its own. It gets a token from the portal before it
 * delivers, or sends a static header. With `links`, images are read as links.
 */
export async function connectIncode(
  portal: TestPortal,
  {
    header = false,
    links = false,
    webhooks = true,
    retryDelaysInMs = [50, 100, 200, 400],
    scope = 'webhook.incode',
    person = {} as Partial<Person>,
  } = {},
) {
  const name = `i-${randomUUID().slice(0, 8)}`
  const [apiKey, password, webhookSecret] = [randomUUID(), randomUUID(), randomUUID()]
  const email = 'executive@example.test'
  const client = await addWebhookClient(portal, scope)
  const webhookUrl = `${portal.url}/webhooks/incode/${name}`
  const sandbox = await startIncodeSandbox({
    port: 0,
    apiKey,
    email,
    password,
    ...(webhooks ? { webhookUrl } : {}),
    authentication: header
      ? { header: 'X-Portal-Key', value: webhookSecret }
      : { tokenUrl: `${portal.issuer}/api/oauth/token`, ...client },
    retryDelaysInMs,
    person: { ...DOCUMENT, ...person },
  })
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'incode',
    name,
    baseUrl: sandbox.url,
    apiKey,
    secret: password,
    settings: [
      `executiveEmail=${email}`,
      ...(header ? ['webhookHeader=X-Portal-Key'] : [`webhookClientId=${client.clientId}`]),
      ...(links ? [`imageLinksPath=${sandbox.imageLinksPath}`] : []),
    ],
    ...(header ? { webhookSecret } : {}),
  })
  return {
    sandbox,
    name,
    apiKey,
    client,
    webhookUrl,
    webhookSecret,
    /** A new resident with a session; `url` is the vendor's page. */
    async start() {
      const resident = await addResident(portal.parts)
      const given = { vendor: 'incode', integration: name, accountId: resident.id }
      const started = await startVerification({ ...portal.parts, issuer: portal.issuer }, given)
      return { resident, id: started.id, sessionId: started.vendorSessionId, url: started.url }
    },
  }
}

/** Adds an image of this type that differs from all others, and returns its SHA-256. */
export async function withDrawing(
  sandbox: IncodeSandbox,
  sessionId: string,
  type: CaptureType,
): Promise<string> {
  sandbox.addImage(sessionId, { type })
  const held = await sandbox.findSession(sessionId)
  return held?.captures.findLast((capture) => capture.type === type)?.sha256 ?? ''
}
