import { createHmac, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { AppContext } from '../../src/context.ts'
import { createVerification, setVendorSession } from '../../src/id-verification/store.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createApplication } from './application.ts'
import { ALL_SCOPES, addClient, addResident } from './portal.ts'
import { API_KEY, SECRET } from './veriff-vectors.ts'
import { addVerification } from './verifications.ts'

/** What one kind of request did: how often it succeeded, in which time, and the first failures in words. */
export type Tally = { done: number; failed: number; milliseconds: number[]; failures: string[] }
export type Kind = 'read' | 'refresh' | 'flow' | 'delivery'

/** Residents with documents, an application that they allowed to read them, and deliveries of a vendor. */
export async function prepareLoad(given: {
  parts: AppContext
  issuer: string
  /** The web processes. */
  urls: readonly string[]
  residents: number
}) {
  const { parts, issuer, urls, residents } = given
  await setVendorIntegration(parts.db, parts.sealer, {
    vendor: 'veriff',
    baseUrl: 'http://127.0.0.1:9',
    apiKey: API_KEY,
    secret: SECRET,
  })
  const application = await createApplication(issuer, await addClient(parts))
  const people: { id: string; email: string; browser: Browser; access: string; refresh: string }[] =
    []
  for (let count = 0; count < residents; count++) {
    const { id, email } = await addResident(parts, {})
    await addVerification(parts, id)
    const browser = createUserAgent()
    const tokens = await application.obtainTokens(ALL_SCOPES, email, browser)
    people.push({
      id,
      email,
      browser,
      access: tokens.access_token,
      refresh: tokens.refresh_token ?? '',
    })
  }
  const sessions: string[] = []
  let turn = 0
  const nextUrl = () => urls[turn++ % urls.length] ?? issuer

  async function deliver(accountId: string) {
    const sessionId = randomUUID()
    const id = String(
      await createVerification(parts.db, {
        tenant: 'default',
        whose: { accountId },
        vendor: 'veriff',
        integration: 'default',
        stateSha256: Buffer.alloc(32, 3),
      }),
    )
    await setVendorSession(parts.db, id, { sessionId, checkAfterSeconds: undefined })
    const body = JSON.stringify({
      status: 'success',
      verification: {
        id: sessionId,
        attemptId: randomUUID(),
        vendorData: id,
        status: 'declined',
        decisionTime: '2026-01-15T10:30:00.000Z',
      },
    })
    const response = await fetch(`${nextUrl()}/webhooks/veriff`, {
      method: 'POST',
      body,
      headers: {
        'x-auth-client': API_KEY,
        'x-hmac-signature': createHmac('sha256', SECRET).update(body).digest('hex'),
      },
    })
    requireStatus(response.status, await response.text())
    sessions.push(id)
  }

  return {
    people,
    /** Sends all kinds of requests until `seconds` are over, `each` of a kind at once. */
    async run(seconds: number, each: Readonly<Record<Kind, number>>) {
      const tallies = Object.fromEntries(
        Object.keys(each).map((kind) => [
          kind,
          { done: 0, failed: 0, milliseconds: [], failures: [] },
        ]),
      ) as unknown as Record<Kind, Tally>
      const until = performance.now() + seconds * 1000
      const person = (number: number) => people[number % people.length] as (typeof people)[number]
      const work: Record<Kind, (number: number) => Promise<unknown>> = {
        async read(number) {
          const response = await fetch(`${nextUrl()}/api/v1/me/natural-person/id-verification`, {
            headers: { Authorization: `Bearer ${person(number).access}` },
            signal: AbortSignal.timeout(30_000),
          })
          requireStatus(response.status, await response.text())
        },
        // Each number has a chain of refresh tokens of its own.
        async refresh(number) {
          const one = person(number)
          const tokens = await application.refresh(one.refresh)
          one.refresh = tokens.refresh_token ?? ''
          one.access = tokens.access_token
        },
        flow: (number) => {
          const { email, browser } = person(number)
          return application.obtainTokens('openid email', email, browser)
        },
        delivery: (number) => deliver(person(number).id),
      }
      if (each.refresh > people.length) throw new Error('each refresh token has one user')
      await Promise.all(
        (Object.entries(each) as [Kind, number][]).flatMap(([kind, count]) =>
          Array.from({ length: count }, async (_, number) => {
            const tally = tallies[kind]
            while (performance.now() < until) {
              const began = performance.now()
              try {
                await work[kind](number)
                tally.done++
                tally.milliseconds.push(performance.now() - began)
              } catch (error) {
                tally.failed++
                if (tally.failures.length < 3) tally.failures.push(`${kind}: ${describe(error)}`)
                await wait(100)
              }
            }
          }),
        ),
      )
      return tallies
    },
    /** Waits until every acknowledged delivery is applied; returns how many there were. Throws when for a minute none was. */
    async settle(): Promise<number> {
      let applied = -1
      let end = 0
      for (; ; await wait(200)) {
        const [row] = await parts.db<{ declined: number }[]>`
          select count(*)::int as declined from verification
          where id = any (${sessions}) and status = 'declined'`
        const { declined = 0 } = row ?? {}
        if (declined === sessions.length) return declined
        if (declined > applied) end = Date.now() + 60_000
        applied = declined
        if (Date.now() < end) continue
        const waiting = await parts.db`
          select state, tries, explanation, count(*)::int, max(run_at) as due from delivery
          where state <> 'applied' group by 1, 2, 3`
        throw new Error(
          `${sessions.length} deliveries were acknowledged, ${applied} applied, others are ${JSON.stringify(waiting)}`,
        )
      }
    },
  }
}

type Browser = ReturnType<typeof createUserAgent>

function requireStatus(status: number, text: string) {
  if (status !== 200) throw new Error(`status ${status}: ${text.slice(0, 200)}`)
}

function describe(error: unknown): string {
  const { message, cause } = error as Error
  return cause === undefined
    ? message
    : `${message} (${cause instanceof Error ? cause.message : JSON.stringify(cause)})`
}

/** `1,234 reads, 0 failed, 3/12 ms (median/99th)`. */
export function describeTally(kind: Kind, { done, failed, milliseconds }: Tally): string {
  const sorted = milliseconds.toSorted((a, b) => a - b)
  const at = (part: number) => (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(0)
  const plural = kind === 'delivery' ? 'deliveries' : kind === 'refresh' ? 'refreshes' : `${kind}s`
  return `${done.toLocaleString('en')} ${plural}, ${failed} failed, ${at(0.5)}/${at(0.99)} ms (median/99th)`
}
