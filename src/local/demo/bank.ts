import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { createClient, deleteClient, findClient } from '../../clients/clients.ts'
import { readLogo, setClientLogo } from '../../clients/logo.ts'
import { setClientProfile } from '../../clients/profile.ts'
import { setStream } from '../../events/streams.ts'
import type { Served } from '../../serve.ts'
import { startApplication } from '../sandbox/application.ts'
import { drawBankLogo } from '../sandbox/images.ts'
import { readJson } from './vendor.ts'

export const SCOPE = 'openid offline_access eprospera:person.id_verification.read'
export const APPLICATION_NAME = 'Bluewater Bank'
export const OPERATOR = 'Bluewater Bank Ltd, an invented company'
export const PURPOSE = 'To open your account without your sending us your passport again.'

/** Sets what the consent page shows about the bank. */
export async function describeClient(
  { context }: Served,
  clientId: string,
  redirectUri: string,
): Promise<void> {
  const { origin } = new URL(redirectUri)
  await setClientProfile(context.db, clientId, {
    operator: OPERATOR,
    purpose: PURPOSE,
    client_uri: `${origin}/`,
    policy_uri: `${origin}/privacy`,
  })
  await setClientLogo(context.db, clientId, readLogo(await drawBankLogo()))
}

const clientSchema = z.object({
  clientId: z.string(),
  clientSecret: z.string(),
  redirectUri: z.string(),
  events: z.object({ signingSecret: z.string(), token: z.string() }),
})

/** Starts the bank on a port, as the client that an earlier run registered, or as a new one. */
export async function startBank(served: Served, issuer: string, port: number) {
  const redirectUri = `http://localhost:${port}/callback`
  const client = await findOrRegister(served, redirectUri)
  await describeClient(served, client.clientId, redirectUri)
  return await startApplication({ port, issuer, ...client, log: served.context.log })
}

async function findOrRegister({ context }: Served, redirectUri: string) {
  const { db, sealer, config } = context
  const file = join(config.dataDir, 'demo-application.json')
  const { data: kept } = clientSchema.safeParse(await readJson(file))
  if (kept?.redirectUri === redirectUri && (await findClient(db, kept.clientId))) return kept
  // The bank of another port: two of one name would be confusing.
  if (kept) await deleteClient(db, kept.clientId)
  const made = await createClient(db, {
    name: APPLICATION_NAME,
    redirectUris: [redirectUri],
    scope: SCOPE,
  })
  const stream = await db.begin((sql) =>
    setStream(sql, sealer, {
      clientId: made.client_id,
      delivery: 'webhook',
      endpoint: `${new URL(redirectUri).origin}/hooks`,
    }),
  )
  const client = {
    clientId: made.client_id,
    clientSecret: made.client_secret ?? '',
    redirectUri,
    events: {
      signingSecret: stream?.signing_secret ?? '',
      token: stream?.events_token ?? '',
    },
  }
  await writeFile(file, JSON.stringify(client), { mode: 0o600 })
  return client
}
