import { createHmac, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { VENDORS, type VendorName } from '../../../src/id-verification/vendors/vendor-names.ts'

/** What a vendor requires of the portal's calls, and what it signs deliveries with. */
export type VendorSecrets = { apiKey: string; secret: string; webhookSecret: string }
export type Vendors = Awaited<ReturnType<typeof startVendors>>

export const INCODE_HEADER = 'X-Portal-Key'

const NOT_FOUND = { error: 'not found' }

export const newSecrets = (): VendorSecrets => ({
  apiKey: randomUUID(),
  secret: randomUUID(),
  webhookSecret: randomUUID(),
})

/** All vendors behind one port, as far as the start of a session. Each accepts one set of secrets at a time, and can change it. */
export async function startVendors() {
  const secrets = Object.fromEntries(VENDORS.map((vendor) => [vendor, newSecrets()])) as Record<
    VendorName,
    VendorSecrets
  >
  const tokens = new Map<string, VendorSecrets>()
  const refused: string[] = []

  /** `undefined`: refused. */
  function answer(req: IncomingMessage, body: string): object | undefined {
    const { headers, url } = req
    const { veriff, kora, incode, mosaic, sumsub, stripe } = secrets
    if (url === '/veriff/v1/sessions') {
      const signature = createHmac('sha256', veriff.secret).update(body).digest('hex')
      const isOurs = headers['x-auth-client'] === veriff.apiKey
      if (!isOurs || headers['x-hmac-signature'] !== signature) return undefined
      return { verification: { id: randomUUID(), url: 'https://vendor.test/' } }
    }
    if (url === '/kora/verifications')
      return headers.authorization === `Bearer ${kora.apiKey}` ? { id: randomUUID() } : undefined
    if (url?.startsWith('/incode/')) {
      if (headers['x-api-key'] !== incode.apiKey) return undefined
      return url.startsWith('/incode/omni/start')
        ? { interviewId: randomUUID(), token: randomUUID() }
        : { url: 'https://vendor.test/' }
    }
    if (url === '/mosaic/oidc/token') {
      const form = new URLSearchParams(body)
      const isOurs = form.get('client_id') === mosaic.apiKey
      if (!isOurs || form.get('client_secret') !== mosaic.secret) return undefined
      const token = randomUUID()
      tokens.set(token, mosaic)
      return { access_token: token, expires_in: 3600 }
    }
    if (url === '/mosaic/verify/api/v1/verification') {
      // A change of the secret also ends the tokens.
      const token = tokens.get(headers.authorization?.replace('Bearer ', '') ?? '')
      return token === mosaic ? { session_id: randomUUID(), start_token: 'start' } : undefined
    }
    if (url?.startsWith('/sumsub/')) {
      const signed = `${headers['x-app-access-ts']}POST${url}${body}`
      const signature = createHmac('sha256', sumsub.secret).update(signed).digest('hex')
      const isOurs = headers['x-app-token'] === sumsub.apiKey
      if (!isOurs || headers['x-app-access-sig'] !== signature) return undefined
      return url.endsWith('/websdkLink') ? { url: 'https://vendor.test/' } : { id: randomUUID() }
    }
    if (url === '/stripe/v1/identity/verification_sessions')
      return headers.authorization === `Bearer ${stripe.apiKey}`
        ? { id: randomUUID(), url: 'https://vendor.test/' }
        : undefined
    return NOT_FOUND
  }

  const server = createServer(async (req, res) => {
    const answered = answer(req, await text(req))
    if (!answered) refused.push(req.url?.split('/')[1] ?? '')
    const status = answered === NOT_FOUND ? 404 : answered ? 200 : 401
    res.writeHead(status, { 'Content-Type': 'application/json' })
    res.end(JSON.stringify(answered ?? { error: 'unauthorized' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    urlOf: (vendor: VendorName) => `http://127.0.0.1:${port}/${vendor}`,
    secrets,
    /** The vendor of each refused call. */
    refused,
    /** A delivery that nobody else sends, and what authenticates it. */
    createDelivery(vendor: Exclude<VendorName, 'mosaic'>): {
      body: string
      headers: Record<string, string>
    } {
      const { apiKey, secret, webhookSecret } = secrets[vendor]
      const [id, session] = [randomUUID(), randomUUID()]
      const hmac = (message: string, key = secret) =>
        createHmac('sha256', key).update(message).digest('hex')
      if (vendor === 'incode') {
        const body = JSON.stringify({ interviewId: session, onboardingStatus: 'UNKNOWN', id })
        return { body, headers: { [INCODE_HEADER]: webhookSecret } }
      }
      if (vendor === 'sumsub') {
        const body = JSON.stringify({ applicantId: session, type: 'applicantPending', id })
        return { body, headers: { 'X-Payload-Digest': hmac(body, webhookSecret) } }
      }
      const time = String(Math.floor(Date.now() / 1000))
      if (vendor === 'stripe') {
        const type = 'identity.verification_session.processing'
        const body = JSON.stringify({ id, type, data: { object: { id: session } } })
        return { body, headers: { 'Stripe-Signature': `t=${time},v1=${hmac(`${time}.${body}`)}` } }
      }
      if (vendor === 'kora') {
        const body = JSON.stringify({ id, resourceType: 'verification', resourceId: session })
        return { body, headers: { 'X-Timestamp': time, 'X-Signature': hmac(`${time}.${body}`) } }
      }
      const body = JSON.stringify({ id: session, attemptId: id, action: 'started', code: 7001 })
      return { body, headers: { 'X-AUTH-CLIENT': apiKey, 'X-HMAC-SIGNATURE': hmac(body) } }
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
