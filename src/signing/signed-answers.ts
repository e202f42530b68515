import type { KeyRing } from './key-ring.ts'

export type SignResponse = (given: {
  clientId: string
  /** The resident, as this application knows them. */
  subject: string
  requestId: string
  claims: Record<string, unknown>
}) => Promise<string>

/** Signs what the API answered to one application about one resident, by the portal's key, now. */
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
