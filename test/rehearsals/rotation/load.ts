import { setTimeout as wait } from 'node:timers/promises'
import type { AppContext } from '../../../src/context.ts'
import { VENDORS } from '../../../src/id-verification/vendors/vendor-names.ts'
import { createApplication } from '../../support/application.ts'
import { addClient, addResident } from '../../support/portal.ts'
import { addVerification } from '../../support/verifications.ts'
import type { Vendors } from './vendors.ts'

export type Load = Awaited<ReturnType<typeof startLoad>>
type Tally = { done: number; failures: string[] }

const API = '/api/v1/me/natural-person/id-verification'
const SCOPE = 'openid offline_access eprospera:person.id_verification.read'
const DELIVERING = VENDORS.filter((vendor) => vendor !== 'mosaic')

/**
 * What applications, residents and vendors do all the time, at `issuer`: reads with the images' links, refreshes, sign-ins with a
 * code, a back office's sessions at each vendor, and deliveries of each. Nothing is tried again.
 */
export async function startLoad(
  parts: AppContext,
  given: { issuer: string; vendors: Vendors; readers: number; pauseMs: number },
) {
  const { issuer, vendors, readers, pauseMs } = given
  const tallies = new Map<string, Tally>()
  const stopping = new AbortController()
  const running: Promise<void>[] = []

  const holder = await addResident(parts)
  await addVerification(parts, holder.id)
  const visitor = await addResident(parts)
  const application = await createApplication(issuer, await addClient(parts, { scope: SCOPE }))
  const office = await addClient(parts, {
    type: 'service',
    redirectUris: [],
    scope: 'idv.read idv.write',
  })
  let officeSecret = office.client_secret ?? ''
  let tokens = await application.obtainTokens(SCOPE, holder.email)

  function repeat(kind: string, everyMs: number, work: () => Promise<void>) {
    const tally = tallies.get(kind) ?? { done: 0, failures: [] }
    tallies.set(kind, tally)
    const loop = async () => {
      while (!stopping.signal.aborted) {
        try {
          await work()
          tally.done++
        } catch (error) {
          tally.failures.push(`${new Date().toISOString()} ${kind}: ${describe(error)}`)
        }
        const pause = everyMs * (0.5 + Math.random())
        await wait(pause, undefined, { signal: stopping.signal }).catch(() => {})
      }
    }
    running.push(loop())
  }

  async function read() {
    const { documents } = await json<{ documents: Record<string, string | null> }>(
      await fetch(`${issuer}${API}`, {
        headers: { Authorization: `Bearer ${tokens.access_token}` },
      }),
      200,
    )
    if (!documents.documentFront) throw new Error('the document has no link')
    return documents.documentFront
  }

  async function download() {
    const image = await fetch(await read())
    await image.arrayBuffer()
    if (image.status !== 200) throw new Error(`the link answered ${image.status}`)
  }

  async function refresh() {
    const refreshed = await application.refresh(tokens.refresh_token ?? '')
    tokens = Object.assign(refreshed, {
      refresh_token: refreshed.refresh_token ?? tokens.refresh_token,
    })
  }

  async function startSession(vendor: string) {
    const { access_token: token } = await json<{ access_token: string }>(
      await fetch(`${issuer}/api/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: office.client_id,
          client_secret: officeSecret,
        }),
      }),
      200,
    )
    const started = await fetch(`${issuer}/api/v1/idv/verifications`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ vendor, externalId: crypto.randomUUID() }),
    })
    await json(started, 201)
  }

  async function deliver(vendor: (typeof DELIVERING)[number]) {
    const { body, headers } = vendors.createDelivery(vendor)
    const answer = await fetch(`${issuer}/webhooks/${vendor}`, { method: 'POST', body, headers })
    await json(answer, 200)
  }

  for (let reader = 0; reader < readers; reader++)
    repeat('reads', pauseMs, async () => void (await read()))
  repeat('images', 10 * pauseMs, download)
  repeat('refreshes', 6 * pauseMs, refresh)
  repeat('sign-ins', 40 * pauseMs, async () => {
    await application.obtainTokens(SCOPE, visitor.email)
  })
  let turn = 0
  repeat('vendor sessions', 6 * pauseMs, () =>
    startSession(VENDORS[turn++ % VENDORS.length] ?? 'veriff'),
  )
  for (const vendor of DELIVERING) repeat('deliveries', 8 * pauseMs, () => deliver(vendor))

  return {
    tallies,
    count() {
      const all = [...tallies.values()]
      return {
        done: all.reduce((sum, { done }) => sum + done, 0),
        failed: all.reduce((sum, { failures }) => sum + failures.length, 0),
      }
    },
    officeId: office.client_id,
    /** The access token that readers use now. */
    accessToken: () => tokens.access_token,
    useOfficeSecret(secret: string) {
      officeSecret = secret
    },
    /** The status that one process gives to an access token. */
    call: async (url: string, token: string) => {
      const answer = await fetch(`${url}${API}`, {
        headers: { Authorization: `Bearer ${token}`, Host: new URL(issuer).host },
      })
      await answer.arrayBuffer()
      return answer.status
    },
    async stop() {
      stopping.abort()
      await Promise.all(running)
    },
  }
}

async function json<T>(answer: Response, expected: number): Promise<T> {
  const text = await answer.text()
  if (answer.status !== expected)
    throw new Error(
      `${new URL(answer.url).pathname} answered ${answer.status}: ${text.slice(0, 200)}`,
    )
  return JSON.parse(text) as T
}

function describe(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string } }
  return [message ?? String(error), cause?.message].filter(Boolean).join(': ')
}
