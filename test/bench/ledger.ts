import type { CompleteConfig } from '../../src/config.ts'
import { openContext } from '../../src/context.ts'
import { createHeadSigner, createHeadVerifier, listHeadKeys } from '../../src/ledger/heads.ts'
import { proveInclusion } from '../../src/ledger/proofs.ts'
import { sequence } from '../../src/ledger/sequencer.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { openDb } from '../../src/platform/db.ts'
import { createLog } from '../../src/platform/log.ts'
import { openKeyRing } from '../../src/signing/key-ring.ts'

const PROOFS = 200

/** Measures a ledger of this many rows in its own database: indexing, verification, finding one changed byte, and proofs. */
export async function measureLedger(config: CompleteConfig, rows: number) {
  const { database } = config
  const admin = openDb(database.url, { connections: 1 })
  await admin.unsafe('create database ledger_bench')
  await admin.end()
  const url = database.url.replace(/[^/]*$/, 'ledger_bench')
  const parts = await openContext({ ...config, database: { ...database, url } }, createLog('error'))
  const { db } = parts
  try {
    const ring = await openKeyRing(db, parts.sealer, parts.log)
    const sign = createHeadSigner(ring)
    await db.begin(async (sql) => {
      await sql`set local statement_timeout = 0`
      await sql`
        insert into ledger_entry (kind, request_id, client_id, account_id, verification_id, scope, purpose, images, result, token_id)
        select 'disclosure', gen_random_uuid(), 'client-' || n % 50, gen_random_uuid(), gen_random_uuid(),
          'eprospera:person.id_verification.read', 'To open your account.',
          jsonb_build_array(jsonb_build_object('id', gen_random_uuid(), 'type', 'selfie', 'sha256', encode(sha256(n::text::bytea), 'hex'))),
          'shown', sha256(n::text::bytea)
        from generate_series(1, ${rows}) n`
    })
    const sequenced = await timed(() => sequence({ db, sign }))
    const judge = createHeadVerifier(await listHeadKeys(db))
    const verified = await timed(() => verifyLedger(db, judge))
    if (verified.answer.faults.length > 0 || verified.answer.sequenced !== rows)
      throw new Error('the ledger is not whole')

    const [victim] = await db<{ entryId: string; index: string }[]>`
      select entry_id, index from ledger_leaf where index = ${Math.floor(rows * 0.7)}`
    await db.unsafe('alter table ledger_entry disable trigger user')
    await db`
      update ledger_entry set images = jsonb_set(images, '{0,sha256}', to_jsonb(overlay(
        images #>> '{0,sha256}' placing case when images #>> '{0,sha256}' like '0%' then '1' else '0' end from 1 for 1)))
      where id = ${victim?.entryId ?? ''}`
    const found = await timed(() => verifyLedger(db, judge))
    const [fault] = found.answer.faults

    const times: number[] = []
    for (let number = 0; number < PROOFS; number++) {
      const { milliseconds } = await timed(() =>
        proveInclusion(db, String(1 + Math.floor((number / PROOFS) * rows))),
      )
      times.push(milliseconds)
    }
    ring.close()
    times.sort((a, b) => a - b)
    const seconds = ({ milliseconds }: { milliseconds: number }) =>
      Number((milliseconds / 1000).toFixed(1))
    return {
      rows,
      sequencedInSeconds: seconds(sequenced),
      verifiedInSeconds: seconds(verified),
      turnedByteFoundInSeconds: seconds(found),
      isNamed: fault?.entryId === victim?.entryId && found.answer.faults.length === 1,
      proofMilliseconds: {
        median: Number((times[Math.floor(times.length / 2)] ?? 0).toFixed(2)),
        worstOfHundred: Number((times[Math.floor(times.length * 0.99)] ?? 0).toFixed(2)),
      },
    }
  } finally {
    await parts.close()
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ answer: T; milliseconds: number }> {
  const began = performance.now()
  return { answer: await work(), milliseconds: performance.now() - began }
}
