import { hash, hashRaw, verify } from '@node-rs/argon2'
import { OperatorError } from '../platform/errors.ts'
import { findPasswordFault, type PasswordContext } from './password-strength.ts'

// argon2id is the library's default algorithm; memory and passes are OWASP's.
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
// Hashing runs in libuv's pool of four threads: two leave room for files and name look-ups.
const CONCURRENT = 2
const WAITING = 200

let running = 0
const waiting: (() => void)[] = []

/** Thrown when too many passwords are being checked at once: the caller answers 503 and the rest of the server stays quick. */
export class TooBusyError extends Error {
  override readonly name = 'TooBusyError'
}

async function limited<T>(work: () => Promise<T>): Promise<T> {
  if (running >= CONCURRENT) {
    if (waiting.length >= WAITING) throw new TooBusyError('too many passwords are being checked')
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else running++
  try {
    return await work()
  } finally {
    // The place is handed on, not freed, so that nobody slips in between.
    const next = waiting.shift()
    if (next) next()
    else running--
  }
}

/** The text is for the person who chose the password. */
export class PasswordRefusedError extends OperatorError {}

/** The only way to a new password's hash. Throws PasswordRefusedError and TooBusyError. */
export async function hashPassword(password: string, context: PasswordContext): Promise<string> {
  const fault = await findPasswordFault(password, context)
  if (fault) throw new PasswordRefusedError(fault)
  return limited(() => hash(password.normalize('NFKC'), COST))
}

/** For codes that are too short for a plain digest; the same code and salt give the same hash. Throws TooBusyError. */
export const hashShortSecret = (secret: string, salt: Uint8Array): Promise<Buffer> =>
  limited(() => hashRaw(secret, { ...COST, salt }))

// The hash of a password nobody has: an unknown address costs what a wrong password costs.
let nobody: Promise<string> | undefined

/** Takes the same time whether or not there is a hash to compare with. Throws TooBusyError. */
export async function verifyPassword(
  password: string,
  passwordHash: string | null | undefined,
): Promise<boolean> {
  if (password.length > 1024) return false
  nobody ??= hash(crypto.randomUUID(), COST)
  const against = passwordHash ?? (await nobody)
  const matches = await limited(() => verify(against, password.normalize('NFKC')))
  return matches && passwordHash != null
}
