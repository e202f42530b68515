/** Everything that was seen from outside, in the order in which it was seen; times are milliseconds since 1970. */
export type History = {
  sessions: Session[]
  /** What vendors decided, written down before they did. */
  said: Said[]
  deliveries: Delivered[]
  reads: Read[]
}

/** A status as the portal names it. */
export type Status = string
export type VendorName = 'veriff' | 'kora' | 'incode' | 'mosaic'
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
  /** Altered on its way: nobody who checks may take it. */
  isForged: boolean
  /** What the vendor was answered; 0 is no answer. */
  status: number
  at: number
}

/** One answer of the endpoint, with the digests of what its links led to. */
type Read = {
  accountId: string
  startedAt: number
  endedAt: number
  verificationId: string | null
  /** For which there was a link. */
  links: Slot[]
  images: Partial<Record<Slot, string>>
}

/** What stands in the database and the bucket when all is quiet again. */
export type Outcome = {
  verifications: {
    id: string
    accountId: string
    status: Status
    imagesComplete: boolean
    /** SHA-256 of what the bucket holds under the keys that are handed out. */
    shown: Partial<Record<Slot, string>>
    imagesPending: number
  }[]
  /** Each change of a verification's status, in the order of the rows' changes; `committedAt` is PostgreSQL's own time. */
  statuses: { verificationId: string; status: Status; committedAt: number }[]
  storedByItself: Stored
  deliveries: { id: string; vendor: string; sha256: string; state: string; timesApplied: number }[]
  decisions: { verificationId: string; status: Status }[]
  images: { verificationId: string; slot: Slot | undefined; sha256: string; stored: string }[]
  /** Keys in the bucket that no row names. */
  strayObjects: string[]
  waitingJobs: number
}

/** What the vendor holds of a session: what must be shown of it, and everything that was ever taken, by slot. */
export type Held = {
  shown: Partial<Record<Slot, string>>
  taken: Record<Slot, string[]>
}

/** The deliveries that were there before vendors sent once more, each as "vendor sha256". */
export type Stored = { at: number; keys: ReadonlySet<string> }
