import { type Letter, sign } from '../accounts/mails.ts'

/** To an address that may have no account. It says nothing that a developer wrote, so that nobody can send strangers words of their own. */
export const teamInvitationMail =
  (given: { to: string; link: string; days: number; expiresAt: Date }): Letter =>
  (texts) => ({
    ...sign(texts, texts.mails.teamInvitation(given)),
    expiresAt: given.expiresAt.toISOString(),
  })
