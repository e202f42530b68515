import type { Context } from 'hono'
import type { PasswordContext } from '../accounts/password-strength.ts'
import { hashPassword, PasswordRefusedError } from '../accounts/passwords.ts'
import { TooBusyError } from '../platform/errors.ts'
import type { PageEnv } from '../web/reader.ts'

/** Hashes the password of a form. Otherwise returns what to tell the resident, and sets `Retry-After` when the server is busy. */
export async function hashNewPassword(
  c: Context<PageEnv>,
  password: unknown,
  owner: PasswordContext,
): Promise<{ passwordHash: string } | { error: string; status: 400 | 503 }> {
  const { texts } = c.var.reader
  try {
    return { passwordHash: await hashPassword(String(password ?? ''), owner) }
  } catch (error) {
    if (error instanceof PasswordRefusedError) return { error: error.text(texts), status: 400 }
    if (!(error instanceof TooBusyError)) throw error
    c.header('Retry-After', '5')
    return { error: texts.passwordRules.busy, status: 503 }
  }
}
