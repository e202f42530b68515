import { SEALED_MAIL_CODES } from '../accounts/mail-codes.ts'
import { SEALED_RESET_REQUESTS } from '../accounts/mail-links.ts'
import { SEALED_SIGN_UPS } from '../accounts/sign-up.ts'
import { SEALED_TOTP_SECRETS } from '../accounts/totp.ts'
import { SEALED_TRY_CLIENTS } from '../clients/try-clients.ts'
import type { AppContext } from '../context.ts'
import { SEALED_INVITATIONS } from '../developers/invitations.ts'
import { SEALED_CONTACTS } from '../developers/production-store.ts'
import { SEALED_TRY_RUNS } from '../developers/try-runs.ts'
import { SEALED_EXCHANGES } from '../events/attempts.ts'
import { SEALED_EVENT_SECRETS } from '../events/streams.ts'
import { SEALED_ALERT_REASONS } from '../id-verification/alert-resolution.ts'
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
  SEALED_EXCHANGES,
  ...SEALED_CONTACTS,
  ...SEALED_MAILS,
  SEALED_RESET_REQUESTS,
  SEALED_MAIL_CODES,
  SEALED_SIGN_UPS,
  SEALED_INVITATIONS,
  SEALED_TOTP_SECRETS,
  SEALED_SHARED_KEYS,
  SEALED_ARTIFACTS,
  SEALED_ALERT_REASONS,
  SEALED_TRY_CLIENTS,
  SEALED_TRY_RUNS,
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

export type ListedKeyUse = {
  variable: 'ENCRYPTION_KEY' | 'KMS_KEY_ID'
  /** The first eight hexadecimal digits of the SHA-256 of the key, or of the KMS key's name. */
  key: string
  /** The first key seals and the others open; `missing`: values are sealed under it, and it is not configured. */
  role: 'first' | 'other' | 'missing'
  values: number
  /** Where, with the number of values. */
  places: string[]
}

/** Every configured key, and every key under which something is sealed, with how much. */
export async function listKeyUses(
  parts: Pick<AppContext, 'db' | 'sealer' | 'keyService'>,
): Promise<ListedKeyUse[]> {
  const { sealer, keyService } = parts
  const configured = [...new Set([...keyService.prefixes, ...sealer.prefixes])]
  const uses = new Map(
    configured.map((prefix) => [prefix, [] as { name: string; count: number }[]]),
  )
  for (const { name, survey } of listResealings(parts))
    for (const { prefix, count } of await survey())
      uses.set(prefix, [...(uses.get(prefix) ?? []), { name, count }])
  return [...uses].map(([prefix, found]) => {
    const [form, key = ''] = prefix.split('.')
    const isFirst = prefix === sealer.prefix || prefix === keyService.prefix
    return {
      variable: form === 'kms1' ? 'KMS_KEY_ID' : 'ENCRYPTION_KEY',
      key,
      role: isFirst ? 'first' : configured.includes(prefix) ? 'other' : 'missing',
      values: found.reduce((sum, { count }) => sum + count, 0),
      places: found.map(({ name, count }) => `${name} ${count}`),
    }
  })
}
