import { styleText } from 'node:util'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { z } from 'zod'
import { createClient, deleteClient } from '../../clients/clients.ts'
import { setStream } from '../../events/streams.ts'
import { startVerification } from '../../id-verification/operations.ts'
import { OperatorError } from '../../platform/errors.ts'
import type { Served } from '../../serve.ts'
import { createApplicationClient, downloadImage } from '../sandbox/application-client.ts'
import { createUserAgent, type Page } from '../sandbox/user-agent.ts'
import type { VeriffSandbox } from '../sandbox/veriff-control.ts'
import { APPLICATION_NAME, describeClient, OPERATOR, PURPOSE, SCOPE } from './bank.ts'
import { ANA, findOrCreateResident, PASSWORD } from './people.ts'
import { startVendor, waitForImages, withIssuer } from './vendor.ts'

const print = (line: string) => process.stdout.write(`${line}\n`)

/** Goes the whole way without a person, and prints each step. Throws OperatorError at the first one that fails. */
export async function runEndToEndCheck(served: Served): Promise<void> {
  const { context, server } = served
  if (!server) throw new OperatorError('The demo needs ROLE=all.')
  const { db } = context
  const vendor = await startVendor(served, 0)
  const resident = await findOrCreateResident(served, ANA)
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
      const proof = { email: ANA.email, password: PASSWORD }
      return browser.submit(page, 'login', proof, { leaveAt: redirectUri })
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
