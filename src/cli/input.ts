import { readFile } from 'node:fs/promises'
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
export async function readSecret(): Promise<string> {
  const secret = (await text(process.stdin)).replace(/\r?\n$/, '')
  if (!secret) throw new UsageError('nothing came on standard input')
  return secret
}
