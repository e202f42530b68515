import { createHmac, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import type { TestPortal } from './portal.ts'

/** A vendor like Veriff whose lists contain no sizes of images. It serves for each image the bytes that were set last. */
export async function connectImageVendor(portal: TestPortal, name = 'images') {
  const apiKey = randomUUID()
  const secret = randomUUID()
  const sessions = new Map<string, { id: string; context: string; bytes: Uint8Array }[]>()
  const server = createServer((req, res) => {
    const [, listed] = /([^/]+)\/media$/.exec(req.url ?? '') ?? []
    const requested = (req.url ?? '').split('/').at(-1)
    const media = [...sessions.values()].flat().find(({ id }) => id === requested)
    const images = (sessions.get(listed ?? '') ?? []).map(({ id, context }) => ({ id, context }))
    const body =
      listed === undefined
        ? Buffer.from(media?.bytes ?? [])
        : Buffer.from(JSON.stringify({ status: 'success', images }))
    res.setHeader('X-HMAC-SIGNATURE', createHmac('sha256', secret).update(body).digest('hex'))
    res.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'veriff',
    name,
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey,
    secret,
  })
  return {
    /** Creates an approved verification whose images are not listed yet. */
    async approve(accountId: string, images: Record<string, Uint8Array>) {
      const sessionId = randomUUID()
      sessions.set(
        sessionId,
        Object.entries(images).map(([context, bytes]) => ({ id: randomUUID(), context, bytes })),
      )
      const [row] = await portal.db<{ id: string }[]>`
        insert into verification (account_id, vendor, integration, vendor_session_id, status, attempt_id, match)
        values (${accountId}, 'veriff', ${name}, ${sessionId}, 'approved', ${sessionId}, 'match') returning id`
      return { id: row?.id ?? '', sessionId }
    },
    replace(sessionId: string, images: Record<string, Uint8Array>) {
      for (const media of sessions.get(sessionId) ?? [])
        media.bytes = images[media.context] ?? media.bytes
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
