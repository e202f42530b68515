import type { Disclosure } from '../../src/ledger/details.ts'
import { disclose } from '../../src/ledger/disclosure.ts'
import type { Sql } from '../../src/platform/db.ts'

/** Adds a ledger row about this account, of any disclosure unless one is given. */
export const addEntry = (
  sql: Sql,
  {
    detail = { what: 'residency' },
    ...entry
  }: { detail?: Disclosure; clientId?: string; accountId?: string; verificationId?: string },
) => disclose(sql, { detail, ...entry }, () => {})
