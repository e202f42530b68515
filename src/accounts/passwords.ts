import { hash, hashRaw, verify } from '@node-rs/argon2'
import { OperatorError, TooBusyError } from '../platform/errors.ts'
import { LANGUAGES, type Text } from '../web/texts/languages.ts'
import { findPasswordFault, type PasswordContext } from './password-strength.ts'

// argon2id is the library's default algorithm; memory and passes are OWASP's.
const ARGON2_OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
// libuv has four threads, and hashing may use two: the others serve files and name look-ups.
const MAX_CONCURRENT = 2
const MAX_WAITING = 200

let running = 0
const waiting: (() => void)[] = []

async function withHashingSlot<T>(work: () => Promise<T>): Promise<T> {
  if (running >= MAX_CONCURRENT) {
    if (waiting.length >= MAX_WAITING)
      throw new TooBusyError('too many passwords are being checked')
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else running++
  try {
    return await work()
  } finally {
    // Passes its slot on without freeing it, so that no later call overtakes.
    const next = waiting.shift()
    if (next) next()
    else running--
  }
}

/** The password is too weak. `text` is for the person who chose it; the message, in English, for the command line. */
export class PasswordRefusedError extends OperatorError {
  readonly text: Text
  constructor(text: Text) {
    super(text(LANGUAGES.en))
    this.text = text
  }
}

/** Hashes a new password, after checking its strength. Throws PasswordRefusedError and TooBusyError. */
export async function hashPassword(password: string, context: PasswordContext): Promise<string> {
  const fault = await findPasswordFault(password, context)
  if (fault) throw new PasswordRefusedError(fault)
  return withHashingSlot(() => hash(password.normalize('NFKC'), ARGON2_OPTIONS))
}

/** Hashes codes that are too short for a plain digest. The same code and salt give the same hash. Throws TooBusyError. */
export const hashShortSecret = (secret: string, salt: Uint8Array): Promise<Buffer> =>
  withHashingSlot(() => hashRaw(secret, { ...ARGON2_OPTIONS, salt }))

// The hash of a random password: an unknown address costs as much time as a wrong password.
let dummyHash: Promise<string> | undefined

/** Takes the same time with and without a hash. Throws TooBusyError. */
export async function verifyPassword(
  password: string,
  passwordHash: string | null | undefined,
): Promise<boolean> {
  if (password.length > 1024) return false
  dummyHash ??= hash(crypto.randomUUID(), ARGON2_OPTIONS)
  const against = passwordHash ?? (await dummyHash)
  const matches = await withHashingSlot(() => verify(against, password.normalize('NFKC')))
  return matches && passwordHash != null
}
