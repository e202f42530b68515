import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { chown, link, lstat, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../errors.ts'

/** What each side of a connection to the lock proves that it knows: what is in a file that only the directory's owner can read. */
export type LockKey = Buffer

const FILE = 'lock.key'
const BYTES = 32

/**
 * Reads the key of this data directory, and creates it where there is none. Of two processes that create it at the same
 * moment the first one counts, for both. Throws OperatorError when others could have written or read it.
 */
export async function readLockKey(dir: string): Promise<LockKey> {
  const path = join(dir, FILE)
  const owner = await stat(dir)
  const us = process.getuid?.()
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return undefined
  })
  if (!found) {
    const aside = `${path}.${randomBytes(6).toString('hex')}`
    try {
      await writeFile(aside, randomBytes(BYTES), { mode: 0o600, flag: 'wx' })
      // Made by root for the user whose directory it is.
      if (us === 0 && owner.uid !== 0) await chown(aside, owner.uid, owner.gid)
      await link(aside, path).catch(unlessThere)
    } finally {
      await rm(aside, { force: true })
    }
    return await readLockKey(dir)
  }
  const isOurs = us === undefined || found.uid === us || found.uid === owner.uid
  if (!found.isFile() || !isOurs || (found.mode & 0o077) !== 0)
    throw new OperatorError(
      `${path} may be another user's: it must be a file of the directory's owner with the mode 0600. Delete it; it is made anew.`,
    )
  const key = await readFile(path)
  if (key.length !== BYTES)
    throw new OperatorError(`${path} is damaged. Delete it; it is made anew.`)
  return key
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}

/** A nonce of 128 bits, and what each message must carry. Hex, so that lines end where they end. */
export const createNonce = (): string => randomBytes(16).toString('hex')
export const isNonce = (text: string): boolean => /^[0-9a-f]{32}$/.test(text)

/**
 * Binds a message to one connection (both nonces), to the side that sends it and to the lock's address, so that it can be
 * neither sent back to where it came from nor passed on to another lock.
 */
export function proofOf(
  key: LockKey,
  {
    by,
    address,
    nonces,
    text = '',
  }: {
    by: 'holder' | 'asker' | 'answer'
    address: string
    nonces: [string, string]
    text?: string
  },
): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([by, address, ...nonces, text]))
    .digest('hex')
}

export function isProof(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
