import { Secret, TOTP } from 'otpauth'
import type { Sql } from '../platform/db.ts'
import type { SealedColumn } from '../platform/resealing.ts'
import type { Sealer } from '../platform/secrets.ts'

/*
 * Codes of authenticator apps (RFC 6238) with the parameters that every app supports: SHA-1, 30 seconds, 6 digits. A code is valid one
 * step before and after its own, for deviating clocks, and once.
 */
const PARAMETERS = { algorithm: 'SHA1', digits: 6, period: 30 } as const
const WINDOW = 1
const SECRET_BYTES = 20

/** Creates a secret in Base32. */
export const createTotpSecret = (): string => new Secret({ size: SECRET_BYTES }).base32

/** The `otpauth:` address for a QR code. The app lists the account under the name of the portal. */
export const totpUri = (secret: string, email: string, name = 'Identity portal'): string =>
  new TOTP({ ...PARAMETERS, issuer: name.replaceAll(':', ' '), label: email, secret }).toString()

/** Returns the time step of a typed code, or `undefined` when the code is wrong or not current. */
export function findTotpStep(secret: string, typed: string, now = Date.now()): number | undefined {
  const token = typed.normalize('NFKC').replaceAll(/\s/g, '')
  if (!/^\d{6}$/.test(token)) return undefined
  const delta = TOTP.validate({
    ...PARAMETERS,
    secret: Secret.fromBase32(secret),
    token,
    timestamp: now,
    window: WINDOW,
  })
  return delta === null ? undefined : Math.floor(now / 1000 / PARAMETERS.period) + delta
}

const sealedFor = (accountId: string) => `totp.secret_sealed ${accountId}`
export const SEALED_TOTP_SECRETS: SealedColumn = {
  table: 'totp',
  column: 'secret_sealed',
  key: ['account_id'],
  contextOf: sealedFor,
}

/** Stores a secret after its first code, of `step`, was right. Returns `false` when the account has a secret already. */
export async function insertTotp(
  sql: Sql,
  sealer: Sealer,
  { accountId, secret, step }: { accountId: string; secret: string; step: number },
): Promise<boolean> {
  const [row] = await sql`
    insert into totp (account_id, secret_sealed, last_step)
    values (${accountId}, ${sealer.seal(secret, sealedFor(accountId))}, ${step})
    on conflict (account_id) do nothing
    returning 1`
  return row !== undefined
}

/** Accepts a code once. Of concurrent calls only one succeeds. */
export async function acceptTotpCode(
  sql: Sql,
  sealer: Sealer,
  accountId: string,
  typed: string,
): Promise<boolean> {
  const [row] = await sql<{ secretSealed: string }[]>`
    select secret_sealed from totp where account_id = ${accountId}`
  if (!row) return false
  const step = findTotpStep(sealer.open(row.secretSealed, sealedFor(accountId)), typed)
  if (step === undefined) return false
  const [used] = await sql`
    update totp set last_step = ${step}, used_at = now()
    where account_id = ${accountId} and last_step < ${step}
    returning 1`
  return used !== undefined
}

/** Returns whether the account had a secret. */
export async function removeTotp(sql: Sql, accountId: string): Promise<boolean> {
  const [row] = await sql`delete from totp where account_id = ${accountId} returning 1`
  return row !== undefined
}

const ENROLMENT_SECONDS = 15 * 60
const enrolmentFor = (accountId: string) => `totp enrolment ${accountId}`

/** Seals a secret for the form until its first code is typed, so that no row has to be stored and deleted. */
export const sealEnrolment = (sealer: Sealer, accountId: string, secret: string): string =>
  sealer.seal(JSON.stringify({ secret, at: Date.now() }), enrolmentFor(accountId))

/** Returns the secret, or `undefined` when it belongs to another account or has expired. */
export function openEnrolment(
  sealer: Sealer,
  accountId: string,
  sealed: unknown,
): string | undefined {
  if (typeof sealed !== 'string') return undefined
  try {
    const { secret, at } = JSON.parse(sealer.open(sealed, enrolmentFor(accountId)))
    return Date.now() - at <= ENROLMENT_SECONDS * 1000 ? secret : undefined
  } catch {
    return undefined
  }
}
