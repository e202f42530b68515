import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Embedded, openEmbedded } from '../../src/local/embedded/data-dir.ts'
import { startPostgres } from '../../src/local/embedded/postgres.ts'
import { openDb } from '../../src/platform/db.ts'
import { createLog } from '../../src/platform/log.ts'
import { eventually } from '../support/sandbox.ts'

let dir: string
let log: ReturnType<typeof createLog>
let lines: string[]
const cleanUp: (() => unknown)[] = []
// A data directory as a first start leaves it. To create a cluster takes long, so only the tests of the first start do.
let made: string
let password: string
beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), 'portal-made-'))
  const first = await openEmbedded({
    dataDir: made,
    log: createLog('silent'),
    mode: 'own',
    postgres: true,
    s3: true,
    production: false,
  })
  password = new URL(first.database?.migrationUrl ?? '').password
  await first.close()
})
afterAll(() => rm(made, { recursive: true, force: true }))
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portal-embedded-'))
  lines = []
  log = createLog('info', (line) => lines.push(line))
})
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
  await rm(dir, { recursive: true, force: true })
})

const cluster = () => join(dir, 'data', 'postgres')
/** The test's data directory was used before. */
const copyMade = () => promisify(execFile)('cp', ['-a', made, join(dir, 'data')])

async function start() {
  const postgres = await startPostgres({ dir: cluster(), password, log })
  cleanUp.push(() => postgres.stop())
  return postgres
}

async function openParts(
  mode: 'own' | 'attach-or-own',
  parts: { postgres?: boolean; s3?: boolean; dataDir?: string } = {},
): Promise<Embedded> {
  const { postgres = true, s3 = true, dataDir = join(dir, 'data') } = parts
  const opened = await openEmbedded({ dataDir, log, mode, postgres, s3, production: false })
  let closed = false
  const close = async () => {
    if (!closed) await opened.close()
    closed = true
  }
  cleanUp.push(close)
  return { ...opened, close }
}

async function query(url: string | undefined, statement: string) {
  const db = openDb(url ?? '', { connections: 1 })
  try {
    return await db.unsafe(statement)
  } finally {
    await db.end()
  }
}

/** A process of its own that runs these lines. */
function runApart(body: string): ChildProcess & { stdout: NodeJS.ReadableStream } {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', body], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  cleanUp.push(() => child.kill('SIGKILL'))
  return child as ChildProcess & { stdout: NodeJS.ReadableStream }
}

const sourceOf = (path: string) => new URL(`../../src/${path}`, import.meta.url).href

/** A process of its own that says the address of the database that it started. */
function startApart() {
  return runApart(`
    import { startPostgres } from '${sourceOf('local/embedded/postgres.ts')}'
    const { url } = await startPostgres({
      dir: ${JSON.stringify(cluster())}, password: ${JSON.stringify(password)},
    })
    console.log(url)
    setInterval(() => {}, 1000)`)
}

const firstLine = async ({ stdout }: { stdout: NodeJS.ReadableStream }): Promise<string> => {
  for await (const chunk of stdout) return String(chunk).trim()
  throw new Error('the process ended before it said anything')
}

const postmaster = async () =>
  Number.parseInt(await readFile(join(cluster(), 'postmaster.pid'), 'utf8'), 10)

async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  // One that ended, and that its new parent has not looked at yet, is no longer running.
  return !/\) Z /.test(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''))
}

test('what was stored is there after a restart, in UTF-8, on loopback and flushed to disk', async () => {
  await copyMade()
  const first = await start()
  await query(first.url, `create table note as select 'ñandú' as body`)
  await first.stop()
  const second = await start()
  expect(await query(second.url, 'select body, length(body) from note')).toEqual([
    { body: 'ñandú', length: 5 },
  ])
  const settings = Object.fromEntries(
    (await query(second.url, `select name, setting from pg_settings`)).map((row) => [
      row.name,
      row.setting,
    ]),
  )
  expect(settings).toMatchObject({
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    server_encoding: 'UTF8',
    password_encryption: 'scram-sha-256',
  })
})

test('without the password nobody comes in', async () => {
  await copyMade()
  const { url } = await start()
  await expect(query(url.replace(/:[^:@]*@/, ':other@'), 'select 1')).rejects.toMatchObject({
    code: '28P01',
  })
})

test('a killed process leaves no server behind, and the next start works at once', async () => {
  await copyMade()
  const parent = startApart()
  const url = await firstLine(parent)
  await query(url, `create table note as select 'kept' as body`)
  const pid = await postmaster()
  parent.kill('SIGKILL')
  // At once: the old server may still run, or be on its way out.
  const { url: next } = await start()
  expect(await isAlive(pid)).toBe(false)
  expect(await query(next, 'select body from note')).toEqual([{ body: 'kept' }])
})

test('a killed process that nobody starts again leaves no server behind either', async () => {
  await copyMade()
  const parent = startApart()
  await firstLine(parent)
  const pid = await postmaster()
  parent.kill('SIGKILL')
  expect(await eventually(async () => !(await isAlive(pid)) || undefined)).toBe(true)
})

test('a first start that is killed half-way leaves nothing that the next one trips over', async () => {
  const parent = startApart()
  const parentDir = join(dir, 'data')
  await eventually(async () => {
    const names = await readdir(parentDir, { recursive: true }).catch((): string[] => [])
    return names.some((name) => /^\.postgres\.new-\w+\/cluster\/base$/.test(name))
  })
  parent.kill('SIGKILL')
  const { url } = await start()
  expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(await readdir(parentDir)).toEqual(['postgres'])
})

test('a server that is killed is started again on the same port, with what was stored', async () => {
  await copyMade()
  const { url } = await start()
  await query(url, `create table note as select 'kept' as body`)
  const pid = await postmaster()
  process.kill(pid, 'SIGKILL')
  const found = await eventually(async () =>
    query(url, 'select body from note').catch(() => undefined),
  )
  expect(found).toEqual([{ body: 'kept' }])
  expect(await postmaster()).not.toBe(pid)
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: 'embedded PostgreSQL ended, starting it again', why: 'killed by SIGKILL' },
  ])
})

test("a server's number that is another program's by now stops nothing, and that program goes on", async () => {
  await copyMade()
  const first = await start()
  await first.stop()
  const bystander = runApart(`console.log('here'); setInterval(() => {}, 1000)`)
  await firstLine(bystander)
  await writeFile(join(cluster(), 'postmaster.pid'), `${bystander.pid}\n${cluster()}\n`)
  const { url } = await start()
  expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(await isAlive(bystander.pid ?? 0)).toBe(true)
})

test('the data of another major version is refused and not touched', async () => {
  await mkdir(cluster(), { recursive: true })
  await writeFile(join(cluster(), 'PG_VERSION'), '15\n')
  await expect(start()).rejects.toThrow(/belongs to PostgreSQL 15, and this version brings 18/)
  expect(await readdir(cluster())).toEqual(['PG_VERSION'])
})

test.runIf(process.getuid?.() === 0)(
  'started by root below a folder closed to others, it runs as an ordinary user',
  async () => {
    await chmod(dir, 0o700)
    const { url } = await start()
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
    const status = await readFile(`/proc/${await postmaster()}/status`, 'utf8')
    expect(status).not.toMatch(/^Uid:\t0/m)
  },
)

test.skipIf(process.getuid?.() === 0)('a folder that may not be written is one line', async () => {
  await chmod(dir, 0o500)
  await expect(openParts('own')).rejects.toThrow(
    /The data directory .* cannot be used: this user may not write there/,
  )
  await chmod(dir, 0o700)
})

test('a command beside a running owner uses its database, its bucket and its secrets', async () => {
  await copyMade()
  const owner = await openParts('own')
  await query(
    owner.database?.migrationUrl,
    `create table note as select 'shared' as body;
     create role portal_app login password '${new URL(owner.database?.url ?? '').password}';
     grant select on note to portal_app`,
  )
  const command = await openParts('attach-or-own')
  expect(command.s3).toEqual(owner.s3)
  expect(command.secrets).toEqual(owner.secrets)
  expect(await query(command.database?.url, 'select body from note')).toEqual([{ body: 'shared' }])
  expect(command.database?.migrationUrl).toBeUndefined()
  await command.close()
  // It was not the command's to end.
  expect(await query(owner.database?.migrationUrl, 'select body from note')).toEqual([
    { body: 'shared' },
  ])
})

test('commands without a server start the parts themselves, one after the other', async () => {
  await copyMade()
  const commands = Array.from({ length: 3 }, async (_, n) => {
    const command = await openParts('attach-or-own')
    await query(command.database?.migrationUrl, `create table note_${n} as select ${n} as n`)
    // Were the parts those of the first command, they would end within this.
    await query(command.database?.migrationUrl, `select pg_sleep(${0.2 + 0.4 * n})`)
    await command.close()
  })
  await Promise.all(commands)
  const last = await openParts('attach-or-own')
  expect(
    await query(
      last.database?.migrationUrl,
      `select count(*)::int from pg_tables where tablename ~ '^note_'`,
    ),
  ).toEqual([{ count: 3 }])
})

test('a second owner is refused, by whichever path it comes', async () => {
  await copyMade()
  const owner = await openParts('own')
  await expect(openParts('own')).rejects.toThrow(
    `An identity portal (process ${process.pid}) is running on the data directory`,
  )
  const elsewhere = join(dir, 'moved')
  await rename(join(dir, 'data'), elsewhere)
  await expect(openParts('own', { dataDir: elsewhere })).rejects.toThrow(/is running on/)
  await rename(elsewhere, join(dir, 'data'))
  await owner.close()
  await openParts('own')
})

test('of many processes that start together one owns the data, and all agree on the secrets', async () => {
  const dataDir = join(dir, 'data')
  const starts = Array.from({ length: 4 }, (_, n) =>
    runApart(`
      import { openEmbedded } from '${sourceOf('local/embedded/data-dir.ts')}'
      import { createLog } from '${sourceOf('platform/log.ts')}'
      const opened = await openEmbedded({
        dataDir: ${JSON.stringify(dataDir)}, log: createLog('silent'), postgres: false, s3: true,
        mode: '${n < 2 ? 'own' : 'attach-or-own'}', production: false,
      }).catch((error) => ({ refusal: error.message }))
      console.log(JSON.stringify({ cookieKeys: opened.secrets?.cookieKeys, refusal: opened.refusal }))
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      await opened.close?.()`),
  )
  const answers = (await Promise.all(starts.map(async ({ stdout }) => text(stdout)))).map(
    (answer) => JSON.parse(answer) as { cookieKeys?: string[]; refusal?: string },
  )
  const opened = answers.filter(({ refusal }) => refusal === undefined)
  expect(answers.slice(0, 2).filter(({ refusal }) => refusal !== undefined).length).toBeLessThan(2)
  for (const { refusal } of answers)
    if (refusal !== undefined) expect(refusal).toMatch(/^An identity portal \(process \d+\) is/)
  expect(new Set(opened.map(({ cookieKeys }) => cookieKeys?.join())).size).toBe(1)
  const { secrets } = await openParts('own', { postgres: false })
  expect(secrets.cookieKeys).toEqual(opened[0]?.cookieKeys)
})

test('the bucket keeps its address over a restart, so that links go on working', async () => {
  const first = await openParts('own', { postgres: false })
  await first.close()
  const second = await openParts('own', { postgres: false })
  expect(second.s3?.endpoint).toBe(first.s3?.endpoint)
})

test('secrets that are lost or damaged are not made again over data that needs them', async () => {
  await copyMade()
  const owner = await openParts('own', { s3: false })
  await owner.close()
  const path = join(dir, 'data', 'secrets.json')
  const kept = await readFile(path, 'utf8')
  await writeFile(path, kept.slice(0, 20))
  await expect(openParts('own')).rejects.toThrow(/cannot be read. Restore it from a backup/)
  await rm(path)
  await expect(openParts('own')).rejects.toThrow(/is missing, and the data beside it/)
  await writeFile(path, kept)
  const again = await openParts('own', { s3: false })
  expect(again.secrets).toEqual(owner.secrets)
})
