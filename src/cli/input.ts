import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { OperatorError } from '../platform/errors.ts'
import { UsageError } from './command.ts'

const REASONS: Record<string, string> = {
  ENOENT: 'it does not exist',
  EISDIR: 'it is a directory',
  EACCES: 'this user may not read it',
}

/** Throws OperatorError that says why the file cannot be read. */
export async function readInputFile(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException
    throw new OperatorError(`The file ${file} cannot be read: ${REASONS[code] ?? code}.`, { cause })
  }
}

/** Throws OperatorError when the file cannot be read or is not JSON; the message quotes nothing of its content. */
export async function readJsonFile(file: string): Promise<unknown> {
  const bytes = await readInputFile(file)
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw new OperatorError(`The file ${file} is not JSON.`, { cause })
  }
}

/** Reads a secret from standard input: other users of the machine can read the words of a command. */
export async function readSecret(input: Readable = process.stdin): Promise<string> {
  const secret = (await text(input)).replace(/\r?\n$/, '')
  if (!secret) throw new UsageError('nothing came on standard input')
  return secret
}

/** Reads several secrets from standard input, each on a line of its own, in this order. One alone may have several lines. */
export async function readSecrets<Name extends string>(
  names: readonly Name[],
  input?: Readable,
): Promise<{ [N in Name]?: string }> {
  if (names.length === 0) return {}
  const given = await readSecret(input)
  const secrets = names.length === 1 ? [given] : given.split(/\r?\n/)
  if (secrets.length !== names.length || secrets.includes(''))
    throw new UsageError(
      `standard input must have ${names.length} lines, each a secret: ${names.join(', ')}`,
    )
  return Object.fromEntries(names.map((name, index) => [name, secrets[index]])) as {
    [N in Name]?: string
  }
}
