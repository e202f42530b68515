import { randomUUID } from 'node:crypto'
import { startVerification } from '../../src/id-verification/operations.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { startMosaicSandbox } from '../../src/local/sandbox/mosaic.ts'
import type { Person } from '../../src/local/sandbox/specimen.ts'
import { addResident, DOCUMENT, type TestPortal } from './portal.ts'

/** A sandbox Mosaic, connected to the portal. */
export async function connectMosaic(portal: TestPortal, { person = {} as Partial<Person> } = {}) {
  const clientId = randomUUID()
  const clientSecret = `${randomUUID()}&+=`
  const sandbox = await startMosaicSandbox({
    port: 0,
    clientId,
    clientSecret,
    person: { ...DOCUMENT, ...person },
  })
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'mosaic',
    baseUrl: sandbox.url,
    apiKey: clientId,
    secret: clientSecret,
    settings: ['organizationName=Utopia'],
  })
  return {
    sandbox,
    /** A new resident with a session; `url` is the vendor's page. */
    async start() {
      const resident = await addResident(portal.parts)
      const { id, vendorSessionId, url } = await startVerification(
        { ...portal.parts, issuer: portal.issuer },
        { vendor: 'mosaic', accountId: resident.id },
      )
      return { resident, id, sessionId: vendorSessionId, url }
    },
  }
}

/** Acts as the person on the vendor's page. Returns where the browser is redirected. */
export async function chooseOutcome(url: string, outcome: string): Promise<URL> {
  const body = new URLSearchParams({ outcome })
  const response = await fetch(url, { method: 'POST', body, redirect: 'manual' })
  return new URL(response.headers.get('location') ?? '', url)
}
