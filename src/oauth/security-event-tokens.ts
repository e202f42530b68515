import { findClient } from '../clients/clients.ts'
import type { SubjectIdentifiers } from '../clients/subject-identifiers.ts'
import type { AddressedEvent, FindSubject } from '../events/events.ts'
import type { SignEvent } from '../events/sender.ts'
import type { Sql } from '../platform/db.ts'
import type { KeyRing } from '../signing/key-ring.ts'

/** Signs an event with the algorithm of the client's ID tokens: a compact JWS of type `secevent+jwt`. */
export const createEventSigner =
  (db: Sql, ring: Pick<KeyRing, 'sign'>): SignEvent =>
  async (issuer, event) => {
    const client = await findClient(db, event.clientId)
    const algorithm = client?.id_token_signed_response_alg ?? 'RS256'
    // Without `sub` and `exp` it cannot be mistaken for another kind of token (RFC 8417 §4.5, §4.6, Shared Signals §4.1).
    const claims = {
      iss: issuer,
      aud: event.clientId,
      jti: event.id,
      iat: Math.floor(event.occurredAt.getTime() / 1000),
      sub_id: event.subject
        ? { format: 'iss_sub', iss: issuer, sub: event.subject }
        : { format: 'opaque', id: event.clientId },
      toe: Math.floor(event.occurredAt.getTime() / 1000),
      events: statementOf(issuer, event),
    }
    return await ring.sign('secevent+jwt', claims, algorithm)
  }

/** Finds the `sub` for an event. `undefined` for a service client, which is given no resident, and for a deleted client. */
export const createFindSubject =
  (db: Sql, subjects: SubjectIdentifiers): FindSubject =>
  async (clientId, accountId) => {
    const client = await findClient(db, clientId)
    if (!client || client.grant_types.includes('client_credentials')) return undefined
    return subjects.of(client, accountId)
  }

const CAEP = 'https://schemas.openid.net/secevent/caep/event-type'
/** The namespace of the levels in an assurance-level-change: "approved" or "none". */
const NAMESPACE = 'eprospera:person.id_verification'

/** Maps an event to one event type: a registered one with the same meaning, else one of this issuer. */
function statementOf(issuer: string, event: AddressedEvent): Record<string, object> {
  const { kind, verificationId, data } = event
  const about = {
    event_timestamp: Math.floor(event.occurredAt.getTime() / 1000),
    ...(verificationId ? { verification_id: verificationId } : {}),
  }
  switch (kind) {
    case 'verification.approved':
      return {
        [`${CAEP}/assurance-level-change`]: {
          ...about,
          ...data,
          namespace: NAMESPACE,
          current_level: 'approved',
          change_direction: 'increase',
        },
      }
    case 'verification.withdrawn':
      return {
        [`${CAEP}/assurance-level-change`]: {
          ...about,
          namespace: NAMESPACE,
          current_level: 'none',
          previous_level: 'approved',
          change_direction: 'decrease',
        },
      }
    case 'consent.changed':
      return {
        [`${CAEP}/token-claims-change`]: {
          ...about,
          claims: {
            scope: (data.scopes as string[]).join(' '),
            ...(data.withheld_images ? { withheld_images: data.withheld_images } : {}),
          },
        },
      }
    case 'consent.revoked':
      return { 'https://schemas.openid.net/secevent/oauth/event-type/tokens-revoked': about }
    case 'resident.erased':
      return { 'https://schemas.openid.net/secevent/risc/event-type/account-purged': about }
    case 'test':
      return { 'https://schemas.openid.net/secevent/ssf/event-type/verification': {} }
    default:
      return { [`${issuer}/events/${kind.replace('.', '-')}`]: { ...about, ...data } }
  }
}
