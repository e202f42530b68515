import { hash, verify } from '@node-rs/argon2'
import { OperatorError } from '../errors.ts'

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

const BLOCKED = [
  'password',
  'prospera',
  'próspera',
  'qwerty',
  '123456',
  'letmein',
  'identityportal',
]

/** NIST SP 800-63B-4 §3.1.1: length and a blocklist, no composition rules. Answers what is wrong, or nothing. */
export function passwordFault(password: string): string | undefined {
  const length = [...password].length
  if (length < 15) return 'A password needs 15 characters or more. A few unrelated words do well.'
  if (length > 256) return 'A password can have 256 characters at most.'
  const letters = password
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
  const rest = BLOCKED.reduce((text, word) => text.replaceAll(word, ''), letters)
  if (rest.length < 8 || new Set(rest).size < 4)
    return 'This password is too easy to guess. A few unrelated words do well.'
  return undefined
}

/** Throws OperatorError when the password is refused by `passwordFault`. */
export async function hashPassword(password: string): Promise<string> {
  const fault = passwordFault(password)
  if (fault) throw new OperatorError(fault)
  return limited(() => hash(password.normalize('NFKC'), COST))
}

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
