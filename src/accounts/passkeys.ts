import { z } from 'zod'
import type { Db, Sql } from '../platform/db.ts'
import { hashSecret } from '../platform/secrets.ts'
import { normalizeText, visibleText } from '../web/displayed-text.ts'
import { type FailedSignIn, type SignIn, type SignInMethod, withThrottle } from './sign-in.ts'

// When a passkey is first used: with it, a process loads a fifth more modules.
const loadWebAuthn = () => import('@simplewebauthn/server')

const CHALLENGE_SECONDS = 5 * 60
const MAX_PASSKEYS = 20
// EdDSA, ES256, RS256: what authenticators support, and what Node verifies without an experimental API.
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

/** Parses a browser's response, as `PublicKeyCredential.toJSON` writes it; `undefined` for anything else. */
function parseResponse<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

// The account's id as 16 bytes: it identifies nobody elsewhere.
const userHandle = (accountId: string) =>
  new Uint8Array(Buffer.from(accountId.replaceAll('-', ''), 'hex'))

const relyingParty = (issuer: string) => new URL(issuer).hostname

/** Options for a sign-in with any passkey of this portal. `browser` is as `ensureBrowserId` returns it. */
export async function createSignInOptions(
  sql: Sql,
  { issuer, browser }: { issuer: string; browser: string },
) {
  const { generateAuthenticationOptions } = await loadWebAuthn()
  const options = await generateAuthenticationOptions({
    rpID: relyingParty(issuer),
    userVerification: 'required',
    timeout: CHALLENGE_SECONDS * 1000,
  })
  await storeChallenge(sql, 'sign-in', options.challenge, browser, null)
  return options
}

const REJECTED: FailedSignIn = {
  outcome: 'failed',
  status: 401,
  error: (texts) => texts.signIn.passkeyUnknown,
}

const NEEDS_PASSWORD: FailedSignIn = {
  outcome: 'failed',
  status: 401,
  error: (texts) => texts.signIn.passkeyAfterPassword,
}

/**
 * Verifies a browser's response to `createSignInOptions`, and signs in to the account of the passkey. `passwordOf`: the account whose
 * password was just entered in this browser.
 */
export async function signInWithPasskey(
  db: Db,
  input: {
    issuer: string
    browser: string
    response: string
    address: string
    passwordOf: string | undefined
  },
): Promise<SignIn> {
  const assertion = parseResponse(assertionSchema, input.response)
  const known = assertion && (await findCredential(db, assertion.id))
  const attempt = {
    what: 'sign-in',
    emailKey: known?.emailMac?.toString('hex'),
    address: input.address,
    unguessable: true,
  } as const
  return withThrottle(db, attempt, async () => {
    if (!assertion || !known) return REJECTED
    const { userHandle: owner } = assertion.response
    if (owner && owner !== Buffer.from(userHandle(known.accountId)).toString('base64url'))
      return REJECTED
    const { verifyAuthenticationResponse } = await loadWebAuthn()
    const verified = await verifyAuthenticationResponse({
      response: assertion,
      expectedChallenge: (challenge) =>
        consumeChallenge(db, 'sign-in', challenge, input.browser, null),
      expectedOrigin: input.issuer,
      expectedRPID: relyingParty(input.issuer),
      requireUserVerification: true,
      credential: {
        id: known.id,
        publicKey: new Uint8Array(known.publicKey),
        counter: known.counter,
      },
    }).catch(() => undefined)
    if (!verified?.verified) return REJECTED
    if (known.needsPassword && known.accountId !== input.passwordOf) return NEEDS_PASSWORD
    // A counter that does not grow indicates a copy of the key; keys without a counter send 0 (WebAuthn §6.1.1).
    const { newCounter } = verified.authenticationInfo
    const [counted] = await db`
      update passkey set counter = ${newCounter}, used_at = now()
      where id = ${known.id} and (counter < ${newCounter} or (counter = 0 and ${newCounter}::bigint = 0))
      returning 1`
    if (!counted) return REJECTED
    const method = known.synced ? 'synced-passkey' : 'passkey'
    return { outcome: 'signed-in', accountId: known.accountId, method, passkeyId: known.id }
  })
}

type Credential = {
  id: string
  accountId: string
  /** `null` for an account whose details are not sealed yet. */
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

/**
 * Options for a new passkey of this account. `isNew`: the account is created together with the passkey, so the challenge is bound to
 * the browser alone.
 */
export async function createRegistrationOptions(
  sql: Sql,
  {
    issuer,
    name = 'Identity portal',
    browser,
    account,
    isNew = false,
  }: {
    issuer: string
    /** Of the portal. */
    name?: string | undefined
    browser: string
    account: { id: string; email: string; displayName: string }
    isNew?: boolean
  },
) {
  const existing = await sql<{ id: string; transports: string[] }[]>`
    select id, transports from passkey where account_id = ${account.id}`
  const { generateRegistrationOptions } = await loadWebAuthn()
  const options = await generateRegistrationOptions({
    rpName: name,
    rpID: relyingParty(issuer),
    userID: userHandle(account.id),
    userName: account.email,
    userDisplayName: account.displayName,
    timeout: CHALLENGE_SECONDS * 1000,
    attestationType: 'none',
    supportedAlgorithmIDs: ALGORITHMS,
    excludeCredentials: [...existing],
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
  await storeChallenge(sql, 'register', options.challenge, browser, isNew ? null : account.id)
  return options
}

/**
 * Verifies a browser's response to `createRegistrationOptions` and stores the passkey. Returns its name, and the sign-in method that
 * its creation counts as, because the authenticator has just verified its user.
 */
export async function registerPasskey(
  sql: Sql,
  given: {
    issuer: string
    browser: string
    accountId: string
    response: string
    name: string
    /** As for the options. */
    isNew?: boolean
  },
): Promise<{ name: string; method: SignInMethod } | undefined> {
  const { issuer, browser, accountId, isNew = false } = given
  const attestation = parseResponse(attestationSchema, given.response)
  if (!attestation) return undefined
  const { verifyRegistrationResponse } = await loadWebAuthn()
  const verified = await verifyRegistrationResponse({
    response: attestation,
    expectedChallenge: (challenge) =>
      consumeChallenge(sql, 'register', challenge, browser, isNew ? null : accountId),
    expectedOrigin: issuer,
    expectedRPID: relyingParty(issuer),
    requireUserVerification: true,
    supportedAlgorithmIDs: ALGORITHMS,
  }).catch(() => undefined)
  if (!verified?.verified) return undefined
  const { credential: made, credentialDeviceType } = verified.registrationInfo
  const synced = credentialDeviceType === 'multiDevice'
  const name = cleanName(given.name)
  const [row] = await sql`
    insert into passkey (id, account_id, public_key, counter, transports, synced, name)
    select ${made.id}, ${accountId}, ${Buffer.from(made.publicKey)}, ${made.counter},
      ${attestation.response.transports ?? []}, ${synced}, ${name}
    where (select count(*) from passkey where account_id = ${accountId}) < ${MAX_PASSKEYS}
    on conflict (id) do nothing
    returning 1`
  return row && { name, method: synced ? 'synced-passkey' : 'passkey' }
}

// Removes hidden characters from a name that the owner typed.
const cleanName = (name: string) =>
  [...normalizeText(visibleText(name).replaceAll('\ufffd', ''))].slice(0, 60).join('') || 'Passkey'

export async function listPasskeys(sql: Sql, accountId: string): Promise<Passkey[]> {
  const rows = await sql<Passkey[]>`
    select id, name, synced, created_at, used_at, needs_password from passkey
    where account_id = ${accountId} order by created_at, id`
  return rows.map((passkey) => ({ ...passkey, name: visibleText(passkey.name) }))
}

/** All residents' passkeys. */
export async function countPasskeys(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`select count(*)::int as count from passkey`
  return row?.count ?? 0
}

/** Returns whether this account has the passkey. */
export async function renamePasskey(
  sql: Sql,
  accountId: string,
  id: string,
  name: string,
): Promise<boolean> {
  const [row] = await sql`
    update passkey set name = ${cleanName(name)} where id = ${id} and account_id = ${accountId} returning 1`
  return row !== undefined
}

/** Returns whether this account had the passkey. */
export async function removePasskey(sql: Sql, accountId: string, id: string): Promise<boolean> {
  const [row] = await sql`
    delete from passkey where id = ${id} and account_id = ${accountId} returning 1`
  return row !== undefined
}

/**
 * In the transaction that sets a password by a mailed link, after it ended the sessions: no passkey opens the account without the
 * password any more, because an intruder may have added one. None is removed, because otherwise somebody who reads the mails could
 * remove the second step. Returns the passkeys.
 */
export async function requirePasswordFirst(sql: Sql, accountId: string): Promise<Passkey[]> {
  await sql`update passkey set needs_password = true where account_id = ${accountId}`
  return await listPasskeys(sql, accountId)
}

/** In the transaction of a sign-in by password and this passkey: from now on the passkey opens the account by itself. */
export async function trustPasskey(sql: Sql, id: string): Promise<void> {
  await sql`update passkey set needs_password = false where id = ${id} and needs_password`
}

/** Deletes expired challenges. */
export async function deleteOldChallenges(sql: Sql): Promise<void> {
  await sql`delete from passkey_challenge where expires_at < now()`
}

type Purpose = 'register' | 'sign-in'

async function storeChallenge(
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

/** Accepts a challenge once, before it expires, from the browser that received it. Of concurrent calls only one gets it. */
async function consumeChallenge(
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
