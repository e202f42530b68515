import type { VendorName } from '../../src/id-verification/vendors/vendor-names.ts'

/** Everything that was observed from outside, in the order of observation. Times are milliseconds since 1970. */
export type History = {
  sessions: Session[]
  /** Decisions of vendors, recorded before the vendors make them. */
  said: Said[]
  deliveries: Delivered[]
  reads: Read[]
}

/** A status in the portal's words. */
export type Status = string
export const SLOTS = ['documentFront', 'documentBack', 'face'] as const
export type Slot = (typeof SLOTS)[number]

type Session = {
  verificationId: string
  accountId: string
  vendor: VendorName
  sessionId: string
}

type Said = { sessionId: string; status: Status; at: number }

export type Delivered = {
  vendor: string
  /** SHA-256 of the body, hex. */
  sha256: string
  /** Altered in transit, so it must be rejected. */
  isForged: boolean
  /** The response status; 0 is no response. */
  status: number
  at: number
}

/** One response of the endpoint, with the digests of the files that it links to. */
type Read = {
  accountId: string
  startedAt: number
  endedAt: number
  verificationId: string | null
  /** The types that had a link. */
  links: Slot[]
  images: Partial<Record<Slot, string>>
}

/** The content of the database and the bucket at the end. */
export type Outcome = {
  verifications: {
    id: string
    accountId: string
    status: Status
    imagesComplete: boolean
    /** SHA-256 of the objects in the bucket under the keys that readers get. */
    shown: Partial<Record<Slot, string>>
    imagesPending: number
  }[]
  /** Each change of a verification's status, in order; `committedAt` is PostgreSQL's time. */
  statuses: { verificationId: string; status: Status; committedAt: number }[]
  storedByItself: Stored
  deliveries: { id: string; vendor: string; sha256: string; state: string; timesApplied: number }[]
  decisions: { verificationId: string; status: Status }[]
  images: { verificationId: string; slot: Slot | undefined; sha256: string; stored: string }[]
  /** Keys in the bucket that no row names. */
  strayObjects: string[]
  waitingJobs: number
}

/** The vendor's images of a session: those that must be shown, and all that were ever taken, by slot. */
export type Held = {
  shown: Partial<Record<Slot, string>>
  taken: Record<Slot, string[]>
}

/** The deliveries before vendors sent theirs again, each as "vendor sha256". */
export type Stored = { at: number; keys: ReadonlySet<string> }
