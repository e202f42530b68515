import type { Scope } from '../clients/scopes.ts'

/*
 * `verified_claims` of OpenID Connect for Identity Assurance 1.0, at userinfo, for clients that request them by `claims`: verified
 * data of the person, with how and when it was verified; only the requested members, and only within the scopes.
 */

const TRUST_FRAMEWORK = 'eprospera'
/** Each of these scopes allows `verified_claims`; the first one includes images. */
export const VERIFICATION_SCOPES = [
  'eprospera:person.id_verification.read',
  'eprospera:person.id_verification.status.read',
] as const satisfies readonly Scope[]
const IMAGES_SCOPE = VERIFICATION_SCOPES[0]

/** A resident's latest approved verification, as far as `verified_claims` contain it. */
export type ApprovedVerification = {
  verificationId: string
  time: Date
  documentType: string | null
  /** What the document says; null where the vendor read nothing. Never data of the registry or the sign-up form. */
  person: { given_name: string | null; family_name: string | null; birthdate: string | null }
  /** `YYYY-MM-DD`, and an ISO 3166-1 code; null where the vendor read nothing. */
  document: {
    document_number: string | null
    date_of_issuance: string | null
    date_of_expiry: string | null
    country_code: string | null
  }
  /** Makes the attachments (OpenID Attachments 1.0) and returns the image rows that they show. Called only when they are requested. */
  attach(): Promise<{
    attachments: object[]
    images: DisclosedImage[]
    /** The types of images that the resident does not share with this application. */
    withheld: readonly string[]
  }>
}
type DisclosedImage = { id: string; type: string; sha256: string | null }
/** The verification and the images that `verified_claims` of one response disclosed. */
export type DisclosedVerification = { verificationId: string; images: DisclosedImage[] }

/** Document types by the codes of the standard's list, where it has one. */
const DOCUMENTS: Record<string, string> = {
  passport: 'passport',
  national_id: 'idcard',
  drivers_license: 'driving_permit',
  residence_permit: 'residence_permit',
  visa: 'visa',
}

const CLAIM_SCOPES: Record<string, readonly Scope[]> = {
  given_name: ['profile', 'eprospera:person.details.read'],
  family_name: ['profile', 'eprospera:person.details.read'],
  birthdate: ['eprospera:person.details.read'],
}

/** For discovery (§10 of the standard). */
export const VERIFIED_CLAIMS_METADATA = {
  verified_claims_supported: true,
  trust_frameworks_supported: [TRUST_FRAMEWORK],
  evidence_supported: ['document'],
  documents_supported: Object.values(DOCUMENTS),
  claims_in_verified_claims_supported: Object.keys(CLAIM_SCOPES),
  attachments_supported: ['external'],
  digest_algorithms_supported: ['sha-256'],
}

type VerifiedClaims = { claims: object; verificationId: string; images: DisclosedImage[] }

/**
 * Builds `verified_claims` for a request. `undefined` where the request cannot be met: no verification, another trust framework, an
 * older verification than `max_age` allows, or no claim within the scopes (§6: the whole member is then omitted).
 */
export async function verifiedClaims(
  request: unknown,
  scope: string,
  find: () => Promise<ApprovedVerification | undefined>,
): Promise<VerifiedClaims | undefined> {
  const granted = scope.split(' ')
  const hasAnyScope = (scopes: readonly string[]) => scopes.some((each) => granted.includes(each))
  if (!isObject(request) || !hasAnyScope(VERIFICATION_SCOPES)) return undefined
  const { verification, claims } = request
  if (!isObject(verification) || !isObject(claims)) return undefined
  if (!isMet(verification.trust_framework, TRUST_FRAMEWORK)) return undefined
  const verified = await find()
  if (!verified) return undefined
  const { time, person } = verified
  const { max_age: maxAge } = isObject(verification.time) ? verification.time : {}
  if (typeof maxAge === 'number' && Date.now() - time.getTime() > maxAge * 1000) return undefined

  const disclosed = Object.entries(CLAIM_SCOPES).flatMap(([name, scopes]) => {
    const value = person[name as keyof typeof person]
    return name in claims && hasAnyScope(scopes) && value !== null && isMet(claims[name], value)
      ? [[name, value] as const]
      : []
  })
  if (disclosed.length === 0) return undefined

  const documentType = DOCUMENTS[verified.documentType ?? '']
  const requestedEvidence = Array.isArray(verification.evidence) ? verification.evidence : []
  // The first requested evidence that matches the document.
  const evidenceRequest = requestedEvidence.find((each) => {
    if (!isObject(each) || !isMet(each.type, 'document')) return false
    const details = isObject(each.document_details) ? each.document_details : {}
    return isMet(details.type, documentType ?? '')
  })
  if (requestedEvidence.length > 0 && evidenceRequest === undefined) return undefined
  const withImages =
    isObject(evidenceRequest) && 'attachments' in evidenceRequest && granted.includes(IMAGES_SCOPE)
  const { attachments, images, withheld } = withImages
    ? await verified.attach()
    : { attachments: [], images: [], withheld: [] }
  const evidence = {
    type: 'document',
    ...(isObject(evidenceRequest) && 'document_details' in evidenceRequest && documentType
      ? {
          document_details: {
            type: documentType,
            ...documentDetails(verified, evidenceRequest.document_details, granted),
          },
        }
      : {}),
    ...(attachments.length > 0 ? { attachments } : {}),
    ...(withheld.length > 0 ? { withheld_attachments: withheld } : {}),
  }
  return {
    verificationId: verified.verificationId,
    images,
    claims: {
      verification: {
        trust_framework: TRUST_FRAMEWORK,
        ...('time' in verification ? { time: time.toISOString() } : {}),
        // The id is the same at every application: only with the documents, which identify anybody anyway.
        ...('verification_process' in verification && granted.includes(IMAGES_SCOPE)
          ? { verification_process: verified.verificationId }
          : {}),
        ...(evidenceRequest === undefined ? {} : { evidence: [evidence] }),
      },
      claims: Object.fromEntries(disclosed),
    },
  }
}

/** The requested details of the document, and always the date of expiry: an application must see that a document has expired. */
function documentDetails(
  { document }: ApprovedVerification,
  detailsRequest: unknown,
  granted: readonly string[],
): Record<string, unknown> {
  const requested = isObject(detailsRequest) ? detailsRequest : {}
  const { document_number, date_of_issuance, date_of_expiry, country_code } = document
  return {
    // The number is printed on the image, so the images' scope includes it.
    ...(document_number && 'document_number' in requested && granted.includes(IMAGES_SCOPE)
      ? { document_number }
      : {}),
    ...(date_of_issuance && 'date_of_issuance' in requested ? { date_of_issuance } : {}),
    ...(date_of_expiry ? { date_of_expiry } : {}),
    ...(country_code && 'issuer' in requested ? { issuer: { country_code } } : {}),
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** OIDC Core §5.5.1: `null`, or an object that may name the accepted value or values. */
function isMet(request: unknown, value: string): boolean {
  if (!isObject(request)) return request === null || request === undefined
  if ('value' in request) return request.value === value
  return !Array.isArray(request.values) || request.values.includes(value)
}
