import { findAccount } from '../accounts/accounts.ts'
import { type Letter, type MailContext, sendLetter, sign } from '../accounts/mails.ts'
import type { Sql } from '../platform/db.ts'
import { findIssuer } from '../platform/issuer.ts'
import type { Vault } from '../platform/vault.ts'
import { visibleText } from '../web/displayed-text.ts'
import { applicationPath } from './application-frame.ts'
import { isChange, type ProductionRequest } from './production-store.ts'
import { listMembers } from './teams.ts'

type Decided = ProductionRequest & { status: 'approved' | 'declined' }

/** In the transaction of a decision: mails whoever asked, and the owners of the team. Nothing secret is in the mail. */
export async function sendDecision(
  sql: Sql,
  parts: MailContext & { vault: Vault },
  request: Decided,
): Promise<void> {
  const letter = letterOf(request, (await findIssuer(sql)) ?? '')
  const members = await listMembers(sql, request.teamId)
  const owners = members.flatMap(({ accountId, role }) => (role === 'owner' ? [accountId] : []))
  const asked = members.flatMap(({ accountId }) =>
    accountId === request.requestedBy ? [accountId] : [],
  )
  for (const id of new Set([...asked, ...owners])) {
    const account = await findAccount(sql, parts.vault, id)
    if (account?.status === 'active') await sendLetter(sql, parts, account, letter)
  }
}

const letterOf =
  (request: Decided, issuer: string): Letter =>
  (texts) => {
    const { production } = texts.mails
    const application = visibleText(request.ask.name)
    const pageOf = (place: 'sandbox' | 'production', id: string, tab: string) =>
      `${issuer}${applicationPath(request.teamId, place, id, tab)}`
    const { applicationId, clientId, reason } = request
    if (request.status === 'declined') {
      const page = pageOf(
        isChange(request) ? 'production' : 'sandbox',
        applicationId,
        '/production',
      )
      return sign(texts, production.declined({ application, reason: reason ?? '', page }))
    }
    const id = clientId ?? applicationId
    return sign(
      texts,
      isChange(request)
        ? production.changed({ application, page: pageOf('production', id, '') })
        : production.approved({ application, page: pageOf('production', id, '/keys') }),
    )
  }
