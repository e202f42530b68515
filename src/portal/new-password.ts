import type { Context } from 'hono'
import type { PasswordContext } from '../accounts/password-strength.ts'
import { hashPassword, PasswordRefusedError } from '../accounts/passwords.ts'
import { TooBusyError } from '../platform/errors.ts'

/** Hashes the password of a form. Otherwise returns what to tell the resident, and sets `Retry-After` when the server is busy. */
export async function hashNewPassword(
  c: Context,
  password: unknown,
  owner: PasswordContext,
): Promise<{ passwordHash: string } | { error: string; status: 400 | 503 }> {
  try {
    return { passwordHash: await hashPassword(String(password ?? ''), owner) }
  } catch (error) {
    if (error instanceof PasswordRefusedError) return { error: error.message, status: 400 }
    if (!(error instanceof TooBusyError)) throw error
    c.header('Retry-After', '5')
    return { error: 'Many people are signing in just now. Please try again.', status: 503 }
  }
}
