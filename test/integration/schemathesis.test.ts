import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { setStream } from '../../src/events/streams.ts'
import { createApplication } from '../support/application.ts'
import { addClient, EVERYTHING, startPortal, type TestPortal } from '../support/portal.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'

/*
 * Schemathesis against a whole portal: `SCHEMATHESIS=/path/to/schemathesis npx vitest run schemathesis`. It is Python's, so the test is
 * skipped where nobody named one. `SCHEMATHESIS_ARGS` adds options, such as `--seed 2 --max-examples 100`.
 */

const { SCHEMATHESIS, SCHEMATHESIS_ARGS = '--seed 1 --max-examples 20' } = process.env

let portal: TestPortal
let veriff: Awaited<ReturnType<typeof connectSandbox>>
let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'schemathesis-'))
  if (!SCHEMATHESIS) return
  portal = await startPortal({ worker: true })
  veriff = await connectSandbox(portal)
})
afterAll(async () => {
  await veriff?.sandbox.close()
  await portal?.close()
  await rm(dir, { recursive: true, force: true })
})

/** An approved verification with its images, a subject, an erasure to answer, and a token of each kind: for `schemathesis.toml`. */
async function prepare(): Promise<Record<string, string>> {
  const { db } = portal
  const started = await veriff.start()
  await veriff.sandbox.complete(started.sessionId, 'approved')
  await eventually(async () => {
    const [row] = await db`select images_complete from verification where id = ${started.id}`
    return row?.imagesComplete === true
  })
  const [image] = await db<{ id: string }[]>`
    select id from image where verification_id = ${started.id} and type = 'selfie'`
  const [subject] = await db<{ id: string }[]>`
    insert into subject (tenant, external_id) values ('default', 'customer-1') returning id`
  const client = await addClient(portal.parts, { scope: EVERYTHING })
  const application = await createApplication(portal.issuer, client)
  const { access_token } = await application.obtainTokens(EVERYTHING, started.resident.email)
  const office = await addClient(portal.parts, {
    type: 'service',
    redirectUris: [],
    scope: 'idv.read idv.write',
  })
  const answer = await fetch(`${portal.issuer}/api/oauth/token`, {
    method: 'POST',
    headers: {
      Authorization: `Basic ${Buffer.from(`${office.client_id}:${office.client_secret}`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const stream = await setStream(db, portal.parts.sealer, {
    clientId: client.client_id,
    delivery: 'poll',
  })
  // As long as it is not acknowledged, no poll waits.
  const [erasure] = await db<{ id: string }[]>`
    insert into event (client_id, kind) values (${client.client_id}, 'resident.erased') returning id`
  return {
    RESIDENT_TOKEN: access_token,
    SERVICE_TOKEN: ((await answer.json()) as { access_token: string }).access_token,
    EVENTS_TOKEN: stream?.events_token ?? '',
    VERIFICATION_ID: started.id,
    IMAGE_ID: image?.id ?? '',
    SUBJECT_ID: subject?.id ?? '',
    ERASURE_ID: erasure?.id ?? '',
  }
}

/** Runs the tool to its end: what it exits with, and what it printed. */
async function run(args: string[], env: Record<string, string>) {
  const child = spawn(SCHEMATHESIS ?? '', args, { cwd: dir, env: { ...process.env, ...env } })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part) => {
      printed += part
    })
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { status, printed }
}

test.skipIf(!SCHEMATHESIS)(
  'Schemathesis finds nothing',
  async () => {
    const config = new URL('../fixtures/schemathesis.toml', import.meta.url).pathname
    const { status, printed } = await run(
      [
        ...['--config-file', config, '--no-color', 'run', '--continue-on-failure'],
        ...SCHEMATHESIS_ARGS.split(' '),
        `${portal.issuer}/openapi.json`,
      ],
      await prepare(),
    )
    console.info(printed.slice(-4000))
    expect(status).toBe(0)
    expect(portal.logged()).not.toContain('request failed')
  },
  600_000,
)
