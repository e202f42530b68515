import { issuedOn, type Person } from './specimen.ts'
import { type Attempt, DECISIONS, type Decision, type Session } from './veriff-sessions.ts'

/** Optional details of a decision; the rest has the usual values of `docs/vendor-protocols.md` §3.5. */
export type DecisionDetails = {
  reason?: string | undefined
  reasonCode?: number | undefined
  decisionTime?: string | undefined
  /** The person whom the document shows from now on. */
  person?: Partial<Person> | undefined
}

// User-assigned in ISO 3166: not a real country.
const COUNTRY = 'XX'

/** The body of an event webhook (`docs/vendor-protocols.md` §3.4). */
export function eventMessage(session: Session, attempt: Attempt, action: 'started' | 'submitted') {
  return {
    id: session.id,
    attemptId: attempt.id,
    feature: 'selfid',
    code: action === 'started' ? 7001 : 7002,
    action,
    vendorData: session.vendorData,
    endUserId: session.endUserId,
  }
}

/** The body of a decision webhook and of a decided `GET …/decision` (`docs/vendor-protocols.md` §3.5). */
export function decisionMessage(
  session: Session,
  attempt: Attempt | undefined,
  status: Decision,
  details: DecisionDetails,
  at: Date,
) {
  const { person } = session
  // An expired session contains no person, document or attempt.
  const isOver = status === 'expired' || status === 'abandoned'
  const usual = DECISIONS[status]
  return {
    status: 'success',
    verification: {
      id: session.id,
      attemptId: isOver ? null : (attempt?.id ?? null),
      vendorData: session.vendorData,
      endUserId: session.endUserId,
      status,
      code: usual.code,
      reason: details.reason ?? usual.reason,
      reasonCode: details.reasonCode ?? usual.reasonCode,
      decisionTime: details.decisionTime ?? at.toISOString(),
      acceptanceTime: session.createdAt,
      ...(attempt?.submittedAt && !isOver ? { submissionTime: attempt.submittedAt } : {}),
      person: isOver
        ? {}
        : {
            firstName: person.givenName.toUpperCase() || null,
            lastName: person.surname.toUpperCase() || null,
            dateOfBirth: person.dateOfBirth || null,
            idNumber: null,
            gender: person.sex,
            nationality: COUNTRY,
            citizenship: null,
          },
      document: isOver
        ? {}
        : {
            type: session.documentType,
            number: person.documentNumber,
            country: COUNTRY,
            validFrom: issuedOn(person) || null,
            validUntil: person.validUntil || null,
          },
      additionalVerifiedData: {},
      riskLabels: [],
    },
    technicalData: { ip: '203.0.113.7' },
  }
}

/** The body of a full-auto webhook (`docs/vendor-protocols.md` §3.6). */
export function fullAutoMessage(session: Session, attempt: Attempt, status: Decision, at: Date) {
  const { person } = session
  const read = (value: string) => ({
    confidenceCategory: value ? 'high' : null,
    value: value || null,
    sources: ['VIZ'],
  })
  return {
    status: 'success',
    eventType: 'fullauto',
    sessionId: session.id,
    attemptId: attempt.id,
    vendorData: session.vendorData,
    endUserId: session.endUserId,
    version: '1.0.0',
    acceptanceTime: session.createdAt,
    time: at.toISOString(),
    data: {
      verification: {
        decisionScore: status === 'approved' ? 0.97 : 0.12,
        decision: status,
        person: {
          firstName: read(person.givenName.toUpperCase()),
          lastName: read(person.surname.toUpperCase()),
          dateOfBirth: read(person.dateOfBirth),
          nationality: read(COUNTRY),
        },
        document: {
          type: read(session.documentType.toLowerCase()),
          number: read(person.documentNumber),
          country: read(COUNTRY),
          validFrom: read(issuedOn(person)),
          validUntil: read(person.validUntil),
        },
        insights: [{ label: 'documentRecognised', result: 'yes', category: 'document' }],
      },
    },
  }
}
