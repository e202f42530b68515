import { isUuid } from '../platform/uuid.ts'
import {
  defineCommand,
  type Noun,
  requireFound,
  requireId,
  requireOption,
  UsageError,
} from './command.ts'
import { readJsonFile, readSecret } from './input.ts'
import { withJobs } from './jobs.ts'
import { findResident, ofAccount, showPersons } from './persons.ts'

const load = () => import('../accounts/accounts.ts')

function readEmail(email: string): string {
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new UsageError('--email is not an e-mail address')
  return email
}

const RESIDENT = { '<id|email>': 'the id or the e-mail address of the resident' }

const create = defineCommand({
  isOfPortal: true,
  summary: 'Create a resident',
  options: {
    email: { value: 'email', text: 'what they sign in with', required: true },
    'email-verified': { text: 'the address was checked' },
    'given-name': { value: 'name', text: 'given name', required: true },
    surname: { value: 'name', text: 'surname', required: true },
    'password-stdin': { text: 'read the password from standard input' },
  },
  examples: [
    'resident create --email ana@example.test --given-name Ana --surname Mejía',
    "printf %s 'lantern orchard violet drum' | resident create --email ana@example.test --given-name Ana --surname Mejía --password-stdin",
  ],
  async run({ db, vault }, values) {
    const { createAccount } = await load()
    const email = readEmail(requireOption(values, 'email'))
    const account = await createAccount(
      { db, vault },
      {
        email,
        emailVerified: values['email-verified'] === true,
        givenName: requireOption(values, 'given-name'),
        surname: requireOption(values, 'surname'),
        ...(values['password-stdin'] ? { password: await readSecret() } : {}),
      },
    )
    return { id: account.id, email: account.email }
  },
})

const invite = defineCommand({
  isOfPortal: true,
  summary: 'Mail somebody a link to create an account (policy `sign-up`)',
  options: { email: { value: 'email', text: 'where the link is mailed to', required: true } },
  examples: ['resident invite --email ana@example.test'],
  run: ({ db, sealer, vault, config, log }, values) =>
    withJobs({ config, log }, async (jobs) => {
      const { inviteResident } = await import('../accounts/sign-up.ts')
      const { findIssuer } = await import('../platform/issuer.ts')
      const email = readEmail(requireOption(values, 'email'))
      const issuer = await findIssuer(db)
      if (!issuer) throw new UsageError('the address of the portal is not known yet: start it once')
      const expiresAt = await inviteResident({ db, sealer, vault, jobs, config }, { email, issuer })
      return { email, expiresAt }
    }),
})

const list = defineCommand({
  isReadOnly: true,
  summary: 'List the residents',
  examples: ['resident list'],
  async run({ db, vault }) {
    const { listAccounts } = await load()
    const accounts = await listAccounts(db, vault)
    const persons = accounts.map((account) => ofAccount(account.id))
    return await showPersons(db, 'resident', persons, accounts)
  },
})

const show = defineCommand({
  isReadOnly: true,
  summary: 'Show a resident',
  arguments: RESIDENT,
  examples: ['resident show ana@example.test'],
  async run({ db, vault }, _values, args) {
    const resident = await findResident({ db, vault }, requireId(args, 'resident'))
    return await showPersons(db, 'resident', [ofAccount(resident.id)], resident)
  },
})

const find = defineCommand({
  summary: 'Find the resident whom an application names',
  options: {
    client: { value: 'id', text: 'the application', required: true },
    sub: { value: 'sub', text: 'its identifier of the resident', required: true },
  },
  examples: ['resident find --client ID --sub SUB'],
  async run({ db, sealer, vault }, values) {
    const { listAccounts } = await load()
    const { findClient } = await import('../clients/clients.ts')
    const { openSubjectIdentifiers } = await import('../clients/subject-identifiers.ts')
    const client = requireFound(await findClient(db, requireOption(values, 'client')), 'client')
    const sub = requireOption(values, 'sub')
    const subjects = await openSubjectIdentifiers(db, sealer)
    // An identifier leads back to nobody: each resident's is computed and compared.
    const accounts = await listAccounts(db, vault)
    const resident = requireFound(
      accounts.find((account) => subjects.of(client, account.id) === sub),
      'resident',
    )
    return await showPersons(db, 'resident', [ofAccount(resident.id)], resident)
  },
})

const set = defineCommand({
  summary: 'Load what the registry says of a resident',
  arguments: RESIDENT,
  options: { file: { value: 'file', text: 'JSON, as docs/person.json', required: true } },
  examples: ['resident set ana@example.test --file person.json'],
  async run({ db, vault }, values, args) {
    const { findPerson, findResidency, setPerson } = await import('../accounts/natural-person.ts')
    const { compareAllWithAccount } = await import('../id-verification/review.ts')
    const person = await readJsonFile(requireOption(values, 'file'))
    const resident = await findResident({ db, vault }, requireId(args, 'resident'))
    await setPerson({ db, vault }, resident.id, person, (sql) =>
      compareAllWithAccount(sql, vault, resident.id),
    )
    return await showPersons(db, 'resident', [ofAccount(resident.id)], {
      ...(await findPerson(db, vault, resident.id)),
      residency: await findResidency(db, vault, resident.id),
    })
  },
})

const statusChange = (verb: string, status: 'active' | 'suspended', summary: string) =>
  defineCommand({
    summary,
    arguments: RESIDENT,
    examples: [`resident ${verb} ana@example.test`],
    async run({ db, vault }, _values, args) {
      const { setAccountStatus } = await load()
      const resident = await findResident({ db, vault }, requireId(args, 'resident'))
      await setAccountStatus(db, resident.id, status)
      const changed = { ...resident, status }
      return await showPersons(db, 'resident', [ofAccount(resident.id)], changed)
    },
  })

const resetMfa = defineCommand({
  isOfPortal: true,
  summary: 'Remove the second factors of a resident who lost them, and end their sessions',
  arguments: RESIDENT,
  examples: ['resident reset-mfa ana@example.test'],
  run: ({ db, sealer, vault, config, log }, _values, args) =>
    withJobs({ config, log }, async (jobs) => {
      const { factorChangedMail, sendLetter } = await import('../accounts/mails.ts')
      const { removeAllFactors } = await import('../accounts/second-factor.ts')
      const { record } = await import('../ledger/disclosure.ts')
      const { endSessions } = await import('../oauth/sessions.ts')
      const { findIssuer } = await import('../platform/issuer.ts')
      const resident = await findResident({ db, vault }, requireId(args, 'resident'))
      const issuer = (await findIssuer(db)) ?? ''
      const removed = await db.begin(async (sql) => {
        const factors = await removeAllFactors(sql, resident.id)
        await endSessions(sql, { issuer, jobs }, resident.id, 'all')
        await record(sql, {
          detail: { what: 'operator-change', of: 'second factors removed' },
          accountId: resident.id,
        })
        await sendLetter(sql, { jobs, sealer, config }, resident, factorChangedMail('reset'))
        return factors
      })
      log.warn('second factors removed by the operator', { accountId: resident.id })
      return { id: resident.id, removed }
    }),
})

const exportAll = defineCommand({
  summary: 'Write all that is held of a resident into a signed archive',
  arguments: RESIDENT,
  options: { out: { value: 'file', text: 'the ZIP archive to write', required: true } },
  examples: ['resident export ana@example.test --out ana.zip'],
  async run({ db, storage, sealer, vault, log }, values, args) {
    const { exportResident } = await import('../id-verification/export.ts')
    const { createProofSigner } = await import('../ledger/heads.ts')
    const { openKeyRing } = await import('../signing/key-ring.ts')
    const resident = await findResident({ db, vault }, requireId(args, 'resident'))
    const file = requireOption(values, 'out')
    const ring = await openKeyRing(db, sealer, log)
    try {
      const sign = createProofSigner(ring, 'resident-archive+jwt')
      const written = await exportResident(
        { db, storage, vault },
        { accountId: resident.id, file, sign },
      )
      return { id: resident.id, file, ...written }
    } finally {
      ring.close()
    }
  },
})

const erase = defineCommand({
  summary: 'Erase a resident with every image, at the vendor too',
  arguments: RESIDENT,
  examples: ['resident erase ana@example.test'],
  run: ({ db, sealer, vault, config, log }, _values, args) =>
    withJobs({ config, log }, async (jobs) => {
      const { eraseWithProof } = await import('../id-verification/erasure-requests.ts')
      const resident = await findResident({ db, vault }, requireId(args, 'resident'))
      const context = { db, sealer, vault, jobs, config, log }
      const verifications = await eraseWithProof(context, resident.id)
      return { id: resident.id, erased: true, verifications: verifications ?? [] }
    }),
})

const erasure = defineCommand({
  isReadOnly: true,
  summary: 'Prove an erasure, with what the applications answered',
  arguments: { '<id>': 'the id that the resident had' },
  examples: ['resident erasure ID --json'],
  async run({ db, sealer, log }, _values, args) {
    const { proveErasure } = await import('../id-verification/erasure.ts')
    const { createHeadSigner, createProofSigner } = await import('../ledger/heads.ts')
    const { sequence } = await import('../ledger/sequencer.ts')
    const { openKeyRing } = await import('../signing/key-ring.ts')
    const accountId = requireId(args, 'erased resident')
    if (!isUuid(accountId)) throw new UsageError('an erased resident is known by the old id')
    const ring = await openKeyRing(db, sealer, log)
    try {
      // What was written a moment ago gets its place now, and not at the worker's next turn.
      await sequence({ db, sign: createHeadSigner(ring) })
      const sign = createProofSigner(ring, 'erasure-receipt+jwt')
      return requireFound(await proveErasure(db, accountId, sign), 'erased resident')
    } finally {
      ring.close()
    }
  },
})

export const resident: Noun = {
  summary: 'Residents',
  commands: {
    create,
    invite,
    list,
    show,
    find,
    set,
    suspend: statusChange('suspend', 'suspended', 'Let a resident, and their tokens, do nothing'),
    resume: statusChange('resume', 'active', 'Undo `resident suspend`'),
    'reset-mfa': resetMfa,
    export: exportAll,
    erase,
    erasure,
  },
}
