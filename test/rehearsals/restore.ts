import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { BackupProof } from '../../src/cli/backup-proof.ts'
import type { Finding } from '../../src/cli/checks/check.ts'
import { startS3Server } from '../../src/local/embedded/s3.ts'
import { openDb } from '../../src/platform/db.ts'
import { randomSecret } from '../../src/platform/secrets.ts'
import { createStorage } from '../../src/platform/storage.ts'
import { type Deployment, startDeployment } from '../support/deployment.ts'
import { type Environment, UNLIMITED } from '../support/environment.ts'
import { prepareLoad } from '../support/mixed-load.ts'
import { addResident } from '../support/portal.ts'
import { findFreePorts } from '../support/ports.ts'
import { runCommand, type ServerProcess, startServerProcess } from '../support/server-process.ts'
import {
  makeFolder,
  runProgram,
  type SystemPostgres,
  startSystemPostgres,
} from '../support/system-postgres.ts'
import { addVerification } from '../support/verifications.ts'
import type { Rehearsal } from './rehearsal.ts'

const SCRIPTS = new URL('../../deploy/backup/', import.meta.url).pathname
const DATABASE = 'portal'
const PATHS = ['id-verification', 'id-verification/images', '']

type Load = Awaited<ReturnType<typeof prepareLoad>>
type Portal = { env: Environment; url: string; port: number; processes: ServerProcess[] }

/** The operator's procedures of docs/backup.md: a dump restored into an empty cluster and bucket, and recovery to a point in time. */
export const rehearsal: Rehearsal = {
  summary:
    'back up, restore into an empty cluster and bucket, prove it, and recover to a point in time',
  async run({ short, say }) {
    let source: SystemPostgres | undefined
    const startSource = async (dir: string) => {
      const archive = `${dir}.archive`
      await makeFolder(archive)
      source = await startSystemPostgres({
        dir,
        password: randomSecret(),
        settings: {
          wal_level: 'replica',
          archive_mode: 'on',
          archive_command: `test ! -f ${archive}/%f && cp %p ${archive}/%f`,
        },
      })
      await runProgram(join(source.bin, 'createdb'), [
        DATABASE,
        '--maintenance-db',
        source.urlOf('postgres'),
      ])
      return { url: source.urlOf(DATABASE), stop: source.stop }
    }
    return await startDeployment(
      async (deployment) => {
        if (!source) throw new Error('the database was not started')
        const figures = await rehearse(deployment, source, { short, say })
        await deployment.close()
        return figures
      },
      { startDatabase: startSource },
    )
  },
}

async function rehearse(
  deployment: Deployment,
  source: SystemPostgres,
  { short, say }: { short: boolean; say(line: string): void },
): Promise<string[]> {
  const { dir, parts } = deployment
  const clock = startClock()
  const live = await startLive(deployment)
  const load = await prepareLoad({
    parts,
    issuer: live.url,
    urls: [live.url],
    residents: short ? 2 : 40,
  })
  await load.run(short ? 1 : 10, { read: 2, refresh: 1, flow: 1, delivery: 2 })
  await load.settle()
  clock.lap()
  const base = short ? undefined : await takeBase(source, dir)
  const baseSeconds = clock.lap()

  say('backup')
  const folder = join(dir, 'backup')
  await runProgram('bash', [join(SCRIPTS, 'backup.sh'), folder], {
    BACKUP_DATABASE_URL: source.urlOf(DATABASE),
    ISSUER: live.url,
    PG_BIN: source.bin,
  })
  const dumpSeconds = clock.lap()
  const answers = await askAll(live.url, load)

  // What happens after the dump, and before the bucket is copied and the head is kept.
  const resident = await addResident(parts)
  const newest = await addVerification(parts, resident.id)
  await askAll(live.url, load)
  const head = await keepHead(deployment, live.url, folder)

  say('restore')
  clock.lap()
  const restored = await restore(deployment, source, folder, live.env)
  const restoreSeconds = clock.lap()
  const proof = await verify(restored.env, folder)
  const verifySeconds = clock.lap()
  if (!isDeepStrictEqual(proof.missing.verifications, [newest.id]))
    throw new Error(`said to be missing: ${proof.missing.verifications}, and it is ${newest.id}`)
  if (proof.missing.disclosures !== head.size - proof.ledger.size || proof.missing.disclosures < 1)
    throw new Error(`${proof.missing.disclosures} disclosures are said to be missing`)

  // In the place of the others, at their address.
  await close(live)
  const again = await startProcesses(deployment, restored.env, live.port)
  const compared = compare(answers, await askAll(again.url, load))
  const [findings] = await Promise.all([runDoctor(again.env), requireSameLedger(again.env, proof)])
  await signEverybodyOut(again, load)
  await close(again)

  const recorded = await record(live, folder)
  const recovery = base ? await recover(deployment, source, { base, live, newest: newest.id }) : []
  return [
    `dump of roles and database ${dumpSeconds} s; restore of database and bucket ${restoreSeconds} s; proof ${verifySeconds} s`,
    `${compared.answers} answers of ${load.people.length} residents are the same, ${compared.images} images have the same digest`,
    `the ledger has the same head: ${proof.ledger.size} entries, root ${proof.ledger.root}`,
    `${proof.images.objects} objects compared by digest; said to be missing: 1 verification and ${proof.missing.disclosures} disclosures of after the dump`,
    `doctor on the restored portal: ${findings}`,
    recorded,
    ...(base ? [`base backup ${baseSeconds} s`, ...recovery] : []),
  ]
}

/** Seconds since the last lap. */
function startClock() {
  let began = performance.now()
  return {
    lap(): string {
      const seconds = (performance.now() - began) / 1000
      began = performance.now()
      return seconds.toFixed(1)
    },
  }
}

/** The roles, and one web and one worker process with their own. */
async function startLive(deployment: Deployment): Promise<Portal> {
  const owner = deployment.env.DATABASE_URL ?? ''
  const urlOf = (username: string) =>
    Object.assign(new URL(owner), { username, password: randomSecret() }).href
  const env: Environment = {
    ...deployment.env,
    ...UNLIMITED,
    LOG_LEVEL: 'warn',
    MIGRATION_DATABASE_URL: owner,
    DATABASE_URL: urlOf('portal_app'),
    WEB_DATABASE_URL: urlOf('portal_web'),
    WORKER_DATABASE_URL: urlOf('portal_worker'),
  }
  await runCommand(['migrate'], env)
  const [port = 0] = await findFreePorts(1)
  return await startProcesses(deployment, env, port)
}

async function startProcesses(
  { later }: Deployment,
  env: Environment,
  port: number,
): Promise<Portal> {
  const url = `http://localhost:${port}`
  const { MIGRATION_DATABASE_URL: _owner, WEB_DATABASE_URL: web, WORKER_DATABASE_URL, ...own } = env
  const urls = { web: web ?? '', worker: WORKER_DATABASE_URL ?? '' }
  const start = async (role: 'web' | 'worker') =>
    later(
      await startServerProcess({
        ...own,
        ROLE: role,
        PORT: role === 'web' ? String(port) : '0',
        ISSUER: url,
        DATABASE_URL: urls[role],
      }),
      (each) => each.close(),
    )
  const processes = await Promise.all([start('web'), start('worker')])
  return { env: { ...env, ISSUER: url }, url, port, processes }
}

async function close({ processes }: Portal): Promise<void> {
  for (const each of processes) {
    const end = each.unplannedEnd()
    if (end !== undefined) throw new Error(`a process ended: ${end}`)
    await each.close()
  }
}

type Answers = Map<string, { text: string; images: string[] }>

/** What the API answers to each resident's application, and the digests of the images that it may open. */
async function askAll(url: string, { people }: Load): Promise<Answers> {
  const answers: Answers = new Map()
  for (const { id, access } of people)
    for (const path of PATHS) {
      const response = await fetch(`${url}/api/v1/me/natural-person/${path}`.replace(/\/$/, ''), {
        headers: { Authorization: `Bearer ${access}` },
      })
      const text = await response.text()
      const links = [...text.matchAll(/"(http[^"]+X-Amz-Signature[^"]+)"/g)].map(
        ([, link = '']) => link,
      )
      const images: string[] = []
      for (const link of links) {
        const image = await fetch(link)
        if (!image.ok) throw new Error(`an image is answered ${image.status}`)
        const bytes = Buffer.from(await image.arrayBuffer())
        images.push(createHash('sha256').update(bytes).digest('hex'))
      }
      answers.set(`${id} ${path}`, { text: `${response.status} ${withoutLinks(text)}`, images })
    }
  return answers
}

/** A link names the bucket and the moment; of it only the object's key stays. */
const withoutLinks = (text: string) => text.replaceAll(/"https?:\/\/[^"/]+([^"?]*)[^"]*"/g, '"$1"')

function compare(before: Answers, after: Answers): { answers: number; images: number } {
  let images = 0
  for (const [question, answer] of before) {
    const other = after.get(question)
    if (!isDeepStrictEqual(other, answer))
      throw new Error(`${question} was answered ${answer.text}, and is answered ${other?.text}`)
    images += answer.images.length
  }
  if (images === 0) throw new Error('no image was compared')
  return { answers: before.size, images }
}

/** Waits until a worker signed a head over everything, and keeps it like an operator who keeps heads elsewhere. */
async function keepHead({ parts }: Deployment, url: string, folder: string) {
  for (;;) {
    const [open] = await parts.db`
      select from ledger_entry where not exists (select from ledger_leaf where entry_id = ledger_entry.id)`
    if (!open) break
    await wait(200)
  }
  await runProgram('curl', [
    '-fsS',
    '-o',
    join(folder, 'later-head.json'),
    `${url}/.well-known/ledger`,
  ])
  return (await (await fetch(`${url}/.well-known/ledger`)).json()) as { size: number }
}

/** An empty cluster and an empty bucket, and the backup in them. */
async function restore(
  { dir, later, parts }: Deployment,
  source: SystemPostgres,
  folder: string,
  liveEnv: Environment,
): Promise<{ env: Environment }> {
  const target = later(
    await startSystemPostgres({ dir: join(dir, 'restored'), password: randomSecret() }),
    (each) => each.stop(),
  )
  await runProgram('bash', [join(SCRIPTS, 'restore.sh'), folder], {
    RESTORE_DATABASE_URL: target.urlOf('postgres'),
    PG_BIN: source.bin,
  })
  const s3 = parts.config.s3
  const credentials = { accessKeyId: 'AKIARESTORED', secretAccessKey: randomSecret() }
  const bucket = { bucket: s3.bucket, region: s3.region }
  const { endpoint } = later(
    await startS3Server({
      ...bucket,
      dir: join(dir, 's3-restored'),
      port: 0,
      credentials,
      production: false,
    }),
    (each) => each.close(),
  )
  const storage = createStorage({
    ...bucket,
    endpoint,
    publicEndpoint: endpoint,
    forcePathStyle: true,
    credentials,
  })
  for await (const page of parts.storage.list())
    for (const { key } of page) {
      const { contentType = '', sha256 } = (await parts.storage.head(key)) ?? {}
      const bytes = await parts.storage.get(key)
      await storage.put(key, bytes, {
        contentType,
        sha256: sha256 ?? createHash('sha256').update(bytes).digest(),
      })
    }
  storage.close()
  const moved = (url = '') => {
    const address = Object.assign(new URL(url), { port: String(target.port) })
    if (address.username === 'postgres') address.password = target.password
    return address.href
  }
  return {
    env: {
      ...liveEnv,
      MIGRATION_DATABASE_URL: moved(liveEnv.MIGRATION_DATABASE_URL),
      DATABASE_URL: moved(liveEnv.DATABASE_URL),
      WEB_DATABASE_URL: moved(liveEnv.WEB_DATABASE_URL),
      WORKER_DATABASE_URL: moved(liveEnv.WORKER_DATABASE_URL),
      S3_ENDPOINT: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
  }
}

async function verify(env: Environment, folder: string): Promise<BackupProof> {
  const file = join(folder, 'proof.json')
  await runCommand(
    ['backup', 'verify', '--head', join(folder, 'later-head.json'), '--out', file],
    env,
  )
  return JSON.parse(await readFile(file, 'utf8')) as BackupProof
}

/** The restored portal worked since: what it had at the dump is the beginning of what it has. */
async function requireSameLedger(env: Environment, { ledger }: BackupProof): Promise<void> {
  await runCommand(['ledger', 'verify'], env)
  const db = openDb(env.DATABASE_URL ?? '', { connections: 1 })
  const [head] = await db<{ root: Buffer }[]>`
    select root from ledger_head where size = ${ledger.size}`
  await db.end()
  if (head?.root.toString('base64url') !== ledger.root)
    throw new Error(`the head of ${ledger.size} entries has another root`)
}

async function runDoctor(env: Environment): Promise<string> {
  const { stdout } = await runCommand(['doctor', '--json'], env, { allowed: [0, 1] })
  const findings = JSON.parse(stdout) as Finding[]
  const failed = findings.filter(({ ok }) => !ok)
  if (failed.length > 0) throw new Error(`doctor: ${JSON.stringify(failed)}`)
  const count = (state: Finding['state']) => findings.filter((each) => each.state === state).length
  return `${count('ok')} ok, ${count('unknown')} unknown, 0 failed`
}

/** The statement that docs/backup.md names. */
async function signEverybodyOut({ env, url }: Portal, load: Load): Promise<void> {
  const manual = await readFile(new URL('../../docs/backup.md', import.meta.url), 'utf8')
  const [statement = ''] = /^ *delete from oidc_artifact.*;$/m.exec(manual) ?? []
  const db = openDb(env.DATABASE_URL ?? '', { connections: 1 })
  await db.unsafe(statement)
  await db.end()
  for (const { text } of (await askAll(url, load)).values())
    if (!text.startsWith('401 ')) throw new Error(`after everybody was signed out: ${text}`)
}

async function record(live: Portal, folder: string): Promise<string> {
  const words = ['backup', 'record', '--proof', join(folder, 'proof.json')]
  const { stdout } = await runCommand(words, live.env)
  // Its processes were stopped.
  const { stdout: doctor } = await runCommand(['doctor', '--json'], live.env, { allowed: [0, 1] })
  const backup = (JSON.parse(doctor) as Finding[]).find(({ check }) => check === 'backup')
  if (backup?.state !== 'ok')
    throw new Error(`doctor on the live portal: ${JSON.stringify(backup)}`)
  return `live portal: ${stdout.trim().split('\n').at(-1)}`
}

async function takeBase(source: SystemPostgres, dir: string): Promise<string> {
  const base = join(dir, 'base')
  await runProgram(join(source.bin, 'pg_basebackup'), [
    ...['--dbname', source.urlOf('postgres'), '--pgdata', base, '--checkpoint=fast'],
  ])
  return base
}

/** Loses a table, and recovers the cluster to the moment before, from the base backup and the archived WAL. */
async function recover(
  { later, parts }: Deployment,
  source: SystemPostgres,
  { base, live, newest }: { base: string; live: Portal; newest: string },
): Promise<string[]> {
  const clock = startClock()
  const [before] = await parts.db<{ at: string; entries: number }[]>`
    select now()::text as at, (select count(*)::int from ledger_entry) as entries`
  await wait(1_100)
  await parts.db`delete from verification`
  await parts.db`select pg_switch_wal()`
  await wait(1_000)
  await writeFile(join(base, 'recovery.signal'), '')
  await runProgram('chown', ['-R', '--reference', source.dir, base])
  const recovered = later(
    await startSystemPostgres({
      dir: base,
      password: source.password,
      settings: {
        restore_command: `cp ${source.dir}.archive/%f %p`,
        recovery_target_time: before?.at ?? '',
        recovery_target_action: 'promote',
      },
    }),
    (each) => each.stop(),
  )
  const db = openDb(recovered.urlOf(DATABASE), { connections: 1 })
  const [after] = await db<{ entries: number; hasNewest: boolean }[]>`
    select (select count(*)::int from ledger_entry) as entries,
      exists (select from verification where id = ${newest}) as has_newest`
  await db.end()
  if (after?.entries !== before?.entries || !after?.hasNewest)
    throw new Error(`recovered ${after?.entries} of ${before?.entries} ledger entries`)
  const env = { ...live.env, DATABASE_URL: recovered.urlOf(DATABASE) }
  const { stdout } = await runCommand(['backup', 'verify', '--json'], env)
  const proof = JSON.parse(stdout) as BackupProof
  return [
    `recovered to ${before?.at} in ${clock.lap()} s: all ${proof.ledger.entries} ledger entries, ${proof.images.objects} objects, nothing missing`,
  ]
}
