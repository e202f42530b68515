export type LedgerImage = { id: string; type: string; sha256: string | null }
type Images = readonly LedgerImage[]

const TENANT_READS = [
  'verification',
  'verifications',
  'result',
  'started verification',
  'subject',
  'subjects',
  'alerts',
] as const
const OPERATOR_READS = [
  'resident',
  'verification',
  'delivery',
  'event',
  'ledger',
  'alert',
  'case',
] as const
const ERASURE_REASONS = ['retention', 'resident', 'operator', 'tenant'] as const
const LINK_CHANGES = ['linked', 'ended'] as const
const TRUST_CHANGES = ['trusted', 'not trusted'] as const
const OPERATOR_CHANGES = ['second factors removed'] as const
type OperatorChange = (typeof OPERATOR_CHANGES)[number]
const OPERATOR_DECISIONS = ['accepted', 'rejected'] as const
export type OperatorDecision = (typeof OPERATOR_DECISIONS)[number]
export type OperatorRead = (typeof OPERATOR_READS)[number]
export type ErasureReason = (typeof ERASURE_REASONS)[number]

/** Personal data that was disclosed, and to which kind of reader. */
export type Disclosure =
  /** The verification and links to, or the bytes of, these images. */
  | { what: 'id-verification'; images: Images }
  /** Type, size and digest of these images: their list, and the answers to `HEAD` and `If-None-Match`. */
  | { what: 'image-metadata'; images: Images }
  /** That there is nothing to disclose. */
  | { what: 'nothing' }
  | { what: 'natural-person' }
  | { what: 'residency' }
  | { what: 'verification-status' }
  | { what: 'age-over'; age: number }
  /** Claims at userinfo or in an ID token; the images are those behind `verified_claims`. */
  | { what: 'claims'; names: readonly string[]; images: Images }
  | { what: 'event'; event: string }
  | { what: 'tenant-read'; of: (typeof TENANT_READS)[number] }
  /** A tenant reviewed a verification, and received it in the response. */
  | { what: 'review'; decision: 'approved' | 'declined' }
  /** A tenant or an operator resolved an alert, and received it in the response. */
  | { what: 'alert-resolution' }
  | { what: 'operator-read'; of: OperatorRead }
  | { what: 'export' }
  /** A resident downloaded the archive of everything. */
  | { what: 'own-export' }

/** An entry that is not a disclosure. */
export type Act =
  | { what: 'refusal' }
  | { what: 'verification-erasure'; reason: ErasureReason }
  | { what: 'account-erasure' }
  /** A tenant erased a subject: the tenant's id of the person, and the link. The entry's scope names the tenant. */
  | { what: 'subject-erasure' }
  /** A resident linked a tenant's subject, or the link ended. The entry's scope names the tenant. */
  | { what: 'link'; change: (typeof LINK_CHANGES)[number] }
  /** The operator changed whether a tenant's verifications count. The entry's scope names the tenant. */
  | { what: 'trust'; change: (typeof TRUST_CHANGES)[number] }
  /** An operator changed how the resident signs in. */
  | { what: 'operator-change'; of: OperatorChange }
  /** An operator decided whether an approved document counts for the account. The digest identifies the reason, which is sealed in `operator_review`. */
  | { what: 'operator-review'; decision: OperatorDecision; reasonDigest: string }
  /** The portal resolved an alert itself, because what raised it is over. */
  | { what: 'alert-end' }

/** Read in rows that earlier versions wrote; never written. */
type LegacyDetail =
  /** An operator's review with the reason in the clear. */
  { what: 'operator-review-in-words'; decision: OperatorDecision; reason: string }

/** What happened, according to one ledger row. */
export type Detail = Disclosure | Act | LegacyDetail

/** How a detail is stored and hashed. Never change it for an existing kind: stored hashes would no longer match. */
export type StoredDetail = {
  kind:
    | 'disclosure'
    | 'refusal'
    | 'operator-look'
    | 'operator-change'
    | 'tenant-look'
    | 'review'
    | 'export'
    | 'erasure'
    | 'link'
    | 'trust'
  result: string
  images: Images
}

/** Returns the columns of a detail. */
export function storeDetail(detail: Detail): StoredDetail {
  const row = (kind: StoredDetail['kind'], result: string, images: Images = []) => ({
    kind,
    result,
    images: images.map(({ id, type, sha256 }) => ({ id, type, sha256 })),
  })
  switch (detail.what) {
    case 'id-verification':
      return row('disclosure', 'shown', detail.images)
    case 'image-metadata':
      return row('disclosure', 'image metadata', detail.images)
    case 'nothing':
      return row('disclosure', 'nothing')
    case 'natural-person':
      return row('disclosure', 'person')
    case 'residency':
      return row('disclosure', 'residency')
    case 'verification-status':
      return row('disclosure', 'status')
    case 'age-over':
      return row('disclosure', `age over ${detail.age}`)
    case 'claims':
      return row('disclosure', `claims: ${detail.names.join(', ')}`, detail.images)
    case 'event':
      return row('disclosure', `event: ${detail.event}`)
    case 'tenant-read':
      return row('tenant-look', detail.of)
    case 'review':
      return row('review', detail.decision)
    case 'alert-resolution':
      return row('review', 'alert resolved')
    case 'operator-read':
      return row('operator-look', detail.of)
    case 'export':
      return row('export', 'archive')
    case 'own-export':
      return row('export', 'own archive')
    case 'refusal':
      return row('refusal', 'missing_scopes')
    case 'verification-erasure':
      return row('erasure', detail.reason)
    case 'account-erasure':
      return row('erasure', 'account')
    case 'subject-erasure':
      return row('erasure', 'subject')
    case 'link':
      return row('link', detail.change)
    case 'trust':
      return row('trust', detail.change)
    case 'operator-change':
      return row('operator-change', detail.of)
    case 'operator-review':
      return row('review', `${detail.decision}, reason ${detail.reasonDigest}`)
    case 'alert-end':
      return row('review', 'alert ended')
    case 'operator-review-in-words':
      return row('review', `${detail.decision}: ${detail.reason}`)
  }
}

/**
 * Reads the detail of a stored row, of any version. Returns `unrecognized` for a row that no version wrote; never throws.
 */
export function readDetail({
  kind,
  result,
  images = [],
}: {
  kind: string
  result: string
  images?: Images | undefined
}): Detail | { what: 'unrecognized' } {
  const unrecognized = { what: 'unrecognized' } as const
  switch (kind) {
    case 'disclosure':
      return readDisclosure(result, images) ?? unrecognized
    case 'tenant-look':
      return readEnum(TENANT_READS, result, (of) => ({ what: 'tenant-read', of })) ?? unrecognized
    case 'operator-look':
      return (
        readEnum(OPERATOR_READS, result, (of) => ({ what: 'operator-read', of })) ?? unrecognized
      )
    case 'link':
      return readEnum(LINK_CHANGES, result, (change) => ({ what: 'link', change })) ?? unrecognized
    case 'trust':
      return (
        readEnum(TRUST_CHANGES, result, (change) => ({ what: 'trust', change })) ?? unrecognized
      )
    case 'operator-change':
      return (
        readEnum(OPERATOR_CHANGES, result, (of) => ({ what: 'operator-change', of })) ??
        unrecognized
      )
    case 'review':
      return readReview(result) ?? unrecognized
    case 'export':
      return { what: result === 'own archive' ? 'own-export' : 'export' }
    case 'refusal':
      return { what: 'refusal' }
    case 'erasure':
      if (result === 'account') return { what: 'account-erasure' }
      if (result === 'subject') return { what: 'subject-erasure' }
      return (
        readEnum(ERASURE_REASONS, result, (reason) => ({ what: 'verification-erasure', reason })) ??
        unrecognized
      )
    default:
      return unrecognized
  }
}

function readReview(result: string): Detail | undefined {
  if (result === 'alert resolved') return { what: 'alert-resolution' }
  if (result === 'alert ended') return { what: 'alert-end' }
  const tenantReview = readEnum(['approved', 'declined'] as const, result, (decision) => ({
    what: 'review',
    decision,
  }))
  if (tenantReview) return tenantReview
  const [, word = '', reasonDigest = ''] = /^(\w+), reason ([\w-]{43})$/.exec(result) ?? []
  const [, legacyWord = '', reason = ''] = /^(\w+): (.*)$/s.exec(result) ?? []
  return (
    readEnum(OPERATOR_DECISIONS, word, (decision) => ({
      what: 'operator-review',
      decision,
      reasonDigest,
    })) ??
    readEnum(OPERATOR_DECISIONS, legacyWord, (decision) => ({
      what: 'operator-review-in-words',
      decision,
      reason,
    }))
  )
}

function readDisclosure(result: string, images: Images): Disclosure | undefined {
  switch (result) {
    case 'shown':
      return { what: 'id-verification', images }
    case 'image metadata':
      return { what: 'image-metadata', images }
    case 'nothing':
      return { what: 'nothing' }
    case 'person':
      return { what: 'natural-person' }
    case 'residency':
      return { what: 'residency' }
    case 'status':
      return { what: 'verification-status' }
  }
  const [, age] = /^age over (\d+)$/.exec(result) ?? []
  if (age !== undefined) return { what: 'age-over', age: Number(age) }
  const [, prefix, rest = ''] = /^(claims|event): (.+)$/s.exec(result) ?? []
  if (prefix === 'claims') return { what: 'claims', names: rest.split(', '), images }
  if (prefix === 'event') return { what: 'event', event: rest }
  return undefined
}

const readEnum = <Value extends string>(
  values: readonly Value[],
  given: string,
  make: (value: Value) => Detail,
): Detail | undefined => {
  const value = values.find((each) => each === given)
  return value === undefined ? undefined : make(value)
}
