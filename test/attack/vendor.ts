import { createHmac, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AppContext } from '../../src/context.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'

/** A Veriff integration as the operator entered it. */
export type Integration = { name: string; apiKey: string; secret: string }

/** A stand-in for Veriff that serves any bytes as images, and signs any response. */
export type VendorStandIn = {
  /** The operator's own integration. */
  own: Integration
  /** Another integration, of this tenant; with `sessionId` every session that it starts has this id. */
  addIntegration(given: { tenant?: string; sessionId?: string }): Promise<Integration>
  /** The images of a session, by context. */
  setImages(sessionId: string, images: Record<string, Uint8Array>): void
  close(): Promise<void>
}

export async function startVendor({ db, sealer }: AppContext): Promise<VendorStandIn> {
  const secret = randomUUID()
  const sessions = new Map<string, { id: string; context: string; bytes: Uint8Array }[]>()
  const server = createServer((req, res) => {
    const url = req.url ?? ''
    const answer = (body: string | Uint8Array, status = 200) => {
      const signature = createHmac('sha256', secret).update(body).digest('hex')
      res.writeHead(status, { 'X-HMAC-SIGNATURE': signature }).end(body)
    }
    req.resume()
    if (req.method === 'POST' && url.endsWith('/v1/sessions')) {
      const [, id = randomUUID()] = /^\/again\/([^/]+)\//.exec(url) ?? []
      const verification = { id, url: `https://vendor.test/${id}` }
      return answer(JSON.stringify({ status: 'success', verification }), 201)
    }
    const [, of] = /\/(?:sessions|attempts)\/([^/]+)\/media$/.exec(url) ?? []
    if (of !== undefined) {
      const images = (sessions.get(of) ?? []).map(({ id, context }) => ({ id, context }))
      return answer(JSON.stringify({ status: 'success', images }))
    }
    const media = [...sessions.values()].flat().find(({ id }) => url === `/v1/media/${id}`)
    return media ? answer(media.bytes) : answer('{}', 404)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function addIntegration(name: string, at: string, tenant?: string): Promise<Integration> {
    const apiKey = randomUUID()
    const given = { vendor: 'veriff', name, baseUrl: at, apiKey, secret }
    await setVendorIntegration(db, sealer, { ...given, ...(tenant ? { tenant } : {}) })
    return { name, apiKey, secret }
  }

  return {
    own: await addIntegration('default', baseUrl),
    addIntegration: ({ tenant, sessionId }) =>
      addIntegration(
        tenant ?? `i-${randomUUID().slice(0, 8)}`,
        sessionId === undefined ? baseUrl : `${baseUrl}/again/${sessionId}`,
        tenant,
      ),
    setImages(sessionId, images) {
      const media = Object.entries(images).map(([context, bytes]) => ({
        id: randomUUID(),
        context,
        bytes,
      }))
      sessions.set(sessionId, media)
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A decision of Veriff for a session, signed with its secret. */
export function signDecision(
  session: { id: string; sessionId: string },
  { apiKey, secret }: Integration,
  change: object = {},
) {
  const body = JSON.stringify({
    status: 'success',
    verification: {
      id: session.sessionId,
      attemptId: session.sessionId,
      vendorData: session.id,
      status: 'approved',
      decisionTime: new Date().toISOString(),
      person: { firstName: 'ANA', lastName: 'MEJIA', dateOfBirth: '1990-02-03' },
      document: { type: 'PASSPORT', number: 'E123456', country: 'HN', validUntil: '2031-05-01' },
      ...change,
    },
  })
  return { body, headers: signatureOf(body, { apiKey, secret }) }
}

export const signatureOf = (body: string, { apiKey, secret }: Omit<Integration, 'name'>) => ({
  'x-auth-client': apiKey,
  'x-hmac-signature': createHmac('sha256', secret).update(body).digest('hex'),
})
