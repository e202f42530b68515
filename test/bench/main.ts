import { type ChildProcess, fork } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import { createAccount } from '../../src/accounts/accounts.ts'
import { createClient } from '../../src/clients/clients.ts'
import { type AppContext, openContext } from '../../src/context.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { startPostgres } from '../../src/local/embedded/postgres.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createLog } from '../../src/platform/log.ts'
import { hashSecret, randomSecret } from '../../src/platform/secrets.ts'
import { createAccessTokens } from '../../src/signing/access-token.ts'
import { openKeyRing } from '../../src/signing/key-ring.ts'
import {
  createEnvironment,
  type Environment,
  readEnvironment,
  UNLIMITED,
} from '../support/environment.ts'
import { basic, CALLBACK, type Flows, MEMORY_CLIENT, runFlows, signInBrowsers } from './flow.ts'
import { measureGuesses } from './guesses.ts'
import { backUp, startImageSource } from './images.ts'
import { measureLedger } from './ledger.ts'
import type { Task } from './target.ts'

/*
 * Compares server CPU time per request (all threads) with that of a bare server in the same run: request rates vary with the
 * machine, CPU per request is repeatable. The servers are separate processes, this one generates the load, and the slices of
 * the compared servers alternate.
 */

const BUCKET = {
  bucket: 'benchmark',
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIABENCHMARK', secretAccessKey: randomSecret() },
}
const CONNECTIONS = 50
const RESIDENTS = 256
const API = '/api/v1/me/natural-person/id-verification'

const { values } = parseArgs({
  options: {
    slices: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '2' },
    images: { type: 'string', default: '900' },
    ledger: { type: 'string', default: '50000' },
    guesses: { type: 'string', default: '4000' },
  },
})
const slices = Number(values.slices)
const seconds = Number(values.seconds)
const images = Number(values.images)
const ledgerRows = Number(values.ledger)
const guesses = Number(values.guesses)

type Target = {
  url: string
  cpuMicroseconds(): Promise<number>
  residentBytes(): Promise<number>
  stop(): void
}
type Request = { method?: 'POST'; path?: string; headers?: Record<string, string>; body?: string }
type Load = { name: string; target: Target; before?: () => Promise<void> } & (
  | { nextRequest: () => Request }
  | { flows: Flows }
)
type Result = { name: string; requestsPerSecond: number; cpuMicroseconds: number; errors: number }

const say = (line: string) => process.stderr.write(`${line}\n`)

async function startTarget(task: Task): Promise<Target> {
  const child = fork(new URL('./target.ts', import.meta.url))
  const { url } = await ask<{ url: string }>(child, task)
  return {
    url,
    cpuMicroseconds: async () => (await ask<{ microseconds: number }>(child, 'cpu')).microseconds,
    residentBytes: async () => (await ask<{ bytes: number }>(child, 'cpu')).bytes,
    stop: () => child.kill(),
  }
}

function ask<T>(child: ChildProcess, message: Task | 'cpu'): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('a benchmarked server ended early'))
    child.once('exit', ended)
    child.once('message', (answer) => {
      child.off('exit', ended)
      resolve(answer as T)
    })
    child.send(message)
  })
}

/** One slice: `seconds` of load from 50 connections. */
async function slice(load: Load) {
  const { target } = load
  await load.before?.()
  const before = await target.cpuMicroseconds()
  if ('flows' in load) {
    const run = await runFlows(load.flows, seconds)
    const cpu = (await target.cpuMicroseconds()) - before
    return {
      requestsPerSecond: run.done / run.seconds,
      cpuMicroseconds: cpu / Math.max(run.done, 1),
      errors: run.errors,
    }
  }
  const run = await autocannon({
    url: target.url,
    connections: CONNECTIONS,
    duration: seconds,
    requests: [{ setupRequest: (request: object) => ({ ...request, ...load.nextRequest() }) }],
  })
  const cpu = (await target.cpuMicroseconds()) - before
  const answered = run['2xx']
  return {
    requestsPerSecond: answered / run.duration,
    cpuMicroseconds: cpu / Math.max(answered, 1),
    errors: run.non2xx + run.errors,
  }
}

async function compare(loads: Load[]): Promise<Result[]> {
  for (const load of loads) await slice(load)
  const measured = loads.map(() => [] as Awaited<ReturnType<typeof slice>>[])
  for (let round = 0; round < slices; round++) {
    say(`  slice ${round + 1} of ${slices}`)
    for (const [index, load] of loads.entries()) measured[index]?.push(await slice(load))
  }
  return loads.map(({ name }, index) => {
    const runs = measured[index] ?? []
    return {
      name,
      requestsPerSecond: Math.round(median(runs.map((run) => run.requestsPerSecond))),
      cpuMicroseconds: Number(median(runs.map((run) => run.cpuMicroseconds)).toFixed(1)),
      errors: runs.reduce((sum, run) => sum + run.errors, 0),
    }
  })
}

function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

function around<T>(all: T[]): () => T {
  let next = 0
  return () => all[next++ % all.length] as T
}

/** Residents with a complete approved verification each, and a live access token each, as the portal itself makes them. */
async function seed(parts: AppContext, issuer: string): Promise<string[]> {
  const { db, sealer } = parts
  const ring = await openKeyRing(db, sealer, parts.log)
  const tokens = createAccessTokens(issuer, ring)
  const scope = 'openid eprospera:person.id_verification.read'
  const client = await createClient(db, {
    name: 'Benchmark',
    redirectUris: ['http://localhost/cb'],
    scope,
  })
  const issued: string[] = []
  for (let index = 0; index < RESIDENTS; index++) {
    const account = await createAccount(parts, {
      email: `resident-${index}@example.test`,
      givenName: 'Resident',
      surname: `Number ${index}`,
    })
    const jti = randomSecret()
    const grantId = randomSecret()
    await db`insert into consent (account_id, client_id, scopes)
      values (${account.id}, ${client.client_id}, ${scope.split(' ')})`
    await db`insert into oauth_grant (id, account_id, client_id, payload)
      values (${grantId}, ${account.id}, ${client.client_id}, '{}')`
    await db`
      insert into oidc_artifact (kind, id, payload, grant_id, account_id, client_id, scope, expires_at)
      values ('AccessToken', ${hashSecret(jti)}, '{}', ${grantId}, ${account.id}, ${client.client_id},
        ${scope}, now() + interval '1 hour')`
    const folder = `default/${randomUUID()}/1`
    await db`
      insert into verification (account_id, vendor, integration, vendor_session_id, status, document_type,
        images_complete, document_front_key, document_back_key, face_key, match)
      values (${account.id}, 'veriff', 'default', ${randomUUID()}, 'approved', 'passport', true,
        ${`${folder}/document_front.jpg`}, ${`${folder}/document_back.jpg`}, ${`${folder}/selfie.jpg`}, 'match')`
    const now = Math.floor(Date.now() / 1000)
    issued.push(
      await tokens.sign({
        jti,
        subject: account.id,
        clientId: client.client_id,
        scope,
        issuedAt: now,
        expiresAt: now + 3600,
      }),
    )
  }
  ring.close()
  await db`analyze`
  return issued
}

/** A web client with residents who can sign in, and a service client. */
async function seedClients(parts: AppContext) {
  const { db } = parts
  const web = await createClient(db, {
    name: 'Benchmark of the code flow',
    redirectUris: [CALLBACK],
    scope: 'openid email',
  })
  const service = await createClient(db, {
    name: 'Benchmark of client credentials',
    type: 'service',
    scope: 'idv.read',
  })
  const password = 'lantern orchard violet drum'
  const stranger = await createClient(db, {
    name: 'Benchmark of guesses',
    type: 'service',
    scope: 'idv.read',
    tenant: 'elsewhere',
  })
  const residents = Array.from({ length: CONNECTIONS }, (_, index) => ({
    email: `browser-${index}@example.test`,
    password,
  }))
  for (const { email } of residents)
    await createAccount(parts, { email, password, givenName: 'Ana', surname: 'Mejia' })
  return {
    web: { id: web.client_id, secret: web.client_secret ?? '' },
    service: { id: service.client_id, secret: service.client_secret ?? '' },
    stranger: { id: stranger.client_id, secret: stranger.client_secret ?? '' },
    residents,
  }
}

async function serviceToken(issuer: string, client: { id: string; secret: string }) {
  const answer = await fetch(`${issuer}/api/oauth/token`, {
    method: 'POST',
    headers: { authorization: basic(client) },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'idv.read' }),
  })
  return ((await answer.json()) as { access_token: string }).access_token
}

/** Browsers with a session at the library with the in-memory adapter. */
async function memoryFlows(url: string): Promise<Flows> {
  const browsers = Array.from({ length: CONNECTIONS }, () => createUserAgent())
  for (const browser of browsers) await (await browser.request(`${url}/sign-in`)).text()
  return { authorize: `${url}/auth`, token: `${url}/token`, client: MEMORY_CLIENT, browsers }
}

/** A new decision for each call, signed like Veriff's and about as large as a real one. */
function deliveries(apiKey: string, secret: string): () => Request {
  return () => {
    const body = JSON.stringify({
      status: 'success',
      verification: {
        id: randomUUID(),
        attemptId: randomUUID(),
        vendorData: randomUUID(),
        status: 'approved',
        code: 9001,
        decisionTime: new Date().toISOString(),
        person: { firstName: 'ANA', lastName: 'MEJIA', dateOfBirth: '1990-04-12' },
        document: { type: 'PASSPORT', number: 'X0000000', country: 'HN' },
        riskLabels: Array.from({ length: 12 }, (_, n) => ({
          label: `label_${n}`,
          category: 'device',
          sessionIds: [],
        })),
      },
      technicalData: { ip: '203.0.113.7' },
    })
    return {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-auth-client': apiKey,
        'x-hmac-signature': createHmac('sha256', secret).update(body).digest('hex'),
      },
      body,
    }
  }
}

/** One worker, then two with a slow vendor, then one with many images and its memory measured. */
async function measureBackups(shared: Environment, count: number, targets: Target[]) {
  const source = await startImageSource({ delayMs: 150, ...BUCKET })
  const env = { ...shared, S3_ENDPOINT: source.endpoint }
  const parts = await openContext(readEnvironment(env), createLog('error'))
  const startOne = async () => {
    const worker = await startTarget({ be: 'worker', env })
    targets.push(worker)
    return worker
  }
  try {
    const first = await startOne()
    await backUp(parts, source, 60)
    say('  one worker, slow vendor')
    const alone = await backUp(parts, source, Math.min(count, 300))
    const second = await startOne()
    say('  two workers, slow vendor')
    const together = await backUp(parts, source, Math.min(count, 300))
    second.stop()
    say('  one worker, quick vendor')
    source.answerAfter(0)
    const before = await first.cpuMicroseconds()
    const resident: number[] = []
    const run = await backUp(parts, source, count, async () => {
      resident.push(await first.residentBytes())
    })
    const cpu = (await first.cpuMicroseconds()) - before
    const half = Math.floor(resident.length / 2)
    const mebibytes = (bytes: number[]) => Math.round(Math.max(...bytes) / 1048576)
    return {
      images: run.images,
      bytesEach: source.imageBytes,
      imagesPerSecond: Number((run.images / run.seconds).toFixed(1)),
      cpuMicrosecondsEach: Math.round(cpu / run.images),
      // Constant: the second half needs no more memory than the first.
      mebibytes: {
        firstHalf: mebibytes(resident.slice(0, half)),
        secondHalf: mebibytes(resident.slice(half)),
      },
      twoWorkersOverOne: Number((alone.seconds / together.seconds).toFixed(2)),
      doubleWork: alone.images - alone.objects + (together.images - together.objects),
    }
  } finally {
    await parts.close()
    await source.close()
  }
}

async function main() {
  const dir = await mkdtemp(join(tmpdir(), 'portal-bench-'))
  say('starting PostgreSQL')
  const postgres = await startPostgres({ dir: join(dir, 'postgres'), password: randomSecret() })
  const targets: Target[] = []
  try {
    const env = {
      ...createEnvironment({
        databaseUrl: postgres.url,
        endpoint: 'http://127.0.0.1:9000',
        ...BUCKET,
      }),
      ...UNLIMITED,
    }
    const config = readEnvironment(env)
    const parts = await openContext(config, createLog('error'))
    const [hello, insert, memory, portal] = await Promise.all([
      startTarget({ be: 'hello' }),
      startTarget({ be: 'insert', databaseUrl: postgres.url }),
      startTarget({ be: 'memory' }),
      startTarget({ be: 'portal', env }),
    ])
    targets.push(hello, insert, memory, portal)
    const issuer = portal.url.replace('127.0.0.1', 'localhost')
    const apiKey = randomUUID()
    const secret = randomUUID()
    await setVendorIntegration(parts.db, parts.sealer, {
      vendor: 'veriff',
      baseUrl: 'http://127.0.0.1:9',
      apiKey,
      secret,
    })
    say(`making ${RESIDENTS} residents`)
    const tokens = await seed(parts, issuer)
    const clients = await seedClients(parts)
    say(`GET ${API}`)
    const authorized = around(
      tokens.map((token) => ({ path: API, headers: { authorization: `Bearer ${token}` } })),
    )
    const hot = await compare([
      { name: 'bare Hono handler', target: hello, nextRequest: () => ({ path: '/' }) },
      { name: `GET ${API}`, target: portal, nextRequest: authorized },
    ])
    say('the same, with the ledger and without')
    const ledgered = await compare([
      {
        name: 'each row dropped before it is written',
        target: portal,
        nextRequest: authorized,
        before: () => dropRows(parts, true),
      },
      {
        name: 'a durable row before each answer',
        target: portal,
        nextRequest: authorized,
        before: () => dropRows(parts, false),
      },
    ])
    await dropRows(parts, false)
    say("guesses at another tenant's verifications")
    const others = await parts.db<{ id: string }[]>`select id from verification`
    const guessing = await measureGuesses(
      portal.url,
      { token: await serviceToken(issuer, clients.stranger), others: others.map(({ id }) => id) },
      guesses,
    )
    await parts.close()
    say('POST /webhooks/veriff')
    const deliver = deliveries(apiKey, secret)
    const ingest = await compare([
      {
        name: 'bare insert endpoint',
        target: insert,
        nextRequest: () => ({ ...deliver(), path: '/' }),
      },
      {
        name: 'POST /webhooks/veriff',
        target: portal,
        nextRequest: () => ({ ...deliver(), path: '/webhooks/veriff' }),
      },
    ])
    say('code and PKCE flow')
    const code = await compare([
      { name: 'oidc-provider, in memory', target: memory, flows: await memoryFlows(memory.url) },
      {
        name: 'authorize and token, PostgreSQL',
        target: portal,
        flows: {
          authorize: `${issuer}/api/oauth/authorize`,
          token: `${issuer}/api/oauth/token`,
          client: clients.web,
          browsers: await signInBrowsers(issuer, clients.web, clients.residents),
        },
      },
    ])
    say('client credentials')
    const token = (client: { id: string; secret: string }, path: string) => () => ({
      method: 'POST' as const,
      path,
      headers: {
        authorization: basic(client),
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials&scope=idv.read',
    })
    const credentials = await compare([
      {
        name: 'oidc-provider, in memory',
        target: memory,
        nextRequest: token(MEMORY_CLIENT, '/token'),
      },
      {
        name: 'client credentials, PostgreSQL',
        target: portal,
        nextRequest: token(clients.service, '/api/oauth/token'),
      },
    ])
    say(`${images} images from the vendor into the bucket`)
    const backups = await measureBackups(env, images, targets)
    say(`a ledger of ${ledgerRows} rows`)
    const ledger = await measureLedger(config, ledgerRows)
    await report(
      [
        { title: 'Hot endpoint, against a bare Hono handler', target: 0.2, results: hot },
        {
          title: 'Hot endpoint with the ledger, against itself without',
          target: 0.6,
          results: ledgered,
          by: 'throughput',
        },
        { title: 'Deliveries durably stored, against a bare insert', target: 0.6, results: ingest },
        { title: 'Code to tokens, against the library in memory', target: 0.5, results: code },
        {
          title: 'Client credentials, against the library in memory',
          target: 0.5,
          results: credentials,
        },
      ],
      backups,
      ledger,
      guessing,
    )
  } finally {
    for (const target of targets) target.stop()
    await postgres.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

type Section = { title: string; target: number; results: Result[]; by?: 'throughput' }

/** Takes the ledger out of the way of the portal as it runs, and puts it back. */
async function dropRows({ db }: AppContext, isDropped: boolean): Promise<void> {
  await db.unsafe(
    isDropped
      ? `create or replace function bench_drop() returns trigger language plpgsql as 'begin return null; end';
         create or replace trigger bench_drop before insert on ledger_entry for each row execute function bench_drop()`
      : 'drop trigger if exists bench_drop on ledger_entry',
  )
}

async function report(
  sections: Section[],
  backups: Awaited<ReturnType<typeof measureBackups>>,
  ledger: Awaited<ReturnType<typeof measureLedger>>,
  guessing: Awaited<ReturnType<typeof measureGuesses>>,
) {
  const rows = sections.map(({ title, target, results: [base, measured], by }) => ({
    title,
    target,
    by: by ?? 'server CPU',
    ratio: Number(
      (by === 'throughput'
        ? (measured?.requestsPerSecond ?? 0) / (base?.requestsPerSecond ?? 1)
        : (base?.cpuMicroseconds ?? 0) / (measured?.cpuMicroseconds ?? 1)
      ).toFixed(3),
    ),
    base,
    measured,
  }))
  for (const { title, target, ratio, by, base, measured } of rows) {
    process.stdout.write(`\n${title}: ratio ${ratio} by ${by} (target ${target})\n`)
    for (const result of [base, measured])
      if (result)
        process.stdout.write(
          `  ${result.name.padEnd(52)} ${String(result.cpuMicroseconds).padStart(8)} us CPU a request  ${String(result.requestsPerSecond).padStart(7)} req/s  ${result.errors} errors\n`,
        )
  }
  process.stdout.write(
    `\nImages backed up: ${backups.imagesPerSecond}/s by one worker (${backups.images} of ${Math.round(backups.bytesEach / 1024)} KiB), ${backups.cpuMicrosecondsEach} us CPU each; memory ${backups.mebibytes.firstHalf} MiB in the first half, ${backups.mebibytes.secondHalf} MiB in the second\nTwo workers over one, slow vendor: ${backups.twoWorkersOverOne} times as fast, ${backups.doubleWork} done twice\n`,
  )
  process.stdout.write(
    `\nLedger of ${ledger.rows} rows: given places in ${ledger.sequencedInSeconds} s, verified in ${ledger.verifiedInSeconds} s; one turned byte ${ledger.isNamed ? 'named' : 'NOT NAMED'} in ${ledger.turnedByteFoundInSeconds} s; a proof in ${ledger.proofMilliseconds.median} ms (median), ${ledger.proofMilliseconds.worstOfHundred} ms (99th of a hundred)\n`,
  )
  process.stdout.write(
    `\nGuesses at another's and at nothing: ${guessing.anothersMicroseconds} and ${guessing.nothingsMicroseconds} us (median), another's slower in ${guessing.anothersSlower} of ${guessing.pairs} pairs (0.5 ± ${guessing.fairWithin}: time tells nothing)\n`,
  )
  const dir = new URL('./results/', import.meta.url)
  await mkdir(dir, { recursive: true })
  const file = new URL('latest.json', dir)
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length }
  await writeFile(
    file,
    `${JSON.stringify({ at: new Date().toISOString(), machine, connections: CONNECTIONS, slices, seconds, rows, backups, ledger, guessing }, null, 2)}\n`,
  )
  process.stdout.write(`\nwritten to test/bench/results/latest.json\n`)
  if (rows.some(({ base, measured }) => (base?.errors ?? 0) + (measured?.errors ?? 0) > 0))
    throw new Error('some requests failed: the figures do not count')
}

await main()
