import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type BackupProof, identifyDatabase } from '../../src/cli/backup-proof.ts'
import { readCommand } from '../../src/cli/commands.ts'
import type { AppContext } from '../../src/context.ts'
import { createHeadSigner } from '../../src/ledger/heads.ts'
import { sequence } from '../../src/ledger/sequencer.ts'
import { findVerifiedBackup } from '../../src/platform/backup-record.ts'
import { FindingsError } from '../../src/platform/errors.ts'
import { createLocalKeyService } from '../../src/platform/key-service.ts'
import { createLog } from '../../src/platform/log.ts'
import { createSealer, randomSecret } from '../../src/platform/secrets.ts'
import { openKeyRing } from '../../src/signing/key-ring.ts'
import { PROCESS_ROLES } from '../support/cluster.ts'
import { addEntry } from '../support/ledger.ts'
import { addResident, startPortal, type TestPortal } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'
import { addVerification } from '../support/verifications.ts'

let portal: TestPortal
let dir: string
let verification: Awaited<ReturnType<typeof addVerification>>
beforeAll(async () => {
  portal = await startPortal()
  dir = await mkdtemp(join(tmpdir(), 'backup-'))
  verification = await addVerification(portal.parts, (await addResident(portal.parts)).id)
  for (let count = 0; count < 3; count++) await addEntry(portal.db, {})
  await sequenceAll()
})
afterAll(async () => {
  await portal.close()
  await rm(dir, { recursive: true })
})

let change: Partial<AppContext>
beforeEach(() => {
  change = {}
})
const run = async <T>(...words: string[]) =>
  (await readCommand(words).run({
    ...portal.parts,
    ...change,
    issuer: portal.issuer,
  })) as T
const verify = (...words: string[]) => run<BackupProof>('backup', 'verify', ...words)
const faultsOf = async (...words: string[]) => {
  const error = await verify(...words).catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(FindingsError)
  return ((error as FindingsError).findings as BackupProof).faults
}
async function keep(name: string, value: unknown): Promise<string> {
  const file = join(dir, name)
  await writeFile(file, JSON.stringify(value))
  return file
}
const keepHead = async (name: string, change: Record<string, unknown> = {}) => {
  const answer = await fetch(`${portal.url}/.well-known/ledger`)
  return await keep(name, { ...((await answer.json()) as object), ...change })
}
const frontKey = () => `default/${verification.id}/1/document_front.jpg`

async function sequenceAll() {
  const ring = await openKeyRing(portal.db, portal.parts.sealer, createLog('silent'))
  await eventually(async () => {
    await sequence({ db: portal.db, sign: createHeadSigner(ring) })
    const [left] = await portal.db`
      select from ledger_entry where not exists (select from ledger_leaf where entry_id = ledger_entry.id)`
    return left === undefined
  })
  ring.close()
}

test('a complete copy has no fault; its ledger, images and age are said', async () => {
  const proof = await verify('--head', await keepHead('head.json'))
  expect(proof).toMatchObject({
    ledger: { size: 3, entries: 3 },
    missing: { disclosures: 0, verifications: [] },
    faults: [],
  })
  expect(proof.images.objects).toBeGreaterThanOrEqual(3)
  expect(Date.now() - proof.takenAt.getTime()).toBeLessThan(10 * 60_000)
  expect(await verify('--quick')).toMatchObject({ missing: { disclosures: null } })
})

test('what came after the dump is said to be missing: disclosures of the kept head, verifications of which the bucket has images', async () => {
  const later = randomUUID()
  const bytes = Buffer.from('an image')
  const sha256 = createHash('sha256').update(bytes).digest()
  const key = `default/${later}/1/document_front.jpg`
  await portal.parts.storage.put(key, bytes, { contentType: 'image/jpeg', sha256 })
  const head = await keepHead('later.json', { size: 7, head: null })
  expect((await verify('--head', head)).missing).toEqual({
    disclosures: 4,
    verifications: [later],
  })
  await portal.parts.storage.delete(key)
})

test('a head of another portal is a fault, of this size and of a smaller one', async () => {
  const root = createHash('sha256').update('other').digest('base64url')
  expect(await faultsOf('--head', await keepHead('other.json', { root }))).toEqual([
    'the kept head is not signed by this portal',
    'the ledger does not contain the 3 entries of the kept head',
  ])
  expect(await faultsOf('--head', await keepHead('small.json', { size: 2 }))).toContain(
    'the ledger does not contain the 2 entries of the kept head',
  )
})

test('an image that is missing, shorter or another is a fault', async () => {
  const { storage } = portal.parts
  const original = Buffer.from(await storage.get(frontKey()))
  const replaceBy = async (bytes: Buffer) => {
    await storage.delete(frontKey())
    const sha256 = createHash('sha256').update(bytes).digest()
    await storage.put(frontKey(), bytes, { contentType: 'image/jpeg', sha256 })
  }
  await storage.delete(frontKey())
  expect(await faultsOf()).toEqual([expect.stringMatching(/document_front.*is missing/)])
  await replaceBy(original.subarray(1))
  expect(await faultsOf('--quick')).toEqual([expect.stringMatching(/bytes, not/)])
  await replaceBy(Buffer.from(original).reverse())
  expect(await faultsOf()).toEqual([expect.stringMatching(/another digest/)])
  expect(await faultsOf('--quick')).toEqual([expect.stringMatching(/another digest/)])
  await replaceBy(original)
  expect((await verify()).faults).toEqual([])
})

test('another ENCRYPTION_KEY is a fault', async () => {
  const sealer = createSealer([Buffer.from(randomSecret(), 'base64url')])
  change = { sealer, keyService: createLocalKeyService(sealer) }
  expect(await faultsOf()).toEqual([
    'the signing keys open under no key of ENCRYPTION_KEY',
    expect.stringMatching(/^\d+ data keys open under no key/),
  ])
})

test('a proof is recorded in the portal that it is of, and in no other', async () => {
  const ofItself = await verify()
  await expect(
    run('backup', 'record', '--proof', await keep('itself.json', ofItself)),
  ).rejects.toThrow(/^The proof is of this database, not of a copy/)
  // The owner of a database of Debian's has no more rights than this.
  await portal.db.begin(async (sql) => {
    await sql.unsafe(`set local role ${PROCESS_ROLES.web}`)
    expect(await identifyDatabase(sql)).toBe(ofItself.database)
  })
  const proof = { ...ofItself, database: 'of the copy' }
  await addEntry(portal.db, {})
  await sequenceAll()
  const recorded = await run<{ disclosures: number }>(
    ...['backup', 'record', '--proof', await keep('proof.json', proof)],
  )
  expect(recorded.disclosures).toBe(1)
  expect((await findVerifiedBackup(portal.db))?.takenAt).toEqual(proof.takenAt)

  const refused = async (given: unknown) =>
    run('backup', 'record', '--proof', await keep('refused.json', given))
  const root = createHash('sha256').update('other').digest('base64url')
  await expect(refused({ ...proof, ledger: { ...proof.ledger, root } })).rejects.toThrow(
    /a backup of another one/,
  )
  await expect(refused({ ...proof, ledger: { ...proof.ledger, size: 9 } })).rejects.toThrow(
    /a backup of another one/,
  )
  await expect(refused({ ...proof, faults: ['x'] })).rejects.toThrow(/has faults/)
  await expect(refused({})).rejects.toThrow(/is not what/)
})
