import type { KeyRing } from './key-ring.ts'

export type SignResponse = (given: {
  clientId: string
  /** The resident's `sub` at this application. */
  subject: string
  requestId: string
  claims: Record<string, unknown>
}) => Promise<string>

/** Returns a function that signs a response of the API to one application about one resident. */
export const createResponseSigner =
  (issuer: string, ring: Pick<KeyRing, 'sign'>): SignResponse =>
  ({ clientId, subject, requestId, claims }) =>
    ring.sign('id-verification+jwt', {
      ...claims,
      iss: issuer,
      aud: clientId,
      sub: subject,
      jti: requestId,
      iat: Math.floor(Date.now() / 1000),
    })
