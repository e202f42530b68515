import { SEALED_RESET_REQUESTS } from '../accounts/mail-links.ts'
import { SEALED_TOTP_SECRETS } from '../accounts/totp.ts'
import type { AppContext } from '../context.ts'
import { SEALED_EVENT_SECRETS } from '../events/streams.ts'
import { SEALED_VENDOR_SECRETS } from '../id-verification/vendors/vendors.ts'
import { SEALED_ARTIFACTS } from '../oauth/adapter.ts'
import { SEALED_MAILS } from '../platform/mail.ts'
import { type Resealing, resealColumn, rewrapDataKeys } from '../platform/resealing.ts'
import { SEALED_SHARED_KEYS } from '../platform/shared-keys.ts'
import { SEALED_SIGNING_KEYS } from '../signing/key-ring.ts'

/** Everything that `ENCRYPTION_KEY` seals directly. A value that is not in this list is lost with the key that sealed it. */
export const SEALED_COLUMNS = [
  SEALED_SIGNING_KEYS,
  SEALED_VENDOR_SECRETS,
  ...SEALED_EVENT_SECRETS,
  ...SEALED_MAILS,
  SEALED_RESET_REQUESTS,
  SEALED_TOTP_SECRETS,
  SEALED_SHARED_KEYS,
  SEALED_ARTIFACTS,
]

/** The data keys, and everything that is sealed directly. */
export const listResealings = ({
  db,
  sealer,
  keyService,
}: Pick<AppContext, 'db' | 'sealer' | 'keyService'>): Resealing[] => [
  rewrapDataKeys(db, keyService),
  ...SEALED_COLUMNS.map((column) => resealColumn(db, sealer, column)),
]
