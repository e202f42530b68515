import { FindingsError, OperatorError } from '../platform/errors.ts'
import {
  defineCommand,
  getOption,
  type Noun,
  requireFound,
  requireId,
  requireOption,
  UsageError,
} from './command.ts'
import { readSecret } from './input.ts'
import { findResident, ofAccount, showPersons } from './persons.ts'

const MAX_ENTRIES = 100_000

const list = defineCommand({
  isReadOnly: true,
  summary: 'List what was disclosed of a resident, or with an access token',
  options: {
    resident: { value: 'id|email', text: 'whose entries; an erased resident has the id alone' },
    'token-stdin': { text: 'read an access token from standard input, and list its entries' },
    since: { value: 'day', text: 'not before this day, such as 2026-03-01' },
  },
  examples: [
    'ledger list --resident ana@example.test --since 2026-03-01',
    'printf %s "$ACCESS_TOKEN" | ledger list --token-stdin',
  ],
  columns: ['id', 'at', 'kind', 'result', 'clientId', 'verificationId', 'scope', 'purpose'],
  async run({ db, vault }, values) {
    const { listEntries, listEntriesOfToken } = await import('../ledger/entries.ts')
    const since = getOption(values, 'since')
    if (since !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(since))
      throw new UsageError('--since is a day, such as 2026-03-01')
    const range = { since: since === undefined ? undefined : new Date(since), limit: MAX_ENTRIES }
    if (values['token-stdin']) {
      const entries = await listEntriesOfToken(db, await readTokenId(), range)
      const persons = new Set(entries.flatMap(({ accountId }) => accountId ?? []))
      return await showPersons(db, 'ledger', [...persons].map(ofAccount), entries)
    }
    const key = requireOption(values, 'resident')
    // An erased resident is known by the id alone.
    const accountId = key.includes('@') ? (await findResident({ db, vault }, key)).id : key
    const { explainEntries } = await import('../id-verification/reasons.ts')
    const entries = await explainEntries(db, vault, await listEntries(db, accountId, range))
    const persons = entries.length > 0 ? [ofAccount(accountId)] : []
    return await showPersons(db, 'ledger', persons, entries)
  },
})

/** Reads an access token, live or not, and returns what the ledger knows it by. */
async function readTokenId(): Promise<Uint8Array> {
  const { decodeJwt } = await import('jose')
  const { hashSecret } = await import('../platform/secrets.ts')
  const token = await readSecret()
  try {
    return hashSecret(decodeJwt(token).jti ?? '')
  } catch (cause) {
    throw new OperatorError('What came on standard input is no access token.', { cause })
  }
}

const verify = defineCommand({
  isReadOnly: true,
  summary: 'Find changed, missing and moved rows of the ledger',
  examples: ['ledger verify', 'ledger verify --json'],
  async run({ db }) {
    const { createHeadVerifier, listHeadKeys } = await import('../ledger/heads.ts')
    const { describeFaults, verifyLedger } = await import('../ledger/verify.ts')
    const verdict = await verifyLedger(db, createHeadVerifier(await listHeadKeys(db)), (size) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${size} entries`)
    })
    if (verdict.faults.length > 0) throw new FindingsError(describeFaults(verdict), verdict)
    return verdict
  },
})

const prove = defineCommand({
  isReadOnly: true,
  summary: 'Prove that an entry is in the ledger',
  arguments: { '<entry>': 'the number of the entry' },
  examples: ['ledger prove 42 --json'],
  async run({ db }, _values, args) {
    const { proveInclusion } = await import('../ledger/proofs.ts')
    const entry = requireId(args, 'entry')
    if (!/^\d{1,18}$/.test(entry)) throw new UsageError('an entry is a number')
    return requireFound(await proveInclusion(db, entry), 'entry in the ledger')
  },
})

export const ledger: Noun = {
  summary: 'The ledger of disclosures',
  commands: { list, verify, prove },
}
