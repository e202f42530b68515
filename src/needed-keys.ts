import { SEALED_VENDOR_SECRETS } from './id-verification/vendors/vendors.ts'
import type { Db } from './platform/db.ts'
import type { KeyService } from './platform/key-service.ts'
import { requireKnownKeys, resealColumn, surveyOwnDataKeys } from './platform/resealing.ts'
import type { Sealer } from './platform/secrets.ts'
import { SEALED_SHARED_KEYS } from './platform/shared-keys.ts'
import { SEALED_SIGNING_KEYS } from './signing/key-ring.ts'

/**
 * Throws UnknownKeyError when this process cannot open what every process needs: the signing keys, the keys that processes share, the
 * portal's own data keys, and the vendors' secrets. A process with a new ENCRYPTION_KEY seals one of the shared keys again when it
 * starts, so that the others find out. Reads four small tables and opens nothing.
 */
export const requireNeededKeys = ({
  db,
  sealer,
  keyService,
}: {
  db: Db
  sealer: Sealer
  keyService: KeyService
}): Promise<void> =>
  requireKnownKeys([
    surveyOwnDataKeys(db, keyService),
    ...[SEALED_SIGNING_KEYS, SEALED_SHARED_KEYS, SEALED_VENDOR_SECRETS].map((column) =>
      resealColumn(db, sealer, column),
    ),
  ])
