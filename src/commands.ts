import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { parseArgs, styleText } from 'node:util'
import { decodeJwt } from 'jose'
import {
  createAccount,
  findAccount,
  findAccountByEmail,
  listAccounts,
  setAccountStatus,
} from './accounts/accounts.ts'
import { factorChangedMail } from './accounts/mails.ts'
import { findPerson, findResidency, setPerson } from './accounts/natural-person.ts'
import { removeAllFactors } from './accounts/second-factor.ts'
import { closeCase, listCases } from './accounts/security-notices.ts'
import { migrate, type Sql } from './db.ts'
import { escapeForTerminal, stringifyForTerminal } from './displayed-text.ts'
import { describe, diagnose } from './doctor.ts'
import { FindingsError, OperatorError } from './errors.ts'
import { announceTest } from './events/events.ts'
import {
  ERASURE_ANSWERS,
  findEvent,
  listEvents,
  recordAnswer,
  replayEvent,
} from './events/store.ts'
import {
  findStream,
  removeStream,
  rotateSigningSecret,
  rotateStreamToken,
  type Stream,
  setStream,
} from './events/streams.ts'
import { proveErasure } from './id-verification/erasure.ts'
import { exportResident } from './id-verification/export.ts'
import {
  findDelivery,
  findVerification,
  listAllVerifications,
  listDeliveries,
  replayDelivery,
  retryVerification,
  startVerification,
} from './id-verification/operations.ts'
import { explainEntries } from './id-verification/reasons.ts'
import {
  eraseResident,
  eraseVerification,
  findErased,
  runRetention,
  setRetention,
} from './id-verification/retention.ts'
import {
  announceExpiryPolicy,
  compareAllWithAccount,
  reviewVerification,
} from './id-verification/review.ts'
import { scheduleTenantAnnouncement } from './id-verification/subjects.ts'
import { listVendorIntegrations, setVendorIntegration } from './id-verification/vendors/vendors.ts'
import { findIssuer } from './issuer.ts'
import { createJobs, type Jobs } from './jobs.ts'
import type { OperatorRead } from './ledger/details.ts'
import { disclose, record } from './ledger/disclosure.ts'
import { listEntries, listEntriesOfToken } from './ledger/entries.ts'
import { proveInclusion } from './ledger/proofs.ts'
import { sequence } from './ledger/sequencer.ts'
import { describeFaults, verifyLedger } from './ledger/verify.ts'
import { enqueueMail } from './mail.ts'
import { type Logo, readLogo, setClientLogo } from './oauth/client-logo.ts'
import { setClientProfile } from './oauth/client-profile.ts'
import {
  createClient,
  deleteClient,
  findClient,
  listClients,
  rotateClientSecret,
  setClientEnabled,
  updateClient,
} from './oauth/clients.ts'
import { listKeys, openKeyRing, retireKey, rotateKeys } from './oauth/keys.ts'
import {
  createHeadJudge,
  createHeadSigner,
  createProofSigner,
  listHeadKeys,
} from './oauth/ledger-heads.ts'
import { createInitialAccessToken } from './oauth/registration.ts'
import { endSessions } from './oauth/sessions.ts'
import { findSimilarClient } from './oauth/similar-names.ts'
import { openSubjectIdentifiers, verifySector } from './oauth/subject-identifiers.ts'
import { findTenant, listTenants, setTenant } from './oauth/tenants.ts'
import type { Parts } from './parts.ts'
import { listPolicies, POLICIES, setPolicy } from './policies.ts'
import { listResealings } from './reseal.ts'
import { resealAll } from './resealing.ts'
import { hashSecret } from './secrets.ts'
import { recordOperatorAction } from './security-events.ts'

/** Wrong use of the command line: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The usage, because it was asked for: exit status 0. */
export class HelpAsked extends Error {
  override readonly name = 'HelpAsked'
}

type Values = Record<string, string | boolean | string[] | undefined>
type CommandParts = Parts & { issuer: string | undefined }
type Command = {
  usage: string
  options?: Record<string, { type: 'string' | 'boolean'; multiple?: boolean }>
  run(parts: CommandParts, values: Values, rest: string[]): Promise<unknown>
  /** For people, where a list of names and values would not do. */
  show?: (answer: never) => string
}

const one = (values: Values, name: string): string => {
  const value = values[name]
  if (typeof value !== 'string' || !value) throw new UsageError(`--${name} is missing`)
  return value
}
const some = (values: Values, name: string): string | undefined => {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}
const id = (rest: string[], what: string): string => {
  const [value] = rest
  if (!value) throw new UsageError(`which ${what}? Give its id`)
  return value
}
function found<T>(value: T | undefined | false, what: string): T {
  if (value === undefined || value === false) throw new OperatorError(`There is no such ${what}.`)
  return value
}

const CLIENT_USAGE =
  '[--subject-type pairwise|public] [--sector-identifier-uri U] [--auth-method M] [--jwks-file F|--jwks-uri U] [--pkce optional] [--par required] [--dpop required] [--fapi] [--userinfo-signed-response-alg RS256|ES256] [--alternative SCOPE=SMALLER…] [--post-logout-redirect-uri U…] [--backchannel-logout-uri U] [--operator O] [--purpose P] [--client-uri U] [--policy-uri U] [--tos-uri U] [--logo-file F]'
const CLIENT_OPTIONS = {
  name: { type: 'string' },
  'confirm-similar-name': { type: 'boolean' },
  'redirect-uri': { type: 'string', multiple: true },
  'post-logout-redirect-uri': { type: 'string', multiple: true },
  'backchannel-logout-uri': { type: 'string' },
  scope: { type: 'string' },
  'subject-type': { type: 'string' },
  'sector-identifier-uri': { type: 'string' },
  'auth-method': { type: 'string' },
  'jwks-file': { type: 'string' },
  'jwks-uri': { type: 'string' },
  pkce: { type: 'string' },
  par: { type: 'string' },
  dpop: { type: 'string' },
  fapi: { type: 'boolean' },
  'userinfo-signed-response-alg': { type: 'string' },
  alternative: { type: 'string', multiple: true },
  operator: { type: 'string' },
  purpose: { type: 'string' },
  'client-uri': { type: 'string' },
  'policy-uri': { type: 'string' },
  'tos-uri': { type: 'string' },
  'logo-file': { type: 'string' },
} as const

/** What `client create` and `client update` share. */
async function readClient(values: Values, rest: string[]) {
  // `--redirect-uri U V` reads as the option and one more word.
  const redirectUris = [...((values['redirect-uri'] as string[] | undefined) ?? []), ...rest]
  return {
    redirectUris: redirectUris.length > 0 ? redirectUris : undefined,
    postLogoutRedirectUris: values['post-logout-redirect-uri'] as string[] | undefined,
    backchannelLogoutUri: some(values, 'backchannel-logout-uri'),
    subjectType: some(values, 'subject-type'),
    sectorIdentifierUri: some(values, 'sector-identifier-uri'),
    authMethod: some(values, 'auth-method'),
    jwks: values['jwks-file'] ? await readKeySet(one(values, 'jwks-file')) : undefined,
    jwksUri: some(values, 'jwks-uri'),
    pkce: some(values, 'pkce'),
    par: isRequired(values, 'par'),
    dpop: isRequired(values, 'dpop'),
    fapi: values.fapi === true ? true : undefined,
    userinfoAlgorithm: some(values, 'userinfo-signed-response-alg'),
    alternatives: readAlternatives(values.alternative as string[] | undefined),
  }
}

/** `SCOPE=SMALLER` each; an empty word takes away what was there. */
function readAlternatives(words: string[] | undefined): Record<string, string> | undefined {
  return (
    words &&
    Object.fromEntries(
      words.filter(Boolean).map((word) => {
        const [whole, less] = word.split('=', 2)
        if (!whole || !less) throw new UsageError('--alternative is SCOPE=SMALLER')
        return [whole, less]
      }),
    )
  )
}

function isRequired(values: Values, name: string): boolean | undefined {
  const value = some(values, name)
  if (value !== undefined && value !== 'required' && value !== 'optional')
    throw new UsageError(`--${name} is required or optional`)
  return value === undefined ? undefined : value === 'required'
}

/** A JWK Set (RFC 7517 §5), or one key alone. */
async function readKeySet(file: string): Promise<unknown> {
  try {
    const read: unknown = JSON.parse(await readFile(file, 'utf8'))
    return typeof read === 'object' && read !== null && 'kty' in read ? { keys: [read] } : read
  } catch (error) {
    throw new OperatorError(`The key set ${file} cannot be read: ${(error as Error).message}`)
  }
}

/** Two names that people could take for each other need the operator's yes. */
async function confirmName(sql: Sql, values: Values, exceptId?: string): Promise<void> {
  const name = some(values, 'name')
  if (name === undefined || values['confirm-similar-name']) return
  const similar = await findSimilarClient(sql, name, exceptId)
  if (similar)
    throw new OperatorError(
      `Residents could take this name for "${similar.name}", which is the client ${similar.id}. Choose another one, or add --confirm-similar-name.`,
    )
}

/** What the consent page shows of a client. An empty word takes away what was there before. */
async function setProfile(db: Sql, clientId: string, values: Values): Promise<boolean> {
  const file = some(values, 'logo-file')
  const logo = file ? await readLogoFile(file) : undefined
  const isFound = await setClientProfile(db, clientId, {
    operator: some(values, 'operator'),
    purpose: some(values, 'purpose'),
    client_uri: some(values, 'client-uri'),
    policy_uri: some(values, 'policy-uri'),
    tos_uri: some(values, 'tos-uri'),
  })
  if (isFound && file !== undefined) await setClientLogo(db, clientId, logo)
  return isFound
}

async function readLogoFile(file: string): Promise<Logo> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(file)
  } catch (cause) {
    throw new OperatorError(`The logo ${file} cannot be read.`, { cause })
  }
  return readLogo(bytes)
}

/** Every operator's command: `NOUN VERB`. */
const COMMANDS: Record<string, Command> = {
  'client create': {
    usage: `client create --name N --redirect-uri U… --scope "…" [--type web|native|service] [--tenant T] [--confirm-similar-name] ${CLIENT_USAGE}`,
    options: { ...CLIENT_OPTIONS, type: { type: 'string' }, tenant: { type: 'string' } },
    run: async ({ db, outbound, runtime: { production } }, values, rest) => {
      const given = { ...(await readClient(values, rest)), production }
      return db.begin(async (sql) => {
        await confirmName(sql, values)
        const created = await createClient(sql, {
          ...given,
          name: one(values, 'name'),
          scope: one(values, 'scope'),
          type: some(values, 'type') as 'web' | undefined,
          tenant: some(values, 'tenant'),
        })
        await verifySector(outbound, created)
        await setProfile(sql, created.client_id, values)
        return { ...(await findClient(sql, created.client_id)), ...created }
      })
    },
  },
  'client update': {
    usage: `client update ID [--name N [--confirm-similar-name]] [--redirect-uri U…] [--scope "…"] ${CLIENT_USAGE}`,
    options: CLIENT_OPTIONS,
    run: async ({ db, outbound, runtime: { production } }, values, [clientId, ...rest]) => {
      const change = { ...(await readClient(values, rest)), production }
      return db.begin(async (sql) => {
        await confirmName(sql, values, clientId)
        const updated = await updateClient(sql, id([clientId ?? ''], 'client'), {
          ...change,
          name: some(values, 'name'),
          scope: some(values, 'scope'),
        })
        const { client_id, client_secret, ...now } = found(updated, 'client')
        if (change.sectorIdentifierUri || change.redirectUris)
          await verifySector(outbound, { client_id, ...now })
        await setProfile(sql, client_id, values)
        return {
          ...(await findClient(sql, client_id)),
          ...(client_secret ? { client_secret } : {}),
        }
      })
    },
  },
  'client list': { usage: 'client list', run: ({ db }) => listClients(db) },
  'client show': {
    usage: 'client show ID',
    run: async ({ db }, _values, rest) => found(await findClient(db, id(rest, 'client')), 'client'),
  },
  'client disable': {
    usage: 'client disable ID',
    run: async ({ db }, _values, rest) => {
      const clientId = id(rest, 'client')
      found(await setClientEnabled(db, clientId, false), 'client')
      return { client_id: clientId, enabled: false }
    },
  },
  'client enable': {
    usage: 'client enable ID',
    run: async ({ db }, _values, rest) => {
      const clientId = id(rest, 'client')
      found(await setClientEnabled(db, clientId, true), 'client')
      return { client_id: clientId, enabled: true }
    },
  },

  'client rotate-secret': {
    usage: 'client rotate-secret ID',
    run: async ({ db }, _values, rest) => {
      const clientId = id(rest, 'client')
      const secret = found(await rotateClientSecret(db, clientId), 'client with a secret')
      return { client_id: clientId, client_secret: secret }
    },
  },
  'client delete': {
    usage: 'client delete ID',
    run: async ({ db }, _values, rest) => {
      const clientId = id(rest, 'client')
      found(await deleteClient(db, clientId), 'client')
      return { client_id: clientId, deleted: true }
    },
  },

  'client events': {
    usage: 'client events ID [--delivery webhook|push|poll|none] [--url U] [--authorization-stdin]',
    options: {
      delivery: { type: 'string' },
      url: { type: 'string' },
      'authorization-stdin': { type: 'boolean' },
    },
    run: async ({ db, sealer }, values, rest) => {
      const clientId = id(rest, 'client')
      const delivery = some(values, 'delivery')
      if (delivery === undefined)
        return presentStream(found(await findStream(db, clientId), 'stream of events'))
      if (delivery === 'none') {
        found(await db.begin((sql) => removeStream(sql, clientId)), 'stream of events')
        return { client_id: clientId, delivery }
      }
      const stream = {
        clientId,
        delivery,
        endpoint: some(values, 'url'),
        authorization: values['authorization-stdin'] ? await readSecret() : undefined,
      }
      return presentStream(found(await db.begin((sql) => setStream(sql, sealer, stream)), 'client'))
    },
  },
  'client rotate-events-secret': {
    usage: 'client rotate-events-secret ID [--keep-hours 24]',
    options: { 'keep-hours': { type: 'string' } },
    run: async ({ db, sealer }, values, rest) => {
      const clientId = id(rest, 'client')
      const keepHours = Number(some(values, 'keep-hours') ?? 24)
      const secret = await db.begin((sql) =>
        rotateSigningSecret(sql, sealer, { clientId, keepHours }),
      )
      return { client_id: clientId, signing_secret: found(secret, 'client with a webhook') }
    },
  },
  'client rotate-events-token': {
    usage: 'client rotate-events-token ID',
    run: async ({ db }, _values, rest) => {
      const clientId = id(rest, 'client')
      const token = found(await rotateStreamToken(db, clientId), 'stream of events')
      return { client_id: clientId, events_token: token }
    },
  },
  'event list': {
    usage: 'event list [--client ID] [--undelivered]',
    options: { client: { type: 'string' }, undelivered: { type: 'boolean' } },
    run: async ({ db }, values) => {
      const clientId = some(values, 'client')
      const events = await listEvents(db, { clientId, undelivered: values.undelivered === true })
      // Of one that is gone, erasures stay.
      if (clientId && events.length === 0) found(await findClient(db, clientId), 'client')
      return showPersons(db, 'event', events.flatMap(ofEvent), events)
    },
  },
  'event show': {
    usage: 'event show ID',
    run: async ({ db }, _values, rest) => {
      const event = found(await findEvent(db, id(rest, 'event')), 'event')
      return showPersons(db, 'event', ofEvent(event), event)
    },
  },
  'event replay': {
    usage: 'event replay ID',
    run: async ({ db }, _values, rest) => {
      const eventId = id(rest, 'event')
      found(await replayEvent(db, eventId), 'event')
      return { id: eventId, state: 'pending' }
    },
  },
  'event answer': {
    usage: 'event answer ID --outcome erased|kept|nothing-held [--reason R]',
    options: { outcome: { type: 'string' }, reason: { type: 'string' } },
    run: async ({ db }, values, rest) => {
      const eventId = id(rest, 'event')
      const outcome = ERASURE_ANSWERS.find((each) => each === some(values, 'outcome'))
      if (!outcome) throw new UsageError(`--outcome is one of ${ERASURE_ANSWERS.join(', ')}`)
      const event = found(await findEvent(db, eventId), 'event')
      const answer = {
        outcome,
        reason: outcome === 'kept' ? one(values, 'reason') : some(values, 'reason'),
      }
      found(await recordAnswer(db, undefined, event.id, answer), 'erasure to answer')
      return showPersons(db, 'event', ofEvent(event), await findEvent(db, eventId))
    },
  },
  'event test': {
    usage: 'event test CLIENT',
    run: async ({ db }, _values, rest) => ({
      id: found(await announceTest(db, id(rest, 'client')), 'stream of events'),
      state: 'pending',
    }),
  },

  'registration-token create': {
    usage: 'registration-token create [--days 7]',
    options: { days: { type: 'string' } },
    run: ({ db }, values) =>
      createInitialAccessToken(db, { expiresInDays: Number(some(values, 'days') ?? 7) }),
  },

  'ledger list': {
    usage: 'ledger list --resident ID|EMAIL|--token-stdin [--since 2026-03-01]',
    options: {
      resident: { type: 'string' },
      'token-stdin': { type: 'boolean' },
      since: { type: 'string' },
    },
    run: async ({ db, vault }, values) => {
      const since = some(values, 'since')
      if (since !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(since))
        throw new UsageError('--since is a day, such as 2026-03-01')
      const range = { since: since === undefined ? undefined : new Date(since), limit: 100_000 }
      if (values['token-stdin']) {
        const entries = await listEntriesOfToken(db, tokenIdOf(await readSecret()), range)
        const persons = new Set(entries.flatMap(({ accountId }) => accountId ?? []))
        return showPersons(db, 'ledger', [...persons].map(ofAccount), entries)
      }
      const key = one(values, 'resident')
      // One who was erased is known by the id alone.
      const accountId = key.includes('@') ? (await findResident({ db, vault }, key)).id : key
      const entries = await explainEntries(db, vault, await listEntries(db, accountId, range))
      return showPersons(db, 'ledger', entries.length > 0 ? [ofAccount(accountId)] : [], entries)
    },
  },
  'ledger verify': {
    usage: 'ledger verify',
    run: async ({ db }) => {
      const verdict = await verifyLedger(db, createHeadJudge(await listHeadKeys(db)), (size) => {
        if (process.stderr.isTTY) process.stderr.write(`\r${size} entries`)
      })
      if (verdict.faults.length > 0) throw new FindingsError(describeFaults(verdict), verdict)
      return verdict
    },
  },
  'ledger prove': {
    usage: 'ledger prove ENTRY',
    run: async ({ db }, _values, rest) => {
      const entry = id(rest, 'entry')
      if (!/^\d{1,18}$/.test(entry)) throw new UsageError('an entry is a number')
      return found(await proveInclusion(db, entry), 'entry in the ledger')
    },
  },
  'key list': { usage: 'key list', run: ({ db }) => listKeys(db) },
  'key rotate': { usage: 'key rotate', run: ({ db, sealer }) => rotateKeys(db, sealer) },
  'key reseal': {
    usage: 'key reseal',
    run: async (parts) => {
      const reports = await resealAll(listResealings(parts), ({ name, moved }) => {
        if (moved > 0) process.stderr.write(`${name}: ${moved} moved to the newest key\n`)
      })
      const unreadable = reports.filter((report) => report.unreadable > 0)
      if (unreadable.length > 0)
        throw new FindingsError(
          `Some values open under no key that is configured: ${unreadable
            .map((report) => `${report.unreadable} in ${report.name}`)
            .join(', ')}. Add the key that sealed them to ENCRYPTION_KEY and run it again.`,
          reports,
        )
      return reports
    },
  },
  'key retire': {
    usage: 'key retire KID',
    run: ({ db, sealer }, _values, rest) => retireKey(db, sealer, id(rest, 'key')),
  },

  'resident create': {
    usage:
      'resident create --email E [--email-verified] --given-name G --surname S [--password-stdin]',
    options: {
      'email-verified': { type: 'boolean' },
      email: { type: 'string' },
      'given-name': { type: 'string' },
      surname: { type: 'string' },
      'password-stdin': { type: 'boolean' },
    },
    run: async ({ db, vault }, values) => {
      const email = one(values, 'email')
      if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new UsageError('--email is not an e-mail address')
      const account = await createAccount(
        { db, vault },
        {
          email,
          emailVerified: values['email-verified'] === true,
          givenName: one(values, 'given-name'),
          surname: one(values, 'surname'),
          ...(values['password-stdin'] ? { password: await readSecret() } : {}),
        },
      )
      return { id: account.id, email: account.email }
    },
  },
  'resident list': {
    usage: 'resident list',
    run: async ({ db, vault }) => {
      const accounts = await listAccounts(db, vault)
      const persons = accounts.map((account) => ofAccount(account.id))
      return showPersons(db, 'resident', persons, accounts)
    },
  },
  'resident show': {
    usage: 'resident show ID|EMAIL',
    run: async ({ db, vault }, _values, rest) => {
      const resident = await findResident({ db, vault }, id(rest, 'resident'))
      return showPersons(db, 'resident', [ofAccount(resident.id)], resident)
    },
  },

  'resident find': {
    usage: 'resident find --client ID --sub S',
    options: { client: { type: 'string' }, sub: { type: 'string' } },
    run: async ({ db, sealer, vault }, values) => {
      const client = found(await findClient(db, one(values, 'client')), 'client')
      const sub = one(values, 'sub')
      const subjects = await openSubjectIdentifiers(db, sealer)
      // An identifier leads back to nobody: each resident's is computed and compared.
      const accounts = await listAccounts(db, vault)
      const resident = found(
        accounts.find((account) => subjects.of(client, account.id) === sub),
        'resident',
      )
      return showPersons(db, 'resident', [ofAccount(resident.id)], resident)
    },
  },
  'resident set': {
    usage: 'resident set ID|EMAIL --file F.json',
    options: { file: { type: 'string' } },
    run: async ({ db, vault }, values, rest) => {
      const resident = await findResident({ db, vault }, id(rest, 'resident'))
      await setPerson({ db, vault }, resident.id, await readJsonFile(one(values, 'file')), (sql) =>
        compareAllWithAccount(sql, vault, resident.id),
      )
      return showPersons(db, 'resident', [ofAccount(resident.id)], {
        ...(await findPerson(db, vault, resident.id)),
        residency: await findResidency(db, vault, resident.id),
      })
    },
  },
  'resident suspend': {
    usage: 'resident suspend ID|EMAIL',
    run: async ({ db, vault }, _values, rest) => {
      const resident = await findResident({ db, vault }, id(rest, 'resident'))
      await setAccountStatus(db, resident.id, 'suspended')
      const changed = { ...resident, status: 'suspended' }
      return showPersons(db, 'resident', [ofAccount(resident.id)], changed)
    },
  },
  'resident resume': {
    usage: 'resident resume ID|EMAIL',
    run: async ({ db, vault }, _values, rest) => {
      const resident = await findResident({ db, vault }, id(rest, 'resident'))
      await setAccountStatus(db, resident.id, 'active')
      const changed = { ...resident, status: 'active' }
      return showPersons(db, 'resident', [ofAccount(resident.id)], changed)
    },
  },

  'resident reset-mfa': {
    usage: 'resident reset-mfa ID|EMAIL',
    run: ({ db, sealer, vault, runtime, log }, _values, rest) =>
      withJobs({ runtime, log }, async (jobs) => {
        const resident = await findResident({ db, vault }, id(rest, 'resident'))
        const issuer = (await findIssuer(db)) ?? ''
        const removed = await db.begin(async (sql) => {
          const factors = await removeAllFactors(sql, resident.id)
          await endSessions(sql, { issuer, jobs }, resident.id, 'all')
          await record(sql, {
            detail: { what: 'operator-change', of: 'second factors removed' },
            accountId: resident.id,
          })
          await enqueueMail(sql, { jobs, sealer }, factorChangedMail(resident.email, 'reset'))
          return factors
        })
        log.warn('second factors removed by the operator', { accountId: resident.id })
        return { id: resident.id, removed }
      }),
  },

  'resident export': {
    usage: 'resident export ID|EMAIL --out FILE.zip',
    options: { out: { type: 'string' } },
    run: async ({ db, storage, sealer, vault, log }, values, rest) => {
      const resident = await findResident({ db, vault }, id(rest, 'resident'))
      const file = one(values, 'out')
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
  },
  'resident erase': {
    usage: 'resident erase ID|EMAIL',
    run: ({ db, vault, runtime, log }, _values, rest) =>
      withJobs({ runtime, log }, async (jobs) => {
        const resident = await findResident({ db, vault }, id(rest, 'resident'))
        const verifications = await eraseResident({ db, jobs }, resident.id)
        log.info('resident erased', { accountId: resident.id })
        return { id: resident.id, erased: true, verifications: verifications ?? [] }
      }),
  },
  'resident erasure': {
    usage: 'resident erasure ID',
    run: async ({ db, sealer, log }, _values, rest) => {
      const accountId = id(rest, 'erased resident')
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(accountId))
        throw new UsageError('an erased resident is known by the old id')
      const ring = await openKeyRing(db, sealer, log)
      try {
        // What was written a moment ago has its place now, and not at the worker's next turn.
        await sequence({ db, sign: createHeadSigner(ring) })
        const sign = createProofSigner(ring, 'erasure-receipt+jwt')
        return found(await proveErasure(db, accountId, sign), 'erased resident')
      } finally {
        ring.close()
      }
    },
  },
  'verification erase': {
    usage: 'verification erase ID',
    run: ({ db, runtime, log }, _values, rest) =>
      withJobs({ runtime, log }, async (jobs) => {
        const verificationId = id(rest, 'verification')
        found(await eraseVerification({ db, jobs }, verificationId, 'operator'), 'verification')
        return { id: verificationId, erased: true }
      }),
  },
  'case list': {
    usage: 'case list [--all]',
    options: { all: { type: 'boolean' } },
    run: ({ db }, values) => listCases(db, { closed: values.all === true }),
  },
  'case close': {
    usage: 'case close ID',
    run: async ({ db }, _values, rest) => found(await closeCase(db, id(rest, 'case')), 'case'),
  },
  'retention run': {
    usage: 'retention run [--dry-run]',
    options: { 'dry-run': { type: 'boolean' } },
    run: ({ db, runtime, log }, values) =>
      withJobs({ runtime, log }, (jobs) =>
        runRetention({ db, jobs, log }, { dryRun: values['dry-run'] === true }),
      ),
  },

  'policy list': { usage: 'policy list', run: ({ db }) => listPolicies(db) },
  'policy set': {
    usage: Object.entries(POLICIES)
      .map(([name, choices]) => `policy set ${name} ${choices.join('|')}`)
      .join('\n  '),
    run: async ({ db, log }, _values, [name, value]) => {
      if (!name || !value) throw new UsageError('which policy, and which value? See `policy list`')
      await setPolicy(db, name, value)
      // What it changed for applications is announced to them.
      if (name === 'expired-documents') await announceExpiryPolicy(db)
      log.info('policy set', { policy: name, value })
      return { name, value }
    },
  },

  'vendor set': {
    usage:
      'vendor set VENDOR --base-url U [--api-key K] [--secret-stdin|--webhook-secret-stdin] [--setting NAME=VALUE…] [--retain PURPOSE=DAYS…] [--name N] [--tenant T]',
    options: {
      'base-url': { type: 'string' },
      'api-key': { type: 'string' },
      'secret-stdin': { type: 'boolean' },
      'webhook-secret-stdin': { type: 'boolean' },
      setting: { type: 'string', multiple: true },
      retain: { type: 'string', multiple: true },
      name: { type: 'string' },
      tenant: { type: 'string' },
    },
    run: async ({ db, sealer }, values, rest) => {
      const summary = await setVendorIntegration(db, sealer, {
        vendor: id(rest, 'vendor'),
        name: some(values, 'name'),
        tenant: some(values, 'tenant'),
        baseUrl: one(values, 'base-url'),
        apiKey: some(values, 'api-key'),
        secret: values['secret-stdin'] ? await readSecret() : undefined,
        webhookSecret: values['webhook-secret-stdin'] ? await readSecret() : undefined,
        settings: values.setting as string[] | undefined,
      })
      const retain = values.retain as string[] | undefined
      if (retain) await setRetention(db, summary, retain)
      return summary
    },
  },
  'vendor list': { usage: 'vendor list', run: ({ db }) => listVendorIntegrations(db) },

  'tenant list': { usage: 'tenant list', run: ({ db }) => listTenants(db) },
  'tenant show': {
    usage: 'tenant show NAME',
    run: async ({ db }, _values, rest) => found(await findTenant(db, id(rest, 'tenant')), 'tenant'),
  },
  'tenant set': {
    usage: 'tenant set NAME [--display-name D] [--trusted yes|no]',
    options: { 'display-name': { type: 'string' }, trusted: { type: 'string' } },
    run: ({ db, runtime, log }, values, rest) =>
      withJobs({ runtime, log }, async (jobs) => {
        const name = id(rest, 'tenant')
        const trusted = some(values, 'trusted')
        if (trusted !== undefined && trusted !== 'yes' && trusted !== 'no')
          throw new UsageError('--trusted is yes or no')
        return await db.begin(async (sql) => {
          const change = {
            displayName: some(values, 'display-name'),
            isTrusted: trusted === undefined ? undefined : trusted === 'yes',
          }
          const { tenant, hasTrustChanged } = found(await setTenant(sql, name, change), 'tenant')
          if (hasTrustChanged) {
            log.info('tenant trust changed', { tenant: name, isTrusted: tenant.isTrusted })
            await scheduleTenantAnnouncement(sql, jobs, name)
          }
          return tenant
        })
      }),
  },

  'verification start': {
    usage: 'verification start --vendor V --resident ID [--integration N]',
    options: {
      vendor: { type: 'string' },
      resident: { type: 'string' },
      integration: { type: 'string' },
    },
    run: async ({ db, vault, sealer, issuer = 'http://localhost' }, values) => {
      const resident = await findResident({ db, vault }, one(values, 'resident'))
      return startVerification(
        { db, sealer, issuer },
        {
          vendor: one(values, 'vendor'),
          integration: some(values, 'integration'),
          accountId: resident.id,
        },
      )
    },
  },
  'verification list': {
    usage: 'verification list [--review|--refused]',
    options: { review: { type: 'boolean' }, refused: { type: 'boolean' } },
    run: async ({ db }, values) => {
      const verifications = await listAllVerifications(db, {
        toReview: values.review === true,
        refused: values.refused === true,
      })
      return showPersons(db, 'verification', verifications.map(ofVerification), verifications)
    },
  },
  'verification review': {
    usage: 'verification review ID --accept|--reject --reason R',
    options: {
      accept: { type: 'boolean' },
      reject: { type: 'boolean' },
      reason: { type: 'string' },
    },
    run: async ({ db, vault }, values, rest) => {
      const verificationId = id(rest, 'verification')
      if ((values.accept === true) === (values.reject === true))
        throw new UsageError('a review is either --accept or --reject')
      const decision = values.accept ? 'accepted' : 'rejected'
      const reason = one(values, 'reason').trim()
      if (reason.length < 3 || reason.length > 200)
        throw new UsageError('--reason has 3 to 200 characters, and names no person')
      const review = { id: verificationId, decision, reason } as const
      found(await reviewVerification({ db, vault }, review), 'verification')
      return { id: verificationId, review: decision }
    },
  },
  'verification show': {
    usage: 'verification show ID',
    run: async ({ db }, _values, rest) => {
      const verificationId = id(rest, 'verification')
      const verification = found(
        (await findVerification(db, verificationId)) ?? (await findErased(db, verificationId)),
        'verification',
      )
      return showPersons(db, 'verification', [ofVerification(verification)], verification)
    },
  },

  'verification retry': {
    usage: 'verification retry ID',
    run: async ({ db, runtime, log }, _values, rest) => {
      const verificationId = id(rest, 'verification')
      await withJobs({ runtime, log }, async (jobs) => {
        found(await retryVerification(db, jobs, verificationId), 'verification at a vendor')
      })
      return { id: verificationId, queued: true }
    },
  },

  'delivery list': {
    usage: 'delivery list [--failed]',
    options: { failed: { type: 'boolean' } },
    run: ({ db }, values) => listDeliveries(db, { failed: values.failed === true }),
  },
  'delivery show': {
    usage: 'delivery show ID',
    run: async ({ db }, _values, rest) => {
      const delivery = found(await findDelivery(db, id(rest, 'delivery')), 'delivery')
      const verification = await findVerification(db, delivery.verificationId ?? '')
      return showPersons(
        db,
        'delivery',
        verification ? [ofVerification(verification)] : [],
        delivery,
      )
    },
  },
  'delivery replay': {
    usage: 'delivery replay ID',
    run: async ({ db }, _values, rest) => {
      const deliveryId = id(rest, 'delivery')
      found(await replayDelivery(db, deliveryId), 'delivery')
      return { id: deliveryId, state: 'received' }
    },
  },

  migrate: { usage: 'migrate', run: async ({ db }) => ({ applied: await migrate(db) }) },
  doctor: {
    usage: 'doctor',
    run: (parts) => diagnose(parts),
    show: (findings: Awaited<ReturnType<typeof diagnose>>) => `${describe(findings)}\n`,
  },
}

const USAGE = `usage: npm run -s cli -- NOUN VERB [options] [--json]

${Object.values(COMMANDS)
  .map(({ usage }) => `  ${usage}`)
  .join('\n')}
`

export type Invocation = {
  run(parts: CommandParts): Promise<unknown>
  /** What is printed of the answer. */
  print(answer: unknown): string
}

/** Reads the words of the command line before anything is opened. Throws UsageError. */
export function readCommand(words: string[]): Invocation {
  const twoWords = words.slice(0, 2).join(' ')
  const name = Object.hasOwn(COMMANDS, twoWords) ? twoWords : (words[0] ?? '')
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (words.includes('--help') || words.includes('-h'))
    throw new HelpAsked(command ? `usage: ${command.usage}\n` : USAGE)
  if (!command)
    throw new UsageError(
      words.length === 0 ? USAGE : `There is no command "${twoWords}".\n\n${USAGE}`,
    )
  try {
    const { values, positionals } = parseArgs({
      args: words.slice(name.split(' ').length),
      options: { ...command.options, json: { type: 'boolean' } },
      allowPositionals: true,
    })
    return {
      print: (answer) =>
        command.show && !values.json
          ? escapeForTerminal(command.show(answer as never), { lines: true })
          : print(answer, values.json === true),
      run: async (parts) => {
        const answer = await command.run(parts, values as Values, positionals)
        if (!isReading(name))
          await recordOperatorAction(parts.db, { action: name, subject: subjectOf(answer) })
        return answer
      },
    }
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\nusage: ${command.usage}`)
  }
}

const isReading = (name: string) =>
  name === 'doctor' || /^\w[\w-]* (list|show|verify|prove|erasure)$/.test(name)

/** The id of what a command was about, from its answer; never a name or an address. */
function subjectOf(answer: unknown): string | undefined {
  const { client_id, id, kid } = (answer ?? {}) as Record<string, unknown>
  const subject = [client_id, id, kid].find((value) => typeof value === 'string')
  return subject !== undefined && /^[\w-]{1,64}$/.test(String(subject))
    ? String(subject)
    : undefined
}

/** One JSON document, or lines for a person. */
export function print(answer: unknown, json: boolean): string {
  if (json) return `${stringifyForTerminal(answer)}\n`
  if (Array.isArray(answer))
    return answer.length === 0 ? 'none\n' : answer.map((each) => print(each, false)).join('\n')
  if (typeof answer !== 'object' || answer === null) return `${escapeForTerminal(String(answer))}\n`
  const entries = Object.entries(answer).filter(([, value]) => value !== undefined)
  const width = Math.max(...entries.map(([key]) => key.length))
  return entries
    .map(([key, value]) => {
      const shown =
        value instanceof Date
          ? value.toISOString()
          : typeof value === 'object' && value !== null
            ? stringifyForTerminal(value)
            : escapeForTerminal(String(value))
      return `${styleText('dim', key.padEnd(width))}  ${shown}\n`
    })
    .join('')
}

/** The queue, for as long as a command needs it. */
async function withJobs<T>(
  { runtime, log }: Pick<Parts, 'runtime' | 'log'>,
  work: (jobs: Jobs) => Promise<T>,
): Promise<T> {
  const jobs = await createJobs(runtime.databaseUrl, log)
  try {
    return await work(jobs)
  } finally {
    await jobs.stop()
  }
}

type Person = { accountId?: string | undefined; verificationId?: string | undefined }

/** Returns what the operator reads of these persons, after one ledger row for each of them is written. */
const showPersons = <T>(
  db: Sql,
  of: OperatorRead,
  persons: readonly Person[],
  answer: T,
): Promise<T> => {
  const detail = { what: 'operator-read', of } as const
  return disclose(
    db,
    persons.map((person) => ({ detail, ...person })),
    () => answer,
  )
}
const ofAccount = (accountId: string): Person => ({ accountId })
const ofVerification = (row: { id?: string; accountId?: string | null }): Person => ({
  accountId: row.accountId ?? undefined,
  verificationId: row.id,
})
const ofEvent = (event: { accountId: string | null; verificationId: string | null }): Person[] =>
  event.accountId || event.verificationId
    ? [
        {
          accountId: event.accountId ?? undefined,
          verificationId: event.verificationId ?? undefined,
        },
      ]
    : []

/** In the names that everything of a client has. */
const presentStream = ({ clientId, createdAt, updatedAt, ...stream }: Stream) => ({
  client_id: clientId,
  ...stream,
  created_at: createdAt,
  updated_at: updatedAt,
})

/** Of an access token, live or not: what the ledger knows it by. */
function tokenIdOf(token: string): Uint8Array {
  try {
    return hashSecret(decodeJwt(token).jti ?? '')
  } catch (cause) {
    throw new OperatorError('What came on standard input is no access token.', { cause })
  }
}

async function readJsonFile(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new OperatorError(`${file} cannot be read as JSON.`, { cause })
  }
}

async function findResident({ db, vault }: Pick<Parts, 'db' | 'vault'>, key: string) {
  const account = key.includes('@')
    ? await findAccountByEmail(db, vault, key)
    : await findAccount(db, vault, key)
  return found(account, 'resident')
}

/** A secret comes by standard input, never as a word that other users of the machine can read. */
async function readSecret(): Promise<string> {
  const secret = (await text(process.stdin)).replace(/\r?\n$/, '')
  if (!secret) throw new UsageError('nothing came on standard input')
  return secret
}
