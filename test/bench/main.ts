import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { type AppContext, openContext } from '../../src/context.ts'
import { createLog } from '../../src/platform/log.ts'
import { type Environment, readEnvironment } from '../support/environment.ts'
import { measureAge } from './age.ts'
import { BUCKET, type Deployment, withDeployment } from './deployment.ts'
import { type Flows, MEMORY_CLIENT, runFlows } from './flow.ts'
import { measureGuesses } from './guesses.ts'
import { backUp, startImageSource } from './images.ts'
import { measureLedger } from './ledger.ts'
import { around, CONNECTIONS, type Load, measureSlice, median, say } from './load.ts'
import { measurePages } from './pages.ts'
import {
  API,
  credentialsRequest,
  deliveries,
  memoryFlows,
  portalFlows,
  readRequest,
  serviceToken,
} from './population.ts'

const { values } = parseArgs({
  options: {
    slices: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '2' },
    images: { type: 'string', default: '900' },
    ledger: { type: 'string', default: '50000' },
    guesses: { type: 'string', default: '4000' },
    /** Minutes of mixed load, instead of all else. */
    age: { type: 'string' },
    /** The time of each page of residents, instead of all else. */
    pages: { type: 'boolean' },
  },
})
const slices = Number(values.slices)
const seconds = Number(values.seconds)
const images = Number(values.images)
const ledgerRows = Number(values.ledger)
const guesses = Number(values.guesses)

type Result = { name: string; requestsPerSecond: number; cpuMicroseconds: number; errors: number }

async function compare(loads: Load[]): Promise<Result[]> {
  for (const load of loads) await measureSlice(load, seconds)
  const measured = loads.map(() => [] as Awaited<ReturnType<typeof measureSlice>>[])
  for (let round = 0; round < slices; round++) {
    say(`  slice ${round + 1} of ${slices}`)
    for (const [index, load] of loads.entries())
      measured[index]?.push(await measureSlice(load, seconds))
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

/** One worker, then two with a slow vendor, then one with many images and its memory measured. */
async function measureBackups(shared: Environment, count: number, start: Deployment['start']) {
  const source = await startImageSource({ delayMs: 150, ...BUCKET })
  const env = { ...shared, S3_ENDPOINT: source.endpoint }
  const parts = await openContext(readEnvironment(env), createLog('error'))
  const startOne = () => start({ be: 'worker', env })
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

async function measureAll({
  env,
  config,
  parts,
  issuer,
  portal,
  hello,
  tokens,
  clients,
  veriff,
  start,
}: Deployment): Promise<void> {
  const insert = await start({ be: 'insert', databaseUrl: config.database.url })
  const memory = await start({ be: 'memory' })
  say(`GET ${API}`)
  const authorized = around(tokens.map((token) => readRequest(token)))
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
  say('POST /webhooks/veriff')
  const deliver = deliveries(veriff)
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
    {
      name: 'oidc-provider, in memory',
      target: memory,
      run: flowsOf(await memoryFlows(memory.url)),
    },
    {
      name: 'authorize and token, PostgreSQL',
      target: portal,
      run: flowsOf(await portalFlows(issuer, clients)),
    },
  ])
  say('client credentials')
  const credentials = await compare([
    {
      name: 'oidc-provider, in memory',
      target: memory,
      nextRequest: () => credentialsRequest(MEMORY_CLIENT, '/token'),
    },
    {
      name: 'client credentials, PostgreSQL',
      target: portal,
      nextRequest: () => credentialsRequest(clients.service, '/api/oauth/token'),
    },
  ])
  say(`${images} images from the vendor into the bucket`)
  const backups = await measureBackups(env, images, start)
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

const flowsOf = (flows: Flows) => (seconds: number) => runFlows(flows, seconds)

const { age, pages } = values
await withDeployment(
  pages ? measurePages : age === undefined ? measureAll : (each) => measureAge(each, Number(age)),
)
