import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unzipSync } from 'fflate'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEntryCase } from '../../src/accounts/cases.ts'
import { readCommand } from '../../src/cli/commands.ts'
import type { proveErasure } from '../../src/id-verification/erasure.ts'
import { listEntries } from '../../src/ledger/entries.ts'
import { listHeadKeys } from '../../src/ledger/heads.ts'
import { isIncluded, leafHash } from '../../src/ledger/tree.ts'
import { createApplication } from '../support/application.ts'
import { addEntry } from '../support/ledger.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'

let portal: TestPortal
let veriff: Awaited<ReturnType<typeof connectSandbox>>
let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portal-export-'))
  portal = await startPortal({ worker: true })
  veriff = await connectSandbox(portal)
})
afterAll(async () => {
  await veriff.sandbox.close()
  await portal.close()
  await rm(dir, { recursive: true, force: true })
})
const run = async <T>(...words: string[]) =>
  (await readCommand(words).run({ ...portal.parts, issuer: portal.issuer })) as T
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

test('everything of one resident and nothing of another, each file by a digest that the portal signed', async () => {
  const { resident, id, sessionId } = await veriff.start()
  const stranger = await veriff.start()
  await veriff.sandbox.complete(sessionId, 'approved')
  await veriff.sandbox.complete(stranger.sessionId, 'approved')
  for (const each of [id, stranger.id])
    await eventually(async () => {
      const [row] = await portal.db`select images_complete from verification where id = ${each}`
      return row?.imagesComplete === true
    })
  const application = await createApplication(portal.issuer, await addClient(portal.parts))
  const { access_token: token } = await application.obtainTokens(ALL_SCOPES, resident.email)
  await fetch(`${portal.url}/api/v1/me/natural-person/id-verification`, {
    headers: { Authorization: `Bearer ${token}` },
  })

  const note = 'I did not ask for this.'
  await createEntryCase(portal.db, portal.parts.vault, {
    ...{ accountId: resident.id, clientId: null, entryId: '1', frozen: false, note },
  })
  const file = join(dir, 'ana.zip')
  const answer = await run<Record<string, unknown>>(
    'resident',
    'export',
    resident.email,
    '--out',
    file,
  )
  const bytes = await readFile(file)
  expect(answer).toMatchObject({
    id: resident.id,
    file,
    bytes: bytes.length,
    sha256: sha256(bytes),
  })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const files = unzipSync(bytes)
  const names = Object.keys(files)
  expect(names).toEqual(
    expect.arrayContaining([
      'account.json',
      'consents.json',
      'sessions.json',
      'passkeys.json',
      'second-factors.json',
      'links.json',
      'activity.json',
      'cases.json',
      'ended-consents.json',
      'notifications.json',
      'events.json',
      'verifications.json',
      'manifest.jws',
    ]),
  )
  const text = (name: string) => Buffer.from(files[name] ?? []).toString()
  expect(JSON.parse(text('account.json'))).toMatchObject({
    email: resident.email,
    person: { givenName: 'Ana' },
  })
  expect(JSON.parse(text('consents.json'))).toHaveLength(1)
  expect(JSON.parse(text('cases.json'))).toMatchObject([{ kind: 'entry', note }])
  expect(JSON.parse(text('notifications.json'))).toEqual({ lookMails: 'each' })
  const entries = JSON.parse(text('activity.json')) as { kind: string }[]
  expect(entries.map(({ kind }) => kind)).toEqual(['export', 'disclosure', 'disclosure'])
  const media = (await veriff.sandbox.findSession(sessionId))?.attempts.at(-1)?.media ?? []
  const images = names.filter((name) => name.startsWith('images/'))
  expect(images.map((name) => sha256(files[name] ?? new Uint8Array())).sort()).toEqual(
    media.map((each) => each.sha256).sort(),
  )
  expect(names.some((name) => name.startsWith('deliveries/'))).toBe(true)

  const keys = createLocalJWKSet({ keys: await listHeadKeys(portal.db) })
  const { payload, protectedHeader } = await jwtVerify(text('manifest.jws'), keys)
  expect(protectedHeader.typ).toBe('resident-archive+jwt')
  expect(payload.account_id).toBe(resident.id)
  const { 'manifest.jws': _, ...listed } = files
  expect(payload.files).toEqual(
    Object.fromEntries(Object.entries(listed).map(([name, content]) => [name, sha256(content)])),
  )

  const all = bytes.toString('latin1')
  for (const secret of [stranger.resident.email, stranger.id, 'password_hash', 'argon2', 'X-Amz'])
    expect(all).not.toContain(secret)
})

test('an existing file is left alone, and a failure leaves none', async () => {
  const resident = await addResident(portal.parts)
  const file = join(dir, 'there.zip')
  await writeFile(file, 'mine')
  await expect(run('resident', 'export', resident.id, '--out', file)).rejects.toThrow(
    'exists already',
  )
  expect(await readFile(file, 'utf8')).toBe('mine')
  await expect(
    run('resident', 'export', resident.id, '--out', join(dir, 'no', 'such.zip')),
  ).rejects.toThrow('cannot be written')
  await expect(run('resident', 'export', 'nobody@example.test', '--out', file)).rejects.toThrow()
  expect((await readdir(dir)).filter((name) => name.includes('unfinished'))).toEqual([])
  // What was not taken is not written down.
  expect(await listEntries(portal.db, resident.id)).toEqual([])
})

test('an erasure is proven: what went, who was told and what they say, and its place in the ledger', async () => {
  const { resident, id, sessionId } = await veriff.start()
  await veriff.sandbox.complete(sessionId, 'approved')
  await eventually(async () => {
    const [row] = await portal.db`select images_complete from verification where id = ${id}`
    return row?.imagesComplete === true
  })
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  await application.obtainTokens(ALL_SCOPES, resident.email)
  await expect(run('resident', 'erasure', resident.id)).rejects.toThrow('no such erased resident')
  await run('resident', 'erase', resident.email)

  type Proof = Awaited<ReturnType<typeof proveErasure>> & object
  const proof = await eventually(async () => {
    const found = await run<Proof>('resident', 'erasure', resident.id)
    return found.isComplete && found
  })
  expect(proof).toMatchObject({
    id: resident.id,
    verifications: [
      {
        id,
        vendor: 'veriff',
        images: 3,
        objectsDeletedAt: expect.any(Date),
        vendorAnswer: 'deleted',
      },
    ],
    // It has no stream: it waits to be told, and is not forgotten.
    applications: [{ clientId: client.client_id, state: 'pending', answer: null }],
  })
  const jwks = createLocalJWKSet({ keys: await listHeadKeys(portal.db) })
  const { payload } = await jwtVerify(proof.receipt, jwks, { typ: 'erasure-receipt+jwt' })
  const { receipt: _, ...said } = proof
  expect(payload).toMatchObject(JSON.parse(JSON.stringify(said)))
  // An outsider's own check, by the published tree and its signed head.
  const { ledger } = proof
  if (!ledger) throw new Error('it has no place in the ledger')
  const bytes = (text: string) => Buffer.from(text, 'base64url')
  expect(
    isIncluded(leafHash(Buffer.from(ledger.entry)), {
      index: ledger.index,
      size: ledger.size,
      root: bytes(ledger.root),
      path: ledger.path.map(bytes),
    }),
  ).toBe(true)
  expect((await jwtVerify(ledger.head, jwks)).payload).toMatchObject({
    size: ledger.size,
    root: ledger.root,
  })
  for (const secret of [resident.email, sessionId, 'Mejia'])
    expect(JSON.stringify(proof)).not.toContain(secret)
})

test('who saw the documents since a day is one command', async () => {
  const resident = await addResident(portal.parts)
  for (let times = 0; times < 2; times++) await addEntry(portal.db, { accountId: resident.id })
  const list = (...words: string[]) =>
    run<unknown[]>('ledger', 'list', '--resident', resident.email, ...words)
  expect(await list('--since', '2026-03-01')).toHaveLength(2)
  expect(await list('--since', '2999-01-01')).toHaveLength(0)
  await expect(list('--since', 'March')).rejects.toThrow('--since')
})
