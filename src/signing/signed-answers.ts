import { SignJWT } from 'jose'
import type { KeyRing } from './key-ring.ts'

export type SignAnswer = (given: {
  clientId: string
  /** The resident, as this application knows them. */
  subject: string
  requestId: string
  claims: Record<string, unknown>
}) => Promise<string>

/** Signs what the API answered to one application about one resident, by the portal's key, now. */
export const createAnswerSigner =
  (issuer: string, ring: Pick<KeyRing, 'current'>): SignAnswer =>
  ({ clientId, subject, requestId, claims }) => {
    const { kid, privateKey } = ring.current().active.ES256
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'id-verification+jwt', kid })
      .setIssuer(issuer)
      .setAudience(clientId)
      .setSubject(subject)
      .setJti(requestId)
      .setIssuedAt()
      .sign(privateKey)
  }
