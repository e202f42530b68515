import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { listEntries, listEntriesOfToken } from '../../src/ledger/entries.ts'
import { createHeadSigner, createHeadVerifier, listHeadKeys } from '../../src/ledger/heads.ts'
import { findHead, proveConsistency, proveInclusion } from '../../src/ledger/proofs.ts'
import { sequence } from '../../src/ledger/sequencer.ts'
import { isConsistent, isIncluded, leafHash } from '../../src/ledger/tree.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { grantAppRole, withOwner } from '../../src/platform/database-role.ts'
import { type Db, openDb } from '../../src/platform/db.ts'
import { createJobs } from '../../src/platform/jobs.ts'
import { createLog } from '../../src/platform/log.ts'
import { migrate } from '../../src/platform/migrations.ts'
import { hashSecret } from '../../src/platform/secrets.ts'
import { openKeyRing } from '../../src/signing/key-ring.ts'
import { startWorker } from '../../src/worker.ts'
import { createApplication } from '../support/application.ts'
import { createDatabase } from '../support/database.ts'
import { addEntry } from '../support/ledger.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'
import { addVerification } from '../support/verifications.ts'

const PATH = '/api/v1/me/natural-person/id-verification'
const SCOPE = 'eprospera:person.id_verification.read'
let portal: TestPortal
let db: Db
let sign: ReturnType<typeof createHeadSigner>
beforeAll(async () => {
  portal = await startPortal()
  db = portal.db
  const ring = await openKeyRing(db, portal.parts.sealer, createLog('silent'))
  sign = createHeadSigner(ring)
  ring.close()
})
afterAll(() => portal.close())

/** Appends every entry: one waits while any transaction of the cluster is older than it, also of another test's database. */
async function sequenceAll() {
  await eventually(async () => {
    await sequence({ db, sign })
    const [left] = await db`
      select from ledger_entry entry
      where not exists (select from ledger_leaf where entry_id = entry.id) limit 1`
    return left === undefined
  })
}
const verify = async (on: Db = db) => verifyLedger(on, createHeadVerifier(await listHeadKeys(on)))
const decode = (text: string) => Buffer.from(text, 'base64url')

// Without a name or an address in the ID token, which would have a row of its own.
const LOOKING = `openid offline_access ${SCOPE}`

async function signedIn(scope = LOOKING) {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  const { access_token: token } = await application.obtainTokens(scope, resident.email)
  return { resident, client, token }
}
const call = async (token: string, path = PATH, init: RequestInit = {}) => {
  const answer = await fetch(`${portal.url}${path}`, {
    ...init,
    headers: { Authorization: `Bearer ${token}` },
  })
  return {
    status: answer.status,
    body: (await answer.json()) as Record<string, unknown>,
    headers: answer.headers,
  }
}

describe('each look leaves a row', () => {
  test('of who saw which images of whom, and nothing of what they show', async () => {
    const { resident, client, token } = await signedIn()
    const verification = await addVerification(portal.parts, resident.id)
    await db`
      update verification set shown_images = '[{"id":"6f1d8f0a-54c5-4d6f-9b8b-0c8f7c1e2a33","type":"selfie","sha256":"ab"}]'
      where id = ${verification.id}`
    const { headers } = await call(token)
    const [row] = await listEntries(db, resident.id)
    expect(row).toMatchObject({
      kind: 'disclosure',
      requestId: headers.get('x-request-id'),
      clientId: client.client_id,
      accountId: resident.id,
      verificationId: verification.id,
      scope: SCOPE,
      images: [{ id: '6f1d8f0a-54c5-4d6f-9b8b-0c8f7c1e2a33', type: 'selfie', sha256: 'ab' }],
      result: 'shown',
    })
    // By the token it was opened with, and by no other.
    const { jti = '' } = decodeJwt(token)
    const opened = await listEntriesOfToken(db, hashSecret(jti), { limit: 10 })
    expect(opened.map(({ id }) => id)).toEqual([row?.id])
    expect(await listEntriesOfToken(db, hashSecret('x'), { limit: 10 })).toEqual([])
    const text = JSON.stringify(row)
    expect(text).not.toContain('X-Amz')
    expect(text).not.toContain(resident.email)
  })

  test('of nothing approved, of a missing scope, and of images by every way', async () => {
    const { resident, token } = await signedIn()
    await call(token)
    const poor = await signedIn('openid')
    await call(poor.token)
    const refused = await call(poor.token, `${PATH}/images`)
    const [refusal] = await listEntries(db, poor.resident.id)
    expect(refusal?.requestId).toBe(refused.headers.get('x-request-id'))
    expect((await listEntries(db, resident.id)).map(({ kind, result }) => [kind, result])).toEqual([
      ['disclosure', 'nothing'],
    ])
    expect(
      (await listEntries(db, poor.resident.id)).map(({ kind, result }) => [kind, result]),
    ).toEqual([
      ['refusal', 'missing_scopes'],
      ['refusal', 'missing_scopes'],
    ])
    await addVerification(portal.parts, resident.id)
    await call(token, `${PATH}/images`)
    const [list] = await listEntries(db, resident.id)
    expect(list).toMatchObject({ kind: 'disclosure', result: 'image metadata' })
    expect(list?.images).toHaveLength(3)
    await call(token, `${PATH}/images/selfie`)
    const [row] = await listEntries(db, resident.id)
    expect(row).toMatchObject({
      kind: 'disclosure',
      images: [{ type: 'selfie', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    })
  })

  test('many at the same moment, each its own; and nobody without a token leaves one', async () => {
    const people = await Promise.all(Array.from({ length: 4 }, () => signedIn()))
    const [before] = await db<{ count: number }[]>`select count(*)::int as count from ledger_entry`
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => call(people[index % 4]?.token ?? '')),
    )
    await Promise.all(Array.from({ length: 10 }, () => call('nobody.gave.this')))
    for (const { resident } of people) expect(await listEntries(db, resident.id)).toHaveLength(10)
    const [after] = await db<{ count: number }[]>`select count(*)::int as count from ledger_entry`
    expect((after?.count ?? 0) - (before?.count ?? 0)).toBe(40)
  })

  test('where the row cannot be written there is no answer', async () => {
    const { resident, token } = await signedIn()
    await addVerification(portal.parts, resident.id)
    await db.unsafe('alter table ledger_entry add constraint closed check (false) not valid')
    try {
      for (const path of [PATH, `${PATH}/images/selfie`]) {
        const { status, body } = await call(token, path)
        expect([status, body]).toMatchObject([500, { error: 'Internal server error' }])
      }
    } finally {
      await db.unsafe('alter table ledger_entry drop constraint closed')
    }
    expect((await call(token)).status).toBe(200)
  })
})

test('the resident reads who has read their data, in words, and nobody else does', async () => {
  const { resident, token } = await signedIn()
  await addVerification(portal.parts, resident.id)
  for (let number = 0; number < 52; number++) await call(token, `${PATH}/images/selfie`)
  const detail = { what: 'operator-read', of: 'resident' } as const
  await addEntry(db, { detail, accountId: resident.id })
  const browser = createUserAgent()
  const signIn = await browser.open(`${portal.url}/`)
  await browser.submit(signIn, 'login', { email: resident.email, password: PASSWORD })
  const { text } = await browser.open(`${portal.url}/activity`)
  expect(text).toContain(
    '<strong>The people who run this portal</strong> read your personal details.',
  )
  expect(text.split('<strong>Bluewater Bank</strong> saw your face.')).toHaveLength(2)
  expect(text).toContain('52 times, last on')
  expect(text).not.toContain('rel="next"')

  const other = createUserAgent()
  const stranger = await addResident(portal.parts)
  await other.submit(await other.open(`${portal.url}/`), 'login', {
    email: stranger.email,
    password: PASSWORD,
  })
  expect((await other.open(`${portal.url}/activity`)).text).toContain(
    'Nobody has seen your data yet.',
  )
  const nobody = await fetch(`${portal.url}/activity`, { redirect: 'manual' })
  expect([nobody.status, nobody.headers.get('location')]).toEqual([
    303,
    '/sign-in?return=%2Factivity',
  ])
})

test('the former address of the page redirects for good, and keeps the place in the list', async () => {
  for (const [from, to] of [
    ['/looks', '/activity'],
    ['/looks?before=7', '/activity?before=7'],
  ]) {
    const response = await fetch(`${portal.url}${from}`, { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([301, to])
  }
})

test('entries written at the same moment on two pools all get one place, whoever commits first', async () => {
  const other = openDb(portal.config.database.url, { connections: 4 })
  const accountId = randomUUID()
  const gate = Promise.withResolvers<void>()
  const inside = Promise.withResolvers<void>()
  // It takes its number first, and commits last.
  const slow = db.begin(async (sql) => {
    await addEntry(sql, { accountId })
    inside.resolve()
    await gate.promise
  })
  await inside.promise
  await Promise.all(
    Array.from({ length: 30 }, (_, index) => addEntry(index % 2 ? db : other, { accountId })),
  )
  await db
    .begin(async (sql) => {
      await addEntry(sql, { accountId })
      throw new Error('taken back')
    })
    .catch(() => {})
  await sequence({ db, sign })
  gate.resolve()
  await slow
  await Promise.all([sequence({ db, sign }), sequence({ db: other, sign })])
  await sequenceAll()
  const entries = await listEntries(db, accountId)
  expect(entries).toHaveLength(31)
  expect(new Set(entries.map(({ index }) => index)).size).toBe(31)
  expect(entries.every(({ index }) => index !== null)).toBe(true)
  expect(await verify()).toMatchObject({ faults: [] })
  await other.end()
})

test('proofs that anybody can check: of one entry, and of all that was there before', async () => {
  const accountId = randomUUID()
  await addEntry(db, { accountId })
  await sequenceAll()
  const published = async (path = '') =>
    (await (await fetch(`${portal.url}/.well-known/ledger${path}`)).json()) as {
      size: number
      root: string
      head: string
      index: number
      leaf: string
      path: string[]
      keys: Parameters<typeof createHeadVerifier>[0]
    }
  const before = await published()
  expect(await createHeadVerifier(before.keys)(before.head, before)).toBe(true)
  expect(
    await createHeadVerifier(before.keys)(before.head, { ...before, size: before.size + 1 }),
  ).toBe(false)

  for (let number = 0; number < 7; number++) await addEntry(db, { accountId })
  await sequenceAll()
  const after = await published()
  expect(after.size).toBe(before.size + 7)
  const consistency = await published(`/consistency?first=${before.size}`)
  const rootOf = ({ size, root }: { size: number; root: string }) => ({ size, root: decode(root) })
  expect(isConsistent(rootOf(before), rootOf(after), consistency.path.map(decode))).toBe(true)
  expect(
    isConsistent(
      rootOf(before),
      rootOf(after),
      (await proveConsistency(db, before.size, after.size)).map(decode),
    ),
  ).toBe(true)

  for (const { id } of await listEntries(db, accountId)) {
    const proof = await proveInclusion(db, id)
    if (!proof) throw new Error('there is no proof')
    const leaf = leafHash(Buffer.from(proof.entry))
    expect(decode(proof.leaf).equals(leaf)).toBe(true)
    expect(JSON.parse(proof.entry)).toContain(accountId)
    const path = proof.path.map(decode)
    const { index, size, head } = proof
    expect(isIncluded(leaf, { index, size, root: decode(head.root), path })).toBe(true)
    const shown = await published(`/proof?entry=${id}`)
    expect([shown.leaf, shown.path]).toEqual([proof.leaf, proof.path])
    // Who does not know the entry learns nothing of it.
    expect(JSON.stringify(shown)).not.toContain(accountId)
  }
  for (const path of ['/proof', '/proof?entry=x', '/consistency?first=-1', '/consistency'])
    expect((await fetch(`${portal.url}/.well-known/ledger${path}`)).status).toBe(400)
  expect((await fetch(`${portal.url}/.well-known/ledger/proof?entry=999999999`)).status).toBe(404)
})

test('the verifier of docs/ledger.md runs as it is printed, and finds a changed entry', async () => {
  const accountId = randomUUID()
  await addEntry(db, { accountId })
  await sequenceAll()
  const [{ id = '' } = {}] = await listEntries(db, accountId)
  const directory = await mkdtemp(join(tmpdir(), 'verifier-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const root = new URL('../../', import.meta.url).pathname
  const text = await readFile(join(root, 'docs/ledger.md'), 'utf8')
  const [, printed = ''] = /^```js\n([\s\S]*?)^```$/m.exec(text) ?? []
  // As in a copy of the repository.
  for (const folder of ['src', 'node_modules'])
    await symlink(join(root, folder), join(directory, folder))
  const kept = await (await fetch(`${portal.url}/.well-known/ledger`)).text()
  const { entry = '' } = (await proveInclusion(db, id)) ?? {}
  const write = (name: string, content: string) => writeFile(join(directory, name), content)
  await write('verify.mjs', printed)
  await write('kept.json', kept)
  await write('entry.json', JSON.stringify({ entry }))
  await write('changed.json', JSON.stringify({ entry: entry.replace(accountId, randomUUID()) }))
  await addEntry(db, { accountId })
  await sequenceAll()
  const run = (file: string) =>
    promisify(execFile)(process.execPath, ['verify.mjs', portal.url, 'kept.json', file], {
      cwd: directory,
    })
  const [{ stdout }] = await Promise.all([
    run('entry.json'),
    expect(run('changed.json')).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('NOT in the ledger'),
    }),
  ])
  expect(stdout).toBe('All that you kept is still there.\nThe entry is in the ledger.\n')
})

test('an owner that is no superuser hands over what it made before', async () => {
  const name = `owned_${randomUUID().slice(0, 8)}`
  const [owner, app] = [`${name}_owner`, `${name}_app`]
  await db.unsafe(`create role ${owner} login createrole password '${PASSWORD}'`)
  await db.unsafe(`create database ${name} owner ${owner}`)
  const urlOf = (user: string) => {
    const url = new URL(portal.config.database.url)
    return Object.assign(url, { username: user, password: PASSWORD, pathname: name }).href
  }
  try {
    await withOwner(urlOf(owner), async (sql) => {
      await migrate(urlOf(owner))
      // As a portal did that ran as the owner until now.
      await (await createJobs(urlOf(owner), portal.parts.log)).stop()
      await grantAppRole(sql, urlOf(app))
    })
    await (await createJobs(urlOf(app), portal.parts.log)).stop()
    await withOwner(urlOf(app), async (sql) => {
      await addEntry(sql, {})
      await expect(sql.unsafe('delete from ledger_entry')).rejects.toThrow('permission denied')
    })
  } finally {
    await db.unsafe(`drop database ${name} with (force)`)
    await db.unsafe(`drop role ${app}`).catch(() => {})
    await db.unsafe(`drop role ${owner}`).catch(() => {})
  }
})

test('a role of its own serves everything, and can only add to the ledger', async () => {
  const role = `app ${randomUUID().slice(0, 8)}`
  const owner = await startPortal()
  let started: Awaited<ReturnType<TestPortal['startOther']>> | undefined
  try {
    const url = new URL(owner.config.database.url)
    url.username = role
    url.password = PASSWORD
    // Twice: a deployment, and the next one; what the owner made of the queue before goes to the role.
    for (let times = 0; times < 2; times++)
      await withOwner(owner.config.database.url, (sql) => grantAppRole(sql, url.href))
    started = await owner.startOther({ DATABASE_URL: url.href })
    const resident = await addResident(owner.parts)
    await addVerification(owner.parts, resident.id)
    const application = await createApplication(owner.issuer, await addClient(owner.parts))
    const { access_token } = await application.obtainTokens(LOOKING, resident.email)
    const answer = await fetch(`${started.url}${PATH}`, {
      headers: { Authorization: `Bearer ${access_token}` },
    })
    expect(answer.status).toBe(200)
    expect(await listEntries(owner.db, resident.id)).toHaveLength(1)
    const restricted = openDb(url.href, { connections: 1 })
    // A warning, and nothing is granted.
    await restricted.unsafe(`grant all on ledger_entry to "${role}"`)
    for (const statement of [
      'update ledger_entry set result = $$x$$',
      'delete from ledger_entry',
      'truncate ledger_head',
      'alter table ledger_entry disable trigger user',
      'drop table ledger_leaf',
      'update schema_migration set sha256 = $$x$$',
      'create table mine ()',
    ])
      await expect(restricted.unsafe(statement), statement).rejects.toThrow(
        /permission denied|must be owner/,
      )
    // A worker of this role does everything that workers do.
    const jobs = await createJobs(url.href, owner.parts.log)
    const config = { ...owner.config, database: { ...owner.config.database, url: url.href } }
    const worker = await startWorker({ ...owner.parts, db: restricted, config }, jobs)
    await eventually(async () => (await findHead(owner.db))?.size === 1)
    await worker.stop()
    await jobs.stop()
    await restricted.end()
    await expect(
      withOwner(owner.config.database.url, (sql) => grantAppRole(sql, owner.config.database.url)),
    ).rejects.toThrow('the same user')
  } finally {
    await started?.close()
    await owner.db.unsafe(`drop owned by "${role}" cascade; drop role "${role}"`).catch(() => {})
    await owner.close()
  }
})

describe('nobody changes it quietly', () => {
  test.each([
    ['update ledger_entry set result = $$x$$'],
    ['delete from ledger_entry'],
    ['truncate ledger_entry'],
    ['update ledger_leaf set entry_id = 1'],
    ['delete from ledger_leaf'],
    ['delete from ledger_head'],
    ['update ledger_node set hash = $$x$$'],
  ])('refused: %s', async (statement) => {
    await expect(db.unsafe(statement)).rejects.toThrow('the ledger is only added to')
  })

  /** As one who has the whole database in hand. */
  async function tamper(statement: string, restore: string) {
    await sequenceAll()
    const without = async (what: string) => {
      for (const table of ['ledger_entry', 'ledger_leaf', 'ledger_node', 'ledger_head'])
        await db.unsafe(`alter table ${table} disable trigger user`)
      await db.unsafe(what)
      for (const table of ['ledger_entry', 'ledger_leaf', 'ledger_node', 'ledger_head'])
        await db.unsafe(`alter table ${table} enable trigger user`)
    }
    await without(statement)
    const { faults } = await verify()
    await without(restore)
    expect(await verify()).toMatchObject({ faults: [] })
    return faults
  }
  const entryAt = async (index: number) => {
    const [row] = await db<{ entryId: string }[]>`
      select entry_id from ledger_leaf where index = ${index}`
    return row?.entryId ?? ''
  }

  test('a changed word', async () => {
    const entry = await entryAt(5)
    await db.unsafe('create table kept as table ledger_entry')
    const faults = await tamper(
      `update ledger_entry set result = 'nothing at all' where id = ${entry}`,
      `update ledger_entry e set result = kept.result from kept where kept.id = e.id and e.id = ${entry}`,
    )
    expect(faults).toEqual([
      { fault: 'the entry was changed, or its leaf', index: 5, entryId: entry },
    ])
    await db.unsafe('drop table kept')
  })

  test('an entry that is gone', async () => {
    const entry = await entryAt(3)
    await db.unsafe(`create table kept as select * from ledger_entry where id = ${entry}`)
    const faults = await tamper(
      `delete from ledger_entry where id = ${entry}`,
      'insert into ledger_entry overriding system value select * from kept',
    )
    expect(faults).toEqual([
      { fault: 'the entry of this leaf is missing', index: 3, entryId: entry },
    ])
    await db.unsafe('drop table kept')
  })

  test('two that changed places', async () => {
    const swap = `
      update ledger_leaf set index = -1 where index = 4; update ledger_leaf set index = 4 where index = 7;
      update ledger_leaf set index = 7 where index = -1`
    const faults = await tamper(swap, swap)
    expect(faults.map(({ index }) => index)).toEqual([4, 6])
    expect(faults[0]?.fault).toContain('one was changed or moved')
  })

  test('an entry changed with its leaf and every hash above it, but not with the signed head', async () => {
    const faults = await tamper(
      'create table heads as table ledger_head; update ledger_head set root = sha256(root)',
      'update ledger_head h set root = heads.root from heads where heads.size = h.size; drop table heads',
    )
    expect(faults.length).toBeGreaterThan(1)
    expect(faults[0]?.fault).toContain('has another root')
  })

  test('the last ones cut off', async () => {
    await db.unsafe('create table kept as select * from ledger_leaf order by index desc limit 2')
    const faults = await tamper(
      'delete from ledger_leaf where index in (select index from kept)',
      'insert into ledger_leaf select * from kept',
    )
    expect(faults.some(({ fault }) => fault.includes('a head was signed over'))).toBe(true)
    await db.unsafe('drop table kept')
  })

  test('an entry that was put among the old ones', async () => {
    const [old] = await db<{ xid: string }[]>`
      select xid::text from ledger_entry join ledger_leaf on entry_id = id where index = 2`
    await db`
      insert into ledger_entry (kind, result, xid) values ('disclosure', 'never happened', ${old?.xid ?? ''}::xid8)`
    const { faults } = await verify()
    expect(faults).toEqual([
      { fault: 'an entry has no leaf, and later ones have', entryId: expect.any(String) },
    ])
  })
})

test('in a restored database, where transaction ids start anew, entries of before that had no leaf get one, and nothing is taken for a fault', async () => {
  const restored = await createDatabase()
  const { db: own } = restored
  const ring = await openKeyRing(own, portal.parts.sealer, createLog('silent'))
  const run = () => sequence({ db: own, sign: createHeadSigner(ring) })
  const countOpen = async () => {
    const [row] = await own<{ count: number }[]>`
      select count(*)::int as count from ledger_entry
      where not exists (select from ledger_leaf where entry_id = ledger_entry.id)`
    return row?.count
  }
  // What an earlier cluster wrote.
  const addEarlier = (ahead: number) => own`
    insert into ledger_entry (kind, result, xid)
    select 'disclosure', 'earlier', (pg_current_xact_id()::text::bigint + ${ahead})::text::xid8`
  const addLeaves = () =>
    eventually(async () => {
      await run()
      return (await countOpen()) === 0
    })
  await addEarlier(1_000_000)
  await addLeaves()
  await addEarlier(1_000_001)
  await addEntry(own, {})
  expect((await verify(own)).faults).toEqual([])
  await addLeaves()
  await addEntry(own, {})
  await addLeaves()
  expect(await verify(own)).toMatchObject({ sequenced: 4, faults: [] })
  ring.close()
  await restored.drop()
})
