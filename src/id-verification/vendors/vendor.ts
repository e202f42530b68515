import { z } from 'zod'
import type { ServiceScope } from '../../clients/scopes.ts'
import { OperatorError } from '../../platform/errors.ts'
import type { Reason } from './reasons/reason.ts'
import type { VendorName } from './vendor-names.ts'

export type VerificationStatus =
  | 'pending'
  | 'approved'
  | 'declined'
  | 'resubmission'
  | 'review'
  | 'expired'
  | 'error'

export type DocumentType =
  | 'passport'
  | 'national_id'
  | 'drivers_license'
  | 'residence_permit'
  | 'visa'
  | 'other'

/** What the vendor read from the document of one attempt; `undefined` members were not reported. Personal data: sealed at rest, never logged. */
export type DocumentFindings = {
  givenName: string | undefined
  surname: string | undefined
  fullName: string | undefined
  /** ISO 8601 calendar date, `YYYY-MM-DD`. */
  dateOfBirth: string | undefined
  /** ISO 3166-1 alpha-2 or alpha-3, as the vendor wrote it, upper case. */
  nationality: string | undefined
  documentType: DocumentType | undefined
  country: string | undefined
  number: string | undefined
  issuedOn: string | undefined
  expiresOn: string | undefined
}

/** A vendor's decision on one attempt, in our terms. */
export type VendorDecision = {
  attemptId: string
  status: VerificationStatus
  /** Of a pending attempt: its photos were submitted, and the vendor is checking them. */
  isSubmitted?: true | undefined
  /** The vendor's time; `undefined` for progress, which has none. */
  decidedAt: Date | undefined
  /** The vendor reports no times: a decision is dated when it is first fetched, and a changed one again. */
  isUndated?: true
  documentType: DocumentType | undefined
  /** In the vendor's words, for the operator and the tenant. */
  reason: string | undefined
  /** What of it the person is told, by the vendor's codes; `undefined` where it sent none. */
  reasons?: readonly Reason[] | undefined
  /** Read from the document; `undefined` when the message contains none. */
  findings?: DocumentFindings | undefined
}

/** The common members of a decision on a whole session at a vendor that reports neither attempts nor times. */
export const UNDATED = {
  attemptId: '',
  decidedAt: undefined,
  isUndated: true,
  documentType: undefined,
  reason: undefined,
} as const

/** The vendor has no such session any more. */
export const DELETED_SESSION: VendorDecision = {
  ...UNDATED,
  status: 'expired',
  reason: 'the vendor deleted this session',
}

/** What an adapter reads from a delivery. `echoed` is our verification id as the vendor echoes it: it is compared with our row, never trusted. */
export type VendorReport =
  | ({ kind: 'decision'; sessionId: string; echoed: string | undefined } & VendorDecision)
  /** Something changed: the result is fetched from the vendor, and only that counts. */
  | { kind: 'notice'; sessionId: string; echoed: string | undefined; explanation: string }
  /** Genuine, with nothing to do, as explained. A delivery with a session is erased with its verification. */
  | { kind: 'ignored'; explanation: string; sessionId?: string }
  /** Genuine, but not understood: kept for the operator. */
  | { kind: 'unknown'; explanation: string }

export type Media = {
  /** The vendor's id, valid for `download` together with its session. */
  mediaId: string
  /** `document_front`, `document_back`, `selfie`, … or another type of the vendor's. */
  type: string
  /** Bytes, as the vendor reports. */
  size: number | undefined
  capturedAt: Date | undefined
}

/** The value of a header by its lower-case name. */
export type ReadHeader = (name: string) => string | undefined

/** Whether this is a live access token of ours, of this client, with this scope: for a vendor that authenticates at this portal. */
export type IsServiceToken = (
  token: string,
  wanted: { clientId: string; scope: ServiceScope },
) => Promise<boolean>

type NewSession = {
  /** Our row, which is created before the session. */
  verificationId: string
  /** Where the vendor redirects the person's browser afterwards, if it does; with `state`. */
  returnUrl: string
  state: string
}

/**
 * The adapter of one vendor. Every call throws VendorError when the vendor's response is not as documented. The files of all vendors have
 * one order: settings, adapter, API, schemas, deliveries and results, images.
 */
export type Vendor = {
  /** Whether these raw bytes came from the vendor. */
  isGenuine(
    body: Uint8Array,
    header: ReadHeader,
    isServiceToken: IsServiceToken,
  ): boolean | Promise<boolean>
  /** Its deliveries contain no time and no id, so a repetition of the same bytes may report a new change. */
  repeatMayCarryNews?: true
  /** Reads a genuine body. Never throws: a body that is not understood is `unknown`. */
  read(body: Uint8Array): VendorReport
  /** Starts a session. `url` is the page for the person; it opens the session. */
  startSession(session: NewSession): Promise<{ sessionId: string; url: string }>
  /** The address of the page opens once. */
  opensOnce?: true
  /** A new address of the page of an undecided session, if the vendor offers that. `undefined`: the session has no page any more. */
  renewPage?(session: NewSession & { sessionId: string }): Promise<string | undefined>
  /** The vendor's current decisions on this session; empty before there is one. */
  fetchResult(sessionId: string): Promise<VendorDecision[]>
  /**
   * Lists the session's images. Throws NotReadyError while they are not available yet. `listing` counts how often the list had to be
   * read: an adapter of a vendor without image ids distinguishes later images from earlier ones by it.
   */
  listMedia(session: {
    sessionId: string
    attemptId: string | undefined
    listing: number
  }): Promise<Media[]>
  /** The vendor signs what it sends, images too. Otherwise a bit error shows only when two downloads differ. */
  signsResponses?: true
  /** Downloads the complete bytes, and verifies them if the vendor signs them. `maxBytes` is enforced while they stream. */
  download(media: { sessionId: string; mediaId: string }, maxBytes: number): Promise<Uint8Array>
  /** Deletes the session at the vendor, if the vendor offers that. A session that does not exist any more is no error. */
  deleteSession(sessionId: string): Promise<'deleted' | 'not-offered'>
  /** Seconds until a session is checked again, after this number of checks; `undefined`: never again. */
  checkAfterSeconds(checks: number): number | undefined
}

/** The vendor refused a request, was unavailable, or sent an unexpected response; to be retried. The message contains no secret and no personal data. */
export class VendorError extends Error {
  override readonly name = 'VendorError'
}

/** The images are not available yet. The list is requested again for a day; after that it counts as empty. */
export class NotReadyError extends VendorError {}

/** The vendor has no such image, for good: it is not requested again. */
export class ImageNotFoundError extends VendorError {}

/**
 * The schedule for vendors that send deliveries: first after ten minutes, then with growing intervals of up to six hours, for a
 * month. After a week of lost deliveries, all results are fetched within hours.
 */
export const defaultCheckAfterSeconds = (checks: number): number | undefined =>
  checks < 130 ? Math.min(600 * 2 ** Math.min(checks, 10), 6 * 3600) : undefined

/** What authenticates the portal at a vendor, and the vendor's deliveries at the portal. */
export type Credentials = {
  apiKey: string
  secret: string
  /** The value of the header by which deliveries of a vendor that signs nothing are authenticated. */
  webhookSecret?: string | undefined
}

export type Secrets = {
  apiKey: string
  /** The current one, and the one before. */
  sharedSecrets: string[]
  webhookSecret?: string | undefined
  /** What the vendor may use from now on; the rest stays. */
  next?: Partial<Credentials> | undefined
  /** The others that were before, and until when they are valid for deliveries; without `until`, until they are dropped. */
  previous?: { apiKey?: string; webhookSecret?: string; until?: string } | undefined
}

/** For calls of the vendor: the current credentials, then the next ones, which the vendor may require at any moment. */
export function listCallCredentials({
  apiKey,
  sharedSecrets: [secret = ''],
  webhookSecret,
  next,
}: Secrets): Credentials[] {
  const current = { apiKey, secret, webhookSecret }
  return next ? [current, { ...current, ...next }] : [current]
}

/** For deliveries: the current credentials, the next, and the previous ones until they expire. */
export function listDeliveryCredentials(secrets: Secrets, now = Date.now()): Credentials[] {
  const usable = listCallCredentials(secrets)
  const { apiKey, webhookSecret, previous } = secrets
  const [secret = '', secretBefore] = secrets.sharedSecrets
  const { until, ...before } = previous ?? {}
  const isOver = until !== undefined && Date.parse(until) <= now
  if (isOver || (secretBefore === undefined && !previous)) return usable
  return [...usable, { apiKey, secret: secretBefore ?? secret, webhookSecret, ...before }]
}

/** Settings of one vendor, without secrets; the vendor's file declares and describes them. */
export type IntegrationSettings = Record<string, string | boolean | number | string[]>
export type Integration = {
  vendor: VendorName
  name: string
  tenant: string
  baseUrl: string
  settings: IntegrationSettings
  secrets: Secrets
}

/** The settings that a vendor's schema describes, parsed. */
export type SettingsOf<T extends z.ZodRawShape> = z.infer<z.ZodObject<T>>

/** A setting that may be given several times, as the list of its values. */
export const settingList = (word: z.ZodString = z.string()) =>
  z.union([word, z.array(word)]).transform((value) => [value].flat())

/** Parses a vendor's settings by its schema; `what` is the vendor's name. Throws an OperatorError that names every fault. */
export function parseSettings<T extends z.ZodRawShape>(
  what: string,
  shape: T,
  settings: IntegrationSettings,
): SettingsOf<T> {
  const parsed = z.strictObject(shape).safeParse(settings)
  if (parsed.success) return parsed.data as SettingsOf<T>
  const faults = parsed.error.issues.map((issue) =>
    [issue.path.join('.'), issue.message].filter(Boolean).join(': '),
  )
  throw new OperatorError(`The settings of ${what} are invalid: ${faults.join('; ')}.`)
}
