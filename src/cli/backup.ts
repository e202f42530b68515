import { writeFile } from 'node:fs/promises'
import { FindingsError, OperatorError } from '../platform/errors.ts'
import type { BackupProof } from './backup-proof.ts'
import { defineCommand, getOption, type Noun, requireOption } from './command.ts'
import { readJsonFile } from './input.ts'

const verify = defineCommand({
  isOfPortal: true,
  isReadOnly: true,
  summary: 'Prove that a restored database and bucket are complete',
  options: {
    head: {
      value: 'file',
      text: 'a kept answer of /.well-known/ledger: counts what was disclosed after the dump',
    },
    quick: { text: 'compare sizes and recorded digests of images, and read none' },
    out: { value: 'file', text: 'where the proof is written for `backup record`, as JSON' },
  },
  examples: ['backup verify --head head.json --out proof.json', 'backup verify --quick'],
  async run(context, values) {
    const { keptHeadSchema, proveBackup } = await import('./backup-proof.ts')
    const file = getOption(values, 'head')
    const head = file === undefined ? undefined : keptHeadSchema.safeParse(await readJsonFile(file))
    if (head?.success === false)
      throw new OperatorError(`The file ${file} is no answer of /.well-known/ledger.`)
    const proof = await proveBackup(context, { head: head?.data, quick: values.quick === true })
    const out = getOption(values, 'out')
    if (out !== undefined)
      await writeFile(out, `${JSON.stringify(proof, null, 2)}\n`, { mode: 0o600 })
    if (proof.faults.length > 0) throw new FindingsError(describe(proof), proof)
    return proof
  },
  show: (proof: BackupProof) => describe(proof),
})

const record = defineCommand({
  isOfPortal: true,
  summary: 'Record in the running portal that a backup of it was restored and verified',
  options: {
    proof: { value: 'file', text: 'what `backup verify --out` wrote', required: true },
  },
  examples: ['backup record --proof proof.json'],
  async run({ db }, values) {
    const { identifyDatabase, isBeginningOf, proofSchema } = await import('./backup-proof.ts')
    const { recordVerifiedBackup } = await import('../platform/backup-record.ts')
    const file = requireOption(values, 'proof')
    const { data: proof } = proofSchema.safeParse(await readJsonFile(file))
    if (!proof)
      throw new OperatorError(`The file ${file} is not what \`backup verify --out\` writes.`)
    if (proof.faults.length > 0)
      throw new OperatorError('The proof has faults: the backup is not complete.')
    if (proof.database === (await identifyDatabase(db)))
      throw new OperatorError(
        'The proof is of this database, not of a copy: restore the backup elsewhere, and run `backup verify` there.',
      )
    if (!(await isBeginningOf(db, proof.ledger)))
      throw new OperatorError(
        'The ledger of the backup is not the beginning of this portal’s: it is a backup of another one.',
      )
    const { takenAt, verifiedAt } = proof
    await recordVerifiedBackup(db, { takenAt, verifiedAt })
    const { countDeliveriesSince } = await import('../id-verification/deliveries.ts')
    const { countEntriesSince } = await import('../ledger/entries.ts')
    return {
      takenAt,
      verifiedAt,
      // What would be lost if everything but this backup were.
      deliveries: await countDeliveriesSince(db, takenAt),
      disclosures: await countEntriesSince(db, takenAt),
    }
  },
  show: (recorded: {
    takenAt: Date
    verifiedAt: Date
    deliveries: number
    disclosures: number
  }) => `Recorded: a backup of ${recorded.takenAt.toISOString()}, verified ${recorded.verifiedAt.toISOString()}.
Since then there were ${recorded.deliveries} deliveries and ${recorded.disclosures} disclosures, which it does not have.
`,
})

function describe({ takenAt, ledger, images, missing, faults }: BackupProof): string {
  const { disclosures, verifications } = missing
  return [
    `The newest change in this database is of ${takenAt.toISOString()}.`,
    `Ledger: ${ledger.size} of ${ledger.entries} entries in the tree, root ${ledger.root}.`,
    `Images: ${images.objects} objects, ${images.bytes} bytes compared.`,
    disclosures === null
      ? 'Disclosures after the dump: unknown, because no head was given (--head).'
      : `Disclosures after the dump, which are missing here: ${disclosures}.`,
    `Verifications after the dump, which are missing here while the bucket has their images: ${verifications.length}.`,
    ...verifications.map((id) => `  ${id}`),
    faults.length === 0 ? 'Nothing is missing that was there at the dump.' : 'FAULTS:',
    ...faults.map((fault) => `  ${fault}`),
    '',
  ].join('\n')
}

export const backup: Noun = {
  summary: 'Backups of the database and the bucket',
  commands: { verify, record },
}
