import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { styleText } from 'node:util'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { z } from 'zod'
import { createAccount, findAccount, findAccountByEmail } from '../accounts/accounts.ts'
import { createClient, deleteClient, findClient } from '../clients/clients.ts'
import { readLogo, setClientLogo } from '../clients/logo.ts'
import { setClientProfile } from '../clients/profile.ts'
import { setStream } from '../events/streams.ts'
import { startVerification } from '../id-verification/operations.ts'
import { findVerificationRow, listVerifications } from '../id-verification/store.ts'
import { setVendorIntegration } from '../id-verification/vendors/vendors.ts'
import { OperatorError } from '../platform/errors.ts'
import { setPolicy } from '../platform/policies.ts'
import type { Served } from '../serve.ts'
import { startApplication } from './sandbox/application.ts'
import { createApplicationClient, downloadImage } from './sandbox/application-client.ts'
import { drawBankLogo } from './sandbox/images.ts'
import { createUserAgent, type Page } from './sandbox/user-agent.ts'
import { startVeriffSandbox } from './sandbox/veriff.ts'
import type { VeriffSandbox } from './sandbox/veriff-control.ts'

const RESIDENT = {
  email: 'ana.mejia@example.test',
  givenName: 'Ana',
  surname: 'Mejía',
  password: 'lantern orchard violet drum',
}
const SCOPE = 'openid offline_access eprospera:person.id_verification.read'
const APPLICATION_NAME = 'Bluewater Bank'
const OPERATOR = 'Bluewater Bank Ltd, an invented company'
const PURPOSE = 'To open your account without your sending us your passport again.'

const print = (line = '') => process.stdout.write(`${line}\n`)

type DemoOptions = {
  check: boolean
  serve(env: NodeJS.ProcessEnv): Promise<Served>
  shutdownSignal(): Promise<unknown>
  env: NodeJS.ProcessEnv
}

/** Starts the portal with a resident, an application and a sandbox vendor. `check` runs the whole flow by program and ends. */
export async function demo({ check, serve, shutdownSignal, env }: DemoOptions): Promise<void> {
  print(styleText('dim', 'starting PostgreSQL, the S3 server and the portal …'))
  // A free port, so that the check can run while another portal is running.
  const served = await serve({
    ...(check ? { PORT: '0', LOG_LEVEL: 'error' } : { LOG_LEVEL: 'warn' }),
    // The demo application listens on this machine.
    OUTBOUND_ALLOW: '127.0.0.1/32,::1/128',
    ...env,
  })
  try {
    if (check) await runEndToEndCheck(served)
    else await runDemo(served, shutdownSignal)
  } finally {
    await served.close()
  }
}

/** Starts the sandbox vendor and connects the portal to it. Its keys are stored, so that a restart finds its sessions again. */
async function startVendor({ context, server }: Served, port: number): Promise<VeriffSandbox> {
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
  })
  await setVendorIntegration(context.db, context.sealer, {
    vendor: 'veriff',
    baseUrl: vendor.url,
    apiKey: keys.apiKey,
    secret: keys.sharedSecret,
  })
  return vendor
}

/** In the demo, a document shows the name of the resident who is verified. */
async function findHolder({ db, vault }: Served['context'], verificationId: string) {
  const verification = await findVerificationRow(db, verificationId)
  const account = verification?.accountId && (await findAccount(db, vault, verification.accountId))
  return account ? { givenName: account.givenName, surname: account.surname } : undefined
}

const keysSchema = z.object({ apiKey: z.string(), sharedSecret: z.string() })
const clientSchema = z.object({
  clientId: z.string(),
  clientSecret: z.string(),
  redirectUri: z.string(),
  events: z.object({ signingSecret: z.string(), token: z.string() }),
})

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    return undefined
  }
}

const findResident = async ({ context }: Served) =>
  (await findAccountByEmail(context.db, context.vault, RESIDENT.email)) ??
  (await createAccount(context, RESIDENT))

/** Sets what the consent page shows about the bank. */
async function describeClient({ context }: Served, clientId: string, redirectUri: string) {
  const { origin } = new URL(redirectUri)
  await setClientProfile(context.db, clientId, {
    operator: OPERATOR,
    purpose: PURPOSE,
    client_uri: `${origin}/`,
    policy_uri: `${origin}/privacy`,
  })
  await setClientLogo(context.db, clientId, readLogo(await drawBankLogo()))
}

/** Resolves when the verification is approved and all its images are in the bucket. */
async function waitForImages({ context }: Served, accountId: string, verificationId: string) {
  for (const end = Date.now() + 60_000; Date.now() < end; await wait(100)) {
    const found = (await listVerifications(context.db, accountId)).find(
      ({ id }) => id === verificationId,
    )
    if (found?.status === 'approved' && !found.imagesPending && found.images.length > 0)
      return found
  }
  throw new Error('the images were not stored within a minute')
}

const withIssuer = ({ context, server }: Served) => ({ ...context, issuer: server?.issuer ?? '' })

/** The page of a pending session: one from an earlier run, or a new one. */
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
    if (session && pending.some(({ id }) => id === session.vendorData)) return session.url
  }
  return (await startVerification(withIssuer(served), { vendor: 'veriff', accountId })).url
}

async function runDemo(served: Served, shutdownSignal: () => Promise<unknown>) {
  const { context, server } = served
  if (!server) throw new OperatorError('The demo needs ROLE=all.')
  const port = context.config.port
  const vendor = await startVendor(served, port && port + 2)
  await setPolicy(context.db, 'sign-up', 'open')
  const resident = await findResident(served)
  if ((await listVerifications(context.db, resident.id)).length === 0) {
    const first = await startVerification(withIssuer(served), {
      vendor: 'veriff',
      accountId: resident.id,
    })
    await vendor.complete(first.vendorSessionId, 'approved')
    await waitForImages(served, resident.id, first.id)
  }
  const pendingSession = await findPendingSession(served, vendor, resident.id)

  const redirectUri = `http://localhost:${port ? port + 1 : 3001}/callback`
  const file = join(context.config.dataDir, 'demo-application.json')
  const kept = clientSchema.safeParse(await readJson(file))
  let client = kept.success && kept.data.redirectUri === redirectUri ? kept.data : undefined
  if (!client || !(await findClient(context.db, client.clientId))) {
    const made = await createClient(context.db, {
      name: APPLICATION_NAME,
      redirectUris: [redirectUri],
      scope: SCOPE,
    })
    const stream = await context.db.begin((sql) =>
      setStream(sql, context.sealer, {
        clientId: made.client_id,
        delivery: 'webhook',
        endpoint: `${new URL(redirectUri).origin}/hooks`,
      }),
    )
    client = {
      clientId: made.client_id,
      clientSecret: made.client_secret ?? '',
      redirectUri,
      events: {
        signingSecret: stream?.signing_secret ?? '',
        token: stream?.events_token ?? '',
      },
    }
    await writeFile(file, JSON.stringify(client), { mode: 0o600 })
  }
  await describeClient(served, client.clientId, redirectUri)
  const application = await startApplication({
    port: Number(new URL(redirectUri).port),
    issuer: server.issuer,
    ...client,
    log: context.log,
  })

  const entry = (name: string, value: string) =>
    print(`  ${styleText('bold', name.padEnd(13))} ${value}`)
  print()
  print('The identity portal and its demo are running. Open in a browser:')
  print()
  entry(
    'Application',
    `${application.url.replace('127.0.0.1', 'localhost')}   a bank that asks to see an identity document`,
  )
  entry('Portal', `${server.issuer}   the resident’s page: documents, and who may see them`)
  entry('Vendor', `${pendingSession}   decide a new verification`)
  entry(
    'Mails',
    `${server.issuer}/outbox   mails are shown here, because no mail server is configured`,
  )
  print()
  entry('Sign in as', RESIDENT.email)
  entry('Password', RESIDENT.password)
  print('  Or choose "Create an account" on the sign-in page; its mail is among the mails.')
  print()
  print(styleText('dim', `Data is stored in ${context.config.dataDir}. Stop with Ctrl-C.`))
  await shutdownSignal()
  await application.close()
  await vendor.close()
}

async function runEndToEndCheck(served: Served) {
  const { context, server } = served
  if (!server) throw new OperatorError('The demo needs ROLE=all.')
  const { db } = context
  const vendor = await startVendor(served, 0)
  const resident = await findResident(served)
  const redirectUri = 'http://localhost:9/callback'
  const registered = await createClient(db, {
    name: `${APPLICATION_NAME} (check)`,
    redirectUris: [redirectUri],
    scope: SCOPE,
  })
  await describeClient(served, registered.client_id, redirectUri)
  const events = await db.begin((sql) =>
    setStream(sql, context.sealer, { clientId: registered.client_id, delivery: 'poll' }),
  )
  const application = createApplicationClient({
    issuer: server.issuer,
    clientId: registered.client_id,
    clientSecret: registered.client_secret ?? '',
    redirectUri,
  })
  const browser = createUserAgent()
  const began = performance.now()
  try {
    const started = await step('a verification session is started at the vendor', () =>
      startVerification(withIssuer(served), { vendor: 'veriff', accountId: resident.id }),
    )
    await step('the vendor approves it, and its signed webhooks are answered 200', async () => {
      await vendor.complete(started.vendorSessionId, 'approved')
      await vendor.settled(10_000)
    })
    await step('the images are backed up to S3', () =>
      waitForImages(served, resident.id, started.id),
    )

    const { url, signIn } = await application.startSignIn()
    const consent = await step('the resident signs in', async () => {
      const page = await browser.open(url, redirectUri)
      const { email, password } = RESIDENT
      return browser.submit(page, 'login', { email, password }, { leaveAt: redirectUri })
    })
    const back = await step(
      'the resident reads what the application asks for, and allows it',
      async () => {
        for (const text of [registered.client_name, OPERATOR, PURPOSE])
          if (!consent.text.includes(text)) throw new Error(`the page does not contain "${text}"`)
        const logo = /<img src="([^"]+)"/.exec(consent.text)?.[1] ?? '/none'
        const shown = await browser.request(new URL(logo, server.issuer).href)
        if (shown.headers.get('content-type') !== 'image/png') throw new Error('it shows no logo')
        return browser.submit(consent, 'allow', {}, { leaveAt: redirectUri })
      },
    )
    const tokens = await step('the application gets its tokens', async () => {
      const got = await application.finishSignIn(back.url, signIn)
      if (!got.scope.split(' ').includes('eprospera:person.id_verification.read'))
        throw new Error('the scope is not granted')
      return got
    })
    const answer = await step(
      'the API answers with the verification and presigned links',
      async () => {
        const { status, verification } = await application.readVerification(tokens.accessToken)
        if (status !== 200 || verification?.id !== started.id)
          throw new Error(`it answered ${status}`)
        return verification
      },
    )
    await step('each downloaded image equals the vendor’s, byte for byte', async () => {
      const held = await vendorBytes(vendor, started.vendorSessionId)
      const links = Object.values(answer.documents).filter((link) => link !== null)
      if (links.length !== held.length)
        throw new Error(`${links.length} of ${held.length} images have a link`)
      for (const link of links) {
        const { bytes } = await downloadImage(link)
        if (!held.some((original) => Buffer.compare(original, bytes) === 0))
          throw new Error('the bytes of an image differ')
      }
    })
    await step('the resident ends the access, and the next request is rejected', async () => {
      await endAccess(browser, await browser.open(`${server.issuer}/`), registered.client_id)
      const { status } = await application.readVerification(tokens.accessToken)
      if (status !== 401) throw new Error(`it answered ${status}`)
    })
    await step('the application polls its signed events', async () => {
      const kinds = await fetchEvents(server.issuer, registered.client_id, events?.events_token)
      if (!kinds.some((kind) => kind.endsWith('/tokens-revoked')))
        throw new Error(`it received ${kinds.join(', ') || 'nothing'}`)
    })
    print(
      styleText(
        'green',
        `All steps passed in ${((performance.now() - began) / 1000).toFixed(1)} s.`,
      ),
    )
  } finally {
    await deleteClient(db, registered.client_id)
    await vendor.close()
  }
}

/** The types of the pending Security Event Tokens of this client, each verified with the portal's published keys. */
async function fetchEvents(issuer: string, clientId: string, token = ''): Promise<string[]> {
  const answer = await fetch(`${issuer}/api/v1/events/poll`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: '{"returnImmediately":true}',
  })
  const { sets } = z.object({ sets: z.record(z.string(), z.string()) }).parse(await answer.json())
  const keys = createRemoteJWKSet(new URL(`${issuer}/api/oauth/.well-known/jwks.json`))
  const tokens = await Promise.all(
    Object.values(sets).map((set) =>
      jwtVerify(set, keys, { issuer, audience: clientId, typ: 'secevent+jwt' }),
    ),
  )
  return tokens.flatMap(({ payload }) => Object.keys(payload.events as object))
}

async function vendorBytes(vendor: VeriffSandbox, sessionId: string): Promise<Uint8Array[]> {
  const session = await vendor.findSession(sessionId)
  const media = session?.attempts.at(-1)?.media ?? []
  return Promise.all(media.map(({ id }) => vendor.readMedia(id)))
}

async function endAccess(
  browser: ReturnType<typeof createUserAgent>,
  home: Page,
  clientId: string,
) {
  const after = await browser.submit(
    home,
    'revoke',
    {},
    { action: `/applications/${clientId}/revoke` },
  )
  if (after.status !== 200) throw new Error(`the page answered ${after.status}`)
}

async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now()
  try {
    const answer = await work()
    print(
      `${styleText('green', 'ok    ')} ${what} ${styleText('dim', `${Math.round(performance.now() - began)} ms`)}`,
    )
    return answer
  } catch (error) {
    print(`${styleText('red', 'FAILED')} ${what}`)
    throw new OperatorError(
      `The check failed: ${what}: ${error instanceof Error ? error.message : error}`,
    )
  }
}
