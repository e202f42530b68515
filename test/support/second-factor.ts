import { Secret, TOTP } from 'otpauth'
import {
  createRecoveryCodes,
  type RecoveryCodes,
  storeRecoveryCodes,
} from '../../src/accounts/recovery-codes.ts'
import { createTotpSecret, insertTotp } from '../../src/accounts/totp.ts'
import { addResident, type TestPortal } from './portal.ts'

/** The code that an authenticator app shows, `steps` from now. */
export const codeOf = (secret: string, steps = 0): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({
    timestamp: Date.now() + steps * 30_000,
  })

// One set for all residents: to hash ten codes takes long, as it should.
let commonCodes: Promise<RecoveryCodes> | undefined

/** A resident with an authenticator app and recovery codes, as after enrolment. The codes are those of others unless `ownCodes`. */
export async function addResidentWithTotp(
  { parts }: Pick<TestPortal, 'parts'>,
  { ownCodes = false } = {},
) {
  const resident = await addResident(parts)
  const secret = createTotpSecret()
  await insertTotp(parts.db, parts.sealer, { accountId: resident.id, secret, step: 0 })
  commonCodes ??= createRecoveryCodes()
  const recovery = await (ownCodes ? createRecoveryCodes() : commonCodes)
  await parts.db.begin((sql) => storeRecoveryCodes(sql, resident.id, recovery))
  return { ...resident, secret, recoveryCodes: recovery.codes }
}

/** A passkey that no test signs with. */
export async function addPasskey({ db }: Pick<TestPortal, 'db'>, accountId: string): Promise<void> {
  await db`
    insert into passkey (id, account_id, public_key, counter, transports, synced, name)
    values (${`passkey-${accountId}`}, ${accountId}, '\\x00', 0, '{}', false, 'Kitchen laptop')`
}
