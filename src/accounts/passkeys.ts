import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import { z } from 'zod'
import type { Db, Sql } from '../db.ts'
import { normalizeText, visibleText } from '../displayed-text.ts'
import { hashSecret } from '../secrets.ts'
import { type Account, fullNameOf } from './accounts.ts'
import { type FailedSignIn, type SignIn, type SignInMethod, throttled } from './sign-in.ts'

const CHALLENGE_SECONDS = 5 * 60
const MOST = 20
// EdDSA, ES256, RS256: what authenticators have, and what this Node verifies without calling it experimental.
const ALGORITHMS = [-8, -7, -257]

export type Passkey = {
  id: string
  name: string
  synced: boolean
  createdAt: Date
  usedAt: Date | null
  /** See `requirePasswordFirst`. */
  needsPassword: boolean
}

const base64url = z.string().regex(/^[\w-]+$/)
const credential = { id: base64url, rawId: base64url, type: z.literal('public-key') }
const assertionSchema = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: base64url.optional().or(z.null().transform(() => undefined)),
  }),
  clientExtensionResults: z.looseObject({}),
})
const attestationSchema = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url,
    attestationObject: base64url,
    transports: z.array(z.string().max(30)).max(10).optional(),
  }),
  clientExtensionResults: z.looseObject({}),
})

/** A browser's answer, as `PublicKeyCredential.toJSON` writes it; anything else is `undefined`. */
function readAnswer<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

// What the key says of its owner: 16 bytes that name nobody.
const userHandle = (accountId: string) =>
  new Uint8Array(Buffer.from(accountId.replaceAll('-', ''), 'hex'))

const relyingParty = (issuer: string) => new URL(issuer).hostname

/** What a browser is asked to sign at sign-in: any passkey of this portal, whoever's. `browser` is as `identifyBrowser` answers it. */
export async function createSignInOptions(
  sql: Sql,
  { issuer, browser }: { issuer: string; browser: string },
) {
  const options = await generateAuthenticationOptions({
    rpID: relyingParty(issuer),
    userVerification: 'required',
    timeout: CHALLENGE_SECONDS * 1000,
  })
  await keepChallenge(sql, 'sign-in', options.challenge, browser, null)
  return options
}

const REFUSED: FailedSignIn = {
  outcome: 'failed',
  status: 401,
  error: 'That passkey opens no account here. Try another one, or your password.',
}

const NEEDS_PASSWORD: FailedSignIn = {
  outcome: 'failed',
  status: 401,
  error: 'That passkey opens the account after your password. Please type that first.',
}

/**
 * Judges a browser's answer to `createSignInOptions`. The account is the one that the passkey belongs to. `passwordOf` is the account
 * whose password this browser has typed just now.
 */
export async function signInWithPasskey(
  db: Db,
  tried: {
    issuer: string
    browser: string
    answer: string
    address: string
    passwordOf: string | undefined
  },
): Promise<SignIn> {
  const answer = readAnswer(assertionSchema, tried.answer)
  const known = answer && (await findCredential(db, answer.id))
  const attempt = {
    what: 'sign-in',
    emailKey: known?.emailMac?.toString('hex'),
    address: tried.address,
    unguessable: true,
  } as const
  return throttled(db, attempt, async () => {
    if (!answer || !known) return REFUSED
    const { userHandle: owner } = answer.response
    if (owner && owner !== Buffer.from(userHandle(known.accountId)).toString('base64url'))
      return REFUSED
    const verified = await verifyAuthenticationResponse({
      response: answer,
      expectedChallenge: (challenge) => useChallenge(db, 'sign-in', challenge, tried.browser, null),
      expectedOrigin: tried.issuer,
      expectedRPID: relyingParty(tried.issuer),
      requireUserVerification: true,
      credential: {
        id: known.id,
        publicKey: new Uint8Array(known.publicKey),
        counter: known.counter,
      },
    }).catch(() => undefined)
    if (!verified?.verified) return REFUSED
    if (known.needsPassword && known.accountId !== tried.passwordOf) return NEEDS_PASSWORD
    // A counter that does not grow is a copy of the key; keys that do not count say 0 (WebAuthn §6.1.1).
    const { newCounter } = verified.authenticationInfo
    const [counted] = await db`
      update passkey set counter = ${newCounter}, used_at = now()
      where id = ${known.id} and (counter < ${newCounter} or (counter = 0 and ${newCounter}::bigint = 0))
      returning 1`
    if (!counted) return REFUSED
    const method = known.synced ? 'synced-passkey' : 'passkey'
    return { outcome: 'signed-in', accountId: known.accountId, method, passkeyId: known.id }
  })
}

type Credential = {
  id: string
  accountId: string
  /** `null` for an account that is not sealed yet. */
  emailMac: Buffer | null
  publicKey: Buffer
  counter: number
  synced: boolean
  needsPassword: boolean
}

async function findCredential(sql: Sql, id: string): Promise<Credential | undefined> {
  const [row] = await sql<Credential[]>`
    select passkey.id, account_id, email_mac, public_key, counter::float8 as counter, synced, needs_password
    from passkey join account on account.id = account_id and account.status = 'active'
    where passkey.id = ${id}`
  return row
}

/** What a browser is asked to make for this account. */
export async function createRegistrationOptions(
  sql: Sql,
  { issuer, browser, account }: { issuer: string; browser: string; account: Account },
) {
  const existing = await sql<{ id: string; transports: string[] }[]>`
    select id, transports from passkey where account_id = ${account.id}`
  const options = await generateRegistrationOptions({
    rpName: 'Identity portal',
    rpID: relyingParty(issuer),
    userID: userHandle(account.id),
    userName: account.email,
    userDisplayName: fullNameOf(account),
    timeout: CHALLENGE_SECONDS * 1000,
    attestationType: 'none',
    supportedAlgorithmIDs: ALGORITHMS,
    excludeCredentials: [...existing],
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
  await keepChallenge(sql, 'register', options.challenge, browser, account.id)
  return options
}

/**
 * Judges a browser's answer to `createRegistrationOptions`. Answers the new passkey, and as which sign-in its making counts: the
 * authenticator has verified its user just now.
 */
export async function registerPasskey(
  sql: Sql,
  given: { issuer: string; browser: string; accountId: string; answer: string; name: string },
): Promise<{ name: string; method: SignInMethod } | undefined> {
  const { issuer, browser, accountId } = given
  const answer = readAnswer(attestationSchema, given.answer)
  if (!answer) return undefined
  const verified = await verifyRegistrationResponse({
    response: answer,
    expectedChallenge: (challenge) => useChallenge(sql, 'register', challenge, browser, accountId),
    expectedOrigin: issuer,
    expectedRPID: relyingParty(issuer),
    requireUserVerification: true,
    supportedAlgorithmIDs: ALGORITHMS,
  }).catch(() => undefined)
  if (!verified?.verified) return undefined
  const { credential: made, credentialDeviceType } = verified.registrationInfo
  const synced = credentialDeviceType === 'multiDevice'
  const name = nameOf(given.name)
  const [row] = await sql`
    insert into passkey (id, account_id, public_key, counter, transports, synced, name)
    select ${made.id}, ${accountId}, ${Buffer.from(made.publicKey)}, ${made.counter},
      ${answer.response.transports ?? []}, ${synced}, ${name}
    where (select count(*) from passkey where account_id = ${accountId}) < ${MOST}
    on conflict (id) do nothing
    returning 1`
  return row && { name, method: synced ? 'synced-passkey' : 'passkey' }
}

// What is hidden in a name that its owner typed is left out.
const nameOf = (name: string) =>
  [...normalizeText(visibleText(name).replaceAll('\ufffd', ''))].slice(0, 60).join('') || 'Passkey'

export async function listPasskeys(sql: Sql, accountId: string): Promise<Passkey[]> {
  const rows = await sql<Passkey[]>`
    select id, name, synced, created_at, used_at, needs_password from passkey
    where account_id = ${accountId} order by created_at, id`
  return rows.map((passkey) => ({ ...passkey, name: visibleText(passkey.name) }))
}

/** Answers whether this account has such a passkey. */
export async function renamePasskey(
  sql: Sql,
  accountId: string,
  id: string,
  name: string,
): Promise<boolean> {
  const [row] = await sql`
    update passkey set name = ${nameOf(name)} where id = ${id} and account_id = ${accountId} returning 1`
  return row !== undefined
}

/** Answers whether this account had such a passkey. */
export async function removePasskey(sql: Sql, accountId: string, id: string): Promise<boolean> {
  const [row] = await sql`
    delete from passkey where id = ${id} and account_id = ${accountId} returning 1`
  return row !== undefined
}

/**
 * In the transaction that sets a password by a mailed link, after it ended the sessions: somebody who was in the account may have left a
 * passkey behind, so none opens it by itself any more. None is removed, because whoever reads the mails alone would then be rid of the
 * second step. Returns them.
 */
export async function requirePasswordFirst(sql: Sql, accountId: string): Promise<Passkey[]> {
  await sql`update passkey set needs_password = true where account_id = ${accountId}`
  return await listPasskeys(sql, accountId)
}

/** In the transaction that uses up the right password which this passkey followed: from now on it opens the account by itself. */
export async function trustPasskey(sql: Sql, id: string): Promise<void> {
  await sql`update passkey set needs_password = false where id = ${id} and needs_password`
}

/** Challenges that nobody answered in time. */
export async function deleteOldChallenges(sql: Sql): Promise<void> {
  await sql`delete from passkey_challenge where expires_at < now()`
}

type Purpose = 'register' | 'sign-in'

async function keepChallenge(
  sql: Sql,
  purpose: Purpose,
  challenge: string,
  browser: string,
  accountId: string | null,
): Promise<void> {
  await sql`
    insert into passkey_challenge (challenge_hash, purpose, browser_hash, account_id, expires_at)
    values (${hashSecret(challenge)}, ${purpose}, ${Buffer.from(browser, 'hex')}, ${accountId},
      now() + make_interval(secs => ${CHALLENGE_SECONDS}))`
}

/** Once, in time, by the browser that was asked; of many answers at once one gets it. */
async function useChallenge(
  sql: Sql,
  purpose: Purpose,
  challenge: string,
  browser: string,
  accountId: string | null,
): Promise<boolean> {
  const [row] = await sql`
    delete from passkey_challenge
    where challenge_hash = ${hashSecret(challenge)} and purpose = ${purpose}
      and browser_hash = ${Buffer.from(browser, 'hex')} and account_id is not distinct from ${accountId}
      and expires_at > now()
    returning 1`
  return row !== undefined
}
