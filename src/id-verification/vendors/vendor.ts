import { z } from 'zod'
import type { ServiceScope } from '../../clients/scopes.ts'
import { OperatorError } from '../../platform/errors.ts'

export const VENDORS = ['veriff', 'kora', 'incode', 'mosaic'] as const
export type VendorName = (typeof VENDORS)[number]
export const isVendorName = (value: string): value is VendorName =>
  (VENDORS as readonly string[]).includes(value)

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

/** What the vendor read from the document of one attempt; what it did not say is `undefined`. Personal data: sealed at rest, never logged. */
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

/** What a vendor says of one attempt, in our words. */
export type VendorDecision = {
  attemptId: string
  status: VerificationStatus
  /** The vendor's own time; `undefined` for progress that carries none. */
  decidedAt: Date | undefined
  /** The vendor tells no times: what it says counts from when it was first heard, and anew when it says something else. */
  isUndated?: true
  documentType: DocumentType | undefined
  reason: string | undefined
  /** Read from the document; `undefined` where the message carries none. */
  findings?: DocumentFindings | undefined
}

/** What a delivery says. `echoed` is what the vendor echoes of ours: compared with our own row, never believed. */
export type VendorReport =
  | ({ kind: 'decision'; sessionId: string; echoed: string | undefined } & VendorDecision)
  /** Something changed: the vendor is to be asked what, and only that counts. */
  | { kind: 'notice'; sessionId: string; echoed: string | undefined; explanation: string }
  /** Genuine, and nothing to do: the words say why. Where it names a session, it is erased with it. */
  | { kind: 'ignored'; explanation: string; sessionId?: string }
  /** Genuine, and not understood: kept for the operator. */
  | { kind: 'unknown'; explanation: string }

export type Media = {
  /** The vendor's own, good for `download` with the session it belongs to. */
  mediaId: string
  /** `document_front`, `document_back`, `selfie`, … and what else the vendor had. */
  type: string
  /** Bytes, as the vendor says. */
  size: number | undefined
  capturedAt: Date | undefined
}

/** The value of a header by its lower-case name. */
export type ReadHeader = (name: string) => string | undefined

/** Whether this is a live access token of ours, of that client, with that scope: for a vendor that signs in here. */
export type IsServiceToken = (
  token: string,
  wanted: { clientId: string; scope: ServiceScope },
) => Promise<boolean>

type NewSession = {
  /** Our own row, which was written before. */
  verificationId: string
  /** Where the vendor sends the person's browser back to, with `state`, where it does that. */
  returnUrl: string
  state: string
}

/** What one company that verifies documents can do for us. Every call throws VendorError when the vendor's answer does not fit. */
export type Vendor = {
  /** Whether these raw bytes came from the vendor. */
  isGenuine(
    body: Uint8Array,
    header: ReadHeader,
    isServiceToken: IsServiceToken,
  ): boolean | Promise<boolean>
  /** Its deliveries carry no time or id of their own: the same bytes again may tell of something new. */
  repeatMayCarryNews?: true
  /** Only for a genuine body. Never throws: what cannot be read is `unknown`. */
  read(body: Uint8Array): VendorReport
  /** `url` is where the person goes; it opens the session. */
  startSession(session: NewSession): Promise<{ sessionId: string; url: string }>
  /** What the vendor says of this session now; nothing while it says nothing. */
  fetchResult(sessionId: string): Promise<VendorDecision[]>
  /**
   * Throws NotReadyError while the vendor has not put them where they can be had. `listing` counts how often there was reason
   * to read the list anew: a vendor that has no ids for its images takes it to tell later ones from earlier ones.
   */
  listMedia(session: {
    sessionId: string
    attemptId: string | undefined
    listing: number
  }): Promise<Media[]>
  /** The bytes, whole and (where the vendor signs) as signed. `maxBytes` is held while they stream. */
  download(media: { sessionId: string; mediaId: string }, maxBytes: number): Promise<Uint8Array>
  /** Has the vendor delete what it holds of this session, where it offers that. One that is not there any more is no error. */
  deleteSession(sessionId: string): Promise<'deleted' | 'not-offered'>
  /** Seconds until the vendor is asked again what became of a session, after so many times; `undefined`: never again. */
  checkAfterSeconds(checks: number): number | undefined
}

/** The vendor refused, was away, or sent what does not fit; tried again later. Its message holds no secret and no person. */
export class VendorError extends Error {
  override readonly name = 'VendorError'
}

/** Asked too early. It is asked again for a day, and then taken as that there is nothing. */
export class NotReadyError extends VendorError {}

/** The vendor says that there is no such image, and will not say otherwise: it is not asked for again. */
export class ImageNotFoundError extends VendorError {}

/**
 * For vendors that send deliveries: first after ten minutes, then less and less often up to every six hours, for a
 * month. A week of lost deliveries heals within hours.
 */
export const defaultCheckAfterSeconds = (checks: number): number | undefined =>
  checks < 130 ? Math.min(600 * 2 ** Math.min(checks, 10), 6 * 3600) : undefined

type Secrets = {
  apiKey: string
  /** The newest first; all of them are good, so that one can be replaced without a lost delivery. */
  sharedSecrets: string[]
  /** What a vendor that signs nothing sends along in a header of its own. */
  webhookSecret?: string | undefined
}
/** What is not secret and each vendor's own: its file says which there are and what they mean. */
export type IntegrationSettings = Record<string, string | boolean | number | string[]>
export type Integration = {
  vendor: VendorName
  name: string
  tenant: string
  baseUrl: string
  settings: IntegrationSettings
  secrets: Secrets
}

/** A vendor's own settings by its schema; `what` is the vendor's name. Throws OperatorError that names every fault. */
export function parseSettings<T extends z.ZodRawShape>(
  what: string,
  shape: T,
  settings: IntegrationSettings,
): z.infer<z.ZodObject<T>> {
  const parsed = z.strictObject(shape).safeParse(settings)
  if (parsed.success) return parsed.data as z.infer<z.ZodObject<T>>
  const faults = parsed.error.issues.map((issue) =>
    [issue.path.join('.'), issue.message].filter(Boolean).join(': '),
  )
  throw new OperatorError(`The settings of ${what} have a fault: ${faults.join('; ')}.`)
}
