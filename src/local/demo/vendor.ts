import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { startVerification } from '../../id-verification/operations.ts'
import { findVerificationRow, listVerifications } from '../../id-verification/store.ts'
import { setVendorIntegration } from '../../id-verification/vendors/vendors.ts'
import { OperatorError } from '../../platform/errors.ts'
import type { Served } from '../../serve.ts'
import { startVeriffSandbox } from '../sandbox/veriff.ts'
import type { VeriffSandbox } from '../sandbox/veriff-control.ts'
import { findHolder } from './people.ts'

const keysSchema = z.object({ apiKey: z.string(), sharedSecret: z.string() })

/** Starts the sandbox vendor and connects the portal to it. Its keys are stored, so that a restart finds its sessions again. */
export async function startVendor(served: Served, port: number): Promise<VeriffSandbox> {
  const { context, server } = served
  if (!server) throw new OperatorError('The demo needs ROLE=all.')
  const file = join(context.config.dataDir, 'demo-vendor.json')
  const kept = keysSchema.safeParse(await readJson(file))
  const keys = kept.success ? kept.data : { apiKey: randomUUID(), sharedSecret: randomUUID() }
  if (!kept.success) await writeFile(file, JSON.stringify(keys), { mode: 0o600 })
  const vendor = await startVeriffSandbox({
    port,
    ...keys,
    webhookUrl: `${server.url}/webhooks/veriff`,
    stateFile: join(context.config.dataDir, 'demo-vendor-sessions.json'),
    person: (verificationId) => findHolder(context, verificationId),
    next: async (verificationId) => {
      const { accountId } = (await findVerificationRow(context.db, verificationId)) ?? {}
      return accountId ? await findPendingSession(served, vendor, accountId) : undefined
    },
  })
  await setVendorIntegration(context.db, context.sealer, {
    vendor: 'veriff',
    baseUrl: vendor.url,
    apiKey: keys.apiKey,
    secret: keys.sharedSecret,
  })
  return vendor
}

export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    return undefined
  }
}

export const withIssuer = ({ context, server }: Served) => ({
  ...context,
  issuer: server?.issuer ?? '',
})

/** The page of a session of this resident that is still open: one from before, or a new one. */
async function findPendingSession(
  served: Served,
  vendor: VeriffSandbox,
  accountId: string,
): Promise<string> {
  const pending = (await listVerifications(served.context.db, accountId)).filter(
    ({ status }) => status === 'pending',
  )
  for (const sessionId of vendor.listSessions()) {
    const session = await vendor.findSession(sessionId)
    const isOpen = session && ['created', 'started'].includes(session.status)
    if (isOpen && pending.some(({ id }) => id === session.vendorData)) return session.url
  }
  return (await startVerification(withIssuer(served), { vendor: 'veriff', accountId })).url
}

/** Resolves when the verification is approved and all its images are in the bucket. */
export async function waitForImages(
  { context }: Served,
  accountId: string,
  verificationId: string,
): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await wait(100)) {
    const found = (await listVerifications(context.db, accountId)).find(
      ({ id }) => id === verificationId,
    )
    if (found?.status === 'approved' && !found.imagesPending && found.images.length > 0) return
  }
  throw new Error('the images were not stored within a minute')
}
