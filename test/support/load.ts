import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { startVerification } from '../../src/id-verification/operations.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { startVeriffSandbox } from '../../src/local/sandbox/veriff.ts'
import { startCourier } from '../chaos/courier.ts'
import type { Delivered } from '../chaos/history.ts'
import { createApplication } from './application.ts'
import type { Deployment } from './deployment.ts'
import { ALL_SCOPES, addClient, addResident, HOLDER, SMALL_PHOTOS } from './portal.ts'

const RESIDENTS = 3
const SESSION_EVERY_MS = 1_500
const READ_EVERY_MS = 50
const REFRESH_EVERY_MS = 200
export const IMAGES_OF_A_SESSION = 3

/** Applications that read and refresh, and a vendor that delivers; none of them tries anything again. */
export async function startLoad(deployment: Deployment, portal: string) {
  const { parts, later } = deployment
  const failures: string[] = []
  const requests = { reads: 0, refreshes: 0 }
  const stopping = new AbortController()
  let longestMs = 0

  /** Records how the request went; a failure is not repeated. */
  async function send<T>(what: keyof typeof requests, request: () => Promise<T>) {
    const began = performance.now()
    requests[what]++
    try {
      const answer = await request()
      longestMs = Math.max(longestMs, performance.now() - began)
      return answer
    } catch (error) {
      failures.push(`${new Date().toISOString()} ${what}: ${(error as Error).cause ?? error}`)
    }
    return undefined
  }

  async function readRepeatedly(token: string) {
    while (!stopping.signal.aborted) {
      await send('reads', async () => {
        const response = await fetch(`${portal}/api/v1/me/natural-person/id-verification`, {
          headers: { Authorization: `Bearer ${token}` },
        })
        const body = await response.text()
        if (!response.ok) throw new Error(`${response.status} ${body.slice(0, 200)}`)
      })
      await wait(READ_EVERY_MS)
    }
  }

  async function refreshRepeatedly(first: string) {
    for (let token = first; !stopping.signal.aborted; ) {
      const tokens = await send('refreshes', () => application.refresh(token))
      token = tokens?.refresh_token ?? token
      await wait(REFRESH_EVERY_MS)
    }
  }

  const deliveries: Delivered[] = []
  const courier = later(
    await startCourier({
      random: Math.random,
      webs: () => [portal],
      record(delivered) {
        deliveries.push(delivered)
        if (delivered.status !== 200)
          failures.push(`a delivery: ${delivered.status || 'no answer'}`)
      },
    }),
    (each) => each.close(),
  )
  const [apiKey, sharedSecret] = [randomUUID(), randomUUID()]
  const vendor = later(
    await startVeriffSandbox({
      port: 0,
      apiKey,
      sharedSecret,
      webhookUrl: `${courier.url}/webhooks/veriff`,
      retryDelaysInMs: [],
      person: { ...HOLDER, ...SMALL_PHOTOS },
    }),
    (each) => each.close(),
  )
  await setVendorIntegration(parts.db, parts.sealer, {
    vendor: 'veriff',
    baseUrl: vendor.url,
    apiKey,
    secret: sharedSecret,
  })
  const application = await createApplication(portal, await addClient(parts))
  const residents = await Promise.all(
    Array.from({ length: RESIDENTS }, async () => {
      const { id, email } = await addResident(parts)
      const tokens = await application.obtainTokens(ALL_SCOPES, email)
      return { id, access: tokens.access_token, refresh: tokens.refresh_token ?? '' }
    }),
  )
  let sessions = 0

  async function decideRepeatedly() {
    for (let number = 0; !stopping.signal.aborted; number++) {
      const { id: accountId = '' } = residents[number % RESIDENTS] ?? {}
      const { vendorSessionId } = await startVerification(
        { ...parts, issuer: portal },
        { vendor: 'veriff', accountId },
      )
      await vendor.complete(vendorSessionId, 'approved')
      sessions++
      await wait(SESSION_EVERY_MS)
    }
  }

  const running = [
    ...residents.map(({ access }) => readRepeatedly(access)),
    ...residents.map(({ refresh }) => refreshRepeatedly(refresh)),
    decideRepeatedly(),
  ]
  return {
    async stop() {
      stopping.abort()
      await Promise.all(running)
      await vendor.settled()
      await courier.settled()
      return { requests, failures, longestMs, sessions, deliveries }
    },
  }
}
