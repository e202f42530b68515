import { decodeJwt } from 'jose'
import { findClientName } from '../clients/clients.ts'
import type { Sql } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'

/** The sandbox, or the portal whose sandbox this is: what a program that confuses the two is told. */
export type OtherPlace = {
  issuer: string
  /** The description of a refused token that names the other issuer; `undefined` for every other token. */
  describeToken(token: string): 'sandbox_token' | 'production_token' | undefined
  /** What to do, where the client is registered there; `undefined` where it is not, or that cannot be known. */
  describeClient(clientId: unknown): Promise<string | undefined>
}

type Other = { issuer: string; context: { db: Sql } }

// Nobody waits longer for a hint.
const LIMIT_MS = 500
const MAX_TOKEN = 4096

/** `isSandbox`: whether the other place is the sandbox. */
export function createOtherPlace(
  { issuer, context }: Other,
  { isSandbox, log }: { isSandbox: boolean; log: Log },
): OtherPlace {
  const name = isSandbox ? 'in the sandbox' : 'at the portal, for production'
  return {
    issuer,
    // Called after the verification failed, whose result it does not change: what the token says of itself is no proof, and
    // nothing is said about whether it would be valid there.
    describeToken: (token) =>
      issuerOf(token) === issuer ? (isSandbox ? 'sandbox_token' : 'production_token') : undefined,
    async describeClient(clientId) {
      if (typeof clientId !== 'string' || clientId.length > 200) return undefined
      // The authorization endpoint says of every client id whether it is registered, so there is nothing to hide.
      const found = await within(LIMIT_MS, findClientName(context.db, clientId)).catch(
        (error: unknown) => {
          log.warn('other place does not answer', { error })
          return undefined
        },
      )
      return found === undefined
        ? undefined
        : `this client is registered ${name}: use the issuer ${issuer}`
    },
  }
}

function issuerOf(token: string): string | undefined {
  try {
    return token.length > MAX_TOKEN ? undefined : decodeJwt(token).iss
  } catch {
    return undefined
  }
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const limit = Promise.withResolvers<never>()
  const timer = setTimeout(() => limit.reject(new Error('it took too long')), limitMs)
  // It may fail after nobody waits for it any more.
  work.catch(() => {})
  return await Promise.race([work, limit.promise]).finally(() => clearTimeout(timer))
}
