import { randomUUID } from 'node:crypto'
import { startVerification } from '../../src/id-verification/operations.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import type { Person } from '../../src/local/sandbox/specimen.ts'
import { startVeriffSandbox } from '../../src/local/sandbox/veriff.ts'
import type { Db } from '../../src/platform/db.ts'
import { addResident, DOCUMENT, type TestPortal } from './portal.ts'

/**
 * A sandbox vendor, connected to the portal. With `webhooks: false` it sends no webhooks. Documents show the resident of the
 * tests, or `person`; `complete` and `decide` can change the person for a session.
 */
export async function connectSandbox(
  portal: Pick<TestPortal, 'url' | 'issuer' | 'db' | 'parts'>,
  { webhooks = true, person = {} as Partial<Person> } = {},
) {
  const apiKey = randomUUID()
  const sharedSecret = randomUUID()
  const sandbox = await startVeriffSandbox({
    port: 0,
    apiKey,
    sharedSecret,
    person: { ...DOCUMENT, ...person },
    retryDelaysInMs: [50, 100, 200, 400, 800, 1600],
    ...(webhooks ? { webhookUrl: `${portal.url}/webhooks/veriff` } : {}),
  })
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'veriff',
    baseUrl: sandbox.url,
    apiKey,
    secret: sharedSecret,
  })
  return {
    sandbox,
    apiKey,
    sharedSecret,
    /** A new resident with a session at the vendor. */
    async start() {
      const resident = await addResident(portal.parts)
      const started = await startVerification(
        { ...portal.parts, issuer: portal.issuer },
        {
          vendor: 'veriff',
          accountId: resident.id,
        },
      )
      return { resident, id: started.id, sessionId: started.vendorSessionId }
    },
  }
}

/** Repeats the call until it returns a value, for up to two minutes because the machine may be busy, and returns the value. */
export async function eventually<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  // Less and less often, because asking takes from what is asked for.
  let pause = 20
  for (const end = Date.now() + 120_000; ; pause = Math.min(250, 1.3 * pause)) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > end) throw new Error('it did not come true within two minutes')
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
}

/** Whether the portal asked for an image of this verification, and could not store it. */
export async function hasFailedImage(db: Db, verificationId: string): Promise<boolean> {
  const failed = await db`
    select from image left join pgboss.job on data ->> 'imageId' = image.id::text
    where verification_id = ${verificationId}
      and (refusals > 0 or retry_count > 0 or job.state = 'retry')`
  return failed.length > 0
}

/** Makes what is to be tried again later for this verification due at once, until `ask` returns. */
export async function retryNowUntil<T>(
  db: Db,
  verificationId: string,
  ask: () => Promise<T>,
): Promise<T> {
  const hurrying = setInterval(() => {
    void db`
      update pgboss.job set start_after = now()
      where name in ('fetch-result', 'backup-image') and state in ('created', 'retry')
        and start_after > now() and (data ->> 'verificationId' = ${verificationId} or data ->> 'imageId' in (
          select id::text from image where verification_id = ${verificationId}))`.catch(() => {})
  }, 200)
  try {
    return await ask()
  } finally {
    clearInterval(hurrying)
  }
}
